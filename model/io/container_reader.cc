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

namespace {

constexpr size_t kPieceBytes = 64 << 10;  // the chunk table may be long; it is read in pieces

bool Matches(std::span<const std::byte> bytes, std::string_view magic) {
  return std::memcmp(bytes.data(), magic.data(), magic.size()) == 0;
}

uint64_t BlocksInChunk(const ContainerTensor& t, uint64_t chunk) {
  return std::min<uint64_t>(t.blocks_per_chunk, t.blocks - chunk * t.blocks_per_chunk);
}

// Whether a chunk can have this size (C-5.1, C-5.2, C-6.1); its checksum is another matter.
bool IsChunkSize(const ContainerTensor& t, uint64_t chunk, uint64_t bytes) {
  const uint64_t blocks = BlocksInChunk(t, chunk);
  const uint64_t most = blocks * BlockBound(t.config);
  if (!t.config.lossless) return bytes == most;
  return bytes % kAlign == 0 && bytes >= blocks * (kLengthBytes + 1) &&
         bytes <= RoundUp(most, kAlign);
}

// XXH3-64 of bytes [begin, end) of a source.
Status HashRange(const RandomAccessSource& source, uint64_t begin, uint64_t end, uint64_t* result) {
  const std::unique_ptr<XXH3_state_t, XXH_errorcode (*)(XXH3_state_t*)> state(XXH3_createState(),
                                                                              &XXH3_freeState);
  XXH3_64bits_reset(state.get());
  std::vector<std::byte> piece(std::min<uint64_t>(kPieceBytes, end - begin));
  while (begin < end) {
    const auto part = std::span(piece).first(std::min<uint64_t>(piece.size(), end - begin));
    if (Status s = source.ReadAt(begin, part); !s.ok()) return s;
    XXH3_64bits_update(state.get(), part.data(), part.size());
    begin += part.size();
  }
  *result = XXH3_64bits_digest(state.get());
  return OkStatus();
}

}  // namespace

struct ContainerReader::Trailer {
  uint64_t directory;  // offset
  uint64_t entries_bytes;
  uint64_t chunks;
  uint32_t tensors;
};

Status ContainerReader::Bad(const std::string& what) const {
  return BadInputError(Quote(source_->name()) + ": " + what);
}

Status ContainerReader::Misuse(const std::string& what) const {
  return ConfigError(Quote(source_->name()) + ": " + what);
}

Status ContainerReader::ImpossibleDirectory() const {
  return Bad("its directory is impossible; make the file again with a correct writer");
}

Result<ContainerReader> ContainerReader::Open(const std::string& path) {
  Result<std::unique_ptr<RandomAccessSource>> source = OpenFile(path);
  if (!source.ok()) return source.status();
  return Open(std::move(*source));
}

Result<ContainerReader> ContainerReader::Open(std::unique_ptr<RandomAccessSource> source) {
  ContainerReader reader(std::move(source));
  if (Status s = reader.CheckHeader(); !s.ok()) return s;
  Trailer trailer{};
  if (Status s = reader.ReadTrailer(&trailer); !s.ok()) return s;
  if (Status s = reader.ReadEntries(trailer); !s.ok()) return s;
  return reader;
}

// C-2.4
Status ContainerReader::CheckHeader() const {
  std::array<std::byte, kHeaderBytes> head{};
  const size_t present = std::min<uint64_t>(source_->size(), head.size());
  if (Status s = source_->ReadAt(0, std::span(head).first(present)); !s.ok()) return s;
  if (!Matches(head, kMagic)) {
    return Bad("it is not an .apl container; make one with actplane compress");
  }
  if (const auto version = Load<uint32_t>(head, header::kVersion); version != kContainerVersion) {
    return Bad(fmt::format("it is a container of version {}, and this program reads {}; {}",
                           version, kContainerVersion, VersionFix(version, kContainerVersion)));
  }
  if (Load<uint32_t>(head, header::kBytes) != kHeaderBytes ||
      !AllZero(std::span(head).subspan(header::kReserved))) {
    return Bad("its header is damaged; get the file again");
  }
  return OkStatus();
}

// C-3.1 .. C-3.4, C-7.2
Status ContainerReader::ReadTrailer(Trailer* trailer) const {
  const Status cut = Bad("it is truncated, extended or damaged at the end; get the file again");
  const uint64_t size = source_->size();
  if (size < kHeaderBytes + kTrailerBytes) return cut;
  std::array<std::byte, kTrailerBytes> tail{};
  const uint64_t end = size - tail.size();
  if (Status s = source_->ReadAt(end, tail); !s.ok()) return s;
  if (!Matches(std::span(tail).subspan(trailer::kMagicAt), kEndMagic) ||
      Load<uint64_t>(tail, trailer::kTrailerHash) !=
          XXH3_64bits(tail.data(), trailer::kTrailerHash) ||
      Load<uint64_t>(tail, trailer::kFileBytes) != size) {
    return cut;
  }

  const auto directory = Load<uint64_t>(tail, trailer::kDirectoryOffset);
  const auto directory_bytes = Load<uint64_t>(tail, trailer::kDirectoryBytes);
  const auto entries_bytes = Load<uint64_t>(tail, trailer::kEntriesBytes);
  if (Load<uint32_t>(tail, trailer::kVersion) != kContainerVersion || directory < kHeaderBytes ||
      directory > end || directory % kAlign != 0 || directory_bytes != end - directory ||
      entries_bytes > directory_bytes || entries_bytes > kMaxEntriesBytes ||
      (directory_bytes - entries_bytes) % kTableEntryBytes != 0) {
    return ImpossibleDirectory();
  }
  uint64_t hash = 0;
  if (Status s = HashRange(*source_, directory, end, &hash); !s.ok()) return s;
  if (hash != Load<uint64_t>(tail, trailer::kDirectoryHash)) {
    return Bad("its directory fails its checksum; the file is damaged, get it again");
  }
  *trailer = {directory, entries_bytes, (directory_bytes - entries_bytes) / kTableEntryBytes,
              Load<uint32_t>(tail, trailer::kTensors)};
  return OkStatus();
}

// C-2.1, C-3.4, C-4.2, C-5.4
Status ContainerReader::ReadEntries(const Trailer& trailer) {
  std::vector<std::byte> entries(trailer.entries_bytes);
  if (Status s = source_->ReadAt(trailer.directory, entries); !s.ok()) return s;
  table_offset_ = trailer.directory + trailer.entries_bytes;
  uint64_t chunks = 0;
  uint64_t position = kHeaderBytes;
  for (std::span<const std::byte> rest(entries); !rest.empty();) {
    size_t entry_bytes = 0;
    Result<ContainerTensor> decoded = DecodeEntry(rest, &entry_bytes);
    if (!decoded.ok()) return Bad(decoded.status().message());
    rest = rest.subspan(entry_bytes);
    const ContainerTensor& t = *decoded;
    // Tensors follow each other without a gap, so that no byte of the file is unaccounted for.
    if (t.info.offset != position || t.payload_bytes > trailer.directory - position ||
        t.first_chunk != chunks || t.chunks > trailer.chunks - chunks) {
      return ImpossibleDirectory();
    }
    if (Status s = CheckChunkTable(t); !s.ok()) return s;
    chunks += t.chunks;
    const uint64_t payload_end = position + t.payload_bytes;
    position = RoundUp(payload_end, kAlign);
    if (Status s = CheckZeros(payload_end, position); !s.ok()) return s;
    tensors_.push_back(std::move(*decoded));
  }
  if (position != trailer.directory || chunks != trailer.chunks ||
      tensors_.size() != trailer.tensors) {
    return ImpossibleDirectory();
  }
  std::set<std::string_view> names;
  for (const ContainerTensor& t : tensors_) {
    if (!names.insert(t.info.name).second) {
      return Bad(fmt::format("two tensors are called {}; make the file again", Quote(t.info.name)));
    }
  }
  return OkStatus();
}

// C-3.5, C-5.4
Status ContainerReader::CheckChunkTable(const ContainerTensor& t) const {
  const Status impossible = Bad(fmt::format(
      "the chunks of tensor {} are impossible; make the file again with a correct writer",
      Quote(t.info.name)));
  std::vector<std::byte> piece;
  uint64_t begin = t.info.offset;
  for (uint64_t c = 0; c < t.chunks; ++c) {
    const size_t at = (c * kTableEntryBytes) % kPieceBytes;
    if (at == 0) {
      piece.resize(std::min<uint64_t>(kPieceBytes, (t.chunks - c) * kTableEntryBytes));
      const uint64_t from = table_offset_ + (t.first_chunk + c) * kTableEntryBytes;
      if (Status s = source_->ReadAt(from, piece); !s.ok()) return s;
    }
    const auto offset = Load<uint64_t>(piece, at + table::kOffset);
    if (c == 0 ? offset != begin : offset < begin || !IsChunkSize(t, c - 1, offset - begin))
      return impossible;
    begin = offset;
  }
  const uint64_t end = t.info.offset + t.payload_bytes;
  const bool fits = t.chunks == 0 ? t.payload_bytes == 0
                                  : end >= begin && IsChunkSize(t, t.chunks - 1, end - begin);
  return fits ? OkStatus() : impossible;
}

// C-2.2
Status ContainerReader::CheckZeros(uint64_t begin, uint64_t end) const {
  std::array<std::byte, kAlign> bytes{};
  const auto padding = std::span(bytes).first(end - begin);
  if (Status s = source_->ReadAt(begin, padding); !s.ok()) return s;
  return AllZero(padding) ? OkStatus()
                          : Bad("its padding is not zero; the file is damaged, get it again");
}

// C-5.5, C-7.1
Status ContainerReader::LoadChunk(size_t tensor, uint64_t chunk) {
  if (cached_ && cached_tensor_ == tensor && cached_chunk_ == chunk) return OkStatus();
  cached_ = false;
  const ContainerTensor& t = tensors_[tensor];
  const Status damaged =
      Bad(fmt::format("chunk {} of tensor {} (blocks {} to {}) fails its checksum; the file is "
                      "damaged, get it again",
                      chunk, Quote(t.info.name), chunk * t.blocks_per_chunk,
                      chunk * t.blocks_per_chunk + BlocksInChunk(t, chunk) - 1));
  // Its own line of the table, and the offset of the next one, which is where it ends.
  std::array<std::byte, 2 * kTableEntryBytes> lines{};
  const bool last = chunk + 1 == t.chunks;
  Store(lines, kTableEntryBytes + table::kOffset, t.info.offset + t.payload_bytes);
  if (Status s = source_->ReadAt(table_offset_ + (t.first_chunk + chunk) * kTableEntryBytes,
                                 std::span(lines).first(last ? kTableEntryBytes : lines.size()));
      !s.ok()) {
    return s;
  }
  const auto begin = Load<uint64_t>(lines, table::kOffset);
  const auto end = Load<uint64_t>(lines, kTableEntryBytes + table::kOffset);
  // True since Open unless the file changed since; the size decides how much memory is taken.
  if (end < begin || !IsChunkSize(t, chunk, end - begin)) return damaged;
  bytes_.resize(end - begin);
  if (Status s = source_->ReadAt(begin, bytes_); !s.ok()) return s;
  if (XXH3_64bits(bytes_.data(), bytes_.size()) != Load<uint64_t>(lines, table::kHash))
    return damaged;

  view_.first_block = chunk * t.blocks_per_chunk;
  view_.blocks = static_cast<uint32_t>(BlocksInChunk(t, chunk));
  if (Status s = ParseIndex(t); !s.ok()) return s;
  cached_ = true;
  cached_tensor_ = tensor;
  cached_chunk_ = chunk;
  return OkStatus();
}

// Fills the view: where each block of the chunk in `bytes_` lies (C-5.1, C-6.1, C-6.2).
Status ContainerReader::ParseIndex(const ContainerTensor& t) {
  const Config& c = t.config;
  boundaries_.assign(1, 0);
  if (!c.lossless) {
    for (uint32_t i = 1; i <= view_.blocks; ++i) boundaries_.push_back(i * c.slot_bytes);
    view_.bytes = bytes_;
  } else {
    const Status impossible = Bad(fmt::format(
        "the block lengths of tensor {} are impossible; make the file again with a correct writer",
        Quote(t.info.name)));
    const size_t index_bytes = view_.blocks * kLengthBytes;
    const uint32_t most = MaxSlotBytes(c);
    for (uint32_t i = 0; i < view_.blocks; ++i) {
      const uint32_t length = Load<uint16_t>(bytes_, i * kLengthBytes);
      if (length == 0 || length > most) return impossible;
      boundaries_.push_back(boundaries_.back() + length);
    }
    const size_t used = index_bytes + boundaries_.back();
    if (RoundUp(used, kAlign) != bytes_.size() || !AllZero(std::span(bytes_).subspan(used)))
      return impossible;
    view_.bytes = std::span<const std::byte>(bytes_).subspan(index_bytes, boundaries_.back());
  }
  view_.boundaries = boundaries_;
  return OkStatus();
}

Status ContainerReader::CheckBlockRange(size_t tensor, uint64_t first, uint64_t count) const {
  if (tensor >= tensors_.size())
    return Misuse(fmt::format("there is no tensor number {}; it has {}", tensor, tensors_.size()));
  const uint64_t blocks = tensors_[tensor].blocks;
  if (first > blocks || count > blocks - first) {
    return Misuse(fmt::format("there is no block {}; tensor {} has {}, counted from 0",
                              count == 0 ? first : std::max(first, blocks),
                              Quote(tensors_[tensor].info.name), blocks));
  }
  return OkStatus();
}

Result<ChunkView> ContainerReader::ReadChunk(size_t tensor, uint64_t chunk) {
  if (Status s = CheckBlockRange(tensor, 0, 0); !s.ok()) return s;
  if (chunk >= tensors_[tensor].chunks) {
    return Misuse(fmt::format("there is no chunk {}; tensor {} has {}", chunk,
                              Quote(tensors_[tensor].info.name), tensors_[tensor].chunks));
  }
  if (Status s = LoadChunk(tensor, chunk); !s.ok()) return s;
  return view_;
}

Result<std::span<const std::byte>> ContainerReader::ReadBlock(size_t tensor, uint64_t block) {
  if (Status s = CheckBlockRange(tensor, block, 1); !s.ok()) return s;
  if (Status s = LoadChunk(tensor, block / tensors_[tensor].blocks_per_chunk); !s.ok()) return s;
  return view_.Block(static_cast<uint32_t>(block - view_.first_block));
}

Status ContainerReader::ReadBlocks(size_t tensor, uint64_t first, uint64_t count,
                                   std::span<std::byte> out) {
  if (Status s = CheckBlockRange(tensor, first, count); !s.ok()) return s;
  const ContainerTensor& t = tensors_[tensor];
  if (t.config.lossless)
    return Misuse("lossless blocks have no slots; read them one by one or by chunk");
  const uint64_t slot = t.config.slot_bytes;
  if (out.size() / slot != count || out.size() % slot != 0)
    return Misuse(fmt::format("{} slots do not fill {} bytes", count, out.size()));
  while (!out.empty()) {
    if (Status s = LoadChunk(tensor, first / t.blocks_per_chunk); !s.ok()) return s;
    const auto from = view_.bytes.subspan((first - view_.first_block) * slot);
    const size_t n = std::min(from.size(), out.size());
    std::memcpy(out.data(), from.data(), n);
    out = out.subspan(n);
    first += n / slot;
  }
  return OkStatus();
}

}  // namespace actplane::io
