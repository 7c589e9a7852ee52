// SPDX-License-Identifier: Apache-2.0
// The program as a user runs it: preset tiny, and every bad input of which it must speak.
#include <fmt/format.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "cli/program.h"
#include "program.h"
#include "train/trainer/comparison.h"
#include "train/trainer/verdict.h"

namespace actplane::train {
namespace {

// A table that spoils every gradient.
std::string FewBitTableOfNaN() {
  return R"({"function": "gelu", "weight": "none", "bits": 1, "low": -1, "high": 1, "error": 0,
             "borders": [0], "levels": [1e30, 1e30]})";
}

TEST_F(Program, PresetTinyLearns) {
  const Answer o = Run("train --preset tiny --text text --out run --json");
  ASSERT_EQ(o.code, 0) << o.err;
  const auto summary = nlohmann::json::parse(o.out);
  EXPECT_LT(summary["held_out_loss"].get<double>(), 2.0) << "5.5 nats for a guess";
  EXPECT_NEAR(summary["ratio"].get<double>(), 3.2, 0.01);
  EXPECT_NEAR(summary["held_out_bits_per_byte"].get<double>(),
              summary["held_out_loss"].get<double>() / std::log(2), 1e-12);
  for (const char* name : {"log.csv", "summary.json", "loss.svg", "checkpoint"}) {
    EXPECT_TRUE(fs::exists(folder_ / "run" / name)) << name;
  }
  EXPECT_NE(ReadFile(folder_ / "run/loss.svg").find("</svg>"), std::string::npos);
}

TEST_F(Program, ResumesWhereItStopped) {
  ASSERT_EQ(Run("train" + Small() + "--steps 10 --out whole").code, 0);
  ASSERT_EQ(Run("train" + Small() + "--steps 10 --out part --stop-after 7").code, 0);
  // As after a crash behind the checkpoint: the log is ahead of it.
  std::ofstream(folder_ / "part/log.csv", std::ios::app) << "8,1,1,1,1,1,1,\n";
  ASSERT_EQ(Run("train" + Small() + "--steps 10 --out part --resume").code, 0);
  const std::string log = ReadFile(folder_ / "whole/log.csv");
  const std::string again = ReadFile(folder_ / "part/log.csv");
  const auto losses = [](const std::string& text) {
    std::istringstream lines(text);
    std::string all;
    for (std::string line; std::getline(lines, line);) {
      all += line.substr(0, line.find(',', line.find(',') + 1)) + "\n";
    }
    return all;
  };
  EXPECT_EQ(losses(log), losses(again));
  ExpectComplaint(Run("train" + Small() + "--steps 10 --out part"), 2, "is there already");
  ExpectComplaint(Run("train" + Small() + "--steps 10 --out part --resume"), 2,
                  "has all 10 steps already");
  ExpectComplaint(Run("train" + Small() + "--steps 20 --out part --resume"), 2,
                  "steps is 10 there and 20 here");
}

// The only copy of the weights to start from is not what a new run writes over.
TEST_F(Program, StartingFromTheCheckpointOfItsOwnFolderIsRefused) {
  ASSERT_EQ(Run("train" + Small() + "--steps 2 --out a").code, 0);
  const std::string before = ReadFile(folder_ / "a/checkpoint");
  fs::create_symlink("a", folder_ / "b");
  for (const char* out : {"a", "b", "./a/"}) {
    const std::string arguments = "train" + Small() + "--steps 4 --init a/checkpoint --out " + out;
    ExpectComplaint(Run(arguments), 2, "is there already; go on with --resume");
    ExpectComplaint(Run(arguments + " -f"), 2, "is an input, which would be lost");
    ExpectComplaint(Run(arguments + " --resume"), 2, "is an input, which would be lost");
  }
  EXPECT_EQ(ReadFile(folder_ / "a/checkpoint"), before);
}

TEST_F(Program, ReadsTomlAndTheCommandLineWins) {
  std::ofstream(folder_ / "run.toml") << "preset = \"tiny\"\nblocks = 1\nwidth = 32\nsteps = 4\n"
                                         "warmup = 1\ntext = \"text\"\nstash = \"mxfp8\"\n";
  const Answer o = Run("train --config run.toml --stash exact --out run --json");
  ASSERT_EQ(o.code, 0) << o.err;
  const auto config = nlohmann::json::parse(o.out)["config"];
  EXPECT_EQ(config["width"], 32);
  EXPECT_EQ(config["steps"], 4);
  EXPECT_EQ(config["stash"], "exact");

  std::ofstream(folder_ / "bad.toml") << "steps = 4\nwidth = = 3\n";
  ExpectComplaint(Run("train --config bad.toml"), 3, "'bad.toml':2:");
  std::ofstream(folder_ / "unknown.toml") << "stepps = 4\n";
  ExpectComplaint(Run("train --config unknown.toml"), 2, "stepps");
  std::ofstream(folder_ / "table.toml") << "[steps]\na = 4\n";
  ExpectComplaint(Run("train --config table.toml"), 3, "steps is not text or a number");
  ExpectComplaint(Run("train --config missing.toml"), 3, "missing.toml");
}

TEST_F(Program, CaptureWritesWhatOthersRead) {
  const Answer o = Run("capture" + Small() + "--after 2 --out tensors --json");
  ASSERT_EQ(o.code, 0) << o.err;
  const auto json = nlohmann::json::parse(o.out);
  EXPECT_EQ(json["tensors"].size(), 14U) << "12 of a block, 2 of the last norm";
  EXPECT_EQ(ReadFile(folder_ / "tensors/h0.attn.p.npy").substr(1, 5), "NUMPY");
  EXPECT_EQ(fs::file_size(folder_ / "tensors/h0.mlp.in.npy"), 128U + 4 * 4 * 32 * 128);
}

TEST_F(Program, ASampleIsRowsOfOneBlock) {
  constexpr size_t kHead = 128;
  constexpr size_t kRow = 32;
  ASSERT_EQ(Run("capture" + Small() + "--out all").code, 0);
  const Answer o = Run("capture" + Small() + "--sample 256 --out some --json");
  ASSERT_EQ(o.code, 0) << o.err;
  EXPECT_EQ(nlohmann::json::parse(o.out)["tensors"].size(), 12U) << "of the block alone";
  ASSERT_EQ(Run("capture" + Small() + "--sample 256 --bf16 --out half").code, 0);
  const auto values = [&](const std::string& file) {
    return ReadFile(folder_ / file).substr(kHead);
  };
  EXPECT_EQ(values("some/h0.ln_1.npy"), values("all/h0.ln_1.npy").substr(0, 4 * 256));
  EXPECT_EQ(values("some/h0.mlp.in.npy"), values("all/h0.mlp.in.npy").substr(0, 4 * 256));
  std::string rows;  // 8 of 32 queries
  for (size_t q = 3; q < 32; q += 4)
    rows += values("all/h0.attn.p.npy").substr(4 * kRow * q, 4 * kRow);
  EXPECT_EQ(values("some/h0.attn.p.npy"), rows);
  const std::string half = ReadFile(folder_ / "half/h0.ln_1.npy");
  EXPECT_NE(half.find("'<u2'"), std::string::npos);
  ASSERT_EQ(half.size(), kHead + 2 * 256);
  for (size_t i = 0; i < 256; ++i) {
    uint32_t exact = 0;
    uint16_t rounded = 0;
    std::memcpy(&exact, values("some/h0.ln_1.npy").data() + 4 * i, 4);
    std::memcpy(&rounded, half.data() + kHead + 2 * i, 2);
    ASSERT_EQ(rounded, (exact + 0x7fff + (exact >> 16 & 1)) >> 16) << i;  // to nearest, even
  }
  // A row at least, and whole blocks from there on.
  ASSERT_EQ(Run("capture" + Small() + "--sample 1 --out one").code, 0);
  EXPECT_EQ(values("one/h0.attn.p.npy"),
            values("all/h0.attn.p.npy").substr(4 * kRow * 31, 4 * kRow));
  ASSERT_EQ(Run("capture" + Small() + "--sample 511 --out less").code, 0);
  EXPECT_EQ(values("less/h0.ln_1.npy"), values("some/h0.ln_1.npy"));
  ExpectComplaint(Run("capture --trace" + Small() + "--sample 256 --out x"), 2, "--sample");
}

TEST_F(Program, ATraceHasTheWholeStepInOrder) {
  const std::string stash =
      "--stash actplane:order=significance,ratio=8,split=even,ratio.residual=6 ";
  const Answer o = Run("capture --trace" + Small() + stash + "--after 2 --out step --json");
  ASSERT_EQ(o.code, 0) << o.err;
  const auto trace = nlohmann::json::parse(ReadFile(folder_ / "step/trace.json"));
  EXPECT_EQ(trace["loss"], trace["loss_exact"]) << "forward is exact";
  EXPECT_GT(trace["relative"].get<double>(), 1e-3);
  EXPECT_EQ(nlohmann::json::parse(o.out)["relative"], trace["relative"]);

  // 12 activations of a block and 2 of the last norm; 4 masks; statistics of 3 norms, log-softmax,
  // tokens, targets.
  const auto& tensors = trace["tensors"];
  ASSERT_EQ(tensors.size(), 14U + 4 + 9);
  const auto size_of = [&](const nlohmann::json& file) {
    return fs::file_size(folder_ / "step" / file.get<std::string>());
  };
  for (const auto& t : tensors) {
    const auto raw = t["raw_bytes"].get<uint64_t>();
    EXPECT_EQ(size_of(t["file"]), raw + (t["dtype"] == "<f4" ? 128 : 0)) << t;
    if (t["stored"] == t["file"]) {
      EXPECT_EQ(t["stored_bytes"], raw) << t;
      EXPECT_EQ(t["returned"], t["file"]) << t;
    } else {
      EXPECT_EQ(size_of(t["returned"]), size_of(t["file"])) << t;
      EXPECT_EQ(size_of(t["stored"]), t["stored_bytes"]) << t;
      // 6 is 85 bytes a block.
      EXPECT_DOUBLE_EQ(t["ratio"].get<double>(), t["kind"] == "residual" ? 512.0 / 85 : 8) << t;
    }
  }
  for (const auto& p : trace["parameters"]) {
    for (const char* file : {"exact", "stash"}) EXPECT_EQ(size_of(p[file]), size_of(p["weight"]));
  }

  // Every tensor is written, in the order of its number, read, and let go.
  std::vector<std::string> seen;
  for (const auto& a : trace["accesses"]) {
    const auto tensor = a["tensor"].get<size_t>();
    const std::string access = a["access"];
    if (access == "write") {
      EXPECT_EQ(tensor, seen.size());
      seen.emplace_back("w");
    } else {
      ASSERT_LT(tensor, seen.size());
      seen[tensor] += access == "read" ? 'r' : '.';
    }
  }
  EXPECT_EQ(seen.size(), tensors.size());
  for (size_t i = 0; i < seen.size(); ++i) EXPECT_EQ(seen[i], "wr.") << tensors[i];
}

TEST_F(Program, ATraceIsWholeOrNotThere) {
  const auto names = [&] {
    std::set<std::string> all;
    for (const auto& entry : fs::recursive_directory_iterator(folder_))
      all.insert(entry.path().string());
    return all;
  };
  fs::create_directories(folder_ / "mine");
  fs::create_directory(folder_ / "empty");
  std::ofstream(folder_ / "mine/notes") << "mine\n";
  const std::string trace = "capture --trace" + Small();
  ASSERT_EQ(Run("methods").code, 0);  // makes the files of its answer
  const std::set<std::string> before = names();
  ExpectComplaint(Run(trace + "--out mine"), 2, "'mine' is there already and no empty folder");
  ExpectComplaint(Run(trace + "--out mine/"), 2, "choose another --out");
  ExpectComplaint(Run(trace + "--out text"), 2, "'text' is there already");
  ExpectComplaint(Run(trace + "--out text/step"), 3, "cannot make the folder 'text/step'");
  ExpectComplaint(Run(trace + "--out step -f"), 2, "--force");
  ExpectComplaint(Run(trace + "--out step --stash nothing"), 2, "there is no stash 'nothing'");
  ExpectComplaint(Run(trace + "--out step --stash actplane:ratio=50"), 2, "is impossible");
  ExpectComplaint(Run(trace + "--out empty", "trap '' XFSZ; ulimit -f 16;"), 3, "File too large");
  EXPECT_EQ(names(), before);
  EXPECT_EQ(ReadFile(folder_ / "mine/notes"), "mine\n");

  ASSERT_EQ(Run(trace + "--out empty").code, 0);
  EXPECT_TRUE(fs::exists(folder_ / "empty/trace.json"));
  for (const char* stash : {"tempo", "fewbit:bits=2", "compact:ratio=4", "mesa"})
    EXPECT_EQ(Run(trace + "--out of-" + stash + " --stash " + stash).code, 0) << stash;
}

TEST_F(Program, GradcheckMeasuresEveryKind) {
  const Answer o = Run("gradcheck" + Small() + "--batches 2 --json mxfp8 actplane:ratio=1");
  ASSERT_EQ(o.code, 0) << o.err;
  const auto json = nlohmann::json::parse(o.out);
  ASSERT_EQ(json["lines"].size(), 22U);
  EXPECT_GT(json["lines"][10]["relative"].get<double>(), 1e-4);
  EXPECT_GT(json["lines"][10]["cosine"].get<double>(), 0.9);
  EXPECT_GT(json["minibatch"]["relative"].get<double>(), json["lines"][10]["relative"]);
  EXPECT_GT(json["common_part_of_keys"].get<double>(), 0);
  EXPECT_LT(json["common_part_of_keys"].get<double>(), 1);
}

// What it estimates has settled, and no kind has what another one left.
TEST_F(Program, GradcheckOfMesaDoesNotDependOnWhatCameBefore) {
  const std::string check = "gradcheck" + Small() + "--batches 2 --json mesa";
  const Answer kinds = Run(check), total = Run(check + " --total-only");
  ASSERT_EQ(kinds.code, 0) << kinds.err;
  const auto lines = nlohmann::json::parse(kinds.out)["lines"];
  EXPECT_EQ(lines.at(lines.size() - 1), nlohmann::json::parse(total.out)["lines"].at(0));
}

// The biases of keys have no gradient as long as rows of maps sum to 1; Llama has no biases.
TEST_F(Program, GradcheckMeasuresWhatMakesKeysDrift) {
  const auto shift = [&](const std::string& arguments) {
    const Answer o = Run("gradcheck" + Small() + "--batches 2 --total-only --json " + arguments);
    EXPECT_EQ(o.code, 0) << o.err;
    return nlohmann::json::parse(o.out)["lines"][0]["shift"];
  };
  EXPECT_LT(shift("mxfp4").get<double>(), 1e-4);
  EXPECT_LT(shift("recompute:scope=attention+mxfp4").get<double>(), 1e-4);
  EXPECT_GT(shift("maps:sums=stored+mxfp4").get<double>(), 1e-2);
  EXPECT_GT(shift("flash+mxfp4").get<double>(), 1e-2);
  EXPECT_TRUE(shift("--family llama --kv-heads 1 mxfp4").is_null());
}

// Small() with the other blocks; without dropout, as Llama is trained.
constexpr const char* kLlama = " --family llama --kv-heads 1 --dropout 0 ";

TEST_F(Program, LlamaInEverySubcommand) {
  const Answer capture = Run("capture" + Small() + kLlama + "--out tensors --json");
  ASSERT_EQ(capture.code, 0) << capture.err;
  std::map<std::string, int> kinds;
  const auto captured = nlohmann::json::parse(capture.out);
  for (const auto& t : captured["tensors"]) ++kinds[t["kind"]];
  EXPECT_EQ(kinds["silu_input"], 1);
  EXPECT_EQ(kinds["gate_up"], 1);
  EXPECT_EQ(kinds["gated"], 1);
  EXPECT_EQ(kinds.count("gelu_input") + kinds.count("dropped_probability"), 0U);

  const Answer check = Run("gradcheck" + Small() + kLlama + "--batches 2 --json flash+mxfp8");
  ASSERT_EQ(check.code, 0) << check.err;
  std::map<std::string, double> errors;
  const auto checked = nlohmann::json::parse(check.out);
  for (const auto& l : checked["lines"]) errors[l["kind"]] = l["relative"];
  EXPECT_EQ(errors.size(), 11U) << "ten kinds, and all of them";
  EXPECT_GT(errors["gated"], 1e-4);
  EXPECT_LT(errors["probability"], 1e-5) << "flash keeps none";

  const Answer compare =
      Run("compare" + Small() + kLlama + "--steps 4 --out c --methods recompute flash --json");
  ASSERT_EQ(compare.code, 0) << compare.err;
  const auto rows = nlohmann::json::parse(compare.out)["rows"];
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[1]["held_out"], rows[0]["held_out"]) << "bit for bit";
  EXPECT_GT(rows[1]["ratio"].get<double>(), 2);
  EXPECT_GT(rows[2]["ratio"].get<double>(), 1);
  ExpectComplaint(Run("compare" + Small() + kLlama + "--out d --methods tempo"), 2,
                  "give tempo:gelu=off");

  const std::string ended = "compare" + Small() + kLlama + "--steps 4 --ended --seeds 1,2 --json ";
  const Answer some = Run(ended + "--out c --methods recompute mxfp8");
  ASSERT_EQ(some.code, 0) << some.err;
  EXPECT_NE(some.err.find("4 of 6 runs have not ended"), std::string::npos) << some.err;
  const auto there = nlohmann::json::parse(some.out)["rows"];
  ASSERT_EQ(there.size(), 2U);
  EXPECT_EQ(there[1]["method"], "recompute");
  EXPECT_EQ(there[1]["held_out"], rows[1]["held_out"]);
  EXPECT_FALSE(fs::exists(folder_ / "c/mxfp8-1"));
  ExpectComplaint(Run(ended + "--out e --methods recompute"), 3, "leave out --ended");
}

TEST_F(Program, RefusesNetworksThatCannotBe) {
  ExpectComplaint(Run("train" + Small() + "--family bert"), 2, "'bert' is not gpt2 or llama");
  ExpectComplaint(Run("train" + Small() + "--heads 4 --kv-heads 3"), 2,
                  "choose --kv-heads that do");
  ExpectComplaint(Run("train" + Small() + "--family llama --heads 32"), 2,
                  "choose an even width of a head");
  ExpectComplaint(Run("train --preset llama"), 2, "tiny, mini, llama-mini, gpt2-small");
}

TEST_F(Program, AllocateStaysWithinTheErrorOfItsTarget) {
  const Answer o = Run("allocate" + Small() + "--batches 1 --json");
  ASSERT_EQ(o.code, 0) << o.err;
  const auto json = nlohmann::json::parse(o.out);
  EXPECT_LE(json["relative"].get<double>(), json["target_relative"].get<double>());
  EXPECT_GT(json["ratio"].get<double>(), json["target_ratio"].get<double>());
  EXPECT_EQ(
      Run("gradcheck" + Small() + "--batches 2 --total-only " + json["stash"].get<std::string>())
          .code,
      0);
  ExpectComplaint(Run("allocate" + Small() + "--batches 1 --target exact"), 2, "exceed the error");
  // Ratios are joined to the last part, here of an order that has no slots so small.
  ExpectComplaint(
      Run("allocate" + Small() + "--batches 1 --base recompute:scope=attention+actplane"), 2,
      "is impossible for residual");
}

TEST_F(Program, PlotDrawsSeveralRuns) {
  ASSERT_EQ(Run("train" + Small() + "--steps 5 --out a").code, 0);
  ASSERT_EQ(Run("train" + Small() + "--steps 5 --out b --stash exact").code, 0);
  ASSERT_EQ(Run("plot a/log.csv b/log.csv --out both.svg").code, 0);
  EXPECT_NE(ReadFile(folder_ / "both.svg").find("</svg>"), std::string::npos);
  ExpectComplaint(Run("plot text --out both.svg"), 3, "not a line of a log");
  ExpectComplaint(Run("plot missing --out both.svg"), 3, "missing");
}

TEST_F(Program, BadInputIsOneLine) {
  ExpectComplaint(Run("train --text missing --out r"), 3, "cannot open 'missing'");
  ExpectComplaint(Run("train --text . --out r"), 3, "is a directory");
  std::ofstream(folder_ / "short") << "too short";
  ExpectComplaint(Run("train --text short --out r"), 3, "too few for a context of 128");
  std::ofstream(folder_ / "empty");
  ExpectComplaint(Run("train --text empty --out r"), 3, "too few");
  ExpectComplaint(Run("train --text text --stash actplane:ratio=50 --out r"), 2,
                  "ratio 50 is impossible for residual");
  ExpectComplaint(Run("train --text text --heads 3 --out r"), 2, "3 heads do not divide");
  ExpectComplaint(Run("train --text text --preset huge --out r"), 2, "no preset 'huge'");
  ExpectComplaint(Run("train --text text --steps -1 --out r"), 2, "--steps");
  ExpectComplaint(Run("train --text text --lr nan --out r"), 2, "--lr");
  ExpectComplaint(Run("train --text text --init missing --out r"), 3, "cannot open 'missing'");
  ExpectComplaint(Run("train --text text --init text --out r"), 3, "damaged or of another program");
  for (const char* option : {"--init", "--text", "--out"})
    ExpectComplaint(Run(fmt::format("train --out r {} ''", option)), 2, "an empty name");
  for (const char* option : {"--out", "--plot"})
    ExpectComplaint(Run(fmt::format("fewbit {} ''", option)), 2, "an empty name");
  ExpectComplaint(Run("frobnicate"), 2, "--help");
  EXPECT_FALSE(fs::exists(folder_ / "r"));
}

TEST_F(Program, DivergenceKeepsTheLastCheckpoint) {
  // Enough steps for one checkpoint, then a learning rate that no float survives.
  const Answer o = Run("train" + Small() +
                       "--steps 40 --lr 10 --clip 0 --warmup 40 --weight-decay 10 "
                       "--checkpoint-every 1 --out r");
  ASSERT_EQ(o.code, 1) << "it must diverge: " << o.err;
  EXPECT_NE(o.err.find("step "), std::string::npos) << o.err;
  EXPECT_TRUE(fs::exists(folder_ / "r/checkpoint"));
  const nlohmann::json summary = nlohmann::json::parse(ReadFile(folder_ / "r/summary.json"));
  EXPECT_TRUE(summary.at("held_out_loss").is_null());
  EXPECT_GT(summary.at("steps"), 1);
  EXPECT_LT(summary.at("steps"), 40);
}

// A comparison has it as a row, starts it once, and does not fail for it.
TEST_F(Program, ComparesWhatDiverges) {
  const std::string arguments = "compare" + Small() +
                                "--steps 40 --lr 0.3 --clip 0 --jobs 1 --methods "
                                "flash+actplane:fill=zero,ratio=9 --json --out c";
  const Answer first = Run(arguments);
  ASSERT_EQ(first.code, 0) << first.err;
  const nlohmann::json row = nlohmann::json::parse(first.out).at("rows").at(1);
  EXPECT_EQ(row.at("diverged"), 1) << row;
  EXPECT_EQ(row.at("failure"), "") << row;
  EXPECT_TRUE(row.at("held_out").at(0).is_null()) << row;
  const Answer ended = Run(arguments + " --ended");
  ASSERT_EQ(ended.code, 0) << ended.err;
  EXPECT_EQ(nlohmann::json::parse(ended.out), nlohmann::json::parse(first.out));
  EXPECT_NE(ReadFile(folder_ / "c/compare.md").find("diverges (1 of 1)"), std::string::npos);
}

// A full disk, by a limit on the size of files: the old checkpoint stays whole.
TEST_F(Program, AFullDiskLeavesTheOldCheckpoint) {
  ASSERT_EQ(Run("train" + Small() + "--steps 10 --checkpoint-every 10 --out r").code, 0);
  const std::string before = ReadFile(folder_ / "r/checkpoint");
  fs::copy(folder_ / "r/checkpoint", folder_ / "kept");
  const Answer o = Run("train" + Small() + "--steps 12 --checkpoint-every 1 --out full",
                       "trap '' XFSZ; ulimit -f 64;");
  ExpectComplaint(o, 3, "cannot write 'full/checkpoint': File too large");
  EXPECT_FALSE(fs::exists(folder_ / "full/checkpoint"));
  for (const auto& entry : fs::directory_iterator(folder_ / "full")) {
    EXPECT_EQ(entry.path().filename(), "log.csv");
  }
  EXPECT_EQ(ReadFile(folder_ / "r/checkpoint"), before);
}

TEST_F(Program, HelpHasExamples) {
  for (const char* sub : {"train", "capture", "gradcheck", "allocate", "plot"}) {
    const Answer o = Run(std::string(sub) + " --help");
    EXPECT_EQ(o.code, 0);
    EXPECT_NE(o.out.find("Example"), std::string::npos) << sub;
  }
  EXPECT_NE(Run("methods").out.find("mxfp8"), std::string::npos);
}

TEST_F(Program, ComparesMethodsAndDoesNotRepeatRuns) {
  const std::string arguments = "compare" + Small() +
                                "--steps 6 --jobs 2 --seeds 1,2 --out all --methods mxfp8 "
                                "compact:ratio=4 tempo fewbit:bits=2 --json";
  const Answer o = Run(arguments);
  ASSERT_EQ(o.code, 0) << o.err;
  const auto rows = nlohmann::json::parse(o.out)["rows"];
  ASSERT_EQ(rows.size(), 5U);
  EXPECT_EQ(rows[0]["method"], "exact");
  EXPECT_EQ(rows[0]["relative"], 0);
  EXPECT_NEAR(rows[1]["ratio"].get<double>(), 32 / 8.25, 1e-6);
  for (const auto& row : rows) {
    ASSERT_EQ(row["held_out"].size(), 2U) << row;
    EXPECT_EQ(row["exact"], rows[0]["held_out"]) << row;
    EXPECT_EQ(row["diverged"], 0) << row;
    EXPECT_LE(row["against_bits"]["low"].get<double>(), row["against_bits"]["mean"].get<double>());
  }
  for (const char* name :
       {"compare.csv", "compare.md", "verdict.csv", "kinds.csv", "loss.svg", "pareto.svg"})
    EXPECT_TRUE(fs::exists(folder_ / "all" / name)) << name;
  EXPECT_NE(ReadFile(folder_ / "all/kinds.csv").find("\"tempo\",gelu_input,inf"),
            std::string::npos);

  const auto time = fs::last_write_time(folder_ / "all/exact-1/summary.json");
  EXPECT_EQ(Run(arguments).out, o.out) << "from what is there";
  EXPECT_EQ(fs::last_write_time(folder_ / "all/exact-1/summary.json"), time);
  for (const char* other : {"--steps 7", "--steps 6 --eval-windows 1"}) {
    ExpectComplaint(Run("compare" + Small() + other + " --out all --methods mxfp8"), 2,
                    "is a run with other settings");
  }
}

TEST_F(Program, ASeedGivenTwiceIsOne) {
  const Answer o =
      Run("compare" + Small() + "--steps 4 --seeds 3,3 --methods mxfp4 --json --out c");
  ASSERT_EQ(o.code, 0) << o.err;
  EXPECT_EQ(nlohmann::json::parse(o.out)["rows"][1]["held_out"].size(), 1U);
}

TEST_F(Program, GradientsAreOfTheWeightsThatThereAre) {
  const std::string arguments = "compare" + Small() + "--jobs 1 --methods mxfp4 --json --out c ";
  const Answer first = Run(arguments + "--steps 4");
  ASSERT_EQ(first.code, 0) << first.err;
  fs::remove_all(folder_ / "c/exact-1");
  fs::remove_all(folder_ / "c/mxfp4-1");
  const Answer second = Run(arguments + "--steps 30");
  ASSERT_EQ(second.code, 0) << second.err;
  const auto error = [](const Answer& o) {
    return nlohmann::json::parse(o.out)["rows"][1]["relative"].get<double>();
  };
  EXPECT_NE(error(first), error(second));
  fs::remove(folder_ / "c/exact-1/checkpoint");  // as runs are kept: nothing to measure it on
  EXPECT_EQ(error(Run(arguments + "--steps 30")), error(second));
}

TEST_F(Program, TablesOfEndedRunsDoNotNeedTheFirstSeed) {
  const std::string methods =
      "--methods mxint8 bf16 mxfp8 mxfp6 mxfp4 nvfp4 nf4 tempo --out c --json";  // too many curves
  ASSERT_EQ(Run("compare" + Small() + "--steps 4 --seeds 1 " + methods).code, 0);
  const Answer o = Run("compare" + Small() + "--steps 4 --seeds 3,1 --ended " + methods);
  ASSERT_EQ(o.code, 0) << o.err;
  EXPECT_EQ(nlohmann::json::parse(o.out)["rows"].size(), 9U);
  EXPECT_NE(ReadFile(folder_ / "c/loss.svg").find("tempo"), std::string::npos);
}

// It was stopped after its last checkpoint, or its summary was damaged and removed.
TEST_F(Program, ARunWithoutSummaryIsEnded) {
  const std::string arguments = "train" + Small() + "--steps 6 --stash mxfp4 --out r";
  ASSERT_EQ(Run(arguments).code, 0);
  const auto summary = [&] {
    nlohmann::json json = nlohmann::json::parse(ReadFile(folder_ / "r/summary.json"));
    json.erase("median_step_seconds");  // the log has nine digits
    for (const char* name : {"allocator", "allocator_peak"}) json["bytes"].erase(name);
    return json;
  };
  const nlohmann::json before = summary();
  fs::remove(folder_ / "r/summary.json");
  const Answer o = Run(arguments + " --resume");
  ASSERT_EQ(o.code, 0) << o.err;
  EXPECT_EQ(summary(), before);
  ExpectComplaint(Run(arguments + " --resume"), 2, "has all 6 steps already");
  fs::remove(folder_ / "r/summary.json");
  std::ofstream(folder_ / "r/log.csv") << "step,loss,lr,gradient_norm,seconds,tokens_per_second,"
                                          "stash_bytes,held_out_loss\n";
  ExpectComplaint(Run(arguments + " --resume"), 3, "does not reach step 6; start anew with -f");
}

// A cluster in the place of Slurm: runs the array one by one.
void WriteSbatch(const fs::path& folder, const std::string& body) {
  fs::create_directory(folder / "bin");
  std::ofstream(folder / "bin/sbatch") << "#!/bin/sh\necho \"$@\" >>sbatch.log\n" << body;
  fs::permissions(folder / "bin/sbatch", fs::perms::owner_all);
}

TEST_F(Program, ComparisonOnSlurmIsTheSame) {
  const std::string arguments =
      "compare" + Small() + "--steps 4 --seeds 1,2 --methods mxfp8 group:bits=2 --json --out ";
  const Answer here = Run(arguments + "here");
  ASSERT_EQ(here.code, 0) << here.err;
  WriteSbatch(folder_,
              "for a; do case $a in --array=1-*) n=${a#--array=1-} ;; --wrap=*) w=${a#--wrap=} ;; "
              "esac; done\n"
              "i=1; while [ $i -le $n ]; do SLURM_ARRAY_TASK_ID=$i sh -c \"$w\"; i=$((i+1)); "
              "done\necho Submitted batch job 7\n");
  const std::string slurm = " --slurm --sbatch '-p long -c 1'";
  const Answer there = Run(arguments + "\"there's one\"" + slurm, "PATH=$PWD/bin:$PATH");
  ASSERT_EQ(there.code, 0) << there.err;
  const auto untimed = [](const std::string& text) {
    auto rows = nlohmann::json::parse(text)["rows"];
    for (auto& row : rows) {
      row.erase("step_time");
      for (const char* name : {"allocator", "allocator_peak"}) row["bytes"].erase(name);
    }
    return rows;
  };
  EXPECT_EQ(untimed(there.out), untimed(here.out));
  EXPECT_NE(ReadFile(folder_ / "sbatch.log").find("--array=1-6"), std::string::npos);
  EXPECT_NE(ReadFile(folder_ / "sbatch.log").find("-p long -c 1 --wrap"), std::string::npos);
}

TEST_F(Program, ComparisonSaysWhatSlurmHasNotRun) {
  const std::string arguments = "compare" + Small() + "--steps 4 --methods mxfp8 --out all --slurm";
  ExpectComplaint(Run(arguments, "PATH=/nowhere"), 3, "cannot start sbatch");
  WriteSbatch(folder_, "exit 1\n");
  ExpectComplaint(Run(arguments, "PATH=$PWD/bin:$PATH"), 3, "sbatch has run nothing");
  WriteSbatch(folder_, "for s in all/slurm-*/1.sh; do sh $s; done; exit 1\n");
  const Answer o = Run(arguments, "PATH=$PWD/bin:$PATH");
  EXPECT_EQ(o.code, 1) << o.err;
  EXPECT_NE(ReadFile(folder_ / "all/compare.md").find("Slurm has not run it"), std::string::npos);
}

// By hand: 1, 2, 3 has the mean 2, the deviation 1, and t = 4.303 with two degrees of freedom.
TEST(Comparison, IntervalIsStudents) {
  const Interval i({1, 2, 3});
  EXPECT_DOUBLE_EQ(i.mean, 2);
  EXPECT_NEAR(i.high - 2, 4.303 / std::sqrt(3.0), 1e-12);
  EXPECT_NEAR(2 - i.low, i.high - 2, 1e-12);
  EXPECT_NEAR(i.Within(), i.high, 1e-12);
  EXPECT_NEAR(Interval({-4, -2}).low, -3 - 12.706, 1e-12);
  EXPECT_TRUE(std::isnan(Interval({5}).low));
  EXPECT_TRUE(std::isnan(Interval({}).mean));
}

TEST(Comparison, DifferencesArePairedBySeed) {
  Row row;
  row.losses = {1.1, 2.2};
  row.exact = {1.0, 2.0};
  const Against against(row);
  EXPECT_NEAR(against.bits.mean, 0.15 / std::log(2.0), 1e-12);
  EXPECT_NEAR(against.perplexity.mean, 50 * (std::exp(0.1) + std::exp(0.2) - 2), 1e-12);
  EXPECT_NEAR(against.loss.mean, 10, 1e-12);
  EXPECT_NEAR(against.loss.Within(), 10, 1e-9) << "both seeds are 10 % off";
}

Outcome OutcomeOf(const char* method, double loss, uint64_t seed = 1, double ratio = 4) {
  Outcome o;
  o.method = method;
  o.seed = seed;
  o.summary = {{"bytes",
                {{"payload", 1},
                 {"metadata", 0},
                 {"padding", 0},
                 {"masks", 0},
                 {"exact", 0},
                 {"total", 1},
                 {"float32", 4}}},
               {"ratio", ratio},
               {"state", {{"total", 1}}},
               {"held_out_loss", loss},
               {"median_step_seconds", 1.0}};
  return o;
}

TEST(Comparison, ASeedWithoutItsExactRunIsNoPair) {
  Outcome failed = OutcomeOf("exact", 0, 2);
  failed.failure = "killed";
  const auto rows =
      Collect({OutcomeOf("exact", 1, 1), failed, OutcomeOf("exact", 3, 3), OutcomeOf("a", 1.1, 1),
               OutcomeOf("a", 2.2, 2), OutcomeOf("a", 3.3, 3)},
              {});
  ASSERT_TRUE(rows.ok()) << rows.status().message();
  EXPECT_EQ((*rows)[1].seeds, (std::vector<uint64_t>{1, 3}));
  EXPECT_EQ((*rows)[1].failure, "seed 2: no exact run to compare with");
  EXPECT_NEAR(Against((*rows)[1]).loss.mean, 10, 1e-9);
}

TEST(Comparison, TimesOfTwoProcessorsAreNotCompared) {
  const auto on = [](const char* method, const char* processor, double seconds) {
    Outcome o = OutcomeOf(method, 1, 1);
    if (processor != nullptr) o.summary["processor"] = processor;
    o.summary["median_step_seconds"] = seconds;
    return o;
  };
  for (const auto& [exact, method, expected] :
       {std::tuple("x", "x", 1.5), std::tuple("x", "y", std::nan("")),
        std::tuple("", "", std::nan(""))}) {
    const auto rows = Collect({on("exact", exact, 2), on("a", method, 3)}, {});
    ASSERT_TRUE(rows.ok()) << rows.status().message();
    const double time = (*rows)[1].step_time;
    EXPECT_TRUE(std::isnan(expected) ? std::isnan(time) : time == expected) << time;
  }
  const auto old = Collect({on("exact", nullptr, 2), on("a", nullptr, 3)}, {});
  ASSERT_TRUE(old.ok()) << old.status().message();
  EXPECT_TRUE(std::isnan((*old)[1].step_time));
}

// Three ranges: 2 to 2.8 times fewer than BF16 with `a`, `b`, `c` and `bad`; 4 to 5.7 with `d`,
// which costs something by two seeds that agree; and 1 to 1.4 with one seed of `e`.
TEST(Comparison, VerdictsComeFromIntervals) {
  const auto rows =
      Collect({OutcomeOf("exact", 1, 1), OutcomeOf("exact", 2, 2), OutcomeOf("a", 0.99, 1),
               OutcomeOf("a", 2.02, 2), OutcomeOf("b", 1.0890, 1), OutcomeOf("b", 2.2220, 2),
               OutcomeOf("bad", 1, 1), OutcomeOf("bad", std::nan(""), 2), OutcomeOf("c", 0.5, 1, 5),
               OutcomeOf("d", 1.1, 1, 8), OutcomeOf("d", 2.2, 2, 8), OutcomeOf("e", 1, 1, 2)},
              {});
  ASSERT_TRUE(rows.ok()) << rows.status().message();
  const std::vector<Verdict> all = Verdicts(*rows);
  std::vector<std::string> found;
  for (const Verdict& v : all) {
    found.push_back(fmt::format("{} {} {}: {}; {}", v.range, v.row->method, v.least->method,
                                v.exact, v.others));
  }
  EXPECT_EQ(found, (std::vector<std::string>{
                       "0 e e: not known: one seed; ",
                       "2 a a: no difference shown, within 12.71 %; ",
                       "2 b a: no difference shown, within 23.98 %; behind 10.00 to 10.00 %",
                       "2 bad a: diverges; diverges",
                       "2 c a: not known: one seed; not known: one seed",
                       "4 d d: costs 10.00 to 10.00 %; ",
                   }));
  EXPECT_NE(
      VerdictMarkdown(*rows).find("| 2.0 to 2.8 | `a` | 2.00 | 2 | no difference shown, within "
                                  "12.71 % | is the least |"),
      std::string::npos)
      << VerdictMarkdown(*rows);
  EXPECT_NE(VerdictCsv(*rows).find("4.0000,5.6569,\"d\",4.0000,2,10.000000,"), std::string::npos)
      << VerdictCsv(*rows);
  EXPECT_EQ(VerdictMarkdown({(*rows)[0], (*rows)[4]}), "") << "a table without an interval";
}

TEST(Comparison, WithoutACommonSeedThereIsNoVerdict) {
  const auto rows =
      Collect({OutcomeOf("exact", 1, 1), OutcomeOf("exact", 1, 2), OutcomeOf("exact", 1, 3),
               OutcomeOf("a", 1.1, 1), OutcomeOf("b", 1.1, 2), OutcomeOf("b", 1.2, 3)},
              {});
  ASSERT_TRUE(rows.ok()) << rows.status().message();
  const std::vector<Verdict> verdicts = Verdicts(*rows);
  const auto a = std::find_if(verdicts.begin(), verdicts.end(),
                              [](const Verdict& v) { return v.row->method == "a"; });
  ASSERT_NE(a, verdicts.end());
  EXPECT_EQ(a->others, "not known: no seed in common");
}

TEST(Comparison, QuotesInCellsAreDoubled) {
  EXPECT_EQ(cli::CsvCell("a,b"), "\"a,b\"");
  EXPECT_EQ(cli::CsvCell("'q\"x' failed"), "\"'q\"\"x' failed\"");
}

TEST(Comparison, ARowThatDivergesHasNoMean) {
  const auto rows = Collect({OutcomeOf("exact", 1.0), OutcomeOf("good", 1.6), OutcomeOf("bad", 1.8),
                             OutcomeOf("nan", std::nan(""))},
                            {});
  ASSERT_TRUE(rows.ok()) << rows.status().message();
  EXPECT_EQ((*rows)[1].diverged, 0U);
  EXPECT_EQ((*rows)[2].diverged, 1U);
  EXPECT_EQ((*rows)[3].diverged, 1U);
  const auto picture = DrawPareto(*rows);  // without any gradient checked; "bad" is of a family of
                                           // its own, with nothing to draw
  ASSERT_TRUE(picture.ok()) << picture.status().message();
  EXPECT_NE(picture->find("good"), std::string::npos);
  EXPECT_NE(picture->find("Pareto front"), std::string::npos) << "that of losses";
  const std::string table = MarkdownOf(*rows);
  EXPECT_NE(table.find("| diverges (1 of 1) |"), std::string::npos) << table;
  const auto none = DrawPareto({(*rows)[0], (*rows)[2]});  // gnuplot does not live without data
  EXPECT_TRUE(none.ok()) << none.status().message();
  Row unknown = (*rows)[1];
  unknown.relative = std::nan("");  // the weights of exact are no numbers
  EXPECT_TRUE(DrawPareto({(*rows)[0], unknown}).ok());
}

TEST_F(Program, AllocatesByTheLossOfShortRuns) {
  const std::string quick = Small() + "--dropout 0 --batch 1 --steps 2 --eval-windows 2 ";
  const std::string arguments = "allocate --by loss" + quick + "--ratio 12 --json --out a";
  const Answer o = Run(arguments);
  ASSERT_EQ(o.code, 0) << o.err;
  const auto found = nlohmann::json::parse(o.out);
  EXPECT_GE(found["ratio"].get<double>(), 12);
  EXPECT_EQ(found["kinds"].size(), 9U) << "without dropout no dropped map";
  double lost = 0;
  for (const auto& [kind, rows] : found["kinds"].items()) {
    const std::string chosen = "ratio." + kind + "=";
    for (size_t i = 0; i < rows.size(); ++i) {
      if (i > 0) {
        EXPECT_GE(rows[i]["loss"], rows[i - 1]["loss"]) << kind;
        EXPECT_LT(rows[i]["bytes"], rows[i - 1]["bytes"]) << kind;
      }
      const std::string stash = found["stash"].get<std::string>() + ",";
      const std::string ratio = fmt::format("{},", rows[i]["ratio"].get<double>());
      if (stash.find(chosen + ratio) != std::string::npos) lost += rows[i]["loss"].get<double>();
    }
  }
  EXPECT_NEAR(found["loss"].get<double>(), lost, 1e-12);
  const auto time = fs::last_write_time(folder_ / "a/exact-1/summary.json");
  EXPECT_EQ(Run(arguments).out, o.out) << "from what is there";
  EXPECT_EQ(fs::last_write_time(folder_ / "a/exact-1/summary.json"), time);
  ExpectComplaint(Run("allocate --by loss" + quick + "--ratio 60 --out a"), 2,
                  "keeps so little; lower --ratio");
  ExpectComplaint(Run("allocate --base zfp"), 2, "does not end with stash actplane");
  for (int call = 0; call < 2; ++call) {  // what diverges has ended: the same answer again
    ExpectComplaint(Run("allocate --by loss" + Small() +
                        "--dropout 0 --batch 1 --steps 40 --lr 10 "
                        "--clip 0 --weight-decay 10 --eval-windows 2 --out d"),
                    1, "diverges");
  }
  ExpectComplaint(Run("allocate --by loss" + quick + "--base tempo --out b"), 2, "");
}

TEST_F(Program, ComparisonRefusesBeforeTheFirstRun) {
  for (const auto& [methods, part] :
       std::map<std::string, std::string>{{"nothing", "there is no stash 'nothing'"},
                                          {"alam:bits=0.1", "0.5 to 32"},
                                          {"group:group=100", "choose one of"},
                                          {"compact:rank=64", "not less than the width 32"},
                                          {"tempo+actplane", "cannot be inverted"}}) {
    ExpectComplaint(Run("compare" + Small() + "--steps 6 --out all --methods mxfp8 " + methods), 2,
                    part);
    EXPECT_FALSE(fs::exists(folder_ / "all"));
  }
}

TEST_F(Program, ComparisonStopsWhenARunCannotStart) {
  fs::create_directories(folder_ / "all/mxfp8-1.txt");  // where the second run would print
  ExpectComplaint(Run("compare" + Small() + "--steps 6 --jobs 2 --out all --methods mxfp8"), 3,
                  "cannot start mxfp8 seed 1");
  EXPECT_FALSE(fs::exists(folder_ / "all/compare.csv"));
}

TEST_F(Program, WhatDivergesInItsFirstStepHasEndedToo) {
  std::ofstream(folder_ / "broken.json") << FewBitTableOfNaN();
  const std::string compare =
      "compare" + Small() + "--steps 6 --out all --methods fewbit:table=broken.json mxfp8";
  const Answer o = Run(compare);
  EXPECT_EQ(o.code, 0) << o.err;
  EXPECT_NE(ReadFile(folder_ / "all/compare.md").find("diverges (1 of 1)"), std::string::npos);
  const fs::path summary = folder_ / "all/fewbit_table=broken.json-1/summary.json";
  const auto json = nlohmann::json::parse(ReadFile(summary));
  EXPECT_EQ(json["steps"], 0);
  EXPECT_GT(json["bytes"]["total"], 0);
  const auto time = fs::last_write_time(summary);
  EXPECT_EQ(Run(compare).code, 0);
  EXPECT_EQ(fs::last_write_time(summary), time) << "it is not started again";
}

// The name of a table stays when what is in it changes.
TEST_F(Program, AnotherTableIsAnotherRun) {
  const std::string train =
      "train" + Small() + "--steps 4 --stash fewbit:table=t.json --out run --stop-after 2";
  const std::string compare =
      "compare" + Small() + "--steps 2 --out all --methods fewbit:table=t.json";
  ASSERT_EQ(Run("fewbit --bits 3 --out t.json").code, 0);
  ASSERT_EQ(Run(train).code, 0);
  ASSERT_EQ(Run(compare).code, 0);
  const fs::path gradient = folder_ / "all/fewbit_table=t.json-1.gradient.json";
  const std::string of_three = ReadFile(gradient);
  ASSERT_EQ(Run("fewbit --bits 1 -f --out t.json").code, 0);
  ExpectComplaint(Run(train + " --resume"), 2, "table");
  ExpectComplaint(Run(compare), 2, "is a run with other settings");
  fs::remove_all(folder_ / "all/fewbit_table=t.json-1");
  ASSERT_EQ(Run(compare).code, 0);
  EXPECT_NE(ReadFile(gradient), of_three);
}

TEST_F(Program, FewBitPrintsWritesAndDrawsTables) {
  const Answer o = Run("fewbit --bits 2 --out t.json --plot t.svg");
  ASSERT_EQ(o.code, 0) << o.err;
  EXPECT_NE(o.out.find("weight uniform: squared error 0.040"), std::string::npos) << o.out;
  EXPECT_NE(ReadFile(folder_ / "t.svg").find("</svg>"), std::string::npos);
  ASSERT_EQ(Run("train" + Small() + "--steps 2 --stash fewbit:table=t.json --out run").code, 0);

  ASSERT_EQ(Run("capture" + Small() + "--out tensors").code, 0);
  const Answer measured = Run("fewbit --bits 2 --inputs tensors/h0.mlp.in.npy --json");
  ASSERT_EQ(measured.code, 0) << measured.err;
  const auto table = nlohmann::json::parse(measured.out);
  EXPECT_EQ(table["weight"], "inputs");
  EXPECT_LT(table["error"].get<double>(), 0.01) << "the inputs lie close together";
  ExpectComplaint(Run("fewbit --domain 5 -5"), 2, "is no domain");
  ExpectComplaint(Run("fewbit --inputs missing.npy"), 3, "missing.npy");
  ExpectComplaint(Run("fewbit --bits 9"), 2, "--bits");
}

}  // namespace
}  // namespace actplane::train
