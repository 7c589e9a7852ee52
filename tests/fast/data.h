// SPDX-License-Identifier: Apache-2.0
// Values of many kinds, the same on every machine, for comparing the fast path with the reference.
#pragma once

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "actplane/format.h"

namespace actplane::fast::testing_support {

class Rng {
 public:
  explicit Rng(uint64_t seed) : state_(seed) {}
  uint64_t Next() {  // SplitMix64
    uint64_t z = state_ += 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
  }
  uint32_t Below(uint32_t end) { return static_cast<uint32_t>((Next() >> 32) * end >> 32); }
  bool Chance(uint32_t percent) { return Below(100) < percent; }
  double Uniform() { return static_cast<double>(Next() >> 11) * 0x1p-53; }
  double Normal() {
    double sum = -6;
    for (int i = 0; i < 12; ++i) sum += Uniform();
    return sum;
  }

 private:
  uint64_t state_;
};

enum class Kind : uint32_t {
  kNormal,
  kSoftmax,  // wide range, many exact zeros
  kDropout,  // half of the values are zeros, of both signs
  kGelu,
  kConstant,
  kZero,
  kSubnormal,  // subnormals and the smallest normals
  kSpecial,    // normal values, some Infs and NaNs
  kRandom,     // bit patterns
  kNegative,
  kWide,    // all exponents
  kCoarse,  // few mantissa bits: uniform planes
  kBands,   // two clusters of exponents, far apart
  kTiny,    // near the smallest normal values, and subnormals
  kPair,    // two bit patterns, now and then a third
  kCausal,  // rows of attention: values, then zeros
  kCount
};

// A number as a pattern of the format; what lies between two patterns is cut off.
inline uint32_t Pattern(double value, Format format) {
  const auto bits = std::bit_cast<uint32_t>(static_cast<float>(value));
  if (format == Format::kFp32) return bits;
  if (format == Format::kBf16) return bits >> 16;
  const uint32_t sign = bits >> 31 << 15;
  const int32_t exponent = static_cast<int32_t>(bits >> 23 & 255) - 112;
  const uint32_t mantissa = bits & 0x7fffffU;
  if (exponent >= 31) return sign | 0x7bffU;
  if (exponent > 0) return sign | static_cast<uint32_t>(exponent) << 10 | mantissa >> 13;
  if (exponent < -9) return sign;
  return sign | (mantissa | 0x800000U) >> (14 - exponent);
}

inline uint32_t RandomPattern(Kind kind, Format format, double scale, size_t index, Rng& rng) {
  const FormatInfo info = InfoOf(format);
  const uint32_t sign = rng.Below(2) << (info.exp_bits + info.man_bits);
  const auto random = static_cast<uint32_t>(rng.Next());
  const auto mantissa = random & ((1U << info.man_bits) - 1);
  switch (kind) {
    case Kind::kNormal: return Pattern(scale * rng.Normal(), format);
    case Kind::kSoftmax:
      return rng.Chance(40) ? 0 : Pattern(std::exp(3 * rng.Normal() - 6), format);
    case Kind::kDropout:
      return rng.Chance(50) ? (rng.Chance(3) ? sign : 0) : Pattern(scale * rng.Normal(), format);
    case Kind::kGelu: {
      const double x = scale * rng.Normal();
      return Pattern(0.5 * x * (1 + std::erf(x * 0.7071)), format);
    }
    case Kind::kConstant: return Pattern(scale, format);
    case Kind::kZero: return 0;
    case Kind::kSubnormal:
      return sign | rng.Below(3) << info.man_bits | (mantissa >> rng.Below(info.man_bits + 1));
    case Kind::kSpecial:
      if (rng.Chance(97)) return Pattern(scale * rng.Normal(), format);
      return sign | info.exp_max << info.man_bits | (rng.Chance(50) ? mantissa : 0);
    case Kind::kRandom: return sign | (random >> 1 & ((1U << (info.exp_bits + info.man_bits)) - 1));
    case Kind::kNegative: return Pattern(-std::abs(scale * rng.Normal()) - 1e-3, format);
    case Kind::kWide: return sign | rng.Below(info.exp_max) << info.man_bits | mantissa;
    case Kind::kCoarse: return Pattern(std::round(scale * 4 * rng.Normal()) / 16, format);
    case Kind::kBands:
      return sign | (info.exp_max / 2 - (rng.Chance(80) ? 14 : 0) + rng.Below(2)) << info.man_bits |
             mantissa;
    case Kind::kTiny:
      return sign | rng.Below(rng.Chance(50) ? 6 : info.exp_max / 3) << info.man_bits | mantissa;
    case Kind::kPair: return rng.Chance(50) ? Pattern(scale, format) : rng.Chance(99) ? sign : 1;
    case Kind::kCausal:
      return index % 64 > index / 64 % 64 ? 0 : Pattern(std::exp(2 * rng.Normal() - 4), format);
    case Kind::kCount: break;
  }
  return 0;
}

// Little-endian values. The scale changes now and then, so that blocks have different bases.
inline std::vector<std::byte> MakeValues(Kind kind, Format format, size_t count, Rng& rng) {
  const uint32_t width = InfoOf(format).value_bytes;
  std::vector<std::byte> bytes(count * width);
  double scale = 1;
  for (size_t i = 0; i < count; ++i) {
    if (i % 96 == 0) scale = std::ldexp(1.0, static_cast<int>(rng.Below(17)) - 8);
    const uint32_t pattern = RandomPattern(kind, format, scale, i, rng);
    std::memcpy(bytes.data() + i * width, &pattern, width);
  }
  return bytes;
}

inline Config RandomConfig(Rng& rng) {
  Config c;
  c.format = static_cast<Format>(rng.Below(3));
  c.block_len = 32U << rng.Below(4);
  c.order = static_cast<Order>(rng.Below(2));
  c.fill = static_cast<Fill>(rng.Below(2));
  c.lossless = c.order == Order::kField && rng.Chance(20);
  c.group_len = 4U << rng.Below(2);
  if (rng.Chance(60)) c.row_limit = kMinRowLimit + rng.Below(kMaxRowLimit - kMinRowLimit + 1);
  const uint32_t least = MinSlotBytes(c);
  const uint32_t most = MaxSlotBytes(c);
  c.slot_bytes = least + rng.Below(most - least + 1);
  if (rng.Chance(30)) c.slot_bytes = std::max(least, BlockBytes(c) * 5 / 16);
  if (rng.Chance(30)) c.delta_cap = rng.Below(InfoOf(c.format).exp_bits + 2);
  return c;
}

}  // namespace actplane::fast::testing_support
