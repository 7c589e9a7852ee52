// SPDX-License-Identifier: Apache-2.0
// The sequences by name.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/run_config.h"
#include "env/device.h"
#include "env/packet.h"
#include "seq/file_seq.h"

namespace actplane::tb {

struct SequenceInfo {
  std::string name;
  std::string text;
  bool compressor;  // which devices it is for
  bool decompressor;
};
const std::vector<SequenceInfo>& Sequences();

// The packets of `inner`, but no more than `count`.
class LimitedSeq : public Sequence {
 public:
  LimitedSeq(std::unique_ptr<Sequence> inner, uint64_t count)
      : inner_(std::move(inner)), left_(count) {}
  std::optional<Packet> Next() override {
    if (left_ == 0) return std::nullopt;
    --left_;
    return inner_->Next();
  }
  Status status() const override { return inner_->status(); }

 private:
  std::unique_ptr<Sequence> inner_;
  uint64_t left_;
};

// For run.sequence, run.seed and run.blocks; null if the device has no such sequence. `tensors`:
// for `file`.
std::unique_ptr<Sequence> MakeSequence(DeviceKind kind, const RunConfig& run,
                                       const NamedConfig& config,
                                       const std::vector<FileTensor>& tensors = {});

}  // namespace actplane::tb
