// SPDX-License-Identifier: Apache-2.0
#include "common.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>

namespace actplane::cli {
namespace {

constexpr uint64_t kPieceBytes = 4 << 20;

}  // namespace

ExitCode ExitCodeOf(const Status& status) {
  switch (status.code()) {
    case StatusCode::kOk: return kDone;
    case StatusCode::kMismatch: return kDiffers;
    case StatusCode::kInvalidConfig: return kUsage;
    case StatusCode::kBadInput:
    case StatusCode::kIo: break;
  }
  return kBadFile;
}

Status Print(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0) {
    return OkStatus();
  }
  return IoError(fmt::format("cannot write standard output: {}; check where it goes",
                             std::strerror(errno)));  // NOLINT(concurrency-mt-unsafe)
}

Status PrintJson(const nlohmann::ordered_json& json) {
  // Paths may hold any byte; JSON may not.
  return Print(json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
}

void Complain(std::string_view text) {
  std::string line = fmt::format("actplane: {}", text);
  std::replace_if(
      line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  fmt::print(stderr, "{}\n", line);
}

void AddJson(CLI::App& app, bool& json) {
  app.add_flag("--json", json, "Print one JSON object instead of text");
}

void AddFormat(CLI::App& app, io::TensorFileOptions& options) {
  AddChoice(app, "--format", options.format,
            std::vector{Format::kFp32, Format::kFp16, Format::kBf16},
            "What the values are; needed for bfloat16 bits in a .npy of <u2 or V2");
}

void AddTensor(CLI::App& app, std::string& tensor, const std::string& help) {
  app.add_option("--tensor", tensor, help)->type_name("NAME");
}

void AddBlock(CLI::App& app, uint32_t& block_len) {
  app.add_option("--block", block_len, "Values per block")
      ->check(Quiet(CLI::IsMember({32, 64, 128, 256})))
      ->type_name("32|64|128|256")
      ->capture_default_str();
}

void AddOrder(CLI::App& app, Order& order) {
  AddChoice(app, "--order", order, std::vector{Order::kField, Order::kSignificance},
            "Which bits go first: by field (the paper's scheme) or by absolute weight")
      ->default_str("field");
}

CLI::Option* AddFill(CLI::App& app, std::optional<Fill>& fill, const std::string& help) {
  return AddChoice(app, "--fill", fill, std::vector{Fill::kMidpoint, Fill::kZero}, help);
}

void AddDeltaCap(CLI::App& app, uint32_t& delta_cap) {
  app.add_option("--delta-cap", delta_cap,
                 "Order field: most delta planes in a block that is cut; 0 for no limit")
      ->type_name("PLANES")
      ->capture_default_str();
}

void AddThreads(CLI::App& app, int& threads) {
  app.add_option("--threads", threads, "Threads; 0 takes one per core")
      ->check(Quiet(CLI::Range(0, 1024)))
      ->type_name("COUNT")
      ->capture_default_str();
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

Result<io::TensorReader> OpenTensors(const std::string& path,
                                     const io::TensorFileOptions& options) {
  Result<io::TensorReader> reader = io::TensorReader::Open(path, options);
  if (reader.ok()) {
    for (const std::string& note : reader->notes()) Complain("note: " + note);
  }
  return reader;
}

std::string Label(std::string_view name) {
  constexpr size_t kLongest = 44;
  std::string quoted = io::Quote(name);
  std::string text = quoted.substr(1, quoted.size() - 2);
  if (text.size() <= kLongest) return text;
  size_t cut = text.size() - (kLongest - 3);
  while (cut < text.size() && (static_cast<unsigned char>(text[cut]) & 0xc0) == 0x80) ++cut;
  return "..." + text.substr(cut);
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

double ToDouble(uint32_t pattern, Format format) {
  if (format == Format::kFp32) return std::bit_cast<float>(pattern);
  if (format == Format::kBf16) return std::bit_cast<float>(pattern << 16);
  const Fields v = Classify(pattern, format);
  if (v.cls == ValueClass::kNan) return std::numeric_limits<double>::quiet_NaN();
  double magnitude = std::numeric_limits<double>::infinity();
  if (!IsSpecial(v.cls)) {
    const uint32_t leading = v.exponent == 0 ? 0 : 1U << 10;
    magnitude = std::ldexp(leading + v.mantissa, static_cast<int>(std::max(v.exponent, 1U)) - 25);
  }
  return v.sign != 0 ? -magnitude : magnitude;
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

Result<size_t> ChooseTensor(const io::ContainerReader& reader, const std::string& file,
                            const std::string& name) {
  const auto& tensors = reader.tensors();
  if (name.empty() && tensors.size() == 1) return size_t{0};
  for (size_t i = 0; !name.empty() && i < tensors.size(); ++i) {
    if (tensors[i].info.name == name) return i;
  }
  if (tensors.empty())
    return BadInputError(io::Quote(file) + ": it holds no tensor; choose another file");
  if (name.empty()) {
    return ConfigError(
        fmt::format("{}: it holds {} tensors; choose one with --tensor, for example {}",
                    io::Quote(file), tensors.size(), io::Quote(tensors[0].info.name)));
  }
  return ConfigError(
      fmt::format("{}: there is no tensor {} among its {}; actplane inspect lists them",
                  io::Quote(file), io::Quote(name), tensors.size()));
}

}  // namespace actplane::cli
