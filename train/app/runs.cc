// SPDX-License-Identifier: Apache-2.0
#include "train/app/runs.h"

#include <fmt/format.h>

#include <cctype>
#include <filesystem>
#include <set>

#include "actplane/io/tensor_info.h"
#include "train/trainer/comparison.h"

namespace actplane::train {

std::string RunFolder(const std::string& runs, const std::string& spec, uint64_t seed) {
  std::string name;
  for (const char c : spec) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '=' ||
                       c == '+' || c == '-';
    name += plain ? c : '_';
  }
  if (name.size() > 200)
    name = fmt::format("{}_{:016x}", name.substr(0, 180), std::hash<std::string>()(spec));
  return fmt::format("{}/{}-{}", runs, name, seed);
}

std::vector<std::string> GivenOptions(const CLI::App& app) {
  RunConfig unused;
  CLI::App known;
  AddRunOptions(known, unused);
  static const std::set<std::string> kOwn = {"--stash", "--seed", "--threads"};
  std::vector<std::string> given;
  for (const CLI::Option* option : app.get_options()) {
    const std::string name = option->get_name();
    if (option->count() == 0 || kOwn.contains(name)) continue;
    if (known.get_option_no_throw(name) == nullptr || name == "--help") continue;
    given.push_back(fmt::format("{}={}", name, option->results().back()));
  }
  return given;
}

Result<std::optional<Task>> TrainingTask(const std::string& name,
                                         const std::vector<std::string>& given,
                                         const RunConfig& config, const std::string& folder) {
  std::error_code ignored;
  if (std::filesystem::exists(folder + "/summary.json", ignored)) {
    const Result<nlohmann::ordered_json> summary = ReadJson(folder + "/summary.json");
    if (!summary.ok()) return summary.status();
    if (summary->contains("config") && summary->at("config") == config.Identity())
      return std::optional<Task>();
    return ConfigError(fmt::format(
        "{} is a run with other settings; choose another --out, or remove it", io::Quote(folder)));
  }
  const Result<RunFiles> free = RunFiles::Claim(folder);  // no input of all the runs
  if (!free.ok()) return free.status();
  Task task{name, {"train"}, folder + ".txt", ""};
  task.arguments.insert(task.arguments.end(), given.begin(), given.end());
  for (const std::string& a : {"--stash=" + config.stash, fmt::format("--seed={}", config.seed),
                               std::string("--threads=1"), std::string("--resume"),
                               std::string("--quiet"), "--out=" + folder})
    task.arguments.push_back(a);
  return std::optional(std::move(task));
}

}  // namespace actplane::train
