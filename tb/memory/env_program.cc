// SPDX-License-Identifier: Apache-2.0
// What the environment does for a sequence: its operations, and what registers must answer.
#include <fmt/format.h>

#include <array>
#include <variant>
#include <vector>

#include "memory/env.h"

namespace actplane::tb::memory {

bool MemoryEnv::Do(const Op& op) {
  if (const auto* w = std::get_if<WriteOp>(&op)) {
    if (!master_.Room()) return false;
    master_.Give(*w);
  } else if (const auto* r = std::get_if<ReadOp>(&op)) {
    if (!master_.Room()) return false;
    master_.Give(*r);
  } else if (const auto* reg = std::get_if<RegisterOp>(&op)) {
    if (lite_.busy() || !master_.AddressesTaken()) return false;
    lite_.Give(*reg);
    wait_register_ = reg->wait;
  } else if (std::holds_alternative<FenceOp>(op)) {
    return master_.idle() && !lite_.busy();
  } else if (const auto* i = std::get_if<IdleOp>(&op)) {
    if (!idle_) idle_ = i->cycles;
    if (*idle_ != 0) {
      --*idle_;
      return false;
    }
    idle_.reset();
  } else if (const auto* reset = std::get_if<ResetOp>(&op)) {
    if (!reset_after_) reset_after_ = reset->after;
    if (*reset_after_ != 0) {
      --*reset_after_;
      return false;
    }
    reset_after_.reset();
    reset_cycles_ = reset->cycles;
  } else if (const auto* b = std::get_if<BackdoorOp>(&op)) {
    memory_.store().Write(b->addr, b->bytes);
    scoreboard_.Backdoor(b->addr, b->bytes);
  } else if (const auto* page = std::get_if<BreakOp>(&op)) {
    memory_.BreakPage(page->addr, page->broken);
    errors_happened_ = errors_happened_ || page->broken;
  } else if (const auto* rate = std::get_if<ErrorRateOp>(&op)) {
    memory_.SetErrorRate(rate->per_thousand);
    errors_happened_ = errors_happened_ || rate->per_thousand != 0;
  }
  return true;
}

void MemoryEnv::Advance() {
  while (!wait_register_ && reset_cycles_ == 0) {
    if (!next_) next_ = sequence_.Next();
    if (!next_) {
      sequence_over_ = true;
      return;
    }
    if (!Do(*next_)) return;
    next_.reset();
  }
}

void MemoryEnv::OnRegister(const LiteMaster::Result& result) {
  const RegisterOp& op = result.op;
  moved_ = true;
  wait_register_ = false;
  log_->Add("register", "write={} addr={:#x} data={:#x} error={}", op.write, op.addr,
            op.write ? op.data : result.data, result.error);
  if (op.write) {
    std::vector<RegionRef> before;
    for (uint32_t k = 0; k < registers_.table().size(); ++k)
      before.push_back(registers_.table().at(k));
    const ReferenceRegisters::Answer answer = registers_.Write(op.addr, op.data, op.strb);
    if (answer.error != result.error) {
      return Fail(
          fmt::format("register {:#x}: the write of {:#x} with strobes {:#x} is {}, must be {}",
                      op.addr, op.data, op.strb, result.error ? "refused" : "taken",
                      answer.error ? "refused" : "taken"));
    }
    for (uint32_t k = 0; k < before.size(); ++k) {
      const RegionRef& now = registers_.table().at(k);
      if (now == before[k]) continue;
      if (now) {
        scoreboard_.Enable(k, *now);
        if (coverage_ != nullptr) {
          coverage_->SampleConfig(now->config);
          coverage_->SampleRegion("on");
          if (resets_ == 0 && cycle_ > 2000) coverage_->SampleRegion("changed");
        }
      } else {
        if (coverage_ != nullptr) {
          coverage_->SampleRegion(scoreboard_.idle() ? "off" : "off_in_traffic");
        }
        scoreboard_.Disable(k);
      }
    }
    if (answer.error && coverage_ != nullptr && op.addr >= reg::kRegions) {
      coverage_->SampleRegion("refused");
    }
  } else if (counter_check_ == 0) {
    const ReferenceRegisters::Answer answer = registers_.Read(op.addr);
    const bool modelled = op.addr != reg::kErrors && op.addr != reg::kStatus &&
                          op.addr != reg::kErrorAddrLo && op.addr != reg::kErrorAddrHi;
    if (answer.error != result.error || (modelled && answer.data != result.data)) {
      return Fail(fmt::format("register {:#x} reads {:#x}{}, must be {:#x}{}", op.addr, result.data,
                              result.error ? " with an error" : "", answer.data,
                              answer.error ? " with an error" : ""));
    }
  } else {
    const auto counter = static_cast<reg::Counter>((op.addr - reg::kCounters) / 4);
    if (result.error || counted_[counter] != result.data) {
      return Fail(fmt::format("counter {} (register {:#x}) reads {}, must be {}",
                              static_cast<uint32_t>(counter), op.addr, result.data,
                              counted_[counter]));
    }
  }
  sequence_.OnRegister(op, result.error, result.data);
}

bool MemoryEnv::CheckCounters() {
  constexpr std::array kAlways = {reg::kRefused,    reg::kBypassReads, reg::kBypassWrites,
                                  reg::kWriteBeats, reg::kReadBeats,   reg::kWriteBlocks};
  // What counts as a written block is another matter where the memory fails.
  const size_t all = !options_.counters ? 0 : kAlways.size() - (errors_happened_ ? 1 : 0);
  if (lite_.busy()) return false;
  if (counter_check_ == all) return true;
  lite_.Give({.addr = reg::AddressOf(kAlways[counter_check_])});
  ++counter_check_;
  return false;
}

}  // namespace actplane::tb::memory
