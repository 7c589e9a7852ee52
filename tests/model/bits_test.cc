// SPDX-License-Identifier: Apache-2.0
#include "actplane/bits.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <vector>

#include "support/clause.h"

namespace actplane {
namespace {

TEST(Bits, MasksAndQuotientsAreDefinedAtTheirEnds) {
  EXPECT_EQ(LowMask(0), 0U);
  EXPECT_EQ(LowMask(1), 1U);
  EXPECT_EQ(LowMask(63), ~uint64_t{0} >> 1);
  EXPECT_EQ(LowMask(64), ~uint64_t{0});
  EXPECT_EQ(CeilDiv(0, 8), 0U);
  EXPECT_EQ(CeilDiv(8, 8), 1U);
  EXPECT_EQ(CeilDiv(9, 8), 2U);
  EXPECT_EQ(CeilDiv(UINT64_MAX, 8), UINT64_MAX / 8 + 1);
}

TEST(Bits, FirstBitIsTheLowestOfTheFirstByte) {
  ACTP_CLAUSE("F-2.7");
  std::vector<std::byte> slot(3);
  BitWriter out(slot);
  out.Put(0b101, 3);
  out.Put(0xabc, 12);
  EXPECT_EQ(slot[0], std::byte{0xe5});  // 0xc << 3 | 0b101, low byte
  EXPECT_EQ(slot[1], std::byte{0x55});
  EXPECT_EQ(slot[2], std::byte{0x00});
}

TEST(Bits, WhatDoesNotFitIsDroppedAndCounted) {
  ACTP_CLAUSE("F-3.5");
  std::vector<std::byte> slot(1);
  BitWriter out(slot);
  out.Put(0x7ff, 11);
  EXPECT_EQ(slot[0], std::byte{0xff});
  EXPECT_EQ(out.position(), 11U);
}

TEST(Bits, ReadingBeyondTheEndGivesZerosAndSaysSo) {
  const std::vector<std::byte> slot = {std::byte{0xff}};
  BitReader in(slot);
  EXPECT_EQ(in.Get(8), 0xffU);
  EXPECT_TRUE(in.exhausted());
  EXPECT_FALSE(in.overrun());
  EXPECT_EQ(in.Get(4), 0U);
  EXPECT_TRUE(in.overrun());
}

TEST(Bits, PlaneKeepsOneBitPerValue) {
  Plane p;
  EXPECT_FALSE(p.Any());
  for (const uint32_t i : {0U, 63U, 64U, 255U}) p.Set(i);
  EXPECT_EQ(p.Count(), 4U);
  p.Clear(64);
  EXPECT_FALSE(p.Get(64));
  EXPECT_TRUE(p.Get(255));
}

RC_GTEST_PROP(Bits, NumbersComeBackInTheOrderTheyWerePut,
              (const std::vector<std::pair<uint64_t, uint8_t>>& items)) {
  std::vector<std::byte> slot(8 * items.size() + 1);
  BitWriter out(slot);
  for (const auto& [value, count] : items) out.Put(value, count % 65U);
  BitReader in(slot);
  for (const auto& [value, count] : items)
    RC_ASSERT(in.Get(count % 65U) == (value & LowMask(count % 65U)));
  RC_ASSERT(in.position() == out.position());
}

}  // namespace
}  // namespace actplane
