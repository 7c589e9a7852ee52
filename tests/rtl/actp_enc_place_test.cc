// SPDX-License-Identifier: Apache-2.0
#include "actplane/significance_order.h"
#include "duts.h"
#include "ports.h"
#include "rtl_test.h"

namespace actplane::rtl_test {
namespace {

template <class Config>
class EncPlace : public RtlTest<Config> {};
TYPED_TEST_SUITE(EncPlace, duts::Configs);

// Every level, code, form and flag of one group.
TYPED_TEST(EncPlace, EveryGroupMatchesModel) {
  ACTP_CLAUSE("F-5.3", "F-5.4", "F-5.7", "F-6.12");
  auto& dut = this->dut();
  for (uint32_t n = 0; n < 32U * 2 * 4 * 2 * 16 * 2; ++n) {
    uint32_t left = n;
    const auto next = [&](uint32_t count) {
      const uint32_t value = left % count;
      left /= count;
      return value;
    };
    const uint32_t q = next(32), more = next(2), form = next(4), dead_code = next(2),
                   code = next(16);
    const bool special = next(2) != 0 && form == 3;
    const uint32_t width = std::max(1U, static_cast<uint32_t>(std::bit_width(code)));
    actplane::Config config{.block_len = 32, .order = Order::kSignificance, .group_len = 8};
    config.row_limit = kMinRowLimit + this->rng().Below(TypeParam::kDepth - kMinRowLimit + 1);
    SignificanceHeader h{
        .width = width, .dead_code = dead_code != 0, .form = static_cast<Form>(form)};
    h.level = q * UnitsOf(config) + more;  // j = 1: group 0 alone ends one further
    h.base = 1 + this->rng().Below(254);
    PerGroup<GroupPlace> groups = {};
    groups[0] = {.special = special, .code = code};
    PlaceGroups(h, config, groups);
    const GroupPlace& want = groups[0];
    // What has rows may not live; with mid-rise and without a dead code it must (F-6.5).
    for (const bool lives : {false, true}) {
      if (lives && !want.lives) continue;
      if (!lives && dead_code != 0 && code != LowMask(width)) continue;
      Set(dut.base_i, h.base);
      Set(dut.level_i, q);
      Set(dut.more_i, more);
      Set(dut.form_i, form);
      Set(dut.dead_code_i, dead_code);
      Set(dut.row_limit_i, config.row_limit);
      Set(dut.code_i, code);
      dut.lives_i = lives;
      dut.special_i = special;
      dut.pair_i = dut.plain_i = 0;
      this->sim().Settle();
      ASSERT_EQ(dut.rows_o, want.rows);
      ASSERT_EQ(dut.specials_o != 0, special);
      const bool signs = want.rows != want.magnitude_rows + (special ? 2 : 0);
      ASSERT_EQ(dut.signs_o != 0, signs);
      ASSERT_EQ(dut.sign_on_o != 0, signs && (lives || special));
      ASSERT_EQ(dut.keep_o, lives ? LowMask32(want.magnitude_rows) : 0U);
      if (lives) {
        ASSERT_EQ(static_cast<int32_t>(dut.top_o) - 16,
                  want.step + static_cast<int32_t>(want.magnitude_rows) - 1);
      }
      dut.plain_i = 1;
      this->sim().Settle();
      ASSERT_EQ(dut.rows_o, 0);
      ASSERT_EQ(dut.specials_o | dut.signs_o | dut.sign_on_o, 0);
      dut.plain_i = 0;
      dut.pair_i = 1;
      this->sim().Settle();
      ASSERT_EQ(dut.rows_o, 1);
      ASSERT_EQ(dut.specials_o, 0);
      ASSERT_EQ(dut.signs_o & dut.sign_on_o, 1);
    }
  }
}

}  // namespace
}  // namespace actplane::rtl_test
