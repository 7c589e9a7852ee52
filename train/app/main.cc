// SPDX-License-Identifier: Apache-2.0
// actplane-train: GPT-2 and Llama with compressed activations. Each subcommand has its own file.
#include <ATen/ATen.h>
#include <fmt/format.h>

#include <array>
#include <exception>
#include <utility>

#include "train/app/commands.h"
#include "train/layers/matmul.h"
#include "train/stash/registry.h"
#include "train/trainer/exceptions.h"
#include "train/trainer/memory.h"

namespace actplane::train {
namespace {

Status ListMethods() {
  std::string text;
  for (const MethodInfo& info : Methods()) text += fmt::format("{:<10} {}\n", info.name, info.help);
  text += "\nKinds, for options that end in .KIND:";
  for (const std::string_view kind : kKindNames) text += fmt::format(" {}", kind);
  const std::string blas = BlasName();
  return Print(text +
               fmt::format("\nBLAS of libtorch: {}\n", blas.empty() ? "not OpenBLAS" : blas));
}

cli::ExitCode Run(int argc, char** argv) {
  Result<std::vector<std::string>> arguments =
      ExpandConfigFile(std::vector<std::string>(argv + 1, argv + argc));
  if (!arguments.ok()) return cli::Finish(arguments.status());
  const std::string name = PresetOf(*arguments);
  const Result<RunConfig> preset = PresetConfig(name.empty() ? "mini" : name);
  if (!preset.ok()) return cli::Finish(preset.status());

  CLI::App app{
      fmt::format(
          "Trains GPT-2 or Llama while everything kept for the backward pass is stored by a "
          "method.\n{} A run that diverges is a mismatch.",
          cli::kExitCodes),
      "actplane-train"};
  app.set_version_flag("-V,--version", "actplane-train " ACTPLANE_VERSION, "Print the version");
  app.require_subcommand(1);
  app.footer(
      "actplane-train help SUBCOMMAND has examples. - is standard input or output.\n"
      "An output that exists is replaced with -f only, an input never.");
  const std::array commands = {
      AddTrain(app, *preset),
      AddCapture(app, *preset),
      AddGradcheck(app, *preset),
      AddAllocate(app, *preset),
      AddCompare(app, *preset),
      AddBaselines(app, *preset),
      AddFewBit(app),
      AddPlot(app),
      Command{app.add_subcommand("methods", "List the methods for --stash"),
              [] { return ListMethods(); }}};
  return cli::RunCommand(app, std::move(arguments).value(), commands);
}

}  // namespace
}  // namespace actplane::train

int main(int argc, char** argv) {
  return actplane::cli::Main([&] {
    actplane::train::WatchMemory();
    const at::NoGradGuard no_grad;  // the layers have backward passes of their own
    try {
      return actplane::train::Run(argc, argv);
    } catch (const std::exception& e) {  // libtorch's text is for its developers
      return actplane::cli::Finish(actplane::IoError(actplane::train::Explain(e)));
    }
  });
}
