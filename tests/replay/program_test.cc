// SPDX-License-Identifier: Apache-2.0
// actplane-memory as a user runs it: text, files and exit codes.
#include "cli/cli_test_support.h"

namespace actplane::cli {
namespace {

using MemoryProgram = CliTest;

const std::string kStep = DataFile("step");

TEST_F(MemoryProgram, ReplaysAStepAsItWasCaptured) {
  const std::string text = Ok({"replay", kStep});
  EXPECT_THAT(text, HasSubstr("27 tensors, 81 accesses; ddr4-3200 at 25.6 GB/s"));
  EXPECT_THAT(text, HasSubstr("\nas it is"));
  EXPECT_THAT(text, HasSubstr("\ncaptured"));
  EXPECT_THAT(text, HasSubstr("0 bytes differ"));
  const Json json = OkJson({"replay", kStep});
  ASSERT_EQ(json["rows"].size(), 2);
  EXPECT_EQ(json["ok"], true);
  EXPECT_EQ(json["burst_bytes"], 64);
  const Json& row = json["rows"][1];
  EXPECT_EQ(row["trace_slots"]["tensors"], 13);
  EXPECT_EQ(row["trace_returned"]["tensors"], 13);
  for (const char* what : {"slots", "values", "trace_slots", "trace_returned"})
    EXPECT_EQ(row[what]["wrong_bytes"], 0) << what;
  EXPECT_EQ(row["path"]["read_modify_writes"], 0);
  EXPECT_EQ(row["deviation"], 0.0);
}

// In both orders: bits and blocks are those of the model.
TEST_F(MemoryProgram, ReplaysAStepThroughTheRtl) {
  for (const std::vector<std::string>& more :
       {std::vector<std::string>{"--order", "significance", "--group", "8", "--ratio", "4"},
        {"--order", "field", "--ratio", "8"}}) {
    std::vector<std::string> arguments = {"replay", kStep};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Json golden = OkJson(arguments);
    arguments.insert(arguments.end(), {"--device", "rtl"});
    const Json json = OkJson(arguments);
    EXPECT_EQ(json["ok"], true);
    const Json& row = json["rows"][1];
    const Json& model = golden["rows"][1];
    for (const char* what : {"slots", "values"}) {
      EXPECT_EQ(row[what], model[what]) << what;
      EXPECT_EQ(row[what]["wrong_bytes"], 0) << what;
      EXPECT_GT(row[what]["tensors"], 0) << what;
    }
    EXPECT_EQ(row["path"]["blocks_written"], model["path"]["blocks_written"]);
    EXPECT_EQ(row["path"]["read_modify_writes"], 0);
    EXPECT_EQ(row["path"]["malformed"], 0);
    EXPECT_GT(row["cycles"], 0);
  }
  Fails(2, {"replay", kStep, "--device", "rtl", "--width", "128"}, "leave out --paths and --width");
  Fails(2, {"replay", kStep, "--device", "rtl", "--paths", "2"}, "leave out --paths and --width");
  const std::string built =
      "the RTL is built for blocks of 128 and groups of 8; give --block 128 --group 8";
  Fails(2, {"replay", kStep, "--device", "rtl", "--ratio", "4", "--block", "64"}, built);
  Fails(2, {"replay", kStep, "--device", "rtl"}, built);  // captured with groups of 4
}

TEST_F(MemoryProgram, ReplaysOtherRatios) {
  const Json json = OkJson({"replay", kStep, "--ratio", "3.2,5.3333,8"});
  ASSERT_EQ(json["rows"].size(), 4);
  for (const auto& [row, slot, bursts] :
       {std::tuple(1U, 160, 3), std::tuple(2U, 96, 2), std::tuple(3U, 64, 1)}) {
    const Json& r = json["rows"][row];
    EXPECT_EQ(r["slot"], fmt::format("{}", slot));
    EXPECT_EQ(r["slot_dram_bytes"].get<int>() * slot, r["slot_bytes"].get<int>() * bursts * 64);
    EXPECT_EQ(r["values"]["wrong_bytes"], 0);
  }
  const Json bf16 = OkJson({"replay", kStep, "--ratio", "4", "--format", "bf16", "--order",
                            "significance", "--dram", "hbm2e", "--paths", "8"});
  EXPECT_EQ(bf16["rows"][1]["slot"], "64");
  EXPECT_EQ(bf16["dram"], "hbm2e");
  EXPECT_EQ(2 * bf16["rows"][1]["payload_bytes"].get<int>(), json["rows"][1]["payload_bytes"]);
}

TEST_F(MemoryProgram, TheTableIsAlsoCsv) {
  const std::string text = Ok({"replay", kStep, "--ratio", "4,8", "--csv"});
  EXPECT_THAT(text, testing::StartsWith("name,ratio,slot,"));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 4);
  EXPECT_THAT(text, HasSubstr("\n8,"));
}

TEST_F(MemoryProgram, DrawsAPicture) {
  const std::string svg = Path("step.svg");
  Ok({"replay", kStep, "--ratio", "3.2,8", "--picture", svg});
  EXPECT_THAT(ReadFile(svg), HasSubstr("</svg>"));
  Fails(2, {"replay", kStep, "--picture", svg}, "is there already");
  Ok({"replay", kStep, "--picture", svg, "-f"});
}

TEST_F(MemoryProgram, TakesParametersOfAnotherMemory) {
  const std::string text = ReadFile(ACTP_SOURCE_DIR "/tb/replay/dram.txt");
  const Json before = OkJson({"replay", kStep});
  std::string slow = text;
  slow.replace(slow.find("CL            22ck"), 18, "CL            99ck");
  const std::string file = WriteFile("my.txt", slow);
  const Json after = OkJson({"replay", kStep, "--dram-file", file});
  EXPECT_GT(after["rows"][0]["cycles"], before["rows"][0]["cycles"]);
  Fails(2, {"replay", kStep, "--dram-file", file, "--dram", "ddr9"}, "choose one of ddr4-3200");
  Fails(3, {"replay", kStep, "--dram-file", WriteFile("bad.txt", "[a]\nCL x\n")}, "line 2: ");
}

TEST_F(MemoryProgram, ADifferenceEndsWithOne) {
  std::filesystem::copy(kStep, Path("s"), std::filesystem::copy_options::recursive);
  const std::string slots = Path("s/stored/h0.attn.v.bin");
  std::string content = ReadFile(slots);
  content[7] = static_cast<char>(content[7] ^ 4);
  WriteFile("s/stored/h0.attn.v.bin", content);
  const RunResult r = Run({"replay", Path("s")});
  EXPECT_EQ(r.exit, 1);
  EXPECT_THAT(r.err, HasSubstr("h0.attn.v, stored slots of the trace: 1 of"));
  EXPECT_THAT(r.out, HasSubstr("1 bytes differ"));
}

TEST_F(MemoryProgram, TrafficBeyondThreePerCentEndsWithOne) {
  // A stride of 104 bytes: every second slot takes a burst more.
  const RunResult r = Run({"replay", kStep, "--ratio", "4.9", "--width", "64"});
  EXPECT_EQ(r.exit, 1);
  EXPECT_THAT(r.err, HasSubstr("and 3 % are allowed"));
}

TEST_F(MemoryProgram, WrongArgumentsAreNamed) {
  Fails(2, {}, "subcommand");
  Fails(2, {"replay"}, "TRACE is required");
  Fails(2, {"replay", kStep, "--ratio", "0"}, "0 is not a ratio");
  Fails(2, {"replay", kStep, "--ratio", "4,x"}, "x is not a ratio");
  Fails(2, {"replay", kStep, "--ratio", "100"}, "--ratio 100: a slot of 5 bytes is too small");
  Fails(2, {"replay", kStep, "--format", "fp16"}, "--format");
  Fails(2, {"replay", kStep, "--dram", "ddr5"}, "choose one of ddr4-3200, hbm2e");
  Fails(2, {"replay", kStep, "--order", "field"}, "leave out --order, or give --ratio");
  Fails(2, {"replay", kStep, "--width", "100"}, "--width");
  Fails(2, {"replay", kStep, "--clock", "0"}, "--clock");
  Fails(2, {"replay", kStep, "--paths", "0"}, "--paths");
  Fails(2, {"replay", kStep, "--json", "--csv"}, "choose one");
  Fails(3, {"replay", Path("none")}, "check the path");
  Fails(3, {"replay", WriteFile("trace.json", "[]")}, "is no trace of a step");
}

}  // namespace
}  // namespace actplane::cli
