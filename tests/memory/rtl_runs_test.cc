// SPDX-License-Identifier: Apache-2.0
// The RTL of the memory path in the bench, or netlists of it: every sequence.
#include <gtest/gtest.h>

#include <array>

#include "memory/run.h"
#include "support/artifacts.h"
#include "support/scale.h"

namespace actplane::tb::memory {
namespace {

#ifdef ACTP_NETLIST
constexpr std::array kConfigs = {"field", "quick"};  // one of them, or both
#else
constexpr std::array kConfigs = {"small", "latches", "default"};
#endif

class RtlRuns : public ::testing::TestWithParam<std::string_view> {};

// Each with some of the stall profiles, in turn: over all sequences every configuration has all.
TEST_P(RtlRuns, EveryConfiguration) {
  size_t stall = 0;
  while (MemorySequences().at(stall).name != GetParam()) ++stall;
  for (const std::string_view config : kConfigs) {
    for (const uint32_t error_rate : {0U, 20U}) {
      MemoryRun run{
          .device = "rtl", .config = std::string(config), .sequence = std::string(GetParam())};
#ifdef ACTP_NETLIST
      if (MakeMemoryDevice(run, "", 0) == nullptr) continue;
#endif
      const bool reads_back = run.sequence == "generations";  // what it wrote: no errors
      if (reads_back && error_rate != 0) continue;
      run.bursts = testing_support::Scaled(5000);
      if (run.config == "latches") {  // its blocks are twice as long
        if (!reads_back && error_rate == 0) continue;
        run.bursts = testing_support::Scaled(1250);
      }
      run.seed = Rng(0x5eed + error_rate, run.sequence + run.config).Next() >> 32;
      run.error_rate = error_rate;
      run.artifacts = testing_support::BuildArtifacts();
      run.stall = ToString(kAllStallProfiles[stall++ % kAllStallProfiles.size()]);
      const Verdict v = RunMemory(run);
      EXPECT_EQ(v.outcome, Outcome::kPass) << v.first_failure << "\n" << run.ReplayLine();
      EXPECT_GT(v.stages, 0U);
    }
  }
}

std::vector<std::string_view> SequenceNames() {
  std::vector<std::string_view> names;
  for (const MemorySequenceInfo& s : MemorySequences()) names.push_back(s.name);
  return names;
}
INSTANTIATE_TEST_SUITE_P(Memory, RtlRuns, ::testing::ValuesIn(SequenceNames()),
                         [](const auto& p) { return std::string(p.param); });

}  // namespace
}  // namespace actplane::tb::memory
