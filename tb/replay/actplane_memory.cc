// SPDX-License-Identifier: Apache-2.0
// actplane-memory: a training step through the memory path, in bytes and in time.
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "cli/common.h"
#include "cli/gnuplot.h"
#include "cli/table.h"
#include "cli/terminal.h"
#include "memory/run.h"
#include "replay/picture.h"
#include "replay/rtl_device.h"

namespace actplane::tb {
namespace {

using Json = nlohmann::ordered_json;

// T = 160, 128, 96, 80 and 64 of 512 bytes.
constexpr std::array kDefaultRatios = {3.2, 4.0, 5.3333, 6.4, 8.0};
constexpr double kRounding = 1e-3;  // of a byte: a ratio of 5.3333 is a slot of 96
constexpr uint64_t kMostDramText = 1 << 20;
constexpr uint64_t kMostWidth = 1024;

struct Options {
  std::string trace;
  std::vector<double> ratios;
  Config config;
  cli::OrderOptions of_order;
  bool bf16 = false;
  std::string device = "golden", dram = "ddr4-3200", dram_file;
  uint64_t width = 256, clock_mhz = 1000, paths = 1;
  std::string picture;
  bool csv = false, json = false, force = false;
};

// A replay to be made.
struct Run {
  ReplayRow row;
  ReplaySetting setting;
};

Result<DramConfig> FindDram(io::Files& files, const Options& o) {
  DramConfigs configs = BuiltInDramConfigs();
  if (!o.dram_file.empty()) {
    const auto source = files.OpenInput(o.dram_file, kMostDramText);
    if (!source.ok()) return source.status();
    std::string text(std::min((*source)->size(), kMostDramText), '\0');
    if (Status s = (*source)->ReadAt(0, std::as_writable_bytes(std::span(text))); !s.ok()) return s;
    Result<DramConfigs> parsed = ParseDramConfigs(text, o.dram_file);
    if (!parsed.ok()) return parsed.status();
    configs = std::move(*parsed);
  }
  std::vector<std::string> names;
  for (const auto& [name, config] : configs) names.push_back(name);
  const auto it = configs.find(o.dram);
  if (it != configs.end()) return it->second;
  return ConfigError(fmt::format("there is no memory {}; choose one of {}", io::Quote(o.dram),
                                 fmt::join(names, ", ")));
}

// The runs that are asked for, after the step as it is.
Result<std::vector<Run>> RunsOf(const Options& o, const Trace& trace, const DramConfig& dram) {
  const Result<std::optional<StashConfigs>> captured = ParseStash(trace.stash);
  if (!captured.ok()) return captured.status();
  ReplaySetting setting;
  setting.captured = *captured;
  setting.dram = dram;
  setting.path.bus_bytes = o.width / 8;
  setting.path.clock_ps =
      static_cast<uint64_t>(std::llround(1e6 / static_cast<double>(o.clock_mhz)));
  setting.path.paths = o.paths;
  if (o.device == "rtl") {
    const memory::MemoryRun run{.device = "rtl", .config = "default"};
    const memory::MemoryShape& shape = *memory::FindShape(run.config);
    if (o.paths != 1 || o.width != shape.stream_width) {
      return ConfigError(
          fmt::format("--device rtl is one path of {} bits; leave out --paths and --width",
                      shape.stream_width));
    }
    setting.make_device = [run, clock = setting.path.clock_ps](DramMemory& memory) {
      return std::make_unique<RtlDevice>(memory, clock, memory::MakeMemoryDevice(run, "", 0));
    };
  }

  std::vector<Run> runs;
  if (o.ratios.empty() && *captured) {
    setting.plain_format = (*captured)->all.format;
    runs.push_back({{.name = "as it is"}, setting});
    setting.plain_format = Format::kFp32;  // kinds that the stash keeps exactly
    setting.config_of = [configs = **captured](const std::string& kind) {
      return configs.Of(kind);
    };
    const auto& kinds = (*captured)->kinds;
    runs.push_back(
        {{.name = "captured",
          .slot = kinds.empty() ? fmt::format("{}", (*captured)->all.slot_bytes) : "by kind"},
         setting});
    return runs;
  }
  Result<Config> config = cli::WithOrderOptions(o.config, o.of_order);
  if (!config.ok()) return config.status();
  config->format = o.bf16 ? Format::kBf16 : Format::kFp32;
  setting.plain_format = config->format;
  runs.push_back({{.name = "as it is"}, setting});
  const std::vector<double> ratios =
      o.ratios.empty() ? std::vector(kDefaultRatios.begin(), kDefaultRatios.end()) : o.ratios;
  for (const double ratio : ratios) {
    Config c = *config;
    const double bytes = std::floor(BlockBytes(c) / ratio + kRounding);
    c.slot_bytes = static_cast<uint32_t>(std::min<double>(bytes, UINT16_MAX));
    if (Status s = ValidateConfig(c); !s.ok()) {
      return ConfigError(fmt::format("--ratio {}: {}", ratio, s.message()));
    }
    setting.config_of = [c](const std::string&) { return c; };
    runs.push_back(
        {{.name = fmt::format("{}", ratio), .slot = fmt::format("{}", c.slot_bytes)}, setting});
  }
  return runs;
}

Json JsonOf(const Compared& c) {
  return {{"tensors", c.tensors}, {"bytes", c.bytes}, {"wrong_bytes", c.wrong}};
}

Json JsonOf(const ReplayRow& row) {
  const ReplayResult& r = row.result;
  return {{"name", row.name},
          {"ratio", row.ratio},
          {"slot", row.slot},
          {"footprint_bytes", r.footprint_bytes},
          {"held_bytes", r.held_bytes},
          {"payload_bytes", r.payload_bytes},
          {"slot_bytes", r.slot_bytes},
          {"slot_bytes_in_bursts", r.rounded_bytes},
          {"slot_dram_bytes", r.slot_dram_bytes},
          {"deviation", r.Deviation()},
          {"dram_bytes", r.dram_bytes},
          {"cycles", r.cycles},
          {"forward_cycles", r.forward_cycles},
          {"seconds", r.seconds},
          {"busy", r.busy},
          {"dram",
           {{"bursts", r.dram.bursts},
            {"writes", r.dram.writes},
            {"row_hits", r.dram.hits},
            {"row_misses", r.dram.misses},
            {"row_conflicts", r.dram.conflicts},
            {"refreshes", r.dram.refreshes},
            {"turnarounds", r.dram.turnarounds},
            {"busy_clocks", r.dram.busy}}},
          {"path",
           {{"blocks_written", r.device.blocks_written},
            {"blocks_read", r.device.blocks_read},
            {"read_modify_writes", r.device.read_modify_writes},
            {"buffer_hits", r.device.buffer_hits},
            {"malformed", r.device.malformed}}},
          {"slots", JsonOf(r.slots)},
          {"values", JsonOf(r.values)},
          {"trace_slots", JsonOf(r.trace_slots)},
          {"trace_returned", JsonOf(r.trace_returned)},
          {"first_wrong", r.first_wrong.empty() ? Json(nullptr) : Json(r.first_wrong)}};
}

std::string CsvText(const std::vector<ReplayRow>& rows) {
  std::string text =
      "name,ratio,slot,footprint_bytes,payload_bytes,slot_bytes,slot_dram_bytes,dram_bytes,"
      "row_hits,row_misses,row_conflicts,refreshes,read_modify_writes,cycles,seconds,busy\n";
  for (const ReplayRow& row : rows) {
    const ReplayResult& r = row.result;
    text +=
        fmt::format("{},{:.6g},{},{},{},{},{},{},{},{},{},{},{},{},{:.9g},{:.4f}\n", row.name,
                    row.ratio, row.slot, r.footprint_bytes, r.payload_bytes, r.slot_bytes,
                    r.slot_dram_bytes, r.dram_bytes, r.dram.hits, r.dram.misses, r.dram.conflicts,
                    r.dram.refreshes, r.device.read_modify_writes, r.cycles, r.seconds, r.busy);
  }
  return text;
}

// What was compared, and what that says of the gradient: it follows from what backward reads.
std::string CheckText(const ReplayRow& row) {
  const ReplayResult& r = row.result;
  std::string text = fmt::format(
      "{}: slots of {} tensors, values of {} reads against the software stash: {} bytes differ\n",
      row.name, r.slots.tensors, r.values.tensors, r.slots.wrong + r.values.wrong);
  if (r.trace_slots.tensors != 0) {
    text += fmt::format(
        "  slots of {} tensors, values of {} against the files of the trace: {} bytes differ\n",
        r.trace_slots.tensors, r.trace_returned.tensors,
        r.trace_slots.wrong + r.trace_returned.wrong);
  }
  return text + fmt::format(
                    "  slots moved {:+.2f} % beside payload / ratio in whole bursts, {} "
                    "read-modify-writes\n",
                    100 * r.Deviation(), r.device.read_modify_writes);
}

std::string ReportText(const Trace& trace, const DramConfig& dram, const Options& o,
                       const std::vector<ReplayRow>& rows) {
  cli::Table table({"ratio", "T", "MB held", "MB moved", "%", "cycles", "us", "%", "busy %"});
  const ReplayResult& plain = rows.front().result;
  const auto megabytes = [](uint64_t bytes) {
    return fmt::format("{:.3f}", static_cast<double>(bytes) * 1e-6);
  };
  for (const ReplayRow& row : rows) {
    const ReplayResult& r = row.result;
    table.Row({row.name, row.slot.empty() ? "-" : row.slot, megabytes(r.footprint_bytes),
               megabytes(r.dram_bytes), cli::PercentText(r.dram_bytes, plain.dram_bytes),
               fmt::format("{}", r.cycles), fmt::format("{:.2f}", r.seconds * 1e6),
               cli::PercentText(r.cycles, plain.cycles), fmt::format("{:.0f}", 100 * r.busy)});
  }
  std::string text = fmt::format(
      "{} tensors, {} accesses; {} at {:.1f} GB/s, {} of {} bits at {} MHz\n", trace.tensors.size(),
      trace.steps.size(), dram.name, dram.PeakBytesPerSecond() * 1e-9,
      cli::Count(o.paths, "memory path"), o.width, o.clock_mhz);
  text += table.Text(cli::TerminalColumns(STDOUT_FILENO));
  for (const ReplayRow& row : rows) {
    if (row.result.slots.tensors != 0) text += CheckText(row);
  }
  return text;
}

// What is wrong with a row; ok when nothing is.
Status Judge(const ReplayRow& row) {
  const ReplayResult& r = row.result;
  if (r.Wrong() != 0) {
    return MismatchError(
        fmt::format("{}: {}; this is a fault of the memory path", row.name, r.first_wrong));
  }
  if (std::abs(r.Deviation()) > kMostDeviation) {
    return MismatchError(fmt::format(
        "{}: DRAM moved {} bytes for slots, payload / ratio in whole bursts is {}: {:+.1f} %, and "
        "3 % are allowed; see read-modify-writes and the stride of the slots",
        row.name, r.slot_dram_bytes, r.rounded_bytes, 100 * r.Deviation()));
  }
  return OkStatus();
}

Status DoReplay(const CLI::App& app, const Options& o) {
  if (o.json && o.csv) return ConfigError("--json and --csv are two outputs; choose one");
  io::Files files;
  const Result<DramConfig> dram = FindDram(files, o);
  if (!dram.ok()) return dram.status();
  const Result<Trace> trace = ReadTrace(files, o.trace);
  if (!trace.ok()) return trace.status();
  const bool captured = trace->stash.starts_with("actplane") && o.ratios.empty();
  for (const char* flag :
       {"--format", "--order", "--block", "--fill", "--delta-cap", "--group", "--rows"}) {
    if (captured && app.get_option(flag)->count() != 0) {
      return ConfigError(fmt::format(
          "without --ratio the step is replayed as it was captured; leave out {}, or give --ratio",
          flag));
    }
  }
  Result<std::vector<Run>> runs = RunsOf(o, *trace, *dram);
  if (!runs.ok()) return runs.status();
  std::unique_ptr<io::Sink> picture;
  if (!o.picture.empty()) {
    Result<std::unique_ptr<io::Sink>> sink = files.OpenOutput(o.picture, o.force);
    if (!sink.ok()) return sink.status();
    picture = std::move(*sink);
  }

  std::vector<ReplayRow> rows;
  {
    cli::Progress progress("replay", runs->size(), o.json, "replays");
    for (Run& run : *runs) {
      Result<ReplayResult> result = Replay(files, *trace, run.setting);
      if (!result.ok()) return result.status();
      run.row.result = std::move(*result);
      const ReplayResult& r = run.row.result;
      if (r.slot_bytes != 0) {
        run.row.ratio = static_cast<double>(r.payload_bytes) / static_cast<double>(r.slot_bytes);
      }
      rows.push_back(run.row);
      progress.Advance(1);
    }
  }
  if (picture != nullptr) {
    const Result<std::string> svg = cli::Gnuplot(ReplayScript(
        cli::GnuplotText(fmt::format("One training step in {}, {} of {} bits at {} MHz", dram->name,
                                     cli::Count(o.paths, "memory path"), o.width, o.clock_mhz)),
        rows.front().result, {rows.begin() + 1, rows.end()}));
    if (!svg.ok()) return svg.status();
    if (Status s = picture->Write(std::as_bytes(std::span(*svg))); !s.ok()) return s;
    if (Status s = picture->Commit(); !s.ok()) return s;
  }
  Status verdict;
  for (const ReplayRow& row : rows) {
    if (verdict.ok()) verdict = Judge(row);
  }
  const bool piped = !o.picture.empty() && io::Files::IsStandardOutput(o.picture);
  Status said;
  if (o.json) {
    Json all = Json::array();
    for (const ReplayRow& row : rows) all.push_back(JsonOf(row));
    said = cli::PrintJson({{"trace", o.trace},
                           {"stash", trace->stash},
                           {"dram", dram->name},
                           {"burst_bytes", dram->BurstBytes()},
                           {"width", o.width},
                           {"clock_mhz", o.clock_mhz},
                           {"paths", o.paths},
                           {"rows", all},
                           {"ok", verdict.ok()}},
                          piped);
  } else {
    said = cli::Print(o.csv ? CsvText(rows) : ReportText(*trace, *dram, o, rows), piped);
  }
  return said.ok() ? verdict : said;
}

cli::Command AddReplay(CLI::App& root, Options& o) {
  CLI::App* app = root.add_subcommand(
      "replay", "A captured training step through the memory path, beside the step as it is");
  app->add_option("TRACE", o.trace, "trace.json of actplane-train capture --trace, or its folder")
      ->required()
      ->type_name(" ");
  app->add_option("--ratio", o.ratios,
                  "Bytes of a block to those of its slot; several with commas. Without: as "
                  "captured, or 3.2 to 8")
      ->delimiter(',')
      ->check(cli::CheckRatio)
      ->type_name("R,..");
  app->add_option_function<std::string>(
         "--format", [&o](const std::string& name) { o.bf16 = name == "bf16"; }, "Values in memory")
      ->check(cli::Quiet(CLI::IsMember({"fp32", "bf16"})))
      ->type_name("fp32|bf16")
      ->default_str("fp32");
  cli::AddOrder(*app, o.config.order);
  cli::AddBlock(*app, o.config.block_len);
  cli::AddOrderOptions(*app, o.of_order, "what fills the bits that were cut");
  app->add_option("--device", o.device,
                  "Memory path: the golden model, or the RTL (one path of 256 bits)")
      ->check(cli::Quiet(CLI::IsMember({"golden", "rtl"})))
      ->type_name("golden|rtl")
      ->capture_default_str();
  app->add_option("--dram", o.dram, "Memory: ddr4-3200, hbm2e, or one of --dram-file")
      ->type_name("NAME")
      ->capture_default_str();
  app->add_option("--dram-file", o.dram_file, "Parameters of other memories, as tb/replay/dram.txt")
      ->type_name("FILE");
  app->add_option("--width", o.width, "Bits of the bus on both sides")
      ->transform(cli::Decimal())
      ->check(cli::Quiet(CLI::IsMember({64, 128, 256, 512, 1024})))
      ->type_name("64|128|256|512|1024")
      ->capture_default_str();
  app->add_option("--clock", o.clock_mhz, "Clock of the memory path")
      ->transform(cli::Decimal())
      ->check(cli::Quiet(CLI::Range(1, 10000)))
      ->type_name("MHZ")
      ->capture_default_str();
  app->add_option("--paths", o.paths, "Memory paths side by side, which take blocks in turn")
      ->transform(cli::Decimal())
      ->check(cli::Quiet(CLI::Range(1, 64)))
      ->type_name("COUNT")
      ->capture_default_str();
  app->add_option("--picture", o.picture, "Draw the result here; - for standard output")
      ->type_name("FILE.svg");
  app->add_flag("--csv", o.csv, "Print the table as CSV");
  cli::AddForce(*app, o.force);
  cli::AddJson(*app, o.json);
  app->footer(
      "Examples:\n"
      "  actplane-memory replay build/runs/step\n"
      "  actplane-memory replay build/runs/step --ratio 3.2,4,8 --order field --dram hbm2e "
      "--paths 8\n"
      "  actplane-memory replay build/runs/step --ratio 4 --format bf16 --picture step.svg");
  return {app, [app, &o] { return DoReplay(*app, o); }};
}

cli::ExitCode Main(const std::vector<std::string>& arguments) {
  Options o;
  CLI::App app{fmt::format("The memory path between a master and DRAM.\n{}", cli::kExitCodes),
               "actplane-memory"};
  cli::AddVersion(app);
  app.require_subcommand(1);
  const std::array commands = {AddReplay(app, o)};
  return cli::RunCommand(app, arguments, commands);
}

}  // namespace
}  // namespace actplane::tb

int main(int argc, char** argv) {
  return actplane::cli::Main(
      [&] { return actplane::tb::Main(std::vector<std::string>(argv + 1, argv + argc)); });
}
