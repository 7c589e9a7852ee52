// SPDX-License-Identifier: Apache-2.0
#include "train/layers/norm.h"

#include <utility>

namespace actplane::train {
namespace {

constexpr double kNormEpsilon = 1e-5;

}  // namespace

Norm::Norm(const std::string& name, int64_t width, Site output, Family family)
    : gamma_{.name = name + ".gamma", .value = at::ones({width}, at::kFloat), .grad = {}},
      output_(output) {
  if (family == Family::kGpt2)
    beta_ = Parameter{.name = name + ".beta", .value = at::zeros({width}, at::kFloat), .grad = {}};
}

Activation Norm::Forward(Activation& x, const Pass& pass) {
  if (!beta_) {
    const at::Tensor rstd = x.value().square().mean({-1}, true).add_(kNormEpsilon).rsqrt_();
    Activation out((x.value() * rstd).mul_(gamma_.value), output_);
    if (pass.keeps())
      kept_ = pass.stash->FormulasOf(Kind::kResidual).KeepRmsNorm(*pass.stash, x, out, rstd);
    return out;
  }
  const auto [y, mean, rstd] = at::native_layer_norm(x.value(), gamma_.value.sizes(), gamma_.value,
                                                     beta_->value, kNormEpsilon);
  Activation out(y, output_);
  if (pass.keeps())
    kept_ = pass.stash->FormulasOf(Kind::kResidual).KeepNorm(*pass.stash, x, out, mean, rstd);
  return out;
}

at::Tensor Norm::Backward(const at::Tensor& dy, const Pass& pass) {
  Formulas& formulas = pass.stash->FormulasOf(Kind::kResidual);
  const Kept kept = std::exchange(kept_, {});
  if (!beta_) return formulas.RmsNormBackward(*pass.stash, kept, dy, gamma_);
  return formulas.NormBackward(*pass.stash, kept, dy, gamma_, *beta_);
}

void Norm::Collect(std::vector<Parameter*>& parameters) {
  parameters.push_back(&gamma_);
  if (beta_) parameters.push_back(&*beta_);
}

at::Tensor RmsNormGradient(const at::Tensor& normed, const at::Tensor& rstd, const at::Tensor& dy,
                           Parameter& gamma) {
  AddGradient(gamma, (dy * normed).sum(0));
  const at::Tensor d = dy * gamma.value;
  return (d - normed * (d * normed).mean({-1}, true)).mul_(rstd);
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

Kept Formulas::KeepRmsNorm(Stash& stash, Activation& x, Activation& /*y*/, const at::Tensor& rstd) {
  return {stash.Keep(x), stash.KeepExact(rstd, x.site(), "rstd")};
}

at::Tensor Formulas::RmsNormBackward(Stash& stash, const Kept& kept, const at::Tensor& dy,
                                     Parameter& gamma) {
  const at::Tensor rstd = stash.Get(kept[1]);
  return RmsNormGradient(stash.Get(kept[0]) * rstd, rstd, dy, gamma);
}

}  // namespace actplane::train
