// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <deque>

#include "duts.h"
#include "level_fixture.h"

namespace actplane::rtl_test {
namespace {

template <class Config>
class EncLevels : public LevelTest<Config> {
 protected:
  void Reset() {
    this->dut().in_valid_i = 0;
    this->dut().out_ready_i = 0;
    this->sim().Reset();
  }

  // Runs `count` blocks; every decision is that of the oldest block. Returns the cycles.
  uint64_t Run(uint64_t count, bool stalls) {
    auto& dut = this->dut();
    Rng& rng = this->rng();
    std::deque<LevelCase> inside;
    LevelCase next = this->NewCase();
    bool offered = false;
    uint64_t sent = 0, done = 0, cycles = 0;
    uint32_t idle = 0;
    for (; done < count; ++cycles) {
      EXPECT_LT(++idle, 300U) << "no decision";
      if (idle >= 300) return cycles;
      if (!offered && sent < count && !(stalls && rng.OneIn(3))) {
        offered = true;
        this->Drive(next);
      }
      dut.in_valid_i = offered;
      dut.out_ready_i = stalls && rng.OneIn(2) ? 0 : 1;
      this->sim().Step([&] {
        if (dut.out_valid_o != 0) {
          ASSERT_FALSE(inside.empty());
          this->Expect(inside.front());
          if (dut.out_ready_i != 0) {
            inside.pop_front();
            ++done;
            idle = 0;
          }
        }
        if (offered && dut.in_ready_o != 0) {
          inside.push_back(next);
          most_ = std::max(most_, inside.size());
          next = this->NewCase();
          offered = false;
          ++sent;
        }
      });
    }
    dut.in_valid_i = 0;
    return cycles;
  }

  size_t most_ = 0;  // blocks inside at a time
};
TYPED_TEST_SUITE(EncLevels, duts::Configs);

TYPED_TEST(EncLevels, AfterReset) {
  this->Reset();
  this->sim().Settle();
  EXPECT_EQ(this->dut().out_valid_o, 0);
  EXPECT_EQ(this->dut().in_ready_o, 1);
}

// A reset at any time forgets the blocks and whose turn it is.
TYPED_TEST(EncLevels, ResetWhileItSearches) {
  for (uint32_t wait = 0; wait < 40; ++wait) {
    this->Reset();
    this->Run(wait % 5, true);
    this->Drive(this->NewCase());
    this->dut().in_valid_i = 1;
    this->dut().out_ready_i = 0;
    for (uint32_t i = 0; i < wait; ++i) this->sim().Step();
    this->Reset();
    this->sim().Settle();
    ASSERT_EQ(this->dut().out_valid_o, 0);
    this->Run(3, false);
  }
}

TYPED_TEST(EncLevels, DecisionsInOrder) {
  ACTP_CLAUSE("F-6.3", "F-6.4", "F-6.5", "F-6.6", "F-6.7", "F-6.8", "F-6.9", "F-6.10", "F-6.11");
  this->Reset();
  this->Run(Scaled(40000), true);
  const uint64_t count = Scaled(40000);
  const uint64_t cycles = this->Run(count, false);
  fmt::print("{} searches, {} groups: {:.2f} cycles a block\n", TypeParam::kSearches,
             TestFixture::kGroups, static_cast<double>(cycles) / static_cast<double>(count));
  EXPECT_EQ(this->most_, TypeParam::kSearches);
}

}  // namespace
}  // namespace actplane::rtl_test
