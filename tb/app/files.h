// SPDX-License-Identifier: Apache-2.0
// A user's tensors for the RTL.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "actplane/status.h"
#include "seq/file_seq.h"

namespace actplane::tb {

struct FileOptions {
  double ratio = 2;
  bool lossless = false;
  std::string format = {};  // empty: as the file says
  std::string fill = "midpoint";
  uint32_t delta_cap = 0;

  std::string Arguments() const;  // as they are written on a command line
};
// Without --ratio, which the programs read differently, unless asked for.
void AddFileOptions(CLI::App& app, FileOptions& options, bool with_ratio = true);

struct LoadedTensor {
  std::string name;  // file, and tensor in it
  FileTensor tensor;
};
Result<std::vector<LoadedTensor>> LoadNamedTensors(const std::vector<std::string>& files,
                                                   const FileOptions& options, uint32_t block_len);
Result<std::vector<FileTensor>> LoadTensors(const std::vector<std::string>& files,
                                            const FileOptions& options, uint32_t block_len);

// The slot of a ratio: block bytes / ratio, rounded down. kInvalidConfig if no legal slot is like
// that.
Result<DeviceConfig> ConfigFor(const FileOptions& options, Format format, uint32_t block_len);

}  // namespace actplane::tb
