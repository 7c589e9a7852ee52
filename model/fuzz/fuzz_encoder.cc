// SPDX-License-Identifier: Apache-2.0
// Any values as a block: model and fast path must write the same slot, all decoders must read it
// alike, and what comes back must be what the format promises.
// Input: configuration (2 bytes), T (2 bytes), spread (1 byte), the values, little-endian.
#include "fuzz_slots.h"

namespace actplane::fuzz {
namespace {

// Bytes make exponents that lie far apart, which is one path of the encoder. With a spread, the
// exponents of the finite values lie at most that far below the first one instead.
void Narrow(std::span<std::byte> values, Format format, uint32_t spread) {
  const FormatInfo info = InfoOf(format);
  uint32_t top = 0;
  for (size_t at = 0; at < values.size(); at += info.value_bytes) {
    uint32_t pattern = 0;
    std::memcpy(&pattern, &values[at], info.value_bytes);
    Fields fields = Classify(pattern, format);
    if (at == 0) top = fields.exponent;
    if (!IsFinite(fields.cls)) continue;
    fields.exponent = top - std::min(top, fields.exponent % (spread + 1));
    pattern = Assemble(fields, format);
    std::memcpy(&values[at], &pattern, info.value_bytes);
  }
}

// What a value may become when its block is not exact.
void CheckValue(const Fields& in, const Fields& out, const Config& config,
                const BlockTrace& trace) {
  const bool zero = out.cls == ValueClass::kZero;
  if (IsSpecial(in.cls)) {
    Require(out.cls == in.cls && out.sign == in.sign, "specials keep class and sign");
  } else if (config.order == Order::kField) {
    Require(out.sign == in.sign, "a value keeps its sign");
    if (in.cls == ValueClass::kZero) Require(zero, "a zero stays zero");
    if (zero && in.exponent != 0) {
      Require(trace.field.header.saturated, "only saturation makes zeros, F-4.7");
    } else {
      Require(out.exponent == in.exponent, "exponents are exact, F-3.7");
    }
  } else if (in.cls == ValueClass::kZero) {
    Require(zero && out.sign == 0, "a zero is +0");
  } else {
    const SignificanceHeader& header = trace.significance.header;
    const int32_t weight = EffectiveExponent(in, config.format);
    const int32_t delta = static_cast<int32_t>(header.base) - weight;
    Require(zero == (delta >= static_cast<int32_t>(header.planes)), "P planes are kept, F-5.8");
    Require(out.sign == (zero ? 0 : in.sign), "a significant value keeps its sign");
    if (!zero) {
      Require(EffectiveExponent(out, config.format) == weight, "leading ones are kept, F-5.11");
    }
  }
}

void CheckBlock(const BlockTrace& trace, bool exact, const Config& config,
                const std::vector<uint32_t>& patterns) {
  if (trace.significance.poisoned) {
    const FormatInfo info = InfoOf(config.format);
    const uint32_t quiet_nan = info.exp_max << info.man_bits | 1U << (info.man_bits - 1);
    Require(std::ranges::all_of(patterns, [=](uint32_t p) { return p == quiet_nan; }),
            "a poisoned block is all NaN");
    return;
  }
  for (uint32_t i = 0; i < config.block_len; ++i) {
    if (exact) {
      Require(patterns[i] == trace.block.patterns[i], "an exact block gives every bit back");
    } else {
      CheckValue(trace.fields.values[i], Classify(patterns[i], config.format), config, trace);
    }
  }
}

void EncodeAnyValues(Input in) {
  Config config = ReadConfig(in);
  const uint32_t width = InfoOf(config.format).value_bytes;
  const uint32_t most = MaxSlotBytes(config);
  config.slot_bytes = ClampSlotBytes(config, in.Word() % (most + 1));
  Require(ValidateConfig(config).ok(), "the configuration is valid");
  const uint32_t spread = in.Byte();
  const size_t count = std::clamp<size_t>(in.rest().size() / width, 1, config.block_len);
  std::vector<std::byte> values(count * width);
  std::copy_n(in.rest().begin(), std::min(values.size(), in.rest().size()), values.begin());
  if (spread != 0) Narrow(values, config.format, spread);

  BlockTrace trace;
  std::vector<std::byte> slot(config.lossless ? most : config.slot_bytes, std::byte{0xff});
  const size_t used = CompressBlock(values, config, slot, &trace);
  Require(used <= slot.size(), "a slot has at most T bytes");
  slot.resize(used);

  std::vector<std::byte> fast(fast::SlotsBytes(config, values.size()), std::byte{0xee});
  uint32_t boundaries[2] = {0, static_cast<uint32_t>(fast.size())};
  const Status status = config.lossless
                            ? fast::CompressBlocksLossless(values, config, fast, boundaries)
                            : fast::CompressBlocks(values, config, fast);
  Require(status.ok(), "the fast path takes the values");
  Require(boundaries[0] == 0 && boundaries[1] == used, "model and fast path give the same length");
  fast.resize(used);
  Require(fast == slot, "model and fast path write the same slot");

  // F-3.13: slots in the layout of order field say themselves whether they are lossless.
  const bool says_exact =
      config.order == Order::kField ? trace.field.lossless : trace.significance.whole_field;
  const Decoded got = DecodeByAll(slot, config, count);
  Require(!got.malformed, "no encoder makes a malformed slot");
  Require(got.exact == says_exact, "encoder and decoder agree on what is lossless");
  CheckBlock(trace, config.lossless || says_exact, config, got.patterns);
}

}  // namespace
}  // namespace actplane::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  actplane::fuzz::EncodeAnyValues({data, size});
  return 0;
}
