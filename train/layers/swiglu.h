// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "train/layers/pass.h"

namespace actplane::train {

// SiLU(gate) up, as in Llama.
class Swiglu {
 public:
  explicit Swiglu(Site output) : output_(output) {}

  Activation Forward(Activation& gate, Activation& up, const Pass& pass);
  SwigluGradient Backward(const at::Tensor& dy, const Pass& pass);

 private:
  Site output_;
  Kept kept_;
};

}  // namespace actplane::train
