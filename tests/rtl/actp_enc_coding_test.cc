// SPDX-License-Identifier: Apache-2.0
#include "duts.h"
#include "rtl_test.h"

namespace actplane::rtl_test {
namespace {

template <class Config>
class EncCoding : public RtlTest<Config> {};
TYPED_TEST_SUITE(EncCoding, duts::Configs);

// Every delta, living or not, at every width, in every group.
TYPED_TEST(EncCoding, Exhaustive) {
  ACTP_CLAUSE("F-6.3");
  constexpr uint32_t groups = TypeParam::kGroups;
  auto& dut = this->dut();
  for (uint32_t width = 0; width <= 4; ++width) {
    for (uint32_t dead_code = 0; dead_code < 2; ++dead_code) {
      if (width == 0 && dead_code == 1) continue;  // F-6.5: no group lives with it
      for (uint32_t turn = 0; turn < 64; ++turn) {
        const auto delta = [&](uint32_t g) { return (turn + g) % 32; };
        const auto lives = [&](uint32_t g) { return ((turn + g) / 32 + g) % 2 == 0; };
        for (uint32_t g = 0; g < groups; ++g) {
          PutBits(dut.deltas_i, 5 * g, 5, delta(g));
          PutBits(dut.lives_i, g, 1, lives(g) ? 1 : 0);
        }
        dut.width_i = static_cast<uint8_t>(width);
        dut.dead_code_i = static_cast<uint8_t>(dead_code);
        this->sim().Settle();
        const uint32_t all = (1U << width) - 1;
        for (uint32_t g = 0; g < groups; ++g) {
          const uint32_t want = lives(g) ? std::min(delta(g), all - dead_code) : all;
          ASSERT_EQ(GetBits(dut.codes_o, 4 * g, 4), want) << width << dead_code << " " << g;
        }
      }
    }
  }
}

}  // namespace
}  // namespace actplane::rtl_test
