// SPDX-License-Identifier: Apache-2.0
#include "actplane/field_order.h"
#include "actplane/significance_order.h"
#include "duts.h"
#include "rtl_test.h"

namespace actplane::rtl_test {
namespace {

template <class Config>
class DecPlaces : public RtlTest<Config> {
 protected:
  static constexpr uint32_t kK = Config::kGroupLen;
  static constexpr uint32_t kHalves = 8 / kK;
  static constexpr uint32_t kLanes = Config::kWidth / 128;
  static constexpr uint32_t kNum = kLanes * kHalves;
  static constexpr uint32_t kN = 128;

  // config_t, its last field lowest.
  void SetConfig(bool narrow, bool significance, uint32_t row_limit) {
    auto& dut = this->dut();
    PutBits(dut.cfg_i, 0, 2, this->rng().Next());
    PutBits(dut.cfg_i, 2, actp_limit_, row_limit);
    PutBits(dut.cfg_i, 7, 15, this->rng().Next());
    PutBits(dut.cfg_i, 22, 1, this->rng().Next());
    PutBits(dut.cfg_i, 23, 1, significance);
    PutBits(dut.cfg_i, 24, 3, narrow ? 2 : 0);
  }
  static constexpr uint32_t actp_limit_ = 5;
};
TYPED_TEST_SUITE(DecPlaces, duts::Configs);

TYPED_TEST(DecPlaces, GroupsOfSignificance) {
  ACTP_CLAUSE("F-5.3", "F-5.4", "F-5.5");
  auto& dut = this->dut();
  Rng& rng = this->rng();
  for (uint64_t i = 0; i < Scaled(20000); ++i) {
    const bool narrow = rng.OneIn(2);
    Config config;
    config.format = narrow ? Format::kBf16 : Format::kFp32;
    config.block_len = TestFixture::kN;
    config.order = Order::kSignificance;
    config.group_len = TestFixture::kK;
    config.row_limit = 8 + rng.Below(17);
    SignificanceHeader header;
    header.width = rng.Below(5);
    header.dead_code = rng.OneIn(2);
    header.form = static_cast<Form>(rng.Below(4));
    const uint32_t units = UnitsOf(config);
    const uint32_t q = rng.Below(32);
    const uint32_t j = rng.Below(units);
    header.level = q * units + j;
    header.base = 1 + rng.Below(254);
    PerGroup<GroupPlace> groups = {};
    const uint32_t count = GroupsOf(config);
    for (uint32_t g = 0; g < count; ++g) {
      groups[g].code = rng.Below(1U << header.width);
      groups[g].special = header.form == Form::kSpecials && rng.OneIn(3);
    }
    PlaceGroups(header, config, groups);

    const uint32_t per_chunk = narrow ? TestFixture::kNum : TestFixture::kNum / 2;
    const uint32_t chunk = rng.Below(count / per_chunk);
    this->SetConfig(narrow, true, config.row_limit);
    dut.head_i = header.width | uint32_t{header.dead_code} << 3 |
                 static_cast<uint32_t>(header.form) << 4 | q << 6 | j << 11 | header.base << 16;
    dut.later_i = static_cast<uint8_t>(j * (count / units));
    dut.index_i = static_cast<uint8_t>(chunk);
    PutRandom(dut.codes_i, 4 * TestFixture::kNum, rng);
    PutRandom(dut.flags_i, TestFixture::kNum, rng);
    const uint32_t first = chunk * per_chunk;
    for (uint32_t g = 0; g < per_chunk; ++g) {
      PutBits(dut.codes_i, 4 * g, 4, groups[first + g].code);
      PutBits(dut.flags_i, g, 1, groups[first + g].special);
    }
    this->sim().Settle();
    const auto skip = [&](uint32_t g) {
      return groups[first + g].rows - groups[first + g].magnitude_rows;
    };
    ASSERT_EQ(dut.skip_o, skip(0));
    uint32_t end = 0;
    for (uint32_t g = 0; g < TestFixture::kNum; ++g) {
      if (g < per_chunk) {
        const GroupPlace& place = groups[first + g];
        const uint32_t start = (place.position - groups[first].position) / TestFixture::kK;
        end = start + place.rows;
        ASSERT_EQ(GetBits(dut.lives_o, g, 1), place.lives);
        ASSERT_EQ(GetBits(dut.flags_o, g, 1), place.special);
        ASSERT_EQ(GetBits(dut.depth_o, 5 * g, 5), place.magnitude_rows);
        ASSERT_EQ(GetBits(dut.from_o, TypeParam::kEndW * g, TypeParam::kEndW),
                  start + skip(g) - skip(0));
      }
      ASSERT_EQ(GetBits(dut.ends_o, TypeParam::kEndW * g, TypeParam::kEndW), end);
    }
  }
}

// F-3.4, counted as the clause has it.
TYPED_TEST(DecPlaces, GroupsOfField) {
  ACTP_CLAUSE("F-3.4", "F-3.5");
  auto& dut = this->dut();
  Rng& rng = this->rng();
  constexpr uint32_t kLaneCount = TestFixture::kN / 8;
  for (uint64_t i = 0; i < Scaled(20000); ++i) {
    const bool narrow = rng.OneIn(2);
    const uint32_t width = rng.Below(10);
    const uint32_t sign = rng.Below(2);
    const uint32_t all = width + sign + rng.Below(narrow ? 8 : 24);
    const uint32_t per = width + sign + rng.Below(20);
    const uint32_t more = rng.Below(kLaneCount);
    const uint32_t lanes = narrow ? TestFixture::kLanes : TestFixture::kLanes / 2;
    const uint32_t chunk = rng.Below(kLaneCount / lanes);
    this->SetConfig(narrow, false, 8);
    dut.head_i = (static_cast<uint32_t>(rng.Next()) & 0xffd0ffU) | width << 8 | sign << 13;
    dut.rows_i = static_cast<uint8_t>(all);
    dut.per_i = static_cast<uint8_t>(per);
    dut.more_i = static_cast<uint8_t>(more);
    dut.index_i = static_cast<uint8_t>(chunk);
    PutRandom(dut.codes_i, 4 * TestFixture::kNum, rng);
    PutRandom(dut.flags_i, TestFixture::kNum, rng);
    this->sim().Settle();
    ASSERT_EQ(dut.skip_o, (width + sign) * TestFixture::kHalves);
    uint32_t end = 0;
    for (uint32_t l = 0; l < TestFixture::kLanes; ++l) {
      if (l < lanes) {
        const uint32_t rows = std::min(all, per + (chunk * lanes + l < more ? 1 : 0));
        ASSERT_EQ(GetBits(dut.mans_o, 5 * l, 5), rows - width - sign);
        ASSERT_EQ(
            GetBits(dut.from_o, TypeParam::kEndW * l * TestFixture::kHalves, TypeParam::kEndW),
            end);
        end += rows * TestFixture::kHalves;
      }
      const uint32_t last = (l + 1) * TestFixture::kHalves - 1;
      ASSERT_EQ(GetBits(dut.ends_o, TypeParam::kEndW * last, TypeParam::kEndW), end);
    }
  }
}

}  // namespace
}  // namespace actplane::rtl_test
