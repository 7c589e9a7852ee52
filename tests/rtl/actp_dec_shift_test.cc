// SPDX-License-Identifier: Apache-2.0
#include "back_test.h"
#include "duts.h"

namespace actplane::rtl_test {
namespace {

template <class Config>
class DecShift : public RtlTest<Config> {};
TYPED_TEST_SUITE(DecShift, duts::Configs);

TYPED_TEST(DecShift, EveryPlace) {
  auto& dut = this->dut();
  for (uint32_t at = 0; at < (1U << TypeParam::kAtW); ++at) {
    for (uint64_t i = 0; i < Scaled(100); ++i) {
      Bits data;
      for (uint32_t k = 0; k < TypeParam::kInW; ++k) data.Put(this->rng().Next(), 1);
      data.To(dut.data_i);
      dut.at_i = static_cast<uint8_t>(at);
      this->sim().Settle();
      data.Fill(TypeParam::kInW + TypeParam::kOutW + (TypeParam::kPiece << TypeParam::kAtW));
      for (uint32_t k = 0; k < TypeParam::kOutW; ++k) {
        ASSERT_EQ(GetBits(dut.data_o, k, 1), data[at * TypeParam::kPiece + k] ? 1U : 0U) << at;
      }
    }
  }
}

}  // namespace
}  // namespace actplane::rtl_test
