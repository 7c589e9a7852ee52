// SPDX-License-Identifier: Apache-2.0
#include "memory/region.h"

#include <cstring>

namespace actplane::tb::memory {
namespace {

// With fewer rows than a mantissa has: in order significance subnormals lose the bits below, in
// order field all values do; a NaN stays one.
void CutFp32(const Config& config, uint32_t depth, std::span<std::byte> values) {
  const FormatInfo info = InfoOf(Format::kFp32);
  const uint32_t lost = (1U << (info.man_bits + 1 - depth)) - 1;
  for (size_t at = 0; at + 4 <= values.size(); at += 4) {
    uint32_t pattern = 0;
    std::memcpy(&pattern, &values[at], 4);
    const Fields fields = Classify(pattern, Format::kFp32);
    if (config.order == Order::kSignificance && fields.exponent != 0) continue;
    pattern &= ~lost;
    if (fields.cls == ValueClass::kNan &&
        Classify(pattern, Format::kFp32).cls != ValueClass::kNan) {
      pattern |= 1U << (info.man_bits - 1);
    }
    std::memcpy(&values[at], &pattern, 4);
  }
}

}  // namespace

Bytes Region::Compress(std::span<const std::byte> values) const {
  Bytes seen(values.begin(), values.end());
  if (depth < 24 && config.format == Format::kFp32) CutFp32(config, depth, seen);
  Bytes slot(config.slot_bytes);
  CompressBlock(seen, config, slot);
  return slot;
}

}  // namespace actplane::tb::memory
