// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "train/layers/pass.h"

namespace actplane::train {

// LayerNorm, or RMSNorm in Llama, over the last dimension, epsilon 1e-5.
class Norm {
 public:
  Norm(const std::string& name, int64_t width, Site output, Family family = Family::kGpt2);

  Activation Forward(Activation& x, const Pass& pass);  // [n, width]
  at::Tensor Backward(const at::Tensor& dy, const Pass& pass);
  void Collect(std::vector<Parameter*>& parameters);

 private:
  Parameter gamma_;
  std::optional<Parameter> beta_;  // of LayerNorm
  Site output_;
  Kept kept_;
};

// For formulas: dx of RMSNorm from the normalised input, before gamma, whose gradient it adds.
at::Tensor RmsNormGradient(const at::Tensor& normed, const at::Tensor& rstd, const at::Tensor& dy,
                           Parameter& gamma);

}  // namespace actplane::train
