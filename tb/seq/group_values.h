// SPDX-License-Identifier: Apache-2.0
// Blocks made group by group, for every branch of docs/format.md section 6.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "core/rng.h"
#include "env/packet.h"

namespace actplane::tb {

enum class GroupKind : uint32_t {
  kOnePattern,      // F-6.1
  kTwoPatterns,     // F-6.1
  kTwoWithSpecial,  // F-6.1: a NaN of any mantissa
  kThreePatterns,   // no pair
  kExact,           // F-6.9: few bits a value, no sign
  kExactSigned,
  kExactMixed,     // and zeros
  kDense,          // F-6.10: signs, no zero: mid-rise
  kDensePositive,  // form 0
  kMixed,          // signs and zeros in groups: nearest
  kSignsLow,       // signs where the smallest values are: mid-rise fails when they die
  kRamp,           // deltas one by one: codes that saturate, groups that leave the second search
  kRampPositive,
  kDead,           // some groups far below
  kInfinite,       // F-6.2: more than 30 below
  kLonely,         // one group, the rest far below
  kFewSpecials,    // form 3
  kSpecialGroups,  // groups of specials and zeros alone
  kManySpecials,   // poisoned where the slot is small
  kSpecialsOnly,
  kSubnormals,
  kSmallest,  // about the smallest normal value
  kLargest,
  kEmpty,          // groups of zeros of both signs
  kAlmostNothing,  // zeros of both signs, and one value
  kCount
};
inline constexpr auto kGroupKinds = static_cast<uint32_t>(GroupKind::kCount);

// Values of one format by their weight (F-5.7).
class ValueMaker {
 public:
  ValueMaker(Rng& rng, Format format) : rng_(rng), info_(InfoOf(format)) {}

  const FormatInfo& info() const { return info_; }
  uint32_t Sign(bool negative) const {
    return negative ? 1U << (info_.exp_bits + info_.man_bits) : 0;
  }
  // A value whose leading one has that weight, with at most `bits` bits from it on.
  uint32_t Of(int32_t weight, uint32_t bits, bool negative) {
    const auto man = static_cast<int32_t>(info_.man_bits);
    weight = std::clamp(weight, 1 - man, static_cast<int32_t>(info_.exp_max) - 1);
    const int32_t below = weight >= 1 ? man : weight - 1 + man;  // mantissa bits under it
    uint32_t mantissa = static_cast<uint32_t>(rng_.Next() & LowMask(static_cast<uint32_t>(below)));
    const auto kept = static_cast<int32_t>(bits) - 1;
    if (kept < below)
      mantissa &= ~static_cast<uint32_t>(LowMask(static_cast<uint32_t>(below - kept)));
    if (weight < 1) return Sign(negative) | 1U << below | mantissa;
    return Sign(negative) | static_cast<uint32_t>(weight) << info_.man_bits | mantissa;
  }
  uint32_t Special(bool nan, bool negative) {
    const uint32_t payload = rng_.OneIn(3) ? 1U << rng_.Below(info_.man_bits)
                                           : 1 + rng_.Below((1U << info_.man_bits) - 1);
    return Sign(negative) | info_.exp_max << info_.man_bits | (nan ? payload : 0);
  }

 private:
  Rng& rng_;
  FormatInfo info_;
};

inline std::vector<uint32_t> GroupValues(Rng& rng, GroupKind kind, Format format,
                                         const Shape& shape) {
  ValueMaker make(rng, format);
  const FormatInfo info = make.info();
  const auto top = static_cast<int32_t>(info.exp_max) - 1;
  const uint32_t n = shape.block_len, len = shape.group_len, groups = n / len;
  const auto coin = [&] { return rng.OneIn(2); };
  const bool low = kind == GroupKind::kSmallest || kind == GroupKind::kSubnormals;
  const int32_t base = kind == GroupKind::kLargest ? top
                       : low                       ? static_cast<int32_t>(rng.Below(4))
                             : static_cast<int32_t>(rng.Between(1, info.exp_max - 1));
  const uint32_t few = rng.Between(1, 4), lonely = rng.Below(groups), rate = rng.Between(2, 6);
  std::vector<uint32_t> two = {make.Of(base, 24, coin()), make.Of(base - 3, 24, coin()),
                               make.Of(base - 1, 24, coin())};
  if (rng.OneIn(4)) two[rng.Below(2)] = make.Sign(coin());
  if (kind == GroupKind::kTwoWithSpecial || rng.OneIn(6))
    two[coin()] = make.Special(coin(), coin());

  std::vector<uint32_t> out(n);
  for (uint32_t g = 0; g < groups; ++g) {
    const auto spread = static_cast<int32_t>(rng.Below(6));
    const bool chosen = g == lonely || rng.OneIn(rate);
    int32_t delta = spread;
    uint32_t bits = 24;
    bool zeros = false, empty = false;
    uint32_t specials = 0;  // one in so many
    switch (kind) {
      case GroupKind::kExact:
      case GroupKind::kExactSigned: bits = few; break;
      case GroupKind::kExactMixed: bits = few, zeros = true; break;
      case GroupKind::kMixed: zeros = true; break;
      case GroupKind::kSignsLow: delta = chosen ? 8 + spread : spread / 2; break;
      case GroupKind::kRamp:
      case GroupKind::kRampPositive:
        delta = static_cast<int32_t>(32 * g / groups) + spread / 3;
        break;
      case GroupKind::kDead: delta = chosen ? 18 + 2 * spread : spread / 2; break;
      case GroupKind::kInfinite: delta = chosen ? 31 + 4 * spread : spread; break;
      case GroupKind::kLonely: delta = g == lonely ? 0 : 12 + 4 * spread; break;
      case GroupKind::kFewSpecials: specials = chosen ? 3 : 0, zeros = coin(); break;
      case GroupKind::kSpecialGroups: empty = chosen, specials = chosen ? 2 : 0; break;
      case GroupKind::kManySpecials: specials = 3; break;
      case GroupKind::kSpecialsOnly: empty = true, specials = 1; break;
      case GroupKind::kEmpty: empty = chosen, zeros = rng.OneIn(4); break;
      case GroupKind::kAlmostNothing: empty = g != lonely; break;
      default: break;
    }
    for (uint32_t i = 0; i < len; ++i) {
      uint32_t& v = out[g * len + i];
      const bool positive = kind == GroupKind::kExact || kind == GroupKind::kDensePositive ||
                            kind == GroupKind::kRampPositive ||
                            (kind == GroupKind::kSignsLow && !chosen);
      const bool negative = !positive && coin();
      const int32_t down =
          i == 0 ? 0 : static_cast<int32_t>(rng.Below(kind == GroupKind::kExact ? 2 : 5));
      if (kind <= GroupKind::kThreePatterns) {
        v = two[kind == GroupKind::kOnePattern
                    ? 0
                    : rng.Below(kind == GroupKind::kThreePatterns ? 3 : 2)];
      } else if (specials != 0 && rng.OneIn(specials)) {
        v = make.Special(coin(), negative);
      } else if (empty || (zeros && rng.OneIn(3))) {
        v = make.Sign(negative);
      } else if (kind == GroupKind::kSubnormals) {
        v = make.Of(-static_cast<int32_t>(rng.Below(info.man_bits)), 24, negative);
      } else {
        v = make.Of(base - delta - down, bits, negative);
      }
    }
  }
  return out;
}

}  // namespace actplane::tb
