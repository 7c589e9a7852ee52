// SPDX-License-Identifier: Apache-2.0
// One block in and out, by the best SIMD target of this CPU.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "actplane/codec.h"

namespace actplane::fast {

// A run of blocks; the last one may be incomplete. `config` is valid, sizes fit.
struct EncodeRun {
  const Config& config;
  std::span<const std::byte> values;
  std::byte*
      slots;  // block i goes to i * stride, which is T, or in lossless mode at least MaxSlotBytes
  size_t stride;
  uint32_t* lengths;  // lossless mode: bytes of each block; else null
};

struct DecodeRun {
  const Config& config;
  const std::byte* slots;
  const uint64_t* offsets = nullptr;     // where each slot starts, and the last one ends
  const uint32_t* boundaries = nullptr;  // the same in 32 bits; neither: every slot_bytes
  const std::byte* end = nullptr;        // of all slots
  size_t first = 0;                      // the slot of the first block of `values`
  std::span<std::byte> values;

  std::span<const std::byte> Slot(size_t block) const {
    const size_t i = first + block;
    if (offsets != nullptr) return {slots + offsets[i], slots + offsets[i + 1]};
    if (boundaries != nullptr) return {slots + boundaries[i], slots + boundaries[i + 1]};
    return {slots + i * config.slot_bytes, config.slot_bytes};
  }
  // Bytes of other slots behind a slot.
  size_t Behind(std::span<const std::byte> slot) const {
    return static_cast<size_t>(end - (slot.data() + slot.size()));
  }
};

void EncodeBlocks(const EncodeRun& run);
uint64_t DecodeBlocks(const DecodeRun& run);  // returns the malformed ones

}  // namespace actplane::fast
