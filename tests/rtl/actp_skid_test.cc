// SPDX-License-Identifier: Apache-2.0
#include <deque>

#include "duts.h"
#include "rtl_test.h"

namespace actplane::rtl_test {
namespace {

template <class Config>
class Skid : public RtlTest<Config> {
 protected:
  static constexpr uint32_t kBytes = (Config::kWidth + 7) / 8;

  // One cycle: offers a new beat if `valid` and none is on offer, then compares what leaves.
  void Cycle(bool valid, bool ready) {
    auto& dut = this->dut();
    if (!offered_) {
      PutRandom(dut.in_data_i, Config::kWidth, this->rng());
      offered_ = valid;
    }
    dut.in_valid_i = offered_;
    dut.out_ready_i = ready;
    this->sim().Step([&] {
      if (dut.in_valid_i != 0 && dut.in_ready_o != 0) {
        waiting_.push_back(GetBytes(dut.in_data_i, kBytes));
        offered_ = false;
      }
      ASSERT_EQ(dut.out_valid_o != 0, !waiting_.empty() || offered_);
      if (dut.out_valid_o != 0 && ready) {
        ASSERT_FALSE(waiting_.empty()) << "a beat left before it was taken";
        EXPECT_EQ(GetBytes(dut.out_data_o, kBytes), waiting_.front());
        waiting_.pop_front();
        ++moved_;
      }
    });
  }

  void Reset() {
    this->dut().in_valid_i = 0;
    this->sim().Reset();
    waiting_.clear();
    offered_ = false;
    moved_ = 0;
  }

  std::deque<std::vector<std::byte>> waiting_;
  bool offered_ = false;
  uint64_t moved_ = 0;
};
TYPED_TEST_SUITE(Skid, duts::Configs);

TYPED_TEST(Skid, AfterReset) {
  for (int stop = 0; stop < 4; ++stop) {
    this->Reset();
    this->sim().Settle();
    EXPECT_EQ(this->dut().out_valid_o, 0);
    EXPECT_EQ(this->dut().in_ready_o, 1);
    for (int i = 0; i < stop; ++i) this->Cycle(true, false);  // the next reset finds it full
  }
}

// S4: ready comes from a register, so the output cannot take it away within the cycle.
TYPED_TEST(Skid, ReadyIsARegister) {
  this->Reset();
  for (int i = 0; i < 64; ++i) {
    auto& dut = this->dut();
    this->sim().Settle();
    const auto ready = dut.in_ready_o;
    dut.out_ready_i = dut.out_ready_i == 0;
    this->sim().Settle();
    EXPECT_EQ(dut.in_ready_o, ready);
    this->Cycle(this->rng().OneIn(2), this->rng().OneIn(2));
  }
}

TYPED_TEST(Skid, HoldsOneBeatWhenTheOutputStops) {
  this->Reset();
  this->Cycle(true, false);
  EXPECT_EQ(this->waiting_.size(), 1U);
  this->Cycle(true, false);
  EXPECT_EQ(this->waiting_.size(), 1U);
  EXPECT_EQ(this->dut().in_ready_o, 0);
  this->Cycle(false, true);
  EXPECT_EQ(this->moved_, 1U);
}

TYPED_TEST(Skid, Throughput) {
  this->Reset();
  for (int i = 0; i < 1000; ++i) this->Cycle(true, true);
  EXPECT_EQ(this->moved_, 1000U);
}

TYPED_TEST(Skid, RandomMatchesModel) {
  this->Reset();
  for (uint64_t i = 0; i < Scaled(200000); ++i) {
    const uint32_t mood = static_cast<uint32_t>(i / 64 % 3);  // fast output, even, slow output
    this->Cycle(this->rng().Below(4) >= mood, this->rng().Below(4) >= 2 - mood);
  }
  EXPECT_GT(this->moved_, Scaled(200000) / 8);
}

}  // namespace
}  // namespace actplane::rtl_test
