// SPDX-License-Identifier: Apache-2.0
// Order significance, decoder (docs/format.md section 5) for slots with L = 0: the lists are
// scattered back into the planes of the shifted words, see significance_encode-inl.h.
#include "hwy/highway.h"

#if defined(ACTPLANE_FAST_SIGNIFICANCE_DECODE_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef ACTPLANE_FAST_SIGNIFICANCE_DECODE_INL_H
#undef ACTPLANE_FAST_SIGNIFICANCE_DECODE_INL_H
#else
#define ACTPLANE_FAST_SIGNIFICANCE_DECODE_INL_H
#endif

#include "field-inl.h"
#include "significance_encode-inl.h"

HWY_BEFORE_NAMESPACE();
namespace actplane::fast {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

inline constexpr size_t kBeyond = 256;  // lists may be read that far before their end is looked at

// F-5.11, when every value is normal and has its bits in the first word: the conversion to float
// finds the leading one, and it is exact because a value has at most 24 bits.
HWY_INLINE V32 RebuildNormal(V32 magnitude, V32 exponent_step) {
  const D32 d;
  const Di32 di;
  const hn::Rebind<float, D32> df;
  const V32 bits = hn::BitCast(d, hn::ConvertTo(df, hn::BitCast(di, magnitude)));
  return hn::IfThenZeroElse(hn::Eq(magnitude, hn::Zero(d)), hn::Add(bits, exponent_step));
}

// F-5.11 in general; `low` is the second word.
HWY_INLINE V32 RebuildAny(V32 magnitude, V32 low, uint32_t base) {
  const D32 d;
  const Di32 di;
  const hn::Rebind<float, D32> df;
  const V32 bits = hn::BitCast(d, hn::ConvertTo(df, hn::BitCast(di, magnitude)));
  const V32 exponent_one = hn::Set(d, std::min(base - 1, 31U));  // the delta of exponent 1
  const V32 none = hn::Zero(d);
  const auto zero = hn::Eq(magnitude, none);
  // The float's exponent of a leading one in plane 0 is 127 + 30.
  const V32 delta =
      hn::IfThenZeroElse(zero, hn::Sub(hn::Set(d, 157), hn::ShiftRight<kManBits>(bits)));
  const V32 shift = hn::Min(delta, exponent_one);
  const V32 aligned = hn::Or(hn::Shl(hn::Add(magnitude, magnitude), shift),
                             hn::Shr(low, hn::Sub(hn::Set(d, 31), shift)));
  const V32 man = hn::ShiftRight<8>(hn::And(aligned, hn::Set(d, kAbsBits)));
  const auto normal = hn::Eq(shift, delta);
  const V32 exponent =
      hn::IfThenElseZero(normal, hn::ShiftLeft<kManBits>(hn::Sub(hn::Set(d, base), delta)));
  return hn::IfThenZeroElse(zero, hn::Or(exponent, man));
}

HWY_INLINE uint32_t SpecialPattern(uint32_t sign, bool nan, const FormatInfo& format) {
  return sign << (format.exp_bits + format.man_bits) | format.exp_max << format.man_bits |
         (nan ? 1U << (format.man_bits - 1) : 0U);
}

// F-5.6: sign and kind of each special, from bit `at` on. Returns where they end.
template <size_t kWords>
HWY_NOINLINE uint64_t GetSpecials(Mask<kWords> specials, const uint8_t* slot, uint64_t at,
                                  const FormatInfo& format, uint32_t* patterns) {
  ForMembers(specials, [&](size_t i) HWY_ATTR {
    const uint64_t bits = ReadWord(slot, at);
    patterns[i] = SpecialPattern(BitOf(bits, 0), BitOf(bits, 1) != 0, format);
    at += 2;
  });
  return at;
}

// The first `count` members.
template <size_t kWords>
HWY_INLINE Mask<kWords> FirstOf(const Mask<kWords>& members, uint64_t count) {
  return Mask<kWords>::Each([&](size_t w) HWY_ATTR {
    const auto here = static_cast<uint32_t>(std::min<uint64_t>(count, CountBits(members[w])));
    count -= here;
    return ScatterBits(LowMask(here), members[w]);
  });
}

// `slot` must go on behind its `bytes` with kBeyond zeros.
template <size_t kWords>
HWY_INLINE Decoded DecodeSignificanceBlock(const uint8_t* HWY_RESTRICT slot, size_t bytes,
                                           const Config& config, uint64_t& size_bits,
                                           uint8_t* HWY_RESTRICT values) {
  using M = Mask<kWords>;
  const FormatInfo format = InfoOf(config.format);
  const uint32_t n = config.block_len;
  const uint64_t size = 8 * uint64_t{bytes};
  const uint32_t header_bits = 13 + format.exp_bits;
  if (header_bits > size) return Decoded::kMalformed;
  const uint64_t header = ReadWord(slot, 0);
  const bool sign_stored = BitOf(header, 1) != 0;
  const auto absent = static_cast<Absent>(header >> 2 & 3);
  const uint32_t planes = header >> 4 & 31;
  const uint32_t grouped = header >> 9 & 15;
  const auto base = static_cast<uint32_t>(header >> 13 & LowMask(format.exp_bits));
  if (absent == Absent::kSpecial && planes == 0 && grouped == kPoisonedGrouped) {  // F-5.14
    const uint32_t nan = SpecialPattern(0, true, format);
    for (size_t i = 0; i < n; ++i)
      std::memcpy(values + i * format.value_bytes, &nan, format.value_bytes);
    size_bits = header_bits;
    return Decoded::kDone;
  }
  if (base == 0 || base >= format.exp_max) return Decoded::kMalformed;                  // F-7.3
  if (planes > base + format.man_bits || grouped > planes) return Decoded::kMalformed;  // F-7.3

  uint64_t at = header_bits;
  M waiting = M::First(n);
  M specials = M::None();
  uint32_t special_patterns[kMaxBlockLen];
  if (HWY_UNLIKELY(absent == Absent::kSpecial)) {  // F-5.6
    const bool zero_map = BitOf(ReadWord(slot, at++), 0) != 0;
    specials = GetGroupedList(waiting, slot, at);
    at = GetSpecials(specials, slot, at, format, special_patterns);
    waiting = waiting.Without(specials);
    if (zero_map) waiting = GetGroupedList(waiting, slot, at);
  }
  if (absent == Absent::kZeroMapRaw) waiting = GetList(waiting, slot, at);
  if (absent == Absent::kZeroMapGrouped) waiting = GetGroupedList(waiting, slot, at);

  HWY_ALIGN uint64_t slices[kSlices * kWords];
  const auto slice = [&](uint32_t p) HWY_ATTR { return slices + SliceOf(p) * kWords; };
  M significant[kMaxSignificancePlanes + 1];
  significant[0] = M::None();
  for (uint32_t p = 0; p < planes; ++p) {  // F-5.8
    if (at > size) return Decoded::kMalformed;
    const M ones = p < grouped ? GetGroupedList(waiting, slot, at) : GetList(waiting, slot, at);
    waiting = waiting.Without(ones);
    significant[p + 1] = significant[p] | ones;
    ones.Store(slice(p));
  }
  const M have = significant[planes];
  if (at > size) return Decoded::kMalformed;
  const M signs = sign_stored ? GetList(have, slot, at) : M::None();
  if (at > size) return Decoded::kMalformed;
  signs.Store(slices);

  // F-5.10: plane by plane, until a plane has not all its bits.
  const uint32_t deepest = std::min(LastPlane(base, format) + 1, planes + format.man_bits);
  const auto refining = [&](uint32_t p) HWY_ATTR {
    const M all = significant[std::min(p, planes)];
    return p > format.man_bits ? all.Without(significant[p - format.man_bits]) : all;
  };
  if (planes == 0) M::None().Store(slice(0));
  uint32_t end = std::max(planes, 1U);  // planes that are in `slices`
  const auto add = [&](uint32_t p, const M& bits) HWY_ATTR {
    (p < end ? M::Load(slice(p)) | bits : bits).Store(slice(p));
    end = std::max(end, p + 1);
  };
  uint32_t cut = 1;
  M lost = M::None();
  for (; cut < deepest && at < size; ++cut) {
    const M members = refining(cut);
    const uint64_t left = size - at;
    const M bits = GetList(members, slot, at);
    if (HWY_UNLIKELY(at > size)) {
      const M known = FirstOf(members, left);
      lost = members.Without(known);
      add(cut, bits & known);
      break;
    }
    add(cut, bits);
  }
  if (config.lossless) {
    for (uint32_t p = cut; p < deepest && at <= size; ++p) at += refining(p).Count();
    if (at > size) return Decoded::kMalformed;
  } else if (config.fill == Fill::kMidpoint && cut < deepest) {  // F-5.12
    if (at <= size) lost = refining(cut);
    add(cut, lost);
    // Whoever has no bit lost so far and refines here loses this one first.
    for (uint32_t p = cut + 1; p < deepest && p <= std::max(planes, cut + 1); ++p) {
      const M next = refining(p).Without(lost);
      add(p, next);
      lost = lost | next;
    }
  }
  size_bits = at;

  BytePlanes split;
  HWY_ALIGN uint32_t words[kMaxBlockLen];
  HWY_ALIGN uint32_t low_words[kMaxBlockLen];
  const auto join = [&](uint32_t first, uint32_t* to) HWY_ATTR {
    for (uint32_t k = 0; k < 4; ++k) {
      const uint32_t start = first + 8 * k;
      const uint32_t count = end + 1 > start ? std::min(end + 1 - start, 8U) : 0;
      PlanesToBytes(reinterpret_cast<const uint8_t*>(slices + start * kWords), n,
                    0xff00U >> count & 0xffU, 8 * kWords, split.bytes[k]);
    }
    JoinBytes(split, n, to);
  };
  join(0, words);
  const D32 d;
  const bool low = end > 31;
  const V32 abs_bits = hn::Set(d, kAbsBits);
  if (HWY_LIKELY(!low && planes <= base)) {
    const V32 step = hn::Set(d, (base - 157) << kManBits);
    for (size_t i = 0; i < n; i += hn::Lanes(d)) {
      const V32 v = hn::Load(d, words + i);
      const V32 out = RebuildNormal(hn::And(v, abs_bits), step);
      StoreWide(config.format, hn::Or(out, hn::AndNot(abs_bits, v)), i, values);
    }
  } else {
    if (low) join(32, low_words);
    for (size_t i = 0; i < n; i += hn::Lanes(d)) {
      const V32 v = hn::Load(d, words + i);
      const V32 below = low ? hn::Load(d, low_words + i) : hn::Zero(d);
      const V32 out = RebuildAny(hn::And(v, abs_bits), below, base);
      StoreWide(config.format, hn::Or(out, hn::AndNot(abs_bits, v)), i, values);
    }
  }
  ForMembers(specials, [&](size_t i) HWY_ATTR {
    std::memcpy(values + i * format.value_bytes, &special_patterns[i], format.value_bytes);
  });
  return Decoded::kDone;
}

}  // namespace HWY_NAMESPACE
}  // namespace actplane::fast
HWY_AFTER_NAMESPACE();

#endif  // ACTPLANE_FAST_SIGNIFICANCE_DECODE_INL_H
