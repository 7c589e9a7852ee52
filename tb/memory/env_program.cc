// SPDX-License-Identifier: Apache-2.0
// What the environment does for a sequence: its operations, and what registers must answer.
#include <fmt/format.h>

#include <algorithm>
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
  } else if (const auto* rate = std::get_if<ErrorRateOp>(&op)) {
    memory_.SetErrorRate(rate->per_thousand);
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
    if (op.addr == reg::kIrqEnable && !result.error) irq_enable_ = op.data;
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
          if (had_[k] && *had_[k] != now->config) coverage_->SampleRegion("changed");
        }
        had_[k] = now->config;
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
    if (result.error) return Fail(fmt::format("register {:#x} is refused", op.addr));
    return OnFinalRead(op, result.data);
  }
  sequence_.OnRegister(op, result.error, result.data);
}

// All that the end of a run reads, in this order; a write of ERRORS clears it.
bool MemoryEnv::CheckCounters() {
  constexpr uint32_t kQuiet = 64;  // a block may still be read ahead
  if (!options_.counters) return true;
  if (lite_.busy() || quiet_cycles_++ < kQuiet) return false;
  if (counter_check_ < reg::kCounterCount) {
    lite_.Give({.addr = reg::AddressOf(static_cast<reg::Counter>(counter_check_))});
  } else {
    constexpr std::array<RegisterOp, 7> kRest = {{
        {.addr = reg::kErrorAddrHi},
        {.addr = reg::kErrorAddrLo},
        {.addr = reg::kErrors},
        {.write = true, .addr = reg::kIrqEnable, .data = 31},
        {.addr = reg::kErrors},
        {.write = true, .addr = reg::kErrors, .data = 31},
        {.addr = reg::kErrors},
    }};
    const uint32_t at = counter_check_ - reg::kCounterCount;
    if (at == kRest.size()) return true;
    lite_.Give(kRest.at(at));
  }
  ++counter_check_;
  return false;
}

void MemoryEnv::OnFinalRead(const RegisterOp& op, uint32_t data) {
  if (op.addr >= reg::kCounters) {
    const auto counter = static_cast<reg::Counter>((op.addr - reg::kCounters) / 4);
    final_[counter] = data;
    const bool indirect =
        counter == reg::kHits || counter == reg::kRmw || counter == reg::kPrefetches;
    if (!indirect && counted_[counter] != data) {
      Fail(fmt::format("counter {} (register {:#x}) reads {}, must be {}",
                       static_cast<uint32_t>(counter), op.addr, data, counted_[counter]));
    }
    if (counter == reg::kReadBytes) JudgeReadCounters();
    return;
  }
  if (op.addr == reg::kErrorAddrHi) {
    error_addr_ = uint64_t{data} << 32;
    return;
  }
  if (op.addr == reg::kErrorAddrLo) {
    error_addr_ |= data;
    if (seen_.errors != 0 && !MayBeFirst(error_addr_)) {
      Fail(fmt::format("ERROR_ADDR reads {:#x}, where the first error was not", error_addr_));
    }
    return;
  }
  // ERRORS. A block written in part is lost if its slot cannot be read: then some B says so.
  const bool cleared = counter_check_ > reg::kCounterCount + 6;
  uint32_t must = cleared ? 0 : seen_.errors, may = must;
  const bool unread = (seen_.errors & (reg::kErrRead | reg::kErrMalformed)) != 0;
  if (!cleared && unread && seen_.failed_writes != 0) may |= reg::kErrRmw;
  if (!cleared && seen_.failed_writes != 0 && (seen_.errors & reg::kErrWrite) == 0) must = may;
  if ((data & must) != must || (data & ~may) != 0) {
    Fail(fmt::format("ERRORS reads {:#x}, must be {:#x}{}", data, must,
                     may == must ? "" : fmt::format(" or {:#x}", may)));
  }
  const bool irq = pins_.irq.Get() != 0;
  if (irq != ((data & irq_enable_) != 0)) {
    Fail(fmt::format("irq is {} with ERRORS {:#x} and IRQ_ENABLE {:#x}", irq ? 1 : 0, data,
                     irq_enable_));
  }
}

bool MemoryEnv::MayBeFirst(uint64_t error_addr) const {
  uint64_t latest = UINT64_MAX;
  for (const auto& e : seen_.first_errors) {
    if (e) latest = std::min(latest, e->latest);
  }
  return std::any_of(seen_.first_errors.begin(), seen_.first_errors.end(), [&](const auto& e) {
    return e && e->addr == error_addr && e->earliest <= latest;
  });
}

// Of a slot that is read the pins do not say for whom. But every block of a read burst is a hit or
// a miss, and every slot that is read is for a miss, for a partial write, or ahead.
void MemoryEnv::JudgeReadCounters() {
  const uint32_t hits = final_[reg::kHits], ahead = final_[reg::kPrefetches],
                 rmw = final_[reg::kRmw], slots = final_[reg::kReadBlocks];
  if (hits + slots != seen_.visits + ahead + rmw) {
    Fail(
        fmt::format("counters: {} hits, {} slots read, {} of them ahead and {} for partial "
                    "writes, do not make {} blocks of bursts",
                    hits, slots, ahead, rmw, seen_.visits));
  }
  if (hits < seen_.certain_hits || hits > seen_.visits) {
    Fail(fmt::format("counter HITS reads {}, must be {} to {}", hits, seen_.certain_hits,
                     seen_.visits));
  }
  const bool lost = (seen_.errors & ~uint32_t{reg::kErrRefused}) != 0;
  if (rmw < seen_.rmw_least || (!lost && rmw > seen_.rmw_most)) {
    Fail(fmt::format("counter RMW reads {}, must be {} to {}", rmw, seen_.rmw_least,
                     seen_.rmw_most));
  }
}

}  // namespace actplane::tb::memory
