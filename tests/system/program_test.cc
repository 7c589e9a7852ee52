// SPDX-License-Identifier: Apache-2.0
// actplane-sim as a user runs it: text, files and exit codes. `actplane verify` is in tests/cli.
#include "cli/cli_test_support.h"

namespace actplane::cli {
namespace {

using SimProgram = CliTest;
using testing::EndsWith;
using testing::StartsWith;

const std::string kTensor = DataFile("gpt2.attn.q.npy");
const std::vector<std::string> kTiny = {"--device", "compressor", "--config", "tiny"};

std::vector<std::string> Tiny(const std::vector<std::string>& more) {
  std::vector<std::string> all = kTiny;
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

TEST_F(SimProgram, RunsWhatItIsTold) {
  const std::string text =
      Ok(Tiny({"--sequence", "corner", "--seed", "0x5eed", "--blocks", "50", "--stall", "bursty"}));
  EXPECT_THAT(text, HasSubstr("pass: 50 blocks"));
  EXPECT_THAT(text, HasSubstr(" 0 mismatches"));
}

TEST_F(SimProgram, ASeedGivesTheSameRun) {
  const auto run = [&](const std::string& seed) {
    Json json = OkJson({"--device", "decompressor", "--config", "tiny", "--sequence", "malformed",
                        "--seed", seed, "--blocks", "50"});
    json.erase("seconds");
    return json;
  };
  EXPECT_EQ(run("7"), run("0x7"));
  EXPECT_NE(run("7")["cycles"], run("8")["cycles"]);
}

TEST_F(SimProgram, ListsWhatThereIs) {
  const std::string text = Ok({"--list"});
  for (const char* name : {"default", "K = 8, 24 rows in flops", "orders: significance", "axi",
                           "config-change", "malformed", "output-first", "long-stop"})
    EXPECT_THAT(text, HasSubstr(name));
}

TEST_F(SimProgram, EveryReportIsOneJsonObject) {
  const Json one = OkJson(Tiny({"--seed", "7", "--blocks", "20"}));
  EXPECT_EQ(one["device"], "compressor");
  EXPECT_EQ(one["config"], "tiny");
  EXPECT_EQ(one["sequence"], "random");
  EXPECT_EQ(one["seed"], "0x7");
  EXPECT_EQ(one["stall"], "none");
  EXPECT_EQ(one["outcome"], "pass");
  EXPECT_EQ(one["blocks"], 20);
  EXPECT_EQ(one["failure"], nullptr);
  EXPECT_EQ(one["ok"], true);
  const Json zeros = OkJson(Tiny({"--seed", "010", "--blocks", "020"}));  // not octal
  EXPECT_EQ(zeros["seed"], "0xa");
  EXPECT_EQ(zeros["blocks"], 20);
  const Json both = OkJson({"--config", "tiny", "--blocks", "20"});
  EXPECT_EQ(both["device"], "roundtrip");
  for (const char* device : {"compressor", "decompressor"}) {
    EXPECT_EQ(both[device]["outcome"], "pass");
    EXPECT_EQ(both[device]["blocks"], 20);
  }
  EXPECT_EQ(both["ok"], true);
  const Json soak = OkJson({"--soak", "1", "--config", "tiny", "--seed", "3"});
  EXPECT_EQ(soak["config"], "tiny");
  EXPECT_EQ(soak["runs"], 72);
  EXPECT_EQ(soak["failed_runs"], 0);
  EXPECT_EQ(soak["mismatches"], 0);
  EXPECT_GT(soak["bins_reached"], 650);
  EXPECT_EQ(soak["ok"], true);
  const Json table = OkJson({"--table"});
  EXPECT_EQ(table["ok"], true);
  EXPECT_EQ(table["rows"][0]["config"], "default");
  EXPECT_EQ(table["rows"][0]["order"], "field");
  EXPECT_EQ(table["rows"][0]["cycles_per_block"], 16);
  EXPECT_LE(table["rows"][0]["latency"], 16);
  EXPECT_THAT(Ok({"--table"}), HasSubstr("\ndefault    128   256 all"));
}

TEST_F(SimProgram, ReadsTensorsAsVerifyDoes) {
  const Json all = OkJson({kTensor, "--blocks", "0"});
  EXPECT_EQ(all["sequence"], "file");
  EXPECT_EQ(all["compressor"]["blocks"], 64);
  EXPECT_EQ(all["decompressor"]["blocks"], 64);
  EXPECT_EQ(OkJson({kTensor, kTensor, "--lossless"})["decompressor"]["blocks"], 128);
  EXPECT_EQ(OkJson({kTensor, "--slot-bytes", "100", "--blocks", "5"})["compressor"]["blocks"], 5);
  EXPECT_EQ(OkJson({kTensor, "--slot-bytes", "20", "--order", "significance", "--rows", "9"})["ok"],
            true);
  EXPECT_EQ(OkJson({kTensor, "--config", "fast", "--blocks", "5"})["ok"], true) << "its only order";
  const std::string none = WriteFile("none.npy", Npy("<f4", "(0,)", ""));
  for (const auto& more : std::vector<std::vector<std::string>>{{}, {"--device", "compressor"}}) {
    std::vector<std::string> arguments = {none};
    arguments.insert(arguments.end(), more.begin(), more.end());
    EXPECT_THAT(Ok(arguments), HasSubstr("pass: 0 blocks"));
    EXPECT_EQ(OkJson(arguments)["ok"], true);
  }
  const RunResult piped = Run({"-", "--json"}, "", false, "|" + ReadFile(kTensor));
  EXPECT_EQ(Json::parse(piped.out)["compressor"]["blocks"], 64);
  const RunResult big = Run({WriteHole(Path("big.npy"), 1 << 30), "--blocks", "2000"});
  EXPECT_EQ(big.exit, 0);
  EXPECT_LT(big.peak_kib, 64 * 1024);
}

TEST_F(SimProgram, RefusesWhatThereIsNot) {
  Fails(2, {"--device", "compresor"}, "did you mean compressor?");
  Fails(2, {"--device", "x"}, "choose from compressor, decompressor, roundtrip");
  Fails(2, {"--config", "huge"}, "there is no configuration 'huge'");
  Fails(2, {"--config", "narow"}, "did you mean narrow?");
  Fails(2, {"--stall", "burst"}, "did you mean bursty?");
  Fails(2, {"--sequence", "randon"}, "did you mean random?");
  Fails(2, {"--device", "compressor", "--sequence", "malformed"}, "has no sequence 'malformed'");
  Fails(2, {"--bogus"}, "--bogus; see actplane-sim --help");
  Fails(2, {"--seed", "x"}, "--seed");
  Fails(2, {"--blocks", "-1"}, "not a number from 0 on");
  Fails(2, {kTensor, "--config", "bf16"}, "configuration 'bf16' has no fp32; its formats: bf16");
  Fails(2, {kTensor, "--ratio", "50"}, "use 56 to 536 bytes");
  Fails(2, {kTensor, "--config", "fast", "--order", "field"},
        "configuration 'fast' has no order field; its order: significance");
  Fails(2, {kTensor, "--order", "significance", "--group", "4"},
        "configuration 'default' has groups of 8 values");
  Fails(2, {kTensor, "--config", "lossy", "--order", "significance", "--rows", "13"},
        "keeps 12 rows of a magnitude; use --rows 8 to 12");
  Fails(2, {kTensor, "--config", "lossy", "--lossless"}, "leave out --lossless");
}

TEST_F(SimProgram, RefusesWhatWouldHaveNoEffect) {
  Fails(2, {"--blocks", "0"}, "--blocks 0 is for files");
  Fails(2, {"--sequence", "file"}, "needs files");
  Fails(2, {"--sequence", "random", kTensor}, "takes no file");
  Fails(2, {"--ratio", "3"}, "--ratio is for tensors");
  Fails(2, {"--order", "field"}, "--order is for tensors");
  Fails(2, {kTensor, "--group", "8"}, "--group is for order significance");
  Fails(2, {"--trace", Path("w.fst")}, "--trace is of one device");
  Fails(2, {"--coverage", Path("c.json")}, "--coverage is of one device");
  Fails(2, {"--soak", "5", "--blocks", "5"}, "leave it out with --soak");
  Fails(2, {"--soak", "0"}, "--soak");
  Fails(2, {"--table", "--config", "tiny"}, "leave it out with --table");
  Fails(2, {"--table", "--list"}, "excludes");
  Fails(2, Tiny({"--trace", Path("x"), "--coverage", Path("x")}), "the same file");
}

TEST_F(SimProgram, ExitCodesAreThoseOfEveryProgram) {
  // The one block of this seed is reset away.
  const RunResult nothing =
      Run(Tiny({"--sequence", "reset", "--blocks", "1", "--seed", "10", "--artifacts", Path("a")}));
  EXPECT_EQ(nothing.exit, 1);
  EXPECT_THAT(nothing.out, HasSubstr("nothing compared: 0 blocks"));
  EXPECT_THAT(nothing.err, HasSubstr("REPLAY  make sim ARGS="));
  Fails(3, {"missing.npy"}, "cannot open 'missing.npy'");
  Fails(3, {"."}, "is a directory");
  Fails(3, {WriteFile("empty.npy", "")}, "numpy.save");
  for (const auto& arguments :
       std::vector<std::vector<std::string>>{{"--list"},
                                             {"--help"},
                                             {"--version"},
                                             Tiny({"--blocks", "1"}),
                                             Tiny({"--blocks", "1", "--json"})}) {
    const RunResult r = Run(arguments, "/dev/full");
    EXPECT_EQ(r.exit, 3);
    EXPECT_EQ(r.err,
              "actplane-sim: cannot write standard output: No space left on device; check where it "
              "goes\n");
  }
}

TEST_F(SimProgram, HelpAndVersionAreThoseOfEveryProgram) {
  const std::string help = Ok({"--help"});
  EXPECT_THAT(help, HasSubstr("Usage: actplane-sim [OPTIONS] [FILE...]"));
  EXPECT_THAT(help, HasSubstr("Exit codes: 0 done, 1 mismatch, 2 usage, 3 bad input."));
  EXPECT_THAT(help, HasSubstr("Examples:\n  actplane-sim "));
  EXPECT_EQ(Ok({"help"}), help);
  EXPECT_THAT(Ok({"-V"}), StartsWith("actplane-sim "));
}

TEST_F(SimProgram, OutputsDestroyNothing) {
  const std::string in = WriteFile("q.npy", ReadFile(kTensor));
  const std::string values = ReadFile(in);
  std::filesystem::create_symlink(in, Path("link.fst"));
  const std::string old = WriteFile("old", "kept");
  for (const std::string option : {"--trace", "--coverage"}) {
    for (const std::string& out : {in, Path("link.fst")}) {
      Fails(2, Tiny({in, option, out, "-f"}), "is an input");
    }
    Fails(2, Tiny({"--blocks", "5", option, old}), "is there already; give -f");
    EXPECT_EQ(ReadFile(old), "kept");
    Fails(3, Tiny({"--blocks", "5", option, Path("no/where")}), "No such file or directory");
    Fails(3, Tiny({"--blocks", "5", option, Path("")}), "s a directory");
    EXPECT_EQ(Run(Tiny({"--blocks", "5", option, "/dev/null"})).exit, 0);
    EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
    EXPECT_EQ(Run(Tiny({"--blocks", "5", option, "/dev/full"})).exit, 3);
  }
  EXPECT_EQ(ReadFile(in), values);
  EXPECT_TRUE(std::filesystem::is_symlink(Path("link.fst")));
  EXPECT_THAT(Names(), testing::ElementsAre("old", "q.npy", "q.npy"));  // one by way of the link
}

// A configuration that was built without waveforms, as all but tiny in CI, refuses to write one.
TEST_F(SimProgram, SaysWhereThereIsNoWaveform) {
  const RunResult run = Run({"--device", "compressor", "--config", "default", "--blocks", "1",
                             "--seed", "7", "--trace", Path("w.fst")});
  if (run.exit == 0) return;
  EXPECT_EQ(run.exit, 2);
  EXPECT_THAT(run.err,
              HasSubstr("default was built without waveforms; build it without RTL_FIRST=1"));
  EXPECT_THAT(Names(), testing::IsEmpty());
}

TEST_F(SimProgram, WritesWaveformAndCoverage) {
  ::setenv("TMPDIR", Path("").c_str(), 1);
  const std::vector<std::string> run = Tiny(
      {"--blocks", "20", "--seed", "7", "--trace", Path("w.fst"), "--coverage", Path("c.json")});
  EXPECT_THAT(Ok(run), HasSubstr("pass: 20 blocks"));
  EXPECT_THAT(Names(), testing::ElementsAre("c.json", "w.fst", "w.fst.gtkw"));
  const std::string wave = ReadFile(Path("w.fst"));
  EXPECT_EQ(wave.substr(0, 9), std::string("\0\0\0\0\0\0\0\1\x49", 9)) << "the header of an FST";
  EXPECT_GT(wave.size(), 10000U);
  const std::string save = ReadFile(Path("w.fst.gtkw"));
  EXPECT_THAT(save, StartsWith("[dumpfile] \"" + Path("w.fst") + "\"\n"));
  for (const std::string name :
       {"clk_i", "cfg_order_i", "in_valid_i", "out_last_o", "blocks_o[31:0]"}) {
    EXPECT_THAT(save, HasSubstr("\nTOP." + name + "\n"));
  }
  const Json coverage = Json::parse(ReadFile(Path("c.json")));
  EXPECT_EQ(coverage["cp_dec_stall/field.fp32.none"], (Json{{"hits", 0}, {"goal", 20}}));
  EXPECT_GT(coverage.size(), 700U);
  std::vector<std::string> again = run;
  again.emplace_back("-f");
  EXPECT_EQ(Run(again).exit, 0);
  // To standard output; how it went is then said on standard error.
  const RunResult piped = Run(Tiny({"--blocks", "20", "--seed", "7", "--coverage", "-"}));
  EXPECT_EQ(Json::parse(piped.out), coverage);
  EXPECT_THAT(piped.err, HasSubstr("pass: 20 blocks"));
  EXPECT_THAT(Run(Tiny({"--blocks", "20", "--trace", "-"})).out,
              StartsWith(std::string("\0\0\0\0\0\0\0\1\x49", 9)));
  EXPECT_THAT(Names(), testing::ElementsAre("c.json", "w.fst", "w.fst.gtkw"));
  ::unsetenv("TMPDIR");
}

TEST_F(SimProgram, AnInterruptLeavesNothing) {
  ::setenv("TMPDIR", Path("").c_str(), 1);
  EXPECT_EQ(Interrupt(Tiny({"--blocks", "100000000", "--trace", Path("w.fst"), "--coverage",
                            Path("c.json")}),
                      SIGINT),
            SIGINT);
  EXPECT_THAT(Names(), testing::IsEmpty());
  ::unsetenv("TMPDIR");
}

TEST_F(SimProgram, ProgressIsForTerminalsOnly) {
  const std::vector<std::string> run = {"--device", "compressor", "--blocks", "12000"};
  const RunResult terminal = Run(run, "", true);
  EXPECT_THAT(terminal.err, HasSubstr("\r\x1b[Kcompressor ["));
  EXPECT_THAT(terminal.err, HasSubstr(" blocks/s"));
  EXPECT_THAT(terminal.err, EndsWith("\r\x1b[K")) << "gone when done";
  EXPECT_EQ(Run(run).err, "");
}

}  // namespace
}  // namespace actplane::cli
