// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>

#include "duts.h"
#include "level_fixture.h"
#include "rtl_test.h"

namespace actplane::rtl_test {
namespace {

// docs/rtl.md, "What the search costs": of any block.
constexpr uint32_t kLongestSearch = 133;

// The facts of another block, not far from it: deltas from a group that has the base, signs, an
// exact level of some rows of each group.
void Change(LevelCase& c, uint32_t groups, Rng& rng) {
  bool exact = c.exact_level.has_value();
  for (uint32_t k = 1 + rng.Below(3); k-- > 0;) {
    const uint32_t g = rng.Below(groups);
    switch (rng.Below(8)) {
      case 0: c.config.slot_bytes += rng.Below(9); break;
      case 1: c.config.slot_bytes -= std::min(c.config.slot_bytes, rng.Below(9)); break;
      case 2: c.want.facts[g].negative = !c.want.facts[g].negative; break;
      case 3: c.config.row_limit = 8 + rng.Below(17); break;
      case 4: (rng.OneIn(2) ? exact : c.mixed) = rng.OneIn(2); break;
      default: c.deltas[g] = rng.OneIn(8) ? 31 : rng.Below(31);
    }
  }
  c.config.slot_bytes = std::clamp(c.config.slot_bytes, 4U, MaxSlotBytes(c.config));
  const auto end = c.deltas.begin() + groups;
  if (std::find(c.deltas.begin(), end, 0U) == end) c.deltas[rng.Below(groups)] = 0;
  const uint32_t units = UnitsOf(c.config);
  uint32_t level = 0;
  c.signs = false;
  for (uint32_t g = 0; g < groups; ++g) {
    c.signs |= c.want.facts[g].negative;
    exact &= c.deltas[g] < 31;
    const uint32_t rows = c.deltas[g] + rng.Below(c.config.row_limit);
    level = std::max(level, rows * units + g * units / groups + 1);
  }
  c.exact_level.reset();
  if (exact && level < 32 * units) c.exact_level = level;
}

template <class Config>
class EncLevel : public LevelTest<Config> {
 protected:
  void Reset() {
    this->dut().in_valid_i = 0;
    this->dut().out_ready_i = 0;
    this->sim().Reset();
  }

  // Cycles from the one that takes the facts to the first with a result, which waits then.
  uint32_t Search(const LevelCase& c, bool stalls) {
    auto& dut = this->dut();
    this->Drive(c);
    dut.in_valid_i = 1;
    dut.out_ready_i = 0;
    uint32_t cycles = 0;
    bool taken = false;
    while (!taken) {
      EXPECT_LT(++cycles, 100U) << "not taken";
      this->sim().Step([&] { taken = dut.in_ready_o != 0; });
    }
    dut.in_valid_i = 0;
    for (cycles = 1;; ++cycles) {
      EXPECT_LE(cycles, kLongestSearch) << Describe(c);
      if (cycles > kLongestSearch) return cycles;
      this->sim().Settle();
      if (dut.out_valid_o != 0) break;
      if (stalls) dut.out_ready_i = this->rng().OneIn(2) ? 1 : 0;
      this->sim().Step();
    }
    dut.out_ready_i = 0;
    return cycles;
  }

  // One decision, and how long it took.
  uint32_t Decide(const LevelCase& c, bool stalls) {
    const uint32_t cycles = Search(c, stalls);
    auto& dut = this->dut();
    const uint32_t wait = stalls ? this->rng().Below(4) : 0;
    for (uint32_t i = 0; i < wait; ++i) this->sim().Step([&] { this->Expect(c); });
    dut.out_ready_i = 1;
    this->sim().Step([&] { this->Expect(c); });
    dut.out_ready_i = 0;
    return cycles;
  }
};
TYPED_TEST_SUITE(EncLevel, duts::Configs);

TYPED_TEST(EncLevel, AfterReset) {
  this->Reset();
  this->sim().Settle();
  EXPECT_EQ(this->dut().out_valid_o, 0);
  EXPECT_EQ(this->dut().in_ready_o, 1);
}

// A reset at any time forgets the block.
TYPED_TEST(EncLevel, ResetWhileItSearches) {
  for (uint32_t wait = 0; wait < 40; ++wait) {
    this->Reset();
    this->Drive(this->NewCase());
    this->dut().in_valid_i = 1;
    this->sim().Step();
    this->dut().in_valid_i = 0;
    for (uint32_t i = 0; i < wait; ++i) this->sim().Step();
    this->Reset();
    this->sim().Settle();
    ASSERT_EQ(this->dut().out_valid_o, 0);
    this->Decide(this->NewCase(), false);
  }
}

// Climbs from random blocks to such as take longer: hostile ones, which no random block comes near.
TYPED_TEST(EncLevel, NoBlockTakesLongerThanTheLongestSearch) {
  this->Reset();
  uint32_t most = 0;
  for (uint64_t start = 0; start < Scaled(200); ++start) {
    LevelCase now = this->NewCase();
    now.special = false;
    for (auto& facts : now.want.facts) facts.special = false;
    uint32_t cycles = 0;
    for (int i = 0; i < 4000; ++i) {
      LevelCase next = now;
      Change(next, TestFixture::kGroups, this->rng());
      const uint32_t took = this->Search(next, false);
      this->dut().out_ready_i = 1;
      this->sim().Step();
      if (took < cycles) continue;
      now = next;
      cycles = took;
    }
    most = std::max(most, cycles);
  }
  fmt::print("{:4} groups, most {} cycles\n", TestFixture::kGroups, most);
  EXPECT_GT(most, 80U) << "not hostile";
}

TYPED_TEST(EncLevel, RandomMatchesModel) {
  ACTP_CLAUSE("F-5.1", "F-5.2", "F-5.12", "F-6.3", "F-6.4", "F-6.5", "F-6.6", "F-6.7", "F-6.8",
              "F-6.9", "F-6.10", "F-6.11");
  this->Reset();
  std::map<std::string, CycleCount> counts;
  for (uint64_t i = 0; i < Scaled(1000000); ++i) {
    const LevelCase c = this->NewCase();
    const bool stalls = i % 4 == 0;
    const uint32_t cycles = this->Decide(c, stalls);
    if (stalls) continue;
    counts["kind " + c.kind].Add(cycles);
    counts["outcome " + Outcome(c)].Add(cycles);
    counts["all"].Add(cycles);
    if (c.kind != "facts" && c.config.row_limit == 16 &&
        c.config.slot_bytes >= TestFixture::kN / 2 &&
        c.config.slot_bytes <= TestFixture::kN * 5 / 4) {
      counts["4 to 10 bits, " + c.kind + (c.pruned ? " some pruned" : " all live")].Add(cycles);
    }
  }
  for (const auto& [name, count] : counts) {
    fmt::print("{:4} {:44} {:8} decisions, mean {:6.2f}, most {}\n", TestFixture::kGroups, name,
               count.number, count.Mean(), count.most);
  }
}

}  // namespace
}  // namespace actplane::rtl_test
