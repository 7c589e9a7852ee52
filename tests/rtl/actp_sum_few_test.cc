// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>
#include <numeric>

#include "duts.h"
#include "rtl_test.h"

namespace actplane::rtl_test {
namespace {

template <class Config>
class SumFew : public RtlTest<Config> {
 protected:
  static constexpr uint32_t kNum = Config::kNum;
  static constexpr uint32_t kMost = Config::kMost;
  static constexpr uint32_t kWidth = std::bit_width(kMost + 1);

  void Expect(const std::vector<uint64_t>& numbers) {
    for (uint32_t i = 0; i < kNum; ++i) {
      PutBits(this->dut().data_i, i * kWidth, kWidth, numbers[i]);
    }
    this->sim().Settle();
    const uint64_t sum = std::accumulate(numbers.begin(), numbers.end(), uint64_t{0});
    ASSERT_EQ(this->dut().sum_o, std::min<uint64_t>(sum, kMost + 1))
        << ::testing::PrintToString(numbers);
  }
};
TYPED_TEST_SUITE(SumFew, duts::Configs);

TYPED_TEST(SumFew, SumsUpToMostAndNoFurther) {
  std::vector<uint64_t> numbers(TestFixture::kNum);
  this->Expect(numbers);
  this->Expect(std::vector<uint64_t>(TestFixture::kNum, TestFixture::kMost + 1));
  for (uint64_t i = 0; i < Scaled(100000); ++i) {
    const uint32_t some = 1 + this->rng().Below(TestFixture::kNum);  // few are not 0
    for (uint64_t& n : numbers) {
      n = this->rng().Below(some) == 0 ? this->rng().Below(TestFixture::kMost + 2) : 0;
    }
    this->Expect(numbers);
  }
}

}  // namespace
}  // namespace actplane::rtl_test
