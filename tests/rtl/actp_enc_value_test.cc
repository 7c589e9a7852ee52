// SPDX-License-Identifier: Apache-2.0
#include "back_test.h"
#include "duts.h"

namespace actplane::rtl_test {
namespace {

template <class Config>
class EncValue : public RtlTest<Config> {
 protected:
  static constexpr BackShape kShape = {.block_len = 32,
                                       .core_width = 256,
                                       .formats = Config::kFormats,
                                       .orders = 3,
                                       .group_len = 8,
                                       .depth = Config::kDepth};
  static constexpr bool kCut = StoredBits(Config::kDepth) < 32;
  static constexpr uint32_t kWideMan = kCut ? Config::kDepth : 23;
  static constexpr uint32_t kMan = std::max(
      {(Config::kFormats & 1) != 0 ? kWideMan : 0U, (Config::kFormats & 2) != 0 ? 10U : 0U, 7U});

  void Expect(uint32_t pattern, Format format) {
    auto& dut = this->dut();
    PutBits(dut.wide_i, 0, StoredBits(Config::kDepth), this->rng().Next());
    dut.narrow_i = static_cast<uint16_t>(this->rng().Next());
    if (format == Format::kFp32) {
      PutBits(dut.wide_i, 0, StoredBits(Config::kDepth), StoredValue(pattern, kShape));
    } else {
      dut.narrow_i = static_cast<uint16_t>(pattern);
    }
    dut.format_i = static_cast<uint8_t>(kShape.FormatCode(format));
    this->sim().Settle();
    const Fields v = Classify(pattern, format);
    const bool cut = kCut && format == Format::kFp32;
    const uint32_t aligned = AlignMan(v.mantissa, format);
    const uint32_t lost = cut ? LowMask32(23 - kWideMan) : 0;
    const uint64_t man = (uint64_t{aligned & ~lost} << 8) >> (kManW - kMan + 8);
    ASSERT_EQ(dut.sign_o, v.sign);
    ASSERT_EQ(dut.exp_o, v.exponent);
    ASSERT_EQ(dut.man_o, man);
    ASSERT_EQ(dut.sticky_o != 0, (aligned & lost) != 0);
    ASSERT_EQ(dut.special_o != 0, IsSpecial(v.cls));
  }
};
TYPED_TEST_SUITE(EncValue, duts::Configs);

TYPED_TEST(EncValue, Every16BitValue) {
  ACTP_CLAUSE("F-2.1", "F-2.2");
  for (const Format format : FormatsOf<TypeParam>()) {
    if (!IsNarrow(format)) continue;
    for (uint32_t p = 0; p < 0x10000; ++p) this->Expect(p, format);
  }
}

TYPED_TEST(EncValue, RandomFp32) {
  ACTP_CLAUSE("F-2.1", "F-2.2");
  if ((TypeParam::kFormats & 1) == 0) GTEST_SKIP() << "no FP32";
  for (uint64_t i = 0; i < Scaled(1000000); ++i) {
    auto p = static_cast<uint32_t>(this->rng().Next());
    if (i % 2 == 0) p &= ~LowMask32(this->rng().Below(24));
    if (i % 3 == 0) p |= 0xffU << 23;
    this->Expect(p, Format::kFp32);
  }
}

}  // namespace
}  // namespace actplane::rtl_test
