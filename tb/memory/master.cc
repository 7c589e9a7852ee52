// SPDX-License-Identifier: Apache-2.0
#include "memory/master.h"

namespace actplane::tb::memory {
namespace {

void Scramble(const std::vector<Pins>& payload, Rng& rng) {
  for (Pins p : payload) {
    if (p.bits() > 64) {
      rng.Fill(p.bytes());
    } else {
      p.Set(rng.Next());
    }
  }
}

}  // namespace

AxiMaster::AxiMaster(const AxiPins& pins, StallProfile stall, Rng rng)
    : pins_(pins),
      rng_(rng),
      stalls_{Stall(stall, Stall::End::kInput, Rng(rng_.Next())),
              Stall(stall, Stall::End::kInput, Rng(rng_.Next())),
              Stall(stall, Stall::End::kOutput, Rng(rng_.Next())),
              Stall(stall, Stall::End::kInput, Rng(rng_.Next())),
              Stall(stall, Stall::End::kOutput, Rng(rng_.Next()))} {}

void AxiMaster::Give(const WriteOp& op) {
  aw_.push_back(op.burst);
  for (const WriteBeat& beat : op.beats) w_.push_back({beat, given_, op.data_first});
  ++given_;
  ++writes_open_;
}

void AxiMaster::Drive() {
  const bool aw_go = stalls_[0].Go(), w_go = stalls_[1].Go(), ar_go = stalls_[3].Go();
  if (!aw_valid_ && aw_go && !aw_.empty()) {
    aw_valid_ = true;
    ++shown_;
    pins_.aw.Show(aw_.front());
  }
  if (!w_valid_ && w_go && !w_.empty() && (w_.front().ahead || w_.front().write < shown_)) {
    w_valid_ = true;
    WriteBeat beat = w_.front().beat;
    for (uint32_t i = 0; i < pins_.w.data.bits() / 8; ++i) {  // what is not strobed is not defined
      if ((beat.strb >> i & 1) == 0) beat.data[i] = static_cast<std::byte>(rng_.Next());
    }
    pins_.w.Show(beat);
  }
  if (!ar_valid_ && ar_go && !ar_.empty()) {
    ar_valid_ = true;
    pins_.ar.Show(ar_.front());
  }
  pins_.aw.valid.Set(aw_valid_ ? 1 : 0);
  pins_.w.valid.Set(w_valid_ ? 1 : 0);
  pins_.ar.valid.Set(ar_valid_ ? 1 : 0);
  if (!aw_valid_) Scramble(pins_.aw.Payload(), rng_);
  if (!w_valid_) Scramble(pins_.w.Payload(), rng_);
  if (!ar_valid_) Scramble(pins_.ar.Payload(), rng_);
  pins_.b.ready.Set(stalls_[2].Go() ? 1 : 0);
  pins_.r.ready.Set(stalls_[4].Go() ? 1 : 0);
}

// AXI forbids a master to be valid in reset; ready may be anything.
void AxiMaster::DriveInReset() {
  for (Pins* p : {&pins_.aw.valid, &pins_.w.valid, &pins_.ar.valid}) p->Set(0);
  pins_.b.ready.Set(rng_.Next() & 1);
  pins_.r.ready.Set(rng_.Next() & 1);
}

void AxiMaster::Observe() {
  moved_ = false;
  if (aw_valid_ && Moves(pins_.aw)) {
    aw_.pop_front();
    aw_valid_ = false;
    moved_ = true;
  }
  if (w_valid_ && Moves(pins_.w)) {
    w_.pop_front();
    w_valid_ = false;
    moved_ = true;
  }
  if (ar_valid_ && Moves(pins_.ar)) {
    ar_.pop_front();
    ar_valid_ = false;
    moved_ = true;
  }
  if (Moves(pins_.b)) {
    if (writes_open_ != 0) --writes_open_;
    moved_ = true;
  }
  if (Moves(pins_.r)) {
    taken_.push_back(pins_.r.Sample());
    if (taken_.back().last && reads_open_ != 0) --reads_open_;
    moved_ = true;
  }
}

void AxiMaster::Reset() {
  aw_.clear();
  ar_.clear();
  w_.clear();
  given_ = shown_ = 0;
  writes_open_ = reads_open_ = 0;
  aw_valid_ = w_valid_ = ar_valid_ = moved_ = false;
}

}  // namespace actplane::tb::memory
