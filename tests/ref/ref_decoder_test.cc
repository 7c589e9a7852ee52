// SPDX-License-Identifier: Apache-2.0
// The second decoder against slots written out here from the clauses, bit by bit.
#include "ref/ref_decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <map>
#include <sstream>

#include "support/clause.h"

namespace actplane::ref {
namespace {

using ::testing::Each;
using ::testing::StartsWith;

// Puts a slot together in the order of its bits (F-2.7).
class Writer {
 public:
  Writer& Put(uint32_t number, int count) {
    for (int k = 0; k < count; ++k) bits_.push_back((number >> k) & 1U);
    return *this;
  }
  // "01 1": these bits, the first one first.
  Writer& List(const std::string& text) {
    for (const char c : text) {
      if (c != ' ') bits_.push_back(c == '1' ? 1U : 0U);
    }
    return *this;
  }
  using Plane = std::function<bool(int)>;
  // All rows of planes over 32 values, group after group.
  Writer& Planes(const std::vector<Plane>& planes) {
    for (int g = 0; g < 4; ++g) Rows(g, planes);
    return *this;
  }
  // The rows of one group of 8 values.
  Writer& Rows(int g, const std::vector<Plane>& planes) {
    for (const Plane& bit : planes) {
      for (int i = 8 * g; i < 8 * g + 8; ++i) bits_.push_back(bit(i) ? 1U : 0U);
    }
    return *this;
  }
  // Header of order `field`.
  Writer& Field(uint32_t base, uint32_t w, const std::string& flags) {
    Put(base, 8).Put(w, 4);
    for (const char flag : {'Z', 'G', 'X', 'F'}) {
      Put(flags.find(flag) != std::string::npos ? 1 : 0, 1);
    }
    return *this;
  }
  // The extension of FP16: W = 16.
  Writer& Extension(uint32_t map, uint32_t s, uint32_t value, uint32_t sign_value) {
    return Put(map, 10).Put(s, 1).Put(0, 5).Put(value, 10).Put(sign_value, 1).Put(0, 5);
  }
  // Header of order `significance`.
  Writer& Groups(uint32_t w, uint32_t z, uint32_t form, uint32_t q, uint32_t j, uint32_t base) {
    return Put(w, 3).Put(z, 1).Put(form, 2).Put(q, 5).Put(j, 5).Put(base, 8);
  }
  // Rows of the magnitudes k of a group, the highest of `count` first.
  Writer& Steps(int count, const std::vector<uint32_t>& k) {
    for (int row = count - 1; row >= 0; --row) {
      for (const uint32_t steps : k) bits_.push_back((steps >> row) & 1U);
    }
    return *this;
  }
  size_t size() const { return bits_.size(); }
  // As few bytes as hold all bits, or `bytes`: then cut or filled with `fill`.
  std::vector<uint8_t> Slot() const { return Slot((bits_.size() + 7) / 8); }
  std::vector<uint8_t> Slot(size_t bytes, uint32_t fill = 0) const {
    std::vector<uint8_t> slot(bytes, 0);
    for (size_t b = 0; b < bytes * 8; ++b) {
      const uint32_t bit = b < bits_.size() ? bits_[b] : fill;
      slot[b / 8] = static_cast<uint8_t>(slot[b / 8] | (bit << (b % 8)));
    }
    return slot;
  }

 private:
  std::vector<uint32_t> bits_;
};

RefConfig Fp16() {
  RefConfig c;
  c.exp_bits = 5;
  c.man_bits = 10;
  c.value_bytes = 2;
  c.block_len = 32;
  return c;
}

// Four groups of eight values; U is 4.
RefConfig Fp16Groups() {
  RefConfig c = Fp16();
  c.significance = true;
  c.group_len = 8;
  c.row_limit = 16;
  return c;
}

RefConfig RowLimit(RefConfig c, int rows) {
  c.row_limit = rows;
  return c;
}

RefConfig Lossless(RefConfig c) {
  c.lossless = true;
  return c;
}

RefConfig FillZero(RefConfig c) {
  c.midpoint = false;
  return c;
}

std::vector<uint32_t> Legal(const std::vector<uint8_t>& slot, const RefConfig& c) {
  const RefResult result = DecodeSlot(slot, c);
  EXPECT_FALSE(result.malformed) << result.reason;
  EXPECT_EQ(result.patterns.size(), static_cast<size_t>(c.block_len));
  return result.patterns;
}

void ExpectMalformed(const std::vector<uint8_t>& slot, const RefConfig& c, const char* reason) {
  const RefResult result = DecodeSlot(slot, c);
  EXPECT_TRUE(result.malformed) << reason;
  EXPECT_THAT(result.reason, StartsWith(reason));
  EXPECT_EQ(result.patterns.size(), static_cast<size_t>(c.block_len));
  EXPECT_THAT(result.patterns, Each(0U));
}

bool None(int) { return false; }
bool All(int) { return true; }
bool HighDelta(int i) { return (i & 2) != 0; }  // of a delta i mod 4
bool LowDelta(int i) { return (i & 1) != 0; }

// ---- order `field` ----------------------------------------------------------------------------

TEST(RefField, AllZeroBlock) {
  ACTP_CLAUSE("F-2.7", "F-3.1", "F-3.3", "F-3.6", "F-3.8", "F-3.11");
  Writer plus;
  plus.Field(0, 0, "ZX").Extension(0, 0, 0, 0);
  EXPECT_EQ(plus.Slot(), (std::vector<uint8_t>{0x00, 0x50, 0, 0, 0, 0}));
  EXPECT_THAT(Legal(plus.Slot(), Lossless(Fp16())), Each(0U));
  Writer minus;  // the mantissa value bits say nothing about a zero
  minus.Field(7, 0, "ZX").Extension(0, 0, 0x3FF, 1);
  EXPECT_THAT(Legal(minus.Slot(), Lossless(Fp16())), Each(0x8000U));
}

TEST(RefField, OneValueAmongZeros) {
  ACTP_CLAUSE("F-3.1", "F-3.4", "F-3.6", "F-3.7");
  Writer slot;
  slot.Field(15, 1, "ZX").Extension(0, 0, 0, 0).Planes({[](int i) { return i != 3; }});
  EXPECT_EQ(slot.Slot(), (std::vector<uint8_t>{0x0f, 0x51, 0, 0, 0, 0, 0xf7, 0xff, 0xff, 0xff}));
  std::vector<uint32_t> want(32, 0);
  want[3] = 0x3c00;
  EXPECT_EQ(Legal(slot.Slot(), Lossless(Fp16())), want);
}

TEST(RefField, PlanesComeSignFirstAndFromTheTop) {
  ACTP_CLAUSE("F-3.1", "F-3.2", "F-3.4", "F-3.6", "F-3.8", "F-3.13");
  // Value i has the sign i odd, delta i mod 4 and the mantissa 32 * i + 5.
  Writer slot;
  std::vector<Writer::Plane> planes{[](int i) { return i % 2 == 1; }, HighDelta, LowDelta};
  for (int k = 9; k >= 0; --k) {
    planes.emplace_back([k](int i) { return (((32 * i + 5) >> k) & 1) != 0; });
  }
  slot.Field(20, 2, "G").Planes(planes);
  const RefResult result = DecodeSlot(slot.Slot(), Lossless(Fp16()));
  EXPECT_TRUE(result.exact);
  for (uint32_t i = 0; i < 32; ++i) {
    EXPECT_EQ(result.patterns[i], (i % 2) << 15 | (20 - i % 4) << 10 | (32 * i + 5));
  }
}

TEST(RefField, NoExtensionNoSignPlaneIsPositive) {
  ACTP_CLAUSE("F-3.2");
  Writer slot;
  std::vector<Writer::Plane> planes(10, None);
  planes[0] = All;
  slot.Field(9, 0, "").Planes(planes);
  EXPECT_THAT(Legal(slot.Slot(), Lossless(Fp16())), Each(9U << 10 | 0x200U));
}

TEST(RefField, CodesOfZerosAndSpecials) {
  ACTP_CLAUSE("F-3.6", "F-3.8", "F-3.9", "F-3.11", "F-3.12");
  // Codes by i mod 4; the sign plane marks 16 .. 31; plane 4 is stored, plane 0 reads 1.
  Writer with_zero;
  with_zero.Field(15, 2, "ZGX").Extension(0x010, 1, 0x001, 0);
  with_zero.Planes({[](int i) { return i >= 16; }, HighDelta, LowDelta, All});
  const std::vector<uint32_t> values = Legal(with_zero.Slot(), Lossless(Fp16()));
  for (uint32_t i = 0; i < 32; ++i) {
    const uint32_t want[] = {15U << 10 | 0x11U, 31U << 10, 31U << 10 | 0x11U, 0};
    EXPECT_EQ(values[i], want[i % 4] | (i >= 16 ? 0x8000U : 0U)) << i;
  }
  Writer without_zero;
  without_zero.Field(15, 2, "X").Extension(0, 1, 0x001, 1);
  without_zero.Planes({HighDelta, LowDelta});
  const std::vector<uint32_t> others = Legal(without_zero.Slot(), Lossless(Fp16()));
  for (uint32_t i = 0; i < 32; ++i) {
    const uint32_t want[] = {15U << 10 | 1U, 14U << 10 | 1U, 31U << 10, 31U << 10 | 1U};
    EXPECT_EQ(others[i], want[i % 4] | 0x8000U) << i;
  }
}

TEST(RefField, DeltaBeyondTheBaseIsZero) {
  ACTP_CLAUSE("F-3.7", "F-3.10", "F-3.11");
  // Base 2, delta i mod 4, mantissa 2^9: exponents 2, 1, 0 (a subnormal) and a zero.
  Writer slot;
  slot.Field(2, 2, "F").Planes({HighDelta, LowDelta, All});
  for (const bool midpoint : {true, false}) {
    RefConfig c = Fp16();
    c.midpoint = midpoint;
    const std::vector<uint32_t> values = Legal(slot.Slot(), c);
    for (uint32_t i = 0; i < 32; ++i) {
      const uint32_t lost = midpoint ? 0x0FFU : 0U;
      EXPECT_EQ(values[i], i % 4 == 3 ? 0U : (2 - i % 4) << 10 | 0x200U | lost) << i;
    }
  }
}

TEST(RefField, RowsOfAGroupLieSideBySide) {
  ACTP_CLAUSE("F-3.4", "F-3.5");
  // Eleven planes over four groups, 18 bytes behind the header: 5, 5, 4 and 4 rows. Sign plane and
  // mantissa planes 9 .. 6, of which groups 2 and 3 do not have the last.
  const auto bit = [](int k) { return [k](int i) { return ((37 * i >> k) & 1) != 0; }; };
  const std::vector<Writer::Plane> planes{bit(4), bit(3), bit(2), bit(1), bit(0)};
  const std::vector<Writer::Plane> four(planes.begin(), planes.end() - 1);
  Writer slot;
  slot.Field(14, 0, "G").Rows(0, planes).Rows(1, planes).Rows(2, four).Rows(3, four);
  const std::vector<uint32_t> values = Legal(slot.Slot(), FillZero(Fp16()));
  for (uint32_t i = 0; i < 32; ++i) {
    const uint32_t read = i < 16 ? 37 * i : 37 * i & ~1U;
    EXPECT_EQ(values[i], (read >> 4 & 1U) << 15 | 14U << 10 | (read & 15U) << 6) << i;
  }
}

TEST(RefField, AFirstPartGivesItsGroups) {
  ACTP_CLAUSE("F-3.15");
  // Four rows a group, and two bytes that groups 0 and 1 take as their fifth.
  Writer slot;
  slot.Field(20, 2, "G").Planes({HighDelta, All, LowDelta, All}).Put(0x3C5A, 16);
  std::vector<uint8_t> other = slot.Slot();
  for (size_t byte = 2 + 5; byte < other.size(); ++byte) other[byte] ^= 0xFF;  // groups 1 .. 3
  const std::vector<uint32_t> want = Legal(slot.Slot(), Fp16());
  const std::vector<uint32_t> values = Legal(other, Fp16());
  EXPECT_TRUE(std::equal(want.begin(), want.begin() + 8, values.begin()));
  EXPECT_FALSE(std::equal(want.begin() + 8, want.begin() + 16, values.begin() + 8));
}

TEST(RefField, CutInsideAPlane) {
  ACTP_CLAUSE("F-3.5", "F-3.10", "F-3.13");
  // Plane 9 reads 1 (group 3: 0), plane 8 reads 0 and is there in group 0 only.
  const Writer::Plane top = [](int i) { return i < 24; };
  Writer slot;
  slot.Field(15, 0, "").Rows(0, {top, None}).Rows(1, {top}).Rows(2, {top}).Rows(3, {top});
  const std::vector<uint32_t> midpoint = Legal(slot.Slot(), Fp16());
  const std::vector<uint32_t> zero = Legal(slot.Slot(), FillZero(Fp16()));
  EXPECT_FALSE(DecodeSlot(slot.Slot(), Fp16()).exact);
  for (size_t i = 0; i < 32; ++i) {
    EXPECT_EQ(midpoint[i], i < 8 ? 0x3e80U : i < 24 ? 0x3effU : 0x3d00U) << i;
    EXPECT_EQ(zero[i], i < 24 ? 0x3e00U : 0x3c00U) << i;
  }
}

TEST(RefField, TheBitAboveTheMantissaIsOfTheExponent) {
  ACTP_CLAUSE("F-3.10");
  // Deltas i mod 4 and nothing else: an even exponent field reads 10..0, an odd one 01..1.
  Writer slot;
  slot.Field(2, 2, "").Planes({HighDelta, LowDelta});
  const std::vector<uint32_t> values = Legal(slot.Slot(), Fp16());
  for (size_t i = 0; i < 32; ++i) {
    const uint32_t want[] = {2U << 10 | 0x200U, 1U << 10 | 0x1FFU, 0x200U, 0};
    EXPECT_EQ(values[i], want[i % 4]) << i;
  }
}

TEST(RefField, UniformPlanesAreKnownBelowTheCut) {
  ACTP_CLAUSE("F-3.5", "F-3.9", "F-3.10");
  // Planes 8 and 5 and 2 are stored, only 8 is in the slot; plane 6 is the bit above.
  Writer one;
  one.Field(15, 0, "X").Extension(0x124, 0, 0x2DA, 0).Planes({None});
  EXPECT_THAT(Legal(one.Slot(), Fp16()), Each(0x3c00U | 0x2DAU | 0x004U));
  EXPECT_THAT(Legal(one.Slot(), FillZero(Fp16())), Each(0x3c00U | 0x2DAU));
  Writer zero;
  zero.Field(15, 0, "X").Extension(0x124, 0, 0x29A, 0).Planes({None});
  EXPECT_THAT(Legal(zero.Slot(), Fp16()), Each(0x3c00U | 0x29AU | 0x020U));
  EXPECT_THAT(Legal(zero.Slot(), FillZero(Fp16())), Each(0x3c00U | 0x29AU));
}

TEST(RefField, NanKeepsItsBitsAndStaysANan) {
  ACTP_CLAUSE("F-3.10", "F-3.12");
  // All NaN; planes 9 (0) and 3 (1) are stored, plane 0 reads 1.
  const auto head = [] { return Writer().Field(0, 1, "X").Extension(0x208, 1, 0x001, 0); };
  Writer cut = head();
  cut.Planes({All, None});
  EXPECT_THAT(Legal(cut.Slot(), Fp16()), Each(0x7c00U | 0x201U));  // no midpoint in a NaN
  Writer slot = head();
  slot.Planes({All, None, All});
  EXPECT_THAT(Legal(slot.Slot(), Lossless(Fp16())), Each(0x7c00U | 0x009U));
  // One lost row, of the last group, is enough for every NaN of the block.
  std::vector<uint8_t> almost = slot.Slot();
  almost.pop_back();
  const std::vector<uint32_t> values = Legal(almost, Fp16());
  EXPECT_EQ(values.front(), 0x7c00U | 0x209U);
  EXPECT_EQ(values.back(), 0x7c00U | 0x201U);
}

TEST(RefField, GarbageAfterTheLastBitIsIgnored) {
  ACTP_CLAUSE("F-2.8");
  Writer slot;
  slot.Field(3, 0, "X").Extension(0, 0, 0, 0);
  EXPECT_THAT(Legal(slot.Slot(22, 1), Fp16()), Each(3U << 10));
}

TEST(RefField, ExtensionOfTheOtherFormats) {
  ACTP_CLAUSE("F-2.1", "F-3.3");
  RefConfig fp32 = Lossless(Fp16());
  fp32.exp_bits = 8;
  fp32.man_bits = 23;
  fp32.value_bytes = 4;
  Writer wide;
  wide.Field(127, 0, "X").Put(0, 23).Put(0, 1).Put(0x400001, 23).Put(1, 1);
  EXPECT_THAT(Legal(wide.Slot(), fp32), Each(0xbfc00001U));
  RefConfig bf16 = fp32;
  bf16.man_bits = 7;
  bf16.value_bytes = 2;
  Writer narrow;
  narrow.Field(127, 0, "X").Put(0, 7).Put(0, 1).Put(0x41, 7).Put(1, 1);
  EXPECT_THAT(Legal(narrow.Slot(), bf16), Each(0xbfc1U));
}

TEST(RefField, Malformed) {
  ACTP_CLAUSE("F-7.1", "F-7.4");
  const RefConfig c = Fp16();
  ExpectMalformed(Writer().Field(31, 0, "").Slot(60), c, "F-7.1 base");
  ExpectMalformed(Writer().Field(0, 7, "").Slot(60), c, "F-7.1 delta width");
  Writer codes;
  codes.Field(0, 1, "ZX").Extension(0, 1, 0, 0);
  ExpectMalformed(codes.Slot(60), c, "F-7.1 no room for the codes");
  for (const uint32_t bit : {11U, 15U, 27U, 31U}) {
    Writer extension;
    extension.Field(0, 0, "X").Put(1U << bit, 32);
    ExpectMalformed(extension.Slot(60), c, "F-7.1 extension bit");
  }
  Writer value;
  value.Field(0, 0, "X").Extension(0x200, 0, 0x200, 0);
  ExpectMalformed(value.Slot(60), c, "F-7.1 value bit");
  Writer sign;
  sign.Field(0, 0, "GX").Extension(0, 0, 0, 1);
  ExpectMalformed(sign.Slot(60), c, "F-7.1 sign value");
  EXPECT_FALSE(DecodeSlot(Writer().Field(0, 3, "G").Slot(18), c).malformed);
  ExpectMalformed(Writer().Field(0, 3, "G").Slot(17), c, "F-7.1 length");
  ExpectMalformed({}, Lossless(c), "F-7.1 length");
  ExpectMalformed({0}, Lossless(c), "F-7.1 length");
}

TEST(RefField, LosslessLengthMustFit) {
  ACTP_CLAUSE("F-2.5", "F-7.3");
  Writer slot;
  slot.Field(0, 0, "ZX").Extension(1, 0, 0, 0).Planes({None});
  EXPECT_FALSE(DecodeSlot(slot.Slot(), Lossless(Fp16())).malformed);
  ExpectMalformed(slot.Slot(9), Lossless(Fp16()), "F-7.3 not complete");
  ExpectMalformed(slot.Slot(11), Lossless(Fp16()), "F-7.3 length");
}

// ---- order `significance` ---------------------------------------------------------------------

// What 32 values are: the listed groups of eight, then +0.
std::vector<uint32_t> Want(std::vector<uint32_t> first) {
  first.resize(32, 0);
  return first;
}

// Codes 0, 1, 3, 2; ends 3, 3, 2, 2: groups 0 and 1 live, 2 has the dead code, 3 lies too low.
Writer TwoOfFourGroups() {
  Writer slot;
  slot.Groups(2, 1, 1, 2, 2, 15).List("00 10 11 01");
  slot.List("1000 0001").Steps(3, {4, 7, 5, 1, 0, 0, 0, 0});
  slot.List("0100 0000").Steps(2, {3, 2, 1, 0, 0, 0, 0, 0});
  return slot;
}

TEST(RefSignificance, HeaderCodesAndRows) {
  ACTP_CLAUSE("F-5.1", "F-5.2", "F-5.3", "F-5.4", "F-5.6", "F-5.7", "F-5.8", "F-5.10");
  const std::vector<uint32_t> want =
      Want({0xbc00, 0x3f00, 0x3d00, 0x3400, 0, 0, 0, 0x8000, 0x3a00, 0xb800, 0x3400});
  const Writer slot = TwoOfFourGroups();
  EXPECT_EQ(slot.size(), 32U + 8 * (1 + 3) + 8 * (1 + 2));
  EXPECT_EQ(Legal(slot.Slot(), Fp16Groups()), want);
  EXPECT_EQ(DecodeSlot(slot.Slot(), Fp16Groups()).used_bits, slot.size());
  EXPECT_EQ(Legal(slot.Slot(40, 1), Fp16Groups()), want);  // F-2.8
}

TEST(RefSignificance, RowsStartAtAWholeByte) {
  ACTP_CLAUSE("F-5.2", "F-5.5");
  // Codes of 3 bits over four groups end at bit 36. Codes 0, 4, 1, 0 below the end 1: h 1, 0, 0, 1.
  for (const uint32_t garbage : {0U, 15U}) {
    Writer slot;
    slot.Groups(3, 0, 0, 1, 0, 15).List("000 001 100 000").Put(garbage, 4);
    slot.List("1010 0000").List("0000 0011");
    std::vector<uint32_t> want(32, 0);
    want[0] = want[2] = want[30] = want[31] = 0x3c00;
    EXPECT_EQ(Legal(slot.Slot(), Fp16Groups()), want);
  }
}

TEST(RefSignificance, AFirstPartGivesItsGroups) {
  ACTP_CLAUSE("F-5.14");
  const std::vector<uint8_t> slot = TwoOfFourGroups().Slot();
  std::vector<uint8_t> other = slot;
  for (size_t byte = 8; byte < other.size(); ++byte) other[byte] ^= 0xFF;  // the rows of group 1
  const std::vector<uint32_t> want = Legal(slot, Fp16Groups());
  const std::vector<uint32_t> values = Legal(other, Fp16Groups());
  EXPECT_TRUE(std::equal(want.begin(), want.begin() + 8, values.begin()));
  EXPECT_FALSE(std::equal(want.begin() + 8, want.begin() + 16, values.begin() + 8));
}

TEST(RefSignificance, TheLevelEndsGroupByGroup) {
  ACTP_CLAUSE("F-5.1", "F-5.3");
  // 64 groups, U = 32: with j = 3 the groups 0 .. 5 have a row more than q = 0.
  RefConfig c = Fp16Groups();
  c.block_len = 256;
  c.group_len = 4;
  Writer slot;
  slot.Groups(0, 0, 0, 0, 3, 15);
  for (int g = 0; g < 6; ++g) slot.List("1111");
  std::vector<uint32_t> want(256, 0);
  for (size_t i = 0; i < 24; ++i) want[i] = 0x3c00;
  EXPECT_EQ(Legal(slot.Slot(), c), want);
  EXPECT_EQ(DecodeSlot(slot.Slot(), c).used_bits, 48U);
  // With w = 0 and Z = 1 the one code there is, is that of dead groups.
  Writer dead;
  dead.Groups(0, 1, 1, 31, 0, 15);
  EXPECT_THAT(Legal(dead.Slot(4, 1), c), Each(0U));
}

TEST(RefSignificance, RowLimit) {
  ACTP_CLAUSE("F-5.4", "F-5.7");
  // Twelve rows up to the end, of which R leaves 8 from the top: a step weighs 8. Form 2 has
  // eleven.
  const std::vector<uint32_t> one(8, 1);
  Writer nearest;
  nearest.Groups(0, 0, 0, 12, 0, 15);
  for (int g = 0; g < 4; ++g) nearest.Steps(8, one);
  EXPECT_THAT(Legal(nearest.Slot(), RowLimit(Fp16Groups(), 8)), Each(8U << 10));
  ExpectMalformed(nearest.Slot(), RowLimit(Fp16Groups(), 9), "F-7.2 row");
  for (const int rows : {8, 10, 11, 24}) {
    const int count = std::min(rows, 11);
    Writer middle;
    middle.Groups(0, 0, 2, 12, 0, 15);
    for (int g = 0; g < 4; ++g) middle.List("00000000").Steps(count, one);
    EXPECT_EQ(DecodeSlot(middle.Slot(), RowLimit(Fp16Groups(), rows)).used_bits, middle.size());
    EXPECT_THAT(Legal(middle.Slot(), RowLimit(Fp16Groups(), rows)),
                Each(static_cast<uint32_t>(16 - count) << 10 | 0x1FFU));
  }
}

// All four groups are the same eight values.
std::vector<uint32_t> OneGroup(uint32_t form, uint32_t q, uint32_t base, int count,
                               const std::vector<uint32_t>& k, const RefConfig& c) {
  Writer slot;
  slot.Groups(0, 0, form, q, 0, base);
  for (int g = 0; g < 4; ++g) {
    if (form > 0) slot.List("0000 0001");
    slot.Steps(count, k);
  }
  std::vector<uint32_t> values = Legal(slot.Slot(), c);
  for (size_t i = 0; i < 24; ++i) EXPECT_EQ(values[i], values[i + 8]);
  values.resize(8);
  return values;
}

TEST(RefSignificance, BitsBelowTheMantissaAreDropped) {
  ACTP_CLAUSE("F-5.7", "F-5.8", "F-5.10");
  using Values = std::vector<uint32_t>;
  // Base 1 and twelve rows: one step weighs -10, the lowest mantissa bit of FP16 -9.
  EXPECT_EQ(OneGroup(1, 12, 1, 12, {1, 2, 3, 1024, 2048, 2049, 2050, 1}, Fp16Groups()),
            (Values{0, 1, 1, 0x200, 0x400, 0x400, 0x401, 0x8000}));
  // Thirteen rows, two below the mantissa of a value with the leading one in the first.
  EXPECT_EQ(OneGroup(0, 13, 15, 13, {4096, 4097, 4100, 8191, 2050, 1024, 1, 0}, Fp16Groups()),
            (Values{0x3c00, 0x3c00, 0x3c01, 0x3fff, 0x3801, 0x3400, 0x0c00, 0}));
}

TEST(RefSignificance, MidRise) {
  ACTP_CLAUSE("F-5.4", "F-5.9", "F-5.10");
  using Values = std::vector<uint32_t>;
  // One step weighs 14; k = 0 is half a step, and keeps its sign.
  EXPECT_EQ(OneGroup(2, 3, 15, 2, {0, 1, 2, 3, 0, 0, 0, 0}, Fp16Groups()),
            (Values{0x3400, 0x39ff, 0x3d00, 0x3eff, 0x3400, 0x3400, 0x3400, 0xb400}));
  // No magnitude row: half a step is the weight of the base.
  EXPECT_EQ(OneGroup(2, 1, 15, 0, {}, Fp16Groups()).front(), 0x3c00U);
  EXPECT_EQ(OneGroup(2, 1, 15, 0, {}, Fp16Groups()).back(), 0xbc00U);
  // Subnormals: one step weighs -7, then -8, -9 (the lowest bit) and -10.
  EXPECT_EQ(OneGroup(2, 10, 1, 9, {0, 1, 2, 3, 256, 0, 0, 0}, Fp16Groups()),
            (Values{2, 5, 10, 13, 0x402, 2, 2, 0x8002}));
  EXPECT_EQ(OneGroup(2, 11, 1, 10, {0, 1, 2, 3, 512, 0, 0, 0}, Fp16Groups()),
            (Values{1, 2, 5, 6, 0x401, 1, 1, 0x8001}));
  EXPECT_EQ(OneGroup(2, 12, 1, 11, {0, 1, 2, 3, 1024, 0, 0, 0}, Fp16Groups()),
            (Values{0, 1, 2, 3, 0x400, 0, 0, 0x8000}));
  EXPECT_EQ(OneGroup(2, 13, 1, 12, {0, 1, 2, 3, 2049, 0, 0, 0}, Fp16Groups()),
            (Values{0, 0, 1, 1, 0x400, 0, 0, 0x8000}));
}

TEST(RefSignificance, Specials) {
  ACTP_CLAUSE("F-5.2", "F-5.4", "F-5.6", "F-5.10", "F-5.11");
  // Flags of groups 0 and 2; groups 2 and 3 are dead. Of the row of NaN value 3 takes nothing.
  Writer slot;
  slot.Groups(1, 1, 3, 1, 0, 15).List("1010").List("0011");
  slot.List("1110 0000").List("0101 0000").List("1010 0100").List("1111 0100");
  slot.List("1000 0000").List("1100 0000");
  slot.List("1000 0001").List("0000 0001").List("1100 0000");
  std::vector<uint32_t> want = Want({0xfc00, 0x7e00, 0xfc00, 0x3c00, 0, 0xbc00, 0, 0});
  want[8] = 0xbc00;
  want[9] = 0x3c00;
  want[16] = 0xfc00;
  want[17] = 0x8000;
  want[23] = 0x7e00;
  EXPECT_EQ(Legal(slot.Slot(), Fp16Groups()), want);
  EXPECT_EQ(DecodeSlot(slot.Slot(), Fp16Groups()).used_bits, slot.size());
}

TEST(RefSignificance, PoisonedBlock) {
  ACTP_CLAUSE("F-5.1", "F-5.12", "F-2.8");
  EXPECT_THAT(Legal({6, 0, 0, 0}, Fp16Groups()), Each(0x7e00U));
  EXPECT_THAT(Legal({6, 0xFF, 0xFF, 0xFF}, Fp16Groups()), Each(0x7e00U));
}

TEST(RefSignificance, Pair) {
  ACTP_CLAUSE("F-5.1", "F-5.13", "F-7.2");
  for (const bool wide : {false, true}) {
    RefConfig c = Fp16Groups();
    if (wide) c = RefConfig{.block_len = 32, .significance = true};
    const uint32_t a = wide ? 0x80000001U : 0x8001U;
    const uint32_t b = wide ? 0x7fc12345U : 0x7d23U;  // a NaN keeps its bits
    Writer slot;
    slot.Put(7, 8).Put(a, wide ? 32 : 16).Put(b, wide ? 32 : 16).Put(0x80000102U, 32);
    std::vector<uint32_t> want(32, a);
    want[1] = want[8] = want[31] = b;
    EXPECT_EQ(Legal(slot.Slot(), c), want);
    EXPECT_EQ(Legal(slot.Slot(40, 1), c), want);
    EXPECT_TRUE(DecodeSlot(slot.Slot(), c).exact);
    ExpectMalformed(slot.Slot(wide ? 12 : 8), c, "F-7.2 pair");
  }
}

TEST(RefSignificance, Malformed) {
  ACTP_CLAUSE("F-7.2", "F-7.4");
  const RefConfig c = Fp16Groups();
  ExpectMalformed(Writer().Groups(5, 0, 0, 0, 0, 15).Slot(64), c, "F-7.2 width 5");
  for (const uint32_t bit : {8U, 16U, 32U, 64U, 128U}) {
    std::vector<uint8_t> slot(64, 0);
    slot[0] = static_cast<uint8_t>(6 | bit);
    ExpectMalformed(slot, c, "F-7.2 bits [7:3]");
    slot[0] = static_cast<uint8_t>(7 | bit);
    ExpectMalformed(slot, c, "F-7.2 bits [7:3]");
  }
  EXPECT_FALSE(DecodeSlot(Writer().Groups(0, 0, 0, 0, 3, 15).Slot(64), c).malformed);
  ExpectMalformed(Writer().Groups(0, 0, 0, 0, 4, 15).Slot(64), c, "F-7.2 level");
  ExpectMalformed(Writer().Groups(0, 0, 0, 0, 0, 0).Slot(64), c, "F-7.2 base");
  ExpectMalformed(Writer().Groups(0, 0, 0, 0, 0, 31).Slot(64), c, "F-7.2 base");
  EXPECT_FALSE(DecodeSlot(Writer().Groups(0, 0, 0, 0, 0, 30).Slot(64), c).malformed);
  // Sixteen groups of four: flags up to bit 40, codes up to bit 56.
  RefConfig many = c;
  many.block_len = 64;
  many.group_len = 4;
  Writer slot;
  slot.Groups(1, 1, 3, 0, 0, 15).Put(0, 16).Put(0xFFFF, 16);
  EXPECT_FALSE(DecodeSlot(slot.Slot(), many).malformed);
  ExpectMalformed(slot.Slot(4), many, "F-7.2 flag");
  ExpectMalformed(slot.Slot(6), many, "F-7.2 code");
  const Writer rows = TwoOfFourGroups();
  ExpectMalformed(rows.Slot(rows.size() / 8 - 1), c, "F-7.2 row");
}

// ---- section 8 --------------------------------------------------------------------------------

// `name: one line` and `name:` with indented hexadecimal words below it.
using Example = std::map<std::string, std::string>;

std::vector<Example> ReadExamples() {
  std::ifstream file(std::string(ACTP_SOURCE_DIR) + "/docs/format.md");
  std::vector<Example> examples;
  bool inside = false;
  std::string key;
  for (std::string line; std::getline(file, line);) {
    if (line == "```example") {
      inside = true;
      examples.emplace_back();
    } else if (line == "```") {
      inside = false;
    } else if (inside) {
      const size_t colon = line.find(':');
      if (colon != std::string::npos) {
        key = line.substr(0, colon);
        line = line.substr(colon + 1);
      }
      examples.back()[key] += line + " ";
    }
  }
  return examples;
}

std::string Word(const Example& example, const std::string& key) {
  std::string word;
  if (example.count(key) != 0) std::istringstream(example.at(key)) >> word;
  return word;
}

template <typename T>
std::vector<T> Hex(const std::string& text) {
  std::istringstream words(text);
  std::vector<T> numbers;
  for (std::string word; words >> word;) {
    numbers.push_back(static_cast<T>(std::stoul(word, nullptr, 16)));
  }
  return numbers;
}

TEST(RefExamples, DecodeAsTheDocumentSays) {
  ACTP_CLAUSE("F-8.1");
  const std::vector<Example> examples = ReadExamples();
  ASSERT_GE(examples.size(), 2U);
  for (const Example& example : examples) {
    const std::string format = Word(example, "format");
    RefConfig c;
    c.exp_bits = format == "fp16" ? 5 : 8;
    c.man_bits = format == "fp16" ? 10 : format == "bf16" ? 7 : 23;
    c.value_bytes = format == "fp32" ? 4 : 2;
    c.block_len = std::stoi(Word(example, "block"));
    c.lossless = Word(example, "mode") == "lossless";
    c.significance = Word(example, "order") == "significance";
    c.midpoint = Word(example, "fill") == "midpoint";
    if (c.significance) {
      c.group_len = std::stoi(Word(example, "group"));
      c.row_limit = std::stoi(Word(example, "rows"));
    }
    const auto slot = Hex<uint8_t>(example.at("slot"));
    if (!c.lossless) {
      EXPECT_EQ(slot.size(), std::stoul(Word(example, "slot_bytes")));
    }
    EXPECT_EQ(Legal(slot, c), Hex<uint32_t>(example.at("decoded")));
  }
}

}  // namespace
}  // namespace actplane::ref
