// SPDX-License-Identifier: Apache-2.0
#include "memory/reference_registers.h"

#include <bit>

namespace actplane::tb::memory {
namespace {

constexpr uint32_t kLowBits = 0xfffff000;  // of an address that is one of a page

// A page that two areas share, each given by its first byte and the one behind its last.
bool SharePage(uint64_t a, uint64_t a_end, uint64_t b, uint64_t b_end) {
  return a / kPageBytes <= (b_end - 1) / kPageBytes && b / kPageBytes <= (a_end - 1) / kPageBytes;
}

}  // namespace

bool RegionLegal(const Region& r, const RegionTable& table, uint32_t k, bool slots_fit) {
  const MemoryShape& shape = table.shape();
  const Config& c = r.config;
  if (r.base % kPageBytes != 0 || r.slots % kPageBytes != 0 || r.size == 0) return false;
  if (static_cast<uint32_t>(c.format) > 2 ||
      (shape.formats >> static_cast<uint32_t>(c.format) & 1) == 0 ||
      (shape.orders >> static_cast<uint32_t>(c.order) & 1) == 0) {
    return false;
  }
  // Each order looks at a limit of its own.
  if (c.order == Order::kField ? c.delta_cap > InfoOf(c.format).exp_bits + 1
                               : c.row_limit < kMinRowLimit || c.row_limit > shape.depth) {
    return false;
  }
  if (c.slot_bytes < MinSlotBytes(c) || c.slot_bytes > MaxSlotBytes(c)) return false;
  const uint64_t space = shape.addr_width == 64 ? 0 : uint64_t{1} << shape.addr_width;
  if (!slots_fit || r.pages_end() - 1 < r.base || r.slots_end() - 1 < r.slots) return false;
  if (space != 0 && (r.pages_end() > space || r.slots_end() > space)) return false;
  for (uint32_t i = 0; i < table.size(); ++i) {
    const RegionRef& other = table.at(i);
    if (i == k || !other) continue;
    if (SharePage(r.base, r.pages_end(), other->base, other->pages_end()) ||
        SharePage(r.slots, r.slots_end(), other->slots, other->slots_end())) {
      return false;
    }
  }
  return true;
}

std::optional<ReferenceRegisters::Place> ReferenceRegisters::PlaceOf(uint32_t addr) const {
  if (addr < reg::kRegions || addr >= reg::kRegions + reg::kRegionStep * shape_.regions) return {};
  const Place p{(addr - reg::kRegions) / reg::kRegionStep,
                (addr - reg::kRegions) % reg::kRegionStep / 4};
  if (p.word > kWords) return {};
  return p;
}

Region ReferenceRegisters::RegionOf(uint32_t k) const {
  const auto& w = raw_[k];
  Region r;
  r.base = w[0] | uint64_t{w[1]} << 32;
  r.size = uint64_t{w[2]} * 64;
  r.slots = w[3] | uint64_t{w[4]} << 32;
  r.config = UnpackConfig(w[5], shape_);
  r.bus_bytes = shape_.bus_bytes();
  r.depth = shape_.depth;
  return r;
}

ReferenceRegisters::Answer ReferenceRegisters::Read(uint32_t addr) const {
  if (addr % 4 != 0) return {true, 0};
  if (const auto p = PlaceOf(addr)) {
    if (p->word < kWords) return {false, raw_[p->region][p->word]};
    return {false, table_.at(p->region) ? 1U : 0U};
  }
  if (addr >= reg::kCounters && addr < reg::kCounters + 4 * reg::kCounterCount) {
    return {false, counters_[(addr - reg::kCounters) / 4]};
  }
  switch (addr) {
    case reg::kId: return {false, reg::kIdValue};
    case reg::kVersion: return {false, reg::kVersionValue};
    case reg::kConfig:
      return {false, shape_.block_len | shape_.stream_width << 9 | shape_.formats << 19 |
                         shape_.orders << 22 | shape_.regions << 24};
    case reg::kConfig2:
      return {false, shape_.addr_width | shape_.read_buffers << 8 | shape_.depth << 16 |
                         shape_.group_len << 24};
    case reg::kGather: return {false, gather_};
    case reg::kStatus: return {false, busy_ ? 1U : 0U};
    case reg::kIrqEnable: return {false, irq_enable_};
    case reg::kErrors: return {false, errors_};
    case reg::kErrorAddrLo: return {false, static_cast<uint32_t>(error_addr_)};
    case reg::kErrorAddrHi: return {false, static_cast<uint32_t>(error_addr_ >> 32)};
    default: return {true, 0};
  }
}

// The bits that a register of a region has.
uint32_t ReferenceRegisters::Bits(uint32_t word) const {
  const auto ones = [](uint32_t n) { return n >= 32 ? ~uint32_t{0} : (uint32_t{1} << n) - 1; };
  switch (word) {
    case 0:
    case 3: return kLowBits;
    case 1:
    case 4: return ones(shape_.addr_width - 32);
    case 2: return ones(shape_.addr_width - 6);
    default: {  // slot bytes: as many bits as the largest slot of the device can need
      const uint32_t most = 33 * shape_.block_len / 8 + 8;
      return 0x1fff | ones(static_cast<uint32_t>(std::bit_width(most))) << 16;
    }
  }
}

bool ReferenceRegisters::Drains(uint32_t addr, uint32_t data, uint32_t strb) const {
  const auto p = PlaceOf(addr);
  return p && p->word == kWords && strb == 15 && data == 0 && table_.at(p->region);
}

ReferenceRegisters::Answer ReferenceRegisters::Write(uint32_t addr, uint32_t data, uint32_t strb) {
  if (addr % 4 != 0 || strb != 15) return {true, 0};
  if (const auto p = PlaceOf(addr)) {
    if (p->word < kWords) {
      if (table_.at(p->region) || (data & ~Bits(p->word)) != 0) return {true, 0};
      raw_[p->region][p->word] = data;
      return {};
    }
    if (data > 1) return {true, 0};
    if (data == 0) {
      table_.Disable(p->region);
      return {};
    }
    if (table_.at(p->region)) return {};
    const Region r = RegionOf(p->region);
    if (!accept_all && !RegionLegal(r, table_, p->region, r.size < uint64_t{1} << 40)) {
      return {true, 0};
    }
    table_.Enable(p->region, r);
    return {};
  }
  switch (addr) {
    case reg::kGather:
      if (data > 255) return {true, 0};
      gather_ = data;
      return {};
    case reg::kIrqEnable:
      if (data > 31) return {true, 0};
      irq_enable_ = data;
      return {};
    case reg::kErrors:
      if (data > 31) return {true, 0};
      errors_ &= ~data;
      return {};
    default: return {true, 0};
  }
}

void ReferenceRegisters::Error(uint32_t bits, uint64_t addr) {
  if (errors_ == 0 || last_addr) error_addr_ = addr;
  errors_ |= bits;
}

void ReferenceRegisters::Reset() { *this = ReferenceRegisters(shape_); }

}  // namespace actplane::tb::memory
