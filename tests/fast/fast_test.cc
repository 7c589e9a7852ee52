// SPDX-License-Identifier: Apache-2.0
// The fast path gives the bits of the reference, on every SIMD target of this CPU.
#include "actplane/fast.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <algorithm>
#include <cfenv>
#include <cstring>
#include <functional>

#include "data.h"
#include "support/scale.h"

namespace actplane::fast {
namespace {

using actplane::testing_support::Scaled;
using testing_support::Kind;
using testing_support::MakeValues;
using testing_support::RandomConfig;
using testing_support::Rng;

std::string Name(const Config& c) {
  return fmt::format("{} N={} {} {} T={} fill={} cap={} K={} R={}", ToString(c.format), c.block_len,
                     ToString(c.order), c.lossless ? "lossless" : "fixed", c.slot_bytes,
                     ToString(c.fill), c.delta_cap, c.group_len, c.row_limit);
}

// Runs `check` once for each target that is compiled in and that this CPU has; then all are there
// again.
void ForEachTarget(const std::function<void()>& check) {
  for (const int64_t target : hwy::SupportedAndGeneratedTargets()) {
    SCOPED_TRACE(hwy::TargetName(target));
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    check();
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

// Where two runs of bytes differ first, for a message that helps.
std::string Difference(std::span<const std::byte> a, std::span<const std::byte> b, size_t unit) {
  if (a.size() != b.size()) return fmt::format("{} and {} bytes", a.size(), b.size());
  const auto at =
      static_cast<size_t>(std::mismatch(a.begin(), a.end(), b.begin()).first - a.begin());
  return at == a.size() ? "" : fmt::format("unit {} byte {}", at / unit, at % unit);
}

void ExpectSame(const CompressedTensor& expected, const Result<CompressedTensor>& got) {
  ASSERT_TRUE(got.ok()) << got.status().message();
  const size_t unit = expected.config.lossless ? 1 : expected.config.slot_bytes;
  ASSERT_EQ(Difference(expected.slots, got->slots, unit), "") << Name(expected.config);
  ASSERT_EQ(expected.offsets, got->offsets);
  ASSERT_EQ(expected.values, got->values);
  ASSERT_EQ(expected.config, got->config);
}

void ExpectSame(const DecompressedTensor& expected, const Result<DecompressedTensor>& got,
                const Config& config) {
  ASSERT_TRUE(got.ok()) << got.status().message();
  ASSERT_EQ(Difference(expected.values, got->values, BlockBytes(config)), "") << Name(config);
  ASSERT_EQ(expected.malformed_blocks, got->malformed_blocks) << Name(config);
}

// Both directions against the reference.
void CheckDecode(const CompressedTensor& tensor) {
  const auto expected = actplane::Decompress(tensor);
  ASSERT_TRUE(expected.ok()) << expected.status().message();
  ForEachTarget([&] { ExpectSame(*expected, fast::Decompress(tensor, 1), tensor.config); });
}

void CheckBoth(std::span<const std::byte> values, const Config& config) {
  const auto expected = actplane::Compress(values, config);
  ASSERT_TRUE(expected.ok()) << expected.status().message();
  ForEachTarget([&] { ExpectSame(*expected, fast::Compress(values, config, 1)); });
  if (!::testing::Test::HasFatalFailure()) CheckDecode(*expected);
}

class FastKind : public ::testing::TestWithParam<uint32_t> {};

TEST_P(FastKind, EqualsTheReferenceInRandomConfigurations) {
  Rng rng(100 + GetParam());
  for (uint64_t i = 0; i < Scaled(20000); ++i) {
    const Config config = RandomConfig(rng);
    const size_t count = rng.Below(4 * config.block_len) + 1;
    const auto values = MakeValues(static_cast<Kind>(GetParam()), config.format, count, rng);
    SCOPED_TRACE(fmt::format("case {} {} values {}", i, count, Name(config)));
    CheckBoth(values, config);
    if (HasFatalFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(All, FastKind, ::testing::Range(0U, static_cast<uint32_t>(Kind::kCount)));

TEST(Fast, EqualsTheReferenceForEverySlotSize) {
  Rng rng(1);
  // All sizes in the full campaign, every fifth otherwise, smallest and largest always.
  const uint32_t step = Scaled(20) == 20 ? 1 : 5;
  const std::vector<Config> shapes = {
      {.order = Order::kField},
      {.order = Order::kSignificance},
      {.order = Order::kSignificance, .group_len = 8, .row_limit = 11},
      {.order = Order::kSignificance, .row_limit = 24}};
  for (const Format format : {Format::kFp32, Format::kFp16, Format::kBf16}) {
    for (Config config : shapes) {
      config.format = format;
      for (config.block_len = 32; config.block_len <= 256; config.block_len *= 2) {
        const uint32_t most = MaxSlotBytes(config);
        const uint32_t least = MinSlotBytes(config);
        for (uint32_t t = least; t <= most; ++t) {
          if ((t - least) % step != 0 && t != most) continue;
          config.slot_bytes = t;
          const auto kind = static_cast<Kind>(t % static_cast<uint32_t>(Kind::kCount));
          CheckBoth(MakeValues(kind, format, config.block_len, rng), config);
          CheckBoth(MakeValues(Kind::kNormal, format, config.block_len, rng), config);
          if (HasFatalFailure()) return;
        }
      }
    }
  }
}

// A group that leaves before the second search may get rows of zeros in it, whatever its values are
// (F-6.12): here many are next to the largest finite ones.
TEST(Fast, GroupsThatLeaveHaveRowsOfZerosNextToTheLargestValues) {
  Rng rng(11);
  for (uint64_t i = 0; i < Scaled(40000); ++i) {
    Config config = RandomConfig(rng);
    config.order = Order::kSignificance;
    config.lossless = false;
    config.slot_bytes = 4 + rng.Below(24);
    if (!ValidateConfig(config).ok()) continue;
    const FormatInfo info = InfoOf(config.format);
    std::vector<std::byte> values(config.block_len * info.value_bytes);
    const bool signs = rng.Below(2) == 0;
    for (uint32_t v = 0; v < config.block_len; ++v) {
      Fields f = {.exponent = info.exp_max - 1 - (rng.Below(3) == 0 ? 0 : rng.Below(24)),
                  .mantissa = static_cast<uint32_t>(rng.Next()) & ((1U << info.man_bits) - 1)};
      f.sign = (v >= config.block_len / 4 || signs) && rng.Below(4) == 0 ? 1 : 0;
      const uint32_t pattern = v % 16 == 3 ? 0 : Assemble(f, config.format);
      std::memcpy(&values[v * info.value_bytes], &pattern, info.value_bytes);
    }
    CheckBoth(values, config);
    if (HasFatalFailure()) return;
  }
}

// Slots of arbitrary bytes, and slots of the encoder with a few bits changed.
TEST(Fast, DecodesDamagedSlotsLikeTheReference) {
  Rng rng(2);
  uint64_t malformed = 0;
  uint64_t legal = 0;
  for (uint64_t i = 0; i < Scaled(60000); ++i) {
    Config config = RandomConfig(rng);
    const auto kind = static_cast<Kind>(rng.Below(static_cast<uint32_t>(Kind::kCount)));
    auto tensor = *actplane::Compress(
        MakeValues(kind, config.format, size_t{2} * config.block_len, rng), config);
    if (rng.Chance(50)) {
      for (uint32_t flips = rng.Below(4); flips > 0; --flips) {
        const uint32_t near = rng.Chance(50) ? 80 : static_cast<uint32_t>(8 * tensor.slots.size());
        const uint32_t bit =
            std::min(rng.Below(near), static_cast<uint32_t>(8 * tensor.slots.size() - 1));
        tensor.slots[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
      }
    } else {
      for (std::byte& b : tensor.slots) b = static_cast<std::byte>(rng.Next());
    }
    if (config.lossless && rng.Chance(30)) {  // another length
      tensor.offsets[1] = rng.Below(static_cast<uint32_t>(tensor.slots.size() + 1));
    }
    SCOPED_TRACE(fmt::format("case {}", i));
    CheckDecode(tensor);
    if (HasFatalFailure()) return;
    const uint64_t bad = actplane::Decompress(tensor)->malformed_blocks;
    malformed += bad;
    legal += 2 - bad;
  }
  EXPECT_GT(malformed, Scaled(60000) / 10);
  EXPECT_GT(legal, Scaled(60000) / 10);
}

// Bits of a slot, written at will.
class SlotEditor {
 public:
  explicit SlotEditor(std::span<std::byte> slot) : slot_(slot) {}
  void Put(uint64_t value, uint32_t count) {
    for (uint32_t k = 0; k < count && at_ < 8 * slot_.size(); ++k, ++at_) {
      const auto bit = static_cast<std::byte>(1U << (at_ % 8));
      slot_[at_ / 8] = (slot_[at_ / 8] & ~bit) | (BitOf(value, k) != 0 ? bit : std::byte{0});
    }
  }

 private:
  std::span<std::byte> slot_;
  uint64_t at_ = 0;
};

// F-7.5: headers that are legal, or nearly, in front of arbitrary bits: also what no encoder makes.
TEST(Fast, DecodesLegalSlotsThatNoEncoderMakes) {
  Rng rng(3);
  uint64_t legal = 0;
  for (uint64_t i = 0; i < Scaled(120000); ++i) {
    Config config = RandomConfig(rng);
    config.lossless = false;
    const FormatInfo info = InfoOf(config.format);
    CompressedTensor tensor{
        .config = config, .values = config.block_len, .slots = {}, .offsets = {}};
    const uint32_t density = rng.Below(4);  // of ones: 1/2 down to 1/16
    for (uint32_t b = 0; b < config.slot_bytes; ++b) {
      uint64_t byte = rng.Next();
      for (uint32_t k = 0; k < density; ++k) byte &= rng.Next();
      tensor.slots.push_back(static_cast<std::byte>(byte));
    }
    SlotEditor out(tensor.slots);
    if (config.order == Order::kField) {
      out.Put(rng.Below(info.exp_max), 8);
      out.Put(rng.Below(info.exp_bits + 2), 4);
      const uint32_t flags = rng.Below(16);
      out.Put(flags, 4);
      if ((flags & 4) != 0) {
        const uint64_t map = rng.Next() & rng.Next() & LowMask(info.man_bits + 1);
        const uint64_t value = rng.Next() & ~map & LowMask(info.man_bits);
        out.Put(map, ExtensionWordBits(config.format));
        out.Put(value | uint64_t{(flags & 2) == 0 && rng.Chance(50)} << info.man_bits,
                ExtensionWordBits(config.format));
      }
    } else {
      out.Put(rng.Chance(97) ? rng.Below(5) : 5 + rng.Below(3), 3);
      out.Put(rng.Below(2), 1);
      out.Put(rng.Below(rng.Chance(10) ? 4 : 3), 2);
      out.Put(rng.Below(rng.Chance(70) ? 10 : 32), 5);
      out.Put(rng.Below(std::min(UnitsOf(config) + 1, 32U)), 5);
      out.Put(1 + (rng.Chance(50) ? rng.Below(std::min(info.exp_max - 1, 34U))
                                  : rng.Below(info.exp_max - 1)),
              8);
    }
    SCOPED_TRACE(fmt::format("case {}", i));
    CheckDecode(tensor);
    if (HasFatalFailure()) return;
    // The same bits as a lossless tensor: mostly F-7.3.
    if (config.order == Order::kField && rng.Chance(20)) {
      tensor.config.lossless = true;
      tensor.offsets = {0, tensor.slots.size()};
      CheckDecode(tensor);
      if (HasFatalFailure()) return;
    }
    legal += 1 - actplane::Decompress(tensor)->malformed_blocks;
  }
  EXPECT_GT(legal, Scaled(120000) / 4);
}

TEST(Fast, ThreadsChangeNothing) {
  Rng rng(4);
  for (const bool lossless : {false, true}) {
    for (const Order order : {Order::kField, Order::kSignificance}) {
      const Config config{.lossless = lossless, .order = order};
      if (!ValidateConfig(config).ok()) continue;  // lossless mode has one order
      const auto values = MakeValues(Kind::kDropout, config.format, 300'001, rng);
      const auto expected = actplane::Compress(values, config);
      const auto back = actplane::Decompress(*expected);
      for (const int threads : {0, 1, 2, 3}) {
        ExpectSame(*expected, fast::Compress(values, config, threads));
        ExpectSame(*back, fast::Decompress(*expected, threads), config);
      }
    }
  }
}

TEST(Fast, RunsOfBlocksEqualTheTensor) {
  Rng rng(5);
  for (const int threads : {1, 2}) {
    const Config config{.slot_bytes = 128, .order = Order::kSignificance};
    const auto values = MakeValues(Kind::kGelu, config.format, 100'001, rng);
    const auto tensor = *actplane::Compress(values, config);
    std::vector<std::byte> slots(SlotsBytes(config, values.size()));
    ASSERT_TRUE(CompressBlocks(values, config, slots, threads).ok());
    EXPECT_EQ(slots, tensor.slots);
    slots[0] |= std::byte{0xff};  // a pair with reserved bits
    std::vector<std::byte> back(values.size());
    uint64_t malformed = 0;
    ASSERT_TRUE(DecompressBlocks(slots, config, back, &malformed, threads).ok());
    EXPECT_EQ(malformed, 1U);
    auto expected = actplane::Decompress(tensor)->values;
    std::fill_n(expected.begin(), BlockBytes(config), std::byte{0});
    EXPECT_EQ(back, expected);
    EXPECT_TRUE(DecompressBlocks(slots, config, back).ok());
  }
}

TEST(Fast, BuffersNeedNoAlignment) {
  Rng rng(7);
  for (const Config& config : {Config{.format = Format::kFp32, .slot_bytes = 101},
                               Config{.format = Format::kFp16, .slot_bytes = 101},
                               Config{.slot_bytes = 101, .order = Order::kSignificance}}) {
    auto values = MakeValues(Kind::kNormal, config.format, 1000, rng);
    const auto tensor = *actplane::Compress(values, config);
    const auto expected = *actplane::Decompress(tensor);
    values.insert(values.begin(), std::byte{0});
    std::vector<std::byte> slots(tensor.slots.size() + 1);
    std::vector<std::byte> back(values.size());
    ForEachTarget([&] {
      const auto odd_slots = std::span(slots).subspan(1);
      const auto odd_back = std::span(back).subspan(1);
      ASSERT_TRUE(CompressBlocks(std::span(values).subspan(1), config, odd_slots).ok());
      EXPECT_THAT(odd_slots, ::testing::ElementsAreArray(tensor.slots));
      ASSERT_TRUE(DecompressBlocks(odd_slots, config, odd_back).ok());
      EXPECT_THAT(odd_back, ::testing::ElementsAreArray(expected.values));
    });
  }
}

// The fast path computes with floats where that is exact: how the caller rounds changes nothing.
TEST(Fast, TheRoundingModeChangesNothing) {
  Rng rng(8);
  for (const Kind kind : {Kind::kNormal, Kind::kSoftmax, Kind::kDropout}) {
    const Config config{.slot_bytes = 100, .order = Order::kSignificance};
    const auto values = MakeValues(kind, config.format, 10'000, rng);
    const auto expected = *actplane::Compress(values, config);
    const auto back = *actplane::Decompress(expected);
    for (const int mode : {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO}) {
      ForEachTarget([&] {
        ASSERT_EQ(std::fesetround(mode), 0);
        const auto got = fast::Compress(values, config, 1);
        const auto got_back = fast::Decompress(expected, 1);
        std::fesetround(FE_TONEAREST);
        ExpectSame(expected, got);
        ExpectSame(back, got_back, config);
      });
    }
  }
}

TEST(Fast, LosslessRunsOfBlocksEqualTheTensor) {
  Rng rng(6);
  for (const int threads : {1, 2}) {
    const Config config{.format = Format::kFp16, .lossless = true};
    const auto values = MakeValues(Kind::kDropout, config.format, 100'001, rng);
    const auto tensor = *actplane::Compress(values, config);
    std::vector<std::byte> slots(SlotsBytes(config, values.size()));
    std::vector<uint32_t> boundaries(tensor.Blocks() + 1);
    ASSERT_TRUE(CompressBlocksLossless(values, config, slots, boundaries, threads).ok());
    EXPECT_THAT(boundaries, ::testing::ElementsAreArray(tensor.offsets));
    slots.resize(boundaries.back());
    EXPECT_EQ(slots, tensor.slots);
    std::vector<std::byte> back(values.size());
    uint64_t malformed = 1;
    ASSERT_TRUE(
        DecompressBlocksLossless(slots, boundaries, config, back, &malformed, threads).ok());
    EXPECT_EQ(malformed, 0U);
    EXPECT_EQ(back, values);
    EXPECT_TRUE(DecompressBlocksLossless(slots, boundaries, config, back).ok());
  }
}

TEST(Fast, AnEmptyTensorIsEmpty) {
  for (const bool lossless : {false, true}) {
    const Config config{.lossless = lossless};
    const auto tensor = fast::Compress({}, config);
    ExpectSame(*actplane::Compress({}, config), tensor);
    ExpectSame(*actplane::Decompress(*tensor), fast::Decompress(*tensor), config);
  }
}

TEST(Fast, RefusesWhatTheReferenceRefuses) {
  const std::vector<std::byte> values(10);
  EXPECT_EQ(fast::Compress(values, {}).status().message(),
            actplane::Compress(values, {}).status().message());
  const Config small{.slot_bytes = 3};
  EXPECT_EQ(fast::Compress({}, small).status().code(), StatusCode::kInvalidConfig);
  EXPECT_EQ(
      fast::Decompress({.config = small, .values = 0, .slots = {}, .offsets = {}}).status().code(),
      StatusCode::kInvalidConfig);
  CompressedTensor cut = *fast::Compress(std::span(values).first(8), {});
  cut.slots.pop_back();
  EXPECT_EQ(fast::Decompress(cut).status().message(), actplane::Decompress(cut).status().message());
  CompressedTensor shuffled = *fast::Compress(std::span(values).first(8), {.lossless = true});
  shuffled.offsets = {1, 0};
  EXPECT_EQ(fast::Decompress(shuffled).status().message(),
            actplane::Decompress(shuffled).status().message());
}

TEST(Fast, RunsRefuseBuffersThatDoNotFit) {
  const Config fixed;
  const Config lossless{.lossless = true};
  std::vector<std::byte> values(512);
  std::vector<std::byte> slots(fixed.slot_bytes);
  std::vector<uint32_t> boundaries(2);
  const auto bytes = std::span(values);
  EXPECT_EQ(CompressBlocks(bytes, fixed, std::span(slots).first(159)).code(),
            StatusCode::kBadInput);
  EXPECT_EQ(CompressBlocks(bytes.first(511), fixed, slots).code(), StatusCode::kBadInput);
  EXPECT_EQ(CompressBlocks(bytes, lossless, slots).code(), StatusCode::kInvalidConfig);
  EXPECT_EQ(CompressBlocks(bytes, {.slot_bytes = 1}, slots).code(), StatusCode::kInvalidConfig);
  EXPECT_EQ(DecompressBlocks(std::span(slots).first(159), fixed, bytes).code(),
            StatusCode::kBadInput);
  EXPECT_EQ(DecompressBlocks(slots, lossless, bytes).code(), StatusCode::kInvalidConfig);
  EXPECT_EQ(CompressBlocksLossless(bytes, lossless, slots, boundaries).code(),
            StatusCode::kBadInput);
  EXPECT_EQ(CompressBlocksLossless(bytes, fixed, slots, boundaries).code(),
            StatusCode::kInvalidConfig);
  EXPECT_EQ(DecompressBlocksLossless(slots, boundaries, fixed, bytes).code(),
            StatusCode::kInvalidConfig);
  boundaries = {0, 161};
  EXPECT_EQ(DecompressBlocksLossless(slots, boundaries, lossless, bytes).code(),
            StatusCode::kBadInput);
}

}  // namespace
}  // namespace actplane::fast
