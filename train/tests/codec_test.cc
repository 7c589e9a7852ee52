// SPDX-License-Identifier: Apache-2.0
// What each method gives back, and that its bytes are those it says.
#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "actplane/fast.h"
#include "test_support.h"
#include "train/stash/split.h"

namespace actplane::train {
namespace {

const Context kContext{{0, "x", Kind::kResidual}, 0, 0};

at::Tensor RoundTrip(const std::string& spec, const at::Tensor& x, Bytes* bytes = nullptr) {
  const auto stash = StashOf(spec);
  const Packed packed = stash->codec().Pack(x, kContext);
  int64_t held = 0;
  for (const at::Tensor& part : packed.parts) held += static_cast<int64_t>(part.nbytes());
  EXPECT_EQ(held, packed.bytes.total()) << spec;
  if (bytes != nullptr) *bytes = packed.bytes;
  return stash->codec().Unpack(packed, x.sizes(), kContext);
}

class EveryMethod : public testing::TestWithParam<const char*> {};

TEST_P(EveryMethod, GivesShapeAndRoughlyTheValuesBack) {
  for (const std::vector<int64_t>& shape :
       {std::vector<int64_t>{1}, {7}, {3, 129}, {2, 70, 33}, {4, 64, 64}}) {
    const at::Tensor x = Random(shape);
    const at::Tensor y = RoundTrip(GetParam(), x);
    ASSERT_EQ(y.sizes(), x.sizes());
    EXPECT_LT(RelativeError(y, x), 0.05) << x.sizes();
  }
}

TEST_P(EveryMethod, KeepsZerosAndConstants) {
  const at::Tensor zeros = at::zeros({40, 40}, at::kFloat);
  EXPECT_TRUE(at::equal(RoundTrip(GetParam(), zeros), zeros));
  const at::Tensor constant = at::full({40, 40}, 0.375F);
  EXPECT_LT(RelativeError(RoundTrip(GetParam(), constant), constant), 1e-3);
}

TEST_P(EveryMethod, OneOutlierDoesNotReachOtherBlocks) {
  at::Tensor x = Random({64, 512});
  x.data_ptr<float>()[31 * 512 + 5] = 1e6F;
  const at::Tensor y = RoundTrip(GetParam(), x);
  EXPECT_NEAR(y[31][5].item<double>(), 1e6, 1e5);
  EXPECT_LT(RelativeError(y.narrow(0, 32, 32), x.narrow(0, 32, 32)), 0.05);
}

TEST_P(EveryMethod, SubnormalsComeBackSmall) {
  const at::Tensor y = RoundTrip(GetParam(), Random({256}) * 1e-40);
  EXPECT_LT(y.abs().max().item<double>(), 1e-38);
}

TEST_P(EveryMethod, ManyThreadsGiveTheSameBits) {
  const at::Tensor x = Random({129, 1030});
  at::set_num_threads(1);
  const at::Tensor one = RoundTrip(GetParam(), x).clone();
  at::set_num_threads(2);
  EXPECT_TRUE(SameBits(RoundTrip(GetParam(), x), one));
}

INSTANTIATE_TEST_SUITE_P(Methods, EveryMethod,
                         testing::Values("exact", "actplane", "actplane:order=significance",
                                         "actplane:format=bf16", "bf16", "mxint8", "mxfp8",
                                         "mxfp8:scale=ocp", "mxfp6", "zfp", "zfp:dims=1",
                                         "group:bits=8", "group:bits=8,group=64",
                                         "group:bits=8,rounding=nearest", "alam:bits=8",
                                         "gact:bits=8"));

TEST(ExactCodec, IsTheTensorItself) {
  const at::Tensor x = Random({5, 5});
  EXPECT_TRUE(RoundTrip("exact", x).is_same(x));
}

TEST(ActplaneCodec, IsTheGoldenModel) {
  const at::Tensor x = Random({3, 1000});
  const std::pair<const char*, Config> cases[] = {
      {"actplane:ratio=4,fill=zero", {.slot_bytes = 128, .fill = Fill::kZero}},
      {"actplane:ratio=4,order=significance", {.slot_bytes = 128, .order = Order::kSignificance}},
      {"actplane:ratio=4,order=significance,group=8,rows=10,format=bf16",
       {.format = Format::kBf16,
        .slot_bytes = 128,
        .order = Order::kSignificance,
        .group_len = 8,
        .row_limit = 10}}};
  for (const auto& [spec, config] : cases) {
    Bytes bytes;
    const at::Tensor y = RoundTrip(spec, x, &bytes);
    const at::ScalarType type = config.format == Format::kBf16 ? at::kBFloat16 : at::kFloat;
    const at::Tensor in = x.to(type), out = y.to(type);
    EXPECT_TRUE(SameBits(out.to(at::kFloat), y));
    const std::span values(static_cast<const std::byte*>(in.data_ptr()), in.nbytes());
    const auto packed = Compress(values, config);
    const auto back = Decompress(*packed);
    EXPECT_EQ(std::memcmp(back->values.data(), out.data_ptr(), out.nbytes()), 0) << spec;
    // 24 blocks for 23.4 blocks of values.
    EXPECT_EQ(bytes.total(), 24 * 128);
    EXPECT_EQ(bytes.padding, 72);
    EXPECT_EQ(bytes.metadata, 0);
  }
}

TEST(ActplaneCodec, KeepsNonFiniteValues) {
  at::Tensor x = Random({256});
  auto* v = x.data_ptr<float>();
  v[3] = std::numeric_limits<float>::infinity();
  v[4] = -v[3];
  v[200] = std::numeric_limits<float>::quiet_NaN();
  const at::Tensor y = RoundTrip("actplane", x);
  EXPECT_EQ(y[3].item<float>(), v[3]);
  EXPECT_EQ(y[4].item<float>(), v[4]);
  EXPECT_TRUE(std::isnan(y[200].item<float>()));
}

TEST(ActplaneCodec, ARatioForOneKindLeavesTheOthers) {
  const auto stash = StashOf("actplane:ratio=4,ratio.probability=8,ratio.key=exact");
  const at::Tensor x = Random({8, 128});
  const auto bytes = [&](Kind kind) {
    return stash->codec().Pack(x, {{0, "x", kind}, 0, 0}).bytes.total();
  };
  EXPECT_EQ(bytes(Kind::kQuery), 1024);
  EXPECT_EQ(bytes(Kind::kProbability), 512);
  EXPECT_EQ(bytes(Kind::kKey), 4096);
}

TEST(ActplaneCodec, OrderSignificanceSplitsARatioByTheGradient) {
  const at::Tensor x = Random({8, 128});
  const auto bytes = [&](const std::string& options, Kind kind) {
    return StashOf("actplane:" + options)->codec().Pack(x, {{0, "x", kind}, 0, 0}).bytes.total();
  };
  const std::string at8 = "order=significance,ratio=8";
  EXPECT_EQ(bytes(at8, Kind::kResidual), 8 * 64);
  EXPECT_EQ(bytes(at8, Kind::kGeluInput), 8 * 106);                             // 4.8
  EXPECT_EQ(bytes(at8, Kind::kProbability), 8 * 32);                            // 16
  EXPECT_EQ(bytes("order=significance,ratio=12", Kind::kProbability), 8 * 24);  // 21.3 at most
  EXPECT_EQ(bytes("order=significance,ratio=12", Kind::kQuery), 8 * 80);        // 6.4 at most
  EXPECT_EQ(bytes("order=significance,ratio=2.5", Kind::kGeluInput), 8 * 256);  // 2 at least
  EXPECT_EQ(bytes("order=significance,ratio=1.6", Kind::kGeluInput), 8 * 320);
  // What is said of a kind is what it gets; otherwise all the same.
  EXPECT_EQ(bytes(at8 + ",ratio.gelu_input=8", Kind::kGeluInput), 8 * 64);
  EXPECT_EQ(bytes(at8 + ",ratio.gelu_input=exact", Kind::kGeluInput), 8 * 512);
  EXPECT_EQ(bytes(at8 + ",split=even", Kind::kGeluInput), 8 * 64);
  EXPECT_EQ(bytes("ratio=4", Kind::kProbability), 8 * 128);
  EXPECT_EQ(bytes("ratio=4,split=gradient", Kind::kProbability), 8 * 64);
  const std::string much = ComplaintOf("actplane:order=significance,ratio=22");
  EXPECT_NE(much.find("give at most that, or split=even"), std::string::npos) << much;
}

TEST(ActplaneCodec, SlotsAreWholeBursts) {
  const at::Tensor x = Random({8, 256});
  const auto bytes = [&](const std::string& options, Kind kind) {
    return StashOf("actplane:order=significance," + options)
        ->codec()
        .Pack(x, {{0, "x", kind}, 0, 0})
        .bytes.total();
  };
  const std::string at8 = "ratio=8,block=256,burst=64";
  EXPECT_EQ(bytes(at8, Kind::kResidual), 8 * 128);
  EXPECT_EQ(bytes(at8, Kind::kGeluInput), 8 * 192);                             // 213.3
  EXPECT_EQ(bytes(at8, Kind::kNormOutput), 8 * 128);                            // 150.6
  EXPECT_EQ(bytes(at8, Kind::kProbability), 8 * 64);                            // 64
  EXPECT_EQ(bytes("ratio=20,block=256,burst=64", Kind::kProbability), 8 * 64);  // one at least
  EXPECT_EQ(bytes("ratio=8,block=128,burst=32", Kind::kGeluInput), 16 * 96);    // 106.7
  EXPECT_EQ(bytes(at8 + ",ratio.gelu_input=exact", Kind::kGeluInput), 8 * 1024);
  const std::string none = ComplaintOf("actplane:burst=0");
  EXPECT_NE(none.find("burst"), std::string::npos) << none;
  const std::string whole = ComplaintOf("actplane:ratio=1.01,block=32,burst=512");
  EXPECT_NE(whole.find("is impossible for residual"), std::string::npos) << whole;
}

TEST(ActplaneCodec, ATraceHasTheRatioOfEveryKind) {
  const at::Tensor x = Random({8, 128});
  for (const std::string spec :
       {"actplane", "actplane:ratio=4", "actplane:order=significance,ratio=7.111",
        "actplane:split=gradient,ratio=4,ratio.key=exact", "actplane:order=significance,split=even",
        "actplane:order=significance,ratio=8,ratio.value=3", "actplane:burst=64",
        "actplane:block=256,split=gradient,burst=64,ratio=4",
        "actplane:block=256,burst=64,ratio.key=5,ratio.value=exact,order=significance"}) {
    const std::string whole = WithRatiosOfKinds(spec);
    EXPECT_NE(whole.find("split=even"), std::string::npos) << whole;
    EXPECT_EQ(whole.find("burst"), std::string::npos) << whole;
    for (int k = 0; k < kKinds; ++k) {
      const Context context{{0, "x", static_cast<Kind>(k)}, 0, 0};
      EXPECT_NE(whole.find(fmt::format("ratio.{}=", kKindNames[static_cast<size_t>(k)])),
                std::string::npos);
      EXPECT_EQ(StashOf(whole)->codec().Pack(x, context).bytes.total(),
                StashOf(spec)->codec().Pack(x, context).bytes.total())
          << whole;
    }
  }
  for (const char* other :
       {"exact", "bf16", "flash+actplane:ratio=4", "actplane:ratio=x", "actplane:x"})
    EXPECT_EQ(WithRatiosOfKinds(other), other);
}

TEST(ZfpCodec, TakesTheBytesOfItsRate) {
  Bytes bytes;
  RoundTrip("zfp:ratio=4", Random({128, 256}), &bytes);
  EXPECT_EQ(bytes.total(), 128 * 256);
  RoundTrip("zfp:ratio=3.2,dims=1", Random({8192 * 2}), &bytes);
  EXPECT_EQ(bytes.total(), 8192 * 2 * 10 / 8);
  RoundTrip("zfp:ratio=6", Random({128, 256}), &bytes);  // the bits of a block are rounded down
  EXPECT_EQ(bytes.padding, 0);
}

TEST(ZfpCodec, LeaksNothingAboveTheDiagonalOfAMap) {
  const at::Tensor x = at::softmax(Random({2, 64, 64}), -1).tril();
  const auto stash = StashOf("zfp:ratio=8");
  const Context context{{0, "p", Kind::kProbability}, 0, 0};
  const at::Tensor y = stash->codec().Unpack(stash->codec().Pack(x, context), x.sizes(), context);
  EXPECT_TRUE(at::equal(y, y.tril()));
}

TEST(Spec, SaysWhatIsWrongAndHowToMendIt) {
  EXPECT_NE(ComplaintOf("zip").find("choose one of actplane, alam, bf16, compact, exact, fewbit, "
                                    "flash, gact, group, maps, mesa, mxfp4, "
                                    "mxfp6, mxfp8, mxint8, nf4, nvfp4, recompute, tempo, zfp"),
            std::string::npos);
  EXPECT_NE(ComplaintOf("actplane:ratios=3").find("has no option ratios; it has ratio"),
            std::string::npos);
  EXPECT_NE(ComplaintOf("actplane:ratio").find("is not key=value"), std::string::npos);
  EXPECT_NE(ComplaintOf("actplane:ratio=x").find("give a number"), std::string::npos);
  EXPECT_NE(ComplaintOf("actplane:ratio=nan").find("give a number"), std::string::npos);
  EXPECT_NE(ComplaintOf("actplane:order=up").find("choose one of field, significance"),
            std::string::npos);
  EXPECT_NE(ComplaintOf("actplane:ratio=4,ratio=5").find("given twice"), std::string::npos);
  EXPECT_NE(ComplaintOf("actplane:group=8").find("has no option group"), std::string::npos);
  EXPECT_NE(ComplaintOf("actplane:order=significance,fill=zero").find("has no option fill"),
            std::string::npos);
  EXPECT_NE(ComplaintOf("exact:ratio=2").find("no option"), std::string::npos);
  EXPECT_NE(ComplaintOf("exact+mxfp8").find("same part of the work"), std::string::npos);
  EXPECT_NE(ComplaintOf("").find("there is no stash ''"), std::string::npos);
  const std::string kind = ComplaintOf("actplane:ratio.gelu_input=200");
  EXPECT_NE(kind.find("ratio 200 is impossible for gelu_input"), std::string::npos) << kind;
  EXPECT_NE(ComplaintOf("zfp:ratio=60").find("is impossible for residual"), std::string::npos);
}

}  // namespace
}  // namespace actplane::train
