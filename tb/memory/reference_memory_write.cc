// SPDX-License-Identifier: Apache-2.0
// The write path of the reference model.
#include <algorithm>
#include <bit>

#include "memory/reference_memory.h"

namespace actplane::tb::memory {

bool ReferenceMemory::Gather::Whole() const {
  return std::all_of(mask.begin(), mask.end(), [](bool b) { return b; });
}

void ReferenceMemory::TakeWrites() {
  // Without a timer a block is closed behind the burst, not inside it.
  const bool counts = registers_.gather() != 0 || !open_write_;
  if (gather_ &&
      (gather_->close || gather_->Whole() || (counts && gather_->idle++ >= registers_.gather()))) {
    CloseGather();
  }
  if (!open_write_) {
    if (aw_.empty() || writes_.size() >= 16) return;
    open_write_ = std::make_shared<Write>();
    open_write_->burst = aw_.front();
    open_write_->target = Table().Decode(aw_.front());
    if (fault_ == Fault::kTakesHoles && open_write_->target.target == Target::kRefused &&
        !IllegalBurst(aw_.front(), shape_.bus_bytes())) {
      open_write_->target.target = Target::kBypass;
    }
    writes_.push_back(open_write_);
    aw_.pop_front();
  }
  Write& write = *open_write_;
  if (w_.empty()) return;
  WriteBeat beat = w_.front();
  if (write.target.target == Target::kRegion) {
    const uint64_t at = PlaceOf(write.burst, write.beat, shape_.bus_bytes()).addr;
    const uint64_t block = (at - write.target.region->base) / write.target.region->block_bytes();
    if (gather_ && (gather_->block != block || gather_->region != write.target.region)) {
      CloseGather();
    }
    if (gather_ && gather_->close) return;
    if (!gather_ && closed_ && closed_->block == block) return;
    if (gather_ && gather_->Whole()) return;
    TakeRegionBeat(beat);
    registers_.Count(reg::kWriteBeats);
  } else if (write.target.target == Target::kBypass) {
    if (write.beat == 0) {
      Burst burst = write.burst;
      if (fault_ != Fault::kKeepsId) burst.id = 0;
      if (fault_ != Fault::kKeepsLock) burst.lock = 0;
      if (fault_ == Fault::kBypassAttr) burst.cache ^= 1;
      m_aw_.push_back(burst);
      registers_.Count(reg::kBypassWrites);
    }
    if (fault_ == Fault::kBypassByte && beat.strb != 0 && Later(20)) {
      beat.data[static_cast<uint32_t>(std::countr_zero(beat.strb))] ^= std::byte{1};
    }
    m_w_.push_back(beat);
    if (write.beat == write.burst.len) sent_.push_back({nullptr, open_write_});
  } else if (write.beat == write.burst.len) {
    write.resp = kSlvErr;
    registers_.Count(reg::kRefused);
    Error(reg::kErrRefused, write.burst.addr);
  }
  w_.pop_front();
  if (write.beat++ == write.burst.len) {
    // A bypass write is open until the memory answers.
    if (write.target.target == Target::kBypass) ++write.open_blocks;
    write.taken = true;
    open_write_.reset();
  }
}

void ReferenceMemory::TakeRegionBeat(const WriteBeat& beat) {
  Write& write = *open_write_;
  const RegionRef& region = write.target.region;
  const BeatPlace place = PlaceOf(write.burst, write.beat, shape_.bus_bytes());
  const uint64_t block = (place.addr - region->base) / region->block_bytes();
  if (!gather_) {
    gather_ = std::make_shared<Gather>();
    gather_->region = region;
    gather_->block = block;
    gather_->values.resize(region->BytesOf(block));
    gather_->mask.resize(gather_->values.size());
    if (fault_ != Fault::kStaleBuffer) {
      buffers_.remove_if(
          [&](const FillRef& f) { return f->region == region && f->block == block; });
      for (const FillRef& f : {current_, prefetch_}) {
        if (f && f->region == region && f->block == block) f->keep = false;
      }
    }
  }
  if (gather_->writers.empty() || gather_->writers.back() != open_write_) {
    gather_->writers.push_back(open_write_);
    ++write.open_blocks;
  }
  const uint64_t start = place.addr - region->base - block * region->block_bytes();
  for (uint32_t i = 0; i < place.bytes; ++i) {
    if ((beat.strb >> (place.lane + i) & 1) == 0 && fault_ != Fault::kLosesStrobes) continue;
    gather_->values[start + i] = beat.data[place.lane + i];
    gather_->mask[start + i] = true;
  }
  gather_->idle = 0;
  if (rng_.OneIn(40)) gather_->close = true;  // as a timer would, at odd moments
}

void ReferenceMemory::CloseGather() {
  if (closed_) {  // one at a time
    gather_->close = true;
    return;
  }
  closed_ = std::move(gather_);
  gather_.reset();
}

// Waits for the old block, then sends the slot.
void ReferenceMemory::WorkOnClosed() {
  if (!closed_) return;
  Gather& g = *closed_;
  const auto same = [&](const Sent& s) {
    return s.gather && s.gather->region == g.region && s.gather->block == g.block;
  };
  if (!g.Whole()) {
    if (!old_) {
      if (std::any_of(sent_.begin(), sent_.end(), same)) return;
      old_ = StartFill(g.region, g.block);
      Count(reg::kRmw, Fault::kCountsRmw);
      return;
    }
    if (!old_->done) return;
    if (!old_->values) {
      Error(reg::kErrRmw, g.region->base + g.block * g.region->block_bytes());
      Complete(closed_, fault_ != Fault::kHidesErrors);
      closed_.reset();
      old_.reset();
      return;
    }
    Bytes old = *old_->values;
    if (fault_ == Fault::kLosesMerge) std::fill(old.begin(), old.end(), std::byte{0});
    if (fault_ == Fault::kRecompresses) old[0] ^= std::byte{0x40};
    for (size_t i = 0; i < g.values.size(); ++i) {
      if (!g.mask[i]) g.values[i] = old[i];
    }
  }
  // A slot that a reader fetches must not change.
  for (const Issued& i : issued_) {
    if (i.fill && i.fill != old_ && i.fill->region == g.region && i.fill->block == g.block) return;
  }
  // Nor may its beats come between those of a bypass write.
  if (open_write_ && open_write_->target.target == Target::kBypass && open_write_->beat != 0)
    return;
  if (fault_ == Fault::kDropsWrite && Later(30)) {
    Complete(closed_, false);
  } else {
    SendSlot(g, g.region->Compress(g.values));
    if (fault_ == Fault::kEarlyB) Complete(closed_, false);
  }
  closed_.reset();
  old_.reset();
}

void ReferenceMemory::SendSlot(const Gather& g, Bytes slot) {
  const uint32_t bus = shape_.bus_bytes();
  if (fault_ == Fault::kWrongSlotBit && Later(20)) slot[slot.size() / 2] ^= std::byte{4};
  uint64_t at = g.region->SlotOf(g.block);
  if (fault_ == Fault::kWrongSlotPlace && Later(20)) at += g.region->stride();
  if (fault_ == Fault::kWritesOutside && Later(20)) at = g.region->base;
  size_t done = 0;
  registers_.Count(reg::kWriteBlocks);
  registers_.Count(reg::kWriteBytes,
                   static_cast<uint32_t>(slot.size()) + (fault_ == Fault::kCountsBytes ? 1 : 0));
  while (done < slot.size()) {
    const uint64_t page_left = (kPageBytes - at % kPageBytes) / bus;
    const uint64_t words = std::min<uint64_t>(page_left, (slot.size() - done + bus - 1) / bus);
    m_aw_.push_back({.addr = at,
                     .len = static_cast<uint8_t>(words - 1),
                     .size = static_cast<uint8_t>(std::countr_zero(bus)),
                     .cache = 3});
    for (uint64_t i = 0; i < words; ++i) {
      WriteBeat beat;
      for (uint32_t lane = 0; lane < bus && done < slot.size(); ++lane, ++done) {
        beat.data[lane] = slot[done];
        beat.strb |= uint64_t{1} << lane;
      }
      beat.last = i + 1 == words;
      m_w_.push_back(beat);
    }
    at += words * bus;
    sent_.push_back({closed_, nullptr, done < slot.size()});
  }
}

void ReferenceMemory::TakeMemoryB() {
  if (m_b_.empty() || sent_.empty()) return;
  const Sent sent = sent_.front();
  sent_.pop_front();
  const uint8_t resp = m_b_.front().resp;
  m_b_.pop_front();
  const bool failed = resp >= kSlvErr;
  if (sent.write) {
    sent.write->resp = resp == kExOkay ? uint8_t{kOkay} : resp;
    if (fault_ == Fault::kHidesErrors) sent.write->resp = kOkay;
    --sent.write->open_blocks;
    return;
  }
  sent_failed_ = sent_failed_ || failed;
  if (sent.more) return;
  if (sent_failed_) {
    registers_.Count(reg::kMemErrors);
    const Region& region = *sent.gather->region;
    Error(reg::kErrWrite, region.base + sent.gather->block * region.block_bytes());
  }
  if (fault_ != Fault::kEarlyB) {
    Complete(sent.gather, sent_failed_ && fault_ != Fault::kHidesErrors);
  }
  sent_failed_ = false;
}

void ReferenceMemory::Complete(const GatherRef& gather, bool failed) {
  for (const WriteRef& w : gather->writers) {
    --w->open_blocks;
    if (failed) w->resp = kSlvErr;
  }
}

void ReferenceMemory::GiveB() {
  if (fault_ == Fault::kSwapsB && writes_.size() > 1 && writes_[1]->taken &&
      writes_[1]->open_blocks == 0) {
    std::swap(writes_[0], writes_[1]);
  }
  while (!writes_.empty() && writes_.front()->taken && writes_.front()->open_blocks == 0) {
    WriteResponse b{writes_.front()->burst.id, writes_.front()->resp};
    if (fault_ == Fault::kWrongWriteId && Later(50)) b.id ^= 1;
    if (fault_ == Fault::kInventsErrors && Later(50)) b.resp = kSlvErr;
    if (fault_ == Fault::kHangs && ++fault_events_ > 60) return;
    b_.push_back(b);
    writes_.pop_front();
  }
}

bool ReferenceMemory::WritePathHas(const RegionRef& region, uint64_t block) const {
  const auto same = [&](const GatherRef& g) {
    return g && g->region == region && g->block == block;
  };
  return same(gather_) || same(closed_) ||
         std::any_of(sent_.begin(), sent_.end(), [&](const Sent& s) { return same(s.gather); });
}

}  // namespace actplane::tb::memory
