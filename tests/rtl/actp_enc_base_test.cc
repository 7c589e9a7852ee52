// SPDX-License-Identifier: Apache-2.0
#include "duts.h"
#include "rtl_test.h"

namespace actplane::rtl_test {
namespace {
template <class Config>
class EncBase : public RtlTest<Config> {
 protected:
  static constexpr uint32_t kBeatBytes = Config::kStreamWidth / 8;

  // The module does not know N: whole beats will do.
  static uint32_t BlockLen(Format format, uint32_t beats) {
    return beats * kBeatBytes / InfoOf(format).value_bytes;
  }

  void Idle() {
    auto& dut = this->dut();
    dut.beat_valid_i = 0;
    PutRandom(dut.beat_i, Config::kStreamWidth, this->rng());
    dut.beat_first_i = this->rng().OneIn(2);
    dut.beat_last_i = this->rng().OneIn(2);
    dut.beat_format_i = static_cast<uint8_t>(this->rng().Below(3));
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

  void Feed(const Block& block, const actplane::Config& config, bool stalls) {
    auto& dut = this->dut();
    const std::vector<uint32_t> patterns(block.patterns.begin(), block.patterns.begin() + block.n);
    const auto bytes = testing_support::ToBytes(patterns, block.format);
    const size_t beats = bytes.size() / kBeatBytes;
    for (size_t b = 0; b < beats; ++b) {
      while (stalls && this->rng().OneIn(4)) {
        Idle();
        this->sim().Step();
      }
      PutBytes(dut.beat_i, std::span(bytes).subspan(b * kBeatBytes, kBeatBytes));
      dut.beat_valid_i = 1;
      dut.beat_first_i = b == 0;
      dut.beat_last_i = b + 1 == beats;
      dut.beat_format_i = static_cast<uint8_t>(config.format);
      dut.beat_slot_bytes_i = static_cast<uint16_t>(config.slot_bytes);
      dut.beat_lossless_i = config.lossless;
      dut.beat_delta_cap_i = static_cast<uint8_t>(config.delta_cap);
      Stall(stalls);
      this->sim().Step();
    }
    Idle();
  }

  // The facts of the block, as they stand now.
  void ExpectFacts(const Block& block, const actplane::Config& config) {
    this->sim().Settle();
    const auto& dut = this->dut();
    const BaseInfo want = FindBase(Classify(block));
    const Format format = block.format;
    ASSERT_EQ(dut.valid_o, 1);
    ASSERT_EQ(dut.base_o, want.base);
    ASSERT_EQ(dut.width_o, want.needed_width);
    ASSERT_EQ(dut.has_zero_o != 0, want.has_zero);
    ASSERT_EQ(dut.has_special_o != 0, want.has_special);
    ASSERT_EQ(dut.any_negative_o != 0, want.any_negative);
    ASSERT_EQ(dut.all_negative_o != 0, want.all_negative);
    ASSERT_EQ(dut.uniform_o, AlignMan(want.uniform_map, format));
    ASSERT_EQ(dut.uniform_value_o, AlignMan(want.uniform_value, format));
    ASSERT_EQ(dut.format_o, static_cast<uint32_t>(config.format));
    ASSERT_EQ(dut.slot_bytes_o, config.slot_bytes);
    ASSERT_EQ(dut.lossless_o != 0, config.lossless);
    ASSERT_EQ(dut.delta_cap_o, config.delta_cap);
  }

  actplane::Config RandomFacts(Format format) {
    return {.format = format,
            .lossless = this->rng().OneIn(2),
            .slot_bytes = this->rng().Below(2048),
            .delta_cap = this->rng().Below(16)};
  }

  // Feeds a block and checks its facts two cycles after its last beat.
  void Expect(const Block& block, bool stalls) {
    const actplane::Config config = RandomFacts(block.format);
    Feed(block, config, stalls);
    Stall(stalls);
    this->sim().Step();
    ExpectFacts(block, config);
  }
};
TYPED_TEST_SUITE(EncBase, duts::Configs);

TYPED_TEST(EncBase, AfterReset) {
  this->Reset();
  this->sim().Settle();
  EXPECT_EQ(this->dut().valid_o, 0);
  const Block block =
      RandomBlock(Format::kFp16, TestFixture::BlockLen(Format::kFp16, 2), this->rng());
  this->Feed(block, {.format = Format::kFp16}, false);
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
  const actplane::Config config = this->RandomFacts(Format::kBf16);
  this->Feed(first, config, false);
  this->Feed(second, config, false);
  this->dut().adv_i = 0;
  for (int i = 0; i < 5; ++i) {
    this->ExpectFacts(first, config);
    this->sim().Step();
  }
  this->Stall(false);
  this->sim().Step();
  this->ExpectFacts(second, config);
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

// One-beat blocks back to back: facts in every cycle.
TYPED_TEST(EncBase, Throughput) {
  this->Reset();
  std::vector<std::pair<Block, actplane::Config>> fed;
  for (int i = 0; i < 60; ++i) {
    const Format format = kFormats[static_cast<size_t>(i % 3)];
    fed.emplace_back(RandomBlock(format, TestFixture::BlockLen(format, 1), this->rng()),
                     this->RandomFacts(format));
    this->Feed(fed.back().first, fed.back().second, false);
    if (i > 0) this->ExpectFacts(fed[fed.size() - 2].first, fed[fed.size() - 2].second);
  }
}

}  // namespace
}  // namespace actplane::rtl_test
