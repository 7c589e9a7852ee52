// SPDX-License-Identifier: Apache-2.0
// Blocks for the tests of order significance's decision, and what the model decides.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "actplane/significance_order.h"
#include "rtl_test.h"

namespace actplane::rtl_test {

// actp_pkg::config_t, first field on top.
template <class Port>
void PutConfig(Port& port, const actplane::Config& c) {
  const uint32_t fmt = c.format == Format::kFp32 ? 0 : c.format == Format::kFp16 ? 1 : 2;
  uint64_t bits = fmt;
  bits = bits << 1 | (c.order == Order::kSignificance ? 1 : 0);
  bits = bits << 1 | (c.lossless ? 1 : 0);
  bits = bits << 11 | c.slot_bytes;
  bits = bits << 4 | c.delta_cap;
  bits = bits << 5 | c.row_limit;
  bits = bits << 1 | (c.fill == Fill::kZero ? 1 : 0);
  bits = bits << 1;
  PutBits(port, 0, 27, bits);
}

struct LevelCase {
  std::string kind;
  actplane::Config config;
  BlockFields fields;
  uint32_t base = 1;
  PerGroup<uint32_t> deltas = {};
  bool signs = false, mixed = false, special = false;
  std::optional<uint32_t> exact_level;  // L' of F-6.9, if all but the size allows it
  SignificanceTrace want;
  PerGroup<bool> lives = {};  // F-6.3
  uint32_t front_bytes = 0;
  std::vector<std::byte> front;
  bool form_changed = false, mid_rise_failed = false, pruned = false;
};

struct CycleCount {
  uint64_t number = 0, sum = 0;
  uint32_t most = 0;
  void Add(uint32_t cycles) {
    ++number;
    sum += cycles;
    most = std::max(most, cycles);
  }
  double Mean() const { return static_cast<double>(sum) / static_cast<double>(number); }
};

// What the model finds of a block; `config` must be valid.
inline void Solve(LevelCase& c) {
  const actplane::Config& config = c.config;
  const uint32_t groups = GroupsOf(config), units = UnitsOf(config);
  c.want = ScheduleSignificance(c.fields, config);
  const auto& facts = c.want.facts;
  c.base = FindSignificanceBase(facts, config);
  c.deltas = FindDeltas(facts, c.base, config);
  uint32_t level = 0;
  bool possible = true;
  for (uint32_t g = 0; g < groups; ++g) {
    c.special |= facts[g].special;
    c.mixed |= facts[g].mixed;
    c.signs |= !facts[g].empty && facts[g].negative;
    if (facts[g].empty) continue;
    possible &= c.deltas[g] != kInfiniteDelta && facts[g].need <= config.row_limit;
    if (!possible) continue;
    level = std::max(level, (c.deltas[g] + facts[g].need - 1) * units + g * units / groups + 1);
  }
  if (possible && !c.special && level < 32 * units) c.exact_level = level;

  const SignificanceHeader& h = c.want.header;
  BitWriter out(c.front);
  const bool poisoned = h.width == kPoisonedWidth;
  const bool flags = !poisoned && h.form == Form::kSpecials;
  c.front_bytes = poisoned ? 1 : 3 + (groups * (h.width + (flags ? 1 : 0)) + 7) / 8;
  c.front.assign(std::max(72U, 8 * ((24 + 5 * groups + 7) / 8)) / 8, std::byte{0});
  out = BitWriter(c.front);
  if (poisoned) return out.Put(kPoisonedWidth, 8);
  out.Put(h.width, 3);
  out.PutBit(h.dead_code);
  out.Put(static_cast<uint32_t>(h.form), 2);
  out.Put(h.level / units, 5);
  out.Put(h.level % units, 5);
  out.Put(h.base, 8);
  for (uint32_t g = 0; flags && g < groups; ++g) out.PutBit(facts[g].special);
  for (uint32_t g = 0; g < groups; ++g) out.Put(c.want.groups[g].code, h.width);

  // F-6.3: deltas after the first search decide, with the level of the second.
  const Form plain = c.special ? Form::kSpecials : c.signs ? Form::kSigned : Form::kUnsigned;
  const Form first = h.form == Form::kMidRise ? Form::kMidRise : plain;
  const uint32_t found = SearchLevel(c.deltas, facts, first, config);
  for (uint32_t g = 0; g < groups; ++g) {
    const bool kept = c.deltas[g] < GroupEnd(config, found, g);
    c.pruned |= !kept && c.deltas[g] != kInfiniteDelta;
    c.lives[g] = kept && c.deltas[g] < GroupEnd(config, h.level, g);
  }
  c.form_changed = h.form != first;
  c.mid_rise_failed =
      first == Form::kSigned && !c.mixed && !c.want.exact && h.form != Form::kMidRise;
}

inline std::string Outcome(const LevelCase& c) {
  const SignificanceHeader& h = c.want.header;
  if (h.width == kPoisonedWidth) return "poisoned";
  const bool lives = std::any_of(c.lives.begin(), c.lives.end(), [](bool b) { return b; });
  std::string name = fmt::format("form {}", static_cast<uint32_t>(h.form));
  if (c.want.exact) name += " exact";
  if (c.mid_rise_failed) name += " mid-rise failed";
  if (!lives) return name + " nothing lives";
  return name + (c.pruned ? " some pruned" : " all live");
}

inline std::string Describe(const LevelCase& c) {
  std::string text = fmt::format(
      "{} {} slot {} R {} base {} signs {} mixed {} exact level {} want form {} level {} w {} Z {} "
      "deltas",
      c.kind, ToString(c.config.format), c.config.slot_bytes, c.config.row_limit, c.base, c.signs,
      c.mixed, c.exact_level.value_or(9999), static_cast<uint32_t>(c.want.header.form),
      c.want.header.level, c.want.header.width, c.want.header.dead_code);
  for (uint32_t g = 0; g < GroupsOf(c.config); ++g) {
    text += fmt::format(" {}{}{}", std::min(c.deltas[g], 31U), c.want.facts[g].negative ? "-" : "",
                        c.want.facts[g].special ? "y" : "");
  }
  return text;
}

// A block whose groups have random facts: the highest weight of each, how many rows it needs,
// signs, zeros, specials.
inline Block BlockOfFacts(const actplane::Config& config, Rng& rng) {
  const FormatInfo info = InfoOf(config.format);
  const uint32_t sign = 1U << (info.exp_bits + info.man_bits);
  const uint32_t len = config.group_len;
  Block block{.format = config.format, .n = config.block_len};
  const uint32_t spread = 1 + rng.Below(rng.OneIn(3) ? 34 : rng.OneIn(2) ? 16 : 6);
  const uint32_t least_delta = rng.OneIn(4) ? rng.Below(20) : 0;
  const uint32_t usual = rng.Below(spread);
  const uint32_t same = rng.Below(5);  // of 4 groups so many have the usual delta
  const uint32_t need = 1 + rng.Below(rng.OneIn(2) ? 4 : info.man_bits + 1);
  const uint32_t negative = rng.Below(5), zeros = rng.Below(12), specials = rng.Below(12),
                 empties = rng.OneIn(3) ? rng.Below(4) : 0;
  const uint32_t base =
      std::min(info.exp_max - 1, rng.OneIn(8) ? 1 + rng.Below(info.exp_max - 1) : 60U);
  const bool small_negative = rng.OneIn(6);  // signs only where a group may die
  for (uint32_t g = 0; g < GroupsOf(config); ++g) {
    uint32_t delta = rng.Below(4) < same ? usual : rng.Below(spread);
    if (g != 0 && least_delta != 0 && !rng.OneIn(4)) delta += least_delta;
    const auto exponent = static_cast<int32_t>(base) - static_cast<int32_t>(delta);
    uint32_t* v = &block.patterns[g * len];
    const bool empty = rng.Below(4) < empties;
    for (uint32_t i = 0; i < len; ++i) {
      uint32_t p = 0;
      const bool zero = empty || (i != 0 && zeros == 0 && rng.OneIn(4));
      if (!zero) {
        const uint32_t low = need > info.man_bits ? 0 : info.man_bits + 1 - need;
        uint32_t mantissa = static_cast<uint32_t>(rng.Next()) & ((1U << info.man_bits) - 1);
        mantissa = mantissa >> low << low;
        if (exponent > 0) {
          p = static_cast<uint32_t>(exponent) << info.man_bits | mantissa;
        } else {
          p = ((1U << info.man_bits) | mantissa) >> std::min(1 - exponent, 31);
        }
      }
      const bool minus =
          small_negative ? delta > usual && rng.OneIn(2) : rng.Below(4) < negative && rng.OneIn(2);
      if (minus) p |= sign;
      if (specials == 0 && rng.OneIn(4 * len)) {
        p = (p & sign) | info.exp_max << info.man_bits | (rng.OneIn(2) ? 1 : 0);
      }
      v[i] = p;
    }
  }
  return block;
}

inline LevelCase MakeLevelCase(uint32_t block_len, uint32_t group_len, Rng& rng) {
  LevelCase c;
  actplane::Config& config = c.config;
  config.format = kFormats[rng.Below(3)];
  config.block_len = block_len;
  config.group_len = group_len;
  config.order = Order::kSignificance;
  config.row_limit = rng.OneIn(2) ? 8 + rng.Below(17) : 16;
  const uint32_t most = MaxSlotBytes(config);
  switch (rng.Below(4)) {
    case 0: config.slot_bytes = 4 + rng.Below(most - 3); break;
    case 1: config.slot_bytes = 4 + rng.Below(std::min(most - 3, block_len / 4)); break;
    default: config.slot_bytes = std::min(most, block_len / 4 + rng.Below(block_len * 2)); break;
  }
  Block block;
  if (rng.OneIn(3)) {
    const auto kind = testing_support::kAllKinds[rng.Below(testing_support::kAllKinds.size())];
    c.kind = fmt::format("block {:2}", static_cast<int>(kind));
    block = Block{.format = config.format, .n = block_len};
    std::ranges::copy(testing_support::MakePatterns(kind, config.format, block_len, rng),
                      block.patterns.begin());
  } else {
    c.kind = "facts";
    block = BlockOfFacts(config, rng);
  }
  c.fields = Classify(block);
  Solve(c);
  return c;
}

}  // namespace actplane::rtl_test
