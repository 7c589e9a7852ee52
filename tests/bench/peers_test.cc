// SPDX-License-Identifier: Apache-2.0
// The quantizers of other people, against values computed by hand.
#include "peers.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <string_view>
#include <vector>

namespace actplane::bench {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::FloatEq;

std::vector<float> Quantize(std::string_view name, const std::vector<float>& values) {
  const auto peers = Peers();
  const auto peer =
      std::find_if(peers.begin(), peers.end(), [&](const Peer& p) { return p.name == name; });
  EXPECT_NE(peer, peers.end()) << name;
  std::vector<float> out(values.size());
  peer->quantize(values, out);
  return out;
}

TEST(Peers, MxInt8HasStepsOfOne64thOfTheLargestPowerOfTwo) {
  EXPECT_THAT(Quantize("mxint8", {1.0F, 0.5F, -0.3F, 1.999F, 2.5F / 64}),
              ElementsAre(1.0F, 0.5F, -19.0F / 64, 127.0F / 64, 2.0F / 64));
  EXPECT_THAT(Quantize("mxint8", {-1.999F * 4}), ElementsAre(-127.0F / 16));
}

TEST(Peers, MxFp8NeverSaturates) {
  EXPECT_THAT(Quantize("mxfp8", {896.0F, 1.0F, 0.3F}), ElementsAre(896.0F, 1.0F, 0.3125F));
  // 900 / 448 is above 2: the scale is 4, and 225 lies between 224 and 240.
  EXPECT_THAT(Quantize("mxfp8", {900.0F, -3.0F}), ElementsAre(896.0F, -3.0F));
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

TEST(Peers, IntegersCoverTheRange) {
  EXPECT_THAT(Quantize("int8", {0.0F, 255.0F, 7.4F, 7.5F}), ElementsAre(0.0F, 255.0F, 7.0F, 8.0F));
  EXPECT_THAT(Quantize("int4", {-5.0F, 10.0F, 0.2F}), ElementsAre(-5.0F, 10.0F, 0.0F));
  // 2/3 rounds up to 171/256 in BF16.
  EXPECT_THAT(Quantize("int2", {-1.0F, 1.0F, 0.0F}),
              ElementsAre(-1.0F, -1.0F + 3 * 171.0F / 256, -1.0F + 171.0F / 256));
  EXPECT_THAT(Quantize("int4", {3.0F, 3.0F}), ElementsAre(3.0F, 3.0F));
}

TEST(Peers, BitsCountTheScales) {
  std::map<std::string_view, double> bits;
  for (const Peer& p : Peers()) bits[p.name] = p.bits;
  EXPECT_EQ(bits["mxfp6"], 6 + 8.0 / 32);
  EXPECT_EQ(bits["nvfp4"], 4 + 8.0 / 16);
  EXPECT_EQ(bits["nf4"], 4 + 16.0 / 64);
  EXPECT_EQ(bits["int2"], 2 + 32.0 / 128);
}

}  // namespace
}  // namespace actplane::bench
