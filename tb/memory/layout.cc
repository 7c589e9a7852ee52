// SPDX-License-Identifier: Apache-2.0
#include "memory/layout.h"

#include <algorithm>
#include <cstring>

namespace actplane::tb::memory {

Config RandomConfig(const MemoryShape& shape, Rng& rng) {
  Config c;
  do {
    c.format = static_cast<Format>(rng.Below(3));
  } while ((shape.formats >> static_cast<uint32_t>(c.format) & 1) == 0);
  do {
    c.order = static_cast<Order>(rng.Below(2));
  } while ((shape.orders >> static_cast<uint32_t>(c.order) & 1) == 0);
  c.block_len = shape.block_len;
  c.group_len = shape.group_len;
  c.row_limit = rng.Between(kMinRowLimit, shape.depth);
  c.delta_cap = rng.OneIn(2) ? 0 : rng.Below(InfoOf(c.format).exp_bits + 2);
  c.fill = rng.OneIn(2) ? Fill::kMidpoint : Fill::kZero;
  const uint32_t low = MinSlotBytes(c), high = MaxSlotBytes(c);
  switch (rng.Below(4)) {
    case 0: c.slot_bytes = rng.OneIn(2) ? low : high; break;
    case 1: c.slot_bytes = rng.Between(low, high); break;
    default: c.slot_bytes = std::clamp(BlockBytes(c) / rng.Between(2, 6), low, high);
  }
  return c;
}

void FillValues(Format format, Rng& rng, std::span<std::byte> bytes) {
  const FormatInfo info = InfoOf(format);
  const uint32_t middle = info.exp_max / 2, style = rng.Below(8);
  for (size_t i = 0; i + info.value_bytes <= bytes.size(); i += info.value_bytes) {
    const uint64_t random = rng.Next();
    const auto mantissa = static_cast<uint32_t>(random) & ((1U << info.man_bits) - 1);
    uint32_t exponent = middle - static_cast<uint32_t>(random >> 32) % 6;
    if (style == 0) exponent = static_cast<uint32_t>(random >> 32) & info.exp_max;
    if (style == 1 && (random >> 40) % 4 != 0) exponent = 0;
    const auto sign = static_cast<uint32_t>(random >> 63);
    uint32_t pattern = (sign << info.exp_bits | exponent) << info.man_bits | mantissa;
    if (style == 1 && exponent == 0) pattern = 0;
    if (style == 2 && i != 0) std::memcpy(&pattern, bytes.data(), info.value_bytes);
    std::memcpy(bytes.data() + i, &pattern, info.value_bytes);
  }
}

Layout::Layout(const MemoryShape& shape, uint32_t count, Rng& rng) : shape_(shape) {
  const uint64_t top =
      shape.addr_width == 64 ? UINT64_MAX / kPageBytes + 1 : uint64_t{1} << (shape.addr_width - 12);
  uint64_t page = 16 + rng.Below(16);
  for (uint32_t k = 0; k < count; ++k) {
    const Room room{rng.Between(1, 3), 24};
    Region r;
    r.bus_bytes = shape.bus_bytes();
    r.depth = shape.depth;
    const bool at_top = k + 1 == count && count > 1;
    r.base = (at_top ? top - room.pages : page) * kPageBytes;
    regions_.push_back(r);
    rooms_.push_back(room);
    // Neighbours without a gap too: then the page behind one region is the first of another.
    if (!at_top) page += room.pages + rng.Below(2);
  }
  bypass_pages_ = {page, page + 1, page + 2, 3};
  page += 3;
  for (uint32_t k = 0; k < count; ++k) {
    regions_[k].slots = page * kPageBytes;
    page += rooms_[k].slot_pages;
    Change(k, rng);
  }
}

void Layout::Change(uint32_t k, Rng& rng) {
  Region& r = regions_[k];
  const uint64_t most = rooms_[k].pages * kPageBytes;
  // Often a little less than a block from a page's end; never fewer pages than the room has, so
  // that holes stay holes.
  const uint64_t less = rng.OneIn(4) ? 0 : rng.OneIn(2) ? rng.Below(16) : rng.Below(64);
  r.size = most - 64 * less;
  do {
    r.config = RandomConfig(shape_, rng);
  } while (r.slots_end() - r.slots > rooms_[k].slot_pages * kPageBytes);
}

uint64_t Layout::BypassPage(Rng& rng, bool* slots) const {
  *slots = false;
  if (rng.OneIn(8)) {
    *slots = true;
    const uint32_t k = rng.Below(size());
    return regions_[k].slots + rng.Below(rooms_[k].slot_pages) * kPageBytes;
  }
  return bypass_pages_[rng.Below(bypass_pages_.size())] * kPageBytes;
}

}  // namespace actplane::tb::memory
