// SPDX-License-Identifier: Apache-2.0
// Options of both programs of the bench, on top of those of the command.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/run.h"
#include "cli/common.h"

namespace actplane::tb {

// How tensors are read, and the slots that they are given.
struct FileOptions {
  io::TensorFileOptions input;
  cli::SlotSizes slots;
  std::optional<Order> order;  // the only one of the configuration, or field
  cli::OrderOptions of_order;

  std::string Arguments() const;  // as they are written on a command line, each after a blank
};

// `several`: --ratio and --slot-bytes may be repeated.
void AddFileOptions(CLI::App& app, FileOptions& options, bool several);

// --FLAG with one of `names`; a wrong one is answered with the nearest.
CLI::Option* AddName(CLI::App& app, const std::string& flag, std::string& target,
                     const std::string& kind, const std::vector<std::string>& names,
                     const std::string& help);
void AddConfig(CLI::App& app, std::string& config);
void AddArtifacts(CLI::App& app, std::string& artifacts);

// What `named` cannot do of the order and its settings, or its answer to what was left open.
Result<Config> OrderOf(const FileOptions& options, const NamedConfig& named);

// For a tensor of `file`. kInvalidConfig when `named` has not the format or the order, or no such
// slot.
Result<Config> ConfigOf(const io::TensorInfo& info, const std::string& file,
                        const FileOptions& options, const cli::SlotSize& slot,
                        const NamedConfig& named);

}  // namespace actplane::tb
