// SPDX-License-Identifier: Apache-2.0
// actplane: compresses tensors and shows what it does to them. Each subcommand has its own file.
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <exception>
#include <filesystem>
#include <sstream>

#include "actplane/io/output_file.h"
#include "common.h"

namespace actplane::cli {
namespace {

ExitCode Finish(const Status& status) {
  if (!status.ok()) Complain(status.message());
  return ExitCodeOf(status);
}

// `actplane verify` is a program of its own, since it carries the verilated RTL: built and
// installed beside this one, or found in PATH. Returns only when it is not there.
ExitCode RunVerify(char** arguments) {
  std::error_code ignored;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", ignored);
  const std::string program = (self.parent_path() / "actplane-verify").string();
  execv(program.c_str(), arguments);
  execvp("actplane-verify", arguments);
  return Finish(ConfigError(
      "verify needs the program actplane-verify beside this one; build it: make sim-build"));
}

int Run(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "verify") return RunVerify(argv + 1);
  CLI::App app{
      "Compresses neural-network activations to a fixed rate, and shows what that does to them.\n"
      "Exit codes: 0 done, 1 mismatch, 2 usage, 3 bad input.",
      "actplane"};
  app.set_version_flag("--version",
                       fmt::format("actplane {} (block format {}, container {})", ACTPLANE_VERSION,
                                   kFormatVersion, io::kContainerVersion),
                       "Print the versions of program and formats");
  app.require_subcommand(1);
  app.footer("actplane SUBCOMMAND --help has examples.");
  const std::array commands = {AddStats(app), AddCompress(app), AddDecompress(app), AddInspect(app),
                               AddEval(app),  AddMemh(app),     AddCompare(app)};
  app.add_subcommand("verify", "Send tensors through the RTL and compare with the model")
      ->prefix_command();
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& e) {  // --help, --version
    std::ostringstream text;
    app.exit(e, text, text);
    return Finish(Print(text.str()));
  } catch (const CLI::ParseError& e) {
    const auto chosen = app.get_subcommands();
    const std::string name = chosen.empty() ? "" : chosen.front()->get_name() + " ";
    return Finish(ConfigError(fmt::format("{}; see actplane {}--help", e.what(), name)));
  }
  for (const Command& command : commands) {
    if (command.app->parsed()) return Finish(command.run());
  }
  return kUsage;  // not reached: a subcommand is required
}

}  // namespace
}  // namespace actplane::cli

int main(int argc, char** argv) {
  actplane::io::RemoveOutputFilesOnSignal();
  try {
    return actplane::cli::Run(argc, argv);
  } catch (const std::exception& e) {  // out of memory, and nothing else that we know of
    actplane::cli::Complain(fmt::format("{}; close other programs and try again", e.what()));
    return actplane::cli::kBadFile;
  }
}
