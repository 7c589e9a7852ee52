// SPDX-License-Identifier: Apache-2.0
// actplane-train: GPT-2 with compressed activations. Each subcommand has its own file.
#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <exception>
#include <sstream>

#include "actplane/io/output_file.h"
#include "train/app/commands.h"
#include "train/app/exceptions.h"
#include "train/app/memory.h"
#include "train/layers/matmul.h"
#include "train/stash/registry.h"

namespace actplane::train {
namespace {

enum ExitCode : int { kDone = 0, kDiverged = 1, kUsage = 2, kBadFile = 3 };

void Complain(std::string_view text) {
  std::string line = fmt::format("actplane-train: {}", text);
  std::replace_if(
      line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  fmt::print(stderr, "{}\n", line);
}

ExitCode Finish(const Status& status) {
  if (!status.ok()) Complain(status.message());
  switch (status.code()) {
    case StatusCode::kOk: return kDone;
    case StatusCode::kMismatch: return kDiverged;
    case StatusCode::kInvalidConfig: return kUsage;
    case StatusCode::kBadInput:
    case StatusCode::kIo: break;
  }
  return kBadFile;
}

Status ListMethods() {
  std::string text;
  for (const MethodInfo& info : Methods()) text += fmt::format("{:<10} {}\n", info.name, info.help);
  text += "\nKinds, for options that end in .KIND:";
  for (const std::string_view kind : kKindNames) text += fmt::format(" {}", kind);
  const std::string blas = BlasName();
  return Print(text +
               fmt::format("\nBLAS of libtorch: {}\n", blas.empty() ? "not OpenBLAS" : blas));
}

int Run(int argc, char** argv) {
  Result<std::vector<std::string>> arguments =
      ExpandConfigFile(std::vector<std::string>(argv + 1, argv + argc));
  if (!arguments.ok()) return Finish(arguments.status());
  const std::string name = PresetOf(*arguments);
  const Result<RunConfig> preset = PresetConfig(name.empty() ? "mini" : name);
  if (!preset.ok()) return Finish(preset.status());

  CLI::App app{
      "Trains GPT-2 while everything kept for the backward pass is stored by a method.\n"
      "Exit codes: 0 done, 1 diverged, 2 usage, 3 bad input.",
      "actplane-train"};
  app.set_version_flag("--version", "actplane-train " ACTPLANE_VERSION);
  app.require_subcommand(1);
  app.footer("actplane-train SUBCOMMAND --help has examples.");
  std::array commands = {AddTrain(app, *preset),
                         AddCapture(app, *preset),
                         AddGradcheck(app, *preset),
                         AddAllocate(app, *preset),
                         AddCompare(app, *preset),
                         AddFewBit(app),
                         AddPlot(app),
                         Command{app.add_subcommand("methods", "List the methods for --stash"),
                                 [] { return ListMethods(); }}};
  try {
    std::reverse(arguments->begin(), arguments->end());  // as CLI11 wants a vector
    app.parse(*arguments);
  } catch (const CLI::Success& e) {  // --help, --version
    std::ostringstream text;
    app.exit(e, text, text);
    return Finish(Print(text.str()));
  } catch (const CLI::ParseError& e) {
    const auto chosen = app.get_subcommands();
    const std::string sub = chosen.empty() ? "" : chosen.front()->get_name() + " ";
    return Finish(ConfigError(fmt::format("{}; see actplane-train {}--help", e.what(), sub)));
  }
  for (const Command& command : commands) {
    if (command.app->parsed()) return Finish(command.run());
  }
  return kUsage;  // not reached: a subcommand is required
}

}  // namespace
}  // namespace actplane::train

int main(int argc, char** argv) {
  actplane::io::RemoveOutputFilesOnSignal();
  std::signal(SIGPIPE, SIG_IGN);  // a closed pipe is an error to report, not a silent end
  actplane::train::WatchMemory();
  const at::NoGradGuard no_grad;  // the layers have backward passes of their own
  try {
    return actplane::train::Run(argc, argv);
  } catch (const std::exception& e) {
    actplane::train::Complain(actplane::train::Explain(e));
  }
  return actplane::train::kBadFile;
}
