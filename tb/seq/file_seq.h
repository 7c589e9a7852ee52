// SPDX-License-Identifier: Apache-2.0
// FileSeq: the values of tensors, block after block, under one configuration each. Holds one block.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "env/packet.h"

namespace actplane::tb {

// A tensor that is read as it is needed, and again for each run, with the configuration for its
// blocks, of a format that is built in.
struct FileTensor {
  DeviceConfig config;
  uint64_t bytes = 0;
  std::function<Status(uint64_t at, std::span<std::byte> out)> read;
};

inline FileTensor TensorInMemory(const DeviceConfig& config, std::vector<std::byte> values) {
  const auto kept = std::make_shared<const std::vector<std::byte>>(std::move(values));
  return {config, kept->size(), [kept](uint64_t at, std::span<std::byte> out) {
            std::copy_n(kept->begin() + static_cast<std::ptrdiff_t>(at), out.size(), out.begin());
            return OkStatus();
          }};
}

class FileSeq : public Sequence {
 public:
  FileSeq(std::vector<FileTensor> tensors, const Shape& shape)
      : tensors_(std::move(tensors)), shape_(shape) {}

  std::optional<Packet> Next() override {
    while (tensor_ < tensors_.size() && at_ >= tensors_[tensor_].bytes) {
      at_ = 0;
      ++tensor_;
    }
    if (tensor_ >= tensors_.size() || !status_.ok()) return std::nullopt;
    const FileTensor& t = tensors_[tensor_];
    const uint64_t block = BlockBytes(t.config.Nearest(shape_));
    Packet p{"file", t.config, std::vector<std::byte>(std::min(block, t.bytes - at_))};
    status_ = t.read(at_, p.bytes);
    if (!status_.ok()) return std::nullopt;
    at_ += p.bytes.size();
    p.last = at_ == t.bytes;
    return p;
  }
  Status status() const override { return status_; }

 private:
  std::vector<FileTensor> tensors_;
  Shape shape_;
  size_t tensor_ = 0;
  uint64_t at_ = 0;
  Status status_;
};

}  // namespace actplane::tb
