// SPDX-License-Identifier: Apache-2.0
// What the tests of the memory path share: a region, and how it lies in a port.
#pragma once

#include "rtl_test.h"

namespace actplane::rtl_test {

// A port whose width depends on the configuration.
template <class Port>
void Put(Port& port, uint64_t value) {
  port = static_cast<Port>(value);
}

struct Region {
  bool enable = false;
  uint64_t base = 0;  // bytes
  uint64_t size = 0;  // bytes, a multiple of 64, at least that when enabled
  uint64_t slot = 0;
  uint32_t format = 0;
  uint32_t order = 0;
  uint32_t fill_zero = 0;
  uint32_t slot_bytes = 0;
  uint32_t row_limit = 0;
  uint32_t delta_cap = 0;

  uint64_t last() const { return base + size - 1; }
  uint64_t stride(uint32_t bus_bytes) const { return (slot_bytes + bus_bytes - 1) / bus_bytes; }
  friend bool operator==(const Region&, const Region&) = default;
};

// region_t of actp_mem_pkg, its last field lowest.
template <class Port>
void PutRegion(Port& port, uint32_t at, const Region& r, uint32_t bus_bytes) {
  auto field = [&, next = at](uint32_t bits, uint64_t value) mutable {
    PutBits(port, next, bits, value);
    next += bits;
  };
  field(4, r.delta_cap);
  field(5, r.row_limit);
  field(11, r.slot_bytes);
  field(1, r.fill_zero);
  field(1, r.order);
  field(2, r.format);
  field(8, r.stride(bus_bytes));
  field(52, r.slot >> 12);
  field(6, r.last() >> 6 & 63);
  field(52, r.last() >> 12);
  field(52, r.base >> 12);
  field(1, r.enable ? 1 : 0);
}

// The same of an enabled region, back.
template <class Port>
Region GetRegion(const Port& port, uint32_t at) {
  auto field = [&, next = at](uint32_t bits) mutable {
    next += bits;
    return GetBits(port, next - bits, bits);
  };
  Region r;
  r.delta_cap = static_cast<uint32_t>(field(4));
  r.row_limit = static_cast<uint32_t>(field(5));
  r.slot_bytes = static_cast<uint32_t>(field(11));
  r.fill_zero = static_cast<uint32_t>(field(1));
  r.order = static_cast<uint32_t>(field(1));
  r.format = static_cast<uint32_t>(field(2));
  field(8);
  r.slot = field(52) << 12;
  const uint64_t granule = field(6);
  const uint64_t page = field(52);
  r.base = field(52) << 12;
  r.size = (page << 12 | granule << 6) + 64 - r.base;
  r.enable = field(1) != 0;
  return r;
}

}  // namespace actplane::rtl_test
