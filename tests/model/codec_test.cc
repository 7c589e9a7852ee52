// SPDX-License-Identifier: Apache-2.0
// The model as a whole: blocks, tensors, and what holds for every configuration.
#include "actplane/codec.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "model/block_cases.h"
#include "support/clause.h"
#include "support/scale.h"

namespace actplane {
namespace {

using namespace testing_support;

// A lossless claim, by either order: in the slot itself, or because nothing was cut.
bool ClaimsLossless(const BlockTrace& t, const Config& config) {
  if (config.lossless) return true;
  return config.order == Order::kField && t.field.lossless;
}

// What never may happen to a value of a slot of order significance, exact or not.
void CheckSignificance(const BlockTrace& in, const BlockTrace& out) {
  const SignificanceTrace& t = in.significance;
  if (t.header.width == kPoisonedWidth) return;
  for (uint32_t v = 0; v < in.block.n; ++v) {
    const Fields a = in.fields.values[v], b = out.fields.values[v];
    if (t.header.width == kPairWidth) {
      ASSERT_EQ(a, b);
      continue;
    }
    ASSERT_EQ(a.cls == ValueClass::kNan, b.cls == ValueClass::kNan);
    ASSERT_EQ(a.cls == ValueClass::kInf, b.cls == ValueClass::kInf);
    if (b.cls != ValueClass::kZero) {
      ASSERT_EQ(a.sign, b.sign);
      ASSERT_NE(a.cls, ValueClass::kZero) << "a zero has become a value";
    }
    if (t.exact && IsFinite(a.cls)) {
      ASSERT_EQ(a, b);
    }
  }
}

TEST(Codec, EveryConfigurationAndKindRoundTripsAsPromised) {
  ACTP_CLAUSE("F-2.5", "F-3.13", "F-4.5", "F-7.5");
  Rng rng(37);
  uint64_t lossless = 0, cut = 0;
  for (uint64_t i = 0; i < Scaled(2'000'000); ++i) {
    const Config config = RandomConfig(rng);
    ASSERT_TRUE(ValidateConfig(config).ok());
    const Kind kind = kAllKinds[rng.Below(kAllKinds.size())];
    const auto patterns = MakePatterns(kind, config.format, config.block_len, rng);
    const Coded coded = Encode(patterns, config);
    if (!config.lossless) {
      ASSERT_EQ(coded.slot.size(), config.slot_bytes);
    }
    const Decoded decoded = Decode(coded.slot, config);
    ASSERT_EQ(decoded.verdict, Malformed::kNone) << ToString(decoded.verdict);
    if (config.order == Order::kField && !config.lossless) {
      ASSERT_EQ(coded.trace.field.lossless, decoded.trace.field.lossless);
    }
    if (ClaimsLossless(coded.trace, config)) {
      ASSERT_EQ(decoded.patterns, patterns);
      ++lossless;
      continue;
    }
    ++cut;
    if (config.order == Order::kSignificance) {
      CheckSignificance(coded.trace, decoded.trace);
      if (HasFatalFailure()) return;
      continue;
    }
    for (uint32_t v = 0; v < config.block_len; ++v) {  // what never may happen to a value
      const Fields in = coded.trace.fields.values[v];
      const Fields out = decoded.trace.fields.values[v];
      ASSERT_EQ(in.cls == ValueClass::kNan, out.cls == ValueClass::kNan);
      ASSERT_EQ(in.cls == ValueClass::kInf, out.cls == ValueClass::kInf);
      if (IsSpecial(in.cls)) {
        ASSERT_EQ(in.sign, out.sign);
      }
      if (in.cls == ValueClass::kZero) {
        ASSERT_EQ(out.cls, ValueClass::kZero);
      }
      if (IsFinite(out.cls)) {
        ASSERT_EQ(in.sign, out.sign);
      }
      if (IsFinite(out.cls) && in.cls == ValueClass::kNormal) {
        ASSERT_EQ(in.exponent, out.exponent);
      }
    }
  }
  EXPECT_GT(lossless, 0U);
  EXPECT_GT(cut, 0U);
}

TEST(Codec, DecodersTraceTheEncodersIntermediates) {
  Rng rng(41);
  for (int i = 0; i < 2000; ++i) {
    const Config config = RandomConfig(rng);
    const auto patterns =
        MakePatterns(kAllKinds[rng.Below(kAllKinds.size())], config.format, config.block_len, rng);
    const Coded coded = Encode(patterns, config);
    const Decoded decoded = Decode(coded.slot, config);
    if (config.order == Order::kField) {
      ASSERT_EQ(coded.trace.field.header, decoded.trace.field.header);
      if (coded.trace.field.lossless) {
        ASSERT_EQ(coded.trace.field.planes.delta, decoded.trace.field.planes.delta);
      }
    } else {
      ASSERT_EQ(coded.trace.significance.header, decoded.trace.significance.header);
      ASSERT_EQ(coded.trace.significance.groups, decoded.trace.significance.groups);
      ASSERT_EQ(coded.trace.significance.magnitudes, decoded.trace.significance.magnitudes);
      ASSERT_EQ(coded.trace.significance.size_bits, decoded.trace.significance.size_bits);
    }
    ASSERT_EQ(decoded.trace.block, GatherBlock(ToBytes(decoded.patterns, config.format), config));
  }
}

TEST(Codec, RandomBytesAreJudgedAndTheNextSlotIsUnharmed) {
  ACTP_CLAUSE("F-7.4", "F-7.5");
  Rng rng(43);
  uint64_t legal = 0, malformed = 0;
  for (uint64_t i = 0; i < Scaled(1'000'000); ++i) {
    Config config = RandomConfig(rng);
    config.lossless = false;
    CompressedTensor tensor{
        .config = config, .values = 3 * config.block_len, .slots = {}, .offsets = {}};
    const auto patterns = MakePatterns(Kind::kNormal, config.format, config.block_len, rng);
    const Coded coded = Encode(patterns, config);
    tensor.slots = coded.slot;
    for (uint32_t b = 0; b < config.slot_bytes; ++b)
      tensor.slots.push_back(static_cast<std::byte>(rng.Next()));
    tensor.slots.insert(tensor.slots.end(), coded.slot.begin(), coded.slot.end());
    const auto out = Decompress(tensor);
    ASSERT_TRUE(out.ok());
    const size_t bytes = BlockBytes(config);
    ASSERT_TRUE(std::equal(out->values.begin(), out->values.begin() + static_cast<ptrdiff_t>(bytes),
                           out->values.end() - static_cast<ptrdiff_t>(bytes)));
    ASSERT_LE(out->malformed_blocks, 1U);
    if (out->malformed_blocks != 0) {
      for (size_t b = bytes; b < 2 * bytes; ++b) ASSERT_EQ(out->values[b], std::byte{0});
    }
    ++(out->malformed_blocks != 0 ? malformed : legal);
  }
  EXPECT_GT(legal, 0U);
  EXPECT_GT(malformed, 0U);
}

TEST(Codec, SlotIOfATensorIsBlockI) {
  ACTP_CLAUSE("F-2.3", "F-2.5");
  Rng rng(47);
  for (const bool lossless : {false, true}) {
    const Config config{
        .format = Format::kBf16, .block_len = 64, .lossless = lossless, .slot_bytes = 60};
    const auto patterns = MakePatterns(Kind::kGelu, config.format, 5 * 64 + 9, rng);
    const auto bytes = ToBytes(patterns, config.format);
    const auto tensor = Compress(bytes, config);
    ASSERT_TRUE(tensor.ok());
    ASSERT_EQ(tensor->Blocks(), 6U);
    for (uint64_t i = 0; i < 6; ++i) {
      const size_t at = i * BlockBytes(config);
      const auto block =
          std::span(bytes).subspan(at, std::min<size_t>(BlockBytes(config), bytes.size() - at));
      std::vector<std::byte> slot(MaxSlotBytes(config));
      slot.resize(CompressBlock(block, config, slot));
      ASSERT_TRUE(
          std::equal(slot.begin(), slot.end(), tensor->Slot(i).begin(), tensor->Slot(i).end()));
    }
    const auto back = Decompress(*tensor);
    ASSERT_TRUE(back.ok());
    EXPECT_EQ(back->malformed_blocks, 0U);
    EXPECT_EQ(back->values.size(), bytes.size());  // the padding is gone
    if (lossless) {
      EXPECT_EQ(back->values, bytes);
    }
  }
}

TEST(Codec, EmptyTensorIsATensor) {
  for (const bool lossless : {false, true}) {
    const auto tensor = Compress({}, {.lossless = lossless});
    ASSERT_TRUE(tensor.ok());
    EXPECT_EQ(tensor->Blocks(), 0U);
    EXPECT_TRUE(Decompress(*tensor)->values.empty());
  }
}

TEST(Codec, TensorsThatCannotBeAreRefused) {
  ACTP_CLAUSE("F-2.6");
  EXPECT_EQ(Compress({}, {.slot_bytes = 3}).status().code(), StatusCode::kInvalidConfig);
  const std::vector<std::byte> seven(7);
  EXPECT_EQ(Compress(seven, {}).status().code(), StatusCode::kBadInput);
  CompressedTensor tensor = *Compress(std::vector<std::byte>(1024), {});
  tensor.slots.pop_back();
  EXPECT_EQ(Decompress(tensor).status().code(), StatusCode::kBadInput);
  tensor.config.slot_bytes = 3;
  EXPECT_EQ(Decompress(tensor).status().code(), StatusCode::kInvalidConfig);
  tensor = *Compress(std::vector<std::byte>(1024), {.lossless = true});
  tensor.offsets.back() += 1;
  EXPECT_EQ(Decompress(tensor).status().code(), StatusCode::kBadInput);
  EXPECT_EQ(MismatchError("x").code(), StatusCode::kMismatch);
  EXPECT_EQ(IoError("x").code(), StatusCode::kIo);
}

TEST(Codec, EveryVerdictHasAName) {
  for (uint8_t i = 0; i <= static_cast<uint8_t>(Malformed::kLength); ++i) {
    EXPECT_NE(ToString(static_cast<Malformed>(i)), "unknown");
  }
  EXPECT_EQ(ToString(static_cast<Malformed>(99)), "unknown");
}

}  // namespace
}  // namespace actplane
