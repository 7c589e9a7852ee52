// SPDX-License-Identifier: Apache-2.0
// SignificanceCornerSeq: every kind of block of group_values.h in slots at the bounds that decide:
// the smallest, the largest, exactly what the block uses and a byte less, where a pair just fits.
#pragma once

#include <algorithm>
#include <optional>

#include "actplane/codec.h"
#include "seq/group_values.h"
#include "support/values.h"

namespace actplane::tb {

class SignificanceCornerSeq : public Sequence {
 public:
  SignificanceCornerSeq(const Shape& shape, Rng rng) : shape_(shape), rng_(rng) {}

  // The cases in an order in which neighbours have little in common; over and over again.
  std::optional<Packet> Next() override {
    const uint32_t i = static_cast<uint32_t>((uint64_t{number_++} * kStride) % kCases);
    DeviceConfig c;
    c.format = shape_.formats.Nth(i % 3);
    c.order = static_cast<uint32_t>(Order::kSignificance);
    const uint32_t limits[] = {kMinRowLimit, shape_.depth,
                               rng_.Between(kMinRowLimit, shape_.depth)};
    c.row_limit = limits[rng_.Below(3)];
    const auto format = static_cast<Format>(c.format);
    const auto kind = static_cast<GroupKind>(i / 3 % kGroupKinds);
    Packet p{"corner", c, testing_support::ToBytes(GroupValues(rng_, kind, format, shape_), format),
             rng_.OneIn(2)};
    Slot(i / 3 / kGroupKinds, p);
    if (rng_.OneIn(16)) {
      p.bytes.resize(rng_.Between(1, static_cast<uint32_t>(p.bytes.size())));
      p.last = true;
    }
    return p;
  }

 private:
  static constexpr uint32_t kSlots = 10;
  static constexpr uint32_t kCases = 3 * kGroupKinds * kSlots;
  static constexpr uint32_t kStride = 337;  // prime, and no divisor of kCases

  void Slot(uint32_t number, Packet& p) {
    DeviceConfig& c = p.config;
    const Config config = c.Nearest(shape_);
    const uint32_t least = MinSlotBytes(config), most = MaxSlotBytes(config);
    const uint32_t half = std::min(most, BlockBytes(config) / 2);
    const uint32_t pair = 1 + 2 * InfoOf(config.format).value_bytes + shape_.block_len / 8;
    switch (number) {
      case 0: c.slot_bytes = rng_.Between(least, least + 4); break;
      case 1: c.slot_bytes = rng_.OneIn(2) ? most : rng_.Between(half, most); break;
      case 2: c.slot_bytes = Used(p.bytes, config); break;
      case 3: c.slot_bytes = Used(p.bytes, config) - 1; break;
      case 4: c.slot_bytes = pair - rng_.Below(2); break;
      case 5: c.slot_bytes = rng_.Between(least, shape_.front_bits() / 8 + 6); break;
      case 6: c.slot_bytes = rng_.Between(least, half / 2); break;
      case 7: c.slot_bytes = rng_.OneIn(2) ? half : half / 2; break;
      case 8: c.slot_bytes = rng_.Between(half / 2, half); break;
      default: Illegal(c, least, most); break;
    }
    if (number != 9) c.slot_bytes = std::clamp(c.slot_bytes, least, most);
  }

  // The bytes of the block where the slot is large enough for all of it.
  uint32_t Used(const std::vector<std::byte>& values, Config config) const {
    config.slot_bytes = MaxSlotBytes(config);
    std::vector<std::byte> slot(config.slot_bytes);
    BlockTrace trace;
    CompressBlock(values, config, slot, &trace);
    return static_cast<uint32_t>(CeilDiv(trace.significance.size_bits, 8));
  }

  void Illegal(DeviceConfig& c, uint32_t least, uint32_t most) {
    c.slot_bytes = rng_.Between(least, most);
    switch (rng_.Below(4)) {
      case 0: c.slot_bytes = rng_.Below(least); break;
      case 1: c.slot_bytes = rng_.Between(most + 1, 2047); break;
      case 2:
        c.row_limit = rng_.OneIn(2) ? rng_.Below(kMinRowLimit) : rng_.Between(shape_.depth, 31);
        break;
      default: c.lossless = true; break;
    }
  }

  Shape shape_;
  Rng rng_;
  uint32_t number_ = 0;
};

}  // namespace actplane::tb
