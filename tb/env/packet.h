// SPDX-License-Identifier: Apache-2.0
// What a sequence makes: the bytes of one packet, the configuration beside it, and what goes with
// it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "actplane/format.h"
#include "stream/beat.h"

namespace actplane::tb {

// The configuration as pins, legal or not.
struct DeviceConfig {
  uint32_t format = 0;
  uint32_t slot_bytes = 0;
  bool lossless = false;
  uint32_t delta_cap = 0;
  bool fill_zero = false;

  Sideband ToSideband() const {
    return {format, slot_bytes, lossless ? 1U : 0U, delta_cap, fill_zero ? 1U : 0U};
  }
  static DeviceConfig From(const Sideband& s) { return {s[0], s[1], s[2] != 0, s[3], s[4] != 0}; }
  static DeviceConfig From(const Config& c) {
    return {static_cast<uint32_t>(c.format), c.slot_bytes, c.lossless, c.delta_cap,
            c.fill == Fill::kZero};
  }

  // Format 3 reads as FP32, a slot size out of range as the nearest legal one, a cap above E + 1
  // caps nothing.
  Config Nearest(uint32_t block_len) const {
    Config c;
    c.format = format == 3 ? Format::kFp32 : static_cast<Format>(format);
    c.block_len = block_len;
    c.lossless = lossless;
    c.slot_bytes = std::clamp(slot_bytes, MinSlotBytes(c.format, block_len, Order::kField),
                              MaxSlotBytes(c.format, block_len, Order::kField));
    c.delta_cap = delta_cap > InfoOf(c.format).exp_bits + 1 ? 0 : delta_cap;
    c.fill = fill_zero ? Fill::kZero : Fill::kMidpoint;
    return c;
  }
  bool Legal(uint32_t block_len) const {
    return format != 3 && (lossless || Nearest(block_len).slot_bytes == slot_bytes);
  }
  friend bool operator==(const DeviceConfig&, const DeviceConfig&) = default;
};

struct Packet {
  std::string_view kind;  // for the log
  DeviceConfig config;
  std::vector<std::byte> bytes;
  std::vector<bool> holes;  // bytes whose keep bit is 0; empty: none
  bool last = true;
  std::optional<uint32_t> reset_after;  // cycles after the packet was given to the driver
};

// Makes packets for one kind of device. Knows neither pins nor scoreboard.
class Sequence {
 public:
  virtual ~Sequence() = default;
  virtual std::optional<Packet> Next() = 0;  // nothing: the sequence is over
};

}  // namespace actplane::tb
