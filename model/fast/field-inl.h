// SPDX-License-Identifier: Apache-2.0
// Order field (docs/format.md sections 3 and 4) on wide patterns. What is decided once per block is
// the reference's; what is done per value is here.
#include "hwy/highway.h"

#if defined(ACTPLANE_FAST_FIELD_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef ACTPLANE_FAST_FIELD_INL_H
#undef ACTPLANE_FAST_FIELD_INL_H
#else
#define ACTPLANE_FAST_FIELD_INL_H
#endif

#include <algorithm>
#include <bit>
#include <cstring>

#include "actplane/field_order.h"
#include "rows-inl.h"
#include "wide-inl.h"

HWY_BEFORE_NAMESPACE();
namespace actplane::fast {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// A word of order field holds the sign and the code of a value where its pattern holds sign and
// exponent. A code of 9 bits does not fit; such blocks hold nearly every exponent there is and are
// left to the reference.
inline constexpr uint32_t kMaxWordWidth = 8;

template <class D, class Op>
HWY_INLINE uint32_t ReduceLanes(D /* d */, hn::Vec<D> v, const Op& op) {
#if HWY_TARGET != HWY_SCALAR
  if constexpr (hn::MaxLanes(D()) > 1) {
    const hn::Half<D> half;
    return ReduceLanes(half, op(hn::LowerHalf(half, v), hn::UpperHalf(half, v)), op);
  }
#endif
  static_cast<void>(op);
  return hn::GetLane(v);
}

struct MaxOp {
  template <class V>
  HWY_INLINE V operator()(V a, V b) const {
    return hn::Max(a, b);
  }
};
struct MinOp {
  template <class V>
  HWY_INLINE V operator()(V a, V b) const {
    return hn::Min(a, b);
  }
};
struct OrOp {
  template <class V>
  HWY_INLINE V operator()(V a, V b) const {
    return hn::Or(a, b);
  }
};
struct AndOp {
  template <class V>
  HWY_INLINE V operator()(V a, V b) const {
    return hn::And(a, b);
  }
};

// FindBase (F-4.1 .. F-4.3).
HWY_NOINLINE BaseInfo ScanBlock(const uint32_t* HWY_RESTRICT wide, size_t n,
                                const FormatInfo& format) {
  const D32 d;
  const Di32 di;
  const V32 ones = hn::Set(d, ~0U);
  const V32 abs_bits = hn::Set(d, kAbsBits);
  const V32 inf = hn::Set(d, WideInf(format));
  const auto finite_end = hn::Set(di, static_cast<int32_t>(WideInf(format)) - 1);
  const V32 one = hn::Set(d, 1);
  V32 most = hn::Zero(d);  // of the finite values
  V32 least = ones;        // the least finite value, minus 1
  V32 top = hn::Zero(d);   // of all values
  V32 any = hn::Zero(d);
  V32 all = ones;
  V32 zeros = hn::Zero(d);
  for (size_t i = 0; i < n; i += hn::Lanes(d)) {
    const V32 v = hn::LoadU(d, wide + i);
    const V32 a = hn::And(v, abs_bits);
    const auto zero = hn::Eq(a, hn::Zero(d));
    const auto special = hn::RebindMask(d, hn::Gt(hn::BitCast(di, a), finite_end));
    const auto is_inf = hn::Eq(a, inf);
    zeros = hn::Or(zeros, hn::VecFromMask(d, zero));
    top = hn::Max(top, a);
    most = hn::Max(most, hn::IfThenZeroElse(special, a));
    least = hn::Min(least, hn::IfThenElse(special, ones, hn::Sub(a, one)));
    any = hn::Or(any, v);
    // Zeros and Infs take part with their sign only.
    all = hn::And(all, hn::IfThenElse(hn::Or(zero, is_inf), hn::Or(v, abs_bits), v));
  }
  const uint32_t largest = ReduceLanes(d, most, MaxOp());
  const uint32_t smallest = ReduceLanes(d, least, MinOp());
  const uint32_t any_bits = ReduceLanes(d, any, OrOp());
  const uint32_t all_bits = ReduceLanes(d, all, AndOp());
  const uint32_t unused = kManBits - format.man_bits;

  BaseInfo info;
  info.base = largest >> kManBits;
  info.max_delta =
      smallest == ~0U ? -1 : static_cast<int32_t>(info.base - ((smallest + 1) >> kManBits));
  info.has_zero = !hn::AllFalse(d, hn::Ne(zeros, hn::Zero(d)));
  info.has_special = ReduceLanes(d, top, MaxOp()) >= WideInf(format);
  const int32_t codes = info.max_delta + (info.has_zero ? 1 : 0) + (info.has_special ? 2 : 0);
  info.needed_width =
      codes < 0 ? 0 : static_cast<uint32_t>(std::bit_width(static_cast<uint32_t>(codes)));
  info.any_negative = (any_bits & kSignBit) != 0;
  info.all_negative = (all_bits & kSignBit) != 0;
  info.uniform_map = ((all_bits | ~any_bits) & kManMask) >> unused;
  info.uniform_value = (all_bits & any_bits & kManMask) >> unused;
  return info;
}

// The planes that a header stores, as bits of the words.
HWY_INLINE uint32_t StoredPlanes(const FieldHeader& h, const FormatInfo& format) {
  const uint32_t codes = static_cast<uint32_t>(LowMask(h.width)) << kManBits;
  return (h.sign_stored ? kSignBit : 0U) | codes | h.map << (kManBits - format.man_bits);
}

// Codes of a header (F-3.6).
struct Codes {
  explicit Codes(const FieldHeader& h)
      : all_ones(static_cast<uint32_t>(LowMask(h.width))),
        nan(all_ones - (h.zero_code ? 1U : 0U)),
        inf(nan - 1) {}
  uint32_t all_ones;
  uint32_t nan;
  uint32_t inf;
};

// Moves the bits of a word that are stored to its top, in their order, and back. Where the stored
// mantissa planes have no gap, fields move as a whole; where they have, bits move 2^k places in
// five steps (Hacker's Delight 7-4 and 7-5).
class PlaneMover {
 public:
  explicit PlaneMover(const FieldHeader& h, const FormatInfo& format)
      : sign_(h.sign_stored ? kSignBit : 0U), width_(static_cast<int>(h.width)) {
    const uint32_t map = h.map << (kManBits - format.man_bits);
    const uint32_t holes = ~map & kManMask;
    gaps_ = (holes & (holes + 1)) != 0;
    if (HWY_LIKELY(!gaps_)) return;
    uint32_t stored = StoredPlanes(h, format);
    uint32_t count = ~stored >> 1;  // of the zeros to the left
    for (uint32_t k = 0; k < 5; ++k) {
      uint32_t parity = count;
      for (uint32_t s = 1; s < 32; s *= 2) parity ^= parity >> s;
      moves_[k] = parity & stored;
      stored = (stored ^ moves_[k]) | moves_[k] << (1U << k);
      count &= ~parity;
    }
    stored_ = StoredPlanes(h, format);
  }

  HWY_INLINE V32 ToTop(V32 word) const {
    const D32 d;
    if (HWY_LIKELY(!gaps_)) {
      const V32 sign = hn::And(word, hn::Set(d, sign_));
      const V32 rest = hn::ShiftLeftSame(hn::And(word, hn::Set(d, kAbsBits)), 8 - width_);
      return hn::Or(sign, hn::ShiftLeftSame(rest, sign_ == 0 ? 1 : 0));
    }
    word = hn::And(word, hn::Set(d, stored_));
    for (int k = 0; k < 5; ++k) {
      const V32 moved = hn::And(word, hn::Set(d, moves_[k]));
      word = hn::Or(hn::Xor(word, moved), hn::ShiftLeftSame(moved, 1 << k));
    }
    return word;
  }

  HWY_INLINE V32 FromTop(V32 word) const {
    const D32 d;
    if (HWY_LIKELY(!gaps_)) {
      const V32 sign = hn::And(word, hn::Set(d, sign_));
      const V32 rest = hn::ShiftRight<1>(hn::ShiftLeftSame(word, sign_ == 0 ? 0 : 1));
      return hn::Or(sign, hn::ShiftRightSame(rest, 8 - width_));
    }
    for (int k = 5; k-- > 0;) {
      const V32 mask = hn::Set(d, moves_[k]);
      word = hn::Or(hn::AndNot(mask, word), hn::And(hn::ShiftRightSame(word, 1 << k), mask));
    }
    return hn::And(word, hn::Set(d, stored_));
  }

 private:
  uint32_t sign_;
  int width_;
  bool gaps_;
  uint32_t stored_ = 0;
  uint32_t moves_[5] = {};
};

// F-3.1: the first 16 bits. ParseHeader and PackHeader do the same bit by bit.
HWY_INLINE void PutFieldHeader(const FieldHeader& h, Format format, uint8_t* HWY_RESTRICT slot) {
  if (HWY_UNLIKELY(h.extension)) {
    const size_t bytes = HeaderBits(h, format) / 8;
    std::memset(slot, 0, bytes);
    BitWriter out(std::as_writable_bytes(std::span(slot, bytes)));
    PackHeader(h, format, out);
    return;
  }
  const uint32_t bits = h.base | h.width << 8 | (h.zero_code ? 1U << 12 : 0U) |
                        (h.sign_stored ? 1U << 13 : 0U) | (h.saturated ? 1U << 15 : 0U);
  slot[0] = static_cast<uint8_t>(bits);
  slot[1] = static_cast<uint8_t>(bits >> 8);
}

HWY_INLINE Malformed GetFieldHeader(std::span<const std::byte> slot, const Config& config,
                                    FieldHeader& h) {
  if (slot.size() < 2 || (std::to_integer<uint32_t>(slot[1]) & 0x40U) != 0) {
    BitReader in(slot);
    return ParseHeader(in, config, h);
  }
  const FormatInfo format = InfoOf(config.format);
  const auto flags = std::to_integer<uint32_t>(slot[1]);
  h.base = std::to_integer<uint32_t>(slot[0]);
  h.width = flags & 15;
  h.zero_code = (flags & 0x10U) != 0;
  h.sign_stored = (flags & 0x20U) != 0;
  h.saturated = (flags & 0x80U) != 0;
  h.map = static_cast<uint32_t>(LowMask(format.man_bits));
  if (h.base >= format.exp_max) return Malformed::kBase;  // F-7.1
  if (h.width > format.exp_bits + 1) return Malformed::kWidth;
  if (FixedBits(h, config.format, config.block_len) > 8 * slot.size()) return Malformed::kTooShort;
  return Malformed::kNone;
}

// F-3.4: n(g) of the first groups, and of those from group `more` on, which have one row less.
struct RowCounts {
  RowCounts(uint32_t stored, size_t groups, size_t bytes) {
    const size_t each = bytes / groups;
    if (each >= stored) {
      first = rest = stored;
      more = groups;
    } else {
      first = static_cast<uint32_t>(each) + 1;
      rest = static_cast<uint32_t>(each);
      more = bytes % groups;
    }
    std::memset(rows, static_cast<int>(first), more);
    std::memset(rows + more, static_cast<int>(rest), groups - more);
  }
  HWY_INLINE uint32_t most() const { return more != 0 ? first : rest; }

  uint32_t first;
  uint32_t rest;
  size_t more;
  uint8_t rows[kMaxBlockLen / kFieldGroupLen];
};

// The slot of a block with header `h` (F-4.9, F-4.10); `bytes` is what it may take. Returns false
// if this block is not for this path.
HWY_NOINLINE bool EncodeFieldBlock(const uint32_t* HWY_RESTRICT wide, const FieldHeader& h,
                                   const Config& config, size_t bytes, uint8_t* HWY_RESTRICT slot) {
  if (HWY_UNLIKELY(h.width > kMaxWordWidth)) return false;
  const FormatInfo format = InfoOf(config.format);
  const size_t n = config.block_len;
  const size_t groups = n / kFieldGroupLen;
  const size_t header_bytes = HeaderBits(h, config.format) / 8;
  const auto stored = static_cast<uint32_t>(std::popcount(StoredPlanes(h, format)));
  const RowCounts counts(stored, groups, bytes - header_bytes);
  const bool wide_rows = counts.most() > kHalfRows;

  const D32 d;
  const Di32 di;
  const Codes codes(h);
  const PlaneMover mover(h, format);
  const auto base = static_cast<int32_t>(h.base);
  const auto limit =
      static_cast<int32_t>(codes.all_ones) - (h.zero_code ? 1 : 0) - (h.special ? 2 : 0);
  // Exponents below base - limit do not fit (F-4.7); zeros never do.
  const int32_t least = base > limit ? (base - limit) << kManBits : 1;
  const V32 abs_bits = hn::Set(d, kAbsBits);
  const V32 man_mask = hn::Set(d, kManMask);
  const V32 base_v = hn::Set(d, h.base << kManBits);
  const V32 zero_word = hn::Set(d, codes.all_ones << kManBits);
  const V32 nan_word = hn::Set(d, codes.nan << kManBits);
  const V32 inf_word = hn::Set(d, codes.inf << kManBits);
  const auto inf = hn::Set(di, static_cast<int32_t>(WideInf(format)));
  const auto least_v = hn::Set(di, least);
  const auto form_word = [&](size_t i) HWY_ATTR {  // FormWords
    const V32 v = hn::LoadU(d, wide + i);
    const V32 a = hn::And(v, abs_bits);
    const V32 man = hn::And(a, man_mask);
    const auto ai = hn::BitCast(di, a);
    V32 word = hn::Or(hn::Sub(base_v, hn::Xor(a, man)), man);
    word = hn::IfThenElse(hn::RebindMask(d, hn::Lt(ai, least_v)), zero_word, word);
    if (HWY_UNLIKELY(h.special)) {
      word = hn::IfThenElse(hn::RebindMask(d, hn::Eq(ai, inf)), inf_word, word);
      word = hn::IfThenElse(hn::RebindMask(d, hn::Gt(ai, inf)), hn::Or(nan_word, man), word);
    }
    return mover.ToTop(hn::Or(word, hn::AndNot(abs_bits, v)));
  };
  HalfRows high;
  HalfRows low;
  const size_t lanes = hn::Lanes(d);
  for (size_t i = 0; i < n; i += 2 * lanes) {
    StoreRows<8>(form_word(i), form_word(i + lanes), i, wide_rows, high, low);
  }
  PutFieldHeader(h, config.format, slot);
  const size_t used = header_bytes + PutRows<8>(high, low, wide_rows, false, counts.rows, groups,
                                                slot + header_bytes);
  ZeroRest(slot, used, bytes);
  return true;
}

// F-3.7 .. F-3.12: RebuildValues. `lost`: the stored planes that a value has lost, as bits of the
// words, in the first `cut` values and in the others.
HWY_NOINLINE void RebuildFieldValues(const uint32_t* HWY_RESTRICT words, const FieldHeader& h,
                                     const Config& config, uint32_t lost_first, uint32_t lost_rest,
                                     size_t cut, uint8_t* HWY_RESTRICT values) {
  const D32 d;
  const Di32 di;
  const FormatInfo format = InfoOf(config.format);
  const Codes codes(h);
  const PlaneMover mover(h, format);
  const uint32_t stored = StoredPlanes(h, format);
  const uint32_t first_zero = std::min(h.base + 1, h.zero_code ? codes.all_ones : h.base + 1);
  const bool midpoint = config.fill == Fill::kMidpoint;
  const auto highest = [&](uint32_t lost) {
    return midpoint && lost != 0 ? std::bit_floor(lost) : 0;
  };
  const auto others = [&](uint32_t lost) { return midpoint ? lost & ~highest(lost) : 0; };
  const V32 known_first = hn::Set(d, stored & ~lost_first);
  const V32 known_rest = hn::Set(d, stored & ~lost_rest);
  const V32 top_first = hn::Set(d, highest(lost_first));
  const V32 top_rest = hn::Set(d, highest(lost_rest));
  const V32 fill_first = hn::Set(d, others(lost_first));
  const V32 fill_rest = hn::Set(d, others(lost_rest));
  const V32 common = hn::Set(d, h.value << (kManBits - format.man_bits));
  const V32 sign_value = hn::Set(d, h.sign_value ? kSignBit : 0);
  const V32 man_mask = hn::Set(d, kManMask);
  const V32 abs_bits = hn::Set(d, kAbsBits);
  const V32 base_v = hn::Set(d, h.base << kManBits);
  const auto last_finite = hn::Set(di, static_cast<int32_t>(first_zero << kManBits) - 1);
  const V32 inf = hn::Set(d, WideInf(format));
  const V32 quiet = hn::Set(d, (lost_first | lost_rest) != 0 ? 1U << (kManBits - 1) : 0U);
  const V32 nan_code = hn::Set(d, codes.nan << kManBits);
  const V32 inf_code = hn::Set(d, codes.inf << kManBits);
  const auto cut_v = hn::Set(di, static_cast<int32_t>(cut));
  auto index = hn::Iota(di, 0);
  const auto step = hn::Set(di, static_cast<int32_t>(hn::Lanes(d)));
  for (size_t i = 0; i < config.block_len; i += hn::Lanes(d)) {
    const auto is_first = hn::RebindMask(d, hn::Lt(index, cut_v));
    index = hn::Add(index, step);
    const V32 word = hn::And(mover.FromTop(hn::Load(d, words + i)),
                             hn::IfThenElse(is_first, known_first, known_rest));
    const V32 top = hn::IfThenElse(is_first, top_first, top_rest);
    const V32 fill = hn::IfThenElse(is_first, fill_first, fill_rest);
    const V32 a = hn::And(word, abs_bits);
    const V32 sign = hn::Or(hn::AndNot(abs_bits, word), sign_value);
    const V32 bits = hn::And(a, man_mask);
    const V32 code = hn::Xor(a, bits);
    const V32 known = hn::Or(bits, common);
    V32 out = hn::Or(hn::Sub(base_v, code), known);
    const auto even = hn::Eq(hn::And(out, hn::ShiftLeft<1>(top)), hn::Zero(d));  // F-3.10
    out = hn::Or(out, hn::IfThenElse(even, top, fill));
    const auto zero = hn::RebindMask(d, hn::Gt(hn::BitCast(di, a), last_finite));
    out = hn::IfThenZeroElse(zero, out);
    if (HWY_UNLIKELY(h.special)) {
      out = hn::IfThenElse(hn::Eq(code, inf_code), inf, out);
      out = hn::IfThenElse(hn::Eq(code, nan_code), hn::Or(hn::Or(inf, known), quiet), out);
    }
    StoreWide(config.format, hn::Or(out, sign), i, values);
  }
}

enum class Decoded { kDone, kMalformed, kReference };

// The lowest planes of `stored` of which only `rows` are there.
HWY_INLINE uint32_t LostPlanes(uint32_t stored, uint32_t rows) {
  while (rows-- > 0) stored &= ~std::bit_floor(stored);
  return stored;
}

// A slot of order field that takes all of `slot`; kSlack bytes behind it can be read.
HWY_NOINLINE Decoded DecodeFieldBlock(std::span<const std::byte> slot, const Config& config,
                                      uint8_t* HWY_RESTRICT values) {
  const FormatInfo format = InfoOf(config.format);
  const size_t n = config.block_len;
  const size_t groups = n / kFieldGroupLen;
  FieldHeader h;
  if (GetFieldHeader(slot, config, h) != Malformed::kNone) return Decoded::kMalformed;
  if (HWY_UNLIKELY(h.width > kMaxWordWidth)) return Decoded::kReference;
  const uint32_t stored = StoredPlanes(h, format);
  const auto planes = static_cast<uint32_t>(std::popcount(stored));
  const size_t header_bytes = HeaderBits(h, config.format) / 8;
  if (config.lossless && header_bytes + planes * groups != slot.size()) {
    return Decoded::kMalformed;  // F-7.3
  }
  const RowCounts counts(planes, groups, slot.size() - header_bytes);
  const bool wide_rows = counts.most() > kHalfRows;
  HalfRows high;
  HalfRows low;
  const auto* from = reinterpret_cast<const uint8_t*>(slot.data()) + header_bytes;
  GetRows<8>(from, counts.rows, groups, wide_rows, high, low);
  HWY_ALIGN uint32_t words[kMaxBlockLen];
  const size_t step = 2 * hn::Lanes(D32());
  for (size_t i = 0; i < n; i += step) LoadRows<8>(high, low, wide_rows, i, words);
  RebuildFieldValues(words, h, config, LostPlanes(stored, counts.first),
                     LostPlanes(stored, counts.rest), counts.more * kFieldGroupLen, values);
  return Decoded::kDone;
}

}  // namespace HWY_NAMESPACE
}  // namespace actplane::fast
HWY_AFTER_NAMESPACE();

#endif  // ACTPLANE_FAST_FIELD_INL_H
