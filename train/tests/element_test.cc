// SPDX-License-Identifier: Apache-2.0
// BF16, the OCP MX formats, NVFP4 and NF4 against their definitions: every code, in double, by
// search over all elements and scales. docs/methods.md.
#include <ATen/Parallel.h>

#include <bit>
#include <cmath>
#include <limits>

#include "peers/peers.h"
#include "test_support.h"

namespace actplane::train {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kLargestFloat = std::numeric_limits<float>::max();
const Context kAnywhere{{0, "x", Kind::kResidual}, 0, 0};

struct Trip {
  std::vector<float> values;
  Packed packed;
};

Trip TripOf(const std::string& spec, const std::vector<float>& x) {
  const auto stash = StashOf(spec);
  Trip trip;
  const at::Tensor in = at::tensor(x);
  trip.packed = stash->codec().Pack(in, kAnywhere);
  int64_t held = 0;
  for (const at::Tensor& part : trip.packed.parts) held += static_cast<int64_t>(part.nbytes());
  EXPECT_EQ(held, trip.packed.bytes.total()) << spec;
  const at::Tensor y = stash->codec().Unpack(trip.packed, in.sizes(), kAnywhere);
  trip.values.assign(y.data_ptr<float>(), y.data_ptr<float>() + y.numel());
  return trip;
}

bool SameValues(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

std::vector<float> Normal(int64_t n, uint64_t seed = 3) {
  const at::Tensor x =
      at::empty({n}, at::kFloat).normal_(0, 1, at::detail::createCPUGenerator(seed));
  return {x.data_ptr<float>(), x.data_ptr<float>() + n};
}

// The magnitudes of a small float in the order of their codes.
std::vector<double> Magnitudes(int exponents, int mantissas, int bias, int codes) {
  std::vector<double> all;
  for (int e = 0; e < 1 << exponents; ++e) {
    for (int m = 0; m < 1 << mantissas; ++m) {
      const double fraction = m / std::exp2(mantissas);
      all.push_back(e == 0 ? fraction * std::exp2(1 - bias) : (1 + fraction) * std::exp2(e - bias));
    }
  }
  all.resize(static_cast<size_t>(codes));
  return all;
}

const std::vector<double> kE4M3 = Magnitudes(4, 3, 7, 127);  // without NaN

struct Format {
  std::string spec;
  std::vector<double> elements;  // magnitudes, by code
  int top;                       // exponent of the largest
  bool up;
  int bits;
};

void PrintTo(const Format& f, std::ostream* out) { *out << f.spec; }

std::vector<Format> MxFormats() {
  std::vector<double> int8;
  for (int i = 0; i < 128; ++i) int8.push_back(i / 64.0);
  std::vector<Format> all = {{"mxint8", int8, 0, false, 8}};
  for (const bool up : {true, false}) {
    const std::string scale = up ? "scale=up" : "scale=ocp";
    all.push_back({"mxfp8:" + scale, kE4M3, 8, up, 8});
    all.push_back({"mxfp6:" + scale, Magnitudes(2, 3, 1, 32), 2, up, 6});
    all.push_back({"mxfp6:element=e3m2," + scale, Magnitudes(3, 2, 3, 32), 4, up, 6});
    all.push_back({"mxfp4:" + scale, Magnitudes(2, 1, 1, 8), 2, up, 4});
  }
  return all;
}

// The nearest of `elements` to |x|, of two the one with the even code.
double NearestOf(const std::vector<double>& elements, double x) {
  size_t best = 0;
  for (size_t i = 1; i < elements.size(); ++i) {
    const double gain = std::fabs(elements[best] - x) - std::fabs(elements[i] - x);
    if (gain > 0 || (gain == 0 && i % 2 == 0)) best = i;
  }
  return elements[best];
}

int ScaleOf(const Format& f, double most) {
  for (int s = -127; s < 127; ++s) {
    if (f.up ? most <= f.elements.back() * std::exp2(s) : most < std::exp2(s + f.top + 1)) return s;
  }
  return 127;
}

std::vector<float> MxReference(const Format& f, const std::vector<float>& x) {
  std::vector<float> y;
  for (size_t at = 0; at < x.size(); at += 32) {
    const size_t end = std::min(at + 32, x.size());
    double most = 0;
    for (size_t i = at; i < end; ++i) most = std::max(most, std::fabs(static_cast<double>(x[i])));
    const double scale = std::exp2(ScaleOf(f, most));
    for (size_t i = at; i < end; ++i) {
      const double v = NearestOf(f.elements, std::fabs(x[i]) / scale) * scale;
      const bool zero_is_one = f.spec == "mxint8" && v == 0;  // two's complement has one zero
      y.push_back(static_cast<float>(std::signbit(x[i]) && !zero_is_one ? -v : v));
    }
  }
  return y;
}

class Mx : public testing::TestWithParam<Format> {};

TEST_P(Mx, EveryCodeOfEveryScaleComesBack) {
  const Format& f = GetParam();
  const double most = f.elements.back();
  int scales = 0;
  for (int s = -127; s <= 127; ++s) {
    if (most * std::exp2(s) > kLargestFloat) continue;
    ++scales;
    std::vector<float> x;
    for (const double sign : {1.0, -1.0}) {
      for (const double v : f.elements) {
        if (x.size() % 32 == 0) x.push_back(static_cast<float>(most * std::exp2(s)));
        x.push_back(static_cast<float>(sign * v * std::exp2(s)));
        if (f.spec == "mxint8" && v == 0) x.back() = 0;
      }
    }
    const Trip trip = TripOf(f.spec, x);
    ASSERT_TRUE(SameValues(trip.values, x)) << "scale 2^" << s;
    const at::Tensor codes = trip.packed.parts[1];
    EXPECT_TRUE((codes == s + 127).all().item<bool>()) << "E8M0 of 2^" << s;
  }
  EXPECT_EQ(scales, 255 - f.top);
}

TEST_P(Mx, IsItsDefinition) {
  const Format& f = GetParam();
  std::vector<float> x = Normal(32 * 600);
  for (size_t i = 0; i < x.size(); ++i) {
    const auto block = static_cast<int>(i / 32);
    // From subnormal floats to the largest, and now and then values far below their block's.
    x[i] = std::ldexp(x[i], std::min(block - 149, 126 - 3));
    if (i % 7 == 0) x[i] = std::ldexp(x[i], -static_cast<int>(i % 31));
    if (i % 11 == 0) x[i] = -0.0F;
  }
  EXPECT_TRUE(SameValues(TripOf(f.spec, x).values, MxReference(f, x)));
  // Halfway between two neighbours, and one float off; the first of a block sets the scale 1.
  const auto most = static_cast<float>(f.elements.back());
  std::vector<float> ties;
  for (size_t i = 0; i + 1 < f.elements.size(); ++i) {
    const auto middle = static_cast<float>((f.elements[i] + f.elements[i + 1]) / 2);
    for (const float v : {middle, std::nextafter(middle, 0.0F), std::nextafter(middle, 1e9F)}) {
      if (ties.size() % 32 == 0) ties.push_back(most);
      ties.push_back(i % 3 == 0 ? -v : v);
    }
  }
  EXPECT_TRUE(SameValues(TripOf(f.spec, ties).values, MxReference(f, ties)));
}

TEST_P(Mx, TheLargestOfABlockSaturatesUnlessTheScaleIsRoundedUp) {
  const Format& f = GetParam();
  const auto most = static_cast<float>(f.elements.back());
  const float above = std::nextafter(most, kInf);  // in the same binade
  const float end = std::nextafter(std::exp2(static_cast<float>(f.top + 1)), 0.0F);
  for (const float v : {most, above, end}) {
    const float back = TripOf(f.spec, {1.0F, -v}).values[1];
    if (f.up) {
      EXPECT_LE(std::fabs(back + v), v / 16) << v;
    } else {
      EXPECT_EQ(back, -most) << v;
    }
  }
}

TEST_P(Mx, IncompleteBlocksTakeWhatTheirValuesNeed) {
  const Format& f = GetParam();
  for (const int64_t n : {1, 2, 3, 5, 31, 32, 33, 100, 4097}) {
    const std::vector<float> x = Normal(n);
    const Trip trip = TripOf(f.spec, x);
    EXPECT_TRUE(SameValues(trip.values, MxReference(f, x))) << n;
    EXPECT_EQ(trip.packed.bytes.payload, (n * f.bits + 7) / 8);
    EXPECT_EQ(trip.packed.bytes.metadata, (n + 31) / 32);
    EXPECT_EQ(trip.packed.bytes.padding, 0);
  }
}

TEST_P(Mx, WhatIsNotFiniteStaysInItsBlock) {
  const Format& f = GetParam();
  for (const float bad : {kNaN, kInf, -kInf}) {
    std::vector<float> x = Normal(96);
    x[40] = bad;
    std::vector<float> expected = MxReference(f, [&] {
      std::vector<float> finite = x;
      finite[40] = 0;
      return finite;
    }());
    const std::vector<float> y = TripOf(f.spec, x).values;
    const bool own_nan = f.spec.starts_with("mxfp8");  // the others have none: their scale has
    for (size_t i = 0; i < x.size(); ++i) {
      if (own_nan ? i == 40 : i / 32 == 1) {
        EXPECT_TRUE(std::isnan(y[i])) << f.spec << " " << i;
      } else {
        EXPECT_EQ(y[i], expected[i]) << f.spec << " " << i;
      }
    }
  }
}

TEST_P(Mx, ZerosAndTheLargestFloatsAreNoNumbersOfTheirOwn) {
  const Format& f = GetParam();
  const float zero = f.spec == "mxint8" ? 0.0F : -0.0F;
  EXPECT_TRUE(SameValues(TripOf(f.spec, {0.0F, -0.0F, 0.0F}).values, {0.0F, zero, 0.0F}));
  // As in every rounding to nearest, the largest float may become infinite, but never NaN.
  const std::vector<float> y = TripOf(f.spec, {kLargestFloat, 1.0F, -0x1p127F}).values;
  EXPECT_GE(y[0], 0x1.8p127F);
  EXPECT_EQ(y[1], 0);
  EXPECT_EQ(y[2], -0x1p127F);
}

INSTANTIATE_TEST_SUITE_P(Formats, Mx, testing::ValuesIn(MxFormats()));

TEST(MxDefaults, AreScalesUpAndE2M3) {
  const std::vector<float> x = Normal(1000);
  for (const char* name : {"mxfp8", "mxfp6", "mxfp4"}) {
    const std::string spec = name;
    EXPECT_TRUE(SameValues(TripOf(spec, x).values, TripOf(spec + ":scale=up", x).values));
    EXPECT_FALSE(SameValues(TripOf(spec, x).values, TripOf(spec + ":scale=ocp", x).values));
  }
  EXPECT_TRUE(SameValues(TripOf("mxfp6", x).values, TripOf("mxfp6:element=e2m3", x).values));
  EXPECT_FALSE(SameValues(TripOf("mxfp6", x).values, TripOf("mxfp6:element=e3m2", x).values));
}

// --- NVFP4 ---

std::vector<float> NvFp4Reference(const std::vector<float>& x) {
  const std::vector<double> elements = Magnitudes(2, 1, 1, 8);
  double largest = 0;
  for (const float v : x) largest = std::max(largest, std::fabs(static_cast<double>(v)));
  const double whole = static_cast<float>(largest / (448 * 6));
  std::vector<float> y;
  for (size_t at = 0; at < x.size(); at += 16) {
    const size_t end = std::min(at + 16, x.size());
    double most = 0;
    for (size_t i = at; i < end; ++i) most = std::max(most, std::fabs(static_cast<double>(x[i])));
    const double scale = whole == 0 ? 0 : NearestOf(kE4M3, most / 6 / whole) * whole;
    for (size_t i = at; i < end; ++i) {
      const double v = scale == 0 ? 0 : NearestOf(elements, std::fabs(x[i]) / scale) * scale;
      y.push_back(static_cast<float>(std::signbit(x[i]) && scale != 0 ? -v : v));
    }
  }
  return y;
}

TEST(NvFp4, EveryCodeOfEveryScaleComesBack) {
  // 2688 = 448 * 6 makes the scale of the tensor 1.
  for (const double whole : {1.0, 0x1p-30, 3.0}) {
    std::vector<float> x(16, 0);
    x[0] = static_cast<float>(2688 * whole);
    for (size_t code = 1; code < kE4M3.size(); ++code) {
      for (const double sign : {1.0, -1.0}) {
        for (const double v : Magnitudes(2, 1, 1, 8))
          x.push_back(static_cast<float>(sign * v * kE4M3[code] * whole));
      }
    }
    const Trip trip = TripOf("nvfp4", x);
    EXPECT_TRUE(SameValues(trip.values, x));
    for (size_t code = 1; code < kE4M3.size(); ++code)
      EXPECT_EQ(trip.packed.parts[1][static_cast<int64_t>(code)].item<int>(), code);
  }
}

TEST(NvFp4, IsItsDefinition) {
  std::vector<float> x = Normal(16 * 500 + 5);
  for (size_t i = 0; i < x.size(); ++i) {
    x[i] = std::ldexp(x[i], static_cast<int>(i / 16 % 24) - 12);
    if (i % 5 == 0) x[i] = 0;
  }
  x[77] = -3e4F;  // groups far below it have subnormal scales, or none
  EXPECT_TRUE(SameValues(TripOf("nvfp4", x).values, NvFp4Reference(x)));
  // Ties: the scale of the tensor and of the group is 1, elements halfway between two.
  std::vector<float> ties = {2688.0F};
  ties.resize(16, 0);
  for (const float v : {6.0F, 0.25F, 0.75F, 1.25F, 1.75F, 2.5F, 3.5F, 5.0F, -0.25F, -5.0F})
    ties.push_back(v);
  const std::vector<float> y = TripOf("nvfp4", ties).values;
  EXPECT_TRUE(SameValues(y, NvFp4Reference(ties)));
  EXPECT_EQ(std::vector<float>(y.begin() + 16, y.end()),
            (std::vector<float>{6, 0, 1, 1, 2, 2, 4, 4, 0, -4}));
  // A scale halfway between two of E4M3 goes to the even one, 16 of 16 and 18, and 6 saturates.
  ties[16] = 17 * 6.0F;
  EXPECT_EQ(TripOf("nvfp4", ties).values[16], 16 * 6.0F);
}

TEST(NvFp4, BytesAreHalfAByteAByteAGroupAndFourForTheTensor) {
  for (const int64_t n : {1, 15, 16, 17, 1000}) {
    const std::vector<float> x = Normal(n);
    const Trip trip = TripOf("nvfp4", x);
    EXPECT_TRUE(SameValues(trip.values, NvFp4Reference(x))) << n;
    EXPECT_EQ(trip.packed.bytes.payload, (n + 1) / 2);
    EXPECT_EQ(trip.packed.bytes.metadata, (n + 15) / 16 + 4);
    EXPECT_EQ(trip.packed.bytes.padding, 0);
  }
}

TEST(NvFp4, WhatIsNotFiniteStaysInItsGroup) {
  for (const float bad : {kNaN, kInf, -kInf}) {
    std::vector<float> x = Normal(64);
    x[20] = 0;
    const std::vector<float> expected = NvFp4Reference(x);
    x[20] = bad;
    const std::vector<float> y = TripOf("nvfp4", x).values;
    for (size_t i = 0; i < x.size(); ++i) {
      if (i / 16 == 1) {
        EXPECT_TRUE(std::isnan(y[i]));
      } else {
        EXPECT_EQ(y[i], expected[i]) << "the scale of the tensor is that of its finite values";
      }
    }
  }
  for (const float v : TripOf("nvfp4", {kInf, kNaN}).values) EXPECT_TRUE(std::isnan(v));
}

TEST(NvFp4, ZerosSubnormalsAndTheLargestFloat) {
  EXPECT_TRUE(SameValues(TripOf("nvfp4", {0.0F, -0.0F}).values, {0.0F, 0.0F}));
  for (const float v : TripOf("nvfp4", {1e-40F, -1e-44F, 0x1p-149F}).values)
    EXPECT_LE(std::fabs(v), 1.2e-40F);
  const std::vector<float> y = TripOf("nvfp4", {kLargestFloat, 1.0F, -kLargestFloat}).values;
  EXPECT_GE(y[0], 0x1.fffffp127F);
  EXPECT_EQ(y[1], 0);
}

// --- NF4 ---

// The table of QLoRA, appendix E, to the digits printed there.
const std::vector<double> kNf4 = {-1.0,
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

std::vector<float> Nf4Reference(const std::vector<float>& x) {
  std::vector<float> y;
  for (size_t at = 0; at < x.size(); at += 64) {
    const size_t end = std::min(at + 64, x.size());
    double most = 0;
    for (size_t i = at; i < end; ++i) most = std::max(most, std::fabs(static_cast<double>(x[i])));
    for (size_t i = at; i < end; ++i) {
      const double v = most == 0 ? 0 : x[i] / most;
      double best = kNf4[0];  // of two as near, the lower
      for (const double level : kNf4) {
        if (std::fabs(level - v) < std::fabs(best - v)) best = level;
      }
      y.push_back(static_cast<float>(best * most));
    }
  }
  return y;
}

TEST(Nf4, EveryLevelOfScalesOfEverySizeComesBack) {
  for (const float scale : {1.0F, 1.003F, 0x1p-120F, 0x1.fffffep127F, 1e-42F}) {
    std::vector<float> x;
    for (const double level : kNf4) x.push_back(static_cast<float>(level * scale));
    EXPECT_TRUE(SameValues(TripOf("nf4", x).values, x)) << scale;
  }
}

TEST(Nf4, IsItsDefinition) {
  for (const int64_t n : {1, 2, 63, 64, 65, 64 * 300 + 17}) {
    std::vector<float> x = Normal(n);
    for (size_t i = 0; i < x.size(); ++i)
      x[i] = i / 64 % 5 == 4 ? 0 : std::ldexp(x[i], static_cast<int>(i / 64 % 40) - 20);
    const Trip trip = TripOf("nf4", x);
    EXPECT_TRUE(SameValues(trip.values, Nf4Reference(x))) << n;
    EXPECT_EQ(trip.packed.bytes.payload, (n + 1) / 2);
    EXPECT_EQ(trip.packed.bytes.metadata, (n + 63) / 64 * 4) << "a float32 for each group";
    EXPECT_EQ(trip.packed.bytes.padding, 0);
  }
  // Halfway between 0 and the next level: the lower.
  const float middle = static_cast<float>(kNf4[8]);
  EXPECT_EQ(TripOf("nf4", {2.0F, middle, std::nextafter(middle, 1.0F)}).values,
            (std::vector<float>{2.0F, 0.0F, static_cast<float>(2 * kNf4[8])}));
}

TEST(Nf4, WhatIsNotFiniteStaysInItsGroupAndZerosAreZero) {
  for (const float bad : {kNaN, kInf, -kInf}) {
    std::vector<float> x = Normal(192);
    const std::vector<float> expected = Nf4Reference(x);
    x[100] = bad;
    const std::vector<float> y = TripOf("nf4", x).values;
    for (size_t i = 0; i < x.size(); ++i) {
      EXPECT_TRUE(i / 64 == 1 ? std::isnan(y[i]) : y[i] == expected[i]) << i;
    }
  }
  EXPECT_TRUE(SameValues(TripOf("nf4", {0.0F, -0.0F, 0.0F}).values, {0.0F, 0.0F, 0.0F}));
}

// --- BF16 ---

TEST(Bf16, EveryWordComesBack) {
  std::vector<float> x;
  for (uint32_t w = 0; w < 1U << 16; ++w) x.push_back(std::bit_cast<float>(w << 16));
  const Trip trip = TripOf("bf16", x);
  for (size_t i = 0; i < x.size(); ++i) {
    if (std::isnan(x[i])) {
      EXPECT_TRUE(std::isnan(trip.values[i])) << i;
    } else {
      EXPECT_EQ(std::bit_cast<uint32_t>(trip.values[i]), std::bit_cast<uint32_t>(x[i])) << i;
    }
  }
  EXPECT_EQ(trip.packed.bytes.payload, 2 << 16);
  EXPECT_EQ(trip.packed.bytes.total(), 2 << 16);
}

TEST(Bf16, RoundsToNearestEven) {
  std::vector<float> x;
  for (const uint32_t high : {0x0000U, 0x0001U, 0x007fU, 0x3f80U, 0x3f81U, 0x7f7fU, 0x4049U}) {
    for (const uint32_t low : {0x0000U, 0x7fffU, 0x8000U, 0x8001U, 0xffffU}) {
      for (const uint32_t sign : {0U, 0x80000000U})
        x.push_back(std::bit_cast<float>(sign | high << 16 | low));
    }
  }
  for (const float v : Normal(1000)) x.push_back(v);
  const std::vector<float> y = TripOf("bf16", x).values;
  for (size_t i = 0; i < x.size(); ++i) {
    // Eight significant bits, fewer below 2^-126, by the rounding of the C library.
    int exponent = 0;
    std::frexp(static_cast<double>(x[i]), &exponent);
    const double step = std::exp2(std::max(exponent, -125) - 8);
    const double nearest = std::nearbyint(x[i] / step) * step;
    EXPECT_EQ(y[i], static_cast<float>(nearest)) << x[i];
  }
  EXPECT_EQ(TripOf("bf16", {kLargestFloat, -kInf}).values, (std::vector<float>{kInf, -kInf}));
}

// --- all of them ---

class Elements : public testing::TestWithParam<const char*> {};

TEST_P(Elements, TakeTheirBitsAndRepeatWithAnyNumberOfThreads) {
  std::vector<float> x = Normal(200001);
  x[70000] = kNaN;
  x[150000] = -kInf;
  at::set_num_threads(1);
  const Trip one = TripOf(GetParam(), x);
  at::set_num_threads(2);
  const Trip two = TripOf(GetParam(), x);
  EXPECT_TRUE(SameValues(one.values, two.values));
  for (size_t p = 0; p < one.packed.parts.size(); ++p) {
    EXPECT_EQ(std::memcmp(one.packed.parts[p].data_ptr(), two.packed.parts[p].data_ptr(),
                          one.packed.parts[p].nbytes()),
              0);
  }
}

TEST_P(Elements, KeepAKindExactOrInAnotherFormat) {
  const std::string name = GetParam();
  const std::string joint = name.find(':') == std::string::npos ? ":" : ",";
  const auto stash = StashOf(name + joint + "format.residual=exact,format.key=bf16");
  const at::Tensor x = at::tensor(Normal(4096));
  const auto bytes = [&](Kind kind) {
    return stash->codec().Pack(x, {{0, "x", kind}, 0, 0}).bytes.total();
  };
  EXPECT_EQ(bytes(Kind::kResidual), 4096 * 4);
  EXPECT_EQ(bytes(Kind::kKey), 4096 * 2);
  const Trip alone = TripOf(name, Normal(4096));
  EXPECT_EQ(bytes(Kind::kGeluInput), alone.packed.bytes.total());
  EXPECT_TRUE(stash->codec().IsExact(Kind::kResidual));
  EXPECT_FALSE(stash->codec().IsExact(Kind::kKey));
  const Context context{{0, "x", Kind::kResidual}, 0, 0};
  EXPECT_TRUE(
      stash->codec().Unpack(stash->codec().Pack(x, context), x.sizes(), context).is_same(x));
}

INSTANTIATE_TEST_SUITE_P(Methods, Elements,
                         testing::Values("bf16", "mxint8", "mxfp8", "mxfp8:scale=ocp", "mxfp6",
                                         "mxfp6:element=e3m2", "mxfp4", "nvfp4", "nf4"));

// The benchmark compares with the same numbers as training.
TEST(Elements, AreThePeersOfTheBenchmark) {
  std::vector<float> x = Normal(10000);
  for (size_t i = 0; i < x.size(); ++i) x[i] = std::ldexp(x[i], static_cast<int>(i / 64 % 20) - 10);
  const std::pair<const char*, const char*> pairs[] = {{"mxint8", "mxint8"},
                                                       {"mxfp8", "mxfp8"},
                                                       {"mxfp6", "mxfp6:scale=ocp"},
                                                       {"mxfp4", "mxfp4:scale=ocp"},
                                                       {"nvfp4", "nvfp4"}};
  for (const auto& [peer, spec] : pairs) {
    const Trip trip = TripOf(spec, x);
    for (const peers::Peer& p : peers::All()) {
      if (p.name != peer) continue;
      std::vector<float> y(x.size());
      peers::Quantize(p, x, y);
      EXPECT_TRUE(SameValues(trip.values, y)) << spec;
      EXPECT_EQ(trip.packed.bytes.total() * 8, p.Bits(x.size())) << spec;
    }
  }
}

TEST(Elements, SayWhatTheyDoNotTake) {
  const std::pair<const char*, const char*> cases[] = {
      {"mxfp8:scale=down", "scale is 'down'; choose one of up, ocp"},
      {"mxint8:scale=up", "has no option scale"},
      {"nvfp4:group=32", "has no option group"},
      {"nf4:scale=ocp", "has no option scale"},
      {"mxfp8:element=e2m3", "has no option element"},
      {"mxfp6:element=e4m3", "element is 'e4m3'; choose one of e2m3, e3m2"},
      {"mxfp6:element=e3m2,format=bf16", "has no option format; it has format.residual"},
      {"bf16:format.value=fp16", "format.value is 'fp16'; choose one of exact, bf16"},
      {"bf16:format.values=exact", "has no option format.values"},
      {"mxfp4+nf4", "same part of the work"},
      {"tempo+bf16", "cannot be inverted"}};
  for (const auto& [spec, complaint] : cases) {
    const std::string said = ComplaintOf(spec);
    EXPECT_NE(said.find(complaint), std::string::npos) << said;
    EXPECT_EQ(said.find('\n'), std::string::npos);
  }
  StashOf("bf16:format.key=mxfp6,element=e3m2,scale=ocp");  // where a kind needs them
}

}  // namespace
}  // namespace actplane::train
