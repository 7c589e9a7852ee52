// SPDX-License-Identifier: Apache-2.0
// RandomSeq: blocks of values that look like activations, and some that do not, under random
// configurations.
#pragma once

#include <algorithm>
#include <optional>
#include <utility>

#include "core/rng.h"
#include "env/packet.h"
#include "support/values.h"

namespace actplane::tb {

// A configuration for blocks of N values; slot sizes lean toward those that cut. Seldom a format
// that is not built in.
inline DeviceConfig RandomDeviceConfig(Rng& rng, uint32_t block_len, FormatSet formats) {
  DeviceConfig c;
  c.format = rng.OneIn(24) ? rng.Below(4) : formats.Nth(rng.Below(3));
  const Format format = formats.Read(c.format);
  c.lossless = rng.OneIn(5);
  c.fill_zero = rng.OneIn(2);
  if (rng.OneIn(4)) c.delta_cap = rng.Below(InfoOf(format).exp_bits + 2);
  const uint32_t least = MinFieldSlotBytes(format, block_len);
  uint32_t most = MaxFieldSlotBytes(format, block_len);
  if (!rng.OneIn(4)) most = std::max(least, block_len * InfoOf(format).value_bytes / 2);
  c.slot_bytes = rng.Between(least, most);
  return c;
}

// Values of one of the kinds of tests/support/values.h; one block in three is random bits, which
// cost no logarithms.
inline std::vector<std::byte> RandomValues(Rng& rng, Format format, uint32_t block_len) {
  testing_support::Rng values(rng.Next());
  const auto kind = rng.OneIn(3)
                        ? testing_support::Kind::kPatterns
                        : testing_support::kAllKinds[rng.Below(testing_support::kAllKinds.size())];
  return testing_support::ToBytes(testing_support::MakePatterns(kind, format, block_len, values),
                                  format);
}

class RandomSeq : public Sequence {
 public:
  // A configuration holds for up to `longest_run` blocks: 1 changes it with every block.
  RandomSeq(uint32_t block_len, FormatSet formats, uint32_t longest_run, Rng rng)
      : block_len_(block_len), formats_(formats), longest_run_(longest_run), rng_(rng) {}

  std::optional<Packet> Next() override {
    if (left_ == 0) {
      config_ = RandomDeviceConfig(rng_, block_len_, formats_);
      left_ = rng_.Between(1, longest_run_);
    }
    --left_;
    Packet p{"random", config_,       RandomValues(rng_, formats_.Read(config_.format), block_len_),
             {},       rng_.OneIn(2), {}};
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
  uint32_t block_len_;
  FormatSet formats_;
  uint32_t longest_run_;
  Rng rng_;
  DeviceConfig config_;
  uint32_t left_ = 0;
};

}  // namespace actplane::tb
