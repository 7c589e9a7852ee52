// SPDX-License-Identifier: Apache-2.0
// StreamDriver: puts beats on a stream. Where nobody may look it shows random bits (rule S5): while
// valid is low, and as the configuration beside every beat but the first of a packet, where it
// changes in every cycle.
#pragma once

#include <cstring>
#include <deque>
#include <vector>

#include "core/rng.h"
#include "stream/beat.h"
#include "stream/stall.h"

namespace actplane::tb {

class StreamDriver {
 public:
  StreamDriver(StreamPins pins, Stall stall, Rng rng) : pins_(pins), stall_(stall), rng_(rng) {}

  void Give(const std::vector<Beat>& beats) {
    beats_.insert(beats_.end(), beats.begin(), beats.end());
  }
  size_t waiting() const { return beats_.size(); }

  // Before the evaluation of a cycle.
  void Drive() {
    const bool go = stall_.Go();
    if (!valid_) valid_ = go && !beats_.empty();
    pins_.valid.Set(valid_ ? 1 : 0);
    if (!valid_) {
      Scramble();
    } else if (fresh_) {
      Show(beats_.front());
    } else if (!beats_.front().first) {
      ScrambleConfiguration();
    }
    fresh_ = !valid_;
  }

  // During a reset: valid, ready to be mistaken for a beat, or not.
  void DriveInReset() {
    Scramble();
    pins_.valid.Set(rng_.Next() & 1);
  }

  // At the sampling point.
  void Observe() {
    if (!valid_ || pins_.ready.Get() == 0) return;
    beats_.pop_front();
    valid_ = false;
    fresh_ = true;
  }

  // The device forgets everything, and so does the driver.
  void Reset() {
    beats_.clear();
    valid_ = false;
    fresh_ = true;
    pins_.valid.Set(0);
    Scramble();
  }

 private:
  void Show(const Beat& beat) {
    std::memcpy(pins_.data.bytes().data(), beat.data.data(), pins_.beat_bytes());
    for (uint32_t b = 0; b < pins_.beat_bytes(); ++b) {  // a byte that is not kept is not defined
      if ((beat.keep >> b & 1) == 0) pins_.data.bytes()[b] = static_cast<std::byte>(rng_.Next());
    }
    pins_.keep.Set(beat.keep);
    pins_.last.Set(beat.last ? 1 : 0);
    for (size_t i = 0; i < kSidebandFields; ++i) {
      if (pins_.sideband[i]) pins_.sideband[i].Set(beat.first ? beat.sideband[i] : rng_.Next());
    }
  }
  // The user's bits are of the payload and stay.
  void ScrambleConfiguration() {
    for (size_t i = 0; i < kUserField; ++i) {
      if (pins_.sideband[i]) pins_.sideband[i].Set(rng_.Next());
    }
  }
  void Scramble() {
    rng_.Fill(pins_.data.bytes());
    pins_.keep.Set(rng_.Next());
    pins_.last.Set(rng_.Next() & 1);
    for (Pins& pins : pins_.sideband) {
      if (pins) pins.Set(rng_.Next());
    }
  }

  StreamPins pins_;
  Stall stall_;
  Rng rng_;
  std::deque<Beat> beats_;
  bool valid_ = false;
  bool fresh_ = true;  // the pins do not show the beat yet
};

}  // namespace actplane::tb
