// SPDX-License-Identifier: Apache-2.0
#include "memory/memory_model.h"

#include <algorithm>

namespace actplane::tb::memory {

MemoryModel::MemoryModel(const AxiPins& pins, const MemoryOptions& options, Rng rng)
    : pins_(pins),
      options_(options),
      rng_(rng),
      stalls_{Stall(options.stall, Stall::End::kOutput, Rng(rng_.Next())),
              Stall(options.stall, Stall::End::kOutput, Rng(rng_.Next())),
              Stall(options.stall, Stall::End::kInput, Rng(rng_.Next())),
              Stall(options.stall, Stall::End::kOutput, Rng(rng_.Next())),
              Stall(options.stall, Stall::End::kInput, Rng(rng_.Next()))} {}

void MemoryModel::BreakPage(uint64_t addr, bool broken) {
  if (broken) {
    broken_.insert(addr / kPageBytes);
  } else {
    broken_.erase(addr / kPageBytes);
  }
}

uint64_t MemoryModel::DueAfter() {
  switch (options_.delay) {
    case Delay::kFixed: return now_ + 8;
    case Delay::kRandom: return now_ + rng_.Between(1, 40);
    case Delay::kLong: return now_ + (rng_.OneIn(8) ? 400 : 40);
  }
  return now_;
}

uint8_t MemoryModel::ErrorOf(const Burst& burst) {
  const bool broken = broken_.contains(burst.addr / kPageBytes);
  if (!broken && rng_.Below(1000) >= options_.error_rate) return kOkay;
  return rng_.OneIn(2) ? kSlvErr : kDecErr;
}

void MemoryModel::Drive() {
  constexpr size_t kMost = 16;  // bursts of one direction that it takes ahead
  pins_.aw.ready.Set(stalls_[0].Go() && aw_.size() + b_.size() < kMost ? 1 : 0);
  pins_.w.ready.Set(stalls_[1].Go() && w_.size() < 32 * kMost ? 1 : 0);
  pins_.ar.ready.Set(stalls_[3].Go() && r_.size() < kMost ? 1 : 0);
  const bool b_go = stalls_[2].Go(), r_go = stalls_[4].Go();
  if (!b_valid_ && b_go && !b_.empty() && b_.front().due <= now_) {
    b_valid_ = true;
    pins_.b.Show({b_.front().burst.id, b_.front().resp});
  }
  pins_.b.valid.Set(b_valid_ ? 1 : 0);
  if (!b_valid_) ScrambleB();
  if (!r_valid_ && r_go && !r_.empty() && r_.front().due <= now_) {
    r_valid_ = true;
    pins_.r.Show(BeatOf(r_.front()));
  }
  pins_.r.valid.Set(r_valid_ ? 1 : 0);
  if (!r_valid_) ScrambleR();
}

void MemoryModel::DriveInReset() {
  for (Pins* p : {&pins_.aw.ready, &pins_.w.ready, &pins_.ar.ready}) p->Set(rng_.Next() & 1);
  pins_.b.valid.Set(0);
  pins_.r.valid.Set(0);
  ScrambleB();
  ScrambleR();
}

void MemoryModel::ScrambleB() {
  pins_.b.id.Set(rng_.Next());
  pins_.b.resp.Set(rng_.Next());
}

void MemoryModel::ScrambleR() {
  pins_.r.id.Set(rng_.Next());
  rng_.Fill(pins_.r.data.bytes());
  pins_.r.resp.Set(rng_.Next());
  pins_.r.last.Set(rng_.Next());
}

ReadBeat MemoryModel::BeatOf(const Reading& reading) const {
  const uint32_t bus = pins_.r.data.bits() / 8;
  const BeatPlace place = PlaceOf(reading.burst, reading.beat, bus);
  const uint64_t word = place.addr / bus * bus;
  ReadBeat beat;
  beat.id = reading.burst.id;
  for (uint32_t i = 0; i < bus; ++i) beat.data[i] = store_.Get(word + i);
  const bool bad = reading.beat >= reading.bad_from && reading.beat < reading.bad_to;
  beat.resp = bad ? reading.resp : uint8_t{kOkay};
  beat.last = reading.beat == reading.burst.len;
  return beat;
}

void MemoryModel::Commit(const Answer& answer) {
  if (answer.resp == kSlvErr || answer.resp == kDecErr) return;
  const uint32_t bus = pins_.w.data.bits() / 8;
  for (uint32_t i = 0; i < answer.beats.size(); ++i) {
    const BeatPlace place = PlaceOf(answer.burst, i, bus);
    const uint64_t word = place.addr / bus * bus;
    for (uint32_t lane = 0; lane < bus; ++lane) {
      if ((answer.beats[i].strb & place.lanes()) >> lane & 1) {
        store_.Set(word + lane, answer.beats[i].data[lane]);
      }
    }
  }
}

void MemoryModel::Observe() {
  if (Moves(pins_.b)) {
    Commit(b_.front());
    b_.pop_front();
    b_valid_ = false;
  }
  if (Moves(pins_.r)) {
    Reading& reading = r_.front();
    if (reading.beat++ == reading.burst.len) r_.pop_front();
    r_valid_ = false;
  }
  if (Moves(pins_.aw)) aw_.push_back(pins_.aw.Sample());
  if (Moves(pins_.w)) w_.push_back(pins_.w.Sample());
  while (!aw_.empty() && w_.size() >= aw_.front().beats()) {
    const auto end = w_.begin() + static_cast<std::ptrdiff_t>(aw_.front().beats());
    Answer answer{aw_.front(), {w_.begin(), end}, DueAfter(), ErrorOf(aw_.front())};
    if (!b_.empty()) answer.due = std::max(answer.due, b_.back().due);
    b_.push_back(std::move(answer));
    w_.erase(w_.begin(), end);
    aw_.pop_front();
  }
  if (Moves(pins_.ar)) {
    Reading reading{pins_.ar.Sample(), DueAfter(), 0, kOkay, 0, 0};
    reading.resp = ErrorOf(reading.burst);
    if (reading.resp != kOkay) {  // one beat, or all from there on
      reading.bad_from = rng_.Below(reading.burst.beats());
      reading.bad_to = rng_.OneIn(2) ? reading.bad_from + 1 : reading.burst.beats();
    }
    r_.push_back(reading);
  }
  ++now_;
}

void MemoryModel::Reset() {
  aw_.clear();
  w_.clear();
  b_.clear();
  r_.clear();
  b_valid_ = r_valid_ = false;
}

}  // namespace actplane::tb::memory
