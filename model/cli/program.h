// SPDX-License-Identifier: Apache-2.0
// What every program of the project does alike: subcommands, exit codes, messages, JSON.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "actplane/status.h"

namespace actplane::cli {

// Of every program; there are no others.
enum ExitCode : int { kDone = 0, kDiffers = 1, kUsage = 2, kBadFile = 3 };

inline constexpr std::string_view kExitCodes =
    "Exit codes: 0 done, 1 mismatch, 2 usage, 3 bad input.";

ExitCode ExitCodeOf(const Status& status);

// A subcommand: CLI11 fills its options, then it runs.
struct Command {
  CLI::App* app;
  std::function<Status()> run;
};

// Parses `arguments`, without the name of the program, and runs the command that they choose; of a
// program without subcommands the one command is `app` itself.
// `help` and `help COMMAND` are --help; a wrong name is answered with the nearest right one.
ExitCode RunCommand(CLI::App& app, std::vector<std::string> arguments,
                    std::span<const Command> commands);

// Around all of main(): a signal leaves no temporary file, a closed pipe, a closed stream and a
// file that may not grow are errors to report, text is UTF-8, and whatever is thrown becomes one
// line.
int Main(const std::function<ExitCode()>& run);

// The exit code of `status`, after its message on stderr. One without a message was said already.
ExitCode Finish(const Status& status);

// To stdout, or to stderr when the output of the program goes to stdout. kIo when it cannot be
// written.
Status Print(std::string_view text, bool to_stderr = false);
Status PrintJson(const nlohmann::ordered_json& json, bool to_stderr = false);

// In quotes, those in it doubled, as RFC 4180 has it.
std::string CsvCell(std::string text);

// One line on stderr that starts with the name of the program, whatever `text` holds. Where stderr
// cannot be written there is nobody to tell.
void Complain(std::string_view text);

// -V, on every program.
void AddVersion(CLI::App& app);

// --json, on every subcommand.
void AddJson(CLI::App& app, bool& json);

// -f, on every subcommand that writes a file.
void AddForce(CLI::App& app, bool& force);

// The one of `names` that `word` may have been meant to be, or nothing.
std::string Nearest(std::string_view word, std::span<const std::string> names);

// The transform of every option that is a whole number, before its checks: 017 is seventeen, where
// CLI11 reads it as octal. 0x11 stays what it is.
CLI::Validator Decimal();

// A check without its words in --help; type_name says it better.
template <typename Check>
Check Quiet(Check check) {
  check.description("");
  return check;
}

}  // namespace actplane::cli
