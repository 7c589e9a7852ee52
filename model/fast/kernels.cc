// SPDX-License-Identifier: Apache-2.0
#include "kernels.h"

#include <algorithm>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels.cc"
#include "hwy/foreach_target.h"
// foreach_target.h comes first.
#include "field-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace actplane::fast {
namespace HWY_NAMESPACE {

// Sections 4 and 6. Returns the bytes of the slot, 0 if this block is left to the reference.
HWY_INLINE size_t EncodeBlock(const uint8_t* HWY_RESTRICT /*values*/, const Config& /*config*/,
                              uint8_t* HWY_RESTRICT /*slot*/) {
  return 0;
}

// Sections 3, 5 and 7 for a whole block.
HWY_INLINE Decoded DecodeBlock(std::span<const std::byte> /*slot*/, const Config& /*config*/,
                               uint8_t* HWY_RESTRICT /*values*/) {
  return Decoded::kReference;
}

// The kernels take whole blocks of aligned values; others go through a copy.
bool NeedsCopy(std::span<const std::byte> block, size_t block_bytes) {
  return block.size() < block_bytes ||
         reinterpret_cast<uintptr_t>(block.data()) % sizeof(uint32_t) != 0;
}

void EncodeBlocksImpl(const EncodeRun& run) {
  const size_t block_bytes = BlockBytes(run.config);
  HWY_ALIGN uint8_t copy[kMaxBlockLen * sizeof(uint32_t)];
  for (size_t i = 0, at = 0; at < run.values.size(); ++i, at += block_bytes) {
    const auto block = run.values.subspan(at, std::min(block_bytes, run.values.size() - at));
    const auto* values = reinterpret_cast<const uint8_t*>(block.data());
    if (HWY_UNLIKELY(NeedsCopy(block, block_bytes))) {
      std::memcpy(copy, values, block.size());
      std::memset(copy + block.size(), 0, block_bytes - block.size());  // F-2.3
      values = copy;
    }
    std::byte* slot = run.slots + i * run.stride;
    size_t length = EncodeBlock(values, run.config, reinterpret_cast<uint8_t*>(slot));
    if (HWY_UNLIKELY(length == 0)) length = CompressBlock(block, run.config, {slot, run.stride});
    if (run.lengths != nullptr) run.lengths[i] = static_cast<uint32_t>(length);
  }
}

uint64_t DecodeBlocksImpl(const DecodeRun& run) {
  const size_t block_bytes = BlockBytes(run.config);
  uint64_t malformed = 0;
  HWY_ALIGN uint8_t copy[kMaxBlockLen * sizeof(uint32_t)];
  for (size_t i = 0, at = 0; at < run.values.size(); ++i, at += block_bytes) {
    const auto block = run.values.subspan(at, std::min(block_bytes, run.values.size() - at));
    auto* values = reinterpret_cast<uint8_t*>(block.data());
    const bool needs_copy = NeedsCopy(block, block_bytes);
    const Decoded result = DecodeBlock(run.Slot(i), run.config, needs_copy ? copy : values);
    if (HWY_UNLIKELY(result == Decoded::kReference)) {
      if (DecompressBlock(run.Slot(i), run.config, block) != Malformed::kNone) ++malformed;
    } else if (HWY_UNLIKELY(result == Decoded::kMalformed)) {
      std::fill(block.begin(), block.end(), std::byte{0});  // F-7.4
      ++malformed;
    } else if (HWY_UNLIKELY(needs_copy)) {
      std::memcpy(values, copy, block.size());
    }
  }
  return malformed;
}

}  // namespace HWY_NAMESPACE
}  // namespace actplane::fast
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace actplane::fast {

HWY_EXPORT(EncodeBlocksImpl);
HWY_EXPORT(DecodeBlocksImpl);

void EncodeBlocks(const EncodeRun& run) { HWY_DYNAMIC_DISPATCH(EncodeBlocksImpl)(run); }

uint64_t DecodeBlocks(const DecodeRun& run) { return HWY_DYNAMIC_DISPATCH(DecodeBlocksImpl)(run); }

}  // namespace actplane::fast
#endif  // HWY_ONCE
