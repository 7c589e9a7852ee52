// SPDX-License-Identifier: Apache-2.0
// Everything that decides a run.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "actplane/status.h"
#include "train/layers/geometry.h"

namespace actplane::train {

struct RunConfig {
  std::string preset = "mini";
  Geometry geometry;
  int64_t batch = 8;       // windows in a micro-batch
  int64_t accumulate = 1;  // micro-batches in a step
  int64_t steps = 3000;
  double lr = 3e-3;
  double min_lr = 0.1;  // of `lr`, at the end of the cosine
  int64_t warmup = 100;
  double weight_decay = 0.1;
  double clip = 1;  // global norm of the gradient; 0: off
  int64_t eval_every = 100;
  int64_t eval_windows = 400;
  int64_t checkpoint_every = 500;
  uint64_t seed = 1;
  std::string text;  // empty: the King James text
  double held_out = 0.1;
  std::string stash = "actplane";
  int threads = 0;  // 0: all cores
  std::string out = "build/runs/run";
  std::string init;  // checkpoint whose weights to start from
  bool resume = false;
  bool force = false;
  std::string text_hash;   // of what was read; empty before that
  std::string init_hash;   // of the checkpoint in `init`
  std::string table_hash;  // of the files that `stash` names; empty where there are none

  // What a checkpoint must agree with: all but places, threads and intervals.
  nlohmann::ordered_json Identity() const;
  // Of that, the part that weights depend on.
  nlohmann::ordered_json Shape() const;
};

// The settings of `tiny`, `mini`, `llama-mini` or `gpt2-small`. kInvalidConfig for another name.
Result<RunConfig> PresetConfig(const std::string& name);

// The options of a run, with `config`'s values as defaults.
void AddRunOptions(CLI::App& app, RunConfig& config);

// For names of files and folders.
CLI::Validator NotEmpty();

// Those of them that say what text is read and how it is split.
void AddTextOptions(CLI::App& app, RunConfig& config);

// Replaces --config FILE by the options that the TOML file holds, in front of the others so that
// those win. Keys are spelt as the options are. kBadInput with file and line.
Result<std::vector<std::string>> ExpandConfigFile(std::vector<std::string> arguments);

// The --preset among the arguments, the last one; empty when there is none.
std::string PresetOf(const std::vector<std::string>& arguments);

// kInvalidConfig for what no run can do.
Status Check(const RunConfig& config);

}  // namespace actplane::train
