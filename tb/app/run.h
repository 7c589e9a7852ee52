// SPDX-License-Identifier: Apache-2.0
// One run of the bench, from names: device, configuration, sequence, stalls.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "actplane/status.h"
#include "app/waveform.h"
#include "core/artifacts.h"
#include "env/codec_env.h"
#include "seq/sequences.h"

namespace actplane::tb {

struct RunResult {
  Verdict verdict;
  Timing timing;
};

// run.device is compressor or decompressor. After a failure the run is repeated with waveform and
// log. `waveform`: of the first run; complete when this returns.
RunResult RunOnce(const RunConfig& run, Coverage* coverage = nullptr,
                  const std::vector<FileTensor>& tensors = {}, Waveform* waveform = nullptr,
                  const std::function<void(const Expected&)>& on_block = {});

// Compressor RTL, and what it puts out through the decompressor RTL.
struct RoundTripResult {
  RunResult compressor, decompressor;
};
using MakeDeviceFunction =
    std::function<std::unique_ptr<Device>(DeviceKind, const std::string&, const SimOptions&)>;
RoundTripResult RunRoundTrip(const RunConfig& run, const std::vector<FileTensor>& tensors = {},
                             const std::function<void(const Expected&)>& on_block = {},
                             const MakeDeviceFunction& make = MakeDevice);

// Ok when it passed. kMismatch without a message when the bench has said what failed. kBadInput for
// what cannot be read.
Status StatusOf(const Verdict& verdict);

// The kind of that name, or nothing.
std::optional<DeviceKind> ParseDevice(const std::string& name);
const NamedConfig* FindConfig(const std::string& name);
// As in rtl/configs.txt: joined by +, "all" or "both".
std::string FormatNames(FormatSet formats);
std::string OrderNames(const Shape& shape);
// "K = 8, 24 rows in flops": the rest of its line.
std::string ShapeText(const Shape& shape);

}  // namespace actplane::tb
