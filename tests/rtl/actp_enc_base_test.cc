// SPDX-License-Identifier: Apache-2.0
#include "duts.h"
#include "front_test.h"

namespace actplane::rtl_test {
namespace {
template <class Config>
class EncBase : public RtlTest<Config> {
 protected:
  static constexpr uint32_t kChunkBytes = Config::kCoreWidth / 8;

  // The module does not know N: whole chunks will do.
  static uint32_t BlockLen(Format format, uint32_t chunks) {
    return chunks * kChunkBytes / InfoOf(format).value_bytes;
  }

  void Idle() {
    auto& dut = this->dut();
    dut.chunk_valid_i = 0;
    PutRandom(dut.chunk_i, Config::kCoreWidth, this->rng());
    dut.chunk_first_i = this->rng().OneIn(2);
    dut.chunk_last_i = this->rng().OneIn(2);
    dut.chunk_fmt_i = static_cast<uint8_t>(this->rng().Below(4));
  }

  void Reset() {
    Idle();
    this->dut().adv_i = 1;
    this->sim().Reset();
  }

  // Cycles in which the module is told to stand still, before one in which it moves.
  void Stall(bool stalls) {
    auto& dut = this->dut();
    dut.adv_i = 0;
    while (stalls && this->rng().OneIn(3)) this->sim().Step();
    dut.adv_i = 1;
  }

  void Feed(const Block& block, bool stalls) {
    auto& dut = this->dut();
    const std::vector<uint32_t> patterns(block.patterns.begin(), block.patterns.begin() + block.n);
    const auto bytes = testing_support::ToBytes(patterns, block.format);
    const size_t chunks = bytes.size() / kChunkBytes;
    for (size_t b = 0; b < chunks; ++b) {
      while (stalls && this->rng().OneIn(4)) {
        Idle();
        this->sim().Step();
      }
      PutBytes(dut.chunk_i, std::span(bytes).subspan(b * kChunkBytes, kChunkBytes));
      dut.chunk_valid_i = 1;
      dut.chunk_first_i = b == 0;
      dut.chunk_last_i = b + 1 == chunks;
      dut.chunk_fmt_i = static_cast<uint8_t>(FormatCode(block.format, 7));
      Stall(stalls);
      this->sim().Step();
    }
    Idle();
  }

  // The facts of the block, as they stand now.
  void ExpectFacts(const Block& block) {
    this->sim().Settle();
    const auto& dut = this->dut();
    const BaseInfo want = FindBase(Classify(block));
    const Format format = block.format;
    ASSERT_EQ(dut.valid_o, 1);
    // actp_pkg::field_facts_t, from its last field on
    uint32_t at = 0;
    const auto take = [&](uint32_t bits) {
      at += bits;
      return static_cast<uint32_t>(GetBits(dut.facts_o, at - bits, bits));
    };
    ASSERT_EQ(take(23), AlignMan(want.uniform_value, format));
    ASSERT_EQ(take(23), AlignMan(want.uniform_map, format));
    ASSERT_EQ(take(1) != 0, want.all_negative);
    ASSERT_EQ(take(1) != 0, want.any_negative);
    ASSERT_EQ(take(1) != 0, want.has_special);
    ASSERT_EQ(take(1) != 0, want.has_zero);
    ASSERT_EQ(take(4), want.needed_width);
    ASSERT_EQ(take(8), want.base);
  }

  // Feeds a block and checks its facts two cycles after its last chunk.
  void Expect(const Block& block, bool stalls) {
    Feed(block, stalls);
    Stall(stalls);
    this->sim().Step();
    ExpectFacts(block);
  }
};
TYPED_TEST_SUITE(EncBase, duts::Configs);

TYPED_TEST(EncBase, AfterReset) {
  this->Reset();
  this->sim().Settle();
  EXPECT_EQ(this->dut().valid_o, 0);
  const Block block =
      RandomBlock(Format::kFp16, TestFixture::BlockLen(Format::kFp16, 2), this->rng());
  this->Feed(block, false);
  this->Reset();  // a block is on its way
  this->sim().Step();
  this->sim().Settle();
  EXPECT_EQ(this->dut().valid_o, 0);
}

TYPED_TEST(EncBase, Corners) {
  ACTP_CLAUSE("F-4.1", "F-4.2", "F-4.3");
  this->Reset();
  for (const Format format : kFormats) {
    const FormatInfo info = InfoOf(format);
    const uint32_t n = TestFixture::BlockLen(format, 2);
    const uint32_t sign = 1U << (info.exp_bits + info.man_bits);
    const uint32_t inf = info.exp_max << info.man_bits;
    const uint32_t one = 1U << info.man_bits;
    const uint32_t largest = inf - 1;
    for (const auto& [rest, odd] :
         std::initializer_list<std::pair<uint32_t, uint32_t>>{{0, 0},
                                                              {sign, sign},
                                                              {0, sign},
                                                              {0, one},
                                                              {inf, inf},
                                                              {inf, one},
                                                              {inf | 1, inf},
                                                              {inf | 1, 0},
                                                              {largest, 1},
                                                              {largest, one},
                                                              {1, 1},
                                                              {1, 0},
                                                              {one, sign | one},
                                                              {sign | largest, sign | inf},
                                                              {one, largest},
                                                              {inf + 1, sign | 1}}) {
      for (const uint32_t at : {0U, n / 2 - 1, n / 2, n - 1}) {
        Block block{.format = format, .n = n};
        std::ranges::fill_n(block.patterns.begin(), n, rest);
        block.patterns[at] = odd;
        this->Expect(block, false);
      }
    }
  }
}

// The facts wait where they are while the rest of the pipe does.
TYPED_TEST(EncBase, StandsStill) {
  this->Reset();
  const uint32_t n = TestFixture::BlockLen(Format::kBf16, 1);
  const Block first = RandomBlock(Format::kBf16, n, this->rng());
  const Block second = RandomBlock(Format::kBf16, n, this->rng());
  this->Feed(first, false);
  this->Feed(second, false);
  this->dut().adv_i = 0;
  for (int i = 0; i < 5; ++i) {
    this->ExpectFacts(first);
    this->sim().Step();
  }
  this->Stall(false);
  this->sim().Step();
  this->ExpectFacts(second);
}

TYPED_TEST(EncBase, RandomMatchesModel) {
  ACTP_CLAUSE("F-4.1", "F-4.2", "F-4.3");
  this->Reset();
  for (uint64_t i = 0; i < Scaled(40000); ++i) {
    const Format format = kFormats[i % 3];
    const uint32_t most = std::min(8U, kMaxBlockLen / TestFixture::BlockLen(format, 1));
    const uint32_t n = TestFixture::BlockLen(format, 1 + this->rng().Below(most));
    this->Expect(RandomBlock(format, n, this->rng()), i % 2 == 0);
  }
}

// One-chunk blocks back to back: facts in every cycle.
TYPED_TEST(EncBase, Throughput) {
  this->Reset();
  std::vector<Block> fed;
  for (int i = 0; i < 60; ++i) {
    const Format format = kFormats[static_cast<size_t>(i % 3)];
    fed.push_back(RandomBlock(format, TestFixture::BlockLen(format, 1), this->rng()));
    this->Feed(fed.back(), false);
    if (i > 0) this->ExpectFacts(fed[fed.size() - 2]);
  }
}

}  // namespace
}  // namespace actplane::rtl_test
