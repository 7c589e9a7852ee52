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

template <class Config>
class EncLevel : public LevelTest<Config> {
 protected:
  void Reset() {
    this->dut().in_valid_i = 0;
    this->dut().out_ready_i = 0;
    this->sim().Reset();
  }

  // One decision; returns its cycles from the one that takes the facts to the first with a result.
  uint32_t Decide(const LevelCase& c, bool stalls) {
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
      EXPECT_LT(cycles, 200U) << Describe(c);
      if (cycles >= 200) return cycles;
      this->sim().Settle();
      if (dut.out_valid_o != 0) break;
      if (stalls) dut.out_ready_i = this->rng().OneIn(2) ? 1 : 0;
      this->sim().Step();
    }
    dut.out_ready_i = 0;
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
