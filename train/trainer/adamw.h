// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/ATen.h>

#include <vector>

#include "train/stash/formulas.h"

namespace actplane::train {

// AdamW (Loshchilov and Hutter, 2019) with moments in the shape of the gradients, which a method
// may have made smaller than the weights.
class AdamW {
 public:
  AdamW(std::vector<Parameter*> parameters, double weight_decay);

  // `step` from 0; gradients are scaled by `scale` first. Parameters without a gradient stay.
  void Step(int64_t step, double lr, double scale);

  // One pair for each parameter, in their order; undefined before the first step.
  std::vector<at::Tensor>& first() { return first_; }
  std::vector<at::Tensor>& second() { return second_; }

 private:
  std::vector<Parameter*> parameters_;
  double weight_decay_;
  std::vector<at::Tensor> first_;
  std::vector<at::Tensor> second_;
};

// L2 norm of all gradients together.
double GradientNorm(const std::vector<Parameter*>& parameters);

}  // namespace actplane::train
