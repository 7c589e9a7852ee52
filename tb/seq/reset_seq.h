// SPDX-License-Identifier: Apache-2.0
// ResetSeq: the packets of another sequence, and a reset at any cycle during or after some of them.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "core/rng.h"
#include "env/packet.h"

namespace actplane::tb {

class ResetSeq : public Sequence {
 public:
  ResetSeq(std::unique_ptr<Sequence> inner, uint32_t beat_bytes, Rng rng)
      : inner_(std::move(inner)), beat_bytes_(beat_bytes), rng_(rng) {}

  std::optional<Packet> Next() override {
    std::optional<Packet> p = inner_->Next();
    if (p && rng_.OneIn(3)) {
      const auto beats = static_cast<uint32_t>(p->bytes.size() / beat_bytes_);
      p->reset_after = rng_.Below(rng_.OneIn(4) ? 600 : 2 * beats + 12);
    }
    return p;
  }
  Status status() const override { return inner_->status(); }

 private:
  std::unique_ptr<Sequence> inner_;
  uint32_t beat_bytes_;
  Rng rng_;
};

}  // namespace actplane::tb
