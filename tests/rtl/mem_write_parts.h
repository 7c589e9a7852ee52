// SPDX-License-Identifier: Apache-2.0
// What the bench of actp_mem_write is made of: regions, bursts, blocks on their way. The scoreboard
// knows every byte: it follows each block through the gather buffers and compares its slot with the
// model's.
#pragma once

#include <fmt/format.h>

#include <deque>
#include <map>
#include <optional>
#include <unordered_map>

#include "actplane/codec.h"
#include "rtl_test.h"

namespace actplane::rtl_test {

enum class Target : uint8_t { kBypass, kRegion, kRefused };

struct MemRegion {
  bool enable = false;
  actplane::Config config;
  uint64_t base = 0, size = 0, slot_base = 0;
  uint32_t bus = 8;
  uint64_t Stride() const { return CeilDiv(config.slot_bytes, bus) * bus; }
  bool OwnsPage(uint64_t addr) const {
    return enable && addr / 4096 >= base / 4096 && addr / 4096 <= (base + size - 1) / 4096;
  }
  uint64_t Block(uint64_t addr) const { return (addr - base) / BlockBytes(config); }
  uint64_t Blocks() const { return CeilDiv(size, BlockBytes(config)); }
  uint64_t BlockAt(uint64_t block) const { return base + block * BlockBytes(config); }
  uint64_t SlotAt(uint64_t block) const { return slot_base + block * Stride(); }
  // Of a block's bytes, those in the region.
  uint32_t BytesOf(uint64_t block) const {
    return static_cast<uint32_t>(
        std::min<uint64_t>(BlockBytes(config), size - block * BlockBytes(config)));
  }
};

struct WBeat {
  std::vector<std::byte> data;
  std::vector<bool> strb;
};

struct WBurst {
  uint32_t id = 0, len = 0, size = 0, type = 1, attr = 0;
  uint64_t addr = 0;
  std::vector<WBeat> beats;
  Target target = Target::kBypass;
  uint32_t region = 0;
  std::vector<size_t> visits;      // blocks that it touched
  bool ended = false;              // its last beat was taken
  std::optional<uint32_t> answer;  // of the memory, bypass

  // AXI A3.4.1
  uint64_t BeatAt(uint32_t beat) const {
    const uint64_t bytes = 1ULL << size, aligned = addr / bytes * bytes;
    if (beat == 0 || type == 0) return addr;
    uint64_t at = aligned + beat * bytes;
    if (type == 2) {
      const uint64_t all = bytes * (len + 1), low = addr / all * all;
      if (at >= low + all) at -= all;
    }
    return at;
  }
};

// A block from the first beat that opens a buffer for it to the answer of the memory.
struct Visit {
  uint32_t region = 0;
  uint64_t block = 0;
  std::vector<std::byte> bytes;
  std::vector<bool> written;
  std::vector<size_t> bursts;
  bool closed = false, merged = false, failed = false, placed = false, done = false;
  bool error = false;  // of the memory
  uint32_t reads = 0;  // fills that were reading its slot when it was opened, and have not ended
  std::vector<std::byte> slot;
  bool Whole() const { return std::ranges::find(written, false) == written.end(); }
  bool Some() const { return std::ranges::find(written, true) != written.end(); }
};

using Bytes = std::unordered_map<uint64_t, std::byte>;

// The slot of these values in the compressor of `depth` rows.
inline std::vector<std::byte> SlotOf(std::vector<std::byte> values, const actplane::Config& config,
                                     uint32_t depth) {
  values.resize(BlockBytes(config));
  Block block = GatherBlock(values, config);
  CutBlock(block, config.order, depth);
  values = testing_support::ToBytes({block.patterns.begin(), block.patterns.begin() + block.n},
                                    config.format);
  std::vector<std::byte> slot(config.slot_bytes);
  CompressBlock(values, config, slot);
  return slot;
}

// region_t of actp_mem_pkg, from its lowest field up.
template <class Port>
void PutRegion(Port& port, uint32_t index, const MemRegion& r) {
  uint32_t at = index * 195;
  const auto put = [&](uint32_t bits, uint64_t value) {
    PutBits(port, at, bits, value);
    at += bits;
  };
  const uint64_t last = r.base + r.size - 1;
  put(4, r.config.delta_cap);
  put(5, r.config.row_limit);
  put(11, r.config.slot_bytes);
  put(1, 0);
  put(1, r.config.order == Order::kSignificance ? 1 : 0);
  put(2, static_cast<uint32_t>(r.config.format));
  put(8, r.Stride() / r.bus);
  put(52, r.slot_base / 4096);
  put(6, last / 64 % 64);
  put(52, last / 4096);
  put(52, r.base / 4096);
  put(1, r.enable ? 1 : 0);
}

// Of 16: how often something waits or goes wrong.
struct Mood {
  uint32_t aw = 0, w = 0, b = 0, m_aw = 0, m_w = 0, m_b = 0, reads = 0, rmw = 0;
  uint32_t check = 0, close = 0, m_error = 0, rmw_error = 0;
  uint32_t m_latency = 0;  // cycles, at most
};

}  // namespace actplane::rtl_test
