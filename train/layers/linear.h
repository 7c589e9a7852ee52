// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "train/layers/pass.h"

namespace actplane::train {

// y = x W + b, or y = x W, with W [in, out] as in GPT-2.
class Linear {
 public:
  // Weights normal with `std`, from `generator`; bias 0.
  Linear(const std::string& name, int64_t in, int64_t out, double std,
         const at::Generator& generator, bool biased = true);

  at::Tensor Forward(Activation& x, const Pass& pass);          // [n, in] -> [n, out]
  at::Tensor Backward(const at::Tensor& dy, const Pass& pass);  // [n, out] -> [n, in]

  Parameter& weight() { return weight_; }
  void Collect(std::vector<Parameter*>& parameters);

 private:
  Parameter weight_;
  std::optional<Parameter> bias_;
  Kind input_ = Kind::kResidual;  // kind of the last x
  Kept kept_;
};

}  // namespace actplane::train
