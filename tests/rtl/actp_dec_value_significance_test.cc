// SPDX-License-Identifier: Apache-2.0
#include "actplane/significance_order.h"
#include "duts.h"
#include "rtl_test.h"

namespace actplane::rtl_test {
namespace {

template <class Config>
class DecValueSignificance : public RtlTest<Config> {
 protected:
  static constexpr uint32_t kDepth = Config::kDepth;
  static constexpr bool kWide = Config::kManBits == kManW;

  static std::vector<Format> Formats() {
    return kWide ? std::vector<Format>{Format::kFp32, Format::kFp16, Format::kBf16}
                 : std::vector<Format>{Format::kFp16, Format::kBf16};
  }

  // `depth` rows with the number k, the highest of weight `top`.
  void Expect(uint32_t k, uint32_t depth, int32_t top, Form form, Format format) {
    auto& dut = this->dut();
    const uint32_t behind = kDepth - depth;
    const auto noise = static_cast<uint32_t>(this->rng().Next());
    PutBits(dut.rows_i, 0, kDepth, k << behind | (noise & LowMask32(behind)));
    PutBits(dut.known_i, 0, kDepth, LowMask32(depth) << behind);
    dut.mid_i = form == Form::kMidRise;
    dut.top_i = static_cast<uint16_t>(static_cast<uint32_t>(top) & LowMask32(9));
    this->sim().Settle();
    const FormatInfo info = InfoOf(format);
    const int32_t step = top - static_cast<int32_t>(depth) + 1;
    const uint32_t want = RebuildMagnitude(k, step, form, format);
    const uint32_t got = uint32_t{dut.exponent_o} << info.man_bits |
                         dut.mantissa_o >> (Config::kManBits - info.man_bits);
    ASSERT_EQ(got, want) << "k " << k << " depth " << depth << " top " << top << " form "
                         << static_cast<int>(form) << " " << ToString(format);
  }
  static int32_t HighestTop(Format format) {
    return static_cast<int32_t>(InfoOf(format).exp_max) - 1;
  }
};
TYPED_TEST_SUITE(DecValueSignificance, duts::Configs);

// Every k of up to 12 rows, at every weight of FP16, and at those of BF16 that are near the ends.
TYPED_TEST(DecValueSignificance, Exhaustive) {
  ACTP_CLAUSE("F-5.7", "F-5.8", "F-5.9");
  const uint32_t most = std::min(TestFixture::kDepth, 12U);
  for (const Format format : {Format::kFp16, Format::kBf16}) {
    for (int32_t top = -14; top <= TestFixture::HighestTop(format); ++top) {
      if (top == 40) top = 240;
      for (const Form form : {Form::kSigned, Form::kMidRise}) {
        for (uint32_t depth = form == Form::kMidRise ? 0 : 1; depth <= most; ++depth) {
          const bool some = Scaled(8) < 8 && depth > 8;
          for (uint32_t k = 0; k < (1U << depth); k += some ? 1 + this->rng().Below(16) : 1) {
            this->Expect(k, depth, top, form, format);
          }
        }
      }
    }
  }
}

TYPED_TEST(DecValueSignificance, RandomMatchesModel) {
  ACTP_CLAUSE("F-5.7", "F-5.8", "F-5.9");
  for (const Format format : TestFixture::Formats()) {
    for (uint64_t i = 0; i < Scaled(400000); ++i) {
      const bool low = this->rng().OneIn(2);
      const int32_t top =
          -14 + static_cast<int32_t>(this->rng().Below(low ? 44U : InfoOf(format).exp_max + 14U));
      const Form form = this->rng().OneIn(2) ? Form::kMidRise : Form::kUnsigned;
      const uint32_t least = form == Form::kMidRise ? 0 : 1;
      const uint32_t depth = least + this->rng().Below(TestFixture::kDepth - least + 1);
      const uint32_t bits = this->rng().Below(depth + 1);
      this->Expect(static_cast<uint32_t>(this->rng().Next()) & LowMask32(bits), depth, top, form,
                   format);
    }
  }
}

// No rows and no middle: a zero, at any weight.
TYPED_TEST(DecValueSignificance, DeadGroupsAreZeros) {
  ACTP_CLAUSE("F-5.10");
  auto& dut = this->dut();
  for (int32_t top = -14; top < 255; ++top) {
    PutRandom(dut.rows_i, TestFixture::kDepth, this->rng());
    dut.known_i = 0;
    dut.mid_i = 0;
    dut.top_i = static_cast<uint16_t>(static_cast<uint32_t>(top) & LowMask32(9));
    this->sim().Settle();
    EXPECT_EQ(dut.exponent_o, 0);
    EXPECT_EQ(dut.mantissa_o, 0U);
  }
}

}  // namespace
}  // namespace actplane::rtl_test
