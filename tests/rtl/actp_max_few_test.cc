// SPDX-License-Identifier: Apache-2.0
#include "duts.h"
#include "rtl_test.h"

namespace actplane::rtl_test {
namespace {

template <class Config>
class MaxFew : public RtlTest<Config> {};
TYPED_TEST_SUITE(MaxFew, duts::Configs);

TYPED_TEST(MaxFew, RandomMatches) {
  constexpr uint32_t kNum = TypeParam::kNum, kWidth = TypeParam::kWidth;
  auto& dut = this->dut();
  for (uint64_t i = 0; i < Scaled(400000); ++i) {
    const uint32_t spread = this->rng().OneIn(2) ? 2 : 1U << kWidth;  // equal ones, too
    uint32_t max = 0, wins = 0;
    for (uint32_t k = 0; k < kNum; ++k) {
      const uint32_t number = this->rng().Below(spread);
      PutBits(dut.data_i, k * kWidth, kWidth, number);
      if (number < max) continue;
      max = number;
      wins = k;
    }
    this->sim().Settle();
    ASSERT_EQ(GetBits(dut.max_o, 0, kWidth), max);
    ASSERT_EQ(GetBits(dut.wins_o, 0, kNum), uint64_t{1} << wins);
  }
}

}  // namespace
}  // namespace actplane::rtl_test
