// SPDX-License-Identifier: Apache-2.0
// The same run twice, with other threads, and stopped half-way: the same bits.
#include <filesystem>
#include <fstream>

#include "test_support.h"
#include "tests/support/files.h"
#include "train/layers/matmul.h"

namespace actplane::train {
namespace {

struct Outcome {
  std::vector<double> losses;
  std::vector<at::Tensor> weights;
};

Outcome Continue(Trainer& trainer) {
  Outcome outcome;
  while (trainer.step() < trainer.config().steps) {
    const Result<StepReport> step = trainer.Step();
    EXPECT_TRUE(step.ok()) << step.status().message();
    outcome.losses.push_back(step->loss);
  }
  for (const Parameter* p : trainer.parameters()) outcome.weights.push_back(p->value.clone());
  return outcome;
}

Outcome RunWith(const RunConfig& config, int threads) {
  SetThreads(threads);
  const auto trainer = TrainerOf(config);
  Outcome outcome = Continue(*trainer);
  SetThreads(2);
  return outcome;
}

void ExpectSame(const Outcome& a, const Outcome& b) {
  EXPECT_EQ(a.losses, b.losses);
  ASSERT_EQ(a.weights.size(), b.weights.size());
  for (size_t i = 0; i < a.weights.size(); ++i) {
    EXPECT_TRUE(SameBits(a.weights[i], b.weights[i])) << i;
  }
}

class Repeats : public testing::TestWithParam<std::tuple<Family, std::string>> {
 protected:
  RunConfig ConfigOf() const {
    const auto [family, spec] = GetParam();
    RunConfig config = family == Family::kLlama ? SmallLlama() : SmallConfig();
    config.stash = spec;
    config.accumulate = 2;
    return config;
  }
};

TEST_P(Repeats, BitForBitWithOneThreadAndWithTwo) {
  const RunConfig config = ConfigOf();
  const Outcome one = RunWith(config, 1);
  ExpectSame(one, RunWith(config, 1));
  const Outcome two = RunWith(config, 2);
  ExpectSame(two, RunWith(config, 2));
}

TEST_P(Repeats, ResumedEqualsUninterrupted) {
  const RunConfig config = ConfigOf();
  const std::string path = ScratchPath("resume-checkpoint");
  const auto whole = TrainerOf(config);
  const Outcome expected = Continue(*whole);

  const auto first = TrainerOf(config);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(first->Step().ok());
  ASSERT_TRUE(SaveTo(*first, path).ok());
  const auto second = TrainerOf(config);
  const Status resumed = second->Resume(path);
  ASSERT_TRUE(resumed.ok()) << resumed.message();
  EXPECT_EQ(second->step(), 3);
  Outcome rest = Continue(*second);
  rest.losses.insert(rest.losses.begin(), expected.losses.begin(), expected.losses.begin() + 3);
  ExpectSame(expected, rest);
  std::filesystem::remove(path);
}

INSTANTIATE_TEST_SUITE_P(Gpt2, Repeats,
                         testing::Combine(testing::Values(Family::kGpt2),
                                          Specs({"exact",
                                                 "actplane",
                                                 "actplane:order=significance,ratio=6",
                                                 "actplane:order=significance,ratio=14,format=bf16",
                                                 "mxfp8",
                                                 "nvfp4",
                                                 "zfp",
                                                 "group:bits=2",
                                                 "group:bits=2,rounding=nearest",
                                                 "alam:bits=2",
                                                 "gact:bits=2,interval=4",
                                                 "mesa",
                                                 "mesa:channels=16",
                                                 "tempo",
                                                 "fewbit",
                                                 "compact:ratio=4",
                                                 "tempo+actplane:ratio.gelu_output=exact",
                                                 "flash",
                                                 "recompute",
                                                 "recompute:scope=attention",
                                                 "maps:sums=stored+mxfp4",
                                                 "flash+actplane:ratio=6",
                                                 "recompute+mesa"})));

INSTANTIATE_TEST_SUITE_P(
    Llama, Repeats,
    testing::Combine(testing::Values(Family::kLlama),
                     Specs({"exact", "actplane:order=significance,ratio=6", "alam:bits=2", "mesa",
                            "tempo:gelu=off", "compact:ratio=4", "flash+mxfp8",
                            "recompute+actplane", "recompute:scope=attention"})));

TEST(Repeats, SeedsChangeEverythingAndMethodsChangeNoData) {
  RunConfig config = SmallConfig();
  const Outcome one = RunWith(config, 2);
  config.stash = "mxfp8";
  const Outcome other = RunWith(config, 2);
  EXPECT_EQ(one.losses[0], other.losses[0]) << "forward is exact";
  EXPECT_NE(one.losses[5], other.losses[5]);
  config.stash = "exact";
  config.seed = 2;
  EXPECT_NE(RunWith(config, 2).losses[0], one.losses[0]);
}

TEST(Repeats, AccumulationIsTheMeanOfItsMicroBatches) {
  RunConfig config = SmallConfig();
  config.geometry.dropout = 0;
  config.accumulate = 2;
  const auto trainer = TrainerOf(config);
  double losses = 0;
  std::vector<at::Tensor> sum;
  for (int64_t i = 0; i < 2; ++i) {
    trainer->model().ClearGradients();
    losses += trainer->Accumulate(trainer->stash(), 0, i, 1) / 2;
    for (size_t p = 0; p < trainer->parameters().size(); ++p) {
      const at::Tensor g = trainer->parameters()[p]->grad / 2;
      if (i == 0) sum.push_back(g);
      if (i == 1) sum[p] = sum[p] + g;
    }
  }
  trainer->model().ClearGradients();
  const Result<StepReport> step = trainer->Step();
  EXPECT_NEAR(step->loss, losses, 1e-9);
  for (size_t p = 0; p < sum.size(); ++p)
    EXPECT_LT(RelativeError(trainer->parameters()[p]->grad, sum[p]), 1e-5);
}

TEST(Checkpoint, OfAnotherConfigurationSaysWhatDiffers) {
  const std::string path = ScratchPath("other-checkpoint");
  RunConfig config = SmallConfig();
  ASSERT_TRUE(SaveTo(*TrainerOf(config), path).ok());
  config.lr = 0.5;
  const Status lr = TrainerOf(config)->Resume(path);
  EXPECT_EQ(lr.code(), StatusCode::kInvalidConfig);
  EXPECT_NE(lr.message().find("lr is 0.003 there and 0.5 here"), std::string::npos) << lr.message();
  EXPECT_TRUE(TrainerOf(config)->LoadWeights(path).ok()) << "weights fit all the same";
  config.geometry.width = 64;
  EXPECT_EQ(TrainerOf(config)->LoadWeights(path).code(), StatusCode::kInvalidConfig);
  std::filesystem::remove(path);
}

TEST(Checkpoint, DamagedOnesAreRefusedAndChangeNothing) {
  const std::string path = ScratchPath("damaged-checkpoint");
  const RunConfig config = SmallConfig();
  const auto trainer = TrainerOf(config);
  ASSERT_TRUE(trainer->Step().ok());
  ASSERT_TRUE(SaveTo(*trainer, path).ok());
  const std::string whole = testing_support::ReadFile(path);
  const auto other = TrainerOf(config);
  const at::Tensor before = other->parameters()[0]->value.clone();
  for (const size_t cut : {size_t{0}, size_t{10}, whole.size() / 2, whole.size() - 1}) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << whole.substr(0, cut);
    const Status s = other->Resume(path);
    EXPECT_EQ(s.code(), StatusCode::kBadInput) << cut << " " << s.message();
  }
  EXPECT_TRUE(SameBits(other->parameters()[0]->value, before));
  EXPECT_EQ(other->Resume(path + ".missing").code(), StatusCode::kIo);
  std::filesystem::remove(path);
}

TEST(Trainer, NonFiniteLossStopsAtItsStep) {
  RunConfig config = SmallConfig();
  const auto trainer = TrainerOf(config);
  ASSERT_TRUE(trainer->Step().ok());
  trainer->parameters()[0]->value.fill_(std::numeric_limits<float>::quiet_NaN());
  const Result<StepReport> step = trainer->Step();
  ASSERT_FALSE(step.ok());
  EXPECT_NE(step.status().message().find("step 1: loss is nan"), std::string::npos)
      << step.status().message();
  EXPECT_EQ(trainer->step(), 1);
}

}  // namespace
}  // namespace actplane::train
