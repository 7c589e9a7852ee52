// SPDX-License-Identifier: Apache-2.0
#include <deque>

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
    held_.clear();
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

  // A beat on its way: what the statistics must see of it one cycle after it was taken, and the
  // store when kHolds cycles have passed.
  struct Held {
    bool valid = false;
    size_t index = 0;
    bool last = false;
    Setting setting;
    std::vector<std::byte> bytes;
  };
  static constexpr size_t kHolds = 3;

  void ExpectHeld() {
    auto& dut = this->dut();
    const Held now = held_.empty() ? Held{} : held_.back();
    ASSERT_EQ(dut.beat_valid_o != 0, now.valid);
    if (now.valid) {
      ASSERT_EQ(dut.beat_first_o != 0, now.index == 0);
      ASSERT_EQ(dut.beat_last_o != 0, now.last);
      ASSERT_EQ(dut.beat_format_o, static_cast<uint32_t>(now.setting.format));
      ASSERT_EQ(dut.beat_slot_bytes_o, now.setting.slot_bytes);
      ASSERT_EQ(dut.beat_lossless_o != 0, now.setting.lossless);
      ASSERT_EQ(dut.beat_delta_cap_o, now.setting.delta_cap);
      ASSERT_EQ(GetBytes(dut.beat_o, kBeatBytes), now.bytes) << "beat " << now.index;
    }
    const Held store = held_.size() < kHolds ? Held{} : held_.front();
    ASSERT_EQ(dut.write_valid_o != 0, store.valid);
    if (store.valid) {
      ASSERT_EQ(dut.write_index_o, store.index);
      ASSERT_EQ(dut.write_narrow_o != 0, store.setting.format != Format::kFp32);
    }
  }

  // Steps with adv_i low for a while if `stalls`, then once with adv_i high.
  void Advance(bool stalls, const Held& taken = {}) {
    auto& dut = this->dut();
    do {
      dut.adv_i = !stalls || this->rng().OneIn(2);
      this->sim().Step([&] { ExpectHeld(); });
    } while (dut.adv_i == 0);
    held_.push_back(taken);
    if (held_.size() > kHolds) held_.pop_front();
  }

  // Until everything that was taken is in the store.
  void Drain(bool stalls = false) {
    this->dut().in_valid_i = 0;
    for (size_t i = 0; i < kHolds; ++i) Advance(stalls);
  }

  // Feeds a block of `bytes` bytes, `last` and keep on its final beat.
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
      const bool moves = dut.in_valid_i != 0 || !from_stream;
      const auto beat = std::span(padded).subspan(b * kBeatBytes, kBeatBytes);
      const Held taken{moves, b, b + 1 == Beats(s.format), s, {beat.begin(), beat.end()}};
      dut.adv_i = 1;
      this->sim().Settle();
      ASSERT_EQ(dut.in_ready_o != 0, from_stream);
      dut.adv_i = 0;
      this->sim().Settle();
      ASSERT_EQ(dut.in_ready_o, 0);
      Advance(stalls, taken);
      if (moves) ++b;
    }
    dut.in_valid_i = 0;
    dut.adv_i = 1;
  }

  // The gathered block, as it stands now.
  void ExpectPlanes(const std::vector<std::byte>& bytes, Format format) {
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

  std::deque<Held> held_;  // the last kHolds cycles, oldest first
};
TYPED_TEST_SUITE(EncGather, duts::Configs);

TYPED_TEST(EncGather, AfterReset) {
  this->Reset();
  this->sim().Settle();
  EXPECT_EQ(this->dut().beat_valid_o, 0);
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
    this->Drain();
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
      this->Drain();
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
    this->Drain(true);
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
    for (size_t h = 0; h < TestFixture::kHolds; ++h) this->sim().Step();
    this->ExpectPlanes(bytes, format);
    this->Reset();
  }
}

}  // namespace
}  // namespace actplane::rtl_test
