// SPDX-License-Identifier: Apache-2.0
// Containers in memory for tests and fuzzers: a sink,
// and checksums made right again after a change.
#pragma once

#include <xxhash.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "../../model/io/checked.h"
#include "../../model/io/container_layout.h"
#include "actplane/io/output_file.h"

namespace actplane::io {

// Keeps what is written in a vector of the caller; refuses to take more than `room` bytes.
class MemorySink final : public Sink {
 public:
  explicit MemorySink(std::vector<std::byte>* out, size_t room = SIZE_MAX)
      : out_(out), room_(room) {}

  const std::string& name() const override { return name_; }
  Status Write(std::span<const std::byte> bytes) override {
    if (bytes.size() > room_) return IoError("cannot write 'memory': no room; take a larger one");
    room_ -= bytes.size();
    out_->insert(out_->end(), bytes.begin(), bytes.end());
    return OkStatus();
  }
  Status Commit() override {
    return room_ == 0 ? IoError("cannot write 'memory': no room; take a larger one") : OkStatus();
  }

 private:
  std::string name_ = "memory";
  std::vector<std::byte>* out_;
  size_t room_;
};

// Makes sizes and checksums right for whatever the file says now, so that a change gets past them.
inline void Reseal(std::span<std::byte> file) {
  using namespace layout;  // NOLINT(google-build-using-namespace)
  if (file.size() < kHeaderBytes + kTrailerBytes) return;
  const auto tail = file.last(kTrailerBytes);
  const uint64_t end = file.size() - kTrailerBytes;
  const auto directory = Load<uint64_t>(tail, trailer::kDirectoryOffset);
  const auto entries_bytes = Load<uint64_t>(tail, trailer::kEntriesBytes);
  if (directory <= end && entries_bytes <= end - directory) {
    const uint64_t table_at = directory + entries_bytes;
    const auto table = file.subspan(table_at, end - table_at);
    const uint64_t lines = table.size() / kTableEntryBytes;
    for (uint64_t at = directory; table_at - at >= entry::kShape;) {
      const auto e = file.subspan(at, entry::kShape);
      const auto first = Load<uint64_t>(e, entry::kFirstChunk);
      const auto chunks = Load<uint64_t>(e, entry::kChunks);
      const uint64_t payload_end =
          Load<uint64_t>(e, entry::kPayloadOffset) + Load<uint64_t>(e, entry::kPayloadBytes);
      for (uint64_t c = 0; first < lines && c < chunks && c < lines - first; ++c) {
        const size_t line = (first + c) * kTableEntryBytes;
        const bool last = c + 1 == chunks || first + c + 1 == lines;
        const auto from = Load<uint64_t>(table, line);
        const auto to = last ? payload_end : Load<uint64_t>(table, line + kTableEntryBytes);
        if (from > to || to > file.size()) continue;
        Store(table, line + table::kHash, uint64_t{XXH3_64bits(file.data() + from, to - from)});
      }
      const auto entry_bytes = Load<uint32_t>(e, entry::kEntryBytes);
      if (entry_bytes < entry::kShape || entry_bytes > table_at - at) break;
      at += entry_bytes;
    }
    Store(tail, trailer::kDirectoryHash,
          uint64_t{XXH3_64bits(file.data() + directory, end - directory)});
  }
  Store(tail, trailer::kFileBytes, uint64_t{file.size()});
  Store(tail, trailer::kTrailerHash, uint64_t{XXH3_64bits(tail.data(), trailer::kTrailerHash)});
  std::memcpy(tail.data() + trailer::kMagicAt, kEndMagic.data(), kEndMagic.size());
}

}  // namespace actplane::io
