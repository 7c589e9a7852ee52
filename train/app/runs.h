// SPDX-License-Identifier: Apache-2.0
// Runs of this program by its other commands: their folders, and what they are started with.
#pragma once

#include <CLI/CLI.hpp>
#include <deque>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "actplane/status.h"
#include "train/app/processes.h"
#include "train/trainer/run_config.h"

namespace actplane::train {

// DIR/SPEC-SEED, with the bytes of SPEC that a file may be called by.
std::string RunFolder(const std::string& runs, const std::string& spec, uint64_t seed);

// The options of AddRunOptions that the user has given, to hand on.
std::vector<std::string> GivenOptions(const CLI::App& app);

// The run of `config` in `folder`; nothing if it is there. kInvalidConfig if another one is.
Result<std::optional<Task>> TrainingTask(const std::string& name,
                                         const std::vector<std::string>& given,
                                         const RunConfig& config, const std::string& folder);

}  // namespace actplane::train
