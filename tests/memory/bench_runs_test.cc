// SPDX-License-Identifier: Apache-2.0
// The bench of the memory path on its reference model: every sequence, configuration and stall
// profile passes, and together they reach what coverage asks for.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "memory/run.h"
#include "support/artifacts.h"
#include "support/scale.h"

namespace actplane::tb::memory {
namespace {

MemoryRun RunOf(std::string_view sequence, std::string_view config, uint64_t bursts) {
  MemoryRun run;
  run.sequence = sequence;
  run.config = config;
  run.bursts = bursts;
  run.seed = Rng(0x5eed, run.sequence + run.config).Next() >> 32;
  run.artifacts = testing_support::BuildArtifacts();
  return run;
}

class BenchRuns : public ::testing::TestWithParam<std::string_view> {};

TEST_P(BenchRuns, EverySequenceInEveryConfiguration) {
  size_t stall = 0;
  for (const NamedShape& shape : NamedShapes()) {
    MemoryRun run = RunOf(GetParam(), shape.name, testing_support::Scaled(8000));
    run.stall = ToString(kAllStallProfiles[stall++ % kAllStallProfiles.size()]);
    const Verdict v = RunMemory(run);
    EXPECT_EQ(v.outcome, Outcome::kPass) << v.first_failure << "\n" << run.ReplayLine();
    EXPECT_GT(v.stages, 0U);
  }
}

TEST_P(BenchRuns, ASeedGivesTheSameRun) {
  MemoryRun run = RunOf(GetParam(), "small", 100);
  const Verdict first = RunMemory(run), second = RunMemory(run);
  EXPECT_EQ(first.cycles, second.cycles);
  ++run.seed;
  EXPECT_NE(first.cycles, RunMemory(run).cycles);
}

std::vector<std::string_view> SequenceNames() {
  std::vector<std::string_view> names;
  for (const MemorySequenceInfo& s : MemorySequences()) names.push_back(s.name);
  return names;
}
INSTANTIATE_TEST_SUITE_P(Memory, BenchRuns, ::testing::ValuesIn(SequenceNames()),
                         [](const auto& p) { return std::string(p.param); });

TEST(BenchRuns, ResetsHappenAndLeaveNothing) {
  const Verdict v = RunMemory(RunOf("reset", "small", 400));
  EXPECT_TRUE(v.ok()) << v.first_failure;
  EXPECT_GT(v.resets, 10U);
}

TEST(BenchRuns, ErrorsOfTheMemoryReachTheMaster) {
  MemoryRun run = RunOf("random", "small", 500);
  run.error_rate = 50;
  MemoryCoverage coverage;
  const Verdict v = RunMemory(run, &coverage);
  EXPECT_TRUE(v.ok()) << v.first_failure;
  for (const char* bin : {"slot_read", "slot_write", "write.region", "read.region"}) {
    EXPECT_GT(coverage.Hits(std::string("cp_mem_error/") + bin), 0U) << bin;
  }
}

TEST(BenchRuns, NothingComparedIsNoPass) {
  class Nothing : public MemorySequence {
    std::unique_ptr<const Op> Next() override { return nullptr; }
  } nothing;
  ReferenceMemory device(*FindShape("small"), 1);
  EXPECT_EQ(MemoryEnv(device, nothing, {}).Run().outcome, Outcome::kNothingCompared);
}

TEST(BenchRuns, CoverageGoalsAreReached) {
  MemoryCoverage coverage;
  const SoakResult r = SoakMemory({}, 1200000, true, coverage);
  EXPECT_GE(r.accesses, 1200000U);
  EXPECT_EQ(r.failed, 0U) << r.first.first_failure << "\n" << r.replay;
  EXPECT_THAT(coverage.Missing(), ::testing::IsEmpty());
}

}  // namespace
}  // namespace actplane::tb::memory
