// SPDX-License-Identifier: Apache-2.0
#include <deque>

#include "duts.h"
#include "rtl_test.h"

namespace actplane::rtl_test {
namespace {

template <class Config>
class Queue : public RtlTest<Config> {
 protected:
  static constexpr uint32_t kBytes = (Config::kWidth + 7) / 8;

  void Cycle(bool push, bool pop) {
    auto& dut = this->dut();
    PutRandom(dut.data_i, Config::kWidth, this->rng());
    dut.push_i = push && words_.size() < Config::kEntries;
    dut.pop_i = pop && !words_.empty();
    this->sim().Step([&] {
      ASSERT_EQ(dut.ready_o != 0, words_.size() < Config::kEntries);
      ASSERT_EQ(dut.valid_o != 0, !words_.empty());
      ASSERT_TRUE(words_.empty() || GetBytes(dut.data_o, kBytes) == words_.front());
      if (dut.pop_i != 0) words_.pop_front();
      if (dut.push_i != 0) words_.push_back(GetBytes(dut.data_i, kBytes));
    });
  }

  void Reset() {
    this->dut().push_i = this->dut().pop_i = 0;
    words_.clear();
    this->sim().Reset();
  }

  std::deque<std::vector<std::byte>> words_;
};
TYPED_TEST_SUITE(Queue, duts::Configs);

TYPED_TEST(Queue, RandomMatchesModel) {
  for (int round = 0; round < 4; ++round) {
    this->Reset();
    this->sim().Settle();
    EXPECT_EQ(this->dut().valid_o, 0);
    for (uint64_t i = 0; i < Scaled(100000); ++i) {
      const auto mood = static_cast<uint32_t>(i / 64 % 3);
      this->Cycle(this->rng().Below(4) >= mood, this->rng().Below(4) >= 2 - mood);
    }
  }
}

}  // namespace
}  // namespace actplane::rtl_test
