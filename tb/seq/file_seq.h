// SPDX-License-Identifier: Apache-2.0
// FileSeq: the values of a tensor, block after block, under one configuration.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "env/packet.h"

namespace actplane::tb {

// A tensor in memory, with the configuration for its blocks, of a format that is built in.
struct FileTensor {
  DeviceConfig config;
  std::vector<std::byte> values;
};

class FileSeq : public Sequence {
 public:
  FileSeq(std::vector<FileTensor> tensors, uint32_t block_len, bool repeat = false)
      : tensors_(std::move(tensors)), block_len_(block_len), repeat_(repeat) {}

  std::optional<Packet> Next() override {
    while (tensor_ < tensors_.size() && at_ >= tensors_[tensor_].values.size()) {
      at_ = 0;
      if (++tensor_ == tensors_.size() && repeat_) tensor_ = 0;
    }
    if (tensor_ >= tensors_.size()) return std::nullopt;
    const FileTensor& t = tensors_[tensor_];
    const size_t block = BlockBytes(t.config.Nearest(block_len_, {}));
    const size_t end = std::min(at_ + block, t.values.size());
    const auto from = [&](size_t i) { return t.values.begin() + static_cast<std::ptrdiff_t>(i); };
    Packet p{"file", t.config, {from(at_), from(end)}, {}, end == t.values.size(), {}};
    at_ = end;
    return p;
  }

 private:
  std::vector<FileTensor> tensors_;
  uint32_t block_len_;
  bool repeat_;
  size_t tensor_ = 0;
  size_t at_ = 0;
};

}  // namespace actplane::tb
