// SPDX-License-Identifier: Apache-2.0
// A captured training step through a memory path: forward writes, backward reads, in their order.
//
// What a program computes in between takes no time here: the step is as fast as memory lets it be.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "replay/dram_memory.h"
#include "replay/golden_device.h"
#include "replay/plan.h"

namespace actplane::tb {

struct ReplaySetting {
  Format plain_format = Format::kFp32;
  ConfigOfKind config_of;  // empty: the step as it is, without a region
  std::optional<StashConfigs>
      captured;  // of the trace: what has the same is compared with its files
  PathConfig path;
  DramConfig dram;
  std::function<std::unique_ptr<MemoryDevice>(DramMemory&)> make_device;  // empty: GoldenDevice
};

// What was compared, and how much of it was wrong.
struct Compared {
  uint64_t tensors = 0, bytes = 0, wrong = 0;  // bytes
};

struct ReplayResult {
  uint64_t footprint_bytes = 0;  // DRAM that the step needs
  uint64_t held_bytes = 0;       // of that, activations
  uint64_t payload_bytes = 0;    // of activations in regions, written and read
  uint64_t slot_bytes = 0;       // T for every block of these
  uint64_t rounded_bytes = 0;    // the same in whole bursts
  uint64_t slot_dram_bytes = 0;  // what the DRAM moved for them
  uint64_t dram_bytes = 0;       // what it moved in all
  uint64_t cycles = 0, forward_cycles = 0;
  double seconds = 0;
  double busy = 0;  // share of that time in which the data buses move something
  DramStatistics dram;
  DeviceCounters device;
  Compared slots;           // in memory, with those of the software stash
  Compared values;          // that came back, with those that the software stash gives back
  Compared trace_slots;     // of the software stash, with `stored` of the trace
  Compared trace_returned;  // the same with `returned`
  std::string first_wrong;  // the first difference, in words

  // How far the DRAM is from the payload over the ratio, in whole bursts.
  double Deviation() const {
    if (rounded_bytes == 0) return 0;
    return static_cast<double>(slot_dram_bytes) / static_cast<double>(rounded_bytes) - 1;
  }
  uint64_t Wrong() const {
    return slots.wrong + values.wrong + trace_slots.wrong + trace_returned.wrong;
  }
};

inline constexpr double kMostDeviation = 0.03;

// kBadInput for a trace whose files are not what it says, kInvalidConfig for a step that the memory
// or the path cannot hold, kMismatch for a device that goes wrong and gives nothing to compare.
// What is wrong in what comes back is in the result.
Result<ReplayResult> Replay(io::Files& files, const Trace& trace, const ReplaySetting& setting);

}  // namespace actplane::tb
