// SPDX-License-Identifier: Apache-2.0
// What surrounds the read path in its test: regions with their slots, a memory that answers reads,
// and the blocks as the golden model reads them.
#pragma once

#include <deque>
#include <map>
#include <optional>

#include "actplane/codec.h"
#include "rtl_test.h"

namespace actplane::rtl_test {

// A block as one write left it; `wrong`: its slot is malformed.
struct Version {
  std::vector<std::byte> values;
  bool wrong = false;
};

struct MemBlock {
  std::vector<Version> versions;
  uint64_t opened = 0;       // version that the write path has opened last
  uint64_t error_until = 0;  // last beat of a fill with an error of the memory
};

struct MemRegion {
  bool enable = false;
  uint64_t base = 0, size = 0, slot_base = 0;
  actplane::Config c;
  uint32_t stride = 0;  // bus words
  std::vector<std::byte> slots;
  std::vector<MemBlock> blocks;

  uint32_t block_bytes() const { return BlockBytes(c); }
  uint64_t pages() const { return (size + 4095) / 4096; }
  bool InPages(uint64_t a) const { return a >= base && a < base + 4096 * pages(); }
  bool InSlots(uint64_t a) const { return a >= slot_base && a < slot_base + slots.size(); }
};

struct Burst {
  uint32_t id = 0, len = 0, size = 0, burst = kBurstIncr, attr = 0;
  uint64_t addr = 0;
};

// Addresses of the beats, the first as it is.
inline std::vector<uint64_t> BeatsOf(const Burst& b) {
  std::vector<uint64_t> beats;
  const uint64_t step = uint64_t{1} << b.size;
  const uint64_t whole = step * (b.len + 1);
  uint64_t at = b.addr;
  for (uint32_t i = 0; i <= b.len; ++i) {
    beats.push_back(at);
    if (b.burst == kBurstFixed) continue;
    const uint64_t next = (at & ~(step - 1)) + step;
    at = b.burst == kBurstWrap ? (at & ~(whole - 1)) | (next & (whole - 1)) : next;
  }
  return beats;
}

enum class Slots : uint8_t { kNormal, kAny, kWild };

// A slot: of values as a network has them, of any values, or bytes at random.
inline std::vector<std::byte> RandomSlot(const actplane::Config& c, Slots kind, Rng& rng) {
  std::vector<std::byte> slot(c.slot_bytes);
  if (kind == Slots::kNormal) {
    const auto patterns =
        testing_support::MakePatterns(testing_support::Kind::kNormal, c.format, c.block_len, rng);
    CompressBlock(testing_support::ToBytes(patterns, c.format), c, slot);
    return slot;
  }
  if (kind == Slots::kWild) {
    for (std::byte& b : slot) b = static_cast<std::byte>(rng.Next());
    return slot;
  }
  const Block block = RandomBlock(c.format, c.block_len, rng);
  CompressBlock(testing_support::ToBytes(
                    {block.patterns.begin(), block.patterns.begin() + c.block_len}, c.format),
                c, slot);
  return slot;
}

inline Version Read(const actplane::Config& c, std::span<const std::byte> slot) {
  Version v{.values = std::vector<std::byte>(BlockBytes(c))};
  v.wrong = DecompressBlock(slot, c, v.values) != Malformed::kNone;
  return v;
}

// A configuration for these parameters.
template <class Config>
actplane::Config RandomMemConfig(Rng& rng) {
  actplane::Config c;
  const auto formats = FormatsOf<Config>();
  c.format = formats[rng.Below(formats.size())];
  c.block_len = Config::kBlockLen;
  c.group_len = Config::kGroupLen;
  c.order = Config::kOrders == 1 || (Config::kOrders == 3 && rng.OneIn(2)) ? Order::kField
                                                                           : Order::kSignificance;
  c.fill = rng.OneIn(2) ? Fill::kZero : Fill::kMidpoint;
  c.row_limit = kMinRowLimit + rng.Below(Config::kDepth - kMinRowLimit + 1);
  const uint32_t least = MinSlotBytes(c);
  const uint32_t most = rng.OneIn(4)
                            ? MaxSlotBytes(c)
                            : std::min(MaxSlotBytes(c), std::max(least, BlockBytes(c) / 2));
  c.slot_bytes = least + rng.Below(most - least + 1);
  return c;
}

inline void FillRegion(MemRegion& r, uint32_t bus, bool calm, Rng& rng) {
  r.stride = (r.c.slot_bytes + bus - 1) / bus;
  const uint64_t count = (r.size + r.block_bytes() - 1) / r.block_bytes();
  r.slots.assign(count * r.stride * bus, std::byte{0x5a});
  r.blocks.assign(count, {});
  for (uint64_t i = 0; i < count; ++i) {
    const auto slot = RandomSlot(r.c,
                                 calm            ? Slots::kNormal
                                 : rng.OneIn(12) ? Slots::kWild
                                                 : Slots::kAny,
                                 rng);
    std::ranges::copy(slot, r.slots.begin() + static_cast<ptrdiff_t>(i * r.stride * bus));
    r.blocks[i].versions.push_back(Read(r.c, slot));
  }
}

template <class Port>
void PutRegion(Port& port, uint32_t index, const MemRegion& r) {
  uint32_t at = index * kRegionW;
  const auto put = [&](uint32_t bits, uint64_t value) {
    PutBits(port, at, bits, value);
    at += bits;
  };
  const uint64_t last = r.base + r.size - 1;
  put(4, 0);
  put(5, r.c.row_limit);
  put(11, r.c.slot_bytes);
  put(1, r.c.fill == Fill::kZero ? 1 : 0);
  put(1, r.c.order == Order::kSignificance ? 1 : 0);
  put(2, static_cast<uint32_t>(r.c.format));
  put(8, r.stride);
  put(52, r.slot_base >> 12);
  put(6, (last & 4095) >> 6);
  put(52, last >> 12);
  put(52, r.base >> 12);
  put(1, r.enable ? 1 : 0);
}

inline std::byte Elsewhere(uint64_t address) {
  return static_cast<std::byte>((address * 0x9e3779b97f4a7c15) >> 40);
}

}  // namespace actplane::rtl_test
