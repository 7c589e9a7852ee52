// SPDX-License-Identifier: Apache-2.0
// Rows (F-3.4, F-5.6): 16 bits of every value of a block to one bit of every value of a group after
// the other, and back; and runs of rows in a slot, one after the other without gaps.
//
// Values come in words of 32 bits, the bit of the first row on top. The upper halves of the words
// are rows 0 .. 15, the lower ones rows 16 .. 31, which few groups have.
#include "hwy/highway.h"

#if defined(ACTPLANE_FAST_ROWS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef ACTPLANE_FAST_ROWS_INL_H
#undef ACTPLANE_FAST_ROWS_INL_H
#else
#define ACTPLANE_FAST_ROWS_INL_H
#endif

#include <cstring>

#include "actplane/format.h"
#include "wide-inl.h"

HWY_BEFORE_NAMESPACE();
namespace actplane::fast {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using D16 = hn::RepartitionToNarrow<D32>;
using V16 = hn::Vec<D16>;

inline constexpr uint32_t kHalfRows = 16;
inline constexpr size_t kSlack = 64;  // bytes behind a slot that may be read, or written and lost

// Rows of a block, 16 to a group whatever is used of them.
struct HalfRows {
  HWY_ALIGN uint8_t bytes[kHalfRows * kMaxBlockLen / 8];
};

// Bits of `x` under `mask` change places with those `kShift` higher.
template <int kShift, class V>
HWY_INLINE V SwapBits(V x, uint64_t mask) {
  const hn::DFromV<V> d;
  const V moved = hn::And(hn::Xor(x, hn::ShiftRight<kShift>(x)), hn::Set(d, mask));
  return hn::Xor3(x, moved, hn::ShiftLeft<kShift>(moved));
}

// 8 words of 16 bits are one group of 8, or two of 4. A group of 8: rows are bytes, a word of 64
// bits an 8 x 8 matrix. A group of 4: a word of 64 bits is a 4 x 16 matrix. The bytes are shuffled
// so that after the three swaps the top bits of the values come first.
template <uint32_t kGroupLen>
struct RowOrder {
  HWY_ALIGN static constexpr uint8_t kToRows[16] = {15, 13, 11, 9, 7, 5, 3, 1,
                                                    14, 12, 10, 8, 6, 4, 2, 0};
  HWY_ALIGN static constexpr uint8_t kFromRows[16] = {15, 7, 14, 6, 13, 5, 12, 4,
                                                      11, 3, 10, 2, 9,  1, 8,  0};
};
template <>
struct RowOrder<4> {
  HWY_ALIGN static constexpr uint8_t kToRows[16] = {5,  1, 7,  3,  4,  0, 6,  2,
                                                    13, 9, 15, 11, 12, 8, 14, 10};
  HWY_ALIGN static constexpr uint8_t kFromRows[16] = {5,  1, 7,  3,  4,  0, 6,  2,
                                                      13, 9, 15, 11, 12, 8, 14, 10};
};

template <uint32_t kGroupLen>
HWY_INLINE V16 ToRows(V16 values) {
  const D16 d;
  const hn::Repartition<uint8_t, D16> d8;
  const hn::Repartition<uint64_t, D16> d64;
  const auto order = hn::LoadDup128(d8, RowOrder<kGroupLen>::kToRows);
  auto x = hn::BitCast(d64, hn::TableLookupBytes(hn::BitCast(d8, values), order));
  if constexpr (kGroupLen == 8) {
    x = SwapBits<9>(x, 0x0055005500550055U);
    x = SwapBits<18>(x, 0x0000333300003333U);
    x = SwapBits<36>(x, 0x000000000f0f0f0fU);
  } else {
    x = SwapBits<5>(x, 0x0505050505050505U);
    x = SwapBits<10>(x, 0x0033003300330033U);
    x = SwapBits<15>(x, 0x0000aaaa0000aaaaU);
  }
  return hn::BitCast(d, x);
}

template <uint32_t kGroupLen>
HWY_INLINE V16 FromRows(V16 rows) {
  const D16 d;
  const hn::Repartition<uint8_t, D16> d8;
  const hn::Repartition<uint64_t, D16> d64;
  auto x = hn::BitCast(d64, rows);
  if constexpr (kGroupLen == 8) {
    x = SwapBits<36>(x, 0x000000000f0f0f0fU);
    x = SwapBits<18>(x, 0x0000333300003333U);
    x = SwapBits<9>(x, 0x0055005500550055U);
  } else {
    x = SwapBits<15>(x, 0x0000aaaa0000aaaaU);
    x = SwapBits<10>(x, 0x0033003300330033U);
    x = SwapBits<5>(x, 0x0505050505050505U);
  }
  const auto order = hn::LoadDup128(d8, RowOrder<kGroupLen>::kFromRows);
  return hn::BitCast(d, hn::TableLookupBytes(hn::BitCast(d8, x), order));
}

// The words of two vectors, from value i on; `low` only if some group has more than 16 rows.
template <uint32_t kGroupLen>
HWY_INLINE void StoreRows(V32 first, V32 second, size_t i, bool wide, HalfRows& high,
                          HalfRows& low) {
  const D16 d;
  const V16 a = hn::BitCast(d, first);
  const V16 b = hn::BitCast(d, second);
  auto* to = reinterpret_cast<uint16_t*>(high.bytes);
  hn::Store(ToRows<kGroupLen>(hn::ConcatOdd(d, b, a)), d, to + i);
  if (HWY_UNLIKELY(wide)) {
    to = reinterpret_cast<uint16_t*>(low.bytes);
    hn::Store(ToRows<kGroupLen>(hn::ConcatEven(d, b, a)), d, to + i);
  }
}

// Words from `words` on, two vectors of them. Bits of rows that a group has not are arbitrary.
template <uint32_t kGroupLen>
HWY_INLINE void LoadRows(const HalfRows& high, const HalfRows& low, bool wide, size_t i,
                         uint32_t* HWY_RESTRICT words) {
  const D32 d;
  const D16 d16;
  const hn::Half<D16> half;
  const size_t lanes = hn::Lanes(d);
  const auto* from = reinterpret_cast<const uint16_t*>(high.bytes);
  const V16 upper = FromRows<kGroupLen>(hn::Load(d16, from + i));
  V32 a = hn::ShiftLeft<16>(hn::PromoteTo(d, hn::LowerHalf(half, upper)));
  V32 b = hn::ShiftLeft<16>(hn::PromoteTo(d, hn::UpperHalf(half, upper)));
  if (HWY_UNLIKELY(wide)) {
    from = reinterpret_cast<const uint16_t*>(low.bytes);
    const V16 lower = FromRows<kGroupLen>(hn::Load(d16, from + i));
    a = hn::Or(a, hn::PromoteTo(d, hn::LowerHalf(half, lower)));
    b = hn::Or(b, hn::PromoteTo(d, hn::UpperHalf(half, lower)));
  }
  hn::Store(a, d, words + i);
  hn::Store(b, d, words + i + lanes);
}

HWY_INLINE uint64_t LoadWord(const void* from) {
  uint64_t word;
  std::memcpy(&word, from, sizeof(word));
  return word;
}
HWY_INLINE void StoreWord(uint64_t word, void* to) { std::memcpy(to, &word, sizeof(word)); }

// F-2.8, up to kSlack too far.
HWY_INLINE void ZeroRest(uint8_t* HWY_RESTRICT slot, size_t used, size_t bytes) {
  const hn::Repartition<uint8_t, D32> d;
  for (; used < bytes; used += hn::Lanes(d)) hn::StoreU(hn::Zero(d), d, slot + used);
}

// Rows of groups of 4 one after the other are nibbles: half of them start in the middle of a byte.
// A chunk is 1 to 15 rows, bits behind them 0.
inline constexpr size_t kMostChunks = 2 * kMaxBlockLen / 4;
struct Chunks {
  HWY_ALIGN uint64_t bits[kMostChunks + 8];
  HWY_ALIGN uint8_t rows[kMostChunks + 8];
  size_t count = 0;

  HWY_INLINE void Add(uint64_t chunk, uint32_t chunk_rows) {
    bits[count] = chunk;
    rows[count] = static_cast<uint8_t>(chunk_rows);
    count += chunk_rows != 0 ? 1 : 0;
  }
};
inline constexpr uint64_t kEveryByte = 0x0101010101010101U;

// Writes chunks; up to a multiple of 8 of them `bits` can be read and `rows` are 0. Every chunk is
// a word of 64 bits at its byte, with the last row of the one before where that shares the byte;
// the next one overwrites what is too much. Returns the bytes used.
HWY_INLINE size_t PutChunks(const uint64_t* HWY_RESTRICT bits, const uint8_t* HWY_RESTRICT rows,
                            size_t count, uint8_t* HWY_RESTRICT to) {
  const hn::Repartition<uint64_t, D32> d;
  const hn::Rebind<uint32_t, decltype(d)> d32;
  const hn::Rebind<uint8_t, decltype(d)> d8;
  const size_t lanes = hn::Lanes(d);
  HWY_ALIGN static constexpr uint64_t kRotate[8] = {hn::MaxLanes(d) - 1, 0, 1, 2, 3, 4, 5, 6};
  const auto rotate = hn::SetTableIndices(d, kRotate);
  const auto is_first = hn::FirstN(d, 1);
  const auto one = hn::Set(d, 1);
  HWY_ALIGN uint64_t words[kMostChunks];
  auto last = hn::Zero(d);  // the last rows of the vector before, the very last one in lane 0
  const uint8_t* begin = to;
  uint32_t odd = 0;  // the next chunk starts in the middle of a byte
  for (size_t i = 0; i < count; i += 8) {
    const uint64_t sums = LoadWord(rows + i) * kEveryByte;
    HWY_ALIGN uint64_t starts[2] = {(sums << 8) + odd * kEveryByte, 0};  // nibbles from `to` on
    const auto* start = reinterpret_cast<const uint8_t*>(starts);
    for (size_t k = 0; k < 8; k += lanes) {
      const auto x = hn::Load(d, bits + i + k);
      const auto from = hn::PromoteTo(d, hn::PromoteTo(d32, hn::LoadU(d8, start + k)));
      const auto size = hn::PromoteTo(d, hn::PromoteTo(d32, hn::LoadU(d8, rows + i + k)));
      const auto starts_odd = hn::And(from, one);
      const auto own_last =
          hn::TableLookupLanes(hn::Shr(hn::ShiftLeft<4>(x), hn::ShiftLeft<2>(size)), rotate);
      const auto before = hn::IfThenElse(is_first, last, own_last);
      last = own_last;
      const auto shared = hn::IfThenElseZero(hn::Eq(starts_odd, one), before);
      hn::Store(hn::Or(hn::Shl(x, hn::ShiftLeft<2>(starts_odd)), shared), d, words + i + k);
    }
    const size_t end = HWY_MIN(count - i, 8);
    for (size_t k = 0; k < end; ++k) StoreWord(words[i + k], to + start[k] / 2);
    const auto total = static_cast<uint32_t>(sums >> 56) + odd;
    to += total / 2;
    odd = total % 2;
  }
  return static_cast<size_t>(to - begin) + odd;
}

// Rows of a group up to which its lower halves hold nothing. (A word of 16 rows of 4 values has no
// room to be moved by a nibble.)
template <uint32_t kGroupLen>
inline constexpr uint32_t kMostHalfRows = kGroupLen == 8 ? kHalfRows : kHalfRows - 1;

// The rows of all groups, rows[g] of them, from `to` on. Returns the bytes used; up to kSlack
// behind them are written.
template <uint32_t kGroupLen>
HWY_INLINE size_t PutRows(const HalfRows& high, const HalfRows& low, bool wide, bool gaps,
                          const uint8_t* HWY_RESTRICT rows, size_t groups,
                          uint8_t* HWY_RESTRICT to) {
  if constexpr (kGroupLen == 8) {
    uint8_t* at = to;
    for (size_t g = 0; g < groups; ++g) {
      std::memcpy(at, high.bytes + 16 * g, 16);
      if (HWY_UNLIKELY(wide)) std::memcpy(at + 16, low.bytes + 16 * g, 16);
      at += rows[g];
    }
    return static_cast<size_t>(at - to);
  } else {
    constexpr uint32_t kFirst = kMostHalfRows<kGroupLen>;
    const auto* bits = reinterpret_cast<const uint64_t*>(high.bytes);
    if (HWY_LIKELY(!wide && !gaps)) return PutChunks(bits, rows, groups, to);
    Chunks chunks;
    for (size_t g = 0; g < groups; ++g) {
      const uint32_t first = rows[g] < kFirst ? rows[g] : kFirst;
      chunks.Add(wide ? bits[g] << 4 >> 4 : bits[g], first);
      if (wide) chunks.Add(bits[g] >> 60 | LoadWord(low.bytes + 8 * g) << 4, rows[g] - first);
    }
    StoreWord(0, chunks.rows + chunks.count);
    return PutChunks(chunks.bits, chunks.rows, chunks.count, to);
  }
}

// The inverse. Bits behind the rows of a group are arbitrary; reads up to kSlack behind the last.
template <uint32_t kGroupLen>
HWY_INLINE void GetRows(const uint8_t* HWY_RESTRICT from, const uint8_t* HWY_RESTRICT rows,
                        size_t groups, bool wide, HalfRows& high, HalfRows& low) {
  if constexpr (kGroupLen == 8) {
    for (size_t g = 0; g < groups; ++g) {
      std::memcpy(high.bytes + 16 * g, from, 16);
      if (HWY_UNLIKELY(wide)) std::memcpy(low.bytes + 16 * g, from + 16, 16);
      from += rows[g];
    }
  } else {
    uint32_t position = 0;
    for (size_t g = 0; g < groups; ++g) {
      const uint8_t* at = from + position / 2;
      const uint32_t shift = 4 * (position & 1);
      uint64_t bits = LoadWord(at) >> shift;
      if (HWY_UNLIKELY(wide)) {
        bits |= LoadWord(at + 1) << (8 - shift);
        StoreWord(LoadWord(at + 8) >> shift, low.bytes + 8 * g);
      }
      StoreWord(bits, high.bytes + 8 * g);
      position += rows[g];
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace actplane::fast
HWY_AFTER_NAMESPACE();

#endif  // ACTPLANE_FAST_ROWS_INL_H
