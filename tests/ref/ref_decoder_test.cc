// SPDX-License-Identifier: Apache-2.0
// The second decoder against slots written out here from the clauses, bit by bit.
#include "ref/ref_decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
  // A plane over 32 values.
  Writer& Plane(const std::function<bool(int)>& bit) {
    for (int i = 0; i < 32; ++i) bits_.push_back(bit(i) ? 1U : 0U);
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
  // Header of order `significance`, L = 0, FP16.
  Writer& Layers(uint32_t g, uint32_t a, uint32_t p, uint32_t q, uint32_t base) {
    return Put(0, 1).Put(g, 1).Put(a, 2).Put(p, 5).Put(q, 4).Put(base, 5);
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

RefConfig Fp16Layers() {
  RefConfig c = Fp16();
  c.significance = true;
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
  slot.Field(15, 1, "ZX").Extension(0, 0, 0, 0).Plane([](int i) { return i != 3; });
  EXPECT_EQ(slot.Slot(), (std::vector<uint8_t>{0x0f, 0x51, 0, 0, 0, 0, 0xf7, 0xff, 0xff, 0xff}));
  std::vector<uint32_t> want(32, 0);
  want[3] = 0x3c00;
  EXPECT_EQ(Legal(slot.Slot(), Lossless(Fp16())), want);
}

TEST(RefField, PlanesComeSignFirstAndFromTheTop) {
  ACTP_CLAUSE("F-3.1", "F-3.2", "F-3.4", "F-3.6", "F-3.8", "F-3.13");
  // Value i has the sign i odd, delta i mod 4 and the mantissa 32 * i + 5.
  Writer slot;
  slot.Field(20, 2, "G").Plane([](int i) { return i % 2 == 1; });
  slot.Plane([](int i) { return (i & 2) != 0; }).Plane([](int i) { return (i & 1) != 0; });
  for (int k = 9; k >= 0; --k) slot.Plane([k](int i) { return (((32 * i + 5) >> k) & 1) != 0; });
  const RefResult result = DecodeSlot(slot.Slot(), Lossless(Fp16()));
  EXPECT_TRUE(result.exact);
  for (uint32_t i = 0; i < 32; ++i) {
    EXPECT_EQ(result.patterns[i], (i % 2) << 15 | (20 - i % 4) << 10 | (32 * i + 5));
  }
}

TEST(RefField, NoExtensionNoSignPlaneIsPositive) {
  ACTP_CLAUSE("F-3.2");
  Writer slot;
  slot.Field(9, 0, "");
  for (int k = 9; k >= 0; --k) slot.Plane([k](int) { return k == 9; });
  EXPECT_THAT(Legal(slot.Slot(), Lossless(Fp16())), Each(9U << 10 | 0x200U));
}

TEST(RefField, CodesOfZerosAndSpecials) {
  ACTP_CLAUSE("F-3.6", "F-3.8", "F-3.9", "F-3.11", "F-3.12");
  // Codes by i mod 4; the sign plane marks 16 .. 31; plane 4 is stored, plane 0 reads 1.
  Writer with_zero;
  with_zero.Field(15, 2, "ZGX").Extension(0x010, 1, 0x001, 0);
  with_zero.Plane([](int i) { return i >= 16; });
  with_zero.Plane([](int i) { return (i & 2) != 0; }).Plane([](int i) { return (i & 1) != 0; });
  with_zero.Plane([](int) { return true; });
  const std::vector<uint32_t> values = Legal(with_zero.Slot(), Lossless(Fp16()));
  for (uint32_t i = 0; i < 32; ++i) {
    const uint32_t want[] = {15U << 10 | 0x11U, 31U << 10, 31U << 10 | 0x11U, 0};
    EXPECT_EQ(values[i], want[i % 4] | (i >= 16 ? 0x8000U : 0U)) << i;
  }
  Writer without_zero;
  without_zero.Field(15, 2, "X").Extension(0, 1, 0x001, 1);
  without_zero.Plane([](int i) { return (i & 2) != 0; }).Plane([](int i) { return (i & 1) != 0; });
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
  slot.Field(2, 2, "F").Plane([](int i) { return (i & 2) != 0; });
  slot.Plane([](int i) { return (i & 1) != 0; }).Plane([](int) { return true; });
  for (const bool midpoint : {true, false}) {
    RefConfig c = Fp16();
    c.midpoint = midpoint;
    const std::vector<uint32_t> values = Legal(slot.Slot(), c);
    for (uint32_t i = 0; i < 32; ++i) {
      const uint32_t lost = midpoint ? 0x100U : 0U;
      EXPECT_EQ(values[i], i % 4 == 3 ? 0U : (2 - i % 4) << 10 | 0x200U | lost) << i;
    }
  }
}

TEST(RefField, CutInsideAPlane) {
  ACTP_CLAUSE("F-3.5", "F-3.10", "F-3.13");
  // Plane 9 reads 1, of plane 8 (all 1) only the first byte is there.
  Writer slot;
  slot.Field(15, 0, "").Plane([](int) { return true; }).List("11111111");
  const std::vector<uint32_t> midpoint = Legal(slot.Slot(), Fp16());
  const std::vector<uint32_t> zero = Legal(slot.Slot(), FillZero(Fp16()));
  EXPECT_FALSE(DecodeSlot(slot.Slot(), Fp16()).exact);
  for (size_t i = 0; i < 32; ++i) {
    EXPECT_EQ(midpoint[i], i < 8 ? 0x3f80U : 0x3f00U) << i;
    EXPECT_EQ(zero[i], i < 8 ? 0x3f00U : 0x3e00U) << i;
  }
}

TEST(RefField, UniformPlanesAreKnownBelowTheCut) {
  ACTP_CLAUSE("F-3.5", "F-3.9", "F-3.10");
  // Planes 8 and 5 are stored, only 8 is in the slot; the others read 1, but 0 in plane 0.
  Writer slot;
  slot.Field(15, 0, "X").Extension(0x120, 0, 0x2DE, 0).Plane(None);
  EXPECT_THAT(Legal(slot.Slot(), Fp16()), Each(0x3c00U | 0x2DEU | 0x020U));
  EXPECT_THAT(Legal(slot.Slot(), FillZero(Fp16())), Each(0x3c00U | 0x2DEU));
}

TEST(RefField, NanKeepsItsBitsAndStaysANan) {
  ACTP_CLAUSE("F-3.10", "F-3.12");
  // All NaN; planes 9 (0) and 3 (1) are stored, plane 0 reads 1.
  Writer slot;
  slot.Field(0, 1, "X").Extension(0x208, 1, 0x001, 0);
  slot.Plane([](int) { return true; }).Plane(None);
  const std::vector<uint8_t> cut = slot.Slot();
  EXPECT_THAT(Legal(cut, Fp16()), Each(0x7c00U | 0x201U));  // no midpoint in a NaN
  slot.Plane([](int) { return true; });
  EXPECT_THAT(Legal(slot.Slot(), Lossless(Fp16())), Each(0x7c00U | 0x009U));
  // One lost bit, of the last value, is enough for every NaN of the block.
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
  ACTP_CLAUSE("F-7.1", "F-7.5");
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
  ACTP_CLAUSE("F-2.5", "F-7.4");
  Writer slot;
  slot.Field(0, 0, "ZX").Extension(1, 0, 0, 0).Plane(None);
  EXPECT_FALSE(DecodeSlot(slot.Slot(), Lossless(Fp16())).malformed);
  ExpectMalformed(slot.Slot(9), Lossless(Fp16()), "F-7.4");
  ExpectMalformed(slot.Slot(11), Lossless(Fp16()), "F-7.4 length");
}

// ---- order `significance` ---------------------------------------------------------------------

TEST(RefSignificance, RawPlanesSignsAndRefinement) {
  ACTP_CLAUSE("F-5.2", "F-5.3", "F-5.4", "F-5.8", "F-5.9", "F-5.10", "F-5.11", "F-5.13");
  // Value 1 has delta 0, values 0 and 4 delta 1, nothing else is significant.
  Writer slot;
  slot.Layers(1, 0, 2, 0, 15).List("01" + std::string(30, '0'));
  slot.List("1001" /* values 0, 2, 3, 4 */ + std::string(27, '0'));
  slot.List("010");  // signs of 0, 1, 4
  slot.List("1");    // plane 1: value 1 alone
  slot.List("101");  // plane 2: values 0, 1, 4
  for (int p = 3; p <= 10; ++p) slot.List("000");
  slot.List("11");  // plane 11: values 0 and 4, their last bit
  std::vector<uint32_t> want(32, 0);
  want[0] = 14U << 10 | 0x201U;
  want[1] = 0x8000U | 15U << 10 | 0x200U;
  want[4] = 14U << 10 | 0x201U;
  EXPECT_EQ(Legal(slot.Slot(), Lossless(Fp16Layers())), want);
}

TEST(RefSignificance, GroupedPlane) {
  ACTP_CLAUSE("F-5.5", "F-5.8");
  // Plane 0 finds value 21, plane 1 values 20 and 23 and flags with nothing below them.
  Writer slot;
  slot.Layers(0, 0, 2, 2, 15).List("01 0100 0100");
  slot.List("11 0000 0110 101 0000").List("1");
  for (int p = 2; p <= 10; ++p) slot.List("000");
  slot.List("01");
  std::vector<uint32_t> want(32, 0);
  want[21] = 15U << 10 | 0x200U;
  want[20] = 14U << 10;
  want[23] = 14U << 10 | 1U;
  EXPECT_EQ(Legal(slot.Slot(), Lossless(Fp16Layers())), want);
}

TEST(RefSignificance, GroupsWithoutACandidateHaveNoFlag) {
  ACTP_CLAUSE("F-5.5", "F-5.7");
  // The raw zero map leaves values 5 and 30; the grouped plane then has 2 + 2 + 2 bits.
  Writer slot;
  slot.Layers(0, 1, 1, 1, 15);
  slot.Plane([](int i) { return i == 5 || i == 30; }).List("11 11 01");
  for (int p = 1; p <= 10; ++p) slot.List("1");
  std::vector<uint32_t> want(32, 0);
  want[30] = 15U << 10 | 0x3FFU;
  EXPECT_EQ(Legal(slot.Slot(), Lossless(Fp16Layers())), want);
  // Grouped zero map: value 5 alone.
  Writer grouped;
  grouped.Layers(0, 2, 1, 0, 15).List("10 0100 0100").List("1");
  for (int p = 1; p <= 10; ++p) grouped.List("0");
  std::vector<uint32_t> one(32, 0);
  one[5] = 15U << 10;
  EXPECT_EQ(Legal(grouped.Slot(), Lossless(Fp16Layers())), one);
}

TEST(RefSignificance, SpecialSection) {
  ACTP_CLAUSE("F-5.6", "F-5.7", "F-5.13");
  // Specials 0 (-Inf), 2 (+NaN), 3 (-NaN); the zero map keeps 1 and 16; plane 0 is over those.
  Writer slot;
  slot.Layers(1, 3, 1, 0, 15).List("1").List("10 1000 1011").List("10 01 11");
  slot.List("11 1000 1000 1 1000");  // candidates 1, then 4 .. 31
  slot.List("01").List("1");
  for (int p = 1; p <= 10; ++p) slot.List("0");
  std::vector<uint32_t> want(32, 0);
  want[0] = 0xfc00;
  want[2] = 0x7e00;
  want[3] = 0xfe00;
  want[16] = 0x8000U | 15U << 10;
  EXPECT_EQ(Legal(slot.Slot(), Lossless(Fp16Layers())), want);
}

TEST(RefSignificance, PoisonedBlock) {
  ACTP_CLAUSE("F-5.14");
  EXPECT_THAT(Legal(Writer().Layers(0, 3, 0, 15, 0).Slot(), Lossless(Fp16Layers())), Each(0x7e00U));
  EXPECT_THAT(Legal(Writer().Layers(1, 3, 0, 15, 31).Slot(9, 1), Fp16Layers()), Each(0x7e00U));
}

TEST(RefSignificance, SubnormalsHaveFewerRefinementBits) {
  ACTP_CLAUSE("F-5.3", "F-5.10", "F-5.11");
  // Base 1. Deltas 0 (normal), 1 (exponent 0, leading one at bit 9), 9 and 10 (at bits 1 and 0).
  Writer slot;
  slot.Layers(0, 0, 11, 0, 1).List("1" + std::string(31, '0')).List("1" + std::string(30, '0'));
  for (int p = 2; p < 9; ++p) slot.List(std::string(30, '0'));
  slot.List("1" + std::string(29, '0')).List("1" + std::string(28, '0'));
  slot.List("1");                                // plane 1: value 0
  for (int p = 2; p < 10; ++p) slot.List("00");  // values 0 and 1
  slot.List("011");                              // plane 10: values 0, 1, 2; none of value 3
  std::vector<uint32_t> want(32, 0);
  want[0] = 1U << 10 | 0x200U;
  want[1] = 0x201;
  want[2] = 0x003;
  want[3] = 0x001;
  EXPECT_EQ(Legal(slot.Slot(), Lossless(Fp16Layers())), want);
}

TEST(RefSignificance, CutInTheRefinement) {
  ACTP_CLAUSE("F-5.10", "F-5.12", "F-2.8");
  // 18 + 32 bits, then two refinement bits for the eight values up to the end at 56 bits: six
  // values have their first bit (1), two have lost it.
  Writer slot;
  slot.Layers(0, 0, 1, 0, 15).Plane([](int i) { return i < 8; }).List("111111");
  const std::vector<uint32_t> midpoint = Legal(slot.Slot(), Fp16Layers());
  const std::vector<uint32_t> zero = Legal(slot.Slot(), FillZero(Fp16Layers()));
  for (size_t i = 0; i < 32; ++i) {
    EXPECT_EQ(midpoint[i], i < 6 ? 0x3f00U : i < 8 ? 0x3e00U : 0U) << i;
    EXPECT_EQ(zero[i], i < 6 ? 0x3e00U : i < 8 ? 0x3c00U : 0U) << i;
  }
}

TEST(RefSignificance, WholeBlock) {
  ACTP_CLAUSE("F-5.1", "F-7.2", "F-7.4");
  Writer slot;
  slot.Put(1, 8).Field(15, 1, "ZX").Extension(0, 0, 0, 0).Plane([](int i) { return i != 3; });
  std::vector<uint32_t> want(32, 0);
  want[3] = 0x3c00;
  EXPECT_EQ(Legal(slot.Slot(), Lossless(Fp16Layers())), want);
  EXPECT_EQ(Legal(slot.Slot(15, 1), Fp16Layers()), want);
  ExpectMalformed(slot.Slot(12), Lossless(Fp16Layers()), "F-7.4 length");
  ExpectMalformed(slot.Slot(10), Fp16Layers(), "F-7.2 by F-7.1 length");
  ExpectMalformed({0x81, 0, 0x50, 0, 0, 0, 0}, Fp16Layers(), "F-7.2 bits [7:1]");
  Writer cut;
  cut.Put(1, 8).Field(15, 0, "X").Extension(0x200, 0, 0, 0).Put(0, 24);
  ExpectMalformed(cut.Slot(), Fp16Layers(), "F-7.2 not complete");
}

TEST(RefSignificance, Malformed) {
  ACTP_CLAUSE("F-7.3", "F-7.5");
  const RefConfig c = Fp16Layers();
  ExpectMalformed(Writer().Layers(0, 0, 0, 0, 0).Slot(64), c, "F-7.3 base");
  ExpectMalformed(Writer().Layers(0, 0, 0, 0, 31).Slot(64), c, "F-7.3 base");
  EXPECT_FALSE(DecodeSlot(Writer().Layers(0, 0, 11, 0, 1).Slot(64), c).malformed);
  ExpectMalformed(Writer().Layers(0, 0, 12, 0, 1).Slot(64), c, "F-7.3 planes");
  ExpectMalformed(Writer().Layers(0, 0, 2, 3, 15).Slot(64), c, "F-7.3 grouped");
  ExpectMalformed(Writer().Layers(0, 2, 0, 15, 15).Slot(64), c, "F-7.3 grouped");
  ExpectMalformed(Writer().Layers(0, 3, 0, 14, 15).Slot(64), c, "F-7.3 grouped");
  ExpectMalformed(Writer().Layers(0, 3, 0, 0, 15).List("0 11 1111 1111").Slot(4), c,
                  "F-7.3 special section");
  ExpectMalformed(Writer().Layers(0, 1, 0, 0, 15).Slot(6), c, "F-7.3 zero map");
  ExpectMalformed(Writer().Layers(0, 0, 1, 0, 15).Slot(6), c, "F-7.3 significance planes");
  Writer signs;
  signs.Layers(1, 0, 1, 0, 15).Plane([](int i) { return i < 7; });
  ExpectMalformed(signs.Slot(7), c, "F-7.3 signs");
}

TEST(RefSignificance, LosslessLengthMustFit) {
  ACTP_CLAUSE("F-2.5", "F-7.4");
  Writer slot;
  slot.Layers(0, 0, 1, 0, 15).List("1" + std::string(31, '0')).Put(0, 10);  // 60 bits
  EXPECT_FALSE(DecodeSlot(slot.Slot(8), Lossless(Fp16Layers())).malformed);
  ExpectMalformed(slot.Slot(7), Lossless(Fp16Layers()), "F-7.4");
  ExpectMalformed(slot.Slot(9), Lossless(Fp16Layers()), "F-7.4 length");
  ExpectMalformed({}, Lossless(Fp16Layers()), "F-7");
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
    const auto slot = Hex<uint8_t>(example.at("slot"));
    if (!c.lossless) {
      EXPECT_EQ(slot.size(), std::stoul(Word(example, "slot_bytes")));
    }
    EXPECT_EQ(Legal(slot, c), Hex<uint32_t>(example.at("decoded")));
  }
}

}  // namespace
}  // namespace actplane::ref
