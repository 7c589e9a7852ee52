// SPDX-License-Identifier: Apache-2.0
#include "train/trainer/trainer.h"

#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <numbers>
#include <utility>

#include "train/stash/random.h"
#include "train/stash/registry.h"
#include "train/trainer/memory.h"

namespace actplane::train {
namespace {

using Clock = std::chrono::steady_clock;

double Seconds(Clock::time_point since) {
  return std::chrono::duration<double>(Clock::now() - since).count();
}

}  // namespace

Result<std::unique_ptr<Trainer>> Trainer::Create(const RunConfig& config, Corpus corpus) {
  if (Status s = Check(config); !s.ok()) return s;
  Result<std::unique_ptr<Stash>> stash = MakeStash(config.stash);
  if (!stash.ok()) return stash.status();
  std::unique_ptr<Trainer> trainer(
      new Trainer(config, std::move(corpus), std::move(stash).value()));
  if (Status s = trainer->Bind(trainer->stash()); !s.ok()) return s;
  return trainer;
}

Trainer::Trainer(const RunConfig& config, Corpus corpus, std::unique_ptr<Stash> stash)
    : config_(config),
      corpus_(std::move(corpus)),
      stash_(std::move(stash)),
      model_(std::make_unique<Network>(config.geometry, MixKey(config.seed, "weights"))),
      parameters_(model_->Parameters()),
      optimizer_(std::make_unique<AdamW>(parameters_, config.weight_decay)) {
  config_.text_hash = fmt::format("{:016x}", corpus_.hash());
  config_.table_hash = stash_->contents() == 0 ? "" : fmt::format("{:016x}", stash_->contents());
}

Status Trainer::Bind(Stash& stash) {
  if (Status s = stash.formulas().CheckFamily(config_.geometry.family); !s.ok()) return s;
  for (Linear* linear : model_->Linears()) {
    Parameter& weight = linear->weight();
    weight.expand = nullptr;
    weight.update_scale = 1;
    if (Status s = stash.formulas().Bind(weight); !s.ok()) return s;
  }
  return OkStatus();
}

Status Trainer::MakeTables(Stash& stash) {
  const StepHook hook{step_, config_.steps, config_.geometry.heads,
                      [&] { return ProbeGradients(stash); }, show_};
  if (Status s = stash.codec().BeforeStep(hook); !s.ok()) return s;
  return stash.formulas().BeforeStep(hook);
}

Status Trainer::Adopt(Stash& stash) {
  if (Status s = Bind(stash); !s.ok()) return s;
  return MakeTables(stash);
}

double Trainer::LearningRate() const {
  if (step_ < config_.warmup) {
    return config_.lr * static_cast<double>(step_ + 1) / static_cast<double>(config_.warmup);
  }
  const double part = static_cast<double>(step_ - config_.warmup) /
                      static_cast<double>(std::max<int64_t>(config_.steps - config_.warmup, 1));
  const double cosine = 0.5 * (1 + std::cos(std::numbers::pi * part));
  return config_.lr * (config_.min_lr + (1 - config_.min_lr) * cosine);
}

double Trainer::Accumulate(Stash& stash, int64_t step, int64_t micro_step, double weight,
                           StepReport* report) {
  uint64_t key = MixKey(MixKey(config_.seed, "data"), static_cast<uint64_t>(step));
  key = MixKey(key, static_cast<uint64_t>(micro_step));
  const int64_t before = LiveBytes();
  ResetPeak();
  stash.Begin(step, micro_step);
  Batch batch = corpus_.Training(config_.batch, key);
  const Pass pass{&stash, MixKey(config_.seed, "dropout"), step, micro_step};
  const double loss = model_->Forward(batch.tokens, batch.targets, pass);
  batch = {};
  const int64_t held = LiveBytes() - before;
  const Tally tally = stash.held();
  model_->Backward(pass, weight);
  if (report != nullptr && tally.total() >= report->tally.total()) {
    report->tally = tally;
    report->allocator_held = held;
    report->allocator_peak = PeakBytes() - before;
  }
  return loss;
}

std::vector<at::Tensor> Trainer::ProbeGradients(Stash& stash) {
  model_->ClearGradients();
  for (int64_t i = 0; i < config_.accumulate; ++i) {
    Accumulate(stash, step_, i, 1.0 / static_cast<double>(config_.accumulate));
  }
  std::vector<at::Tensor> gradients;
  for (const Parameter* p : parameters_) gradients.push_back(p->grad);
  model_->ClearGradients();
  return gradients;
}

Result<StepReport> Trainer::Step() {
  const Clock::time_point start = Clock::now();
  StepReport report;
  report.step = step_;
  if (Status s = MakeTables(*stash_); !s.ok()) return s;
  model_->ClearGradients();
  for (int64_t i = 0; i < config_.accumulate; ++i) {
    report.loss +=
        Accumulate(*stash_, step_, i, 1.0 / static_cast<double>(config_.accumulate), &report) /
        static_cast<double>(config_.accumulate);
  }
  report.gradient_norm = GradientNorm(parameters_);
  if (!std::isfinite(report.loss) || !std::isfinite(report.gradient_norm)) {
    return MismatchError(fmt::format(
        "step {}: loss is {}, norm of the gradient {}; lower --lr or the ratio of the stash, and "
        "go on from the last checkpoint",
        step_, report.loss, report.gradient_norm));
  }
  report.lr = LearningRate();
  const double scale = config_.clip > 0 && report.gradient_norm > config_.clip
                           ? config_.clip / report.gradient_norm
                           : 1;
  optimizer_->Step(step_, report.lr, scale);
  ++step_;
  report.seconds = Seconds(start);
  return report;
}

double Trainer::Evaluate() {
  const int64_t count = std::min(config_.eval_windows, corpus_.held_out_windows());
  double sum = 0;
  for (int64_t first = 0; first < count; first += config_.batch) {
    const int64_t n = std::min(config_.batch, count - first);
    const Batch batch = corpus_.HeldOut(first, n, count);
    sum += model_->Forward(batch.tokens, batch.targets, Pass{}) * static_cast<double>(n);
  }
  return sum / static_cast<double>(count);
}

}  // namespace actplane::train
