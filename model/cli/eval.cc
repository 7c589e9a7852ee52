// SPDX-License-Identifier: Apache-2.0
// actplane eval: what several slot sizes and both orders make of the values.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>

#include "actplane/bits.h"
#include "actplane/block.h"
#include "actplane/fast.h"
#include "common.h"
#include "table.h"

namespace actplane::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  std::vector<std::string> files;
  io::TensorFileOptions input;
  SlotSizes slots;
  std::string order = "both";
  Config config;
  std::optional<Fill> fill;
  int threads = 0;
  bool csv = false;
  bool json = false;
};

// What became of the values of a file in one order and slot size.
struct Outcome {
  uint64_t values = 0;
  uint64_t blocks = 0;
  uint64_t lossless_blocks = 0;  // every bit as it was
  uint64_t raw_bytes = 0;
  uint64_t coded_bytes = 0;
  uint64_t changed_kind = 0;  // finite, +Inf, -Inf or NaN became another of these
  double signal = 0;          // sum of squares of the finite values that stayed finite
  double noise = 0;           // of their errors
  double max_error = 0;

  Outcome& operator+=(const Outcome& other) {
    values += other.values;
    blocks += other.blocks;
    lossless_blocks += other.lossless_blocks;
    raw_bytes += other.raw_bytes;
    coded_bytes += other.coded_bytes;
    changed_kind += other.changed_kind;
    signal += other.signal;
    noise += other.noise;
    max_error = std::max(max_error, other.max_error);
    return *this;
  }

  bool Exact() const { return noise == 0 && changed_kind == 0; }
  double Snr() const { return 10 * std::log10(signal / noise); }
};

// One line of the table and the two orders in it; `slot` and `order` index the settings.
struct Setting {
  SlotSize slot;
  Order order;
};

void Compare(std::span<const std::byte> before, std::span<const std::byte> after,
             const Config& config, Outcome& outcome) {
  const Block a = GatherBlock(before, config);
  const Block b = GatherBlock(after, config);
  const size_t count = before.size() / InfoOf(config.format).value_bytes;
  for (size_t i = 0; i < count; ++i) {
    const double value = ToDouble(a.patterns[i], config.format);
    const double other = ToDouble(b.patterns[i], config.format);
    if (!std::isfinite(value) || !std::isfinite(other)) {
      const bool same = value == other || (std::isnan(value) && std::isnan(other));
      outcome.changed_kind += same ? 0 : 1;
      continue;
    }
    const double error = std::abs(value - other);
    outcome.signal += value * value;
    outcome.noise += error * error;
    outcome.max_error = std::max(outcome.max_error, error);
  }
}

Status Measure(std::span<const std::byte> values, const Config& config, int threads,
               std::vector<std::byte>& slots, std::vector<std::byte>& decoded, Outcome& outcome) {
  slots.resize(fast::SlotsBytes(config, values.size()));
  decoded.resize(values.size());
  if (Status s = fast::CompressBlocks(values, config, slots, threads); !s.ok()) return s;
  if (Status s = fast::DecompressBlocks(slots, config, decoded, nullptr, threads); !s.ok())
    return s;
  outcome.values += values.size() / InfoOf(config.format).value_bytes;
  outcome.raw_bytes += values.size();
  outcome.coded_bytes += slots.size();
  for (size_t at = 0; at < values.size(); at += BlockBytes(config)) {
    const auto before =
        values.subspan(at, std::min<size_t>(BlockBytes(config), values.size() - at));
    const auto after = std::span<const std::byte>(decoded).subspan(at, before.size());
    ++outcome.blocks;
    if (std::memcmp(before.data(), after.data(), before.size()) == 0) ++outcome.lossless_blocks;
    Compare(before, after, config, outcome);
  }
  return OkStatus();
}

std::vector<Setting> SettingsOf(const Options& o) {
  std::vector<Setting> settings;
  for (const SlotSize& slot : o.slots.All()) {
    for (const Order order : {Order::kField, Order::kSignificance}) {
      if (o.order == "both" || o.order == ToString(order)) settings.push_back({slot, order});
    }
  }
  return settings;
}

// A configuration for each tensor and setting of a file.
Result<std::vector<std::vector<Config>>> ConfigsOf(const io::TensorReader& reader,
                                                   const std::string& file, const Options& o,
                                                   const std::vector<Setting>& settings) {
  std::vector<std::vector<Config>> configs;
  for (const auto& info : reader.tensors()) {
    auto& row = configs.emplace_back();
    for (const Setting& setting : settings) {
      Config config = o.config;
      config.order = setting.order;
      config.fill = o.fill.value_or(config.fill);
      Result<Config> c = ConfigFor(info, config, setting.slot, file);
      if (!c.ok()) return c.status();
      row.push_back(*c);
    }
  }
  return configs;
}

// One outcome per setting.
Result<std::vector<Outcome>> EvalFile(io::Files& files, const std::string& file, const Options& o,
                                      const std::vector<Setting>& settings) {
  Result<io::TensorReader> reader = OpenTensors(files, file, o.input);
  if (!reader.ok()) return reader.status();
  const auto configs = ConfigsOf(*reader, file, o, settings);
  if (!configs.ok()) return configs.status();
  uint64_t bytes = 0;
  for (const auto& info : reader->tensors()) bytes += RawBytes(info);
  Progress progress("eval", bytes, o.json || o.csv);
  std::vector<Outcome> outcomes(settings.size());
  std::vector<std::byte> slots;
  std::vector<std::byte> decoded;
  for (size_t t = 0; t < configs->size(); ++t) {
    const auto measure = [&](std::span<const std::byte> values) {
      for (size_t i = 0; i < settings.size(); ++i) {
        Status s = Measure(values, (*configs)[t][i], o.threads, slots, decoded, outcomes[i]);
        if (!s.ok()) return s;
      }
      return OkStatus();
    };
    if (Status s = ForEachPiece(*reader, t, progress, measure); !s.ok()) return s;
  }
  return outcomes;
}

std::string SnrText(const Outcome& r) {
  if (r.Exact()) return "exact";
  return r.noise == 0 ? "-" : fmt::format("{:.1f}", r.Snr());
}

// Both orders side by side, a line per file and slot size.
std::string TextOf(const Options& o, const std::vector<Setting>& settings,
                   const std::vector<std::string>& labels,
                   const std::vector<std::vector<Outcome>>& all) {
  const size_t orders = o.order == "both" ? 2 : 1;
  bool kinds = false;
  for (const auto& outcomes : all) {
    for (const Outcome& r : outcomes) kinds |= r.changed_kind != 0;
  }
  std::vector<std::string> headers = {"file", "bits/value", "ratio"};
  for (size_t i = 0; i < orders; ++i) {
    for (const char* h : {"SNR dB", "max error", "lossless %"}) headers.emplace_back(h);
    if (kinds) headers.emplace_back("kind changed");
  }
  Table table(headers);
  const size_t columns = kinds ? 4 : 3;
  for (size_t i = 0; i < orders; ++i) {
    table.Group(3 + columns * i, columns, std::string(ToString(settings[i].order)));
  }
  for (size_t f = 0; f < all.size(); ++f) {
    if (f != 0 && settings.size() > orders) table.Gap();
    for (size_t first = 0; first < settings.size(); first += orders) {
      const Outcome& any = all[f][first];
      std::vector<std::string> row = {first == 0 ? labels[f] : "",
                                      RatioText(8 * any.coded_bytes, any.values),
                                      RatioText(any.raw_bytes, any.coded_bytes)};
      for (size_t i = 0; i < orders; ++i) {
        const Outcome& r = all[f][first + i];
        row.push_back(SnrText(r));
        row.push_back(fmt::format("{:.3g}", r.max_error));
        row.push_back(PercentText(r.lossless_blocks, r.blocks));
        if (kinds) row.push_back(fmt::format("{}", r.changed_kind));
      }
      table.Row(row);
    }
  }
  return fmt::format(
      "Fixed slots, N = {}, fill {}, metadata counted; lossless %: blocks with every bit as it "
      "was\n\n{}{}",
      o.config.block_len, ToString(o.fill.value_or(o.config.fill)), table.Text(),
      kinds ? "\nkind changed: values that went from finite, Inf or NaN to another of these; they "
              "are\n"
              "not part of SNR and max error.\n"
            : "");
}

Json OutcomeJson(const Setting& setting, const Outcome& r) {
  Json json = {{"order", ToString(setting.order)}};
  json["asked_ratio"] = setting.slot.bytes == 0 ? Json(setting.slot.ratio) : Json(nullptr);
  json["asked_slot_bytes"] = setting.slot.bytes != 0 ? Json(setting.slot.bytes) : Json(nullptr);
  const bool empty = r.values == 0;
  json["values"] = r.values;
  json["bits_per_value"] = empty ? Json(nullptr) : Json(Quotient(8 * r.coded_bytes, r.values));
  json["ratio"] = empty ? Json(nullptr) : Json(Quotient(r.raw_bytes, r.coded_bytes));
  json["exact"] = r.Exact();
  json["snr_db"] = r.noise == 0 ? Json(nullptr) : Json(r.Snr());
  json["max_error"] = r.max_error;
  json["blocks"] = r.blocks;
  json["lossless_blocks"] = r.lossless_blocks;
  json["kind_changed"] = r.changed_kind;
  return json;
}

// Quotes as RFC 4180 has it.
std::string CsvText(const std::vector<Setting>& settings, const std::vector<std::string>& files,
                    const std::vector<std::vector<Outcome>>& all) {
  std::string text =
      "file,order,values,bits_per_value,ratio,snr_db,max_error,blocks,lossless_blocks,kind_"
      "changed\n";
  for (size_t f = 0; f < all.size(); ++f) {
    std::string name = files[f];
    for (size_t at = 0; (at = name.find('"', at)) != std::string::npos; at += 2)
      name.insert(at, 1, '"');
    for (size_t i = 0; i < settings.size(); ++i) {
      const Outcome& r = all[f][i];
      const bool empty = r.values == 0;
      text += fmt::format("\"{}\",{},{},{},{},{},{},{},{},{}\n", name, ToString(settings[i].order),
                          r.values,
                          empty ? "" : fmt::format("{:.4f}", Quotient(8 * r.coded_bytes, r.values)),
                          empty ? "" : fmt::format("{:.4f}", Quotient(r.raw_bytes, r.coded_bytes)),
                          r.Exact() ? "inf" : (r.noise == 0 ? "" : fmt::format("{:.3f}", r.Snr())),
                          r.max_error, r.blocks, r.lossless_blocks, r.changed_kind);
    }
  }
  return text;
}

Status Run(const Options& o) {
  const std::vector<Setting> settings = SettingsOf(o);
  io::Files inputs;
  for (const std::string& file : o.files) {  // what is impossible is said before the long work
    Result<io::TensorReader> reader = OpenTensors(inputs, file, o.input);
    if (!reader.ok()) return reader.status();
    const auto configs = ConfigsOf(*reader, file, o, settings);
    if (!configs.ok()) return configs.status();
  }
  std::vector<std::vector<Outcome>> all;
  std::vector<Outcome> sums(settings.size());
  for (const std::string& file : o.files) {
    Result<std::vector<Outcome>> outcomes = EvalFile(inputs, file, o, settings);
    if (!outcomes.ok()) return outcomes.status();
    for (size_t i = 0; i < sums.size(); ++i) sums[i] += (*outcomes)[i];
    all.push_back(*outcomes);
  }
  all.push_back(sums);
  std::vector<std::string> files = o.files;
  files.emplace_back("all");
  if (o.csv) return Print(CsvText(settings, files, all));
  if (!o.json) {
    std::vector<std::string> labels;
    labels.reserve(files.size());
    for (const std::string& file : files) labels.push_back(Label(file));
    return Print(TextOf(o, settings, labels, all));
  }
  const auto list = [&](const std::vector<Outcome>& outcomes) {
    Json json = Json::array();
    for (size_t i = 0; i < settings.size(); ++i)
      json.push_back(OutcomeJson(settings[i], outcomes[i]));
    return json;
  };
  Json json = {{"block", o.config.block_len},
               {"fill", ToString(o.fill.value_or(o.config.fill))},
               {"delta_cap", o.config.delta_cap},
               {"files", Json::array()}};
  for (size_t f = 0; f < o.files.size(); ++f) {
    json["files"].push_back({{"file", o.files[f]}, {"results", list(all[f])}});
  }
  json["all"] = list(sums);
  return PrintJson(json);
}

}  // namespace

Command AddEval(CLI::App& root) {
  auto o = std::make_shared<Options>();
  CLI::App* app = root.add_subcommand("eval", "Ratio, SNR and largest error at several slot sizes");
  app->add_option("FILE", o->files, "Tensor files: .npy, .safetensors")->required()->type_name(" ");
  AddSlotSizes(*app, o->slots, /*several=*/true, /*lossless=*/false);
  app->add_option("--order", o->order, "Which bits go first")
      ->check(Quiet(CLI::IsMember({"field", "significance", "both"})))
      ->type_name("field|significance|both")
      ->capture_default_str();
  AddFill(*app, o->fill, "What lost bits become")->default_str("midpoint");
  AddBlock(*app, o->config.block_len);
  AddDeltaCap(*app, o->config.delta_cap);
  AddFormat(*app, o->input);
  AddTensor(*app, o->input.tensor, "Only this tensor of a .safetensors file");
  AddThreads(*app, o->threads);
  auto* csv = app->add_flag("--csv", o->csv, "Print comma-separated values instead of a table");
  AddJson(*app, o->json);
  csv->excludes(app->get_option("--json"));
  app->footer(
      "SNR and largest error are over finite values; \"all\" takes every value of every file "
      "alike,\n"
      "so that the largest tensors in magnitude decide its SNR.\n\n"
      "Examples:\n"
      "  actplane eval activations/*.npy --ratio 3.2 --ratio 5.333 --ratio 8\n"
      "  actplane eval gelu.npy --slot-bytes 160 --fill zero --order field\n"
      "  actplane eval model.safetensors --ratio 4 --csv > eval.csv");
  return {app, [o] { return Run(*o); }};
}

}  // namespace actplane::cli
