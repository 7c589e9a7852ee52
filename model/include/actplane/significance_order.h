// SPDX-License-Identifier: Apache-2.0
// Order significance, step by step (docs/format.md sections 5 and 6). Every step is a pure function
// of the ones before.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "actplane/block.h"

namespace actplane {

inline constexpr uint32_t kMaxGroups = kMaxBlockLen / kMinGroupLen;
inline constexpr uint32_t kMaxUnits = 32;        // F-5.1: U at most
inline constexpr uint32_t kMaxCodeBits = 4;      // F-5: w at most
inline constexpr uint32_t kPoisonedWidth = 6;    // F-5.12
inline constexpr uint32_t kPairWidth = 7;        // F-5.13
inline constexpr uint32_t kMaxDelta = 30;        // F-6.2
inline constexpr uint32_t kInfiniteDelta = 255;  // F-6.2: the group cannot live

template <typename T>
using PerGroup = std::array<T, kMaxGroups>;

enum class Form : uint8_t { kUnsigned = 0, kSigned = 1, kMidRise = 2, kSpecials = 3 };

// The first 24 bits of a slot (F-5.1); of a poisoned block or a pair only `width` is there.
struct SignificanceHeader {
  uint32_t width = 0;      // w
  bool dead_code = false;  // Z
  Form form = Form::kUnsigned;
  uint32_t level = 0;  // L = q U + j
  uint32_t base = 1;

  friend bool operator==(const SignificanceHeader&, const SignificanceHeader&) = default;
};

// What the decisions need to know of a group (F-6.2, F-6.9).
struct GroupFacts {
  bool empty = true;      // no finite value
  int32_t top = 0;        // x(g)
  uint32_t need = 0;      // rows down to the lowest set bit
  bool negative = false;  // some sign bit is 1
  bool mixed = false;
  bool special = false;  // y(g)

  friend bool operator==(const GroupFacts&, const GroupFacts&) = default;
};

// Where a group lies in the slot and what its rows are, as header, flags and codes say (F-5.3 ..
// F-5.5).
struct GroupPlace {
  bool special = false;  // y(g)
  uint32_t code = 0;     // c(g)
  bool lives = false;
  uint32_t magnitude_rows = 0;  // D(g)
  uint32_t rows = 0;            // n(g)
  uint32_t position = 0;        // bit of the first row
  int32_t step = 0;             // F-5.7: p, where the group lives

  friend bool operator==(const GroupPlace&, const GroupPlace&) = default;
};

struct SignificanceTrace {
  PerGroup<GroupFacts> facts = {};  // encoder only
  bool exact = false;               // encoder only: F-6.1 or F-6.9
  SignificanceHeader header;
  PerGroup<GroupPlace> groups = {};
  Plane signs;                         // encoder only: the sign rows
  PerValue<uint32_t> magnitudes = {};  // k, 0 where a value has none
  uint32_t size_bits = 0;              // up to the last row, pattern or list
};

// G and U.
constexpr uint32_t GroupsOf(const Config& c) { return c.block_len / c.group_len; }
constexpr uint32_t UnitsOf(const Config& c) {
  return GroupsOf(c) < kMaxUnits ? GroupsOf(c) : kMaxUnits;
}

// F-5.3: t(g).
constexpr uint32_t GroupEnd(const Config& c, uint32_t level, uint32_t g) {
  const uint32_t units = UnitsOf(c);
  return level / units + (g * units < level % units * GroupsOf(c) ? 1 : 0);
}

// F-5.7: the weight of a finite value.
int32_t WeightOf(const Fields& value, Format format);

// F-6.2.
PerGroup<GroupFacts> FindGroups(const BlockFields& fields, const Config& config);
uint32_t FindSignificanceBase(const PerGroup<GroupFacts>& facts, const Config& config);
PerGroup<uint32_t> FindDeltas(const PerGroup<GroupFacts>& facts, uint32_t base,
                              const Config& config);

// F-6.3 .. F-6.6: how a level is written.
struct Coding {
  uint32_t width = 0;
  bool dead_code = false;
  uint32_t size_bits = 0;
};
// Nothing when no choice is allowed.
std::optional<Coding> ChooseCoding(const PerGroup<uint32_t>& deltas,
                                   const PerGroup<GroupFacts>& facts, Form form, uint32_t level,
                                   const Config& config);

// F-6.7, one search.
uint32_t SearchLevel(const PerGroup<uint32_t>& deltas, const PerGroup<GroupFacts>& facts, Form form,
                     const Config& config);

// F-6.1 .. F-6.11: header, codes and flags of the block, and so the places of its groups.
SignificanceTrace ScheduleSignificance(const BlockFields& fields, const Config& config);

// F-5.3 .. F-5.5, F-5.7: sets everything but `special` and `code`. Returns the bits up to the last
// row.
uint32_t PlaceGroups(const SignificanceHeader& header, const Config& config,
                     PerGroup<GroupPlace>& groups);

// F-6.12: k of a finite value or zero.
uint32_t RoundToStep(const Fields& value, Format format, Form form, const GroupPlace& place);

// F-5.8, F-5.9: the bit pattern, without sign, of k steps of weight 2^`step`.
uint32_t RebuildMagnitude(uint32_t k, int32_t step, Form form, Format format);

// Section 6: writes the slot.
void EncodeSignificance(const Block& block, const BlockFields& fields, const Config& config,
                        BitWriter& out, SignificanceTrace& trace);

// Section 5: reads a slot that takes all of `in`.
Malformed DecodeSignificance(BitReader& in, const Config& config, Block& block,
                             SignificanceTrace& trace);

}  // namespace actplane
