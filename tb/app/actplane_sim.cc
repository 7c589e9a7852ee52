// SPDX-License-Identifier: Apache-2.0
// actplane-sim: run the RTL against the golden model. Exit codes: core/verdict.h.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <fstream>
#include <random>

#include "app/campaign.h"
#include "app/files.h"
#include "app/measure.h"
#include "app/progress.h"
#include "app/run.h"

namespace actplane::tb {
namespace {

struct Arguments {
  RunConfig run;
  std::string trace_file;
  std::string coverage_file;
  FileOptions files;
  uint64_t soak = 0;
  uint64_t seconds = 0;
  bool seed_given = false;
  bool list = false, table = false, json = false;
};

int List() {
  fmt::print(
      "devices     compressor, decompressor, roundtrip (the one through the "
      "other)\n\nconfigurations\n");
  for (const NamedConfig& c : NamedConfigs()) {
    fmt::print("  {:<14} {:>3} values a block, {:>3} bits a beat, formats: {}\n", c.name,
               c.block_len, c.stream_width, FormatNames(c.formats));
  }
  fmt::print("\nsequences\n");
  for (const SequenceInfo& s : Sequences()) {
    fmt::print("  {:<14} {}{}\n", s.name, s.text, s.compressor ? "" : " (decompressor only)");
  }
  fmt::print("\nstalls\n");
  for (const StallProfile p : kAllStallProfiles) fmt::print("  {}\n", ToString(p));
  return 0;
}

int Usage(const std::string& what) {
  fmt::print(stderr, "actplane-sim: {}\n", what);
  return static_cast<int>(Outcome::kUsage);
}

int PrintTable(bool json) {
  const std::vector<MeasuredRow> rows = MeasureAll(64);
  fmt::print("{}", json ? MeasuredJson(rows) : MeasuredTable(rows));
  for (const MeasuredRow& r : rows) {
    if (!r.measurement.verdict.ok()) return static_cast<int>(r.measurement.verdict.outcome);
  }
  return 0;
}

double Seconds(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void WriteCoverage(const Coverage& coverage, const std::string& file) {
  if (!file.empty()) std::ofstream(file) << coverage.Json();
}

int Soak(const Arguments& a) {
  Coverage coverage;
  Progress progress("soak", a.soak);
  CampaignOptions options;
  options.seed = a.run.seed;
  options.blocks = a.soak;
  options.artifacts = a.run.artifacts;
  options.coverage = &coverage;
  options.on_progress = [&](uint64_t blocks) { progress.Advance(blocks); };
  const auto start = std::chrono::steady_clock::now();
  const CampaignResult r = RunCampaign(options);
  WriteCoverage(coverage, a.coverage_file);
  if (a.json) {
    fmt::print(
        "{{\"seed\": \"{:#x}\", \"runs\": {}, \"blocks\": {}, \"stages\": {}, \"mismatches\": {}, "
        "\"resets\": {}, \"cycles\": {}, "
        "\"bins\": {}, \"bins_reached\": {}}}\n",
        a.run.seed, r.runs, r.blocks, r.stages, r.mismatches, r.resets, r.cycles, coverage.bins(),
        coverage.reached());
  } else {
    fmt::print("{}", coverage.Table());
    fmt::print(
        "soak: seed {:#x}, {} runs over {} configurations, {} blocks and {} stages compared, {} "
        "resets, {} cycles in {:.0f} s, {} mismatches\n",
        a.run.seed, r.runs, NamedConfigs().size(), r.blocks, r.stages, r.resets, r.cycles,
        Seconds(start), r.mismatches);
    if (!r.ok()) fmt::print("{}\n", r.first_failure);
  }
  return static_cast<int>(r.ok()          ? Outcome::kPass
                          : r.blocks == 0 ? Outcome::kNothingCompared
                                          : Outcome::kMismatch);
}

std::string RowText(const char* device, const RunResult& r, double seconds) {
  return fmt::format(
      "{:<12} {}: {} blocks, {} stages compared, {} mismatches, {} resets, {} cycles, {:.0f} "
      "blocks/s{}{}\n",
      device, ToString(r.verdict.outcome), r.verdict.blocks, r.verdict.stages, r.verdict.mismatches,
      r.verdict.resets, r.verdict.cycles, static_cast<double>(r.verdict.blocks) / seconds,
      r.verdict.first_failure.empty() ? "" : "\n  ", r.verdict.first_failure);
}

std::string RowJson(const char* device, const RunConfig& run, const RunResult& r, double seconds) {
  return fmt::format(
      "{{\"device\": \"{}\", \"config\": \"{}\", \"sequence\": \"{}\", \"seed\": \"{:#x}\", "
      "\"stall\": \"{}\", \"outcome\": \"{}\", "
      "\"blocks\": {}, \"stages\": {}, \"mismatches\": {}, \"resets\": {}, \"cycles\": {}, "
      "\"seconds\": {:.3f}}}\n",
      device, run.config, run.sequence, run.seed, run.stall, ToString(r.verdict.outcome),
      r.verdict.blocks, r.verdict.stages, r.verdict.mismatches, r.verdict.resets, r.verdict.cycles,
      seconds);
}

int Simulate(Arguments a) {
  const NamedConfig* config = FindConfig(a.run.config);
  if (config == nullptr)
    return Usage(fmt::format("no configuration '{}'; see --list", a.run.config));
  if (!ParseStallProfile(a.run.stall))
    return Usage(fmt::format("no stall profile '{}'; see --list", a.run.stall));
  const bool both = a.run.device == "roundtrip";
  if (!both && !ParseDevice(a.run.device))
    return Usage(fmt::format("no device '{}'; see --list", a.run.device));
  std::vector<FileTensor> tensors;
  if (a.run.sequence == "file") {
    a.run.file_options = a.files.Arguments();
    Result<std::vector<FileTensor>> loaded = LoadTensors(a.run.files, a.files, config->block_len);
    if (!loaded.ok()) return Usage(loaded.status().message());
    tensors = std::move(*loaded);
    for (const FileTensor& t : tensors) {
      if (config->formats.Has(t.config.format)) continue;
      return Usage(fmt::format("configuration '{}' has no {}; its formats: {}", config->name,
                               actplane::ToString(static_cast<Format>(t.config.format)),
                               FormatNames(config->formats)));
    }
  }
  const DeviceKind kind = both ? DeviceKind::kCompressor : *ParseDevice(a.run.device);
  if (!MakeSequence(kind, a.run, *config, tensors)) {
    return Usage(
        fmt::format("the {} has no sequence '{}'; see --list", ToString(kind), a.run.sequence));
  }
  Progress progress(a.run.device, a.run.blocks);
  const auto on_block = [&](const Expected&) { progress.Advance(1); };
  const auto start = std::chrono::steady_clock::now();
  const auto report = [&](const char* device, const RunResult& r) {
    const double seconds = Seconds(start);
    fmt::print("{}", a.json ? RowJson(device, a.run, r, seconds) : RowText(device, r, seconds));
    return static_cast<int>(r.verdict.outcome);
  };
  if (both) {
    const RoundTripResult r = RunRoundTrip(a.run, tensors, on_block);
    const int enc = report("compressor", r.compressor);
    const int dec = report("decompressor", r.decompressor);
    return enc != 0 ? enc : dec;
  }
  Coverage coverage;
  const RunResult r = RunOnce(a.run, &coverage, tensors, a.trace_file, on_block);
  WriteCoverage(coverage, a.coverage_file);
  return report(a.run.device.c_str(), r);
}

}  // namespace
}  // namespace actplane::tb

int main(int argc, char** argv) {
  using namespace actplane::tb;
  Arguments a;
  a.run.device = "roundtrip";
  CLI::App app{"Runs the compressor and decompressor RTL against the golden model, bit by bit."};
  app.add_option("--device", a.run.device, "compressor, decompressor or roundtrip")
      ->capture_default_str();
  app.add_option("--config", a.run.config, "a name of rtl/configs.txt")->capture_default_str();
  app.add_option("--sequence", a.run.sequence, "what goes in")->capture_default_str();
  auto* seed =
      app.add_option("--seed", a.run.seed, "decimal or 0x...; without it a fresh one is drawn");
  app.add_option("--blocks", a.run.blocks, "packets to send at most")->capture_default_str();
  app.add_option("--stall", a.run.stall, "who pauses when")->capture_default_str();
  app.add_option("--trace", a.trace_file, "write an FST waveform here (one device)");
  app.add_option("--soak", a.soak,
                 "at least so many blocks over all configurations, sequences and stalls");
  app.add_option("--coverage", a.coverage_file, "write the functional coverage as JSON here");
  app.add_option("--artifacts", a.run.artifacts,
                 "where a failure leaves waveform, log and replay line")
      ->capture_default_str();
  AddFileOptions(app, a.files);
  app.add_option("files", a.run.files, "tensors for --sequence file: .npy, .safetensors");
  app.add_flag("--list", a.list, "print devices, configurations, sequences and stalls");
  app.add_flag("--table", a.table,
               "print cycles per block, bytes per cycle and latency of every configuration");
  app.add_flag("--json", a.json, "results as JSON");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : static_cast<int>(Outcome::kUsage);
  }
  if (seed->count() == 0) a.run.seed = std::random_device()();
  if (!a.run.files.empty() && app.get_option("--sequence")->count() == 0) a.run.sequence = "file";
  if (a.list) return List();
  if (a.table) return PrintTable(a.json);
  if (a.soak != 0) return Soak(a);
  return Simulate(a);
}
