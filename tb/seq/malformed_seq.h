// SPDX-License-Identifier: Apache-2.0
// MalformedSeq: every defect of section 7, packets of wrong length, null bytes inside, random
// bytes, illegal configurations; good slots in between, which must come out right.
#pragma once

#include <algorithm>
#include <optional>

#include "seq/legal_stream_seq.h"

namespace actplane::tb {

class MalformedSeq : public Sequence {
 public:
  MalformedSeq(const Shape& shape, Rng rng) : shape_(shape), rng_(rng) {}

  std::optional<Packet> Next() override {
    const SlotConfig c = RandomSlotConfig(rng_, shape_);
    ref::Random random(rng_.Next());
    switch (rng_.Below(10)) {
      case 0:
      case 1:
      case 2: {
        ref::Defect defect;
        do {
          defect = static_cast<ref::Defect>(rng_.Below(static_cast<uint64_t>(ref::Defect::kCount)));
        } while (!ref::Applies(defect, c.ref));
        return ToPacket("defect", c, ref::MakeMalformed(random, c.ref, defect).slot);
      }
      case 3: return ToPacket("random-bytes", c, ref::RandomSlot(random, c.ref));
      case 4:
      case 5: return WrongLength(ToPacket("length", c, ref::LegalSlot(random, c.ref)));
      case 6: return IllegalConfig(ToPacket("config", c, ref::LegalSlot(random, c.ref)));
      case 7: return Holes(ToPacket("holes", c, ref::LegalSlot(random, c.ref)));
      default: return ToPacket("good", c, ref::LegalSlot(random, c.ref));
    }
  }

 private:
  // `last` early or late: empty, by a byte, by some, far beyond anything that can be counted.
  Packet WrongLength(Packet p) {
    const auto size = static_cast<uint32_t>(p.bytes.size());
    switch (rng_.Below(6)) {
      case 0: p.bytes.resize(size - 1); break;
      case 1: p.bytes.resize(size + 1); break;
      case 2: p.bytes.resize(rng_.Below(size)); break;
      case 3: p.bytes.resize(size + rng_.Between(1, 300)); break;
      case 4: p.bytes.resize(rng_.OneIn(8) ? 5000 : size + 64); break;
      default: p.bytes.resize(rng_.Below(16)); break;
    }
    return p;
  }

  // In one beat, at its end or inside; seldom in many.
  Packet Holes(Packet p) {
    p.holes.assign(p.bytes.size(), false);
    const auto size = static_cast<uint32_t>(p.bytes.size());
    uint32_t at = rng_.OneIn(3)   ? size - 1
                  : rng_.OneIn(3) ? rng_.Below(std::min(size, 2 * shape_.beat_bytes()))
                                  : rng_.Below(size);
    if (rng_.OneIn(2)) at -= at % shape_.beat_bytes();
    for (uint32_t left = rng_.OneIn(3) ? rng_.Between(1, 9) : 1; left > 0 && at < size; --left)
      p.holes[at++] = true;
    if (rng_.OneIn(8)) {
      for (size_t i = 0; i < p.holes.size(); ++i) p.holes[i] = rng_.OneIn(5);
    }
    return p;
  }

  // The packet has the length that the pins ask for; what matters is that the next one is read
  // right.
  Packet IllegalConfig(Packet p) {
    DeviceConfig& c = p.config;
    const Config config = c.Nearest(shape_);
    switch (rng_.Below(5)) {
      case 0:
        do c.format = rng_.Below(4);
        while (shape_.formats.mask != 7 && shape_.formats.Has(c.format));
        break;
      case 1: c.order = 1 - c.order; break;
      case 2: c.row_limit = rng_.Below(32); break;
      case 3: c.lossless = !c.lossless; break;
      default:
        c.slot_bytes = rng_.OneIn(2) ? rng_.Below(MinSlotBytes(config))
                                     : rng_.Between(MaxSlotBytes(config) + 1, 2047);
        if (!c.lossless) p.bytes.resize(std::max(c.slot_bytes, 1U));
        break;
    }
    return p;
  }

  Shape shape_;
  Rng rng_;
};

}  // namespace actplane::tb
