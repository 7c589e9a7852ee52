// SPDX-License-Identifier: Apache-2.0
// The project's own format (docs/format.md) in slots of a fixed size: the fast path of the golden
// model, straight from and to the memory of the tensor.
#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>

#include "actplane/fast.h"
#include "train/stash/exact.h"
#include "train/stash/registry.h"
#include "train/stash/split.h"

namespace actplane::train {
namespace {

constexpr double kRounding = 1e-3;  // of a byte: a ratio of 5.3333 is a slot of 96
// Split `gradient`: the ratio of a kind is `ratio` times a factor, and at most so much. Kept so,
// the gradient of converged networks has nearly the least error at their bytes (docs/results.md).
// The factors are rounded; what a GPT-2 or Llama with stored maps keeps altogether stays at
// `ratio`.
struct Share {
  double factor = 1, most = 1000;
};
constexpr double kHighestRatio = 512.0 / 24;  // 1.5 bits a value
constexpr PerKind<Share> kByGradient = {
    Share{1, 10},                   // residual: its loss lies along itself, where the norm keeps it
    Share{0.85, 16},                // norm_output
    Share{0.7, 6.4},                // query: formula flash makes the map from it again, exp(q k)
    Share{0.7, 6.4},                // key
    Share{0.75, 10},                // value
    Share{2, kHighestRatio},        // probability
    Share{2, kHighestRatio},        // dropped_probability
    Share{0.85, 10},                // attention_output
    Share{0.6, 16},                 // gelu_input: the derivative turns where values are small
    Share{2, kHighestRatio},        // gelu_output
    Share{0.75, 16},                // silu_input
    Share{0.9, 16},                 // gate_up
    Share{1.6, kHighestRatio}};     // gated
constexpr double kLowestRatio = 2;  // below it nothing is gained
constexpr int64_t kBlocksPerTask = 256;  // 128 KiB of values at N = 128

class ActplaneCodec final : public Codec {
 public:
  // A slot of 0 bytes: that kind stays exact.
  explicit ActplaneCodec(const PerKind<Config>& configs) : configs_(configs) {}

  Packed Pack(const at::Tensor& x, const Context& context) override {
    const Config& config = ConfigOf(context);
    if (config.slot_bytes == 0) return PackExact(x);
    const int64_t blocks = Blocks(config, x.numel());
    const int64_t slot = config.slot_bytes;
    at::Tensor slots = at::empty({blocks * slot}, at::kByte);
    auto* out = reinterpret_cast<std::byte*>(slots.data_ptr<uint8_t>());
    const at::Tensor values = x.to(TypeOf(config));  // to nearest; float stays the same tensor
    const std::span in(static_cast<const std::byte*>(values.data_ptr()), values.nbytes());
    ForBlocks(config, in.size(), [&](size_t from, size_t bytes, int64_t first, int64_t count) {
      const std::span to(out + first * slot, static_cast<size_t>(count * slot));
      return fast::CompressBlocks(in.subspan(from, bytes), config, to, 1);
    });
    // The last block is coded whole; its share beyond the values is padding.
    const int64_t lost = (blocks * config.block_len - x.numel()) * slot / config.block_len;
    return {{slots}, {.payload = blocks * slot - lost, .padding = lost}};
  }

  at::Tensor Unpack(const Packed& packed, at::IntArrayRef shape, const Context& context) override {
    const Config& config = ConfigOf(context);
    if (config.slot_bytes == 0) return packed.parts[0];
    const at::Tensor values = at::empty(shape, TypeOf(config));
    const int64_t slot = config.slot_bytes;
    const auto* in = reinterpret_cast<const std::byte*>(packed.parts[0].data_ptr<uint8_t>());
    const std::span out(static_cast<std::byte*>(values.data_ptr()), values.nbytes());
    ForBlocks(config, out.size(), [&](size_t from, size_t bytes, int64_t first, int64_t count) {
      return fast::DecompressBlocks(std::span(in + first * slot, static_cast<size_t>(count * slot)),
                                    config, out.subspan(from, bytes), nullptr, 1);
    });
    return values.to(at::kFloat);
  }

  bool IsExact(Kind kind) const override {
    return configs_[static_cast<size_t>(kind)].slot_bytes == 0;
  }

 private:
  const Config& ConfigOf(const Context& context) const {
    return configs_[static_cast<size_t>(context.site.kind)];
  }

  static at::ScalarType TypeOf(const Config& config) {
    return config.format == Format::kBf16 ? at::kBFloat16 : at::kFloat;
  }

  static int64_t Blocks(const Config& config, int64_t values) {
    return (values + config.block_len - 1) / config.block_len;
  }

  // On libtorch's threads: a second pool beside them would fight for the same cores.
  template <typename Work>
  static void ForBlocks(const Config& config, size_t bytes, const Work& work) {
    const size_t block = BlockBytes(config);
    const auto blocks = static_cast<int64_t>((bytes + block - 1) / block);
    at::parallel_for(0, blocks, kBlocksPerTask, [&](int64_t first, int64_t end) {
      const size_t from = static_cast<size_t>(first) * block;
      const size_t to = std::min(static_cast<size_t>(end) * block, bytes);
      const Status s = work(from, to - from, first, end - first);
      TORCH_CHECK(s.ok(), s.message());
    });
  }

  PerKind<Config> configs_;
};

bool IsField(MethodOptions& options) { return options.Text("order") != "significance"; }

Result<uint32_t> BlockLenOf(MethodOptions& options) {
  const auto block = options.Choice("block", "128", {"32", "64", "128", "256"});
  if (!block.ok()) return block.status();
  return static_cast<uint32_t>(std::stoul(*block));
}

// Split over kinds; 0: exact.
Result<PerKind<double>> SplitRatiosOf(MethodOptions& options) {
  Result<PerKind<double>> ratios = options.NumberPerKind("ratio", 3.2, 0.5, 1000);
  if (!ratios.ok()) return ratios;
  const Result<std::string> split =
      options.Choice("split", IsField(options) ? "even" : "gradient", {"even", "gradient"});
  if (!split.ok()) return split.status();
  if (*split == "even") return ratios;
  const Result<double> all = options.Number("ratio", 3.2, 0.5, 1000);
  if (*all > kHighestRatio) {
    return ConfigError(fmt::format(
        "stash actplane: split=gradient at ratio {} would be the same as at {:.2f}; give at most "
        "that, or split=even",
        *all, kHighestRatio));
  }
  for (size_t i = 0; i < ratios->size(); ++i) {
    if (!options.Text(fmt::format("ratio.{}", kKindNames[i])).empty()) continue;
    const Share& share = kByGradient[i];
    (*ratios)[i] =
        std::max(std::min(*all * share.factor, share.most), std::min(*all, kLowestRatio));
  }
  return ratios;
}

// The same in whole bursts: a memory moves no less. The nearest number of them, one at least.
Result<PerKind<double>> RatiosOf(MethodOptions& options) {
  Result<PerKind<double>> ratios = SplitRatiosOf(options);
  const auto block = BlockLenOf(options);
  const auto burst = options.Count("burst", 1, 1, 512);
  for (const Status& s : {ratios.status(), block.status(), burst.status()}) {
    if (!s.ok()) return s;
  }
  if (*burst == 1) return ratios;
  const double bytes = *block * 4;  // of FP32, whatever the format
  for (double& ratio : *ratios) {
    if (ratio == 0) continue;
    const long bursts = std::lround(bytes / ratio / static_cast<double>(*burst));
    ratio = bytes / static_cast<double>(std::max(bursts, 1L) * *burst);
  }
  return ratios;
}

Result<MethodParts> MakeActplane(MethodOptions& options) {
  const auto ratios = RatiosOf(options);
  const auto order = options.Choice("order", "field", {"field", "significance"});
  const auto format = options.Choice("format", "fp32", {"fp32", "bf16"});
  const auto block = BlockLenOf(options);
  const bool field = IsField(options);
  // Not asked for otherwise: an option that nothing reads is an error.
  const auto fill = field ? options.Choice("fill", "midpoint", {"midpoint", "zero"})
                          : Result<std::string>("midpoint");
  const auto group = field ? Result<std::string>("4") : options.Choice("group", "4", {"4", "8"});
  const auto rows =
      field ? Result<int64_t>(16) : options.Count("rows", 16, kMinRowLimit, kMaxRowLimit);
  for (const Status& s : {ratios.status(), order.status(), format.status(), fill.status(),
                          block.status(), group.status(), rows.status()}) {
    if (!s.ok()) return s;
  }
  PerKind<Config> configs;
  for (size_t i = 0; i < configs.size(); ++i) {
    Config& config = configs[i];
    config.format = *format == "bf16" ? Format::kBf16 : Format::kFp32;
    config.order = field ? Order::kField : Order::kSignificance;
    config.group_len = static_cast<uint32_t>(std::stoul(*group));
    config.row_limit = static_cast<uint32_t>(*rows);
    config.fill = *fill == "zero" ? Fill::kZero : Fill::kMidpoint;
    config.block_len = *block;
    const double bytes = config.block_len * 4;  // of FP32, whatever the format
    config.slot_bytes =
        (*ratios)[i] == 0 ? 0 : static_cast<uint32_t>(bytes / (*ratios)[i] + kRounding);
    if ((*ratios)[i] == 0) continue;
    if (Status s = ValidateConfig(config); !s.ok()) {
      return ConfigError(fmt::format("stash actplane: ratio {} is impossible for {}: {}",
                                     (*ratios)[i], kKindNames[i], s.message()));
    }
  }
  return MethodParts{.codec = std::make_unique<ActplaneCodec>(configs)};
}

const bool kActplane = Register(
    {"actplane",
     "ratio=3.2 (ratio.KIND=R or exact), split=even|gradient (how ratio is split over kinds; "
     "field: even, significance: gradient), order=field|significance, format=fp32|bf16, "
     "block=32|64|128|256, burst=1 (slots are whole bursts of so many bytes); field: "
     "fill=midpoint|zero; significance: group=4|8, rows=16",
     MakeActplane});

// Takes an option out of the text of a spec.
void Erase(std::string& spec, const std::string& key) {
  for (size_t at = spec.find(key + "="); at != std::string::npos;
       at = spec.find(key + "=", at + 1)) {
    if (at == 0 || (spec[at - 1] != ',' && spec[at - 1] != ':')) continue;
    const size_t end = spec.find(',', at);
    return void(end == std::string::npos ? spec.erase(at - 1) : spec.erase(at, end - at + 1));
  }
}

}  // namespace

std::string WithRatiosOfKinds(const std::string& spec) {
  constexpr std::string_view kMethod = "actplane";
  if (spec.substr(0, spec.find(':')) != kMethod) return spec;
  Result<MethodOptions> options = MethodOptions::Parse(
      kMethod, std::string_view(spec).substr(std::min(spec.size(), kMethod.size() + 1)));
  if (!options.ok()) return spec;
  const Result<PerKind<double>> ratios = RatiosOf(*options);
  if (!ratios.ok()) return spec;  // whoever makes the stash says why
  const bool bursts = !options->Text("burst").empty();
  std::string text = spec;
  Erase(text, "split");
  Erase(text, "burst");
  text += text == kMethod ? ":split=even" : ",split=even";
  for (size_t i = 0; i < ratios->size(); ++i) {
    const std::string key = fmt::format("ratio.{}", kKindNames[i]);
    if (!bursts && !options->Text(key).empty()) continue;  // as it was said
    Erase(text, key);
    const double ratio = (*ratios)[i];
    text += ratio == 0 ? fmt::format(",{}=exact", key) : fmt::format(",{}={:.9g}", key, ratio);
  }
  return text;
}

}  // namespace actplane::train
