// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/ATen.h>

namespace actplane::train {

// Rotary positions (RoPE): value i of a head and value i + half turn together by
// position / 10000^(2 i / head).
class Rotary {
 public:
  Rotary(int64_t head, int64_t context);  // `head` even

  // x [b, a, t, head] turned in place; `back` undoes it, which is also its gradient.
  void Turn(const at::Tensor& x, bool back) const;

 private:
  at::Tensor cos_;  // [context, head / 2]
  at::Tensor sin_;
};

}  // namespace actplane::train
