// SPDX-License-Identifier: Apache-2.0
#include "peers/peers.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "peers/elements.h"

namespace actplane::peers {
namespace {

// The multiple of 2^step that is nearest to x, ties to even: the sum has no bit below it.
double Round(double x, int step) {
  const double magic = 1.5 * Power(step + 52);
  return std::copysign((x + magic) - magic, x);
}

template <typename Step>
void EachRun(std::span<const float> values, std::span<float> out, size_t run, const Step& step) {
  for (size_t at = 0; at < values.size(); at += run) {
    const size_t n = std::min(run, values.size() - at);
    step(values.subspan(at, n), out.subspan(at, n));
  }
}

// `scale_of` the largest value of a run is an exponent.
template <typename ScaleOf, typename Element>
void Mx(std::span<const float> values, std::span<float> out, const ScaleOf& scale_of,
        const Element& element) {
  EachRun(values, out, 32, [&](std::span<const float> in, std::span<float> back) {
    const double most = Largest(in);
    const int scale = most == 0 ? 0 : scale_of(most);
    const double down = Power(-scale);
    const double up = Power(scale);
    for (size_t i = 0; i < in.size(); ++i) back[i] = static_cast<float>(element(in[i] * down) * up);
  });
}

void MxInt8(std::span<const float> values, double /*largest*/, std::span<float> out) {
  const auto scale_of = [](double most) { return MxScaleDown(most, kInt8Most); };
  Mx(values, out, scale_of, [](double x) { return Int8ValueOf(Int8CodeOf(x)); });
}

template <const SmallFloat& kElement>
void MxFloat(std::span<const float> values, double /*largest*/, std::span<float> out) {
  const auto scale_of = [](double most) { return MxScaleDown(most, Most(kElement)); };
  Mx(values, out, scale_of, [](double x) { return Nearest(x, kElement); });
}

void MxFp8(std::span<const float> values, double /*largest*/, std::span<float> out) {
  const auto scale_of = [](double most) { return MxScaleUp(most, Most(kE4M3)); };
  Mx(values, out, scale_of, [](double x) { return Nearest(x, kE4M3); });
}

// Two levels: one FP32 scale for the tensor, an E4M3 scale for every 16 values.
void NvFp4(std::span<const float> values, double largest, std::span<float> out) {
  const double whole = NvFp4Whole(largest);
  EachRun(values, out, 16, [&](std::span<const float> in, std::span<float> back) {
    const double scale = ValueOf(NvFp4ScaleCode(Largest(in), whole), kE4M3) * whole;
    for (size_t i = 0; i < in.size(); ++i) {
      back[i] = scale == 0 ? 0 : static_cast<float>(Nearest(in[i] / scale, kE2M1) * scale);
    }
  });
}

constexpr double kBf16Max = 0x1.fep127;

// The least BF16 that is not below x, the largest that is not above it; both saturate.
double Bf16Up(double x) {
  if (x >= kBf16Max) return kBf16Max;
  auto bits = std::bit_cast<uint32_t>(static_cast<float>(x));
  auto y = static_cast<double>(std::bit_cast<float>(bits & 0xffff0000));
  if (y < x) {
    bits = x > 0 ? (bits & 0xffff0000) + 0x10000 : (bits - 0x10000) & 0xffff0000;
    y = static_cast<double>(std::bit_cast<float>(bits));
  }
  return std::max(y, -kBf16Max);
}
double Bf16Down(double x) { return -Bf16Up(-x); }

double Bf16Nearest(double x) {
  const auto bits = std::bit_cast<uint32_t>(static_cast<float>(x));
  const auto y = std::bit_cast<float>((bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000);
  return std::clamp(static_cast<double>(y), -kBf16Max, kBf16Max);
}

// The scale of 64 values is their largest magnitude in BF16.
void Nf4(std::span<const float> values, double /*largest*/, std::span<float> out) {
  EachRun(values, out, 64, [](std::span<const float> in, std::span<float> back) {
    const double scale = Bf16Nearest(Largest(in));
    for (size_t i = 0; i < in.size(); ++i) {
      const double x = scale == 0 ? 0 : in[i] / scale;
      back[i] = static_cast<float>(kNf4[Nf4CodeOf(x)] * scale);
    }
  });
}

// Groups of 128: least value and step in BF16, both rounded so that the range is covered.
template <int kBits>
void MinMax(std::span<const float> values, double /*largest*/, std::span<float> out) {
  static constexpr double kTop = (1 << kBits) - 1;
  EachRun(values, out, 128, [](std::span<const float> in, std::span<float> back) {
    const auto [low, high] = std::minmax_element(in.begin(), in.end());
    const double least = Bf16Down(*low);
    const double step = Bf16Up((*high - least) / kTop);
    for (size_t i = 0; i < in.size(); ++i) {
      const double k = step == 0 ? 0 : std::clamp(Round((in[i] - least) / step, 0), 0.0, kTop);
      back[i] = static_cast<float>(least + k * step);
    }
  });
}

constexpr std::array kAll = {
    Peer{"mxint8", "OCP MXINT8", 8, 8, 0, 32, MxInt8},
    Peer{"mxfp8", "OCP MXFP8 E4M3, scale rounded up", 8, 8, 0, 32, MxFp8},
    Peer{"int8", "INT8 min/max, groups of 128", 8, 32, 0, 128, MinMax<8>},
    Peer{"mxfp6", "OCP MXFP6 E2M3", 6, 8, 0, 32, MxFloat<kE2M3>},
    Peer{"nvfp4", "NVFP4, E4M3 scales of 16, FP32 scale of the tensor", 4, 8, 32, 16, NvFp4},
    Peer{"mxfp4", "OCP MXFP4 E2M1", 4, 8, 0, 32, MxFloat<kE2M1>},
    Peer{"nf4", "NF4, BF16 scales of 64", 4, 16, 0, 64, Nf4},
    Peer{"int4", "INT4 min/max, groups of 128", 4, 32, 0, 128, MinMax<4>},
    Peer{"int2", "INT2 min/max, groups of 128", 2, 32, 0, 128, MinMax<2>},
};
static_assert(std::all_of(kAll.begin(), kAll.end(),
                          [](const Peer& p) { return kLongestRun % p.run == 0; }));

}  // namespace

std::span<const Peer> All() { return kAll; }

double Largest(std::span<const float> values) {
  float most = 0;
  for (const float v : values) most = std::max(most, std::fabs(v));
  return most;
}

void Quantize(const Peer& peer, std::span<const float> tensor, std::span<float> out) {
  peer.quantize(tensor, Largest(tensor), out);
}

}  // namespace actplane::peers
