// SPDX-License-Identifier: Apache-2.0
// docs/format.md sections 5, 6 and 7: order significance, step by step.
#include "actplane/significance_order.h"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <functional>

#include "actplane/codec.h"
#include "model/block_cases.h"
#include "support/clause.h"
#include "support/scale.h"

namespace actplane {
namespace {

using namespace testing_support;

// FP16, 32 values.
Config Slot(uint32_t bytes, uint32_t group_len = 4, uint32_t row_limit = 16) {
  Config c = Fp16Config(Order::kSignificance, bytes);
  c.group_len = group_len;
  c.row_limit = row_limit;
  return c;
}

BlockFields FieldsOf(const std::vector<uint32_t>& patterns, const Config& config) {
  return Classify(GatherBlock(ToBytes(patterns, config.format), config));
}

PerGroup<GroupFacts> FactsOf(const std::vector<uint32_t>& patterns, const Config& config) {
  return FindGroups(FieldsOf(patterns, config), config);
}

// The header of section 5.
std::pair<uint64_t, uint32_t> Header(uint64_t w, uint64_t z, uint64_t form, uint64_t q, uint64_t j,
                                     uint64_t base) {
  return {w | z << 3 | form << 4 | q << 6 | j << 11 | base << 16, 24};
}

TEST(Groups, WeightGoesOnBelowTheSmallestNormal) {
  ACTP_CLAUSE("F-5.7");
  const auto weight = [](uint32_t p) {
    return WeightOf(Classify(p, Format::kFp16), Format::kFp16);
  };
  EXPECT_EQ(weight(0x3c00), 15);
  EXPECT_EQ(weight(0x3fff), 15);
  EXPECT_EQ(weight(0x0400), 1);
  EXPECT_EQ(weight(0x0200), 0);
  EXPECT_EQ(weight(0x0001), -9);
}

TEST(Groups, FactsOfAGroupAreThoseOfItsFiniteValues) {
  ACTP_CLAUSE("F-6.2", "F-6.9");
  const auto patterns = Patterns({0x3e00, 0xb800, 0, 0,        // 1.5, -0.5
                                  0, kMinusZero, 0, 0,         // empty, with a sign
                                  kInf, kNan, 0, 0,            // empty, special
                                  0x0001, 0x0003, 0x0005, 1},  // subnormals
                                 0x3c01);
  const auto facts = FactsOf(patterns, Slot(40));
  EXPECT_EQ(facts[0], (GroupFacts{false, 15, 2, true, true, false}));
  EXPECT_EQ(facts[1], (GroupFacts{true, 0, 0, true, false, false}));
  EXPECT_EQ(facts[2], (GroupFacts{true, 0, 0, false, false, true}));
  EXPECT_EQ(facts[3], (GroupFacts{false, -7, 3, false, false, false}));
  EXPECT_EQ(facts[4], (GroupFacts{false, 15, 11, false, false, false}));
  EXPECT_EQ(FindSignificanceBase(facts, Slot(40)), 15U);
  const auto deltas = FindDeltas(facts, 15, Slot(40));
  EXPECT_EQ(deltas[0], 0U);
  EXPECT_EQ(deltas[1], kInfiniteDelta);
  EXPECT_EQ(deltas[3], 22U);
  EXPECT_EQ(FindSignificanceBase(FactsOf(Patterns({1}), Slot(40)), Slot(40)), 1U);
  auto wide = Patterns({0x7bff, 0, 0, 0, 0x0001, 0x0001});  // 30 and -9
  EXPECT_EQ(FindDeltas(FactsOf(wide, Slot(40)), 30, Slot(40))[1], kInfiniteDelta);
}

TEST(Level, GivesTheFirstGroupsOneWeightMore) {
  ACTP_CLAUSE("F-5.3");
  const Config eight = Slot(40);  // G = 8
  EXPECT_EQ(UnitsOf(eight), 8U);
  EXPECT_EQ(GroupEnd(eight, 3 * 8 + 2, 1), 4U);
  EXPECT_EQ(GroupEnd(eight, 3 * 8 + 2, 2), 3U);
  Config pairs = eight;  // G = 64, U = 32: j counts pairs
  pairs.block_len = 256;
  EXPECT_EQ(UnitsOf(pairs), 32U);
  EXPECT_EQ(GroupEnd(pairs, 3 * 32 + 2, 3), 4U);
  EXPECT_EQ(GroupEnd(pairs, 3 * 32 + 2, 4), 3U);
}

TEST(Significance, BitsAreWhereTheDocumentSays) {
  ACTP_CLAUSE("F-5.1", "F-5.2", "F-5.4", "F-5.5", "F-5.6", "F-5.8", "F-6.3", "F-6.12");
  // Group 0: 1.5, -0.5, 0.25, 0; group 3: 0.25 and zeros; the others are empty.
  const auto patterns = Patterns({0x3e00, 0xb800, 0x3400, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x3400});
  const Config config = Slot(8);
  const Coded coded = Encode(patterns, config);
  const SignificanceTrace& t = coded.trace.significance;
  EXPECT_TRUE(t.exact);
  EXPECT_EQ(t.size_bits, 64U);
  EXPECT_EQ(t.header.base, 15U);
  EXPECT_EQ(t.header.form, Form::kSigned);
  EXPECT_EQ(t.groups[0].code, 0U);
  EXPECT_EQ(t.header.width, 1U);    // two bits would take as many in all
  EXPECT_EQ(t.groups[3].code, 0U);  // delta 2, aligned to the highest code
  EXPECT_EQ(t.groups[1].code, LowMask(t.header.width));
  BitReader in(coded.slot);
  EXPECT_EQ(in.Get(24), Header(t.header.width, t.header.dead_code, 1, t.header.level / 8,
                               t.header.level % 8, 15)
                            .first);
  for (uint32_t g = 0; g < 8; ++g) EXPECT_EQ(in.Get(t.header.width), t.groups[g].code) << g;
  EXPECT_EQ(t.groups[0].position, (24 + 8 * t.header.width + 7) / 8 * 8);
  in.Get(static_cast<uint32_t>(t.groups[0].position - in.position()));
  EXPECT_EQ(in.Get(4), 0b0010U);  // signs of group 0
  EXPECT_EQ(in.Get(4), 0b0001U);  // weight 1
  EXPECT_EQ(in.Get(4), 0b0011U);  // weight 1/2
  EXPECT_EQ(in.Get(4), 0b0100U);  // weight 1/4
  EXPECT_EQ(t.groups[3].position, t.groups[0].position + 4 * t.groups[0].rows);
  EXPECT_EQ(Decode(coded.slot, config).patterns, patterns);
}

TEST(Significance, PositionsFollowFromHeaderAndCodesAlone) {
  ACTP_CLAUSE("F-5.5", "F-5.14");
  Rng rng(3);
  for (uint64_t i = 0; i < Scaled(400'000); ++i) {
    Config config = RandomConfig(rng);
    config.order = Order::kSignificance;
    config.lossless = false;
    config.slot_bytes = MinSlotBytes(config) + rng.Below(BlockBytes(config) / 3);
    if (!ValidateConfig(config).ok()) continue;
    const auto patterns =
        MakePatterns(kAllKinds[rng.Below(kAllKinds.size())], config.format, config.block_len, rng);
    const Coded coded = Encode(patterns, config);
    const SignificanceTrace& t = coded.trace.significance;
    ASSERT_LE(t.size_bits, 8 * config.slot_bytes);
    if (t.header.width > kMaxCodeBits) continue;
    const uint32_t groups = GroupsOf(config);
    const uint32_t whole = 1 + rng.Below(groups);  // groups that stay
    const GroupPlace& last = t.groups[whole - 1];
    const uint32_t end = last.position + config.group_len * last.rows;
    auto cut = coded.slot;
    for (size_t b = (end + 7) / 8; b < cut.size(); ++b) cut[b] = static_cast<std::byte>(rng.Next());
    const auto a = Decode(coded.slot, config).patterns, b = Decode(cut, config).patterns;
    for (uint32_t v = 0; v < whole * config.group_len; ++v) ASSERT_EQ(a[v], b[v]) << v;
  }
}

TEST(Significance, ValuesAreNearestTiesToEvenAndHeldInTheirGroup) {
  ACTP_CLAUSE("F-5.8", "F-6.12");
  const GroupPlace place{.lives = true, .magnitude_rows = 3, .step = 13};  // steps of 1/4, 0 .. 7/4
  const auto k = [&](double value) {
    return RoundToStep(Classify(ToPattern(value, Format::kFp16), Format::kFp16), Format::kFp16,
                       Form::kSigned, place);
  };
  EXPECT_EQ(k(0.125), 0U);
  EXPECT_EQ(k(0.1251), 1U);
  EXPECT_EQ(k(0.375), 2U);
  EXPECT_EQ(k(0.625), 2U);
  EXPECT_EQ(k(1.74), 7U);
  EXPECT_EQ(k(1.99), 7U);
  EXPECT_EQ(k(std::ldexp(1, -24)), 0U);
  // A step below the last bit loses nothing.
  EXPECT_EQ(RoundToStep(Classify(0x3c01, Format::kFp16), Format::kFp16, Form::kSigned,
                        {.lives = true, .magnitude_rows = 13, .step = 3}),
            0x401U << 2);
}

TEST(Significance, MidRiseReadsTheMiddleOfTheCell) {
  ACTP_CLAUSE("F-5.9");
  const auto rebuild = [](uint32_t k, int32_t step) {
    return RebuildMagnitude(k, step, Form::kMidRise, Format::kFp16);
  };
  EXPECT_EQ(rebuild(0, 13), 0x3000U);          // half of a quarter
  EXPECT_EQ(rebuild(4, 13), 0x3c00U | 0x080);  // 1 and an eighth
  EXPECT_EQ(rebuild(5, 13), 0x3d00U | 0x07f);  // 5/4, 01..1
  EXPECT_EQ(rebuild(0x400, 5), 0x3c00U);       // the step is the last mantissa bit
  EXPECT_EQ(rebuild(0x7ff, 4), 0x3bffU);       // the same a step lower
  EXPECT_EQ(rebuild(1, -9), 0x0001U);          // the smallest subnormal
  EXPECT_EQ(rebuild(0, -8), 0x0001U);          // half of two of them
  EXPECT_EQ(rebuild(0, -9), 0U);               // half of one there is not
  EXPECT_EQ(rebuild(1, 1), 0x0400U | 0x1ff);   // the smallest normal value
  EXPECT_EQ(RebuildMagnitude(3, -10, Form::kSigned, Format::kFp16), 1U);  // a bit below is dropped
}

// k of any value lies in the cell that is read back, whatever the step: every pattern of FP16.
TEST(Significance, EveryPatternComesBackWithinHalfAStep) {
  ACTP_CLAUSE("F-5.8", "F-5.9", "F-6.12");
  const auto value = [](uint32_t pattern) {
    const Fields v = Classify(pattern, Format::kFp16);
    const double m = v.mantissa + (v.exponent == 0 ? 0 : 1024);
    return std::ldexp(m, static_cast<int>(std::max(v.exponent, 1U)) - 10);
  };
  for (uint32_t pattern = 0; pattern < 0x7c00; ++pattern) {
    const Fields v = Classify(pattern, Format::kFp16);
    for (int32_t step = -12; step <= 30; ++step) {
      const double s = std::ldexp(1, step);
      const int32_t weight = pattern == 0 ? step : WeightOf(v, Format::kFp16);
      if (weight - step + 1 > 24) continue;  // more rows than there are
      const auto rows = static_cast<uint32_t>(std::max(weight - step + 1, 0));
      const GroupPlace place{.lives = true, .magnitude_rows = rows + 1, .step = step};
      const uint32_t near = RoundToStep(v, Format::kFp16, Form::kSigned, place);
      const double got = value(RebuildMagnitude(near, step, Form::kSigned, Format::kFp16));
      ASSERT_LE(std::abs(got - value(pattern)), s / 2) << pattern << " " << step;
      const uint32_t down = RoundToStep(v, Format::kFp16, Form::kMidRise, place);
      ASSERT_LE(down, near);
      ASSERT_LE(down * s, value(pattern));
      if (pattern == 0) continue;
      const uint32_t back = RebuildMagnitude(down, step, Form::kMidRise, Format::kFp16);
      ASSERT_LE(std::abs(value(back) - value(pattern)), s / 2 + std::ldexp(1, weight - 10));
      // The cell comes back: loss happens once.
      ASSERT_EQ(RoundToStep(Classify(back, Format::kFp16), Format::kFp16, Form::kMidRise, place),
                down)
          << pattern << " " << step;
    }
  }
}

TEST(Significance, FormFollowsFromSignsZerosAndSpecials) {
  ACTP_CLAUSE("F-6.8", "F-6.10", "F-6.11", "F-6.9");
  Rng rng(11);
  auto normal = MakePatterns(Kind::kNormal, Format::kFp16, 32, rng);
  const auto form = [](const std::vector<uint32_t>& patterns, uint32_t bytes) {
    return Encode(patterns, Slot(bytes)).trace.significance.header.form;
  };
  EXPECT_EQ(form(normal, 20), Form::kMidRise);
  const SignificanceTrace exact = Encode(normal, Slot(110, 4, 24)).trace.significance;
  EXPECT_EQ(exact.header.form, Form::kSigned);
  EXPECT_TRUE(exact.exact);
  auto positive = normal;
  for (uint32_t& p : positive) p &= 0x7fff;
  EXPECT_EQ(form(positive, 20), Form::kUnsigned);
  auto mixed = normal;
  mixed[5] = 0;
  EXPECT_EQ(form(mixed, 20), Form::kSigned);
  auto special = normal;
  special[5] = kInf;
  EXPECT_EQ(form(special, 20), Form::kSpecials);
  // The only negative values die: not mid-rise, and no signs at all.
  auto dying = positive;
  for (uint32_t i = 0; i < 4; ++i) dying[i] = 0x8001;
  EXPECT_EQ(form(dying, 20), Form::kUnsigned);
}

TEST(Significance, SizesAreCountedAndNeverFallWithTheLevel) {
  ACTP_CLAUSE("F-6.4", "F-6.5", "F-6.6", "F-6.7");
  Rng rng(13);
  uint32_t none = 0;
  for (uint64_t i = 0; i < Scaled(100'000); ++i) {
    Config config = RandomConfig(rng);
    config.order = Order::kSignificance;
    const auto patterns =
        MakePatterns(kAllKinds[rng.Below(kAllKinds.size())], config.format, config.block_len, rng);
    const auto facts = FactsOf(patterns, config);
    const auto deltas = FindDeltas(facts, FindSignificanceBase(facts, config), config);
    bool special = false;
    for (const GroupFacts& f : facts) special |= f.special;
    for (const Form form : {Form::kUnsigned, Form::kSigned, Form::kMidRise, Form::kSpecials}) {
      if (special != (form == Form::kSpecials)) continue;
      uint32_t before = 0;
      for (uint32_t level = 0; level < 32 * UnitsOf(config); level += 1 + rng.Below(9)) {
        const auto coding = ChooseCoding(deltas, facts, form, level, config);
        if (!coding) {
          ++none;
          if (form != Form::kMidRise) before = UINT32_MAX;
          continue;
        }
        if (form != Form::kMidRise) {
          ASSERT_GE(coding->size_bits, before) << level;
          before = coding->size_bits;
        }
        // The places that a reader finds end at that size.
        SignificanceHeader h{coding->width, coding->dead_code, form, level, 1};
        PerGroup<GroupPlace> groups = {};
        const auto all = static_cast<uint32_t>(LowMask(h.width));
        for (uint32_t g = 0; g < GroupsOf(config); ++g) {
          groups[g].special = facts[g].special;
          groups[g].code = deltas[g] < GroupEnd(config, level, g)
                               ? std::min(deltas[g], all - (h.dead_code ? 1 : 0))
                               : all;
        }
        ASSERT_EQ(PlaceGroups(h, config, groups), coding->size_bits);
      }
    }
  }
  EXPECT_GT(none, 0U);
}

TEST(Significance, SearchFindsTheDeepestLevelThatFits) {
  ACTP_CLAUSE("F-6.7");
  Rng rng(17);
  for (uint64_t i = 0; i < Scaled(40'000); ++i) {
    const Config config = Slot(5 + rng.Below(50), rng.OneIn(2) ? 4 : 8);
    if (!ValidateConfig(config).ok()) continue;
    const auto patterns = MakePatterns(Kind::kDropout, Format::kFp16, 32, rng);
    const auto facts = FactsOf(patterns, config);
    const auto deltas = FindDeltas(facts, FindSignificanceBase(facts, config), config);
    const uint32_t level = SearchLevel(deltas, facts, Form::kSigned, config);
    const auto fits = [&](uint32_t l) {
      return ChooseCoding(deltas, facts, Form::kSigned, l, config)->size_bits <=
             8 * config.slot_bytes;
    };
    ASSERT_TRUE(fits(level));
    ASSERT_TRUE(level + 1 == 32 * UnitsOf(config) || !fits(level + 1));
  }
}

TEST(Significance, PairsAreExact) {
  ACTP_CLAUSE("F-5.13", "F-6.1");
  Rng rng(19);
  for (const Format format : {Format::kFp32, Format::kFp16, Format::kBf16}) {
    const FormatInfo info = InfoOf(format);
    const uint32_t sign = 1U << (info.exp_bits + info.man_bits);
    const uint32_t infinity = info.exp_max << info.man_bits;
    const std::array<std::pair<uint32_t, uint32_t>, 5> pairs = {{{0, ToPattern(1 / 0.9, format)},
                                                                 {0, infinity | sign},
                                                                 {infinity | 1, 7},
                                                                 {sign, 0},
                                                                 {sign | 0x1234, sign | 0x1234}}};
    for (const auto& [a, b] : pairs) {
      const uint32_t bytes = 1 + 2 * info.value_bytes + 16;
      Config config{.format = format, .slot_bytes = bytes, .order = Order::kSignificance};
      std::vector<uint32_t> patterns(128);
      for (uint32_t& p : patterns) p = rng.OneIn(2) ? a : b;
      const Coded coded = Encode(patterns, config);
      EXPECT_EQ(coded.slot[0], std::byte{7});
      EXPECT_TRUE(coded.trace.significance.exact);
      EXPECT_EQ(Decode(coded.slot, config).patterns, patterns);
      config.slot_bytes = bytes - 1;
      EXPECT_NE(Encode(patterns, config).slot[0], std::byte{7});
    }
  }
}

TEST(Significance, BlockThatFitsIsExact) {
  ACTP_CLAUSE("F-6.9");
  Rng rng(23);
  for (const uint32_t group_len : {4U, 8U}) {
    Config config{
        .slot_bytes = 3 + 128 * 9 / 8, .order = Order::kSignificance, .group_len = group_len};
    std::vector<uint32_t> patterns(128);
    for (uint32_t& p : patterns) {
      p = ToPattern(static_cast<int>(rng.Below(509)) - 254, Format::kFp32);
    }
    for (uint32_t i = 0; i < 128; i += group_len) patterns[i] = ToPattern(255, Format::kFp32);
    Coded coded = Encode(patterns, config);  // header, no code, sign and 8 magnitude rows
    EXPECT_TRUE(coded.trace.significance.exact);
    EXPECT_EQ(Decode(coded.slot, config).patterns, patterns);
    --config.slot_bytes;
    coded = Encode(patterns, config);
    EXPECT_FALSE(coded.trace.significance.exact);
    EXPECT_NE(Decode(coded.slot, config).patterns, patterns);
  }
}

TEST(Significance, SpecialsAreMarkedAndKept) {
  ACTP_CLAUSE("F-5.2", "F-5.6", "F-5.10", "F-5.11", "F-6.8");
  Rng rng(31);
  auto patterns = MakePatterns(Kind::kNormal, Format::kFp16, 32, rng);
  patterns[2] = kMinusInf;
  patterns[16] = 0;
  patterns[17] = 0xfc01;
  patterns[18] = kInf;
  for (uint32_t i = 19; i < 24; ++i) patterns[i] = kMinusZero;
  const Coded coded = Encode(patterns, Slot(30));
  const SignificanceTrace& t = coded.trace.significance;
  EXPECT_EQ(t.header.form, Form::kSpecials);
  EXPECT_TRUE(t.groups[0].special && t.groups[4].special && !t.groups[5].special);
  EXPECT_EQ(t.groups[4].rows, 3U);  // a dead group: special, NaN, signs
  const auto back = Decode(coded.slot, Slot(30)).patterns;
  EXPECT_EQ(back[2], kMinusInf);
  EXPECT_EQ(back[17], 0xfe00U);
  EXPECT_EQ(back[18], kInf);
  EXPECT_EQ(back[19], kMinusZero);
  EXPECT_EQ(back[20], 0U);  // of an empty group without specials
}

TEST(Significance, SpecialsThatDoNotFitPoisonTheBlock) {
  ACTP_CLAUSE("F-5.12", "F-6.8");
  const auto patterns = Patterns({kOne, kMinusOne, kHalf}, kMinusInf);
  const Coded coded = Encode(patterns, Slot(15));  // 24 + 8 flags + 3 rows of 32 bits: 16 bytes
  EXPECT_EQ(coded.slot[0], std::byte{kPoisonedWidth});
  const Decoded decoded = Decode(coded.slot, Slot(15));
  EXPECT_EQ(decoded.verdict, Malformed::kNone);
  EXPECT_EQ(decoded.patterns, Patterns({}, kNan));
  EXPECT_EQ(Encode(decoded.patterns, Slot(15)).slot[0], std::byte{kPairWidth});
  EXPECT_EQ(RoundTrip(patterns, Slot(16))[3], kMinusInf);
}

TEST(Significance, MalformedSlotsAreNamedAndReadAsZeros) {
  ACTP_CLAUSE("F-7.2", "F-7.4");
  struct {
    const char* name;
    std::vector<std::byte> slot;
    Malformed reason;
  } const cases[] = {
      {"w 5", SlotOf(12, {Header(5, 0, 0, 0, 0, 15)}), Malformed::kWidth},
      {"poisoned, reserved bit", SlotOf(12, {{0x0e, 8}}), Malformed::kReserved},
      {"pair, reserved bit", SlotOf(12, {{0x87, 8}}), Malformed::kReserved},
      {"pair beyond the slot", SlotOf(8, {{7, 8}}), Malformed::kTooShort},
      {"j 8 of 8", SlotOf(12, {Header(0, 0, 0, 1, 8, 15)}), Malformed::kLevel},
      {"base 0", SlotOf(12, {Header(0, 0, 0, 0, 0, 0)}), Malformed::kBase},
      {"base 31", SlotOf(12, {Header(0, 0, 0, 0, 0, 31)}), Malformed::kBase},
      {"codes beyond the slot", SlotOf(6, {Header(4, 1, 0, 0, 0, 15)}), Malformed::kTooShort},
      {"flags beyond the slot", SlotOf(4, {Header(1, 1, 3, 0, 0, 15)}), Malformed::kTooShort},
      {"rows beyond the slot", SlotOf(10, {Header(0, 0, 0, 2, 0, 15)}), Malformed::kTooShort},
      {"rows up to its end", SlotOf(11, {Header(0, 0, 0, 2, 0, 15)}), Malformed::kNone},
      {"nothing lives", SlotOf(4, {Header(0, 1, 1, 31, 7, 30)}), Malformed::kNone},
  };
  for (const auto& c : cases) {
    const Decoded decoded = Decode(c.slot, Slot(static_cast<uint32_t>(c.slot.size())));
    EXPECT_EQ(decoded.verdict, c.reason) << c.name << ": " << ToString(decoded.verdict);
    EXPECT_EQ(decoded.patterns, Patterns({})) << c.name;
  }
}

TEST(Significance, UnusedBitsAreZeroAndIgnored) {
  ACTP_CLAUSE("F-2.8", "F-5.2");
  const auto patterns = Patterns({kOne, kHalf, kMinusOne});
  Coded coded = Encode(patterns, Slot(40));
  const uint32_t used = coded.trace.significance.size_bits;
  ASSERT_LT(used, 8 * 40U);
  for (uint32_t b = used; b < 8 * 40; ++b) {
    EXPECT_EQ(BitOf(std::to_integer<uint64_t>(coded.slot[b / 8]), b % 8), 0U);
    coded.slot[b / 8] |= static_cast<std::byte>(1 << (b % 8));
  }
  EXPECT_EQ(Decode(coded.slot, Slot(40)).patterns, patterns);
}

}  // namespace
}  // namespace actplane
