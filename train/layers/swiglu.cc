// SPDX-License-Identifier: Apache-2.0
#include "train/layers/swiglu.h"

#include <utility>

namespace actplane::train {

Activation Swiglu::Forward(Activation& gate, Activation& up, const Pass& pass) {
  Activation y(at::silu(gate.value()).mul_(up.value()), output_);
  if (pass.keeps())
    kept_ = pass.stash->FormulasOf(Kind::kSiluInput).KeepSwiglu(*pass.stash, gate, up);
  return y;
}

SwigluGradient Swiglu::Backward(const at::Tensor& dy, const Pass& pass) {
  Formulas& formulas = pass.stash->FormulasOf(Kind::kSiluInput);
  return formulas.SwigluBackward(*pass.stash, std::exchange(kept_, {}), dy);
}

Kept Formulas::KeepSwiglu(Stash& stash, Activation& gate, Activation& up) {
  return {stash.Keep(gate), stash.Keep(up)};
}

SwigluGradient Formulas::SwigluBackward(Stash& stash, const Kept& kept, const at::Tensor& dy) {
  const at::Tensor gate = stash.Get(kept[0]);
  return {.gate = at::silu_backward(dy * stash.Get(kept[1]), gate), .up = at::silu(gate).mul_(dy)};
}

}  // namespace actplane::train
