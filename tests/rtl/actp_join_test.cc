// SPDX-License-Identifier: Apache-2.0
#include "back_test.h"
#include "duts.h"
#include "ports.h"

namespace actplane::rtl_test {
namespace {

template <class Config>
class Join : public RtlTest<Config> {};
TYPED_TEST_SUITE(Join, duts::Configs);

TYPED_TEST(Join, RandomMatchesModel) {
  auto& dut = this->dut();
  const uint32_t most = TypeParam::kAWidth / TypeParam::kPiece;
  for (uint64_t i = 0; i < Scaled(100000); ++i) {
    const uint32_t count = this->rng().Below(most + 1);
    Bits a, b;
    for (uint32_t k = 0; k < count * TypeParam::kPiece; ++k) a.Put(this->rng().Next(), 1);
    for (uint32_t k = 0; k < TypeParam::kBWidth; ++k) b.Put(this->rng().Next(), 1);
    Bits want = a;
    want.Append(b);
    want.Fill(TypeParam::kAWidth + TypeParam::kBWidth);
    a.Fill(TypeParam::kAWidth);
    a.To(dut.a_i);
    b.To(dut.b_i);
    Set(dut.a_n_i, count);
    this->sim().Settle();
    for (uint32_t k = 0; k < want.size(); ++k)
      ASSERT_EQ(GetBits(dut.both_o, k, 1), want[k] ? 1U : 0U);
  }
}

}  // namespace
}  // namespace actplane::rtl_test
