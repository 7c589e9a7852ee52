// SPDX-License-Identifier: Apache-2.0
#include "train/stash/random.h"

#include <ATen/Parallel.h>

#include <cmath>
#include <numbers>

namespace actplane::train {

void FillNormal(const at::Tensor& t, double std, uint64_t key) {
  auto* out = t.data_ptr<float>();
  const int64_t n = t.numel();
  at::parallel_for(0, (n + 1) / 2, 4096, [&](int64_t first, int64_t end) {
    for (int64_t i = first; i < end; ++i) {
      // Box and Muller; 1 - u is in (0, 1].
      const float radius =
          static_cast<float>(std) * std::sqrt(-2 * std::log(1 - UniformOf(key, 2 * i)));
      const float angle = 2 * std::numbers::pi_v<float> * UniformOf(key, 2 * i + 1);
      out[2 * i] = radius * std::cos(angle);
      if (2 * i + 1 < n) out[2 * i + 1] = radius * std::sin(angle);
    }
  });
}

}  // namespace actplane::train
