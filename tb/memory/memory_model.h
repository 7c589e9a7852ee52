// SPDX-License-Identifier: Apache-2.0
// MemoryModel: the memory behind the device. Answers in order after delays of its own, pauses each
// channel at will, and fails where it is told to. A write takes effect when its response is taken,
// the latest moment that AXI allows; one that fails changes nothing.
#pragma once

#include <array>
#include <deque>
#include <set>
#include <string_view>

#include "core/rng.h"
#include "memory/byte_store.h"
#include "memory/memory_device.h"
#include "stream/stall.h"

namespace actplane::tb::memory {

enum class Delay : uint8_t { kFixed, kRandom, kLong };

struct MemoryOptions {
  StallProfile stall = StallProfile::kNone;
  Delay delay = Delay::kFixed;
  uint32_t error_rate = 0;  // bursts in a thousand that fail
};

class MemoryModel {
 public:
  MemoryModel(const AxiPins& pins, const MemoryOptions& options, Rng rng);

  void Drive();         // before the evaluation of a cycle
  void DriveInReset();  // valid low, ready at random
  void Observe();       // at the sampling point
  void Reset();         // forgets what is under way, keeps the bytes
  ByteStore& store() { return store_; }
  void SetErrorRate(uint32_t per_thousand) { options_.error_rate = per_thousand; }
  // Every burst that touches this page fails, until told otherwise.
  void BreakPage(uint64_t addr, bool broken);
  bool idle() const { return aw_.empty() && w_.empty() && b_.empty() && r_.empty(); }

 private:
  struct Answer {
    Burst burst;
    std::vector<WriteBeat> beats;
    uint64_t due = 0;
    uint8_t resp = kOkay;
  };
  struct Reading {
    Burst burst;
    uint64_t due = 0;
    uint32_t beat = 0;
    uint8_t resp = kOkay;
    uint32_t bad_from = 0, bad_to = 0;  // beats that fail
  };
  uint64_t DueAfter();
  uint8_t ErrorOf(const Burst& burst);
  void Commit(const Answer& answer);
  ReadBeat BeatOf(const Reading& reading) const;
  void ScrambleB();
  void ScrambleR();

  AxiPins pins_;
  MemoryOptions options_;
  Rng rng_;
  std::array<Stall, 5> stalls_;  // AW W B AR R
  ByteStore store_;
  std::set<uint64_t> broken_;
  uint64_t now_ = 0;
  std::deque<Burst> aw_;
  std::deque<WriteBeat> w_;
  std::deque<Answer> b_;
  std::deque<Reading> r_;
  bool b_valid_ = false, r_valid_ = false;
};

}  // namespace actplane::tb::memory
