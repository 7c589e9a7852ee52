// SPDX-License-Identifier: Apache-2.0
#include <bit>

#include "duts.h"
#include "rtl_test.h"

namespace actplane::rtl_test {
namespace {

template <class Config>
class PrefixCount : public RtlTest<Config> {
 protected:
  static constexpr uint32_t kLen = Config::kLen;

  void Expect(uint64_t bits) {
    PutBits(this->dut().bits_i, 0, kLen, bits);
    this->sim().Settle();
    for (uint32_t i = 0; i <= kLen; ++i) {
      ASSERT_EQ(GetBits(this->dut().count_o, i * Config::kCountW, Config::kCountW),
                static_cast<uint32_t>(std::popcount(bits & LowMask(i))))
          << "position " << i << " of " << std::hex << bits;
    }
  }
};
TYPED_TEST_SUITE(PrefixCount, duts::Configs);

TYPED_TEST(PrefixCount, Corners) {
  this->Expect(0);
  this->Expect(LowMask(TestFixture::kLen));
  for (uint32_t i = 0; i < TestFixture::kLen; ++i) {
    this->Expect(uint64_t{1} << i);
    this->Expect(LowMask(i));
    this->Expect(LowMask(TestFixture::kLen) & ~LowMask(i));
  }
}

// All inputs of a short one; of a long one the lower half with each kind of upper half.
TYPED_TEST(PrefixCount, Exhaustive) {
  constexpr uint32_t low = TestFixture::kLen < 12 ? TestFixture::kLen : TestFixture::kLen / 2;
  for (uint64_t bits = 0; bits <= LowMask(low); ++bits) {
    this->Expect(bits);
    this->Expect((bits << (TestFixture::kLen - low) | bits) & LowMask(TestFixture::kLen));
  }
}

TYPED_TEST(PrefixCount, RandomMatchesModel) {
  for (uint64_t i = 0; i < Scaled(200000); ++i) {
    this->Expect(this->rng().Next() & LowMask(TestFixture::kLen));
  }
}

}  // namespace
}  // namespace actplane::rtl_test
