// SPDX-License-Identifier: Apache-2.0
#include "duts.h"
#include "rtl_test.h"

namespace actplane::rtl_test {
namespace {

template <class Config>
class DecValueField : public RtlTest<Config> {
 protected:
  static constexpr uint32_t kBits = Config::kManBits;

  static std::vector<Format> Formats() {
    return kBits == kManW ? std::vector<Format>{Format::kFp32, Format::kFp16, Format::kBf16}
                          : std::vector<Format>{Format::kFp16, Format::kBf16};
  }

  // Sets what belongs to block and group: `rows` of the stored mantissa planes are there.
  void Load(const FieldHeader& h, Format format, Fill fill, uint32_t rows) {
    auto& dut = this->dut();
    const auto align = [&](uint32_t x) { return x << (kBits - InfoOf(format).man_bits); };
    uint32_t lost = h.map;
    for (uint32_t k = 0; k < rows && lost != 0; ++k) lost &= ~std::bit_floor(lost);
    const uint32_t highest = std::bit_floor(lost);
    dut.base_i = static_cast<uint8_t>(h.base);
    dut.code_mask_i = static_cast<uint16_t>(LowMask(h.width));
    dut.zero_code_i = h.zero_code;
    dut.special_i = h.special;
    dut.complete_i = lost == 0;
    dut.exp_max_i = static_cast<uint8_t>(InfoOf(format).exp_max);
    PutBits(dut.value_i, 0, kBits, align(h.value));
    PutBits(dut.known_i, 0, kBits, align(h.map & ~lost));
    PutBits(dut.lost_i, 0, kBits, fill == Fill::kMidpoint ? align(highest) : 0);
    PutBits(dut.below_i, 0, kBits, fill == Fill::kMidpoint ? align(lost & ~highest) : 0);
    header_ = h;
    config_ = {.format = format, .block_len = 1, .fill = fill};
    read_ = std::min<uint32_t>(rows, static_cast<uint32_t>(std::popcount(h.map)));
  }

  void Expect(uint32_t code, uint32_t mantissa) {
    auto& dut = this->dut();
    const FormatInfo info = InfoOf(config_.format);
    const auto noise = static_cast<uint32_t>(this->rng().Next()) & AllMan(config_.format);
    dut.code_i = static_cast<uint16_t>(code);
    PutBits(dut.bits_i, 0, kBits, (mantissa | (noise & ~header_.map)) << (kBits - info.man_bits));
    this->sim().Settle();
    PerValue<PlaneWord> words = {};
    words[0] = {.sign = 0, .code = code, .mantissa = mantissa};
    FieldHeader h = header_;
    h.sign_value = false;
    const Fields want = RebuildValues(words, h, config_, read_).values[0];
    ASSERT_EQ(dut.exponent_o, want.exponent) << "code " << code << " width " << h.width;
    ASSERT_EQ(dut.mantissa_o >> (kBits - info.man_bits), want.mantissa)
        << "code " << code << " width " << h.width << " mantissa " << mantissa << " map " << h.map
        << " read " << read_ << " " << ToString(config_.format);
  }

  FieldHeader header_;
  actplane::Config config_;
  uint32_t read_ = 0;
};
TYPED_TEST_SUITE(DecValueField, duts::Configs);

// Every code and every mantissa of 16-bit formats, for headers and cuts of any kind.
TYPED_TEST(DecValueField, Exhaustive) {
  ACTP_CLAUSE("F-3.6", "F-3.7", "F-3.9", "F-3.10", "F-3.11", "F-3.12");
  for (const Format format : {Format::kFp16, Format::kBf16}) {
    for (uint64_t i = 0; i < Scaled(40); ++i) {
      const FieldHeader h = RandomHeader(format, this->rng());
      this->Load(h, format, this->rng().OneIn(4) ? Fill::kZero : Fill::kMidpoint,
                 this->rng().Below(InfoOf(format).man_bits + 1));
      for (uint32_t code = 0; code < (1U << h.width); ++code) {
        for (uint32_t m = 0; m <= AllMan(format); ++m) this->Expect(code, m & h.map);
      }
    }
  }
}

TYPED_TEST(DecValueField, RandomMatchesModel) {
  ACTP_CLAUSE("F-3.6", "F-3.7", "F-3.9", "F-3.10", "F-3.11", "F-3.12");
  for (const Format format : TestFixture::Formats()) {
    for (uint64_t i = 0; i < Scaled(40000); ++i) {
      const FieldHeader h = RandomHeader(format, this->rng());
      this->Load(h, format, this->rng().OneIn(4) ? Fill::kZero : Fill::kMidpoint,
                 this->rng().Below(InfoOf(format).man_bits + 1));
      for (int k = 0; k < 10; ++k) {
        const auto code = static_cast<uint32_t>(this->rng().Next() & LowMask(h.width));
        const uint32_t near = static_cast<uint32_t>(LowMask(h.width)) - this->rng().Below(4);
        this->Expect(k % 2 == 0 ? code : near & LowMask32(h.width),
                     static_cast<uint32_t>(this->rng().Next()) & h.map);
      }
    }
  }
}

}  // namespace
}  // namespace actplane::rtl_test
