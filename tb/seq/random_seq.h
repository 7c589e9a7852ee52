// SPDX-License-Identifier: Apache-2.0
// RandomSeq: blocks of values that look like activations, and some that do not, under random
// configurations.
#pragma once

#include <algorithm>
#include <optional>
#include <utility>

#include "core/rng.h"
#include "env/packet.h"
#include "seq/group_values.h"
#include "support/values.h"

namespace actplane::tb {

// A configuration of the device; slot sizes lean toward those that cut. Seldom one that the device
// cannot do.
inline DeviceConfig RandomDeviceConfig(Rng& rng, const Shape& shape) {
  DeviceConfig c;
  c.format = rng.OneIn(24) ? rng.Below(4) : shape.formats.Nth(rng.Below(3));
  c.order = rng.OneIn(32) ? rng.Below(2) : static_cast<uint32_t>(shape.NthOrder(rng.Below(2)));
  c.lossless = rng.OneIn(5) &&
               (rng.OneIn(16) || DeviceConfig{c.format, c.order, 0, true}.Nearest(shape).lossless);
  c.fill_zero = rng.OneIn(2);
  c.row_limit = rng.OneIn(32)  ? rng.Below(32)
                : rng.OneIn(2) ? shape.depth
                               : rng.Between(kMinRowLimit, shape.depth);
  if (rng.OneIn(4)) c.delta_cap = rng.Below(InfoOf(shape.formats.Read(c.format)).exp_bits + 2);
  const Config nearest = c.Nearest(shape);
  const uint32_t least = MinSlotBytes(nearest);
  uint32_t most = MaxSlotBytes(nearest);
  if (!rng.OneIn(4)) most = std::max(least, std::min(most, BlockBytes(nearest) / 2));
  c.slot_bytes = rng.Between(least, most);
  return c;
}

// Values of one of the kinds of tests/support/values.h, or groups of several sizes; one block in
// four is random bits, which cost no logarithms.
inline std::vector<std::byte> RandomValues(Rng& rng, Format format, const Shape& shape) {
  using testing_support::Kind;
  const uint32_t choice = rng.Below(4);
  if (choice == 0) {
    const auto kind = static_cast<GroupKind>(rng.Below(kGroupKinds));
    return testing_support::ToBytes(GroupValues(rng, kind, format, shape), format);
  }
  testing_support::Rng values(rng.Next());
  const auto kind = choice == 1
                        ? Kind::kPatterns
                        : testing_support::kAllKinds[rng.Below(testing_support::kAllKinds.size())];
  return testing_support::ToBytes(
      testing_support::MakePatterns(kind, format, shape.block_len, values), format);
}

class RandomSeq : public Sequence {
 public:
  // A configuration holds for up to `longest_run` blocks: 1 changes it with every block.
  RandomSeq(const Shape& shape, uint32_t longest_run, Rng rng)
      : shape_(shape), longest_run_(longest_run), rng_(rng) {}

  std::optional<Packet> Next() override {
    if (left_ == 0) {
      config_ = RandomDeviceConfig(rng_, shape_);
      left_ = rng_.Between(1, longest_run_);
    }
    --left_;
    const Format format = shape_.formats.Read(config_.format);
    Packet p{"random", config_, RandomValues(rng_, format, shape_), rng_.OneIn(2)};
    if (rng_.OneIn(12)) {  // ends early, not always with a whole value
      p.bytes.resize(rng_.Between(1, static_cast<uint32_t>(p.bytes.size())));
      p.last = true;
    }
    if (rng_.OneIn(12)) {
      p.holes.resize(p.bytes.size());
      for (size_t i = 0; i < p.holes.size(); ++i) p.holes[i] = rng_.OneIn(5);
    }
    return p;
  }

 private:
  Shape shape_;
  uint32_t longest_run_;
  Rng rng_;
  DeviceConfig config_;
  uint32_t left_ = 0;
};

}  // namespace actplane::tb
