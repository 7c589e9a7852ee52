// SPDX-License-Identifier: Apache-2.0
// docs/format.md sections 5, 6 and 7: order significance, step by step.
#include "actplane/significance_order.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "actplane/codec.h"
#include "model/block_cases.h"
#include "support/clause.h"

namespace actplane {
namespace {

using namespace testing_support;

Config Slot(uint32_t bytes, uint32_t block_len = 32) {
  return Fp16Config(Order::kSignificance, bytes, block_len);
}

BlockFields FieldsOf(const std::vector<uint32_t>& patterns, const Config& config) {
  return Classify(GatherBlock(ToBytes(patterns, config.format), config));
}

Plane PlaneOf(std::initializer_list<uint32_t> indices) {
  Plane p;
  for (const uint32_t i : indices) p.Set(i);
  return p;
}

// L = 0 and the header of section 5 for FP16.
std::pair<uint64_t, uint32_t> Header(uint64_t g, uint64_t a, uint64_t p, uint64_t q,
                                     uint64_t base) {
  return {g << 1 | a << 2 | p << 4 | q << 9 | base << 13, 18};
}

TEST(Align, EffectiveExponentGoesOnBelowTheSmallestNormal) {
  ACTP_CLAUSE("F-5.3");
  EXPECT_EQ(EffectiveExponent(Classify(0x3c00, Format::kFp16), Format::kFp16), 15);
  EXPECT_EQ(EffectiveExponent(Classify(0x0400, Format::kFp16), Format::kFp16), 1);
  EXPECT_EQ(EffectiveExponent(Classify(0x0200, Format::kFp16), Format::kFp16), 0);
  EXPECT_EQ(EffectiveExponent(Classify(0x0001, Format::kFp16), Format::kFp16), -9);
}

TEST(Align, RefinementBitsAreThoseBelowTheLeadingOne) {
  ACTP_CLAUSE("F-5.3", "F-6.3");
  const auto fields = FieldsOf(Patterns({0x3e01, 0xb800, 0x0205, 0x0001, kNan}), Slot(40));
  EXPECT_EQ(FindSignificanceBase(fields), 15U);
  const auto values = AlignValues(fields, 15);
  EXPECT_EQ(values[0], (AlignedValue{true, 0, 0, 10, 0x201}));
  EXPECT_EQ(values[1], (AlignedValue{true, 1, 1, 10, 0}));
  EXPECT_EQ(values[2], (AlignedValue{true, 0, 15, 9, 0x005}));
  EXPECT_EQ(values[3], (AlignedValue{true, 0, 24, 0, 0}));
  EXPECT_FALSE(values[4].significant);
  EXPECT_FALSE(values[5].significant);
  EXPECT_EQ(FindSignificanceBase(FieldsOf(Patterns({0x0001}), Slot(40))), 1U);
}

TEST(Lists, RawHoldsOneBitForEachCandidate) {
  ACTP_CLAUSE("F-5.4");
  const Plane candidates = PlaneOf({1, 5, 30});
  std::vector<std::byte> slot(1);
  BitWriter out(slot);
  PutRaw(candidates, PlaneOf({5, 6}), 32, out);
  EXPECT_EQ(out.position(), RawBits(candidates));
  EXPECT_EQ(slot[0], std::byte{0b010});
}

TEST(Lists, GroupedHoldsFlagsLevelByLevel) {
  ACTP_CLAUSE("F-5.5");
  // Groups 0 .. 15 and 16 .. 31; no candidate in subgroup 4 .. 7.
  const Plane candidates = PlaneOf({0, 1, 8, 20, 21, 22});
  std::vector<std::byte> slot(2);
  BitWriter out(slot);
  PutGrouped(candidates, PlaneOf({8}), 32, out);
  // Groups: 1, 0. Subgroups of group 0 that have candidates (0 .. 3, 8 .. 11): 0, 1. Candidate
  // 8: 1.
  EXPECT_EQ(out.position(), 5U);
  EXPECT_EQ(GroupedBits(candidates, PlaneOf({8}), 32), 5U);
  EXPECT_EQ(slot[0], std::byte{0b11001});
}

RC_GTEST_PROP(Lists, ComeBackForAnyCandidates, (uint64_t a, uint64_t b, uint64_t c, uint64_t d)) {
  Plane candidates, bits;
  for (uint32_t i = 0; i < 128; ++i) {
    if (BitOf(i < 64 ? a : b, i % 64) != 0) candidates.Set(i);
    if (candidates.Get(i) && BitOf(i < 64 ? c : d, i % 64) != 0) bits.Set(i);
  }
  std::vector<std::byte> slot(64);
  BitWriter out(slot);
  PutGrouped(candidates, bits, 128, out);
  PutRaw(candidates, bits, 128, out);
  RC_ASSERT(out.position() == GroupedBits(candidates, bits, 128) + RawBits(candidates));
  BitReader in(slot);
  RC_ASSERT(GetGrouped(candidates, 128, in) == bits);
  RC_ASSERT(GetRaw(candidates, 128, in) == bits);
  RC_ASSERT(in.position() == out.position());
}

TEST(Significance, BlockThatFitsIsStoredInTheFieldLayout) {
  ACTP_CLAUSE("F-5.1", "F-6.1");
  const auto patterns = Patterns({}, 0x3c71);
  // Extension and no plane at all: 6 bytes, one more in this order.
  const Coded coded = Encode(patterns, Slot(7));
  EXPECT_TRUE(coded.trace.significance.whole_field);
  EXPECT_EQ(coded.slot[0], std::byte{1});
  EXPECT_EQ(Decode(coded.slot, Slot(7)).patterns, patterns);
  EXPECT_FALSE(Encode(patterns, Slot(6)).trace.significance.whole_field);
}

TEST(Significance, BitsAreWhereTheDocumentSays) {
  ACTP_CLAUSE("F-5.2", "F-5.8", "F-5.9", "F-5.10", "F-6.6", "F-6.7");
  // Three values far from each other, one negative; nothing absent in a slot this small.
  std::vector<uint32_t> patterns = Patterns({}, 0x3601);  // delta 2
  patterns[7] = 0xbe00;                                   // delta 0, mantissa 1 0...
  patterns[20] = 0x3900;                                  // delta 1, mantissa 0 1 0...
  const Coded coded = Encode(patterns, Slot(20));
  const SignificanceHeader& h = coded.trace.significance.header;
  EXPECT_EQ(h.base, 15U);
  EXPECT_TRUE(h.sign_stored);
  EXPECT_EQ(h.absent, Absent::kNone);
  EXPECT_EQ(h.planes, 3U);
  EXPECT_EQ(h.grouped, 2U);
  BitReader in(coded.slot);
  EXPECT_EQ(in.Get(18), Header(1, 0, 3, 2, 15).first);
  EXPECT_EQ(in.Get(2 + 4 + 4), 0b1000'0010'01U);  // group 0, subgroup 4 .. 7, value 7
  EXPECT_EQ(in.Get(2 + 4 + 4), 0b0001'0010'10U);  // group 1, subgroup 20 .. 23, value 20
  EXPECT_EQ(in.Get(30), LowMask(30));             // raw: all the others
  EXPECT_EQ(in.Get(32), uint64_t{1} << 7);        // signs
  EXPECT_EQ(in.Get(1), 1U);                       // refinement plane 1: value 7
  EXPECT_EQ(in.Get(2), 0b00U);                    // plane 2: values 7 and 20
  EXPECT_EQ(in.Get(32), LowMask(32) ^ 1U << 7);   // plane 3: all of them, value 7 has a 0
}

TEST(Significance, SparePlaneIsTakenWhereItRemovesMoreError) {
  ACTP_CLAUSE("F-6.7", "F-6.8");
  Rng rng(23);
  uint32_t taken = 0, left = 0;
  for (int i = 0; i < 3000; ++i) {
    const Config config = Slot(24 + rng.Below(16));
    const auto patterns = MakePatterns(Kind::kNormal, Format::kFp16, 32, rng);
    const BlockFields fields = FieldsOf(patterns, config);
    const SignificanceTrace trace = ScheduleSignificance(fields, config, 8 * config.slot_bytes);
    // Recount by the document: bits of p planes, signs included, and refinement down to plane p
    // - 1.
    const auto bits_of = [&](uint32_t planes, bool refined) {
      uint64_t bits = 18;
      Plane waiting;
      for (uint32_t v = 0; v < 32; ++v) waiting.Set(v);
      bool leading = true;
      for (uint32_t p = 0; p < planes; ++p) {
        Plane ones;
        for (uint32_t v = 0; v < 32; ++v) {
          if (trace.values[v].significant && trace.values[v].delta == p) ones.Set(v);
        }
        const uint64_t grouped = GroupedBits(waiting, ones, 32);
        leading = leading && grouped < waiting.Count();
        bits += (leading ? grouped : waiting.Count()) + ones.Count();
        for (uint32_t v = 0; v < 32; ++v) {
          if (!ones.Get(v)) continue;
          waiting.Clear(v);
          if (refined) bits += std::min(planes - 1 - p, 10U);
        }
      }
      return bits;
    };
    const uint32_t p = trace.header.planes - (trace.extra_plane ? 1 : 0);
    uint32_t most = 0;
    for (const AlignedValue& v : trace.values) {
      if (v.significant) most = std::max(most, v.delta + 1);
    }
    if (trace.header.absent != Absent::kNone || p == most || p > 9) continue;
    EXPECT_LE(bits_of(p, true), 8U * config.slot_bytes);
    EXPECT_EQ(trace.spare_bits, 8U * config.slot_bytes - bits_of(p, true));
    EXPECT_GT(bits_of(p + 1, true), 8U * config.slot_bytes);
    uint64_t ones = 0;
    for (const AlignedValue& v : trace.values) ones += v.significant && v.delta == p;
    const uint64_t step = bits_of(p + 1, false) - bits_of(p, false);
    EXPECT_EQ(trace.extra_plane, 9 * ones + 3 * trace.spare_bits >= 4 * step &&
                                     bits_of(p + 1, false) <= 8U * config.slot_bytes);
    ++(trace.extra_plane ? taken : left);
  }
  EXPECT_GT(taken, 10U);
  EXPECT_GT(left, 10U);
}

TEST(Significance, ZeroMapIsWrittenWhereItPays) {
  ACTP_CLAUSE("F-5.7", "F-6.5");
  Rng rng(29);
  std::vector<uint32_t> run(32), scattered(32), few(32);
  for (uint32_t i = 0; i < 32; ++i) {
    const uint32_t value = 0x3000 + rng.Below(0x0fff);
    run[i] = i < 16 ? value : 0;
    scattered[i] = i % 2 == 0 ? value : 0;
    few[i] = i != 5 ? value : 0;
  }
  EXPECT_EQ(Encode(run, Slot(28)).trace.significance.header.absent, Absent::kZeroMapGrouped);
  EXPECT_EQ(Encode(scattered, Slot(28)).trace.significance.header.absent, Absent::kZeroMapRaw);
  EXPECT_EQ(Encode(few, Slot(28)).trace.significance.header.absent, Absent::kNone);
  EXPECT_EQ(Encode(run, Slot(12)).trace.significance.header.absent,
            Absent::kNone);  // 3 bits a value: k = 0
  for (const auto& patterns : {run, scattered}) {
    const auto back = RoundTrip(patterns, Slot(28));
    for (uint32_t i = 0; i < 32; ++i) {
      if (patterns[i] == 0) {
        EXPECT_EQ(back[i], 0U);
      }
    }
  }
}

TEST(Significance, SpecialsAreMarkedAndKept) {
  ACTP_CLAUSE("F-5.6", "F-5.13", "F-6.4");
  Rng rng(31);
  auto patterns = MakePatterns(Kind::kNormal, Format::kFp16, 32, rng);
  patterns[2] = kMinusInf;
  patterns[17] = 0xfc01;
  patterns[18] = kInf;
  const Coded coded = Encode(patterns, Slot(30));
  EXPECT_EQ(coded.trace.significance.header.absent, Absent::kSpecial);
  const auto back = Decode(coded.slot, Slot(30)).patterns;
  EXPECT_EQ(back[2], kMinusInf);
  EXPECT_EQ(back[17], 0xfe00U);
  EXPECT_EQ(back[18], kInf);
  // With many zeros the section carries a zero map as well.
  for (uint32_t i = 4; i < 16; ++i) patterns[i] = 0;
  EXPECT_TRUE(Encode(patterns, Slot(30)).trace.significance.special_zero_map);
  EXPECT_FALSE(Encode(patterns, Slot(9)).trace.significance.special_zero_map);
}

TEST(Significance, SpecialsThatDoNotFitPoisonTheBlock) {
  ACTP_CLAUSE("F-5.14", "F-6.4");
  const auto patterns = Patterns({kOne, kMinusOne}, kMinusInf);
  const Coded coded = Encode(patterns, Slot(8));
  EXPECT_TRUE(coded.trace.significance.poisoned);
  EXPECT_EQ(BitReader(coded.slot).Get(18), Header(0, 3, 0, 15, 0).first);
  const Decoded decoded = Decode(coded.slot, Slot(8));
  EXPECT_EQ(decoded.verdict, Malformed::kNone);
  EXPECT_EQ(decoded.patterns, Patterns({}, kNan));
  EXPECT_FALSE(Encode(patterns, Slot(20)).trace.significance.poisoned);
}

TEST(Significance, SubnormalsAreRebuiltFromTheirLeadingOne) {
  ACTP_CLAUSE("F-5.11", "F-5.3");
  const Config lossless{
      .format = Format::kFp16, .block_len = 32, .lossless = true, .order = Order::kSignificance};
  std::vector<uint32_t> patterns = Patterns({0x0400, 0x8201, 0x0155, 0x0001, 0x03ff, 0x07ff}, 0);
  const Coded coded = Encode(patterns, lossless);
  EXPECT_FALSE(coded.trace.significance.whole_field);
  EXPECT_EQ(Decode(coded.slot, lossless).patterns, patterns);
}

TEST(Significance, FillActsBelowTheLastKnownBit) {
  ACTP_CLAUSE("F-5.10", "F-5.12", "F-5.13");
  // One plane, values 0 and 1 significant; refinement plane 1 holds both, plane 2 is cut after
  // value 0.
  Config config = Slot(8);
  const uint32_t before = 18 + 32;
  const auto slot = SlotOf(8, {Header(0, 0, 1, 0, 15), {0b11, 32}, {0b01, 2}, {0x001, 12}});
  ASSERT_EQ(before + 14, 64U);
  // Planes 1 .. 7 are whole: value 0 has 1 1 0 0 0 0 0, value 1 has 0 0 0 0 0 0 0.
  auto back = Decode(slot, config).patterns;
  EXPECT_EQ(back[0], 0x3c00U | 0b1100000100U);
  EXPECT_EQ(back[1], 0x3c00U | 0b0000000100U);
  EXPECT_EQ(back[2], 0U);
  config.fill = Fill::kZero;
  back = Decode(slot, config).patterns;
  EXPECT_EQ(back[0], 0x3c00U | 0b1100000000U);
  EXPECT_EQ(back[1], 0x3c00U);
}

TEST(Significance, LosslessTakesTheShorterLayout) {
  ACTP_CLAUSE("F-6.2", "F-6.9", "F-2.5");
  const Config lossless{
      .format = Format::kFp16, .block_len = 32, .lossless = true, .order = Order::kSignificance};
  const auto sparse = Patterns({0x3c01, 0x3802, 0x3403});
  EXPECT_FALSE(Encode(sparse, lossless).trace.significance.whole_field);
  EXPECT_EQ(RoundTrip(sparse, lossless), sparse);
  // What L = 0 cannot hold exactly goes the other way.
  for (const uint32_t odd : {kMinusZero, kNan, kInf}) {
    auto patterns = sparse;
    patterns[9] = odd;
    EXPECT_TRUE(Encode(patterns, lossless).trace.significance.whole_field) << odd;
    EXPECT_EQ(RoundTrip(patterns, lossless), patterns) << odd;
  }
  auto wide = sparse;
  wide[9] = 0x7bff;
  wide[10] = 0x0001;  // delta 39
  EXPECT_TRUE(Encode(wide, lossless).trace.significance.whole_field);
  EXPECT_EQ(RoundTrip(wide, lossless), wide);
}

TEST(Significance, MalformedSlotsAreNamedAndReadAsZeros) {
  ACTP_CLAUSE("F-7.2", "F-7.3", "F-7.5");
  const Config config = Slot(12);
  const std::pair<uint64_t, uint32_t> whole{1, 8};
  struct {
    const char* name;
    std::vector<std::byte> slot;
    Malformed reason;
  } const cases[] = {
      {"L = 1, reserved bit", SlotOf(12, {{0x81, 8}}), Malformed::kReserved},
      {"L = 1, malformed field slot", SlotOf(12, {whole, {31, 8}}), Malformed::kBase},
      {"L = 1, not complete", SlotOf(12, {whole, {15, 8}, {0, 8}}), Malformed::kTooShort},
      {"L = 1, one byte too long", SlotOf(12, {whole, {15 | 1 << 14, 16}, {0x7, 16}, {0, 16}}),
       Malformed::kTooShort},
      {"base 0", SlotOf(12, {Header(0, 0, 1, 0, 0)}), Malformed::kBase},
      {"base 31", SlotOf(12, {Header(0, 0, 1, 0, 31)}), Malformed::kBase},
      {"P beyond the precision", SlotOf(12, {Header(0, 0, 12, 0, 1)}), Malformed::kPlanes},
      {"Q > P", SlotOf(12, {Header(0, 0, 1, 2, 15)}), Malformed::kPlanes},
      {"planes beyond the slot", SlotOf(12, {Header(0, 0, 3, 0, 15)}), Malformed::kTooShort},
      {"signs beyond the slot", SlotOf(12, {Header(1, 0, 2, 0, 15), {LowMask(32), 32}, {0, 32}}),
       Malformed::kNone},
      {"signs beyond the slot",
       SlotOf(12, {Header(1, 0, 2, 0, 15), {LowMask(31) << 1, 32}, {0, 1}}), Malformed::kNone},
      {"map beyond the slot", SlotOf(4, {Header(0, 1, 0, 0, 15)}), Malformed::kTooShort},
  };
  for (const auto& c : cases) {
    Config own = config;
    own.slot_bytes = static_cast<uint32_t>(c.slot.size());
    const Decoded decoded = Decode(c.slot, own);
    EXPECT_EQ(decoded.verdict, c.reason) << c.name << ": " << ToString(decoded.verdict);
    if (c.reason != Malformed::kNone) {
      EXPECT_EQ(decoded.patterns, Patterns({})) << c.name;
    }
  }
  // P may reach the last bit of the smallest subnormal.
  EXPECT_EQ(Decode(SlotOf(48, {Header(0, 0, 11, 0, 1)}), Slot(48)).verdict, Malformed::kNone);
  // Signs that lie beyond the end.
  EXPECT_EQ(Decode(SlotOf(8, {Header(1, 0, 1, 0, 15), {LowMask(32), 32}}), Slot(8)).verdict,
            Malformed::kTooShort);
  // A slot that ends inside its header; only lossless mode can hold one.
  EXPECT_EQ(Decode({std::byte{0}, std::byte{0}}, config).verdict, Malformed::kTooShort);
}

TEST(Significance, LosslessSlotMustHaveItsOwnLength) {
  ACTP_CLAUSE("F-7.4");
  const Config lossless{
      .format = Format::kFp16, .block_len = 32, .lossless = true, .order = Order::kSignificance};
  for (const uint32_t rest : {0U, 0x3c71U}) {  // L = 0 and L = 1
    Coded coded = Encode(Patterns({0x3c01, 0x3802, 0x3403}, rest), lossless);
    ASSERT_EQ(Decode(coded.slot, lossless).verdict, Malformed::kNone);
    coded.slot.push_back(std::byte{0});
    EXPECT_EQ(Decode(coded.slot, lossless).verdict, Malformed::kLength);
    coded.slot.resize(coded.slot.size() - 2);
    EXPECT_EQ(Decode(coded.slot, lossless).verdict, Malformed::kTooShort);
  }
}

}  // namespace
}  // namespace actplane
