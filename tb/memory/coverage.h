// SPDX-License-Identifier: Apache-2.0
// Functional coverage of the memory path: bins with goals, filled from what the scoreboard saw. Not
// a check: its verdict stands apart.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "memory/scoreboard.h"
#include "stream/stall.h"

namespace actplane::tb::memory {

class MemoryCoverage {
 public:
  MemoryCoverage();  // declares every bin

  // What the scoreboard tells, in a run with these stalls.
  void Connect(Events& events, const MemoryShape& shape, StallProfile stall);
  void SampleRegion(std::string_view what) { Hit("cp_mem_region", what); }
  void SampleReset(bool writes, bool reads) {
    Hit("cp_mem_reset", writes && reads ? "both" : writes ? "writes" : reads ? "reads" : "idle");
  }
  void SampleConfig(const Config& c);
  void Add(const MemoryCoverage& other);

  size_t bins() const { return bins_.size(); }
  size_t reached() const;
  uint64_t Hits(const std::string& bin) const { return bins_.at(bin).hits; }
  std::vector<std::string> Missing() const;
  std::string Table() const;  // by group

 private:
  struct Bin {
    uint64_t hits = 0, goal = 1;
  };
  void Declare(std::string_view group, const std::vector<std::string>& bins, uint64_t goal);
  void Hit(std::string_view group, std::string_view bin);
  void OnWrite(const WriteTrack& write, uint8_t resp);
  void OnRead(const ReadTrack& read, Events::From from, uint8_t resp);
  std::string Kind(const Burst& b) const;
  std::string Refusal(const Burst& b, const char* direction) const;

  std::map<std::string, Bin, std::less<>> bins_;
  uint32_t bus_ = 8;
  std::string stall_ = "none";
};

}  // namespace actplane::tb::memory
