// SPDX-License-Identifier: Apache-2.0
// Any values as a block: model and fast path must write the same slot, all decoders must read it
// alike, and what comes back must be what the format promises.
// Input: configuration (2 bytes), T (2 bytes), spread (1 byte), the values, little-endian.
#include <cmath>

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

double ToDouble(const Fields& v, Format format) {
  const auto man = static_cast<int>(InfoOf(format).man_bits);
  const uint32_t hidden = v.exponent != 0 ? 1U << man : 0U;
  const int weight = static_cast<int>(std::max(v.exponent, 1U)) - man;
  return std::ldexp(v.mantissa | hidden, weight) * (v.sign != 0 ? -1 : 1);
}

// What a value of order field may become when its block is not exact.
void CheckFieldValue(const Fields& in, const Fields& out, const BlockTrace& trace) {
  const bool zero = out.cls == ValueClass::kZero;
  Require(out.sign == in.sign, "a value keeps its sign");
  if (IsSpecial(in.cls)) {
    Require(out.cls == in.cls, "specials keep their class");
  } else if (in.cls == ValueClass::kZero) {
    Require(zero, "a zero stays zero");
  } else if (zero && in.exponent != 0) {
    Require(trace.field.header.saturated, "only saturation makes zeros, F-4.7");
  } else {
    Require(out.exponent == in.exponent, "exponents are exact, F-3.7");
  }
}

// The same of order significance. `dead`: no value of the group is finite. A group that lives by
// its code alone is that as well: it has rows of zeros (F-6.12).
void CheckSignificanceValue(const Fields& in, const Fields& out, const GroupPlace& place, bool dead,
                            Format format) {
  if (IsSpecial(in.cls)) {
    Require(out.cls == in.cls && out.sign == in.sign, "specials keep class and sign");
  } else if (in.cls == ValueClass::kZero) {
    Require(out.cls == ValueClass::kZero, "zeros stay zero");
  } else if (!dead) {
    Require(place.lives, "dead groups are zeros");
    Require(out.sign == in.sign, "a group that lives keeps its signs");
    const double error = std::abs(ToDouble(in, format) - ToDouble(out, format));
    Require(error <= std::ldexp(1.0, place.step), "a value moves by a step at most");
  }
}

void CheckBlock(const BlockTrace& trace, const Config& config,
                const std::vector<uint32_t>& patterns) {
  const SignificanceTrace& significance = trace.significance;
  const bool field = config.order == Order::kField;
  if (!field && significance.header.width == kPoisonedWidth) {
    const FormatInfo info = InfoOf(config.format);
    const uint32_t quiet_nan = info.exp_max << info.man_bits | 1U << (info.man_bits - 1);
    Require(std::ranges::all_of(patterns, [=](uint32_t p) { return p == quiet_nan; }),
            "a poisoned block is all NaN");
    return;
  }
  const bool pair = !field && significance.header.width == kPairWidth;
  const bool exact = field ? trace.field.lossless : significance.exact;
  for (uint32_t i = 0; i < config.block_len; ++i) {
    const Fields& in = trace.fields.values[i];
    const Fields out = Classify(patterns[i], config.format);
    if (exact) {
      // F-6.9: zeros of empty groups may lose their sign.
      const bool same = patterns[i] == trace.block.patterns[i];
      const bool zeros = in.cls == ValueClass::kZero && out.cls == ValueClass::kZero;
      Require(same || (!field && !pair && zeros), "an exact block comes back");
    } else if (field) {
      CheckFieldValue(in, out, trace);
    } else {
      const uint32_t group = i / config.group_len;
      const auto values = std::span(patterns).subspan(group * config.group_len, config.group_len);
      const bool dead = std::ranges::none_of(
          values, [&](uint32_t p) { return IsFinite(Classify(p, config.format).cls); });
      CheckSignificanceValue(in, out, significance.groups[group], dead, config.format);
    }
  }
}

// F-6.13, F-3.14: what a decoder gave comes back when it is encoded again.
void CheckLossOnce(const BlockTrace& trace, const Config& config,
                   const std::vector<uint32_t>& patterns) {
  const FieldHeader& h = trace.field.header;
  if (config.order == Order::kField &&
      (h.saturated || h.extension || config.fill != Fill::kMidpoint || config.lossless)) {
    return;
  }
  const uint32_t width = InfoOf(config.format).value_bytes;
  std::vector<std::byte> values(size_t{config.block_len} * width);
  for (size_t i = 0; i < config.block_len; ++i) {
    std::memcpy(&values[i * width], &patterns[i], width);
  }
  std::vector<std::byte> slot(config.slot_bytes);
  CompressBlock(values, config, slot);
  std::vector<std::byte> again(values.size());
  DecompressBlock(slot, config, again);
  Require(again == values, "loss happens once");
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

  const Decoded got = DecodeByAll(slot, config, count);
  Require(!got.malformed, "no encoder makes a malformed slot");
  if (config.order == Order::kField) {  // F-3.13: a slot says itself whether it is lossless
    Require(got.exact == trace.field.lossless, "encoder and decoder agree on what is lossless");
  }
  CheckBlock(trace, config, got.patterns);
  CheckLossOnce(trace, config, got.patterns);
}

}  // namespace
}  // namespace actplane::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  actplane::fuzz::EncodeAnyValues({data, size});
  return 0;
}
