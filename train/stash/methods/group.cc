// SPDX-License-Identifier: Apache-2.0
// Group quantization at fixed bits, as ActNN and GACT do without their allocation: the baseline of
// ALAM. docs/methods.md.
#include <fmt/format.h>

#include <optional>

#include "train/stash/exact.h"
#include "train/stash/group_quantizer.h"
#include "train/stash/random.h"
#include "train/stash/registry.h"

namespace actplane::train {
namespace {

class GroupCodec final : public Codec {
 public:
  // `bits`: 2, 4 or 8 of each kind; 0 stores exactly. `seed`: of stochastic rounding; without one,
  // to nearest.
  GroupCodec(const PerKind<int>& bits, int64_t group, std::optional<uint64_t> seed)
      : bits_(bits), group_(group), seed_(seed) {}

  Packed Pack(const at::Tensor& x, const Context& context) override {
    if (IsExact(context.site.kind)) return PackExact(x);
    const auto key = seed_ ? std::optional(MixKey(*seed_, context)) : std::nullopt;
    return QuantizeGroups(x, BitsOf(context), group_, key);
  }

  at::Tensor Unpack(const Packed& packed, at::IntArrayRef shape, const Context& context) override {
    if (IsExact(context.site.kind)) return packed.parts[0];
    at::Tensor x = at::empty(shape, at::kFloat);
    DequantizeGroups(packed, BitsOf(context), group_, x);
    return x;
  }

  bool IsExact(Kind kind) const override { return bits_[static_cast<size_t>(kind)] == 0; }

 private:
  int BitsOf(const Context& context) const { return bits_[static_cast<size_t>(context.site.kind)]; }

  PerKind<int> bits_;
  int64_t group_;
  std::optional<uint64_t> seed_;
};

Result<MethodParts> MakeGroup(MethodOptions& options) {
  const auto bits = options.NumberPerKind("bits", 4, 2, 8);
  const auto group = options.Choice("group", "256", {"64", "128", "256", "512"});
  const auto rounding = options.Choice("rounding", "stochastic", {"stochastic", "nearest"});
  const bool nearest = rounding.ok() && *rounding == "nearest";
  // Not asked for otherwise: an option that nothing reads is an error.
  const auto seed = nearest ? Result<int64_t>(0) : options.Count("seed", 1, 0, 1 << 30);
  for (const Status& s : {bits.status(), group.status(), rounding.status(), seed.status()}) {
    if (!s.ok()) return s;
  }
  PerKind<int> whole = {};
  for (size_t i = 0; i < whole.size(); ++i) {
    const double b = (*bits)[i];
    if (b != 0 && b != 2 && b != 4 && b != 8) {
      return ConfigError(
          fmt::format("stash group: bits is {} for {}; choose 2, 4 or 8", b, kKindNames[i]));
    }
    whole[i] = static_cast<int>(b);
  }
  const auto key = nearest ? std::nullopt : std::optional(static_cast<uint64_t>(*seed));
  return MethodParts{.codec = std::make_unique<GroupCodec>(whole, std::stoll(*group), key)};
}

const bool kGroup =
    Register({"group",
              "group quantizer of ActNN and GACT: bits=4|2|8 (bits.KIND=B or exact), "
              "group=256|64|128|512, rounding=stochastic|nearest, seed=1",
              MakeGroup});

}  // namespace
}  // namespace actplane::train
