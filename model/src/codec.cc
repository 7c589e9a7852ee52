// SPDX-License-Identifier: Apache-2.0
#include "actplane/codec.h"

#include <fmt/format.h>

#include <algorithm>

namespace actplane {
namespace {

size_t BytesOf(uint64_t bits) { return static_cast<size_t>(CeilDiv(bits, 8)); }

}  // namespace

size_t CompressBlock(std::span<const std::byte> values, const Config& config,
                     std::span<std::byte> slot, BlockTrace* trace) {
  BlockTrace local;
  BlockTrace& t = trace != nullptr ? *trace : local;
  t = {};
  t.block = GatherBlock(values, config);
  t.fields = Classify(t.block);
  const size_t room = config.lossless ? slot.size() : config.slot_bytes;
  std::fill_n(slot.begin(), room, std::byte{0});  // F-2.8
  BitWriter out(slot.first(room));
  uint64_t bits = 0;
  if (config.order == Order::kField) {
    t.field.info = FindBase(t.fields);
    EncodeField(t.fields, SchedulePlanes(t.field.info, config), config, out, t.field);
    bits = t.field.size_bits;
    t.field.lossless = bits <= 8 * room && !t.field.header.saturated;
  } else {
    EncodeSignificance(t.block, t.fields, config, out, t.significance);
  }
  return config.lossless ? BytesOf(bits) : room;
}

Malformed DecompressBlock(std::span<const std::byte> slot, const Config& config,
                          std::span<std::byte> values, BlockTrace* trace) {
  BlockTrace local;
  BlockTrace& t = trace != nullptr ? *trace : local;
  t = {};
  BitReader in(slot);
  Malformed verdict = Malformed::kNone;
  if (config.order == Order::kSignificance) {
    verdict = DecodeSignificance(in, config, t.block, t.significance);
    if (verdict != Malformed::kNone) t.block = {.format = config.format, .n = config.block_len};
    t.fields = Classify(t.block);
  } else {
    verdict = DecodeField(in, config, t.fields, t.field);
    if (verdict == Malformed::kNone && config.lossless &&
        BytesOf(t.field.size_bits) != slot.size()) {
      verdict = Malformed::kLength;  // F-7.3
    }
    t.block = {.format = config.format, .n = config.block_len};
    if (verdict != Malformed::kNone) {
      t.fields = {.format = config.format, .n = config.block_len};  // F-7.4
    }
    for (uint32_t i = 0; i < t.block.n; ++i) {
      t.block.patterns[i] = Assemble(t.fields.values[i], config.format);
    }
  }
  ScatterBlock(t.block, values);
  return verdict;
}

Result<CompressedTensor> Compress(std::span<const std::byte> values, const Config& config) {
  if (Status s = ValidateConfig(config); !s.ok()) return s;
  const uint32_t width = InfoOf(config.format).value_bytes;
  if (values.size() % width != 0) {
    return BadInputError(
        fmt::format("{} bytes are not a whole number of {} values of {} bytes: cut or complete the "
                    "last value",
                    values.size(), ToString(config.format), width));
  }
  CompressedTensor tensor;
  tensor.config = config;
  tensor.values = values.size() / width;
  const size_t room = config.lossless ? MaxSlotBytes(config) : config.slot_bytes;
  std::vector<std::byte> slot(room);
  if (config.lossless) tensor.offsets.push_back(0);
  for (size_t at = 0; at < values.size(); at += BlockBytes(config)) {
    const auto block = values.subspan(at, std::min<size_t>(BlockBytes(config), values.size() - at));
    const size_t used = CompressBlock(block, config, slot);
    tensor.slots.insert(tensor.slots.end(), slot.begin(),
                        slot.begin() + static_cast<ptrdiff_t>(used));
    if (config.lossless) tensor.offsets.push_back(tensor.slots.size());
  }
  return tensor;
}

Result<DecompressedTensor> Decompress(const CompressedTensor& tensor) {
  const Config& config = tensor.config;
  if (Status s = ValidateConfig(config); !s.ok()) return s;
  const uint64_t blocks = tensor.Blocks();
  const bool fits = config.lossless
                        ? tensor.offsets.size() == blocks + 1 &&
                              std::is_sorted(tensor.offsets.begin(), tensor.offsets.end()) &&
                              tensor.offsets.back() <= tensor.slots.size()
                        : tensor.slots.size() / config.slot_bytes == blocks &&
                              tensor.slots.size() % config.slot_bytes == 0;
  if (!fits) {
    return BadInputError(fmt::format(
        "{} bytes of slots do not hold {} blocks: the tensor was cut or its configuration "
        "is another one",
        tensor.slots.size(), blocks));
  }
  DecompressedTensor out;
  out.values.resize(tensor.values * InfoOf(config.format).value_bytes);
  for (uint64_t i = 0; i < blocks; ++i) {
    const size_t at = i * BlockBytes(config);
    const auto block =
        std::span(out.values)
            .subspan(at, std::min<size_t>(BlockBytes(config), out.values.size() - at));
    if (DecompressBlock(tensor.Slot(i), config, block) != Malformed::kNone) ++out.malformed_blocks;
  }
  return out;
}

}  // namespace actplane
