// SPDX-License-Identifier: Apache-2.0
// What a run is made of: everything that its result depends on, and how to start it again.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <vector>

namespace actplane::tb {

struct RunConfig {
  std::string test = "sim";  // names the folder of the artifacts
  std::string device = "compressor";
  std::string config = "default";
  std::string sequence = "random";
  std::string stall = "none";
  uint64_t seed = 1;
  uint64_t blocks = 1000;
  std::vector<std::string> files = {};  // of the sequence `file`
  std::string file_options = {};        // how they are read, as arguments
  uint64_t watchdog_cycles = 20000;     // without progress
  std::string artifacts = "build/artifacts";

  std::string ReplayLine() const {
    std::string arguments =
        fmt::format("--device {} --config {} --sequence {} --seed {:#x} --blocks {} --stall {}",
                    device, config, sequence, seed, blocks, stall);
    if (!files.empty()) arguments += fmt::format("{} {}", file_options, fmt::join(files, " "));
    return fmt::format("REPLAY  make sim ARGS='{}'", arguments);
  }
};

}  // namespace actplane::tb
