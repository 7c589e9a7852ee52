// SPDX-License-Identifier: Apache-2.0
#include "memory/traffic.h"

#include <algorithm>
#include <bit>

namespace actplane::tb::memory {

void Traffic::Dress(Burst& b) {
  b.id = static_cast<uint32_t>(rng_.Next()) & ((1U << shape_.id_width) - 1);
  if (rng_.OneIn(2)) b.id &= 3;
  b.lock = rng_.OneIn(30) ? 1 : 0;
  b.cache = static_cast<uint8_t>(rng_.Below(16));
  b.prot = static_cast<uint8_t>(rng_.Below(8));
  b.qos = static_cast<uint8_t>(rng_.Below(16));
}

// Fewer beats, until the burst stays in its page and in front of `end`.
void Traffic::CutAtPage(Burst& b, uint64_t end) {
  const uint64_t page_end = b.addr / kPageBytes * kPageBytes + kPageBytes;
  const uint64_t limit = std::min(page_end - 1, end - 1);
  if (b.type == kWrap) {
    while (b.len != 0 && EndOf(b) - 1 > limit) b.len = static_cast<uint8_t>(b.len / 2);
    if (b.len == 0) b.type = kIncr;
    return;
  }
  const uint64_t aligned = b.addr & ~uint64_t{b.beat_bytes() - 1U};
  const uint64_t room = (limit + 1 - aligned) / b.beat_bytes();
  b.len = static_cast<uint8_t>(std::min<uint64_t>(b.beats(), std::max<uint64_t>(room, 1)) - 1);
}

Burst Traffic::InRegion(const Region& r) {
  Burst b;
  Dress(b);
  const auto full = static_cast<uint8_t>(std::countr_zero(bus_));
  b.size = rng_.OneIn(3) ? static_cast<uint8_t>(rng_.Below(full + 1U)) : full;
  if (hot_of_ != &r || rng_.OneIn(24)) {
    hot_of_ = &r;
    hot_ = rng_.OneIn(6) ? r.blocks() - 1 : rng_.Below(r.blocks());
  }
  const uint64_t near = hot_ + rng_.Below(3);
  const uint64_t block = rng_.OneIn(10) ? rng_.Below(r.blocks()) : std::min(near, r.blocks() - 1);
  if (rng_.OneIn(4)) {
    b = WholeBlock(r, block);
    const uint32_t narrow = 2 * b.beats();
    if (rng_.OneIn(4) && narrow <= 256) {
      b.size = static_cast<uint8_t>(full - 1);
      b.len = static_cast<uint8_t>(narrow - 1);
    }
    return b;
  }
  const uint64_t start = r.base + block * r.block_bytes();
  b.addr = start + (rng_.OneIn(4) ? 0 : rng_.Below(r.BytesOf(block)));
  if (rng_.OneIn(6))
    b.addr = r.base + std::min(r.size - 1, (b.addr - r.base) | (kPageBytes - bus_));
  if (rng_.OneIn(2)) b.addr &= ~uint64_t{b.beat_bytes() - 1U};
  if (rng_.OneIn(4)) {
    b.type = kWrap;
    b.addr &= ~uint64_t{b.beat_bytes() - 1U};
    b.len = static_cast<uint8_t>((2U << rng_.Below(4)) - 1);
  } else {
    switch (rng_.Below(4)) {
      case 0: b.len = 0; break;
      case 1: b.len = static_cast<uint8_t>(rng_.Below(8)); break;
      case 2: b.len = static_cast<uint8_t>(rng_.Below(32)); break;
      default: b.len = static_cast<uint8_t>(rng_.OneIn(4) ? 255 : rng_.Below(64));
    }
  }
  CutAtPage(b, r.base + r.size);
  return b;
}

Burst Traffic::WholeBlock(const Region& r, uint64_t block) { return Span(r, block, 1).front(); }

std::vector<Burst> Traffic::Span(const Region& r, uint64_t block, uint64_t count) {
  std::vector<Burst> all;
  uint64_t at = r.base + block * r.block_bytes();
  uint64_t bytes = std::min(count * r.block_bytes(), r.size - block * r.block_bytes());
  while (bytes != 0) {
    Burst b;
    Dress(b);
    b.addr = at;
    b.size = static_cast<uint8_t>(std::countr_zero(bus_));
    const uint64_t left = std::min(bytes, kPageBytes - at % kPageBytes) / bus_;
    b.len = static_cast<uint8_t>(std::min<uint64_t>(left, 256) - 1);
    all.push_back(b);
    at += uint64_t{b.beats()} * bus_;
    bytes -= uint64_t{b.beats()} * bus_;
  }
  return all;
}

Burst Traffic::Outside(const Layout& layout) {
  Burst b;
  Dress(b);
  bool slots = false;
  b.addr = layout.BypassPage(rng_, &slots) + rng_.Below(kPageBytes);
  if (rng_.OneIn(3)) b.addr &= ~uint64_t{0xfff} | (rng_.OneIn(2) ? 0x7f : 0xfc0);
  b.size = static_cast<uint8_t>(rng_.Below(static_cast<uint32_t>(std::countr_zero(bus_)) + 1));
  b.type = static_cast<uint8_t>(rng_.OneIn(6) ? kFixed : rng_.OneIn(4) ? kWrap : kIncr);
  b.len = static_cast<uint8_t>(rng_.OneIn(8) ? rng_.Below(256) : rng_.Below(16));
  if (b.type == kFixed) b.len &= 15;
  if (b.type == kWrap) {
    b.addr &= ~uint64_t{b.beat_bytes() - 1U};
    b.len = static_cast<uint8_t>((2U << rng_.Below(4)) - 1);
  }
  if (slots && SlotAttributes(b)) b.qos = 1;
  CutAtPage(b, UINT64_MAX);
  return b;
}

Burst Traffic::Refused(const Region& r) {
  Burst b = InRegion(r);
  b.type = kIncr;
  switch (rng_.Below(6)) {
    case 0:
      b.type = kFixed;
      b.len &= 15;
      break;
    case 1: b.type = kReservedType; break;
    case 2:
      b.size = static_cast<uint8_t>(std::countr_zero(bus_) + 1);
      if (b.size > 7) b.size = 7;
      b.len &= 15;
      break;
    case 3:  // across a page
      b.addr |= kPageBytes - bus_;
      b.size = static_cast<uint8_t>(std::countr_zero(bus_));
      b.len = static_cast<uint8_t>(1 + rng_.Below(255));
      break;
    case 4:
      b.type = kWrap;
      b.addr &= ~uint64_t{b.beat_bytes() - 1U};
      do b.len = static_cast<uint8_t>(rng_.Below(32));
      while (WrapLength(b.beats()));
      break;
    default:  // into the hole, or, where there is none, across the last page
      b.addr = r.base + r.size - rng_.Between(1, 2 * bus_);
      b.size = static_cast<uint8_t>(std::countr_zero(bus_));
      b.len = static_cast<uint8_t>(rng_.Between(2, 15));
  }
  return b;
}

WriteOp Traffic::Write(const Burst& burst, Format format, bool all_strobes) {
  WriteOp op{burst, {}, rng_.OneIn(4)};
  Bytes values(size_t{burst.beats()} * bus_);
  if (rng_.OneIn(4)) {
    rng_.Fill(values);
  } else {
    FillValues(format, rng_, values);
  }
  const uint32_t mode = all_strobes ? 0 : rng_.Below(6);  // 3 and above: all
  const bool legal = burst.beat_bytes() <= bus_;
  for (uint32_t i = 0; i < burst.beats(); ++i) {
    WriteBeat beat;
    std::copy_n(values.begin() + static_cast<std::ptrdiff_t>(size_t{i} * bus_), bus_,
                beat.data.begin());
    const uint64_t lanes = legal ? PlaceOf(burst, i, bus_).lanes()
                                 : (bus_ == 64 ? ~uint64_t{0} : (uint64_t{1} << bus_) - 1);
    beat.strb = lanes;
    if (mode == 1) beat.strb &= rng_.Next();
    if (mode == 2 && rng_.OneIn(2)) beat.strb = 0;
    if (mode == 3 && rng_.OneIn(16)) beat.strb &= rng_.Next() & rng_.Next();
    beat.last = i == burst.len;
    op.beats.push_back(beat);
  }
  return op;
}

}  // namespace actplane::tb::memory
