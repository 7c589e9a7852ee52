// SPDX-License-Identifier: Apache-2.0
#include "actplane/field_order.h"
#include "duts.h"
#include "ports.h"
#include "rtl_test.h"

namespace actplane::rtl_test {
namespace {

template <class Config>
class EncCodes : public RtlTest<Config> {
 protected:
  static constexpr uint32_t kMan = Config::kManW;
  static constexpr uint32_t kCode = Config::kCodeW;
  static constexpr uint32_t kColumn = Config::kRows;

  // Formats whose values fit.
  static bool Fits(Format format) {
    return kMan >= std::min(InfoOf(format).man_bits, 11U) && kCode > InfoOf(format).exp_bits;
  }

  void PutHeader(const FieldHeader& h, Format format) {
    auto& dut = this->dut();
    dut.base_i = static_cast<uint8_t>(h.base);
    dut.width_i = static_cast<uint8_t>(h.width);
    dut.lead_i = static_cast<uint8_t>(kCode + 1 - h.width - (h.sign_stored ? 1 : 0));
    dut.sign_stored_i = h.sign_stored;
    dut.zero_code_i = h.zero_code;
    dut.flush_below_i = static_cast<uint8_t>(FlushBelow(h));
    const uint32_t stored = AlignMan(h.map, format) >> (kManW - kMan);
    uint32_t rank = 0;
    PutBits(dut.pick_i, 0, 1, 0);
    for (uint32_t p = 0; p < kMan * kMan; ++p) PutBits(dut.pick_i, p, 1, 0);
    for (uint32_t k = 0; k < kMan; ++k) {
      if (BitOf(stored, kMan - 1 - k) == 0) continue;
      PutBits(dut.pick_i, rank * kMan + k, 1, 1);
      ++rank;
    }
  }

  void Expect(const Fields& v, const FieldHeader& h, Format format) {
    auto& dut = this->dut();
    Set(dut.sign_i, v.sign);
    dut.exp_i = static_cast<uint8_t>(v.exponent);
    Set(dut.man_i, AlignMan(v.mantissa, format) >> (kManW - kMan));
    dut.special_i = IsSpecial(v.cls);
    this->sim().Settle();
    BlockFields one{.format = format, .n = 1};
    one.values[0] = v;
    const PlaneWord word = FormWords(one, h)[0];
    uint32_t row = 0;
    const auto expect = [&](uint32_t bit) {
      if (row < kColumn) {
        ASSERT_EQ(GetBits(dut.column_o, row, 1), bit)
            << ToString(format) << " row " << row << " w " << h.width << " exponent " << v.exponent
            << " mantissa " << v.mantissa;
      }
      ++row;
    };
    if (h.sign_stored) expect(word.sign);
    for (uint32_t k = h.width; k-- > 0;) expect(BitOf(word.code, k));
    const uint32_t man = InfoOf(format).man_bits;
    for (uint32_t k = man; k-- > 0;) {
      if (BitOf(h.map, k) != 0) expect(BitOf(word.mantissa, k));
    }
  }

  // A header that an encoder may have made, and that has a code for every value of its block.
  FieldHeader Header(Format format) {
    FieldHeader h = RandomHeader(format, this->rng());
    h.zero_code |= h.saturated;
    const uint32_t reserved = (h.zero_code ? 1U : 0U) + (h.special ? 2U : 0U);
    if ((1U << h.width) < reserved + 1) h.saturated = false;  // F-4.6 never goes that low
    if (!h.saturated) {                                       // every delta has a code
      h.width = std::max(h.width, static_cast<uint32_t>(std::bit_width(h.base + reserved)));
      h.width = std::min(h.width, InfoOf(format).exp_bits + 1);
    }
    return h;
  }

  void ExpectAny(uint32_t pattern, const FieldHeader& h, Format format) {
    const Fields v = Classify(pattern, format);
    if (IsSpecial(v.cls) && !h.special) return;
    if (v.cls == ValueClass::kZero && !h.zero_code) return;
    if (IsFinite(v.cls) && v.exponent > h.base) return;
    Expect(v, h, format);
  }
};
TYPED_TEST_SUITE(EncCodes, duts::Configs);

// Every value of a 16-bit format under many headers.
TYPED_TEST(EncCodes, Every16BitValue) {
  ACTP_CLAUSE("F-3.4", "F-4.7", "F-4.10");
  for (const Format format : {Format::kFp16, Format::kBf16}) {
    if (!TestFixture::Fits(format) || TestFixture::kColumn < 17) continue;
    for (uint64_t i = 0; i < std::max<uint64_t>(4, Scaled(200)); ++i) {
      const FieldHeader h = this->Header(format);
      this->PutHeader(h, format);
      for (uint32_t p = 0; p < 0x10000; ++p) this->ExpectAny(p, h, format);
    }
  }
}

TYPED_TEST(EncCodes, RandomMatchesModel) {
  ACTP_CLAUSE("F-3.4", "F-4.7", "F-4.10");
  for (const Format format : kFormats) {
    if (!TestFixture::Fits(format)) continue;
    for (uint64_t i = 0; i < Scaled(100000); ++i) {
      const FieldHeader h = this->Header(format);
      this->PutHeader(h, format);
      const FormatInfo info = InfoOf(format);
      for (int k = 0; k < 8; ++k) {
        const auto kind = testing_support::kAllKinds[this->rng().Below(16)];
        uint32_t p = testing_support::MakePatterns(kind, format, 1, this->rng())[0];
        if (this->rng().OneIn(2)) {  // near where codes end
          const uint32_t e = FlushBelow(h) + this->rng().Below(3);
          p = (p & ~(info.exp_max << info.man_bits)) | std::min(e, info.exp_max) << info.man_bits;
        }
        if (format == Format::kFp32 && TestFixture::kMan < kManW) {
          const Fields v = Classify(p, format);
          p &= ~LowMask32(kManW - TestFixture::kMan);
          if (v.cls == ValueClass::kNan && (p & LowMask32(23)) == 0) p |= 1U << 22;
        }
        this->ExpectAny(p, h, format);
      }
    }
  }
}

}  // namespace
}  // namespace actplane::rtl_test
