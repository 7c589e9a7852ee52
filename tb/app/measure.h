// SPDX-License-Identifier: Apache-2.0
// Throughput and latency in cycles, when nobody stalls and one configuration holds.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "app/run.h"

namespace actplane::tb {

struct Measurement {
  Verdict verdict;
  uint64_t block_beats = 0;     // B: beats of the values of a block
  uint64_t slot_beats = 0;      // of the longest slot
  double cycles_per_block = 0;  // at the side of the values
  double bytes_per_cycle = 0;   // of values
  uint64_t bubbles =
      0;  // cycles without a beat between the first and the last one, at the side of the values
  uint64_t latency = 0;         // of a block alone: last beat in to first beat out
  uint64_t stream_latency = 0;  // the longest, in a stream of blocks
};

// Blocks of activations under one configuration through one device; `growth`: values that need
// every plane.
Measurement Measure(DeviceKind kind, const NamedConfig& config, const DeviceConfig& device_config,
                    uint64_t blocks, bool growth = false);

// The latency of each of these blocks of activations, alone; none where a run fails.
std::vector<uint64_t> LatenciesAlone(DeviceKind kind, const NamedConfig& config,
                                     const DeviceConfig& device_config, uint64_t blocks);

struct MeasuredRow {
  NamedConfig config;
  DeviceKind kind;
  DeviceConfig device_config;
  Measurement measurement;
};

// Of a device: every format and order, a quarter, half and all of a block where that is legal, and
// lossless.
std::vector<DeviceConfig> MeasuredConfigs(const Shape& shape);
// Every named configuration and device with these.
std::vector<MeasuredRow> MeasureAll(uint64_t blocks);
// One line for each configuration, device and order, the worst of its rows.
std::string MeasuredTable(const std::vector<MeasuredRow>& rows);
nlohmann::ordered_json MeasuredJson(const std::vector<MeasuredRow>& rows);

}  // namespace actplane::tb
