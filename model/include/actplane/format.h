// SPDX-License-Identifier: Apache-2.0
// The numbers of the format (docs/format.md sections 2 and 3) and the configuration of a tensor.
#pragma once

#include <cstdint>
#include <string_view>

#include "actplane/status.h"

namespace actplane {

inline constexpr uint32_t kFormatVersion = 2;

enum class Format : uint8_t { kFp32 = 0, kFp16 = 1, kBf16 = 2 };
enum class Order : uint8_t { kField = 0, kSignificance = 1 };
enum class Fill : uint8_t { kMidpoint = 0, kZero = 1 };

// Geometry of a format (F-2.1): one sign bit, `exp_bits`, `man_bits`; `value_bytes` in memory,
// little-endian.
struct FormatInfo {
  uint32_t exp_bits;
  uint32_t man_bits;
  uint32_t value_bytes;
  uint32_t exp_max;  // the all-ones exponent field: Inf and NaN
};

constexpr FormatInfo InfoOf(Format f) {
  switch (f) {
    case Format::kFp16: return {5, 10, 2, 31};
    case Format::kBf16: return {8, 7, 2, 255};
    case Format::kFp32: break;
  }
  return {8, 23, 4, 255};
}

inline constexpr uint32_t kMinBlockLen = 32;
inline constexpr uint32_t kMaxBlockLen = 256;
inline constexpr uint32_t kDefaultBlockLen = 128;

// Of order significance (F-2.4). Order field has groups of 8 values.
inline constexpr uint32_t kMinGroupLen = 4;
inline constexpr uint32_t kMaxGroupLen = 8;
inline constexpr uint32_t kFieldGroupLen = 8;
inline constexpr uint32_t kMinRowLimit = 8;
inline constexpr uint32_t kMaxRowLimit = 24;

// Bits of each of the two words of the extension: M + 1 rounded up to whole bytes (F-3.3).
constexpr uint32_t ExtensionWordBits(Format f) { return (InfoOf(f).man_bits / 8 + 1) * 8; }

// Everything that belongs to a tensor and not to a block (F-2.4). A block's own facts are in its
// header.
struct Config {
  Format format = Format::kFp32;
  uint32_t block_len = kDefaultBlockLen;  // N, values per block: 32, 64, 128, 256
  bool lossless = false;                  // variable-length blocks, nothing is cut; order field
  uint32_t slot_bytes = 160;              // T, bytes per block; ignored when lossless
  Order order = Order::kField;
  Fill fill = Fill::kMidpoint;  // order field, read by decoders only
  uint32_t delta_cap = 0;       // order field, F-4.6: most delta planes of a cut block; 0: no cap
  uint32_t group_len = 4;       // order significance: K, values per group: 4, 8
  uint32_t row_limit = 16;      // order significance: R, most magnitude rows: 8 .. 24

  friend bool operator==(const Config&, const Config&) = default;
};

// Bytes of one uncompressed block: N * value_bytes.
constexpr uint32_t BlockBytes(const Config& c) {
  return c.block_len * InfoOf(c.format).value_bytes;
}

std::string_view ToString(Format f);  // "fp32" "fp16" "bf16"
std::string_view ToString(Order o);   // "field" "significance"
std::string_view ToString(Fill f);    // "midpoint" "zero"

// Smallest legal slot, in bytes, of format, block length and order (F-2.6).
uint32_t MinSlotBytes(const Config& config);

// The same of order field.
uint32_t MinFieldSlotBytes(Format format, uint32_t block_len);
uint32_t MaxFieldSlotBytes(Format format, uint32_t block_len);

// Largest legal slot, in bytes, of format, block length, order, group length and row limit: no
// block uses more (F-2.6). Also the bound of a lossless block.
uint32_t MaxSlotBytes(const Config& config);

// kInvalidConfig with the fix in the message when the configuration is impossible (F-2.4 .. F-2.6).
Status ValidateConfig(const Config& config);

}  // namespace actplane
