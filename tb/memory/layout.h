// SPDX-License-Identifier: Apache-2.0
// Where the regions of a run lie, how they are configured, and what is around them.
#pragma once

#include <utility>
#include <vector>

#include "core/rng.h"
#include "memory/region.h"

namespace actplane::tb::memory {

// A legal configuration that the device can do.
Config RandomConfig(const MemoryShape& shape, Rng& rng);

// Bytes that look like values of a format: most of them near each other, some not.
void FillValues(Format format, Rng& rng, std::span<std::byte> bytes);

class Layout {
 public:
  // `count` regions of a few pages each, the last one at the top of the address space.
  Layout(const MemoryShape& shape, uint32_t count, Rng& rng);

  Region& at(uint32_t k) { return regions_.at(k); }
  const Region& at(uint32_t k) const { return regions_.at(k); }
  uint32_t size() const { return static_cast<uint32_t>(regions_.size()); }
  // A new configuration and size for region k, in the place that it has.
  void Change(uint32_t k, Rng& rng);
  // A page outside all regions: beside one, of a slot area (`slots` says so), or anywhere.
  uint64_t BypassPage(Rng& rng, bool* slots) const;

 private:
  struct Room {
    uint64_t pages = 0, slot_pages = 0;
  };
  MemoryShape shape_;
  std::vector<Region> regions_;
  std::vector<Room> rooms_;
  std::vector<uint64_t> bypass_pages_;
};

}  // namespace actplane::tb::memory
