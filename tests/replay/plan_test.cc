// SPDX-License-Identifier: Apache-2.0
// Where tensors lie: apart while they are held, again once they are released.
#include "replay/plan.h"

#include <gtest/gtest.h>

#include "replay/step_fixture.h"

namespace actplane::tb {
namespace {

// One tensor of each kind in `kinds`, 600 values.
Trace TraceOf(const std::vector<std::string>& kinds) {
  Trace trace;
  for (const std::string& kind : kinds) {
    trace.tensors.push_back({.name = kind, .kind = kind, .dtype = "<f4", .raw_bytes = 2400});
  }
  return trace;
}

void Add(Trace& trace, TraceAccess access, size_t tensor) {
  trace.steps.push_back({access, tensor});
}

// Of every kind the same, but for `query`.
std::optional<Config> ConfigOf(const std::string& kind) {
  if (kind == "query") return std::nullopt;
  return Config{.slot_bytes = kind == "key" ? 100U : 96U};
}

Plan PlanOf(const Trace& trace) {
  Result<Plan> plan = MakePlan(trace, Format::kFp32, 32, ConfigOf);
  EXPECT_TRUE(plan.ok()) << plan.status().message();
  return std::move(*plan);
}

TEST(MemoryPlan, TensorsOfOneConfigurationShareARegion) {
  Trace trace = TraceOf({"residual", "mask", "value", "key", "query"});
  for (size_t i = 0; i < 5; ++i) Add(trace, TraceAccess::kWrite, i);
  const Plan plan = PlanOf(trace);
  ASSERT_EQ(plan.regions.size(), 2U);
  const MemoryRegion& r = plan.regions[0];
  EXPECT_EQ(r.base, kRegionsFrom);
  EXPECT_EQ(r.size, 2 * 2560U);  // 600 values in five blocks of 512 bytes, twice
  EXPECT_EQ(r.stride, 96U);
  EXPECT_EQ(plan.tensors[0].address, r.base);
  EXPECT_EQ(plan.tensors[2].address, r.base + 2560);
  EXPECT_EQ(plan.tensors[0].bytes, 2400U);
  EXPECT_EQ(plan.tensors[0].padded, 2560U);
  EXPECT_EQ(plan.regions[1].base, kRegionsFrom + 8192);  // whole pages
  EXPECT_EQ(plan.regions[1].stride, 128U);               // 100 bytes in words of 32
  // The mask and the query are as they are, in whole units of 64 bytes, before the slots.
  EXPECT_EQ(plan.tensors[1].address, 0U);
  EXPECT_EQ(plan.tensors[4].address, 2432U);
  EXPECT_EQ(plan.slots_from, 8192U);
  EXPECT_EQ(r.slot_base, 8192U);
  EXPECT_EQ(plan.regions[1].slot_base, 8192U + 4096);
  EXPECT_EQ(plan.memory_bytes, 8192U + 2 * 4096);
  EXPECT_EQ(plan.held_bytes, 10 * 96U + 5 * 128 + 2432);
}

TEST(MemoryPlan, ReleasedAddressesAreUsedAgain) {
  Trace trace = TraceOf({"value", "value", "value", "value"});
  for (const size_t i : {0UL, 1UL, 2UL}) Add(trace, TraceAccess::kWrite, i);
  Add(trace, TraceAccess::kRelease, 1);
  Add(trace, TraceAccess::kWrite, 3);
  const Plan plan = PlanOf(trace);
  EXPECT_EQ(plan.tensors[3].address, plan.tensors[1].address);
  EXPECT_EQ(plan.regions[0].size, 3 * 2560U);
}

TEST(MemoryPlan, NeighboursThatAreReleasedJoin) {
  Trace trace = TraceOf({"value", "value", "value", "value"});
  trace.tensors[3].raw_bytes = 3 * 2560;
  for (const size_t i : {0UL, 1UL, 2UL}) Add(trace, TraceAccess::kWrite, i);
  for (const size_t i : {0UL, 2UL, 1UL}) Add(trace, TraceAccess::kRelease, i);
  Add(trace, TraceAccess::kWrite, 3);
  const Plan plan = PlanOf(trace);
  EXPECT_EQ(plan.tensors[3].address, kRegionsFrom);
  EXPECT_EQ(plan.regions[0].size, 3 * 2560U);
}

TEST(MemoryPlan, AHoleAtTheEndGrows) {
  Trace trace = TraceOf({"value", "value", "value"});
  trace.tensors[2].raw_bytes = 2 * 2560;
  for (const size_t i : {0UL, 1UL}) Add(trace, TraceAccess::kWrite, i);
  Add(trace, TraceAccess::kRelease, 1);
  Add(trace, TraceAccess::kWrite, 2);
  EXPECT_EQ(PlanOf(trace).regions[0].size, 3 * 2560U);
}

TEST(MemoryPlan, WithoutRegionsEverythingIsAsItIs) {
  Trace trace = TraceOf({"value", "mask"});
  for (const size_t i : {0UL, 1UL}) Add(trace, TraceAccess::kWrite, i);
  const Result<Plan> plan = MakePlan(trace, Format::kBf16, 32, {});
  ASSERT_TRUE(plan.ok());
  EXPECT_TRUE(plan->regions.empty());
  EXPECT_EQ(plan->tensors[0].bytes, 1200U);  // BF16
  EXPECT_EQ(plan->tensors[1].bytes, 2400U);
  EXPECT_EQ(plan->memory_bytes, 4096U);
  EXPECT_EQ(plan->held_bytes, 1216U);
}

TEST(MemoryPlan, MoreRatiosThanRegionsAreRefused) {
  const auto distinct = [](size_t count) {
    std::vector<std::string> kinds;
    for (size_t i = 0; i < count; ++i) kinds.push_back(std::string(i + 1, 'k'));
    return MakePlan(TraceOf(kinds), Format::kFp32, 32, [](const std::string& kind) {
      return Config{.slot_bytes = static_cast<uint32_t>(96 + kind.size())};
    });
  };
  EXPECT_TRUE(distinct(8).ok());
  EXPECT_EQ(distinct(9).status().code(), StatusCode::kInvalidConfig);
}

// Over the whole of a real step: what is held at one time never overlaps.
TEST(MemoryPlan, NothingThatIsHeldOverlaps) {
  io::Files files;
  const Trace trace = ReadTrace(files, ACTP_SOURCE_DIR "/tests/data/step").value();
  const Plan plan = PlanOf(trace);
  std::map<uint64_t, uint64_t> held;
  for (const TraceStep& step : trace.steps) {
    const PlannedTensor& p = plan.tensors[step.tensor];
    if (step.access == TraceAccess::kRelease) held.erase(p.address);
    if (step.access != TraceAccess::kWrite) continue;
    for (const auto& [at, size] : held) {
      EXPECT_TRUE(p.address + p.padded <= at || at + size <= p.address);
    }
    held[p.address] = p.padded;
  }
  EXPECT_TRUE(held.empty());
}

}  // namespace
}  // namespace actplane::tb
