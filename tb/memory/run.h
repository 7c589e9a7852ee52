// SPDX-License-Identifier: Apache-2.0
// One run of the memory path's bench, from names; and many of them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "memory/env.h"
#include "memory/reference_memory.h"
#include "memory/sequences.h"

namespace actplane::tb::memory {

struct NamedShape {
  std::string_view name, text;
  MemoryShape shape;
};
const std::vector<NamedShape>& NamedShapes();
const MemoryShape* FindShape(std::string_view name);

struct MemoryRun {
  std::string device = "reference";
  std::string config = "small";
  std::string sequence = "random";
  std::string stall = "none";
  uint64_t seed = 1;
  uint64_t bursts = 2000;
  uint32_t error_rate = 0;  // bursts in a thousand that fail in the memory
  uint64_t watchdog_cycles = 20000;
  Fault fault = Fault::kNone;  // of the reference
  std::string artifacts = "build/artifacts";

  std::string ReplayLine() const;
};

struct DeviceInfo {
  std::string_view name, text;
};
const std::vector<DeviceInfo>& MemoryDevices();
// Null where a device is not built in that configuration.
std::unique_ptr<MemoryDevice> MakeMemoryDevice(const MemoryRun& run, const std::string& trace_file,
                                               uint64_t trace_from);

// Runs once; after a failure once more with waveform and log. A rerun that passes is a failure too.
Verdict RunMemory(const MemoryRun& run, MemoryCoverage* coverage = nullptr,
                  const BurstCallback& on_burst = {});

struct SoakResult {
  uint64_t runs = 0, failed = 0, bursts = 0, accesses = 0, slots = 0, cycles = 0, resets = 0;
  Verdict first;  // that failed
  std::string replay;
};
// At least `accesses` over all sequences and stalls, and all configurations if `config` is empty.
SoakResult SoakMemory(MemoryRun run, uint64_t accesses, bool all_configs, MemoryCoverage& coverage,
                      const BurstCallback& on_burst = {});

}  // namespace actplane::tb::memory
