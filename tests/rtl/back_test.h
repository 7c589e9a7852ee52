// SPDX-License-Identifier: Apache-2.0
// What the second half of the compressor is given, computed by the golden model: plans, and chunks
// as the store holds them.
#pragma once

#include <algorithm>
#include <bit>
#include <vector>

#include "actplane/codec.h"
#include "rtl_test.h"

namespace actplane::rtl_test {

// As actp_pkg::stored_bits.

// A list of bits, first bit lowest: how wide ports are put together.
class Bits {
 public:
  void Put(uint64_t value, uint32_t count) {
    for (uint32_t k = 0; k < count; ++k) bits_.push_back(BitOf(value, k) != 0);
  }
  void Fill(size_t size) { bits_.resize(size); }
  size_t size() const { return bits_.size(); }
  bool operator[](size_t i) const { return bits_[i]; }
  void Append(const Bits& other) {
    bits_.insert(bits_.end(), other.bits_.begin(), other.bits_.end());
  }
  void Cut(size_t size) { bits_.resize(std::min(size, bits_.size())); }

  template <class Port>
  void To(Port& port) const {
    for (size_t i = 0; i < bits_.size(); ++i)
      PutBits(port, static_cast<uint32_t>(i), 1, bits_[i] ? 1 : 0);
  }
  friend bool operator==(const Bits&, const Bits&) = default;

 private:
  std::vector<bool> bits_;
};

// One block on its way: what FRONT gives, and what must come out.
struct BackBlock {
  Config config;
  BlockTrace trace;
  bool pair = false, poisoned = false;
  uint32_t front_bytes = 0;
  // ports
  Bits plan, front, ranks, codes, lives, special;
  std::vector<Bits> chunks;
  uint32_t user = 0;
  bool bad_keep = false, bad_config = false, whole = false, saturated = false;
  // golden
  std::vector<std::byte> slot;
  std::vector<Bits> groups_of_chunk;  // the bits of the groups of each chunk
};

// The parameters of an elaboration.
struct BackShape {
  uint32_t block_len, core_width, formats, orders, group_len, depth;

  uint32_t Lanes() const { return core_width / (formats == 1 ? 32 : 16); }
  uint32_t DataWidth() const {
    const uint32_t wide = (formats & 1) != 0 ? core_width / 32 * StoredBits(depth) : 0;
    return std::max(wide, (formats & 6) != 0 ? core_width : 0);
  }
  uint32_t Groups() const { return block_len / group_len; }
  uint32_t ValuesOfChunk(Format f) const { return core_width / (8 * InfoOf(f).value_bytes); }
  bool CutsFp32() const { return depth < 24; }
  // As actp_pkg::limit_format.
  uint32_t FormatCode(Format f) const {
    const bool bf16 = (formats & 4) != 0 && (f == Format::kBf16 || (formats & 3) == 0);
    const bool fp16 = (formats & 2) != 0 && (f == Format::kFp16 || (formats & 1) == 0);
    return (bf16 ? 2U : 0U) + (fp16 ? 1U : 0U);
  }
};

template <class C>
constexpr BackShape ShapeOf() {
  return {.block_len = C::kBlockLen,
          .core_width = std::max(256U, C::kStreamWidth),
          .formats = C::kFormats,
          .orders = C::kOrders,
          .group_len = C::kGroupLen,
          .depth = C::kDepth};
}

// A legal configuration of the device; slots lean toward those that cut.
inline Config RandomBackConfig(const BackShape& s, Rng& rng) {
  Config c;
  do {
    c.format = kFormats[rng.Below(3)];
  } while (BitOf(s.formats, static_cast<uint32_t>(c.format)) == 0);
  c.block_len = s.block_len;
  c.order = s.orders == 3 ? static_cast<Order>(rng.Below(2))
                          : (s.orders == 2 ? Order::kSignificance : Order::kField);
  c.lossless = c.order == Order::kField && (IsNarrow(c.format) || !s.CutsFp32()) && rng.OneIn(4);
  if (rng.OneIn(4)) c.delta_cap = rng.Below(InfoOf(c.format).exp_bits + 2);
  c.group_len = s.group_len;
  c.row_limit = kMinRowLimit + rng.Below(s.depth - kMinRowLimit + 1);
  const uint32_t least = MinSlotBytes(c);
  uint32_t most = MaxSlotBytes(c);
  if (!rng.OneIn(4)) most = std::max(least, std::min(most, BlockBytes(c) / 2));
  c.slot_bytes = least + rng.Below(most - least + 1);
  return c;
}

inline uint64_t StoredValue(uint32_t pattern, const BackShape& s) {
  const uint32_t width = StoredBits(s.depth);
  if (width == 32) return pattern;
  const uint32_t below = 23 - (s.depth - 1) - 1;  // under the guard bit
  return static_cast<uint64_t>(pattern >> below) << 1 | ((pattern & LowMask32(below)) != 0 ? 1 : 0);
}

inline void MakeChunks(BackBlock& b, const BackShape& s) {
  const Block& block = b.trace.block;
  const uint32_t values = s.ValuesOfChunk(b.config.format);
  for (uint32_t at = 0; at < block.n; at += values) {
    Bits chunk;
    for (uint32_t i = at; i < at + values; ++i) {
      if (IsNarrow(b.config.format)) {
        chunk.Put(block.patterns[i], 16);
      } else {
        chunk.Put(StoredValue(block.patterns[i], s), StoredBits(s.depth));
      }
    }
    chunk.Fill(s.DataWidth());
    if ((s.orders & 2) != 0) {
      for (uint32_t l = 0; l < s.Lanes(); ++l) {
        chunk.Put(l < values && block.patterns[at + l] != block.patterns[0] ? 1 : 0, 1);
      }
    }
    b.chunks.push_back(chunk);
  }
}

// Bits [from, to) of the slot.
inline Bits SlotBits(const std::vector<std::byte>& slot, uint64_t from, uint64_t to) {
  Bits bits;
  for (uint64_t i = from; i < to; ++i) {
    const bool there = i / 8 < slot.size();
    bits.Put(there ? BitOf(std::to_integer<uint32_t>(slot[i / 8]), i % 8) : 0, 1);
  }
  return bits;
}

inline void MakeFieldPlan(BackBlock& b, const BackShape& s, uint32_t& rows, uint32_t& more) {
  const Config& c = b.config;
  const FieldHeader& h = b.trace.field.header;
  b.front_bytes = HeaderBits(h, c.format) / 8;
  const uint64_t slot_bits = 8 * b.slot.size();
  const uint32_t groups = c.block_len / kFieldGroupLen;
  rows = RowsOfGroup(h, c, slot_bits, groups - 1);
  more = 0;
  uint64_t at = 8 * uint64_t{b.front_bytes};
  const uint32_t per_chunk = s.ValuesOfChunk(c.format) / kFieldGroupLen;
  for (uint32_t g = 0; g < groups; ++g) {
    const uint32_t n = RowsOfGroup(h, c, slot_bits, g);
    more += n > rows ? 1 : 0;
    if (g % per_chunk == 0) b.groups_of_chunk.emplace_back();
    b.groups_of_chunk.back().Append(SlotBits(b.slot, at, at + 8 * n));
    at += 8 * n;
  }
  const uint32_t stored = AlignMan(h.map, c.format);
  uint32_t rank = 0;
  for (uint32_t k = 0; k < kManW; ++k) {
    b.ranks.Put(rank, 5);
    rank += BitOf(stored, kManW - 1 - k);
  }
  b.whole = c.lossless || b.trace.field.size_bits <= slot_bits;
  b.saturated = h.saturated;
}

inline void MakeSignificancePlan(BackBlock& b, const BackShape& s) {
  const Config& c = b.config;
  const SignificanceTrace& t = b.trace.significance;
  const uint32_t groups = s.Groups();
  b.pair = t.header.width == kPairWidth;
  b.poisoned = t.header.width == kPoisonedWidth;
  b.whole = t.exact;
  const FormatInfo info = InfoOf(c.format);
  const uint32_t per_chunk = s.ValuesOfChunk(c.format) / c.group_len;
  uint64_t at = 8;
  if (b.pair) {
    at += 2 * uint64_t{1 + info.exp_bits + info.man_bits};
  } else if (!b.poisoned) {
    const uint32_t flags = t.header.form == Form::kSpecials ? groups : 0;
    at = CeilDiv(24 + flags + uint64_t{groups} * t.header.width, 8) * 8;
  }
  b.front_bytes = static_cast<uint32_t>(at / 8);
  for (uint32_t g = 0; g < groups; ++g) {
    const GroupPlace& p = t.groups[g];
    // F-6.3: of the groups that live by F-5.3 those that have something in their rows.
    bool any = t.header.form == Form::kMidRise;
    for (uint32_t i = g * c.group_len; i < (g + 1) * c.group_len; ++i) any |= t.magnitudes[i] != 0;
    b.codes.Put(p.code, 4);
    b.lives.Put(p.lives && any ? 1 : 0, 1);
    b.special.Put(b.pair || b.poisoned ? 0 : t.facts[g].special, 1);
    const uint32_t bits = b.poisoned ? 0 : b.pair ? c.group_len : c.group_len * p.rows;
    if (g % per_chunk == 0) b.groups_of_chunk.emplace_back();
    b.groups_of_chunk.back().Append(SlotBits(b.slot, at, at + bits));
    at += bits;
  }
}

// A block of the device with everything that goes with it.
inline BackBlock MakeBackBlock(const BackShape& s, const Config& config, Block block, Rng& rng) {
  BackBlock b;
  b.config = config;
  CutBlock(block, config.order, s.depth);
  const std::vector<uint32_t> patterns(block.patterns.begin(), block.patterns.begin() + block.n);
  const auto bytes = testing_support::ToBytes(patterns, block.format);
  b.slot.resize(config.lossless ? MaxSlotBytes(config) : config.slot_bytes);
  b.slot.resize(CompressBlock(bytes, config, b.slot, &b.trace));
  b.trace.block = block;
  MakeChunks(b, s);
  uint32_t rows = 0, more = 0;
  const bool significance = config.order == Order::kSignificance;
  if (significance) {
    MakeSignificancePlan(b, s);
  } else {
    MakeFieldPlan(b, s, rows, more);
  }
  b.front = SlotBits(b.slot, 0, 8 * uint64_t{b.front_bytes});
  b.user = static_cast<uint32_t>(rng.Next());
  b.bad_keep = rng.OneIn(4);
  b.bad_config = rng.OneIn(4);

  // actp_pkg::plan_t, the last field first.
  const FieldHeader& f = b.trace.field.header;
  const SignificanceHeader& h = b.trace.significance.header;
  const uint32_t units = UnitsOf(config);
  const auto noise = [&](uint32_t count) { return rng.Next() & LowMask(count); };
  const auto of_field = [&](uint64_t value, uint32_t count) {
    b.plan.Put(significance ? noise(count) : value, count);
  };
  const auto of_significance = [&](uint64_t value, uint32_t count) {
    b.plan.Put(significance ? value : noise(count), count);
  };
  of_significance(h.level % units, 5);
  of_significance(h.level / units, 5);
  of_significance(static_cast<uint64_t>(h.form), 2);
  b.plan.Put(significance && b.pair, 1);
  b.plan.Put(significance && b.poisoned, 1);
  of_field(more, 6);
  of_field(rows, 6);
  of_field(AlignMan(f.map, config.format), 23);
  of_field(f.sign_stored, 1);
  of_field(FlushBelow(f), 8);
  of_field(f.special, 1);
  b.plan.Put(significance ? h.dead_code : f.zero_code, 1);
  of_field(f.width, 4);
  b.plan.Put(significance ? h.base : f.base, 8);
  b.plan.Put(b.saturated, 1);
  b.plan.Put(b.whole, 1);
  b.plan.Put(b.front_bytes, 6);
  b.plan.Put(b.slot.size(), 11);
  b.plan.Put(b.bad_config, 1);
  b.plan.Put(noise(1), 1);
  b.plan.Put(config.row_limit, 5);
  b.plan.Put(config.delta_cap, 4);
  b.plan.Put(config.slot_bytes, 11);
  b.plan.Put(config.lossless, 1);
  b.plan.Put(significance, 1);
  b.plan.Put(s.FormatCode(config.format), 3);
  return b;
}

// A block that needs the widest codes, and so the most rows: the smallest and the largest exponent,
// a zero, specials.
inline Block WidestBlock(Format format, uint32_t n, Rng& rng) {
  const FormatInfo info = InfoOf(format);
  const auto patterns =
      testing_support::MakePatterns(testing_support::Kind::kPatterns, format, n, rng);
  Block block{.format = format, .n = n};
  std::ranges::copy(patterns, block.patterns.begin());
  const uint32_t top = 1U << (info.man_bits - 1);
  const uint32_t at = rng.Below(n - 3);
  block.patterns[at] = 0;
  block.patterns[at + 1] = top;
  block.patterns[at + 2] = (info.exp_max - 1) << info.man_bits;
  block.patterns[at + 3] = info.exp_max << info.man_bits | top;
  return block;
}

inline BackBlock RandomBackBlock(const BackShape& s, Rng& rng) {
  Config config = RandomBackConfig(s, rng);
  if (rng.OneIn(8)) {
    if (rng.OneIn(2)) config.slot_bytes = MaxSlotBytes(config) - rng.Below(5);
    return MakeBackBlock(s, config, WidestBlock(config.format, config.block_len, rng), rng);
  }
  return MakeBackBlock(s, config, RandomBlock(config.format, config.block_len, rng), rng);
}

// What belongs to a plan on the ports of a module.
template <class Dut>
void PutPlan(Dut& dut, const BackBlock& b) {
  b.plan.To(dut.plan_i);
  b.ranks.To(dut.man_rank_i);
  b.codes.To(dut.codes_i);
  b.lives.To(dut.lives_i);
  b.special.To(dut.special_i);
}

}  // namespace actplane::rtl_test
