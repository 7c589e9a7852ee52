// SPDX-License-Identifier: Apache-2.0
// Scoreboard: compares exact bits, at the output and at the plan inside the compressor, so that the
// first wrong stage is named. Knows nothing of time: events come in the order of the blocks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "env/predictor.h"

namespace actplane::tb {

class Scoreboard {
 public:
  explicit Scoreboard(const CodecPins& pins) : pins_(pins) {}

  void Expect(std::shared_ptr<const Expected> block);
  // Events of the device; each looks at the pins of this cycle. OnStages() comes first, in every
  // cycle.
  void OnStages();
  // `open_input`: a packet has begun at the input that Expect() has not told of.
  void OnOutputBeat(const Beat& beat, bool open_input);
  void Flush();  // reset: what is under way will never come

  void Fail(std::string what);  // also for what others find
  uint64_t blocks() const { return blocks_; }
  uint64_t stages() const { return stages_; }
  uint64_t mismatches() const { return mismatches_; }
  const std::string& first_failure() const { return first_failure_; }
  bool empty() const { return waiting_.empty() && users_.empty(); }
  size_t in_flight() const { return waiting_.size(); }
  // The block whose output has just been completed, for coverage and statistics.
  const Expected* completed() const { return completed_.get(); }
  bool output_open() const { return !users_.empty(); }
  void Finish();  // what is still missing

 private:
  void CheckPlan(const Expected& e);  // compressor
  void CheckOutput(const Expected& e);
  void CheckStatus();
  void CheckField(const Expected& e, const char* stage, const char* field, uint64_t got,
                  uint64_t want);
  std::string Describe(const Expected& e) const;
  const Expected* At(uint64_t position) const;

  CodecPins pins_;
  std::deque<std::shared_ptr<const Expected>> waiting_;
  uint64_t done_ = 0;     // blocks that have left waiting_
  uint64_t at_plan_ = 0;  // the next block whose plan will be seen
  // The packet that is coming out. A decompressor may begin it before the last beat of its slot.
  std::vector<std::byte> bytes_;
  std::vector<uint32_t> users_;
  std::shared_ptr<const Expected> completed_;
  std::shared_ptr<const Expected> status_due_;  // its final beat left in the cycle before
  uint64_t since_reset_ = 0, bytes_in_ = 0, bytes_out_ = 0,
           malformed_ = 0;  // what the counters must read

  uint64_t blocks_ = 0;
  uint64_t stages_ = 0;
  uint64_t mismatches_ = 0;
  std::string first_failure_;
};

}  // namespace actplane::tb
