// SPDX-License-Identifier: Apache-2.0
// CodecEnv: owns the parts of the bench for one device and connects them. A cycle: drivers set
// inputs; the device evaluates with the clock low; monitors, scoreboard and coverage look; the
// clock rises; the watchdog counts.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/artifacts.h"
#include "core/log.h"
#include "core/run_config.h"
#include "core/verdict.h"
#include "core/watchdog.h"
#include "env/coverage.h"
#include "env/device.h"
#include "env/packet.h"
#include "env/predictor.h"
#include "env/scoreboard.h"
#include "stream/driver.h"
#include "stream/monitor.h"
#include "stream/sink.h"

namespace actplane::tb {

// Times in cycles, of what was seen so far.
struct Timing {
  uint64_t first_in = 0, last_in = 0, first_out = 0,
           last_out = 0;  // when the first and last beats moved
  uint64_t beats_in = 0, beats_out = 0, bytes_in = 0, bytes_out = 0;
  uint64_t input_waits = 0;  // cycles in which a beat was offered and not taken
  // To the first output beat of a block, from its last input beat, in the decompressor from that
  // which brings the last bit of the first chunk of values; the least is that of a block that waits
  // for none.
  uint64_t min_latency = UINT64_MAX, max_latency = 0;
};

class CodecEnv {
 public:
  // `coverage` may be null. `on_block` sees every block that came out right or wrong.
  CodecEnv(Device& device, Sequence& sequence, const RunConfig& run, StallProfile stall,
           ItemLog* log, Coverage* coverage, std::function<void(const Expected&)> on_block = {});

  bool Step();       // one cycle; false when the run is over, one way or the other
  Verdict Run();     // to the end
  Verdict Finish();  // what came of it, with everything that there is to check at an end
  // What came of it so far, where somebody else has ended the run.
  Verdict Stop() const;

  const Timing& timing() const { return timing_; }
  uint64_t blocks() const { return scoreboard_.blocks(); }

 private:
  void Feed();
  void Look();
  void LookAtReset();
  void LookForPaths();
  void Reset();
  ResetPhase Phase() const;
  void ObserveInput();
  uint64_t WhenItWasThere(const Expected& block) const;
  void ObserveOutput();

  Device& device_;
  CodecPins pins_;
  Sequence& sequence_;
  RunConfig run_;
  ItemLog* log_;
  ItemLog no_log_;
  Coverage* coverage_;
  std::function<void(const Expected&)> on_block_;
  StreamDriver driver_;
  StreamSink sink_;
  StreamMonitor in_monitor_, out_monitor_;
  PathCheck ready_check_, path_check_;
  Rng rng_;
  Predictor predictor_;
  Scoreboard scoreboard_;
  Watchdog watchdog_;

  Timing timing_;
  bool exhausted_ = false;  // the sequence is over
  bool over_ = false;
  bool moved_ = false;
  std::optional<uint64_t> reset_at_;
  uint64_t resets_ = 0;
  std::deque<uint64_t> taken_at_;  // Timing: from when each block under way could come out
  std::deque<uint64_t> begun_at_;  // when its first beat was offered
  std::vector<std::pair<uint64_t, uint64_t>> arrivals_;  // of the open packet: bytes so far, cycle
  StallProfile stall_;
  std::shared_ptr<const Expected> previous_;
  std::deque<std::shared_ptr<const Expected>> under_way_;
  uint64_t first_failure_cycle_ = 0;
};

}  // namespace actplane::tb
