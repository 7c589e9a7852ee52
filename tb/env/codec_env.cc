// SPDX-License-Identifier: Apache-2.0
#include "env/codec_env.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace actplane::tb {
namespace {

constexpr uint64_t kPathCheckEvery = 61;  // cycles; no multiple of any block time

}  // namespace

CodecEnv::CodecEnv(Device& device, Sequence& sequence, const RunConfig& run, StallProfile stall,
                   ItemLog* log, Coverage* coverage, std::function<void(const Expected&)> on_block)
    : device_(device),
      pins_(device.pins()),
      sequence_(sequence),
      run_(run),
      log_(log != nullptr ? log : &no_log_),
      coverage_(coverage),
      on_block_(std::move(on_block)),
      driver_(pins_.in, Stall(stall, Stall::End::kInput, Rng(run.seed, "stall input")),
              Rng(run.seed, "driver")),
      sink_(pins_.out, Stall(stall, Stall::End::kOutput, Rng(run.seed, "stall output"))),
      in_monitor_("input", pins_.in, false),
      out_monitor_("output", pins_.out, true),
      ready_check_({pins_.out.ready}, {pins_.out.valid}, Rng(run.seed, "ready")),
      path_check_(pins_.Inputs(), pins_.Outputs(), Rng(run.seed, "paths")),
      rng_(run.seed, "env"),
      predictor_(pins_.kind, pins_.shape),
      scoreboard_(pins_),
      watchdog_(run.watchdog_cycles),
      stall_(stall) {
  Reset();
  resets_ = 0;
}

void CodecEnv::Feed() {
  // A packet ahead, so that nothing stops between two of them.
  while (!exhausted_ && driver_.waiting() < 2 && !reset_at_) {
    std::optional<Packet> packet = sequence_.Next();
    if (!packet) {
      exhausted_ = true;
      return;
    }
    packet->config.user = rng_.Below(1U << Shape::kUserWidth);
    const DeviceConfig& c = packet->config;
    log_->Add("sequence",
              "packet kind={} bytes={} format={} order={} T={} R={} lossless={} last={}",
              packet->kind, packet->bytes.size(), c.format, c.order, c.slot_bytes, c.row_limit,
              c.lossless, packet->last);
    driver_.Give(ToBeats(packet->bytes, pins_.in.beat_bytes(), packet->last, c.ToSideband(),
                         packet->holes, packet->nulls));
    if (packet->reset_after) reset_at_ = device_.cycle() + *packet->reset_after;
  }
}

bool CodecEnv::Step() {
  if (over_) return false;
  if (reset_at_ && device_.cycle() >= *reset_at_) Reset();
  Feed();
  driver_.Drive();
  sink_.Drive();
  moved_ = false;
  device_.Step([this] { Look(); });
  watchdog_.Tick(moved_);
  if (device_.GotError()) scoreboard_.Fail("an assertion of the RTL failed");
  if (scoreboard_.mismatches() != 0 || watchdog_.expired()) {
    first_failure_cycle_ = device_.cycle();
    over_ = true;
  }
  if (exhausted_ && driver_.waiting() == 0 && scoreboard_.empty() && predictor_.between_packets()) {
    over_ = true;
  }
  return !over_;
}

void CodecEnv::Look() {
  log_->SetCycle(device_.cycle());
  scoreboard_.OnStages();
  ObserveOutput();
  ObserveInput();
  driver_.Observe();
  for (const StreamMonitor* m : {&in_monitor_, &out_monitor_}) {
    if (!m->violations().empty()) scoreboard_.Fail(m->violations().back());
  }
  if (coverage_ != nullptr) {
    coverage_->SampleBackPressure(pins_.kind, in_monitor_.waiting(), out_monitor_.waiting());
  }
  if (device_.cycle() % kPathCheckEvery == 0) LookForPaths();
}

void CodecEnv::LookForPaths() {
  const auto settle = [this] { device_.Settle(); };
  if (!ready_check_.Check(settle)) scoreboard_.Fail("rule S3: valid follows ready within a cycle");
  if (!path_check_.Check(settle))
    scoreboard_.Fail("rule S4: an output follows an input within a cycle");
}

void CodecEnv::ObserveInput() {
  const std::optional<Beat> beat = in_monitor_.Observe();
  if (in_monitor_.waiting()) ++timing_.input_waits;
  if (!beat) return;
  moved_ = true;
  if (timing_.beats_in++ == 0) timing_.first_in = device_.cycle();
  timing_.last_in = device_.cycle();
  timing_.bytes_in += static_cast<uint64_t>(std::popcount(beat->keep));
  if (!beat->null()) {
    const uint64_t before = arrivals_.empty() ? 0 : arrivals_.back().first;
    arrivals_.emplace_back(before + static_cast<uint64_t>(std::popcount(beat->keep)),
                           device_.cycle());
  }
  if (std::shared_ptr<const Expected> block = predictor_.Take(*beat)) {
    log_->Add("input", "block index={} bytes={} expect={}", block->index, block->in.size(),
              block->out.size());
    taken_at_.push_back(WhenItWasThere(*block));
    arrivals_.clear();
    under_way_.push_back(block);
    scoreboard_.Expect(std::move(block));
  }
}

uint64_t CodecEnv::WhenItWasThere(const Expected& block) const {
  if (pins_.kind == DeviceKind::kDecompressor && block.fault == Fault::kNone) {
    for (const auto& [bytes, cycle] : arrivals_) {
      if (bytes >= block.first_needs) return cycle;
    }
  }
  return device_.cycle();
}

void CodecEnv::ObserveOutput() {
  if (pins_.out.Valid() && !out_monitor_.waiting() && !scoreboard_.output_open())
    begun_at_.push_back(device_.cycle());
  const std::optional<Beat> beat = out_monitor_.Observe();
  if (!beat) return;
  moved_ = true;
  if (timing_.beats_out++ == 0) timing_.first_out = device_.cycle();
  timing_.bytes_out += static_cast<uint64_t>(std::popcount(beat->keep));
  timing_.last_out = device_.cycle();
  scoreboard_.OnOutputBeat(*beat, !predictor_.between_packets());
  const Expected* done = scoreboard_.completed();
  if (done == nullptr) return;
  log_->Add("output", "block index={} bytes={} fault={}", done->index, done->out.size(),
            ToString(done->fault));
  if (!taken_at_.empty() && !begun_at_.empty()) {
    const uint64_t latency = begun_at_.front() - std::min(begun_at_.front(), taken_at_.front());
    timing_.min_latency = std::min(timing_.min_latency, latency);
    timing_.max_latency = std::max(timing_.max_latency, latency);
    begun_at_.pop_front();
    taken_at_.pop_front();
  }
  if (on_block_) on_block_(*done);
  if (coverage_ != nullptr) {
    coverage_->SampleBlock(pins_.kind, *done, previous_.get(), pins_.shape, stall_);
  }
  previous_ = std::move(under_way_.front());
  under_way_.pop_front();
}

ResetPhase CodecEnv::Phase() const {
  if (pins_.out.Valid()) return ResetPhase::kOutput;
  if (!predictor_.between_packets()) return ResetPhase::kInPacket;
  return scoreboard_.empty() ? ResetPhase::kIdle : ResetPhase::kBetween;
}

// Everything under way is forgotten, on both sides.
void CodecEnv::Reset() {
  const ResetShape shape{static_cast<int>(rng_.OneIn(3) ? 1 : rng_.Between(2, 40)), rng_.OneIn(2),
                         rng_.OneIn(2)};
  if (coverage_ != nullptr && device_.cycle() != 0)
    coverage_->SampleReset(pins_.kind, Phase(), shape);
  log_->Add("env", "reset cycles={}", shape.cycles);
  driver_.Reset();
  in_monitor_.Reset();
  out_monitor_.Reset();
  predictor_.Reset();
  scoreboard_.Flush();
  taken_at_.clear();
  begun_at_.clear();
  arrivals_.clear();
  under_way_.clear();
  previous_.reset();
  reset_at_.reset();
  ++resets_;
  driver_.DriveInReset();
  device_.Reset(shape, [this] {
    LookAtReset();
    driver_.DriveInReset();
    sink_.Drive();
  });
}

void CodecEnv::LookAtReset() {
  if (pins_.out.Valid()) scoreboard_.Fail("reset: output valid");
  for (const Pins& status : pins_.Status()) {
    if (status.Get() != 0) scoreboard_.Fail("reset: a status output is not zero");
  }
  if (!pins_.in.Valid() && pins_.idle.Get() == 0) scoreboard_.Fail("reset: a stage is not idle");
}

Verdict CodecEnv::Run() {
  while (Step()) {
  }
  return Finish();
}

Verdict CodecEnv::Finish() {
  const bool hung = watchdog_.expired();
  // A cycle or two for what only now becomes visible: a beat too many, a stage that is not idle.
  if (!hung && scoreboard_.mismatches() == 0) {
    for (int i = 0; i < 64; ++i) {
      driver_.Drive();
      sink_.Drive();
      device_.Step([this] { Look(); });
    }
    scoreboard_.Finish();
    if (pins_.idle.Get() == 0 && scoreboard_.mismatches() == 0)
      scoreboard_.Fail("end: a stage is not idle");
    if (device_.GotError()) scoreboard_.Fail("an assertion of the RTL failed");
    if (scoreboard_.mismatches() != 0) first_failure_cycle_ = device_.cycle();
  }
  Verdict v = Stop();
  if (!v.ok()) return v;
  if (const Status s = sequence_.status(); !s.ok()) {
    v.outcome = Outcome::kUnreadable;
    v.first_failure = s.message();
  } else if (v.blocks == 0) {
    v.outcome = Outcome::kNothingCompared;
    v.first_failure = "nothing was compared";
  }
  return v;
}

Verdict CodecEnv::Stop() const {
  Verdict v;
  v.blocks = scoreboard_.blocks();
  v.stages = scoreboard_.stages();
  v.mismatches = scoreboard_.mismatches();
  v.resets = resets_;
  v.cycles = device_.cycle();
  v.first_failure_cycle = first_failure_cycle_;
  v.first_failure = scoreboard_.first_failure();
  if (v.mismatches != 0) {
    v.outcome = Outcome::kMismatch;
  } else if (watchdog_.expired()) {
    v.outcome = Outcome::kTimeout;
    v.first_failure = fmt::format("nothing moved for {} cycles, {} blocks under way",
                                  watchdog_.idle(), scoreboard_.in_flight());
  }
  return v;
}

}  // namespace actplane::tb
