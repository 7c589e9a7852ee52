// SPDX-License-Identifier: Apache-2.0
#include "actplane/significance_order.h"
#include "duts.h"
#include "ports.h"
#include "rtl_test.h"

namespace actplane::rtl_test {
namespace {

template <class Config>
class EncRound : public RtlTest<Config> {
 protected:
  static constexpr uint32_t kDepth = Config::kDepth;
  static constexpr uint32_t kMan = Config::kManW;

  // Bits of a mantissa that the module sees: all, or a cut one with guard and sticky bit.
  static bool Fits(Format format) { return kMan >= InfoOf(format).man_bits || kMan == kDepth; }

  // The rows of a value in a group with its first row at `top`, of `rows` rows.
  void Expect(const Fields& v, Format format, int32_t top, uint32_t rows, bool mid_rise) {
    auto& dut = this->dut();
    const uint32_t man = InfoOf(format).man_bits;
    const uint32_t aligned = v.mantissa << (kManW - man);
    const uint32_t below = kMan < kManW ? kManW - kMan : 0;
    dut.exp_i = static_cast<uint8_t>(v.exponent);
    Set(dut.man_i, kMan > kManW ? aligned << (kMan - kManW) : aligned >> below);
    dut.sticky_i = (aligned & LowMask32(below)) != 0;
    dut.special_i = IsSpecial(v.cls);
    dut.top_i = static_cast<uint16_t>(top + 16);
    Set(dut.keep_i, LowMask32(rows));
    dut.mid_rise_i = mid_rise;
    this->sim().Settle();
    const GroupPlace place{.magnitude_rows = rows, .step = top - static_cast<int32_t>(rows) + 1};
    const Form form = mid_rise ? Form::kMidRise : Form::kSigned;
    const uint32_t want = IsSpecial(v.cls) || rows == 0 ? 0 : RoundToStep(v, format, form, place);
    uint32_t got = 0;
    for (uint32_t r = 0; r < rows; ++r) got = got << 1 | BitOf(dut.rows_o, r);
    ASSERT_EQ(got, want) << ToString(format) << " exponent " << v.exponent << " mantissa "
                         << v.mantissa << " top " << top << " rows " << rows << " mid-rise "
                         << mid_rise;
    ASSERT_EQ(dut.rows_o >> rows, 0U);
  }

  int32_t Below(int32_t bound) {
    return static_cast<int32_t>(this->rng().Below(static_cast<uint64_t>(bound)));
  }

  // Weights that the first row may have: not below the value, at most 15 below base 1.
  static int32_t Lowest(const Fields& v, Format format) {
    return std::max(IsFinite(v.cls) ? WeightOf(v, format) : -14, -14);
  }
};
TYPED_TEST_SUITE(EncRound, duts::Configs);

// Every value of a 16-bit format, in every group that can hold it.
TYPED_TEST(EncRound, Every16BitValue) {
  ACTP_CLAUSE("F-5.7", "F-6.12");
  const bool all = Scaled(200) == 200;
  for (const Format format : {Format::kFp16, Format::kBf16}) {
    if (TestFixture::kMan < InfoOf(format).man_bits) continue;
    const auto highest = static_cast<int32_t>(InfoOf(format).exp_max - 1);
    for (uint32_t pattern = 0; pattern < 0x8000; ++pattern) {
      const Fields v = Classify(pattern, format);
      const int32_t lowest = TestFixture::Lowest(v, format);
      const int32_t far =
          std::min(highest, lowest + static_cast<int32_t>(TestFixture::kDepth) + 20);
      for (int32_t top = lowest; top <= far; ++top) {
        if (!all && top > lowest + 2 && !this->rng().OneIn(8)) continue;
        const uint32_t rows = this->rng().Below(TestFixture::kDepth + 1);
        this->Expect(v, format, top, rows, false);
        this->Expect(v, format, top, rows, true);
        if (all || pattern % 7 == 0) {
          for (uint32_t r = 0; r <= TestFixture::kDepth; ++r)
            this->Expect(v, format, top, r, false);
        }
      }
      if (highest > far) this->Expect(v, format, far + this->Below(highest - far + 1), 8, false);
    }
  }
}

// FP32, also with only a guard bit and a sticky bit of what lies below the rows.
TYPED_TEST(EncRound, RandomMatchesModel) {
  ACTP_CLAUSE("F-5.7", "F-6.12");
  const Format format = Format::kFp32;
  if (!TestFixture::Fits(format)) GTEST_SKIP() << "no FP32";
  for (uint64_t i = 0; i < Scaled(4000000); ++i) {
    uint32_t pattern = static_cast<uint32_t>(this->rng().Next()) & 0x7fffffff;
    if (i % 2 == 0) {  // near a tie
      pattern &= ~LowMask32(this->rng().Below(24));
      pattern ^= 1U << this->rng().Below(24);
    }
    if (i % 5 == 0) pattern |= LowMask32(23) & ~LowMask32(this->rng().Below(24));
    if (i % 16 == 0) pattern &= LowMask32(this->rng().Below(25));
    // What a store of few rows cuts from a subnormal reads 0.
    if (TestFixture::kMan < 23 && pattern >> 23 == 0)
      pattern &= ~LowMask32(23 - TestFixture::kDepth + 1);
    const Fields v = Classify(pattern, format);
    const int32_t lowest = TestFixture::Lowest(v, format);
    const int32_t room = std::min(254 - lowest, this->Below(60));
    const int32_t top = lowest + (room > 0 ? this->Below(room + 1) : 0);
    this->Expect(v, format, top, this->rng().Below(TestFixture::kDepth + 1), this->rng().OneIn(3));
  }
}

}  // namespace
}  // namespace actplane::rtl_test
