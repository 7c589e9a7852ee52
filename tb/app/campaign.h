// SPDX-License-Identifier: Apache-2.0
// Campaign: many runs, over all configurations, devices, sequences and stall profiles in turn.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "app/run.h"

namespace actplane::tb {

struct CampaignOptions {
  std::string test = "soak";
  uint64_t seed = 1;
  uint64_t blocks = 2'000'000;  // in all
  uint64_t blocks_per_run = 500;
  std::vector<std::string> configs = {};  // empty: all
  std::vector<std::string> devices = {"compressor", "decompressor"};
  std::vector<std::string> sequences = {};  // empty: all but `file`
  std::string artifacts = "build/artifacts";
  Coverage* coverage = nullptr;
  std::function<void(uint64_t blocks)> on_progress = {};
};

struct CampaignResult {
  uint64_t runs = 0;
  uint64_t failed_runs = 0;
  uint64_t blocks = 0, stages = 0, mismatches = 0, resets = 0, cycles = 0;
  std::string first_failure;
  bool ok() const { return failed_runs == 0 && blocks != 0; }
};

// Rounds of one run of each kind, each with a seed of its own, until enough blocks are compared.
// The first round is always whole. Ends after ten failed runs.
CampaignResult RunCampaign(const CampaignOptions& options);

}  // namespace actplane::tb
