// SPDX-License-Identifier: Apache-2.0
// The container .apl, version 2 (docs/container.md): compressed tensors, each block readable alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "actplane/format.h"
#include "actplane/io/output_file.h"
#include "actplane/io/source.h"
#include "actplane/io/tensor_info.h"

namespace actplane::io {

inline constexpr uint32_t kContainerVersion = 2;
inline constexpr uint32_t kMaxChunkBytes = 1u << 20;  // C-5.3: bounds the memory of any reader

struct ContainerTensor {
  TensorInfo info;  // info.offset is where the slots start in the container: payload_offset
  // slot_bytes is 0 when lossless; what the order does not have (C-4.9) is as in Config().
  Config config;
  uint64_t blocks = 0;
  uint64_t payload_bytes = 0;  // slots, or lossless chunks with their indexes
  uint32_t blocks_per_chunk = 0;
  uint64_t chunks = 0;
  uint64_t first_chunk = 0;  // of this tensor in the chunk table of the file
};

struct ContainerOptions {
  uint32_t blocks_per_chunk = 0;  // 0 takes as many as fit kMaxChunkBytes; small ones are for tests
};

// Streams a container out. Memory: one chunk, and 16 bytes per chunk written. After the first
// failure every call returns that failure and the file is never made.
class ContainerWriter {
 public:
  static Result<ContainerWriter> Create(const std::string& path,
                                        const ContainerOptions& options = {});
  static ContainerWriter Create(std::unique_ptr<Sink> sink, const ContainerOptions& options = {});

  // kBadInput unless the directory has room for all of these (C-3.4); says how many fit.
  static Status CheckDirectory(std::span<const TensorInfo> tensors);

  // Starts a tensor of ceil(info.values / config.block_len) blocks. What the order does not have
  // (C-4.9) is not kept. kInvalidConfig for an impossible configuration or while another tensor is
  // open, kBadInput for an impossible tensor or a name used twice.
  Status BeginTensor(const TensorInfo& info, const Config& config);

  // The next slots, a whole number of them; not for lossless tensors.
  Status Append(std::span<const std::byte> slots);

  // The next block of a lossless tensor: 1 to MaxSlotBytes bytes.
  Status AppendBlock(std::span<const std::byte> block);

  // kBadInput unless every block was appended.
  Status EndTensor();

  // Writes directory and trailer and gives the file its name.
  Status Finish();

 private:
  ContainerWriter(std::unique_ptr<Sink> sink, const ContainerOptions& options);
  Status Start();
  Status Put(std::span<const std::byte> bytes);
  Status PadTo64();
  Status FlushChunk();
  Status Fail(Status status);
  Status Misuse(const std::string& what);

  struct Chunk {
    uint64_t offset;
    uint64_t hash;
  };

  std::unique_ptr<Sink> sink_;
  ContainerOptions options_;
  Status failure_;
  bool started_ = false;  // the file header is out
  bool open_ = false;     // between BeginTensor and EndTensor
  uint64_t at_ = 0;       // bytes written so far
  ContainerTensor tensor_;
  uint64_t blocks_done_ = 0;
  std::vector<std::byte> chunk_;
  std::vector<uint16_t> lengths_;
  std::vector<std::byte> entries_;
  uint32_t tensors_ = 0;
  std::vector<Chunk> table_;
  std::set<std::string, std::less<>> names_;
};

// One verified chunk. Valid until the next read from the reader that gave it.
struct ChunkView {
  uint64_t first_block = 0;
  uint32_t blocks = 0;
  std::span<const std::byte> bytes;      // the blocks back to back
  std::span<const uint32_t> boundaries;  // blocks + 1 positions in `bytes`

  std::span<const std::byte> Block(uint32_t i) const {
    return bytes.subspan(boundaries[i], boundaries[i + 1] - boundaries[i]);
  }
};

// Reads a container. Open checks everything but the payload; each read checks the chunks that it
// touches, so no byte is given out that its checksum does not cover. Memory: directory entries (at
// most 16 MiB in the file) and one chunk. One thread at a time. Out-of-range arguments are
// kInvalidConfig, damage is kBadInput.
class ContainerReader {
 public:
  static Result<ContainerReader> Open(const std::string& path);
  static Result<ContainerReader> Open(std::unique_ptr<RandomAccessSource> source);

  const std::vector<ContainerTensor>& tensors() const { return tensors_; }

  // Chunk number `chunk` of a tensor (C-5.2). The way to read a whole tensor.
  Result<ChunkView> ReadChunk(size_t tensor, uint64_t chunk);

  // One block: its slot, or its bytes when lossless.
  // Valid until the next read. The chunk stays in memory.
  Result<std::span<const std::byte>> ReadBlock(size_t tensor, uint64_t block);

  // `count` slots from block `first` on into `out` of
  // count * slot_bytes bytes; not for lossless tensors.
  Status ReadBlocks(size_t tensor, uint64_t first, uint64_t count, std::span<std::byte> out);

 private:
  struct Trailer;
  explicit ContainerReader(std::unique_ptr<RandomAccessSource> source)
      : source_(std::move(source)) {}
  Status CheckHeader() const;
  Status ReadTrailer(Trailer* trailer) const;
  Status ReadEntries(const Trailer& trailer);
  Status CheckChunkTable(const ContainerTensor& tensor) const;
  Status CheckZeros(uint64_t begin, uint64_t end) const;
  Status LoadChunk(size_t tensor, uint64_t chunk);
  Status ParseIndex(const ContainerTensor& tensor);
  Status CheckBlockRange(size_t tensor, uint64_t first, uint64_t count) const;
  Status ImpossibleDirectory() const;
  Status Bad(const std::string& what) const;
  Status Misuse(const std::string& what) const;

  std::unique_ptr<RandomAccessSource> source_;
  std::vector<ContainerTensor> tensors_;
  uint64_t table_offset_ = 0;

  bool cached_ = false;
  size_t cached_tensor_ = 0;
  uint64_t cached_chunk_ = 0;
  ChunkView view_;
  std::vector<std::byte> bytes_;
  std::vector<uint32_t> boundaries_;
};

}  // namespace actplane::io
