// SPDX-License-Identifier: Apache-2.0
// Tempo (Andoorveedu et al., NeurIPS 2022): GELU and LayerNorm backward from their outputs, which
// the next layer keeps anyway, and attention that makes the dropped map again from the map and the
// mask. docs/methods.md.
#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "train/layers/attention.h"
#include "train/layers/dropout.h"
#include "train/layers/norm.h"
#include "train/stash/gelu.h"
#include "train/stash/registry.h"

namespace actplane::train {
namespace {

// GELU'(x) as a function of y = GELU(x), for x on one side of the minimum. Over t = sqrt(y - least)
// it is smooth, with a slope that is not 0 at t = 0, where over y it would be infinite.
class InverseDerivative {
 public:
  // Points of equal distance in t, from the minimum to where the derivative is constant.
  static const InverseDerivative& Right() {
    static const InverseDerivative table(kGeluLeastAt, 8, 1);
    return table;
  }
  static const InverseDerivative& Left() {
    static const InverseDerivative table(kGeluLeastAt, -12, 0);
    return table;
  }

  float At(float t) const {
    const float at = t * per_unit_;
    if (!(at < kLast)) return std::isnan(t) ? t : tail_;
    const auto i = static_cast<size_t>(at);
    return values_[i] + (at - static_cast<float>(i)) * (values_[i + 1] - values_[i]);
  }

 private:
  static constexpr size_t kPoints = 8192;
  static constexpr float kLast = kPoints - 1;

  // `near`, `far`: x at both ends; GELU is monotonic between them.
  InverseDerivative(double near, double far, float tail) : values_(kPoints), tail_(tail) {
    const double end = std::sqrt(GeluOf(far) - kGeluLeast);
    per_unit_ = static_cast<float>(static_cast<double>(kPoints - 1) / end);
    double x = near;
    for (size_t i = 0; i < kPoints; ++i) {
      const double t = end * static_cast<double>(i) / static_cast<double>(kPoints - 1);
      double a = x;  // bisection from the last point on
      double b = far;
      for (int round = 0; round < 60; ++round) {
        x = (a + b) / 2;
        (GeluOf(x) < kGeluLeast + t * t ? a : b) = x;
      }
      values_[i] = static_cast<float>(GeluDerivative(x));
      x = a;
    }
    values_[0] = 0;
  }

  std::vector<float> values_;
  float per_unit_ = 0;
  float tail_;
};

// Bits of x >= the place of the minimum, eight in a byte.
at::Tensor RightOfMinimum(const at::Tensor& x) {
  const int64_t n = x.numel();
  at::Tensor bits = at::empty({(n + 7) / 8}, at::kByte);
  const float* in = x.data_ptr<float>();
  auto* out = bits.data_ptr<uint8_t>();
  at::parallel_for(0, bits.numel(), 1 << 13, [&](int64_t from, int64_t to) {
    for (int64_t i = from; i < to; ++i) {
      unsigned byte = 0;
      for (int64_t j = 0; j < std::min<int64_t>(8, n - 8 * i); ++j)
        byte |= unsigned{in[8 * i + j] >= static_cast<float>(kGeluLeastAt)} << j;
      out[i] = static_cast<uint8_t>(byte);
    }
  });
  return bits;
}

struct TempoParts {
  bool gelu = true;
  bool norm = true;
  bool attention = true;
};

class Tempo final : public Formulas {
 public:
  explicit Tempo(TempoParts parts) : parts_(parts) {}

  Kept KeepGelu(Stash& stash, Activation& x, Activation& y) override {
    if (!parts_.gelu) return Formulas::KeepGelu(stash, x, y);
    return {stash.Keep(y), stash.KeepMask(RightOfMinimum(x.value()), x.site())};
  }

  at::Tensor GeluBackward(Stash& stash, const Kept& kept, const at::Tensor& dy) override {
    if (!parts_.gelu) return Formulas::GeluBackward(stash, kept, dy);
    const at::Tensor y = stash.Get(kept[0]);
    const at::Tensor mask = stash.Get(kept[1]);
    at::Tensor dx = at::empty_like(y);
    const float* in = y.data_ptr<float>();
    const at::Tensor dense = dy.contiguous();
    const float* g = dense.data_ptr<float>();
    const auto* bits = mask.data_ptr<uint8_t>();
    auto* out = dx.data_ptr<float>();
    at::parallel_for(0, y.numel(), 1 << 14, [&](int64_t from, int64_t to) {
      for (int64_t i = from; i < to; ++i) {
        // Rounding may put the least outputs below the minimum.
        const float t = std::sqrt(std::max(in[i] - static_cast<float>(kGeluLeast), 0.0F));
        const bool right = (bits[i / 8] >> (i % 8) & 1) != 0;
        out[i] = g[i] * (right ? InverseDerivative::Right() : InverseDerivative::Left()).At(t);
      }
    });
    return dx;
  }

  Kept KeepNorm(Stash& stash, Activation& x, Activation& y, const at::Tensor& mean,
                const at::Tensor& rstd) override {
    if (!parts_.norm) return Formulas::KeepNorm(stash, x, y, mean, rstd);
    return {stash.Keep(y), stash.KeepExact(rstd, x.site(), "rstd")};
  }

  at::Tensor NormBackward(Stash& stash, const Kept& kept, const at::Tensor& dy, Parameter& gamma,
                          Parameter& beta) override {
    if (!parts_.norm) return Formulas::NormBackward(stash, kept, dy, gamma, beta);
    const at::Tensor normed = (stash.Get(kept[0]) - beta.value).mul_(InverseOf(gamma));
    // The normalised values have mean 0 and deviation 1: LayerNorm of them, without its statistics.
    const at::Tensor rstd = stash.Get(kept[1]);
    const auto [dx, dgamma, dbeta] = at::native_layer_norm_backward(
        dy, normed, gamma.value.sizes(), at::zeros_like(rstd), at::ones_like(rstd), gamma.value,
        beta.value, {true, true, true});
    AddGradient(gamma, dgamma);
    AddGradient(beta, dbeta);
    return dx.mul(rstd);
  }

  Kept KeepRmsNorm(Stash& stash, Activation& x, Activation& y, const at::Tensor& rstd) override {
    if (!parts_.norm) return Formulas::KeepRmsNorm(stash, x, y, rstd);
    return {stash.Keep(y), stash.KeepExact(rstd, x.site(), "rstd")};
  }

  at::Tensor RmsNormBackward(Stash& stash, const Kept& kept, const at::Tensor& dy,
                             Parameter& gamma) override {
    if (!parts_.norm) return Formulas::RmsNormBackward(stash, kept, dy, gamma);
    return RmsNormGradient(stash.Get(kept[0]) * InverseOf(gamma), stash.Get(kept[1]), dy, gamma);
  }

  Kept KeepAttention(Stash& stash, AttentionForward& f) override {
    if (!parts_.attention || !f.mask.defined()) return Formulas::KeepAttention(stash, f);
    return {stash.Keep(f.q), stash.Keep(f.k), stash.Keep(f.v), stash.Keep(f.probability),
            stash.KeepMask(f.mask, f.dropped_probability.site())};
  }

  AttentionGradient AttentionBackward(Stash& stash, const Kept& kept,
                                      const AttentionUpstream& up) override {
    if (!parts_.attention || !up.mask) return Formulas::AttentionBackward(stash, kept, up);
    at::Tensor p = MapOf(stash, kept[3]);
    const at::Tensor mask = stash.Get(kept[4]);
    at::Tensor dropped = Dropout::Apply(p, mask, up.mask_scale);
    return BackwardThroughMap(stash, kept, std::move(p), std::move(dropped), mask, up);
  }

  Status CheckFamily(Family family) const override {
    if (!parts_.gelu || family == Family::kGpt2) return OkStatus();
    return ConfigError(
        "stash tempo: it inverts GELU, and the network has SwiGLU; give tempo:gelu=off");
  }

  Status CheckCodec(const Codec& codec) const override {
    if (!parts_.gelu || codec.IsExact(Kind::kGeluOutput)) return OkStatus();
    return ConfigError(
        "stash tempo: the GELU cannot be inverted from an output that is stored with loss, as its "
        "slope is 0 at the minimum; give ratio.gelu_output=exact (bits.gelu_output=exact), or "
        "tempo:gelu=off");
  }

 private:
  // A channel whose gamma is 0 has lost its input; it learns nothing in this step.
  static at::Tensor InverseOf(const Parameter& gamma) {
    const at::Tensor& g = gamma.value;
    return at::where(g.abs() > 1e-12, g.reciprocal(), at::zeros_like(g));
  }

  TempoParts parts_;
};

Result<MethodParts> MakeTempo(MethodOptions& options) {
  TempoParts parts;
  for (const auto& [key, part] : {std::pair{"gelu", &parts.gelu}, std::pair{"norm", &parts.norm},
                                  std::pair{"attention", &parts.attention}}) {
    const auto choice = options.Choice(key, "on", {"on", "off"});
    if (!choice.ok()) return choice.status();
    *part = *choice == "on";
  }
  return MethodParts{.formulas = std::make_unique<Tempo>(parts)};
}

const bool kTempo =
    Register({"tempo", "Tempo: gelu=on|off, norm=on|off, attention=on|off", MakeTempo});

}  // namespace
}  // namespace actplane::train
