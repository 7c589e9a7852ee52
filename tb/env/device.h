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

// What the compressor shows of its inside (tb/sv/actp_compressor_probe.sv).
struct CompressorProbe {
  Pins load, base, needed_width, has_zero, has_special, any_negative, all_negative, uniform,
      uniform_value;
  Pins planes, reserved, head, head_bytes, slot_bytes, whole, rows_valid, rows;
};

// And the decompressor (tb/sv/actp_decompressor_probe.sv).
struct DecompressorProbe {
  Pins load, base, width, zero_code, special, sign_stored, sign_value, saturated, stored, value;
  Pins man_rows, man_lanes, complete, malformed, bytes, bits;
};

struct CodecPins {
  DeviceKind kind = DeviceKind::kCompressor;
  uint32_t block_len = 0;
  uint32_t stream_width = 0;
  FormatSet formats;
  StreamPins in, out;
  Pins block_done, blocks, bytes_in, bytes_out, idle;
  Pins whole, saturated, bad_config;           // compressor
  Pins lossless, malformed, malformed_blocks;  // decompressor
  CompressorProbe enc;
  DecompressorProbe dec;

  std::vector<Pins> Inputs() const {
    std::vector<Pins> all = {in.valid, in.data, in.keep, in.last, out.ready};
    for (const Pins& pins : in.sideband) {
      if (pins) all.push_back(pins);
    }
    return all;
  }
  std::vector<Pins> Outputs() const {
    std::vector<Pins> all = {in.ready,   out.valid, out.data, out.keep, out.last,
                             block_done, blocks,    bytes_in, bytes_out};
    for (const Pins& pins : {whole, saturated, bad_config, lossless, malformed, malformed_blocks}) {
      if (pins) all.push_back(pins);
    }
    return all;
  }
};

class Device {
 public:
  using Sample = std::function<void()>;
  virtual ~Device() = default;
  virtual const CodecPins& pins() const = 0;
  virtual void Step(const Sample& sample) = 0;
  virtual void Settle() = 0;
  virtual void Reset(int cycles, const Sample& sample) = 0;
  virtual uint64_t cycle() const = 0;
  virtual bool GotError() const = 0;
  virtual void Finish() = 0;
};

template <class Dut>
class CodecDevice : public Device {
 public:
  CodecDevice(uint32_t block_len, uint32_t stream_width, FormatSet formats,
              const SimOptions& options)
      : sim_(options) {
    Dut& d = sim_.dut();
    CodecPins& p = pins_;
    p.block_len = block_len;
    p.stream_width = stream_width;
    p.formats = formats;
    const uint32_t w = stream_width, n = block_len;
    p.in = {Pins(d.in_valid_i, 1),
            Pins(d.in_ready_o, 1),
            Pins(d.in_data_i, w),
            Pins(d.in_keep_i, w / 8),
            Pins(d.in_last_i, 1),
            {Pins(d.cfg_format_i, 2), Pins(d.cfg_slot_bytes_i, 11), Pins(d.cfg_lossless_i, 1)}};
    p.out = {Pins(d.out_valid_o, 1),    Pins(d.out_ready_i, 1), Pins(d.out_data_o, w),
             Pins(d.out_keep_o, w / 8), Pins(d.out_last_o, 1),  {}};
    p.block_done = Pins(d.block_done_o, 1);
    p.blocks = Pins(d.blocks_o, 32);
    p.bytes_in = Pins(d.bytes_in_o, 32);
    p.bytes_out = Pins(d.bytes_out_o, 32);
    p.idle = Pins(d.probe_idle_o, 1);
    if constexpr (requires { d.cfg_delta_cap_i; }) {
      p.kind = DeviceKind::kCompressor;
      p.in.sideband[3] = Pins(d.cfg_delta_cap_i, 4);
      p.whole = Pins(d.whole_o, 1);
      p.saturated = Pins(d.saturated_o, 1);
      p.bad_config = Pins(d.bad_config_o, 1);
      p.enc = {Pins(d.probe_load_o, 1),           Pins(d.probe_base_o, 8),
               Pins(d.probe_needed_width_o, 4),   Pins(d.probe_has_zero_o, 1),
               Pins(d.probe_has_special_o, 1),    Pins(d.probe_any_negative_o, 1),
               Pins(d.probe_all_negative_o, 1),   Pins(d.probe_uniform_o, 23),
               Pins(d.probe_uniform_value_o, 23), Pins(d.probe_planes_o, 32 * n),
               Pins(d.probe_reserved_o, n),       Pins(d.probe_head_o, 64),
               Pins(d.probe_head_bytes_o, 4),     Pins(d.probe_slot_bytes_o, 11),
               Pins(d.probe_whole_o, 1),          Pins(d.probe_rows_valid_o, 1),
               Pins(d.probe_rows_o, 33 * n)};
    } else {
      p.kind = DeviceKind::kDecompressor;
      p.in.sideband[4] = Pins(d.cfg_fill_zero_i, 1);
      p.lossless = Pins(d.lossless_o, 1);
      p.malformed = Pins(d.malformed_o, 1);
      p.malformed_blocks = Pins(d.malformed_blocks_o, 32);
      p.dec = {Pins(d.probe_load_o, 1),       Pins(d.probe_base_o, 8),
               Pins(d.probe_width_o, 4),      Pins(d.probe_zero_code_o, 1),
               Pins(d.probe_special_o, 1),    Pins(d.probe_sign_stored_o, 1),
               Pins(d.probe_sign_value_o, 1), Pins(d.probe_saturated_o, 1),
               Pins(d.probe_stored_o, 23),    Pins(d.probe_value_o, 23),
               Pins(d.probe_man_rows_o, 6),   Pins(d.probe_man_lanes_o, 8),
               Pins(d.probe_complete_o, 1),   Pins(d.probe_malformed_o, 1),
               Pins(d.probe_bytes_o, 12),     Pins(d.probe_bits_o, 33 * n)};
    }
  }

  const CodecPins& pins() const override { return pins_; }
  void Step(const Sample& sample) override { sim_.Step(sample); }
  void Settle() override { sim_.Settle(); }
  void Reset(int cycles, const Sample& sample) override { sim_.Reset(cycles, sample); }
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
  uint32_t block_len;
  uint32_t stream_width;
  FormatSet formats;
};

// Made by tb/CMakeLists.txt from rtl/configs.txt.
const std::vector<NamedConfig>& NamedConfigs();
std::unique_ptr<Device> MakeDevice(DeviceKind kind, const std::string& config,
                                   const SimOptions& options);

}  // namespace actplane::tb
