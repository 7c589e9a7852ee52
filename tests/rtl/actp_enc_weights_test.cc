// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <bit>

#include "duts.h"
#include "front_test.h"

namespace actplane::rtl_test {
namespace {

template <class Config>
class EncWeights : public RtlTest<Config> {
 protected:
  void Expect(const std::array<uint32_t, 4>& patterns, Format format, bool used) {
    auto& dut = this->dut();
    const FormatInfo info = InfoOf(format);
    uint32_t top = 0;
    std::array<uint32_t, 2> low = {};
    bool zero = false, special = false, negative = false;
    for (uint32_t i = 0; i < 4; ++i) {
      const Fields v = Classify(patterns[i], format);
      PutBits(dut.fields_i, i * 32, 32,
              v.sign << 31 | v.exponent << 23 | AlignMan(v.mantissa, format));
      if (!used) continue;
      zero |= v.cls == ValueClass::kZero;
      special |= IsSpecial(v.cls);
      negative |= v.sign != 0;
      if (!IsFinite(v.cls)) continue;
      const uint32_t lead = v.cls == ValueClass::kNormal ? 1U << info.man_bits : 0U;
      const int32_t unit =
          static_cast<int32_t>(std::max(v.exponent, 1U)) - static_cast<int32_t>(info.man_bits);
      const int32_t last = unit + std::countr_zero(v.mantissa | lead);
      top = std::max(top, static_cast<uint32_t>(WeightOf(v, format) + 32));
      low[i / 2] = std::max(low[i / 2], static_cast<uint32_t>(256 - last));
    }
    dut.exp_max_i = static_cast<uint8_t>(info.exp_max);
    dut.used_i = used;
    this->sim().Settle();
    ASSERT_EQ(dut.top_o, top) << std::hex << patterns[0] << " " << patterns[1];
    ASSERT_EQ(GetBits(dut.low_o, 0, 9), low[0]) << std::hex << patterns[0] << " " << patterns[1];
    ASSERT_EQ(GetBits(dut.low_o, 9, 9), low[1]) << std::hex << patterns[2] << " " << patterns[3];
    ASSERT_EQ(dut.any_zero_o != 0, zero);
    ASSERT_EQ(dut.any_special_o != 0, special);
    ASSERT_EQ(dut.any_negative_o != 0, negative);
  }

  // A value beside which another one shows.
  uint32_t Other(Format format) {
    Rng& rng = this->rng();
    const FormatInfo info = InfoOf(format);
    auto p = static_cast<uint32_t>(rng.Next()) & LowMask32(8 * info.value_bytes);
    const uint32_t exponents = info.exp_max << info.man_bits;
    if (rng.OneIn(2)) return 0;
    if (rng.OneIn(2)) p &= ~LowMask32(rng.Below(info.man_bits + 1));
    if (rng.OneIn(2)) p &= ~exponents;
    if (rng.OneIn(4)) p &= ~exponents & LowMask32(rng.Below(info.man_bits + 1));
    if (rng.OneIn(8)) p |= exponents;
    return p;
  }
};
TYPED_TEST_SUITE(EncWeights, duts::Configs);

TYPED_TEST(EncWeights, Exhaustive) {
  ACTP_CLAUSE("F-5.7", "F-6.9");
  for (const Format format : {Format::kFp16, Format::kBf16}) {
    for (uint32_t p = 0; p < 0x10000; ++p) {
      for (uint32_t place = 0; place < 4; ++place) {
        std::array<uint32_t, 4> patterns;
        for (uint32_t& v : patterns) v = this->Other(format);
        patterns[place] = p;
        this->Expect(patterns, format, !this->rng().OneIn(16));
      }
    }
  }
}

TYPED_TEST(EncWeights, RandomMatchesModel) {
  ACTP_CLAUSE("F-5.7", "F-6.9");
  for (uint64_t i = 0; i < Scaled(400000); ++i) {
    std::array<uint32_t, 4> patterns;
    for (uint32_t& v : patterns) v = this->Other(Format::kFp32);
    this->Expect(patterns, Format::kFp32, true);
  }
}

}  // namespace
}  // namespace actplane::rtl_test
