// SPDX-License-Identifier: Apache-2.0
// Nothing is read before it is written: whatever fresh memory holds, NaN or zeros, a run gives the
// same bits. Every method, from the smallest network on.
#include "fresh_memory.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string_view>

#include "program.h"
#include "support/scale.h"
#include "train/layers/matmul.h"
#include "train/trainer/gradient.h"

namespace actplane::train {
namespace {

std::string BytesOf(const at::Tensor& t) {
  const at::Tensor dense = t.contiguous();
  return {static_cast<const char*>(dense.data_ptr()), dense.nbytes()};
}

std::string BytesOf(double x) { return {reinterpret_cast<const char*>(&x), sizeof x}; }

TEST(FreshMemory, HoldsWhatTheTestAsksFor) {
  for (const int64_t n : {1, 3, 1000}) {
    const FreshMemory with(Fresh::kNaN);
    EXPECT_TRUE(at::empty({n}, at::kFloat).isnan().all().item<bool>());
    EXPECT_TRUE(at::empty({n}, at::kByte).ne(0).all().item<bool>());
  }
  const FreshMemory with(Fresh::kZero);
  EXPECT_TRUE(at::empty({1000}, at::kFloat).eq(0).all().item<bool>());
}

// The largest difference to the product in double precision, in parts of the largest sum of terms.
double ProductError(const at::Tensor& got, const at::Tensor& a, const at::Tensor& b, double alpha) {
  const at::Tensor x = a.to(at::kDouble);
  const at::Tensor y = b.to(at::kDouble);
  const at::Tensor error = (got.to(at::kDouble) - alpha * at::matmul(x, y)).abs();
  return (error.max() / (at::matmul(x.abs(), y.abs()).max() * alpha)).item<double>();
}

// Small products take other ways through libtorch than large ones, and some of those read the
// output even where it counts 0.
TEST(FreshMemory, ProductsOfEverySizeIgnoreIt) {
  const auto generator = at::detail::createCPUGenerator(5);
  const auto random = [&](at::IntArrayRef shape) {
    return at::randn(shape, generator, at::kFloat);
  };
  const FreshMemory with(Fresh::kNaN);
  const std::vector<int64_t> sizes = {1, 2, 3, 7, 8, 33, 130};
  for (const int64_t m : sizes) {
    for (const int64_t k : sizes) {
      for (const int64_t n : sizes) {
        SCOPED_TRACE(testing::Message() << m << " x " << k << " x " << n);
        for (const bool turned : {false, true}) {
          const at::Tensor a = turned ? random({3, k, m}).transpose(1, 2) : random({3, m, k});
          const at::Tensor b = turned ? random({3, n, k}).transpose(1, 2) : random({3, k, n});
          EXPECT_LT(ProductError(BatchMatMul(a, b, 0.3F), a, b, 0.3), 1e-6);
          const at::Tensor c = at::empty({m, n}, at::kFloat);
          MatMul(a[0], b[0], c);
          EXPECT_LT(ProductError(c, a[0], b[0], 1), 1e-6);
          const at::Tensor zero = at::zeros({n}, at::kFloat);
          EXPECT_LT(ProductError(Affine(a[0], b[0], zero), a[0], b[0], 1), 1e-6);
        }
      }
    }
  }
}

const std::vector<const char*> kSpecs = {"exact",
                                         "actplane",
                                         "actplane:ratio=1,fill=zero,block=32",
                                         "actplane:order=significance,ratio=6,block=256",
                                         "actplane:order=significance,ratio=14,format=bf16,group=8",
                                         "bf16",
                                         "mxint8",
                                         "mxfp8",
                                         "mxfp6",
                                         "mxfp6:element=e3m2,scale=ocp",
                                         "mxfp4:format.residual=bf16",
                                         "nvfp4",
                                         "nf4:format.key=exact",
                                         "zfp",
                                         "zfp:dims=1,ratio=2",
                                         "group:bits=2",
                                         "group:bits=8,group=64",
                                         "group:bits=4,rounding=nearest",
                                         "gact:bits=2",
                                         "gact:bits=1,group=64",
                                         "alam:bits=2",
                                         "alam:bits=0.5",
                                         "alam:bits=8",
                                         "mesa",
                                         "mesa:channels=2",
                                         "tempo",
                                         "fewbit:bits=1",
                                         "fewbit:bits=5",
                                         "compact:ratio=2",
                                         "compact:rank=1",
                                         "compact:ratio=2+actplane:ratio=6",
                                         "fewbit+mxfp8",
                                         "tempo:gelu=off+zfp:ratio=4",
                                         "tempo+group:bits=4,bits.gelu_output=exact",
                                         "flash",
                                         "flash+group:bits=4",
                                         "recompute",
                                         "recompute+actplane:ratio=6",
                                         "recompute:scope=attention+mxfp8",
                                         "maps:sums=stored+nvfp4"};

TEST(FreshMemory, TheListHasEveryMethod) {
  std::set<std::string_view> listed;
  for (const std::string_view spec : kSpecs) {
    for (const MethodInfo& info : Methods()) {
      if (spec.starts_with(info.name)) listed.insert(info.name);
    }
  }
  for (const MethodInfo& info : Methods()) EXPECT_TRUE(listed.contains(info.name)) << info.name;
}

struct NetworkCase {
  const char* name;
  Geometry geometry;
  int64_t batch;
};

const std::vector<NetworkCase> kNetworks = {
    {"Smallest", {.blocks = 1, .width = 2, .heads = 1, .context = 3, .dropout = 0.1F}, 1},
    {"WithoutDropout", {.blocks = 1, .width = 2, .heads = 2, .context = 1}, 1},
    {"Odd", {.blocks = 2, .width = 6, .heads = 3, .context = 7, .dropout = 0.1F}, 3},
    {"Small", {.blocks = 1, .width = 32, .heads = 2, .context = 33, .dropout = 0.1F}, 2},
    {"SmallestLlama",
     {.blocks = 1, .width = 2, .heads = 1, .context = 1, .family = Family::kLlama, .hidden = 2},
     1},
    {"OddLlama",
     {.blocks = 1,
      .width = 12,
      .heads = 6,
      .context = 7,
      .dropout = 0.1F,
      .family = Family::kLlama,
      .kv_heads = 3,
      .hidden = 14},
     3},
};

// Everything that comes out of a run, by name.
using Trace = std::map<std::string, std::string>;

void TraceStep(Trainer& trainer, const std::string& name, Trace& trace) {
  const Result<StepReport> step = trainer.Step();
  ASSERT_TRUE(step.ok()) << step.status().message();
  trace[name + " loss"] = BytesOf(step->loss);
  trace[name + " norm"] = BytesOf(step->gradient_norm);
  trace[name + " held out"] = BytesOf(trainer.Evaluate());
  for (const Parameter* p : trainer.parameters()) {
    EXPECT_TRUE(p->value.isfinite().all().item<bool>()) << name << " " << p->name;
    trace[name + " weight " + p->name] = BytesOf(p->value);
    trace[name + " gradient " + p->name] = BytesOf(p->grad);
  }
}

// As gradcheck does: kind by kind, then all together.
void TraceGradients(Trainer& trainer, const std::string& spec, Trace& trace) {
  const std::vector<Gradient> exact = ExactGradients(trainer, 2);
  const auto stash = StashOf(spec);
  ASSERT_TRUE(trainer.Adopt(*stash).ok());
  for (int k = 0; k <= kKinds; ++k) {
    const bool all = k == kKinds;
    stash->set_only(all ? std::nullopt : std::optional(static_cast<Kind>(k)));
    Tally tally;
    const Difference d = DifferenceOf(trainer, *stash, exact, &tally);
    const std::string name =
        "gradcheck " + std::string(all ? "all" : kKindNames[static_cast<size_t>(k)]);
    EXPECT_TRUE(std::isfinite(d.error)) << name;
    trace[name] = BytesOf(d.error) + BytesOf(d.product) + BytesOf(d.other) + BytesOf(d.signal) +
                  std::to_string(tally.total());
  }
}

Trace TraceOf(const RunConfig& config, Fresh fresh) {
  const FreshMemory with(fresh);
  Trace trace;
  const std::string path = ScratchPath("fresh-checkpoint");
  const auto trainer = TrainerOf(config);
  TraceStep(*trainer, "step 0", trace);
  EXPECT_TRUE(SaveTo(*trainer, path).ok());
  trace["checkpoint"] = testing_support::ReadFile(path);
  EXPECT_GT(trace["checkpoint"].size(), 1000U);
  const auto resumed = TrainerOf(config);
  EXPECT_TRUE(resumed->Resume(path).ok());
  TraceStep(*resumed, "step 1", trace);
  std::filesystem::remove(path);
  TraceGradients(*resumed, config.stash, trace);
  return trace;
}

class FreshMemoryTest : public testing::TestWithParam<const char*> {};

TEST_P(FreshMemoryTest, ChangesNoBitOfARun) {
  // Half of the networks for each method, the other half for its neighbour; all with scale full.
  const auto at = std::ranges::find(kSpecs, std::string_view(GetParam())) - kSpecs.begin();
  for (size_t n = 0; n < kNetworks.size(); ++n) {
    if (testing_support::Scaled(2) == 1 && (static_cast<size_t>(at) + n) % 2 == 1) continue;
    const NetworkCase& network = kNetworks[n];
    SCOPED_TRACE(network.name);
    if (!StashOf(GetParam())->formulas().CheckFamily(network.geometry.family).ok()) continue;
    RunConfig config = SmallConfig();
    config.geometry = network.geometry;
    config.batch = network.batch;
    config.accumulate = 2;
    config.stash = GetParam();
    Trace nan = TraceOf(config, Fresh::kNaN);
    const Trace zero = TraceOf(config, Fresh::kZero);
    ASSERT_EQ(nan.size(), zero.size());
    for (const auto& [name, bytes] : zero) EXPECT_TRUE(nan[name] == bytes) << name;
  }
}

// Also what is stored, to the last byte of its padding: it may end in a file.
TEST_P(FreshMemoryTest, ChangesNoBitOfAPackedTensor) {
  for (const std::vector<int64_t>& shape : {std::vector<int64_t>{1},
                                            {7},
                                            {3, 129},
                                            {2, 3, 5, 5},
                                            {1, 1, 1, 1},
                                            {70, 33},
                                            {4, 64, 64}}) {
    const at::Tensor x =
        at::randn(shape, at::detail::createCPUGenerator(3), at::TensorOptions(at::kFloat));
    for (const Kind kind : {Kind::kResidual, Kind::kProbability, Kind::kGeluOutput}) {
      if (kind == Kind::kProbability && shape.size() < 2) continue;  // a map has a diagonal
      const Context context{{0, "x", kind}, 0, 0};
      std::vector<std::string> packed;
      std::vector<std::string> back;
      for (const Fresh fresh : {Fresh::kNaN, Fresh::kZero}) {
        const FreshMemory with(fresh);
        const auto stash = StashOf(GetParam());
        const Packed p = stash->codec().Pack(x, context);
        std::string& bytes = packed.emplace_back();
        for (const at::Tensor& part : p.parts) bytes += BytesOf(part);
        back.push_back(BytesOf(stash->codec().Unpack(p, x.sizes(), context)));
      }
      EXPECT_TRUE(packed[0] == packed[1]) << x.sizes() << " " << ToString(kind);
      EXPECT_TRUE(back[0] == back[1]) << x.sizes() << " " << ToString(kind);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Methods, FreshMemoryTest, testing::ValuesIn(kSpecs));

// The program, with a library in front of it that fills its memory.
class FreshMemoryOfTheProgram : public Program {
 protected:
  Answer RunWith(const char* fresh, const std::string& arguments) const {
    return Run(arguments, std::string("LD_PRELOAD=" ACTP_FRESH_MEMORY " ACTP_FRESH=") + fresh +
                              " OMP_NUM_THREADS=1");
  }

  // What `arguments` print, and the files under `out`, without what depends on the clock.
  std::map<std::string, std::string> ResultOf(const char* fresh,
                                              const std::string& arguments) const {
    fs::remove_all(folder_ / "o");
    const Answer answer = RunWith(fresh, arguments);
    EXPECT_EQ(answer.code, 0) << arguments << ": " << answer.err;
    EXPECT_EQ(answer.err, "");
    std::map<std::string, std::string> result;
    if (!arguments.starts_with("train")) result["printed"] = answer.out;
    if (!fs::exists(folder_ / "o")) return result;
    for (const auto& entry : fs::recursive_directory_iterator(folder_ / "o")) {
      const std::string name = entry.path().filename();
      if (name == "log.csv") {
        std::istringstream log(ReadFile(entry.path()));
        for (std::string line; std::getline(log, line);) {
          std::istringstream cells(line);
          std::string cell;
          for (int i = 0; std::getline(cells, cell, ','); ++i)
            result[entry.path()] += i == 4 || i == 5 ? "," : cell + ",";
        }
      } else if (name == "checkpoint" || name.ends_with(".npy") || name.ends_with(".json")) {
        if (name != "summary.json") result[entry.path()] = ReadFile(entry.path());
      }
    }
    return result;
  }

  void ExpectSame(const std::string& arguments, size_t results) const {
    SCOPED_TRACE(arguments);
    const auto nan = ResultOf("nan", arguments);
    const auto zero = ResultOf("zero", arguments);
    EXPECT_EQ(nan.size(), results);
    EXPECT_TRUE(nan == zero);
    for (const auto& [name, bytes] : nan)
      EXPECT_EQ(bytes.find("nan,"), std::string::npos) << name << ": " << bytes;
  }

  static constexpr const char* kSmallest =
      " --preset tiny --text text --blocks 1 --width 2 --heads 1 --context 3 --batch 1 "
      "--eval-windows 5 ";
};

TEST_F(FreshMemoryOfTheProgram, ATinyRunWithExactStorageIsFinite) {
  std::ofstream(folder_ / "text") << MadeUpText().substr(0, 20000);
  ExpectSame(
      "train --preset tiny --steps 3 --warmup 1 --threads 1 --text text --width 2 --heads 1 "
      "--context 3 --batch 1 --stash exact --out o",
      2);
}

TEST_F(FreshMemoryOfTheProgram, ChangesNothingInOtherSubcommands) {
  const std::string smallest = kSmallest;
  ExpectSame("capture" + smallest + "--threads 1 --after 1 --out o --json", 15);
  ASSERT_EQ(Run("capture" + smallest + "--out kept").code, 0);
  ExpectSame("gradcheck" + smallest + "--threads 1 --batches 2 --json mesa zfp tempo", 1);
  ExpectSame("allocate" + smallest + "--threads 1 --batches 1 --json", 1);
  ExpectSame("fewbit --bits 2 --inputs kept/h0.mlp.in.npy --json", 1);
}

TEST_F(FreshMemoryOfTheProgram, NeedsTheLibraryToWork) {
  const Answer answer = RunWith("maybe", "methods");
  EXPECT_NE(answer.code, 0);
  EXPECT_NE(answer.err.find("set ACTP_FRESH to nan or zero"), std::string::npos) << answer.err;
}

}  // namespace
}  // namespace actplane::train
