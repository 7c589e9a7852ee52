// SPDX-License-Identifier: Apache-2.0
// Dropout whose mask is one bit per value.
#pragma once

#include <ATen/ATen.h>

#include "train/layers/pass.h"

namespace actplane::train {

class Dropout {
 public:
  // `p`: probability of a zero, from 0 to below 1, rounded to 1/65536.
  Dropout(float p, Site site);

  bool On(const Pass& pass) const { return pass.dropout_key && cut_ != 0; }
  float scale() const { return scale_; }  // 1 / (1 - p)

  // The mask of `n` values in this pass: bit i mod 8 of byte i / 8, 1 where the value stays.
  at::Tensor MakeMask(int64_t n, const Pass& pass) const;

  // x scaled where the bit is 1, 0 elsewhere; float32, contiguous.
  static at::Tensor Apply(const at::Tensor& x, const at::Tensor& mask, float scale);

  // Forward and backward of a dropout layer of its own, which keeps its mask.
  at::Tensor Forward(const at::Tensor& x, const Pass& pass);
  at::Tensor Backward(const at::Tensor& dy, const Pass& pass);

 private:
  uint32_t cut_;  // of 65536
  float scale_;
  Site site_;
  Handle mask_;
};

}  // namespace actplane::train
