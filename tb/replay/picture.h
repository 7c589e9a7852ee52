// SPDX-License-Identifier: Apache-2.0
// What a replay costs, for people: a picture.
#pragma once

#include <string>
#include <vector>

#include "replay/replay.h"

namespace actplane::tb {

struct ReplayRow {
  std::string name;       // "8" or "captured"
  double ratio = 0;       // payload over T
  std::string slot = {};  // T, in bytes
  ReplayResult result = {};
};

// A script for gnuplot: bytes and time of each row against `plain`, the step as it is, in per cent.
std::string ReplayScript(const std::string& title, const ReplayResult& plain,
                         const std::vector<ReplayRow>& rows);

}  // namespace actplane::tb
