// SPDX-License-Identifier: Apache-2.0
#include "actplane/significance_order.h"
#include "duts.h"
#include "rtl_test.h"

namespace actplane::rtl_test {
namespace {

template <class Config>
class EncCodesPack : public RtlTest<Config> {};
TYPED_TEST_SUITE(EncCodesPack, duts::Configs);

TYPED_TEST(EncCodesPack, RandomMatchesModel) {
  ACTP_CLAUSE("F-5.1", "F-5.2", "F-5.12");
  constexpr uint32_t kGroups = TypeParam::kGroups;
  auto& dut = this->dut();
  Rng& rng = this->rng();
  for (uint64_t i = 0; i < Scaled(200000); ++i) {
    std::vector<std::byte> want(std::max(72U, 8 * ((24 + 5 * kGroups + 7) / 8)) / 8);
    BitWriter out(want);
    const uint32_t width = rng.Below(kMaxCodeBits + 1), form = rng.Below(4), dead = rng.Below(2);
    const uint32_t q = rng.Below(32), j = rng.Below(32), base = rng.Below(256);
    const bool poisoned = rng.OneIn(16);
    dut.poisoned_i = poisoned;
    dut.form_i = static_cast<uint8_t>(form);
    dut.width_i = static_cast<uint8_t>(width);
    dut.dead_code_i = static_cast<uint8_t>(dead);
    dut.q_i = static_cast<uint8_t>(q);
    dut.j_i = static_cast<uint8_t>(j);
    dut.base_i = static_cast<uint8_t>(base);
    std::array<uint32_t, kGroups> special, code;
    for (uint32_t g = 0; g < kGroups; ++g) {
      special[g] = rng.Below(2);
      code[g] = rng.Below(uint64_t{1} << width);
      PutBits(dut.special_i, g, 1, special[g]);
      PutBits(dut.codes_i, 4 * g, 4, code[g]);
    }
    if (poisoned) {
      out.Put(kPoisonedWidth, 8);
    } else {
      out.Put(width, 3);
      out.Put(dead, 1);
      out.Put(form, 2);
      out.Put(q, 5);
      out.Put(j, 5);
      out.Put(base, 8);
      for (uint32_t g = 0; form == 3 && g < kGroups; ++g) out.Put(special[g], 1);
      for (uint32_t g = 0; g < kGroups; ++g) out.Put(code[g], width);
    }
    this->sim().Settle();
    ASSERT_EQ(GetBytes(dut.front_o, want.size()), want) << "width " << width << " form " << form;
    ASSERT_EQ(dut.bytes_o, CeilDiv(out.position(), 8)) << "width " << width << " form " << form;
  }
}

}  // namespace
}  // namespace actplane::rtl_test
