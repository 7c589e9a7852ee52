// SPDX-License-Identifier: Apache-2.0
#include <numeric>

#include "duts.h"
#include "rtl_test.h"

namespace actplane::rtl_test {
namespace {

template <class Config>
class SumTree : public RtlTest<Config> {
 protected:
  static constexpr uint32_t kNum = Config::kNum;
  static constexpr uint32_t kWidth = Config::kWidth;

  void Expect(const std::vector<uint64_t>& numbers) {
    for (uint32_t i = 0; i < kNum; ++i) {
      PutBits(this->dut().data_i, i * kWidth, kWidth, numbers[i]);
    }
    this->sim().Settle();
    ASSERT_EQ(this->dut().sum_o, std::accumulate(numbers.begin(), numbers.end(), uint64_t{0}))
        << ::testing::PrintToString(numbers);
  }
};
TYPED_TEST_SUITE(SumTree, duts::Configs);

TYPED_TEST(SumTree, Corners) {
  const uint64_t top = LowMask(TestFixture::kWidth);
  this->Expect(std::vector<uint64_t>(TestFixture::kNum, 0));
  this->Expect(std::vector<uint64_t>(TestFixture::kNum, top));
  for (uint32_t i = 0; i < TestFixture::kNum; ++i) {
    for (uint32_t b = 0; b < TestFixture::kWidth; ++b) {
      std::vector<uint64_t> numbers(TestFixture::kNum, 0);
      numbers[i] = uint64_t{1} << b;
      this->Expect(numbers);
    }
  }
}

TYPED_TEST(SumTree, Random) {
  std::vector<uint64_t> numbers(TestFixture::kNum);
  for (uint64_t i = 0; i < Scaled(100000); ++i) {
    for (uint64_t& n : numbers) n = this->rng().Next() & LowMask(TestFixture::kWidth);
    this->Expect(numbers);
  }
}

}  // namespace
}  // namespace actplane::rtl_test
