// SPDX-License-Identifier: Apache-2.0
// ConfigChangeSeq: another configuration with every block, back to back, in ways that random ones
// seldom come.
#pragma once

#include <optional>

#include "seq/random_seq.h"

namespace actplane::tb {

class ConfigChangeSeq : public Sequence {
 public:
  ConfigChangeSeq(const Shape& shape, Rng rng) : shape_(shape), rng_(rng) {}

  std::optional<Packet> Next() override {
    DeviceConfig c = RandomDeviceConfig(rng_, shape_);
    switch (rng_.Below(6)) {  // what changes: all, the mode, the size, the format, the order, R
      case 0: break;
      case 1:
        c = last_;
        c.lossless = !c.lossless;
        break;
      case 2:
        c.format = last_.format;
        c.order = last_.order;
        c.lossless = false;
        break;
      case 3:
        c.lossless = last_.lossless;
        c.order = last_.order;
        c.format = shape_.formats.Nth(last_.format + 1 + rng_.Below(2));
        break;
      case 4:
        c = last_;
        c.lossless = false;
        c.order = static_cast<uint32_t>(shape_.NthOrder(last_.order + 1));
        break;
      default:
        c = last_;
        c.row_limit = rng_.Between(kMinRowLimit, shape_.depth);
        break;
    }
    c.slot_bytes = c.Nearest(shape_).slot_bytes;
    last_ = c;
    return Packet{"config-change", c, RandomValues(rng_, shape_.formats.Read(c.format), shape_),
                  rng_.OneIn(2)};
  }

 private:
  Shape shape_;
  Rng rng_;
  DeviceConfig last_;
};

}  // namespace actplane::tb
