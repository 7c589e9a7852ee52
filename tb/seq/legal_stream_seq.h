// SPDX-License-Identifier: Apache-2.0
// LegalStreamSeq: legal slots from the generator of model/ref, most of which no encoder makes.
#pragma once

#include <optional>
#include <span>

#include "core/rng.h"
#include "env/packet.h"
#include "env/plane_order.h"
#include "ref/slot_generator.h"

namespace actplane::tb {

// A configuration of the generator for order field, and the same for the pins.
struct SlotConfig {
  ref::RefConfig ref;
  DeviceConfig pins;
};
inline SlotConfig RandomSlotConfig(Rng& rng, uint32_t block_len, FormatSet formats) {
  SlotConfig c;
  c.pins.format = formats.Nth(rng.Below(3));
  c.pins.lossless = rng.OneIn(3);
  c.pins.fill_zero = rng.OneIn(2);
  const FormatInfo info = InfoOf(static_cast<Format>(c.pins.format));
  c.ref = {.exp_bits = static_cast<int>(info.exp_bits),
           .man_bits = static_cast<int>(info.man_bits),
           .value_bytes = static_cast<int>(info.value_bytes),
           .block_len = static_cast<int>(block_len),
           .lossless = c.pins.lossless,
           .midpoint = !c.pins.fill_zero};
  return c;
}

// A slot of the generator, in plane order.
inline Packet ToPacket(std::string_view kind, const SlotConfig& c,
                       const std::vector<uint8_t>& slot) {
  const Config config = {.format = static_cast<Format>(c.pins.format),
                         .block_len = static_cast<uint32_t>(c.ref.block_len)};
  Packet p{kind, c.pins, ToPlaneOrder(std::as_bytes(std::span(slot)), config), {}, true, {}};
  p.config.slot_bytes = static_cast<uint32_t>(slot.size());
  return p;
}

class LegalStreamSeq : public Sequence {
 public:
  LegalStreamSeq(uint32_t block_len, FormatSet formats, Rng rng)
      : block_len_(block_len), formats_(formats), rng_(rng) {}

  std::optional<Packet> Next() override {
    const SlotConfig c = RandomSlotConfig(rng_, block_len_, formats_);
    ref::Random random(rng_.Next());
    return ToPacket("legal", c, ref::LegalSlot(random, c.ref));
  }

 private:
  uint32_t block_len_;
  FormatSet formats_;
  Rng rng_;
};

}  // namespace actplane::tb
