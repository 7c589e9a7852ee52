// SPDX-License-Identifier: Apache-2.0
#include "cli_test_support.h"

namespace actplane::cli {
namespace {

using Usage = CliTest;

const std::vector<std::string> kSubcommands = {"stats", "compress", "decompress", "inspect",
                                               "eval",  "memh",     "compare"};

TEST_F(Usage, HelpNamesEverySubcommandAndEachHasExamples) {
  const std::string help = Ok({"--help"});
  for (const std::string& name : kSubcommands) {
    EXPECT_THAT(help, HasSubstr("\n  " + name + " "));
    const std::string own = Ok({name, "--help"});
    EXPECT_THAT(own, HasSubstr("Examples:\n  actplane " + name + " "));
    EXPECT_THAT(own, HasSubstr("--json"));
  }
}

TEST_F(Usage, VersionNamesProgramAndFormats) {
  for (const char* flag : {"--version", "-V"}) {
    EXPECT_THAT(Ok({flag}),
                testing::MatchesRegex("actplane [0-9.]+ \\(block format 2, container 2\\)\n"));
  }
}

TEST_F(Usage, HelpIsASubcommandToo) {
  EXPECT_EQ(Ok({"help"}), Ok({"--help"}));
  for (const std::string& name : kSubcommands) EXPECT_EQ(Ok({"help", name}), Ok({name, "--help"}));
  Fails(2, {"help", "compres"}, "there is no subcommand compres; did you mean compress?");
}

TEST_F(Usage, AWrongNameIsAnsweredWithTheNearest) {
  Fails(2, {"compres"}, "there is no subcommand compres; did you mean compress?");
  Fails(2, {"ewal", DataFile("gpt2.attn.q.npy")}, "did you mean eval?");
  Fails(2, {"very"}, "did you mean verify?");
  Fails(2, {"frobnicate"}, "there is no subcommand frobnicate; see actplane --help");
  Fails(2, {"stats", DataFile("gpt2.attn.q.npy"), "--blok", "32"}, "did you mean --block?");
  Fails(2, {"compress", "a", "b", "--los-less"}, "did you mean --lossless?");
  Fails(2, {"compress", "a", "b", "--ordr=field"}, "did you mean --order?");
}

TEST_F(Usage, WrongArgumentsExitWith2AndOneLine) {
  const std::string q = DataFile("gpt2.attn.q.npy");
  const std::string out = Path("out.apl");
  Fails(2, {}, "subcommand");
  Fails(2, {"press"}, "see actplane --help");
  for (const std::string& name : kSubcommands) Fails(2, {name}, "see actplane " + name + " --help");
  Fails(2, {"stats", q, "--frobnicate"}, "--frobnicate");
  Fails(2, {"stats", q, "--block", "31"}, "31 not in {32,64,128,256}");
  Fails(2, {"stats", q, "--format", "fp8"}, "fp8 not in {fp32,fp16,bf16}");
  Fails(2, {"compress", q, out, "--ratio", "3", "--lossless"}, "at most 1");
  Fails(2, {"compress", q, out, "--slot-bytes", "160", "--lossless"}, "at most 1");
  for (const char* ratio : {"nan", "inf", "-1", "0", "three", ""}) {
    Fails(2, {"compress", q, out, "--ratio", ratio}, "ratio");
    Fails(2, {"eval", q, "--ratio", ratio}, "ratio");
  }
  for (const char* bytes : {"0", "-1", "99999999999", "1.5"}) {
    Fails(2, {"compress", q, out, "--slot-bytes", bytes}, "--slot-bytes");
  }
  Fails(2, {"compress", q, out, "--order", "both"}, "both not in {field,significance}");
  Fails(2, {"compress", q, out, "--fill", "ones"}, "ones not in {midpoint,zero}");
  Fails(2, {"compress", q, out, "--delta-cap", "-3"}, "--delta-cap");
  for (const char* group : {"3", "16", "0", "-4", "four"})
    Fails(2, {"compress", q, out, "--order", "significance", "--group", group}, "--group");
  for (const char* rows : {"7", "25", "-8", "x"})
    Fails(2, {"compress", q, out, "--order", "significance", "--rows", rows}, "--rows");
  Fails(2, {"compress", q, out, "--threads", "-1"}, "--threads");
  Fails(2, {"eval", q, "--csv", "--json"}, "excludes");
  Fails(2, {"memh", q, out, "--word-bits", "100"}, "100 not in {64,128,256,512}");
  Fails(2, {"memh", "--back", q, out, "--word-bits", "64"}, "excludes");
  Fails(2, {"stats", q, "line\nbreak\x1b[31m", "--block", "1\n2"}, "--block");
}

TEST_F(Usage, NumbersAreDecimal) {
  const std::string q = DataFile("gpt2.attn.q.npy");
  const std::string apl = Path("q.apl");
  EXPECT_EQ(OkJson({"compress", q, apl, "--slot-bytes", "0240", "--block", "0128", "--delta-cap",
                    "08", "--threads", "01"})["coded_bytes"],
            64 * 240);
  EXPECT_EQ(OkJson({"inspect", apl})["tensors"][0]["delta_cap"], 8);
  EXPECT_EQ(OkJson({"inspect", apl, "--block-index", "017"})["block_index"], 17);
  EXPECT_EQ(OkJson({"inspect", apl, "--block-index", "000"})["block_index"], 0);
  EXPECT_EQ(OkJson({"eval", q, "--slot-bytes", "0100", "--slot-bytes", "0144", "--order",
                    "significance", "--group", "08", "--rows", "012"})["all"][1]["slot_bytes"],
            144);
  EXPECT_EQ(OkJson({"memh", apl, Path("q.memh"), "--word-bits", "0128"})["word_bits"], 128);
  EXPECT_EQ(OkJson({"compress", q, apl, "--slot-bytes", "0x40"})["coded_bytes"], 64 * 64);
  Fails(2, {"compress", q, Path("x.apl"), "--slot-bytes", "00"}, "--slot-bytes");
  Fails(2, {"inspect", apl, "--block-index", "0x1"}, "is not a number from 0 on");
}

TEST_F(Usage, BracketsBelongToTheNameOfAFile) {
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(Path(""));
  const std::string values = ReadFile(DataFile("gpt2.attn.q.npy"));
  for (const char* name : {"[x]", "[x,y]", "x"}) WriteFile(name, values);
  for (const char* command : {"stats", "eval"}) {
    const Json json = OkJson({command, "[x]", "x", "[x,y]"});
    std::vector<std::string> files;
    for (const Json& t : json["files"]) files.push_back(t["file"]);
    EXPECT_THAT(files, testing::ElementsAre("[x]", "x", "[x,y]"));
  }
  Ok({"compare", "[x]", "[x,y]"});
  Ok({"compress", "[x]", "[x].apl"});
  Fails(3, {"stats", "[none]"}, "cannot open '[none]'");
  Fails(2, {"compress", "[x]", "x.apl", "[y]"}, "was not expected: [y]; see");
  Fails(2, {"stats", "x", "--blok", "[x]"}, "--blok; did you mean --block?");
  std::filesystem::current_path(before);
}

TEST_F(Usage, EffectlessFillIsRefused) {
  const std::string q = DataFile("gpt2.attn.q.npy");
  for (const char* fill : {"zero", "midpoint"}) {
    Fails(2, {"compress", q, Path("x.apl"), "--lossless", "--fill", fill},
          "--fill is for blocks of order field that are cut; leave it out with --lossless");
  }
  Fails(2, {"compress", q, Path("x.apl"), "--lossless", "--delta-cap", "3"}, "leave it out");
  Ok({"compress", q, Path("q.apl"), "--lossless"});
  Fails(2, {"decompress", Path("q.apl"), Path("x.npy"), "--fill", "zero"},
        "q.apl': --fill is for blocks that are cut; leave it out with lossless ones");
}

TEST_F(Usage, ImpossibleConfigurationSaysWhatIsPossible) {
  const std::string q = DataFile("gpt2.attn.q.npy");
  const std::string out = Path("out.apl");
  Fails(2, {"compress", q, out, "--ratio", "50"}, "use 56 to 536 bytes (ratio 0.955 to 9.14)");
  Fails(2, {"compress", q, out, "--ratio", "1e-300"}, "is too large");
  Fails(2, {"compress", q, out, "--slot-bytes", "55"}, "a slot of 55 bytes is too small");
  Fails(2, {"compress", q, out, "--slot-bytes", "3", "--order", "significance"}, "use 4 to 327");
  Fails(2, {"compress", q, out, "--slot-bytes", "456", "--order", "significance", "--rows", "24"},
        "'" + q +
            "': a slot of 456 bytes is too large for fp32 blocks of 128 values in order "
            "significance: use 4 to 455");
  Fails(2, {"compress", q, out, "--delta-cap", "10"}, "use 0 (none) to 9");
  Fails(2, {"eval", q, "--ratio", "3.2", "--ratio", "200"}, "'" + q + "': a slot of 2 bytes");
}

TEST_F(Usage, WhatNobodyCanReadStopsNothing) {
  const std::string in = WriteFile(
      "in.safetensors", Safetensors(R"({"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
                                    R"("ids":{"dtype":"I64","shape":[1],"data_offsets":[4,12]}})",
                                    Noise(12)));
  const RunResult said = Run({"compress", in, Path("good.apl")});
  EXPECT_THAT(said.err, HasSubstr("note: "));
  for (const Streams& streams : {Streams{.err_file = "/dev/full"}, Streams{.closed = {2}}}) {
    const RunResult r = RunOn({"compress", in, Path("x.apl"), "-f"}, streams);
    EXPECT_EQ(r.exit, 0);
    EXPECT_EQ(ReadFile(Path("x.apl")), ReadFile(Path("good.apl")));
    EXPECT_EQ(RunOn({"stats", Path("none")}, streams).exit, 3);
    EXPECT_EQ(RunOn({"stats", "--frobnicate"}, streams).exit, 2);
  }
}

// A file must not be opened in the place of a stream, and what is written there be lost in it.
TEST_F(Usage, ClosedStreamsAreErrors) {
  const std::string q = DataFile("gpt2.attn.q.npy");
  const std::string values = ReadFile(q);
  RunResult r = RunOn({"compress", "-", "-"}, Streams{.in = &values, .closed = {1}});
  EXPECT_EQ(r.exit, 3);
  EXPECT_THAT(r.err, HasSubstr("standard output': Bad file descriptor; check where it goes\n"));
  r = RunOn({"stats", q}, Streams{.closed = {1}});
  EXPECT_EQ(r.exit, 3);
  EXPECT_EQ(r.err,
            "actplane: cannot write standard output: Bad file descriptor; check where it goes\n");
  r = RunOn({"stats", "-"}, Streams{.closed = {0}});
  EXPECT_EQ(r.exit, 3);
  EXPECT_THAT(r.err, HasSubstr("'standard input' "));
  Ok({"compress", q, Path("good.apl")});
  EXPECT_EQ(RunOn({"compress", q, Path("x.apl")}, Streams{.closed = {0, 1, 2}}).exit, 3);
  EXPECT_EQ(ReadFile(Path("x.apl")), ReadFile(Path("good.apl")));
}

TEST_F(Usage, AFileThatMayNotGrowIsAnError) {
  const RunResult r =
      RunOn({"compress", DataFile("gpt2.attn.q.npy"), Path("x.apl")}, Streams{.file_bytes = 1000});
  EXPECT_EQ(r.exit, 3);
  EXPECT_THAT(r.err, HasSubstr("x.apl': File too large; raise the limit (ulimit -f)"));
  EXPECT_TRUE(Names().empty());
}

TEST_F(Usage, AFullPipeIsWaitedFor) {
  const std::string q = DataFile("gpt2.attn.q.npy");
  Ok({"compress", q, Path("q.apl"), "--lossless"});
  for (const auto& arguments : std::vector<std::vector<std::string>>{
           {"decompress", Path("q.apl"), "-"},
           {"inspect", Path("q.apl"), "--block-index", "1", "--json"}}) {
    const RunResult r = RunOn(arguments, Streams{.narrow = true});
    EXPECT_EQ(r.exit, 0) << r.err;
    EXPECT_TRUE(r.out == Run(arguments).out);
    EXPECT_GT(r.out.size(), 4096U);
  }
}

TEST_F(Usage, ALinkToNothingIsNoOutput) {
  std::filesystem::create_symlink("gone.apl", Path("link"));
  const std::string q = DataFile("gpt2.attn.q.npy");
  Ok({"compress", q, Path("q.apl")});
  for (const auto& [command, in] :
       {std::pair{"compress", q}, {"decompress", Path("q.apl")}, {"memh", Path("q.apl")}}) {
    Fails(2, {command, in, Path("link"), "-f"}, "link' is a link to 'gone.apl', which is not");
  }
}

TEST_F(Usage, UnwritableStandardOutputIsAnError) {
  for (const auto& arguments :
       std::vector<std::vector<std::string>>{{"--help"},
                                             {"--version"},
                                             {"stats", DataFile("gpt2.attn.q.npy")},
                                             {"eval", DataFile("gpt2.attn.q.npy"), "--json"}}) {
    const RunResult r = Run(arguments, "/dev/full");
    EXPECT_EQ(r.exit, 3);
    EXPECT_EQ(
        r.err,
        "actplane: cannot write standard output: No space left on device; check where it goes\n");
  }
}

}  // namespace
}  // namespace actplane::cli
