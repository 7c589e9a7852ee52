// SPDX-License-Identifier: Apache-2.0
#include "duts.h"
#include "rtl_test.h"

namespace actplane::rtl_test {
namespace {

template <class Config>
class EncClassify : public RtlTest<Config> {
 protected:
  // Puts the pattern into one slot of an otherwise random chunk.
  void Expect(uint32_t pattern, Format format, uint32_t slot) {
    auto& dut = this->dut();
    const uint32_t width = 8 * InfoOf(format).value_bytes;
    PutRandom(dut.chunk_i, Config::kCoreWidth, this->rng());
    PutBits(dut.chunk_i, slot * width, width, pattern);
    dut.fmt_i = static_cast<uint8_t>(format);
    this->sim().Settle();
    const Fields want = Classify(pattern, format);
    const uint64_t fields = GetBits(dut.fields_o, slot * 32, 32);
    ASSERT_EQ(fields >> 31, want.sign) << std::hex << pattern;
    ASSERT_EQ(fields >> 23 & 0xff, want.exponent) << std::hex << pattern;
    ASSERT_EQ(fields & LowMask(kManW), AlignMan(want.mantissa, format)) << std::hex << pattern;
    ASSERT_EQ(GetBits(dut.man_zero_o, slot, 1), want.mantissa == 0 ? 1U : 0U)
        << std::hex << pattern;
  }
  static uint32_t Slots(Format format) {
    return Config::kCoreWidth / (8 * InfoOf(format).value_bytes);
  }
};
TYPED_TEST_SUITE(EncClassify, duts::Configs);

TYPED_TEST(EncClassify, Corners) {
  ACTP_CLAUSE("F-2.1", "F-2.2");
  for (const Format format : kFormats) {
    const FormatInfo info = InfoOf(format);
    for (uint32_t slot = 0; slot < TestFixture::Slots(format); ++slot) {
      for (const uint32_t sign : {0U, 1U}) {
        for (const uint32_t exponent : {0U, 1U, info.exp_max - 1, info.exp_max}) {
          for (const uint32_t mantissa : {0U, 1U, AllMan(format)}) {
            const Fields fields = {.sign = sign, .exponent = exponent, .mantissa = mantissa};
            this->Expect(Assemble(fields, format), format, slot);
          }
        }
      }
    }
  }
}

TYPED_TEST(EncClassify, Exhaustive) {
  ACTP_CLAUSE("F-2.1", "F-2.2");
  for (const Format format : {Format::kFp16, Format::kBf16}) {
    for (uint32_t pattern = 0; pattern < 0x10000; ++pattern) {
      this->Expect(pattern, format, pattern % TestFixture::Slots(format));
    }
  }
}

TYPED_TEST(EncClassify, RandomMatchesModel) {
  ACTP_CLAUSE("F-2.1", "F-2.2");
  for (uint64_t i = 0; i < Scaled(400000); ++i) {
    const auto slot = static_cast<uint32_t>(i % TestFixture::Slots(Format::kFp32));
    this->Expect(static_cast<uint32_t>(this->rng().Next()), Format::kFp32, slot);
  }
}

}  // namespace
}  // namespace actplane::rtl_test
