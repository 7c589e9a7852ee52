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
#include "significance_decode-inl.h"
#include "significance_encode-inl.h"

HWY_BEFORE_NAMESPACE();
namespace actplane::fast {
namespace HWY_NAMESPACE {

// Calls `call` with the number of 64-bit words of a plane as a constant.
template <class Call>
HWY_INLINE auto WithWords(uint32_t n, const Call& call) {
  switch (n) {
    case 256: return call(std::integral_constant<size_t, 4>());
    case 128: return call(std::integral_constant<size_t, 2>());
    default: return call(std::integral_constant<size_t, 1>());
  }
}

// Sections 4 and 6. Returns the bytes of the slot, 0 if this block is left to the reference.
HWY_INLINE size_t EncodeBlock(const uint8_t* HWY_RESTRICT values, const Config& config,
                              uint8_t* HWY_RESTRICT slot) {
  HWY_ALIGN uint32_t wide[kMaxBlockLen];
  const uint32_t n = config.block_len;
  LoadWide(config.format, values, n, wide);
  const BaseInfo info = ScanBlock(wide, n, InfoOf(config.format));
  if (config.order == Order::kField) {
    const FieldHeader h = SchedulePlanes(info, config);
    const size_t bytes = config.lossless ? WholeSizeBits(info, config.format, n, h.extension) / 8
                                         : config.slot_bytes;
    return EncodeFieldBlock(wide, h, config, slot, bytes) != 0 ? bytes : 0;
  }

  const FieldHeader h = WholeHeader(info, config.format, n);
  const size_t whole_bytes = WholeSizeBits(info, config.format, n, h.extension) / 8;
  if (config.lossless || whole_bytes >= config.slot_bytes) {  // not F-6.1
    uint64_t packed[kMaxSignificanceBytes / 8];
    const uint64_t capacity = config.lossless ? UINT64_MAX : 8 * uint64_t{config.slot_bytes};
    const uint64_t bits = WithWords(n, [&](auto words) HWY_ATTR {
      return EncodeSignificanceBlock<words()>(wide, info, config, capacity, packed);
    });
    const auto used = static_cast<size_t>(CeilDiv(bits, 8));
    if (!config.lossless) {
      const size_t kept = std::min<size_t>(used, config.slot_bytes);
      std::memcpy(slot, packed, kept);
      std::memset(slot + kept, 0, config.slot_bytes - kept);
      return config.slot_bytes;
    }
    if (used != 0 && used < 1 + whole_bytes) {  // F-6.2
      std::memcpy(slot, packed, used);
      return used;
    }
  }
  slot[0] = 1;
  const size_t bytes = config.lossless ? whole_bytes : config.slot_bytes - 1;
  return EncodeFieldBlock(wide, h, config, slot + 1, bytes) != 0 ? 1 + bytes : 0;
}

// Sections 3, 5 and 7 for a whole block.
HWY_INLINE Decoded DecodeBlock(std::span<const std::byte> slot, const Config& config,
                               uint8_t* HWY_RESTRICT values) {
  uint64_t size_bits = 0;
  Decoded result = Decoded::kReference;
  if (config.order == Order::kField) {
    result = DecodeFieldBlock(slot, config, config.lossless, size_bits, values);
  } else if (slot.empty() || slot.size() > kMaxSignificanceBytes) {
    return Decoded::kReference;
  } else if (slot[0] == std::byte{1}) {  // F-5.1
    result = DecodeFieldBlock(slot.subspan(1), config, true, size_bits, values);
    size_bits += 8;
  } else if ((slot[0] & std::byte{1}) != std::byte{0}) {  // F-7.2
    return Decoded::kMalformed;
  } else {
    uint8_t packed[kMaxSignificanceBytes + kBeyond];
    std::memcpy(packed, slot.data(), slot.size());
    std::memset(packed + slot.size(), 0, kBeyond);
    result = WithWords(config.block_len, [&](auto words) HWY_ATTR {
      return DecodeSignificanceBlock<words()>(packed, slot.size(), config, size_bits, values);
    });
  }
  if (config.lossless && result == Decoded::kDone && CeilDiv(size_bits, 8) != slot.size()) {
    return Decoded::kMalformed;  // F-7.4
  }
  return result;
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
      std::fill(block.begin(), block.end(), std::byte{0});  // F-7.5
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
