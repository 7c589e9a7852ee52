// SPDX-License-Identifier: Apache-2.0
// MemoryEnv: owns the parts of the bench around one memory path and connects them. A cycle: masters
// and memory set their pins; the device evaluates with the clock low; rules, scoreboard, masters
// and memory look; the clock rises; the watchdog counts.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/log.h"
#include "core/verdict.h"
#include "core/watchdog.h"
#include "memory/coverage.h"
#include "memory/lite_master.h"
#include "memory/master.h"
#include "memory/memory_model.h"
#include "memory/protocol.h"
#include "memory/reference_registers.h"
#include "memory/scoreboard.h"
#include "stream/monitor.h"

namespace actplane::tb::memory {

struct EnvOptions {
  uint64_t seed = 1;
  StallProfile stall = StallProfile::kNone;
  Delay delay = Delay::kFixed;
  uint32_t error_rate = 0;
  uint64_t watchdog_cycles = 20000;
  // Whether the registers of the device that count are those of memory/registers.h.
  bool counters = true;
};

// Sees every burst that was answered: how many accesses it was, beats read or written with a
// strobe.
using BurstCallback = std::function<void(uint64_t accesses)>;

class MemoryEnv {
 public:
  // `log`, `coverage` may be null.
  MemoryEnv(MemoryDevice& device, MemorySequence& sequence, const EnvOptions& options,
            ItemLog* log = nullptr, MemoryCoverage* coverage = nullptr,
            BurstCallback on_burst = {});

  Verdict Run();
  const MemoryScoreboard& scoreboard() const { return scoreboard_; }
  uint64_t bursts() const { return bursts_; }

 private:
  bool Step();  // false: over
  void Advance();
  bool Do(const Op& op);  // false: not yet
  void Observe();
  void Log();
  void ObserveInReset();
  void LookForPaths();
  void OnRegister(const LiteMaster::Result& result);
  void Reset(uint32_t cycles);
  void CountEvents();
  enum ErrorSource : uint8_t { kOfFills, kOfSlots, kOfWrites, kOfReads, kErrorSources };
  void SeeError(uint32_t bits, uint64_t addr, ErrorSource source, uint64_t earliest,
                uint64_t latest);
  bool MayBeFirst(uint64_t error_addr) const;
  bool CheckCounters();  // false: not yet done
  void OnFinalRead(const RegisterOp& op, uint32_t data);
  void JudgeReadCounters();
  void Collect();  // violations of rules
  void Fail(const std::string& what);

  MemoryDevice& device_;
  MemorySequence& sequence_;
  EnvOptions options_;
  ItemLog no_log_;
  ItemLog* log_;
  MemoryCoverage* coverage_;
  BurstCallback on_burst_;
  MemoryPins pins_;
  Rng rng_;
  AxiMaster master_;
  LiteMaster lite_;
  MemoryModel memory_;
  ProtocolChecker slave_rules_, memory_rules_;
  MemoryScoreboard scoreboard_;
  ReferenceRegisters registers_;
  PathCheck paths_;
  Watchdog watchdog_;
  std::unique_ptr<const Op> next_;
  std::optional<uint32_t> idle_, reset_after_;
  uint32_t reset_cycles_ = 0;
  bool wait_register_ = false, sequence_over_ = false, moved_ = false;
  uint32_t counter_check_ = 0;
  uint64_t cycle_ = 0, bursts_ = 0, accesses_ = 0, resets_ = 0;
  size_t slave_seen_ = 0, memory_seen_ = 0, lite_seen_ = 0;
  std::array<uint32_t, reg::kCounterCount> counted_ = {};  // what the counters must read
  std::array<uint32_t, reg::kCounterCount> final_ = {};    // and what they read at the end
  struct SeenError {
    uint64_t addr = 0;
    uint64_t earliest = 0, latest = 0;  // cycles in which the device can have noted it
  };
  // What the scoreboard saw since the last reset, where it alone does not say what is counted.
  struct Seen {
    uint32_t visits = 0;        // blocks of read bursts
    uint32_t certain_hits = 0;  // of them, those for which nothing can have been read
    uint32_t rmw_least = 0, rmw_most = 0;
    uint32_t failed_writes = 0;  // bursts into regions with SLVERR
    uint32_t errors = 0;         // bits of ERRORS, without kErrRmw
    std::array<std::optional<SeenError>, kErrorSources> first_errors = {};
  } seen_;
  uint32_t quiet_cycles_ = 0, irq_enable_ = 0;
  uint64_t error_addr_ = 0;
  std::vector<std::optional<Config>> had_;  // of each region, when it was on last
};

}  // namespace actplane::tb::memory
