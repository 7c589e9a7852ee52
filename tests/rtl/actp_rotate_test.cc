// SPDX-License-Identifier: Apache-2.0
#include "back_test.h"
#include "duts.h"
#include "ports.h"

namespace actplane::rtl_test {
namespace {

template <class Config>
class Rotate : public RtlTest<Config> {};
TYPED_TEST_SUITE(Rotate, duts::Configs);

TYPED_TEST(Rotate, EveryPlace) {
  auto& dut = this->dut();
  constexpr uint32_t kWidth = TypeParam::kWidth;
  for (uint32_t at = 0; at < kWidth / TypeParam::kPiece; ++at) {
    for (uint64_t i = 0; i < Scaled(200); ++i) {
      Bits data;
      for (uint32_t k = 0; k < TypeParam::kDataW; ++k) data.Put(this->rng().Next(), 1);
      data.To(dut.data_i);
      Set(dut.at_i, at);
      this->sim().Settle();
      data.Fill(kWidth);
      for (uint32_t k = 0; k < kWidth; ++k) {
        ASSERT_EQ(GetBits(dut.data_o, (at * TypeParam::kPiece + k) % kWidth, 1), data[k] ? 1U : 0U);
      }
    }
  }
}

}  // namespace
}  // namespace actplane::rtl_test
