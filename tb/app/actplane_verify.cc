// SPDX-License-Identifier: Apache-2.0
// actplane verify: a user's tensors through compressor RTL, decompressor RTL and golden model;
// nothing may differ.
#include <errno.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/files.h"
#include "app/options.h"
#include "app/run.h"
#include "cli/common.h"
#include "cli/table.h"
#include "cli/terminal.h"

namespace actplane::tb {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  std::vector<std::string> paths;
  FileOptions files;
  std::string config = "default", artifacts = "build/artifacts";
  uint64_t blocks = 0;
  bool json = false;
};

// What one device took.
struct Cost {
  uint64_t blocks = 0, cycles = 0, bytes = 0;  // at the side of the values
  uint64_t latency = 0;
};

// One tensor under one slot size.
struct Row {
  std::string file, tensor;
  Config config;
  uint64_t values = 0, blocks = 0, mismatches = 0, stages = 0;
  uint64_t raw_bytes = 0, slot_bytes = 0;  // of the blocks that were compared
  Cost compressor, decompressor;
  bool ok = true;
  std::string failure;

  std::string Label() const {
    return cli::Label(tensor.empty() ? file : fmt::format("{}:{}", file, tensor));
  }
};

struct Totals {
  uint64_t blocks = 0, mismatches = 0;
  bool ok = true;
};

Result<Row> Verify(const Options& o, const std::string& file,
                   const std::shared_ptr<const io::TensorReader>& reader, size_t index,
                   const Config& model, size_t number, cli::Progress& progress) {
  const io::TensorInfo& info = reader->tensors()[index];
  const FileTensor tensor = TensorOf(reader, index, model);
  Row row;
  row.file = file;
  row.tensor = info.name;
  row.config = model;
  const uint64_t all = CeilDiv(tensor.bytes, uint64_t{BlockBytes(model)});
  if (all == 0) return row;

  FileOptions replay = o.files;
  if (!reader->npy()) replay.input.tensor = info.name;
  replay.order = model.order;
  replay.slots = {};
  replay.slots.lossless = model.lossless;
  if (!model.lossless) replay.slots.bytes = {model.slot_bytes};
  RunConfig run;
  run.test = fmt::format("verify-{}", number);
  run.device = "roundtrip";
  run.config = o.config;
  run.sequence = "file";
  run.files = {file};
  run.file_options = replay.Arguments();
  run.artifacts = o.artifacts;
  run.blocks = o.blocks == 0 ? all : std::min(o.blocks, all);

  uint64_t inexact = 0;
  std::vector<std::byte> values;
  Status reading;
  const RoundTripResult r = RunRoundTrip(run, {tensor}, [&](const Expected& e) {
    values.resize(std::min<uint64_t>(e.out.size(), tensor.bytes - row.raw_bytes));
    row.slot_bytes += e.in.size();
    // In lossless mode the values themselves are the reference, too.
    if (model.lossless && reading.ok()) {
      reading = tensor.read(row.raw_bytes, values);
      if (!std::equal(values.begin(), values.end(), e.out.begin())) ++inexact;
    }
    row.raw_bytes += values.size();
    progress.Advance(values.size());
  });
  const Verdict& enc = r.compressor.verdict;
  const Verdict& dec = r.decompressor.verdict;
  for (const Verdict* v : {&enc, &dec}) {
    if (const Status s = StatusOf(*v); s.code() == StatusCode::kBadInput) return s;
  }
  if (!reading.ok()) return reading;
  const Timing& et = r.compressor.timing;
  const Timing& dt = r.decompressor.timing;
  row.compressor = {enc.blocks, et.last_in - et.first_in + 1, et.bytes_in, et.min_latency};
  row.decompressor = {dec.blocks, dt.last_out - dt.first_out + 1, dt.bytes_out, dt.min_latency};
  row.blocks = std::min(enc.blocks, dec.blocks);
  row.values = row.raw_bytes / InfoOf(model.format).value_bytes;
  row.mismatches = enc.mismatches + dec.mismatches + inexact;
  row.stages = enc.stages + dec.stages;
  row.ok = enc.ok() && dec.ok() && inexact == 0;
  row.failure = enc.ok() ? dec.first_failure : enc.first_failure;
  if (row.failure.empty() && inexact != 0) {
    row.failure = fmt::format("{} blocks of {} are not what went in", inexact, row.blocks);
  }
  return row;
}

// The configurations of a tensor, one for each slot size.
Result<std::vector<Config>> ConfigsOf(const Options& o, const std::string& file,
                                      const io::TensorInfo& info) {
  std::vector<Config> configs;
  for (const cli::SlotSize& slot : o.files.slots.All()) {
    Result<Config> config = ConfigOf(info, file, o.files, slot, *FindConfig(o.config));
    if (!config.ok()) return config.status();
    configs.push_back(*config);
  }
  return configs;
}

Status VerifyFile(io::Files& inputs, const Options& o, const std::string& file,
                  std::vector<Row>& rows) {
  Result<io::TensorReader> opened = cli::OpenTensors(inputs, file, o.files.input);
  if (!opened.ok()) return opened.status();
  const auto reader = std::make_shared<const io::TensorReader>(std::move(*opened));
  std::vector<std::vector<Config>> configs;
  uint64_t bytes = 0;
  for (const io::TensorInfo& info : reader->tensors()) {
    Result<std::vector<Config>> c = ConfigsOf(o, file, info);
    if (!c.ok()) return c.status();
    const uint64_t block = BlockBytes(c->front());
    const uint64_t blocks = CeilDiv(cli::RawBytes(info), block);
    bytes += c->size() * block * (o.blocks == 0 ? blocks : std::min(blocks, o.blocks));
    configs.push_back(std::move(*c));
  }
  cli::Progress progress("verify", bytes, o.json);
  for (size_t t = 0; t < configs.size(); ++t) {
    for (const Config& config : configs[t]) {
      Result<Row> row = Verify(o, file, reader, t, config, rows.size() + 1, progress);
      if (!row.ok()) return row.status();
      rows.push_back(std::move(*row));
    }
  }
  return OkStatus();
}

// What is impossible is said before the long work. Pipes can be read only once: those wait.
Status CheckConfigs(io::Files& inputs, const Options& o) {
  for (const std::string& file : o.paths) {
    std::error_code ignored;
    if (!std::filesystem::is_regular_file(file, ignored)) continue;
    Result<std::unique_ptr<io::RandomAccessSource>> source = inputs.OpenInput(file);
    if (!source.ok()) continue;  // said when its turn comes
    const Result<io::TensorReader> reader =
        io::TensorReader::Open(std::move(*source), o.files.input);
    if (!reader.ok()) continue;
    for (const io::TensorInfo& info : reader->tensors()) {
      const Result<std::vector<Config>> configs = ConfigsOf(o, file, info);
      if (!configs.ok()) return configs.status();
    }
  }
  return OkStatus();
}

std::string Cell(uint64_t a, uint64_t b) {
  return b == 0 ? "-" : fmt::format("{:.2f}", cli::Quotient(a, b));
}

std::string TextOf(const Options& o, const std::vector<Row>& rows, const Totals& totals) {
  cli::Table table({"tensor", "format", "slot", "blocks", "ratio", "cycles/block", "bytes/cycle",
                    "latency", "cycles/block", "bytes/cycle", "latency", "mismatches"});
  table.Group(5, 3, "compressor");
  table.Group(8, 3, "decompressor");
  std::string failures;
  for (const Row& r : rows) {
    std::vector<std::string> cells = {
        r.Label(), std::string(actplane::ToString(r.config.format)),
        r.config.lossless ? "lossless" : fmt::format("{}", r.config.slot_bytes),
        fmt::format("{}", r.blocks), cli::RatioText(r.raw_bytes, r.slot_bytes)};
    for (const Cost* c : {&r.compressor, &r.decompressor}) {
      cells.push_back(Cell(c->cycles, c->blocks));
      cells.push_back(Cell(c->bytes, c->blocks == 0 ? 0 : c->cycles));
      cells.push_back(c->blocks == 0 ? "-" : fmt::format("{}", c->latency));
    }
    cells.push_back(fmt::format("{}", r.mismatches));
    table.Row(cells);
    if (!r.ok) failures += fmt::format("FAILED {}: {}\n", r.Label(), r.failure);
  }
  const NamedConfig& named = *FindConfig(o.config);
  const Result<Config> config = OrderOf(o.files, named);
  return fmt::format(
      "{}{}{} blocks through compressor and decompressor RTL ({}, N {}, {} bits, order {}), {} "
      "mismatches with the golden model\n",
      table.Text(cli::TerminalColumns(STDOUT_FILENO)), failures, totals.blocks, named.name,
      named.shape.block_len, named.shape.stream_width,
      config.ok() ? actplane::ToString(config->order) : "?", totals.mismatches);
}

Json CostJson(const Cost& c) {
  const bool none = c.blocks == 0;
  return {{"cycles_per_block", none ? Json(nullptr) : Json(cli::Quotient(c.cycles, c.blocks))},
          {"bytes_per_cycle", none ? Json(nullptr) : Json(cli::Quotient(c.bytes, c.cycles))},
          {"latency", none ? Json(nullptr) : Json(c.latency)}};
}

Json JsonOf(const Options& o, const std::vector<Row>& rows, const Totals& totals) {
  const NamedConfig& named = *FindConfig(o.config);
  Json json = {{"config", named.name},
               {"block", named.shape.block_len},
               {"stream_width", named.shape.stream_width},
               {"tensors", Json::array()}};
  for (const Row& r : rows) {
    Json row = {{"file", r.file}};
    row["tensor"] = r.tensor.empty() ? Json(nullptr) : Json(r.tensor);
    row["format"] = actplane::ToString(r.config.format);
    row["order"] = actplane::ToString(r.config.order);
    cli::PutSettings(row, r.config);
    row["lossless"] = r.config.lossless;
    row["slot_bytes"] = r.config.lossless ? Json(nullptr) : Json(r.config.slot_bytes);
    row["values"] = r.values;
    row["ratio"] =
        r.slot_bytes == 0 ? Json(nullptr) : Json(cli::Quotient(r.raw_bytes, r.slot_bytes));
    row["compressor"] = CostJson(r.compressor);
    row["decompressor"] = CostJson(r.decompressor);
    row["stages"] = r.stages;
    row["failure"] = r.failure.empty() ? Json(nullptr) : Json(r.failure);
    row["blocks"] = r.blocks;
    row["mismatches"] = r.mismatches;
    row["ok"] = r.ok;
    json["tensors"].push_back(std::move(row));
  }
  json["blocks"] = totals.blocks;
  json["mismatches"] = totals.mismatches;
  json["ok"] = totals.ok;
  return json;
}

Status Run(const Options& o) {
  io::Files inputs;
  if (Status s = CheckConfigs(inputs, o); !s.ok()) return s;
  std::vector<Row> rows;
  const Status read = cli::ForEachFile(
      o.paths, [&](const std::string& file) { return VerifyFile(inputs, o, file, rows); });
  if (rows.empty() && !read.ok()) return read;
  Totals totals;
  totals.ok = read.ok();
  for (const Row& r : rows) {
    totals.blocks += r.blocks;
    totals.mismatches += r.mismatches;
    totals.ok = totals.ok && r.ok;
  }
  const Status printed =
      o.json ? cli::PrintJson(JsonOf(o, rows, totals)) : cli::Print(TextOf(o, rows, totals));
  if (!printed.ok()) return printed;
  if (!read.ok()) return read;
  return totals.ok ? OkStatus() : MismatchError("");
}

cli::Command AddVerify(CLI::App& root) {
  auto o = std::make_shared<Options>();
  CLI::App* app = root.add_subcommand("verify", std::string(cli::kVerifyHelp));
  app->add_option("FILE", o->paths, "Tensor files: .npy, .safetensors; - for standard input")
      ->required()
      ->type_name(" ");
  AddFileOptions(*app, o->files, /*several=*/true);
  AddConfig(*app, o->config);
  app->add_option("--blocks", o->blocks, "Of each tensor at most; 0 for all")
      ->transform(cli::Decimal())
      ->check(cli::CheckIndex)
      ->type_name("COUNT")
      ->capture_default_str();
  AddArtifacts(*app, o->artifacts);
  cli::AddJson(*app, o->json);
  app->footer(fmt::format(
      "Latency: cycles from the last beat of a block in to the first beat out, the least of all "
      "blocks.\n"
      "Cycles and bytes are those at the side of the values. {}\n\n"
      "Examples:\n"
      "  actplane verify gelu.npy\n"
      "  actplane verify activations/*.npy --ratio 3.2 --ratio 5.333 --order significance\n"
      "  actplane verify model.safetensors --lossless --tensor 'h.0.*' --blocks 100\n"
      "  actplane verify - --json < gelu.npy",
      cli::kExitCodes));
  return {app, [o] { return Run(*o); }};
}

// Run by `actplane`, the arguments name the subcommand; run directly, they do not.
std::vector<std::string> WithSubcommand(std::vector<std::string> arguments) {
  const bool direct = std::string_view(program_invocation_short_name) == "actplane-verify";
  const size_t at = !arguments.empty() && arguments[0] == "help" ? 1 : 0;
  const bool named = arguments.size() > at && arguments[at] == "verify";
  const bool version = !arguments.empty() && (arguments[0] == "-V" || arguments[0] == "--version");
  if (!version && (direct || !named)) arguments.insert(arguments.begin(), "verify");
  return arguments;
}

cli::ExitCode Main(const std::vector<std::string>& arguments) {
  CLI::App app{std::string(cli::kExitCodes), "actplane"};
  cli::AddVersion(app);
  app.require_subcommand(1);
  const std::array commands = {AddVerify(app)};
  return cli::RunCommand(app, WithSubcommand(arguments), commands);
}

}  // namespace
}  // namespace actplane::tb

int main(int argc, char** argv) {
  return actplane::cli::Main(
      [&] { return actplane::tb::Main(std::vector<std::string>(argv + 1, argv + argc)); });
}
