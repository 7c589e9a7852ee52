// SPDX-License-Identifier: Apache-2.0
// The project's own format (docs/format.md) in slots of a fixed size: the fast path of the golden
// model, straight from and to the memory of the tensor.
#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <span>

#include "actplane/fast.h"
#include "train/stash/exact.h"
#include "train/stash/random.h"
#include "train/stash/registry.h"
#include "train/stash/stochastic_cut.h"

namespace actplane::train {
namespace {

constexpr double kRounding = 1e-3;       // of a byte: a ratio of 5.3333 is a slot of 96
constexpr int64_t kBlocksPerTask = 256;  // 128 KiB of values at N = 128

class ActplaneCodec final : public Codec {
 public:
  // A slot of 0 bytes: that kind stays exact.
  // `seed`: of stochastic rounding, if there is one.
  ActplaneCodec(const PerKind<Config>& configs, std::optional<uint64_t> seed)
      : configs_(configs), seed_(seed) {}

  Packed Pack(const at::Tensor& x, const Context& context) override {
    const Config& config = ConfigOf(context);
    if (config.slot_bytes == 0) return PackExact(x);
    const int64_t blocks = Blocks(config, x.numel());
    const int64_t slot = config.slot_bytes;
    at::Tensor slots = at::empty({blocks * slot}, at::kByte);
    auto* out = reinterpret_cast<std::byte*>(slots.data_ptr<uint8_t>());
    const auto in = std::as_bytes(std::span(x.data_ptr<float>(), static_cast<size_t>(x.numel())));
    ForBlocks(config, in.size(), [&](size_t from, size_t bytes, int64_t first, int64_t count) {
      const std::span to(out + first * slot, static_cast<size_t>(count * slot));
      if (!seed_) return fast::CompressBlocks(in.subspan(from, bytes), config, to, 1);
      const std::span values(x.data_ptr<float>() + from / 4, bytes / 4);
      return CompressStochastic(values, config, MixKey(*seed_, context),
                                static_cast<int64_t>(from / 4), to);
    });
    // The last block is coded whole; its share beyond the values is padding.
    const int64_t lost = (blocks * config.block_len - x.numel()) * slot / config.block_len;
    return {{slots}, {.payload = blocks * slot - lost, .padding = lost}};
  }

  at::Tensor Unpack(const Packed& packed, at::IntArrayRef shape, const Context& context) override {
    const Config& config = ConfigOf(context);
    if (config.slot_bytes == 0) return packed.parts[0];
    at::Tensor x = at::empty(shape, at::kFloat);
    const int64_t slot = config.slot_bytes;
    const auto* in = reinterpret_cast<const std::byte*>(packed.parts[0].data_ptr<uint8_t>());
    const auto out =
        std::as_writable_bytes(std::span(x.data_ptr<float>(), static_cast<size_t>(x.numel())));
    ForBlocks(config, out.size(), [&](size_t from, size_t bytes, int64_t first, int64_t count) {
      return fast::DecompressBlocks(std::span(in + first * slot, static_cast<size_t>(count * slot)),
                                    config, out.subspan(from, bytes), nullptr, 1);
    });
    return x;
  }

  bool IsExact(Kind kind) const override {
    return configs_[static_cast<size_t>(kind)].slot_bytes == 0;
  }

 private:
  const Config& ConfigOf(const Context& context) const {
    return configs_[static_cast<size_t>(context.site.kind)];
  }

  static int64_t Blocks(const Config& config, int64_t values) {
    return (values + config.block_len - 1) / config.block_len;
  }

  // On libtorch's threads: a second pool beside them would fight for the same cores.
  template <typename Work>
  static void ForBlocks(const Config& config, size_t bytes, const Work& work) {
    const auto block = static_cast<size_t>(config.block_len) * 4;
    const auto blocks = static_cast<int64_t>((bytes + block - 1) / block);
    at::parallel_for(0, blocks, kBlocksPerTask, [&](int64_t first, int64_t end) {
      const size_t from = static_cast<size_t>(first) * block;
      const size_t to = std::min(static_cast<size_t>(end) * block, bytes);
      const Status s = work(from, to - from, first, end - first);
      TORCH_CHECK(s.ok(), s.message());
    });
  }

  PerKind<Config> configs_;
  std::optional<uint64_t> seed_;
};

Result<MethodParts> Make(MethodOptions& options) {
  const auto ratios = options.NumberPerKind("ratio", 3.2, 0.5, 1000);
  const auto order = options.Choice("order", "field", {"field", "significance"});
  const auto rounding = options.Choice("rounding", "none", {"none", "stochastic"});
  const bool stochastic = rounding.ok() && *rounding == "stochastic";
  const auto fill = options.Choice("fill", stochastic ? "zero" : "midpoint", {"midpoint", "zero"});
  const auto block = options.Choice("block", "128", {"32", "64", "128", "256"});
  // Not asked for otherwise: a seed that nothing reads is an error.
  const Result<int64_t> seed = stochastic ? options.Count("seed", 1, 0, 1 << 30) : 0;
  for (const Status& s : {ratios.status(), order.status(), rounding.status(), fill.status(),
                          block.status(), seed.status()}) {
    if (!s.ok()) return s;
  }
  if (stochastic && *order == "field") {
    return ConfigError(
        "stash actplane: rounding=stochastic needs order=significance, whose cut is at one weight "
        "for the whole block");
  }
  if (stochastic && *fill == "midpoint") {
    return ConfigError(
        "stash actplane: fill=midpoint would add to values that rounding=stochastic has rounded; "
        "leave fill out");
  }
  PerKind<Config> configs;
  for (size_t i = 0; i < configs.size(); ++i) {
    Config& config = configs[i];
    config.order = *order == "field" ? Order::kField : Order::kSignificance;
    config.fill = *fill == "zero" ? Fill::kZero : Fill::kMidpoint;
    config.block_len = static_cast<uint32_t>(std::stoul(*block));
    const double bytes = config.block_len * 4;
    config.slot_bytes =
        (*ratios)[i] == 0 ? 0 : static_cast<uint32_t>(bytes / (*ratios)[i] + kRounding);
    if ((*ratios)[i] == 0) continue;
    if (Status s = ValidateConfig(config); !s.ok()) {
      return ConfigError(fmt::format("stash actplane: ratio {} is impossible for {}: {}",
                                     (*ratios)[i], kKindNames[i], s.message()));
    }
  }
  return MethodParts{
      .codec = std::make_unique<ActplaneCodec>(
          configs, stochastic ? std::optional(static_cast<uint64_t>(*seed)) : std::nullopt)};
}

const bool kRegistered =
    Register({"actplane",
              "ratio=3.2 (ratio.KIND=R or exact), order=field|significance, fill=midpoint|zero, "
              "block=32|64|128|256, rounding=none|stochastic, seed=1",
              Make});

}  // namespace
}  // namespace actplane::train
