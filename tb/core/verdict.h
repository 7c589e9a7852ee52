// SPDX-License-Identifier: Apache-2.0
// How a run ended. The values are the exit codes of the programs.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace actplane::tb {

enum class Outcome : int {
  kPass = 0,
  kMismatch = 1,  // or an assertion of the RTL, or a stream rule
  kUsage = 2,
  kTimeout = 3,
  kNothingCompared = 4,
};

constexpr std::string_view ToString(Outcome outcome) {
  switch (outcome) {
    case Outcome::kPass: return "pass";
    case Outcome::kMismatch: return "mismatch";
    case Outcome::kUsage: return "usage";
    case Outcome::kTimeout: return "timeout";
    case Outcome::kNothingCompared: return "nothing compared";
  }
  return "?";
}

struct Verdict {
  Outcome outcome = Outcome::kPass;
  uint64_t blocks = 0;      // compared at the output
  uint64_t stages = 0;      // comparisons inside the pipe
  uint64_t mismatches = 0;  // everything that was wrong
  uint64_t resets = 0;
  uint64_t cycles = 0;
  uint64_t first_failure_cycle = 0;
  std::string first_failure;  // one line

  bool ok() const { return outcome == Outcome::kPass; }
};

}  // namespace actplane::tb
