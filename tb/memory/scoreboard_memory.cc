// SPDX-License-Identifier: Apache-2.0
// The memory side of the scoreboard: every burst there is a slot of an enabled region, or the next
// bypass burst of the master. There is nothing else.
#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "memory/scoreboard.h"

namespace actplane::tb::memory {
namespace {

// As it came, but for ID and lock.
bool SameBypass(Burst slave, const Burst& memory) {
  slave.id = 0;
  slave.lock = 0;
  return slave == memory;
}

}  // namespace

// A slot as the device must fetch or write it: whole words from its start, cut at 4 KiB only.
std::optional<MemoryScoreboard::SlotPlace> MemoryScoreboard::Place(
    const Burst& b, std::optional<std::pair<uint64_t, SlotPlace>>& rest) {
  SlotPlace place;
  if (rest) {
    if (rest->first != b.addr) return std::nullopt;
    place = rest->second;
    rest.reset();
  } else {
    const RegionRef region = table_.OfSlot(b.addr);
    if (!region) return std::nullopt;
    place.history = History(region, *region->BlockOfSlot(b.addr));
  }
  const Region& region = *place.history->region();
  const uint64_t slot = region.SlotOf(place.history->block());
  if (b.addr != slot + place.at || b.type != kIncr || b.beat_bytes() != bus_) return std::nullopt;
  const uint64_t page_left = kPageBytes - b.addr % kPageBytes, left = region.stride() - place.at;
  if (b.beats() * bus_ != std::min(page_left, left)) return std::nullopt;
  place.final = left <= page_left;
  if (!place.final) {
    rest = {b.addr + page_left, {place.history, static_cast<uint32_t>(place.at + page_left), true}};
  }
  return place;
}

// On that side bursts have neither ID nor lock, whosever they are.
bool MemoryScoreboard::Plain(const Burst& b) {
  if (b.id == 0 && b.lock == 0) return true;
  Fail(fmt::format("the memory gets a burst at {:#x} with ID {} and lock {}, must be 0 and 0",
                   b.addr, b.id, b.lock));
  return false;
}

void MemoryScoreboard::OnMemoryWriteAddress(const Burst& b) {
  if (!Plain(b)) return;
  const bool slot = SlotAttributes(b) && (write_rest_ || table_.OfSlot(b.addr));
  if (!slot && !bypass_writes_.empty() && SameBypass(bypass_writes_.front()->burst, b)) {
    mem_writes_.push_back({b, bypass_writes_.front(), nullptr});
    bypass_writes_.pop_front();
    return;
  }
  const auto place = slot ? Place(b, write_rest_) : std::nullopt;
  if (!place) {
    return Fail(
        fmt::format("the memory gets a write at {:#x} of {} beats that is neither a slot "
                    "nor the next bypass",
                    b.addr, b.beats()));
  }
  mem_writes_.push_back({b, nullptr, place->history, place->at, place->final});
}

void MemoryScoreboard::MatchMemoryData() {
  while (!mem_early_data_.empty() && mem_data_ < mem_writes_.size()) {
    MemWrite& write = mem_writes_[mem_data_];
    const auto number = static_cast<uint32_t>(write.beats.size());
    write.beats.push_back(mem_early_data_.front());
    mem_early_data_.pop_front();
    OnMemoryBeat(write, write.beats.back(), number);
    if (!write.complete()) continue;
    OnMemoryWrite(write);
    ++mem_data_;
  }
}

void MemoryScoreboard::OnMemoryBeat(const MemWrite& write, const WriteBeat& beat, uint32_t number) {
  if (!write.bypass) {
    const uint32_t bytes = write.history->region()->config.slot_bytes;
    const uint32_t at = write.at + number * bus_, left = std::min(bytes - at, bus_);
    const uint64_t want = left == 64 ? ~uint64_t{0} : (uint64_t{1} << left) - 1;
    if (beat.strb != want) {
      Fail(fmt::format("slot of block {}: beat {} has strobes {:#x}, must have {:#x}",
                       write.history->block(), number, beat.strb, want));
    }
    return;
  }
  if (number >= write.bypass->beats.size()) return Fail("bypass: data that nobody gave");
  const WriteBeat& want = write.bypass->beats[number];
  bool same = beat.strb == want.strb;
  for (uint32_t i = 0; i < bus_; ++i) {
    same = same && ((want.strb >> i & 1) == 0 || beat.data[i] == want.data[i]);
  }
  if (!same) {
    Fail(fmt::format("bypass write at {:#x}: beat {} is another one", write.burst.addr, number));
  }
}

// The data of a burst are complete.
void MemoryScoreboard::OnMemoryWrite(MemWrite& write) {
  if (write.bypass) return;
  const uint32_t bytes = write.history->region()->config.slot_bytes;
  Bytes slot = std::move(slot_front_);
  slot_front_.clear();
  for (const WriteBeat& beat : write.beats) {
    slot.insert(slot.end(), beat.data.begin(), beat.data.begin() + bus_);
  }
  if (!write.final) slot_front_ = slot;
  slot.resize(std::min<size_t>(slot.size(), bytes));
  const BlockHistory::SlotResult result = write.history->OnSlot(slot, write.final, cycle_);
  if (!result.error.empty()) return Fail(result.error);
  if (!write.final) return;
  ++slots_compared_;
  const Region& region = *write.history->region();
  const uint64_t base = region.base + write.history->block() * region.block_bytes();
  auto close = Events::Close::kTimer;
  if (result.whole) {
    close = Events::Close::kWhole;
  } else if (std::any_of(reads_.begin(), reads_.end(), [&](const ReadTrackRef& r) {
               return r->target.region.get() == &region &&
                      LowestOf(r->burst) - base < region.block_bytes();
             })) {
    close = Events::Close::kRead;
  } else if (last_block_base_ != base) {
    close = Events::Close::kAnother;
  }
  events.on_slot(close, result);
}

void MemoryScoreboard::OnMemoryB(const WriteResponse& b) {
  if (mem_writes_.empty() || !mem_writes_.front().complete()) return;  // the rules say it
  const MemWrite write = std::move(mem_writes_.front());
  mem_writes_.pop_front();
  --mem_data_;
  const bool failed = b.resp >= kSlvErr;
  for (uint32_t i = 0; !failed && i < write.beats.size(); ++i) {
    const uint64_t word = PlaceOf(write.burst, i, bus_).addr / bus_ * bus_;
    for (uint32_t lane = 0; lane < bus_; ++lane) {
      if (write.beats[i].strb >> lane & 1) bytes_.Set(word + lane, write.beats[i].data[lane]);
    }
  }
  if (write.bypass) {
    write.bypass->answer = b.resp;
    return;
  }
  write_failed_ = write_failed_ || failed;
  if (!write.final) return;
  write.history->OnCommit(write_failed_);
  events.on_slot_answer(*write.history, write_failed_);
  write_failed_ = false;
}

void MemoryScoreboard::OnMemoryReadAddress(const Burst& b) {
  if (!Plain(b)) return;
  const bool slot = SlotAttributes(b) && (read_rest_ || table_.OfSlot(b.addr));
  if (!slot && !bypass_reads_.empty() && SameBypass(bypass_reads_.front()->burst, b)) {
    mem_reads_.push_back({b, bypass_reads_.front(), nullptr, nullptr});
    bypass_reads_.pop_front();
    return;
  }
  const auto place = slot ? Place(b, read_rest_) : std::nullopt;
  if (!place) {
    return Fail(
        fmt::format("the memory gets a read at {:#x} of {} beats that is neither a slot "
                    "nor the next bypass",
                    b.addr, b.beats()));
  }
  if (place->at == 0) open_read_ = place->history->StartRead(cycle_);
  mem_reads_.push_back({b, nullptr, place->history, open_read_, place->final});
}

// When a slot that has just come is values at the latest, and the device knows what is wrong with
// it. They come one behind the other, of long slots a word in two cycles; not more than there are
// buffers for.
uint64_t MemoryScoreboard::ValuesKnown(const Region& region) {
  constexpr uint64_t kFront = 4, kLatency = 20;  // cycles, of a slot and of all
  const uint64_t words = region.block_bytes() / bus_;
  const bool is_long = 2 * region.config.slot_bytes > region.block_bytes();
  values_end_ = std::max(values_end_, cycle_) + (is_long ? 2 : 1) * words + kFront;
  values_end_ = std::min(values_end_, cycle_ + shape_.read_buffers * (2 * words + kFront));
  return values_end_ + kLatency;
}

void MemoryScoreboard::OnMemoryR(const ReadBeat& r) {
  if (mem_reads_.empty()) return;  // the rules say it
  MemRead& now = mem_reads_.front();
  ++now.beats;
  if (now.bypass) {
    now.bypass->bypassed.push_back(r);
  } else {
    now.read->slot.insert(now.read->slot.end(), r.data.begin(), r.data.begin() + bus_);
    now.read->failed = now.read->failed || r.resp >= kSlvErr;
  }
  if (now.beats != now.burst.beats()) return;
  if (now.read && now.final) {
    const std::string error = now.history->EndRead(*now.read, cycle_);
    if (!error.empty()) Fail(error);
    now.read->known = ValuesKnown(*now.history->region());
    events.on_fill(*now.read);
  }
  mem_reads_.pop_front();
}

}  // namespace actplane::tb::memory
