// SPDX-License-Identifier: Apache-2.0
#include "duts.h"
#include "front_test.h"

namespace actplane::rtl_test {
namespace {

template <class Config>
class EncStore : public RtlTest<Config> {};
TYPED_TEST_SUITE(EncStore, duts::Configs);

TYPED_TEST(EncStore, RandomMatchesModel) {
  using C = TypeParam;
  constexpr uint32_t kStored = StoredBits(C::kDepth);
  constexpr uint32_t kData = C::kFormats == 1 ? C::kCoreWidth / 32 * kStored : C::kCoreWidth;
  constexpr uint32_t kLanes = C::kCoreWidth / (C::kFormats == 1 ? 32 : 16);
  auto& dut = this->dut();
  const auto formats = FormatsOf<C>();
  for (uint64_t i = 0; i < Scaled(200000); ++i) {
    const Format format = formats[i % formats.size()];
    const uint32_t bits = 8 * InfoOf(format).value_bytes;
    const uint32_t n = C::kCoreWidth / bits;
    Block block = RandomBlock(format, n, this->rng());
    for (uint32_t k = 0; k < n; ++k) {
      if (this->rng().OneIn(4)) block.patterns[k] &= ~LowMask32(this->rng().Below(24));
    }
    const auto bytes = ChunkBytes(block, 0, C::kCoreWidth);
    PutBytes(dut.chunk_i, std::span(bytes));
    dut.fmt_i = static_cast<uint8_t>(FormatCode(format, C::kFormats));
    const uint64_t is_b = this->rng().Next() & LowMask(kLanes);
    PutBits(dut.is_b_i, 0, kLanes, is_b);
    this->sim().Settle();
    for (uint32_t k = 0; k < n; ++k) {
      const uint32_t p = block.patterns[k];
      if (format == Format::kFp32 && kStored < 32) {
        const uint32_t rest = 32 - kStored + 1;
        const uint32_t want = p >> rest << 1 | ((p & LowMask32(rest)) != 0 ? 1U : 0U);
        ASSERT_EQ(GetBits(dut.entry_o, k * kStored, kStored), want);
      } else {
        ASSERT_EQ(GetBits(dut.entry_o, k * bits, bits), p);
      }
    }
    if (C::kOrders > 1) {
      ASSERT_EQ(GetBits(dut.entry_o, kData, kLanes), is_b);
    }
  }
}

}  // namespace
}  // namespace actplane::rtl_test
