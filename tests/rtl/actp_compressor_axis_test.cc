// SPDX-License-Identifier: Apache-2.0
#include "actplane/codec.h"
#include "axis_test.h"
#include "duts.h"
#include "env/plane_order.h"

namespace actplane::rtl_test {
namespace {

enum Flag : uint32_t { kWhole = 1, kSaturated = 2, kBadConfig = 4 };

template <class Config>
class CompressorAxis : public AxisTest<Config> {
 protected:
  using Input = typename AxisTest<Config>::Input;
  static constexpr uint32_t kN = Config::kBlockLen;

  void Configure(const actplane::Config& config) override {
    auto& dut = this->dut();
    dut.cfg_format = static_cast<uint8_t>(config.format);
    dut.cfg_slot_bytes = static_cast<uint16_t>(config.slot_bytes);
    dut.cfg_lossless = config.lossless;
    dut.cfg_delta_cap = static_cast<uint8_t>(config.delta_cap);
  }
  uint32_t Status() override {
    const auto& dut = this->dut();
    return (dut.sts_whole != 0 ? kWhole : 0U) | (dut.sts_saturated != 0 ? kSaturated : 0U) |
           (dut.sts_bad_config != 0 ? kBadConfig : 0U);
  }

  Input RandomInput(const actplane::Config& config, uint32_t values = kN) {
    const Block block = RandomBlock(config.format, values, this->rng());
    const auto bytes = testing_support::ToBytes(
        {block.patterns.begin(), block.patterns.begin() + values}, config.format);
    return {config, bytes, values < kN || this->rng().OneIn(2), {}};
  }

  // Runs the blocks and compares slots, flags and counters with the model.
  void Expect(const std::vector<Input>& inputs, bool stalls) {
    this->Run(inputs, stalls);
    for (size_t i = 0; i < inputs.size(); ++i) {
      actplane::Config config = inputs[i].config;
      const uint32_t least = MinFieldSlotBytes(config.format, kN);
      const uint32_t most = MaxFieldSlotBytes(config.format, kN);
      const uint32_t legal = std::clamp(config.slot_bytes, least, most);
      const bool bad = inputs[i].format_pins || (!config.lossless && legal != config.slot_bytes);
      config.slot_bytes = legal;
      std::vector<std::byte> slot(most);
      BlockTrace trace;
      slot.resize(config.lossless ? most : legal);
      slot.resize(CompressBlock(inputs[i].bytes, config, slot, &trace));
      ASSERT_EQ(this->outputs_[i], tb::ToPlaneOrder(slot, config))
          << "block " << i << " " << ToString(config.format);
      const bool whole =
          config.lossless || WholeSizeBits(trace.field.info, config.format, kN) <= 8 * slot.size();
      EXPECT_EQ(this->statuses_[i], (whole ? kWhole : 0U) | (bad ? kBadConfig : 0U) |
                                        (trace.field.header.saturated ? kSaturated : 0U))
          << "block " << i;
      ++blocks_;
      bytes_in_ += BlockBytes(config);
      bytes_out_ += slot.size();
    }
    EXPECT_EQ(this->dut().sts_blocks, blocks_);
    EXPECT_EQ(this->dut().sts_bytes_in, bytes_in_);
    EXPECT_EQ(this->dut().sts_bytes_out, bytes_out_);
  }

  uint64_t blocks_ = 0, bytes_in_ = 0, bytes_out_ = 0;
};
TYPED_TEST_SUITE(CompressorAxis, duts::Configs);

TYPED_TEST(CompressorAxis, AfterReset) {
  for (int stop = 0; stop < 12; ++stop) {
    this->Reset();
    this->sim().Settle();
    EXPECT_EQ(this->dut().m_axis_tvalid, 0);
    EXPECT_EQ(this->dut().s_axis_tready, 1);
    EXPECT_EQ(this->dut().sts_blocks + this->dut().sts_bytes_in + this->dut().sts_bytes_out, 0U);
    const auto input = this->RandomInput(this->RandomConfig());
    this->blocks_ = this->bytes_in_ = this->bytes_out_ = 0;
    this->Expect({input}, false);
    const size_t beats = input.bytes.size() / TestFixture::kBeatBytes;
    // The next reset falls into a block or behind it.
    for (size_t i = 0; i < static_cast<size_t>(stop) + beats / 2; ++i) {
      this->Cycle(i < beats ? &input : nullptr, i, false);
    }
  }
}

TYPED_TEST(CompressorAxis, RandomMatchesModel) {
  ACTP_CLAUSE("F-2.3", "F-2.4", "F-2.5", "F-2.8", "F-4.5");
  this->Reset();
  for (uint64_t i = 0; i < Scaled(400); ++i) {
    std::vector<typename TestFixture::Input> inputs;
    for (int k = 0; k < 16; ++k) {
      const bool partial = this->rng().OneIn(8);
      inputs.push_back(
          this->RandomInput(this->RandomConfig(),
                            partial ? 1 + this->rng().Below(TestFixture::kN) : TestFixture::kN));
    }
    this->Expect(inputs, i % 2 == 0);
  }
}

TYPED_TEST(CompressorAxis, BadConfiguration) {
  ACTP_CLAUSE("F-2.6");
  this->Reset();
  std::vector<typename TestFixture::Input> inputs;
  for (const uint32_t bytes : {0U, 5U, 2047U, 100U, 1U}) {
    actplane::Config config = this->RandomConfig();
    config.lossless = false;
    config.slot_bytes = bytes;
    inputs.push_back(this->RandomInput(config));
    inputs.push_back(this->RandomInput(this->RandomConfig()));
  }
  this->Expect(inputs, false);
}

// A format that is not built in counts as the lowest that is, and says so.
TYPED_TEST(CompressorAxis, FormatsLeftOut) {
  this->Reset();
  for (int i = 0; i < 8; ++i) {
    const auto inputs = this->FormatsLeftOut([&](const auto& c) { return this->RandomInput(c); });
    this->Expect(inputs, i % 2 == 0);
  }
}

// 6 cycles from the last beat in to the first beat out; no beat waits when slots are shorter than
// blocks.
TYPED_TEST(CompressorAxis, LatencyAndThroughput) {
  this->Reset();
  for (const Format format : FormatsOf<TypeParam>()) {
    this->Reset();
    const actplane::Config config = {.format = format,
                                     .block_len = TestFixture::kN,
                                     .slot_bytes = MinFieldSlotBytes(format, TestFixture::kN)};
    this->blocks_ = this->bytes_in_ = this->bytes_out_ = 0;
    this->Expect({this->RandomInput(config)}, false);
    EXPECT_EQ(this->first_out_ - this->last_in_, 6U);
    const std::vector<typename TestFixture::Input> inputs(20, this->RandomInput(config));
    const uint64_t start = this->sim().cycle();
    this->Expect(inputs, false);
    EXPECT_EQ(this->last_in_ + 1 - start,
              20 * CeilDiv(BlockBytes(config), TestFixture::kBeatBytes));
  }
}

}  // namespace
}  // namespace actplane::rtl_test
