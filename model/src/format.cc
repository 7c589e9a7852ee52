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

uint32_t MinSlotBytes(Format format, uint32_t block_len, Order order) {
  if (order == Order::kSignificance) return std::max(4U, block_len / 16);
  return 2 + 2 * ExtensionWordBits(format) / 8 + 3 * block_len / 8;
}

uint32_t MaxSlotBytes(Format format, uint32_t block_len, Order order) {
  const FormatInfo info = InfoOf(format);
  const uint32_t planes = 1 + (info.exp_bits + 1) + info.man_bits;
  const uint32_t field = 2 + 2 * ExtensionWordBits(format) / 8 + planes * block_len / 8;
  return order == Order::kSignificance ? field + 1 : field;
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
  if (c.lossless) return OkStatus();
  const uint32_t least = MinSlotBytes(c.format, c.block_len, c.order);
  const uint32_t most = MaxSlotBytes(c.format, c.block_len, c.order);
  if (c.slot_bytes < least || c.slot_bytes > most) {
    const auto bytes = static_cast<double>(BlockBytes(c));
    return ConfigError(fmt::format(
        "a slot of {} bytes is too {} for {} blocks of {} values in order {}: use {} to {} bytes "
        "(ratio {:.3g} to {:.3g})",
        c.slot_bytes, c.slot_bytes < least ? "small" : "large", ToString(c.format), c.block_len,
        ToString(c.order), least, most, bytes / most, bytes / least));
  }
  return OkStatus();
}

}  // namespace actplane
