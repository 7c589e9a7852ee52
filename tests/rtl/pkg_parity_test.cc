// SPDX-License-Identifier: Apache-2.0
// actp_pkg says the same as the model's headers.
#include <fmt/format.h>

#include <bit>

#include "Vactp_pkg_probe_only.h"
#include "actplane/significance_order.h"
#include "rtl_test.h"

namespace actplane::rtl_test {
namespace {

struct Only {
  using Dut = Vactp_pkg_probe_only;
};
using PkgParity = RtlTest<Only>;

TEST_F(PkgParity, Versions) {
  sim().Settle();
  EXPECT_EQ(fmt::format("{}.{}.{}", dut().version_o >> 16, dut().version_o >> 8 & 255U,
                        dut().version_o & 255U),
            ACTP_PACKAGE_VERSION);
  EXPECT_EQ(dut().format_version_o, kFormatVersion);
}

TEST_F(PkgParity, NumbersOfTests) {
  sim().Settle();
  for (uint32_t k = 0; k < 8; ++k)
    EXPECT_EQ(GetBits(dut().stored_bits_o, 32 * k, 32), StoredBits(8 + 3 * k));
  EXPECT_EQ(dut().region_w_o, kRegionW);
  EXPECT_EQ(dut().kinds_o, kBypass | kRegion << 2 | kRefused << 4);
  EXPECT_EQ(dut().bursts_o, kBurstFixed | kBurstIncr << 2 | kBurstWrap << 4);
}

TEST_F(PkgParity, FormatNumbers) {
  ACTP_CLAUSE("F-2.1");
  sim().Settle();
  EXPECT_EQ(dut().fp32_o, static_cast<uint32_t>(Format::kFp32));
  EXPECT_EQ(dut().fp16_o, static_cast<uint32_t>(Format::kFp16));
  EXPECT_EQ(dut().bf16_o, static_cast<uint32_t>(Format::kBf16));
}

TEST_F(PkgParity, WidthsHoldTheLargestFormat) {
  ACTP_CLAUSE("F-2.1", "F-3.3", "F-3.4");
  sim().Settle();
  const FormatInfo fp32 = InfoOf(Format::kFp32);
  EXPECT_EQ(dut().exp_w_o, fp32.exp_bits);
  EXPECT_EQ(dut().man_w_o, fp32.man_bits);
  EXPECT_EQ(dut().man_w_o, kManW);
  EXPECT_EQ(dut().code_w_o, fp32.exp_bits + 1);
  EXPECT_EQ(dut().code_w_o, kCodeW);
  EXPECT_EQ(dut().rows_o, kRows);
  EXPECT_EQ(dut().row_sign_o, 0U);
  EXPECT_EQ(dut().row_code_o, kRowCode);
  EXPECT_EQ(dut().row_man_o, kRowMan);
  EXPECT_GE(LowMask(dut().rank_w_o), uint64_t{kRows} + 2);
  EXPECT_EQ(dut().head_w_o, 16 + 2 * ExtensionWordBits(Format::kFp32));
  EXPECT_GE(LowMask(dut().slot_w_o), MaxFieldSlotBytes(Format::kFp32, kMaxBlockLen));
  EXPECT_GE(LowMask(dut().width_w_o), fp32.exp_bits + 1);
}

TEST_F(PkgParity, FunctionsOfTheFormat) {
  ACTP_CLAUSE("F-2.1", "F-2.6", "F-3.3", "F-3.4");
  for (const Format format : kFormats) {
    SCOPED_TRACE(ToString(format));
    const FormatInfo info = InfoOf(format);
    dut().fmt_i = static_cast<uint8_t>(format);
    for (uint32_t n = kMinBlockLen; n <= kMaxBlockLen; n *= 2) {
      for (const bool extension : {false, true}) {
        dut().block_len_i = n;
        dut().extension_i = extension;
        sim().Settle();
        EXPECT_EQ(dut().exp_bits_o, info.exp_bits);
        EXPECT_EQ(dut().man_bits_o, info.man_bits);
        EXPECT_EQ(dut().exp_max_o, info.exp_max);
        EXPECT_EQ(dut().is_narrow_o, info.value_bytes == 2);
        EXPECT_TRUE(dut().is_format_o);
        EXPECT_EQ(dut().man_rows_o, AlignMan(AllMan(format), format));
        EXPECT_EQ(dut().ext_word_bytes_o, ExtensionWordBits(format) / 8);
        EXPECT_EQ(dut().head_bytes_o * 8U, HeaderBits({.extension = extension}, format));
        EXPECT_EQ(dut().min_slot_o, MinFieldSlotBytes(format, n));
        EXPECT_EQ(dut().max_slot_o, MaxFieldSlotBytes(format, n));
      }
    }
  }
}

TEST_F(PkgParity, OrderSignificance) {
  ACTP_CLAUSE("F-2.6", "F-5.1", "F-5.12", "F-5.13");
  sim().Settle();
  EXPECT_EQ(dut().poisoned_o, kPoisonedWidth);
  EXPECT_EQ(dut().pair_o, kPairWidth);
  EXPECT_EQ(dut().unsigned_o, static_cast<uint32_t>(Form::kUnsigned));
  EXPECT_EQ(dut().signed_o, static_cast<uint32_t>(Form::kSigned));
  EXPECT_EQ(dut().mid_rise_o, static_cast<uint32_t>(Form::kMidRise));
  EXPECT_EQ(dut().specials_o, static_cast<uint32_t>(Form::kSpecials));
  EXPECT_GE(LowMask(dut().limit_w_o), uint64_t{kMaxRowLimit});
  EXPECT_EQ(LowMask(dut().delta_w_o), uint64_t{kMaxDelta} + 1);
  EXPECT_GE(LowMask(dut().front_w_o), uint64_t{3 + 5 * kMaxGroups / 8});
  for (uint32_t n = kMinBlockLen; n <= kMaxBlockLen; n *= 2) {
    for (uint32_t k = kMinGroupLen; k <= kMaxGroupLen; k *= 2) {
      for (uint32_t limit = kMinRowLimit; limit <= kMaxRowLimit; ++limit) {
        const Config config = {
            .block_len = n, .order = Order::kSignificance, .group_len = k, .row_limit = limit};
        dut().block_len_i = n;
        dut().groups_i = n / k;
        dut().row_limit_i = static_cast<uint8_t>(limit);
        sim().Settle();
        EXPECT_EQ(dut().min_slot_significance_o, MinSlotBytes(config));
        EXPECT_EQ(dut().max_slot_significance_o, MaxSlotBytes(config));
      }
    }
  }
}

// A format that is not built in counts as the lowest that is and says so; 3 never is one.
TEST_F(PkgParity, FormatsLeftOut) {
  dut().block_len_i = kMinBlockLen;
  for (uint8_t formats = 1; formats < 8; ++formats) {
    uint32_t ones = 0, zeros = 0;
    for (uint8_t asked = 0; asked < 4; ++asked) {
      SCOPED_TRACE(fmt::format("formats {} asked {}", formats, asked));
      const bool has = asked < 3 && BitOf(formats, asked) != 0;
      const auto read = static_cast<Format>(has ? asked : std::countr_zero(formats));
      dut().asked_i = asked;
      dut().formats_i = formats;
      sim().Settle();
      const uint32_t limited = dut().limited_o;
      dut().fmt_i = static_cast<uint8_t>(limited);
      sim().Settle();
      EXPECT_EQ(dut().is_format_o != 0, has);
      EXPECT_EQ(dut().is_narrow_o != 0, IsNarrow(read));
      EXPECT_EQ(dut().exp_bits_o, InfoOf(read).exp_bits);
      EXPECT_EQ(dut().man_bits_o, InfoOf(read).man_bits);
      EXPECT_EQ(dut().exp_max_o, InfoOf(read).exp_max);
      EXPECT_EQ(dut().man_rows_o, AlignMan(AllMan(read), read));
      EXPECT_EQ(dut().min_slot_o, MinFieldSlotBytes(read, kMinBlockLen));
      EXPECT_EQ(dut().max_slot_o, MaxFieldSlotBytes(read, kMinBlockLen));
      ones |= limited;
      zeros |= ~limited;
    }
    // What synthesis is to remove hangs on this: as many bits change as there are formats to tell
    // apart, and with 16-bit formats alone none of FP32 is left.
    EXPECT_EQ(std::popcount(ones & zeros & 3U), std::popcount(formats) - 1) << int{formats};
    EXPECT_EQ((~zeros & 3U) == 0, BitOf(formats, 0) != 0) << int{formats};
  }
}

}  // namespace
}  // namespace actplane::rtl_test
