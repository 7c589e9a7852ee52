// SPDX-License-Identifier: Apache-2.0
// Order `significance` by small groups, as docs/decisions/0005 weighs it: exact sizes, values
// rounded as a decoder gives them, every choice a field of `GroupRules`. The defaults are the rules
// that were taken; a test compares them with the golden model.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "actplane/format.h"

namespace actplane::bench {

enum class GroupCode {
  kFixed,      // w bits, w from the largest delta of a live group, as far as codes go
  kSaturated,  // w bits, the w that takes fewest bits: larger deltas are aligned to the last code
  kUnary,
  kRice,       // best parameter 0 .. 3, two bits in the header
  kNeighbour,  // difference from the group before, Rice
  kCentre,     // unary distance from the best delta of the block, which costs four bits
  kFree,       // no bits: a bound
};

enum class Rounding {
  kTruncate,     // downward, midpoint added, values below one step are zero
  kNearest,      // ties to even, held at the largest magnitude of the group
  kRaise,        // the same, but a group whose largest value would overflow gets the next exponent
  kRise,         // mid-rise wherever the block has signs and no zero
  kRiseChecked,  // mid-rise by the rules of the decision (exact blocks first, no mixed group)
};

enum class Spare {
  kNone,
  kLive,     // one more row for the first live groups
  kLargest,  // one more row for the live groups of largest exponent
  kLevel,    // groups 0 .. j-1 end one weight lower, newly live ones included
};

struct GroupRules {
  std::string name = {};
  uint32_t group = 4;
  uint32_t cap = 16;      // most magnitude rows of a group
  uint32_t widest = 4;    // bits of a code
  uint32_t narrower = 1;  // kSaturated: how many bits narrower codes may be than deltas need
  uint32_t most_q = 31;
  GroupCode code = GroupCode::kSaturated;
  Rounding rounding = Rounding::kRiseChecked;
  Spare spare = Spare::kLevel;
  uint32_t grain = 0;         // values to which left-over bits go: 0 whole groups only
  bool prune = true;          // groups that stay dead leave the search, which then goes on
  bool sign_rows = true;      // mid-rise: a group may be a row of signs alone
  bool always_dead = false;   // the all-ones code is always that of dead groups: no flag Z
  bool lattice = false;       // the last row of a group of 8 as words of the (8,4) Hamming code
  bool pair = true;           // blocks of at most two patterns are exact
  bool even_fill = true;      // the fill alternates around the middle of a cell
  int32_t header_change = 0;  // bits more (or less) than the header of the decision
};

constexpr uint32_t kMostGroups = 64;

// What an encoder decides for one block: header, codes and lengths.
struct GroupPlan {
  enum class Kind { kGroups, kPair, kPoisoned } kind = Kind::kGroups;
  int32_t base = 1;
  uint32_t level = 0;  // q * min(G, 32) + j
  uint32_t width = 0;  // of a code
  bool dead_code = false;
  bool signs = false;
  bool rise = false;
  bool specials = false;
  uint32_t bits = 0;  // of the slot that are used
  std::array<uint8_t, kMostGroups> code = {};
  std::array<uint8_t, kMostGroups> delta = {};    // the code, or kDead: all values are zero
  std::array<uint8_t, kMostGroups> rows = {};     // rows of sign and magnitude, sign row included
  std::array<uint8_t, kMostGroups> depth = {};    // magnitude rows
  std::array<uint8_t, kMostGroups> partial = {};  // values that have one row more
  std::array<bool, kMostGroups> special = {};     // the group holds an Inf or NaN
};
constexpr uint8_t kDead = 255;

// `patterns`: N values; `decoded`: what a decoder makes of the slot. `bits`: of the slot.
GroupPlan Emulate(const GroupRules& rules, Format format, uint32_t bits,
                  std::span<const uint32_t> patterns, std::span<uint32_t> decoded);

}  // namespace actplane::bench
