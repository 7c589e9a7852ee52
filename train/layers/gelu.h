// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "train/layers/pass.h"

namespace actplane::train {

// GELU in its tanh form, as in GPT-2.
class Gelu {
 public:
  explicit Gelu(Site output) : output_(output) {}

  Activation Forward(Activation& x, const Pass& pass);
  at::Tensor Backward(const at::Tensor& dy, const Pass& pass);

 private:
  Site output_;
  Kept kept_;
};

}  // namespace actplane::train
