// SPDX-License-Identifier: Apache-2.0
// What a sequence makes: the bytes of one packet, the configuration beside it, and what goes with
// it.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "actplane/format.h"
#include "actplane/status.h"
#include "stream/beat.h"

namespace actplane::tb {

// The formats that are built into a device: its parameter Formats.
struct FormatSet {
  uint32_t mask = 7;

  bool Has(uint32_t pins) const { return pins < 3 && (mask >> pins & 1) != 0; }
  // What a format on the pins is read as: any other than those of the set as the lowest of them.
  Format Read(uint32_t pins) const { return static_cast<Format>(Has(pins) ? pins : Lowest()); }
  uint32_t Lowest() const { return static_cast<uint32_t>(std::countr_zero(mask)); }
  // Format `number`, modulo how many there are, as pins.
  uint32_t Nth(uint32_t number) const {
    uint32_t left = number % static_cast<uint32_t>(std::popcount(mask)), pins = Lowest();
    for (; left > 0; --left) {
      do ++pins;
      while (!Has(pins));
    }
    return pins;
  }
  friend bool operator==(const FormatSet&, const FormatSet&) = default;
};

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

  // A format that is not built in reads as the lowest that is, a slot size out of range as the
  // nearest legal one, a cap above E + 1 caps nothing.
  Config Nearest(uint32_t block_len, FormatSet formats) const {
    Config c;
    c.format = formats.Read(format);
    c.block_len = block_len;
    c.lossless = lossless;
    c.slot_bytes = std::clamp(slot_bytes, MinFieldSlotBytes(c.format, block_len),
                              MaxFieldSlotBytes(c.format, block_len));
    c.delta_cap = delta_cap > InfoOf(c.format).exp_bits + 1 ? 0 : delta_cap;
    c.fill = fill_zero ? Fill::kZero : Fill::kMidpoint;
    return c;
  }
  bool Legal(uint32_t block_len, FormatSet formats) const {
    return formats.Has(format) &&
           (lossless || Nearest(block_len, formats).slot_bytes == slot_bytes);
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
  // Not ok when it is over because what it takes its packets from cannot be read.
  virtual Status status() const { return OkStatus(); }
};

}  // namespace actplane::tb
