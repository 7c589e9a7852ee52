// SPDX-License-Identifier: Apache-2.0
#include "duts.h"
#include "rtl_test.h"

namespace actplane::rtl_test {
namespace {

template <class Config>
class MaxTree : public RtlTest<Config> {
 protected:
  static constexpr uint32_t kNum = Config::kNum;
  static constexpr uint32_t kWidth = Config::kWidth;

  void Expect(const std::vector<uint64_t>& numbers) {
    for (uint32_t i = 0; i < kNum; ++i) {
      PutBits(this->dut().data_i, i * kWidth, kWidth, numbers[i]);
    }
    this->sim().Settle();
    ASSERT_EQ(this->dut().max_o, *std::ranges::max_element(numbers))
        << ::testing::PrintToString(numbers);
  }
};
TYPED_TEST_SUITE(MaxTree, duts::Configs);

TYPED_TEST(MaxTree, Corners) {
  const uint64_t top = LowMask(TestFixture::kWidth);
  this->Expect(std::vector<uint64_t>(TestFixture::kNum, 0));
  this->Expect(std::vector<uint64_t>(TestFixture::kNum, top));
  for (uint32_t i = 0; i < TestFixture::kNum; ++i) {
    std::vector<uint64_t> numbers(TestFixture::kNum, 0);
    numbers[i] = 1;
    this->Expect(numbers);
    numbers[i] = top;
    numbers[(i + 1) % TestFixture::kNum] = top - 1;
    this->Expect(numbers);
  }
}

// Every pair of numbers at every pair of neighbours; all inputs at once where these are few.
TYPED_TEST(MaxTree, Exhaustive) {
  constexpr uint32_t bits = TestFixture::kNum * TestFixture::kWidth;
  std::vector<uint64_t> numbers(TestFixture::kNum);
  if (bits <= 16) {
    for (uint64_t all = 0; all < (uint64_t{1} << bits); ++all) {
      for (uint32_t i = 0; i < TestFixture::kNum; ++i) {
        numbers[i] = all >> (i * TestFixture::kWidth) & LowMask(TestFixture::kWidth);
      }
      this->Expect(numbers);
    }
    return;
  }
  const uint64_t top = LowMask(TestFixture::kWidth);
  for (uint64_t a = 0; a <= top; ++a) {
    for (uint64_t b = 0; b <= top; ++b) {
      numbers[a % TestFixture::kNum] = a;
      numbers[b % TestFixture::kNum] = b;
      this->Expect(numbers);
    }
  }
}

TYPED_TEST(MaxTree, RandomMatchesModel) {
  std::vector<uint64_t> numbers(TestFixture::kNum);
  for (uint64_t i = 0; i < Scaled(200000); ++i) {
    for (uint64_t& n : numbers)
      n = this->rng().Next() & LowMask(1 + this->rng().Below(TestFixture::kWidth));
    this->Expect(numbers);
  }
}

}  // namespace
}  // namespace actplane::rtl_test
