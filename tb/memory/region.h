// SPDX-License-Identifier: Apache-2.0
// Regions as the device has them, and the golden model of one block: what a slot holds, what comes
// back from it. The table of all regions decides what a burst is for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "actplane/codec.h"
#include "memory/axi.h"

namespace actplane::tb::memory {

using Bytes = std::vector<std::byte>;

// The parameters of the device that the bench must know.
struct MemoryShape {
  uint32_t block_len = 32;
  uint32_t stream_width = 64;
  uint32_t formats = 7;  // bit f: Format f is built in
  uint32_t orders = 3;   // bit 0 field, bit 1 significance
  uint32_t group_len = 8;
  uint32_t depth = 24;
  uint32_t addr_width = 40;
  uint32_t id_width = 6;
  uint32_t regions = 8;
  uint32_t read_buffers = 4;

  uint32_t bus_bytes() const { return stream_width / 8; }
};

struct Region {
  uint64_t base = 0, size = 0, slots = 0;  // bytes; slot 0 lies at `slots`
  Config config;
  uint32_t bus_bytes = 8;
  uint32_t depth = 24;  // magnitude rows of the device

  uint32_t block_bytes() const { return BlockBytes(config); }
  uint64_t blocks() const { return (size + block_bytes() - 1) / block_bytes(); }
  uint64_t pages_end() const { return (base + size + kPageBytes - 1) / kPageBytes * kPageBytes; }
  uint64_t last() const { return base + size - 1; }  // a region may end with the address space
  bool Owns(uint64_t addr) const { return addr >= base && addr <= (last() | (kPageBytes - 1)); }
  // Short for the last one, if the region ends in it.
  uint32_t BytesOf(uint64_t block) const {
    const uint64_t left = size - block * block_bytes();
    return left < block_bytes() ? static_cast<uint32_t>(left) : block_bytes();
  }
  uint32_t stride() const { return (config.slot_bytes + bus_bytes - 1) / bus_bytes * bus_bytes; }
  uint64_t SlotOf(uint64_t block) const { return slots + block * stride(); }
  uint64_t slots_end() const { return SlotOf(blocks()); }
  std::optional<uint64_t> BlockOfSlot(uint64_t addr) const {
    if (addr < slots || addr >= slots_end()) return std::nullopt;
    return (addr - slots) / stride();
  }

  // As the device does: one with few rows sees FP32 values without their lowest bits (docs/rtl.md).
  Bytes Compress(std::span<const std::byte> values) const;
  // Nothing for a malformed slot.
  std::optional<Bytes> Decompress(std::span<const std::byte> slot, uint32_t bytes) const {
    Bytes values(bytes);
    if (DecompressBlock(slot, config, values) != Malformed::kNone) return std::nullopt;
    return values;
  }
};

enum class Target : uint8_t { kBypass, kRegion, kRefused };

// A region from one enable to the next disable. Bursts that were taken meanwhile hold on to it.
using RegionRef = std::shared_ptr<const Region>;

struct Decoded {
  Target target = Target::kBypass;
  RegionRef region;
};

class RegionTable {
 public:
  explicit RegionTable(const MemoryShape& shape) : shape_(shape), entries_(shape.regions) {}

  void Enable(uint32_t k, const Region& region) {
    entries_.at(k) = std::make_shared<const Region>(region);
  }
  void Set(uint32_t k, RegionRef region) { entries_.at(k) = std::move(region); }
  void Disable(uint32_t k) { entries_.at(k).reset(); }
  void Clear() { entries_.assign(entries_.size(), nullptr); }
  const RegionRef& at(uint32_t k) const { return entries_.at(k); }
  uint32_t size() const { return static_cast<uint32_t>(entries_.size()); }
  const MemoryShape& shape() const { return shape_; }

  Decoded Decode(const Burst& b) const {
    if (IllegalBurst(b, shape_.bus_bytes())) return {Target::kRefused, nullptr};
    for (const RegionRef& r : entries_) {
      if (!r || !r->Owns(b.addr)) continue;
      const bool refused = b.type == kFixed || EndOf(b) - 1 > r->last();
      return {refused ? Target::kRefused : Target::kRegion, refused ? nullptr : r};
    }
    return {};
  }
  // The enabled region in whose slot area an address of the memory lies.
  RegionRef OfSlot(uint64_t addr) const {
    for (const RegionRef& r : entries_) {
      if (r && r->BlockOfSlot(addr)) return r;
    }
    return nullptr;
  }

 private:
  MemoryShape shape_;
  std::vector<RegionRef> entries_;
};

// Slots' own attributes on the memory side; everything else there is bypass.
constexpr bool SlotAttributes(const Burst& b) { return b.qos == 0 && b.prot == 0 && b.cache == 3; }

}  // namespace actplane::tb::memory
