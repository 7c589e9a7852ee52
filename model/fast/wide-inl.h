// SPDX-License-Identifier: Apache-2.0
// Values as wide patterns: sign at bit 31, exponent field from bit 23, mantissa left-aligned below
// it. FP32 is one already; the other formats are moved there, so that one kernel serves all three.
#include "hwy/highway.h"

#if defined(ACTPLANE_FAST_WIDE_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef ACTPLANE_FAST_WIDE_INL_H
#undef ACTPLANE_FAST_WIDE_INL_H
#else
#define ACTPLANE_FAST_WIDE_INL_H
#endif

#include "actplane/format.h"

HWY_BEFORE_NAMESPACE();
namespace actplane::fast {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using D32 = hn::CappedTag<uint32_t, 16>;
using V32 = hn::Vec<D32>;
using Di32 = hn::Rebind<int32_t, D32>;

inline constexpr uint32_t kManBits = 23;
inline constexpr uint32_t kSignBit = 0x80000000U;
inline constexpr uint32_t kAbsBits = 0x7fffffffU;
inline constexpr uint32_t kManMask = 0x007fffffU;
inline constexpr uint32_t kHidden = 0x00800000U;  // also: exponent 1

HWY_INLINE uint32_t WideInf(const FormatInfo& format) { return format.exp_max << kManBits; }

// N values, little-endian, as wide patterns: where they are, or in `wide`. Not aligned to vectors.
HWY_INLINE const uint32_t* LoadWide(Format format, const uint8_t* HWY_RESTRICT values, size_t n,
                                    uint32_t* HWY_RESTRICT wide) {
  const D32 d;
  const size_t lanes = hn::Lanes(d);
  if (format == Format::kFp32) return reinterpret_cast<const uint32_t*>(values);
  const hn::Rebind<uint16_t, D32> d16;
  const auto* from = reinterpret_cast<const uint16_t*>(values);
  for (size_t i = 0; i < n; i += lanes) {
    const V32 high = hn::ShiftLeft<16>(hn::PromoteTo(d, hn::LoadU(d16, from + i)));
    if (format == Format::kBf16) {
      hn::Store(high, d, wide + i);
    } else {
      const V32 sign = hn::And(high, hn::Set(d, kSignBit));
      hn::Store(hn::Or(sign, hn::ShiftRight<3>(hn::Xor(high, sign))), d, wide + i);
    }
  }
  return wide;
}

// The inverse for one vector, values i and on.
HWY_INLINE void StoreWide(Format format, V32 v, size_t i, uint8_t* HWY_RESTRICT values) {
  const D32 d;
  if (format == Format::kFp32) {
    hn::StoreU(v, d, reinterpret_cast<uint32_t*>(values) + i);
    return;
  }
  if (format == Format::kFp16) {
    const V32 sign = hn::And(v, hn::Set(d, kSignBit));
    v = hn::Or(sign, hn::ShiftLeft<3>(hn::Xor(v, sign)));
  }
  const hn::Rebind<int32_t, D32> di;
  const hn::Rebind<uint16_t, D32> d16;
  const auto narrow = hn::DemoteTo(d16, hn::BitCast(di, hn::ShiftRight<16>(v)));
  hn::StoreU(narrow, d16, reinterpret_cast<uint16_t*>(values) + i);
}

}  // namespace HWY_NAMESPACE
}  // namespace actplane::fast
HWY_AFTER_NAMESPACE();

#endif  // ACTPLANE_FAST_WIDE_INL_H
