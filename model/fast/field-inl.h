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
#include "planes-inl.h"
#include "wide-inl.h"

HWY_BEFORE_NAMESPACE();
namespace actplane::fast {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using Di32 = hn::Rebind<int32_t, D32>;

// A word of order field holds the sign and the code of a value where its pattern holds sign and
// exponent. A code of 9 bits does not fit; such blocks hold nearly every exponent there is and are
// left to the reference.
inline constexpr uint32_t kMaxWordWidth = 8;
inline constexpr size_t kMaxPlaneBytes = 33 * kMaxBlockLen / 8;

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
HWY_INLINE BaseInfo ScanBlock(const uint32_t* HWY_RESTRICT wide, size_t n,
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
    const V32 v = hn::Load(d, wide + i);
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

// Codes of a header, in words (F-3.6).
struct Codes {
  explicit Codes(const FieldHeader& h)
      : all_ones(static_cast<uint32_t>(LowMask(h.width))),
        nan(all_ones - (h.zero_code ? 1U : 0U)),
        inf(nan - 1) {}
  uint32_t all_ones;
  uint32_t nan;
  uint32_t inf;
};

// F-4.7, F-4.10: FormWords.
HWY_INLINE void FormFieldWords(const uint32_t* HWY_RESTRICT wide, size_t n, const FieldHeader& h,
                               const FormatInfo& format, uint32_t* HWY_RESTRICT words) {
  const D32 d;
  const Di32 di;
  const Codes codes(h);
  const auto base = static_cast<int32_t>(h.base);
  const auto limit =
      static_cast<int32_t>(codes.all_ones) - (h.zero_code ? 1 : 0) - (h.special ? 2 : 0);
  // Exponents below base - limit do not fit; zeros never do.
  const int32_t least = base > limit ? (base - limit) << kManBits : 1;
  const V32 abs_bits = hn::Set(d, kAbsBits);
  const V32 man_mask = hn::Set(d, kManMask);
  const V32 base_v = hn::Set(d, h.base << kManBits);
  const V32 zero_word = hn::Set(d, codes.all_ones << kManBits);
  const V32 nan_word = hn::Set(d, codes.nan << kManBits);
  const V32 inf_word = hn::Set(d, codes.inf << kManBits);
  const auto inf = hn::Set(di, static_cast<int32_t>(WideInf(format)));
  const auto least_v = hn::Set(di, least);
  for (size_t i = 0; i < n; i += hn::Lanes(d)) {
    const V32 v = hn::Load(d, wide + i);
    const V32 a = hn::And(v, abs_bits);
    const V32 man = hn::And(a, man_mask);
    const auto ai = hn::BitCast(di, a);
    V32 word = hn::Or(hn::Sub(base_v, hn::Xor(a, man)), man);
    word = hn::IfThenElse(hn::RebindMask(d, hn::Lt(ai, least_v)), zero_word, word);
    if (HWY_UNLIKELY(h.special)) {
      word = hn::IfThenElse(hn::RebindMask(d, hn::Eq(ai, inf)), inf_word, word);
      word = hn::IfThenElse(hn::RebindMask(d, hn::Gt(ai, inf)), hn::Or(nan_word, man), word);
    }
    hn::Store(hn::Or(word, hn::AndNot(abs_bits, v)), d, words + i);
  }
}

// The slot of a block with header `h` (F-4.9, F-4.10); `bytes` is what it may take. Planes are
// whole bytes, so the cut (F-3.5) only shortens the copy. Returns the bytes used before the cut, 0
// if this block is not for this path.
HWY_INLINE size_t EncodeFieldBlock(const uint32_t* HWY_RESTRICT wide, const FieldHeader& h,
                                   const Config& config, uint8_t* HWY_RESTRICT slot, size_t bytes) {
  if (HWY_UNLIKELY(h.width > kMaxWordWidth)) return 0;
  const FormatInfo format = InfoOf(config.format);
  const size_t n = config.block_len;
  const size_t stride = n / 8;
  HWY_ALIGN uint32_t words[kMaxBlockLen];
  FormFieldWords(wide, n, h, format, words);
  BytePlanes split;
  SplitBytes(words, n, split);

  const size_t header_bytes = HeaderBits(h, config.format) / 8;
  std::memset(slot, 0, header_bytes);
  BitWriter out(std::as_writable_bytes(std::span(slot, header_bytes)));
  PackHeader(h, config.format, out);

  const uint32_t stored = StoredPlanes(h, format);
  const size_t room = bytes - header_bytes;
  const size_t plane_bytes = stride * static_cast<size_t>(std::popcount(stored));
  HWY_ALIGN uint8_t planes[kMaxPlaneBytes];
  uint8_t* to = planes;
  for (uint32_t k = 0; k < 4 && static_cast<size_t>(to - planes) < room; ++k) {
    const uint32_t bits = (stored >> (24 - 8 * k)) & 0xffU;
    BytesToPlanes(split.bytes[k], n, bits, stride, to);
    to += stride * static_cast<size_t>(std::popcount(bits));
  }
  const size_t used = std::min(room, plane_bytes);
  std::memcpy(slot + header_bytes, planes, used);
  std::memset(slot + header_bytes + used, 0, room - used);  // F-2.8
  return header_bytes + plane_bytes;
}

// F-3.7 .. F-3.12: RebuildValues. `lost`: stored planes, as bits of the words, that values from
// `cut` on have lost; those before it have lost the same without the highest.
HWY_INLINE void RebuildFieldValues(const uint32_t* HWY_RESTRICT words, const FieldHeader& h,
                                   const Config& config, uint32_t lost, size_t cut,
                                   uint8_t* HWY_RESTRICT values) {
  const D32 d;
  const Di32 di;
  const FormatInfo format = InfoOf(config.format);
  const Codes codes(h);
  const uint32_t first_zero = std::min(h.base + 1, h.zero_code ? codes.all_ones : h.base + 1);
  const uint32_t common = h.value << (kManBits - format.man_bits);
  const bool midpoint = config.fill == Fill::kMidpoint;
  const uint32_t highest = lost == 0 ? 0 : std::bit_floor(lost);
  const uint32_t next = lost == highest ? 0 : std::bit_floor(lost & ~highest);
  const V32 known_before = hn::Set(d, common);
  const V32 fill_before = hn::Set(d, midpoint ? next : 0);
  const V32 fill_after = hn::Set(d, midpoint ? highest : 0);
  const V32 sign_value = hn::Set(d, h.sign_value ? kSignBit : 0);
  const V32 man_mask = hn::Set(d, kManMask);
  const V32 abs_bits = hn::Set(d, kAbsBits);
  const V32 base_v = hn::Set(d, h.base << kManBits);
  const auto last_finite = hn::Set(di, static_cast<int32_t>(first_zero << kManBits) - 1);
  const V32 cut_v = hn::Set(d, static_cast<uint32_t>(cut));
  const V32 inf = hn::Set(d, WideInf(format));
  const V32 quiet = hn::Set(d, lost != 0 ? 1U << (kManBits - 1) : 0U);
  const V32 nan_code = hn::Set(d, codes.nan << kManBits);
  const V32 inf_code = hn::Set(d, codes.inf << kManBits);
  V32 index = hn::Iota(d, 0);
  const V32 step = hn::Set(d, static_cast<uint32_t>(hn::Lanes(d)));
  for (size_t i = 0; i < config.block_len; i += hn::Lanes(d)) {
    const V32 word = hn::Load(d, words + i);
    const V32 a = hn::And(word, abs_bits);
    const V32 sign = hn::Or(hn::AndNot(abs_bits, word), sign_value);
    const V32 bits = hn::And(a, man_mask);
    const V32 code = hn::Xor(a, bits);
    const V32 known = hn::Or(bits, known_before);
    const auto before = hn::RebindMask(d, hn::Lt(hn::BitCast(di, index), hn::BitCast(di, cut_v)));
    const V32 filled = hn::Or(known, hn::IfThenElse(before, fill_before, fill_after));
    const auto zero = hn::RebindMask(d, hn::Gt(hn::BitCast(di, a), last_finite));
    V32 out = hn::IfThenZeroElse(zero, hn::Or(hn::Sub(base_v, code), filled));
    if (HWY_UNLIKELY(h.special)) {
      out = hn::IfThenElse(hn::Eq(code, inf_code), inf, out);
      out = hn::IfThenElse(hn::Eq(code, nan_code), hn::Or(hn::Or(inf, known), quiet), out);
    }
    StoreWide(config.format, hn::Or(out, sign), i, values);
    index = hn::Add(index, step);
  }
}

enum class Decoded { kDone, kMalformed, kReference };

// A slot of order field that takes all of `slot`; `whole` demands that nothing is lost. In lossless
// mode the caller compares `size_bits` with the length (F-7.4).
HWY_INLINE Decoded DecodeFieldBlock(std::span<const std::byte> slot, const Config& config,
                                    bool whole, uint64_t& size_bits, uint8_t* HWY_RESTRICT values) {
  const FormatInfo format = InfoOf(config.format);
  const size_t n = config.block_len;
  const size_t stride = n / 8;
  FieldHeader h;
  BitReader in(slot);
  if (ParseHeader(in, config, h) != Malformed::kNone) return Decoded::kMalformed;
  if (HWY_UNLIKELY(h.width > kMaxWordWidth)) return Decoded::kReference;

  const uint32_t stored = StoredPlanes(h, format);
  const size_t header_bytes = HeaderBits(h, config.format) / 8;
  const size_t plane_bytes = stride * static_cast<size_t>(std::popcount(stored));
  size_bits = 8 * (header_bytes + plane_bytes);
  const size_t there = std::min(slot.size() - header_bytes, plane_bytes);
  if (whole && there < plane_bytes) return Decoded::kMalformed;

  HWY_ALIGN uint8_t planes[kMaxPlaneBytes];
  std::memcpy(planes, slot.data() + header_bytes, there);
  std::memset(planes + there, 0, stride);
  BytePlanes split;
  const uint8_t* from = planes;
  uint32_t lost = stored;
  for (uint32_t k = 0; k < 4; ++k) {
    uint32_t bits = (stored >> (24 - 8 * k)) & 0xffU;
    // Planes that start beyond the end are not looked at.
    const size_t left = from < planes + there ? static_cast<size_t>(planes + there - from) : 0;
    const size_t reached = (left + stride - 1) / stride;
    uint32_t read = bits;
    while (static_cast<size_t>(std::popcount(read)) > reached) read &= read - 1;
    PlanesToBytes(from, n, read, stride, split.bytes[k]);
    lost &= ~(read << (24 - 8 * k));
    from += stride * static_cast<size_t>(std::popcount(bits));
  }
  HWY_ALIGN uint32_t words[kMaxBlockLen];
  JoinBytes(split, n, words);

  const size_t cut = there % stride * 8;
  if (cut != 0) {  // the last plane is there in part: values from the cut on have lost it
    const uint32_t read = stored & ~lost;
    lost |= read & (~read + 1);
  }
  RebuildFieldValues(words, h, config, lost, cut, values);
  return Decoded::kDone;
}

}  // namespace HWY_NAMESPACE
}  // namespace actplane::fast
HWY_AFTER_NAMESPACE();

#endif  // ACTPLANE_FAST_FIELD_INL_H
