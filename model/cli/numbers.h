// SPDX-License-Identifier: Apache-2.0
// From bytes to bit patterns, from bit patterns to numbers.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "actplane/format.h"

namespace actplane::cli {

// Bit pattern number `i` of values of 2 or 4 bytes. Each width is a copy of its own: one of any
// width would be a call for every value.
inline uint32_t PatternAt(std::span<const std::byte> values, size_t i, size_t width) {
  if (width == 2) {
    uint16_t pattern = 0;
    std::memcpy(&pattern, values.data() + i * 2, 2);  // the host is little-endian
    return pattern;
  }
  uint32_t pattern = 0;
  std::memcpy(&pattern, values.data() + i * 4, 4);
  return pattern;
}

// The number that a bit pattern stands for.
inline double ToDouble(uint32_t pattern, Format format) {
  if (format == Format::kFp32) return std::bit_cast<float>(pattern);
  if (format == Format::kBf16) return std::bit_cast<float>(pattern << 16);
  // The fields of a half in those of a float, 2^112 too small: exact for subnormal ones too.
  const uint32_t magnitude = pattern & 0x7fff;
  const float value = magnitude < 0x7c00 ? std::bit_cast<float>(magnitude << 13) * 0x1p112F
                                         : std::bit_cast<float>(0x7f800000 | magnitude << 13);
  return (pattern & 0x8000) != 0 ? -value : value;
}

}  // namespace actplane::cli
