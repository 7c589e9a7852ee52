// SPDX-License-Identifier: Apache-2.0
#include "actplane/block.h"

#include <algorithm>

namespace actplane {

Block GatherBlock(std::span<const std::byte> bytes, const Config& config) {
  Block block{.format = config.format, .n = config.block_len};
  const uint32_t width = InfoOf(config.format).value_bytes;
  const size_t count = std::min<size_t>(bytes.size() / width, block.n);
  for (size_t i = 0; i < count; ++i) {
    for (uint32_t b = 0; b < width; ++b) {
      block.patterns[i] |= std::to_integer<uint32_t>(bytes[i * width + b]) << (8 * b);
    }
  }
  return block;
}

void ScatterBlock(const Block& block, std::span<std::byte> bytes) {
  const uint32_t width = InfoOf(block.format).value_bytes;
  const size_t count = std::min<size_t>(bytes.size() / width, block.n);
  for (size_t i = 0; i < count; ++i) {
    for (uint32_t b = 0; b < width; ++b) {
      bytes[i * width + b] = static_cast<std::byte>(block.patterns[i] >> (8 * b));
    }
  }
}

Fields Classify(uint32_t pattern, Format format) {
  const FormatInfo info = InfoOf(format);
  Fields v;
  v.sign = BitOf(pattern, info.exp_bits + info.man_bits);
  v.exponent = static_cast<uint32_t>((pattern >> info.man_bits) & LowMask(info.exp_bits));
  v.mantissa = static_cast<uint32_t>(pattern & LowMask(info.man_bits));
  if (v.exponent == info.exp_max) {
    v.cls = v.mantissa == 0 ? ValueClass::kInf : ValueClass::kNan;
  } else if (v.exponent == 0) {
    v.cls = v.mantissa == 0 ? ValueClass::kZero : ValueClass::kSubnormal;
  } else {
    v.cls = ValueClass::kNormal;
  }
  return v;
}

BlockFields Classify(const Block& block) {
  BlockFields fields{.format = block.format, .n = block.n};
  for (uint32_t i = 0; i < block.n; ++i) {
    fields.values[i] = Classify(block.patterns[i], block.format);
  }
  return fields;
}

uint32_t Assemble(const Fields& v, Format format) {
  const FormatInfo info = InfoOf(format);
  return v.sign << (info.exp_bits + info.man_bits) | v.exponent << info.man_bits | v.mantissa;
}

std::string_view ToString(Malformed reason) {
  switch (reason) {
    case Malformed::kNone: return "legal";
    case Malformed::kBase: return "base out of range";
    case Malformed::kWidth: return "impossible width of codes";
    case Malformed::kReserved: return "a bit that must be zero is set";
    case Malformed::kLevel: return "level out of range";
    case Malformed::kTooShort: return "the slot is too short for what its header announces";
    case Malformed::kLength: return "the length of the slot does not fit its content";
  }
  return "unknown";
}

}  // namespace actplane
