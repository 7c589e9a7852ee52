// SPDX-License-Identifier: Apache-2.0
// Pairs (F-5.13, F-6.1): blocks of at most two bit patterns, such as masks and constants.
#include "hwy/highway.h"

#if defined(ACTPLANE_FAST_PAIR_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef ACTPLANE_FAST_PAIR_INL_H
#undef ACTPLANE_FAST_PAIR_INL_H
#else
#define ACTPLANE_FAST_PAIR_INL_H
#endif

#include <bit>
#include <cstring>
#include <span>

#include "actplane/significance_order.h"
#include "field-inl.h"

HWY_BEFORE_NAMESPACE();
namespace actplane::fast {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

HWY_INLINE size_t PairBytes(const Config& config) {
  return 1 + 2 * InfoOf(config.format).value_bytes + config.block_len / 8;
}

// Writes the slot if the block is a pair. T is the type of a bit pattern.
template <class T>
HWY_INLINE bool EncodePairOf(const T* HWY_RESTRICT values, const Config& config,
                             uint8_t* HWY_RESTRICT slot) {
  const T a = values[0];
  // Nearly every other block shows three patterns at once.
  if (HWY_LIKELY(a != values[1] && a != values[2] && values[1] != values[2])) return false;
  const size_t n = config.block_len;
  if (PairBytes(config) > config.slot_bytes) return false;
  const hn::CappedTag<T, 64 / sizeof(T)> d;
  const auto va = hn::Set(d, a);
  T b = a;
  uint8_t flags[kMaxBlockLen / 8 + 8] = {};
  for (size_t i = 0; i < n; i += hn::Lanes(d)) {
    const auto v = hn::LoadU(d, values + i);
    uint64_t other = 0;
    hn::StoreMaskBits(d, hn::Ne(v, va), reinterpret_cast<uint8_t*>(&other));
    if (other == 0) continue;
    if (b == a) b = values[i + static_cast<size_t>(std::countr_zero(other))];
    if (!hn::AllTrue(d, hn::Or(hn::Eq(v, va), hn::Eq(v, hn::Set(d, b))))) return false;
    const uint64_t at = LoadWord(flags + i / 8) | other << (i % 8);
    StoreWord(at, flags + i / 8);
  }
  slot[0] = kPairWidth;
  std::memcpy(slot + 1, &a, sizeof(T));
  std::memcpy(slot + 1 + sizeof(T), &b, sizeof(T));
  std::memcpy(slot + 1 + 2 * sizeof(T), flags, n / 8);
  std::memset(slot + PairBytes(config), 0, config.slot_bytes - PairBytes(config));
  return true;
}

HWY_INLINE bool EncodePair(const uint8_t* HWY_RESTRICT values, const Config& config,
                           uint8_t* HWY_RESTRICT slot) {
  return config.format == Format::kFp32
             ? EncodePairOf(reinterpret_cast<const uint32_t*>(values), config, slot)
             : EncodePairOf(reinterpret_cast<const uint16_t*>(values), config, slot);
}

template <class T>
HWY_INLINE void DecodePairOf(const uint8_t* HWY_RESTRICT slot, size_t n, T* HWY_RESTRICT values) {
  T a;
  T b;
  std::memcpy(&a, slot + 1, sizeof(T));
  std::memcpy(&b, slot + 1 + sizeof(T), sizeof(T));
  const uint8_t* flags = slot + 1 + 2 * sizeof(T);
  const hn::CappedTag<T, 64 / sizeof(T)> d;
  const auto va = hn::Set(d, a);
  const auto vb = hn::Set(d, b);
  for (size_t i = 0; i < n; i += hn::Lanes(d)) {
    const uint64_t bits = LoadWord(flags + i / 8) >> (i % 8);
    const auto other = hn::LoadMaskBits(d, reinterpret_cast<const uint8_t*>(&bits));
    hn::StoreU(hn::IfThenElse(other, vb, va), d, values + i);
  }
}

HWY_NOINLINE Decoded DecodePair(std::span<const std::byte> slot, const Config& config,
                                uint8_t* HWY_RESTRICT values) {
  const auto* from = reinterpret_cast<const uint8_t*>(slot.data());
  if (from[0] != kPairWidth || PairBytes(config) > slot.size()) return Decoded::kMalformed;
  if (config.format == Format::kFp32) {
    DecodePairOf(from, config.block_len, reinterpret_cast<uint32_t*>(values));
  } else {
    DecodePairOf(from, config.block_len, reinterpret_cast<uint16_t*>(values));
  }
  return Decoded::kDone;
}

}  // namespace HWY_NAMESPACE
}  // namespace actplane::fast
HWY_AFTER_NAMESPACE();

#endif  // ACTPLANE_FAST_PAIR_INL_H
