// SPDX-License-Identifier: Apache-2.0
#include "env/scoreboard.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace actplane::tb {

void Scoreboard::Fail(std::string what) {
  ++mismatches_;
  if (first_failure_.empty()) first_failure_ = std::move(what);
}

std::string Scoreboard::Describe(const Expected& e) const {
  const bool field = e.config.order == Order::kField;
  return fmt::format(
      "block {} ({}, {}, {}, T={}{}{}{})", e.index, ToString(e.config.format),
      ToString(e.config.order), e.config.lossless ? "lossless" : "fixed", e.pins.slot_bytes,
      field && e.config.delta_cap != 0 ? fmt::format(", cap {}", e.config.delta_cap) : "",
      field ? "" : fmt::format(", R={}", e.config.row_limit),
      e.bad_config ? ", illegal configuration" : "");
}

void Scoreboard::CheckField(const Expected& e, const char* stage, const char* field, uint64_t got,
                            uint64_t want) {
  if (got == want) return;
  Fail(fmt::format("{}: stage {}: {} is {:#x}, must be {:#x}", Describe(e), stage, field, got,
                   want));
}

void Scoreboard::Expect(std::shared_ptr<const Expected> block) {
  waiting_.push_back(std::move(block));
}

const Expected* Scoreboard::At(uint64_t position) const {
  const uint64_t i = position - done_;
  return i < waiting_.size() ? waiting_[i].get() : nullptr;
}

void Scoreboard::OnStages() {
  CheckStatus();
  if (pins_.kind != DeviceKind::kCompressor || pins_.plan.moves.Get() == 0) return;
  const Expected* e = At(at_plan_++);
  if (e == nullptr) return Fail("stage plan: a block that was never sent");
  CheckPlan(*e);
  ++stages_;
}

void Scoreboard::CheckPlan(const Expected& e) {
  const PlanProbe& p = pins_.plan;
  CheckField(e, "plan", "bytes in front of the rows", p.front_bytes.Get(), e.front.size());
  const auto front = p.front.bytes();
  for (size_t i = 0; i < e.front.size() && i < front.size(); ++i) {
    if (front[i] == e.front[i]) continue;
    CheckField(e, "plan", fmt::format("byte {} of the slot", i).c_str(),
               std::to_integer<uint64_t>(front[i]), std::to_integer<uint64_t>(e.front[i]));
    break;
  }
  CheckField(e, "plan", "slot bytes", p.slot_bytes.Get(), e.out.size());
  CheckField(e, "plan", "whole", p.whole.Get(), e.whole ? 1 : 0);
  CheckField(e, "plan", "saturated", p.saturated.Get(), e.saturated ? 1 : 0);
  CheckField(e, "plan", "user", p.user.Get(), e.pins.user);
}

void Scoreboard::OnOutputBeat(const Beat& beat, bool open_input) {
  const uint32_t beat_bytes = pins_.shape.beat_bytes();
  for (uint32_t b = 0; b < beat_bytes; ++b) {
    if ((beat.keep >> b & 1) != 0) bytes_.push_back(beat.data[b]);
  }
  users_.push_back(beat.sideband[kUserField]);
  completed_.reset();
  const bool early = waiting_.empty() && open_input && pins_.kind == DeviceKind::kDecompressor;
  if (waiting_.empty() && (!early || beat.last)) {
    bytes_.clear();
    users_.clear();
    return Fail("output: a beat that no block accounts for");
  }
  if (!beat.last) {
    const size_t most = early ? 4 * size_t{kMaxBlockLen} : waiting_.front()->out.size();
    if (bytes_.size() > most + beat_bytes) {
      Fail(fmt::format("{}: output: no end", early ? "a block" : Describe(*waiting_.front())));
    }
    return;
  }
  const Expected& e = *waiting_.front();
  CheckOutput(e);
  for (const uint32_t user : users_) CheckField(e, "output", "user", user, e.pins.user);
  bytes_.clear();
  users_.clear();
  completed_ = std::move(waiting_.front());
  status_due_ = completed_;
  waiting_.pop_front();
  ++done_;
  ++blocks_;
}

// One cycle after the final beat has left: the pulse, the flags beside it, and the counters.
void Scoreboard::CheckStatus() {
  const std::shared_ptr<const Expected> due = std::exchange(status_due_, nullptr);
  const uint64_t done = pins_.block_done.Get();
  if (due == nullptr) {
    if (done != 0) Fail("stage status: block_done without a block");
    return;
  }
  const Expected& e = *due;
  const bool malformed = e.fault != Fault::kNone;
  const bool compress = pins_.kind == DeviceKind::kCompressor;
  ++since_reset_;
  bytes_out_ += e.out.size();
  bytes_in_ += compress ? BlockBytes(e.config) : e.read;
  if (malformed) ++malformed_;
  CheckField(e, "status", "block done", done, 1);
  CheckField(e, "status", "blocks", pins_.blocks.Get(), static_cast<uint32_t>(since_reset_));
  CheckField(e, "status", "bytes in", pins_.bytes_in.Get(), static_cast<uint32_t>(bytes_in_));
  CheckField(e, "status", "bytes out", pins_.bytes_out.Get(), static_cast<uint32_t>(bytes_out_));
  if (compress) {
    CheckField(e, "status", "whole", pins_.whole.Get(), e.whole ? 1 : 0);
    CheckField(e, "status", "saturated", pins_.saturated.Get(), e.saturated ? 1 : 0);
    CheckField(e, "status", "bad configuration", pins_.bad_config.Get(), e.bad_config ? 1 : 0);
    CheckField(e, "status", "bad keep", pins_.bad_keep.Get(), e.bad_keep ? 1 : 0);
  } else {
    CheckField(e, "status", "malformed blocks", pins_.malformed_blocks.Get(),
               static_cast<uint32_t>(malformed_));
    CheckField(e, "status", "malformed", pins_.malformed.Get(), malformed ? 1 : 0);
    CheckField(e, "status", "lossless", pins_.lossless.Get(), e.lossless ? 1 : 0);
  }
}

void Scoreboard::CheckOutput(const Expected& e) {
  if (bytes_ == e.out) return;
  if (bytes_.size() != e.out.size()) {
    return Fail(
        fmt::format("{}: output: {} bytes, must be {}", Describe(e), bytes_.size(), e.out.size()));
  }
  const auto at = static_cast<size_t>(
      std::mismatch(bytes_.begin(), bytes_.end(), e.out.begin()).first - bytes_.begin());
  const char* part = pins_.kind == DeviceKind::kDecompressor ? "values"
                     : at < e.front.size()                   ? "front"
                                                             : "rows";
  Fail(fmt::format("{}: output: {}: byte {} of {} is {:#04x}, must be {:#04x}", Describe(e), part,
                   at, bytes_.size(), std::to_integer<unsigned>(bytes_[at]),
                   std::to_integer<unsigned>(e.out[at])));
}

void Scoreboard::Flush() {
  done_ += waiting_.size();
  waiting_.clear();
  at_plan_ = done_;
  bytes_.clear();
  users_.clear();
  completed_.reset();
  status_due_.reset();
  since_reset_ = bytes_in_ = bytes_out_ = malformed_ = 0;
}

void Scoreboard::Finish() {
  if (!waiting_.empty()) {
    Fail(fmt::format("{}: output: never came ({} blocks missing)", Describe(*waiting_.front()),
                     waiting_.size()));
  } else if (!users_.empty()) {
    Fail("output: a packet without an end");
  }
}

}  // namespace actplane::tb
