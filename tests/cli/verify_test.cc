// SPDX-License-Identifier: Apache-2.0
// verify: real RTL behind the options, files, messages and exit codes of every other subcommand.
#include <sys/stat.h>

#include "cli_test_support.h"

namespace actplane::cli {
namespace {

using Verify = CliTest;
using testing::EndsWith;
using testing::Not;

constexpr uint64_t kMib = 1 << 20;

std::string Q() { return DataFile("gpt2.attn.q.npy"); }

TEST_F(Verify, ReportsBlocksCyclesAndLatency) {
  const std::vector<std::string> arguments = {"verify",  Q(), "--ratio",  "2",
                                              "--ratio", "4", "--blocks", "40"};
  const std::string text = Ok(arguments);
  EXPECT_THAT(text, HasSubstr("80 blocks through compressor and decompressor RTL (default, N 128, "
                              "256 bits, order field), 0 mismatches"));
  const Json json = OkJson(arguments);
  EXPECT_EQ(json["config"], "default");
  EXPECT_EQ(json["block"], 128);
  EXPECT_EQ(json["stream_width"], 256);
  EXPECT_EQ(json["blocks"], 80);
  EXPECT_EQ(json["mismatches"], 0);
  EXPECT_EQ(json["ok"], true);
  ASSERT_EQ(json["tensors"].size(), 2U);
  for (size_t i = 0; i < 2; ++i) {
    const Json& row = json["tensors"][i];
    EXPECT_EQ(row["file"], Q());
    EXPECT_EQ(row["tensor"], nullptr);
    EXPECT_EQ(row["format"], "fp32");
    EXPECT_EQ(row["slot_bytes"], i == 0 ? 256 : 128);
    EXPECT_EQ(row["ratio"], i == 0 ? 2 : 4);
    EXPECT_EQ(row["blocks"], 40);
    EXPECT_EQ(row["values"], 40 * 128);
    for (const auto& [device, latency] : {std::pair("compressor", 16), {"decompressor", 8}}) {
      EXPECT_EQ(row[device]["cycles_per_block"], 16);
      EXPECT_EQ(row[device]["bytes_per_cycle"], 32);
      EXPECT_LE(row[device]["latency"], latency);
    }
    EXPECT_EQ(row["stages"], 40);
    EXPECT_EQ(row["failure"], nullptr);
  }
}

// Scripts read the totals without a JSON library: last, and alone at their depth.
TEST_F(Verify, TotalsAreTheLastLinesOfTheJson) {
  EXPECT_THAT(Ok({"verify", Q(), "--json"}),
              EndsWith("\n  ],\n  \"blocks\": 64,\n  \"mismatches\": 0,\n  \"ok\": true\n}\n"));
}

TEST_F(Verify, SlotsAreThoseOfCompress) {
  const auto compressed = [&](std::vector<std::string> options) {
    options.insert(options.begin(), {"compress", Q(), Path("q.apl")});
    Ok(options);
    return OkJson({"inspect", Path("q.apl")})["tensors"][0]["slot_bytes"].get<int>();
  };
  EXPECT_EQ(OkJson({"verify", Q(), "--blocks", "1"})["tensors"][0]["slot_bytes"], compressed({}));
  for (const std::string ratio : {"5.12", "5.333", "3.21"}) {
    EXPECT_EQ(
        OkJson({"verify", Q(), "--blocks", "1", "--ratio", ratio})["tensors"][0]["slot_bytes"],
        compressed({"--ratio", ratio}));
  }
  const Json json = OkJson({"verify", Q(), "--blocks", "1", "--slot-bytes", "100"});
  EXPECT_EQ(json["tensors"][0]["slot_bytes"], 100);
  EXPECT_EQ(json["tensors"].size(), 1U);
}

TEST_F(Verify, BothOrders) {
  const std::vector<std::string> arguments = {"verify", Q(), "--blocks", "20"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), arguments.begin(), arguments.end());
    return more;
  };
  const Json field = OkJson(with({"--order", "field", "--fill", "zero"}))["tensors"][0];
  EXPECT_EQ(field, OkJson(with({"--fill", "zero"}))["tensors"][0]);
  EXPECT_EQ(field["order"], "field");
  EXPECT_EQ(field["fill"], "zero");
  EXPECT_EQ(field["rows"], nullptr);
  const Json weight = OkJson(with({"--order", "significance", "--rows", "12"}))["tensors"][0];
  EXPECT_EQ(weight["order"], "significance");
  EXPECT_EQ(weight["group"], 8);
  EXPECT_EQ(weight["rows"], 12);
  EXPECT_EQ(weight["fill"], nullptr);
  EXPECT_EQ(weight["blocks"], 20);
  EXPECT_THAT(Ok(with({"--order", "significance"})), HasSubstr("order significance), 0 mism"));
  Fails(2, with({"--order", "significance", "--lossless"}), "--lossless has order field only");
  Fails(2, with({"--order", "significance", "--fill", "zero"}), "--fill is for order field");
  Fails(2, with({"--rows", "12"}), "--rows is for order significance");
  Fails(2, with({"--order", "significance", "--group", "4"}), "has groups of 8 values");
}

TEST_F(Verify, AWordBehindARatioIsAFile) {
  const std::vector<std::string> files = {DataFile("dropout/gpt2.attn.p_dropped.npy"),
                                          DataFile("gpt2.ln_1.in.npy")};
  const Json json =
      OkJson({"verify", files[0], "--ratio", "3.2", files[1], "--ratio", "8", "--blocks", "2"});
  std::vector<std::string> rows;
  for (const Json& row : json["tensors"])
    rows.push_back(
        fmt::format("{} {}", row["file"].get<std::string>(), row["slot_bytes"].get<int>()));
  EXPECT_THAT(rows, testing::ElementsAre(files[0] + " 160", files[0] + " 64", files[1] + " 160",
                                         files[1] + " 64"));
}

TEST_F(Verify, Lossless) {
  const Json json = OkJson({"verify", DataFile("dropout/mask.npy"), "--lossless", "--blocks", "20",
                            "--config", "burst"});
  EXPECT_EQ(json["tensors"][0]["lossless"], true);
  EXPECT_EQ(json["tensors"][0]["slot_bytes"], nullptr);
  EXPECT_EQ(json["blocks"], 20);
  EXPECT_EQ(json["stream_width"], 512);
  EXPECT_THAT(Ok({"verify", Q(), "--lossless"}), HasSubstr(" lossless "));
}

TEST_F(Verify, HelpIsThatOfASubcommand) {
  const std::string help = Ok({"verify", "--help"});
  EXPECT_THAT(help, HasSubstr("Usage: actplane verify [OPTIONS] FILE..."));
  EXPECT_THAT(help, HasSubstr("Examples:\n  actplane verify "));
  EXPECT_THAT(help, HasSubstr("Exit codes: 0 done, 1 mismatch, 2 usage, 3 bad input."));
  EXPECT_EQ(Ok({"help", "verify"}), help);
  // What others have too is told in the same words.
  const std::string eval = Ok({"eval", "--help"});
  for (const char* option : {"--fill", "--delta-cap", "--rows", "--format"}) {
    const size_t at = help.find(std::string("  ") + option);
    ASSERT_NE(at, std::string::npos) << option;
    EXPECT_THAT(eval, HasSubstr(help.substr(at, help.find('\n', at) - at)));
  }
}

TEST_F(Verify, RunDirectlyItIsTheSameCommand) {
  const RunResult through = Run({"verify", Q(), "--blocks", "3"});
  const RunResult json = Run({"verify", Q(), "--blocks", "3", "--json"});
  const RunResult help = Run({"verify", "--help"});
  const RunResult version = Run({"--version"});
  program_ = ACTP_VERIFY;
  EXPECT_EQ(Run({Q(), "--blocks", "3"}).out, through.out);
  EXPECT_EQ(Run({Q(), "--blocks", "3", "--json"}).out, json.out);
  EXPECT_EQ(Run({"--help"}).out, help.out);
  EXPECT_EQ(Run({"-V"}).out, version.out);
  Fails(2, {}, "FILE is required; see actplane verify --help");
  Fails(3, {"missing.npy"}, "cannot open 'missing.npy'");
}

TEST_F(Verify, NoValueIsNoFailure) {
  const std::string none = WriteFile("none.npy", Npy("<f4", "(0,)", ""));
  const std::string text = Ok({"verify", none});
  EXPECT_THAT(text, testing::ContainsRegex("none.npy\n? +fp32 +160 +0 +- +- +- +-\n"));
  EXPECT_THAT(text, testing::ContainsRegex("none.npy\n? +- +- +- +0\n"));
  EXPECT_THAT(text, HasSubstr("\n0 blocks through"));
  for (const std::string mode : {"--lossless", "--blocks=0", "--blocks=7"}) {
    const Json json = OkJson({"verify", none, mode});
    const Json& row = json["tensors"][0];
    const Json nothing = {
        {"cycles_per_block", nullptr}, {"bytes_per_cycle", nullptr}, {"latency", nullptr}};
    EXPECT_EQ(row["compressor"], nothing);
    EXPECT_EQ(row["decompressor"], nothing);
    EXPECT_EQ(row["ratio"], nullptr);
    EXPECT_EQ(row["values"], 0);
    EXPECT_EQ(row["blocks"], 0);
    EXPECT_EQ(json["ok"], true);
  }
  const std::string middle = WriteFile(
      "m.safetensors", Safetensors(R"({"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},)"
                                   R"("z":{"dtype":"F32","shape":[4,0],"data_offsets":[24,24]},)"
                                   R"("b":{"dtype":"F32","shape":[200],"data_offsets":[24,824]}})",
                                   Noise(824)));
  const Json json = OkJson({"verify", middle});
  std::vector<int> blocks;
  for (const Json& row : json["tensors"]) blocks.push_back(row["blocks"]);
  EXPECT_THAT(blocks, testing::UnorderedElementsAre(1, 0, 2));
  EXPECT_EQ(json["blocks"], 3);
  EXPECT_EQ(json["ok"], true);
}

TEST_F(Verify, AFileWithoutATensorHasNoRow) {
  const std::string meta =
      WriteFile("meta.safetensors", Safetensors(R"({"__metadata__":{"a":"b"}})", ""));
  EXPECT_THAT(Ok({"verify", meta}), HasSubstr("\n0 blocks through"));
  const Json json = OkJson({"verify", meta});
  EXPECT_EQ(json["tensors"], Json::array());
  EXPECT_EQ(json["blocks"], 0);
  EXPECT_EQ(json["ok"], true);
}

TEST_F(Verify, WhatCannotBeReadExitsWith3) {
  Fails(3, {"verify", "missing.npy"}, "cannot open 'missing.npy'");
  Fails(3, {"verify", "."}, "'.' is a directory");
  Fails(3, {"verify", "/dev/null"}, "device");
  Fails(3, {"verify", WriteFile("empty.npy", "")}, "write it again with numpy.save");
  Fails(3, {"verify", WriteFile("cut.npy", Npy("<f4", "(8,)", "1234"))}, "cut.npy");
  Fails(3, {"verify", WriteFile("i8.npy", Npy("<i8", "(1,)", "12345678"))}, "<i8");
  ASSERT_EQ(::mkfifo(Path("fifo").c_str(), 0600), 0);
  Fails(3, {"verify", Path("fifo")}, "gave no byte");
}

TEST_F(Verify, OneBadFileDoesNotHideTheOthers) {
  const std::string missing = Path("missing.npy");
  for (const auto& files : {std::vector<std::string>{missing, Q()}, {Q(), missing}}) {
    const RunResult text = Run({"verify", files[0], files[1], "--blocks", "5"});
    EXPECT_EQ(text.exit, 3);
    EXPECT_THAT(text.out, HasSubstr("\n5 blocks through"));
    EXPECT_EQ(text.err, fmt::format("actplane: cannot open '{}': No such file or directory; check "
                                    "the path and its permissions\n",
                                    missing));
    const RunResult r = Run({"verify", files[0], files[1], "--blocks", "5", "--json"});
    EXPECT_EQ(r.exit, 3);
    const Json json = Json::parse(r.out);
    EXPECT_EQ(json["tensors"].size(), 1U);
    EXPECT_EQ(json["tensors"][0]["ok"], true);
    EXPECT_EQ(json["mismatches"], 0);
    EXPECT_EQ(json["ok"], false) << "not all that was asked for was compared";
  }
  const RunResult none = Run({"verify", missing, ".", "--json"});
  EXPECT_EQ(none.exit, 3);
  EXPECT_EQ(none.out, "");
  EXPECT_EQ(std::count(none.err.begin(), none.err.end(), '\n'), 2);
}

TEST_F(Verify, JsonHoldsWhateverAFileIsCalled) {
  for (const std::string name :
       {"q\"uote.npy", "new\nline.npy", "back\\slash.npy", "\x1b[31m.npy"}) {
    std::filesystem::copy_file(Q(), Path(name));
    const Json json = OkJson({"verify", Path(name), "--blocks", "1"});
    EXPECT_EQ(json["tensors"][0]["file"], Path(name));
    for (const char c : Ok({"verify", Path(name), "--blocks", "1"})) {
      EXPECT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= 0x20) << name;
    }
  }
  std::filesystem::copy_file(Q(), Path("not\xffutf8.npy"));
  EXPECT_EQ(OkJson({"verify", Path("not\xffutf8.npy"), "--blocks", "1"})["blocks"], 1);
  const std::string file = WriteFile(
      "t.safetensors",
      Safetensors(R"({"h.\"0\"/\u00e9":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
                  "abcd"));
  EXPECT_EQ(OkJson({"verify", file})["tensors"][0]["tensor"], "h.\"0\"/\u00e9");
}

TEST_F(Verify, UnwritableStandardOutputIsAnError) {
  for (const auto& arguments :
       std::vector<std::vector<std::string>>{{"verify", Q(), "--blocks", "1"},
                                             {"verify", Q(), "--blocks", "1", "--json"},
                                             {"verify", "--help"}}) {
    const RunResult r = Run(arguments, "/dev/full");
    EXPECT_EQ(r.exit, 3);
    EXPECT_EQ(
        r.err,
        "actplane: cannot write standard output: No space left on device; check where it goes\n");
  }
}

TEST_F(Verify, WrongArgumentsExitWith2) {
  Fails(2, {"verify"}, "FILE is required; see actplane verify --help");
  Fails(2, {"verify", Q(), "--lossless", "--ratio", "4"}, "--ratio excludes --lossless");
  Fails(2, {"verify", Q(), "--slot-bytes", "160", "--lossless"}, "excludes");
  Fails(2, {"verify", Q(), "--config", "defualt"}, "did you mean default?");
  Fails(2, {"verify", Q(), "--config", "enormous"}, "choose from default, lossy, ");
  Fails(2, {"verify", Q(), "--ratoi", "4"}, "did you mean --ratio?");
  for (const char* blocks : {"-1", "ten", "1.5", "99999999999999999999"})
    Fails(2, {"verify", Q(), "--blocks", blocks}, "is not a number from 0 on");
  // The same words as compress has for the same fault.
  for (const auto& wrong : std::vector<std::vector<std::string>>{{"--ratio", "nan"},
                                                                 {"--ratio", "0"},
                                                                 {"--slot-bytes", "0"},
                                                                 {"--fill", "ones"},
                                                                 {"--format", "fp8"},
                                                                 {"--delta-cap", "-3"},
                                                                 {"--delta-cap", "10"},
                                                                 {"--order", "weight"},
                                                                 {"--group", "8"},
                                                                 {"--rows", "30"},
                                                                 {"--ratio", "50"},
                                                                 {"--slot-bytes", "55"}}) {
    std::string verify = Run({"verify", Q(), wrong[0], wrong[1]}).err;
    const std::string compress = Run({"compress", Q(), Path("x.apl"), wrong[0], wrong[1]}).err;
    if (const size_t at = verify.find("actplane verify"); at != std::string::npos)
      verify.replace(at, 15, "actplane compress");
    EXPECT_EQ(verify, compress);
    Fails(2, {"verify", Q(), wrong[0], wrong[1]}, "");
  }
}

TEST_F(Verify, WhatIsImpossibleIsSaidBeforeTheWork) {
  const std::string half = WriteFile("half.npy", Npy("<f2", "(4,)", "01234567"));
  Fails(2, {"verify", Q(), half, "--slot-bytes", "300"}, "half.npy': a slot of 300 bytes");
  Fails(2, {"verify", half, Q(), "--config", "bf16"},
        "half.npy': configuration 'bf16' has no fp16; its formats: bf16");
  Fails(2, {"verify", Q(), "--config", "bf16"},
        "configuration 'bf16' has no fp32; its formats: bf16");
}

TEST_F(Verify, ReadsEveryFormat) {
  const std::string values = Noise(2000);
  const auto format_of = [&](const std::string& file, const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {"verify", file, "--lossless"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Json json = OkJson(arguments);
    EXPECT_EQ(json["blocks"], 8);
    EXPECT_EQ(json["mismatches"], 0);
    return json["tensors"][0]["format"].get<std::string>();
  };
  EXPECT_EQ(format_of(WriteFile("h.npy", Npy("<f2", "(1000,)", values)), {}), "fp16");
  const std::string bits = WriteFile("b.npy", Npy("<u2", "(1000,)", values));
  EXPECT_EQ(format_of(bits, {"--format", "bf16"}), "bf16");
  Fails(3, {"verify", bits}, "--format bf16");
  const std::string both =
      WriteFile("x.safetensors",
                Safetensors(R"({"h.0":{"dtype":"F16","shape":[1000],"data_offsets":[0,2000]},)"
                            R"("h.1":{"dtype":"BF16","shape":[1000],"data_offsets":[2000,4000]},)"
                            R"("ids":{"dtype":"I64","shape":[1],"data_offsets":[4000,4008]}})",
                            values + values + "12345678"));
  EXPECT_EQ(format_of(both, {"--tensor", "h.0"}), "fp16");
  EXPECT_EQ(format_of(both, {"--tensor", "*1"}), "bf16");
  EXPECT_EQ(OkJson({"verify", both, "--tensor", "h.*"})["tensors"].size(), 2U);
  const RunResult all = Run({"verify", both, "--fill", "zero", "--delta-cap", "3", "--ratio", "2"});
  EXPECT_EQ(all.exit, 0);
  EXPECT_THAT(all.out, HasSubstr("\n16 blocks through"));
  EXPECT_THAT(all.err, testing::StartsWith("actplane: note: "));
}

TEST_F(Verify, ReadsStandardInput) {
  const Json file = OkJson({"verify", Q()});
  for (const std::string& in : {Q(), "|" + ReadFile(Q())}) {
    const RunResult r = Run({"verify", "-", "--json"}, "", false, in);
    EXPECT_EQ(r.exit, 0) << r.err;
    Json json = Json::parse(r.out);
    EXPECT_EQ(json["tensors"][0]["file"], "-");
    json["tensors"][0]["file"] = Q();
    EXPECT_EQ(json, file);
  }
}

TEST_F(Verify, StreamsAGibibyteAndReadsOnlyTheBlocksAskedFor) {
  const std::string big = WriteHole(Path("big.npy"), 1024 * kMib);
  for (const std::string blocks : {"10", "3000"}) {
    const RunResult r = Run({"verify", big, "--ratio", "3.2", "--blocks", blocks, "--json"});
    EXPECT_EQ(r.exit, 0);
    EXPECT_EQ(Json::parse(r.out)["blocks"], std::stoi(blocks));
    EXPECT_LT(r.peak_kib, 64 * 1024);
  }
  EXPECT_LT(Run({"verify", big, "--lossless", "--blocks", "3000"}).peak_kib, 64 * 1024);
}

TEST_F(Verify, ProgressIsForTerminalsOnly) {
  const std::string in = WriteHole(Path("x.npy"), 3 * kMib);
  const RunResult terminal = Run({"verify", in}, "", true);
  EXPECT_EQ(terminal.exit, 0);
  EXPECT_THAT(terminal.err, HasSubstr("\r\x1b[Kverify ["));
  EXPECT_THAT(terminal.err, HasSubstr(" MB/s"));
  EXPECT_THAT(terminal.err, EndsWith("\r\x1b[K")) << "gone when done";
  EXPECT_EQ(Run({"verify", in, "--json"}, "", true).err, "");
  EXPECT_EQ(Run({"verify", in}).err, "");
}

TEST_F(Verify, AnInterruptLeavesNothing) {
  const std::string big = WriteHole(Path("big.npy"), 1024 * kMib);
  ::setenv("TMPDIR", Path("").c_str(), 1);
  EXPECT_EQ(Interrupt({"verify", big, "--artifacts", Path("a")}, SIGINT), SIGINT);
  ::unsetenv("TMPDIR");
  EXPECT_THAT(Names(), testing::ElementsAre("big.npy"));
}

}  // namespace
}  // namespace actplane::cli
