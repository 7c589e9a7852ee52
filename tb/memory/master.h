// SPDX-License-Identifier: Apache-2.0
// AxiMaster: puts bursts on the slave side of the device, several at a time, and takes the answers,
// each channel at its own pace. Where valid is low it shows random bits. It takes R without waiting
// for B, and gives W without waiting for B: what docs/memory.md asks of a master.
#pragma once

#include <array>
#include <deque>
#include <utility>
#include <vector>

#include "core/rng.h"
#include "memory/memory_device.h"
#include "memory/program.h"
#include "stream/stall.h"

namespace actplane::tb::memory {

class AxiMaster {
 public:
  AxiMaster(const AxiPins& pins, StallProfile stall, Rng rng);

  bool Room() const { return aw_.size() < 2 && ar_.size() < 2 && open() < kMostOpen; }
  void Give(const WriteOp& op);
  void Give(const ReadOp& op) {
    ar_.push_back(op.burst);
    ++reads_open_;
  }
  bool AddressesTaken() const { return aw_.empty() && ar_.empty(); }
  bool idle() const { return AddressesTaken() && w_.empty() && open() == 0; }
  uint32_t open() const { return writes_open_ + reads_open_; }

  void Drive();  // before the evaluation of a cycle
  void DriveInReset();
  void Observe();                        // at the sampling point
  void Reset();                          // everything is forgotten
  bool moved() const { return moved_; }  // in the last cycle
  std::vector<ReadBeat> TakeReadBeats() { return std::exchange(taken_, {}); }

 private:
  static constexpr uint32_t kMostOpen = 24;
  struct Data {
    WriteBeat beat;
    uint64_t write = 0;  // its AW must be on the pins or taken, unless `ahead`
    bool ahead = false;
  };
  AxiPins pins_;
  Rng rng_;
  std::array<Stall, 5> stalls_;  // AW W B AR R
  std::deque<Burst> aw_, ar_;
  std::deque<Data> w_;
  uint64_t given_ = 0, shown_ = 0;  // writes: given, and whose AW has been on the pins
  uint32_t writes_open_ = 0, reads_open_ = 0;
  bool aw_valid_ = false, w_valid_ = false, ar_valid_ = false, moved_ = false;
  std::vector<ReadBeat> taken_;
};

}  // namespace actplane::tb::memory
