// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "train/layers/gelu.h"
#include "train/layers/geometry.h"
#include "train/layers/linear.h"
#include "train/layers/swiglu.h"

namespace actplane::train {

// Up, GELU, down; in Llama gate and up as one product, SwiGLU, down.
class Mlp {
 public:
  Mlp(int block, const Geometry& geometry, double projection_std, const at::Generator& generator);

  at::Tensor Forward(Activation& x, const Pass& pass);  // [n, width]
  at::Tensor Backward(const at::Tensor& dy, const Pass& pass);
  void Collect(std::vector<Parameter*>& parameters);
  void Linears(std::vector<Linear*>& linears);

 private:
  int block_;
  Family family_;
  Linear up_;
  Gelu gelu_;
  Swiglu swiglu_;
  Linear down_;
};

}  // namespace actplane::train
