// SPDX-License-Identifier: Apache-2.0
// ConfigChangeSeq: another configuration with every block, back to back, in ways that random ones
// seldom come.
#pragma once

#include <optional>

#include "seq/random_seq.h"

namespace actplane::tb {

class ConfigChangeSeq : public Sequence {
 public:
  ConfigChangeSeq(uint32_t block_len, FormatSet formats, Rng rng)
      : block_len_(block_len), formats_(formats), rng_(rng) {}

  std::optional<Packet> Next() override {
    DeviceConfig c = RandomDeviceConfig(rng_, block_len_, formats_);
    switch (rng_.Below(
        4)) {  // what stays: nothing, all but the mode, all but the size, all but the format
      case 0: break;
      case 1:
        c = last_;
        c.lossless = !c.lossless;
        break;
      case 2:
        c.format = last_.format;
        c.lossless = false;
        break;
      default:
        c.lossless = last_.lossless;
        c.format = formats_.Nth(last_.format + 1 + rng_.Below(2));
        break;
    }
    c.slot_bytes = DeviceConfig(c).Nearest(block_len_, formats_).slot_bytes;
    last_ = c;
    return Packet{"config-change", c, RandomValues(rng_, formats_.Read(c.format), block_len_), {},
                  rng_.OneIn(2),   {}};
  }

 private:
  uint32_t block_len_;
  FormatSet formats_;
  Rng rng_;
  DeviceConfig last_;
};

}  // namespace actplane::tb
