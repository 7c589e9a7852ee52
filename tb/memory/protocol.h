// SPDX-License-Identifier: Apache-2.0
// ProtocolChecker: the AXI4 rules that can be seen on the pins of one side, whoever breaks them.
// Answers are expected in the order of the requests: both sides of the device promise that.
//
//   valid    once high, stays until ready         payload  stays with it
//   reset    no valid of the device in reset      page     no burst across 4 KiB (memory side)
//   burst    legal type, length, size, alignment  id       constant 0 (memory side)
//   strobe   within the lanes of the beat         w-last   on the beat that AWLEN says
//   b-early  B after AW and the last W            b-id     that of the oldest open write
//   r-early  R after its AR                       r-id     that of the oldest open read
//   r-last   on the beat that ARLEN says          exokay   never: there is no exclusive access
#pragma once

#include <array>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "memory/memory_device.h"

namespace actplane::tb::memory {

enum class Side : uint8_t { kSlave, kMemory };

class ProtocolChecker {
 public:
  ProtocolChecker(Side side, const AxiPins& pins);

  void Observe();         // at the sampling point
  void ObserveInReset();  // the same in a reset
  void Reset();           // nothing is under way any more

  const std::vector<std::string>& violations() const { return violations_; }
  bool quiet() const { return aw_.empty() && w_beats_.empty() && ar_.empty(); }

 private:
  struct Channel {
    std::string_view name;
    Pins valid, ready;
    std::vector<Pins> payload;
    bool by_device = false;
    bool waiting = false;
    std::vector<std::byte> held = {};
  };
  struct OpenWrite {
    Burst burst;
    bool data_done = false;
  };
  struct OpenRead {
    Burst burst;
    uint32_t beats = 0;
  };
  void Hold(Channel& c);
  void Legal(std::string_view channel, const Burst& b);
  void MatchData();
  void OnB();
  void OnR();
  void Violate(std::string_view rule, const std::string& what);

  Side side_;
  AxiPins pins_;
  std::array<Channel, 5> channels_;
  std::deque<OpenWrite> aw_;       // without their B
  std::deque<WriteBeat> w_beats_;  // of writes whose AW is still to come
  size_t w_burst_ = 0;             // in aw_: whose data come next
  uint32_t w_beat_ = 0;
  std::deque<OpenRead> ar_;
  std::vector<std::string> violations_;
};

}  // namespace actplane::tb::memory
