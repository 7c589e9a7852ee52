// SPDX-License-Identifier: Apache-2.0
// The cycle of the bench; env_program.cc does what the sequence says.
#include "memory/env.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace actplane::tb::memory {
namespace {

// In which a device may look at B of the memory.
constexpr uint64_t kAnswerCycles = 16;

// S4 of the top: no path from an input to an output.
std::vector<Pins> Inputs(const MemoryPins& p) {
  std::vector<Pins> all = {
      p.s.aw.valid,    p.s.w.valid,    p.s.b.ready,    p.s.ar.valid,    p.s.r.ready,   p.m.aw.ready,
      p.m.w.ready,     p.m.b.valid,    p.m.ar.ready,   p.m.r.valid,     p.s.aw.addr,   p.s.ar.addr,
      p.s.w.data,      p.s.w.strb,     p.m.r.data,     p.m.b.resp,      p.m.r.resp,    p.m.r.last,
      p.lite.aw_valid, p.lite.w_valid, p.lite.b_ready, p.lite.ar_valid, p.lite.r_ready};
  return all;
}
std::vector<Pins> Outputs(const MemoryPins& p) {
  std::vector<Pins> all = {p.s.aw.ready,   p.s.w.ready,     p.s.b.valid,     p.s.ar.ready,
                           p.s.r.valid,    p.m.aw.valid,    p.m.w.valid,     p.m.b.ready,
                           p.m.ar.valid,   p.m.r.ready,     p.lite.aw_ready, p.lite.w_ready,
                           p.lite.b_valid, p.lite.ar_ready, p.lite.r_valid,  p.irq};
  for (const auto& payload :
       {p.s.b.Payload(), p.s.r.Payload(), p.m.aw.Payload(), p.m.w.Payload(), p.m.ar.Payload()}) {
    all.insert(all.end(), payload.begin(), payload.end());
  }
  return all;
}

}  // namespace

MemoryEnv::MemoryEnv(MemoryDevice& device, MemorySequence& sequence, const EnvOptions& options,
                     ItemLog* log, MemoryCoverage* coverage, BurstCallback on_burst)
    : device_(device),
      sequence_(sequence),
      options_(options),
      log_(log != nullptr ? log : &no_log_),
      coverage_(coverage),
      on_burst_(std::move(on_burst)),
      pins_(device.pins()),
      rng_(options.seed, "env"),
      master_(pins_.s, options.stall, Rng(options.seed, "master")),
      lite_(pins_.lite, Rng(options.seed, "lite")),
      memory_(pins_.m, {options.stall, options.delay, options.error_rate},
              Rng(options.seed, "memory")),
      slave_rules_(Side::kSlave, pins_.s),
      memory_rules_(Side::kMemory, pins_.m),
      scoreboard_(device.shape(), pins_),
      registers_(device.shape()),
      paths_(Inputs(pins_), Outputs(pins_), Rng(options.seed, "paths")),
      watchdog_(options.watchdog_cycles),
      had_(device.shape().regions) {
  if (coverage_ != nullptr) coverage_->Connect(scoreboard_.events, device.shape(), options.stall);
  CountEvents();
}

// What the counters of the device must read, beside coverage.
void MemoryEnv::CountEvents() {
  Events& e = scoreboard_.events;
  e.on_write = [this, next = e.on_write](const WriteTrack& w, uint8_t resp) {
    next(w, resp);
    ++bursts_;
    log_->Add("write", "addr={:#x} id={} beats={} resp={}", w.burst.addr, w.burst.id,
              w.burst.beats(), resp);
    uint64_t accesses = 0;
    for (uint32_t i = 0; i < w.burst.beats(); ++i) accesses += w.beats[i].strb != 0 ? 1U : 0U;
    accesses_ += accesses;
    if (on_burst_) on_burst_(accesses);
    if (w.target.target == Target::kRefused) {
      ++counted_[reg::kRefused];
      SeeError(reg::kErrRefused, w.burst.addr, kOfWrites, w.cycle, cycle_);
    } else if (w.target.target == Target::kRegion && resp >= kSlvErr) {
      ++seen_.failed_writes;
    }
    if (w.target.target == Target::kBypass) ++counted_[reg::kBypassWrites];
    if (w.target.target == Target::kRegion) counted_[reg::kWriteBeats] += w.burst.beats();
  };
  e.on_read = [this, next = e.on_read](const ReadTrack& r, Events::From from, uint8_t resp) {
    next(r, from, resp);
    const bool hit = from == Events::From::kHit;
    log_->Add("read", "addr={:#x} id={} beats={} beat={} resp={} hit={}", r.burst.addr, r.burst.id,
              r.burst.beats(), r.beat, resp, hit);
    if (r.target.target == Target::kRegion) ++seen_.visits;
    if (hit) ++seen_.certain_hits;
    if (r.beat != 0) return;
    ++bursts_;
    accesses_ += r.burst.beats();
    if (on_burst_) on_burst_(r.burst.beats());
    if (r.target.target == Target::kRefused) {
      ++counted_[reg::kRefused];
      SeeError(reg::kErrRefused, r.burst.addr, kOfReads, r.cycle, cycle_);
    }
    if (r.target.target == Target::kBypass) ++counted_[reg::kBypassReads];
    if (r.target.target == Target::kRegion) counted_[reg::kReadBeats] += r.burst.beats();
  };
  e.on_slot = [this, next = e.on_slot](Events::Close c, const BlockHistory::SlotResult& r) {
    next(c, r);
    ++counted_[reg::kWriteBlocks];
    if (!r.whole) ++seen_.rmw_least;
    if (r.partial) ++seen_.rmw_most;
  };
  e.on_slot_answer = [this, next = e.on_slot_answer](const BlockHistory& h, bool failed) {
    next(h, failed);
    counted_[reg::kWriteBytes] += h.region()->config.slot_bytes;
    if (!failed) return;
    ++counted_[reg::kMemErrors];
    SeeError(reg::kErrWrite, h.region()->base + h.block() * h.region()->block_bytes(), kOfSlots,
             cycle_, cycle_ + kAnswerCycles);
  };
  e.on_fill = [this, next = e.on_fill](const SlotRead& r) {
    next(r);
    ++counted_[reg::kReadBlocks];
    counted_[reg::kReadBytes] += r.region->config.slot_bytes;
    if (r.values) return;
    ++counted_[r.failed ? reg::kMemErrors : reg::kMalformed];
    SeeError(r.failed ? reg::kErrRead : reg::kErrMalformed,
             r.region->base + r.block * r.region->block_bytes(), kOfFills, cycle_, r.known);
  };
}

// Those of one source come in order, and the first of all is one of the firsts: which one, is
// certain as far as times that the device may have noted them in do not overlap.
void MemoryEnv::SeeError(uint32_t bits, uint64_t addr, ErrorSource source, uint64_t earliest,
                         uint64_t latest) {
  seen_.errors |= bits;
  std::optional<SeenError>& first = seen_.first_errors.at(source);
  if (!first) first = SeenError{addr, earliest, latest};
}

void MemoryEnv::Fail(const std::string& what) { scoreboard_.Fail(what); }

// What moves, for the log of a rerun.
void MemoryEnv::Log() {
  const auto address = [&](const char* name, const AddressPins& p) {
    if (!Moves(p)) return;
    const Burst b = p.Sample();
    log_->Add(name, "addr={:#x} id={} beats={} size={} type={} attr={}.{}.{}", b.addr, b.id,
              b.beats(), b.size, TypeName(b.type), b.qos, b.prot, b.cache);
  };
  const auto data = [&](const char* name, const WritePins& p) {
    if (Moves(p)) log_->Add(name, "strb={:#x} last={}", p.strb.Get(), p.last.Get());
  };
  address("s.aw", pins_.s.aw);
  address("s.ar", pins_.s.ar);
  data("s.w", pins_.s.w);
  address("m.aw", pins_.m.aw);
  address("m.ar", pins_.m.ar);
  data("m.w", pins_.m.w);
  if (Moves(pins_.m.b)) log_->Add("m.b", "resp={}", pins_.m.b.resp.Get());
  if (Moves(pins_.m.r)) {
    log_->Add("m.r", "resp={} last={}", pins_.m.r.resp.Get(), pins_.m.r.last.Get());
  }
}

void MemoryEnv::Observe() {
  if (log_ != &no_log_) Log();
  slave_rules_.Observe();
  memory_rules_.Observe();
  scoreboard_.Observe(cycle_);
  master_.Observe();
  memory_.Observe();
  moved_ = master_.moved() || Moves(pins_.m.r) || Moves(pins_.m.b) || Moves(pins_.m.w);
  for (const ReadBeat& r : master_.TakeReadBeats()) sequence_.OnReadBeat(r);
  if (const auto result = lite_.Observe()) OnRegister(*result);
}

void MemoryEnv::LookForPaths() {
  if (!rng_.OneIn(512)) return;
  if (!paths_.Check([&] { device_.Settle(); })) Fail("rule S4: an input moves an output at once");
}

void MemoryEnv::ObserveInReset() {
  slave_rules_.ObserveInReset();
  memory_rules_.ObserveInReset();
  lite_.ObserveInReset();
  if (pins_.irq.Get() != 0) Fail("irq is high in reset");
}

void MemoryEnv::Reset(uint32_t cycles) {
  if (coverage_ != nullptr && cycle_ != 0) {
    coverage_->SampleReset(scoreboard_.writes_open() != 0, scoreboard_.reads_open() != 0);
  }
  log_->Add("env", "reset cycles={}", cycles);
  master_.DriveInReset();
  lite_.DriveInReset();
  memory_.DriveInReset();
  device_.Reset(static_cast<int>(cycles), [&] { ObserveInReset(); });
  master_.Reset();
  lite_.Reset();
  memory_.Reset();
  slave_rules_.Reset();
  memory_rules_.Reset();
  scoreboard_.Reset();
  registers_.Reset();
  counted_ = {};
  seen_ = {};
  had_.assign(had_.size(), std::nullopt);
  irq_enable_ = 0;
  wait_register_ = false;
  reset_cycles_ = 0;
  ++resets_;
}

void MemoryEnv::Collect() {
  const auto take = [&](const std::vector<std::string>& all, size_t& seen) {
    for (; seen < all.size(); ++seen) Fail(all[seen]);
  };
  take(slave_rules_.violations(), slave_seen_);
  take(memory_rules_.violations(), memory_seen_);
  take(lite_.violations(), lite_seen_);
  if (device_.GotError()) Fail("an assertion of the RTL fired");
  const std::string failure = sequence_.Failure();
  if (!failure.empty()) Fail("sequence: " + failure);
}

bool MemoryEnv::Step() {
  cycle_ = device_.cycle();
  log_->SetCycle(cycle_);
  if (reset_cycles_ != 0) Reset(reset_cycles_);
  if (!sequence_over_) Advance();
  if (sequence_over_) {
    const bool idle = master_.idle() && memory_.idle() && scoreboard_.idle();
    if (!idle) quiet_cycles_ = 0;
    if (idle && CheckCounters()) return false;
  }
  if (reset_cycles_ != 0) return true;
  master_.Drive();
  lite_.Drive();
  memory_.Drive();
  device_.Step([&] {
    LookForPaths();
    Observe();
  });
  Collect();
  watchdog_.Tick(moved_ || idle_ || reset_after_);
  return scoreboard_.mismatches() == 0 && !watchdog_.expired();
}

Verdict MemoryEnv::Run() {
  Reset(2);
  resets_ = 0;
  while (Step()) {
  }
  const bool expired = watchdog_.expired();
  if (scoreboard_.mismatches() == 0 && !expired) scoreboard_.Finish(memory_.store());
  Verdict v;
  v.blocks = bursts_;
  v.beats = accesses_;
  v.stages = scoreboard_.slots_compared();
  v.mismatches = scoreboard_.mismatches();
  v.resets = resets_;
  v.cycles = device_.cycle();
  v.first_failure = scoreboard_.first_failure();
  v.first_failure_cycle = v.mismatches == 0 ? 0 : cycle_;
  if (v.mismatches != 0) {
    v.outcome = Outcome::kMismatch;
  } else if (expired) {
    v.outcome = Outcome::kTimeout;
    v.first_failure_cycle = cycle_;
    v.first_failure =
        fmt::format("nothing moved for {} cycles; {} writes and {} reads wait", watchdog_.idle(),
                    scoreboard_.writes_open(), scoreboard_.reads_open());
  } else if (scoreboard_.reads_compared() == 0) {
    v.outcome = Outcome::kNothingCompared;
    v.first_failure = "no read was compared";
  }
  return v;
}

}  // namespace actplane::tb::memory
