// SPDX-License-Identifier: Apache-2.0
#include "common.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

namespace actplane::cli {
namespace {

constexpr uint64_t kPieceBytes = 4 << 20;

}  // namespace

void AddFormat(CLI::App& app, io::TensorFileOptions& options) {
  AddChoice(app, "--format", options.format,
            std::vector{Format::kFp32, Format::kFp16, Format::kBf16},
            "What the values are; needed for bfloat16 bits in a .npy of <u2 or V2");
}

CLI::Option* AddTensor(CLI::App& app, std::optional<std::string>& tensor, const std::string& help) {
  // An option of an optional takes an empty word for none.
  const auto assign = [&tensor](const std::string& name) { tensor = name; };
  return app.add_option_function<std::string>("--tensor", assign, help)->type_name("PATTERN");
}

void AddBlock(CLI::App& app, uint32_t& block_len) {
  app.add_option("--block", block_len, "Values per block")
      ->transform(Decimal())
      ->check(Quiet(CLI::IsMember({32, 64, 128, 256})))
      ->type_name("32|64|128|256")
      ->capture_default_str();
}

void AddOrder(CLI::App& app, Order& order) {
  AddChoice(app, "--order", order, std::vector{Order::kField, Order::kSignificance}, kOrderHelp)
      ->default_str("field");
}

void AddOrderOptions(CLI::App& app, OrderOptions& options, const std::string& fill_help) {
  AddFill(app, options.fill, "Order field: " + fill_help)->default_str("midpoint");
  AddDeltaCap(app, options.delta_cap);
  app.add_option("--group", options.group_len, "Order significance: values per group (K)")
      ->transform(Decimal())
      ->check(Quiet(CLI::IsMember({kMinGroupLen, kMaxGroupLen})))
      ->type_name("4|8")
      ->default_str(fmt::format("{}", Config().group_len));
  app.add_option("--rows", options.row_limit,
                 fmt::format("Order significance: most bits of a magnitude (R), {} to {}",
                             kMinRowLimit, kMaxRowLimit))
      ->transform(Decimal())
      ->check(Quiet(CLI::Range(kMinRowLimit, kMaxRowLimit)))
      ->type_name("COUNT")
      ->default_str(fmt::format("{}", Config().row_limit));
}

Result<Config> WithOrderOptions(Config config, const OrderOptions& options, bool both) {
  const bool field = config.order == Order::kField;
  if (!both) {
    const auto wrong = [&](std::string_view flag, std::string_view what, std::string_view fix) {
      return ConfigError(fmt::format("{} is for {}; {}", flag, what, fix));
    };
    constexpr std::string_view kFix = "leave it out with --order significance";
    if (!field && options.fill) return wrong("--fill", "order field", kFix);
    if (!field && options.delta_cap != 0)
      return wrong("--delta-cap", "blocks of order field that are cut", kFix);
    if (field && options.fill && config.lossless)
      return wrong("--fill", "blocks of order field that are cut", "leave it out with --lossless");
    for (const auto& [flag, given] : {std::pair("--group", options.group_len.has_value()),
                                      std::pair("--rows", options.row_limit.has_value())}) {
      if (field && given)
        return wrong(flag, "order significance", "give --order significance or leave it out");
    }
  }
  if (field) {
    config.fill = options.fill.value_or(config.fill);
    config.delta_cap = options.delta_cap;
  } else {
    config.group_len = options.group_len.value_or(config.group_len);
    config.row_limit = options.row_limit.value_or(config.row_limit);
  }
  return config;
}

std::string SettingsText(const Config& c) {
  return c.order == Order::kField ? fmt::format("fill {}", ToString(c.fill))
                                  : fmt::format("K = {}, R = {}", c.group_len, c.row_limit);
}

void PutSettings(nlohmann::ordered_json& json, const Config& c) {
  using Json = nlohmann::ordered_json;
  const bool field = c.order == Order::kField;
  json["fill"] = field ? Json(ToString(c.fill)) : Json(nullptr);
  json["delta_cap"] = field ? Json(c.delta_cap) : Json(nullptr);
  json["group"] = field ? Json(nullptr) : Json(c.group_len);
  json["rows"] = field ? Json(nullptr) : Json(c.row_limit);
}

CLI::Option* AddFill(CLI::App& app, std::optional<Fill>& fill, const std::string& help) {
  return AddChoice(app, "--fill", fill, std::vector{Fill::kMidpoint, Fill::kZero}, help);
}

void AddDeltaCap(CLI::App& app, uint32_t& delta_cap) {
  app.add_option("--delta-cap", delta_cap,
                 "Order field: most delta planes in a block that is cut; 0 for no limit")
      ->transform(Decimal())
      ->type_name("PLANES")
      ->capture_default_str();
}

void AddThreads(CLI::App& app, int& threads) {
  app.add_option("--threads", threads, "Threads; 0 takes one per core")
      ->transform(Decimal())
      ->check(Quiet(CLI::Range(0, 1024)))
      ->type_name("COUNT")
      ->capture_default_str();
}

std::vector<SlotSize> SlotSizes::All() const {
  std::vector<SlotSize> all;
  if (lossless) all.push_back({.lossless = true});
  for (const double ratio : ratios) all.push_back({.ratio = ratio});
  for (const uint32_t b : bytes) all.push_back({.ratio = 0, .bytes = b});
  if (all.empty()) all.emplace_back();
  return all;
}

void AddSlotSizes(CLI::App& app, SlotSizes& sizes, bool several, bool lossless) {
  auto* group = app.add_option_group("slot size",
                                     several ? "How many bytes a block is given; each size in turn"
                                             : "How many bytes a block is given; one of these");
  const std::string repeated = several ? "; may be repeated" : "";
  // One value each time: the word behind it may be a file.
  const auto one = [several](CLI::Option* option) {
    return option->expected(1)->allow_extra_args(false)->multi_option_policy(
        several ? CLI::MultiOptionPolicy::TakeAll : CLI::MultiOptionPolicy::Throw);
  };
  auto* ratio = one(group->add_option("--ratio", sizes.ratios,
                                      "Slot bytes = floor(block bytes / R)" + repeated))
                    ->check(CheckRatio)
                    ->type_name("R")
                    ->default_str(fmt::format("{}", SlotSize{}.ratio));
  auto* bytes = one(group->add_option("--slot-bytes", sizes.bytes, "Slot bytes" + repeated))
                    ->transform(Decimal())
                    ->check(Quiet(CLI::Range(1U, UINT32_MAX)))
                    ->type_name("T");
  if (lossless) {
    auto* flag = group->add_flag("--lossless", sizes.lossless,
                                 "As many bytes as every bit of the block needs; order field");
    if (several) flag->excludes(ratio)->excludes(bytes);
  }
  if (!several) group->require_option(0, 1);
}

std::string CheckRatio(const std::string& text) {
  double ratio = 0;
  const bool number = CLI::detail::lexical_cast(text, ratio);
  return number && std::isfinite(ratio) && ratio > 0
             ? ""
             : fmt::format("{} is not a ratio; give a number above 0 such as 3.2", text);
}

std::string CheckIndex(const std::string& text) {
  uint64_t index = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), index);
  const bool number = error == std::errc() && end == text.data() + text.size();
  return number ? "" : fmt::format("{} is not a number from 0 on", text);
}

Result<Config> ConfigFor(const io::TensorInfo& info, Config config, const SlotSize& slot,
                         const std::string& file) {
  if (slot.lossless && config.delta_cap != 0) {
    return ConfigError(
        "--delta-cap is for blocks of order field that are cut; leave it out with --lossless");
  }
  if (slot.lossless && config.order != Order::kField)
    return ConfigError("--lossless has order field only; leave out --order significance");
  config.format = info.format;
  config.lossless = slot.lossless;
  if (slot.bytes != 0) {
    config.slot_bytes = slot.bytes;
  } else {
    // A ratio such as 5.12 has no exact double; without the nudge 512 / 5.12 might fall below 100.
    const double bytes = std::floor(BlockBytes(config) / slot.ratio + 1e-9);
    config.slot_bytes =
        static_cast<uint32_t>(std::min<double>(bytes, std::numeric_limits<uint32_t>::max()));
  }
  if (Status s = ValidateConfig(config); !s.ok()) {
    return ConfigError(Where(file, info.name) + ": " + s.message());
  }
  if (config.lossless) config.slot_bytes = 0;
  return config;
}

Result<io::TensorReader> OpenTensors(io::Files& files, const std::string& path,
                                     const io::TensorFileOptions& options) {
  Result<std::unique_ptr<io::RandomAccessSource>> source = files.OpenInput(path);
  if (!source.ok()) return source.status();
  Result<io::TensorReader> reader = io::TensorReader::Open(std::move(*source), options);
  if (reader.ok()) {
    for (const std::string& note : reader->notes()) Complain("note: " + note);
  }
  return reader;
}

Result<io::ContainerReader> OpenContainer(io::Files& files, const std::string& path) {
  Result<std::unique_ptr<io::RandomAccessSource>> source = files.OpenInput(path);
  if (!source.ok()) return source.status();
  return io::ContainerReader::Open(std::move(*source));
}

Status ForEachFile(const std::vector<std::string>& files,
                   const std::function<Status(const std::string&)>& use) {
  Status worst;
  for (const std::string& file : files) {
    Status s = use(file);
    if (s.ok()) continue;
    if (files.size() == 1 || s.code() == StatusCode::kInvalidConfig) return s;
    Complain(s.message());
    worst = Status(s.code(), "");
  }
  return worst;
}

std::string Label(std::string_view name) {
  const std::string quoted = io::Quote(name);
  return quoted.substr(1, quoted.size() - 2);
}

std::string FormatsText(const std::set<Format>& formats, std::string_view between) {
  std::vector<std::string_view> names;
  names.reserve(formats.size());
  for (const Format f : formats) names.push_back(ToString(f));
  return fmt::format("{}", fmt::join(names, between));
}

std::string Count(uint64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string Where(const std::string& file, const std::string& tensor) {
  return tensor.empty() ? io::Quote(file)
                        : fmt::format("{}, tensor {}", io::Quote(file), io::Quote(tensor));
}

std::string ShapeText(const std::vector<uint64_t>& shape) {
  return fmt::format("({}{})", fmt::join(shape, ", "), shape.size() == 1 ? "," : "");
}

uint64_t RawBytes(const io::TensorInfo& info) {
  return info.values * InfoOf(info.format).value_bytes;
}

Status ForEachPiece(const io::TensorReader& reader, size_t tensor, Progress& progress,
                    const std::function<Status(std::span<const std::byte>)>& use) {
  const io::TensorInfo& info = reader.tensors()[tensor];
  const uint64_t width = InfoOf(info.format).value_bytes;
  const uint64_t piece_values = kPieceBytes / width;
  std::vector<std::byte> piece(std::min(info.values, piece_values) * width);
  for (uint64_t first = 0; first < info.values; first += piece_values) {
    const auto part = std::span(piece).first(std::min(piece_values, info.values - first) * width);
    if (Status s = reader.Read(tensor, first, part); !s.ok()) return s;
    if (Status s = use(part); !s.ok()) return s;
    progress.Advance(part.size());
  }
  return OkStatus();
}

Result<std::vector<size_t>> ChooseTensors(const io::ContainerReader& reader,
                                          const std::string& file,
                                          const std::optional<std::string>& name) {
  const auto& tensors = reader.tensors();
  std::vector<size_t> chosen;
  for (size_t i = 0; i < tensors.size(); ++i) {
    if (name && tensors[i].info.name == *name) return std::vector<size_t>{i};  // no pattern
    if (!name || io::MatchesPattern(tensors[i].info.name, *name)) chosen.push_back(i);
  }
  if (!chosen.empty() || !name) return chosen;
  return ConfigError(
      fmt::format("{}: there is no tensor {} among its {}; actplane inspect lists them",
                  io::Quote(file), io::Quote(*name), tensors.size()));
}

Result<size_t> ChooseTensor(const io::ContainerReader& reader, const std::string& file,
                            const std::optional<std::string>& name) {
  const Result<std::vector<size_t>> chosen = ChooseTensors(reader, file, name);
  if (!chosen.ok()) return chosen.status();
  if (chosen->size() == 1) return chosen->front();
  if (chosen->empty()) {
    return BadInputError(io::Quote(file) + ": it holds no tensor; choose another file");
  }
  return ConfigError(fmt::format("{}: {} {} tensors; choose one with --tensor, for example {}",
                                 io::Quote(file), !name ? "it holds" : io::Quote(*name) + " fits",
                                 chosen->size(),
                                 io::Quote(reader.tensors()[chosen->front()].info.name)));
}

}  // namespace actplane::cli
