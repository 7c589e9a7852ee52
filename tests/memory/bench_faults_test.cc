// SPDX-License-Identifier: Apache-2.0
// The bench can fail: a device that is wrong in one way is found, by the check that is meant for
// it, and what a failed run leaves behind is there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "memory/run.h"

namespace actplane::tb::memory {
namespace {

using ::testing::HasSubstr;

struct FaultCase {
  Fault fault;
  const char* sequence;
  const char* message;  // part of it
  Outcome outcome = Outcome::kMismatch;
  uint64_t bursts = 1500;
};

const FaultCase kFaultCases[] = {
    {Fault::kWrongSlotBit, "stream", "the slot is not what the model gives"},
    {Fault::kWrongSlotPlace, "stream", "block "},
    {Fault::kLosesMerge, "partial", "the slot is not what the model gives"},
    {Fault::kRecompresses, "partial", "the slot is not what the model gives"},
    {Fault::kLosesStrobes, "partial", "the slot is not what the model gives"},
    {Fault::kEarlyB, "stream", "answered"},
    {Fault::kHidesErrors, "errors", ""},
    {Fault::kInventsErrors, "partial", ""},
    {Fault::kWrongWriteId, "stream", "B has ID"},
    {Fault::kWrongReadId, "stream", "R has ID"},
    {Fault::kStaleBuffer, "partial", ""},
    {Fault::kWrongReadBit, "stream", "read at"},
    {Fault::kWrongReadBlock, "stream", "states that it may have"},
    {Fault::kTakesHoles, "random", "neither a slot nor the next bypass"},
    {Fault::kLeaksOnRefuse, "random", "a refused read gives data"},
    {Fault::kBypassByte, "random", "bypass write"},
    {Fault::kBypassAttr, "random", "neither a slot nor the next bypass"},
    {Fault::kKeepsRegion, "regions", "neither a slot nor the next bypass"},
    {Fault::kKeepsBuffers, "regions", "of 0 states that it may have"},
    {Fault::kWritesOutside, "stream", "neither a slot nor the next bypass"},
    {Fault::kDropsWrite, "stream", "no slot has the bytes"},
    {Fault::kSwapsB, "random", ""},
    {Fault::kHangs, "stream", "nothing moved", Outcome::kTimeout},
    {Fault::kBadRegion, "registers", "must be refused"},
    {Fault::kCounts, "stream", "counter"},
    {Fault::kCountsHits, "random", "do not make"},
    {Fault::kCountsRmw, "partial", "do not make"},
    {Fault::kCountsReadBlocks, "random", "counter 2 "},
    {Fault::kCountsAhead, "stream", "do not make"},
    {Fault::kCountsBytes, "stream", "counter 12 "},
    {Fault::kCountsErrors, "errors", "counter 6 "},
    {Fault::kLosesErrorBit, "errors", "ERRORS reads"},
    {Fault::kWrongErrorAddr, "errors", "ERROR_ADDR reads"},
    {Fault::kLastErrorAddr, "errors", "ERROR_ADDR reads"},
    {Fault::kKeepsFailure, "errors", "RRESP 2"},
    {Fault::kKeepsLock, "random", "and lock 1, must be 0 and 0", Outcome::kMismatch, 4000},
    {Fault::kKeepsId, "random", "and lock 0, must be 0 and 0"},
    {Fault::kStuckIrq, "errors", "irq is 0"},
};

class BenchFindsFault : public ::testing::TestWithParam<FaultCase> {};

TEST_P(BenchFindsFault, AndSaysWhat) {
  MemoryRun run;
  run.sequence = GetParam().sequence;
  run.bursts = GetParam().bursts;
  run.seed = 5;
  run.artifacts = ::testing::TempDir() + "actplane-memory-faults";
  ASSERT_TRUE(RunMemory(run).ok()) << "not without a reason";
  run.fault = GetParam().fault;
  const Verdict v = RunMemory(run);
  EXPECT_EQ(v.outcome, GetParam().outcome);
  EXPECT_THAT(v.first_failure, HasSubstr(GetParam().message));
  EXPECT_THAT(v.first_failure, Not(HasSubstr("NOT REPRODUCED")));
}

INSTANTIATE_TEST_SUITE_P(Memory, BenchFindsFault, ::testing::ValuesIn(kFaultCases),
                         [](const auto& p) {
                           return "Fault" + std::to_string(static_cast<int>(p.param.fault));
                         });

TEST(BenchFindsFault, ThereIsACaseForEach) {
  std::set<Fault> faults;
  for (const FaultCase& c : kFaultCases) faults.insert(c.fault);
  EXPECT_EQ(faults.size() + 1, static_cast<size_t>(kFaults)) << "and one that is none";
}

std::string ReadText(const std::string& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

TEST(BenchReports, AFailureLeavesLogAndReplayLine) {
  MemoryRun run;
  run.sequence = "stream";
  run.seed = 0x77;
  run.fault = Fault::kWrongReadBit;
  run.artifacts = ::testing::TempDir() + "actplane-memory-report";
  const Verdict v = RunMemory(run);
  ASSERT_FALSE(v.ok());
  const std::string folder = run.artifacts + "/memory-77/";
  EXPECT_THAT(ReadText(folder + "items.log"), HasSubstr("write addr="));
  EXPECT_THAT(ReadText(folder + "replay.txt"),
              HasSubstr("REPLAY  actplane-memory-sim --device reference --config small "
                        "--sequence stream --seed 0x77"));
  std::filesystem::remove_all(run.artifacts);
}

// What the memory holds at the end is compared too, byte by byte.
TEST(BenchFindsFault, AByteOfTheMemoryThatNobodyWrote) {
  ReferenceMemory device(*FindShape("small"), 1);
  MemoryScoreboard scoreboard(device.shape(), device.pins());
  ByteStore memory;
  scoreboard.Finish(memory);
  EXPECT_EQ(scoreboard.mismatches(), 0U);
  memory.Set(0x12345, std::byte{1});
  scoreboard.Finish(memory);
  EXPECT_THAT(scoreboard.first_failure(), HasSubstr("memory at 0x12345 is 01, must be 00"));
}

}  // namespace
}  // namespace actplane::tb::memory
