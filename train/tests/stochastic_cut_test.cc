// SPDX-License-Identifier: Apache-2.0
// Stochastic rounding before the encoder: without bias, within a step, and nothing that a decoder
// could notice.
#include "train/stash/stochastic_cut.h"

#include <cmath>
#include <limits>
#include <vector>

#include "actplane/fast.h"
#include "test_support.h"

namespace actplane::train {
namespace {

constexpr size_t kBlock = 128;

Config SlotsOf(uint32_t bytes) {
  return {.slot_bytes = bytes, .order = Order::kSignificance, .fill = Fill::kZero};
}

std::vector<float> RandomValues(size_t n, double scale = 1) {
  const at::Tensor x = at::empty({static_cast<int64_t>(n)}, at::kDouble)
                           .normal_(0, 1, at::detail::createCPUGenerator(5)) *
                       scale;
  const at::Tensor y = x.to(at::kFloat);
  return {y.data_ptr<float>(), y.data_ptr<float>() + n};
}

std::vector<std::byte> Cut(std::span<const float> x, const Config& config, uint64_t key) {
  std::vector<std::byte> slots((x.size() + kBlock - 1) / kBlock * config.slot_bytes);
  const Status s = CompressStochastic(x, config, key, 0, slots);
  EXPECT_TRUE(s.ok()) << s.message();
  return slots;
}

// What the encoder alone makes of it.
std::vector<std::byte> Plain(std::span<const float> x, const Config& config) {
  std::vector<std::byte> slots((x.size() + kBlock - 1) / kBlock * config.slot_bytes);
  EXPECT_TRUE(fast::CompressBlocks(std::as_bytes(x), config, slots).ok());
  return slots;
}

std::vector<float> Values(std::span<const std::byte> slots, const Config& config, size_t n) {
  std::vector<float> x(n);
  uint64_t malformed = 0;
  EXPECT_TRUE(
      fast::DecompressBlocks(slots, config, std::as_writable_bytes(std::span(x)), &malformed).ok());
  EXPECT_EQ(malformed, 0);
  return x;
}

// Which step fits depends on the draws; whether that leaves a bias shows at any size of slot. The
// errors were measured: a step that is too large doubles them.
TEST(StochasticCut, IsUnbiasedAndNoCoarserThanItMustBe) {
  constexpr int kDraws = 4096;
  struct Case {
    uint32_t bytes;
    double error;  // against the norm of the values
  };
  for (const auto& [bytes, error] :
       {Case{20, 2.1}, {28, 0.95}, {36, 0.83}, {68, 0.215}, {100, 0.053}}) {
    const std::vector<float> x = RandomValues(4 * kBlock);
    const Config config = SlotsOf(bytes);
    std::vector<double> sum(x.size());
    double norm = 0;
    for (const float v : x) norm += static_cast<double>(v) * v;
    double squares = 0;  // of all errors
    double along = 0;    // of a draw's error, the part along the values
    double along_squares = 0;
    for (uint64_t draw = 1; draw <= kDraws; ++draw) {
      const std::vector<float> y = Values(Cut(x, config, draw), config, x.size());
      double part = 0;
      for (size_t i = 0; i < x.size(); ++i) {
        const double d = static_cast<double>(y[i]) - x[i];
        sum[i] += d;
        squares += d * d;
        part += d * x[i];
      }
      along += part;
      along_squares += part * part;
    }
    EXPECT_LT(std::sqrt(squares / kDraws / norm), error) << bytes;
    EXPECT_LT(std::fabs(along), 3 * std::sqrt(along_squares)) << bytes;
    // The mean error of many values, against what chance leaves after so many draws.
    double bias = 0;
    for (const double d : sum) bias += d * d;
    EXPECT_LT(bias, 1.2 * squares) << bytes;
  }
}

TEST(StochasticCut, RoundsByLessThanAStepThatAllOfABlockShare) {
  const std::vector<float> x = RandomValues(200 * kBlock);
  for (const uint32_t bytes : {12U, 36U, 100U}) {
    const Config config = SlotsOf(bytes);
    const std::vector<std::byte> slots = Cut(x, config, 3);
    const std::vector<float> y = Values(slots, config, x.size());
    for (size_t b = 0; b < x.size(); b += kBlock) {
      float step = std::numeric_limits<float>::infinity();  // the least power of two among them
      for (size_t i = b; i < b + kBlock; ++i) {
        if (y[i] == 0) continue;
        float part = std::exp2(static_cast<float>(std::ilogb(y[i])));
        while (std::fmod(y[i], part) != 0) part /= 2;
        step = std::min(step, part);
      }
      for (size_t i = b; i < b + kBlock; ++i) {
        ASSERT_LT(std::fabs(y[i] - x[i]), step) << bytes << ", value " << i;
        ASSERT_TRUE(y[i] == 0 || std::signbit(y[i]) == std::signbit(x[i]));
      }
    }
    // The slots are those of the encoder for what it was given: none is of another format.
    EXPECT_EQ(Plain(y, config), slots) << bytes;
  }
}

TEST(StochasticCut, LeavesWhatFitsAndWhatHasNoSize) {
  const Config config = SlotsOf(36);
  std::vector<float> x(5 * kBlock, 0.0F);
  std::fill_n(x.begin() + kBlock, kBlock, 0.375F);
  x[2 * kBlock + 7] = 1e30F;  // one outlier
  const std::vector<float> random = RandomValues(2 * kBlock);
  std::copy(random.begin(), random.end(), x.begin() + 3 * kBlock);
  x[3 * kBlock + 1] = std::numeric_limits<float>::infinity();
  x[4 * kBlock + 9] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(Cut(x, config, 3), Plain(x, config));
}

TEST(StochasticCut, StaysFiniteAtBothEndsOfTheRange) {
  const Config config = SlotsOf(36);
  constexpr float kMost = std::numeric_limits<float>::max();
  std::vector<float> x = RandomValues(2 * kBlock, 1e-42);
  for (size_t i = kBlock; i < 2 * kBlock; ++i)
    x[i] = (i % 2 == 0 ? kMost : -kMost) / static_cast<float>(4 + i % 5);
  x[kBlock + 7] = kMost;
  for (uint64_t key = 0; key < 32; ++key) {
    const std::vector<float> y = Values(Cut(x, config, key), config, x.size());
    for (size_t i = 0; i < x.size(); ++i) {
      ASSERT_TRUE(std::isfinite(y[i])) << i;
      ASSERT_LE(std::fabs(y[i]), i < kBlock ? 1e-38F : kMost) << i;
    }
  }
}

TEST(StochasticCut, AShortLastBlockIsFilledUpWithZeros) {
  const Config config = SlotsOf(36);
  const std::vector<float> x = RandomValues(kBlock + 5);
  std::vector<float> padded = x;
  padded.resize(2 * kBlock, 0.0F);
  EXPECT_EQ(Cut(x, config, 3), Cut(padded, config, 3));
}

TEST(StochasticCut, EveryKeyAndEveryBlockHasDrawsOfItsOwn) {
  const Config config = SlotsOf(36);
  std::vector<float> x = RandomValues(kBlock);
  EXPECT_EQ(Cut(x, config, 3), Cut(x, config, 3));
  EXPECT_NE(Cut(x, config, 3), Cut(x, config, 4));
  x.resize(2 * kBlock);
  std::copy_n(x.begin(), kBlock, x.begin() + kBlock);
  const std::vector<std::byte> both = Cut(x, config, 3);
  const std::vector<std::byte> second(both.begin() + config.slot_bytes, both.end());
  EXPECT_NE(Cut(std::span(x).first(kBlock), config, 3), second);
  std::vector<std::byte> alone(config.slot_bytes);
  ASSERT_TRUE(CompressStochastic(std::span(x).last(kBlock), config, 3, kBlock, alone).ok());
  EXPECT_EQ(alone, second);
}

TEST(StochasticCut, ImpossibleCombinationsAreRefused) {
  EXPECT_NE(ComplaintOf("actplane:rounding=stochastic").find("needs order=significance"),
            std::string::npos);
  EXPECT_NE(ComplaintOf("actplane:order=significance,rounding=stochastic,fill=midpoint")
                .find("leave fill out"),
            std::string::npos);
  EXPECT_NE(ComplaintOf("actplane:order=significance,seed=2").find("seed"), std::string::npos);
  EXPECT_NE(ComplaintOf("actplane:rounding=nearest").find("choose one of none, stochastic"),
            std::string::npos);
}

}  // namespace
}  // namespace actplane::train
