// SPDX-License-Identifier: Apache-2.0
// actplane-memory-sim: run the memory path, RTL or reference model, against the scoreboard.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <chrono>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "cli/program.h"
#include "cli/progress.h"
#include "memory/run.h"

namespace actplane::tb::memory {
namespace {

enum Code : int { kPassed = 0, kWrong = 1, kUsage = 2, kHung = 3, kNothing = 4 };

Code CodeOf(const Verdict& v) {
  switch (v.outcome) {
    case Outcome::kPass: return kPassed;
    case Outcome::kTimeout: return kHung;
    case Outcome::kNothingCompared: return kNothing;
    default: return kWrong;
  }
}

template <class Infos>
std::vector<std::string> NamesOf(const Infos& infos) {
  std::vector<std::string> names;
  for (const auto& i : infos) names.emplace_back(i.name);
  return names;
}

std::string ListText() {
  std::string text;
  const auto add = [&](const char* title, const auto& infos) {
    text += fmt::format("{}\n", title);
    for (const auto& i : infos) text += fmt::format("  {:<14} {}\n", i.name, i.text);
    text += "\n";
  };
  add("devices", MemoryDevices());
  add("configurations", NamedShapes());
  add("sequences", MemorySequences());
  text += "stalls\n";
  for (const StallProfile p : kAllStallProfiles) text += fmt::format("  {}\n", ToString(p));
  return text;
}

double SecondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Prints the result; what cannot be printed is no success.
Status RunOne(const MemoryRun& run, bool table, Code& code) {
  MemoryCoverage coverage;
  const auto start = std::chrono::steady_clock::now();
  Verdict v;
  {
    cli::Progress progress(run.sequence, run.bursts, false, "bursts");
    v = RunMemory(run, &coverage, [&](uint64_t) { progress.Advance(1); });
  }
  code = CodeOf(v);
  return cli::Print(fmt::format(
      "{}{} {} {} {}: {}: {} bursts of {} accesses, {} slots compared, {} mismatches, {} resets, "
      "{} cycles in {:.1f} s\n{}{}",
      table ? coverage.Table() : "", run.device, run.config, run.sequence, run.stall,
      ToString(v.outcome), v.blocks, v.beats, v.stages, v.mismatches, v.resets, v.cycles,
      SecondsSince(start), v.first_failure, v.first_failure.empty() ? "" : "\n"));
}

Status RunSoak(const MemoryRun& run, uint64_t accesses, bool all_configs, Code& code) {
  MemoryCoverage coverage;
  const auto start = std::chrono::steady_clock::now();
  SoakResult r;
  {
    cli::Progress progress("soak", accesses, false, "accesses");
    r = SoakMemory(run, accesses, all_configs, coverage, [&](uint64_t n) { progress.Advance(n); });
  }
  code = r.failed == 0 ? kPassed : CodeOf(r.first);
  return cli::Print(fmt::format(
      "{}soak: seed {:#x}, {} runs, {} failed, {} bursts of {} accesses and {} slots compared, {} "
      "resets, {} cycles in {:.0f} s; {} of {} bins\n{}",
      coverage.Table(), run.seed, r.runs, r.failed, r.bursts, r.accesses, r.slots, r.resets,
      r.cycles, SecondsSince(start), coverage.reached(), coverage.bins(),
      r.failed == 0 ? "" : fmt::format("{}\n{}\n", r.first.first_failure, r.replay)));
}

int Main(const std::vector<std::string>& arguments) {
  MemoryRun run;
  uint64_t soak = 0;
  bool list = false, table = false;
  CLI::App app{
      "Runs the memory path between a random AXI4 master and a memory, byte by byte.\n"
      "Exit codes: 0 pass, 1 mismatch, 2 usage, 3 nothing moves, 4 nothing compared.",
      "actplane-memory-sim"};
  cli::AddVersion(app);
  const auto name = [&](const char* flag, std::string& target,
                        const std::vector<std::string>& names, const char* help) {
    return app.add_option(flag, target, help)
        ->check(cli::Quiet(CLI::IsMember(names)))
        ->type_name("NAME")
        ->capture_default_str();
  };
  std::vector<std::string> stalls;
  for (const StallProfile p : kAllStallProfiles) stalls.emplace_back(ToString(p));
  name("--device", run.device, NamesOf(MemoryDevices()), "What is put between them");
  auto* config = name("--config", run.config, NamesOf(NamedShapes()), "Its parameters");
  auto* sequence =
      name("--sequence", run.sequence, NamesOf(MemorySequences()), "What the master does");
  auto* stall = name("--stall", run.stall, stalls, "Who pauses when");
  auto* seed =
      app.add_option("--seed", run.seed, "Decimal or 0x...; without it a fresh one is drawn");
  seed->transform(cli::Decimal())->type_name("SEED");
  auto* bursts = app.add_option("--bursts", run.bursts, "Bursts of traffic, about");
  bursts->transform(cli::Decimal())
      ->check(cli::Quiet(CLI::Range(uint64_t{0}, uint64_t{1} << 40)))
      ->type_name("COUNT")
      ->capture_default_str();
  app.add_option("--error-rate", run.error_rate, "Bursts in a thousand that fail in the memory")
      ->transform(cli::Decimal())
      ->check(cli::Quiet(CLI::Range(0, 1000)))
      ->type_name("RATE")
      ->capture_default_str();
  auto* soak_option = app.add_option("--soak", soak,
                                     "At least so many accesses, which are beats that are read, or "
                                     "written with a strobe, over all "
                                     "sequences, stalls and configurations");
  soak_option->transform(cli::Decimal())
      ->check(cli::Quiet(CLI::Range(uint64_t{1}, uint64_t{1} << 40)))
      ->type_name("COUNT");
  soak_option->excludes(sequence)->excludes(stall)->excludes(bursts);
  app.add_option("--watchdog", run.watchdog_cycles, "Cycles without a beat that end a run")
      ->transform(cli::Decimal())
      ->check(cli::Quiet(CLI::PositiveNumber))
      ->type_name("CYCLES")
      ->capture_default_str();
  app.add_option("--artifacts", run.artifacts,
                 "Where a failure leaves waveform, log and replay line")
      ->type_name("FOLDER")
      ->capture_default_str();
  app.add_flag("--coverage", table, "Print the functional coverage of one run");
  app.add_flag("--list", list, "Print devices, configurations, sequences and stalls");
  Code code = kPassed;
  const auto chosen = [&]() -> Status {
    if (list) return cli::Print(ListText());
    if (seed->count() == 0) run.seed = std::random_device()();
    const bool all_configs = soak != 0 && config->count() == 0;
    if (!all_configs && MakeMemoryDevice(run, "", 0) == nullptr) {
      return ConfigError(
          fmt::format("there is no {} in configuration '{}'; --list names what there is",
                      run.device, run.config));
    }
    return soak == 0 ? RunOne(run, table, code) : RunSoak(run, soak, all_configs, code);
  };
  const std::array commands = {cli::Command{&app, chosen}};
  const cli::ExitCode done = cli::RunCommand(app, arguments, commands);
  return done == cli::kDone ? static_cast<int>(code) : static_cast<int>(done);
}

}  // namespace
}  // namespace actplane::tb::memory

int main(int argc, char** argv) {
  return actplane::cli::Main([&] {
    return static_cast<actplane::cli::ExitCode>(
        actplane::tb::memory::Main(std::vector<std::string>(argv + 1, argv + argc)));
  });
}
