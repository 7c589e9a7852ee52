// SPDX-License-Identifier: Apache-2.0
// Blocks that look like activations, and some that look like nothing, as bit patterns.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

#include "ref/slot_generator.h"

namespace actplane::ref {

// The pattern of `number` in the format, rounded toward zero, overflow to Inf. Any rounding would
// do: nothing here compares numbers.
inline uint32_t PatternOf(float number, const RefConfig& c) {
  const uint32_t bits = std::bit_cast<uint32_t>(number);
  const uint32_t sign = bits >> 31;
  const uint32_t mantissa = bits & 0x7FFFFFU;
  if (c.exp_bits == 8) return bits >> (c.man_bits == 7 ? 16 : 0);
  const int exponent = static_cast<int>((bits >> 23) & 255U) - 112;
  uint32_t rest = 0;
  if (exponent >= 31) {
    rest = 31U << 10;
  } else if (exponent >= 1) {
    rest = static_cast<uint32_t>(exponent) << 10 | mantissa >> 13;
  } else if (exponent > -10) {
    rest = (mantissa | 0x800000U) >> (14 - exponent);
  }
  return sign << 15 | rest;
}

inline float Uniform(Random& random) {  // (0, 1)
  return (static_cast<float>(random.Next() >> 41) + 0.5F) * 0x1p-23F;
}

inline float Normal(Random& random) {
  const float radius = std::sqrt(-2.0F * std::log(Uniform(random)));
  return radius * std::cos(6.2831853F * Uniform(random));
}

inline std::vector<uint32_t> RandomBlock(Random& random, const RefConfig& c) {
  const size_t n = static_cast<size_t>(c.block_len);
  const uint32_t mask = c.value_bytes == 4 ? 0xFFFFFFFFU : 0xFFFFU;
  const uint32_t top = 1U << (8 * c.value_bytes - 1);
  const uint32_t infinity = ((1U << c.exp_bits) - 1) << c.man_bits;
  std::vector<uint32_t> block(n, 0);

  const int kind = random.Below(14);
  const float scale = std::ldexp(1.0F, random.Pick({0, 0, 0, -3, 5, -13, -20, -130, 14, 100}));
  const float spread = static_cast<float>(random.Pick({1, 1, 2, 4, 10}));
  const uint32_t constant = static_cast<uint32_t>(random.Next()) & mask;
  const uint32_t other = random.Chance(50) ? 0 : static_cast<uint32_t>(random.Next()) & mask;
  const int drift = random.Pick({3, 10, 40});
  int step = 0;
  size_t place = 0;
  for (uint32_t& pattern : block) {
    const float x = Normal(random);
    const uint32_t noise = static_cast<uint32_t>(random.Next()) & mask;
    switch (kind) {
      case 0:
      case 1: pattern = PatternOf(x * scale, c); break;
      case 2: pattern = PatternOf(std::fmax(x, 0.0F) * scale, c); break;  // ReLU
      case 3:                                                             // GELU
        pattern = PatternOf(0.5F * x * (1.0F + std::erf(x * 0.70710678F)) * spread, c);
        break;
      case 4:  // softmax, far tails underflow
        pattern = PatternOf(std::exp(3.0F * spread * x - 9.0F), c);
        if (random.Chance(20)) pattern = 0;
        break;
      case 5: pattern = random.Chance(30) ? 0 : PatternOf(x * 1.25F * scale, c); break;  // dropout
      case 6: pattern = constant; break;
      case 7: pattern = 0; break;
      case 8: pattern = noise; break;
      case 9: pattern = noise & (top | ((1U << c.man_bits) - 1)); break;  // subnormals
      case 10: pattern = PatternOf(-std::exp(spread * x), c); break;      // all negative
      case 11: pattern = random.Chance(50) ? constant : other; break;     // two patterns
      case 12:  // every four values have a scale of their own
        if (place++ % 4 == 0) step = random.Below(drift);
        pattern = PatternOf(std::ldexp(x * scale, -step), c);
        break;
      default:  // coarse: uniform planes
        pattern = PatternOf(std::round(4.0F * x) / 4.0F, c);
        break;
    }
  }
  const int sprinkle = random.Pick({0, 0, 0, 0, 1, 1, 5, 60});
  const int what = random.Below(8);
  for (uint32_t& pattern : block) {
    if (!random.Chance(sprinkle)) continue;
    const uint32_t sign = random.Chance(50) ? top : 0;
    const uint32_t noise = static_cast<uint32_t>(random.Next());
    if (what == 0) pattern = sign | infinity;
    if (what == 1) pattern = sign | infinity | 1;
    if (what == 2) pattern = sign | infinity | (noise & ((1U << c.man_bits) - 1));
    if (what == 3) pattern = infinity | 1U << (c.man_bits - 1);
    if (what == 4) pattern = sign;
    if (what == 5) pattern = noise & mask;
    if (what == 6) pattern = sign | (noise & 3);
    if (what == 7) pattern ^= top;
  }
  // The last block of a tensor is padded (F-2.3).
  if (random.Chance(5)) {
    for (size_t i = static_cast<size_t>(random.Below(c.block_len)); i < n; ++i) block[i] = 0;
  }
  return block;
}

}  // namespace actplane::ref
