// SPDX-License-Identifier: Apache-2.0
// AxiSeq: the packets of another sequence with what any interconnect may add to them: null beats in
// front, between and behind, one of which may carry `last`, and null beats that are packets.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "actplane/bits.h"
#include "core/rng.h"
#include "env/packet.h"

namespace actplane::tb {

class AxiSeq : public Sequence {
 public:
  // One packet in `one_in` gets something.
  AxiSeq(std::unique_ptr<Sequence> inner, uint32_t beat_bytes, uint32_t one_in, Rng rng)
      : inner_(std::move(inner)), beat_bytes_(beat_bytes), one_in_(one_in), rng_(rng) {}

  std::optional<Packet> Next() override {
    if (!rng_.OneIn(one_in_)) return inner_->Next();
    if (rng_.OneIn(4)) return Packet{"null", {}, {}, rng_.OneIn(2)};
    std::optional<Packet> p = inner_->Next();
    if (!p) return p;
    const auto beats = static_cast<uint32_t>(CeilDiv(p->bytes.size(), beat_bytes_));
    if (!rng_.OneIn(3)) {
      p->nulls.before.resize(beats);
      for (uint32_t& count : p->nulls.before) count = rng_.OneIn(3) ? rng_.Between(1, 3) : 0;
    }
    p->nulls.carries_last = rng_.OneIn(2);
    return p;
  }
  Status status() const override { return inner_->status(); }

 private:
  std::unique_ptr<Sequence> inner_;
  uint32_t beat_bytes_;
  uint32_t one_in_;
  Rng rng_;
};

}  // namespace actplane::tb
