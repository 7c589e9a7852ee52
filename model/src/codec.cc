// SPDX-License-Identifier: Apache-2.0
#include "actplane/codec.h"

#include <fmt/format.h>

#include <algorithm>

namespace actplane {
namespace {

size_t BytesOf(uint64_t bits) { return static_cast<size_t>(CeilDiv(bits, 8)); }

// Order field into `out`, with the header that is decided for it.
void WriteField(const BlockFields& fields, const BaseInfo& info, const FieldHeader& header,
                BitWriter& out, FieldTrace& trace) {
  trace.info = info;
  EncodeField(fields, header, out, trace);
}

// Section 6. Returns the bits of the slot before the cut.
uint64_t WriteSignificance(const BlockFields& fields, const Config& config, BitWriter& out,
                           SignificanceTrace& trace) {
  const BaseInfo info = FindBase(fields);
  const uint64_t whole_bits = 8 + WholeSizeBits(info, config.format, config.block_len);
  const uint64_t slot_bits = 8 * uint64_t{config.slot_bytes};
  bool whole = config.lossless || whole_bits <= slot_bits;  // F-6.1
  if (!whole || (config.lossless && SignificanceIsExact(fields))) {
    trace = ScheduleSignificance(fields, config, config.lossless ? UINT64_MAX : slot_bits);
    whole = whole && BytesOf(trace.size_bits) >= BytesOf(whole_bits);  // F-6.2
  }
  if (!whole) {
    EncodeSignificance(fields, config, trace, out);
    return trace.size_bits;
  }
  trace = {};
  trace.whole_field = true;
  out.Put(1, 8);
  WriteField(fields, info, WholeHeader(info, config.format, config.block_len), out, trace.field);
  trace.field.lossless = true;
  return trace.size_bits = whole_bits;
}

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
    const BaseInfo info = FindBase(t.fields);
    WriteField(t.fields, info, SchedulePlanes(info, config), out, t.field);
    bits = t.field.size_bits;
    t.field.lossless = bits <= 8 * room && !t.field.header.saturated;
  } else {
    bits = WriteSignificance(t.fields, config, out, t.significance);
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
  uint64_t bits = 0;
  if (config.order == Order::kField) {
    verdict = DecodeField(in, config, config.lossless, t.fields, t.field);
    bits = t.field.size_bits;
  } else {
    verdict = DecodeSignificance(in, config, t.fields, t.significance);
    bits =
        t.significance.whole_field ? 8 + t.significance.field.size_bits : t.significance.size_bits;
  }
  if (verdict == Malformed::kNone && config.lossless && BytesOf(bits) != slot.size()) {
    verdict = Malformed::kLength;  // F-7.4
  }
  t.block = {.format = config.format, .n = config.block_len};
  if (verdict != Malformed::kNone) {
    t.fields = {.format = config.format, .n = config.block_len};  // F-7.5
  }
  for (uint32_t i = 0; i < t.block.n; ++i) {
    t.block.patterns[i] = Assemble(t.fields.values[i], config.format);
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
  const size_t room = config.lossless ? MaxSlotBytes(config.format, config.block_len, config.order)
                                      : config.slot_bytes;
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
