// SPDX-License-Identifier: Apache-2.0
// What the tests of the two AXI4-Stream tops share: packets in, packets out, status beside them.
#pragma once

#include <deque>
#include <optional>

#include "rtl_test.h"

namespace actplane::rtl_test {

// The names by which Sim knows clock and reset.
template <class Model>
class AxisDut : public Model {
 public:
  using Model::Model;
  CData& clk_i = Model::aclk;
  CData& rst_ni = Model::aresetn;
};

template <class Config>
struct AxisConfig : Config {
  using Dut = AxisDut<typename Config::Dut>;
};

// Fixture. `Derived` drives the configuration of a packet (Configure) and reads the status
// (Status).
template <class Config>
class AxisTest : public RtlTest<AxisConfig<Config>> {
 protected:
  static constexpr uint32_t kN = Config::kBlockLen;
  static constexpr uint32_t kBeatBytes = Config::kStreamWidth / 8;

  struct Input {
    actplane::Config config;
    std::vector<std::byte> bytes;
    bool last = true;  // a complete block of values needs none
    // A format that is not built in, in place of that of `config`.
    std::optional<uint8_t> format_pins = {};
  };

  virtual void Configure(const actplane::Config& config) = 0;
  virtual uint32_t Status() = 0;

  void Reset() {
    auto& dut = this->dut();
    dut.s_axis_tvalid = 0;
    dut.m_axis_tready = 0;
    this->sim().Reset();
    outputs_.clear();
    statuses_.clear();
    packet_.clear();
    input_ = nullptr;
    first_out_ = last_in_ = 0;
  }

  // Sends everything and waits for `count` packets and their status.
  void Run(const std::vector<Input>& inputs, bool stalls) {
    outputs_.clear();
    statuses_.clear();
    for (const Input& input : inputs) {
      for (size_t beat = 0; beat * kBeatBytes < input.bytes.size();) {
        if (Cycle(&input, beat, stalls)) ++beat;
      }
    }
    last_in_ = this->sim().cycle() - 1;
    for (int waited = 0; statuses_.size() < inputs.size(); ++waited) {
      ASSERT_LT(waited, 2000) << "no end: " << outputs_.size() << " of " << inputs.size();
      Cycle(nullptr, 0, stalls);
    }
    for (int i = 0; i < 8; ++i) Cycle(nullptr, 0, false);
    EXPECT_EQ(outputs_.size(), inputs.size());
    EXPECT_EQ(statuses_.size(), inputs.size());
    EXPECT_TRUE(packet_.empty()) << "a beat of no packet";
  }

  // One cycle; whether the input beat moved. What is offered stays until it moves.
  bool Cycle(const Input* input, size_t beat, bool stalls) {
    auto& dut = this->dut();
    if (input_ == nullptr && input != nullptr && (!stalls || !this->rng().OneIn(3))) {
      input_ = input;
      const size_t at = beat * kBeatBytes;
      const size_t here = std::min<size_t>(kBeatBytes, input->bytes.size() - at);
      const bool final = at + here == input->bytes.size();
      PutRandom(dut.s_axis_tdata, Config::kStreamWidth, this->rng());
      PutBytes(dut.s_axis_tdata, std::span(input->bytes).subspan(at, here));
      PutBits(dut.s_axis_tkeep, 0, kBeatBytes, LowMask(static_cast<uint32_t>(here)));
      dut.s_axis_tlast = final && input->last;
      // The configuration counts with the first beat only.
      actplane::Config noise = testing_support::RandomConfig(this->rng());
      Configure(beat == 0 ? input->config : noise);
      if (beat == 0 && input->format_pins) dut.cfg_format = *input->format_pins;
    }
    dut.s_axis_tvalid = input_ != nullptr;
    dut.m_axis_tready = !stalls || !this->rng().OneIn(3);
    bool moved = false;
    this->sim().Step([&] {
      moved = dut.s_axis_tvalid != 0 && dut.s_axis_tready != 0;
      if (dut.m_axis_tvalid != 0 && first_out_ == 0) first_out_ = this->sim().cycle();
      if (dut.sts_block_done != 0) statuses_.push_back(Status());
      if (dut.m_axis_tvalid == 0 || dut.m_axis_tready == 0) return;
      const auto data = GetBytes(dut.m_axis_tdata, kBeatBytes);
      for (uint32_t b = 0; b < kBeatBytes; ++b) {
        if (GetBits(dut.m_axis_tkeep, b, 1) != 0) packet_.push_back(data[b]);
      }
      if (dut.m_axis_tlast != 0) outputs_.push_back(std::exchange(packet_, {}));
    });
    if (moved) input_ = nullptr;
    return moved;
  }

  actplane::Config RandomConfig() {
    Rng& rng = this->rng();
    actplane::Config c;
    do c = testing_support::RandomConfig(rng);
    while (BitOf(Config::kFormats, static_cast<uint32_t>(c.format)) == 0);
    c.block_len = kN;
    c.order = Order::kField;
    c.slot_bytes = RandomSlotBytes(c.format, kN, rng);
    return c;
  }

  // Every format on the pins that is not built in, as inputs that `make` makes of a configuration.
  template <class Make>
  std::vector<Input> FormatsLeftOut(Make make) {
    std::vector<Input> inputs;
    const Format lowest = FormatsOf<Config>().front();
    for (uint8_t pins = 0; pins < 4; ++pins) {
      if (pins < 3 && BitOf(Config::kFormats, pins) != 0) continue;
      actplane::Config c;
      do c = RandomConfig();
      while (c.format != lowest);
      inputs.push_back(make(c));
      inputs.back().format_pins = pins;
      inputs.push_back(make(RandomConfig()));  // which is read as it is
    }
    return inputs;
  }

  std::vector<std::vector<std::byte>> outputs_;
  std::vector<uint32_t> statuses_;
  uint64_t first_out_ = 0;  // cycle in which the first output beat was there
  uint64_t last_in_ = 0;    // cycle in which the last input beat moved

 private:
  std::vector<std::byte> packet_;
  const Input* input_ = nullptr;  // of the beat on offer
};

}  // namespace actplane::rtl_test
