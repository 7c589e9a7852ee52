// SPDX-License-Identifier: Apache-2.0
// actplane eval: what several slot sizes and both orders make of the values.
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>

#include "actplane/fast.h"
#include "common.h"
#include "difference.h"
#include "json_printer.h"
#include "rows.h"
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
  OrderOptions of_order;
  int threads = 0;
  bool csv = false;
  bool json = false;

  size_t Orders() const { return order == "both" ? 2 : 1; }
};

// One order and slot size.
struct Setting {
  SlotSize slot;
  Order order;
  Config config = {};  // of any format and slot
};

// What became of values under one setting.
struct Outcome {
  Difference difference;
  uint64_t blocks = 0;
  uint64_t lossless_blocks = 0;  // every bit as it was
  uint64_t raw_bytes = 0;
  uint64_t coded_bytes = 0;
  std::string obstacle = {};  // why there is no such slot; the figures then mean nothing

  Outcome& operator+=(const Outcome& other) {
    difference += other.difference;
    blocks += other.blocks;
    lossless_blocks += other.lossless_blocks;
    raw_bytes += other.raw_bytes;
    coded_bytes += other.coded_bytes;
    if (obstacle.empty()) obstacle = other.obstacle;
    return *this;
  }

  bool possible() const { return obstacle.empty(); }
  std::string Bits() const { return RatioText(8 * coded_bytes, difference.values); }
};

// One for each setting; empty: nothing yet.
struct Outcomes {
  std::vector<Outcome> of;

  Outcomes& operator+=(const Outcomes& other) {
    of.resize(std::max(of.size(), other.of.size()));
    for (size_t i = 0; i < other.of.size(); ++i) of[i] += other.of[i];
    return *this;
  }
};

// A file and what is to be done with it. Files stay open from the check of all configurations on:
// standard input cannot be read twice.
struct Input {
  FileRows<Outcomes>* rows;
  io::TensorReader reader;
  std::vector<std::vector<std::optional<Config>>> configs;  // by tensor and setting
};

Status Measure(std::span<const std::byte> values, const Config& config, int threads,
               std::vector<std::byte>& slots, std::vector<std::byte>& decoded, Outcome& outcome) {
  slots.resize(fast::SlotsBytes(config, values.size()));
  decoded.resize(values.size());
  if (Status s = fast::CompressBlocks(values, config, slots, threads); !s.ok()) return s;
  if (Status s = fast::DecompressBlocks(slots, config, decoded, nullptr, threads); !s.ok())
    return s;
  outcome.raw_bytes += values.size();
  outcome.coded_bytes += slots.size();
  for (size_t at = 0; at < values.size(); at += BlockBytes(config)) {
    const size_t bytes = std::min<size_t>(BlockBytes(config), values.size() - at);
    ++outcome.blocks;
    if (std::memcmp(&values[at], &decoded[at], bytes) == 0) ++outcome.lossless_blocks;
  }
  outcome.difference.Add(values, config.format, decoded, config.format);
  return OkStatus();
}

Result<std::vector<Setting>> SettingsOf(const Options& o) {
  std::vector<Setting> settings;
  for (const SlotSize& slot : o.slots.All()) {
    for (const Order order : {Order::kField, Order::kSignificance}) {
      if (o.order != "both" && o.order != ToString(order)) continue;
      Config config = o.config;
      config.order = order;
      const Result<Config> c = WithOrderOptions(config, o.of_order, o.order == "both");
      if (!c.ok()) return c.status();
      settings.push_back({slot, order, *c});
    }
  }
  return settings;
}

// A configuration for each tensor and setting, none where an order has no such slot. An error when
// no order has it for some tensor.
Status Configure(const Options& o, const std::vector<Setting>& settings, Input& input) {
  const size_t orders = o.Orders();
  for (const io::TensorInfo& info : input.reader.tensors()) {
    Outcomes outcomes{std::vector<Outcome>(settings.size())};
    auto& row = input.configs.emplace_back();
    for (size_t i = 0; i < settings.size(); ++i) {
      Config config = settings[i].config;
      config.format = info.format;
      Result<Config> c = ConfigFor(info, config, settings[i].slot, input.rows->file);
      if (c.ok()) {
        row.emplace_back(*c);
        continue;
      }
      const Status why = c.status();
      // What no slot size mends is wrong whatever the other order can do.
      const SlotSize legal = {.bytes = MaxSlotBytes(config)};
      if (c = ConfigFor(info, config, legal, input.rows->file); !c.ok()) return c.status();
      row.emplace_back();
      outcomes.of[i].obstacle = why.message();
      const auto begin = row.end() - static_cast<std::ptrdiff_t>(i % orders + 1);
      const bool none = std::none_of(begin, row.end(), [](const auto& r) { return r.has_value(); });
      if (none && i % orders + 1 == orders) return why;
    }
    input.rows->tensors.push_back({info.name, info.format, std::move(outcomes)});
  }
  return OkStatus();
}

Status EvalFile(const Options& o, Input& input, Progress& progress) {
  std::vector<std::byte> slots;
  std::vector<std::byte> decoded;
  for (size_t t = 0; t < input.configs.size(); ++t) {
    std::vector<Outcome>& outcomes = input.rows->tensors[t].figures.of;
    const auto measure = [&](std::span<const std::byte> values) {
      for (size_t i = 0; i < outcomes.size(); ++i) {
        const std::optional<Config>& config = input.configs[t][i];
        if (!config) continue;
        if (Status s = Measure(values, *config, o.threads, slots, decoded, outcomes[i]); !s.ok())
          return s;
      }
      return OkStatus();
    };
    if (Status s = ForEachPiece(input.reader, t, progress, measure); !s.ok()) return s;
  }
  return OkStatus();
}

// Values that changed without a figure that shows it.
std::string UnmeasuredText(const Rows<Outcomes>& rows, const std::vector<Setting>& settings,
                           size_t columns) {
  Table table({rows.LabelHeader(), "bits", "order", "-0 or NaN bits", "kind changed"});
  table.AlignLeft(2);
  bool any = false;
  bool heading_is_due = false;
  std::string heading;
  const auto row = [&](const std::string& label, const Outcomes& outcomes) {
    for (size_t i = 0; i < outcomes.of.size(); ++i) {
      const Difference& d = outcomes.of[i].difference;
      if (d.changed == d.changed_numbers && d.changed_kind == 0) continue;
      if (heading_is_due && label.starts_with(' ')) table.Heading(heading);
      heading_is_due = false;
      any = true;
      table.Row({label, outcomes.of[i].Bits(), std::string(ToString(settings[i].order)),
                 fmt::format("{}", d.changed - d.changed_numbers),
                 fmt::format("{}", d.changed_kind)});
    }
  };
  rows.ForEach(
      [&](const std::string& file) {
        heading = file;
        heading_is_due = true;
      },
      row);
  if (!any) return "";
  return "\nValues that no SNR and error shows: zeros whose sign and NaNs whose bits changed\n"
         "(equal: there are only these), and values that went from finite, Inf or NaN to\n"
         "another of these (kind changed).\n\n" +
         table.Text(columns);
}

// Why there are no slots, each reason once.
std::string ObstaclesText(const Rows<Outcomes>& rows) {
  std::vector<std::string> lines;
  for (const auto& f : rows.files) {
    for (const auto& t : f.tensors) {
      for (const Outcome& r : t.figures.of) {
        const std::string& why = r.obstacle;
        if (why.empty()) continue;
        // Said once for all the tensors of a format: without the name that it begins with.
        std::string line = "- " + why.substr(Where(f.file, t.name).size() + 2) + '\n';
        if (const size_t fix = line.find(": "); fix != std::string::npos)
          line.replace(fix, 2, ":\n  ");
        if (std::find(lines.begin(), lines.end(), line) == lines.end()) lines.push_back(line);
      }
    }
  }
  return lines.empty() ? "" : fmt::format("\n{}", fmt::join(lines, ""));
}

// Both orders side by side, a line per tensor and slot size.
std::string TextOf(const Options& o, const std::vector<Setting>& settings,
                   const Rows<Outcomes>& rows) {
  const size_t orders = o.Orders();
  std::vector<std::string> headers = {rows.LabelHeader(), "bits", "ratio"};
  for (size_t i = 0; i < orders; ++i) {
    for (const char* h : {"SNR dB", "max err", "whole %"}) headers.emplace_back(h);
  }
  Table table(headers);
  for (size_t i = 0; i < orders; ++i) {
    table.Group(3 + 3 * i, 3, std::string(ToString(settings[i].order)));
  }
  bool first_row = true;
  const auto gap = [&] {
    if (!first_row && settings.size() > orders) table.Gap();
    first_row = false;
  };
  const auto put = [&](const std::string& label, const Outcomes& outcomes) {
    for (size_t first = 0; first < settings.size(); first += orders) {
      const auto slots = std::span(outcomes.of).subspan(first, orders);
      const auto any =
          std::find_if(slots.begin(), slots.end(), [](const Outcome& r) { return r.possible(); });
      std::vector<std::string> row = {first == 0 ? label : "", "-", "-"};
      if (any != slots.end()) {
        row[1] = any->Bits();
        row[2] = RatioText(any->raw_bytes, any->coded_bytes);
      }
      for (const Outcome& r : slots) {
        row.push_back(r.possible() ? SnrText(r.difference) : "-");
        row.push_back(r.possible() ? MaxErrorText(r.difference) : "-");
        row.push_back(r.possible() ? PercentText(r.lossless_blocks, r.blocks) : "-");
      }
      table.Row(row);
    }
  };
  rows.ForEach(
      [&](const std::string& file) {
        gap();
        first_row = true;  // no gap below it
        table.Heading(file);
      },
      [&](const std::string& label, const Outcomes& outcomes) {
        gap();
        put(label, outcomes);
      });
  table.Gap();
  Outcomes sum = rows.Sum();
  sum.of.resize(settings.size());
  put(rows.AllLabel(), sum);
  const size_t columns = TerminalColumns(STDOUT_FILENO);
  std::vector<std::string> of_orders;
  for (size_t i = 0; i < orders; ++i) {
    of_orders.push_back(
        fmt::format("{} ({})", SettingsText(settings[i].config), ToString(settings[i].order)));
  }
  return fmt::format(
      "Fixed slots, N = {}, {},\n"
      "metadata counted. bits: stored per value; whole %: blocks with every bit as it\n"
      "was; exact: all of them\n\n{}{}{}",
      o.config.block_len, fmt::join(of_orders, ", "), table.Text(columns), ObstaclesText(rows),
      UnmeasuredText(rows, settings, columns));
}

Json OutcomeJson(const Setting& setting, const Outcome& r) {
  Json json = {{"order", ToString(setting.order)}};
  json["asked_ratio"] = setting.slot.bytes == 0 ? Json(setting.slot.ratio) : Json(nullptr);
  json["asked_slot_bytes"] = setting.slot.bytes != 0 ? Json(setting.slot.bytes) : Json(nullptr);
  if (!r.possible()) {
    json["error"] = r.obstacle;
    return json;
  }
  const bool empty = r.difference.values == 0;
  json["values"] = r.difference.values;
  json["bits_per_value"] =
      empty ? Json(nullptr) : Json(Quotient(8 * r.coded_bytes, r.difference.values));
  json["ratio"] = empty ? Json(nullptr) : Json(Quotient(r.raw_bytes, r.coded_bytes));
  PutDifference(json, r.difference);
  json["blocks"] = r.blocks;
  json["lossless_blocks"] = r.lossless_blocks;
  return json;
}

Json ListJson(const std::vector<Setting>& settings, const Outcomes& outcomes) {
  Json json = Json::array();
  for (size_t i = 0; i < settings.size(); ++i)
    json.push_back(OutcomeJson(settings[i], i < outcomes.of.size() ? outcomes.of[i] : Outcome{}));
  return json;
}

Status PrintRows(const Options& o, const std::vector<Setting>& settings,
                 const Rows<Outcomes>& rows) {
  Json members = {{"block", o.config.block_len}};
  for (size_t i = 0; i < o.Orders(); ++i) {  // what only one order has is null for the other
    Json own;
    PutSettings(own, settings[i].config);
    for (const auto& [name, value] : own.items()) {
      if (i == 0 || !value.is_null()) members[name] = value;
    }
  }
  members["formats"] = FormatsJson(rows.Formats());
  JsonPrinter printer;
  printer.Members(members);
  printer.Array("files");
  for (const auto& f : rows.files) {
    if (!f.error.empty()) printer.Entry({{"file", f.file}, {"error", f.error}});
    for (const auto& t : f.tensors) {
      printer.Entry({{"file", f.file},
                     {"tensor", t.name},
                     {"format", ToString(t.format)},
                     {"results", ListJson(settings, t.figures)}});
    }
  }
  printer.Array("sums");
  for (const auto& f : rows.files) {
    if (!rows.HasSum(f)) continue;
    printer.Entry({{"file", f.file},
                   {"formats", FormatsJson(rows.Formats(f))},
                   {"results", ListJson(settings, rows.Sum(f))}});
  }
  printer.Member("all", ListJson(settings, rows.Sum()));
  return printer.Finish();
}

// Quotes as RFC 4180 has it.
std::string Quoted(std::string text) {
  for (size_t at = 0; (at = text.find('"', at)) != std::string::npos; at += 2)
    text.insert(at, 1, '"');
  return fmt::format("\"{}\"", text);
}

// New columns come last, for the sake of programs that count them. A sum names all its formats and
// no tensor.
std::string CsvText(const std::vector<Setting>& settings, const Rows<Outcomes>& rows) {
  std::string text =
      "file,order,values,bits_per_value,ratio,snr_db,max_error,blocks,lossless_blocks,"
      "kind_changed,exact,equal_as_numbers,values_changed,bits_only_changed,tensor,format\n";
  const auto put = [&](const std::string& file, const std::string& tensor,
                       const std::set<Format>& formats, const Outcomes& outcomes) {
    const std::string end = fmt::format(",{},{}\n", Quoted(tensor), FormatsText(formats, "+"));
    for (size_t i = 0; i < settings.size(); ++i) {
      const Outcome r = i < outcomes.of.size() ? outcomes.of[i] : Outcome{};
      const Difference& d = r.difference;
      text += fmt::format("{},{},", Quoted(file), ToString(settings[i].order));
      if (!r.possible()) {
        text += std::string(11, ',') + end;
        continue;
      }
      const bool empty = d.values == 0;
      const std::optional<double> snr = d.Snr();
      text += fmt::format("{},{},{},{},{},{},{},{},{},{},{},{}", d.values,
                          empty ? "" : fmt::format("{:.4f}", Quotient(8 * r.coded_bytes, d.values)),
                          empty ? "" : fmt::format("{:.4f}", Quotient(r.raw_bytes, r.coded_bytes)),
                          snr ? fmt::format("{:.3f}", *snr) : "",
                          d.finite == 0 ? "" : fmt::format("{}", d.max_error), r.blocks,
                          r.lossless_blocks, d.changed_kind, d.likeness() == Likeness::kExact,
                          d.likeness() != Likeness::kDiffers, d.changed,
                          d.changed - d.changed_numbers) +
              end;
    }
  };
  for (const auto& f : rows.files) {
    for (const auto& t : f.tensors) put(f.file, t.name, {t.format}, t.figures);
    if (rows.HasSum(f)) put(f.file, "", rows.Formats(f), rows.Sum(f));
  }
  put("all", "", rows.Formats(), rows.Sum());
  return text;
}

// All files are open at once; the usual limit of a shell is 1,024.
void AllowManyFiles() {
  struct rlimit limit {};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  (void)::setrlimit(RLIMIT_NOFILE, &limit);
}

Status Run(const Options& o) {
  AllowManyFiles();
  const Result<std::vector<Setting>> asked = SettingsOf(o);
  if (!asked.ok()) return asked.status();
  const std::vector<Setting>& settings = *asked;
  io::Files files;
  Rows<Outcomes> rows;
  rows.files.reserve(o.files.size());  // their addresses stay
  std::vector<Input> inputs;
  // What is impossible is said before the long work.
  Status status = ForEachFile(o.files, [&](const std::string& file) {
    auto& f = rows.files.emplace_back(FileRows<Outcomes>{.file = file});
    Result<io::TensorReader> reader = OpenTensors(files, file, o.input);
    if (!reader.ok()) {
      f.Fail(reader.status());
      return reader.status();
    }
    inputs.push_back({.rows = &f, .reader = std::move(*reader), .configs = {}});
    return Configure(o, settings, inputs.back());
  });
  if (!status.ok() && (status.code() == StatusCode::kInvalidConfig || o.files.size() == 1))
    return status;

  uint64_t bytes = 0;
  for (const Input& input : inputs) {
    for (const auto& info : input.reader.tensors()) bytes += RawBytes(info);
  }
  Progress progress("eval", bytes, o.json || o.csv);
  for (Input& input : inputs) {
    const Status s = EvalFile(o, input, progress);
    if (s.ok()) continue;
    input.rows->Fail(s);
    if (o.files.size() == 1) return s;
    progress.Clear();
    Complain(s.message());
    status = Status(s.code(), "");
  }
  if (rows.Readable() == 0 && !o.json) return status;
  const Status printed = o.json  ? PrintRows(o, settings, rows)
                         : o.csv ? Print(CsvText(settings, rows))
                                 : Print(TextOf(o, settings, rows));
  return printed.ok() ? status : printed;
}

}  // namespace

Command AddEval(CLI::App& root) {
  auto o = std::make_shared<Options>();
  CLI::App* app = root.add_subcommand("eval", "Ratio, SNR and largest error at several slot sizes");
  app->add_option("FILE", o->files, "Tensor files: .npy, .safetensors; - is standard input")
      ->required()
      ->type_name(" ");
  AddSlotSizes(*app, o->slots, /*several=*/true, /*lossless=*/false);
  app->add_option("--order", o->order, "Which bits go first")
      ->check(Quiet(CLI::IsMember({"field", "significance", "both"})))
      ->type_name("field|significance|both")
      ->capture_default_str();
  AddBlock(*app, o->config.block_len);
  AddOrderOptions(*app, o->of_order, "what lost bits become");
  AddFormat(*app, o->input);
  AddTensor(*app, o->input.tensor, "Only these tensors of a .safetensors file");
  AddThreads(*app, o->threads);
  auto* csv = app->add_flag("--csv", o->csv, "Print comma-separated values instead of a table");
  AddJson(*app, o->json);
  csv->excludes(app->get_option("--json"));
  app->footer(
      "SNR and largest error are over finite values; \"all\" takes every value of every tensor\n"
      "alike, so that the largest ones in magnitude decide its SNR. \"exact\" is said when every\n"
      "bit came back, \"equal\" when only signs of zeros and bits of NaNs changed. With both\n"
      "orders, an option of one order is for that order.\n\n"
      "Examples:\n"
      "  actplane eval activations/*.npy --ratio 3.2 --ratio 5.333 --ratio 8\n"
      "  actplane eval gelu.npy --slot-bytes 160 --fill zero --order field\n"
      "  actplane eval gelu.npy --ratio 8 --group 8 --rows 12 --order significance\n"
      "  actplane eval model.safetensors --ratio 4 --csv > eval.csv");
  return {app, [o] { return Run(*o); }};
}

}  // namespace actplane::cli
