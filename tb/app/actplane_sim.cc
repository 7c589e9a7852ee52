// SPDX-License-Identifier: Apache-2.0
// actplane-sim: run the RTL against the golden model.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>

#include "app/campaign.h"
#include "app/files.h"
#include "app/measure.h"
#include "app/options.h"
#include "app/run.h"
#include "app/waveform.h"
#include "cli/program.h"
#include "cli/progress.h"

namespace actplane::tb {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kRoundTrip = "roundtrip";
constexpr const char* kFile = "file";
constexpr uint64_t kDefaultBlocks = 1000;

struct Options {
  RunConfig run;
  FileOptions files;
  std::string trace_file, coverage_file;
  uint64_t soak = 0;
  std::vector<std::string> soak_configs;  // empty: all
  bool list = false, table = false, json = false, force = false;
};

std::string ListText() {
  std::string text =
      "devices     compressor, decompressor, roundtrip (the one through the "
      "other)\n\nconfigurations\n";
  for (const NamedConfig& c : NamedConfigs()) {
    text += fmt::format(
        "  {:<14} {:>3} values a block, {:>3} bits a beat, {}, formats: {}, orders: {}\n", c.name,
        c.shape.block_len, c.shape.stream_width, ShapeText(c.shape), FormatNames(c.shape.formats),
        OrderNames(c.shape));
  }
  text += "\nsequences\n";
  for (const SequenceInfo& s : Sequences()) {
    text +=
        fmt::format("  {:<14} {}{}\n", s.name, s.text, s.compressor ? "" : " (decompressor only)");
  }
  text += "\nstalls\n";
  for (const StallProfile p : kAllStallProfiles) text += fmt::format("  {}\n", ToString(p));
  return text;
}

Status PrintTable(bool json) {
  const std::vector<MeasuredRow> rows = MeasureAll(64);
  const Status s = json ? cli::PrintJson(MeasuredJson(rows)) : cli::Print(MeasuredTable(rows));
  if (!s.ok()) return s;
  for (const MeasuredRow& r : rows) {
    if (!r.measurement.verdict.ok()) return StatusOf(r.measurement.verdict);
  }
  return OkStatus();
}

double Seconds(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Null where none is asked for. Opened before the run, so that what is refused is refused at once.
Result<std::unique_ptr<io::Sink>> OpenCoverage(const io::Files& files, const Options& o) {
  if (o.coverage_file.empty()) return std::unique_ptr<io::Sink>();
  return files.OpenOutput(o.coverage_file, o.force);
}

Status WriteCoverage(const Coverage& coverage, io::Sink* sink) {
  if (sink == nullptr) return OkStatus();
  const std::string text = coverage.Json().dump(2) + "\n";
  if (Status s = sink->Write(std::as_bytes(std::span(text))); !s.ok()) return s;
  return sink->Commit();
}

// Where the program says how it went.
Status Report(const Options& o, const Json& json, const std::string& text) {
  const bool piped = (!o.trace_file.empty() && io::Files::IsStandardOutput(o.trace_file)) ||
                     (!o.coverage_file.empty() && io::Files::IsStandardOutput(o.coverage_file));
  return o.json ? cli::PrintJson(json, piped) : cli::Print(text, piped);
}

Status Soak(const Options& o) {
  const io::Files files;
  const Result<std::unique_ptr<io::Sink>> coverage_sink = OpenCoverage(files, o);
  if (!coverage_sink.ok()) return coverage_sink.status();
  Coverage coverage;
  const auto start = std::chrono::steady_clock::now();
  CampaignResult r;
  {
    cli::Progress progress("soak", o.soak, o.json, "blocks");
    CampaignOptions options;
    options.seed = o.run.seed;
    options.blocks = o.soak;
    options.configs = o.soak_configs;
    options.artifacts = o.run.artifacts;
    options.coverage = &coverage;
    options.on_progress = [&](uint64_t blocks) { progress.Advance(blocks); };
    r = RunCampaign(options);
  }
  const double seconds = Seconds(start);
  if (Status s = WriteCoverage(coverage, coverage_sink->get()); !s.ok()) return s;
  const Json json = {{"seed", fmt::format("{:#x}", o.run.seed)},
                     {"config", o.soak_configs.empty() ? "all" : o.soak_configs.front()},
                     {"runs", r.runs},
                     {"failed_runs", r.failed_runs},
                     {"blocks", r.blocks},
                     {"stages", r.stages},
                     {"mismatches", r.mismatches},
                     {"resets", r.resets},
                     {"cycles", r.cycles},
                     {"seconds", seconds},
                     {"bins", coverage.bins()},
                     {"bins_reached", coverage.reached()},
                     {"failure", r.first_failure.empty() ? Json(nullptr) : Json(r.first_failure)},
                     {"ok", r.ok()}};
  const std::string text = fmt::format(
      "{}soak: seed {:#x}, {} runs over {}, {} blocks and {} stages compared, {} resets, {} cycles "
      "in {:.0f} s, {} mismatches\n{}",
      coverage.Table(), o.run.seed, r.runs,
      o.soak_configs.empty() ? fmt::format("{} configurations", NamedConfigs().size())
                             : o.soak_configs.front(),
      r.blocks, r.stages, r.resets, r.cycles, seconds, r.mismatches,
      r.ok() ? "" : r.first_failure + "\n");
  if (Status s = Report(o, json, text); !s.ok()) return s;
  return r.ok() ? OkStatus() : MismatchError("");
}

std::string RowText(std::string_view device, const Verdict& v, double seconds) {
  return fmt::format(
      "{:<12} {}: {} blocks, {} stages compared, {} mismatches, {} resets, {} cycles, {} "
      "blocks/s{}{}\n",
      device, ToString(v.outcome), v.blocks, v.stages, v.mismatches, v.resets, v.cycles,
      v.blocks == 0 ? "-" : fmt::format("{:.0f}", static_cast<double>(v.blocks) / seconds),
      v.first_failure.empty() ? "" : "\n  ", v.first_failure);
}

Json VerdictJson(const Verdict& v) {
  return {{"outcome", ToString(v.outcome)},
          {"blocks", v.blocks},
          {"stages", v.stages},
          {"mismatches", v.mismatches},
          {"resets", v.resets},
          {"cycles", v.cycles},
          {"failure", v.first_failure.empty() ? Json(nullptr) : Json(v.first_failure)}};
}

Json RunJson(const RunConfig& run) {
  return {{"device", run.device},
          {"config", run.config},
          {"sequence", run.sequence},
          {"seed", fmt::format("{:#x}", run.seed)},
          {"stall", run.stall}};
}

// The tensors of sequence `file`.
Result<std::vector<FileTensor>> OpenFiles(io::Files& inputs, const Options& o,
                                          const NamedConfig& named) {
  std::vector<FileTensor> tensors;
  for (const std::string& file : o.run.files) {
    Result<io::TensorReader> opened = cli::OpenTensors(inputs, file, o.files.input);
    if (!opened.ok()) return opened.status();
    const auto reader = std::make_shared<const io::TensorReader>(std::move(*opened));
    for (size_t i = 0; i < reader->tensors().size(); ++i) {
      const Result<Config> config =
          ConfigOf(reader->tensors()[i], file, o.files, o.files.slots.All().front(), named);
      if (!config.ok()) return config.status();
      tensors.push_back(TensorOf(reader, i, *config));
    }
  }
  return tensors;
}

uint64_t BlocksOf(const std::vector<FileTensor>& tensors, const NamedConfig& named) {
  uint64_t blocks = 0;
  for (const FileTensor& t : tensors) {
    blocks += CeilDiv(t.bytes, uint64_t{BlockBytes(t.config.Nearest(named.shape))});
  }
  return blocks;
}

Status Simulate(Options o) {
  const NamedConfig& named = *FindConfig(o.run.config);
  const bool both = o.run.device == kRoundTrip;
  io::Files files;
  std::vector<FileTensor> tensors;
  if (o.run.sequence == kFile) {
    Result<std::vector<FileTensor>> opened = OpenFiles(files, o, named);
    if (!opened.ok()) return opened.status();
    tensors = std::move(*opened);
    o.run.file_options = o.files.Arguments();
    const uint64_t all = BlocksOf(tensors, named);
    o.run.blocks = o.run.blocks == 0 ? all : std::min(o.run.blocks, all);
  }
  const DeviceKind kind = both ? DeviceKind::kCompressor : *ParseDevice(o.run.device);
  if (!MakeSequence(kind, o.run, named, tensors)) {
    return ConfigError(
        fmt::format("the {} has no sequence '{}'; see --list", ToString(kind), o.run.sequence));
  }
  const Result<std::unique_ptr<io::Sink>> coverage_sink = OpenCoverage(files, o);
  if (!coverage_sink.ok()) return coverage_sink.status();
  std::unique_ptr<Waveform> waveform;
  if (!o.trace_file.empty()) {
    Result<std::unique_ptr<Waveform>> created = Waveform::Create(files, o.trace_file, o.force);
    if (!created.ok()) return created.status();
    waveform = std::move(*created);
  }

  Coverage coverage;
  RoundTripResult r;
  const auto start = std::chrono::steady_clock::now();
  {
    cli::Progress progress(o.run.device, o.run.blocks, o.json, "blocks");
    const auto on_block = [&](const Expected&) { progress.Advance(1); };
    if (o.run.blocks == 0) {
      // Files without a value: nothing to run is no failure.
    } else if (both) {
      r = RunRoundTrip(o.run, tensors, on_block);
    } else {
      r.compressor = RunOnce(o.run, &coverage, tensors, waveform.get(), on_block);
    }
  }
  const double seconds = Seconds(start);
  const Status first = StatusOf(r.compressor.verdict);
  const Status status = first.ok() ? StatusOf(r.decompressor.verdict) : first;
  if (status.code() == StatusCode::kBadInput) return status;
  if (waveform != nullptr) {
    if (Status s = waveform->Commit(); !s.ok()) return s;
  }
  if (Status s = WriteCoverage(coverage, coverage_sink->get()); !s.ok()) return s;

  Json json = RunJson(o.run);
  std::string text;
  if (both) {
    json["compressor"] = VerdictJson(r.compressor.verdict);
    json["decompressor"] = VerdictJson(r.decompressor.verdict);
    text = RowText("compressor", r.compressor.verdict, seconds) +
           RowText("decompressor", r.decompressor.verdict, seconds);
  } else {
    json.update(VerdictJson(r.compressor.verdict));
    text = RowText(o.run.device, r.compressor.verdict, seconds);
  }
  json["seconds"] = seconds;
  json["ok"] = status.ok();
  if (Status s = Report(o, json, text); !s.ok()) return s;
  return status;
}

// The first of `flags` that was given, or nothing.
std::string Given(const CLI::App& app, const std::vector<std::string>& flags) {
  const auto given = std::find_if(flags.begin(), flags.end(), [&](const std::string& flag) {
    return app.get_option(flag)->count() != 0;
  });
  return given == flags.end() ? "" : *given;
}

// Every option does something, or is refused.
Status Run(const CLI::App& app, Options o) {
  const std::vector<std::string> of_files = {"--ratio",  "--slot-bytes", "--lossless", "--order",
                                             "--fill",   "--delta-cap",  "--group",    "--rows",
                                             "--format", "--tensor"};
  std::vector<std::string> of_a_run = {"--device", "--sequence", "--blocks",
                                       "--stall",  "--trace",    "FILE"};
  if (o.table) of_a_run.insert(of_a_run.end(), {"--config", "--coverage", "--seed"});
  const auto given = [&](const std::vector<std::string>& flags) { return Given(app, flags); };
  if (given({"--seed"}).empty()) o.run.seed = std::random_device()();
  if (!o.run.files.empty() && given({"--sequence"}).empty()) o.run.sequence = kFile;
  if (o.list) return cli::Print(ListText());
  if (o.table || o.soak != 0) {
    if (const std::string flag = given(of_a_run); !flag.empty()) {
      return ConfigError(fmt::format("{} is for one run; leave it out with {}", flag,
                                     o.table ? "--table" : "--soak"));
    }
  }
  if (o.table) return PrintTable(o.json);
  if (!given({"--config"}).empty()) o.soak_configs = {o.run.config};
  const bool file = o.run.sequence == kFile && o.soak == 0;
  if (const std::string flag = given(of_files); !file && !flag.empty()) {
    return ConfigError(fmt::format("{} is for tensors; name a file, or leave it out", flag));
  }
  if (o.soak != 0) return Soak(o);
  if (file == o.run.files.empty()) {
    return ConfigError(
        file ? "sequence file needs files; name .npy or .safetensors"
             : fmt::format("sequence {} takes no file; give --sequence file", o.run.sequence));
  }
  if (o.run.blocks == 0 && !file) {
    return ConfigError(fmt::format("--blocks 0 is for files; sequence {} has no end, give a number",
                                   o.run.sequence));
  }
  const std::string of_one_device = given({"--trace", "--coverage"});
  if (o.run.device == kRoundTrip && !of_one_device.empty()) {
    return ConfigError(fmt::format(
        "{} is of one device; add --device compressor or --device decompressor", of_one_device));
  }
  if (!o.trace_file.empty() && o.trace_file == o.coverage_file) {
    return ConfigError("--trace and --coverage name the same file; give each its own");
  }
  if (!o.trace_file.empty() && !HasWaves(*ParseDevice(o.run.device), o.run.config)) {
    return ConfigError(fmt::format(
        "--trace: {} was built without waveforms; build it without RTL_FIRST=1", o.run.config));
  }
  return Simulate(std::move(o));
}

cli::ExitCode Main(const std::vector<std::string>& arguments) {
  Options o;
  o.run.device = kRoundTrip;
  o.run.blocks = kDefaultBlocks;
  CLI::App app{
      fmt::format("Runs the compressor and decompressor RTL against the golden model, bit by "
                  "bit.\n{}",
                  cli::kExitCodes),
      "actplane-sim"};
  cli::AddVersion(app);
  app.add_option("FILE", o.run.files,
                 "Tensors for sequence file: .npy, .safetensors; - for standard input")
      ->type_name(" ");
  std::vector<std::string> sequences, stalls;
  for (const SequenceInfo& s : Sequences()) sequences.push_back(s.name);
  for (const StallProfile p : kAllStallProfiles) stalls.emplace_back(ToString(p));
  AddName(app, "--device", o.run.device, "device",
          {std::string(ToString(DeviceKind::kCompressor)),
           std::string(ToString(DeviceKind::kDecompressor)), kRoundTrip},
          "compressor, decompressor or roundtrip");
  AddConfig(app, o.run.config);
  AddName(app, "--sequence", o.run.sequence, "sequence", sequences,
          "What goes in; with a FILE it is file");
  AddName(app, "--stall", o.run.stall, "stall profile", stalls, "Who pauses when");
  app.add_option("--seed", o.run.seed, "Decimal or 0x...; without it a fresh one is drawn")
      ->transform(cli::Decimal())
      ->type_name("SEED");
  app.add_option("--blocks", o.run.blocks, "Packets to send at most; of files 0 for all")
      ->transform(cli::Decimal())
      ->check(cli::CheckIndex)
      ->type_name("COUNT")
      ->capture_default_str();
  AddFileOptions(app, o.files, /*several=*/false);
  app.add_option(
         "--trace", o.trace_file,
         "Write an FST waveform here, and OUT.fst.gtkw for GTKWave (one device); - for standard "
         "output")
      ->type_name("OUT.fst");
  auto* soak = app.add_option(
      "--soak", o.soak,
      "At least so many blocks over all configurations, or that of --config, sequences and stalls");
  soak->transform(cli::Decimal())
      ->check(cli::Quiet(CLI::Range(uint64_t{1}, UINT64_MAX)))
      ->type_name("COUNT");
  app.add_option("--coverage", o.coverage_file,
                 "Write the functional coverage as JSON here (one device, or --soak)")
      ->type_name("OUT.json");
  AddArtifacts(app, o.run.artifacts);
  auto* list =
      app.add_flag("--list", o.list, "Print devices, configurations, sequences and stalls");
  auto* table =
      app.add_flag("--table", o.table,
                   "Print cycles per block, bytes per cycle and latency of every configuration");
  list->excludes(table)->excludes(soak);
  table->excludes(soak);
  cli::AddForce(app, o.force);
  cli::AddJson(app, o.json);
  app.footer(
      "Examples:\n"
      "  actplane-sim --config fast --sequence corner --stall bursty --blocks 10000\n"
      "  actplane-sim --device compressor --seed 7 --trace wave.fst\n"
      "  actplane-sim gelu.npy --ratio 4 --order significance --blocks 0\n"
      "  actplane-sim --soak 2000000 --coverage coverage.json");
  const std::array commands = {cli::Command{&app, [&] { return Run(app, o); }}};
  return cli::RunCommand(app, arguments, commands);
}

}  // namespace
}  // namespace actplane::tb

int main(int argc, char** argv) {
  return actplane::cli::Main(
      [&] { return actplane::tb::Main(std::vector<std::string>(argv + 1, argv + argc)); });
}
