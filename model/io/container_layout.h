// SPDX-License-Identifier: Apache-2.0
// Byte offsets of docs/container.md. Tests compare them with the tables of the document.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "actplane/format.h"

namespace actplane::io::layout {

inline constexpr size_t kAlign = 64;
inline constexpr size_t kHeaderBytes = 64;
inline constexpr size_t kTrailerBytes = 64;
inline constexpr size_t kTableEntryBytes = 16;
inline constexpr uint64_t kMaxEntriesBytes = 16u << 20;  // C-3.4: bounds the memory of any reader
inline constexpr size_t kLengthBytes = 2;  // of a block in the index of a lossless chunk

// Like PNG's: not text, and damaged visibly by anything that converts line ends.
inline constexpr std::string_view kMagic(
    "\x89"
    "APL\r\n\x1a\n",
    8);
inline constexpr std::string_view kEndMagic("APL.END\n", 8);

// What to do with a container, or blocks, of another version than `ours`.
inline std::string_view VersionFix(uint32_t version, uint32_t ours) {
  if (version > ours) return "update actplane";
  return version == 0
             ? "get the file again"
             : "compress the tensor again, or decompress this with the program of tag v0.1";
}

// C-2.4
namespace header {
inline constexpr size_t kMagicAt = 0, kVersion = 8, kBytes = 12, kReserved = 16;
}
// C-3.1
namespace trailer {
inline constexpr size_t kDirectoryOffset = 0, kDirectoryBytes = 8, kEntriesBytes = 16,
                        kTensors = 24, kVersion = 28, kDirectoryHash = 32, kFileBytes = 40,
                        kTrailerHash = 48, kMagicAt = 56;
}
// C-4.1
namespace entry {
inline constexpr size_t kEntryBytes = 0, kNameBytes = 4, kRank = 8, kFormat = 12, kOrder = 13,
                        kFill = 14, kFlags = 15, kBlockLen = 16, kSlotBytes = 20,
                        kBlocksPerChunk = 24, kFormatVersion = 28, kDtype = 32, kValues = 40,
                        kBlocks = 48, kPayloadOffset = 56, kPayloadBytes = 64, kFirstChunk = 72,
                        kChunks = 80, kDeltaCap = 88, kGroupLen = 92, kRowLimit = 93,
                        kReserved = 94, kShape = 96;
inline constexpr size_t kDtypeBytes = 8;
inline constexpr uint8_t kLossless = 1, kFortran = 2;
}  // namespace entry
// C-3.5
namespace table {
inline constexpr size_t kOffset = 0, kHash = 8;
}

// The most bytes that one block can take of a chunk, its entry in the index included (C-5.3).
inline uint32_t BlockBound(const Config& c) {
  return c.lossless ? MaxSlotBytes(c) + static_cast<uint32_t>(kLengthBytes) : c.slot_bytes;
}

// What reserved bytes and padding must be (C-2.2).
inline bool AllZero(std::span<const std::byte> bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0}; });
}

}  // namespace actplane::io::layout
