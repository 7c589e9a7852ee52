// SPDX-License-Identifier: Apache-2.0
// Order significance, encoder (docs/format.md section 6).
//
// Every value is shifted to the base: plane p of the shifted words is 1 at a value with delta p for
// the first time, and holds the refinement bits of plane p for those before it. So significance and
// refinement planes are cut out of one transposition, with masks of the values that wait and of
// those that are significant.
#include "hwy/highway.h"

#if defined(ACTPLANE_FAST_SIGNIFICANCE_ENCODE_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef ACTPLANE_FAST_SIGNIFICANCE_ENCODE_INL_H
#undef ACTPLANE_FAST_SIGNIFICANCE_ENCODE_INL_H
#else
#define ACTPLANE_FAST_SIGNIFICANCE_ENCODE_INL_H
#endif

#include <algorithm>
#include <cstring>

#include "actplane/field_order.h"
#include "actplane/significance_order.h"
#include "bits-inl.h"
#include "planes-inl.h"
#include "wide-inl.h"

HWY_BEFORE_NAMESPACE();
namespace actplane::fast {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// Planes of the shifted words: slice 0 is the sign, slice p + 1 is plane p. Slices 0 .. 31 are a
// first word of 32 bits, the others a second one.
inline constexpr uint32_t kSlices = 64;
inline constexpr size_t kMaxSignificanceBytes =
    2048;  // more than L = 0 takes: 31 lists, signs and mantissas

inline constexpr uint32_t kPoisonedGrouped = 15;  // F-5.14: Q of a poisoned block, with P = 0

constexpr uint32_t SliceOf(uint32_t plane) { return plane + 1; }

// F-5.10: no refinement bit lies below this plane, that is M planes under exponent 1.
HWY_INLINE uint32_t LastPlane(uint32_t base, const FormatInfo& format) {
  return base - 1 + format.man_bits;
}

template <size_t kWords>
class Slicer {
 public:
  HWY_INLINE Slicer(const uint32_t* HWY_RESTRICT wide, size_t n, uint32_t base)
      : wide_(wide), n_(n), base_(base) {
    Shift<false>();
    Extract(0);
    Extract(1);
  }

  HWY_INLINE Mask<kWords> Get(uint32_t slice) {
    while (HWY_UNLIKELY(slice >= ready_)) {
      if (ready_ == 32) Shift<true>();
      Extract(ready_ / 8);
      ready_ += 8;
    }
    return Mask<kWords>::Load(slices_ + slice * kWords);
  }

 private:
  template <bool kLow>
  HWY_INLINE void Shift() {
    const D32 d;
    HWY_ALIGN uint32_t words[kMaxBlockLen];
    const V32 one = hn::Set(d, 1);
    const V32 base = hn::Set(d, base_);
    const V32 most = hn::Set(d, 31);
    for (size_t i = 0; i < n_; i += hn::Lanes(d)) {
      const V32 v = hn::Load(d, wide_ + i);
      const V32 sign = hn::And(v, hn::Set(d, kSignBit));
      const V32 exponent = hn::ShiftRight<kManBits>(hn::Xor(v, sign));
      const V32 hidden = hn::IfThenZeroElse(hn::Eq(exponent, hn::Zero(d)), hn::Set(d, kHidden));
      const V32 significand = hn::ShiftLeft<7>(hn::Or(hn::And(v, hn::Set(d, kManMask)), hidden));
      // P is 31 at most, so values further down have no plane that counts; nor have specials, whose
      // shift wraps.
      const V32 shift = hn::Min(hn::Sub(base, hn::Max(exponent, one)), most);
      V32 word;
      if constexpr (kLow) {
        word = hn::ShiftLeft<1>(hn::Shl(significand, hn::Sub(most, shift)));
      } else {
        word = hn::Or(sign, hn::Shr(significand, shift));
      }
      hn::Store(word, d, words + i);
    }
    SplitBytes(words, n_, split_);
  }

  HWY_INLINE void Extract(uint32_t byte) {
    auto* to = reinterpret_cast<uint8_t*>(slices_ + size_t{8} * byte * kWords);
    BytesToPlanes(split_.bytes[byte % 4], n_, 0xff, 8 * kWords, to);
  }

  const uint32_t* wide_;
  size_t n_;
  uint32_t base_;
  uint32_t ready_ = 16;  // slices that are there
  BytePlanes split_;
  HWY_ALIGN uint64_t slices_[kSlices * kWords];
};

// The values whose pattern without sign is in [least, end).
template <size_t kWords>
HWY_INLINE Mask<kWords> ValuesIn(const uint32_t* HWY_RESTRICT wide, size_t n, uint32_t least,
                                 uint32_t end) {
  const D32 d;
  const hn::Rebind<int32_t, D32> di;
  const auto first = hn::Set(di, static_cast<int32_t>(least) - 1);
  const auto stop = hn::Set(di, static_cast<int32_t>(end - 1));
  auto mask = Mask<kWords>::None();
  for (size_t i = 0; i < n; i += hn::Lanes(d)) {
    const auto a = hn::BitCast(di, hn::And(hn::Load(d, wide + i), hn::Set(d, kAbsBits)));
    const auto in = hn::AndNot(hn::Gt(a, stop), hn::Gt(a, first));
    uint64_t bits = 0;
    hn::StoreMaskBits(di, in, reinterpret_cast<uint8_t*>(&bits));
    mask[i / 64] |= bits << (i % 64);
  }
  return mask;
}

// Calls visit(i) for the members, in index order.
template <size_t kWords, class Visit>
HWY_INLINE void ForMembers(const Mask<kWords>& members, const Visit& visit) {
  for (size_t w = 0; w < kWords; ++w) {
    for (uint64_t left = members[w]; left != 0; left &= left - 1) {
      visit(64 * w + static_cast<size_t>(std::countr_zero(left)));
    }
  }
}

// F-5.6: sign and kind of each special. By value: a writer whose address is known cannot stay in
// registers.
template <size_t kWords>
HWY_NOINLINE WordWriter PutSpecials(const uint32_t* wide, Mask<kWords> specials, uint32_t inf,
                                    WordWriter out) {
  ForMembers(specials, [&](size_t i) HWY_ATTR {
    out.Put(wide[i] >> 31 | ((wide[i] & kAbsBits) != inf ? 2U : 0U), 2);
  });
  return out;
}

// Section 6 with L = 0. Writes at most `capacity` bits (UINT64_MAX in lossless mode) and a few
// bytes more. Returns the bits before the cut; in lossless mode 0 if the block cannot be stored
// this way without loss (F-6.2).
template <size_t kWords>
HWY_INLINE uint64_t EncodeSignificanceBlock(const uint32_t* HWY_RESTRICT wide, const BaseInfo& info,
                                            const Config& config, uint64_t capacity,
                                            uint64_t* HWY_RESTRICT to) {
  using M = Mask<kWords>;
  const FormatInfo format = InfoOf(config.format);
  const uint32_t n = config.block_len;
  const uint32_t base = std::max(info.base, 1U);  // F-6.3
  const M everything = M::First(n);
  M nonzero = everything;
  if (info.has_zero || info.has_special) nonzero = ValuesIn<kWords>(wide, n, 1, WideInf(format));
  Slicer<kWords> slicer(wide, n, base);
  const M signs = slicer.Get(0) & everything;  // N = 32: half a word is not the block's
  const bool sign_stored = (signs & nonzero).Any();
  if (config.lossless && (info.has_special || signs.Without(nonzero).Any())) return 0;

  const uint32_t header_bits = 13 + format.exp_bits;
  WordWriter out(to);
  out.Put(0, header_bits);  // P and Q are not known yet

  // F-6.5: k, and whether a map of the zeros is worth that many bits
  const uint64_t per_value = config.lossless ? 11 : 8 * uint64_t{config.slot_bytes} / n;
  const auto worth = [&](const M& ordinary, uint32_t bits) HWY_ATTR {
    return per_value > 3 && ordinary.Without(nonzero).Count() * (per_value - 3) > bits;
  };
  Absent absent = Absent::kNone;
  M waiting = everything;
  if (HWY_UNLIKELY(info.has_special)) {  // F-6.4
    absent = Absent::kSpecial;
    const M specials = ValuesIn<kWords>(wide, n, WideInf(format), kSignBit);
    const GroupedList<kWords> list(everything, specials);
    waiting = everything.Without(specials);
    const uint64_t front = header_bits + 1 + list.Bits() + 2 * specials.Count();
    if (front > capacity) {
      to[0] = static_cast<uint32_t>(absent) << 2 | kPoisonedGrouped << 9;
      return header_bits;
    }
    const GroupedList<kWords> map(waiting, nonzero);
    const bool zero_map = worth(waiting, map.Bits()) && front + map.Bits() <= capacity;
    out.Put(zero_map ? 1 : 0, 1);
    PutGroupedList(list, specials, out);
    out = PutSpecials(wide, specials, WideInf(format), out);
    if (zero_map) {
      PutGroupedList(map, nonzero, out);
      waiting = nonzero;
    }
  } else if (info.has_zero) {  // F-6.5
    const GroupedList<kWords> map(everything, nonzero);
    if (worth(everything, std::min(n, map.Bits()))) {
      absent = n <= map.Bits() ? Absent::kZeroMapRaw : Absent::kZeroMapGrouped;
      if (absent == Absent::kZeroMapRaw) {
        PutList(everything, nonzero, out);
      } else {
        PutGroupedList(map, nonzero, out);
      }
      waiting = nonzero;
    }
  }

  // significant[M + p] and counts[M + p]: values with a delta below p. Those with refinement bits
  // in plane p are significant for 1 to M planes.
  M significant[kManBits + kMaxSignificancePlanes + 1];
  uint32_t counts[kManBits + kMaxSignificancePlanes + 1];
  const uint32_t man = format.man_bits;
  std::memset(significant, 0, sizeof(M) * (kManBits + 1));
  std::memset(counts, 0, sizeof(uint32_t) * (kManBits + 1));
  const uint32_t last = LastPlane(base, format);
  const uint32_t finites = nonzero.Count();
  const uint32_t candidates = waiting.Count();

  uint32_t planes = 0;             // P
  uint32_t grouped = 0;            // Q
  uint64_t cost = out.position();  // C(P)
  uint64_t refined = 0;            // R(P, P - 1)
  bool more = true;
  while (more && planes < kMaxSignificancePlanes && counts[man + planes] < finites) {
    const M ones = slicer.Get(SliceOf(planes)) & waiting;
    const uint32_t known = counts[man + planes];
    const uint32_t becoming = ones.Count();
    const uint32_t refine = planes <= last ? known - counts[planes] : 0;
    uint32_t list_bits = candidates - known;
    const bool try_groups = grouped == planes && planes < kMaxGroupedPlanes;  // F-6.6
    const GroupedList<kWords> list =
        try_groups ? GroupedList<kWords>(waiting, ones) : GroupedList<kWords>();
    const bool group = try_groups && list.Bits() < list_bits;
    if (group) list_bits = list.Bits();
    const uint64_t step = list_bits + (sign_stored ? becoming : 0);
    if (cost + step + refined + refine > capacity) {
      // F-6.8
      const uint64_t spare = capacity - cost - refined;
      if (cost + step > capacity || 9 * uint64_t{becoming} + 3 * spare < 4 * step) break;
      more = false;
    }
    if (group) {
      PutGroupedList(list, ones, out);
      ++grouped;
    } else {
      PutList(waiting, ones, out);
    }
    cost += step;
    refined += refine;
    waiting = waiting.Without(ones);
    significant[man + planes + 1] = significant[man + planes] | ones;
    counts[man + planes + 1] = known + becoming;
    ++planes;
  }
  if (config.lossless && counts[man + planes] < finites) return 0;  // a delta above 30

  if (sign_stored) PutList(significant[man + planes], signs, out);
  const uint32_t deepest = std::min(last + 1, planes + man);
  for (uint32_t p = 1; p < deepest && out.position() < capacity; ++p) {
    const M have = significant[man + std::min(p, planes)];
    PutList(have.Without(significant[p]), slicer.Get(SliceOf(p)), out);
  }
  out.Flush();

  const uint32_t header = (sign_stored ? 2U : 0U) | static_cast<uint32_t>(absent) << 2 |
                          planes << 4 | grouped << 9 | base << 13;
  to[0] |= header;
  return out.position();
}

}  // namespace HWY_NAMESPACE
}  // namespace actplane::fast
HWY_AFTER_NAMESPACE();

#endif  // ACTPLANE_FAST_SIGNIFICANCE_ENCODE_INL_H
