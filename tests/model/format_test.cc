// SPDX-License-Identifier: Apache-2.0
// docs/format.md section 2: formats, classes, blocks, configurations.
#include "actplane/format.h"

#include <gtest/gtest.h>

#include "actplane/block.h"
#include "model/block_cases.h"
#include "support/clause.h"

namespace actplane {
namespace {

using namespace testing_support;

TEST(Format, GeometryIsThatOfTheStandardFormats) {
  ACTP_CLAUSE("F-2.1");
  const FormatInfo fp32 = InfoOf(Format::kFp32), fp16 = InfoOf(Format::kFp16),
                   bf16 = InfoOf(Format::kBf16);
  EXPECT_EQ(std::tuple(fp32.exp_bits, fp32.man_bits, fp32.value_bytes, fp32.exp_max),
            std::tuple(8, 23, 4, 255));
  EXPECT_EQ(std::tuple(fp16.exp_bits, fp16.man_bits, fp16.value_bytes, fp16.exp_max),
            std::tuple(5, 10, 2, 31));
  EXPECT_EQ(std::tuple(bf16.exp_bits, bf16.man_bits, bf16.value_bytes, bf16.exp_max),
            std::tuple(8, 7, 2, 255));
  EXPECT_EQ(ExtensionWordBits(Format::kFp32), 24U);
  EXPECT_EQ(ExtensionWordBits(Format::kFp16), 16U);
  EXPECT_EQ(ExtensionWordBits(Format::kBf16), 8U);
}

TEST(Format, NamesAreThoseOfTheCommandLine) {
  EXPECT_EQ(ToString(Format::kFp32), "fp32");
  EXPECT_EQ(ToString(Format::kFp16), "fp16");
  EXPECT_EQ(ToString(Format::kBf16), "bf16");
  EXPECT_EQ(ToString(Order::kField), "field");
  EXPECT_EQ(ToString(Order::kSignificance), "significance");
  EXPECT_EQ(ToString(Fill::kMidpoint), "midpoint");
  EXPECT_EQ(ToString(Fill::kZero), "zero");
}

TEST(Format, EveryPatternHasItsClassAndComesBack) {
  ACTP_CLAUSE("F-2.1", "F-2.2");
  for (const Format format : {Format::kFp16, Format::kBf16}) {
    const FormatInfo info = InfoOf(format);
    for (uint32_t p = 0; p < 0x10000; ++p) {
      const Fields v = Classify(p, format);
      const uint32_t e = (p & 0x7fff) >> info.man_bits;
      const uint32_t m = p & ((1U << info.man_bits) - 1);
      const ValueClass expected = e == info.exp_max ? (m != 0 ? ValueClass::kNan : ValueClass::kInf)
                                  : e != 0          ? ValueClass::kNormal
                                  : m != 0          ? ValueClass::kSubnormal
                                                    : ValueClass::kZero;
      ASSERT_EQ(v.cls, expected) << p;
      ASSERT_EQ(Assemble(v, format), p);
    }
  }
  EXPECT_EQ(Classify(0x80000001, Format::kFp32), (Fields{ValueClass::kSubnormal, 1, 0, 1}));
  EXPECT_EQ(Classify(0x7f800000, Format::kFp32).cls, ValueClass::kInf);
  EXPECT_EQ(Assemble(Classify(0xdeadbeef, Format::kFp32), Format::kFp32), 0xdeadbeefU);
}

TEST(Format, ValuesAreLittleEndianAndTheLastBlockIsPaddedWithZeros) {
  ACTP_CLAUSE("F-2.1", "F-2.3");
  const Config config = Fp16Config(Order::kField, 24);
  const std::vector<std::byte> bytes = {std::byte{0x34}, std::byte{0x12}, std::byte{0x78},
                                        std::byte{0x56}};
  const Block block = GatherBlock(bytes, config);
  EXPECT_EQ(block.n, 32U);
  EXPECT_EQ(block.patterns[0], 0x1234U);
  EXPECT_EQ(block.patterns[1], 0x5678U);
  for (uint32_t i = 2; i < 32; ++i) EXPECT_EQ(block.patterns[i], 0U);
  std::vector<std::byte> back(4);
  ScatterBlock(block, back);
  EXPECT_EQ(back, bytes);
}

struct ConfigCase {
  Config config;
  std::string_view fix;  // must be in the message; empty: legal
};

TEST(Format, ImpossibleConfigurationsAreRefusedWithTheFix) {
  ACTP_CLAUSE("F-2.3", "F-2.4", "F-2.6");
  const ConfigCase cases[] = {
      {{}, ""},
      {{.block_len = 48}, "32, 64, 128 or 256"},
      {{.block_len = 16}, "32, 64, 128 or 256"},
      {{.block_len = 512}, "32, 64, 128 or 256"},
      {{.format = static_cast<Format>(3)}, "fp32, fp16 or bf16"},
      {{.order = static_cast<Order>(2)}, "field or significance"},
      {{.fill = static_cast<Fill>(2)}, "midpoint or zero"},
      {{.slot_bytes = 55}, "56 to 536 bytes"},
      {{.slot_bytes = 537}, "56 to 536 bytes"},
      {{.slot_bytes = 3, .order = Order::kSignificance}, "4 to 327 bytes"},
      {{.slot_bytes = 328, .order = Order::kSignificance}, ", or more than 16 rows"},
      {{.slot_bytes = 327, .order = Order::kSignificance}, ""},
      {{.group_len = 16}, "4 or 8"},
      {{.row_limit = 7}, "8 to 24"},
      {{.row_limit = 25}, "8 to 24"},
      {{.lossless = true, .order = Order::kSignificance}, "order field only"},
      {{.lossless = true, .slot_bytes = 0}, ""},
      {{.delta_cap = 9}, ""},
      {{.delta_cap = 10}, "0 (none) to 9"},
      {{.format = Format::kFp16, .delta_cap = 7}, "0 (none) to 6"},
  };
  for (const auto& [config, fix] : cases) {
    const Status status = ValidateConfig(config);
    EXPECT_EQ(status.ok(), fix.empty()) << status.message();
    EXPECT_NE(status.message().find(fix), std::string::npos) << status.message();
    EXPECT_EQ(status.message().find('\n'), std::string::npos);
    if (!fix.empty()) {
      EXPECT_EQ(status.code(), StatusCode::kInvalidConfig);
    }
  }
}

TEST(Format, SlotBoundsAreTheFormulasOfTheDocument) {
  ACTP_CLAUSE("F-2.6");
  EXPECT_EQ(MinFieldSlotBytes(Format::kFp32, 128), 2U + 6 + 48);
  EXPECT_EQ(MinFieldSlotBytes(Format::kFp16, 32), 2U + 4 + 12);
  EXPECT_EQ(MinFieldSlotBytes(Format::kBf16, 256), 2U + 2 + 96);
  EXPECT_EQ(MinSlotBytes({.order = Order::kSignificance}), 4U);
  EXPECT_EQ(MaxFieldSlotBytes(Format::kFp32, 128), 2U + 6 + 33 * 16);
  EXPECT_EQ(MaxSlotBytes({.order = Order::kSignificance}), 3U + 20 + 19 * 16);
  EXPECT_EQ(MaxSlotBytes(
                {.block_len = 32, .order = Order::kSignificance, .group_len = 8, .row_limit = 10}),
            3U + 3 + 13 * 4);
}

TEST(Format, NoBlockNeedsMoreThanTheLargestSlot) {
  ACTP_CLAUSE("F-2.6");
  // All deltas, zero, Inf and NaN, mixed signs, no uniform plane: the worst block there is.
  for (const Format format : {Format::kFp32, Format::kFp16, Format::kBf16}) {
    Config config{.format = format, .block_len = 64, .lossless = true};
    const FormatInfo info = InfoOf(format);
    std::vector<uint32_t> p(64);
    Rng rng(7);
    for (uint32_t i = 0; i < 64; ++i) {
      p[i] = rng.Below(info.exp_max) << info.man_bits | rng.Below(1U << info.man_bits) |
             (i % 2) << (info.exp_bits + info.man_bits);
    }
    p[1] = 0;
    p[2] = 1;
    p[3] = (info.exp_max - 1) << info.man_bits;
    p[4] = info.exp_max << info.man_bits;
    p[5] = (info.exp_max << info.man_bits) + 1;
    const Coded coded = Encode(p, config);
    // The largest slot leaves room for an extension and all planes; this block has the planes.
    EXPECT_EQ(coded.slot.size(), MaxSlotBytes(config)) << ToString(format);
    EXPECT_EQ(Decode(coded.slot, config).patterns, p);
  }
  // Order significance: a special in every group, as many rows as there may be.
  for (const uint32_t group_len : {4U, 8U}) {
    Config config{
        .block_len = 64, .order = Order::kSignificance, .group_len = group_len, .row_limit = 24};
    config.slot_bytes = MaxSlotBytes(config);
    Rng rng(9);
    std::vector<uint32_t> p(64);
    for (uint32_t i = 0; i < 64; ++i) {
      p[i] = i % group_len == 0 ? 0xff800000U : (127 - rng.Below(8)) << 23 | rng.Below(1U << 23);
    }
    p[1] = 127U << 23 | 1;
    p[5] = 113U << 23;  // a wide code
    const Coded coded = Encode(p, config);
    const uint32_t used = coded.trace.significance.size_bits;
    EXPECT_LE(used, 8 * config.slot_bytes);
    EXPECT_GT(used, 8 * config.slot_bytes - 8 * 24);
    EXPECT_EQ(Decode(coded.slot, config).verdict, Malformed::kNone);
  }
}

}  // namespace
}  // namespace actplane
