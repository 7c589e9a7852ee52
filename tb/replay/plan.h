// SPDX-License-Identifier: Apache-2.0
// Where the tensors of a step lie: regions of the memory path for activations, plain memory for the
// rest, and the same addresses again once a tensor is released.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "replay/device.h"
#include "replay/trace.h"

namespace actplane::tb {

// Regions that the path has.
inline constexpr size_t kMemoryRegions = 8;
// Addresses of the values in regions; DRAM is below.
inline constexpr uint64_t kRegionsFrom = uint64_t{1} << 38;
inline constexpr uint64_t kPageBytes = 4096;

struct PlannedTensor {
  std::optional<Config> config = {};  // nothing: as it is
  Format format = Format::kFp32;      // of an activation
  uint64_t address = 0;
  uint64_t bytes = 0;   // of the values, in the format of the replay
  uint64_t padded = 0;  // whole blocks
};

// DRAM from 0 on: what is kept as it is, then the slots, region after region.
struct Plan {
  std::vector<PlannedTensor> tensors;  // those of the trace
  std::vector<MemoryRegion> regions;   // tensors of one configuration share one
  uint64_t slots_from = 0;             // address in DRAM
  uint64_t memory_bytes = 0;           // footprint of all
  uint64_t held_bytes = 0;  // of activations alone: slots, or values where there are none
};

// How a kind of activation is kept; nothing for as it is.
using ConfigOfKind = std::function<std::optional<Config>(const std::string& kind)>;

// `config_of` may be empty. `plain_format`: of activations that are kept as they are.
// kInvalidConfig when there are more configurations than regions.
Result<Plan> MakePlan(const Trace& trace, Format plain_format, uint64_t bus_bytes,
                      const ConfigOfKind& config_of);

}  // namespace actplane::tb
