// SPDX-License-Identifier: Apache-2.0
// Bins of the memory path's coverage are hit by what they are named after, and by nothing else.
#include <gtest/gtest.h>

#include "memory/run.h"

namespace actplane::tb::memory {
namespace {

constexpr uint64_t kSeed = 3;

class Scripted : public BufferedSequence {
 public:
  explicit Scripted(const MemoryShape& shape) : BufferedSequence(shape, kSeed, 0, 2) {
    Enable(0);
    Fill(0);
    Fence();
  }
  // A bus word at the beginning of a block, alone.
  Burst WordOf(uint64_t block) const {
    const Region& r = layout_.at(0);
    return {.addr = r.base + block * r.block_bytes(), .size = 3};
  }
  void Read(const Burst& b) {
    Add(ReadOp{b});
    Fence();
  }

 private:
  bool Refill() override { return false; }
};

template <class Sequence>
MemoryCoverage CoverageOf() {
  const MemoryShape& shape = *FindShape("small");
  ReferenceMemory device(shape, kSeed);
  Sequence sequence(shape);
  MemoryCoverage coverage;
  MemoryEnv env(device, sequence, {.seed = kSeed}, nullptr, &coverage);
  const Verdict v = env.Run();
  EXPECT_TRUE(v.ok()) << v.first_failure;
  return coverage;
}

class Breaks : public Scripted {
 public:
  explicit Breaks(const MemoryShape& shape) : Scripted(shape) {
    bool slots = false;
    const uint64_t page = layout_.BypassPage(rng_, &slots);
    Add(BreakOp{page, true});
    for (int i = 0; i < 3; ++i) AddWrite({.addr = page, .size = 3}, Format::kFp32, true);
    Fence();
    Add(BreakOp{page, false});
    Add(BreakOp{layout_.at(0).SlotOf(0), true});
    AddWrite(traffic_.WholeBlock(layout_.at(0), 0), layout_.at(0).config.format, true);
    Fence();
    Add(BreakOp{layout_.at(0).SlotOf(0), false});
    Fill(0);
    Fence();
    Read(WordOf(1));
  }
};

TEST(MemoryCoverageBins, AFailedBypassWriteIsNoFailedSlot) {
  const MemoryCoverage coverage = CoverageOf<Breaks>();
  EXPECT_EQ(coverage.Hits("cp_mem_error/write.bypass"), 3U);
  EXPECT_EQ(coverage.Hits("cp_mem_error/slot_write"), 1U);
}

class ReadsAgain : public Scripted {
 public:
  explicit ReadsAgain(const MemoryShape& shape) : Scripted(shape) {
    for (const uint64_t block : {0U, 0U, 2U, 4U, 6U, 8U, 0U}) Read(WordOf(block));
  }
};

// The last one has the bytes of the first, and was fetched.
TEST(MemoryCoverageBins, ABlockThatWasFetchedAgainIsNoHit) {
  const MemoryCoverage coverage = CoverageOf<ReadsAgain>();
  EXPECT_EQ(coverage.Hits("cp_mem_read/incr.full.first.hit"), 1U);
  EXPECT_EQ(coverage.Hits("cp_mem_read/incr.full.first.miss"), 5U);
  EXPECT_EQ(coverage.Hits("cp_mem_stall/none.read.hit"), 1U);
}

class TurnsOnAgain : public Scripted {
 public:
  explicit TurnsOnAgain(const MemoryShape& shape) : Scripted(shape) {
    Read(WordOf(0));
    Add(IdleOp{3000});
    Disable(0, true);
    Enable(0);
    Disable(0, true);
    layout_.Change(0, rng_);
    Enable(0);
  }
};

TEST(MemoryCoverageBins, ARegionThatComesBackAsItWasHasNotChanged) {
  const MemoryCoverage coverage = CoverageOf<TurnsOnAgain>();
  EXPECT_EQ(coverage.Hits("cp_mem_region/on"), 3U);
  EXPECT_EQ(coverage.Hits("cp_mem_region/changed"), 1U);
}

}  // namespace
}  // namespace actplane::tb::memory
