// SPDX-License-Identifier: Apache-2.0
// A memory path as a program sees it: addresses in, values out, slots in DRAM. The golden model
// (golden_device.h) is one; the RTL is another.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "actplane/format.h"
#include "actplane/status.h"

namespace actplane::tb {

// Block i is the values at base + i * BlockBytes(config); its slot lies at slot_base + i * stride.
struct MemoryRegion {
  uint64_t base = 0, size = 0;  // of the values, as the master addresses them
  uint64_t slot_base = 0;       // in DRAM
  uint64_t stride = 0;          // slot_bytes in whole bus words
  Config config;

  bool Holds(uint64_t address) const { return address >= base && address - base < size; }
  uint64_t SlotAddress(uint64_t address) const {
    return slot_base + (address - base) / BlockBytes(config) * stride;
  }
};

struct DeviceCounters {
  uint64_t blocks_written = 0;
  uint64_t read_modify_writes = 0;
  uint64_t blocks_read = 0;  // slots that were fetched for reads
  uint64_t buffer_hits = 0;  // blocks of a read that were there already
  uint64_t malformed = 0;
  uint64_t bypass_reads = 0, bypass_writes = 0;  // bytes
};

class MemoryDevice {
 public:
  virtual ~MemoryDevice() = default;

  // In place of the regions before. kInvalidConfig when the device cannot have them.
  virtual Status SetRegions(std::span<const MemoryRegion> regions) = 0;

  // Inside one region, or outside all of them. Accesses overlap in time as far as the device lets
  // them. kInvalidConfig for an address that is not there.
  virtual Status Write(uint64_t address, std::span<const std::byte> bytes) = 0;
  virtual Status Read(uint64_t address, std::span<std::byte> bytes) = 0;

  // Until every access is answered, and every slot in memory. kMismatch when the device has done
  // what it must not, as also from the others.
  virtual Status Fence() = 0;

  // Clocks of the device up to the end of what it was given.
  virtual uint64_t cycles() const = 0;
  virtual DeviceCounters counters() const = 0;
};

}  // namespace actplane::tb
