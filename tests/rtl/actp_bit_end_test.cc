// SPDX-License-Identifier: Apache-2.0
#include "duts.h"
#include "rtl_test.h"

namespace actplane::rtl_test {
namespace {

template <class Config>
class BitEnd : public RtlTest<Config> {};
TYPED_TEST_SUITE(BitEnd, duts::Configs);

TYPED_TEST(BitEnd, Matches) {
  constexpr uint32_t kWidth = TypeParam::kWidth;
  const auto expect = [&](uint32_t bits) {
    PutBits(this->dut().bits_i, 0, kWidth, bits);
    this->sim().Settle();
    uint32_t want = 0;
    for (uint32_t k = 0; k < kWidth; ++k) {
      const uint32_t number = TypeParam::kDown != 0 ? TypeParam::kFrom - k : TypeParam::kFrom + k;
      if (BitOf(bits, k) != 0) want = std::max(want, number);
    }
    ASSERT_EQ(this->dut().number_o, want) << bits;
    ASSERT_EQ(this->dut().any_o != 0, bits != 0) << bits;
  };
  expect(0);
  for (uint32_t high = 0; high < kWidth; ++high) {
    for (uint32_t low = 0; low <= high; ++low) {
      expect(1U << high | 1U << low);
      expect(LowMask32(high + 1) & ~LowMask32(low));
    }
  }
  for (uint64_t i = 0; i < Scaled(200000); ++i) {
    expect(static_cast<uint32_t>(this->rng().Next() & this->rng().Next()) & LowMask32(kWidth));
  }
}

}  // namespace
}  // namespace actplane::rtl_test
