// SPDX-License-Identifier: Apache-2.0
// Blocks that look like activations, and blocks that hurt. The same seed gives the same values
// everywhere.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <string_view>
#include <vector>

#include "actplane/format.h"

namespace actplane::testing_support {

// SplitMix64: portable, unlike the distributions of the standard library.
class Rng {
 public:
  explicit Rng(uint64_t seed) : state_(seed) {}
  uint64_t Next() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  uint32_t Below(uint64_t bound) { return static_cast<uint32_t>(Next() % bound); }
  bool OneIn(uint64_t n) { return Next() % n == 0; }
  double Uniform() { return (static_cast<double>(Next() >> 11) + 0.5) * 0x1p-53; }  // in (0, 1)
  double Normal() {
    return std::sqrt(-2 * std::log(Uniform())) * std::cos(2 * std::numbers::pi * Uniform());
  }

 private:
  uint64_t state_;
};

// Nearest value of the format, ties to even; overflow becomes Inf.
inline uint32_t ToPattern(double value, Format format) {
  const auto single = std::bit_cast<uint32_t>(static_cast<float>(value));
  if (format == Format::kFp32) return single;
  const FormatInfo info = InfoOf(format);
  const uint32_t sign = single >> 31 << (info.exp_bits + info.man_bits);
  if (std::isnan(value)) return sign | info.exp_max << info.man_bits | 1;
  const double magnitude = std::fabs(value);
  if (magnitude == 0) return sign;
  const int bias = static_cast<int>(info.exp_max / 2);
  const int exponent = std::max(std::ilogb(magnitude), 1 - bias);
  const double steps =
      std::nearbyint(std::ldexp(magnitude, static_cast<int>(info.man_bits) - exponent));
  // Carry out of the mantissa walks into the exponent by itself; a subnormal has no leading one to
  // take off.
  const double pattern = std::ldexp(exponent + bias - 1, static_cast<int>(info.man_bits)) + steps;
  const auto infinity = static_cast<double>(info.exp_max << info.man_bits);
  return sign | static_cast<uint32_t>(std::min(pattern, infinity));
}

enum class Kind {
  kNormal,
  kGelu,
  kSoftmax,
  kDropout,
  kMask,
  kConstant,
  kZeros,
  kNegative,
  kPowers,
  kWide,
  kSubnormal,
  kSpecials,
  kManySpecials,
  kSignedZeros,
  kShortMantissa,
  kPatterns,
};
inline constexpr std::array kAllKinds = {
    Kind::kNormal,       Kind::kGelu,        Kind::kSoftmax,       Kind::kDropout,
    Kind::kMask,         Kind::kConstant,    Kind::kZeros,         Kind::kNegative,
    Kind::kPowers,       Kind::kWide,        Kind::kSubnormal,     Kind::kSpecials,
    Kind::kManySpecials, Kind::kSignedZeros, Kind::kShortMantissa, Kind::kPatterns};

// `count` bit patterns of one kind.
inline std::vector<uint32_t> MakePatterns(Kind kind, Format format, size_t count, Rng& rng) {
  const FormatInfo info = InfoOf(format);
  const uint32_t sign_bit = 1U << (info.exp_bits + info.man_bits);
  const uint32_t infinity = info.exp_max << info.man_bits;
  const double scale = std::ldexp(1.0, static_cast<int>(rng.Below(9)) - 4);
  const uint32_t constant = ToPattern(rng.Normal(), format);
  const size_t masked_from = rng.Below(count + 1);  // softmax: the causal mask
  std::vector<uint32_t> out(count);
  for (size_t i = 0; i < count; ++i) {
    double value = rng.Normal() * scale;
    uint32_t& pattern = out[i];
    const auto finite = [&](double v) { pattern = ToPattern(v, format); };
    switch (kind) {
      case Kind::kNormal: finite(value); break;
      case Kind::kGelu: finite(0.5 * value * (1 + std::erf(value / std::numbers::sqrt2))); break;
      case Kind::kSoftmax: finite(i >= masked_from ? 0 : std::exp(3 * value) / 128); break;
      case Kind::kDropout: finite(rng.OneIn(10) ? 0 : value / 0.9); break;
      case Kind::kMask: finite(rng.OneIn(10) ? 0 : 1 / 0.9); break;
      case Kind::kConstant: pattern = constant; break;
      case Kind::kZeros: pattern = 0; break;
      case Kind::kNegative: finite(-std::fabs(value)); break;
      case Kind::kPowers:
        finite(std::ldexp(rng.OneIn(2) ? 1 : -1, static_cast<int>(rng.Below(20)) - 10));
        break;
      case Kind::kWide: finite(std::ldexp(value, static_cast<int>(rng.Below(240)) - 120)); break;
      case Kind::kSubnormal:
        pattern = static_cast<uint32_t>(rng.Next()) & ((1U << (info.man_bits + rng.Below(2))) - 1);
        if (rng.OneIn(2)) pattern |= sign_bit;
        break;
      case Kind::kSpecials:
      case Kind::kManySpecials:
        finite(value);
        if (rng.OneIn(kind == Kind::kSpecials ? 40 : 2)) {
          pattern = infinity | (rng.OneIn(2) ? sign_bit : 0);
          if (rng.OneIn(2)) pattern |= 1 + rng.Below((1U << info.man_bits) - 1);
        }
        break;
      case Kind::kSignedZeros:
        finite(value);
        if (rng.OneIn(3)) pattern = rng.OneIn(2) ? sign_bit : 0;
        break;
      case Kind::kShortMantissa:  // as if it came from a narrower format
        finite(value);
        pattern &= ~((1U << (info.man_bits / 2 + 1)) - 1);
        break;
      case Kind::kPatterns:
        pattern = static_cast<uint32_t>(rng.Next()) & (sign_bit | (sign_bit - 1));
        break;
    }
  }
  return out;
}

// The patterns as they lie in memory.
inline std::vector<std::byte> ToBytes(const std::vector<uint32_t>& patterns, Format format) {
  const uint32_t width = InfoOf(format).value_bytes;
  std::vector<std::byte> bytes;
  bytes.reserve(patterns.size() * width);
  for (const uint32_t p : patterns) {
    for (uint32_t b = 0; b < width; ++b) bytes.push_back(static_cast<std::byte>(p >> (8 * b)));
  }
  return bytes;
}

inline std::vector<uint32_t> ToPatterns(const std::vector<std::byte>& bytes, Format format) {
  const uint32_t width = InfoOf(format).value_bytes;
  std::vector<uint32_t> patterns(bytes.size() / width);
  for (size_t i = 0; i < bytes.size(); ++i) {
    patterns[i / width] |= std::to_integer<uint32_t>(bytes[i]) << (8 * (i % width));
  }
  return patterns;
}

// A legal configuration of an order, any of them; slot sizes lean toward those that cut.
inline Config RandomConfig(Rng& rng, Order order) {
  Config c;
  c.format = static_cast<Format>(rng.Below(3));
  c.block_len = 32U << rng.Below(4);
  c.order = order;
  c.fill = static_cast<Fill>(rng.Below(2));
  c.lossless = c.order == Order::kField && rng.OneIn(3);
  if (rng.OneIn(4)) c.delta_cap = rng.Below(InfoOf(c.format).exp_bits + 2);
  c.group_len = rng.OneIn(2) ? kMinGroupLen : kMaxGroupLen;
  c.row_limit = kMinRowLimit + rng.Below(kMaxRowLimit - kMinRowLimit + 1);
  const uint32_t least = MinSlotBytes(c);
  uint32_t most = MaxSlotBytes(c);
  if (!rng.OneIn(4)) most = std::max(least, std::min(most, BlockBytes(c) / 2));
  c.slot_bytes = least + rng.Below(most - least + 1);
  return c;
}

inline Config RandomConfig(Rng& rng) { return RandomConfig(rng, static_cast<Order>(rng.Below(2))); }

}  // namespace actplane::testing_support
