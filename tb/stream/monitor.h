// SPDX-License-Identifier: Apache-2.0
// StreamMonitor: turns pins into beats, and checks what can be seen of the stream rules on live
// pins.
//
// S1 a beat moves when valid and ready are high: the monitor reports exactly those; whether the
// device agrees shows in the comparison behind it. S2 hold and stability are checked here. S3 and
// S4 need a second look in the same cycle: PathCheck below. S5: the driver scrambles what has no
// meaning.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "core/rng.h"
#include "stream/beat.h"

namespace actplane::tb {

class StreamMonitor {
 public:
  // `packed`: keep must be a run of ones from bit 0, and all ones but on a last beat.
  StreamMonitor(std::string name, StreamPins pins, bool packed)
      : name_(std::move(name)), pins_(pins), packed_(packed) {}

  // At the sampling point: the beat that moves in this cycle, if one does.
  std::optional<Beat> Observe() {
    const bool valid = pins_.Valid();
    if (!valid && !waiting_) return std::nullopt;
    if (!valid) {
      Violate("S2", "valid fell before ready came");
      waiting_ = false;
      return std::nullopt;
    }
    const Beat beat = pins_.Sample();
    if (waiting_ &&
        (beat.data != held_.data || beat.keep != held_.keep || beat.last != held_.last ||
         beat.sideband[kUserField] != held_.sideband[kUserField])) {
      Violate("S2", "payload changed before ready came");
    }
    if (packed_ && !Packed(beat)) Violate("keep", fmt::format("bits {:#x} have a hole", beat.keep));
    waiting_ = pins_.ready.Get() == 0;
    if (waiting_) {
      held_ = beat;
      return std::nullopt;
    }
    return beat;
  }
  bool waiting() const { return waiting_; }  // a beat is offered and was not taken
  void Reset() { waiting_ = false; }

  const std::vector<std::string>& violations() const { return violations_; }

 private:
  bool Packed(const Beat& beat) const {
    const uint64_t full = ~uint64_t{0} >> (64 - pins_.beat_bytes());
    if (!beat.last) return beat.keep == full;
    return (beat.keep & (beat.keep + 1)) == 0 && beat.keep != 0;
  }
  void Violate(const char* rule, const std::string& what) {
    violations_.push_back(fmt::format("{}: rule {}: {}", name_, rule, what));
  }

  std::string name_;
  StreamPins pins_;
  bool packed_;
  bool waiting_ = false;
  Beat held_;
  std::vector<std::string> violations_;
};

// S3, S4: with the clock low, other inputs must not change any output. Puts everything back.
class PathCheck {
 public:
  PathCheck(std::vector<Pins> inputs, std::vector<Pins> outputs, Rng rng)
      : inputs_(std::move(inputs)), outputs_(std::move(outputs)), rng_(rng) {}

  // `settle` evaluates the device without an edge. True if no output moved.
  template <class Settle>
  bool Check(Settle&& settle) {
    const std::vector<std::byte> before_in = Save(inputs_), before_out = Save(outputs_);
    for (Pins& pins : inputs_) {
      if (pins.bits() > 64) {
        rng_.Fill(pins.bytes());
      } else {
        pins.Set(pins.bits() == 1 ? ~pins.Get() : rng_.Next());
      }
    }
    settle();
    const bool same = Save(outputs_) == before_out;
    size_t at = 0;
    for (Pins& pins : inputs_) {
      std::memcpy(pins.raw().data(), before_in.data() + at, pins.raw().size());
      at += pins.raw().size();
    }
    settle();
    return same;
  }

 private:
  static std::vector<std::byte> Save(const std::vector<Pins>& all) {
    std::vector<std::byte> bytes;
    for (const Pins& pins : all) bytes.insert(bytes.end(), pins.raw().begin(), pins.raw().end());
    return bytes;
  }

  std::vector<Pins> inputs_, outputs_;
  Rng rng_;
};

}  // namespace actplane::tb
