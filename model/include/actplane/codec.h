// SPDX-License-Identifier: Apache-2.0
// The golden model as a whole: one block, or a tensor, in and out of slots (docs/format.md,
// with worked examples in F-8.1).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "actplane/block.h"
#include "actplane/field_order.h"
#include "actplane/significance_order.h"
#include "actplane/status.h"

namespace actplane {

// What a decoder gave comes back when it is compressed and decompressed again (F-3.14, F-6.13), and
// a beginning of a slot gives the groups that end in it (F-3.15, F-5.14).

// Every intermediate of one block, for comparison inside the RTL. Only the part of the block's
// order is filled.
struct BlockTrace {
  Block block;
  BlockFields fields;
  FieldTrace field;
  SignificanceTrace significance;
};

// Sections 4 and 6. `values`: up to N values, little-endian; `slot`: room for T bytes, in lossless
// mode for MaxSlotBytes. Returns the bytes of the slot: T, in lossless mode what the block needs.
// `config` must be valid.
size_t CompressBlock(std::span<const std::byte> values, const Config& config,
                     std::span<std::byte> slot, BlockTrace* trace = nullptr);

// Sections 3, 5 and 7. `slot`: exactly the bytes of the slot; `values`: up to N values are written,
// all +0 if the slot is malformed; any other is legal and decoded (F-7.5). `config` must be valid.
Malformed DecompressBlock(std::span<const std::byte> slot, const Config& config,
                          std::span<std::byte> values, BlockTrace* trace = nullptr);

// A tensor in slots: slot i starts at SlotOffset(i).
struct CompressedTensor {
  Config config;
  uint64_t values = 0;           // without padding
  std::vector<std::byte> slots;  // all slots, one after the other
  std::vector<uint64_t>
      offsets;  // lossless mode: where each slot starts, and the end; empty in fixed mode

  uint64_t Blocks() const { return CeilDiv(values, config.block_len); }
  std::span<const std::byte> Slot(uint64_t i) const {
    if (!config.lossless) return std::span(slots).subspan(i * config.slot_bytes, config.slot_bytes);
    return std::span(slots).subspan(offsets[i], offsets[i + 1] - offsets[i]);
  }
};

struct DecompressedTensor {
  std::vector<std::byte> values;  // little-endian, padding dropped
  uint64_t malformed_blocks = 0;  // these read as +0 (F-7.4)
};

// `values`: a whole number of values, little-endian. kInvalidConfig, or kBadInput if bytes are left
// over.
Result<CompressedTensor> Compress(std::span<const std::byte> values, const Config& config);

// kInvalidConfig, or kBadInput if the slots do not match the number of values. Malformed slots are
// counted, not an error: memory that was damaged must not take the other blocks with it.
Result<DecompressedTensor> Decompress(const CompressedTensor& tensor);

}  // namespace actplane
