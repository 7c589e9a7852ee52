// SPDX-License-Identifier: Apache-2.0
// actplane eval: what several slot sizes and both orders make of the values, beside peers.
#include "eval.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>

#include "actplane/fast.h"
#include "common.h"
#include "difference.h"
#include "eval_peers.h"
#include "json_printer.h"
#include "rows.h"
#include "table.h"

namespace actplane::cli {
namespace {

using Json = nlohmann::ordered_json;

// Nine peers and two orders beside each are 27 rows of a tensor, which stay in memory to the end.
constexpr size_t kMostTensorsWithPeers = 10000;

struct EvalOptions {
  std::vector<std::string> files;
  io::TensorFileOptions input;
  SlotSizes slots;
  std::string order = "both";
  Config config;
  OrderOptions of_order;
  int threads = 0;
  bool peers = false;
  bool csv = false;
  bool json = false;
};

// The settings of every tensor: first each size in each order, then those of the peers.
struct Plan {
  static Result<Plan> Of(const EvalOptions& o) {
    Plan plan;
    for (const Order order : {Order::kField, Order::kSignificance}) {
      if (o.order != "both" && o.order != ToString(order)) continue;
      Config config = o.config;
      config.order = order;
      const Result<Config> c = WithOrderOptions(config, o.of_order, o.order == "both");
      if (!c.ok()) return c.status();
      plan.orders.push_back(*c);
    }
    const bool sizes_asked = !o.slots.ratios.empty() || !o.slots.bytes.empty();
    for (const SlotSize& slot : o.peers && !sizes_asked ? std::vector<SlotSize>() : o.slots.All()) {
      for (const Config& order : plan.orders) {
        plan.settings.push_back({.slot = slot, .config = order});
      }
    }
    plan.sizes = plan.settings.size();
    if (!o.peers) return plan;
    const std::vector<Setting> more = PeerSettings(plan.orders);
    plan.settings.insert(plan.settings.end(), more.begin(), more.end());
    return plan;
  }

  std::vector<Config> orders;  // those that are asked for, of any format and slot
  std::vector<Setting> settings;
  size_t sizes = 0;

  std::span<const Setting> Sizes() const { return std::span(settings).first(sizes); }
  std::span<const Setting> Peers() const { return std::span(settings).subspan(sizes); }
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
  outcome.raw_bits += 8 * values.size();
  outcome.coded_bits += 8 * slots.size();
  for (size_t at = 0; at < values.size(); at += BlockBytes(config)) {
    const size_t bytes = std::min<size_t>(BlockBytes(config), values.size() - at);
    ++outcome.blocks;
    if (std::memcmp(&values[at], &decoded[at], bytes) == 0) ++outcome.lossless_blocks;
  }
  outcome.difference.Add(values, config.format, decoded, config.format);
  return OkStatus();
}

// A configuration for each tensor and setting, none where an order has no such slot. An error when
// no order has a slot that was asked for, for some tensor.
Status Configure(const Plan& plan, Input& input) {
  const size_t orders = plan.orders.size();
  for (const io::TensorInfo& info : input.reader.tensors()) {
    Outcomes outcomes{std::vector<Outcome>(plan.settings.size())};
    auto& row = input.configs.emplace_back();
    for (size_t i = 0; i < plan.settings.size(); ++i) {
      const Setting& setting = plan.settings[i];
      if (!setting.config) {
        row.emplace_back();
        continue;
      }
      Config config = *setting.config;
      config.format = info.format;
      const SlotSize slot = setting.peer == nullptr
                                ? setting.slot
                                : SlotsBeside(*setting.peer, info.values, config.block_len);
      Result<Config> c = ConfigFor(info, config, slot, input.rows->file);
      if (c.ok()) {
        row.emplace_back(*c);
        outcomes.of[i].slot_bytes = c->slot_bytes;
        continue;
      }
      const Status why = c.status();
      // What no slot size mends is wrong whatever the other order can do.
      const SlotSize legal = {.bytes = MaxSlotBytes(config)};
      if (c = ConfigFor(info, config, legal, input.rows->file); !c.ok()) return c.status();
      row.emplace_back();
      if (setting.peer != nullptr) {
        outcomes.of[i].obstacle = fmt::format(
            "{}: order {} has no slots of at most the bits of {} in blocks of {} values",
            Where(input.rows->file, info.name), ToString(config.order), setting.peer->name,
            config.block_len);
        continue;
      }
      outcomes.of[i].obstacle = why.message();
      const auto begin = row.end() - static_cast<std::ptrdiff_t>(i % orders + 1);
      const bool none = std::none_of(begin, row.end(), [](const auto& r) { return r.has_value(); });
      if (none && i % orders + 1 == orders) return why;
    }
    input.rows->tensors.push_back({info.name, info.format, std::move(outcomes)});
  }
  return OkStatus();
}

Status EvalFile(const EvalOptions& o, const Plan& plan, Input& input, Progress& progress) {
  std::vector<std::byte> slots;
  std::vector<std::byte> decoded;
  for (size_t t = 0; t < input.configs.size(); ++t) {
    auto& tensor = input.rows->tensors[t];
    const auto& configs = input.configs[t];
    std::vector<Outcome>& outcomes = tensor.figures.of;
    const auto of_peers = std::span(outcomes).subspan(plan.sizes);
    PeerRun peers(tensor.format);
    if (o.peers) {
      const auto look = [&](std::span<const std::byte> values) {
        peers.Look(values);
        return OkStatus();
      };
      if (Status s = ForEachPiece(input.reader, t, progress, look); !s.ok()) return s;
      for (size_t i = 0; i < of_peers.size(); ++i) {
        if (peers.finite() || plan.Peers()[i].config) continue;
        of_peers[i].obstacle =
            fmt::format("{}: the peers cannot hold it: there are Inf or NaN among its values",
                        Where(input.rows->file, tensor.name));
      }
    }
    // Several peers take the same bits: `same` is the first setting with the configuration of each.
    std::vector<size_t> same;
    for (const auto& config : configs) {
      same.push_back(
          static_cast<size_t>(std::find(configs.begin(), configs.end(), config) - configs.begin()));
    }
    const auto measure = [&](std::span<const std::byte> values) {
      for (size_t i = 0; i < outcomes.size(); ++i) {
        if (!configs[i] || same[i] != i) continue;
        if (Status s = Measure(values, *configs[i], o.threads, slots, decoded, outcomes[i]);
            !s.ok())
          return s;
      }
      peers.Measure(values, plan.Peers(), of_peers);
      return OkStatus();
    };
    if (Status s = ForEachPiece(input.reader, t, progress, measure); !s.ok()) return s;
    for (size_t i = 0; i < outcomes.size(); ++i) {
      if (configs[i] && same[i] != i) outcomes[i] = outcomes[same[i]];
    }
  }
  return OkStatus();
}

// Values that changed without a figure that shows it.
std::string UnmeasuredText(const Rows<Outcomes>& rows, const Plan& plan, size_t columns) {
  Table table({rows.LabelHeader(), "bits", "order", "-0 or NaN bits", "kind changed"});
  table.AlignLeft(2);
  bool any = false;
  bool heading_is_due = false;
  std::string heading;
  const auto row = [&](const std::string& label, const Outcomes& outcomes) {
    std::set<std::vector<std::string>> shown;  // several peers take the same bits
    for (size_t i = 0; i < outcomes.of.size(); ++i) {
      const Difference& d = outcomes.of[i].difference;
      // Beside peers the sign of a zero is of no interest.
      const bool bits_only = i < plan.sizes && d.changed != d.changed_numbers;
      if (!bits_only && d.changed_kind == 0) continue;
      std::vector<std::string> cells = {label, outcomes.of[i].Bits(), plan.settings[i].Name(),
                                        fmt::format("{}", d.changed - d.changed_numbers),
                                        fmt::format("{}", d.changed_kind)};
      if (!shown.insert(cells).second) continue;
      if (heading_is_due && label.starts_with(' ')) table.Heading(heading);
      heading_is_due = false;
      any = true;
      table.Row(std::move(cells));
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
std::string SizesText(const EvalOptions& o, const Plan& plan, const Rows<Outcomes>& rows,
                      size_t columns) {
  const std::span<const Setting> settings = plan.Sizes();
  const size_t orders = plan.orders.size();
  std::vector<std::string> headers = {rows.LabelHeader(), "bits", "ratio"};
  for (size_t i = 0; i < orders; ++i) {
    for (const char* h : {"SNR dB", "max err", "whole %"}) headers.emplace_back(h);
  }
  Table table(headers);
  for (size_t i = 0; i < orders; ++i) {
    table.Group(3 + 3 * i, 3, std::string(ToString(plan.orders[i].order)));
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
        row[2] = RatioText(any->raw_bits, any->coded_bits);
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
  sum.of.resize(plan.settings.size());
  put(rows.AllLabel(), sum);
  std::vector<std::string> of_orders;
  for (const Config& c : plan.orders) {
    of_orders.push_back(fmt::format("{} ({})", SettingsText(c), ToString(c.order)));
  }
  return fmt::format(
      "Fixed slots, N = {}, {},\n"
      "metadata counted. bits: stored per value; whole %: blocks with every bit as it\n"
      "was; exact: all of them\n\n{}",
      o.config.block_len, fmt::join(of_orders, ", "), table.Text(columns));
}

std::string TextOf(const EvalOptions& o, const Plan& plan, const Rows<Outcomes>& rows) {
  const size_t columns = TerminalColumns(STDOUT_FILENO);
  std::string text;
  if (plan.sizes != 0) text = SizesText(o, plan, rows, columns);
  if (plan.sizes != 0 && o.peers) text += '\n';
  if (o.peers) text += PeersText(rows, plan.Peers(), o.config.block_len, columns);
  return text + ObstaclesText(rows) + UnmeasuredText(rows, plan, columns);
}

Json OutcomeJson(const Setting& setting, const Outcome& r) {
  Json json = {{"order", setting.Name()}};
  json["asked_ratio"] = setting.slot.bytes == 0 ? Json(setting.slot.ratio) : Json(nullptr);
  json["asked_slot_bytes"] = setting.slot.bytes != 0 ? Json(setting.slot.bytes) : Json(nullptr);
  PutFigures(json, setting, r);
  return json;
}

Json ListJson(const Plan& plan, const Outcomes& outcomes) {
  Json json = Json::array();
  for (size_t i = 0; i < plan.sizes; ++i) {
    json.push_back(
        OutcomeJson(plan.settings[i], i < outcomes.of.size() ? outcomes.of[i] : Outcome{}));
  }
  return json;
}

Status PrintRows(const EvalOptions& o, const Plan& plan, const Rows<Outcomes>& rows) {
  const auto with_peers = [&](Json entry, const Outcomes& outcomes) {
    if (o.peers) entry["peers"] = PeersJson(plan.Peers(), outcomes);
    return entry;
  };
  Json members = {{"block", o.config.block_len}};
  for (const Config& config : plan.orders) {  // what only one order has is null for the other
    Json own;
    PutSettings(own, config);
    for (const auto& [name, value] : own.items()) {
      if (!members.contains(name) || !value.is_null()) members[name] = value;
    }
  }
  members["formats"] = FormatsJson(rows.Formats());
  JsonPrinter printer;
  printer.Members(members);
  printer.Array("files");
  for (const auto& f : rows.files) {
    if (!f.error.empty()) printer.Entry({{"file", f.file}, {"error", f.error}});
    for (const auto& t : f.tensors) {
      printer.Entry(with_peers({{"file", f.file},
                                {"tensor", t.name},
                                {"format", ToString(t.format)},
                                {"results", ListJson(plan, t.figures)}},
                               t.figures));
    }
  }
  printer.Array("sums");
  for (const auto& f : rows.files) {
    if (!rows.HasSum(f)) continue;
    const Outcomes sum = rows.Sum(f);
    printer.Entry(with_peers({{"file", f.file},
                              {"formats", FormatsJson(rows.Formats(f))},
                              {"results", ListJson(plan, sum)}},
                             sum));
  }
  const Outcomes sum = rows.Sum();
  printer.Member("all", ListJson(plan, sum));
  if (o.peers) printer.Member("all_peers", PeersJson(plan.Peers(), sum));
  return printer.Finish();
}

std::string CsvRatio(uint64_t bits, uint64_t coded_bits) {
  return coded_bits == 0 ? "" : fmt::format("{:.4f}", Quotient(bits, coded_bits));
}

// From the number of values to bits_only_changed.
std::string CsvFigures(const Setting& setting, const Outcome& r) {
  if (!r.possible()) return std::string(11, ',');
  const Difference& d = r.difference;
  const std::optional<double> snr = d.Snr();
  const auto of_order = [&](uint64_t count) {
    return setting.config ? fmt::format("{}", count) : "";
  };
  return fmt::format("{},{},{},{},{},{},{},{},{},{},{},{}", d.values,
                     CsvRatio(r.coded_bits, d.values), CsvRatio(r.raw_bits, r.coded_bits),
                     snr ? fmt::format("{:.3f}", *snr) : "",
                     d.finite == 0 ? "" : fmt::format("{}", d.max_error), of_order(r.blocks),
                     of_order(r.lossless_blocks), d.changed_kind, d.likeness() == Likeness::kExact,
                     d.likeness() != Likeness::kDiffers, d.changed, d.changed - d.changed_numbers);
}

// New columns come last, for the sake of programs that count them. A sum names all its formats and
// no tensor. The row of a peer has its name for an order; `peer` is whose bits a row has.
std::string CsvText(const Plan& plan, const Rows<Outcomes>& rows) {
  std::string text =
      "file,order,values,bits_per_value,ratio,snr_db,max_error,blocks,lossless_blocks,"
      "kind_changed,exact,equal_as_numbers,values_changed,bits_only_changed,tensor,format,"
      "ratio_to_fp32,ratio_to_bf16,peer,against_peer,ahead_db\n";
  const auto put = [&](const std::string& file, const std::string& tensor,
                       const std::set<Format>& formats, const Outcomes& outcomes) {
    Outcome peer;  // the last one
    for (size_t i = 0; i < plan.settings.size(); ++i) {
      const Setting& setting = plan.settings[i];
      const Outcome r = i < outcomes.of.size() ? outcomes.of[i] : Outcome{};
      const uint64_t values = r.difference.values;
      std::optional<Lead> lead;
      if (!setting.config) peer = r;
      if (setting.config && setting.peer != nullptr) lead = LeadOf(r, peer);
      text += fmt::format(
          "{},{},{},{},{},{},{},{},{},{}\n", CsvCell(file), setting.Name(), CsvFigures(setting, r),
          CsvCell(tensor), FormatsText(formats, "+"), CsvRatio(32 * values, r.coded_bits),
          CsvRatio(16 * values, r.coded_bits), setting.peer != nullptr ? setting.peer->name : "",
          lead ? LeadName(*lead) : "", lead && lead->db ? fmt::format("{:.3f}", *lead->db) : "");
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

Status Run(const EvalOptions& o) {
  AllowManyFiles();
  const Result<Plan> made = Plan::Of(o);
  if (!made.ok()) return made.status();
  const Plan& plan = *made;
  io::Files files;
  Rows<Outcomes> rows;
  rows.files.reserve(o.files.size());  // their addresses stay
  std::vector<Input> inputs;
  size_t tensors = 0;
  // What is impossible is said before the long work.
  Status status = ForEachFile(o.files, [&](const std::string& file) {
    auto& f = rows.files.emplace_back(FileRows<Outcomes>{.file = file});
    Result<io::TensorReader> reader = OpenTensors(files, file, o.input);
    if (!reader.ok()) {
      f.Fail(reader.status());
      return reader.status();
    }
    tensors += reader->tensors().size();
    if (o.peers && tensors > kMostTensorsWithPeers) {
      return ConfigError(
          fmt::format("--peers takes {} tensors at most, here are {}; choose some "
                      "with --tensor or give fewer files",
                      kMostTensorsWithPeers, tensors));
    }
    inputs.push_back({.rows = &f, .reader = std::move(*reader), .configs = {}});
    return Configure(plan, inputs.back());
  });
  if (!status.ok() && (status.code() == StatusCode::kInvalidConfig || o.files.size() == 1))
    return status;

  uint64_t bytes = 0;
  for (const Input& input : inputs) {
    for (const auto& info : input.reader.tensors()) bytes += RawBytes(info) * (o.peers ? 2 : 1);
  }
  Progress progress("eval", bytes, o.json || o.csv);
  for (Input& input : inputs) {
    const Status s = EvalFile(o, plan, input, progress);
    if (s.ok()) continue;
    input.rows->Fail(s);
    if (o.files.size() == 1) return s;
    progress.Clear();
    Complain(s.message());
    status = Status(s.code(), "");
  }
  if (rows.Readable() == 0 && !o.json) return status;
  const Status printed = o.json  ? PrintRows(o, plan, rows)
                         : o.csv ? Print(CsvText(plan, rows))
                                 : Print(TextOf(o, plan, rows));
  return printed.ok() ? status : printed;
}

}  // namespace

void PutFigures(Json& json, const Setting& setting, const Outcome& r) {
  if (!r.possible()) {
    json["error"] = r.obstacle;
    return;
  }
  const auto ratio = [](uint64_t bits, uint64_t fixed_bits) {
    return bits == 0 ? Json(nullptr) : Json(Quotient(fixed_bits, bits));
  };
  const uint64_t values = r.difference.values;
  json["values"] = values;
  json["bits_per_value"] = ratio(values, r.coded_bits);
  json["ratio"] = ratio(r.coded_bits, r.raw_bits);
  json["ratio_to_fp32"] = ratio(r.coded_bits, 32 * values);
  json["ratio_to_bf16"] = ratio(r.coded_bits, 16 * values);
  PutDifference(json, r.difference);
  if (!setting.config) return;
  json["slot_bytes"] = r.slot_bytes != 0 ? Json(r.slot_bytes) : Json(nullptr);
  json["blocks"] = r.blocks;
  json["lossless_blocks"] = r.lossless_blocks;
}

Command AddEval(CLI::App& root) {
  auto o = std::make_shared<EvalOptions>();
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
  app->add_flag("--peers", o->peers, "Against quantizers in use elsewhere, each at its own bits");
  auto* csv = app->add_flag("--csv", o->csv, "Print comma-separated values instead of a table");
  AddJson(*app, o->json);
  csv->excludes(app->get_option("--json"));
  app->footer(
      "SNR and largest error are over finite values; \"all\" takes every value of every tensor\n"
      "alike, so that the largest ones in magnitude decide its SNR. \"exact\" is said when every\n"
      "bit came back, \"equal\" when only signs of zeros and bits of NaNs changed. With both\n"
      "orders, an option of one order is for that order.\n"
      "--peers: MXINT8, MXFP8, INT8, MXFP6, NVFP4, MXFP4, NF4, INT4 and INT2 on the values as\n"
      "FP32, and slots of at most the bits of each. --ratio and --slot-bytes add the other table.\n"
      "A peer cannot hold Inf and NaN: it has a \"-\" where a tensor has one.\n\n"
      "Examples:\n"
      "  actplane eval activations/*.npy --ratio 3.2 --ratio 5.333 --ratio 8\n"
      "  actplane eval gelu.npy --slot-bytes 160 --fill zero --order field\n"
      "  actplane eval gelu.npy --ratio 8 --group 8 --rows 12 --order significance\n"
      "  actplane eval activations/*.npy --peers --order significance\n"
      "  actplane eval model.safetensors --ratio 4 --csv > eval.csv");
  return {app, [o] { return Run(*o); }};
}

}  // namespace actplane::cli
