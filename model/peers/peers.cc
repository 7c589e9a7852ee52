// SPDX-License-Identifier: Apache-2.0
#include "peers/peers.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

namespace actplane::peers {
namespace {

// 2^e; exact in double for every exponent here.
double Power(int e) { return std::bit_cast<double>(static_cast<uint64_t>(e + 1023) << 52); }

// floor(log2 |x|), far below every other exponent for 0.
int Exponent(double x) { return static_cast<int>(std::bit_cast<uint64_t>(x) >> 52 & 0x7ff) - 1023; }

// The multiple of 2^step that is nearest to x, ties to even: the sum has no bit below it.
double Round(double x, int step) {
  const double magic = 1.5 * Power(step + 52);
  return std::copysign((x + magic) - magic, x);
}

// A small floating-point number: `mantissa` bits, normal from 2^`lowest`, saturating at `most`.
struct SmallFloat {
  int mantissa;
  int lowest;
  double most;
};
constexpr SmallFloat kE4M3 = {3, -6, 448};
constexpr SmallFloat kE2M3 = {3, 0, 7.5};
constexpr SmallFloat kE2M1 = {1, 0, 6};

double Nearest(double x, const SmallFloat& f) {
  const double y = Round(x, std::max(Exponent(x), f.lowest) - f.mantissa);
  return std::clamp(y, -f.most, f.most);
}

template <typename Step>
void EachRun(std::span<const float> values, std::span<float> out, size_t run, const Step& step) {
  for (size_t at = 0; at < values.size(); at += run) {
    const size_t n = std::min(run, values.size() - at);
    step(values.subspan(at, n), out.subspan(at, n));
  }
}

// The scales of OCP MX are powers of two, 2^-127 .. 2^127.
int MxScale(int exponent) { return std::clamp(exponent, -127, 127); }

// `scale_of` the largest value of a run is an exponent.
template <typename ScaleOf, typename Element>
void Mx(std::span<const float> values, std::span<float> out, const ScaleOf& scale_of,
        const Element& element) {
  EachRun(values, out, 32, [&](std::span<const float> in, std::span<float> back) {
    const double most = Largest(in);
    const int scale = most == 0 ? 0 : MxScale(scale_of(most));
    const double down = Power(-scale);
    const double up = Power(scale);
    for (size_t i = 0; i < in.size(); ++i) back[i] = static_cast<float>(element(in[i] * down) * up);
  });
}

// OCP MX 1.0: the scale puts the largest value into the top binade of the element.
template <int kTop>
int TopBinade(double most) {
  return Exponent(most) - kTop;
}

void MxInt8(std::span<const float> values, double /*largest*/, std::span<float> out) {
  Mx(values, out, TopBinade<0>,
     [](double x) { return std::clamp(Round(x, -6), -127.0 / 64, 127.0 / 64) + 0.0; });  // no -0
}

void MxFp6(std::span<const float> values, double /*largest*/, std::span<float> out) {
  Mx(values, out, TopBinade<2>, [](double x) { return Nearest(x, kE2M3); });
}

void MxFp4(std::span<const float> values, double /*largest*/, std::span<float> out) {
  Mx(values, out, TopBinade<2>, [](double x) { return Nearest(x, kE2M1); });
}

// The scale is the least power of two with which no value saturates.
void MxFp8(std::span<const float> values, double /*largest*/, std::span<float> out) {
  const auto scale_of = [](double most) {
    int scale = 0;
    const double mantissa = std::frexp(most / kE4M3.most, &scale);
    return mantissa == 0.5 ? scale - 1 : scale;  // a power of two is its own scale
  };
  Mx(values, out, scale_of, [](double x) { return Nearest(x, kE4M3); });
}

// Two levels: one FP32 scale for the tensor, an E4M3 scale for every 16 values.
void NvFp4(std::span<const float> values, double largest, std::span<float> out) {
  const auto whole = static_cast<double>(static_cast<float>(largest / (kE4M3.most * kE2M1.most)));
  EachRun(values, out, 16, [&](std::span<const float> in, std::span<float> back) {
    const double scale = whole == 0 ? 0 : Nearest(Largest(in) / kE2M1.most / whole, kE4M3) * whole;
    for (size_t i = 0; i < in.size(); ++i) {
      back[i] = scale == 0 ? 0 : static_cast<float>(Nearest(in[i] / scale, kE2M1) * scale);
    }
  });
}

// QLoRA's sixteen levels; the scale of 64 values is their largest magnitude in BF16.
constexpr std::array kNf4 = {-1.0,
                             -0.6961928009986877,
                             -0.5250730514526367,
                             -0.39491748809814453,
                             -0.28444138169288635,
                             -0.18477343022823334,
                             -0.09105003625154495,
                             0.0,
                             0.07958029955625534,
                             0.16093020141124725,
                             0.24611230194568634,
                             0.33791524171829224,
                             0.44070982933044434,
                             0.5626170039176941,
                             0.7229568362236023,
                             1.0};

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

void Nf4(std::span<const float> values, double /*largest*/, std::span<float> out) {
  EachRun(values, out, 64, [](std::span<const float> in, std::span<float> back) {
    const double scale = Bf16Nearest(Largest(in));
    for (size_t i = 0; i < in.size(); ++i) {
      const double x = scale == 0 ? 0 : in[i] / scale;
      size_t level = 0;
      for (size_t k = 1; k < kNf4.size(); ++k) level += x > (kNf4[k - 1] + kNf4[k]) / 2 ? 1U : 0U;
      back[i] = static_cast<float>(kNf4[level] * scale);
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
    Peer{"mxfp6", "OCP MXFP6 E2M3", 6, 8, 0, 32, MxFp6},
    Peer{"nvfp4", "NVFP4, E4M3 scales of 16, FP32 scale of the tensor", 4, 8, 32, 16, NvFp4},
    Peer{"mxfp4", "OCP MXFP4 E2M1", 4, 8, 0, 32, MxFp4},
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
