// SPDX-License-Identifier: Apache-2.0
// Bits in the order of F-2.7: shifts that are defined for every count, planes, and the two ends of
// a bit stream.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "actplane/format.h"

namespace actplane {

// The `count` lowest bits set; count 0 .. 64.
constexpr uint64_t LowMask(uint32_t count) {
  return count >= 64 ? ~uint64_t{0} : (uint64_t{1} << count) - 1;
}

constexpr uint32_t BitOf(uint64_t word, uint32_t index) {
  return static_cast<uint32_t>((word >> index) & 1U);
}

constexpr uint64_t CeilDiv(uint64_t a, uint64_t b) { return a / b + (a % b != 0 ? 1 : 0); }

// One bit of every value of a block: bit i belongs to value i.
class Plane {
 public:
  bool Get(uint32_t i) const { return BitOf(words_[i / 64], i % 64) != 0; }
  void Set(uint32_t i) { words_[i / 64] |= uint64_t{1} << (i % 64); }
  void Clear(uint32_t i) { words_[i / 64] &= ~(uint64_t{1} << (i % 64)); }
  uint32_t Count() const {
    int count = 0;
    for (const uint64_t w : words_) count += std::popcount(w);
    return static_cast<uint32_t>(count);
  }
  bool Any() const { return Count() != 0; }
  const std::array<uint64_t, kMaxBlockLen / 64>& words() const { return words_; }

  friend bool operator==(const Plane&, const Plane&) = default;

 private:
  std::array<uint64_t, kMaxBlockLen / 64> words_ = {};
};

// Writes bits into a slot and drops what does not fit: the cut (F-3.5). The slot must be zero
// beforehand. Same as
//   for each bit: if (position < 8 * size) slot[position / 8] |= bit << (position % 8); position++;
class BitWriter {
 public:
  explicit BitWriter(std::span<std::byte> slot) : slot_(slot) {}

  void Put(uint64_t value, uint32_t count) {
    for (uint32_t k = 0; k < count; ++k) PutBit(BitOf(value, k));
  }
  void PutBit(uint32_t bit) {
    if (position_ < 8 * slot_.size()) {
      slot_[position_ / 8] |= static_cast<std::byte>(bit << (position_ % 8));
    }
    ++position_;
  }
  void PutPlane(const Plane& plane, uint32_t n) {
    for (uint32_t i = 0; i < n; ++i) PutBit(plane.Get(i) ? 1 : 0);
  }
  uint64_t position() const { return position_; }  // bits put, dropped ones included

 private:
  std::span<std::byte> slot_;
  uint64_t position_ = 0;
};

// Reads bits of a slot; beyond its end it reads zeros and `overrun()` says so.
class BitReader {
 public:
  explicit BitReader(std::span<const std::byte> slot) : slot_(slot) {}

  uint32_t GetBit() {
    const uint64_t at = position_++;
    if (at >= 8 * slot_.size()) return 0;
    return BitOf(std::to_integer<uint64_t>(slot_[at / 8]), at % 8);
  }
  uint64_t Get(uint32_t count) {
    uint64_t value = 0;
    for (uint32_t k = 0; k < count; ++k) value |= uint64_t{GetBit()} << k;
    return value;
  }
  uint64_t position() const { return position_; }
  uint64_t size() const { return 8 * uint64_t{slot_.size()}; }
  bool exhausted() const { return position_ >= size(); }  // no bit is left
  bool overrun() const { return position_ > size(); }     // a bit that is not there was asked for

 private:
  std::span<const std::byte> slot_;
  uint64_t position_ = 0;
};

}  // namespace actplane
