// SPDX-License-Identifier: Apache-2.0
// What was measured, as a table to read and as rows for a program.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "actplane/format.h"
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
  Format format = Format::kFp32;  // of the values
  std::string codec = {};
  double asked = kNone;  // bits per value that were asked for; 0: lossless
  double bits = kNone;   // as they came out
  cli::Difference difference = {};
  Both speed = {};        // GB/s
  Both spread = {};       // slowest repetition over fastest, minus 1
  Both versus_zfp = {};   // speed over that of zfp 1-D at the same bits
  Both two_threads = {};  // speed on two threads over that on one

  // Against the values in their own format.
  double Ratio() const { return 8 * InfoOf(format).value_bytes / bits; }
};

// The rows of one data set, with their speed.
std::string Table(std::span<const Row> rows);

// All rows, numbers in full; what was not measured is empty or null.
std::string Csv(std::span<const Row> rows);
std::string Json(std::span<const Row> rows);

Status Save(const std::string& path, const std::string& text);

}  // namespace actplane::bench
