// SPDX-License-Identifier: Apache-2.0
#include "kernels.h"

#include <algorithm>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels.cc"
#include "hwy/foreach_target.h"
// foreach_target.h comes first.
#include "hwy/highway.h"
#if HWY_TARGET != HWY_SCALAR
#include "field-inl.h"
#include "significance_decode-inl.h"
#include "significance_encode-inl.h"
#endif

HWY_BEFORE_NAMESPACE();
namespace actplane::fast {
namespace HWY_NAMESPACE {

#if HWY_TARGET != HWY_SCALAR
// Sections 4 and 6. Returns the bytes of the slot, 0 if this block is left to the reference; up to
// kSlack bytes behind it are written.
HWY_INLINE size_t EncodeBlock(const uint8_t* HWY_RESTRICT values, const Config& config,
                              uint8_t* HWY_RESTRICT slot) {
  if (config.order == Order::kSignificance) {
    return EncodeSignificanceBlock(values, config, slot) ? config.slot_bytes : 0;
  }
  HWY_ALIGN uint32_t copy[kMaxBlockLen];
  const uint32_t n = config.block_len;
  const uint32_t* wide = LoadWide(config.format, values, n, copy);
  const BaseInfo info = ScanBlock(wide, n, InfoOf(config.format));
  const FieldHeader h = SchedulePlanes(info, config);
  const size_t bytes =
      config.lossless ? WholeSizeBits(info, config.format, n, h.extension) / 8 : config.slot_bytes;
  return EncodeFieldBlock(wide, h, config, bytes, slot) ? bytes : 0;
}

// Sections 3, 5 and 7 for a whole block. kSlack bytes behind the slot are read.
HWY_INLINE Decoded DecodeBlock(std::span<const std::byte> slot, const Config& config,
                               uint8_t* HWY_RESTRICT values) {
  return config.order == Order::kField ? DecodeFieldBlock(slot, config, values)
                                       : DecodeSignificanceBlock(slot, config, values);
}

#else
// One value at a time is what the reference does.
inline constexpr size_t kSlack = 0;
enum class Decoded { kDone, kMalformed, kReference };
HWY_INLINE size_t EncodeBlock(const uint8_t* /*values*/, const Config& /*config*/,
                              uint8_t* /*slot*/) {
  return 0;
}
HWY_INLINE Decoded DecodeBlock(std::span<const std::byte> /*slot*/, const Config& /*config*/,
                               uint8_t* /*values*/) {
  return Decoded::kReference;
}
#endif

inline constexpr size_t kMostSlotBytes = 2048;  // with slack; the largest slot of all has 1,064

// The kernels take whole blocks of aligned values; others go through a copy.
bool NeedsCopy(std::span<const std::byte> block, size_t block_bytes) {
  return block.size() < block_bytes ||
         reinterpret_cast<uintptr_t>(block.data()) % sizeof(uint32_t) != 0;
}

void EncodeBlocksImpl(const EncodeRun& run) {
  const size_t block_bytes = BlockBytes(run.config);
  const size_t blocks = CeilDiv(run.values.size(), block_bytes);
  HWY_ALIGN uint8_t copy[kMaxBlockLen * sizeof(uint32_t)];
  HWY_ALIGN uint8_t own_slot[kMostSlotBytes];
  for (size_t i = 0, at = 0; i < blocks; ++i, at += block_bytes) {
    const auto block = run.values.subspan(at, std::min(block_bytes, run.values.size() - at));
    const auto* values = reinterpret_cast<const uint8_t*>(block.data());
    if (HWY_UNLIKELY(NeedsCopy(block, block_bytes))) {
      std::memcpy(copy, values, block.size());
      std::memset(copy + block.size(), 0, block_bytes - block.size());  // F-2.3
      values = copy;
    }
    // What is written behind a slot is overwritten by the next ones, if these are of this run.
    std::byte* slot = run.slots + i * run.stride;
    const bool has_slack = (blocks - i - 1) * run.stride >= kSlack;
    auto* to = HWY_LIKELY(has_slack) ? reinterpret_cast<uint8_t*>(slot) : own_slot;
    size_t length = EncodeBlock(values, run.config, to);
    if (HWY_UNLIKELY(length == 0)) {
      length = CompressBlock(block, run.config, {slot, run.stride});
    } else if (HWY_UNLIKELY(!has_slack)) {
      std::memcpy(slot, own_slot, length);
    }
    if (run.lengths != nullptr) run.lengths[i] = static_cast<uint32_t>(length);
  }
}

uint64_t DecodeBlocksImpl(const DecodeRun& run) {
  const size_t block_bytes = BlockBytes(run.config);
  uint64_t malformed = 0;
  HWY_ALIGN uint8_t copy[kMaxBlockLen * sizeof(uint32_t)];
  HWY_ALIGN std::byte own_slot[kMostSlotBytes];
  for (size_t i = 0, at = 0; at < run.values.size(); ++i, at += block_bytes) {
    const auto block = run.values.subspan(at, std::min(block_bytes, run.values.size() - at));
    auto* values = reinterpret_cast<uint8_t*>(block.data());
    const bool needs_copy = NeedsCopy(block, block_bytes);
    const std::span<const std::byte> slot = run.Slot(i);
    std::span<const std::byte> from = slot;
    if (HWY_UNLIKELY(run.Behind(slot) < kSlack && slot.size() + kSlack <= kMostSlotBytes)) {
      std::copy(slot.begin(), slot.end(), own_slot);
      std::memset(own_slot + slot.size(), 0, kSlack);
      from = {own_slot, slot.size()};
    }
    Decoded result = Decoded::kMalformed;  // no legal slot is that long
    if (HWY_LIKELY(slot.size() + kSlack <= kMostSlotBytes)) {
      result = DecodeBlock(from, run.config, needs_copy ? copy : values);
    }
    if (HWY_UNLIKELY(result == Decoded::kReference)) {
      if (DecompressBlock(slot, run.config, block) != Malformed::kNone) ++malformed;
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
