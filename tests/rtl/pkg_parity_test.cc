// SPDX-License-Identifier: Apache-2.0
// actp_pkg says the same as the model's headers.
#include "Vactp_pkg_probe_only.h"
#include "rtl_test.h"

namespace actplane::rtl_test {
namespace {

struct Only {
  using Dut = Vactp_pkg_probe_only;
};
using PkgParity = RtlTest<Only>;

TEST_F(PkgParity, FormatNumbers) {
  ACTP_CLAUSE("F-2.1");
  sim().Settle();
  EXPECT_EQ(dut().fp32_o, static_cast<uint32_t>(Format::kFp32));
  EXPECT_EQ(dut().fp16_o, static_cast<uint32_t>(Format::kFp16));
  EXPECT_EQ(dut().bf16_o, static_cast<uint32_t>(Format::kBf16));
}

TEST_F(PkgParity, WidthsHoldTheLargestFormat) {
  ACTP_CLAUSE("F-2.1", "F-3.1", "F-3.3", "F-3.4", "F-4.2");
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
  EXPECT_GE(LowMask(dut().slot_w_o), MaxSlotBytes(Format::kFp32, kMaxBlockLen, Order::kField));
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
        EXPECT_EQ(dut().min_slot_o, MinSlotBytes(format, n, Order::kField));
        EXPECT_EQ(dut().max_slot_o, MaxSlotBytes(format, n, Order::kField));
      }
    }
  }
}

// 3 is no format: it counts as FP32 and says so.
TEST_F(PkgParity, NoFormat) {
  dut().fmt_i = 3;
  dut().block_len_i = kMinBlockLen;
  sim().Settle();
  EXPECT_FALSE(dut().is_format_o);
  EXPECT_FALSE(dut().is_narrow_o);
  EXPECT_EQ(dut().exp_bits_o, 8);
  EXPECT_EQ(dut().man_bits_o, 23);
  EXPECT_EQ(dut().exp_max_o, 255);
  EXPECT_EQ(dut().min_slot_o, MinSlotBytes(Format::kFp32, kMinBlockLen, Order::kField));
  EXPECT_EQ(dut().max_slot_o, MaxSlotBytes(Format::kFp32, kMinBlockLen, Order::kField));
}

}  // namespace
}  // namespace actplane::rtl_test
