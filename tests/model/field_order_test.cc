// SPDX-License-Identifier: Apache-2.0
// docs/format.md sections 3, 4 and 7: order field, step by step.
#include "actplane/field_order.h"

#include <gtest/gtest.h>

#include <bit>

#include "actplane/codec.h"
#include "model/block_cases.h"
#include "support/clause.h"

namespace actplane {
namespace {

using namespace testing_support;

BaseInfo InfoOfPatterns(const std::vector<uint32_t>& patterns, const Config& config) {
  return FindBase(Classify(GatherBlock(ToBytes(patterns, config.format), config)));
}

const Config kLossless{.format = Format::kFp16, .block_len = 32, .lossless = true};

TEST(FindBase, TakesTheLargestFiniteExponent) {
  ACTP_CLAUSE("F-4.1");
  EXPECT_EQ(InfoOfPatterns(Patterns({kOne, kHalf, kInf, kNan}), kLossless).base, 15U);
  EXPECT_EQ(InfoOfPatterns(Patterns({0x0001}), kLossless).base, 0U);
  EXPECT_EQ(InfoOfPatterns(Patterns({kInf, kNan}), kLossless).base, 0U);
}

TEST(FindBase, WidthMakesRoomForTheReservedCodes) {
  ACTP_CLAUSE("F-4.2");
  struct Case {
    std::vector<uint32_t> patterns;
    int32_t delta;
    uint32_t width;
  };
  const Case cases[] = {
      {Patterns({}, kOne), 0, 0},                     // one exponent, nothing reserved
      {Patterns({}), -1, 0},                          // all zero: the only code
      {Patterns({kOne}), 0, 1},                       // and a zero
      {Patterns({kHalf}, kOne), 1, 1},                // deltas 0, 1
      {Patterns({kHalf, 0}, kOne), 1, 2},             // and a zero
      {Patterns({}, kNan), -1, 1},                    // NaN and Inf take two codes
      {Patterns({kOne, kInf}), 0, 2},                 // delta 0, zero, NaN, Inf
      {Patterns({kHalf, kInf}, kOne), 1, 2},          // deltas 0, 1, NaN, Inf
      {Patterns({kHalf, kInf, 0}, kOne), 1, 3},       // five codes
      {Patterns({0x7bff, 0x0001}, kOne), 30, 5},      // widest gap: 31 codes
      {Patterns({0x7bff, 0x0001, 0}, kOne), 30, 5},   // 32 codes
      {Patterns({0x7bff, 1, 0, kInf}, kOne), 30, 6},  // 34 codes
  };
  for (const Case& c : cases) {
    const BaseInfo info = InfoOfPatterns(c.patterns, kLossless);
    EXPECT_EQ(info.max_delta, c.delta);
    EXPECT_EQ(info.needed_width, c.width);
  }
}

TEST(FindBase, UniformPlanesIgnoreZerosAndInf) {
  ACTP_CLAUSE("F-4.3");
  const BaseInfo mask = InfoOfPatterns(Patterns({0x3c71, 0, 0x3c71, kInf}, 0), kLossless);
  EXPECT_EQ(mask.uniform_map, 0x3ffU);
  EXPECT_EQ(mask.uniform_value, 0x071U);
  const BaseInfo mixed = InfoOfPatterns(Patterns({0x3c03, 0x3c01}, 0x3801), kLossless);
  EXPECT_EQ(mixed.uniform_map, 0x3fdU);
  EXPECT_EQ(mixed.uniform_value, 0x001U);
  EXPECT_EQ(InfoOfPatterns(Patterns({0x7c01, kOne}), kLossless).uniform_map,
            0x3feU);  // a NaN takes part
  const BaseInfo nothing = InfoOfPatterns(Patterns({kInf}), kLossless);
  EXPECT_EQ(nothing.uniform_map, 0x3ffU);
  EXPECT_EQ(nothing.uniform_value, 0U);
}

TEST(FindBase, SignPlaneCountsEveryValue) {
  ACTP_CLAUSE("F-4.3");
  EXPECT_FALSE(InfoOfPatterns(Patterns({kOne}), kLossless).any_negative);
  EXPECT_TRUE(InfoOfPatterns(Patterns({kMinusZero}), kLossless).any_negative);
  EXPECT_FALSE(InfoOfPatterns(Patterns({0}, kMinusOne), kLossless).all_negative);
  EXPECT_TRUE(InfoOfPatterns(Patterns({kMinusZero}, kMinusOne), kLossless).all_negative);
}

TEST(SchedulePlanes, ExtensionOnlyWhereItPays) {
  ACTP_CLAUSE("F-4.4", "F-4.9", "F-3.2", "F-3.3");
  // One uniform plane saves 32 bits, the extension costs 32: not smaller, so not taken.
  Rng rng(3);
  std::vector<uint32_t> one(32), two(32);
  for (uint32_t i = 0; i < 32; ++i) {
    one[i] = kOne | (rng.Below(512) << 1) | 1;
    two[i] = kOne | (rng.Below(256) << 2) | 1;
  }
  EXPECT_FALSE(WholeHeader(InfoOfPatterns(one, kLossless), Format::kFp16, 32).extension);
  const FieldHeader h = WholeHeader(InfoOfPatterns(two, kLossless), Format::kFp16, 32);
  EXPECT_TRUE(h.extension);
  EXPECT_EQ(h.map, 0x3fcU);
  EXPECT_EQ(h.value, 0x001U);
  // Specials always need it, and all-negative blocks get their sign plane for nothing.
  EXPECT_TRUE(
      WholeHeader(InfoOfPatterns(Patterns({kInf}, kOne), kLossless), Format::kFp16, 32).special);
  const FieldHeader negative =
      WholeHeader(InfoOfPatterns(Patterns({}, kMinusOne), kLossless), Format::kFp16, 32);
  EXPECT_TRUE(negative.sign_value);
  EXPECT_FALSE(negative.sign_stored);
}

TEST(SchedulePlanes, BlockThatFitsIsStoredWhole) {
  ACTP_CLAUSE("F-4.5", "F-3.13");
  Rng rng(5);
  const auto patterns = MakePatterns(Kind::kNormal, Format::kFp16, 32, rng);
  const uint64_t bits = WholeSizeBits(InfoOfPatterns(patterns, kLossless), Format::kFp16, 32);
  const auto bytes = static_cast<uint32_t>(bits / 8);
  const Config fits = Fp16Config(Order::kField, bytes);
  EXPECT_TRUE(Encode(patterns, fits).trace.field.lossless);
  EXPECT_EQ(RoundTrip(patterns, fits), patterns);
  const Config short_by_one = Fp16Config(Order::kField, bytes - 1);
  EXPECT_FALSE(Encode(patterns, short_by_one).trace.field.lossless);
  EXPECT_FALSE(Decode(Encode(patterns, short_by_one).slot, short_by_one).trace.field.lossless);
}

TEST(SchedulePlanes, SlotCapsTheWidthAndFlushesTheSmallest) {
  ACTP_CLAUSE("F-4.6", "F-4.7", "F-4.10", "F-3.6", "F-3.8");
  // 18 bytes, the smallest slot: two delta planes, so deltas 0 .. 2 and the zero code.
  const Config config = Fp16Config(Order::kField, 18);
  auto patterns = Patterns({0x3c00, 0x3800, 0x3400, 0x3000, 0xb000, 0x0001}, 0xbc00);
  for (uint32_t i = 6; i < 32; ++i) patterns[i] |= i * 31;
  const Coded coded = Encode(patterns, config);
  EXPECT_EQ(coded.trace.field.header.width, 2U);
  EXPECT_TRUE(coded.trace.field.header.saturated);
  EXPECT_TRUE(coded.trace.field.header.zero_code);
  EXPECT_EQ(coded.trace.field.words[2].code, 2U);
  EXPECT_EQ(coded.trace.field.words[3].code, 3U);
  const auto back = Decode(coded.slot, config).patterns;
  EXPECT_EQ(back[2] & 0x7c00, 0x3400U);
  EXPECT_EQ(back[3], 0U);
  EXPECT_EQ(back[4], kMinusZero);  // the sign stays
  EXPECT_EQ(back[5], 0U);
}

TEST(SchedulePlanes, DeltaCapNarrowsTruncatedBlocksOnly) {
  ACTP_CLAUSE("F-2.4", "F-4.6");
  Rng rng(11);
  auto patterns = MakePatterns(Kind::kNormal, Format::kFp16, 32, rng);
  patterns[0] = 0x1000;
  Config config = Fp16Config(Order::kField, 40);
  const uint32_t free_width = Encode(patterns, config).trace.field.header.width;
  ASSERT_GT(free_width, 3U);
  config.delta_cap = 3;
  EXPECT_EQ(Encode(patterns, config).trace.field.header.width, 3U);
  config.delta_cap = 1;
  patterns[1] = kInf;  // four codes at least: delta 0, zero, NaN, Inf
  EXPECT_EQ(Encode(patterns, config).trace.field.header.width, 2U);
  config.lossless = true;
  EXPECT_GT(Encode(patterns, config).trace.field.header.width, 3U);
}

TEST(SchedulePlanes, TruncatedBlockTakesTheExtensionForPlanesWithinReach) {
  ACTP_CLAUSE("F-4.8");
  // Low planes that the slot never reaches do not pay; high ones do.
  Rng rng(13);
  std::vector<uint32_t> low(32), high(32);
  for (uint32_t i = 0; i < 32; ++i) {
    const uint32_t spread = (i % 15) << 10;
    low[i] = (0x0400 + spread) | rng.Below(64) << 4;
    high[i] = (0x0400 + spread) | rng.Below(32);
  }
  low[1] |= 0x8000;
  high[1] |= 0x8000;
  const Config config = Fp16Config(Order::kField, 32);
  EXPECT_FALSE(Encode(low, config).trace.field.header.extension);
  EXPECT_TRUE(Encode(high, config).trace.field.header.extension);
}

TEST(PackHeader, BitsAreWhereTheTableSays) {
  ACTP_CLAUSE("F-3.1", "F-3.3");
  const FieldHeader h{.base = 0x5a,
                      .width = 6,
                      .zero_code = true,
                      .sign_stored = false,
                      .extension = true,
                      .saturated = true,
                      .map = 0x400001,
                      .value = 0x0f0f0,
                      .special = true,
                      .sign_value = true};
  std::vector<std::byte> slot(8);
  BitWriter out(slot);
  PackHeader(h, Format::kFp32, out);
  EXPECT_EQ(out.position(), 64U);
  BitReader in(slot);
  EXPECT_EQ(in.Get(8), 0x5aU);
  EXPECT_EQ(in.Get(4), 6U);
  EXPECT_EQ(in.Get(4), 0b1101U);
  EXPECT_EQ(in.Get(24), 0x400001U | 1U << 23);
  EXPECT_EQ(in.Get(24), 0x0f0f0U | 1U << 23);
  FieldHeader parsed;
  BitReader again(slot);
  Config config;
  config.slot_bytes = 160;
  std::vector<std::byte> whole(160);
  std::copy(slot.begin(), slot.end(), whole.begin());
  BitReader from_whole(whole);
  EXPECT_EQ(ParseHeader(from_whole, config, parsed), Malformed::kNone);
  EXPECT_EQ(parsed, h);
}

TEST(ToPlanes, TransposesThereAndBack) {
  ACTP_CLAUSE("F-3.1", "F-3.4");
  PerValue<PlaneWord> words;
  Rng rng(17);
  for (uint32_t i = 0; i < 256; ++i) {
    words[i] = {rng.Below(2), rng.Below(512), rng.Below(1 << 23)};
  }
  const Planes planes = ToPlanes(words, 256);
  for (uint32_t i = 0; i < 256; ++i) {
    EXPECT_EQ(planes.sign.Get(i), words[i].sign != 0);
    EXPECT_EQ(planes.mantissa[22].Get(i), BitOf(words[i].mantissa, 22) != 0);
  }
  EXPECT_EQ(FromPlanes(planes, 256), words);
}

TEST(EncodeField, RowsOfAGroupFollowInTheOrderOfItsPlanes) {
  ACTP_CLAUSE("F-3.4", "F-2.7");
  // Signs alternate, deltas 0 and 1, mantissa bit 9 in every third value.
  std::vector<uint32_t> patterns(32);
  Plane sign, delta, top;
  for (uint32_t i = 0; i < 32; ++i) {
    patterns[i] = (i % 2) << 15 | (i % 4 == 0 ? 0x3800U : 0x3c00U) | (i % 3 == 0 ? 0x200U : 0U) | i;
    if (i % 2 != 0) sign.Set(i);
    if (i % 4 == 0) delta.Set(i);
    if (i % 3 == 0) top.Set(i);
  }
  const Coded coded = Encode(patterns, kLossless);
  BitReader in(coded.slot);
  in.Get(HeaderBits(coded.trace.field.header, Format::kFp16));
  for (uint32_t g = 0; g < 4; ++g) {
    const auto row = [g](const Plane& plane) { return plane.words()[0] >> (8 * g) & 0xff; };
    EXPECT_EQ(in.Get(8), row(sign));
    EXPECT_EQ(in.Get(8), row(delta));
    EXPECT_EQ(in.Get(8), row(top));
    for (int left = std::popcount(coded.trace.field.header.map) - 1; left > 0; --left) in.Get(8);
  }
}

// The remark of F-3.5: what is lost does not depend on the layout.
TEST(EncodeField, AValueKnowsThePlanesThatWholePlanesInARowWouldGiveIt) {
  ACTP_CLAUSE("F-3.4", "F-3.5");
  for (const Format format : {Format::kFp32, Format::kFp16, Format::kBf16}) {
    const uint32_t man = InfoOf(format).man_bits;
    for (uint32_t n = 32; n <= 256; n *= 2) {
      for (const bool extension : {false, true}) {
        for (uint32_t width = 0; width < 4; ++width) {
          const FieldHeader h{.width = width,
                              .sign_stored = width % 2 == 0,
                              .extension = extension,
                              .map = static_cast<uint32_t>(LowMask(man - width))};
          const uint32_t stored = (h.sign_stored ? 1 : 0) + width + man - width;
          const Config config{.format = format, .block_len = n};
          for (uint32_t bytes = MinFieldSlotBytes(format, n); bytes <= MaxFieldSlotBytes(format, n);
               ++bytes) {
            const uint64_t payload = 8 * bytes - HeaderBits(h, format);
            for (uint32_t i = 0; i < n; ++i) {
              uint32_t known = 0;
              while (known < stored && uint64_t{n} * known + i < payload) ++known;
              ASSERT_EQ(RowsOfGroup(h, config, 8 * uint64_t{bytes}, i / 8), known);
            }
          }
        }
      }
    }
  }
}

TEST(RebuildValues, FillIsTheMiddleOfWhatIsLost) {
  ACTP_CLAUSE("F-3.5", "F-3.9", "F-3.10");
  FieldHeader h{.base = 15, .width = 0, .map = 0x3ff};
  PerValue<PlaneWord> words;
  for (PlaneWord& w : words) w.mantissa = 0x3ff;
  Config config = Fp16Config(Order::kField, 24);
  // Planes 9 and 8 whole, plane 7 for the first five values.
  auto fields = RebuildValues(words, h, config, 2 * 32 + 5);
  EXPECT_EQ(fields.values[4].mantissa, 0b1110111111U);
  EXPECT_EQ(fields.values[5].mantissa, 0b1101111111U);
  for (PlaneWord& w : words) w.mantissa = 0b1101111111;
  fields = RebuildValues(words, h, config, 2 * 32 + 5);
  EXPECT_EQ(fields.values[4].mantissa, 0b1101000000U);
  EXPECT_EQ(fields.values[5].mantissa, 0b1101111111U);
  // The bit above may be that of the exponent.
  fields = RebuildValues(words, h, config, 0);
  EXPECT_EQ(fields.values[0].mantissa, 0b0111111111U);
  h.base = 14;
  EXPECT_EQ(RebuildValues(words, h, config, 0).values[0].mantissa, 0b1000000000U);
  for (PlaneWord& w : words) w.mantissa = 0x3ff;
  config.fill = Fill::kZero;
  fields = RebuildValues(words, h, config, 2 * 32 + 5);
  EXPECT_EQ(fields.values[4].mantissa, 0b1110000000U);
  EXPECT_EQ(fields.values[5].mantissa, 0b1100000000U);
  // Nothing lost: no midpoint.
  config.fill = Fill::kMidpoint;
  EXPECT_EQ(RebuildValues(words, h, config, 320).values[31].mantissa, 0x3ffU);
}

TEST(RebuildValues, UniformPlanesAreKnownBelowTheCut) {
  ACTP_CLAUSE("F-3.2", "F-3.3", "F-3.9", "F-3.10");
  // Planes 9 and 0 stored, 8 .. 1 uniform: 8 reads 1, the others 0.
  FieldHeader h{.base = 15, .extension = true, .map = 0x201, .value = 0x100};
  const PerValue<PlaneWord> words = {};
  Config config = Fp16Config(Order::kField, 24);
  EXPECT_EQ(RebuildValues(words, h, config, 32).values[0].mantissa, 0b0100000001U);
  EXPECT_EQ(RebuildValues(words, h, config, 0).values[0].mantissa, 0b0100000001U);
  h.base = 14;
  EXPECT_EQ(RebuildValues(words, h, config, 0).values[0].mantissa, 0b1100000000U);
}

TEST(RebuildValues, ReservedCodesComeBeforeDeltas) {
  ACTP_CLAUSE("F-3.6", "F-3.7", "F-3.8", "F-3.11", "F-3.12");
  FieldHeader h{.base = 2,
                .width = 3,
                .zero_code = true,
                .sign_stored = true,
                .extension = true,
                .map = 0x3ff,
                .special = true};
  PerValue<PlaneWord> words;
  words[0] = {1, 7, 0x155};  // zero, garbage in the mantissa
  words[1] = {1, 6, 0x001};  // NaN
  words[2] = {1, 5, 0x155};  // Inf, garbage in the mantissa
  words[3] = {1, 4, 0x155};  // delta beyond the base
  words[4] = {0, 2, 0x155};  // exponent 0: subnormal
  const Config config = Fp16Config(Order::kField, 24);
  const auto whole = RebuildValues(words, h, config, 320);
  const auto pattern = [&](const BlockFields& f, uint32_t i) {
    return Assemble(f.values[i], Format::kFp16);
  };
  EXPECT_EQ(pattern(whole, 0), 0x8000U);
  EXPECT_EQ(pattern(whole, 1), 0xfc01U);  // complete: payload exact
  EXPECT_EQ(pattern(whole, 2), 0xfc00U);
  EXPECT_EQ(pattern(whole, 3), 0x8000U);
  EXPECT_EQ(pattern(whole, 4), 0x0155U);
  const auto cut = RebuildValues(words, h, config, 319);
  EXPECT_EQ(pattern(cut, 1), 0xfe01U);  // stays a NaN
  EXPECT_EQ(pattern(RebuildValues(words, h, config, 0), 1), 0xfe00U);
  EXPECT_EQ(pattern(RebuildValues(words, h, config, 0), 4), 0x0200U);
}

TEST(Field, SpecialsSurviveEverySlotAndDoNotHurtTheOthers) {
  ACTP_CLAUSE("F-3.11", "F-3.12", "F-4.10");
  Rng rng(19);
  for (uint32_t bytes = MinFieldSlotBytes(Format::kFp16, 32); bytes <= 76; ++bytes) {
    auto patterns = MakePatterns(Kind::kNormal, Format::kFp16, 32, rng);
    patterns[3] = kInf;
    patterns[9] = kMinusInf;
    patterns[12] = 0xfc01;  // a NaN that truncation would turn into Inf
    const auto back = RoundTrip(patterns, Fp16Config(Order::kField, bytes));
    EXPECT_EQ(back[3], kInf);
    EXPECT_EQ(back[9], kMinusInf);
    EXPECT_EQ(Classify(back[12], Format::kFp16).cls, ValueClass::kNan);
    EXPECT_EQ(back[12] >> 15, 1U);
    for (uint32_t i = 0; i < 32; ++i) {
      if (i != 3 && i != 9 && i != 12) {
        EXPECT_LT(Classify(back[i], Format::kFp16).exponent, 31U);
      }
    }
  }
}

TEST(Field, UnusedBitsAreZeroAndIgnored) {
  ACTP_CLAUSE("F-2.8");
  const Config config = Fp16Config(Order::kField, 40);
  const auto patterns = Patterns({kOne, kHalf, kMinusOne});
  Coded coded = Encode(patterns, config);
  const uint64_t used = coded.trace.field.size_bits;
  ASSERT_LT(used, 8 * 40U);
  for (uint64_t b = used; b < 8 * 40; ++b) {
    EXPECT_EQ(BitOf(std::to_integer<uint64_t>(coded.slot[b / 8]), b % 8), 0U);
    coded.slot[b / 8] |= static_cast<std::byte>(1 << (b % 8));
  }
  EXPECT_EQ(Decode(coded.slot, config).verdict, Malformed::kNone);
  EXPECT_EQ(Decode(coded.slot, config).patterns, patterns);
}

TEST(Field, ABeginningGivesTheGroupsThatEndInIt) {
  ACTP_CLAUSE("F-3.15");
  Rng rng(83);
  for (uint32_t i = 0; i < 2000; ++i) {
    Config config = RandomConfig(rng, Order::kField);
    config.lossless = false;
    const auto patterns =
        MakePatterns(kAllKinds[rng.Below(kAllKinds.size())], config.format, config.block_len, rng);
    auto slot = Encode(patterns, config).slot;
    const Decoded whole = Decode(slot, config);
    const FieldHeader& h = whole.trace.field.header;
    const uint32_t groups = 1 + rng.Below(config.block_len / kFieldGroupLen);
    uint64_t end = HeaderBits(h, config.format);
    for (uint32_t g = 0; g < groups; ++g) {
      end += 8 * RowsOfGroup(h, config, 8 * uint64_t{config.slot_bytes}, g);
    }
    for (size_t b = end / 8; b < slot.size(); ++b) slot[b] = static_cast<std::byte>(rng.Next());
    const Decoded cut = Decode(slot, config);
    for (uint32_t v = 0; v < groups * kFieldGroupLen; ++v) {
      ASSERT_EQ(cut.patterns[v], whole.patterns[v]) << i << " " << v;
    }
  }
}

struct BadSlot {
  const char* name;
  std::vector<std::byte> slot;
  Malformed reason;
};

TEST(Field, MalformedSlotsAreNamedAndReadAsZeros) {
  ACTP_CLAUSE("F-7.1", "F-7.4");
  const Config config = Fp16Config(Order::kField, 24);
  const auto header = [](uint64_t base, uint64_t w, uint64_t zgxf) {
    return base | w << 8 | zgxf << 12;
  };
  const BadSlot cases[] = {
      {"base 31", SlotOf(24, {{header(31, 2, 0), 16}}), Malformed::kBase},
      {"base 255", SlotOf(24, {{header(255, 2, 0), 16}}), Malformed::kBase},
      {"w 7", SlotOf(24, {{header(15, 7, 0), 16}}), Malformed::kWidth},
      {"w 15", SlotOf(24, {{header(15, 15, 0), 16}}), Malformed::kWidth},
      {"no room for three codes", SlotOf(24, {{header(15, 1, 0b0101), 16}, {1 << 10, 16}, {0, 16}}),
       Malformed::kWidth},
      {"reserved map bit", SlotOf(24, {{header(15, 2, 0b0100), 16}, {1 << 11, 16}, {0, 16}}),
       Malformed::kReserved},
      {"reserved value bit", SlotOf(24, {{header(15, 2, 0b0100), 16}, {0, 16}, {1 << 15, 16}}),
       Malformed::kReserved},
      {"value of a stored plane", SlotOf(24, {{header(15, 2, 0b0100), 16}, {4, 16}, {4, 16}}),
       Malformed::kReserved},
      {"sign value beside a sign plane",
       SlotOf(24, {{header(15, 2, 0b0110), 16}, {0, 16}, {1 << 10, 16}}), Malformed::kReserved},
      {"delta planes beyond the end", SlotOf(24, {{header(15, 6, 0), 16}}), Malformed::kTooShort},
  };
  for (const BadSlot& c : cases) {
    const Decoded decoded = Decode(c.slot, config);
    EXPECT_EQ(decoded.verdict, c.reason) << c.name << ": " << ToString(decoded.verdict);
    EXPECT_EQ(decoded.patterns, Patterns({})) << c.name;
  }
}

TEST(Field, LosslessSlotMustHaveItsOwnLength) {
  ACTP_CLAUSE("F-7.3", "F-2.5");
  Coded coded = Encode(Patterns({kOne, kHalf}), kLossless);
  ASSERT_EQ(Decode(coded.slot, kLossless).verdict, Malformed::kNone);
  coded.slot.push_back(std::byte{0});
  EXPECT_EQ(Decode(coded.slot, kLossless).verdict, Malformed::kLength);
  coded.slot.resize(coded.slot.size() - 2);
  EXPECT_EQ(Decode(coded.slot, kLossless).verdict, Malformed::kTooShort);
  EXPECT_EQ(Decode({}, kLossless).verdict, Malformed::kTooShort);
}

}  // namespace
}  // namespace actplane
