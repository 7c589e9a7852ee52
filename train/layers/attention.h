// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "train/layers/dropout.h"
#include "train/layers/linear.h"

namespace actplane::train {

// Causal attention with several heads that keeps its maps (no flash attention, as in 2023), from
// the normalised input to its projection.
class Attention {
 public:
  struct Shape {
    int64_t width;
    int64_t heads;  // divides the width
    float dropout;  // of the maps
    double projection_std;
  };
  Attention(int block, const Shape& shape, const at::Generator& generator);

  // x [batch * tokens, width].
  at::Tensor Forward(Activation& x, int64_t batch, const Pass& pass);
  at::Tensor Backward(const at::Tensor& dy, const Pass& pass);
  void Collect(std::vector<Parameter*>& parameters);
  void Linears(std::vector<Linear*>& linears);

 private:
  int block_;
  int64_t width_;
  int64_t heads_;
  int64_t batch_ = 0;
  Linear qkv_;
  Linear projection_;
  Dropout dropout_;
  Kept kept_;
};

}  // namespace actplane::train
