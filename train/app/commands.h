// SPDX-License-Identifier: Apache-2.0
// What the subcommands of actplane-train share.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "actplane/status.h"
#include "cli/program.h"
#include "train/stash/files.h"
#include "train/trainer/run_config.h"
#include "train/trainer/trainer.h"

namespace actplane::train {

using cli::AddForce;
using cli::AddJson;
using cli::Command;
using cli::Complain;
using cli::Print;
using cli::PrintJson;

// `preset`: where the options of a run start from.
Command AddTrain(CLI::App& root, const RunConfig& preset);
Command AddCapture(CLI::App& root, const RunConfig& preset);
Command AddGradcheck(CLI::App& root, const RunConfig& preset);
Command AddAllocate(CLI::App& root, const RunConfig& preset);
Command AddCompare(CLI::App& root, const RunConfig& preset);
Command AddBaselines(CLI::App& root, const RunConfig& preset);
Command AddFewBit(CLI::App& root);
Command AddPlot(CLI::App& root);

// The files of a run in its folder.
struct RunFiles {
  Output log, checkpoint, summary, picture;

  // kInvalidConfig as Output::ClaimOwn.
  static Result<RunFiles> Claim(const std::string& folder);
};

// Makes a folder and those above it. kIo.
Status MakeFolder(const std::string& path);

// Threads, data, weights (--init) of a run.
Result<std::unique_ptr<Trainer>> Prepare(const RunConfig& config);

// One line on stderr that replaces itself, where that is a terminal.
class StatusLine {
 public:
  explicit StatusLine(bool quiet);
  ~StatusLine() { Clear(); }
  StatusLine(const StatusLine&) = delete;
  StatusLine& operator=(const StatusLine&) = delete;

  bool on() const { return on_; }
  void Show(const std::string& line);
  void Clear();

 private:
  bool on_;
  bool drawn_ = false;
};

// "12.3 MB", 10^6 bytes.
std::string Megabytes(int64_t bytes);

}  // namespace actplane::train
