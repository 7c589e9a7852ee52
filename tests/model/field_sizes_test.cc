// SPDX-License-Identifier: Apache-2.0
#include "actplane/field_sizes.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>

#include "support/clause.h"
#include "support/values.h"

namespace actplane {
namespace {

using testing_support::kAllKinds;
using testing_support::MakePatterns;
using testing_support::Rng;

BlockFields FieldsOf(const std::vector<uint32_t>& patterns, Format format, uint32_t n) {
  Block block{.format = format, .n = n};
  for (size_t i = 0; i < patterns.size(); ++i) block.patterns[i] = patterns[i];
  return Classify(block);
}

BlockFields Singles(const std::vector<float>& values) {
  std::vector<uint32_t> patterns;
  for (const float v : values) patterns.push_back(std::bit_cast<uint32_t>(v));
  return FieldsOf(patterns, Format::kFp32, 32);
}

FieldSizes SizesOf(const BlockFields& fields) {
  return WholeFieldSizes(FindBase(fields), fields.format, fields.n);
}

TEST(FieldSizes, RawIsTheWidthOfEachField) {
  EXPECT_EQ(RawFieldSizes(Format::kFp32, 10), (FieldSizes{10, 80, 230}));
  EXPECT_EQ(RawFieldSizes(Format::kFp16, 10), (FieldSizes{10, 50, 100}));
  EXPECT_EQ(RawFieldSizes(Format::kBf16, 10), (FieldSizes{10, 80, 70}));
  EXPECT_EQ(RawFieldSizes(Format::kBf16, 10).Total(), 160U);
}

TEST(FieldSizes, PartsOfAnyBlockAddUpToItsSize) {
  ACTP_CLAUSE("F-4.4", "F-4.5");
  Rng rng(1);
  for (const Format format : {Format::kFp32, Format::kFp16, Format::kBf16}) {
    for (const uint32_t n : {32U, 64U, 128U, 256U}) {
      for (const auto kind : kAllKinds) {
        const BlockFields fields = FieldsOf(MakePatterns(kind, format, n, rng), format, n);
        const BaseInfo info = FindBase(fields);
        EXPECT_EQ(WholeFieldSizes(info, format, n).Total(), WholeSizeBits(info, format, n));
      }
    }
  }
}

TEST(FieldSizes, ABlockOfZerosIsHeaderAndExtension) {
  // Z, so w = 0; no plane of the mantissa is stored: X pays.
  EXPECT_EQ(SizesOf(Singles({})), (FieldSizes{1, 14, 1 + 48}));
}

TEST(FieldSizes, CountsPlanesByHand) {
  // Exponents 127 and 126 and no zero: one delta plane. All mantissas 0: no mantissa plane. Mixed
  // signs: one plane.
  std::vector<float> values(32, 1.0F);
  values[3] = -0.5F;
  EXPECT_EQ(SizesOf(Singles(values)), (FieldSizes{1 + 32, 14 + 32, 1 + 48}));
}

TEST(FieldSizes, WithoutTheZeroCodeAZeroIsAVeryLargeDelta) {
  std::vector<float> values(32, 1.0F);
  values[5] = 0.0F;
  const BlockFields fields = Singles(values);
  EXPECT_EQ(SizesOf(fields).exponent, 14U + 32U);               // codes: delta 0 and zero
  EXPECT_EQ(PlainFieldSizes(fields).exponent, 13U + 7U * 32U);  // delta 127, no Z bit
}

TEST(FieldSizes, WithoutTheZeroCodeZerosMustAgreeOnMantissaPlanes) {
  std::vector<float> values(32, 1.5F);
  values[5] = 0.0F;
  const BlockFields fields = Singles(values);
  EXPECT_EQ(SizesOf(fields).mantissa, 1U + 48U);
  EXPECT_EQ(PlainFieldSizes(fields).mantissa, 1U + 48U + 32U);  // plane 22
}

TEST(FieldSizes, PlainDiffersByTheZeroBitOnlyWhereThereIsNoZero) {
  Rng rng(2);
  std::vector<uint32_t> patterns =
      MakePatterns(testing_support::Kind::kNormal, Format::kFp16, 64, rng);
  for (uint32_t& p : patterns) p |= 1;
  const BlockFields fields = FieldsOf(patterns, Format::kFp16, 64);
  FieldSizes expected = SizesOf(fields);
  expected.exponent -= 1;
  EXPECT_EQ(PlainFieldSizes(fields), expected);
}

TEST(FieldSizes, SumsUp) {
  FieldSizes sum{1, 2, 3};
  sum += {10, 20, 30};
  EXPECT_EQ(sum, (FieldSizes{11, 22, 33}));
}

TEST(ValueMix, CountsClassesOfTheFirstValues) {
  ACTP_CLAUSE("F-2.2", "F-2.3");
  const BlockFields fields =
      Singles({0.0F, -0.0F, 1.0F, -2.0F, 1e-40F, -1e-40F, INFINITY, -INFINITY, NAN});
  const ValueMix nine = CountMix(fields, 9);
  EXPECT_EQ(nine, (ValueMix{9, 2, 4, 2, 2, 1}));
  ValueMix sum = CountMix(fields, 1);  // no padding counts
  EXPECT_EQ(sum, (ValueMix{1, 1, 0, 0, 0, 0}));
  sum += nine;
  EXPECT_EQ(sum, (ValueMix{10, 3, 4, 2, 2, 1}));
}

}  // namespace
}  // namespace actplane
