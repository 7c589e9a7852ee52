// SPDX-License-Identifier: Apache-2.0
// actplane stats: what the lossless scheme of order field gives, field by field.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "actplane/field_sizes.h"
#include "common.h"
#include "json_printer.h"
#include "rows.h"
#include "table.h"

namespace actplane::cli {
namespace {

using Json = nlohmann::ordered_json;

// Lee, Yun, Lee, "In-memory Activation Compression for GPT Training", AICAS 2023.
constexpr double kPaperSign = 2.09;
constexpr double kPaperExponent = 2.04;
constexpr double kPaperMantissa = 1.21;

struct StatsOptions {
  std::vector<std::string> files;
  io::TensorFileOptions input;
  uint32_t block_len = kDefaultBlockLen;
  bool json = false;
};

struct Totals {
  FieldSizes raw;        // of the values
  FieldSizes zero_code;  // of the blocks, padding included: it is stored too
  FieldSizes plain;
  ValueMix mix;

  Totals& operator+=(const Totals& other) {
    raw += other.raw;
    zero_code += other.zero_code;
    plain += other.plain;
    mix += other.mix;
    return *this;
  }
};

Totals CountPiece(std::span<const std::byte> values, const Config& config) {
  Totals totals;
  const uint32_t width = InfoOf(config.format).value_bytes;
  for (size_t at = 0; at < values.size(); at += BlockBytes(config)) {
    const auto bytes = values.subspan(at, std::min<size_t>(BlockBytes(config), values.size() - at));
    const BlockFields fields = Classify(GatherBlock(bytes, config));
    totals.zero_code += WholeFieldSizes(FindBase(fields), config.format, config.block_len);
    totals.plain += PlainFieldSizes(fields);
    totals.mix += CountMix(fields, static_cast<uint32_t>(bytes.size() / width));
  }
  totals.raw = RawFieldSizes(config.format, values.size() / width);
  return totals;
}

Status CountFile(io::Files& inputs, const StatsOptions& o, FileRows<Totals>& rows) {
  Result<io::TensorReader> reader = OpenTensors(inputs, rows.file, o.input);
  if (!reader.ok()) return reader.status();
  uint64_t bytes = 0;
  for (const auto& info : reader->tensors()) bytes += RawBytes(info);
  Progress progress("stats", bytes, o.json);
  for (size_t t = 0; t < reader->tensors().size(); ++t) {
    const io::TensorInfo& info = reader->tensors()[t];
    rows.tensors.push_back({info.name, info.format, {}});
    Totals& totals = rows.tensors.back().figures;
    const Config config{.format = info.format, .block_len = o.block_len};
    const auto count = [&](std::span<const std::byte> values) {
      totals += CountPiece(values, config);
      return OkStatus();
    };
    if (Status s = ForEachPiece(*reader, t, progress, count); !s.ok()) return s;
  }
  return OkStatus();
}

void AddRows(Table& ratios, Table& mixes, const std::string& label, const Totals& t) {
  ratios.Row(
      {label, RatioText(t.raw.sign, t.zero_code.sign),
       RatioText(t.raw.exponent, t.zero_code.exponent),
       RatioText(t.raw.mantissa, t.zero_code.mantissa),
       RatioText(t.raw.Total(), t.zero_code.Total()), RatioText(t.raw.exponent, t.plain.exponent),
       RatioText(t.raw.mantissa, t.plain.mantissa), RatioText(t.raw.Total(), t.plain.Total())});
  const ValueMix& m = t.mix;
  const auto percent = [&](uint64_t part) { return PercentText(part, m.values); };
  mixes.Row({label, fmt::format("{}", m.values), percent(m.zeros), percent(m.negatives),
             percent(m.subnormals), percent(m.infs + m.nans)});
}

std::string TextOf(const Rows<Totals>& rows, const StatsOptions& o) {
  const std::string label = rows.LabelHeader();
  Table ratios({label, "sign", "exponent", "mantissa", "total", "exponent", "mantissa", "total"});
  ratios.Group(2, 3, "zero code");
  ratios.Group(5, 3, "no zero code");
  Table mixes({label, "values", "zeros %", "negative %", "subnormal %", "Inf/NaN %"});
  rows.ForEach(
      [&](const std::string& file) {
        ratios.Heading(file);
        mixes.Heading(file);
      },
      [&](const std::string& name, const Totals& t) { AddRows(ratios, mixes, name, t); });
  ratios.Gap();
  mixes.Gap();
  AddRows(ratios, mixes, rows.AllLabel(), rows.Sum());
  const auto text = [](double ratio) { return fmt::format("{:.2f}", ratio); };
  ratios.Row({"paper", text(kPaperSign), text(kPaperExponent), text(kPaperMantissa), "-",
              text(kPaperExponent), text(kPaperMantissa), "-"});
  const size_t columns = TerminalColumns(STDOUT_FILENO);
  return fmt::format(
      "Lossless ratio (raw bits / coded bits) in order field, N = {}, metadata counted\n\n{}\n"
      "paper: AICAS 2023, which does not say how it treats zeros, nor its tensor mix.\n"
      "A ratio means something only together with the mix that it was measured on:\n\n{}",
      o.block_len, ratios.Text(columns), mixes.Text(columns));
}

Json RatioJson(uint64_t raw, uint64_t coded) {
  return coded == 0 ? Json(nullptr) : Json(Quotient(raw, coded));
}

Json SizesJson(const FieldSizes& s) {
  return {
      {"sign", s.sign}, {"exponent", s.exponent}, {"mantissa", s.mantissa}, {"total", s.Total()}};
}

Json CodedJson(const FieldSizes& raw, const FieldSizes& coded) {
  return {{"bits", SizesJson(coded)},
          {"ratio",
           {{"sign", RatioJson(raw.sign, coded.sign)},
            {"exponent", RatioJson(raw.exponent, coded.exponent)},
            {"mantissa", RatioJson(raw.mantissa, coded.mantissa)},
            {"total", RatioJson(raw.Total(), coded.Total())}}}};
}

Json TotalsJson(const Totals& t) {
  return {{"mix",
           {{"values", t.mix.values},
            {"zeros", t.mix.zeros},
            {"negatives", t.mix.negatives},
            {"subnormals", t.mix.subnormals},
            {"infs", t.mix.infs},
            {"nans", t.mix.nans}}},
          {"raw_bits", SizesJson(t.raw)},
          {"zero_code", CodedJson(t.raw, t.zero_code)},
          {"no_zero_code", CodedJson(t.raw, t.plain)}};
}

Status PrintRows(const Rows<Totals>& rows, const StatsOptions& o) {
  JsonPrinter printer;
  printer.Members(
      {{"order", "field"}, {"block", o.block_len}, {"formats", FormatsJson(rows.Formats())}});
  printer.Array("files");
  for (const auto& f : rows.files) {
    if (!f.error.empty()) printer.Entry({{"file", f.file}, {"error", f.error}});
    for (const auto& t : f.tensors) {
      Json entry = {{"file", f.file}, {"tensor", t.name}, {"format", ToString(t.format)}};
      entry.update(TotalsJson(t.figures));
      printer.Entry(entry);
    }
  }
  printer.Array("sums");
  for (const auto& f : rows.files) {
    if (!rows.HasSum(f)) continue;
    Json entry = {{"file", f.file}, {"formats", FormatsJson(rows.Formats(f))}};
    entry.update(TotalsJson(rows.Sum(f)));
    printer.Entry(entry);
  }
  printer.Member("all", TotalsJson(rows.Sum()));
  printer.Member(
      "paper", {{"sign", kPaperSign}, {"exponent", kPaperExponent}, {"mantissa", kPaperMantissa}});
  return printer.Finish();
}

Status Run(const StatsOptions& o) {
  Rows<Totals> rows;
  io::Files inputs;
  const Status status = ForEachFile(o.files, [&](const std::string& file) {
    auto& f = rows.files.emplace_back(FileRows<Totals>{.file = file});
    Status s = CountFile(inputs, o, f);
    if (!s.ok()) f.Fail(s);
    return s;
  });
  if (rows.Readable() == 0 && !o.json) return status;
  if (o.files.size() == 1 && !status.ok()) return status;
  Status printed = o.json ? PrintRows(rows, o) : Print(TextOf(rows, o));
  return printed.ok() ? status : printed;
}

}  // namespace

Command AddStats(CLI::App& root) {
  auto o = std::make_shared<StatsOptions>();
  CLI::App* app = root.add_subcommand(
      "stats", "Lossless ratio of sign, exponent and mantissa, with and without the zero code");
  app->add_option("FILE", o->files, "Tensor files: .npy, .safetensors; - is standard input")
      ->required()
      ->type_name(" ");
  AddFormat(*app, o->input);
  AddBlock(*app, o->block_len);
  AddTensor(*app, o->input.tensor, "Only these tensors of a .safetensors file");
  AddJson(*app, o->json);
  app->footer(
      "Everything that is stored counts as coded, the padding of a last block and all metadata\n"
      "included; raw are the values alone. A .safetensors file has a row for each tensor.\n\n"
      "Examples:\n"
      "  actplane stats activations/*.npy\n"
      "  actplane stats model.safetensors --tensor h.0.attn --block 64\n"
      "  actplane stats bits.npy --format bf16 --json");
  return {app, [o] { return Run(*o); }};
}

}  // namespace actplane::cli
