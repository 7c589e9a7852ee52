// SPDX-License-Identifier: Apache-2.0
// Bit transposition (F-3.1): 32-bit words of a block to planes of one bit per value, and back. A
// plane is stored in the order of F-2.7; plane 0 is the top bit of the words, plane 31 the lowest.
#include "hwy/highway.h"

#if defined(ACTPLANE_FAST_PLANES_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef ACTPLANE_FAST_PLANES_INL_H
#undef ACTPLANE_FAST_PLANES_INL_H
#else
#define ACTPLANE_FAST_PLANES_INL_H
#endif

#include <bit>

#include "actplane/format.h"

HWY_BEFORE_NAMESPACE();
namespace actplane::fast {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// Whole vectors up to a group of 64 values; a block of 32 takes half of one.
using D8 = hn::CappedTag<uint8_t, 64>;

// Byte k of every word, k = 0 the top one: planes 8k .. 8k + 7.
struct BytePlanes {
  HWY_ALIGN uint8_t bytes[4][kMaxBlockLen];
};

HWY_INLINE void SplitBytes(const uint32_t* HWY_RESTRICT words, size_t n, BytePlanes& out) {
  const D8 d;
  const auto* from = reinterpret_cast<const uint8_t*>(words);
  for (size_t i = 0; i < n; i += hn::Lanes(d)) {
    hn::Vec<D8> b0, b1, b2, b3;
    hn::LoadInterleaved4(d, from + 4 * i, b0, b1, b2, b3);
    hn::Store(b3, d, out.bytes[0] + i);
    hn::Store(b2, d, out.bytes[1] + i);
    hn::Store(b1, d, out.bytes[2] + i);
    hn::Store(b0, d, out.bytes[3] + i);
  }
}

HWY_INLINE void JoinBytes(const BytePlanes& in, size_t n, uint32_t* HWY_RESTRICT words) {
  const D8 d;
  auto* to = reinterpret_cast<uint8_t*>(words);
  for (size_t i = 0; i < n; i += hn::Lanes(d)) {
    hn::StoreInterleaved4(hn::Load(d, in.bytes[3] + i), hn::Load(d, in.bytes[2] + i),
                          hn::Load(d, in.bytes[1] + i), hn::Load(d, in.bytes[0] + i), d,
                          to + 4 * i);
  }
}

// Bits `bits` (bit 7 first) of n bytes as planes, `stride` bytes from one to the next. May write up
// to 8 bytes from where a plane starts, so planes are made in ascending order.
HWY_INLINE void BytesToPlanes(const uint8_t* HWY_RESTRICT bytes, size_t n, uint32_t bits,
                              size_t stride, uint8_t* HWY_RESTRICT planes) {
#if HWY_TARGET == HWY_SCALAR
  for (; bits != 0; bits &= ~std::bit_floor(bits), planes += stride) {
    for (size_t i = 0; i < n; i += 8) {
      uint32_t byte = 0;
      for (size_t k = 0; k < 8; ++k) {
        byte |= (bytes[i + k] & std::bit_floor(bits)) != 0 ? 1U << k : 0U;
      }
      planes[i / 8] = static_cast<uint8_t>(byte);
    }
  }
#else
  const D8 d;
  for (size_t i = 0; i < n; i += hn::Lanes(d)) {
    const auto v = hn::Load(d, bytes + i);
    uint8_t* to = planes + i / 8;
    if (HWY_LIKELY(bits == 0xff)) {
      for (uint32_t k = 0; k < 8; ++k) {
        const auto bit = hn::Set(d, static_cast<uint8_t>(0x80U >> k));
        hn::StoreMaskBits(d, hn::TestBit(v, bit), to + k * stride);
      }
      continue;
    }
    for (uint32_t left = bits; left != 0; left &= ~std::bit_floor(left), to += stride) {
      const auto bit = hn::Set(d, static_cast<uint8_t>(std::bit_floor(left)));
      hn::StoreMaskBits(d, hn::TestBit(v, bit), to);
    }
  }
#endif
}

// The inverse: bits not in `bits` are 0.
HWY_INLINE void PlanesToBytes(const uint8_t* HWY_RESTRICT planes, size_t n, uint32_t bits,
                              size_t stride, uint8_t* HWY_RESTRICT bytes) {
#if HWY_TARGET == HWY_SCALAR
  for (size_t i = 0; i < n; ++i) {
    const uint8_t* from = planes + i / 8;
    uint32_t byte = 0;
    for (uint32_t left = bits; left != 0; left &= ~std::bit_floor(left), from += stride) {
      if (((*from >> (i % 8)) & 1) != 0) byte |= std::bit_floor(left);
    }
    bytes[i] = static_cast<uint8_t>(byte);
  }
#else
  const D8 d;
  for (size_t i = 0; i < n; i += hn::Lanes(d)) {
    const uint8_t* from = planes + i / 8;
    auto v = hn::Zero(d);
    if (HWY_LIKELY(bits == 0xff)) {
      for (uint32_t k = 0; k < 8; ++k) {
        const auto bit = hn::Set(d, static_cast<uint8_t>(0x80U >> k));
        v = hn::IfThenElse(hn::LoadMaskBits(d, from + k * stride), hn::Or(v, bit), v);
      }
      hn::Store(v, d, bytes + i);
      continue;
    }
    for (uint32_t left = bits; left != 0; left &= ~std::bit_floor(left), from += stride) {
      const auto bit = hn::Set(d, static_cast<uint8_t>(std::bit_floor(left)));
      v = hn::IfThenElse(hn::LoadMaskBits(d, from), hn::Or(v, bit), v);
    }
    hn::Store(v, d, bytes + i);
  }
#endif
}

}  // namespace HWY_NAMESPACE
}  // namespace actplane::fast
HWY_AFTER_NAMESPACE();

#endif  // ACTPLANE_FAST_PLANES_INL_H
