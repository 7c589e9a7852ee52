// SPDX-License-Identifier: Apache-2.0
// actplane: compresses tensors and shows what it does to them. Each subcommand has its own file.
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <filesystem>

#include "common.h"

namespace actplane::cli {
namespace {

bool IsVerify(const std::vector<std::string>& arguments) {
  const size_t at = !arguments.empty() && arguments[0] == "help" ? 1 : 0;
  return arguments.size() > at && arguments[at] == "verify";
}

// `actplane verify` is a program of its own, since it carries the verilated RTL: built and
// installed beside this one, or found in PATH. It takes the same arguments, under this program's
// name. Returns only when it is not there.
ExitCode RunVerify(char** argv) {
  std::error_code ignored;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", ignored);
  const std::string program = (self.parent_path() / "actplane-verify").string();
  execv(program.c_str(), argv);
  execvp("actplane-verify", argv);
  return Finish(ConfigError(
      "verify needs the program actplane-verify beside this one; build it: make sim-build"));
}

ExitCode Run(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (IsVerify(arguments)) return RunVerify(argv);
  CLI::App app{
      fmt::format("Compresses neural-network activations to a fixed rate, and shows what that does "
                  "to them.\n{}",
                  kExitCodes),
      "actplane"};
  AddVersion(app);
  app.require_subcommand(1);
  app.footer(
      "actplane help SUBCOMMAND has examples. - is standard input or output.\n"
      "An output that exists is replaced with -f only, an input never.");
  const std::array commands = {AddStats(app), AddCompress(app), AddDecompress(app), AddInspect(app),
                               AddEval(app),  AddMemh(app),     AddCompare(app)};
  app.add_subcommand("verify", std::string(kVerifyHelp))->prefix_command();
  return RunCommand(app, arguments, commands);
}

}  // namespace
}  // namespace actplane::cli

int main(int argc, char** argv) {
  return actplane::cli::Main([&] { return actplane::cli::Run(argc, argv); });
}
