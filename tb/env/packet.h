// SPDX-License-Identifier: Apache-2.0
// What a device is built with; and what a sequence makes: the bytes of one packet, the
// configuration beside it, and what goes with it.
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

// The parameters of the two devices, as a line of rtl/configs.txt has them.
struct Shape {
  uint32_t block_len = 128;
  uint32_t stream_width = 256;
  FormatSet formats;
  uint32_t orders = 3;     // bit 0 field, bit 1 significance
  uint32_t group_len = 8;  // K of order significance
  uint32_t depth = 24;     // most magnitude rows
  uint32_t fifo = 0;       // 0 flops, 1 latches, 2 macro

  bool Has(Order order) const { return (orders >> static_cast<uint32_t>(order) & 1) != 0; }
  // Order `number`, modulo how many there are.
  Order NthOrder(uint32_t number) const {
    if (orders == 3) return static_cast<Order>(number % 2);
    return orders == 1 ? Order::kField : Order::kSignificance;
  }
  uint32_t beat_bytes() const { return stream_width / 8; }
  // Bits of tuser in the probes of tb/sv, and of `front` of the compressor's plan.
  static constexpr uint32_t kUserWidth = 5;
  uint32_t front_bits() const {
    const uint32_t codes = (24 + 5 * block_len / group_len + 7) / 8 * 8;
    return orders == 1 ? 64 : std::max(72U, codes);
  }
  // Whether the device keeps every bit of a value: lossless mode needs that.
  bool WholeValues(Format format) const { return depth >= 24 || format != Format::kFp32; }
};

// The configuration as pins, legal or not.
struct DeviceConfig {
  uint32_t format = 0;
  uint32_t order = 0;
  uint32_t slot_bytes = 0;
  bool lossless = false;
  uint32_t row_limit = kMinRowLimit;
  uint32_t delta_cap = 0;  // a pin of the compressor
  bool fill_zero = false;  // a pin of the decompressor
  uint32_t user = 0;       // tuser: no configuration, but sampled with it

  Sideband ToSideband() const {
    return {format,    order,     slot_bytes,          lossless ? 1U : 0U,
            row_limit, delta_cap, fill_zero ? 1U : 0U, user};
  }
  static DeviceConfig From(const Sideband& s) {
    return {s[0], s[1], s[2], s[3] != 0, s[4], s[5], s[6] != 0, s[7]};
  }
  static DeviceConfig From(const Config& c) {
    return {.format = static_cast<uint32_t>(c.format),
            .order = static_cast<uint32_t>(c.order),
            .slot_bytes = c.slot_bytes,
            .lossless = c.lossless,
            .row_limit = c.row_limit,
            .delta_cap = c.delta_cap,
            .fill_zero = c.fill == Fill::kZero};
  }

  // As rtl/common/actp_config.sv reads the pins: what the device cannot do becomes the nearest
  // thing that it can.
  Config Nearest(const Shape& shape) const {
    Config c;
    c.format = shape.formats.Read(format);
    c.block_len = shape.block_len;
    c.order = shape.orders == 3 ? static_cast<Order>(order) : shape.NthOrder(0);
    c.lossless = lossless && c.order == Order::kField && shape.WholeValues(c.format);
    c.group_len = shape.group_len;
    c.row_limit = std::clamp(row_limit, kMinRowLimit, shape.depth);
    c.delta_cap = delta_cap > InfoOf(c.format).exp_bits + 1 ? 0 : delta_cap;
    c.fill = fill_zero ? Fill::kZero : Fill::kMidpoint;
    c.slot_bytes = std::clamp(slot_bytes, MinSlotBytes(c), MaxSlotBytes(c));
    return c;
  }
  // Whether the pins say what Nearest() reads, as far as its order and mode look at them.
  bool Legal(const Shape& shape) const {
    const Config c = Nearest(shape);
    return shape.formats.Has(format) && static_cast<uint32_t>(c.order) == order &&
           c.lossless == lossless && (c.lossless || c.slot_bytes == slot_bytes) &&
           (c.order == Order::kField ? c.delta_cap == delta_cap : c.row_limit == row_limit);
  }
  friend bool operator==(const DeviceConfig&, const DeviceConfig&) = default;
};

struct Packet {
  std::string_view kind;  // for the log
  DeviceConfig config;
  std::vector<std::byte> bytes;
  bool last = true;
  std::vector<bool> holes = {};  // bytes whose keep bit is 0; empty: none
  NullBeats nulls = {};
  std::optional<uint32_t> reset_after = {};  // cycles after the packet was given to the driver
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
