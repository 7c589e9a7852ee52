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

namespace actplane::train {
namespace {

constexpr double kRounding = 1e-3;  // of a byte: a ratio of 5.3333 is a slot of 96
// Inputs of normalisation layers decide long runs (docs/results.md): what they lose is along
// themselves, which the layer's backward does not cancel. Theirs is at most this where not given.
constexpr double kNormInputRatio = 6;
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

Result<MethodParts> MakeActplane(MethodOptions& options) {
  auto ratios = options.NumberPerKind("ratio", 3.2, 0.5, 1000);
  const auto order = options.Choice("order", "field", {"field", "significance"});
  const auto format = options.Choice("format", "fp32", {"fp32", "bf16"});
  const auto block = options.Choice("block", "128", {"32", "64", "128", "256"});
  const bool field = order.ok() && *order == "field";
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
  if (options.Text("ratio.residual").empty()) {
    double& ratio = (*ratios)[static_cast<size_t>(Kind::kResidual)];
    ratio = std::min(ratio, kNormInputRatio);
  }
  PerKind<Config> configs;
  for (size_t i = 0; i < configs.size(); ++i) {
    Config& config = configs[i];
    config.format = *format == "bf16" ? Format::kBf16 : Format::kFp32;
    config.order = field ? Order::kField : Order::kSignificance;
    config.group_len = static_cast<uint32_t>(std::stoul(*group));
    config.row_limit = static_cast<uint32_t>(*rows);
    config.fill = *fill == "zero" ? Fill::kZero : Fill::kMidpoint;
    config.block_len = static_cast<uint32_t>(std::stoul(*block));
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

const bool kActplane =
    Register({"actplane",
              "ratio=3.2 (ratio.KIND=R or exact; residual at most 6 if not given), "
              "order=field|significance, format=fp32|bf16, "
              "block=32|64|128|256; field: fill=midpoint|zero; significance: group=4|8, rows=16",
              MakeActplane});

}  // namespace
}  // namespace actplane::train
