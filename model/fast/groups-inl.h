// SPDX-License-Identifier: Apache-2.0
// Order significance: what is done for every group (F-5.1 .. F-5.7, F-6.2, F-6.3).
//
// Groups are bytes here, at most 64 of them, so that a step for all groups is a few vector
// instructions. Values see the facts of their group through GroupParams.
#include "hwy/highway.h"

#if defined(ACTPLANE_FAST_GROUPS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef ACTPLANE_FAST_GROUPS_INL_H
#undef ACTPLANE_FAST_GROUPS_INL_H
#else
#define ACTPLANE_FAST_GROUPS_INL_H
#endif

#include <algorithm>
#include <bit>

#include "actplane/significance_order.h"
#include "rows-inl.h"
#include "wide-inl.h"

HWY_BEFORE_NAMESPACE();
namespace actplane::fast {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using D8 = hn::Repartition<uint8_t, D32>;
using V8 = hn::Vec<D8>;
using Df32 = hn::Rebind<float, D32>;

HWY_INLINE uint32_t CountBits(uint64_t x) { return static_cast<uint32_t>(std::popcount(x)); }

// F-5.1: U, and the binary logarithm of the groups that share a j.
HWY_INLINE uint32_t CountUnits(uint32_t groups) { return std::min(groups, kMaxUnits); }
HWY_INLINE uint32_t UnitShift(uint32_t groups) { return groups > kMaxUnits ? 1 : 0; }

struct GroupBytes {
  HWY_ALIGN uint8_t of[kMaxGroups];
};

// One bit for each of `count` groups, and for what fills the last vector: test(vectors of `of`)
// holds.
template <class D, class Test>
HWY_INLINE uint64_t MaskWhere(D d, const hn::TFromD<D>* HWY_RESTRICT of, size_t count,
                              const Test& test) {
  uint64_t mask = 0;
  for (size_t g = 0; g < count; g += hn::Lanes(d)) {
    uint64_t part = 0;
    hn::StoreMaskBits(d, test(hn::Load(d, of + g)), reinterpret_cast<uint8_t*>(&part));
    mask |= part << g;
  }
  return mask;
}

// One bit for each group: test(bytes of the groups) holds.
template <class Test>
HWY_INLINE uint64_t GroupsWhere(const GroupBytes& groups, const Test& test) {
  return MaskWhere(D8(), groups.of, kMaxGroups, test);
}

// F-5.3: t(g) of the groups from `g` on; 0 where there is no group. The first `below` groups end
// one weight lower.
HWY_INLINE V8 GroupEnds(uint32_t q, uint32_t below, uint32_t groups, size_t g) {
  const D8 d;
  const V8 index = hn::Add(hn::Iota(d, 0), hn::Set(d, static_cast<uint8_t>(g)));
  const auto end = hn::Set(d, static_cast<uint8_t>(q));
  const V8 ends = hn::IfThenElse(hn::Lt(index, hn::Set(d, static_cast<uint8_t>(below))),
                                 hn::Add(end, hn::Set(d, 1)), end);
  return hn::IfThenElseZero(hn::Lt(index, hn::Set(d, static_cast<uint8_t>(groups))), ends);
}

// What the values of a group need: for every 4 values a word of
//   [7:0] shift   31 - D(g): from k to the top of a word, below the sign
//   [15:8] place  a weight, see there
//   [31] lives
struct GroupParams {
  HWY_ALIGN uint32_t of[kMaxBlockLen / 4 + 32];
};

template <uint32_t kGroupLen>
HWY_INLINE void StoreParams(const GroupBytes& shift, const GroupBytes& place,
                            const GroupBytes& lives, size_t groups, GroupParams& params) {
  const D32 d;
  const hn::Rebind<uint8_t, D32> d8;
  for (size_t g = 0; g < groups; g += hn::Lanes(d)) {
    const V32 top = hn::ShiftLeft<31>(hn::PromoteTo(d, hn::LoadU(d8, lives.of + g)));
    const V32 middle = hn::ShiftLeft<8>(hn::PromoteTo(d, hn::LoadU(d8, place.of + g)));
    const V32 low = hn::PromoteTo(d, hn::LoadU(d8, shift.of + g));
    const V32 words = hn::Or(hn::Or(top, middle), low);
    if constexpr (kGroupLen == 4) {
      hn::Store(words, d, params.of + g);
    } else {
      const hn::Repartition<uint64_t, D32> d64;
      const hn::Half<D32> half;
      const auto first = hn::PromoteTo(d64, hn::LowerHalf(half, words));
      const auto second = hn::PromoteTo(d64, hn::UpperHalf(half, words));
      uint32_t* to = params.of + 2 * g;
      hn::Store(hn::BitCast(d, hn::Or(first, hn::ShiftLeft<32>(first))), d, to);
      hn::Store(hn::BitCast(d, hn::Or(second, hn::ShiftLeft<32>(second))), d, to + hn::Lanes(d));
    }
  }
}

// The parameters of a vector of values from value i on, one word for each 4 values in every block
// of 128 bits.
HWY_INLINE hn::Vec<D8> LoadParams(const GroupParams& params, size_t i) {
  const D32 d;
  const D8 d8;
  const uint32_t* from = params.of + i / 4;
  if constexpr (hn::MaxLanes(D32()) == 16) {
    return hn::BitCast(d8, hn::LoadDup128(d, from));
  } else if constexpr (hn::MaxLanes(D32()) == 8) {
    const auto half = hn::LoadU(hn::Half<D32>(), from);
    return hn::BitCast(d8, hn::Combine(d, half, half));
  } else {
    return hn::BitCast(d8, hn::LoadU(d, from));
  }
}

// Bytes of the parameters of a value: shift and lives where they are, and place alone.
#define ACTPLANE_LANES(a, b, c, e) a, b, c, e, a, b, c, e, a, b, c, e, a, b, c, e
HWY_ALIGN static constexpr uint8_t kShiftAndLives[64] = {
    ACTPLANE_LANES(0, 128, 128, 3), ACTPLANE_LANES(4, 128, 128, 7), ACTPLANE_LANES(8, 128, 128, 11),
    ACTPLANE_LANES(12, 128, 128, 15)};
HWY_ALIGN static constexpr uint8_t kPlaceAlone[64] = {
    ACTPLANE_LANES(1, 128, 128, 128), ACTPLANE_LANES(5, 128, 128, 128),
    ACTPLANE_LANES(9, 128, 128, 128), ACTPLANE_LANES(13, 128, 128, 128)};
#undef ACTPLANE_LANES

HWY_INLINE V32 ParamsOf(hn::Vec<D8> params, const uint8_t* bytes) {
  const D8 d8;
  return hn::BitCast(D32(), hn::TableLookupBytesOr0(params, hn::Load(d8, bytes)));
}

// Codes of w bits (F-5.2), 8 at a time, between bytes and a run of bits.
HWY_INLINE uint64_t EveryNth(uint32_t bits, uint32_t period) {
  const uint64_t ones = period == 8    ? 0x0101010101010101U
                        : period == 16 ? 0x0001000100010001U
                                       : 0x0000000100000001U;
  return LowMask(bits) * ones;
}
HWY_INLINE uint64_t PackCodes(uint64_t bytes, uint32_t width) {
  bytes = (bytes | bytes >> (8 - width)) & EveryNth(2 * width, 16);
  bytes = (bytes | bytes >> (16 - 2 * width)) & EveryNth(4 * width, 32);
  return (bytes | bytes >> (32 - 4 * width)) & LowMask(8 * width);
}
HWY_INLINE uint64_t UnpackCodes(uint64_t bits, uint32_t width) {
  bits &= LowMask(8 * width);
  bits = (bits | bits << (32 - 4 * width)) & EveryNth(4 * width, 32);
  bits = (bits | bits << (16 - 2 * width)) & EveryNth(2 * width, 16);
  return (bits | bits << (8 - width)) & EveryNth(width, 8);
}

// Bytes in front of the rows (F-5.5), for the forms without specials.
HWY_INLINE uint32_t FrontBytes(uint32_t width, uint32_t groups) {
  return 3 + (groups * width + 7) / 8;
}

}  // namespace HWY_NAMESPACE
}  // namespace actplane::fast
HWY_AFTER_NAMESPACE();

#endif  // ACTPLANE_FAST_GROUPS_INL_H
