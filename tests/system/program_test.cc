// SPDX-License-Identifier: Apache-2.0
// The programs as a user runs them: text and exit codes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <string>

namespace {

using ::testing::HasSubstr;

struct Ran {
  int code;
  std::string text;
};

Ran Call(const std::string& command) {
  std::FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  Ran ran{-1, {}};
  std::array<char, 4096> buffer;
  while (pipe != nullptr &&
         std::fgets(buffer.data(), static_cast<int>(buffer.size()), pipe) != nullptr)
    ran.text += buffer.data();
  const int status = pclose(pipe);
  ran.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return ran;
}

const std::string kSim = ACTP_SIM;
const std::string kVerify = ACTP_VERIFY;
const std::string kData = std::string(ACTP_SOURCE_DIR) + "/tests/data/";

TEST(SimProgram, RunsWhatItIsTold) {
  const Ran ran = Call(kSim +
                       " --device compressor --config tiny --sequence corner --seed 0x5eed "
                       "--blocks 50 --stall bursty");
  EXPECT_EQ(ran.code, 0) << ran.text;
  EXPECT_THAT(ran.text, HasSubstr("pass: 50 blocks"));
  EXPECT_THAT(ran.text, HasSubstr(" 0 mismatches"));
}

TEST(SimProgram, ASeedGivesTheSameRun) {
  const std::string command =
      kSim +
      " --json --device decompressor --config tiny --sequence malformed --seed 7 --blocks 50";
  const auto cycles = [](const std::string& text) {
    return text.substr(text.find("\"cycles\""), 20);
  };
  EXPECT_EQ(cycles(Call(command).text), cycles(Call(command).text));
}

TEST(SimProgram, ListsWhatThereIs) {
  const Ran ran = Call(kSim + " --list");
  EXPECT_EQ(ran.code, 0);
  for (const char* name : {"default", "config-change", "malformed", "output-first", "long-stop"})
    EXPECT_THAT(ran.text, HasSubstr(name));
}

TEST(SimProgram, RefusesWhatThereIsNot) {
  for (const char* wrong :
       {" --device encoder", " --config huge", " --device compressor --sequence malformed",
        " --stall often", " --bogus"}) {
    EXPECT_EQ(Call(kSim + wrong).code, 2) << wrong;
  }
}

TEST(SimProgram, NothingComparedIsCode4) {
  EXPECT_EQ(Call(kSim + " --device compressor --config tiny --blocks 0").code, 4);
}

TEST(VerifyProgram, ReportsMismatchesCyclesAndLatency) {
  const Ran ran = Call(kVerify + " " + kData + "q.npy --ratio 2 4 --blocks 40");
  EXPECT_EQ(ran.code, 0) << ran.text;
  EXPECT_THAT(ran.text, HasSubstr("80 blocks through compressor and decompressor RTL"));
  EXPECT_THAT(ran.text, HasSubstr(" 0 mismatches"));
}

TEST(VerifyProgram, IsASubcommandOfActplane) {
  const Ran ran =
      Call(std::string(ACTP_ACTPLANE) + " verify " + kData + "ln1_in.npy --config tiny --blocks 4");
  EXPECT_EQ(ran.code, 0) << ran.text;
  EXPECT_THAT(ran.text, HasSubstr("none"));
}

TEST(VerifyProgram, Lossless) {
  const Ran ran =
      Call(kVerify + " " + kData + "attn_drop_mask.npy --lossless --blocks 20 --config wide");
  EXPECT_EQ(ran.code, 0) << ran.text;
  EXPECT_THAT(ran.text, HasSubstr("none"));
}

TEST(VerifyProgram, RefusesAnImpossibleRatioAndAMissingFile) {
  EXPECT_EQ(Call(kVerify + " " + kData + "q.npy --ratio 1000").code, 2);
  EXPECT_EQ(Call(kVerify + " no-such-file.npy").code, 2);
}

TEST(VerifyProgram, RefusesAFormatThatIsNotBuiltIn) {
  for (const std::string& program : {kVerify, kSim}) {
    const Ran ran = Call(program + " " + kData + "q.npy --config bf16");
    EXPECT_EQ(ran.code, 2) << ran.text;
    EXPECT_THAT(ran.text, HasSubstr("configuration 'bf16' has no fp32; its formats: bf16"));
  }
}

}  // namespace
