// SPDX-License-Identifier: Apache-2.0
// Lists of bits in 64-bit words: gathering, scattering, and the two ends of a stream (F-2.7).
#include "hwy/highway.h"

#if defined(ACTPLANE_FAST_BITS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef ACTPLANE_FAST_BITS_INL_H
#undef ACTPLANE_FAST_BITS_INL_H
#else
#define ACTPLANE_FAST_BITS_INL_H
#endif

#include <bit>
#include <cstring>

#include "actplane/bits.h"
#include "actplane/significance_order.h"

#undef ACTPLANE_FAST_BMI2
#if HWY_ARCH_X86_64 && HWY_TARGET <= HWY_AVX2 && !defined(HWY_DISABLE_BMI2_FMA)
#include <immintrin.h>
#define ACTPLANE_FAST_BMI2 1
#else
#define ACTPLANE_FAST_BMI2 0
#endif

HWY_BEFORE_NAMESPACE();
namespace actplane::fast {
namespace HWY_NAMESPACE {

HWY_INLINE uint32_t CountBits(uint64_t x) { return static_cast<uint32_t>(std::popcount(x)); }

#if ACTPLANE_FAST_BMI2
HWY_INLINE uint64_t GatherBits(uint64_t x, uint64_t mask) { return _pext_u64(x, mask); }
HWY_INLINE uint64_t ScatterBits(uint64_t x, uint64_t mask) { return _pdep_u64(x, mask); }
#else
// Hacker's Delight 7-4 and 7-5: each step moves the bits that must go 2^k places.
struct BitMoves {
  explicit BitMoves(uint64_t mask) : moves() {
    uint64_t count = ~mask << 1;  // of the zeros to the right
    for (uint32_t k = 0; k < 6; ++k) {
      uint64_t parity = count;
      for (uint32_t s = 1; s < 64; s *= 2) parity ^= parity << s;
      moves[k] = parity & mask;
      mask = (mask ^ moves[k]) | moves[k] >> (1U << k);
      count &= ~parity;
    }
  }
  uint64_t moves[6];
};

HWY_INLINE uint64_t GatherBits(uint64_t x, uint64_t mask) {
  const BitMoves steps(mask);
  x &= mask;
  for (uint32_t k = 0; k < 6; ++k) {
    const uint64_t moved = x & steps.moves[k];
    x = (x ^ moved) | moved >> (1U << k);
  }
  return x;
}

HWY_INLINE uint64_t ScatterBits(uint64_t x, uint64_t mask) {
  const BitMoves steps(mask);
  for (uint32_t k = 6; k-- > 0;) {
    const uint64_t moved = x << (1U << k);
    x = (x & ~steps.moves[k]) | (moved & steps.moves[k]);
  }
  return x & mask;
}
#endif

// Writes into a buffer that has room for everything and a word more.
class WordWriter {
 public:
  explicit WordWriter(uint64_t* words) : words_(words) {}

  // `value` has no bits beyond `count`, which is 0 .. 64. No branch: whether a word is full is as
  // good as random.
  HWY_INLINE void Put(uint64_t value, uint32_t count) {
    const uint64_t at = position_ / 64;
    const uint32_t fill = position_ % 64;
    const uint64_t word = word_ | value << fill;
    const uint64_t beyond = (value >> 1) >> (63 - fill);
    words_[at] = word;
    position_ += count;
    word_ = position_ / 64 != at ? beyond : word;
  }
  HWY_INLINE void Flush() { words_[position_ / 64] = word_; }
  uint64_t position() const { return position_; }

 private:
  uint64_t* words_;
  uint64_t word_ = 0;
  uint64_t position_ = 0;
};

// 64 bits from bit `position`; the buffer goes on for 9 bytes more.
HWY_INLINE uint64_t ReadWord(const uint8_t* from, uint64_t position) {
  from += position / 8;
  uint64_t word;
  std::memcpy(&word, from, sizeof(word));
  const uint32_t shift = position % 8;
  return word >> shift | (uint64_t{from[8]} << 1) << (63 - shift);
}

// One flag for every four bits: from the bits, after folding, and to all four of them.
inline constexpr uint64_t kEveryFourth = 0x1111111111111111U;
HWY_INLINE uint64_t SpreadFlags(uint64_t flags) { return ScatterBits(flags, kEveryFourth) * 15; }

// One plane of a block, `kWords` words of 64 values.
template <size_t kWords>
struct Mask {
  uint64_t words[kWords];

  HWY_INLINE uint64_t operator[](size_t w) const { return words[w]; }
  HWY_INLINE uint64_t& operator[](size_t w) { return words[w]; }

  template <class Op>
  static HWY_INLINE Mask Each(const Op& op) {
    Mask m;
    for (size_t w = 0; w < kWords; ++w) m.words[w] = op(w);
    return m;
  }
  static HWY_INLINE Mask None() {
    return Each([](size_t) HWY_ATTR { return uint64_t{0}; });
  }
  static HWY_INLINE Mask First(size_t n) {
    return Each([&](size_t w) HWY_ATTR {
      return LowMask(n > 64 * w ? static_cast<uint32_t>(n - 64 * w) : 0);
    });
  }
  static HWY_INLINE Mask Load(const uint64_t* from) {
    return Each([&](size_t w) HWY_ATTR { return from[w]; });
  }
  HWY_INLINE void Store(uint64_t* to) const {
    for (size_t w = 0; w < kWords; ++w) to[w] = words[w];
  }
  HWY_INLINE Mask operator&(const Mask& o) const {
    return Each([&](size_t w) HWY_ATTR { return words[w] & o.words[w]; });
  }
  HWY_INLINE Mask operator|(const Mask& o) const {
    return Each([&](size_t w) HWY_ATTR { return words[w] | o.words[w]; });
  }
  HWY_INLINE Mask Without(const Mask& o) const {
    return Each([&](size_t w) HWY_ATTR { return words[w] & ~o.words[w]; });
  }
  HWY_INLINE uint32_t Count() const {
    uint32_t count = 0;
    for (size_t w = 0; w < kWords; ++w) count += CountBits(words[w]);
    return count;
  }
  HWY_INLINE bool Any() const {
    uint64_t any = 0;
    for (size_t w = 0; w < kWords; ++w) any |= words[w];
    return any != 0;
  }

  // One bit for each subgroup of 4 values: it holds a 1 (F-5.5). At most 64 of them.
  HWY_INLINE uint64_t Subgroups() const {
    uint64_t flags = 0;
    for (size_t w = 0; w < kWords; ++w) {
      const uint64_t pairs = words[w] | words[w] >> 1;
      flags |= GatherBits(pairs | pairs >> 2, kEveryFourth) << (16 * w);
    }
    return flags;
  }
  // The inverse: all values of the subgroups.
  static HWY_INLINE Mask OfSubgroups(uint64_t flags) {
    return Each([&](size_t w) HWY_ATTR { return SpreadFlags(flags >> (16 * w)); });
  }
};

// The same from subgroups to groups of 16 values.
HWY_INLINE uint64_t GroupsOf(uint64_t subgroups) {
  const uint64_t pairs = subgroups | subgroups >> 1;
  return GatherBits(pairs | pairs >> 2, kEveryFourth);
}
static_assert(kGroup == 16 && kSubgroup == 4);

// The three levels of a grouped list (F-5.5): which flags or bits are written, and which of the
// flags are 1.
template <size_t kWords>
struct GroupedList {
  HWY_INLINE GroupedList()
      : subgroup_ones(0), group_ones(0), groups(0), subgroups(0), values(Mask<kWords>::None()) {}
  HWY_INLINE GroupedList(const Mask<kWords>& candidates, const Mask<kWords>& ones)
      : subgroup_ones(ones.Subgroups()), group_ones(GroupsOf(subgroup_ones)) {
    const uint64_t with_candidate = candidates.Subgroups();
    groups = GroupsOf(with_candidate);
    subgroups = with_candidate & SpreadFlags(group_ones);
    values = candidates & Mask<kWords>::OfSubgroups(subgroup_ones);
  }
  HWY_INLINE uint32_t Bits() const {
    return CountBits(groups) + CountBits(subgroups) + values.Count();
  }

  uint64_t subgroup_ones;
  uint64_t group_ones;
  uint64_t groups;
  uint64_t subgroups;
  Mask<kWords> values;
};

// F-5.4. `ones` may hold others than candidates.
template <size_t kWords>
HWY_INLINE void PutList(const Mask<kWords>& candidates, const Mask<kWords>& ones, WordWriter& out) {
  for (size_t w = 0; w < kWords; ++w) {
    out.Put(GatherBits(ones[w], candidates[w]), CountBits(candidates[w]));
  }
}

template <size_t kWords>
HWY_INLINE void PutGroupedList(const GroupedList<kWords>& list, const Mask<kWords>& ones,
                               WordWriter& out) {
  out.Put(GatherBits(list.group_ones, list.groups), CountBits(list.groups));
  out.Put(GatherBits(list.subgroup_ones, list.subgroups), CountBits(list.subgroups));
  PutList(list.values, ones, out);
}

HWY_INLINE uint64_t GetWord(uint64_t candidates, const uint8_t* from, uint64_t& position) {
  const uint64_t ones = ScatterBits(ReadWord(from, position), candidates);
  position += CountBits(candidates);
  return ones;
}

template <size_t kWords>
HWY_INLINE Mask<kWords> GetList(const Mask<kWords>& candidates, const uint8_t* from,
                                uint64_t& position) {
  return Mask<kWords>::Each([&](size_t w)
                                HWY_ATTR { return GetWord(candidates[w], from, position); });
}

template <size_t kWords>
HWY_INLINE Mask<kWords> GetGroupedList(const Mask<kWords>& candidates, const uint8_t* from,
                                       uint64_t& position) {
  const uint64_t with_candidate = candidates.Subgroups();
  const uint64_t groups = GetWord(GroupsOf(with_candidate), from, position);
  const uint64_t subgroups = GetWord(with_candidate & SpreadFlags(groups), from, position);
  return GetList(candidates & Mask<kWords>::OfSubgroups(subgroups), from, position);
}

}  // namespace HWY_NAMESPACE
}  // namespace actplane::fast
HWY_AFTER_NAMESPACE();

#endif  // ACTPLANE_FAST_BITS_INL_H
