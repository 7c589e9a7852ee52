// SPDX-License-Identifier: Apache-2.0
#include "container_entry.h"

#include <fmt/format.h>

#include <cstring>
#include <string_view>

#include "checked.h"
#include "container_layout.h"

namespace actplane::io {

using namespace layout;  // NOLINT(google-build-using-namespace): this file is that layout

namespace {

std::string Text(std::span<const std::byte> bytes) {
  std::string text(bytes.size(), '\0');
  std::memcpy(text.data(), bytes.data(), bytes.size());
  return text;
}

// Only a faulty or malicious writer gets here: the checksum of the directory was right.
Status Impossible(std::string_view what) {
  return BadInputError(
      fmt::format("the directory has {}; make the file again with a correct writer", what));
}

}  // namespace

// C-4.1
size_t EntryBytes(const TensorInfo& info) {
  return RoundUp(entry::kShape + 8 * info.shape.size() + info.name.size(), 8);
}

std::vector<std::byte> EncodeEntry(const ContainerTensor& tensor) {
  const TensorInfo& info = tensor.info;
  const Config& config = tensor.config;
  const size_t name_at = entry::kShape + 8 * info.shape.size();
  std::vector<std::byte> bytes(EntryBytes(info));
  const auto flags =
      (config.lossless ? entry::kLossless : 0u) | (info.fortran_order ? entry::kFortran : 0u);
  Store(bytes, entry::kEntryBytes, static_cast<uint32_t>(bytes.size()));
  Store(bytes, entry::kNameBytes, static_cast<uint32_t>(info.name.size()));
  Store(bytes, entry::kRank, static_cast<uint32_t>(info.shape.size()));
  Store(bytes, entry::kFormat, config.format);
  Store(bytes, entry::kOrder, config.order);
  Store(bytes, entry::kFlags, static_cast<uint8_t>(flags));
  Store(bytes, entry::kBlockLen, config.block_len);
  Store(bytes, entry::kSlotBytes, config.lossless ? 0 : config.slot_bytes);
  Store(bytes, entry::kBlocksPerChunk, tensor.blocks_per_chunk);
  Store(bytes, entry::kFormatVersion, kFormatVersion);
  std::memcpy(bytes.data() + entry::kDtype, info.dtype.data(), info.dtype.size());
  Store(bytes, entry::kValues, info.values);
  Store(bytes, entry::kBlocks, tensor.blocks);
  Store(bytes, entry::kPayloadOffset, info.offset);
  Store(bytes, entry::kPayloadBytes, tensor.payload_bytes);
  Store(bytes, entry::kFirstChunk, tensor.first_chunk);
  Store(bytes, entry::kChunks, tensor.chunks);
  if (config.order == Order::kField) {  // C-4.9
    Store(bytes, entry::kFill, config.fill);
    Store(bytes, entry::kDeltaCap, config.delta_cap);
  } else {
    Store(bytes, entry::kGroupLen, static_cast<uint8_t>(config.group_len));
    Store(bytes, entry::kRowLimit, static_cast<uint8_t>(config.row_limit));
  }
  if (!info.shape.empty())
    std::memcpy(bytes.data() + entry::kShape, info.shape.data(), 8 * info.shape.size());
  if (!info.name.empty()) std::memcpy(bytes.data() + name_at, info.name.data(), info.name.size());
  return bytes;
}

// C-4.1 .. C-4.9, C-5.2, C-5.3
Result<ContainerTensor> DecodeEntry(std::span<const std::byte> rest, size_t* entry_bytes) {
  if (rest.size() < entry::kShape) return Impossible("an entry that does not fit");
  const auto name_bytes = Load<uint32_t>(rest, entry::kNameBytes);
  const auto rank = Load<uint32_t>(rest, entry::kRank);
  if (name_bytes > kMaxNameBytes || rank > kMaxRank)
    return Impossible("a name or shape that is too long");
  const size_t name_at = entry::kShape + size_t{8} * rank;
  *entry_bytes = RoundUp(name_at + name_bytes, 8);
  if (Load<uint32_t>(rest, entry::kEntryBytes) != *entry_bytes || *entry_bytes > rest.size()) {
    return Impossible("an entry of a wrong length");
  }
  const auto bytes = rest.first(*entry_bytes);

  ContainerTensor t;
  t.info.name = Text(bytes.subspan(name_at, name_bytes));
  const std::string dtype = Text(bytes.subspan(entry::kDtype, entry::kDtypeBytes));
  t.info.dtype = dtype.substr(0, dtype.find('\0'));
  if (!AllZero(bytes.subspan(name_at + name_bytes)) ||
      !AllZero(bytes.subspan(entry::kDtype + t.info.dtype.size(),
                             entry::kDtypeBytes - t.info.dtype.size())) ||
      !AllZero(bytes.subspan(entry::kReserved, entry::kShape - entry::kReserved))) {
    return Impossible("padding that is not zero");
  }

  const auto format = Load<uint8_t>(bytes, entry::kFormat);
  const auto order = Load<uint8_t>(bytes, entry::kOrder);
  const auto fill = Load<uint8_t>(bytes, entry::kFill);
  const auto flags = Load<uint8_t>(bytes, entry::kFlags);
  if (format > static_cast<uint8_t>(Format::kBf16) ||
      order > static_cast<uint8_t>(Order::kSignificance) ||
      fill > static_cast<uint8_t>(Fill::kZero) ||
      (flags & ~(entry::kLossless | entry::kFortran)) != 0) {
    return Impossible("a format, order, fill or flag that does not exist");
  }
  if (const auto version = Load<uint32_t>(bytes, entry::kFormatVersion);
      version != kFormatVersion) {
    return BadInputError(
        fmt::format("the blocks are of format version {}, and this program reads {}; {}", version,
                    kFormatVersion, VersionFix(version, kFormatVersion)));
  }
  t.config = {.format = static_cast<Format>(format),
              .block_len = Load<uint32_t>(bytes, entry::kBlockLen),
              .lossless = (flags & entry::kLossless) != 0,
              .slot_bytes = Load<uint32_t>(bytes, entry::kSlotBytes),
              .order = static_cast<Order>(order)};
  const auto delta_cap = Load<uint32_t>(bytes, entry::kDeltaCap);
  const auto group_len = Load<uint8_t>(bytes, entry::kGroupLen);
  const auto row_limit = Load<uint8_t>(bytes, entry::kRowLimit);
  const bool field = t.config.order == Order::kField;
  if (field ? group_len != 0 || row_limit != 0 : fill != 0 || delta_cap != 0) {  // C-4.9
    return Impossible(
        fmt::format("a setting that order {} does not have", ToString(t.config.order)));
  }
  if (field) {
    t.config.fill = static_cast<Fill>(fill);
    t.config.delta_cap = delta_cap;
  } else {
    t.config.group_len = group_len;
    t.config.row_limit = row_limit;
  }
  if (t.config.lossless && t.config.slot_bytes != 0)
    return Impossible("a slot size for a lossless tensor");
  if (Status s = ValidateConfig(t.config); !s.ok()) return BadInputError(s.message());

  t.info.format = t.config.format;
  t.info.fortran_order = (flags & entry::kFortran) != 0;
  t.info.shape.resize(rank);
  if (rank != 0) std::memcpy(t.info.shape.data(), bytes.data() + entry::kShape, size_t{8} * rank);
  t.info.values = Load<uint64_t>(bytes, entry::kValues);
  if (Status s = ValidateTensorInfo(t.info); !s.ok()) return s;

  t.blocks = Load<uint64_t>(bytes, entry::kBlocks);
  t.blocks_per_chunk = Load<uint32_t>(bytes, entry::kBlocksPerChunk);
  t.chunks = Load<uint64_t>(bytes, entry::kChunks);
  t.first_chunk = Load<uint64_t>(bytes, entry::kFirstChunk);
  t.info.offset = Load<uint64_t>(bytes, entry::kPayloadOffset);
  t.payload_bytes = Load<uint64_t>(bytes, entry::kPayloadBytes);
  if (t.blocks != DivCeil(t.info.values, t.config.block_len))
    return Impossible("a wrong number of blocks");
  if (t.blocks_per_chunk == 0 || t.blocks_per_chunk > kMaxChunkBytes / BlockBound(t.config)) {
    return Impossible("an impossible chunk size");
  }
  if (t.chunks != DivCeil(t.blocks, t.blocks_per_chunk))
    return Impossible("a wrong number of chunks");
  return t;
}

}  // namespace actplane::io
