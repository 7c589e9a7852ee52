// SPDX-License-Identifier: Apache-2.0
#include "duts.h"
#include "rtl_test.h"

namespace actplane::rtl_test {
namespace {

template <class Config>
class EncGather : public RtlTest<Config> {
 protected:
  static constexpr uint32_t kN = Config::kBlockLen;
  static constexpr uint32_t kBeatBytes = Config::kStreamWidth / 8;

  struct Setting {
    Format format = Format::kFp32;
    uint32_t slot_bytes = 0;
    bool lossless = false;
    uint32_t delta_cap = 0;
  };

  void Reset() {
    this->dut().adv_i = 1;
    this->dut().in_valid_i = 0;
    this->sim().Reset();
    held_ = -1;
  }

  Setting RandomSetting(Format format) {
    return {format, this->rng().Below(2048), this->rng().OneIn(2), this->rng().Below(16)};
  }

  static uint32_t Beats(Format format) { return kN * InfoOf(format).value_bytes / kBeatBytes; }

  void Drive(const Setting& s) {
    auto& dut = this->dut();
    dut.cfg_format_i = static_cast<uint8_t>(s.format);
    dut.cfg_slot_bytes_i = static_cast<uint16_t>(s.slot_bytes);
    dut.cfg_lossless_i = s.lossless;
    dut.cfg_delta_cap_i = static_cast<uint8_t>(s.delta_cap);
  }

  // Feeds a block of `bytes` bytes, `last` and keep on its final beat, and checks each beat that
  // goes to the statistics, padding included. Returns the patterns that the block must have.
  void Feed(const std::vector<std::byte>& bytes, const Setting& s, bool stalls) {
    auto& dut = this->dut();
    std::vector<std::byte> padded = bytes;
    padded.resize(size_t{kBeatBytes} * Beats(s.format));
    const size_t sent = CeilDiv(bytes.size(), kBeatBytes);
    for (size_t b = 0; b < Beats(s.format);) {
      const bool from_stream = b < sent;
      const size_t here =
          from_stream ? std::min<size_t>(kBeatBytes, bytes.size() - b * kBeatBytes) : 0;
      PutRandom(dut.in_data_i, Config::kStreamWidth, this->rng());  // bytes without keep are noise
      PutBits(dut.in_keep_i, 0, std::min(64U, kBeatBytes), LowMask(static_cast<uint32_t>(here)));
      if (from_stream) PutBytes(dut.in_data_i, std::span(bytes).subspan(b * kBeatBytes, here));
      dut.in_valid_i = from_stream ? !stalls || this->rng().OneIn(2) : this->rng().OneIn(2);
      dut.in_last_i = b + 1 == sent && (sent < Beats(s.format) || this->rng().OneIn(2));
      Drive(b == 0 ? s : RandomSetting(kFormats[this->rng().Below(3)]));
      dut.adv_i = !stalls || this->rng().OneIn(2);
      this->sim().Step([&] {
        const bool moves = dut.adv_i != 0 && (dut.in_valid_i != 0 || !from_stream);
        ASSERT_EQ(dut.in_ready_o != 0, dut.adv_i != 0 && from_stream);
        ASSERT_EQ(dut.beat_valid_o != 0, moves);
        ASSERT_EQ(dut.write_valid_o != 0, held_ >= 0);
        if (held_ >= 0) {
          ASSERT_EQ(dut.write_index_o, held_);
          ASSERT_EQ(dut.write_narrow_o != 0, held_narrow_);
        }
        if (dut.adv_i != 0) held_ = moves ? static_cast<int>(b) : -1;
        if (!moves) return;
        held_narrow_ = s.format != Format::kFp32;
        ASSERT_EQ(dut.beat_first_o != 0, b == 0);
        ASSERT_EQ(dut.beat_last_o != 0, b + 1 == Beats(s.format));
        ASSERT_EQ(dut.beat_format_o, static_cast<uint32_t>(s.format));
        ASSERT_EQ(dut.beat_slot_bytes_o, s.slot_bytes);
        ASSERT_EQ(dut.beat_lossless_o != 0, s.lossless);
        ASSERT_EQ(dut.beat_delta_cap_o, s.delta_cap);
        const auto want = std::span(padded).subspan(b * kBeatBytes, kBeatBytes);
        ASSERT_TRUE(std::ranges::equal(GetBytes(dut.beat_o, kBeatBytes), want)) << "beat " << b;
        ++b;
      });
    }
    dut.in_valid_i = 0;
    dut.adv_i = 1;
  }

  // The gathered block, as it stands now.
  void ExpectPlanes(const std::vector<std::byte>& bytes, Format format) {
    held_ = -1;  // the final beat is in the store
    this->sim().Settle();
    const auto& dut = this->dut();
    const Block block = GatherBlock(bytes, {.format = format, .block_len = kN});
    for (uint32_t i = 0; i < kN; ++i) {
      const Fields v = Classify(block.patterns[i], format);
      uint64_t word = 0;
      for (uint32_t p = 0; p < 32; ++p) word |= GetBits(dut.planes_o, p * kN + i, 1) << p;
      ASSERT_EQ(word >> 31, v.sign) << "value " << i;
      ASSERT_EQ(word >> kManW & 0xff, KeptExponent(v)) << "value " << i;
      ASSERT_EQ(word & LowMask(kManW), AlignMan(v.mantissa, format)) << "value " << i;
      ASSERT_EQ(GetBits(dut.reserved_o, i, 1), IsFinite(v.cls) ? 0U : 1U) << "value " << i;
    }
  }

  std::vector<std::byte> RandomBytes(Format format, uint32_t values) {
    const Block block = RandomBlock(format, values, this->rng());
    return testing_support::ToBytes({block.patterns.begin(), block.patterns.begin() + values},
                                    format);
  }

  int held_ = -1;  // the beat that goes into the store next
  bool held_narrow_ = false;
};
TYPED_TEST_SUITE(EncGather, duts::Configs);

TYPED_TEST(EncGather, AfterReset) {
  this->Reset();
  this->sim().Settle();
  EXPECT_EQ(this->dut().beat_valid_o, 0);
  EXPECT_EQ(this->dut().beat_first_o, 1);
  EXPECT_EQ(this->dut().in_ready_o, 1);
  // A reset while the padding runs, and one inside a block.
  const std::vector<std::byte> one(4);
  for (const bool last : {true, false}) {
    this->Drive({});
    this->dut().in_valid_i = 1;
    this->dut().in_last_i = last;
    this->sim().Step();
    this->Reset();
    const auto bytes = this->RandomBytes(Format::kFp16, TestFixture::kN);
    this->Feed(bytes, this->RandomSetting(Format::kFp16), false);
    this->sim().Step();
    this->ExpectPlanes(bytes, Format::kFp16);
  }
}

// Every length that a last block can have.
TYPED_TEST(EncGather, Exhaustive) {
  ACTP_CLAUSE("F-2.3");
  this->Reset();
  for (const Format format : kFormats) {
    for (uint32_t values = 1; values <= TestFixture::kN; ++values) {
      const auto bytes = this->RandomBytes(format, values);
      this->Feed(bytes, this->RandomSetting(format), false);
      this->sim().Step();
      this->ExpectPlanes(bytes, format);
    }
  }
}

TYPED_TEST(EncGather, RandomMatchesModel) {
  ACTP_CLAUSE("F-2.3", "F-2.4");
  this->Reset();
  for (uint64_t i = 0; i < Scaled(10000); ++i) {
    const Format format = kFormats[i % 3];
    const uint32_t values =
        this->rng().OneIn(3) ? 1 + this->rng().Below(TestFixture::kN) : TestFixture::kN;
    const auto bytes = this->RandomBytes(format, values);
    this->Feed(bytes, this->RandomSetting(format), true);
    this->dut().adv_i = 0;
    while (this->rng().OneIn(3)) this->sim().Step();
    this->dut().adv_i = 1;
    this->sim().Step();
    this->ExpectPlanes(bytes, format);
  }
}

// No bubble between blocks: the first beat of the next one may be taken while the planes are read.
TYPED_TEST(EncGather, Throughput) {
  this->Reset();
  const uint64_t start = this->sim().cycle();
  uint64_t beats = 0;
  for (int i = 0; i < 40; ++i) {
    const Format format = kFormats[static_cast<size_t>(i % 3)];
    this->Feed(this->RandomBytes(format, TestFixture::kN), this->RandomSetting(format), false);
    beats += TestFixture::Beats(format);
  }
  EXPECT_EQ(this->sim().cycle() - start, beats);
}

TYPED_TEST(EncGather, PlanesHoldWhileTheNextBlockStarts) {
  this->Reset();
  for (int i = 0; i < 40; ++i) {
    const Format format = kFormats[static_cast<size_t>(i % 3)];
    const auto bytes = this->RandomBytes(format, TestFixture::kN);
    this->Feed(bytes, this->RandomSetting(format), false);
    this->Drive({.format = kFormats[this->rng().Below(3)]});
    this->dut().in_valid_i = 1;
    this->dut().in_last_i = 0;
    this->sim().Step();
    this->ExpectPlanes(bytes, format);
    this->Reset();
  }
}

}  // namespace
}  // namespace actplane::rtl_test
