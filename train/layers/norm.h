// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "train/layers/pass.h"

namespace actplane::train {

// LayerNorm over the last dimension, epsilon 1e-5.
class Norm {
 public:
  Norm(const std::string& name, int64_t width, Site output);

  Activation Forward(Activation& x, const Pass& pass);  // [n, width]
  at::Tensor Backward(const at::Tensor& dy, const Pass& pass);
  void Collect(std::vector<Parameter*>& parameters);

 private:
  Parameter gamma_;
  Parameter beta_;
  Site output_;
  Kept kept_;
};

}  // namespace actplane::train
