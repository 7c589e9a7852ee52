// SPDX-License-Identifier: Apache-2.0
#include <deque>

#include "duts.h"
#include "rtl_test.h"

namespace actplane::rtl_test {
namespace {

template <class Config>
class Fifo : public RtlTest<Config> {
 protected:
  static constexpr uint32_t kBytes = (Config::kWidth + 7) / 8;

  void Cycle(bool valid, bool ready) {
    auto& dut = this->dut();
    PutRandom(dut.write_data_i, Config::kWidth, this->rng());
    this->sim().Settle();
    dut.write_valid_i = valid && dut.full_o == 0;
    dut.out_ready_i = ready;
    this->sim().Step([&] {
      if (dut.out_valid_o != 0) {
        ASSERT_FALSE(waiting_.empty());
        ASSERT_EQ(GetBytes(dut.out_data_o, kBytes), waiting_.front());
        if (ready) {
          waiting_.pop_front();
          ++moved_;
        }
      }
      if (dut.write_valid_i != 0) waiting_.push_back(GetBytes(dut.write_data_i, kBytes));
      most_ = std::max(most_, waiting_.size());
    });
  }

  void Reset() {
    this->dut().write_valid_i = 0;
    this->sim().Reset();
    waiting_.clear();
    moved_ = 0;
    most_ = 0;
  }

  std::deque<std::vector<std::byte>> waiting_;
  uint64_t moved_ = 0;
  size_t most_ = 0;
};
TYPED_TEST_SUITE(Fifo, duts::Configs);

TYPED_TEST(Fifo, AfterReset) {
  for (int writes = 0; writes < 6; ++writes) {
    this->Reset();
    this->sim().Settle();
    EXPECT_EQ(this->dut().out_valid_o, 0);
    EXPECT_EQ(this->dut().full_o, 0);
    for (int i = 0; i < writes; ++i) this->Cycle(true, false);  // what the next reset finds
  }
}

TYPED_TEST(Fifo, HoldsAllEntriesAndTheRegister) {
  this->Reset();
  for (uint32_t i = 0; i < TypeParam::kEntries + 5; ++i) this->Cycle(true, false);
  EXPECT_EQ(this->most_, TypeParam::kEntries + 1);
  EXPECT_EQ(this->dut().full_o, 1);
  for (uint32_t i = 0; i < TypeParam::kEntries + 5; ++i) this->Cycle(false, true);
  EXPECT_EQ(this->moved_, TypeParam::kEntries + 1);
}

TYPED_TEST(Fifo, Throughput) {
  this->Reset();
  for (int i = 0; i < 1000; ++i) this->Cycle(true, true);
  EXPECT_GE(this->moved_, 998U);
  EXPECT_LE(this->most_, 2U);
}

TYPED_TEST(Fifo, RandomMatchesModel) {
  this->Reset();
  for (uint64_t i = 0; i < Scaled(200000); ++i) {
    const uint32_t mood = static_cast<uint32_t>(i / 64 % 3);
    this->Cycle(this->rng().Below(4) >= mood, this->rng().Below(4) >= 2 - mood);
  }
  EXPECT_EQ(this->most_, TypeParam::kEntries + 1);
  EXPECT_GT(this->moved_, Scaled(200000) / 8);
}

}  // namespace
}  // namespace actplane::rtl_test
