// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "train/layers/attention.h"
#include "train/layers/dropout.h"
#include "train/layers/geometry.h"
#include "train/layers/mlp.h"
#include "train/layers/norm.h"

namespace actplane::train {

// x + attention(norm(x)), then x + mlp(norm(x)).
class Block {
 public:
  Block(int index, const Geometry& geometry, const at::Generator& generator);

  at::Tensor Forward(const at::Tensor& x, int64_t batch, const Pass& pass);  // [n, width]
  at::Tensor Backward(const at::Tensor& dy, const Pass& pass);
  void Collect(std::vector<Parameter*>& parameters);
  void Linears(std::vector<Linear*>& linears);

 private:
  Site InputSite() const { return {index_, "ln_1.in", Kind::kResidual}; }
  at::Tensor ForwardOfLayers(Activation& in, const Pass& pass);
  at::Tensor BackwardOfLayers(const at::Tensor& dy, const Pass& pass);

  int index_;
  int64_t batch_ = 0;
  Norm norm1_;
  Attention attention_;
  Dropout dropout1_;
  Norm norm2_;
  Mlp mlp_;
  Dropout dropout2_;
  Handle input_;  // where all else is made again from it
};

}  // namespace actplane::train
