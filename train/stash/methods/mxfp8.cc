// SPDX-License-Identifier: Apache-2.0
// MXFP8 of the OCP Microscaling Formats specification 1.0: blocks of 32 values, one E8M0 scale,
// E4M3 elements, round to nearest even, saturating. 8.25 bits per value.
#include <ATen/Parallel.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include "train/stash/registry.h"

namespace actplane::train {
namespace {

constexpr int64_t kBlock = 32;
constexpr int64_t kBlocksPerTask = 1024;
constexpr uint32_t kInfBits = 0x7f800000;
constexpr int kLargestExponent = 8;  // of E4M3: 448 = 1.75 * 2^8
constexpr float kLargest = 448;
constexpr uint8_t kNan = 0x7f;

// `a` >= 0 and finite, already divided by the scale.
uint8_t EncodeMagnitude(float a) {
  a = std::min(a, kLargest);
  const auto bits = std::bit_cast<uint32_t>(a);
  const uint32_t normal = ((bits + 0x7ffff + ((bits >> 20) & 1)) >> 20) - (120U << 3);
  // Adding 2^23 rounds to whole steps of 2^-9.
  const uint32_t subnormal = std::bit_cast<uint32_t>(a * 512.0F + 0x1p23F) & 0xff;
  return static_cast<uint8_t>(a < 0x1p-6F ? subnormal : normal);
}

// The 256 elements as numbers.
std::array<float, 256> MakeElements() {
  std::array<float, 256> values = {};
  for (int i = 0; i < 256; ++i) {
    const int exponent = (i >> 3) & 15;
    const int mantissa = i & 7;
    float v = exponent == 0 ? std::ldexp(static_cast<float>(mantissa), -9)
                            : std::ldexp(static_cast<float>(8 + mantissa), exponent - 10);
    if ((i & 0x7f) == kNan) v = std::numeric_limits<float>::quiet_NaN();
    values[static_cast<size_t>(i)] = (i & 0x80) != 0 ? -v : v;
  }
  return values;
}

const std::array<float, 256> kElements = MakeElements();

// Returns the E8M0 scale. `n` values up to kBlock; Inf has no E4M3 code and becomes NaN.
uint8_t EncodeBlock(const float* x, int64_t n, uint8_t* codes) {
  uint32_t largest = 0;
  bool special = false;
  for (int64_t i = 0; i < n; ++i) {
    const uint32_t magnitude = std::bit_cast<uint32_t>(x[i]) & 0x7fffffff;
    special |= magnitude >= kInfBits;
    largest = std::max(largest, magnitude >= kInfBits ? 0 : magnitude);
  }
  // The exponent field of a float carries the bias of E8M0.
  const int scale = std::max(static_cast<int>(largest >> 23) - kLargestExponent, 0);
  const float inverse = std::ldexp(1.0F, 127 - scale);
  for (int64_t i = 0; i < n; ++i) {
    const auto sign = static_cast<uint8_t>((std::bit_cast<uint32_t>(x[i]) >> 24) & 0x80);
    codes[i] = static_cast<uint8_t>(EncodeMagnitude(std::fabs(x[i]) * inverse) | sign);
  }
  for (int64_t i = 0; special && i < n; ++i) {
    if (!std::isfinite(x[i])) codes[i] = static_cast<uint8_t>((codes[i] & 0x80) | kNan);
  }
  return static_cast<uint8_t>(scale);
}

class Mxfp8Codec final : public Codec {
 public:
  Packed Pack(const at::Tensor& x, const Context& /*context*/) override {
    const int64_t n = x.numel();
    const int64_t blocks = (n + kBlock - 1) / kBlock;
    at::Tensor codes = at::empty({n}, at::kByte);
    at::Tensor scales = at::empty({blocks}, at::kByte);
    const float* in = x.data_ptr<float>();
    auto* c = codes.data_ptr<uint8_t>();
    auto* s = scales.data_ptr<uint8_t>();
    at::parallel_for(0, blocks, kBlocksPerTask, [&](int64_t first, int64_t end) {
      for (int64_t b = first; b < end; ++b) {
        const int64_t at = b * kBlock;
        s[b] = EncodeBlock(in + at, std::min(kBlock, n - at), c + at);
      }
    });
    return {{codes, scales}, {.payload = n, .metadata = blocks}};
  }

  at::Tensor Unpack(const Packed& packed, at::IntArrayRef shape,
                    const Context& /*context*/) override {
    at::Tensor x = at::empty(shape, at::kFloat);
    const int64_t n = x.numel();
    auto* out = x.data_ptr<float>();
    const auto* c = packed.parts[0].data_ptr<uint8_t>();
    const auto* s = packed.parts[1].data_ptr<uint8_t>();
    at::parallel_for(0, packed.parts[1].numel(), kBlocksPerTask, [&](int64_t first, int64_t end) {
      for (int64_t b = first; b < end; ++b) {
        const float scale = std::ldexp(1.0F, s[b] - 127);
        for (int64_t i = b * kBlock; i < std::min((b + 1) * kBlock, n); ++i) {
          out[i] = kElements[c[i]] * scale;
        }
      }
    });
    return x;
  }
};

const bool kRegistered = Register({"mxfp8", "OCP MX 1.0, E4M3, blocks of 32; no options",
                                   [](MethodOptions&) -> Result<MethodParts> {
                                     return MethodParts{.codec = std::make_unique<Mxfp8Codec>()};
                                   }});

}  // namespace
}  // namespace actplane::train
