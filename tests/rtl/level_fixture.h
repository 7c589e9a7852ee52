// SPDX-License-Identifier: Apache-2.0
// What the tests of one search and of several share: facts to the ports, decision from them.
#pragma once

#include <algorithm>
#include <string>

#include "level_test.h"
#include "rtl_test.h"

namespace actplane::rtl_test {

template <class Config>
class LevelTest : public RtlTest<Config> {
 protected:
  static constexpr uint32_t kN = Config::kBlockLen;
  static constexpr uint32_t kGroups = kN / Config::kGroupLen;

  LevelCase NewCase() { return MakeLevelCase(kN, Config::kGroupLen, this->rng()); }

  void Drive(const LevelCase& c) {
    auto& dut = this->dut();
    PutConfig(dut.in_cfg_i, c.config);
    dut.in_base_i = static_cast<uint8_t>(c.base);
    for (uint32_t g = 0; g < kGroups; ++g) {
      PutBits(dut.in_deltas_i, 5 * g, 5, std::min(c.deltas[g], 31U));
      PutBits(dut.in_negative_i, g, 1, c.want.facts[g].negative ? 1 : 0);
      PutBits(dut.in_special_i, g, 1, c.want.facts[g].special ? 1 : 0);
    }
    dut.in_signs_i = c.signs;
    dut.in_mixed_i = c.mixed;
    dut.in_exact_possible_i = c.exact_level.has_value();
    dut.in_exact_level_i =
        static_cast<uint16_t>(c.exact_level ? *c.exact_level : this->rng().Below(1024));
  }

  void Expect(const LevelCase& c) {
    const auto& dut = this->dut();
    const SignificanceHeader& h = c.want.header;
    const std::string what = Describe(c);
    const bool poisoned = h.width == kPoisonedWidth;
    ASSERT_EQ(dut.out_poisoned_o != 0, poisoned) << what;
    ASSERT_EQ(dut.out_exact_o != 0, c.want.exact) << what;
    ASSERT_EQ(dut.out_form_o, static_cast<uint32_t>(h.form)) << what;
    ASSERT_EQ(dut.out_q_o, h.level / UnitsOf(c.config)) << what;
    ASSERT_EQ(dut.out_j_o, h.level % UnitsOf(c.config)) << what;
    ASSERT_EQ(dut.out_width_o, h.width) << what;
    ASSERT_EQ(dut.out_dead_code_o != 0, h.dead_code) << what;
    ASSERT_EQ(dut.out_base_o, h.base) << what;
    for (uint32_t g = 0; g < kGroups; ++g) {
      ASSERT_EQ(GetBits(dut.out_codes_o, 4 * g, 4), c.want.groups[g].code)
          << what << " group " << g;
      ASSERT_EQ(GetBits(dut.out_lives_o, g, 1) != 0, c.lives[g]) << what << " group " << g;
    }
    ASSERT_EQ(dut.out_front_bytes_o, c.front_bytes) << what;
    ASSERT_EQ(GetBytes(dut.out_front_o, c.front.size()), c.front) << what;
  }
};

}  // namespace actplane::rtl_test
