// SPDX-License-Identifier: Apache-2.0
// The register addresses of the memory path, in this one place, and a region as register values.
#pragma once

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "memory/region.h"

namespace actplane::tb::memory {

namespace reg {
inline constexpr uint32_t kId = 0x00, kVersion = 0x04, kConfig = 0x08, kConfig2 = 0x0c,
                          kGather = 0x10, kStatus = 0x14, kIrqEnable = 0x18, kErrors = 0x1c,
                          kErrorAddrLo = 0x20, kErrorAddrHi = 0x24, kCounters = 0x80;
// In the order of their addresses from kCounters on.
enum Counter : uint32_t {
  kWriteBlocks,
  kRmw,
  kReadBlocks,
  kHits,
  kPrefetches,
  kMalformed,
  kMemErrors,
  kRefused,
  kBypassReads,
  kBypassWrites,
  kWriteBeats,
  kReadBeats,
  kWriteBytes,
  kReadBytes,
  kCounterCount,
};
constexpr uint32_t AddressOf(Counter c) { return kCounters + 4 * c; }

inline constexpr uint32_t kRegions = 0x100, kRegionStep = 0x20;
inline constexpr uint32_t kBaseLo = 0x00, kBaseHi = 0x04, kSize = 0x08, kSlotLo = 0x0c,
                          kSlotHi = 0x10, kRegionConfig = 0x14, kControl = 0x18;
constexpr uint32_t OfRegion(uint32_t k, uint32_t offset) {
  return kRegions + kRegionStep * k + offset;
}

inline constexpr uint32_t kIdValue = 0x6d746361;  // "actm"
inline constexpr uint32_t kVersionValue = 0x00010000;
// Bits of kErrors.
inline constexpr uint32_t kErrMalformed = 1, kErrRead = 2, kErrWrite = 4, kErrRmw = 8,
                          kErrRefused = 16;
// Fields of kRegionConfig: lowest bit.
inline constexpr uint32_t kFormatAt = 0, kOrderAt = 2, kFillAt = 3, kCapAt = 4, kLimitAt = 8,
                          kSlotBytesAt = 16;
}  // namespace reg

inline uint32_t PackConfig(const Config& c) {
  return static_cast<uint32_t>(c.format) << reg::kFormatAt |
         static_cast<uint32_t>(c.order) << reg::kOrderAt |
         (c.fill == Fill::kZero ? 1U : 0U) << reg::kFillAt | c.delta_cap << reg::kCapAt |
         c.row_limit << reg::kLimitAt | c.slot_bytes << reg::kSlotBytesAt;
}

inline Config UnpackConfig(uint32_t bits, const MemoryShape& shape) {
  Config c;
  c.format = static_cast<Format>(bits >> reg::kFormatAt & 3);
  c.order = static_cast<Order>(bits >> reg::kOrderAt & 1);
  c.fill = (bits >> reg::kFillAt & 1) != 0 ? Fill::kZero : Fill::kMidpoint;
  c.delta_cap = bits >> reg::kCapAt & 15;
  c.row_limit = bits >> reg::kLimitAt & 31;
  c.slot_bytes = bits >> reg::kSlotBytesAt & 0x7ff;
  c.block_len = shape.block_len;
  c.group_len = shape.group_len;
  return c;
}

// Everything of a region but its enable bit: (address, value).
inline std::vector<std::pair<uint32_t, uint32_t>> RegionWrites(uint32_t k, const Region& r) {
  const auto low = [](uint64_t v) { return static_cast<uint32_t>(v); };
  return {{reg::OfRegion(k, reg::kBaseLo), low(r.base)},
          {reg::OfRegion(k, reg::kBaseHi), low(r.base >> 32)},
          {reg::OfRegion(k, reg::kSize), low(r.size / 64)},
          {reg::OfRegion(k, reg::kSlotLo), low(r.slots)},
          {reg::OfRegion(k, reg::kSlotHi), low(r.slots >> 32)},
          {reg::OfRegion(k, reg::kRegionConfig), PackConfig(r.config)}};
}

}  // namespace actplane::tb::memory
