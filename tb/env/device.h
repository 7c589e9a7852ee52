// SPDX-License-Identifier: Apache-2.0
// Device: a compressor or decompressor of any configuration behind one interface. The verilated
// class is known only to CodecDevice<Dut>, a few lines for each; everything else is compiled once.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/sim.h"
#include "env/packet.h"
#include "stream/beat.h"

namespace actplane::tb {

enum class DeviceKind : uint8_t { kCompressor, kDecompressor };
constexpr std::string_view ToString(DeviceKind kind) {
  return kind == DeviceKind::kCompressor ? "compressor" : "decompressor";
}

// The plan of a block as it moves on inside the compressor (tb/sv/actp_compressor_probe.sv).
struct PlanProbe {
  Pins moves, front, front_bytes, slot_bytes, whole, saturated, user;
};

struct CodecPins {
  DeviceKind kind = DeviceKind::kCompressor;
  Shape shape;
  StreamPins in, out;
  Pins block_done, blocks, bytes_in, bytes_out, idle;
  Pins whole, saturated, bad_config, bad_keep;  // compressor
  Pins lossless, malformed, malformed_blocks;   // decompressor
  PlanProbe plan;                               // compressor

  std::vector<Pins> Inputs() const {
    std::vector<Pins> all = {in.valid, in.data, in.keep, in.last, out.ready};
    for (const Pins& pins : in.sideband) {
      if (pins) all.push_back(pins);
    }
    return all;
  }
  // Everything beside the two streams.
  std::vector<Pins> Status() const {
    std::vector<Pins> all = {block_done, blocks, bytes_in, bytes_out};
    for (const Pins& pins :
         {whole, saturated, bad_config, bad_keep, lossless, malformed, malformed_blocks}) {
      if (pins) all.push_back(pins);
    }
    return all;
  }
  std::vector<Pins> Outputs() const {
    std::vector<Pins> all = {in.ready, out.valid, out.data,
                             out.keep, out.last,  out.sideband[kUserField]};
    for (const Pins& pins : Status()) all.push_back(pins);
    return all;
  }
};

// How a reset goes: for how many clock edges, and whether it begins and ends while the clock is
// high.
struct ResetShape {
  int cycles = 2;
  bool late = false, long_ = false;
};

class Device {
 public:
  using Sample = std::function<void()>;
  virtual ~Device() = default;
  virtual const CodecPins& pins() const = 0;
  virtual void Step(const Sample& sample) = 0;
  virtual void Settle() = 0;
  virtual void Reset(const ResetShape& shape, const Sample& sample) = 0;
  virtual uint64_t cycle() const = 0;
  virtual bool GotError() const = 0;
  virtual void Finish() = 0;
};

template <class Dut>
class CodecDevice : public Device {
 public:
  CodecDevice(const Shape& shape, const SimOptions& options) : sim_(options) {
    Dut& d = sim_.dut();
    CodecPins& p = pins_;
    p.shape = shape;
    const uint32_t w = shape.stream_width;
    constexpr uint32_t kUser = Shape::kUserWidth;
    p.in = {Pins(d.in_valid_i, 1),
            Pins(d.in_ready_o, 1),
            Pins(d.in_data_i, w),
            Pins(d.in_keep_i, w / 8),
            Pins(d.in_last_i, 1),
            {Pins(d.cfg_format_i, 2), Pins(d.cfg_order_i, 1), Pins(d.cfg_slot_bytes_i, 11),
             Pins(d.cfg_lossless_i, 1), Pins(d.cfg_row_limit_i, 5), Pins(), Pins(),
             Pins(d.in_user_i, kUser)}};
    p.out = {Pins(d.out_valid_o, 1),    Pins(d.out_ready_i, 1), Pins(d.out_data_o, w),
             Pins(d.out_keep_o, w / 8), Pins(d.out_last_o, 1),  {}};
    p.out.sideband[kUserField] = Pins(d.out_user_o, kUser);
    p.block_done = Pins(d.block_done_o, 1);
    p.blocks = Pins(d.blocks_o, 32);
    p.bytes_in = Pins(d.bytes_in_o, 32);
    p.bytes_out = Pins(d.bytes_out_o, 32);
    p.idle = Pins(d.probe_idle_o, 1);
    if constexpr (requires { d.cfg_delta_cap_i; }) {
      p.kind = DeviceKind::kCompressor;
      p.in.sideband[5] = Pins(d.cfg_delta_cap_i, 4);
      p.whole = Pins(d.whole_o, 1);
      p.saturated = Pins(d.saturated_o, 1);
      p.bad_config = Pins(d.bad_config_o, 1);
      p.bad_keep = Pins(d.bad_keep_o, 1);
      p.plan = {Pins(d.probe_plan_o, 1),        Pins(d.probe_front_o, shape.front_bits()),
                Pins(d.probe_front_bytes_o, 6), Pins(d.probe_slot_bytes_o, 11),
                Pins(d.probe_whole_o, 1),       Pins(d.probe_saturated_o, 1),
                Pins(d.probe_user_o, kUser)};
    } else {
      p.kind = DeviceKind::kDecompressor;
      p.in.sideband[6] = Pins(d.cfg_fill_zero_i, 1);
      p.lossless = Pins(d.lossless_o, 1);
      p.malformed = Pins(d.malformed_o, 1);
      p.malformed_blocks = Pins(d.malformed_blocks_o, 32);
    }
  }

  const CodecPins& pins() const override { return pins_; }
  void Step(const Sample& sample) override { sim_.Step(sample); }
  void Settle() override { sim_.Settle(); }
  void Reset(const ResetShape& shape, const Sample& sample) override {
    sim_.Reset(shape.cycles, sample, shape.late, shape.long_);
  }
  uint64_t cycle() const override { return sim_.cycle(); }
  bool GotError() const override { return sim_.gotError(); }
  void Finish() override { sim_.Finish(); }

 private:
  Sim<Dut> sim_;
  CodecPins pins_;
};

// One line of rtl/configs.txt.
struct NamedConfig {
  std::string name;
  Shape shape;
};

// Made by tb/CMakeLists.txt from rtl/configs.txt.
const std::vector<NamedConfig>& NamedConfigs();
// Whether the model of that device was compiled with waveforms (ACTPLANE_RTL_WAVES).
bool HasWaves(DeviceKind kind, const std::string& config);
std::unique_ptr<Device> MakeDevice(DeviceKind kind, const std::string& config,
                                   const SimOptions& options);

}  // namespace actplane::tb
