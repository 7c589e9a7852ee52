// SPDX-License-Identifier: Apache-2.0
#include "actplane/format.h"

#include <fmt/format.h>

#include <algorithm>

#include "actplane/bits.h"

namespace actplane {

std::string_view ToString(Format f) {
  switch (f) {
    case Format::kFp16: return "fp16";
    case Format::kBf16: return "bf16";
    case Format::kFp32: break;
  }
  return "fp32";
}

std::string_view ToString(Order o) { return o == Order::kField ? "field" : "significance"; }

std::string_view ToString(Fill f) { return f == Fill::kMidpoint ? "midpoint" : "zero"; }

uint32_t MinFieldSlotBytes(Format format, uint32_t block_len) {
  return 2 + 2 * ExtensionWordBits(format) / 8 + 3 * block_len / 8;
}

uint32_t MaxFieldSlotBytes(Format format, uint32_t block_len) {
  const FormatInfo info = InfoOf(format);
  const uint32_t planes = 1 + (info.exp_bits + 1) + info.man_bits;
  return 2 + 2 * ExtensionWordBits(format) / 8 + planes * block_len / 8;
}

uint32_t MinSlotBytes(const Config& c) {
  return c.order == Order::kSignificance ? 4 : MinFieldSlotBytes(c.format, c.block_len);
}

uint32_t MaxSlotBytes(const Config& c) {
  if (c.order == Order::kField) return MaxFieldSlotBytes(c.format, c.block_len);
  const auto codes = static_cast<uint32_t>(CeilDiv(5 * c.block_len / c.group_len, 8));
  return 3 + codes + (3 + c.row_limit) * c.block_len / 8;
}

Status ValidateConfig(const Config& c) {
  if (c.format > Format::kBf16) return ConfigError("unknown format: use fp32, fp16 or bf16");
  if (c.order > Order::kSignificance) {
    return ConfigError("unknown order: use field or significance");
  }
  if (c.fill > Fill::kZero) return ConfigError("unknown fill: use midpoint or zero");
  if (c.block_len < kMinBlockLen || c.block_len > kMaxBlockLen ||
      !std::has_single_bit(c.block_len)) {
    return ConfigError(
        fmt::format("block length {} is not supported: use 32, 64, 128 or 256", c.block_len));
  }
  const uint32_t widest = InfoOf(c.format).exp_bits + 1;
  if (c.delta_cap > widest) {
    return ConfigError(fmt::format("delta cap {} is too wide for {}: use 0 (none) to {}",
                                   c.delta_cap, ToString(c.format), widest));
  }
  if (c.group_len != kMinGroupLen && c.group_len != kMaxGroupLen) {
    return ConfigError(fmt::format("group length {} is not supported: use 4 or 8", c.group_len));
  }
  if (c.row_limit < kMinRowLimit || c.row_limit > kMaxRowLimit) {
    return ConfigError(fmt::format("row limit {} is not supported: use {} to {}", c.row_limit,
                                   kMinRowLimit, kMaxRowLimit));
  }
  if (c.lossless && c.order != Order::kField) {
    return ConfigError("lossless mode has order field only: use that order");
  }
  if (c.lossless) return OkStatus();
  const uint32_t least = MinSlotBytes(c);
  const uint32_t most = MaxSlotBytes(c);
  if (c.slot_bytes < least || c.slot_bytes > most) {
    const auto bytes = static_cast<double>(BlockBytes(c));
    return ConfigError(fmt::format(
        "a slot of {} bytes is too {} for {} blocks of {} values in order {}: use {} to {} bytes "
        "(ratio {:.3g} to {:.3g}){}",
        c.slot_bytes, c.slot_bytes < least ? "small" : "large", ToString(c.format), c.block_len,
        ToString(c.order), least, most, bytes / most, bytes / least,
        c.slot_bytes > most && c.order == Order::kSignificance && c.row_limit < kMaxRowLimit
            ? fmt::format(", or more than {} rows", c.row_limit)
            : ""));
  }
  return OkStatus();
}

}  // namespace actplane
