// SPDX-License-Identifier: Apache-2.0
// The training step that `actplane-train capture --trace` wrote (docs/training.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "actplane/format.h"
#include "actplane/io/files.h"
#include "actplane/status.h"

namespace actplane::tb {

struct TraceTensor {
  std::string name, kind, dtype;
  std::vector<uint64_t> shape = {};
  uint64_t raw_bytes = 0;
  std::string file = {};      // content; under the folder of the trace
  std::string stored = {};    // what the stash held; `file` where nothing is lost
  std::string returned = {};  // what backward was given; empty in traces that do not say

  // Masks and what no method touches are none.
  bool activation() const { return kind != "mask" && kind != "exact"; }
};

enum class TraceAccess : uint8_t { kWrite, kRead, kRelease };

struct TraceStep {
  TraceAccess access;
  size_t tensor;
};

struct Trace {
  std::string folder;  // ends with / where it is not empty
  std::string stash;   // as in --stash
  std::vector<TraceTensor> tensors;
  std::vector<TraceStep> steps;  // a tensor is written once, then read, then released
};

// `path`: trace.json or its folder. kIo, or kBadInput when it is no trace.
Result<Trace> ReadTrace(io::Files& files, const std::string& path);

// The bytes of `file`, an entry of `tensor`. kBadInput when they are not `bytes`.
Result<std::vector<std::byte>> ReadTraceFile(io::Files& files, const Trace& trace,
                                             const std::string& file, uint64_t bytes);

// How a stash keeps activations: nothing means as they are.
struct StashConfigs {
  Config all;
  std::map<std::string, std::optional<Config>> kinds;  // those that differ

  std::optional<Config> Of(const std::string& kind) const {
    const auto it = kinds.find(kind);
    return it == kinds.end() ? all : it->second;
  }
};

// The configurations of "actplane:order=significance,ratio=8,ratio.query=exact"; nothing when it is
// another method. kBadInput when it cannot be.
Result<std::optional<StashConfigs>> ParseStash(std::string_view spec);

}  // namespace actplane::tb
