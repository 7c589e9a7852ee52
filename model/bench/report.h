// SPDX-License-Identifier: Apache-2.0
// What was measured, as a table to read and as rows for a program.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "actplane/status.h"
#include "cli/difference.h"

namespace actplane::bench {

inline constexpr double kNone = std::numeric_limits<double>::quiet_NaN();  // not measured

// One number for each direction.
struct Both {
  double compress = kNone;
  double decompress = kNone;

  Both operator/(const Both& other) const {
    return {compress / other.compress, decompress / other.decompress};
  }
};

struct Row {
  std::string data = {};
  std::string codec = {};
  double bits = kNone;  // per value, as they came out
  cli::Difference difference = {};
  Both speed = {};        // GB/s
  Both spread = {};       // slowest repetition over fastest, minus 1
  Both versus_zfp = {};   // speed over that of zfp 1-D at the same bits
  Both two_threads = {};  // speed on two threads over that on one

  double Ratio() const { return 32 / bits; }
};

// The rows of one data set.
std::string Table(std::span<const Row> rows);

// All rows, numbers in full; what was not measured is empty or null.
std::string Csv(std::span<const Row> rows);
std::string Json(std::span<const Row> rows);

Status Save(const std::string& path, const std::string& text);

}  // namespace actplane::bench
