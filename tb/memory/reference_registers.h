// SPDX-License-Identifier: Apache-2.0
// The registers of the memory path as a model: what each access does and answers. Golden model of
// the register file; the reference device has one inside, the bench another beside it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "memory/registers.h"

namespace actplane::tb::memory {

// Whether the device may enable region `k` as it stands.
bool RegionLegal(const Region& region, const RegionTable& table, uint32_t k, bool slots_fit);

class ReferenceRegisters {
 public:
  explicit ReferenceRegisters(const MemoryShape& shape)
      : shape_(shape), table_(shape), raw_(shape.regions) {}

  struct Answer {
    bool error = false;
    uint32_t data = 0;
  };
  Answer Read(uint32_t addr) const;
  // Whether this write turns a region off, which waits until the paths are idle.
  bool Drains(uint32_t addr, uint32_t data, uint32_t strb) const;
  Answer Write(uint32_t addr, uint32_t data, uint32_t strb);
  void Reset();

  const RegionTable& table() const { return table_; }
  RegionTable& table() { return table_; }
  uint32_t gather() const { return gather_; }
  bool irq() const { return (errors_ & irq_enable_) != 0; }
  void SetBusy(bool busy) { busy_ = busy; }
  void Count(reg::Counter c, uint32_t n = 1) { counters_[c] += n; }
  uint32_t count(reg::Counter c) const { return counters_[c]; }
  void Error(uint32_t bits, uint64_t addr);
  bool accept_all = false;  // a fault: every region is legal
  bool last_addr = false;   // a fault: ERROR_ADDR is that of the last error

 private:
  static constexpr uint32_t kWords = 6;
  struct Place {
    uint32_t region, word;  // word 6: control
  };
  std::optional<Place> PlaceOf(uint32_t addr) const;
  Region RegionOf(uint32_t k) const;
  uint32_t Bits(uint32_t word) const;

  MemoryShape shape_;
  RegionTable table_;
  std::vector<std::array<uint32_t, kWords>> raw_;
  uint32_t gather_ = 16, irq_enable_ = 0, errors_ = 0;
  uint64_t error_addr_ = 0;
  bool busy_ = false;
  std::array<uint32_t, reg::kCounterCount> counters_ = {};
};

}  // namespace actplane::tb::memory
