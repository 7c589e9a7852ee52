// SPDX-License-Identifier: Apache-2.0
#include "train/layers/rotary.h"

#include <cmath>

namespace actplane::train {
namespace {

constexpr double kBase = 10000;

}  // namespace

Rotary::Rotary(int64_t head, int64_t context) {
  const at::Tensor i = at::arange(0, head, 2, at::kDouble);
  const at::Tensor rate = (i * (-std::log(kBase) / static_cast<double>(head))).exp();
  const at::Tensor angle = at::outer(at::arange(context, at::kDouble), rate);
  cos_ = angle.cos().to(at::kFloat);
  sin_ = angle.sin().to(at::kFloat);
}

void Rotary::Turn(const at::Tensor& x, bool back) const {
  const at::Tensor cos = cos_.narrow(0, 0, x.size(2));
  const at::Tensor sin = back ? -sin_.narrow(0, 0, x.size(2)) : sin_.narrow(0, 0, x.size(2));
  const int64_t half = x.size(3) / 2;
  const at::Tensor low = x.narrow(3, 0, half);
  const at::Tensor high = x.narrow(3, half, half);
  const at::Tensor turned = low * cos - high * sin;
  high.mul_(cos).add_(low * sin);
  low.copy_(turned);
}

}  // namespace actplane::train
