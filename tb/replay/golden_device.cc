// SPDX-License-Identifier: Apache-2.0
#include "replay/golden_device.h"

#include <fmt/format.h>

#include "actplane/codec.h"

namespace actplane::tb {

GoldenDevice::GoldenDevice(DramMemory& memory, const PathConfig& config)
    : memory_(memory), config_(config) {
  Path path;
  path.writes.resize(config.pending);
  path.reads.resize(config.read_buffers);
  path.bypass_writes.resize(config.bypass_pending);
  path.bypass_reads.resize(config.bypass_pending);
  paths_.assign(config.paths, path);
  buffers_.resize(config.read_buffers * config.paths);
}

Status GoldenDevice::SetRegions(std::span<const MemoryRegion> regions) {
  Drain();
  for (const MemoryRegion& r : regions) {
    if (Status s = ValidateConfig(r.config); !s.ok()) return s;
    const uint64_t blocks = CeilOf(r.size, BlockBytes(r.config));
    if (r.config.lossless || r.stride < r.config.slot_bytes || r.stride % config_.bus_bytes != 0 ||
        r.size == 0 || r.base % BlockBytes(r.config) != 0 || r.slot_base % config_.bus_bytes != 0 ||
        !memory_.Holds(r.slot_base, blocks * r.stride)) {
      return ConfigError("a region that the memory path cannot have; align it and make it fit");
    }
  }
  regions_.assign(regions.begin(), regions.end());
  for (Buffer& b : buffers_) b.block = kNone;
  return OkStatus();
}

const MemoryRegion* GoldenDevice::RegionOf(uint64_t address) const {
  for (const MemoryRegion& r : regions_) {
    if (r.Holds(address)) return &r;
  }
  return nullptr;
}

Status GoldenDevice::Check(const MemoryRegion* region, uint64_t address, uint64_t count) const {
  const bool there = region != nullptr ? count <= region->base + region->size - address
                                       : memory_.Holds(address, count);
  if (there) return OkStatus();
  return ConfigError(fmt::format(
      "{} bytes at {:#x} are in no region and no memory; stay inside one", count, address));
}

Status GoldenDevice::Write(uint64_t address, std::span<const std::byte> bytes) {
  const MemoryRegion* region = RegionOf(address);
  if (Status s = Check(region, address, bytes.size()); !s.ok()) return s;
  if (region != nullptr) {
    WriteRegion(*region, address, bytes);
    return OkStatus();
  }
  counters_.bypass_writes += bytes.size();
  while (!bytes.empty()) {
    const auto piece = bytes.first(std::min<uint64_t>(bytes.size(), config_.bypass_bytes));
    Path& p = PathOf(address, config_.bypass_bytes);
    uint64_t& last = p.bypass_writes[p.next_bypass_write++ % config_.bypass_pending];
    p.write = std::max(p.write, last) + Beats(piece.size());
    p.slot_write = std::max(p.slot_write + Beats(piece.size()), p.write + 1);
    last = FromDram(memory_.Write(address, piece, ToDram(p.slot_write)));
    Until(last);
    address += piece.size();
    bytes = bytes.subspan(piece.size());
  }
  return OkStatus();
}

Status GoldenDevice::Read(uint64_t address, std::span<std::byte> bytes) {
  const MemoryRegion* region = RegionOf(address);
  if (Status s = Check(region, address, bytes.size()); !s.ok()) return s;
  if (region != nullptr) {
    ReadRegion(*region, address, bytes);
    return OkStatus();
  }
  counters_.bypass_reads += bytes.size();
  while (!bytes.empty()) {
    const auto piece = bytes.first(std::min<uint64_t>(bytes.size(), config_.bypass_bytes));
    Path& p = PathOf(address, config_.bypass_bytes);
    uint64_t& last = p.bypass_reads[p.next_bypass_read++ % config_.bypass_pending];
    p.address = std::max(p.address, last) + 1;
    const uint64_t data = FromDram(memory_.Read(address, piece, ToDram(p.address)));
    p.slot_read = std::max(p.slot_read + Beats(piece.size()), data);
    p.read = last = std::max(p.read + Beats(piece.size()), p.slot_read + 1);
    Until(last);
    address += piece.size();
    bytes = bytes.subspan(piece.size());
  }
  return OkStatus();
}

void GoldenDevice::WriteRegion(const MemoryRegion& region, uint64_t address,
                               std::span<const std::byte> bytes) {
  const uint64_t size = BlockBytes(region.config);
  while (!bytes.empty()) {
    const uint64_t offset = (address - region.base) % size;
    const uint64_t block = address - offset;
    Gather& g = gather_;
    if (g.block != block) {
      CloseGather();
      g.region = &region;
      g.block = block;
      g.bytes = std::min(size, region.base + region.size - block);
      g.values.assign(g.bytes, std::byte{0});
      g.written.assign(g.bytes, false);
      g.count = 0;
      for (Buffer& b : buffers_) {
        if (b.block == block) b.block = kNone;
      }
    }
    const uint64_t count = std::min<uint64_t>(bytes.size(), g.bytes - offset);
    for (uint64_t i = 0; i < count; ++i) {
      g.values[offset + i] = bytes[i];
      if (!g.written[offset + i]) ++g.count;
      g.written[offset + i] = true;
    }
    Path& p = PathOf(block - region.base, size);
    const uint64_t last = p.writes[p.next_write % config_.pending];
    p.write = std::max(p.write, last) + Beats(offset % config_.bus_bytes + count);
    if (g.count == g.bytes) CloseGather();
    address += count;
    bytes = bytes.subspan(count);
  }
}

// The block goes to memory, together with the old values of what was not written.
void GoldenDevice::CloseGather() {
  Gather& g = gather_;
  if (g.block == kNone) return;
  const MemoryRegion& region = *g.region;
  const Config& config = region.config;
  Path& p = PathOf(g.block - region.base, BlockBytes(config));
  const uint64_t slot_at = region.SlotAddress(g.block);
  slot_.resize(config.slot_bytes);
  if (g.count != g.bytes) {
    ++counters_.read_modify_writes;
    const uint64_t before = std::max(p.address, p.write) + 1;
    const uint64_t data = FromDram(memory_.Read(slot_at, slot_, ToDram(before)));
    p.address = before;
    p.slot_read = std::max(p.slot_read + Beats(config.slot_bytes), data);
    p.write = std::max(p.write, p.slot_read + config_.read_latency + Beats(g.bytes));
    std::vector<std::byte> old(g.bytes);
    Decode(region, g.block, old);
    for (uint64_t i = 0; i < g.bytes; ++i) {
      if (!g.written[i]) g.values[i] = old[i];
    }
  }
  std::fill(slot_.begin(), slot_.end(), std::byte{0});
  CompressBlock(g.values, config, slot_);
  uint64_t& last = p.writes[p.next_write++ % config_.pending];
  p.slot_write = std::max(p.slot_write, p.write + config_.write_latency) + Beats(slot_.size());
  last = FromDram(memory_.Write(slot_at, slot_, ToDram(p.slot_write)));
  Until(last);
  ++counters_.blocks_written;
  g.block = kNone;
}

void GoldenDevice::Decode(const MemoryRegion& region, uint64_t block, std::span<std::byte> values) {
  const std::span<const std::byte> slot =
      memory_.Look(region.SlotAddress(block), region.config.slot_bytes);
  if (DecompressBlock(slot, region.config, values) != Malformed::kNone) ++counters_.malformed;
}

void GoldenDevice::ReadRegion(const MemoryRegion& region, uint64_t address,
                              std::span<std::byte> bytes) {
  const uint64_t size = BlockBytes(region.config);
  while (!bytes.empty()) {
    const uint64_t offset = (address - region.base) % size;
    const uint64_t block = address - offset;
    const uint64_t all = std::min(size, region.base + region.size - block);
    const uint64_t count = std::min<uint64_t>(bytes.size(), all - offset);
    Path& p = PathOf(block - region.base, size);
    // A block that is still being collected goes first.
    if (gather_.block == block) Drain();
    auto buffer = std::find_if(buffers_.begin(), buffers_.end(),
                               [&](const Buffer& b) { return b.block == block; });
    const uint64_t beats = Beats(offset % config_.bus_bytes + count);
    if (buffer != buffers_.end()) {
      ++counters_.buffer_hits;
      p.read += beats;
    } else {
      ++counters_.blocks_read;
      buffer = buffers_.begin() + static_cast<ptrdiff_t>(next_buffer_++ % buffers_.size());
      slot_.resize(region.config.slot_bytes);
      uint64_t& last = p.reads[p.next_read++ % config_.read_buffers];
      p.address = std::max(p.address, last) + 1;
      const uint64_t data =
          FromDram(memory_.Read(region.SlotAddress(block), slot_, ToDram(p.address)));
      p.slot_read = std::max(p.slot_read + Beats(slot_.size()), data);
      p.read = last = std::max(p.read, p.slot_read + config_.read_latency) + beats;
      buffer->block = block;
      buffer->values.resize(all);
      Decode(region, block, buffer->values);
    }
    Until(p.read);
    std::copy_n(buffer->values.begin() + static_cast<ptrdiff_t>(offset), count, bytes.begin());
    address += count;
    bytes = bytes.subspan(count);
  }
}

Status GoldenDevice::Fence() {
  Drain();
  return OkStatus();
}

void GoldenDevice::Drain() {
  CloseGather();
  for (Path& p : paths_) p.write = p.slot_write = p.address = p.slot_read = p.read = end_;
}

}  // namespace actplane::tb
