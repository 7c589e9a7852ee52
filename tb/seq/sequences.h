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

// The packets of `inner`, but no more than `count` that have a byte.
class LimitedSeq : public Sequence {
 public:
  LimitedSeq(std::unique_ptr<Sequence> inner, uint64_t count)
      : inner_(std::move(inner)), left_(count) {}
  std::optional<Packet> Next() override {
    if (left_ == 0) return std::nullopt;
    std::optional<Packet> p = inner_->Next();
    if (p && !p->bytes.empty()) --left_;
    return p;
  }
  Status status() const override { return inner_->status(); }

 private:
  std::unique_ptr<Sequence> inner_;
  uint64_t left_;
};

// A packet of each in turn.
class InTurnSeq : public Sequence {
 public:
  explicit InTurnSeq(std::vector<std::unique_ptr<Sequence>> all) : all_(std::move(all)) {}
  std::optional<Packet> Next() override { return all_[number_++ % all_.size()]->Next(); }

 private:
  std::vector<std::unique_ptr<Sequence>> all_;
  size_t number_ = 0;
};

// For run.sequence, run.seed and run.blocks; null if the device has no such sequence. `tensors`:
// for `file`.
std::unique_ptr<Sequence> MakeSequence(DeviceKind kind, const RunConfig& run,
                                       const NamedConfig& config,
                                       const std::vector<FileTensor>& tensors = {});

}  // namespace actplane::tb
