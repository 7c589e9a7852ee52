// SPDX-License-Identifier: Apache-2.0
// What the sequences have in common, and those of plain traffic; sequences_special.cc has the rest.
#include "memory/sequences.h"

#include <algorithm>
#include <array>
#include <utility>

#include "memory/sequences_special.h"

namespace actplane::tb::memory {

BufferedSequence::BufferedSequence(const MemoryShape& shape, uint64_t seed, uint64_t bursts,
                                   uint32_t regions)
    : shape_(shape),
      rng_(seed, "sequence"),
      layout_(shape, std::min(regions, shape.regions), rng_),
      traffic_(shape, Rng(seed, "traffic")),
      left_(bursts) {}

std::unique_ptr<const Op> BufferedSequence::Next() {
  while (ops_.empty()) {
    if (!Refill()) return nullptr;
  }
  std::unique_ptr<const Op> op = std::move(ops_.front());
  ops_.pop_front();
  return op;
}

void BufferedSequence::Enable(uint32_t k) {
  for (const auto& [addr, value] : RegionWrites(k, layout_.at(k))) SetRegister(addr, value);
  SetRegister(reg::OfRegion(k, reg::kControl), 1);
}

void BufferedSequence::Fill(uint32_t k) {
  const Region& r = layout_.at(k);
  for (const Burst& b : traffic_.Span(r, 0, r.blocks())) AddWrite(b, r.config.format, true);
}

void BufferedSequence::ReadAll(uint32_t k) {
  const Region& r = layout_.at(k);
  for (const Burst& b : traffic_.Span(r, 0, r.blocks())) Add(ReadOp{b});
}

bool BufferedSequence::ToSlots(const Burst& b) const {
  for (uint32_t k = 0; k < layout_.size(); ++k) {
    const Region& r = layout_.at(k);
    if (b.addr >= r.slots && b.addr < r.slots_end() + kPageBytes) return true;
  }
  return false;
}

void BufferedSequence::AddRandom(uint32_t k) {
  const Region& r = layout_.at(k);
  Burst b;
  if (rng_.OneIn(10)) {
    b = traffic_.Outside(layout_);
  } else {
    b = rng_.OneIn(25) ? traffic_.Refused(r) : traffic_.InRegion(r);
  }
  if (rng_.OneIn(2) || (!corrupt_ && ToSlots(b))) {
    Add(ReadOp{b});
    // WRAP across blocks is too rare to find its block in a buffer by chance.
    const uint64_t size = r.block_bytes();
    if (b.type == kWrap && r.Owns(b.addr) &&
        (LowestOf(b) - r.base) / size != (EndOf(b) - 1 - r.base) / size) {
      Fence();
      Add(ReadOp{b});
    }
  } else {
    AddWrite(b, r.config.format);
  }
}

namespace {

// Everything at once: bursts of every kind in all regions, outside, and where they are refused.
class RandomMemorySeq : public BufferedSequence {
 public:
  RandomMemorySeq(const MemoryShape& shape, uint64_t seed, uint64_t bursts)
      : BufferedSequence(shape, seed, bursts, 4) {
    for (uint32_t k = 0; k < layout_.size(); ++k) Enable(k);
    SetRegister(reg::kGather, std::array{0U, 1U, 16U, 100U}[rng_.Below(4)]);
    Fill(0);
    Fence();
  }

 private:
  bool Refill() override {
    if (!Spend()) {
      if (std::exchange(read_, true)) return false;
      Fence();
      for (uint32_t k = 0; k < layout_.size(); ++k) ReadAll(k);
      return true;
    }
    if (rng_.OneIn(200)) Fence();
    if (rng_.OneIn(50)) Add(IdleOp{rng_.Below(80)});
    if (rng_.OneIn(60)) now_ = rng_.Below(layout_.size());
    AddRandom(rng_.OneIn(6) ? rng_.Below(layout_.size()) : now_);
    return true;
  }
  bool read_ = false;
  uint32_t now_ = 0;
};

// Tensors in whole blocks: written, and read from the other end, some of them at the same time.
class StreamMemorySeq : public BufferedSequence {
 public:
  StreamMemorySeq(const MemoryShape& shape, uint64_t seed, uint64_t bursts)
      : BufferedSequence(shape, seed, bursts, 3) {
    for (uint32_t k = 0; k < layout_.size(); ++k) Enable(k);
  }

 private:
  bool Refill() override {
    const uint32_t k = rng_.Below(layout_.size()), other = rng_.Below(layout_.size());
    const Region& r = layout_.at(k);
    const std::vector<Burst> writes = traffic_.Span(r, 0, r.blocks());
    const std::vector<Burst> reads =
        traffic_.Span(layout_.at(other), 0, layout_.at(other).blocks());
    if (!Spend(std::min<uint64_t>(left() == 0 ? 1 : left(),
                                  writes.size() + reads.size() + r.blocks()))) {
      return false;
    }
    for (size_t i = 0; i < std::max(writes.size(), reads.size()); ++i) {
      if (i < writes.size()) AddWrite(writes[i], r.config.format, true);
      if (i < reads.size()) Add(ReadOp{reads[rng_.OneIn(2) ? i : reads.size() - 1 - i]});
    }
    for (uint64_t block = 0; block < r.blocks(); ++block) {  // one after the other, for prefetch
      Add(ReadOp{traffic_.WholeBlock(r, block)});
      Add(IdleOp{rng_.Below(120)});
    }
    return true;
  }
};

// Small writes and reads in few blocks, each often before the one in front of it is answered.
class PartialMemorySeq : public BufferedSequence {
 public:
  PartialMemorySeq(const MemoryShape& shape, uint64_t seed, uint64_t bursts)
      : BufferedSequence(shape, seed, bursts, 1) {
    Enable(0);
    Fill(0);
  }

 private:
  bool Refill() override {
    const Region& r = layout_.at(0);
    if (!Spend()) {
      if (std::exchange(read_, true)) return false;
      ReadAll(0);
      return true;
    }
    if (rng_.OneIn(20)) SetRegister(reg::kGather, rng_.Below(40), false);
    if (rng_.OneIn(100)) first_ = rng_.Below(r.blocks());
    Burst b = traffic_.InRegion(r);
    if (!rng_.OneIn(8)) {
      const uint64_t block = std::min(first_ + rng_.Below(3), r.blocks() - 1);
      b.type = kIncr;
      b.addr = r.base + block * r.block_bytes() + rng_.Below(r.BytesOf(block));
      const uint64_t aligned = b.addr & ~uint64_t{b.beat_bytes() - 1U};
      const uint64_t end = r.base + block * r.block_bytes() + r.BytesOf(block);
      b.len = static_cast<uint8_t>(
          std::min<uint64_t>(rng_.Below(4), (end - aligned) / b.beat_bytes() - 1));
    }
    if (rng_.OneIn(3)) {
      Add(ReadOp{b});
    } else {
      AddWrite(b, r.config.format);
    }
    if (rng_.OneIn(10)) Add(IdleOp{rng_.Below(60)});
    return true;
  }
  uint64_t first_ = 0;
  bool read_ = false;
};

}  // namespace

const std::vector<MemorySequenceInfo>& MemorySequences() {
  static const std::vector<MemorySequenceInfo> kAll = {
      {"random", "bursts of every kind, legal and not, in four regions and outside"},
      {"stream", "tensors in whole blocks, written and read at the same time"},
      {"partial", "small writes and reads that meet in few blocks"},
      {"errors", "errors of the memory, broken pages, malformed slots"},
      {"regions", "regions that go, change and come back while traffic goes on"},
      {"reset", "resets in the middle of traffic"},
      {"generations", "what was read is written back, 100 times, and stays"},
      {"registers", "accesses to registers, legal and not, beside traffic"},
  };
  return kAll;
}

std::unique_ptr<MemorySequence> MakeMemorySequence(std::string_view name, const MemoryShape& shape,
                                                   uint64_t seed, uint64_t bursts,
                                                   uint32_t error_rate) {
  if (name == "random") return std::make_unique<RandomMemorySeq>(shape, seed, bursts);
  if (name == "stream") return std::make_unique<StreamMemorySeq>(shape, seed, bursts);
  if (name == "partial") return std::make_unique<PartialMemorySeq>(shape, seed, bursts);
  return MakeSpecialSequence(name, shape, seed, bursts, error_rate);
}

}  // namespace actplane::tb::memory
