// SPDX-License-Identifier: Apache-2.0
// Order significance, decoder (docs/format.md section 5). Blocks with specials and poisoned ones
// are left to the reference.
#include "hwy/highway.h"

#if defined(ACTPLANE_FAST_SIGNIFICANCE_DECODE_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef ACTPLANE_FAST_SIGNIFICANCE_DECODE_INL_H
#undef ACTPLANE_FAST_SIGNIFICANCE_DECODE_INL_H
#else
#define ACTPLANE_FAST_SIGNIFICANCE_DECODE_INL_H
#endif

#include "field-inl.h"
#include "groups-inl.h"
#include "pair-inl.h"
#include "rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace actplane::fast {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// F-5.1. t(g) is q + 1 in the first `below` groups.
struct GroupHeader {
  uint32_t width;
  bool dead_code;
  Form form;
  uint32_t q;
  uint32_t below;
  uint32_t base;
};

// What PlaceGroups finds of a slot.
struct Places {
  GroupBytes rows;     // n(g)
  GroupParams params;  // place: c(g) + D(g), so that p = base + 1 - place
  uint32_t all_rows;   // of all groups together
  uint32_t deepest;    // the largest place of a group that lives
  bool wide;           // some group has more rows than the upper halves hold
  bool deep;           // some group has 24 rows
};

// F-5.3 .. F-5.5, F-5.7, for codes in bytes.
template <uint32_t kGroupLen>
HWY_INLINE void PlaceGroups(const GroupHeader& h, const Config& config, const GroupBytes& codes,
                            Places& out) {
  const D8 d;
  const hn::Repartition<uint64_t, D8> d64;
  const uint32_t groups = config.block_len / kGroupLen;
  const bool mid_rise = h.form == Form::kMidRise;
  const V8 last = hn::Set(d, static_cast<uint8_t>(h.dead_code ? LowMask(h.width) : 255));
  const V8 taken = hn::Set(d, mid_rise ? 1 : 0);
  const V8 limit = hn::Set(d, static_cast<uint8_t>(config.row_limit));
  const V8 signs = hn::Set(d, h.form == Form::kUnsigned ? 0 : 1);
  const V8 one = hn::Set(d, 1);
  const V8 full = hn::Set(d, 31);
  GroupBytes shift, place, lives;
  auto sum = hn::Zero(d64);
  V8 most = hn::Zero(d);
  V8 deepest = hn::Zero(d);
  for (size_t g = 0; g < groups; g += hn::Lanes(d)) {
    const V8 code = hn::Load(d, codes.of + g);
    const V8 end = GroupEnds(h.q, h.below, groups, g);
    const auto alive = hn::AndNot(hn::Eq(code, last), hn::Lt(code, end));
    const V8 wanted = hn::Min(hn::Sub(hn::Sub(end, code), taken), limit);
    const V8 magnitude_rows = hn::IfThenElseZero(alive, wanted);
    const V8 rows = hn::IfThenElseZero(alive, hn::Add(wanted, signs));
    const V8 at = hn::IfThenElseZero(alive, hn::Add(code, wanted));
    hn::Store(rows, d, out.rows.of + g);
    hn::Store(hn::Sub(full, magnitude_rows), d, shift.of + g);
    hn::Store(at, d, place.of + g);
    hn::Store(hn::IfThenElseZero(alive, one), d, lives.of + g);
    sum = hn::Add(sum, hn::SumsOf8(rows));
    most = hn::Max(most, rows);
    deepest = hn::Max(deepest, at);
  }
  out.all_rows = static_cast<uint32_t>(hn::GetLane(hn::SumOfLanes(d64, sum)));
  out.wide = !hn::AllFalse(d, hn::Gt(most, hn::Set(d, kMostHalfRows<kGroupLen>)));
  out.deep = !hn::AllFalse(d, hn::Gt(most, hn::Set(d, 24)));
  out.deepest = ReduceLanes(d, deepest, MaxOp());
  StoreParams<kGroupLen>(shift, place, lives, groups, out.params);
}

// F-5.8 .. F-5.10. The conversion to float finds the leading one of k; it is exact, as k has at
// most 24 bits, with a half below at most 24 as well. kSmall: some values may be subnormal.
template <bool kSmall>
HWY_NOINLINE void RebuildSignificance(const uint32_t* HWY_RESTRICT words, const GroupParams& params,
                                      const GroupHeader& h, const Config& config,
                                      uint8_t* HWY_RESTRICT values) {
  const D32 d;
  const Di32 di;
  const Df32 df;
  const FormatInfo format = InfoOf(config.format);
  const bool mid_rise = h.form == Form::kMidRise;
  const int signs = h.form == Form::kUnsigned ? 0 : 1;
  const V32 sign_mask = hn::Set(d, signs != 0 ? kSignBit : 0);
  const V32 low_byte = hn::Set(d, 0xff);
  const V32 one = hn::Set(d, 1);
  const auto last_weight = static_cast<int32_t>(h.base) + 1;  // p + place
  // From the exponent field of k as a float to that of the value, but for the place.
  const V32 lift =
      hn::Set(d, static_cast<uint32_t>(last_weight - 127 - (mid_rise ? 1 : 0)) << kManBits);
  const V32 fraction_end = hn::Set(d, 1U << format.man_bits);
  const int unused = static_cast<int>(kManBits - format.man_bits);
  for (size_t i = 0; i < config.block_len; i += hn::Lanes(d)) {
    const V32 word = hn::Load(d, words + i);
    const auto group = LoadParams(params, i);
    const V32 shift = ParamsOf(group, kShiftAndLives);
    const V32 place = ParamsOf(group, kPlaceAlone);
    const V32 sign = hn::And(hn::And(word, sign_mask), shift);
    const V32 magnitude = hn::ShiftRight<1>(hn::ShiftLeftSame(word, signs));
    const V32 k = hn::Shr(magnitude, hn::And(shift, low_byte));
    V32 steps = k;
    V32 below = hn::Zero(d);  // F-5.9: odd cells read 01..1, one less than their middle
    if (mid_rise) {
      steps = hn::Add(hn::Add(k, k), hn::ShiftRight<31>(shift));
      const auto short_k =
          hn::RebindMask(d, hn::Lt(hn::BitCast(di, k), hn::BitCast(di, fraction_end)));
      below = hn::ShiftLeftSame(hn::IfThenElseZero(short_k, hn::And(k, one)), unused);
    }
    const V32 bits = hn::BitCast(d, hn::ConvertTo(df, hn::BitCast(di, steps)));
    V32 out = hn::Sub(hn::Add(bits, lift), hn::ShiftLeft<23>(place));
    if constexpr (kSmall) {
      const auto step = hn::Sub(hn::Set(di, last_weight), hn::BitCast(di, place));  // p
      const auto weight = hn::Add(hn::BitCast(di, hn::ShiftRight<23>(bits)),
                                  hn::Sub(step, hn::Set(di, mid_rise ? 128 : 127)));
      const auto lost = hn::Min(hn::Sub(hn::Set(di, 1), weight), hn::Set(di, 31));
      const auto small = hn::Gt(lost, hn::Zero(di));
      const V32 significand = hn::Or(hn::And(bits, hn::Set(d, kManMask)), hn::Set(d, kHidden));
      const V32 down = hn::BitCast(d, hn::Max(lost, hn::Zero(di)));
      out = hn::IfThenElse(hn::RebindMask(d, small), hn::Shr(significand, down), out);
      const auto least = hn::Set(di, 1 - static_cast<int32_t>(format.man_bits));
      below = hn::IfThenElseZero(hn::RebindMask(d, hn::Gt(step, least)), below);
    }
    out = hn::IfThenZeroElse(hn::Eq(steps, hn::Zero(d)), hn::Sub(out, below));
    StoreWide(config.format, hn::Or(out, sign), i, values);
  }
}

template <uint32_t kGroupLen>
HWY_NOINLINE Decoded DecodeGroups(std::span<const std::byte> slot, const GroupHeader& h,
                                  const Config& config, uint8_t* HWY_RESTRICT values) {
  const size_t n = config.block_len;
  const uint32_t groups = config.block_len / kGroupLen;
  const auto* from = reinterpret_cast<const uint8_t*>(slot.data());
  GroupBytes codes;
  for (uint32_t g = 0; g < kMaxGroups && g < groups; g += 8) {  // GCC knows no bound of `groups`
    StoreWord(UnpackCodes(LoadWord(from + 3 + size_t{g / 8} * h.width), h.width), codes.of + g);
  }
  Places places;
  PlaceGroups<kGroupLen>(h, config, codes, places);
  const uint32_t front = FrontBytes(h.width, groups);
  if (8 * front + kGroupLen * places.all_rows > 8 * slot.size()) return Decoded::kMalformed;
  const bool mid_rise = h.form == Form::kMidRise;
  if (HWY_UNLIKELY(mid_rise && places.deep)) return Decoded::kReference;

  HalfRows high;
  HalfRows low;
  GetRows<kGroupLen>(from + front, places.rows.of, groups, places.wide, high, low);
  HWY_ALIGN uint32_t words[kMaxBlockLen];
  for (size_t i = 0; i < n; i += 2 * hn::Lanes(D32())) {
    LoadRows<kGroupLen>(high, low, places.wide, i, words);
  }
  if (HWY_LIKELY(places.deepest + (mid_rise ? 1 : 0) <= h.base)) {
    RebuildSignificance<false>(words, places.params, h, config, values);
  } else {
    RebuildSignificance<true>(words, places.params, h, config, values);
  }
  return Decoded::kDone;
}

// A slot of order significance that takes all of `slot`; kSlack bytes behind it can be read.
HWY_INLINE Decoded DecodeSignificanceBlock(std::span<const std::byte> slot, const Config& config,
                                           uint8_t* HWY_RESTRICT values) {
  const auto bits = static_cast<uint32_t>(LoadWord(slot.data()));
  const uint32_t width = bits & 7;
  if (HWY_UNLIKELY(width == kPairWidth)) return DecodePair(slot, config, values);
  const auto form = static_cast<Form>(bits >> 4 & 3);
  if (HWY_UNLIKELY(width > kMaxCodeBits || form == Form::kSpecials)) return Decoded::kReference;
  const uint32_t groups = config.block_len / (config.group_len == 4 ? 4 : 8);
  const uint32_t j = bits >> 11 & 31;
  const GroupHeader h = {.width = width,
                         .dead_code = (bits & 8) != 0,
                         .form = form,
                         .q = bits >> 6 & 31,
                         .below = j << UnitShift(groups),
                         .base = bits >> 16 & 255};
  if (j >= CountUnits(groups) || h.base == 0 || h.base >= InfoOf(config.format).exp_max) {
    return Decoded::kMalformed;  // F-7.2
  }
  return config.group_len == 4 ? DecodeGroups<4>(slot, h, config, values)
                               : DecodeGroups<8>(slot, h, config, values);
}

}  // namespace HWY_NAMESPACE
}  // namespace actplane::fast
HWY_AFTER_NAMESPACE();

#endif  // ACTPLANE_FAST_SIGNIFICANCE_DECODE_INL_H
