// SPDX-License-Identifier: Apache-2.0
// The quantizers of other people, against values computed by hand.
#include "peers/peers.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string_view>
#include <vector>

namespace actplane::peers {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::FloatEq;

const Peer& Named(std::string_view name) {
  const auto peer =
      std::find_if(All().begin(), All().end(), [&](const Peer& p) { return p.name == name; });
  EXPECT_NE(peer, All().end()) << name;
  return *peer;
}

std::vector<float> Quantize(std::string_view name, const std::vector<float>& values) {
  std::vector<float> out(values.size());
  Quantize(Named(name), values, out);
  return out;
}

TEST(Peers, MxInt8HasStepsOfOne64thOfTheLargestPowerOfTwo) {
  EXPECT_THAT(Quantize("mxint8", {1.0F, 0.5F, -0.3F, 1.999F, 2.5F / 64}),
              ElementsAre(1.0F, 0.5F, -19.0F / 64, 127.0F / 64, 2.0F / 64));
  EXPECT_THAT(Quantize("mxint8", {-1.999F * 4}), ElementsAre(-127.0F / 16));
}

TEST(Peers, MxFp8NeverSaturates) {
  EXPECT_THAT(Quantize("mxfp8", {896.0F, 1.0F, 0.3F}), ElementsAre(896.0F, 1.0F, 0.3125F));
  // 960 / 448 is above 2, so that the scale is 4; with the scale 2 of OCP MX 1.0, that of the top
  // binade, 480 would saturate at 448.
  EXPECT_THAT(Quantize("mxfp8", {960.0F, -3.0F}), ElementsAre(960.0F, -3.0F));
  EXPECT_THAT(Quantize("mxfp8", {897.0F, 28.0F, 30.0F}), ElementsAre(896.0F, 28.0F, 30.0F));
  // The error of the largest value is at most half a step, wherever it lies in its binade.
  for (float largest = 1.0F; largest < 4; largest += 1.0F / 64) {
    const float back = Quantize("mxfp8", {largest})[0];
    EXPECT_LE(std::fabs(back - largest), largest / 16) << largest;
  }
  // Below 2^-6 the step is 2^-9.
  EXPECT_THAT(Quantize("mxfp8", {448.0F, 2.4F / 512, 2.5F / 512}),
              ElementsAre(448.0F, 2.0F / 512, 2.0F / 512));
}

TEST(Peers, MxFp6AndMxFp4SaturateAtTheTop) {
  EXPECT_THAT(Quantize("mxfp6", {7.9F, 0.3F, -5.2F}), ElementsAre(7.5F, 0.25F, -5.0F));
  EXPECT_THAT(Quantize("mxfp4", {7.0F, 5.0F, 2.6F, 0.75F, 0.25F, -0.3F}),
              ElementsAre(6.0F, 4.0F, 3.0F, 1.0F, 0.0F, -0.5F));
  EXPECT_THAT(Quantize("mxfp4", {3.5F}), ElementsAre(3.0F));  // scale 1/2: 7 saturates at 6
}

TEST(Peers, ScalesAreThoseOfTheRun) {
  std::vector<float> values(64, 1.0F / 64);
  values[0] = 1.0F;  // the first 32 have steps of 1/4 at least
  const auto y = Quantize("mxfp4", values);
  EXPECT_EQ(y[1], 0.0F);
  EXPECT_EQ(y[32], 1.0F / 64);
}

TEST(Peers, NvFp4HasTwoLevelsOfScales) {
  std::vector<float> values(32, 0.0F);
  values[0] = 2688.0F;  // 448 * 6: the scale of the tensor is 1
  values[16] = 6.3F;    // 1.05 becomes 1 in E4M3, and 6.3 saturates
  values[17] = -1.4F;
  auto expected = values;
  expected[16] = 6.0F;
  expected[17] = -1.5F;
  EXPECT_THAT(Quantize("nvfp4", values), ElementsAreArray(expected));
  EXPECT_THAT(Quantize("nvfp4", {0.0F, 0.0F}), ElementsAre(0.0F, 0.0F));
}

TEST(Peers, Nf4TakesTheNearestLevel) {
  EXPECT_THAT(Quantize("nf4", {2.0F, -2.0F, 0.0F, 0.5F, -0.1F}),
              ElementsAre(2.0F, -2.0F, 0.0F, FloatEq(2 * 0.24611230F), FloatEq(2 * -0.09105004F)));
  // The scale is BF16: 1.003 becomes 1.
  EXPECT_THAT(Quantize("nf4", {1.003F}), ElementsAre(1.0F));
}

TEST(Peers, Nf4HasNoNearerLevel) {
  constexpr float kLevels[] = {-1.0F,       -0.6961928F,  -0.52507305F, -0.3949175F,
                               -0.2844414F, -0.18477343F, -0.09105004F, 0.0F,
                               0.0795803F,  0.1609302F,   0.2461123F,   0.33791524F,
                               0.44070983F, 0.562617F,    0.72295684F,  1.0F};
  std::vector<float> values(64, 1.0F);
  for (int i = -1000; i <= 1000; ++i) {
    values[1] = static_cast<float>(i) / 1000;
    const float y = Quantize("nf4", values)[1];
    for (const float level : kLevels)
      EXPECT_LE(std::fabs(y - values[1]), std::fabs(level - values[1]) + 1e-6F) << values[1];
  }
}

TEST(Peers, IntegersCoverTheRange) {
  EXPECT_THAT(Quantize("int8", {0.0F, 255.0F, 7.4F, 7.5F}), ElementsAre(0.0F, 255.0F, 7.0F, 8.0F));
  EXPECT_THAT(Quantize("int4", {-5.0F, 10.0F, 0.2F}), ElementsAre(-5.0F, 10.0F, 0.0F));
  // 2/3 rounds up to 171/256 in BF16.
  EXPECT_THAT(Quantize("int2", {-1.0F, 1.0F, 0.0F}),
              ElementsAre(-1.0F, -1.0F + 3 * 171.0F / 256, -1.0F + 171.0F / 256));
  EXPECT_THAT(Quantize("int4", {3.0F, 3.0F}), ElementsAre(3.0F, 3.0F));
}

TEST(Peers, APieceAtATimeIsTheWholeTensor) {
  std::vector<float> values(3 * kLongestRun + 5);
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = std::ldexp(static_cast<float>(i * 37 % 101) - 50, static_cast<int>(i / 60) - 3);
  for (const Peer& p : All()) {
    std::vector<float> whole(values.size());
    Quantize(p, values, whole);
    std::vector<float> pieces(values.size());
    for (size_t at = 0; at < values.size(); at += kLongestRun) {
      const size_t n = std::min<size_t>(kLongestRun, values.size() - at);
      p.quantize(std::span(values).subspan(at, n), Largest(values),
                 std::span(pieces).subspan(at, n));
    }
    EXPECT_EQ(whole, pieces) << p.name;
  }
}

TEST(Peers, ExtremesStayFiniteWhereTheFormatHoldsThem) {
  const float most = std::numeric_limits<float>::max();
  const float least = std::numeric_limits<float>::denorm_min();
  for (const Peer& p : All()) {
    for (const std::vector<float>& values :
         {std::vector{least, -least}, std::vector{0.0F, -0.0F}, std::vector{1.0F, least, -1.0F}}) {
      for (const float y : Quantize(p.name, values)) EXPECT_LE(std::fabs(y), 1.1F) << p.name;
    }
    for (const float y : Quantize(p.name, {0x1p127F, 0.0F, 1.0F, -0x1p127F}))
      EXPECT_TRUE(std::isfinite(y)) << p.name << " " << y;
    // Beyond the largest value of BF16, and nearest to 2^128 in some of them.
    for (const float y : Quantize(p.name, {most, 0.0F, 1.0F, -most}))
      EXPECT_FALSE(std::isnan(y)) << p.name;
  }
}

TEST(Peers, ElementsThatHaveASignHaveTwoZeros) {
  for (const std::string_view name : {"mxfp8", "mxfp6", "mxfp4", "nvfp4"})
    EXPECT_TRUE(std::signbit(Quantize(name, {1.0F, -0.0F})[1])) << name;
  for (const std::string_view name : {"mxint8", "nf4", "int8", "int4", "int2"})
    EXPECT_FALSE(std::signbit(Quantize(name, {1.0F, -0.0F})[1])) << name;
}

TEST(Peers, BitsCountTheScales) {
  std::map<std::string_view, double> bits;
  for (const Peer& p : All()) bits[p.name] = p.BitsPerValue();
  EXPECT_EQ(bits["mxint8"], 8 + 8.0 / 32);
  EXPECT_EQ(bits["mxfp6"], 6 + 8.0 / 32);
  EXPECT_EQ(bits["nvfp4"], 4 + 8.0 / 16);
  EXPECT_EQ(bits["nf4"], 4 + 16.0 / 64);
  EXPECT_EQ(bits["int2"], 2 + 32.0 / 128);
  EXPECT_EQ(Named("mxfp6").Bits(32), 6U * 32 + 8);
  EXPECT_EQ(Named("mxfp6").Bits(33), 6U * 33 + 2 * 8);  // a run of one value has a scale too
  EXPECT_EQ(Named("nvfp4").Bits(64), 4U * 64 + 4 * 8 + 32);
  EXPECT_EQ(Named("int2").Bits(0), 0U);
}

}  // namespace
}  // namespace actplane::peers
