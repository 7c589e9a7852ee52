// SPDX-License-Identifier: Apache-2.0
// The slave side of the scoreboard; scoreboard_memory.cc has the memory side.
#include "memory/scoreboard.h"

#include <fmt/format.h>

#include <algorithm>

namespace actplane::tb::memory {

MemoryScoreboard::MemoryScoreboard(const MemoryShape& shape, const MemoryPins& pins)
    : shape_(shape), pins_(pins), bus_(shape.bus_bytes()), table_(shape) {}

void MemoryScoreboard::Fail(std::string what) {
  ++mismatches_;
  if (first_failure_.empty()) first_failure_ = fmt::format("cycle {}: {}", cycle_, what);
}

// Answers come from registers: requests of this cycle cannot be answered in it.
void MemoryScoreboard::Observe(uint64_t cycle) {
  cycle_ = cycle;
  if (Moves(pins_.m.b)) OnMemoryB(pins_.m.b.Sample());
  if (Moves(pins_.m.r)) OnMemoryR(pins_.m.r.Sample());
  if (pins_.s.b.valid.Get() != 0 && Moves(pins_.s.b)) OnB(pins_.s.b.Sample());
  if (Moves(pins_.s.r)) OnR(pins_.s.r.Sample());
  if (Moves(pins_.m.aw)) OnMemoryWriteAddress(pins_.m.aw.Sample());
  if (Moves(pins_.m.w)) mem_early_data_.push_back(pins_.m.w.Sample());
  MatchMemoryData();
  if (Moves(pins_.m.ar)) OnMemoryReadAddress(pins_.m.ar.Sample());
  if (Moves(pins_.s.aw)) OnWriteAddress(pins_.s.aw.Sample());
  if (Moves(pins_.s.w)) early_data_.push_back(pins_.s.w.Sample());
  MatchWriteData();
  if (Moves(pins_.s.ar)) OnReadAddress(pins_.s.ar.Sample());
}

HistoryRef MemoryScoreboard::History(const RegionRef& region, uint64_t block) {
  HistoryRef& h = histories_[{region.get(), block}];
  if (!h) h = std::make_shared<BlockHistory>(region, block);
  return h;
}

void MemoryScoreboard::OnWriteAddress(const Burst& b) {
  auto write = std::make_shared<WriteTrack>();
  write->burst = b;
  write->target = table_.Decode(b);
  write->cycle = cycle_;
  writes_.push_back(write);
  data_due_.push_back(write);
  if (write->target.target == Target::kBypass) bypass_writes_.push_back(write);
}

void MemoryScoreboard::MatchWriteData() {
  while (!early_data_.empty() && !data_due_.empty()) {
    WriteTrack& write = *data_due_.front();
    OnWriteBeat(write, early_data_.front());
    early_data_.pop_front();
    if (write.beats.size() == write.burst.beats()) data_due_.pop_front();
  }
}

void MemoryScoreboard::OnWriteBeat(WriteTrack& write, const WriteBeat& beat) {
  const auto number = static_cast<uint32_t>(write.beats.size());
  write.beats.push_back(beat);
  if (write.target.target != Target::kRegion) return;
  const RegionRef& region = write.target.region;
  const BeatPlace place = PlaceOf(write.burst, number, bus_);
  const uint64_t offset = place.addr - region->base, block = offset / region->block_bytes();
  Piece piece;
  piece.offset = static_cast<uint32_t>(offset % region->block_bytes());
  piece.cycle = cycle_;
  for (uint32_t i = 0; i < place.bytes; ++i) {
    piece.data.push_back(beat.data[place.lane + i]);
    piece.mask.push_back((beat.strb >> (place.lane + i) & 1) != 0);
  }
  ++region_writes_;
  last_block_base_ = region->base + block * region->block_bytes();
  const HistoryRef history = History(region, block);
  const bool solid = !piece.empty();
  const uint64_t at = history->Add(std::move(piece));
  auto part = std::find_if(write.parts.begin(), write.parts.end(),
                           [&](const WriteTrack::Part& p) { return p.history == history; });
  if (part == write.parts.end()) {
    write.parts.push_back({history, {}, {}});
    part = write.parts.end() - 1;
  }
  part->all.Add(at);
  if (solid) part->solid.Add(at);
}

void MemoryScoreboard::OnB(const WriteResponse& b) {
  if (writes_.empty()) return Fail("B without a write");
  const WriteTrackRef write = writes_.front();
  if (write->beats.size() != write->burst.beats()) return Fail("B before the last W");
  writes_.pop_front();
  const auto fail = [&](const std::string& what) {
    Fail(fmt::format("write at {:#x}, ID {}: {}", write->burst.addr, write->burst.id, what));
  };
  if (b.id != write->burst.id) return fail(fmt::format("B has ID {}", b.id));
  const bool failed = b.resp >= kSlvErr;
  switch (write->target.target) {
    case Target::kRefused:
      if (b.resp != kSlvErr) return fail("must be refused");
      break;
    case Target::kBypass:
      if (!write->answer) return fail("bypass: answered before the memory has");
      if (b.resp != (*write->answer == kExOkay ? uint8_t{kOkay} : *write->answer)) {
        return fail(
            fmt::format("bypass: BRESP {} where the memory gave {}", b.resp, *write->answer));
      }
      break;
    case Target::kRegion: {
      bool may_succeed = true, may_fail = false;
      for (const WriteTrack::Part& part : write->parts) {
        const BlockHistory::Verdict v =
            part.history->OnAnswer(part.all, part.solid, failed, cycle_);
        if (!v.error.empty()) {
          return fail(fmt::format("BRESP {}: {}; beats [{}, {}) of {}", b.resp, v.error,
                                  part.all.first, part.all.end, part.history->Describe()));
        }
        may_succeed = may_succeed && v.may_succeed;
        may_fail = may_fail || v.may_fail;
      }
      if (failed && (!may_fail || b.resp != kSlvErr)) {
        std::string parts;
        for (const WriteTrack::Part& p : write->parts) {
          parts +=
              fmt::format("; beats [{}, {}) of {}", p.all.first, p.all.end, p.history->Describe());
        }
        return fail(fmt::format("BRESP {} for a write without an error{}", b.resp, parts));
      }
      if (!failed && !may_succeed) return fail("OKAY for a write that failed");
      break;
    }
  }
  ++writes_compared_;
  events.on_write(*write, b.resp);
}

void MemoryScoreboard::OnReadAddress(const Burst& b) {
  auto read = std::make_shared<ReadTrack>();
  read->burst = b;
  read->target = table_.Decode(b);
  read->cycle = cycle_;
  reads_.push_back(read);
  if (read->target.target == Target::kBypass) bypass_reads_.push_back(read);
}

void MemoryScoreboard::CompareLanes(const ReadTrack& read, const ReadBeat& got,
                                    const ReadBeat& want) {
  const BeatPlace place = PlaceOf(read.burst, read.beat, bus_);
  for (uint32_t i = 0; i < bus_; ++i) {
    if ((place.lanes() >> i & 1) == 0 || got.data[i] == want.data[i]) continue;
    return Fail(fmt::format("read at {:#x}, beat {}: byte {:#x} is {:02x}, must be {:02x}",
                            read.burst.addr, read.beat, place.addr / bus_ * bus_ + i,
                            static_cast<unsigned>(got.data[i]),
                            static_cast<unsigned>(want.data[i])));
  }
}

void MemoryScoreboard::OnR(const ReadBeat& r) {
  if (reads_.empty()) return Fail("R without a read");
  const ReadTrackRef read = reads_.front();
  const auto fail = [&](const std::string& what) {
    Fail(fmt::format("read at {:#x}, ID {}, beat {}: {}", read->burst.addr, read->burst.id,
                     read->beat, what));
  };
  if (r.id != read->burst.id) return fail(fmt::format("R has ID {}", r.id));
  const bool last = read->beat == read->burst.len;
  if (r.last != last) return fail(fmt::format("RLAST is {}", r.last ? 1 : 0));
  const bool zero = std::all_of(r.data.begin(), r.data.begin() + bus_,
                                [](std::byte b) { return b == std::byte{0}; });
  switch (read->target.target) {
    case Target::kRefused:
      if (r.resp != kSlvErr) return fail("must be refused");
      if (!zero) return fail("a refused read gives data");
      if (read->beat == 0) events.on_read(*read, Events::From::kEither, r.resp);
      break;
    case Target::kBypass: {
      if (read->bypassed.empty()) return fail("bypass: data that the memory has not given");
      ReadBeat want = read->bypassed.front();
      read->bypassed.pop_front();
      if (want.resp == kExOkay) want.resp = kOkay;
      if (r.resp != want.resp) {
        return fail(fmt::format("bypass: RRESP {} where the memory gave {}", r.resp, want.resp));
      }
      CompareLanes(*read, r, want);
      if (read->beat == 0) events.on_read(*read, Events::From::kEither, r.resp);
      break;
    }
    case Target::kRegion:
      if (r.resp >= kSlvErr && !zero) return fail("an error with data");
      CompareRegionBeat(*read, r);
      break;
  }
  ++reads_compared_;
  ++read->beat;
  if (last) reads_.pop_front();
}

void MemoryScoreboard::CompareRegionBeat(ReadTrack& read, const ReadBeat& r) {
  const Region& region = *read.target.region;
  const BeatPlace place = PlaceOf(read.burst, read.beat, bus_);
  const uint64_t offset = place.addr - region.base, block = offset / region.block_bytes();
  const bool fresh = read.block != block;
  if (fresh) {
    read.block = block;
    read.candidates = History(read.target.region, block)->Candidates(read.cycle);
  }
  const auto start = static_cast<uint32_t>(offset % region.block_bytes());
  const size_t before = read.candidates.size();
  std::vector<SlotReadRef> left;
  for (const SlotReadRef& c : read.candidates) {
    if (!c->values) {
      if (r.resp == kSlvErr) left.push_back(c);
      continue;
    }
    if (r.resp != kOkay) continue;
    const auto got = r.data.begin() + place.lane;
    if (std::equal(got, got + place.bytes, c->values->begin() + start)) left.push_back(c);
  }
  if (left.empty()) {
    std::string want = "nothing that was read";
    if (before != 0) {
      const SlotRead& c = *read.candidates.back();
      want = c.values ? "" : "an error";
      for (uint32_t i = 0; c.values && i < place.bytes; ++i) {
        want += fmt::format("{:02x}", static_cast<unsigned>((*c.values)[start + i]));
      }
    }
    std::string got;
    for (uint32_t i = 0; i < place.bytes; ++i) {
      got += fmt::format("{:02x}", static_cast<unsigned>(r.data[place.lane + i]));
    }
    return Fail(fmt::format(
        "read at {:#x}, beat {} at {:#x}, block {}: RRESP {} data {}; of {} states that it may "
        "have the youngest gives {}",
        read.burst.addr, read.beat, place.addr, block, r.resp, got, before, want));
  }
  if (fresh) {
    const auto before_it = std::count_if(
        left.begin(), left.end(), [&](const SlotReadRef& c) { return c->start < read.cycle; });
    const auto from = before_it == 0                                     ? Events::From::kMiss
                      : before_it == static_cast<ptrdiff_t>(left.size()) ? Events::From::kHit
                                                                         : Events::From::kEither;
    events.on_read(read, from, r.resp);
  }
  read.candidates = std::move(left);
}

void MemoryScoreboard::Disable(uint32_t k) {
  const RegionRef region = table_.at(k);
  table_.Disable(k);
  if (!region) return;
  const auto of = [&](const auto& track) { return track->target.region == region; };
  if (std::any_of(writes_.begin(), writes_.end(), of) ||
      std::any_of(reads_.begin(), reads_.end(), of)) {
    Fail(fmt::format("region {} went off with bursts under way in it", k));
  }
  std::erase_if(histories_, [&](const auto& h) { return h.first.first == region.get(); });
}

void MemoryScoreboard::Reset() {
  table_.Clear();
  histories_.clear();
  for (auto* q : {&writes_, &bypass_writes_, &data_due_}) q->clear();
  for (auto* q : {&reads_, &bypass_reads_}) q->clear();
  for (auto* q : {&early_data_, &mem_early_data_}) q->clear();
  mem_writes_.clear();
  mem_reads_.clear();
  mem_data_ = 0;
  write_rest_.reset();
  read_rest_.reset();
  open_read_.reset();
  write_failed_ = false;
  values_end_ = 0;
  slot_front_.clear();
}

void MemoryScoreboard::Finish(const ByteStore& memory) {
  if (!idle()) Fail("bursts are left without their answer");
  if (!early_data_.empty() || !mem_early_data_.empty()) Fail("write data without an address");
  for (const auto& [place, history] : histories_) {
    if (!history->Settled()) Fail(fmt::format("block {}: writes in no slot", place.second));
  }
  if (const auto addr = memory.Difference(bytes_)) {
    Fail(fmt::format("memory at {:#x} is {:02x}, must be {:02x}", *addr,
                     static_cast<unsigned>(memory.Get(*addr)),
                     static_cast<unsigned>(bytes_.Get(*addr))));
  }
}

}  // namespace actplane::tb::memory
