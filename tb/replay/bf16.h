// SPDX-License-Identifier: Apache-2.0
// Between FP32 and BF16, as libtorch does it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace actplane::tb {

// To nearest, ties to even; every NaN becomes the same one.
inline std::vector<std::byte> ToBf16(std::span<const std::byte> fp32) {
  std::vector<std::byte> out(fp32.size() / 2);
  for (size_t i = 0; i < fp32.size() / 4; ++i) {
    uint32_t bits = 0;
    std::memcpy(&bits, &fp32[4 * i], 4);
    const bool nan = (bits & 0x7fffffff) > 0x7f800000;
    const uint32_t rounded = bits + 0x7fff + ((bits >> 16) & 1);
    const auto half = static_cast<uint16_t>(nan ? 0x7fc0 : rounded >> 16);
    std::memcpy(&out[2 * i], &half, 2);
  }
  return out;
}

inline std::vector<std::byte> FromBf16(std::span<const std::byte> bf16) {
  std::vector<std::byte> out(bf16.size() * 2);
  for (size_t i = 0; i < bf16.size() / 2; ++i) std::memcpy(&out[4 * i + 2], &bf16[2 * i], 2);
  return out;
}

}  // namespace actplane::tb
