// SPDX-License-Identifier: Apache-2.0
// LegalStreamSeq: legal slots from the generator of model/ref, most of which no encoder makes.
#pragma once

#include <optional>

#include "core/rng.h"
#include "env/packet.h"
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
  c.ref = {static_cast<int>(info.exp_bits),
           static_cast<int>(info.man_bits),
           static_cast<int>(info.value_bytes),
           static_cast<int>(block_len),
           c.pins.lossless,
           false,
           !c.pins.fill_zero};
  return c;
}

inline Packet ToPacket(std::string_view kind, const DeviceConfig& config,
                       const std::vector<uint8_t>& slot) {
  Packet p{kind, config, {}, {}, true, {}};
  for (const uint8_t byte : slot) p.bytes.push_back(static_cast<std::byte>(byte));
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
    return ToPacket("legal", c.pins, ref::LegalSlot(random, c.ref));
  }

 private:
  uint32_t block_len_;
  FormatSet formats_;
  Rng rng_;
};

}  // namespace actplane::tb
