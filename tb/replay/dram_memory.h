// SPDX-License-Identifier: Apache-2.0
// DRAM with its content: what lies at an address, and when it is there.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "replay/dram.h"

namespace actplane::tb {

class DramMemory {
 public:
  // `slots_from`: what is moved from there on is counted on its own.
  DramMemory(const DramConfig& config, uint64_t bytes, uint64_t slots_from)
      : dram_(config), bytes_(bytes), slots_from_(slots_from) {}

  uint64_t Write(uint64_t address, std::span<const std::byte> in, uint64_t earliest) {
    std::copy(in.begin(), in.end(), At(address, in.size()).begin());
    return Access(address, in.size(), true, earliest);
  }
  uint64_t Read(uint64_t address, std::span<std::byte> out, uint64_t earliest) {
    const std::span<std::byte> from = At(address, out.size());
    std::copy(from.begin(), from.end(), out.begin());
    return Access(address, out.size(), false, earliest);
  }

  // Without an access.
  std::span<const std::byte> Look(uint64_t address, uint64_t count) { return At(address, count); }

  bool Holds(uint64_t address, uint64_t count) const {
    return address <= bytes_.size() && count <= bytes_.size() - address;
  }
  const Dram& dram() const { return dram_; }
  uint64_t slot_bursts() const { return slot_bursts_; }

 private:
  std::span<std::byte> At(uint64_t address, uint64_t count) {
    return std::span(bytes_).subspan(address, count);
  }
  uint64_t Access(uint64_t address, uint64_t count, bool write, uint64_t earliest) {
    if (address >= slots_from_) slot_bursts_ += dram_.BurstsOf(address, count);
    return dram_.Access(address, count, write, earliest);
  }

  Dram dram_;
  std::vector<std::byte> bytes_;
  uint64_t slots_from_;
  uint64_t slot_bursts_ = 0;
};

}  // namespace actplane::tb
