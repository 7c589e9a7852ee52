// SPDX-License-Identifier: Apache-2.0
// How a run ended.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace actplane::tb {

enum class Outcome : uint8_t {
  kPass,
  kMismatch,  // or an assertion of the RTL, or a stream rule
  kTimeout,
  kNothingCompared,
  kUnreadable,  // what was to go in; says nothing of the device
};

constexpr std::string_view ToString(Outcome outcome) {
  switch (outcome) {
    case Outcome::kPass: return "pass";
    case Outcome::kMismatch: return "mismatch";
    case Outcome::kTimeout: return "timeout";
    case Outcome::kNothingCompared: return "nothing compared";
    case Outcome::kUnreadable: return "unreadable";
  }
  return "?";
}

struct Verdict {
  Outcome outcome = Outcome::kPass;
  uint64_t blocks = 0;      // compared at the output
  uint64_t stages = 0;      // comparisons inside the pipe
  uint64_t beats = 0;       // of a memory: read, or written with a strobe
  uint64_t mismatches = 0;  // everything that was wrong
  uint64_t resets = 0;
  uint64_t cycles = 0;
  uint64_t first_failure_cycle = 0;
  std::string first_failure;  // one line

  bool ok() const { return outcome == Outcome::kPass; }
};

}  // namespace actplane::tb
