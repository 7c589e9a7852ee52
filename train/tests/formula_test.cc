// SPDX-License-Identifier: Apache-2.0
// Formulas of today (attention without maps, recomputation) and Llama: what they keep, that they
// are the eager network, and what storage with loss does to them.
#include <cmath>
#include <numeric>
#include <optional>

#include "test_support.h"
#include "train/layers/attention.h"
#include "train/layers/matmul.h"
#include "train/trainer/gradient.h"

namespace actplane::train {
namespace {

struct Step {
  std::vector<at::Tensor> gradient;
  Tally tally;
};

Step StepOf(const RunConfig& config, const std::string& spec) {
  const auto trainer = TrainerOf(config);
  const auto stash = StashOf(spec);
  EXPECT_TRUE(trainer->Adopt(*stash).ok());
  StepReport report;
  trainer->Accumulate(*stash, 0, 0, 1, &report);
  EXPECT_EQ(stash->held().total(), 0) << "backward must release everything";
  Step step{{}, report.tally};
  for (const Parameter* p : trainer->parameters()) step.gradient.push_back(p->grad);
  return step;
}

int64_t BytesOf(const Tally& t, Kind kind) { return t.kinds[static_cast<size_t>(kind)].total(); }

class Networks : public testing::TestWithParam<Family> {
 protected:
  RunConfig ConfigOf() const { return GetParam() == Family::kLlama ? SmallLlama() : SmallConfig(); }
};

INSTANTIATE_TEST_SUITE_P(Families, Networks, testing::Values(Family::kGpt2, Family::kLlama));

// With the masks of the eager network, which are made again from the counter.
TEST_P(Networks, FlashHasTheGradientOfTheEagerNetwork) {
  const Step eager = StepOf(ConfigOf(), "exact");
  const Step flash = StepOf(ConfigOf(), "flash");
  for (size_t i = 0; i < eager.gradient.size(); ++i)
    EXPECT_LT(RelativeError(flash.gradient[i], eager.gradient[i]), 1e-5) << i;
}

TEST_P(Networks, RecomputationIsTheEagerNetworkBitForBit) {
  const Step eager = StepOf(ConfigOf(), "exact");
  for (const char* spec : {"recompute:scope=block", "recompute:scope=attention"}) {
    const Step again = StepOf(ConfigOf(), spec);
    for (size_t i = 0; i < eager.gradient.size(); ++i)
      EXPECT_TRUE(SameBits(again.gradient[i], eager.gradient[i])) << spec << " " << i;
  }
}

TEST_P(Networks, FlashKeepsRowsInPlaceOfMaps) {
  const RunConfig config = ConfigOf();
  const Tally eager = StepOf(config, "exact").tally;
  const Tally flash = StepOf(config, "flash").tally;
  const Geometry& g = config.geometry;
  const int64_t rows = g.blocks * config.batch * g.heads * g.context;
  EXPECT_EQ(BytesOf(flash, Kind::kProbability), 0);
  EXPECT_EQ(BytesOf(flash, Kind::kDroppedProbability), 0);
  EXPECT_EQ(flash.masks, eager.masks - rows * g.context / 8);
  EXPECT_EQ(flash.exact, eager.exact + rows * 4);
  for (const Kind kind : {Kind::kQuery, Kind::kKey, Kind::kValue, Kind::kAttentionOutput})
    EXPECT_EQ(BytesOf(flash, kind), BytesOf(eager, kind)) << "once: " << ToString(kind);
}

TEST_P(Networks, SelectiveRecomputationDropsMapsAlone) {
  const RunConfig config = ConfigOf();
  const Tally eager = StepOf(config, "exact").tally;
  const Tally again = StepOf(config, "recompute:scope=attention").tally;
  const Geometry& g = config.geometry;
  const int64_t map = g.blocks * config.batch * g.heads * g.context * g.context;
  EXPECT_EQ(again.total(), eager.total() - 2 * 4 * map - map / 8);
  EXPECT_EQ(again.exact, eager.exact);
}

TEST_P(Networks, RecomputationKeepsTheInputsOfBlocks) {
  const RunConfig config = ConfigOf();
  const auto trainer = TrainerOf(config);
  const auto stash = StashOf("recompute+mxfp8");
  StepReport report;
  trainer->Accumulate(*stash, 0, 0, 1, &report);
  const Geometry& g = config.geometry;
  const int64_t unit = config.batch * g.context * g.width;
  const Tally& t = report.tally;
  // The last norm keeps its input, and the head its output.
  EXPECT_EQ(t.Activations().payload, (g.blocks + 2) * unit);
  EXPECT_EQ(BytesOf(t, Kind::kResidual), (g.blocks + 1) * (unit + unit / 32));
  EXPECT_EQ(t.masks, unit / 8) << "of the embedding; those of a block are made again";
  // Backward holds one block more, as float32.
  const Tally eager = StepOf(config, "exact").tally;
  const int64_t block = (eager.total() - t.total()) / g.blocks;
  EXPECT_GT(stash->peak().total(), t.total() + block / 3);
  EXPECT_LT(stash->peak().total(), t.total() + block * 3 / 2);
}

TEST(Recompute, WhatTheCodecLosesIsInTheInputAlone) {
  const RunConfig config = SmallConfig();
  const Step eager = StepOf(config, "exact");
  const auto error = [&](const std::string& spec) {
    Difference d;
    Add(eager.gradient, StepOf(config, spec).gradient, d);
    return d.Relative();
  };
  EXPECT_EQ(error("recompute+actplane:ratio=8,ratio.residual=exact,ratio.norm_output=exact"), 0);
  EXPECT_GT(error("recompute+actplane:ratio=8,ratio.norm_output=exact"), 1e-4);
}

TEST(Recompute, WritesOutNothingThatIsMadeAgain) {
  const auto trainer = TrainerOf(SmallConfig());
  const auto stash = StashOf("recompute");
  std::vector<std::string> names;
  stash->set_observer([&](Stash::Access access, const Entry& entry, const at::Tensor&) {
    if (access == Stash::Access::kWrite && entry.part() == Entry::Part::kActivation)
      names.push_back(entry.Name());
  });
  trainer->Accumulate(*stash, 0, 0, 1);
  EXPECT_EQ(names, (std::vector<std::string>{"h0.ln_1.in", "h1.ln_1.in", "ln_f.in", "ln_f"}));
}

// Attention between q, k, v and its output, with 4 heads of which 2 share a key.
struct Heads {
  at::Tensor q = Random({2, 4, 9, 8}, 1);
  at::Tensor k = Random({2, 2, 9, 8}, 2);
  at::Tensor v = Random({2, 2, 9, 8}, 3);
  at::Tensor dout = Random({2, 4, 9, 8}, 4);
  at::Tensor scores = CausalScores(q, k);
  at::Tensor p = at::softmax(scores, -1);
  at::Tensor keys = k.repeat_interleave(2, 1);
  at::Tensor out = at::matmul(p, v.repeat_interleave(2, 1));

  AttentionGradient Through(const std::string& spec) const {
    const auto stash = StashOf(spec);
    Activation aq(q, {0, "q", Kind::kQuery});
    Activation ak(k, {0, "k", Kind::kKey});
    Activation av(v, {0, "v", Kind::kValue});
    Activation ap(p, {0, "p", Kind::kProbability});
    Activation ao(out.transpose(1, 2).contiguous().view({18, 32}),
                  {0, "o", Kind::kAttentionOutput});
    AttentionForward f{aq, ak, av, ap, ap, ao, scores, {}};
    const Kept kept = stash->formulas().KeepAttention(*stash, f);
    const AttentionGradient g = stash->formulas().AttentionBackward(*stash, kept, {.dout = dout});
    return {g.q.view(q.sizes()), g.k.view(k.sizes()), g.v.view(v.sizes())};
  }
  // The output as the codec of `spec` gives it back.
  at::Tensor OutputOf(const std::string& spec) const {
    const auto stash = StashOf(spec);
    Activation ao(out.transpose(1, 2).contiguous().view({18, 32}),
                  {0, "o", Kind::kAttentionOutput});
    return stash->Get(stash->Keep(ao)).view({2, 9, 4, 8}).transpose(1, 2);
  }
};

// An output that is off by e moves the gradient of every score of row i by -p d_i, d = rowsum(dO
// e): the gradient along a shift of the whole row, which softmax does not see, is no longer 0. That
// is -d_i times the mean key in dq, and nothing in dv.
TEST(Flash, AnOutputWithLossShiftsTheScoresOfItsRow) {
  const Heads h;
  const std::string spec =
      "flash+actplane:ratio=8,ratio.query=exact,ratio.key=exact,ratio.value=exact";
  const AttentionGradient exact = h.Through("flash");
  const AttentionGradient lossy = h.Through(spec);
  const at::Tensor d = (h.dout * (h.OutputOf(spec) - h.out)).sum({-1}, true);
  EXPECT_GT(d.abs().max().item<double>(), 1e-3);
  EXPECT_TRUE(SameBits(lossy.v, exact.v));
  EXPECT_LT(RelativeError(lossy.q - exact.q, -d * at::matmul(h.p, h.keys)), 1e-3);
  const at::Tensor dk = at::matmul((-d * h.p).transpose(2, 3), h.q);
  EXPECT_LT(RelativeError(lossy.k - exact.k, dk.view({2, 2, 2, 9, 8}).sum(2)), 1e-3);
}

// The log-sum-exp is that of the forward: with keys that lost something, rows do not sum to 1.
// Recomputation makes softmax again, and they do.
TEST(Flash, KeysWithLossChangeTheSumOfARow) {
  Heads h;
  h.dout.fill_(1);  // the sum of dv over keys is then the sum of p
  const std::string codec =
      "+actplane:ratio=16,order=significance,split=even,ratio.query=exact,ratio.value=exact";
  const double rows = 4 * 9 * 2;
  const auto error = [&](const std::string& spec) {
    return std::fabs(h.Through(spec).v.select(3, 0).sum().item<double>() - rows) / rows;
  };
  EXPECT_LT(error("flash"), 1e-5);
  EXPECT_GT(error("flash" + codec), 1e-3);
  EXPECT_LT(error("recompute:scope=attention" + codec), 1e-5);
}

// The sum over keys of dk is that of the rows of dS times q: 0, as long as rows of p sum to 1. Kept
// as they come back, they move a bias of keys that softmax does not see.
TEST(Maps, RowsWithLossSumToOneAgain) {
  Heads h;
  const auto shift = [&](const std::string& spec) {
    const at::Tensor dk = h.Through(spec).k;
    return (dk.sum(2).norm() / dk.norm()).item<double>();
  };
  EXPECT_LT(shift("exact"), 1e-5);
  for (const char* codec :
       {"mxfp4", "nvfp4", "actplane:order=significance,ratio=12", "group:bits=4"}) {
    EXPECT_LT(shift(codec), 1e-5) << codec;
    EXPECT_LT(shift(std::string("maps:sums=one+") + codec), 1e-5) << codec;
    EXPECT_GT(shift(std::string("maps:sums=stored+") + codec), 1e-3) << codec;
  }
}

TEST(Maps, OfARowThatIsLostNothingComesBack) {
  const auto stash = StashOf("mxfp4");
  const at::Tensor p = at::zeros({1, 1, 2, 32});
  p[0][0][1][3] = 0.9F;
  Activation a(p, {0, "p", Kind::kProbability});
  const at::Tensor back = MapOf(*stash, stash->Keep(a));
  EXPECT_EQ(back[0][0][0].abs().sum().item<float>(), 0);
  EXPECT_EQ(back[0][0][1][3].item<float>(), 1);
}

TEST(Maps, WithoutLossAreTheTextbookBitForBit) {
  const Step exact = StepOf(SmallConfig(), "exact");
  for (const char* spec : {"maps", "maps:sums=stored"}) {
    const Step maps = StepOf(SmallConfig(), spec);
    for (size_t i = 0; i < exact.gradient.size(); ++i)
      EXPECT_TRUE(SameBits(maps.gradient[i], exact.gradient[i])) << spec << " " << i;
  }
}

// Exact formulas stay in place when a kind is checked alone: what it loses goes through them.
TEST(Flash, AKindCheckedAloneGoesThroughItsFormulas) {
  const RunConfig config = SmallConfig();
  const auto trainer = TrainerOf(config);
  const auto stash = StashOf("flash+mxfp8");
  stash->set_only(Kind::kKey);
  StepReport report;
  trainer->Accumulate(*stash, 0, 0, 1, &report);
  EXPECT_EQ(BytesOf(report.tally, Kind::kProbability), 0);
  EXPECT_EQ(BytesOf(report.tally, Kind::kQuery), 4 * BytesOf(report.tally, Kind::kKey) * 32 / 33);
}

TEST(Formulas, OfTheSameLayersExcludeEachOther) {
  for (const char* spec : {"flash+tempo", "flash+maps", "flash+recompute",
                           "recompute+tempo:gelu=off", "compact+recompute"})
    EXPECT_NE(ComplaintOf(spec).find("same part of the work"), std::string::npos) << spec;
  EXPECT_NE(ComplaintOf("recompute:scope=head").find("choose one of block, attention"),
            std::string::npos);
  EXPECT_NE(ComplaintOf("flash:scope=block").find("has no options"), std::string::npos);
}

// --- Llama ---

TEST(Llama, MiniHasTheWeightsOfMini) {
  const auto weights = [](const char* preset) {
    Network network(PresetConfig(preset)->geometry, 1);
    int64_t n = 0;
    for (const Parameter* p : network.Parameters()) n += p->value.numel();
    return static_cast<double>(n);
  };
  EXPECT_NEAR(weights("llama-mini") / weights("mini"), 1, 0.003);
}

TEST(Llama, AStepHoldsWhatTheFormulaSays) {
  const RunConfig config = SmallLlama();
  const auto trainer = TrainerOf(config);
  StepReport report;
  trainer->Accumulate(trainer->stash(), 0, 0, 1, &report);
  const int64_t n = 3 * 32;            // tokens
  const int64_t unit = n * 32 * 4;     // n x width, float32
  const int64_t map = n * 2 * 32 * 4;  // n x heads x context
  // A block: two residuals, two normalised, query and output; keys and values of one head of two;
  // three of the hidden width 96.
  EXPECT_EQ(config.geometry.Hidden(), 96);
  EXPECT_EQ(report.tally.Activations().total(),
            2 * (6 * unit + 2 * unit / 2 + 3 * 3 * unit + 2 * map) + 2 * unit);
  const PerKind<int64_t> textbook = trainer->model().TextbookBytes(3);
  for (size_t k = 0; k < kKinds; ++k)
    EXPECT_EQ(report.tally.kinds[k].total(), textbook[k]) << kKindNames[k];
  // One statistic for each norm, log-softmax, tokens and targets.
  EXPECT_EQ(report.tally.exact, 5 * n * 4 + n * 256 * 4 + 2 * n * 8);
}

TEST(Llama, RotaryScoresDependOnTheDistanceAlone) {
  const Rotary rotary(8, 30);
  const at::Tensor x = Random({1, 1, 1, 8}, 5);
  const at::Tensor y = Random({1, 1, 1, 8}, 6);
  at::Tensor a = x.expand({1, 1, 30, 8}).contiguous();
  at::Tensor b = y.expand({1, 1, 30, 8}).contiguous();
  rotary.Turn(a, false);
  rotary.Turn(b, false);
  const auto score = [&](int64_t i, int64_t j) {
    return (a[0][0][i] * b[0][0][j]).sum().item<double>();
  };
  EXPECT_NEAR(score(3, 1), score(29, 27), 1e-5);
  EXPECT_GT(std::fabs(score(3, 1) - score(3, 2)), 1e-3);
  rotary.Turn(a, true);
  EXPECT_LT(RelativeError(a[0][0][17], x[0][0][0]), 1e-6);
}

TEST(Llama, MethodsOfGeluRefuseIt) {
  const auto complaint = [](const std::string& spec) {
    RunConfig config = SmallLlama();
    config.stash = spec;
    Result<Corpus> corpus = Corpus::FromText(MadeUpText(), "made up", 0.1, 32);
    const auto trainer = Trainer::Create(config, *corpus);
    EXPECT_EQ(trainer.status().code(), StatusCode::kInvalidConfig) << spec;
    return trainer.status().message();
  };
  EXPECT_NE(complaint("tempo").find("give tempo:gelu=off"), std::string::npos);
  EXPECT_NE(complaint("fewbit+mxfp8").find("give --family gpt2"), std::string::npos);
}

TEST(Llama, TempoTakesItsNormsFromTheirOutputs) {
  const Step exact = StepOf(SmallLlama(), "exact");
  const Step tempo = StepOf(SmallLlama(), "tempo:gelu=off");
  EXPECT_EQ(BytesOf(tempo.tally, Kind::kResidual), 0);
  for (size_t i = 0; i < exact.gradient.size(); ++i)
    EXPECT_LT(RelativeError(tempo.gradient[i], exact.gradient[i]), 1e-5) << i;
}

TEST(Llama, ACheckpointOfTheOtherFamilyIsRefused) {
  const std::string path = ScratchPath("llama-checkpoint");
  ASSERT_TRUE(SaveTo(*TrainerOf(SmallLlama()), path).ok());
  const Status s = TrainerOf(SmallConfig())->LoadWeights(path);
  EXPECT_EQ(s.code(), StatusCode::kInvalidConfig);
  EXPECT_NE(s.message().find("family is \"llama\" there and \"gpt2\" here"), std::string::npos)
      << s.message();
  EXPECT_EQ(std::remove(path.c_str()), 0);
}

}  // namespace
}  // namespace actplane::train
