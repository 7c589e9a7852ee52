// SPDX-License-Identifier: Apache-2.0
// Short ways to write a block, a slot and a configuration in a test.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <vector>

#include "actplane/codec.h"
#include "support/values.h"

namespace actplane::testing_support {

// FP16 patterns, handy in tables: sign 1, exponent 5, mantissa 10 bits.
inline constexpr uint32_t kOne = 0x3c00;
inline constexpr uint32_t kHalf = 0x3800;
inline constexpr uint32_t kMinusOne = 0xbc00;
inline constexpr uint32_t kMinusZero = 0x8000;
inline constexpr uint32_t kInf = 0x7c00;
inline constexpr uint32_t kMinusInf = 0xfc00;
inline constexpr uint32_t kNan = 0x7e00;

inline Config Fp16Config(Order order, uint32_t slot_bytes, uint32_t block_len = 32) {
  return {
      .format = Format::kFp16, .block_len = block_len, .slot_bytes = slot_bytes, .order = order};
}

// The listed patterns, then `rest` up to n values.
inline std::vector<uint32_t> Patterns(std::initializer_list<uint32_t> first, uint32_t rest = 0,
                                      uint32_t n = 32) {
  std::vector<uint32_t> p(first);
  p.resize(n, rest);
  return p;
}

struct Coded {
  std::vector<std::byte> slot;
  BlockTrace trace;
};

inline Coded Encode(const std::vector<uint32_t>& patterns, const Config& config) {
  Coded coded;
  coded.slot.resize(config.lossless ? MaxSlotBytes(config) : config.slot_bytes);
  coded.slot.resize(
      CompressBlock(ToBytes(patterns, config.format), config, coded.slot, &coded.trace));
  return coded;
}

struct Decoded {
  Malformed verdict = Malformed::kNone;
  std::vector<uint32_t> patterns;
  BlockTrace trace;
};

inline Decoded Decode(const std::vector<std::byte>& slot, const Config& config) {
  Decoded decoded;
  std::vector<std::byte> bytes(BlockBytes(config), std::byte{0xa5});
  decoded.verdict = DecompressBlock(slot, config, bytes, &decoded.trace);
  decoded.patterns = ToPatterns(bytes, config.format);
  return decoded;
}

inline std::vector<uint32_t> RoundTrip(const std::vector<uint32_t>& patterns,
                                       const Config& config) {
  return Decode(Encode(patterns, config).slot, config).patterns;
}

// Bits of a slot, in the order of F-2.7.
inline std::vector<std::byte> SlotOf(uint32_t bytes,
                                     std::initializer_list<std::pair<uint64_t, uint32_t>> fields) {
  std::vector<std::byte> slot(bytes);
  BitWriter out(slot);
  for (const auto& [value, count] : fields) out.Put(value, count);
  return slot;
}

}  // namespace actplane::testing_support
