// SPDX-License-Identifier: Apache-2.0
#include <set>

#include "chunk_test.h"

namespace actplane::rtl_test {
namespace {

template <class Config>
class EncPair : public ChunkTest<Config> {
 protected:
  void ExpectChunk(const Block& block, uint32_t chunk) override {
    const uint32_t lanes = Config::kCoreWidth / (8 * InfoOf(block.format).value_bytes);
    for (uint32_t i = 0; i < lanes; ++i) {
      ASSERT_EQ(GetBits(this->dut().is_b_o, i, 1) != 0,
                block.patterns[chunk * lanes + i] != block.patterns[0]);
    }
  }

  void ExpectFacts(const Block& block, const actplane::Config&) override {
    const std::set<uint32_t> all(block.patterns.begin(), block.patterns.begin() + block.n);
    const auto& dut = this->dut();
    ASSERT_EQ(dut.two_o != 0, all.size() <= 2);
    ++blocks_;
    if (all.size() > 2) return;
    ++pairs_;
    const uint32_t a = block.patterns[0];
    const uint32_t b = *all.begin() == a ? *all.rbegin() : *all.begin();
    const uint32_t bits = 8 * InfoOf(block.format).value_bytes;
    ASSERT_EQ(GetBits(dut.patterns_o, 0, bits), a);
    ASSERT_EQ(GetBits(dut.patterns_o, bits, bits), b);
  }

  uint64_t blocks_ = 0, pairs_ = 0;
};
TYPED_TEST_SUITE(EncPair, duts::Configs);

TYPED_TEST(EncPair, Corners) {
  ACTP_CLAUSE("F-6.1");
  this->ExpectCorners();
  EXPECT_EQ(this->pairs_, this->blocks_);
}

// Pairs of which one value differs in one bit, here or there.
TYPED_TEST(EncPair, OneBitMore) {
  ACTP_CLAUSE("F-6.1");
  this->Reset();
  constexpr uint32_t kLen = TestFixture::kN;
  const auto formats = FormatsOf<TypeParam>();
  for (uint64_t i = 0; i < Scaled(4000); ++i) {
    std::vector<std::pair<Block, actplane::Config>> blocks;
    for (int k = 0; k < 20; ++k) {
      const Format format = formats[this->rng().Below(formats.size())];
      const uint32_t bits = 8 * InfoOf(format).value_bytes;
      Block block{.format = format, .n = kLen};
      const auto a = static_cast<uint32_t>(this->rng().Next()) & LowMask32(bits);
      const auto other = static_cast<uint32_t>(this->rng().Next()) & LowMask32(bits);
      const auto b = this->rng().OneIn(2) ? a ^ 1U << this->rng().Below(bits) : other;
      const uint32_t sparse = this->rng().OneIn(2) ? 2 : 40;
      for (uint32_t v = 0; v < kLen; ++v) block.patterns[v] = this->rng().OneIn(sparse) ? b : a;
      if (this->rng().OneIn(2)) {
        block.patterns[this->rng().Below(kLen)] ^= 1U << this->rng().Below(bits);
      }
      blocks.emplace_back(block, this->RandomConfig(format));
    }
    this->Run(blocks, i % 2 == 0);
  }
  EXPECT_GT(this->pairs_, this->blocks_ / 4);
  EXPECT_LT(this->pairs_, this->blocks_ * 3 / 4);
}

TYPED_TEST(EncPair, RandomMatchesModel) {
  ACTP_CLAUSE("F-6.1");
  this->ExpectRandom(Scaled(100000));
}

}  // namespace
}  // namespace actplane::rtl_test
