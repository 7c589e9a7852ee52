// SPDX-License-Identifier: Apache-2.0
// What both ways to allocate ratios share.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "actplane/status.h"
#include "train/stash/kind.h"
#include "train/trainer/run_config.h"

namespace actplane::train {

// Slots of 160 to 8 bytes of a block of 128 values.
inline constexpr std::array<double, 22> kRatios = {
    3.2,    3.5556, 4,    4.4138, 4.9231, 5.3333, 5.8182, 6.4,  7.1111, 8,      8.8276,
    9.8462, 11.13,  12.8, 14.222, 16,     18.286, 21.333, 25.6, 32,     42.667, 64};

struct AllocateOptions {
  RunConfig run;
  std::string by = "gradient";
  std::string target = "actplane:order=field,fill=zero,ratio=3.2";
  std::string base = "actplane:order=significance";
  double ratio = 12;
  int jobs = 0;
  int64_t batches = 2;
  bool json = false;
};

// `spec` with one more option, KEY=VALUE, of its last part.
std::string WithOption(const std::string& spec, const std::string& option);

// `base` with the ratio that is chosen for every kind that is kept.
std::string SpecOf(const std::string& base, const PerKind<size_t>& choice,
                   const PerKind<int64_t>& kept);

// Trains once with every kind alone at every ratio; `given`: options of the runs.
Status AllocateByLoss(const AllocateOptions& options, const std::vector<std::string>& given);

}  // namespace actplane::train
