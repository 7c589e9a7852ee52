// SPDX-License-Identifier: Apache-2.0
// What both orders share: a gathered block, its fields and classes, and the slot verdicts.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "actplane/bits.h"
#include "actplane/format.h"

namespace actplane {

template <typename T>
using PerValue = std::array<T, kMaxBlockLen>;

enum class ValueClass : uint8_t { kZero, kSubnormal, kNormal, kInf, kNan };

constexpr bool IsFinite(ValueClass c) {
  return c == ValueClass::kSubnormal || c == ValueClass::kNormal;
}
constexpr bool IsSpecial(ValueClass c) { return c == ValueClass::kInf || c == ValueClass::kNan; }

// One value, taken apart (F-2.1, F-2.2).
struct Fields {
  ValueClass cls = ValueClass::kZero;
  uint32_t sign = 0;
  uint32_t exponent = 0;  // the stored field, not unbiased
  uint32_t mantissa = 0;

  friend bool operator==(const Fields&, const Fields&) = default;
};

// N values of a tensor as bit patterns, padded with +0 (F-2.3).
struct Block {
  Format format = Format::kFp32;
  uint32_t n = 0;
  PerValue<uint32_t> patterns = {};

  friend bool operator==(const Block&, const Block&) = default;
};

struct BlockFields {
  Format format = Format::kFp32;
  uint32_t n = 0;
  PerValue<Fields> values = {};

  friend bool operator==(const BlockFields&, const BlockFields&) = default;
};

// F-2.1, F-2.3: `bytes` holds up to N whole values, little-endian.
Block GatherBlock(std::span<const std::byte> bytes, const Config& config);

// F-2.3: the inverse; writes as many whole values as `bytes` has room for.
void ScatterBlock(const Block& block, std::span<std::byte> bytes);

// F-2.2.
Fields Classify(uint32_t pattern, Format format);
BlockFields Classify(const Block& block);

// The bit pattern of a value.
uint32_t Assemble(const Fields& v, Format format);

// Why a slot is malformed (section 7); kNone: it is legal.
enum class Malformed : uint8_t {
  kNone,
  kBase,      // base out of range
  kWidth,     // delta width above E + 1 or too narrow for the reserved codes; code width 5
  kReserved,  // a bit that must be zero is not
  kLevel,     // j out of range
  kTooShort,  // the slot ends inside what it must hold
  kLength,    // lossless mode: not the length that the header leads to
};

std::string_view ToString(Malformed reason);

}  // namespace actplane
