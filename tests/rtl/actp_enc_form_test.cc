// SPDX-License-Identifier: Apache-2.0
#include "duts.h"
#include "rtl_test.h"

namespace actplane::rtl_test {
namespace {

template <class Config>
class EncForm : public RtlTest<Config> {
 protected:
  static constexpr uint32_t kN = Config::kBlockLen;

  void Load(const BlockFields& fields, uint32_t base) {
    auto& dut = this->dut();
    dut.format_i = static_cast<uint8_t>(fields.format);
    dut.base_i = static_cast<uint8_t>(base);
    for (uint32_t i = 0; i < kN; ++i) {
      const Fields& v = fields.values[i];
      const uint32_t word =
          v.sign << 31 | v.exponent << kManW | AlignMan(v.mantissa, fields.format);
      for (uint32_t p = 0; p < 32; ++p) PutBits(dut.planes_i, p * kN + i, 1, BitOf(word, p));
      PutBits(dut.man_zero_i, i, 1, v.mantissa == 0 ? 1 : 0);
    }
    dut.load_i = 1;
    this->sim().Step();
    dut.load_i = 0;
    PutRandom(dut.planes_i, 32 * kN, this->rng());  // the block is inside now
    dut.base_i = static_cast<uint8_t>(this->rng().Next());
    dut.format_i = static_cast<uint8_t>(this->rng().Below(3));
  }

  // The rows of the loaded block under a header.
  void ExpectRows(const BlockFields& fields, const FieldHeader& header) {
    auto& dut = this->dut();
    dut.width_i = static_cast<uint8_t>(header.width);
    dut.zero_code_i = header.zero_code;
    dut.special_i = header.special;
    this->sim().Settle();
    const auto words = FormWords(fields, header);
    const uint32_t man = InfoOf(fields.format).man_bits;
    for (uint32_t i = 0; i < kN; ++i) {
      PlaneWord got;
      got.sign = Row(0, i);
      for (uint32_t k = 0; k < header.width; ++k)
        got.code |= Row(kRowCode + kCodeW - 1 - k, i) << k;
      for (uint32_t k = 0; k < man; ++k) got.mantissa |= Row(kRowMan + man - 1 - k, i) << k;
      ASSERT_EQ(got, words[i]) << ToString(fields.format) << " value " << i << " pattern "
                               << std::hex << Assemble(fields.values[i], fields.format) << " base "
                               << header.base << " width " << header.width << " Z "
                               << header.zero_code << " S " << header.special << " code "
                               << got.code << " expected " << words[i].code;
    }
  }

 private:
  uint32_t Row(uint32_t row, uint32_t i) {
    return static_cast<uint32_t>(GetBits(this->dut().rows_o, row * kN + i, 1));
  }
};
TYPED_TEST_SUITE(EncForm, duts::Configs);

// FP16: every base and width with every set of reserved codes, against all exponents, zeros, Inf
// and NaN.
TYPED_TEST(EncForm, Exhaustive) {
  ACTP_CLAUSE("F-3.6", "F-4.7", "F-4.10");
  for (uint32_t base = 0; base < 31; ++base) {
    BlockFields fields{.format = Format::kFp16, .n = TestFixture::kN};
    for (uint32_t i = 0; i < TestFixture::kN; ++i) {
      const uint32_t exponent = i % 32 > base && i % 32 != 31 ? i % (base + 1) : i % 32;
      const uint32_t mantissa = i % 3 == 0 ? 0 : this->rng().Below(1024);
      fields.values[i] = Classify(
          Assemble({.sign = i & 1, .exponent = exponent, .mantissa = mantissa}, Format::kFp16),
          Format::kFp16);
    }
    this->Load(fields, base);
    for (uint32_t width = 0; width <= 6; ++width) {
      for (uint32_t codes = 0; codes < 4; ++codes) {
        if ((1U << width) < codes) continue;
        // What a header without the reserved codes cannot say is not in the block.
        BlockFields block = fields;
        for (uint32_t i = 0; i < TestFixture::kN; ++i) {
          const bool said = !IsSpecial(block.values[i].cls) || codes >= 2;
          if (!said) block.values[i] = block.values[0];
        }
        if (block != fields) this->Load(block, base);
        this->ExpectRows(
            block,
            {.base = base, .width = width, .zero_code = (codes & 1) != 0, .special = codes >= 2});
        if (block != fields) this->Load(fields, base);
      }
    }
  }
}

TYPED_TEST(EncForm, RowsHoldUntilTheNextLoad) {
  Rng& rng = this->rng();
  const BlockFields fields = Classify(RandomBlock(Format::kFp32, TestFixture::kN, rng));
  const BaseInfo info = FindBase(fields);
  const FieldHeader header = WholeHeader(info, Format::kFp32, TestFixture::kN);
  this->Load(fields, info.base);
  for (int i = 0; i < 4; ++i) {
    this->ExpectRows(fields, header);
    this->sim().Step();
  }
}

TYPED_TEST(EncForm, RandomMatchesModel) {
  ACTP_CLAUSE("F-3.6", "F-4.7", "F-4.10");
  uint64_t saturated = 0;
  const uint64_t count = Scaled(20000);
  for (uint64_t i = 0; i < count; ++i) {
    Rng& rng = this->rng();
    const Format format = kFormats[i % 3];
    const actplane::Config config = {.format = format,
                                     .block_len = TestFixture::kN,
                                     .slot_bytes = RandomSlotBytes(format, TestFixture::kN, rng),
                                     .delta_cap = rng.OneIn(2) ? rng.Below(6) : 0};
    const BlockFields fields = Classify(RandomBlock(format, TestFixture::kN, rng));
    const BaseInfo info = FindBase(fields);
    const FieldHeader header = SchedulePlanes(info, config);
    this->Load(fields, info.base);
    this->ExpectRows(fields, header);
    saturated += header.saturated ? 1 : 0;
  }
  EXPECT_GT(saturated, count / 20);
}

}  // namespace
}  // namespace actplane::rtl_test
