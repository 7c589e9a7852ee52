// SPDX-License-Identifier: Apache-2.0
// The read path of the reference model.
#include <algorithm>
#include <bit>

#include "memory/reference_memory.h"

namespace actplane::tb::memory {
namespace {

constexpr uint64_t kFailureKept = 250;  // cycles; Fault::kKeepsFailure

}  // namespace

ReferenceMemory::FillRef ReferenceMemory::StartFill(const RegionRef& region, uint64_t block) {
  const uint32_t bus = shape_.bus_bytes();
  auto fill = std::make_shared<Fill>();
  fill->region = region;
  fill->block = block;
  uint64_t at = region->SlotOf(block);
  uint64_t words = region->stride() / bus;
  while (words != 0) {
    const uint64_t now = std::min<uint64_t>(words, (kPageBytes - at % kPageBytes) / bus);
    const Burst burst{.addr = at,
                      .len = static_cast<uint8_t>(now - 1),
                      .size = static_cast<uint8_t>(std::countr_zero(bus)),
                      .cache = 3};
    m_ar_.push_back(burst);
    issued_.push_back({fill, burst});
    ++fill->bursts_left;
    at += now * bus;
    words -= now;
  }
  Count(reg::kReadBlocks, Fault::kCountsReadBlocks);
  registers_.Count(reg::kReadBytes, region->config.slot_bytes);
  return fill;
}

void ReferenceMemory::TakeMemoryR() {
  if (m_r_.empty() || issued_.empty()) return;
  const ReadBeat beat = m_r_.front();
  m_r_.pop_front();
  Issued& now = issued_.front();
  ++now.beats;
  if (!now.fill) {
    ReadBeat out = beat;
    out.id = ar_.front().id;
    if (out.resp == kExOkay || fault_ == Fault::kHidesErrors) out.resp = kOkay;
    GiveR(out);
    if (beat.last) {
      issued_.pop_front();
      reading_.reset();
      ar_.pop_front();
    }
    return;
  }
  const FillRef fill = now.fill;
  const uint32_t bus = shape_.bus_bytes();
  fill->slot.insert(fill->slot.end(), beat.data.begin(), beat.data.begin() + bus);
  fill->failed = fill->failed || beat.resp >= kSlvErr;
  if (!beat.last) return;
  issued_.pop_front();
  if (--fill->bursts_left != 0) return;
  fill->done = true;
  fill->end = cycle_;
  const Region& region = *fill->region;
  fill->slot.resize(region.config.slot_bytes);
  fill->values = region.Decompress(fill->slot, region.BytesOf(fill->block));
  if (!fill->failed && !fill->values) registers_.Count(reg::kMalformed);
  if (fill->failed) Count(reg::kMemErrors, Fault::kCountsErrors);
  if (fill->failed || !fill->values) {
    Error(fill->failed ? reg::kErrRead : reg::kErrMalformed,
          region.base + fill->block * region.block_bytes());
    if (fault_ == Fault::kHidesErrors) {
      fill->values = Bytes(region.BytesOf(fill->block));
    } else {
      fill->values.reset();
    }
  }
  if (fill == prefetch_) {
    if (fill->values && fill->keep) buffers_.push_front(fill);
    prefetch_.reset();
  }
  if (buffers_.size() > shape_.read_buffers) buffers_.pop_back();
}

ReferenceMemory::FillRef ReferenceMemory::Buffered(const RegionRef& region, uint64_t block) const {
  for (const FillRef& f : buffers_) {
    const bool same =
        fault_ == Fault::kKeepsBuffers ? f->region->base == region->base : f->region == region;
    const bool forgotten = !f->values && cycle_ > f->end + kFailureKept;
    if (same && f->block == block && !forgotten) return f;
  }
  return nullptr;
}

void ReferenceMemory::GiveR(ReadBeat beat) {
  if (fault_ == Fault::kWrongReadId && Later(100)) beat.id ^= 1;
  r_.push_back(beat);
}

void ReferenceMemory::ServeReads() {
  if (ar_.empty() || r_.size() > 2) return;
  if (!reading_) {
    reading_ = Table().Decode(ar_.front());
    read_beat_ = 0;
    read_block_ = UINT64_MAX;
    if (reading_->target == Target::kBypass) {
      Burst burst = ar_.front();
      if (fault_ != Fault::kKeepsId) burst.id = 0;
      if (fault_ != Fault::kKeepsLock) burst.lock = 0;
      m_ar_.push_back(burst);
      issued_.push_back({nullptr, burst});
      registers_.Count(reg::kBypassReads);
    }
  }
  const Burst burst = ar_.front();
  if (reading_->target == Target::kRegion) ServeRegion(burst, reading_->region);
  if (reading_->target != Target::kRefused) return;
  ReadBeat beat;
  beat.id = burst.id;
  beat.resp = kSlvErr;
  if (fault_ == Fault::kLeaksOnRefuse) beat.data[burst.addr % shape_.bus_bytes()] = std::byte{0xa5};
  beat.last = read_beat_ == burst.len;
  GiveR(beat);
  if (read_beat_ == 0) {
    registers_.Count(reg::kRefused);
    Error(reg::kErrRefused, burst.addr);
  }
  if (read_beat_++ != burst.len) return;
  reading_.reset();
  ar_.pop_front();
}

void ReferenceMemory::ServeRegion(const Burst& burst, const RegionRef& region) {
  const BeatPlace place = PlaceOf(burst, read_beat_, shape_.bus_bytes());
  const uint64_t block = (place.addr - region->base) / region->block_bytes();
  if (block != read_block_) {
    if (!current_) {
      if (WritePathHas(region, block) && fault_ != Fault::kStaleBuffer) {
        if (gather_ && gather_->block == block) gather_->close = true;
        return;
      }
      if (prefetch_ && prefetch_->region == region && prefetch_->block == block) return;
      current_ = Buffered(region, block);
      if (current_) {
        Count(reg::kHits, Fault::kCountsHits);
      } else {
        current_ = StartFill(region, block);
      }
    }
    if (!current_->done) return;
    read_block_ = block;
    sequential_ = last_region_ == region && block == last_block_ + 1 ? sequential_ + 1 : 0;
    last_region_ = region;
    last_block_ = block;
    buffers_.remove(current_);
    if ((current_->values || fault_ == Fault::kKeepsFailure) && current_->keep) {
      buffers_.push_front(current_);
    }
    if (buffers_.size() > shape_.read_buffers) buffers_.pop_back();
  }
  const uint64_t start = place.addr - region->base - block * region->block_bytes();
  ReadBeat beat;
  beat.id = burst.id;
  beat.last = read_beat_ == burst.len;
  beat.resp = current_->values ? kOkay : kSlvErr;
  if (fault_ == Fault::kInventsErrors && Later(200)) beat.resp = kSlvErr;
  if (current_->values) {
    const FillRef source =
        fault_ == Fault::kWrongReadBlock && previous_ && previous_->values && Later(200) ? previous_
                                                                                         : current_;
    for (uint32_t i = 0; i < place.bytes && start + i < source->values->size(); ++i) {
      beat.data[place.lane + i] = (*source->values)[start + i];
    }
  }
  if (fault_ == Fault::kWrongReadBit && Later(200)) beat.data[place.lane] ^= std::byte{1};
  GiveR(beat);
  registers_.Count(reg::kReadBeats, fault_ == Fault::kCounts && Later(100) ? 2 : 1);
  ++read_beat_;
  const bool over = beat.last;
  const bool leaves = over || (PlaceOf(burst, read_beat_, shape_.bus_bytes()).addr - region->base) /
                                      region->block_bytes() !=
                                  block;
  if (leaves) {
    previous_ = std::move(current_);
    current_.reset();
    read_block_ = UINT64_MAX;
  }
  if (over) {
    reading_.reset();
    ar_.pop_front();
  }
}

void ReferenceMemory::Prefetch() {
  if (prefetch_ || reading_ || !ar_.empty() || sequential_ < 1 || !last_region_) return;
  const uint64_t next = last_block_ + 1;
  sequential_ = 0;
  if (next >= last_region_->blocks() || WritePathHas(last_region_, next) ||
      Buffered(last_region_, next)) {
    return;
  }
  prefetch_ = StartFill(last_region_, next);
  Count(reg::kPrefetches, Fault::kCountsAhead);
}

}  // namespace actplane::tb::memory
