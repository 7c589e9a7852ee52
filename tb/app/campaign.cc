// SPDX-License-Identifier: Apache-2.0
#include "app/campaign.h"

#include <algorithm>

#include "core/rng.h"

namespace actplane::tb {
namespace {

// One round: every combination once.
std::vector<RunConfig> Round(const CampaignOptions& options) {
  std::vector<std::string> configs = options.configs;
  if (configs.empty()) {
    for (const NamedConfig& c : NamedConfigs()) configs.push_back(c.name);
  }
  std::vector<RunConfig> runs;
  for (const StallProfile stall : kAllStallProfiles) {
    for (const std::string& config : configs) {
      for (const SequenceInfo& sequence : Sequences()) {
        const bool wanted = options.sequences.empty()
                                ? sequence.name != "file"
                                : std::count(options.sequences.begin(), options.sequences.end(),
                                             sequence.name) != 0;
        if (!wanted) continue;
        for (const std::string& device : options.devices) {
          if (device == "compressor" ? !sequence.compressor : !sequence.decompressor) continue;
          RunConfig run;
          run.test = options.test;
          run.device = device;
          run.config = config;
          run.sequence = sequence.name;
          run.stall = ToString(stall);
          run.blocks = options.blocks_per_run;
          run.artifacts = options.artifacts;
          runs.push_back(run);
        }
      }
    }
  }
  return runs;
}

}  // namespace

CampaignResult RunCampaign(const CampaignOptions& options) {
  constexpr uint64_t kMostFailures = 10;
  CampaignResult result;
  Rng seeds(options.seed, "campaign");
  const std::vector<RunConfig> round = Round(options);
  for (bool first_round = true; first_round || result.blocks < options.blocks;
       first_round = false) {
    for (RunConfig run : round) {
      if (!first_round && result.blocks >= options.blocks) break;
      run.seed = seeds.Next() >> 16;
      const Verdict v = RunOnce(run, options.coverage).verdict;
      ++result.runs;
      result.blocks += v.blocks;
      result.stages += v.stages;
      result.mismatches += v.mismatches;
      result.resets += v.resets;
      result.cycles += v.cycles;
      if (!v.ok()) {
        if (result.first_failure.empty())
          result.first_failure = run.ReplayLine() + "\n" + v.first_failure;
        if (++result.failed_runs == kMostFailures) return result;
      }
      if (options.on_progress) options.on_progress(v.blocks);
    }
    if (round.empty() || result.blocks == 0) break;
  }
  return result;
}

}  // namespace actplane::tb
