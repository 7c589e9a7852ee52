// SPDX-License-Identifier: Apache-2.0
// Functional coverage: bins with goals, filled from what monitors saw. Not a check: its verdict
// stands apart.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "env/predictor.h"
#include "stream/stall.h"

namespace actplane::tb {

// What a reset can fall into.
enum class ResetPhase : uint8_t { kIdle, kInPacket, kBetween, kOutput };

class Coverage {
 public:
  Coverage();  // declares every bin

  void SampleReset(DeviceKind kind, ResetPhase phase, const ResetShape& shape);
  void SampleBackPressure(DeviceKind kind, bool input_waits, bool output_waits);
  // A block that came out, and the one in front of it if no reset was between them.
  void SampleBlock(DeviceKind kind, const Expected& block, const Expected* previous,
                   const Shape& shape, StallProfile stall);
  void Add(const Coverage& other);

  uint64_t Hits(const std::string& bin) const { return bins_.at(bin).hits; }
  size_t bins() const { return bins_.size(); }
  size_t reached() const;
  std::vector<std::string> Missing() const;
  std::string Table() const;  // by group
  nlohmann::ordered_json Json() const;

 private:
  struct Bin {
    uint64_t hits = 0;
    uint64_t goal = 1;
  };
  void Declare(std::string_view group, const std::vector<std::string>& bins, uint64_t goal);
  void DeclareBoth();
  void DeclareCompressor();
  void DeclareDecompressor();
  void Hit(std::string_view group, std::string_view bin);

  // coverage_blocks.cc
  void SampleChange(const std::string& prefix, const Expected& e, const Expected& previous);
  void SampleFieldHeader(const std::string& prefix, const Expected& e);
  void SampleSignificanceHeader(const std::string& prefix, const Expected& e);
  void SampleConfig(const std::string& prefix, const Expected& e);
  void SampleAxi(const std::string& prefix, const Expected& e);
  void SampleValues(const Expected& e);
  void SampleCompressedField(const Expected& e);
  void SampleCompressedSignificance(const Expected& e);
  void SampleMalformed(const Expected& e);
  void SampleDecodedField(const Expected& e);
  void SampleFill(const Expected& e);
  void SampleDecodedSignificance(const Expected& e);

  std::map<std::string, Bin, std::less<>> bins_;  // "cp_enc_width/fp32.w3"
  std::string key_;                               // kept to save allocations
};

}  // namespace actplane::tb
