// SPDX-License-Identifier: Apache-2.0
// Mesa (Pan et al., 2021): 8 bits, ranges by head and by group of channels, estimated over the
// steps. docs/methods.md.
#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>

#include "train/stash/random.h"
#include "train/stash/registry.h"

namespace actplane::train {
namespace {

constexpr float kDecay = 0.9F;  // of the running estimates
constexpr int kWarmUp = 20;     // then the first minibatch weighs 0.12
constexpr float kTop = 255;

// A tensor as [outer, groups, inner]: group g has the values x[:, g, :].
struct Layout {
  int64_t outer = 1;
  int64_t groups = 1;
  int64_t inner = 1;
};

class MesaCodec final : public Codec {
 public:
  // `channels` in a group; 0: as many groups as the network has heads.
  MesaCodec(int64_t channels, uint64_t seed) : channels_(channels), seed_(seed) {}

  Status BeforeStep(const StepHook& hook) override {
    heads_ = hook.heads;
    return OkStatus();
  }

  Packed Pack(const at::Tensor& x, const Context& context) override {
    const Layout l = LayoutOf(x.sizes());
    at::Tensor codes = at::empty({x.numel()}, at::kByte);
    const at::Tensor range = Ranges(context, x, l).clone();  // [groups, 2]: least value, range
    const float* in = x.data_ptr<float>();
    const float* r = range.data_ptr<float>();
    auto* out = codes.data_ptr<uint8_t>();
    const uint64_t key = MixKey(seed_, context);
    at::parallel_for(0, l.outer * l.groups, 16, [&](int64_t from, int64_t to) {
      for (int64_t row = from; row < to; ++row) {
        const float least = r[2 * (row % l.groups)];
        const float span = r[2 * (row % l.groups) + 1];
        const float scale = span > 0 ? kTop / span : 0;
        for (int64_t i = row * l.inner; i < (row + 1) * l.inner; ++i) {
          const float v = (in[i] - least) * scale + UniformOf(key, i);
          out[i] = static_cast<uint8_t>(std::min(std::max(0.0F, v), kTop));  // NaN is 0
        }
      }
    });
    return {{codes, range}, {.payload = codes.numel(), .metadata = l.groups * 8}};
  }

  at::Tensor Unpack(const Packed& packed, at::IntArrayRef shape,
                    const Context& /*context*/) override {
    at::Tensor x = at::empty(shape, at::kFloat);
    const Layout l = LayoutOf(shape);
    const auto* codes = packed.parts[0].data_ptr<uint8_t>();
    const float* r = packed.parts[1].data_ptr<float>();
    auto* out = x.data_ptr<float>();
    at::parallel_for(0, l.outer * l.groups, 16, [&](int64_t from, int64_t to) {
      for (int64_t row = from; row < to; ++row) {
        const float least = r[2 * (row % l.groups)];
        const float step = r[2 * (row % l.groups) + 1] / kTop;
        for (int64_t i = row * l.inner; i < (row + 1) * l.inner; ++i)
          out[i] = static_cast<float>(codes[i]) * step + least;
      }
    });
    return x;
  }

  int WarmUp() const override { return kWarmUp; }

  State SaveState() const override { return ranges_; }
  Status LoadState(const State& state) override {
    ranges_ = state;
    return OkStatus();
  }

 private:
  // By head where there are heads, else by groups of channels; one group where they do not divide.
  Layout LayoutOf(at::IntArrayRef shape) const {
    const int64_t values = c10::multiply_integers(shape);
    if (shape.size() == 4) return {shape[0], shape[1], shape[2] * shape[3]};
    if (shape.size() < 2) return {1, 1, values};
    const int64_t width = shape.back();
    const int64_t groups = channels_ == 0 ? heads_ : width / channels_;
    if (groups == 0 || width % (channels_ == 0 ? heads_ : channels_) != 0) return {1, 1, values};
    return {values / width, groups, width / groups};
  }

  // The running estimates of this tensor with `x` taken in. Values that are not finite make this
  // tensor NaN, and leave the estimates alone.
  at::Tensor Ranges(const Context& context, const at::Tensor& x, const Layout& l) {
    const at::Tensor rows = x.view({l.outer, l.groups, l.inner});
    const at::Tensor least = rows.amin({0, 2});
    const at::Tensor now = at::stack({least, rows.amax({0, 2}) - least}, 1);
    if (!at::isfinite(now).all().item<bool>()) return now * 0 + std::nanf("");
    at::Tensor& running = ranges_[context.site.Name()];
    running = running.defined() ? running * kDecay + now * (1 - kDecay) : now;
    return running;
  }

  int64_t channels_;
  int64_t heads_ = 0;  // of the network; 0 as long as nobody said
  uint64_t seed_;
  State ranges_;
};

Result<MethodParts> MakeMesa(MethodOptions& options) {
  const auto groups = options.Choice("groups", "", {"heads"});
  const auto channels = options.Count("channels", 0, 1, 1 << 20);
  const auto seed = options.Count("seed", 1, 0, 1 << 30);
  for (const Status& s : {groups.status(), channels.status(), seed.status()}) {
    if (!s.ok()) return s;
  }
  if (!groups->empty() && *channels != 0)
    return ConfigError("stash mesa: groups and channels both say what a group is; keep one");
  return MethodParts{.codec = std::make_unique<MesaCodec>(*channels, static_cast<uint64_t>(*seed))};
}

const bool kMesa = Register({"mesa",
                             "Mesa: 8 bits, running ranges of as many groups as there are "
                             "heads (groups=heads) or of groups "
                             "of channels=C, seed=1",
                             MakeMesa});

}  // namespace
}  // namespace actplane::train
