// SPDX-License-Identifier: Apache-2.0
#include "train/layers/norm.h"

#include <utility>

#include "train/layers/linear.h"

namespace actplane::train {
namespace {

constexpr double kEpsilon = 1e-5;

}  // namespace

Norm::Norm(const std::string& name, int64_t width, Site output)
    : gamma_{.name = name + ".gamma", .value = at::ones({width}, at::kFloat), .grad = {}},
      beta_{.name = name + ".beta", .value = at::zeros({width}, at::kFloat), .grad = {}},
      output_(output) {}

Activation Norm::Forward(Activation& x, const Pass& pass) {
  const auto [y, mean, rstd] =
      at::native_layer_norm(x.value(), gamma_.value.sizes(), gamma_.value, beta_.value, kEpsilon);
  Activation out(y, output_);
  if (pass.training()) {
    kept_ = pass.stash->FormulasOf(Kind::kResidual).KeepNorm(*pass.stash, x, out, mean, rstd);
  }
  return out;
}

at::Tensor Norm::Backward(const at::Tensor& dy, const Pass& pass) {
  Formulas& formulas = pass.stash->FormulasOf(Kind::kResidual);
  return formulas.NormBackward(*pass.stash, std::exchange(kept_, {}), dy, gamma_, beta_);
}

void Norm::Collect(std::vector<Parameter*>& parameters) {
  parameters.push_back(&gamma_);
  parameters.push_back(&beta_);
}

Kept Formulas::KeepNorm(Stash& stash, Activation& x, Activation& /*y*/, const at::Tensor& mean,
                        const at::Tensor& rstd) {
  return {stash.Keep(x), stash.KeepExact(mean, x.site(), "mean"),
          stash.KeepExact(rstd, x.site(), "rstd")};
}

at::Tensor Formulas::NormBackward(Stash& stash, const Kept& kept, const at::Tensor& dy,
                                  Parameter& gamma, Parameter& beta) {
  const at::Tensor x = stash.Get(kept[0]);
  const at::Tensor mean = stash.Get(kept[1]);
  const at::Tensor rstd = stash.Get(kept[2]);
  const auto [dx, dgamma, dbeta] = at::native_layer_norm_backward(
      dy, x, gamma.value.sizes(), mean, rstd, gamma.value, beta.value, {true, true, true});
  AddGradient(gamma, dgamma);
  AddGradient(beta, dbeta);
  return dx;
}

}  // namespace actplane::train
