// SPDX-License-Identifier: Apache-2.0
// What both block fuzzers share: a configuration out of bytes, and one slot through all decoders.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <span>
#include <vector>

#include "actplane/codec.h"
#include "actplane/fast.h"
#include "ref/ref_decoder.h"

namespace actplane::fuzz {

// libFuzzer keeps the input when the process dies.
inline void Require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "violated: %s\n", what);
  __builtin_trap();
}

// Takes bytes off the front of an input; zeros once it is empty.
class Input {
 public:
  Input(const uint8_t* data, size_t size) : rest_(data, size) {}

  uint32_t Byte() {
    if (rest_.empty()) return 0;
    const uint32_t byte = rest_.front();
    rest_ = rest_.subspan(1);
    return byte;
  }
  uint32_t Word() { return Byte() | Byte() << 8; }
  std::span<const std::byte> rest() const { return std::as_bytes(rest_); }

 private:
  std::span<const uint8_t> rest_;
};

// Everything but T. Byte 0: format, block length, order, fill. Byte 1, order field: lossless, delta
// cap; order significance: group length, row limit.
inline Config ReadConfig(Input& in) {
  const uint32_t a = in.Byte();
  const uint32_t b = in.Byte();
  Config config;
  config.format = static_cast<Format>((a & 3) % 3);
  config.block_len = kMinBlockLen << (a >> 2 & 3);
  config.order = static_cast<Order>(a >> 4 & 1);
  config.fill = static_cast<Fill>(a >> 5 & 1);
  if (config.order == Order::kField) {
    config.lossless = (b & 1) != 0;
    config.delta_cap = (b >> 1) % (InfoOf(config.format).exp_bits + 2);
  } else {
    config.group_len = (b & 1) != 0 ? 8 : 4;
    config.row_limit = kMinRowLimit + (b >> 1) % (kMaxRowLimit - kMinRowLimit + 1);
  }
  return config;
}

// T between the bounds of F-2.6.
inline uint32_t ClampSlotBytes(const Config& config, size_t bytes) {
  return static_cast<uint32_t>(
      std::clamp<size_t>(bytes, MinSlotBytes(config), MaxSlotBytes(config)));
}

struct Decoded {
  bool malformed = false;
  bool exact = false;              // the second decoder: the slot says that it is lossless
  std::vector<uint32_t> patterns;  // N
};

// Decodes a slot with the model, the second decoder and the fast path, which must agree in the
// verdict and in every value. `count` values, 1 .. N, are asked of model and fast path.
inline Decoded DecodeByAll(std::span<const std::byte> bytes, const Config& config, size_t count) {
  const FormatInfo info = InfoOf(config.format);
  const std::vector<std::byte> slot(bytes.begin(), bytes.end());  // its end is a guarded one
  std::vector<std::byte> model(count * info.value_bytes, std::byte{0xa5});
  std::vector<std::byte> fast(count * info.value_bytes, std::byte{0x5a});

  BlockTrace trace;
  const bool malformed = DecompressBlock(slot, config, model, &trace) != Malformed::kNone;

  const auto* raw = reinterpret_cast<const uint8_t*>(slot.data());
  const ref::RefResult second =
      ref::DecodeSlot(std::vector<uint8_t>(raw, raw + slot.size()),
                      {.exp_bits = static_cast<int>(info.exp_bits),
                       .man_bits = static_cast<int>(info.man_bits),
                       .value_bytes = static_cast<int>(info.value_bytes),
                       .block_len = static_cast<int>(config.block_len),
                       .lossless = config.lossless,
                       .significance = config.order == Order::kSignificance,
                       .midpoint = config.fill == Fill::kMidpoint,
                       .group_len = static_cast<int>(config.group_len),
                       .row_limit = static_cast<int>(config.row_limit)});
  Require(second.malformed == malformed, "model and second decoder give the same verdict");
  Require(second.patterns.size() == config.block_len, "the second decoder gives N values");
  Require(std::equal(second.patterns.begin(), second.patterns.end(), trace.block.patterns.begin()),
          "model and second decoder give the same values");

  uint64_t fast_malformed = 0;
  Status status;
  if (config.lossless) {
    const uint32_t boundaries[] = {0, static_cast<uint32_t>(slot.size())};
    status = fast::DecompressBlocksLossless(slot, boundaries, config, fast, &fast_malformed);
  } else {
    status = fast::DecompressBlocks(slot, config, fast, &fast_malformed);
  }
  Require(status.ok(), "the fast path takes the slot");
  Require((fast_malformed != 0) == malformed, "model and fast path give the same verdict");
  Require(fast == model, "model and fast path give the same values");
  for (size_t i = 0; i < count; ++i) {
    uint32_t pattern = 0;
    std::memcpy(&pattern, &model[i * info.value_bytes], info.value_bytes);
    Require(pattern == second.patterns[i], "the values written are those of the trace");
  }
  return {malformed, second.exact, second.patterns};
}

}  // namespace actplane::fuzz
