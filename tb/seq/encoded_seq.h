// SPDX-License-Identifier: Apache-2.0
// EncodedSeq: the blocks of another sequence as slots, for the decompressor.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "actplane/codec.h"
#include "env/packet.h"

namespace actplane::tb {

class EncodedSeq : public Sequence {
 public:
  EncodedSeq(std::unique_ptr<Sequence> values, const Shape& shape)
      : values_(std::move(values)), shape_(shape) {}

  std::optional<Packet> Next() override {
    std::optional<Packet> p = values_->Next();
    if (!p) return p;
    const Config config = p->config.Nearest(shape_);
    for (size_t i = 0; i < p->holes.size(); ++i) {
      if (p->holes[i]) p->bytes[i] = std::byte{0};
    }
    const uint32_t width = InfoOf(config.format).value_bytes;
    p->bytes.resize(CeilDiv(p->bytes.size(), width) * width);
    std::vector<std::byte> slot(MaxSlotBytes(config));
    slot.resize(CompressBlock(p->bytes, config, slot));
    p->bytes = std::move(slot);
    p->config.slot_bytes = config.slot_bytes;
    p->holes.clear();
    p->last = true;
    return p;
  }
  Status status() const override { return values_->status(); }

 private:
  std::unique_ptr<Sequence> values_;
  Shape shape_;
};

}  // namespace actplane::tb
