// SPDX-License-Identifier: Apache-2.0
#include "train/trainer/adamw.h"

#include <ATen/Parallel.h>

#include <cmath>
#include <utility>

namespace actplane::train {
namespace {

constexpr float kBeta1 = 0.9F;
constexpr float kBeta2 = 0.95F;
constexpr float kAdamEpsilon = 1e-8F;

}  // namespace

AdamW::AdamW(std::vector<Parameter*> parameters, double weight_decay)
    : parameters_(std::move(parameters)),
      weight_decay_(weight_decay),
      first_(parameters_.size()),
      second_(parameters_.size()) {}

void AdamW::Step(int64_t step, double lr, double scale) {
  const auto correction = [step](float beta) {
    return static_cast<float>(1 -
                              std::pow(static_cast<double>(beta), static_cast<double>(step + 1)));
  };
  const float c1 = correction(kBeta1);
  const float c2 = correction(kBeta2);
  const auto factor = static_cast<float>(scale);
  for (size_t i = 0; i < parameters_.size(); ++i) {
    Parameter& p = *parameters_[i];
    if (!p.grad.defined()) continue;
    if (!first_[i].defined()) {
      first_[i] = at::zeros_like(p.grad);
      second_[i] = at::zeros_like(p.grad);
    }
    at::Tensor update = at::empty_like(p.grad);
    const float* g = p.grad.data_ptr<float>();
    auto* m = first_[i].data_ptr<float>();
    auto* v = second_[i].data_ptr<float>();
    auto* u = update.data_ptr<float>();
    at::parallel_for(0, p.grad.numel(), 1 << 14, [&](int64_t from, int64_t to) {
      for (int64_t j = from; j < to; ++j) {
        const float d = g[j] * factor;
        m[j] = kBeta1 * m[j] + (1 - kBeta1) * d;
        v[j] = kBeta2 * v[j] + (1 - kBeta2) * d * d;
        u[j] = (m[j] / c1) / (std::sqrt(v[j] / c2) + kAdamEpsilon);
      }
    });
    if (p.decay) p.value.mul_(1 - lr * weight_decay_);
    p.value.add_(p.expand ? p.expand(update) : update, -lr * p.update_scale);
  }
}

double GradientNorm(const std::vector<Parameter*>& parameters) {
  double sum = 0;
  for (const Parameter* p : parameters) {
    if (p->grad.defined()) sum += std::pow(p->grad.norm().item<double>(), 2);
  }
  return std::sqrt(sum);
}

}  // namespace actplane::train
