// SPDX-License-Identifier: Apache-2.0
// What a run is made of: everything that its result depends on, and how to start it again.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/build_point.h"

namespace actplane::tb {

// As one word of a shell.
inline std::string ShellWord(std::string_view word) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./=+,:@%";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string_view::npos) {
    return std::string(word);
  }
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? "'\\''" : std::string(1, c);
  return quoted + "'";
}

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

  // `build`: that which ran it.
  std::string ReplayLine(const BuildPoint& build = kBuildPoint) const {
    std::string arguments =
        fmt::format("--device {} --config {} --sequence {} --seed {:#x} --blocks {} --stall {}",
                    device, config, sequence, seed, blocks, stall);
    if (!files.empty()) arguments += file_options;
    for (const std::string& file : files) arguments += " " + ShellWord(file);
    if (!build.program.empty()) {
      return fmt::format("REPLAY  {} {}", ShellWord(build.program), arguments);
    }
    std::string for_make;  // which reads a $ as the start of a variable
    for (const char c : arguments) for_make += c == '$' ? "$$" : std::string(1, c);
    const std::string point =
        config == "point" ? fmt::format("POINT={} ", ShellWord(build.seed)) : "";
    return fmt::format("REPLAY  make sim {}ARGS={}", point, ShellWord(for_make));
  }
};

}  // namespace actplane::tb
