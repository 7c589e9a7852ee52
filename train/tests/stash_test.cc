// SPDX-License-Identifier: Apache-2.0
// Sharing, counting, and that the count is what the allocator holds.
#include "train/stash/stash.h"

#include <cmath>

#include "test_support.h"
#include "train/layers/gelu.h"
#include "train/trainer/gradient.h"
#include "train/trainer/memory.h"

namespace actplane::train {
namespace {

TEST(Stash, ATensorOfTwoLayersIsStoredOnce) {
  const auto stash = StashOf("actplane:ratio=4");
  Activation a(at::ones({1024}), {0, "a", Kind::kGeluOutput});
  Handle first = stash->Keep(a);
  const int64_t once = stash->held().total();
  Handle second = stash->Keep(a);
  EXPECT_EQ(first, second);
  EXPECT_EQ(stash->held().total(), once);
  a = Activation(at::Tensor(), {});
  first = nullptr;
  EXPECT_EQ(stash->held().total(), once) << "the other layer still needs it";
  second = nullptr;
  EXPECT_EQ(stash->held().total(), 0);
  EXPECT_EQ(stash->peak().total(), once);
}

TEST(Stash, CountsKindsMasksAndExactParts) {
  const auto stash = StashOf("mxfp8");
  Activation a(at::ones({320}), {0, "a", Kind::kKey});
  const Handle key = stash->Keep(a);
  const Handle mask = stash->KeepMask(at::zeros({100}, at::kByte), {0, "m"});
  const Handle exact = stash->KeepExact(at::zeros({7}, at::kLong), {0, "e"});
  const Tally& t = stash->held();
  EXPECT_EQ(t.kinds[static_cast<size_t>(Kind::kKey)].payload, 320);
  EXPECT_EQ(t.kinds[static_cast<size_t>(Kind::kKey)].metadata, 10);
  EXPECT_EQ(t.masks, 100);
  EXPECT_EQ(t.exact, 56);
  EXPECT_EQ(t.total(), 486);
}

TEST(Stash, OnlyOneKindGoesThroughTheMethod) {
  const auto stash = StashOf("mxfp8");
  stash->set_only(Kind::kKey);
  const at::Tensor x = at::full({32}, 1.03F);
  Activation key(x, {0, "k", Kind::kKey});
  Activation query(x, {0, "q", Kind::kQuery});
  EXPECT_FALSE(at::equal(stash->Get(stash->Keep(key)), x));
  EXPECT_TRUE(at::equal(stash->Get(stash->Keep(query)), x));
}

// Gives back a part of every tensor.
class PartOf final : public Codec {
 public:
  Packed Pack(const at::Tensor& x, const Context& /*context*/) override { return {{x * 0.9}, {}}; }
  at::Tensor Unpack(const Packed& packed, at::IntArrayRef /*shape*/,
                    const Context& /*context*/) override {
    return packed.parts[0];
  }
};

TEST(OneSidedness, SeesWhatIsTooSmall) {
  Stash stash(std::make_unique<PartOf>());
  const at::Tensor x = at::tensor({1.0, -1.0, 2.0, -2.0, 3.0, -3.0, 0.5, -0.5}, at::kFloat);
  const auto at = [](Kind kind) { return static_cast<size_t>(kind); };
  const OneSidedness sides(stash, Family::kGpt2);
  Activation residual(x.view({2, 4}), {0, "r", Kind::kResidual});
  Activation key(x.view({2, 4}), {0, "k", Kind::kKey});
  const Handle first = stash.Keep(residual);
  const Handle second = stash.Keep(key);
  EXPECT_NEAR(sides.kinds()[at(Kind::kResidual)].Along(), -0.1, 1e-6);
  EXPECT_NEAR(sides.kinds()[at(Kind::kResidual)].Radial(), 0.81 - 1, 1e-6);
  EXPECT_NEAR(sides.kinds()[at(Kind::kKey)].Along(), -0.1, 1e-6);
  EXPECT_TRUE(std::isnan(sides.kinds()[at(Kind::kKey)].Radial())) << "no input of a norm";
  EXPECT_TRUE(std::isnan(sides.kinds()[at(Kind::kValue)].Along())) << "nothing kept";
}

TEST(OneSidedness, IsNothingWhereTensorsComeBack) {
  Stash stash(nullptr);
  const OneSidedness sides(stash, Family::kGpt2);
  Activation residual(at::randn({30, 40}), {0, "r", Kind::kResidual});
  const Handle kept = stash.Keep(residual);
  EXPECT_NEAR(sides.kinds()[static_cast<size_t>(Kind::kResidual)].Radial(), 0, 1e-12);
  EXPECT_EQ(sides.kinds()[static_cast<size_t>(Kind::kResidual)].rows, 30);
}

// Keeps the sign of the GELU input in place of the input, as later methods replace formulas.
class SignGelu final : public Formulas {
 public:
  Kept KeepGelu(Stash& stash, Activation& x, Activation& y) override {
    return {stash.KeepMask(x.value().ge(0).to(at::kByte), x.site()), stash.Keep(y)};
  }
  at::Tensor GeluBackward(Stash& stash, const Kept& kept, const at::Tensor& dy) override {
    return dy * stash.Get(kept[0]);
  }
};

TEST(Stash, AMethodCanReplaceWhatALayerKeeps) {
  Stash stash(std::move(MakeParts("mxfp8").value().codec), std::make_unique<SignGelu>());
  const Pass pass{&stash, 0, 0, 0};
  Gelu gelu({0, "y", Kind::kGeluOutput});
  Activation x(at::randn({4, 32}), {0, "x", Kind::kGeluInput});
  Activation y = gelu.Forward(x, pass);
  EXPECT_EQ(stash.held().kinds[static_cast<size_t>(Kind::kGeluInput)].total(), 0);
  const int64_t held = stash.held().total();
  const Handle next = stash.Keep(y);  // by the next layer: shared
  EXPECT_EQ(stash.held().total(), held);
  const at::Tensor dy = at::ones({4, 32});
  EXPECT_TRUE(at::equal(gelu.Backward(dy, pass), x.value().ge(0).to(at::kFloat)));
}

// What a step of this configuration holds, by the formula: blocks of 16 units and two maps.
TEST(Stash, AStepHoldsWhatTheFormulaSays) {
  RunConfig config = SmallConfig();
  const auto trainer = TrainerOf(config);
  StepReport report;
  trainer->Accumulate(trainer->stash(), 0, 0, 1, &report);
  const int64_t n = 3 * 32;            // tokens
  const int64_t unit = n * 32 * 4;     // n x width, float32
  const int64_t map = n * 2 * 32 * 4;  // n x heads x context
  EXPECT_EQ(report.tally.Activations().total(), 2 * (16 * unit + 2 * map) + 2 * unit);
  const PerKind<int64_t> textbook = trainer->model().TextbookBytes(3);
  for (size_t k = 0; k < kKinds; ++k)
    EXPECT_EQ(report.tally.kinds[k].total(), textbook[k]) << kKindNames[k];
  EXPECT_EQ(report.tally.masks * 8, 2 * (2 * unit / 4 + map / 4) + unit / 4);
  // Statistics of five norms, log-softmax, tokens and targets.
  EXPECT_EQ(report.tally.exact, 5 * 2 * n * 4 + n * 256 * 4 + 2 * n * 8);
}

TEST(Stash, WithoutDropoutTheTwoMapsAreOne) {
  RunConfig config = SmallConfig();
  config.geometry.dropout = 0;
  const auto trainer = TrainerOf(config);
  StepReport report;
  trainer->Accumulate(trainer->stash(), 0, 0, 1, &report);
  const auto dropped = static_cast<size_t>(Kind::kDroppedProbability);
  EXPECT_EQ(report.tally.kinds[dropped].total(), 0);
  EXPECT_EQ(trainer->model().TextbookBytes(3)[dropped], 0);
  EXPECT_EQ(report.tally.masks, 0);
  EXPECT_GT(report.tally.kinds[static_cast<size_t>(Kind::kProbability)].total(), 0);
}

class AllocatorAgrees : public testing::TestWithParam<const char*> {};

TEST_P(AllocatorAgrees, Within5PercentBetweenForwardAndBackward) {
  RunConfig config = PresetConfig("tiny").value();
  config.stash = GetParam();
  const auto trainer = TrainerOf(config);
  for (int i = 0; i < 2; ++i) {
    const Result<StepReport> step = trainer->Step();
    ASSERT_TRUE(step.ok());
    const auto counted = static_cast<double>(step->tally.total());
    EXPECT_NEAR(static_cast<double>(step->allocator_held), counted, 0.05 * counted);
    EXPECT_GE(step->allocator_peak, step->allocator_held);
  }
}

INSTANTIATE_TEST_SUITE_P(Methods, AllocatorAgrees,
                         testing::Values("exact", "actplane", "actplane:order=significance,ratio=8",
                                         "bf16", "mxfp8", "mxfp6", "nvfp4", "nf4", "zfp",
                                         "group:bits=2", "alam:bits=1.5", "gact", "mesa", "tempo",
                                         "fewbit:bits=2", "compact:ratio=4",
                                         "compact+actplane:ratio=6", "flash",
                                         "recompute+actplane"));

}  // namespace
}  // namespace actplane::train
