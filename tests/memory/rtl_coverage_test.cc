// SPDX-License-Identifier: Apache-2.0
// What the RTL of the memory path itself was brought to do. Which bursts there are is up to the
// sequences, and asked of the reference model (bench_runs_test.cc); what they meet is up to the
// device.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "memory/run.h"
#include "support/artifacts.h"

namespace actplane::tb::memory {
namespace {

TEST(RtlCoverage, GoalsAreReached) {
  MemoryCoverage coverage;
  MemoryRun run{.device = "rtl", .artifacts = testing_support::BuildArtifacts()};
  for (const char* config : {"small", "field"}) {  // the quickest ones
    run.config = config;
    const SoakResult r = SoakMemory(run, 1, false, coverage);  // everything once
    EXPECT_EQ(r.failed, 0U) << r.first.first_failure << "\n" << r.replay;
  }
  run.sequence = "reset";
  run.bursts = 500;
  for (run.seed = 1; run.seed <= 4; ++run.seed) {
    const Verdict v = RunMemory(run, &coverage);
    EXPECT_TRUE(v.ok()) << v.first_failure << "\n" << run.ReplayLine();
  }
  std::vector<std::string> missing = coverage.Missing();
  std::erase_if(missing, [](const std::string& bin) {
    return bin.starts_with("cp_mem_write/") || bin.starts_with("cp_mem_read/");
  });
  EXPECT_THAT(missing, ::testing::IsEmpty()) << coverage.Table();
  for (const char* kind : {"incr.full", "incr.narrow", "wrap.full", "wrap.narrow"}) {
    for (const char* from : {"hit", "miss"}) {
      uint64_t hits = 0;
      for (const char* part : {"first", "middle", "last", "whole", "several"}) {
        hits += coverage.Hits(fmt::format("cp_mem_read/{}.{}.{}", kind, part, from));
      }
      EXPECT_GE(hits, 10U) << kind << " " << from;
    }
  }
}

}  // namespace
}  // namespace actplane::tb::memory
