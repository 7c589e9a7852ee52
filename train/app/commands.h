// SPDX-License-Identifier: Apache-2.0
// What the subcommands of actplane-train share.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "actplane/status.h"
#include "train/app/run_config.h"
#include "train/app/trainer.h"

namespace actplane::train {

// A subcommand: CLI11 fills its options, then it runs.
struct Command {
  CLI::App* app;
  std::function<Status()> run;
};

// `preset`: where the options of a run start from.
Command AddTrain(CLI::App& root, const RunConfig& preset);
Command AddCapture(CLI::App& root, const RunConfig& preset);
Command AddGradcheck(CLI::App& root, const RunConfig& preset);
Command AddAllocate(CLI::App& root, const RunConfig& preset);
Command AddCompare(CLI::App& root, const RunConfig& preset);
Command AddFewBit(CLI::App& root);
Command AddPlot(CLI::App& root);

// To stdout. kIo when it cannot be written.
Status Print(std::string_view text);
Status PrintJson(const nlohmann::ordered_json& json);

// Writes a whole file, or nothing. kIo.
Status WriteFile(const std::string& path, std::string_view text);

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
