// SPDX-License-Identifier: Apache-2.0
// No output is an input, no two outputs are one file, and what is there stays unless -f is given:
// in every subcommand, before any work.
#include "train/stash/files.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <map>
#include <nlohmann/json.hpp>

#include "program.h"

namespace actplane::train {
namespace {

constexpr const char* kIsInput = "is an input, which would be lost; choose another output";
constexpr const char* kIsThere = "is there already; give -f to replace it";

constexpr const char* kLog =
    "step,loss,lr,gradient_norm,seconds,tokens_per_second,stash_bytes,held_out_loss\n"
    "1,2.5,0.1,3,0.01,100,4096,\n2,2.4,0.1,3,0.01,100,4096,\n";

class Files : public Program {
 protected:
  void SetUp() override {
    Program::SetUp();
    text_ = MadeUpText();
    std::ofstream(folder_ / "l.csv") << kLog;
    std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }";
    header.resize(117, ' ');
    std::ofstream(folder_ / "a.npy", std::ios::binary)
        << "\x93NUMPY\x01" << '\0' << "v" << '\0' << header << '\n'
        << std::string("\0\0\x80\x3f\0\0\0\x40", 8);
  }

  // Refused, with -f and --resume too, and `file` is what it was.
  void ExpectRefused(const std::string& arguments, const std::string& file) {
    const std::string before = ReadFile(folder_ / file);
    ASSERT_FALSE(before.empty()) << file;
    ExpectComplaint(Run(arguments + " -f", "timeout 60"), 2, kIsInput);
    EXPECT_EQ(ReadFile(folder_ / file), before) << arguments;
    const Answer o = Run(arguments, "timeout 60");
    EXPECT_EQ(o.code, 2) << arguments << o.err;
    EXPECT_EQ(ReadFile(folder_ / file), before) << arguments;
  }

  void PutText(const std::string& path) {
    fs::create_directories((folder_ / path).parent_path());
    std::ofstream(folder_ / path) << text_;
  }

  static std::string Settings() {
    std::string all = Small();
    return all.erase(0, std::string(" --text text").size());
  }

  std::string text_;
};

TEST_F(Files, APictureOrTableIsNoInputOfItself) {
  ExpectRefused("plot l.csv --out l.csv", "l.csv");
  ExpectRefused("fewbit --bits 1 --inputs a.npy --out a.npy", "a.npy");
  ExpectRefused("fewbit --bits 1 --inputs a.npy --plot a.npy", "a.npy");
  fs::create_symlink("a.npy", folder_ / "link.npy");
  fs::create_hard_link(folder_ / "a.npy", folder_ / "hard.npy");
  ExpectRefused("fewbit --bits 1 --inputs a.npy --out link.npy", "a.npy");
  ExpectRefused("fewbit --bits 1 --inputs link.npy --plot hard.npy", "a.npy");
}

TEST_F(Files, ARunDoesNotWriteOverWhatItReads) {
  ExpectRefused("train" + Small() + "--steps 2 --stash alam:save=text --out r", "text");
  std::ofstream(folder_ / "run.toml") << "steps = 2\n";
  ExpectRefused("train" + Small() + "--config run.toml --stash alam:save=run.toml --out r",
                "run.toml");
  EXPECT_FALSE(fs::exists(folder_ / "r"));
  for (const std::string name : {"log.csv", "summary.json", "loss.svg", "checkpoint"}) {
    PutText("own/" + name);
    const std::string arguments = "train" + Settings() + "--steps 2 --out own --text own/" + name;
    ExpectComplaint(Run(arguments + " -f"), 2, kIsInput);
    EXPECT_NE(Run(arguments + " --resume").code, 0);
    EXPECT_NE(Run(arguments).code, 0);
    EXPECT_EQ(ReadFile(folder_ / "own" / name), text_);
    fs::remove_all(folder_ / "own");
  }
  ASSERT_EQ(Run("train" + Small() + "--steps 2 --out r").code, 0);
  ExpectRefused(
      "train" + Small() + "--steps 2 --init r/checkpoint --stash alam:save=r/checkpoint --out s",
      "r/checkpoint");
  EXPECT_FALSE(fs::exists(folder_ / "s"));
}

TEST_F(Files, CaptureDoesNotWriteOverItsText) {
  PutText("c/ln_f.npy");
  ExpectRefused("capture" + Settings() + "--text c/ln_f.npy --out c", "c/ln_f.npy");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_ / "c"), {}), 1);
}

TEST_F(Files, ComparisonDoesNotWriteOverItsText) {
  for (const std::string name : {"compare.csv", "verdict.csv", "kinds.csv", "exact-1/log.csv",
                                 "exact-1.txt", "exact-1/loss.svg", "exact-1.gradient.json.txt"}) {
    PutText("all/" + name);
    ExpectRefused("compare" + Settings() + "--steps 2 --methods exact --out all --text all/" + name,
                  "all/" + name);
    fs::remove_all(folder_ / "all");
  }
}

TEST_F(Files, TwoOutputsAreTwoFiles) {
  const std::string twice = "is given for two outputs; choose another name for one";
  ExpectComplaint(Run("fewbit --bits 1 --out t --plot t"), 2, twice);
  ExpectComplaint(Run("fewbit --bits 1 --out t --plot ./t"), 2, twice);
  ExpectComplaint(Run("fewbit --bits 1 --out - --plot /dev/stdout"), 2, twice);
  fs::create_directory(folder_ / "r");
  fs::create_symlink("r", folder_ / "link");
  for (const char* save : {"r/checkpoint", "link/log.csv", "./r/../r/summary.json"}) {
    ExpectComplaint(Run("train" + Small() + "--steps 2 --out r --stash alam:save=" + save), 2,
                    twice);
  }
  EXPECT_TRUE(fs::is_empty(folder_ / "r"));
  ExpectComplaint(Run("gradcheck" + Small() + "--total-only alam:bits=2,save=t alam:bits=1,save=t"),
                  2, twice);
  EXPECT_FALSE(fs::exists(folder_ / "t"));
}

TEST_F(Files, AnOutputThatIsThereNeedsForce) {
  const auto put = [&](const std::string& name) { std::ofstream(folder_ / name) << "mine\n"; };
  fs::create_directory(folder_ / "r");
  const std::string tiny = Small() + "--steps 2 ";
  for (const auto& [file, arguments] : std::map<std::string, std::string>{
           {"p.svg", "plot l.csv --out p.svg"},
           {"t.json", "fewbit --bits 1 --out t.json"},
           {"t.svg", "fewbit --bits 1 --plot t.svg"},
           {"r/ln_f.npy", "capture" + tiny + "--out r"},
           {"bits.json", "gradcheck" + tiny + "--total-only alam:save=bits.json"},
           {"r/log.csv", "train" + tiny + "--out r"},
           {"r/summary.json", "train" + tiny + "--out r"},
           {"r/loss.svg", "train" + tiny + "--out r"},
           {"more.json", "train" + tiny + "--out r --stash alam:save=more.json"}}) {
    put(file);
    ExpectComplaint(Run(arguments), 2, kIsThere);
    EXPECT_EQ(ReadFile(folder_ / file), "mine\n") << arguments;
    EXPECT_EQ(Run(arguments + " -f").code, 0) << arguments;
    EXPECT_NE(ReadFile(folder_ / file), "mine\n") << arguments;
    if (file.starts_with("r/")) fs::remove_all(folder_ / "r");
    fs::create_directory(folder_ / "r");
  }
}

TEST_F(Files, ARunIsReplacedWithForceAndGoesOnWithResume) {
  const std::string arguments = "train" + Small() + "--steps 4 --out r";
  ASSERT_EQ(Run(arguments + " --stop-after 2").code, 0);
  ExpectComplaint(Run(arguments), 2, "is there already; go on with --resume");
  EXPECT_EQ(Run(arguments + " --resume --stop-after 1").code, 0) << "no -f needed";
  EXPECT_EQ(Run(arguments + " -f --stop-after 1").out,
            "stopped after step 1 of 4; go on with --resume\n")
      << "anew";
  // A table that the run itself has written, but no other.
  std::ofstream(folder_ / "bits.json") << "mine\n";
  ExpectComplaint(Run("train" + Small() + "--steps 4 --resume --out s --stash alam:save=bits.json"),
                  2, kIsThere);
}

TEST_F(Files, TablesInAFolderThatIsNoComparisonNeedForce) {
  const std::string arguments = "compare" + Small() + "--steps 2 --methods exact --out all";
  fs::create_directory(folder_ / "all");
  std::ofstream(folder_ / "all/loss.svg") << "mine\n";
  ExpectComplaint(Run(arguments), 2, kIsThere);
  EXPECT_EQ(ReadFile(folder_ / "all/loss.svg"), "mine\n");
  EXPECT_FALSE(fs::exists(folder_ / "all/exact-1")) << "before the first run";
  ASSERT_EQ(Run(arguments + " -f").code, 0);
  EXPECT_NE(ReadFile(folder_ / "all/loss.svg"), "mine\n");
  EXPECT_EQ(Run(arguments).code, 0) << "its own now";
  ExpectComplaint(Run("compare" + Small() + "--out b --methods alam:save=t"), 2,
                  "would write 't'; let actplane-train train do it");
}

// Results of other text or weights are not taken for those of this comparison.
TEST_F(Files, ComparisonKnowsItsTextAndItsWeights) {
  ASSERT_EQ(Run("train" + Small() + "--steps 2 --out a").code, 0);
  ASSERT_EQ(Run("train" + Small() + "--steps 2 --seed 2 --out b").code, 0);
  const std::string arguments = "compare" + Settings() + "--steps 2 --methods mxfp8 --out all";
  const std::string first = " --text text --init a/checkpoint";
  ASSERT_EQ(Run(arguments + first).code, 0);
  std::ofstream(folder_ / "other") << text_ << "and more";
  const std::string others = "is a run with other settings; choose another --out";
  ExpectComplaint(Run(arguments + " --text other --init a/checkpoint"), 2, others);
  ExpectComplaint(Run(arguments + " --text text --init b/checkpoint"), 2, others);
  ExpectComplaint(Run(arguments + " --text text"), 2, others);
  fs::rename(folder_ / "text", folder_ / "renamed");
  fs::rename(folder_ / "a", folder_ / "c");
  EXPECT_EQ(Run(arguments + " --text renamed --init c/checkpoint").code, 0)
      << "what they hold counts, not their names";

  // The weights to start from are part of a checkpoint, but need not be given again.
  const std::string run = "train" + Settings() + "--steps 4 --text renamed --out r ";
  ASSERT_EQ(Run(run + "--init c/checkpoint --stop-after 1").code, 0);
  ExpectComplaint(Run(run + "--init b/checkpoint --resume"), 2,
                  "is of another configuration: init");
  ASSERT_EQ(Run(run + "--resume").code, 0);
  const auto hash = [&](const char* name) {
    return nlohmann::json::parse(ReadFile(folder_ / name))["config"]["init"];
  };
  EXPECT_EQ(hash("r/summary.json"), hash("all/mxfp8-1/summary.json"));
  EXPECT_EQ(hash("c/summary.json"), "");
}

// The gradient is measured on the weights of the first seed.
TEST_F(Files, ComparisonMeasuresTheGradientOfItsFirstSeed) {
  const std::string arguments =
      "compare" + Small() + "--steps 2 --methods mxfp8 --json --runs runs";
  const auto relative = [&](const std::string& rest) {
    const Answer o = Run(arguments + rest);
    EXPECT_EQ(o.code, 0) << o.err;
    return nlohmann::json::parse(o.out)["rows"][1]["relative"].get<double>();
  };
  const double one = relative(" --seeds 1 --out one");
  EXPECT_NE(relative(" --seeds 2 --out two"), one);
  EXPECT_EQ(relative(" --seeds 1 --out three"), one);
}

TEST_F(Files, PipesInPlaceOfResultsAreNotWaitedFor) {
  const std::string arguments = "compare" + Small() + "--steps 2 --methods exact --out all";
  fs::create_directories(folder_ / "all/exact-1");
  ASSERT_EQ(mkfifo((folder_ / "all/exact-1.txt").c_str(), 0600), 0);
  ExpectComplaint(Run(arguments, "timeout 60"), 3, "cannot start exact seed 1");
  fs::rename(folder_ / "all/exact-1.txt", folder_ / "all/exact-1/log.csv");
  ExpectComplaint(Run(arguments, "timeout 60"), 3, "'all/exact-1/log.csv' is no regular file");
  fs::rename(folder_ / "all/exact-1/log.csv", folder_ / "all/compare.md");
  ExpectComplaint(Run(arguments, "timeout 60"), 3, "'all/compare.md' is no regular file");
  fs::create_directory(folder_ / "r");
  fs::rename(folder_ / "all/compare.md", folder_ / "r/checkpoint");
  for (const char* how : {"", " -f", " --resume"}) {
    const Answer o = Run("train" + Small() + "--steps 2 --out r" + how, "timeout 60");
    EXPECT_TRUE(o.code == 2 || o.code == 3) << how << " ended with " << o.code << ": " << o.err;
  }
}

TEST_F(Files, StandardInputAndOutputAreFiles) {
  const Answer plain = Run("fewbit --bits 1 --inputs a.npy --json");
  ASSERT_EQ(plain.code, 0) << plain.err;
  EXPECT_EQ(Run("fewbit --bits 1 --inputs - --json", "cat a.npy |").out, plain.out);
  const Answer table = Run("fewbit --bits 1 --inputs a.npy --out -");
  EXPECT_EQ(table.out, plain.out);
  EXPECT_NE(table.err.find("squared error"), std::string::npos) << "the report makes room";
  EXPECT_NE(Run("plot - --out -", "cat l.csv |").out.find("</svg>"), std::string::npos);

  const std::string tiny = Settings() + "--steps 2 ";
  ASSERT_EQ(Run("train" + tiny + "--text text --out a").code, 0);
  ASSERT_EQ(Run("train" + tiny + "--text - --out b", "cat text |").code, 0);
  const auto config = [&](const char* name) {
    return nlohmann::json::parse(ReadFile(folder_ / name))["config"];
  };
  EXPECT_EQ(config("a/summary.json"), config("b/summary.json"));
  ASSERT_EQ(Run("train" + Small() + "--config - --out c", "echo steps = 3 |").code, 0);
  EXPECT_EQ(config("c/summary.json")["steps"], 3);
  ExpectComplaint(Run("compare" + tiny + "--text - --methods exact --out d", "cat text |"), 3,
                  "standard input can be read only once");
  ExpectComplaint(Run("train" + tiny + "--text - --out d"), 3, "standard input");
  EXPECT_FALSE(fs::exists(folder_ / "d"));
}

// Where an output was claimed before the input that it is was opened.
TEST(Output, ThatBecomesAnInputIsRefused) {
  const std::string path = ScratchPath("claimed");
  std::ofstream(path) << "mine";
  ReplaceOutputs(true);
  Result<Output> output = Output::Claim(path);
  ASSERT_TRUE(output.ok());
  EXPECT_EQ(ReadInput(path, 10, "").status().code(), StatusCode::kInvalidConfig);
  EXPECT_EQ(output->Write("yours").code(), StatusCode::kInvalidConfig);
  EXPECT_EQ(ReadFile(path), "mine");
  fs::remove(path);
}

TEST(Output, IsFreeAgainWhenItsOwnerIsGone) {
  const std::string path = ScratchPath("owned");
  {
    Result<Output> output = Output::Claim(path);
    ASSERT_TRUE(output.ok());
    EXPECT_EQ(Output::AnyClaimed(), path);
    EXPECT_EQ(Output::Claim(path).status().code(), StatusCode::kInvalidConfig);
    ASSERT_TRUE(output->Write("one").ok());
    EXPECT_TRUE(output->Write("two").ok()) << "its own file";
  }
  EXPECT_EQ(Output::AnyClaimed(), "");
  EXPECT_EQ(Output::Claim(path).status().code(), StatusCode::kInvalidConfig) << "it exists";
  ReplaceOutputs(true);
  EXPECT_TRUE(Output::Claim(path).ok());
  EXPECT_EQ(ReadFile(path), "two");
  fs::remove(path);
}

TEST_F(Program, AnswersAsEveryProgramDoes) {
  EXPECT_EQ(Run("-V").out, Run("--version").out);
  EXPECT_EQ(Run("help").out, Run("--help").out);
  EXPECT_EQ(Run("help train").out, Run("train --help").out);
  EXPECT_NE(Run("--help").out.find("Exit codes: 0 done, 1 mismatch, 2 usage, 3 bad input."),
            std::string::npos);
  ExpectComplaint(Run("tran"), 2, "did you mean train?; see actplane-train --help");
  ExpectComplaint(Run("train --stop-aftr 3"), 2, "did you mean --stop-after?");
  for (const char* sub :
       {"train", "capture", "gradcheck", "allocate", "compare", "fewbit", "plot"}) {
    EXPECT_NE(Run(std::string("help ") + sub).out.find("-f,--force"), std::string::npos) << sub;
  }
}

}  // namespace
}  // namespace actplane::train
