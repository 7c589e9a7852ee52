// SPDX-License-Identifier: Apache-2.0
// Lossless mode gives back every bit: exhaustively for the 16-bit formats, by the hundred million
// for FP32.
#include <gtest/gtest.h>

#include <array>

#include "actplane/codec.h"
#include "actplane/fast.h"
#include "model/block_cases.h"
#include "support/clause.h"
#include "support/scale.h"

namespace actplane {
namespace {

using namespace testing_support;

// First, inner and last value of a subgroup, a group, the block.
constexpr std::array kPositions = {0U, 1U, 3U, 4U, 15U, 16U, 31U};

enum class Around { kZeros, kOnes, kSame, kNormal, kSpecials };
constexpr std::array kArounds = {Around::kZeros, Around::kOnes, Around::kSame, Around::kNormal,
                                 Around::kSpecials};

std::vector<uint32_t> Surround(Around around, uint32_t pattern, Format format, Rng& rng) {
  switch (around) {
    case Around::kZeros: return std::vector<uint32_t>(32, 0);
    case Around::kOnes: return std::vector<uint32_t>(32, ToPattern(1, format));
    case Around::kSame: return std::vector<uint32_t>(32, pattern);
    case Around::kNormal: return MakePatterns(Kind::kNormal, format, 32, rng);
    case Around::kSpecials: break;
  }
  return MakePatterns(Kind::kManySpecials, format, 32, rng);
}

void EveryPatternComesBack(Format format) {
  const Config config{.format = format, .block_len = 32, .lossless = true};
  Rng rng(53);
  // All position classes and surroundings in a full run, every pattern in one of them otherwise.
  const uint64_t combinations = kPositions.size() * kArounds.size();
  const uint64_t each = Scaled(combinations) == combinations ? combinations : 1;
  for (uint32_t pattern = 0; pattern < 0x10000; ++pattern) {
    for (uint64_t c = 0; c < each; ++c) {
      const uint64_t pick = (pattern * 5 + pattern / 35 + c) % combinations;
      auto patterns = Surround(kArounds[pick / kPositions.size()], pattern, format, rng);
      patterns[kPositions[pick % kPositions.size()]] = pattern;
      ASSERT_EQ(RoundTrip(patterns, config), patterns) << std::hex << pattern;
    }
  }
}

TEST(Lossless, EveryFp16Pattern) {
  ACTP_CLAUSE("F-3.13", "F-4.5");
  EveryPatternComesBack(Format::kFp16);
}
TEST(Lossless, EveryBf16Pattern) {
  ACTP_CLAUSE("F-3.13", "F-4.5");
  EveryPatternComesBack(Format::kBf16);
}
// FP32 patterns of all kinds, also skewed toward zeros, subnormals, Inf and NaN: `values` of them.
template <typename Compress, typename Decompress>
void Fp32ComesBack(uint64_t values, Compress compress, Decompress decompress) {
  Rng rng(59);
  for (uint64_t done = 0; done < values;) {
    const Config config{.block_len = 32U << rng.Below(4), .lossless = true};
    std::vector<uint32_t> patterns;
    for (const Kind kind : kAllKinds) {
      const auto more = MakePatterns(kind, Format::kFp32, 1000 + rng.Below(500), rng);
      patterns.insert(patterns.end(), more.begin(), more.end());
      const auto raw = MakePatterns(Kind::kPatterns, Format::kFp32, 1000, rng);
      patterns.insert(patterns.end(), raw.begin(), raw.end());
    }
    const auto bytes = std::as_bytes(std::span(patterns));
    const auto tensor = compress(bytes, config);
    ASSERT_TRUE(tensor.ok()) << tensor.status().message();
    const auto back = decompress(*tensor);
    ASSERT_TRUE(back.ok()) << back.status().message();
    ASSERT_EQ(back->malformed_blocks, 0U);
    ASSERT_TRUE(std::equal(bytes.begin(), bytes.end(), back->values.begin(), back->values.end()));
    done += patterns.size();
  }
}

constexpr uint64_t kFp32Patterns = 200'000'000;

TEST(Lossless, Fp32PatternsThroughTheReferencePath) {
  ACTP_CLAUSE("F-3.13", "F-4.5");
  const auto compress = [](auto bytes, const Config& c) { return Compress(bytes, c); };
  const auto decompress = [](const CompressedTensor& t) { return Decompress(t); };
  Fp32ComesBack(Scaled(kFp32Patterns), compress, decompress);
}

TEST(Lossless, Fp32PatternsThroughTheFastPath) {
  ACTP_CLAUSE("F-3.13", "F-4.5");
  const auto compress = [](auto bytes, const Config& c) { return fast::Compress(bytes, c); };
  const auto decompress = [](const CompressedTensor& t) { return fast::Decompress(t); };
  Fp32ComesBack(Scaled(kFp32Patterns), compress, decompress);
}

}  // namespace
}  // namespace actplane
