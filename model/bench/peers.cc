// SPDX-License-Identifier: Apache-2.0
#include "peers.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

namespace actplane::bench {
namespace {

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
  if (x == 0) return 0;
  const int step = std::max(std::ilogb(x), f.lowest) - f.mantissa;
  const double y = std::ldexp(std::nearbyint(std::ldexp(x, -step)), step);
  return std::clamp(y, -f.most, f.most);
}

double Largest(std::span<const float> values) {
  double most = 0;
  for (const float v : values) most = std::max(most, std::fabs(static_cast<double>(v)));
  return most;
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

// OCP MX 1.0: the scale puts the largest value into the top binade of the element.
template <typename Round>
void Mx(std::span<const float> values, std::span<float> out, int top, const Round& round) {
  EachRun(values, out, 32, [&](std::span<const float> in, std::span<float> back) {
    const double most = Largest(in);
    const int scale = most == 0 ? 0 : MxScale(std::ilogb(most) - top);
    for (size_t i = 0; i < in.size(); ++i) {
      back[i] = static_cast<float>(std::ldexp(round(std::ldexp(in[i], -scale)), scale));
    }
  });
}

void MxInt8(std::span<const float> values, std::span<float> out) {
  Mx(values, out, 0,
     [](double x) { return std::clamp(std::nearbyint(x * 64), -127.0, 127.0) / 64; });
}

void MxFp6(std::span<const float> values, std::span<float> out) {
  Mx(values, out, 2, [](double x) { return Nearest(x, kE2M3); });
}

void MxFp4(std::span<const float> values, std::span<float> out) {
  Mx(values, out, 2, [](double x) { return Nearest(x, kE2M1); });
}

// The scale is rounded up, so that no value saturates.
void MxFp8(std::span<const float> values, std::span<float> out) {
  EachRun(values, out, 32, [](std::span<const float> in, std::span<float> back) {
    int scale = 0;
    const double quotient = Largest(in) / kE4M3.most;
    if (quotient > 0) {
      const double mantissa = std::frexp(quotient, &scale);
      if (mantissa == 0.5) --scale;  // a power of two is its own scale
      scale = MxScale(scale);
    }
    for (size_t i = 0; i < in.size(); ++i) {
      back[i] = static_cast<float>(std::ldexp(Nearest(std::ldexp(in[i], -scale), kE4M3), scale));
    }
  });
}

// Two levels: one FP32 scale for the tensor, an E4M3 scale for every 16 values.
void NvFp4(std::span<const float> values, std::span<float> out) {
  const auto whole =
      static_cast<double>(static_cast<float>(Largest(values) / (kE4M3.most * kE2M1.most)));
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

// BF16 that is not below (above) x.
double Bf16Up(double x) {
  auto bits = std::bit_cast<uint32_t>(static_cast<float>(x));
  auto y = static_cast<double>(std::bit_cast<float>(bits & 0xffff0000));
  if (y < x) {
    bits = x > 0 ? (bits & 0xffff0000) + 0x10000 : (bits - 0x10000) & 0xffff0000;
    y = static_cast<double>(std::bit_cast<float>(bits));
  }
  return y;
}
double Bf16Down(double x) { return -Bf16Up(-x); }

double Bf16Nearest(double x) {
  const auto bits = std::bit_cast<uint32_t>(static_cast<float>(x));
  return static_cast<double>(std::bit_cast<float>((bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000));
}

void Nf4(std::span<const float> values, std::span<float> out) {
  EachRun(values, out, 64, [](std::span<const float> in, std::span<float> back) {
    const double scale = Bf16Nearest(Largest(in));
    for (size_t i = 0; i < in.size(); ++i) {
      double best = 0;
      const double x = scale == 0 ? 0 : in[i] / scale;
      for (const double level : kNf4) {
        if (std::fabs(x - level) < std::fabs(x - best)) best = level;
      }
      back[i] = static_cast<float>(best * scale);
    }
  });
}

// Groups of 128: least value and step in BF16, both rounded so that the range is covered.
template <int kBits>
void MinMax(std::span<const float> values, std::span<float> out) {
  static constexpr double kTop = (1 << kBits) - 1;
  EachRun(values, out, 128, [](std::span<const float> in, std::span<float> back) {
    const auto [low, high] = std::minmax_element(in.begin(), in.end());
    const double least = Bf16Down(*low);
    const double step = Bf16Up((*high - least) / kTop);
    for (size_t i = 0; i < in.size(); ++i) {
      const double k =
          step == 0 ? 0 : std::clamp(std::nearbyint((in[i] - least) / step), 0.0, kTop);
      back[i] = static_cast<float>(least + k * step);
    }
  });
}

constexpr std::array kPeers = {
    Peer{"mxint8", "OCP MXINT8", 8.25, 32, MxInt8},
    Peer{"mxfp8", "OCP MXFP8 E4M3, scale rounded up", 8.25, 32, MxFp8},
    Peer{"mxfp6", "OCP MXFP6 E2M3", 6.25, 32, MxFp6},
    Peer{"mxfp4", "OCP MXFP4 E2M1", 4.25, 32, MxFp4},
    Peer{"nvfp4", "NVFP4, E4M3 scales of 16, FP32 scale of the tensor", 4.5, 16, NvFp4},
    Peer{"nf4", "NF4, BF16 scales of 64", 4.25, 64, Nf4},
    Peer{"int8", "INT8 min/max, groups of 128", 8.25, 128, MinMax<8>},
    Peer{"int4", "INT4 min/max, groups of 128", 4.25, 128, MinMax<4>},
    Peer{"int2", "INT2 min/max, groups of 128", 2.25, 128, MinMax<2>},
};

}  // namespace

std::span<const Peer> Peers() { return kPeers; }

}  // namespace actplane::bench
