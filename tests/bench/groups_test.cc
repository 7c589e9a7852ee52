// SPDX-License-Identifier: Apache-2.0
// The arrangement that docs/decisions/0005 proposes: what its statements are proven by.
#include "groups.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "support/scale.h"
#include "support/values.h"

namespace actplane::bench {
namespace {

using ::testing::Each;
using ::testing::ElementsAreArray;
using testing_support::Rng;
using testing_support::Scaled;

using Patterns = std::vector<uint32_t>;

struct Block {
  Format format;
  uint32_t group;
  Patterns x;
  std::vector<std::byte> slot;
  uint32_t cap = GroupRules{}.cap;
};

Block RandomBlock(Rng& rng) {
  Block b;
  b.format = static_cast<Format>(rng.Below(3));
  b.group = 4U << rng.Below(3);
  const uint32_t n = 32U << rng.Below(4);
  b.slot.resize(std::max(4U, n / 16) + rng.Below(uint64_t{n} / 8 * (rng.OneIn(3) ? 24 : 8)));
  const auto kind = [&] {
    return testing_support::kAllKinds[rng.Below(testing_support::kAllKinds.size())];
  };
  b.x = testing_support::MakePatterns(kind(), b.format, n, rng);
  if (rng.OneIn(6)) {
    const Patterns other = testing_support::MakePatterns(kind(), b.format, n, rng);
    for (uint32_t i = 0; i < n; ++i) {
      if (rng.OneIn(3)) b.x[i] = other[i];
    }
  }
  return b;
}

Patterns Decoded(const Block& b, std::span<const std::byte> slot) {
  Patterns y(b.x.size());
  EXPECT_TRUE(DecodeSlot(b.group, b.cap, b.format, slot, y));
  return y;
}

TEST(Groups, SlotsHoldWhatIsCountedAndLossHappensOnce) {
  Rng rng(1);
  uint64_t exact = 0, rise = 0, poisoned = 0, pairs = 0, special = 0;
  const uint64_t blocks = Scaled(2000000);
  for (uint64_t k = 0; k < blocks; ++k) {
    Block b = RandomBlock(rng);
    b.cap = std::array{10U, 12U, 16U, 24U}[rng.Below(4)];
    const GroupRules rules = {.group = b.group, .cap = b.cap};
    Patterns y(b.x.size());
    const auto bits = static_cast<uint32_t>(8 * b.slot.size());
    const GroupPlan plan = Emulate(rules, b.format, bits, b.x, y);
    ASSERT_LE(plan.bits, bits);
    EncodeSlot(rules, b.format, b.x, b.slot);
    ASSERT_EQ(Decoded(b, b.slot), y);
    Patterns again(y.size());
    Emulate(rules, b.format, bits, y, again);
    ASSERT_EQ(again, y) << "block " << k;
    exact += y == b.x ? 1U : 0U;
    rise += plan.rise ? 1U : 0U;
    special += plan.specials ? 1U : 0U;
    poisoned += plan.kind == GroupPlan::Kind::kPoisoned ? 1U : 0U;
    pairs += plan.kind == GroupPlan::Kind::kPair ? 1U : 0U;
  }
  for (const uint64_t seen : {exact, rise, special, poisoned, pairs})
    EXPECT_GT(seen, blocks / 1000);
}

// A group begins where header and codes say; what lies behind it does not matter.
TEST(Groups, APrefixOfASlotHoldsTheGroupsThatEndInIt) {
  Rng rng(2);
  for (uint64_t k = 0; k < Scaled(200000); ++k) {
    Block b = RandomBlock(rng);
    const GroupPlan plan = EncodeSlot({.group = b.group}, b.format, b.x, b.slot);
    if (plan.kind != GroupPlan::Kind::kGroups) continue;
    const auto groups = static_cast<uint32_t>(b.x.size()) / b.group;
    const uint32_t codes = 24 + groups * (plan.width + (plan.specials ? 1 : 0));
    uint32_t at = (codes + 7) / 8 * 8;
    const uint32_t whole = rng.Below(groups + 1);  // how many groups stay
    for (uint32_t g = 0; g < whole; ++g) {
      uint32_t rows = plan.rows[g];
      if (plan.special[g]) rows += rows == 0 ? 3 : 2;
      at += rows * b.group;
    }
    auto cut = b.slot;
    for (size_t i = (at + 7) / 8; i < cut.size(); ++i) cut[i] = static_cast<std::byte>(rng.Next());
    const Patterns y = Decoded(b, b.slot), z = Decoded(b, cut);
    for (uint32_t i = 0; i < whole * b.group; ++i) ASSERT_EQ(z[i], y[i]);
  }
}

TEST(Groups, MasksAndOtherPairsAreExactAtTwoBits) {
  Rng rng(3);
  for (const Format format : {Format::kFp32, Format::kFp16, Format::kBf16}) {
    const uint32_t sign = 1U << (InfoOf(format).exp_bits + InfoOf(format).man_bits);
    const uint32_t infinity = InfoOf(format).exp_max << InfoOf(format).man_bits;
    const std::vector<std::pair<uint32_t, uint32_t>> pairs = {
        {0, testing_support::ToPattern(1 / 0.9, format)},
        {0, infinity | sign},
        {infinity | 1, 7},
        {sign, 0},
        {sign | 0x1234, sign | 0x1234}};
    for (const auto& [a, c] : pairs) {
      Block b = {.format = format, .group = 4, .x = Patterns(128), .slot = {}};
      b.slot.resize(32);
      for (uint32_t& v : b.x) v = rng.OneIn(2) ? a : c;
      EncodeSlot({.group = 4}, format, b.x, b.slot);
      EXPECT_EQ(Decoded(b, b.slot), b.x);
    }
  }
}

TEST(Groups, ABlockThatFitsIsExact) {
  Rng rng(4);
  for (const uint32_t group : {4U, 8U, 16U}) {
    Block b = {.format = Format::kFp32, .group = group, .x = Patterns(128), .slot = {}};
    b.slot.resize(3 + 16 + 128 * 9 / 8);  // header, codes, sign and 8 magnitude rows
    for (uint32_t& v : b.x)
      v = testing_support::ToPattern(static_cast<int>(rng.Below(509)) - 254, b.format);
    b.x[0] = testing_support::ToPattern(255, b.format);
    b.x[1] = testing_support::ToPattern(-1, b.format);
    EncodeSlot({.group = group}, b.format, b.x, b.slot);
    EXPECT_EQ(Decoded(b, b.slot), b.x);
    b.slot.resize(b.slot.size() - 20);
    EncodeSlot({.group = group}, b.format, b.x, b.slot);
    EXPECT_NE(Decoded(b, b.slot), b.x);
  }
}

TEST(Groups, ValuesAreNearest) {
  // Zeros keep the block from mid-rise. One group of 16, base exponent 127, 24 + 2 * 16 bits hold
  // sign and one row: steps of 1; with 16 bits more, steps of 1/2.
  Patterns x(32, 0);
  const std::vector<double> in = {1.5, -0.5, 0.5001, 0.25, -1.2, 0, 0.75};
  for (size_t i = 0; i < in.size(); ++i) x[i] = testing_support::ToPattern(in[i], Format::kFp32);
  const auto run = [&](size_t bytes) {
    Block b = {.format = Format::kFp32, .group = 16, .x = x, .slot = {}};
    b.slot.resize(bytes);
    EncodeSlot({.group = 16}, b.format, x, b.slot);
    const Patterns y = Decoded(b, b.slot);
    std::vector<double> out;
    for (size_t i = 0; i < in.size(); ++i) out.push_back(std::bit_cast<float>(y[i]));
    return out;
  };
  EXPECT_THAT(run(8), ElementsAreArray({1.0, -0.0, 1.0, 0.0, -1.0, 0.0, 1.0}));
  EXPECT_THAT(run(10), ElementsAreArray({1.5, -0.5, 0.5, 0.0, -1.0, 0.0, 1.0}));
}

TEST(Groups, SmallSlotsOfSpecialsArePoisonedAndStaySo) {
  Block b = {.format = Format::kFp16, .group = 4, .x = Patterns(128, 0x3c00), .slot = {}};
  for (uint32_t i = 0; i < 128; i += 4) b.x[i] = i % 8 == 0 ? 0x7c00 : 0xfe01;
  b.slot.resize(8);
  EncodeSlot({.group = 4}, b.format, b.x, b.slot);
  EXPECT_THAT(Decoded(b, b.slot), Each(0x7e00U));
  b.slot.resize(128);
  EncodeSlot({.group = 4}, b.format, b.x, b.slot);
  const Patterns y = Decoded(b, b.slot);
  EXPECT_EQ(y[0], 0x7c00U);
  EXPECT_EQ(y[4], 0xfe00U);
  EXPECT_EQ(y[5], 0x3c00U);
}

}  // namespace
}  // namespace actplane::bench
