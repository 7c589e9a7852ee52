// SPDX-License-Identifier: Apache-2.0
// Model, data, optimizer and stash of a run. Knows no method.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "actplane/status.h"
#include "train/layers/network.h"
#include "train/stash/files.h"
#include "train/stash/stash.h"
#include "train/trainer/adamw.h"
#include "train/trainer/corpus.h"
#include "train/trainer/run_config.h"

namespace actplane::train {

struct StepReport {
  int64_t step = 0;
  double loss = 0;
  double lr = 0;
  double gradient_norm = 0;  // before clipping
  double seconds = 0;
  Tally tally;                 // the most that the stash held
  int64_t allocator_held = 0;  // what the allocator holds more after the forward than before it
  int64_t allocator_peak = 0;  // the most it held more in the whole of forward and backward
};

class Trainer {
 public:
  // Model with fresh weights. kInvalidConfig for an impossible configuration or stash.
  static Result<std::unique_ptr<Trainer>> Create(const RunConfig& config, Corpus corpus);

  // One step. kMismatch, naming the step, when loss or gradient is not finite; weights stay as they
  // were.
  Result<StepReport> Step();

  // The weights follow the formulas of `stash` from now on, and its tables are made for the next
  // step. Step does so for the trainer's own; gradients through another stash need it once.
  Status Adopt(Stash& stash);

  // Forward and backward on the data of (step, micro step); gradients are added.
  double Accumulate(Stash& stash, int64_t step, int64_t micro_step, double weight,
                    StepReport* report = nullptr);

  // Mean loss in nats per byte over the held-out windows.
  double Evaluate();

  // kIo; no half-written file. Resume: the same run goes on, bit for bit; the weights that it
  // started from need not be given again. LoadWeights: only weights, from an input. kBadInput when
  // it is no checkpoint or a bit of it changed, kInvalidConfig, naming the first difference, when
  // it is of another configuration.
  Status Save(Output& file);
  Status Resume(const std::string& path);
  Status LoadWeights(const std::string& path);
  // What tells the weights in a checkpoint from others, from its last bytes alone. As Resume.
  static Result<std::string> HashOf(const std::string& path);

  int64_t step() const { return step_; }
  const RunConfig& config() const { return config_; }
  const Corpus& corpus() const { return corpus_; }
  Network& model() { return *model_; }
  Stash& stash() { return *stash_; }
  const std::vector<Parameter*>& parameters() const { return parameters_; }

  // Called with a line now and then while tables are made.
  void set_show(std::function<void(const std::string& line)> show) { show_ = std::move(show); }

 private:
  Trainer(const RunConfig& config, Corpus corpus, std::unique_ptr<Stash> stash);
  Status Load(const std::string& path, bool all);
  double LearningRate() const;
  Status Bind(Stash& stash);
  Status MakeTables(Stash& stash);
  std::vector<at::Tensor> ProbeGradients(Stash& stash);

  RunConfig config_;
  Corpus corpus_;
  std::unique_ptr<Stash> stash_;
  std::unique_ptr<Network> model_;
  std::vector<Parameter*> parameters_;
  std::unique_ptr<AdamW> optimizer_;
  std::function<void(const std::string& line)> show_;
  int64_t step_ = 0;
};

}  // namespace actplane::train
