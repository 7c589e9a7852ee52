// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "actplane/io/container.h"
#include "checked.h"
#include "container_entry.h"
#include "container_layout.h"

namespace actplane::io {

using namespace layout;  // NOLINT(google-build-using-namespace): this file is that layout

ContainerWriter::ContainerWriter(std::unique_ptr<Sink> sink, const ContainerOptions& options)
    : sink_(std::move(sink)), options_(options) {}

Result<ContainerWriter> ContainerWriter::Create(const std::string& path,
                                                const ContainerOptions& options) {
  Result<std::unique_ptr<Sink>> sink = OpenOutputFile(path);
  if (!sink.ok()) return sink.status();
  return Create(std::move(*sink), options);
}

ContainerWriter ContainerWriter::Create(std::unique_ptr<Sink> sink,
                                        const ContainerOptions& options) {
  return ContainerWriter(std::move(sink), options);
}

Status ContainerWriter::Fail(Status status) {
  if (failure_.ok()) failure_ = std::move(status);
  return failure_;
}

Status ContainerWriter::Misuse(const std::string& what) {
  return Fail(ConfigError(fmt::format("{}: {}", Quote(sink_->name()), what)));
}

Status ContainerWriter::Put(std::span<const std::byte> bytes) {
  if (Status s = sink_->Write(bytes); !s.ok()) return Fail(std::move(s));
  at_ += bytes.size();
  return OkStatus();
}

// C-2.1, C-2.2
Status ContainerWriter::PadTo64() {
  static constexpr std::array<std::byte, kAlign> kZeros{};
  return Put(std::span(kZeros).first(RoundUp(at_, kAlign) - at_));
}

// The header goes out with the first call, so that creating a writer cannot fail.
Status ContainerWriter::Start() {
  if (!failure_.ok() || started_) return failure_;
  started_ = true;
  std::array<std::byte, kHeaderBytes> bytes{};
  std::memcpy(bytes.data(), kMagic.data(), kMagic.size());
  Store(bytes, header::kVersion, kContainerVersion);
  Store(bytes, header::kBytes, static_cast<uint32_t>(kHeaderBytes));
  return Put(bytes);
}

Status ContainerWriter::BeginTensor(const TensorInfo& info, const Config& config) {
  if (Status s = Start(); !s.ok()) return s;
  if (open_) return Misuse("a tensor was begun before the last one ended; call EndTensor first");
  if (Status s = ValidateConfig(config); !s.ok()) return Fail(std::move(s));
  if (Status s = ValidateTensorInfo(info); !s.ok()) return Fail(std::move(s));
  if (info.format != config.format)
    return Misuse("tensor and configuration differ in format; make them agree");
  if (!names_.insert(info.name).second) {
    return Fail(BadInputError(fmt::format("{}: two tensors are called {}; rename one",
                                          Quote(sink_->name()), Quote(info.name))));
  }
  const uint32_t most = kMaxChunkBytes / BlockBound(config);
  if (options_.blocks_per_chunk > most)
    return Misuse(fmt::format("at most {} blocks fit a chunk; ask for fewer", most));

  open_ = true;
  tensor_ = {};
  tensor_.info = info;
  tensor_.info.offset = at_;
  tensor_.config = config;
  tensor_.blocks = DivCeil(info.values, config.block_len);
  tensor_.blocks_per_chunk = options_.blocks_per_chunk != 0 ? options_.blocks_per_chunk : most;
  tensor_.chunks = DivCeil(tensor_.blocks, tensor_.blocks_per_chunk);
  tensor_.first_chunk = table_.size();
  blocks_done_ = 0;
  return OkStatus();
}

// C-5.1, C-5.2
Status ContainerWriter::Append(std::span<const std::byte> slots) {
  if (!failure_.ok()) return failure_;
  if (!open_ || tensor_.config.lossless)
    return Misuse("slots belong between BeginTensor and EndTensor of a tensor with slots");
  const uint32_t slot = tensor_.config.slot_bytes;
  if (slots.size() % slot != 0 || slots.size() / slot > tensor_.blocks - blocks_done_) {
    return Misuse(
        fmt::format("{} bytes are not whole slots of {} bytes within the tensor's {} blocks",
                    slots.size(), slot, tensor_.blocks));
  }
  const size_t full = size_t{slot} * tensor_.blocks_per_chunk;
  while (!slots.empty()) {
    const auto piece = slots.first(std::min(slots.size(), full - chunk_.size()));
    chunk_.insert(chunk_.end(), piece.begin(), piece.end());
    blocks_done_ += piece.size() / slot;
    slots = slots.subspan(piece.size());
    if (chunk_.size() == full || blocks_done_ == tensor_.blocks) {
      if (Status s = FlushChunk(); !s.ok()) return s;
    }
  }
  return OkStatus();
}

// C-6.2
Status ContainerWriter::AppendBlock(std::span<const std::byte> block) {
  if (!failure_.ok()) return failure_;
  if (!open_ || !tensor_.config.lossless)
    return Misuse("blocks belong between BeginTensor and EndTensor of a lossless tensor");
  const Config& c = tensor_.config;
  if (block.empty() || block.size() > MaxSlotBytes(c) || blocks_done_ == tensor_.blocks) {
    return Misuse(
        fmt::format("a block of {} bytes is no lossless block within the tensor's {} blocks",
                    block.size(), tensor_.blocks));
  }
  lengths_.push_back(static_cast<uint16_t>(block.size()));
  chunk_.insert(chunk_.end(), block.begin(), block.end());
  ++blocks_done_;
  return lengths_.size() == tensor_.blocks_per_chunk || blocks_done_ == tensor_.blocks
             ? FlushChunk()
             : OkStatus();
}

// C-5.4, C-6.1
Status ContainerWriter::FlushChunk() {
  if (tensor_.config.lossless) {
    const auto index = std::as_bytes(std::span(lengths_));
    chunk_.insert(chunk_.begin(), index.begin(), index.end());
    chunk_.resize(RoundUp(chunk_.size(), kAlign));
  }
  table_.push_back({at_, XXH3_64bits(chunk_.data(), chunk_.size())});
  Status s = Put(chunk_);
  chunk_.clear();
  lengths_.clear();
  return s;
}

// C-3.4
Status ContainerWriter::CheckDirectory(std::span<const TensorInfo> tensors) {
  uint64_t bytes = 0;
  for (size_t i = 0; i < tensors.size(); ++i) {
    bytes += EntryBytes(tensors[i]);
    if (bytes > kMaxEntriesBytes) {
      return BadInputError(
          fmt::format("the directory of a container has room for the first {} of the {} tensors", i,
                      tensors.size()));
    }
  }
  return OkStatus();
}

Status ContainerWriter::EndTensor() {
  if (!failure_.ok()) return failure_;
  if (!open_) return Misuse("EndTensor without BeginTensor");
  if (blocks_done_ != tensor_.blocks) {
    return Fail(BadInputError(
        fmt::format("{}: tensor {} got {} of its {} blocks; append all of them",
                    Quote(sink_->name()), Quote(tensor_.info.name), blocks_done_, tensor_.blocks)));
  }
  open_ = false;
  tensor_.payload_bytes = at_ - tensor_.info.offset;
  const std::vector<std::byte> bytes = EncodeEntry(tensor_);
  if (entries_.size() + bytes.size() > kMaxEntriesBytes) {
    return Fail(BadInputError(fmt::format("{}: too many tensors for one container; write several",
                                          Quote(sink_->name()))));
  }
  entries_.insert(entries_.end(), bytes.begin(), bytes.end());
  ++tensors_;
  return PadTo64();
}

// C-3.1 .. C-3.5
Status ContainerWriter::Finish() {
  if (Status s = Start(); !s.ok()) return s;
  if (open_) return Misuse("Finish before EndTensor");
  const auto table_bytes = std::as_bytes(std::span(table_));
  const std::unique_ptr<XXH3_state_t, XXH_errorcode (*)(XXH3_state_t*)> hash(XXH3_createState(),
                                                                             &XXH3_freeState);
  XXH3_64bits_reset(hash.get());
  XXH3_64bits_update(hash.get(), entries_.data(), entries_.size());
  XXH3_64bits_update(hash.get(), table_bytes.data(), table_bytes.size());

  std::array<std::byte, kTrailerBytes> bytes{};
  Store(bytes, trailer::kDirectoryOffset, at_);
  Store(bytes, trailer::kDirectoryBytes, uint64_t{entries_.size() + table_bytes.size()});
  Store(bytes, trailer::kEntriesBytes, uint64_t{entries_.size()});
  Store(bytes, trailer::kTensors, tensors_);
  Store(bytes, trailer::kVersion, kContainerVersion);
  Store(bytes, trailer::kDirectoryHash, uint64_t{XXH3_64bits_digest(hash.get())});
  Store(bytes, trailer::kFileBytes, at_ + entries_.size() + table_bytes.size() + kTrailerBytes);
  Store(bytes, trailer::kTrailerHash, uint64_t{XXH3_64bits(bytes.data(), trailer::kTrailerHash)});
  std::memcpy(bytes.data() + trailer::kMagicAt, kEndMagic.data(), kEndMagic.size());

  if (Status s = Put(entries_); !s.ok()) return s;
  if (Status s = Put(table_bytes); !s.ok()) return s;
  if (Status s = Put(bytes); !s.ok()) return s;
  if (Status s = sink_->Commit(); !s.ok()) return Fail(std::move(s));
  failure_ = ConfigError(fmt::format("{} is finished; make a new writer", Quote(sink_->name())));
  return OkStatus();
}

}  // namespace actplane::io
