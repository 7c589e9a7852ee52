// SPDX-License-Identifier: Apache-2.0
#include "actplane/codec.h"
#include "axis_test.h"
#include "duts.h"
#include "env/plane_order.h"

namespace actplane::rtl_test {
namespace {

enum Flag : uint32_t { kLossless = 1, kMalformed = 2 };

template <class Config>
class DecompressorAxis : public AxisTest<Config> {
 protected:
  using Input = typename AxisTest<Config>::Input;
  static constexpr uint32_t kN = Config::kBlockLen;

  void Configure(const actplane::Config& config) override {
    auto& dut = this->dut();
    dut.cfg_format = static_cast<uint8_t>(config.format);
    dut.cfg_slot_bytes = static_cast<uint16_t>(config.slot_bytes);
    dut.cfg_lossless = config.lossless;
    dut.cfg_fill_zero = config.fill == Fill::kZero;
  }
  uint32_t Status() override {
    const auto& dut = this->dut();
    return (dut.sts_lossless != 0 ? kLossless : 0U) | (dut.sts_malformed != 0 ? kMalformed : 0U);
  }

  // The slot that the model's encoder makes of a random block.
  Input RandomInput(const actplane::Config& config) {
    const Block block = RandomBlock(config.format, kN, this->rng());
    const auto bytes = testing_support::ToBytes(
        {block.patterns.begin(), block.patterns.begin() + kN}, config.format);
    std::vector<std::byte> slot(config.lossless ? MaxFieldSlotBytes(config.format, kN)
                                                : config.slot_bytes);
    slot.resize(CompressBlock(bytes, config, slot));
    return {config, tb::ToPlaneOrder(slot, config), true, {}};
  }

  // A slot that may be malformed: bits flipped, too short, too long, or noise.
  Input DamagedInput() {
    Rng& rng = this->rng();
    Input input = RandomInput(this->RandomConfig());
    switch (rng.Below(4)) {
      case 0: input.bytes[rng.Below(2)] ^= static_cast<std::byte>(1U << rng.Below(8)); break;
      case 1: input.bytes.resize(1 + rng.Below(input.bytes.size())); break;
      case 2: input.bytes.resize(input.bytes.size() + 1 + rng.Below(200)); break;
      default:
        for (auto& b : input.bytes) b = static_cast<std::byte>(rng.Next());
    }
    return input;
  }

  void Expect(const std::vector<Input>& inputs, bool stalls) {
    this->Run(inputs, stalls);
    for (size_t i = 0; i < inputs.size(); ++i) {
      const Input& input = inputs[i];
      std::vector<std::byte> values(BlockBytes(input.config));
      BlockTrace trace;
      bool bad = input.format_pins.has_value() ||
                 (!input.config.lossless && input.bytes.size() != input.config.slot_bytes);
      if (!bad) {
        bad = DecompressBlock(tb::FromPlaneOrder(input.bytes, input.config), input.config, values,
                              &trace) != Malformed::kNone;
      }
      ASSERT_EQ(this->outputs_[i], values) << "slot " << i << " " << ToString(input.config.format);
      EXPECT_EQ(this->statuses_[i],
                (bad ? kMalformed : 0U) | (!bad && trace.field.lossless ? kLossless : 0U))
          << "slot " << i;
      ++blocks_;
      malformed_ += bad ? 1 : 0;
      bytes_in_ += input.bytes.size();
      bytes_out_ += values.size();
    }
    EXPECT_EQ(this->dut().sts_blocks, blocks_);
    EXPECT_EQ(this->dut().sts_malformed_blocks, malformed_);
    EXPECT_EQ(this->dut().sts_bytes_in, bytes_in_);
    EXPECT_EQ(this->dut().sts_bytes_out, bytes_out_);
  }

  void Restart() {
    this->Reset();
    blocks_ = malformed_ = bytes_in_ = bytes_out_ = 0;
  }

  uint64_t blocks_ = 0, malformed_ = 0, bytes_in_ = 0, bytes_out_ = 0;
};
TYPED_TEST_SUITE(DecompressorAxis, duts::Configs);

TYPED_TEST(DecompressorAxis, AfterReset) {
  for (int stop = 0; stop < 12; ++stop) {
    this->Restart();
    this->sim().Settle();
    EXPECT_EQ(this->dut().m_axis_tvalid, 0);
    EXPECT_EQ(this->dut().s_axis_tready, 1);
    EXPECT_EQ(this->dut().sts_blocks + this->dut().sts_bytes_in + this->dut().sts_bytes_out, 0U);
    const auto input = this->RandomInput(this->RandomConfig());
    this->Expect({input}, false);
    const size_t beats = CeilDiv(input.bytes.size(), TestFixture::kBeatBytes);
    // The next reset falls into a slot or behind it.
    for (size_t i = 0; i < static_cast<size_t>(stop) + beats / 2; ++i) {
      this->Cycle(i < beats ? &input : nullptr, i, false);
    }
  }
}

TYPED_TEST(DecompressorAxis, RandomMatchesModel) {
  ACTP_CLAUSE("F-2.4", "F-2.5", "F-3.5", "F-3.13");
  this->Restart();
  for (uint64_t i = 0; i < Scaled(400); ++i) {
    std::vector<typename TestFixture::Input> inputs;
    for (int k = 0; k < 16; ++k) inputs.push_back(this->RandomInput(this->RandomConfig()));
    this->Expect(inputs, i % 2 == 0);
  }
}

TYPED_TEST(DecompressorAxis, MalformedSlots) {
  ACTP_CLAUSE("F-7.1", "F-7.3", "F-7.4");
  this->Restart();
  for (uint64_t i = 0; i < Scaled(400); ++i) {
    std::vector<typename TestFixture::Input> inputs;
    for (int k = 0; k < 8; ++k) {
      inputs.push_back(this->DamagedInput());
      inputs.push_back(this->RandomInput(this->RandomConfig()));
    }
    this->Expect(inputs, i % 2 == 0);
  }
  EXPECT_GT(this->malformed_, this->blocks_ / 8);
}

// Good slots, asked for in a format that is not built in: malformed, zeros of the lowest that is.
TYPED_TEST(DecompressorAxis, FormatsLeftOut) {
  this->Restart();
  for (int i = 0; i < 8; ++i) {
    const auto inputs = this->FormatsLeftOut([&](const auto& c) { return this->RandomInput(c); });
    this->Expect(inputs, i % 2 == 0);
  }
}

// 3 cycles from the last beat of a slot to its first values; then a beat in every cycle.
TYPED_TEST(DecompressorAxis, LatencyAndThroughput) {
  for (const Format format : FormatsOf<TypeParam>()) {
    this->Restart();
    const actplane::Config config = {.format = format,
                                     .block_len = TestFixture::kN,
                                     .slot_bytes = MinFieldSlotBytes(format, TestFixture::kN)};
    this->Expect({this->RandomInput(config)}, false);
    EXPECT_EQ(this->first_out_ - this->last_in_, 3U);
    const std::vector<typename TestFixture::Input> inputs(20, this->RandomInput(config));
    const uint64_t slot_beats = CeilDiv(config.slot_bytes, TestFixture::kBeatBytes);
    const uint64_t block_beats = CeilDiv(BlockBytes(config), TestFixture::kBeatBytes);
    const uint64_t start = this->sim().cycle();
    this->Expect(inputs, false);
    // Slots, the latency, the first block and all others at full rate, and the eight idle cycles of
    // Run.
    EXPECT_LE(this->sim().cycle() - start, slot_beats + 20 * block_beats + 3 + 8 + 1);
  }
}

}  // namespace
}  // namespace actplane::rtl_test
