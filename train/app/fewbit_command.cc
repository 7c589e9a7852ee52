// SPDX-License-Identifier: Apache-2.0
// actplane-train fewbit: the best piecewise constant derivative for a number of bits.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <utility>

#include "actplane/io/files.h"
#include "actplane/io/tensor_file.h"
#include "cli/gnuplot.h"
#include "train/app/commands.h"
#include "train/stash/few_bit.h"

namespace actplane::train {
namespace {

struct FewbitOptions {
  std::string function = "gelu";
  int bits = 3;
  std::pair<double, double> domain = {-10, 10};
  std::string weight = "uniform";
  std::optional<Format> format;
  std::vector<std::string> inputs;
  std::string out;
  std::string plot;
  bool json = false;
  bool force = false;
};

constexpr std::array kFormats = {std::pair{Format::kFp32, at::kFloat},
                                 std::pair{Format::kFp16, at::kHalf},
                                 std::pair{Format::kBf16, at::kBFloat16}};

at::ScalarType TypeOf(Format format) {
  return std::ranges::find(kFormats, format, [](const auto& f) { return f.first; })->second;
}

// Adds the values of an .npy or .safetensors file to the histogram; `outside` counts those that the
// domain leaves out.
Status CountInputs(const std::string& path, const FewbitOptions& o, std::vector<double>& cells,
                   uint64_t& outside) {
  Result<std::unique_ptr<io::RandomAccessSource>> source = OpenInput(path);
  if (!source.ok()) return source.status();
  Result<io::TensorReader> reader =
      io::TensorReader::Open(std::move(source).value(), {.format = o.format});
  if (!reader.ok()) return reader.status();
  const auto& [low, high] = o.domain;
  for (size_t t = 0; t < reader->tensors().size(); ++t) {
    const io::TensorInfo& info = reader->tensors()[t];
    for (uint64_t first = 0; first < info.values;) {
      const auto n = static_cast<int64_t>(std::min<uint64_t>(info.values - first, 1 << 18));
      const at::Tensor raw = at::empty({n}, TypeOf(info.format));
      const std::span bytes(static_cast<std::byte*>(raw.data_ptr()), raw.nbytes());
      if (Status s = reader->Read(t, first, bytes); !s.ok()) return s;
      first += static_cast<uint64_t>(n);
      const at::Tensor piece = raw.to(at::kFloat);
      for (const float x : std::span(piece.data_ptr<float>(), static_cast<size_t>(n))) {
        if (!(x >= low && x < high)) {
          ++outside;
          continue;
        }
        const auto cell = static_cast<size_t>((x - low) / (high - low) * kFewBitCells);
        cells[std::min<size_t>(cell, kFewBitCells - 1)] += 1;
      }
    }
  }
  return OkStatus();
}

std::map<std::string, Format> FormatNames() {
  std::map<std::string, Format> names;
  for (const auto& [format, type] : kFormats) names.emplace(ToString(format), format);
  return names;
}

Result<FewBitTable> TableOf(const FewbitOptions& o) {
  const auto& [low, high] = o.domain;
  if (o.inputs.empty()) {
    return OptimalFewBit(o.function, o.bits, low, high, FewBitWeight(o.weight, low, high),
                         o.weight);
  }
  std::vector<double> cells(kFewBitCells);
  uint64_t outside = 0;
  for (const std::string& path : o.inputs) {
    if (Status s = CountInputs(path, o, cells, outside); !s.ok()) return s;
  }
  double inside = 0;
  for (const double c : cells) inside += c;
  if (inside == 0) {
    return ConfigError(
        outside == 0
            ? std::string("few-bit: the inputs hold no values; give tensors that have some")
            : fmt::format("few-bit: none of the {} inputs lies between {} and {}; give a --domain "
                          "that they reach",
                          outside, low, high));
  }
  if (outside > 0) {
    Complain(fmt::format("{} of {} inputs lie outside of {} .. {} and do not count", outside,
                         outside + static_cast<uint64_t>(inside), low, high));
  }
  for (double& c : cells) c *= kFewBitCells / (inside * (high - low));  // as a density
  return OptimalFewBit(o.function, o.bits, low, high, cells, "inputs");
}

Result<std::string> Draw(const FewBitTable& t) {
  constexpr int kPoints = 800;
  std::string exact;
  std::string steps;
  for (int i = 0; i <= kPoints; ++i) {
    const double x = t.low + (t.high - t.low) * i / kPoints;
    exact += fmt::format("{} {}\n", x, FewBitDerivative(t.function, x));
  }
  for (size_t k = 0; k < t.levels.size(); ++k) {
    const double from = k == 0 ? t.low : t.borders[k - 1];
    const double to = k + 1 == t.levels.size() ? t.high : t.borders[k];
    steps += fmt::format("{} {}\n{} {}\n", from, t.levels[k], to, t.levels[k]);
  }
  return cli::Gnuplot(fmt::format(
      "set xlabel 'x'\nset ylabel 'derivative'\nset key left top noenhanced\nset xrange [{}:{}]\n"
      "$exact << EOD\n{}EOD\n$steps << EOD\n{}EOD\n"
      "plot $exact with lines lw 1.5 lc 1 title '{}', "
      "$steps with lines lw 2 lc 2 title '{} levels, weight {}'\n",
      std::max(t.low, -6.0), std::min(t.high, 6.0), exact, steps, t.function, t.levels.size(),
      cli::GnuplotText(t.weight)));
}

Status Run(const FewbitOptions& o) {
  ReplaceOutputs(o.force);
  for (const std::string& path : o.inputs) {
    if (Status s = NoteInput(path); !s.ok()) return s;
  }
  std::map<std::string, Output> outputs;
  for (const std::string& path : {o.out, o.plot}) {
    if (path.empty()) continue;
    Result<Output> output = Output::Claim(path);
    if (!output.ok()) return output.status();
    outputs.emplace(path, std::move(output).value());
  }
  const Result<FewBitTable> table = TableOf(o);
  if (!table.ok()) return table.status();
  if (!o.plot.empty()) {
    const Result<std::string> svg = Draw(*table);
    if (!svg.ok()) return svg.status();
    if (Status s = outputs.at(o.plot).Write(*svg); !s.ok()) return s;
  }
  if (!o.out.empty()) {
    if (Status s = outputs.at(o.out).Write(FewBitJson(*table)); !s.ok()) return s;
  }
  const bool taken = std::any_of(outputs.begin(), outputs.end(), [](const auto& output) {
    return io::Files::IsStandardOutput(output.first);
  });
  if (o.json) return Print(FewBitJson(*table), taken);
  std::string text =
      fmt::format("{}, {} bits, {} .. {}, weight {}: squared error {:.6f}\n", table->function,
                  table->bits, table->low, table->high, table->weight, table->error);
  for (size_t k = 0; k < table->levels.size(); ++k) {
    const std::string from = k == 0 ? "" : fmt::format("{:9.4f} <", table->borders[k - 1]);
    const std::string to =
        k < table->borders.size() ? fmt::format("<= {:9.4f}", table->borders[k]) : "";
    text += fmt::format("{:>4} {:>11} x {:<12} {:9.4f}\n", k, from, to, table->levels[k]);
  }
  return Print(text, taken);
}

}  // namespace

Command AddFewBit(CLI::App& root) {
  auto o = std::make_shared<FewbitOptions>();
  CLI::App* app =
      root.add_subcommand("fewbit", "The best piecewise constant derivative for Few-Bit Backward");
  app->add_option("--function", o->function, "Whose derivative")
      ->check(CLI::IsMember(
                  std::vector<std::string>(FewBitFunctions().begin(), FewBitFunctions().end()))
                  .description(""))
      ->type_name("gelu|gelu_erf|silu")
      ->capture_default_str();
  app->add_option("--bits", o->bits, "2^bits levels")
      ->transform(cli::Decimal())
      ->check(CLI::Range(1, 8).description(""))
      ->type_name("N")
      ->capture_default_str();
  app->add_option("--domain", o->domain, "From where to where")
      ->type_name("LOW HIGH")
      ->capture_default_str();
  app->add_option("--weight", o->weight, "What an error counts at x")
      ->check(CLI::IsMember({"uniform", "normal"}).description(""))
      ->type_name("uniform|normal")
      ->capture_default_str();
  app->add_option("--inputs", o->inputs,
                  "Weight by the distribution of these tensors (.npy, .safetensors)")
      ->type_name("FILE...");
  app->add_option("--format", o->format,
                  "What the inputs are; needed for bfloat16 bits in a .npy of <u2 or V2")
      ->transform(CLI::CheckedTransformer(FormatNames()).description(""))
      ->type_name("fp32|fp16|bf16");
  app->add_option("--out", o->out, "Write the table, for --stash fewbit:table=FILE")
      ->check(NotEmpty())
      ->type_name("FILE.json");
  app->add_option("--plot", o->plot, "Draw derivative and levels")
      ->check(NotEmpty())
      ->type_name("FILE.svg");
  AddJson(*app, o->json);
  AddForce(*app, o->force);
  app->footer(
      "Examples:\n"
      "  actplane-train fewbit --bits 3 --plot build/runs/fewbit.svg\n"
      "  actplane-train capture --init build/runs/exact/checkpoint --out build/runs/tensors\n"
      "  actplane-train fewbit --bits 2 --inputs build/runs/tensors/h*.mlp.in.npy --out "
      "build/runs/fewbit.json");
  return {app, [o] { return Run(*o); }};
}

}  // namespace actplane::train
