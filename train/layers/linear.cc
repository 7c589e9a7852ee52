// SPDX-License-Identifier: Apache-2.0
#include "train/layers/linear.h"

#include <utility>

#include "train/layers/matmul.h"

namespace actplane::train {

Linear::Linear(const std::string& name, int64_t in, int64_t out, double std,
               const at::Generator& generator, bool biased)
    : weight_{.name = name + ".weight",
              .value = at::empty({in, out}, at::kFloat).normal_(0, std, generator),
              .grad = {},
              .decay = true} {
  if (biased)
    bias_ = Parameter{.name = name + ".bias", .value = at::zeros({out}, at::kFloat), .grad = {}};
}

at::Tensor Linear::Forward(Activation& x, const Pass& pass) {
  if (pass.keeps()) {
    input_ = x.site().kind;
    kept_ = pass.stash->FormulasOf(input_).KeepLinear(*pass.stash, x, weight_);
  }
  if (bias_) return Affine(x.value(), weight_.value, bias_->value);
  at::Tensor y = at::empty({x.value().size(0), weight_.value.size(1)}, at::kFloat);
  MatMul(x.value(), weight_.value, y);
  return y;
}

at::Tensor Linear::Backward(const at::Tensor& dy, const Pass& pass) {
  pass.stash->FormulasOf(input_).LinearWeightGradient(*pass.stash, std::exchange(kept_, {}), dy,
                                                      weight_);
  if (bias_) AddGradient(*bias_, dy.sum(0));
  at::Tensor dx = at::empty({dy.size(0), weight_.value.size(0)}, dy.options());
  MatMul(dy, weight_.value.t(), dx);
  return dx;
}

void Linear::Collect(std::vector<Parameter*>& parameters) {
  parameters.push_back(&weight_);
  if (bias_) parameters.push_back(&*bias_);
}

Kept Formulas::KeepLinear(Stash& stash, Activation& x, const Parameter& /*weight*/) {
  return {stash.Keep(x)};
}

void Formulas::LinearWeightGradient(Stash& stash, const Kept& kept, const at::Tensor& dy,
                                    Parameter& weight) {
  const at::Tensor x = stash.Get(kept[0]);
  const bool first = !weight.grad.defined();
  if (first) weight.grad = at::empty({x.size(1), dy.size(1)}, at::kFloat);
  MatMul(x.t(), dy, weight.grad, first ? 0 : 1);
}

}  // namespace actplane::train
