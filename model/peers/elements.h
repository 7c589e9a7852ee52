// SPDX-License-Identifier: Apache-2.0
// The numbers that quantizers in use elsewhere are made of: small floats as codes, powers of two as
// scales, the levels of NF4. Every one rounds to nearest, ties to even.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

namespace actplane::peers {

// 2^e; exact in double for every exponent here.
constexpr double Power(int e) {
  return std::bit_cast<double>(static_cast<uint64_t>(e + 1023) << 52);
}

// floor(log2 |x|), far below every other exponent for 0.
constexpr int Exponent(double x) {
  return static_cast<int>(std::bit_cast<uint64_t>(x) >> 52 & 0x7ff) - 1023;
}

// A small floating-point number: sign, exponent, `mantissa` bits; normal from 2^`lowest`;
// saturating at the code `top`.
struct SmallFloat {
  int bits;
  int mantissa;
  int lowest;
  unsigned top;
};
inline constexpr SmallFloat kE4M3 = {8, 3, -6, 0x7e};  // 448; 0x7f is NaN
inline constexpr SmallFloat kE3M2 = {6, 2, -2, 0x1f};  // 28
inline constexpr SmallFloat kE2M3 = {6, 3, 0, 0x1f};   // 7.5
inline constexpr SmallFloat kE2M1 = {4, 1, 0, 0x7};    // 6

// The magnitude that a code without its sign stands for.
constexpr double ValueOf(unsigned code, const SmallFloat& f) {
  const int exponent = static_cast<int>(code >> f.mantissa);
  const int mantissa = static_cast<int>(code) - (exponent << f.mantissa);
  if (exponent == 0) return mantissa * Power(f.lowest - f.mantissa);
  return (mantissa + (1 << f.mantissa)) * Power(f.lowest - 1 + exponent - f.mantissa);
}

constexpr double Most(const SmallFloat& f) { return ValueOf(f.top, f); }

// The code of the element that is nearest to |x|. What is not finite has no code: it gets any.
inline unsigned CodeOf(double x, const SmallFloat& f) {
  const double a = std::fabs(x);
  // The exponent that rounding goes by, still in its place: that of the subnormals at least.
  const uint64_t place = std::bit_cast<uint64_t>(std::max(a, Power(f.lowest))) & 0x7ff0000000000000;
  // The sum has no bit below a step of the element, and counts the steps in its last bits.
  const double magic = std::bit_cast<double>(place) * (1.5 * Power(52 - f.mantissa));
  const auto steps = static_cast<int64_t>(std::bit_cast<uint64_t>(a + magic) & 0xff);
  const auto binade = static_cast<int64_t>(place >> 52) - (f.lowest + 1023);
  return static_cast<unsigned>(
      std::min(steps + (binade << f.mantissa), static_cast<int64_t>(f.top)));
}

inline double Nearest(double x, const SmallFloat& f) {
  return std::copysign(ValueOf(CodeOf(x, f), f), x);
}

// The element of MXINT8: steps of 1/64, symmetric. In two's complement.
inline constexpr double kInt8Most = 127.0 / 64;
inline uint8_t Int8CodeOf(double x) {
  const double sum = std::clamp(x, -kInt8Most, kInt8Most) * 64 + 1.5 * Power(52);
  return static_cast<uint8_t>(std::bit_cast<uint64_t>(sum));
}
constexpr double Int8ValueOf(uint8_t code) { return static_cast<int8_t>(code) / 64.0; }

// The scales of OCP MX are powers of two, 2^-127 .. 2^127. Of a run with the largest magnitude
// `most`, and elements up to `top`: the exponent of the scale.
constexpr int MxScale(int exponent) { return std::clamp(exponent, -127, 127); }

// OCP MX 1.0: the largest value lies in the top binade of the element, and may saturate there.
constexpr int MxScaleDown(double most, double top) {
  return MxScale(Exponent(most) - Exponent(top));
}

// The least with which nothing saturates.
constexpr int MxScaleUp(double most, double top) {
  const int down = Exponent(most) - Exponent(top);
  return MxScale(most > top * Power(MxScale(down)) ? down + 1 : down);
}

// NVFP4: the scale of the tensor, and the code of that of a run (E4M3, in units of the former).
inline float NvFp4Whole(double largest) {
  return static_cast<float>(largest / (Most(kE4M3) * Most(kE2M1)));
}
inline unsigned NvFp4ScaleCode(double most, double whole) {
  return whole == 0 ? 0 : CodeOf(most / Most(kE2M1) / whole, kE4M3);
}

// QLoRA's sixteen levels, for values between -1 and 1.
inline constexpr std::array kNf4 = {-1.0,
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

// The nearest; of two as near, the lower.
inline unsigned Nf4CodeOf(double x) {
  unsigned level = 0;
  for (size_t k = 1; k < kNf4.size(); ++k) level += x > (kNf4[k - 1] + kNf4[k]) / 2 ? 1U : 0U;
  return level;
}

}  // namespace actplane::peers
