// SPDX-License-Identifier: Apache-2.0
#include "train/stash/group_quantizer.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "train/stash/random.h"

namespace actplane::train {
namespace {

constexpr float kLeast =
    2e-6F;  // added to every range, as in the original: a constant group has one
constexpr int64_t kGroupsPerTask = 64;

// Codes are whole numbers already where this has been added and taken away; ties go to even.
constexpr float kToNearest = 0x1p23F;

// Codes of a whole group; `scale` codes for a unit.
template <int kBits>
void PackCodes(const std::vector<float>& x, float least, float scale, std::optional<uint64_t> key,
               int64_t first, uint8_t* out) {
  constexpr int kPerByte = 8 / kBits;
  constexpr float kTop = (1 << kBits) - 1;
  for (size_t i = 0; i < x.size(); i += kPerByte) {
    unsigned byte = 0;
    for (size_t j = 0; j < kPerByte; ++j) {
      float v = (x[i + j] - least) * scale;
      // The cast rounds down: with u in [0, 1) the mean is the value itself.
      v = key ? v + UniformOf(*key, first + static_cast<int64_t>(i + j))
              : (v + kToNearest) - kToNearest;
      v = std::min(std::max(0.0F, v), kTop);  // NaN is 0
      byte |= static_cast<unsigned>(v) << (j * kBits);
    }
    *out++ = static_cast<uint8_t>(byte);
  }
}

template <int kBits>
void Quantize(const at::Tensor& x, int64_t group, std::optional<uint64_t> key, uint8_t* codes,
              float* meta) {
  const int64_t n = x.numel();
  const float* in = x.data_ptr<float>();
  at::parallel_for(0, (n + group - 1) / group, kGroupsPerTask, [&](int64_t from, int64_t to) {
    std::vector<float> values(static_cast<size_t>(group));
    for (int64_t g = from; g < to; ++g) {
      const int64_t count = std::min(group, n - g * group);
      std::copy_n(in + g * group, count, values.begin());
      std::fill(values.begin() + count, values.end(), 0.0F);
      float least = values[0];
      float most = values[0];
      float poison = 0;  // NaN as soon as a value is not finite
      for (const float v : values) {
        least = std::min(least, v);
        most = std::max(most, v);
        poison += v * 0;
      }
      if (poison != 0) least = most = std::numeric_limits<float>::quiet_NaN();
      const double range = static_cast<double>(most) - least + kLeast;
      const auto scale = static_cast<float>(((1 << kBits) - 1) / range);
      meta[2 * g] = least;
      meta[2 * g + 1] = scale;
      PackCodes<kBits>(values, poison == 0 ? least : 0, poison == 0 ? scale : 0, key, g * group,
                       codes + g * group * kBits / 8);
    }
  });
}

template <int kBits>
void Dequantize(const uint8_t* codes, const float* meta, int64_t group, const at::Tensor& x) {
  constexpr int kPerByte = 8 / kBits;
  const int64_t n = x.numel();
  auto* out = x.data_ptr<float>();
  at::parallel_for(0, (n + group - 1) / group, kGroupsPerTask, [&](int64_t from, int64_t to) {
    for (int64_t g = from; g < to; ++g) {
      const float least = meta[2 * g];
      const float step = 1 / meta[2 * g + 1];
      const uint8_t* bytes = codes + g * group * kBits / 8;
      const int64_t count = std::min(group, n - g * group);
      for (int64_t i = 0; i < count; ++i) {
        const unsigned code = bytes[i / kPerByte] >> (i % kPerByte * kBits) & ((1U << kBits) - 1);
        out[g * group + i] = static_cast<float>(code) * step + least;
      }
    }
  });
}

}  // namespace

Packed QuantizeGroups(const at::Tensor& x, int bits, int64_t group, std::optional<uint64_t> key) {
  const int64_t n = x.numel();
  const int64_t groups = (n + group - 1) / group;
  at::Tensor codes = at::empty({groups * group * bits / 8}, at::kByte);
  at::Tensor meta = at::empty({groups, 2}, at::kFloat);
  auto* c = codes.data_ptr<uint8_t>();
  auto* m = meta.data_ptr<float>();
  switch (bits) {
    case 1: Quantize<1>(x, group, key, c, m); break;
    case 2: Quantize<2>(x, group, key, c, m); break;
    case 4: Quantize<4>(x, group, key, c, m); break;
    default: Quantize<8>(x, group, key, c, m); break;
  }
  const int64_t payload = (n * bits + 7) / 8;
  return {{codes, meta},
          {.payload = payload, .metadata = groups * 8, .padding = codes.numel() - payload}};
}

void DequantizeGroups(const Packed& packed, int bits, int64_t group, const at::Tensor& x) {
  const auto* c = packed.parts[0].data_ptr<uint8_t>();
  const auto* m = packed.parts[1].data_ptr<float>();
  switch (bits) {
    case 1: Dequantize<1>(c, m, group, x); break;
    case 2: Dequantize<2>(c, m, group, x); break;
    case 4: Dequantize<4>(c, m, group, x); break;
    default: Dequantize<8>(c, m, group, x); break;
  }
}

}  // namespace actplane::train
