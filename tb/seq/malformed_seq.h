// SPDX-License-Identifier: Apache-2.0
// MalformedSeq: every defect of section 7, packets of wrong length, random bytes, illegal
// configurations; good slots in between, which must come out right.
#pragma once

#include <algorithm>
#include <optional>

#include "seq/legal_stream_seq.h"

namespace actplane::tb {

class MalformedSeq : public Sequence {
 public:
  MalformedSeq(uint32_t block_len, FormatSet formats, Rng rng)
      : block_len_(block_len), formats_(formats), rng_(rng) {}

  std::optional<Packet> Next() override {
    const SlotConfig c = RandomSlotConfig(rng_, block_len_, formats_);
    ref::Random random(rng_.Next());
    switch (rng_.Below(8)) {
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

  // The packet has the length that the pins ask for; what matters is that the next one is read
  // right.
  Packet IllegalConfig(Packet p) {
    const auto format = static_cast<Format>(p.config.format);
    if (rng_.OneIn(3)) {
      if (p.config.format == formats_.Lowest()) {
        do p.config.format = rng_.Below(4);
        while (formats_.Has(p.config.format));
      }
    } else {
      const uint32_t least = MinFieldSlotBytes(format, block_len_);
      const uint32_t most = MaxFieldSlotBytes(format, block_len_);
      p.config.slot_bytes = rng_.OneIn(2) ? rng_.Below(least) : rng_.Between(most + 1, 2047);
      if (!p.config.lossless) p.bytes.resize(std::max(p.config.slot_bytes, 1U));
    }
    return p;
  }

  uint32_t block_len_;
  FormatSet formats_;
  Rng rng_;
};

}  // namespace actplane::tb
