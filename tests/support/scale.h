// SPDX-License-Identifier: Apache-2.0
// Scaled(n): how many random cases to run where the full campaign runs n.
// The environment variable ACTP_TEST_SCALE chooses: full (all), ci (1/20, default), quick (1/200).
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace actplane::testing_support {

// At least 1. An unknown scale ends the test program: a typing error must not shrink a campaign.
inline uint64_t Scaled(uint64_t full) {
  const char* value = std::getenv("ACTP_TEST_SCALE");
  const std::string_view scale = value == nullptr ? "ci" : value;
  if (scale == "full") return full;
  if (scale == "ci") return std::max<uint64_t>(full / 20, 1);
  if (scale == "quick") return std::max<uint64_t>(full / 200, 1);
  std::fprintf(stderr, "ACTP_TEST_SCALE is \"%s\"; it must be quick, ci or full\n", value);
  std::exit(2);
}

}  // namespace actplane::testing_support
