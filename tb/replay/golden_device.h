// SPDX-License-Identifier: Apache-2.0
// The memory path out of the golden model: its slots and values bit for bit, its traffic slot by
// slot, and its time from rates and latencies that are stated here.
//
// A path takes one bus word a clock on each channel of both sides. Blocks go round its `paths`, as
// channels of a memory controller take turns; every path has buffers of its own.
//   Write  beats of the block, `write_latency`, beats of the slot, then DRAM. A block may begin
//          while fewer than `pending` are on their way.
//   Read   one address a clock, DRAM, beats of the slot, `read_latency`, beats of the block. A slot
//          may be asked for while one of `read_buffers` is free.
//   Else   the same without codec, in pieces of `bypass_bytes`, of which `bypass_pending` may be on
//          their way.
#pragma once

#include <optional>
#include <vector>

#include "replay/device.h"
#include "replay/dram_memory.h"

namespace actplane::tb {

struct PathConfig {
  uint64_t bus_bytes = 32;
  uint64_t clock_ps = 1000;
  uint64_t paths = 1;
  uint64_t write_latency = 16;  // last beat of a block to the first of its slot
  uint64_t read_latency = 12;   // last beat of a slot to the first of its block
  uint64_t pending = 8, read_buffers = 4;
  uint64_t bypass_bytes = 1024, bypass_pending = 16;
};

class GoldenDevice final : public MemoryDevice {
 public:
  // `memory` must outlive the device.
  GoldenDevice(DramMemory& memory, const PathConfig& config);

  Status SetRegions(std::span<const MemoryRegion> regions) override;
  Status Write(uint64_t address, std::span<const std::byte> bytes) override;
  Status Read(uint64_t address, std::span<std::byte> bytes) override;
  Status Fence() override;
  uint64_t cycles() const override { return end_; }
  DeviceCounters counters() const override { return counters_; }

 private:
  // When things are free again, in clocks of the device.
  struct Path {
    uint64_t write = 0, slot_write = 0, address = 0, slot_read = 0, read = 0;
    std::vector<uint64_t> writes, reads, bypass_writes, bypass_reads;  // ends of the last ones
    size_t next_write = 0, next_read = 0, next_bypass_write = 0, next_bypass_read = 0;
  };
  struct Buffer {
    uint64_t block = kNone;  // address of its first byte
    std::vector<std::byte> values;
  };
  // The block whose beats are being collected.
  struct Gather {
    const MemoryRegion* region = nullptr;
    uint64_t block = kNone;
    uint64_t bytes = 0;  // of the block inside the region
    std::vector<std::byte> values;
    std::vector<bool> written;
    uint64_t count = 0;
  };
  static constexpr uint64_t kNone = UINT64_MAX;

  const MemoryRegion* RegionOf(uint64_t address) const;
  Status Check(const MemoryRegion* region, uint64_t address, uint64_t count) const;
  void WriteRegion(const MemoryRegion& region, uint64_t address, std::span<const std::byte> bytes);
  void ReadRegion(const MemoryRegion& region, uint64_t address, std::span<std::byte> bytes);
  void CloseGather();
  void Drain();
  void Decode(const MemoryRegion& region, uint64_t block, std::span<std::byte> values);

  // Times.
  Path& PathOf(uint64_t address, uint64_t unit) { return paths_[address / unit % paths_.size()]; }
  uint64_t Beats(uint64_t bytes) const { return CeilOf(bytes, config_.bus_bytes); }
  static uint64_t CeilOf(uint64_t a, uint64_t b) { return (a + b - 1) / b; }
  uint64_t ToDram(uint64_t cycle) const {
    return CeilOf(cycle * config_.clock_ps, memory_.dram().config().clock_ps);
  }
  uint64_t FromDram(uint64_t clock) const {
    return CeilOf(clock * memory_.dram().config().clock_ps, config_.clock_ps);
  }
  void Until(uint64_t cycle) { end_ = std::max(end_, cycle); }

  DramMemory& memory_;
  PathConfig config_;
  std::vector<MemoryRegion> regions_;
  std::vector<Path> paths_;
  std::vector<Buffer> buffers_;
  size_t next_buffer_ = 0;
  Gather gather_;
  std::vector<std::byte> slot_;
  DeviceCounters counters_;
  uint64_t end_ = 0;
};

}  // namespace actplane::tb
