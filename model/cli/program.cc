// SPDX-License-Identifier: Apache-2.0
#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <clocale>
#include <csignal>
#include <cstdio>
#include <exception>
#include <nlohmann/json.hpp>
#include <numeric>
#include <sstream>

#include "actplane/format.h"
#include "actplane/io/container.h"
#include "actplane/io/output_file.h"
#include "io/fd.h"

namespace actplane::cli {
namespace {

// Levenshtein's distance.
size_t Distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = row[0]++;
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t changed = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({row[j] + 1, row[j + 1] + 1, changed});
    }
  }
  return row.back();
}

std::vector<std::string> SubcommandNames(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* sub : app.get_subcommands({})) {
    if (!sub->get_name().empty()) names.push_back(sub->get_name());  // else an option group
  }
  return names;
}

std::vector<std::string> OptionNames(const CLI::App& app) {
  std::vector<std::string> names;
  const auto add = [&](const CLI::App& part) {
    for (const CLI::Option* option : part.get_options({})) {
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    }
  };
  add(app);
  for (const CLI::App* group : app.get_subcommands({})) {
    if (group->get_name().empty()) add(*group);  // an option group
  }
  return names;
}

constexpr char kMark = '\x1f';

void TakeMarksOff(CLI::App& app) {
  for (CLI::Option* option : app.get_options({})) {
    option->transform(CLI::Validator(
        [](std::string& word) {
          if (word.starts_with(kMark)) word.erase(0, 1);
          return std::string();
        },
        ""));
  }
  for (CLI::App* part : app.get_subcommands({})) TakeMarksOff(*part);
}

// What is wrong with the arguments, and which word was perhaps meant.
std::string Explain(const CLI::ParseError& error, const CLI::App& app, const CLI::App& chosen) {
  std::string text = error.what();
  std::string nearest;
  if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError)) {
    const std::vector<std::string> rest = app.remaining(true);
    const auto option = std::find_if(rest.begin(), rest.end(),
                                     [](const std::string& r) { return r.starts_with("--"); });
    if (option != rest.end()) {
      nearest = Nearest(option->substr(0, option->find('=')), OptionNames(chosen));
    }
  }
  if (!nearest.empty()) text += fmt::format("; did you mean {}?", nearest);
  std::erase(text, kMark);
  return text;
}

// CLI11 makes a list of the word [a,b] where several may be given, as files may. A mark before it,
// which every option takes off again, keeps it one word.
void KeepBrackets(CLI::App& app, std::vector<std::string>& arguments) {
  bool any = false;
  for (std::string& word : arguments) {
    if (!word.starts_with('[') || !word.ends_with(']')) continue;
    word.insert(word.begin(), kMark);
    any = true;
  }
  if (any) TakeMarksOff(app);
}

// Where a standard stream is closed, the next file that is opened would be taken for it. What takes
// its place can be neither read nor written as that stream, so that using it is an error.
void HoldClosedStreams() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(fd, F_GETFD) == -1)
      (void)::open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
  }
}

}  // namespace

ExitCode ExitCodeOf(const Status& status) {
  switch (status.code()) {
    case StatusCode::kOk: return kDone;
    case StatusCode::kMismatch: return kDiffers;
    case StatusCode::kInvalidConfig: return kUsage;
    case StatusCode::kBadInput:
    case StatusCode::kIo: break;
  }
  return kBadFile;
}

ExitCode Finish(const Status& status) {
  if (!status.ok() && !status.message().empty()) Complain(status.message());
  return ExitCodeOf(status);
}

std::string Nearest(std::string_view word, std::span<const std::string> names) {
  const auto best = std::min_element(names.begin(), names.end(), [&](const auto& a, const auto& b) {
    return Distance(word, a) < Distance(word, b);
  });
  if (best == names.end() || Distance(word, *best) > std::max<size_t>(2, best->size() / 3)) {
    return {};
  }
  return *best;
}

ExitCode RunCommand(CLI::App& app, std::vector<std::string> arguments,
                    std::span<const Command> commands) {
  if (!arguments.empty() && arguments[0] == "help") {
    arguments.erase(arguments.begin());
    arguments.emplace_back("--help");
  }
  const std::vector<std::string> names = SubcommandNames(app);
  if (!names.empty() && !arguments.empty() && !arguments[0].starts_with('-') &&
      std::find(names.begin(), names.end(), arguments[0]) == names.end()) {
    const std::string nearest = Nearest(arguments[0], names);
    return Finish(ConfigError(fmt::format(
        "there is no subcommand {}{}; see {} --help", arguments[0],
        nearest.empty() ? "" : fmt::format("; did you mean {}?", nearest), app.get_name())));
  }
  KeepBrackets(app, arguments);
  try {
    std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants a vector
    app.parse(arguments);
  } catch (const CLI::Success& e) {  // --help, --version
    std::ostringstream text;
    app.exit(e, text, text);
    return Finish(Print(text.str()));
  } catch (const CLI::ParseError& e) {
    const auto chosen = app.get_subcommands();
    const CLI::App& sub = chosen.empty() ? app : *chosen.front();
    return Finish(
        ConfigError(fmt::format("{}; see {}{} --help", Explain(e, app, sub), app.get_name(),
                                chosen.empty() ? "" : " " + sub.get_name())));
  }
  for (const Command& command : commands) {
    if (command.app->parsed()) return Finish(command.run());
  }
  return kUsage;  // not reached: a subcommand is required
}

int Main(const std::function<ExitCode()>& run) {
  HoldClosedStreams();
  io::RemoveOutputFilesOnSignal();
  for (const int signal : {SIGPIPE, SIGXFSZ}) std::signal(signal, SIG_IGN);
  (void)std::setlocale(LC_CTYPE, "C.UTF-8");  // NOLINT(concurrency-mt-unsafe): no thread yet
  try {
    return run();
  } catch (const std::exception& e) {  // out of memory, and nothing else that we know of
    Complain(fmt::format("{}; close other programs and try again", e.what()));
    return kBadFile;
  }
}

Status Print(std::string_view text, bool to_stderr) {
  (void)std::fflush(to_stderr ? stderr : stdout);  // what libraries have put there goes first
  const int error =
      io::WriteAll(to_stderr ? STDERR_FILENO : STDOUT_FILENO, std::as_bytes(std::span(text)));
  if (error == 0) return OkStatus();
  return IoError(fmt::format("cannot write standard {}: {}; check where it goes",
                             to_stderr ? "error" : "output", io::ErrorText(error)));
}

Status PrintJson(const nlohmann::ordered_json& json, bool to_stderr) {
  // Paths may hold any byte; JSON may not.
  return Print(json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n",
               to_stderr);
}

std::string CsvCell(std::string text) {
  for (size_t at = 0; (at = text.find('"', at)) != std::string::npos; at += 2)
    text.insert(at, 1, '"');
  return fmt::format("\"{}\"", text);
}

void Complain(std::string_view text) {
  std::string line = fmt::format("{}: {}", program_invocation_short_name, text);
  std::replace_if(
      line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  (void)Print(line + '\n', /*to_stderr=*/true);
}

CLI::Validator Decimal() {
  return {[](std::string& word) {
            if (word.find_first_not_of("0123456789") == std::string::npos)
              word.erase(0, std::min(word.find_first_not_of('0'), word.size() - 1));
            return std::string();
          },
          ""};
}

void AddVersion(CLI::App& app) {
  app.set_version_flag("-V,--version",
                       fmt::format("{} {} (block format {}, container {})", app.get_name(),
                                   ACTPLANE_VERSION, kFormatVersion, io::kContainerVersion),
                       "Print the versions of program and formats");
}

void AddJson(CLI::App& app, bool& json) {
  app.add_flag("--json", json, "Print one JSON object instead of text");
}

void AddForce(CLI::App& app, bool& force) {
  app.add_flag("-f,--force", force,
               "Replace output files that exist; never an input, whatever its name");
}

}  // namespace actplane::cli
