// SPDX-License-Identifier: Apache-2.0
// The methods that the codec is compared with: stored bytes are the formula, tables and gradients
// are what the papers define. docs/methods.md.
#include <ATen/Parallel.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

#include "test_support.h"
#include "train/layers/gelu.h"
#include "train/layers/linear.h"
#include "train/layers/norm.h"
#include "train/stash/few_bit.h"
#include "train/stash/gelu.h"
#include "train/stash/group_quantizer.h"
#include "train/stash/random.h"
#include "train/trainer/gradient.h"

namespace actplane::train {
namespace {

size_t IndexOf(Kind kind) { return static_cast<size_t>(kind); }

// The gradients of one minibatch through `spec`, in the shape of the weights.
std::vector<at::Tensor> GradientOf(Trainer& trainer, const std::string& spec) {
  const auto stash = StashOf(spec);
  const Status adopted = trainer.Adopt(*stash);
  EXPECT_TRUE(adopted.ok()) << adopted.message();
  trainer.model().ClearGradients();
  trainer.Accumulate(*stash, 0, 0, 1);
  std::vector<at::Tensor> all;
  for (const Parameter* p : trainer.parameters())
    all.push_back(p->grad.sizes() == p->value.sizes() ? p->grad : p->expand(p->grad));
  return all;
}

// What a step holds through `spec`.
Tally HeldBy(Trainer& trainer, const std::string& spec) {
  const auto stash = StashOf(spec);
  EXPECT_TRUE(trainer.Adopt(*stash).ok());
  StepReport report;
  trainer.model().ClearGradients();
  trainer.Accumulate(*stash, 0, 0, 1, &report);
  return report.tally;
}

// --- group quantizer ---

TEST(GroupQuantizer, BytesAreTheFormula) {
  for (const int bits : {1, 2, 4, 8}) {
    for (const int64_t n : {1, 127, 128, 1000}) {
      const Packed p = QuantizeGroups(Random({n}), bits, 128, 1);
      const int64_t groups = (n + 127) / 128;
      EXPECT_EQ(p.bytes.payload, (n * bits + 7) / 8);
      EXPECT_EQ(p.bytes.metadata, groups * 8);
      EXPECT_EQ(p.bytes.total(), groups * (128 * bits / 8 + 8));
    }
  }
}

TEST(GroupQuantizer, RoundingIsUnbiased) {
  constexpr int64_t kGroups = 8192;
  for (const double value : {0.05, 0.3, 0.5, 0.9}) {
    at::Tensor x = at::full({kGroups, 128}, value, at::kFloat);
    x.select(1, 0).fill_(0);
    x.select(1, 1).fill_(1);
    at::Tensor y = at::empty_like(x);
    DequantizeGroups(QuantizeGroups(x, 2, 128, 7), 2, 128, y);
    const at::Tensor draws = y.narrow(1, 2, 126).to(at::kDouble);
    const double n = static_cast<double>(draws.numel());
    ASSERT_GT(n, 1e6);
    const double error = std::sqrt(draws.var(true).item<double>() / n);
    // The range of a group is 1 + 2e-6, with which the codes are exact.
    EXPECT_NEAR(draws.mean().item<double>(), value, 3 * error + 1e-7) << value;
  }
}

TEST(GroupQuantizer, StaysWithinAStepAndInsideTheRange) {
  const at::Tensor x = Random({64, 256});
  for (const int bits : {1, 2, 4, 8}) {
    at::Tensor y = at::empty_like(x);
    DequantizeGroups(QuantizeGroups(x, bits, 256, 7), bits, 256, y);
    const at::Tensor low = x.amin({1}, true);
    const at::Tensor high = x.amax({1}, true);
    const at::Tensor step = (high - low) / ((1 << bits) - 1);
    EXPECT_TRUE(((x - y).abs() <= step * 1.001).all().item<bool>()) << bits;
    EXPECT_TRUE((y <= high + 1e-5).all().item<bool>()) << "a code above the largest was clamped";
  }
}

TEST(GroupQuantizer, WhatIsNotFiniteComesBackAsNaNAndStaysInItsGroup) {
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
        -std::numeric_limits<float>::infinity()}) {
    at::Tensor x = Random({3, 128});
    x.data_ptr<float>()[200] = bad;
    at::Tensor y = at::empty_like(x);
    DequantizeGroups(QuantizeGroups(x, 8, 128, 7), 8, 128, y);
    EXPECT_TRUE(y[1].isnan().all().item<bool>());
    EXPECT_LT(RelativeError(y[0], x[0]), 0.01);
    EXPECT_LT(RelativeError(y[2], x[2]), 0.01);
  }
}

TEST(GroupQuantizer, NearestTakesTheNearestCode) {
  const at::Tensor x = Random({61, 256});
  for (const int bits : {1, 2, 4, 8}) {
    at::Tensor nearest = at::empty_like(x);
    DequantizeGroups(QuantizeGroups(x, bits, 256, std::nullopt), bits, 256, nearest);
    const int top = (1 << bits) - 1;
    for (int64_t g = 0; g < x.size(0); ++g) {
      const float* in = x[g].data_ptr<float>();
      const float* back = nearest[g].data_ptr<float>();
      const double low = *std::min_element(in, in + 256);
      const double high = *std::max_element(in, in + 256);
      for (int64_t i = 0; i < 256; ++i) {
        double best = low;
        for (int code = 1; code <= top; ++code) {
          const double v = low + code * (high - low) / top;
          if (std::fabs(v - in[i]) < std::fabs(best - in[i])) best = v;
        }
        // 2e-6 of the range beside it, and float32.
        ASSERT_NEAR(std::fabs(back[i] - in[i]), std::fabs(best - in[i]), 4e-6) << bits;
      }
    }
    at::Tensor stochastic = at::empty_like(x);
    DequantizeGroups(QuantizeGroups(x, bits, 256, 7), bits, 256, stochastic);
    EXPECT_LT(RelativeError(nearest, x), 0.9 * RelativeError(stochastic, x)) << bits;
  }
}

TEST(GroupQuantizer, NearestSendsTiesToTheEvenCode) {
  // A range that 2e-6 is lost in: a code is 2^20.
  at::Tensor x = at::zeros({128}, at::kFloat);
  const std::vector<float> codes = {0, 3, 0.5F, 1.5F, 2.5F, 0.49999997F};
  for (size_t i = 0; i < codes.size(); ++i) x.data_ptr<float>()[i] = codes[i] * 0x1p20F;
  at::Tensor y = at::empty_like(x);
  DequantizeGroups(QuantizeGroups(x, 2, 128, std::nullopt), 2, 128, y);
  const std::vector<float> expected = {0, 3, 0, 2, 2, 0};
  for (size_t i = 0; i < codes.size(); ++i)
    EXPECT_EQ(y.data_ptr<float>()[i], expected[i] * 0x1p20F) << codes[i];
}

TEST(GroupQuantizer, RoundingIsAnOption) {
  const at::Tensor x = Random({4, 256});
  const auto trip = [&](const std::string& spec, int64_t step) {
    const auto stash = StashOf(spec);
    const Context context{{0, "x", Kind::kKey}, step, 0};
    return stash->codec().Unpack(stash->codec().Pack(x, context), x.sizes(), context);
  };
  EXPECT_TRUE(SameBits(trip("group", 0), trip("group:rounding=stochastic", 0)));
  EXPECT_FALSE(SameBits(trip("group", 0), trip("group", 1)));
  EXPECT_TRUE(SameBits(trip("group:rounding=nearest", 0), trip("group:rounding=nearest", 1)));
  EXPECT_NE(ComplaintOf("group:rounding=up").find("choose one of stochastic, nearest"),
            std::string::npos);
  EXPECT_NE(ComplaintOf("group:rounding=nearest,seed=2").find("has no option seed"),
            std::string::npos);
}

TEST(GroupQuantizer, RefusesOtherBitsAndGroups) {
  EXPECT_NE(ComplaintOf("group:bits=3").find("choose 2, 4 or 8"), std::string::npos);
  EXPECT_NE(ComplaintOf("group:bits.key=16").find("2 to 8"), std::string::npos);
  EXPECT_NE(ComplaintOf("group:group=100").find("choose one of 64, 128"), std::string::npos);
}

// --- ALAM ---

RunConfig AlamConfig(const std::string& spec) {
  RunConfig config = SmallConfig();
  config.stash = spec;
  config.steps = 30;  // adapts at 0 and at 3
  return config;
}

struct Table {
  double mean_bits = 0;
  std::map<std::string, double> bits;
};

Table ReadTable(const std::string& path) {
  std::ifstream in(path);
  const auto json = nlohmann::json::parse(in);
  Table table;
  double values = 0;
  for (const auto& t : json["tensors"]) {
    table.bits[t["name"]] = t["bits"];
    table.mean_bits += t["bits"].get<double>() * t["values"].get<double>();
    values += t["values"].get<double>();
  }
  table.mean_bits /= values;
  return table;
}

TEST(Alam, AveragesFourValuesAtFiveEighthsOfABit) {
  const auto trainer = TrainerOf(AlamConfig("alam:bits=0.5"));
  const auto stash = StashOf("alam:bits=0.5");
  ASSERT_TRUE(trainer->Adopt(*stash).ok());
  StepReport report;
  trainer->Accumulate(*stash, 0, 0, 1, &report);
  const Bytes b = report.tally.Activations();
  const double values = static_cast<double>(Sum(trainer->model().TextbookBytes(3))) / 4;
  EXPECT_EQ(static_cast<double>(b.payload) * 8 / values, 0.5);
  EXPECT_EQ(static_cast<double>(b.metadata) * 8 / values, 0.125);

  // Of a tensor that this table knows.
  const Context context{{0, "ln_1.in", Kind::kResidual}, 0, 0};
  const at::Tensor x = Random({96, 32});
  const at::Tensor y = stash->codec().Unpack(stash->codec().Pack(x, context), x.sizes(), context);
  const at::Tensor fours = y.view({-1, 4});
  EXPECT_TRUE(at::equal(fours.select(1, 0), fours.select(1, 3)));
  const at::Tensor means = x.view({-1, 4}).mean(1);
  EXPECT_LT((fours.select(1, 0) - means).abs().max().item<double>(),
            (means.max() - means.min()).item<double>() / 3 * 1.001);
}

TEST(Alam, TheTableMeetsItsTargetAndSpendsItWhereItCounts) {
  const std::string path = ScratchPath("alam-table");
  for (const double target : {1.0, 2.0, 3.0}) {
    const std::string spec = "alam:bits=" + std::to_string(target) + ",save=" + path;
    const auto trainer = TrainerOf(AlamConfig(spec));
    ASSERT_TRUE(trainer->Step().ok());
    const Table table = ReadTable(path);
    EXPECT_EQ(table.bits.size(), 2U * 12 + 2);
    EXPECT_LE(table.mean_bits, target);
    EXPECT_GT(table.mean_bits, target - 1) << "one step of the ladder less than the budget";
    std::set<double> different;
    for (const auto& [name, bits] : table.bits) different.insert(bits);
    EXPECT_GT(different.size(), 1U) << "not all tensors are alike";
    std::filesystem::remove(path);
  }
}

TEST(Alam, AdaptsAtTheStartAndAtATenthThenNeverAgain) {
  const std::string path = ScratchPath("alam-adapts");
  const auto trainer = TrainerOf(AlamConfig("alam:bits=2,save=" + path));
  std::vector<bool> wrote;
  for (int i = 0; i < 6; ++i) {
    std::filesystem::remove(path);
    ASSERT_TRUE(trainer->Step().ok());
    wrote.push_back(std::filesystem::exists(path));
  }
  EXPECT_EQ(wrote, (std::vector<bool>{true, false, false, true, false, false}));
  std::filesystem::remove(path);
}

TEST(Alam, ASavedTableGivesTheSameBytesAndNoProbes) {
  const std::string path = ScratchPath("alam-saved");
  const Result<StepReport> found = TrainerOf(AlamConfig("alam:bits=1.5,save=" + path))->Step();
  ASSERT_TRUE(found.ok());
  const auto second = TrainerOf(AlamConfig("alam:table=" + path));
  const Result<StepReport> loaded = second->Step();
  ASSERT_TRUE(loaded.ok()) << loaded.status().message();
  EXPECT_EQ(found->tally.total(), loaded->tally.total());
  EXPECT_EQ(found->gradient_norm, loaded->gradient_norm);

  RunConfig larger = AlamConfig("alam:table=" + path);
  larger.geometry.blocks = 3;
  const Result<StepReport> foreign = TrainerOf(larger)->Step();
  ASSERT_FALSE(foreign.ok());
  EXPECT_NE(foreign.status().message().find("has no bits for h2."), std::string::npos)
      << foreign.status().message();
  std::ofstream(path) << "{}";
  EXPECT_EQ(MakeStash("alam:table=" + path).status().code(), StatusCode::kBadInput);
  std::ofstream(path) << R"({"tensors": [1, 2]})";
  EXPECT_EQ(TrainerOf(AlamConfig("alam:table=" + path))->Step().status().code(),
            StatusCode::kBadInput);
  std::filesystem::remove(path);
  EXPECT_EQ(MakeStash("alam:table=" + path).status().code(), StatusCode::kIo);
}

TEST(Alam, RefusesImpossibleTargets) {
  EXPECT_NE(ComplaintOf("alam:bits=0.4").find("0.5 to 32"), std::string::npos);
  EXPECT_NE(ComplaintOf("alam:bits=2,table=a,save=b").find("drop save"), std::string::npos);
}

// --- GACT, and what it shares with ALAM ---

TEST(Gact, TheEndOfItsLadderIsOneBit) {
  const auto trainer = TrainerOf(AlamConfig("gact:bits=1"));
  const Bytes b = HeldBy(*trainer, "gact:bits=1").Activations();
  const double values = static_cast<double>(Sum(trainer->model().TextbookBytes(3))) / 4;
  EXPECT_EQ(static_cast<double>(b.payload) * 8 / values, 1);
  EXPECT_EQ(static_cast<double>(b.metadata) * 8 / values, 0.25) << "8 bytes for 256 values";
}

TEST(Gact, TheTableMeetsItsTarget) {
  const std::string path = ScratchPath("gact-table");
  for (const double target : {1.5, 3.0, 4.0}) {
    const std::string spec = "gact:bits=" + std::to_string(target) + ",save=" + path;
    ASSERT_TRUE(TrainerOf(AlamConfig(spec))->Step().ok());
    const Table table = ReadTable(path);
    EXPECT_EQ(table.bits.size(), 2U * 12 + 2);
    EXPECT_LE(table.mean_bits, target);
    EXPECT_GT(table.mean_bits, target - 1);
    for (const auto& [name, bits] : table.bits) {
      EXPECT_TRUE(bits == 32 || bits == 8 || bits == 4 || bits == 2 || bits == 1) << bits;
    }
    EXPECT_NE(ComplaintOf("alam:bits=4,save=" + path + ",table=" + path).find("drop save"),
              std::string::npos);
    EXPECT_TRUE(TrainerOf(AlamConfig("gact:table=" + path))->Step().ok());
    std::filesystem::remove(path);
  }
}

TEST(Gact, AdaptsAtEveryInterval) {
  const std::string path = ScratchPath("gact-adapts");
  const auto trainer = TrainerOf(AlamConfig("gact:interval=3,save=" + path));
  std::vector<bool> wrote;
  for (int i = 0; i < 7; ++i) {
    std::filesystem::remove(path);
    ASSERT_TRUE(trainer->Step().ok());
    wrote.push_back(std::filesystem::exists(path));
  }
  EXPECT_EQ(wrote, (std::vector<bool>{true, false, false, true, false, false, true}));
  std::filesystem::remove(path);
}

// A network of two tensors whose gradient is what comes back of them: what a probe sees is known.
struct Probed {
  std::vector<std::vector<at::Tensor>> gradients;  // of every pass
  State state;                                     // position, values, rung, sensitivity by name
};

Probed ProbedBy(const std::string& spec, float poison = 0) {
  Probed probed;
  const auto stash = StashOf(spec);
  Codec& codec = stash->codec();
  const std::vector<at::Tensor> x = {Random({512}), Random({1024}, 4) * 20};
  const auto gradients = [&] {
    std::vector<at::Tensor>& pass = probed.gradients.emplace_back();
    for (size_t i = 0; i < x.size(); ++i) {
      const Context context{{static_cast<int>(i), "x", Kind::kKey}, 0, 0};
      pass.push_back(codec.Unpack(codec.Pack(x[i], context), x[i].sizes(), context).clone());
    }
    pass[1].data_ptr<float>()[0] += poison;
    return pass;
  };
  EXPECT_TRUE(codec.BeforeStep({0, 100, 2, gradients, nullptr}).ok());
  probed.state = codec.SaveState();
  return probed;
}

TEST(Gact, SensitivityIsOfTheWholeGradientAndAlamsOfItsNorms) {
  for (const bool norms : {false, true}) {
    const Probed probed = ProbedBy(norms ? "alam" : "gact");
    ASSERT_EQ(probed.gradients.size(), 1U + 2 * 3);
    for (size_t slot = 0; slot < 2; ++slot) {
      const auto* pass = &probed.gradients[1 + 3 * slot];
      EXPECT_FALSE(SameBits(pass[0][slot], pass[1][slot])) << "two seeds";
      EXPECT_TRUE(SameBits(pass[0][1 - slot], pass[2][1 - slot])) << "the other stays as it is";
      const auto distance = [&](size_t a, size_t b) {
        double sum = 0;
        for (size_t i = 0; i < 2; ++i) {
          double norm_a = 0;
          double norm_b = 0;
          for (int64_t j = 0; j < pass[a][i].numel(); ++j) {
            const double u = pass[a][i].data_ptr<float>()[j];
            const double v = pass[b][i].data_ptr<float>()[j];
            norm_a += u * u;
            norm_b += v * v;
            if (!norms) sum += (u - v) * (u - v);
          }
          if (norms) sum += std::pow(std::sqrt(norm_a) - std::sqrt(norm_b), 2);
        }
        return sum;
      };
      const double expected = std::max({distance(0, 1), 2 * distance(0, 2), 2 * distance(1, 2)});
      const double got = probed.state.at("h" + std::to_string(slot) + ".x")[3].item<double>();
      EXPECT_NEAR(got, expected, 1e-5 * expected) << norms;
    }
  }
}

TEST(Gact, ASensitivityThatIsNotFiniteIsTheLargest) {
  for (const char* spec : {"gact", "alam"}) {
    const Probed probed = ProbedBy(spec, std::numeric_limits<float>::quiet_NaN());
    const double got = probed.state.at("h0.x")[3].item<double>();
    // The norms are replaced before they are compared, so that they are the same in all passes.
    EXPECT_EQ(got, std::string(spec) == "gact" ? 1e10 : got);
    EXPECT_TRUE(std::isfinite(got));
  }
}

TEST(Gact, RefusesWhatItDoesNotHave) {
  EXPECT_NE(ComplaintOf("gact:bits=0.5").find("1 to 32"), std::string::npos);
  EXPECT_NE(ComplaintOf("gact:average=first").find("has no option average"), std::string::npos);
  EXPECT_NE(ComplaintOf("gact:interval=0").find("interval is '0'"), std::string::npos);
  EXPECT_NE(ComplaintOf("gact:group=100").find("choose one of 64, 128"), std::string::npos);
  EXPECT_NE(ComplaintOf("gact:table=a,save=b").find("stash gact: table is read"),
            std::string::npos);
  EXPECT_NE(ComplaintOf("alam:interval=5").find("has no option interval"), std::string::npos);
}

// --- Tempo ---

TEST(Tempo, GeluDerivativeFromTheOutputIsRightEverywhere) {
  const auto stash = StashOf("tempo");
  const Pass pass{stash.get(), 0, 0, 0};
  std::vector<float> at;
  for (int i = -120000; i <= 120000; ++i) at.push_back(static_cast<float>(i) * 1e-4F);
  float near = static_cast<float>(kGeluLeastAt) - 2e-4F;  // every float around the minimum
  while (near < static_cast<float>(kGeluLeastAt) + 2e-4F) {
    at.push_back(near);
    near = std::nextafter(near, 1.0F);
  }
  const at::Tensor x = at::tensor(at);
  Gelu gelu({0, "y", Kind::kGeluOutput});
  Activation in(x, {0, "x", Kind::kGeluInput});
  const Activation y = gelu.Forward(in, pass);
  const at::Tensor d = gelu.Backward(at::ones_like(x), pass);
  double worst = 0;
  for (size_t i = 0; i < at.size(); ++i) {
    worst = std::max(worst, std::fabs(d.data_ptr<float>()[i] - GeluDerivative(at[i])));
  }
  EXPECT_LT(worst, 1e-3);
}

TEST(Tempo, NormFromItsOutputIsTheTextbooks) {
  const at::Tensor x = Random({33, 48}) * 3 + 1;
  const at::Tensor dy = Random({33, 48}, 4);
  std::vector<std::vector<at::Tensor>> both;
  for (const char* spec : {"exact", "tempo"}) {
    const auto stash = StashOf(spec);
    const Pass pass{stash.get(), 0, 0, 0};
    Norm norm("n", 48, {0, "y", Kind::kNormOutput});
    std::vector<Parameter*> p;
    norm.Collect(p);
    p[0]->value.copy_(Random({48}, 5));
    p[1]->value.copy_(Random({48}, 6));
    Activation in(x, {0, "x"});
    const Activation y = norm.Forward(in, pass);
    const at::Tensor dx = norm.Backward(dy, pass);
    both.push_back({dx, p[0]->grad, p[1]->grad});
  }
  for (size_t i = 0; i < 3; ++i) EXPECT_LT(RelativeError(both[1][i], both[0][i]), 1e-4) << i;
}

TEST(Tempo, ANormWhoseGammaIsZeroStaysFinite) {
  const auto stash = StashOf("tempo");
  const Pass pass{stash.get(), 0, 0, 0};
  Norm norm("n", 8, {0, "y", Kind::kNormOutput});
  std::vector<Parameter*> p;
  norm.Collect(p);
  p[0]->value.data_ptr<float>()[3] = 0;
  Activation in(Random({5, 8}), {0, "x"});
  const Activation y = norm.Forward(in, pass);
  EXPECT_TRUE(at::isfinite(norm.Backward(Random({5, 8}), pass)).all().item<bool>());
}

TEST(Tempo, GradientIsExactToAThousandth) {
  const auto trainer = TrainerOf(SmallConfig());
  const auto exact = GradientOf(*trainer, "exact");
  const auto tempo = GradientOf(*trainer, "tempo");
  Difference d;
  Add(exact, tempo, d);
  EXPECT_LT(d.Relative(), 1e-3);
}

// Units of batch x context x width: 16 and two maps, 48 where a map is 16 units as in GPT-2 at
// context 1,024 (12 heads, width 768).
TEST(Tempo, FortyEightUnitsABlockBecomeTwentySix) {
  RunConfig config = SmallConfig();
  config.geometry.width = 48;
  config.geometry.heads = 12;
  config.geometry.context = 64;
  const auto trainer = TrainerOf(config);
  const int64_t unit = 3 * 64 * 48 * 4;
  const int64_t last = 2 * unit;  // ln_f: input and output; Tempo keeps the output
  EXPECT_EQ(HeldBy(*trainer, "exact").Activations().total(), 2 * 48 * unit + last);
  const Tally tempo = HeldBy(*trainer, "tempo");
  EXPECT_EQ(tempo.Activations().total(), 2 * 26 * unit + unit);
  const int64_t masks = HeldBy(*trainer, "exact").masks;
  EXPECT_EQ(tempo.masks, masks + 2 * 4 * unit / 4 / 8) << "one bit for the branch of every GELU";
}

TEST(Tempo, RefusesAGeluOutputWithLoss) {
  EXPECT_NE(ComplaintOf("tempo+actplane").find("cannot be inverted"), std::string::npos);
  EXPECT_NE(ComplaintOf("group+tempo").find("cannot be inverted"), std::string::npos);
  StashOf("tempo+actplane:ratio.gelu_output=exact");
  StashOf("tempo:gelu=off+actplane");
  EXPECT_NE(ComplaintOf("tempo+fewbit").find("same part of the work"), std::string::npos);
}

// --- Few-Bit ---

TEST(FewBit, TablesReachTheErrorOfTheBestKnown) {
  const std::vector<double> limits = {0.1412, 0.0409, 0.0121, 0.0032};
  for (int bits = 1; bits <= 4; ++bits) {
    const auto t =
        OptimalFewBit("gelu", bits, -10, 10, FewBitWeight("uniform", -10, 10), "uniform");
    ASSERT_TRUE(t.ok());
    EXPECT_LT(t->error, limits[static_cast<size_t>(bits - 1)] + 0.5e-4) << "to four digits";
    // By another way: the integral over fine steps.
    double error = 0;
    constexpr double kStep = 1e-4;
    for (double x = -10 + kStep / 2; x < 10; x += kStep) {
      const auto k = static_cast<size_t>(std::lower_bound(t->borders.begin(), t->borders.end(), x) -
                                         t->borders.begin());
      error += std::pow(GeluDerivative(x) - t->levels[k], 2) * kStep;
    }
    EXPECT_NEAR(error, t->error, 1e-4);
  }
}

// GELU'(x) + GELU'(-x) = 1.
TEST(FewBit, TablesOfGeluAreSymmetric) {
  for (int bits = 1; bits <= 4; ++bits) {
    const auto t =
        OptimalFewBit("gelu", bits, -10, 10, FewBitWeight("uniform", -10, 10), "uniform");
    ASSERT_TRUE(t.ok());
    const size_t n = t->levels.size();
    for (size_t k = 0; k < n; ++k) EXPECT_NEAR(t->levels[k] + t->levels[n - 1 - k], 1, 2e-3);
    for (size_t k = 0; k + 1 < n; ++k)
      EXPECT_NEAR(t->borders[k] + t->borders[n - 2 - k], 0, 0.021) << "a cell is 0.01";
  }
}

TEST(FewBit, NoOtherBordersAreBetter) {
  constexpr size_t kCells = 20;
  std::vector<double> weight;
  for (size_t i = 0; i < kCells; ++i) weight.push_back(1 + 0.3 * static_cast<double>(i * i % 7));
  const auto t = OptimalFewBit("gelu_erf", 2, -4, 4, weight, "made up");
  ASSERT_TRUE(t.ok());
  // Every choice of three borders, each piece with its best level, by brute force.
  const auto piece = [&](size_t i, size_t j) {
    double w = 0;
    double f = 0;
    double ff = 0;
    for (size_t c = i; c < j; ++c) {
      for (int p = 0; p < 8; ++p) {
        const double x = -4 + 8.0 * (static_cast<double>(c) + (p + 0.5) / 8) / kCells;
        const double d = FewBitDerivative("gelu_erf", x);
        const double cell = weight[c] * 8.0 / kCells / 8;
        w += cell;
        f += cell * d;
        ff += cell * d * d;
      }
    }
    return ff - f * f / w;
  };
  double best = 1e9;
  for (size_t a = 1; a < kCells - 2; ++a) {
    for (size_t b = a + 1; b < kCells - 1; ++b) {
      for (size_t c = b + 1; c < kCells; ++c)
        best = std::min(best, piece(0, a) + piece(a, b) + piece(b, c) + piece(c, kCells));
    }
  }
  EXPECT_NEAR(t->error, best, 1e-9);
}

TEST(FewBit, GradientIsTheLevelOfTheInputAndBytesAreTheBits) {
  for (const int bits : {1, 2, 3, 4}) {
    const auto t =
        OptimalFewBit("gelu", bits, -10, 10, FewBitWeight("uniform", -10, 10), "uniform");
    const auto stash = StashOf("fewbit:bits=" + std::to_string(bits));
    const Pass pass{stash.get(), 0, 0, 0};
    Gelu gelu({0, "y", Kind::kGeluOutput});
    const at::Tensor x = Random({7, 13}) * 4;
    const at::Tensor dy = Random({7, 13}, 9);
    Activation in(x, {0, "x", Kind::kGeluInput});
    const Activation y = gelu.Forward(in, pass);
    const Bytes& b = stash->held().kinds[IndexOf(Kind::kGeluInput)];
    EXPECT_EQ(b.payload, (91 * bits + 7) / 8);
    EXPECT_EQ(b.total(), 12 * bits);
    const at::Tensor dx = gelu.Backward(dy, pass);
    for (int64_t i = 0; i < x.numel(); ++i) {
      const auto k = static_cast<size_t>(
          std::lower_bound(t->borders.begin(), t->borders.end(), x.data_ptr<float>()[i]) -
          t->borders.begin());
      EXPECT_FLOAT_EQ(dx.data_ptr<float>()[i],
                      dy.data_ptr<float>()[i] * static_cast<float>(t->levels[k]));
    }
  }
}

TEST(FewBit, TablesComeBackFromFilesAndForeignOnesAreRefused) {
  const std::string path = ScratchPath("few-bit");
  const auto t = OptimalFewBit("gelu", 2, -5, 5, FewBitWeight("normal", -5, 5), "normal");
  std::ofstream(path) << FewBitJson(*t);
  const auto back = ReadFewBit(path);
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->levels, t->levels);
  EXPECT_EQ(back->borders, t->borders);
  StashOf("fewbit:table=" + path);
  std::ofstream(path) << FewBitJson(
      *OptimalFewBit("silu", 1, -5, 5, FewBitWeight("normal", -5, 5), "normal"));
  EXPECT_NE(ComplaintOf("fewbit:table=" + path).find("is of silu"), std::string::npos);
  std::ofstream(path) << "nothing";
  EXPECT_NE(ComplaintOf("fewbit:table=" + path).find("is no few-bit table"), std::string::npos);
  std::filesystem::remove(path);
  EXPECT_NE(ComplaintOf("fewbit:table=" + path).find("cannot open"), std::string::npos);
  EXPECT_NE(ComplaintOf("fewbit:low=3,high=2").find("low < high"), std::string::npos);
  EXPECT_NE(ComplaintOf("fewbit:bits=9").find("1 to 8"), std::string::npos);
}

// --- CompAct ---

bool IsProjected(const Parameter& p) { return p.expand != nullptr; }

TEST(Compact, OnlyWeightGradientsOfLinearLayersDiffer) {
  const auto trainer = TrainerOf(SmallConfig());
  const auto exact = GradientOf(*trainer, "exact");
  const auto compact = GradientOf(*trainer, "compact:ratio=4");
  const auto stash = StashOf("compact:ratio=4");
  ASSERT_TRUE(trainer->Adopt(*stash).ok());
  int projected = 0;
  for (size_t i = 0; i < exact.size(); ++i) {
    const Parameter& p = *trainer->parameters()[i];
    projected += IsProjected(p) ? 1 : 0;
    // Every other gradient comes through the input gradients of the layers above.
    EXPECT_NE(IsProjected(p), SameBits(exact[i], compact[i])) << p.name;
  }
  EXPECT_EQ(projected, 2 * 3) << "query-key-value and both of the MLP; not the attention's output";
}

TEST(Compact, WeightGradientIsUnbiased) {
  constexpr int kSeeds = 256;
  const auto trainer = TrainerOf(SmallConfig());
  const auto exact = GradientOf(*trainer, "exact");
  std::vector<at::Tensor> sum(exact.size());
  std::vector<at::Tensor> squares(exact.size());
  std::vector<double> along(exact.size());  // of the error, the part along the exact gradient
  std::vector<double> along_squares(exact.size());
  std::vector<size_t> projected;
  for (int seed = 1; seed <= kSeeds; ++seed) {
    const auto g = GradientOf(*trainer, "compact:ratio=2,seed=" + std::to_string(seed));
    const auto stash = StashOf("compact:ratio=2");
    if (seed == 1) {
      ASSERT_TRUE(trainer->Adopt(*stash).ok());
      for (size_t i = 0; i < g.size(); ++i) {
        if (IsProjected(*trainer->parameters()[i])) projected.push_back(i);
      }
    }
    for (const size_t i : projected) {
      const at::Tensor d = (g[i] - exact[i]).to(at::kDouble);
      sum[i] = sum[i].defined() ? sum[i] + d : d;
      squares[i] = squares[i].defined() ? squares[i] + d * d : d * d;
      const double part = (d * exact[i]).sum().item<double>();
      along[i] += part / kSeeds;
      along_squares[i] += part * part / kSeeds;
    }
  }
  for (const size_t i : projected) {
    const std::string& name = trainer->parameters()[i]->name;
    const at::Tensor mean = sum[i] / kSeeds;
    const at::Tensor variance_of_mean = (squares[i] / kSeeds - mean * mean) / (kSeeds - 1);
    const double variance = along_squares[i] - along[i] * along[i];
    EXPECT_LT(std::fabs(along[i]), 3 * std::sqrt(variance / (kSeeds - 1))) << name;
    // All weights together, whose errors come from the same few projections: the square of the
    // mean error is what chance leaves after so many seeds, and a bias would add to it.
    const double chance = variance_of_mean.sum().item<double>();
    EXPECT_LT(mean.pow(2).sum().item<double>(), 2 * chance) << name;
    EXPECT_LT(chance, 0.05 * exact[i].pow(2).sum().item<double>()) << "a bias would be seen";
  }
}

TEST(Compact, StoresTheRankAndTrainsInIt) {
  RunConfig config = SmallConfig();
  config.stash = "compact:ratio=4";
  const auto trainer = TrainerOf(config);
  const Result<StepReport> step = trainer->Step();
  ASSERT_TRUE(step.ok());
  const PerKind<int64_t> textbook = trainer->model().TextbookBytes(3);
  const Tally& t = step->tally;
  EXPECT_EQ(t.kinds[IndexOf(Kind::kGeluOutput)].total() * 4, textbook[IndexOf(Kind::kGeluOutput)]);
  EXPECT_EQ(t.kinds[IndexOf(Kind::kAttentionOutput)].total(),
            textbook[IndexOf(Kind::kAttentionOutput)]);
  for (const Parameter* p : trainer->parameters()) {
    if (!IsProjected(*p)) continue;
    EXPECT_EQ(p->grad.size(0) * 4, p->value.size(0)) << p->name;
    EXPECT_EQ(p->grad.size(1), p->value.size(1)) << p->name;
  }
}

TEST(Compact, SubspacesLastAPeriod) {
  const auto trainer = TrainerOf(SmallConfig());
  const auto stash = StashOf("compact:ratio=4,period=2");
  const at::Tensor u = Random({8, 96});
  std::vector<at::Tensor> full;
  for (int64_t step = 0; step < 4; ++step) {
    ASSERT_TRUE(trainer->Adopt(*stash).ok());
    ASSERT_TRUE(stash->formulas().BeforeStep({step, 10, 2, nullptr, nullptr}).ok());
    for (const Parameter* p : trainer->parameters()) {
      if (p->name == "h0.attn.qkv.weight") full.push_back(p->expand(u));
    }
  }
  ASSERT_EQ(full.size(), 4U);
  EXPECT_TRUE(SameBits(full[0], full[1]));
  EXPECT_FALSE(SameBits(full[1], full[2]));
  EXPECT_TRUE(SameBits(full[2], full[3]));
}

// The published pair: 1e-2 and alpha 0.25, half of that for the projection of the attention's
// output, is 2.5 and 1.25 of the learning rate 1e-3.
TEST(Compact, ScalesTheLearningRateOfLinearLayersOnly) {
  const auto trainer = TrainerOf(SmallConfig());
  const auto expect = [&](const std::string& spec, double projected, double output) {
    const auto stash = StashOf(spec);
    ASSERT_TRUE(trainer->Adopt(*stash).ok());
    int outputs = 0;
    for (const Parameter* p : trainer->parameters()) {
      const bool is_output = p->name.find("attn.projection.weight") != std::string::npos;
      outputs += is_output ? 1 : 0;
      EXPECT_EQ(p->update_scale, IsProjected(*p) ? projected : is_output ? output : 1) << p->name;
    }
    EXPECT_EQ(outputs, 2);
  };
  expect("compact", 2.5, 1.25);
  expect("compact:alpha=0.25,output=4", 0.25, 1);
  expect("exact", 1, 1);
}

TEST(Compact, RefusesRanksThatDoNotFit) {
  RunConfig config = SmallConfig();
  const auto complaint = [&](const std::string& spec) {
    config.stash = spec;
    const Result<Corpus> corpus = Corpus::FromText(MadeUpText(), "made up", 0.1, 32);
    return Trainer::Create(config, *corpus).status().message();
  };
  for (const char* spec : {"compact:rank=64", "compact:rank=32", "compact:ratio=1"})
    EXPECT_NE(complaint(spec).find("is not less than the width 32"), std::string::npos) << spec;
  EXPECT_NE(complaint("compact:ratio=5").find("does not divide the width 32"), std::string::npos);
}

// --- Mesa ---

TEST(Mesa, RangesRunAndValuesBeyondThemAreClamped) {
  const auto stash = StashOf("mesa");
  const Context context{{0, "attn.q", Kind::kQuery}, 0, 0};
  const auto trip = [&](const at::Tensor& x) {
    return stash->codec().Unpack(stash->codec().Pack(x, context), x.sizes(), context);
  };
  const at::Tensor x = at::rand({2, 3, 8, 16}, at::detail::createCPUGenerator(1));
  EXPECT_LT((trip(x) - x).abs().max().item<double>(), 1.001 / 255) << "the first sets the range";
  // Twice as large: the running range is 0.9 old and 0.1 new, and nothing wraps around.
  const at::Tensor y = trip(x * 2);
  EXPECT_LT(y.max().item<double>(), 1.11);
  EXPECT_GT(y.max().item<double>(), 1.05);
  EXPECT_TRUE((y >= 0).all().item<bool>());
  EXPECT_TRUE(((x * 2 > 1.15).logical_and(y < 1.05)).sum().item<int64_t>() == 0);
}

TEST(Mesa, HeadsAndChannelGroupsHaveTheirOwnRanges) {
  const auto stash = StashOf("mesa:channels=16");
  at::Tensor maps = at::rand({2, 4, 8, 8}, at::detail::createCPUGenerator(1));
  maps.select(1, 2).mul_(1000);
  const Context p{{0, "attn.p", Kind::kProbability}, 0, 0};
  const Packed packed = stash->codec().Pack(maps, p);
  EXPECT_EQ(packed.bytes.payload, maps.numel());
  EXPECT_EQ(packed.bytes.metadata, 4 * 8);
  const at::Tensor back = stash->codec().Unpack(packed, maps.sizes(), p);
  EXPECT_LT((back - maps).select(1, 1).abs().max().item<double>(), 1.001 / 255);

  at::Tensor x = at::rand({50, 64}, at::detail::createCPUGenerator(2));
  x.narrow(1, 16, 16).mul_(1000);
  const Context c{{0, "ln_1.in", Kind::kResidual}, 0, 0};
  const Packed channels = stash->codec().Pack(x, c);
  EXPECT_EQ(channels.bytes.metadata, 4 * 8);
  const at::Tensor y = stash->codec().Unpack(channels, x.sizes(), c);
  EXPECT_LT((y - x).narrow(1, 0, 16).abs().max().item<double>(), 1.001 / 255);
}

TEST(Mesa, GroupsAreAsManyAsHeadsForEveryLayer) {
  const auto heads = StashOf("mesa:groups=heads");
  ASSERT_TRUE(heads->codec().BeforeStep({0, 10, 4, nullptr, nullptr}).ok());
  const auto channels = StashOf("mesa:channels=16");
  at::Tensor x = Random({50, 64});
  x.narrow(1, 16, 16).mul_(1000);
  const Context context{{0, "ln_1.in", Kind::kResidual}, 0, 0};
  const Packed a = heads->codec().Pack(x, context);
  const Packed b = channels->codec().Pack(x, context);
  EXPECT_EQ(a.bytes.metadata, 4 * 8);
  EXPECT_TRUE(SameBits(heads->codec().Unpack(a, x.sizes(), context),
                       channels->codec().Unpack(b, x.sizes(), context)));
  // Of a whole step: 12 tensors a block and 2 at the end, 2 heads.
  const auto trainer = TrainerOf(SmallConfig());
  EXPECT_EQ(HeldBy(*trainer, "mesa").Activations().metadata, (2 * 12 + 2) * 2 * 8);
  EXPECT_NE(ComplaintOf("mesa:groups=heads,channels=16").find("keep one"), std::string::npos);
  EXPECT_NE(ComplaintOf("mesa:groups=3").find("choose one of heads"), std::string::npos);
  EXPECT_NE(ComplaintOf("mesa:channels=0").find("from 1 to"), std::string::npos);
}

TEST(Mesa, WhatIsNotFiniteComesBackAsNaNAndSpoilsNoRange) {
  const auto stash = StashOf("mesa");
  const Context context{{0, "attn.q", Kind::kQuery}, 0, 0};
  const at::Tensor x = at::rand({1, 1, 8, 16}, at::detail::createCPUGenerator(1));
  (void)stash->codec().Pack(x, context);
  at::Tensor bad = x.clone();
  bad.data_ptr<float>()[5] = std::numeric_limits<float>::infinity();
  const Packed packed = stash->codec().Pack(bad, context);
  EXPECT_TRUE(stash->codec().Unpack(packed, x.sizes(), context).isnan().all().item<bool>());
  const at::Tensor after =
      stash->codec().Unpack(stash->codec().Pack(x, context), x.sizes(), context);
  EXPECT_LT((after - x).abs().max().item<double>(), 1.01 / 255);
}

TEST(Mesa, RoundTripsOfAllKindsOfTensors) {
  const auto stash = StashOf("mesa:channels=64");
  int site = 0;
  const auto trip = [&](const at::Tensor& x) {  // a place of its own: ranges start anew
    const std::string place = "x" + std::to_string(site++);
    const Context context{{0, place, Kind::kResidual}, 0, 0};
    return stash->codec().Unpack(stash->codec().Pack(x, context), x.sizes(), context);
  };
  const at::Tensor x = Random({64, 128});
  EXPECT_LT(RelativeError(trip(x), x), 0.02);
  const at::Tensor zeros = at::zeros({40, 40}, at::kFloat);
  EXPECT_TRUE(at::equal(trip(zeros), zeros));
  const at::Tensor constant = at::full({40, 64}, 0.375F);
  EXPECT_TRUE(at::equal(trip(constant), constant));
  EXPECT_LT(trip(Random({256}) * 1e-40).abs().max().item<double>(), 1e-38);
  at::Tensor outlier = x.clone();
  outlier.data_ptr<float>()[70] = 1e6F;  // in the second group of channels
  const at::Tensor y = trip(outlier);
  EXPECT_NEAR(y[0][70].item<double>(), 1e6, 1e4);
  EXPECT_LT(RelativeError(y.narrow(1, 0, 64), x.narrow(1, 0, 64)), 0.02);
  EXPECT_EQ(trip(Random({3, 5, 7})).sizes(), (std::vector<int64_t>{3, 5, 7}));
}

// --- formulas on tensors that are not like activations ---

struct SpecialInput {
  const char* name;
  at::Tensor x;
};

std::vector<SpecialInput> SpecialInputs() {
  at::Tensor outlier = Random({16, 32});
  outlier.data_ptr<float>()[100] = 3e4F;
  return {{"random", Random({16, 32})},
          {"constant", at::full({16, 32}, 0.375F)},
          {"zero", at::zeros({16, 32}, at::kFloat)},
          {"one outlier", outlier},
          {"subnormal", Random({16, 32}) * 1e-40}};
}

// dx of GELU and of LayerNorm, and the weight gradient of a linear layer, in this order.
std::vector<at::Tensor> LayerGradients(const std::string& spec, const at::Tensor& x) {
  const auto stash = StashOf(spec);
  const Pass pass{stash.get(), 0, 0, 0};
  const at::Tensor dy = Random(x.sizes(), 8);
  Gelu gelu({0, "y", Kind::kGeluOutput});
  Activation gelu_in(x, {0, "x", Kind::kGeluInput});
  Activation gelu_out = gelu.Forward(gelu_in, pass);
  Norm norm("n", 32, {0, "n", Kind::kNormOutput});
  Activation norm_in(x, {0, "r", Kind::kResidual});
  const Activation norm_out = norm.Forward(norm_in, pass);
  Linear linear("h0.mlp.up", 32, 32, 0.1, at::detail::createCPUGenerator(1));
  EXPECT_TRUE(stash->formulas().Bind(linear.weight()).ok());
  Activation linear_in(x, {0, "l", Kind::kNormOutput});
  linear.Forward(linear_in, pass);
  linear.Backward(dy, pass);
  const Parameter& w = linear.weight();
  return {gelu.Backward(dy, pass), norm.Backward(dy, pass), w.expand ? w.expand(w.grad) : w.grad};
}

TEST(Formulas, AreRightOnTensorsThatAreNotLikeActivations) {
  for (const SpecialInput& input : SpecialInputs()) {
    SCOPED_TRACE(input.name);
    const auto exact = LayerGradients("exact", input.x);
    const auto tempo = LayerGradients("tempo", input.x);
    const auto few = LayerGradients("fewbit:bits=4", input.x);
    const auto compact = LayerGradients("compact:ratio=2", input.x);
    const double largest = Random(input.x.sizes(), 8).abs().max().item<double>();
    EXPECT_LT((tempo[0] - exact[0]).abs().max().item<double>(), 1e-3 * largest);
    EXPECT_LT((tempo[1] - exact[1]).abs().max().item<double>(),
              1e-3 * exact[1].abs().max().item<double>() + 1e-6);
    EXPECT_TRUE(SameBits(tempo[2], exact[2]));
    EXPECT_LT((few[0] - exact[0]).abs().max().item<double>(), 0.1 * largest);
    EXPECT_TRUE(SameBits(few[1], exact[1]));
    EXPECT_TRUE(SameBits(compact[0], exact[0]));
    EXPECT_TRUE(at::isfinite(compact[2]).all().item<bool>());
    if (exact[2].abs().max().item<double>() == 0) {
      EXPECT_EQ(compact[2].abs().max().item<double>(), 0);
    }
  }
}

TEST(Formulas, WhatIsNotFiniteStaysSo) {
  at::Tensor x = Random({16, 32});
  x.data_ptr<float>()[100] = std::numeric_limits<float>::quiet_NaN();
  for (const char* spec : {"tempo", "compact:ratio=2"}) {
    const auto g = LayerGradients(spec, x);
    EXPECT_FALSE(at::isfinite(g[0]).all().item<bool>()) << spec;
    EXPECT_FALSE(at::isfinite(g[1]).all().item<bool>()) << spec;
    EXPECT_FALSE(at::isfinite(g[2]).all().item<bool>()) << spec;
  }
}

// --- all of them ---

class ChangingMethods : public testing::TestWithParam<const char*> {};

// Over the second adaptation of ALAM, a switch of subspaces and several updates of the ranges.
TEST_P(ChangingMethods, ResumedEqualsUninterrupted) {
  const std::string path = ScratchPath("changing-checkpoint");
  RunConfig config = AlamConfig(GetParam());
  const auto whole = TrainerOf(config);
  for (int i = 0; i < 7; ++i) {
    ASSERT_TRUE(whole->Step().ok());
    if (i == 1) {
      ASSERT_TRUE(SaveTo(*whole, path).ok());
    }
  }
  const auto part = TrainerOf(config);
  const Status resumed = part->Resume(path);
  ASSERT_TRUE(resumed.ok()) << resumed.message();
  for (int i = 2; i < 7; ++i) ASSERT_TRUE(part->Step().ok());
  for (size_t i = 0; i < whole->parameters().size(); ++i)
    EXPECT_TRUE(SameBits(whole->parameters()[i]->value, part->parameters()[i]->value)) << i;
  std::filesystem::remove(path);
}

INSTANTIATE_TEST_SUITE_P(Methods, ChangingMethods,
                         testing::Values("alam:bits=2", "alam:bits=9", "gact:bits=3,interval=3",
                                         "mesa", "mesa:channels=16", "compact:ratio=4,period=3",
                                         "group:bits=2", "tempo", "fewbit", "compact+mesa",
                                         "fewbit+alam:bits=3",
                                         "actplane:order=significance,format=bf16"));

TEST(Methods, EachKindOfAFormulaIsCheckedAlone) {
  const auto trainer = TrainerOf(SmallConfig());
  const auto exact = GradientOf(*trainer, "exact");
  const auto stash = StashOf("fewbit:bits=1");
  ASSERT_TRUE(trainer->Adopt(*stash).ok());
  const auto error = [&](std::optional<Kind> only) {
    stash->set_only(only);
    trainer->model().ClearGradients();
    trainer->Accumulate(*stash, 0, 0, 1);
    Difference d;
    std::vector<at::Tensor> g;
    for (const Parameter* p : trainer->parameters()) g.push_back(p->grad);
    Add(exact, g, d);
    return d.Relative();
  };
  EXPECT_EQ(error(Kind::kResidual), 0);
  EXPECT_GT(error(Kind::kGeluInput), 1e-4);
  EXPECT_EQ(error(Kind::kGeluInput), error(std::nullopt));
}

}  // namespace
}  // namespace actplane::train
