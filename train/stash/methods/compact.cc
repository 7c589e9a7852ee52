// SPDX-License-Identifier: Apache-2.0
// CompAct (Shamshoum et al., NAACL 2025): linear layers keep a random projection of their input;
// gradient, moments and update of their weights live in the projected space. docs/methods.md.
#include <fmt/format.h>

#include <cmath>

#include "train/layers/matmul.h"
#include "train/stash/random.h"
#include "train/stash/registry.h"

namespace actplane::train {
namespace {

struct CompactOptions {
  double ratio = 4;     // width of a layer's input over the rank
  int64_t rank = 0;     // the rank itself; 0: by ratio
  double alpha = 2.5;   // of the learning rate
  double output = 0.5;  // of alpha, for the projection of the attention's output
  int64_t period = 50;  // steps between subspaces
  uint64_t seed = 1;
};

class Compact final : public Formulas {
 public:
  explicit Compact(const CompactOptions& options) : options_(options) {}

  // All linear layers but the projection of the attention's output, as in the paper: that keeps
  // its input and has a learning rate of its own.
  Status Bind(Parameter& weight) override {
    if (weight.name.find("attn.projection") != std::string::npos) {
      weight.update_scale = options_.output * options_.alpha;
      return OkStatus();
    }
    const int64_t width = weight.value.size(0);
    // With all of the width nothing is saved, and a gradient of the small space has the shape of
    // one of the large.
    if (options_.rank >= width || options_.ratio == 1) {
      return ConfigError(
          fmt::format("stash compact: rank {} is not less than the width {} of {}; give at most {}",
                      options_.rank == 0 ? width : options_.rank, width, weight.name, width - 1));
    }
    if (options_.rank == 0 && std::fmod(static_cast<double>(width), options_.ratio) != 0) {
      return ConfigError(fmt::format(
          "stash compact: ratio {} does not divide the width {} of {}; choose one that does",
          options_.ratio, width, weight.name));
    }
    weight.update_scale = options_.alpha;
    weight.expand = [this, &weight](const at::Tensor& u) {
      at::Tensor full = at::empty_like(weight.value);
      MatMul(Projection(weight), u, full);
      return full;
    };
    return OkStatus();
  }

  // The subspace of a step is a function of its number: nothing to save.
  Status BeforeStep(const StepHook& hook) override {
    subspace_ = static_cast<uint64_t>(hook.step / options_.period);
    return OkStatus();
  }

  Kept KeepLinear(Stash& stash, Activation& x, const Parameter& weight) override {
    if (!weight.expand) return Formulas::KeepLinear(stash, x, weight);
    const at::Tensor p = Projection(weight);
    at::Tensor z = at::empty({x.value().size(0), p.size(1)}, at::kFloat);
    MatMul(x.value(), p, z);
    Activation projected(std::move(z), x.site());
    return {stash.Keep(projected)};
  }
  // Its gradient is the textbook's, with the projection in place of the input.

 private:
  // [width, rank], normal with variance 1 / rank: the same for forward, gradient and update of a
  // step, made again each time.
  at::Tensor Projection(const Parameter& weight) const {
    const int64_t width = weight.value.size(0);
    const int64_t rank = options_.rank != 0
                             ? options_.rank
                             : std::llround(static_cast<double>(width) / options_.ratio);
    at::Tensor p = at::empty({width, rank}, at::kFloat);
    FillNormal(p, 1 / std::sqrt(static_cast<double>(rank)),
               MixKey(MixKey(options_.seed, weight.name), subspace_));
    return p;
  }

  CompactOptions options_;
  uint64_t subspace_ = 0;
};

Result<MethodParts> MakeCompact(MethodOptions& options) {
  const CompactOptions defaults;
  const auto ratio = options.Number("ratio", defaults.ratio, 1, 1 << 20);
  const auto rank = options.Count("rank", defaults.rank, 0, 1 << 20);
  const auto alpha = options.Number("alpha", defaults.alpha, 1e-6, 1e6);
  const auto output = options.Number("output", defaults.output, 1e-6, 1e6);
  const auto period = options.Count("period", defaults.period, 1, INT32_MAX);
  const auto seed = options.Count("seed", 1, 0, 1 << 30);
  for (const Status& s : {ratio.status(), rank.status(), alpha.status(), output.status(),
                          period.status(), seed.status()}) {
    if (!s.ok()) return s;
  }
  return MethodParts{.formulas = std::make_unique<Compact>(CompactOptions{
                         *ratio, *rank, *alpha, *output, *period, static_cast<uint64_t>(*seed)})};
}

const bool kCompact = Register(
    {"compact",
     "CompAct: ratio=4 (width / rank) or rank=R, alpha=2.5 (of the learning rate), output=0.5 (of "
     "alpha, for the attention's output projection), period=50 (steps), seed=1",
     MakeCompact});

}  // namespace
}  // namespace actplane::train
