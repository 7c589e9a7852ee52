// SPDX-License-Identifier: Apache-2.0
// LegalStreamSeq: legal slots from the generator of model/ref, most of which no encoder makes.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/rng.h"
#include "env/packet.h"
#include "ref/slot_generator.h"

namespace actplane::tb {

// A configuration of the generator, and the same for the pins.
struct SlotConfig {
  ref::RefConfig ref;
  DeviceConfig pins;
};
inline SlotConfig RandomSlotConfig(Rng& rng, const Shape& shape) {
  SlotConfig c;
  c.pins.format = shape.formats.Nth(rng.Below(3));
  c.pins.order = static_cast<uint32_t>(shape.NthOrder(rng.Below(2)));
  const auto format = static_cast<Format>(c.pins.format);
  const bool significance = c.pins.order != 0;
  c.pins.lossless = !significance && shape.WholeValues(format) && rng.OneIn(3);
  c.pins.fill_zero = rng.OneIn(2);
  c.pins.row_limit = rng.OneIn(2) ? shape.depth : rng.Between(kMinRowLimit, shape.depth);
  const FormatInfo info = InfoOf(format);
  c.ref = {.exp_bits = static_cast<int>(info.exp_bits),
           .man_bits = static_cast<int>(info.man_bits),
           .value_bytes = static_cast<int>(info.value_bytes),
           .block_len = static_cast<int>(shape.block_len),
           .lossless = c.pins.lossless,
           .significance = significance,
           .midpoint = !c.pins.fill_zero,
           .group_len = static_cast<int>(shape.group_len),
           .row_limit = static_cast<int>(c.pins.row_limit)};
  return c;
}

inline Packet ToPacket(std::string_view kind, const SlotConfig& c,
                       const std::vector<uint8_t>& slot) {
  const auto bytes = std::as_bytes(std::span(slot));
  Packet p{kind, c.pins, {bytes.begin(), bytes.end()}};
  p.config.slot_bytes = static_cast<uint32_t>(slot.size());
  return p;
}

class LegalStreamSeq : public Sequence {
 public:
  LegalStreamSeq(const Shape& shape, Rng rng) : shape_(shape), rng_(rng) {}

  std::optional<Packet> Next() override {
    const SlotConfig c = RandomSlotConfig(rng_, shape_);
    ref::Random random(rng_.Next());
    return ToPacket("legal", c, ref::LegalSlot(random, c.ref));
  }

 private:
  Shape shape_;
  Rng rng_;
};

}  // namespace actplane::tb
