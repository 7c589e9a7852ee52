// SPDX-License-Identifier: Apache-2.0
#include "train/layers/gelu.h"

#include <utility>

namespace actplane::train {

Activation Gelu::Forward(Activation& x, const Pass& pass) {
  Activation y(at::gelu(x.value(), "tanh"), output_);
  if (pass.keeps()) {
    kept_ = pass.stash->FormulasOf(Kind::kGeluInput).KeepGelu(*pass.stash, x, y);
  }
  return y;
}

at::Tensor Gelu::Backward(const at::Tensor& dy, const Pass& pass) {
  Formulas& formulas = pass.stash->FormulasOf(Kind::kGeluInput);
  return formulas.GeluBackward(*pass.stash, std::exchange(kept_, {}), dy);
}

Kept Formulas::KeepGelu(Stash& stash, Activation& x, Activation& /*y*/) { return {stash.Keep(x)}; }

at::Tensor Formulas::GeluBackward(Stash& stash, const Kept& kept, const at::Tensor& dy) {
  return at::gelu_backward(dy, stash.Get(kept[0]), "tanh");
}

}  // namespace actplane::train
