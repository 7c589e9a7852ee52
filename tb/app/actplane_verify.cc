// SPDX-License-Identifier: Apache-2.0
// actplane-verify: a user's tensors through compressor RTL, decompressor RTL and golden model;
// nothing may differ.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "app/files.h"
#include "app/progress.h"
#include "app/run.h"

namespace actplane::tb {
namespace {

struct Row {
  std::string tensor, format, mode;
  uint64_t values = 0, blocks = 0, mismatches = 0, stages = 0;
  double ratio = 0, enc_cycles = 0, enc_bytes = 0, dec_cycles = 0, dec_bytes = 0;
  uint64_t enc_latency = 0, dec_latency = 0;
  bool ok = false;
  std::string failure;
};

double Over(uint64_t a, uint64_t b) {
  return b == 0 ? 0 : static_cast<double>(a) / static_cast<double>(b);
}

Row Verify(const std::string& config, const std::string& file, const FileOptions& options,
           const LoadedTensor& loaded, uint64_t blocks, const std::string& artifacts) {
  const FileTensor& tensor = loaded.tensor;
  const uint32_t block_len = FindConfig(config)->block_len;
  const Config model = tensor.config.Nearest(block_len, {});
  RunConfig run;
  run.test = "verify";
  run.device = "roundtrip";
  run.config = config;
  run.sequence = "file";
  run.files = {file};
  run.file_options = options.Arguments();
  run.artifacts = artifacts;
  const uint64_t all = CeilDiv(tensor.values.size(), BlockBytes(model));
  run.blocks = blocks == 0 ? all : std::min(blocks, all);

  Progress progress(loaded.name, run.blocks);
  uint64_t inexact = 0, slot_bytes = 0, at = 0;
  const RoundTripResult r = RunRoundTrip(run, {tensor}, [&](const Expected& e) {
    progress.Advance(1);
    slot_bytes += e.in.size();
    // In lossless mode the values themselves are the reference, too.
    const size_t end = std::min<size_t>(at + e.out.size(), tensor.values.size());
    if (model.lossless &&
        !std::equal(tensor.values.begin() + static_cast<std::ptrdiff_t>(at),
                    tensor.values.begin() + static_cast<std::ptrdiff_t>(end), e.out.begin())) {
      ++inexact;
    }
    at = end;
  });
  const Verdict& enc = r.compressor.verdict;
  const Verdict& dec = r.decompressor.verdict;
  const Timing& et = r.compressor.timing;
  const Timing& dt = r.decompressor.timing;
  Row row;
  row.tensor = loaded.name;
  row.format = actplane::ToString(model.format);
  row.mode = model.lossless ? "lossless" : fmt::format("T={}", model.slot_bytes);
  row.blocks = std::min(enc.blocks, dec.blocks);
  row.values = std::min<uint64_t>(at, tensor.values.size()) / InfoOf(model.format).value_bytes;
  row.mismatches = enc.mismatches + dec.mismatches + inexact;
  row.stages = enc.stages + dec.stages;
  row.ratio = Over(at, slot_bytes);
  const uint64_t enc_cycles = et.last_in - et.first_in + 1,
                 dec_cycles = dt.last_out - dt.first_out + 1;
  row.enc_cycles = Over(enc_cycles, enc.blocks);
  row.enc_bytes = Over(et.bytes_in, enc_cycles);
  row.enc_latency = et.min_latency;
  row.dec_cycles = Over(dec_cycles, dec.blocks);
  row.dec_bytes = Over(dt.bytes_out, dec_cycles);
  row.dec_latency = dt.min_latency;
  row.ok = enc.ok() && dec.ok() && inexact == 0;
  row.failure = enc.ok() ? dec.first_failure : enc.first_failure;
  return row;
}

std::string Text(const std::vector<Row>& rows) {
  size_t width = 6;
  for (const Row& r : rows) width = std::max(width, r.tensor.size());
  std::string text =
      fmt::format("{:<{}} {:<5} {:<9} {:>8} {:>6} | {:>9} {:>7} {:>7} | {:>9} {:>7} {:>7} | {}\n",
                  "tensor", width, "fmt", "mode", "blocks", "ratio", "enc cyc/b", "B/cycle",
                  "latency", "dec cyc/b", "B/cycle", "latency", "mismatches");
  for (const Row& r : rows) {
    text += fmt::format(
        "{:<{}} {:<5} {:<9} {:>8} {:>6.2f} | {:>9.2f} {:>7.2f} {:>7} | {:>9.2f} {:>7.2f} {:>7} | "
        "{}\n",
        r.tensor, width, r.format, r.mode, r.blocks, r.ratio, r.enc_cycles, r.enc_bytes,
        r.enc_latency, r.dec_cycles, r.dec_bytes, r.dec_latency,
        r.ok ? "none" : fmt::format("{}  {}", r.mismatches, r.failure));
  }
  return text;
}

std::string Json(const std::vector<Row>& rows) {
  std::string text = "[";
  for (const Row& r : rows) {
    text += fmt::format(
        "{}\n  {{\"tensor\": \"{}\", \"format\": \"{}\", \"mode\": \"{}\", \"values\": {}, "
        "\"blocks\": {}, \"ratio\": {:.4f}, "
        "\"compressor\": {{\"cycles_per_block\": {:.4f}, \"bytes_per_cycle\": {:.4f}, \"latency\": "
        "{}}}, "
        "\"decompressor\": {{\"cycles_per_block\": {:.4f}, \"bytes_per_cycle\": {:.4f}, "
        "\"latency\": {}}}, "
        "\"stages\": {}, \"mismatches\": {}, \"ok\": {}}}",
        text.size() > 1 ? "," : "", r.tensor, r.format, r.mode, r.values, r.blocks, r.ratio,
        r.enc_cycles, r.enc_bytes, r.enc_latency, r.dec_cycles, r.dec_bytes, r.dec_latency,
        r.stages, r.mismatches, r.ok);
  }
  return text + "\n]\n";
}

}  // namespace
}  // namespace actplane::tb

int main(int argc, char** argv) {
  using namespace actplane;
  using namespace actplane::tb;
  std::string config = "default", artifacts = "build/artifacts";
  std::vector<std::string> files;
  std::vector<double> ratios;
  FileOptions options;
  uint64_t blocks = 0;
  bool json = false;
  CLI::App app{
      "Sends tensors through the compressor RTL and the decompressor RTL and compares with the "
      "golden model."};
  app.add_option("files", files, "tensors: .npy, .safetensors")->required();
  app.add_option("--ratio", ratios, "of block bytes to slot bytes, one or more; 2 without it")
      ->check(CLI::PositiveNumber);
  AddFileOptions(app, options, false);
  app.add_option("--config", config, "a name of rtl/configs.txt")->capture_default_str();
  app.add_option("--blocks", blocks, "of each tensor at most; 0: all")->capture_default_str();
  app.add_option("--artifacts", artifacts, "where a failure leaves waveform, log and replay line")
      ->capture_default_str();
  app.add_flag("--json", json, "results as JSON");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : static_cast<int>(Outcome::kUsage);
  }
  const NamedConfig* named = FindConfig(config);
  if (named == nullptr) {
    fmt::print(stderr, "actplane-verify: no configuration '{}' in rtl/configs.txt\n", config);
    return static_cast<int>(Outcome::kUsage);
  }
  if (ratios.empty() && !options.lossless) ratios = {2};
  std::vector<FileOptions> passes;
  if (options.lossless) passes.push_back(options);
  for (const double ratio : ratios) {
    passes.push_back(options);
    passes.back().lossless = false;
    passes.back().ratio = ratio;
  }
  std::vector<Row> rows;
  for (const std::string& file : files) {
    for (const FileOptions& pass : passes) {
      Result<std::vector<LoadedTensor>> tensors = LoadNamedTensors({file}, pass, named->block_len);
      if (!tensors.ok()) {
        fmt::print(stderr, "actplane-verify: {}\n", tensors.status().message());
        return static_cast<int>(Outcome::kUsage);
      }
      for (const LoadedTensor& t : *tensors) {
        if (!named->formats.Has(t.tensor.config.format)) {
          fmt::print(stderr, "actplane-verify: {}: configuration '{}' has no {}; its formats: {}\n",
                     t.name, config,
                     actplane::ToString(static_cast<Format>(t.tensor.config.format)),
                     FormatNames(named->formats));
          return static_cast<int>(Outcome::kUsage);
        }
        rows.push_back(Verify(config, file, pass, t, blocks, artifacts));
      }
    }
  }
  uint64_t compared = 0, mismatches = 0;
  bool ok = true;
  for (const Row& r : rows) {
    compared += r.blocks;
    mismatches += r.mismatches;
    ok = ok && r.ok;
  }
  if (json) {
    fmt::print("{}", Json(rows));
  } else {
    fmt::print(
        "{}{} blocks through compressor and decompressor RTL ({}, N {}, {} bits), {} mismatches "
        "with the golden model\n",
        Text(rows), compared, config, named->block_len, named->stream_width, mismatches);
  }
  if (compared == 0) return static_cast<int>(Outcome::kNothingCompared);
  return static_cast<int>(ok ? Outcome::kPass : Outcome::kMismatch);
}
