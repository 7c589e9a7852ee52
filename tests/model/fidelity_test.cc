// SPDX-License-Identifier: Apache-2.0
// How close a truncated tensor stays to the original: the bounds that the project promises, at
// equal bits.
#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cmath>
#include <filesystem>

#include "actplane/codec.h"
#include "actplane/io/tensor_file.h"
#include "model/block_cases.h"

namespace actplane {
namespace {

using namespace testing_support;

double SnrDb(const std::vector<uint32_t>& patterns, const Config& config) {
  const auto tensor = Compress(std::as_bytes(std::span(patterns)), config);
  EXPECT_TRUE(tensor.ok()) << tensor.status().message();
  const auto back = ToPatterns(Decompress(*tensor)->values, Format::kFp32);
  double signal = 0, noise = 0;
  for (size_t i = 0; i < patterns.size(); ++i) {
    const double x = std::bit_cast<float>(patterns[i]);
    const double y = std::bit_cast<float>(back[i]);
    signal += x * x;
    noise += (x - y) * (x - y);
  }
  return 10 * std::log10(signal / noise);
}

// N = 128, FP32; the slot is the whole budget, metadata included.
Config AtBits(Order order, uint32_t bits_per_value, Fill fill = Fill::kMidpoint) {
  return {.slot_bytes = 16 * bits_per_value, .order = order, .fill = fill};
}

std::vector<uint32_t> NormalData() {
  Rng rng(61);
  return MakePatterns(Kind::kNormal, Format::kFp32, 128 * 2000, rng);
}

std::vector<uint32_t> Sample(const std::string& name) {
  const auto reader = io::TensorReader::Open(ACTP_SOURCE_DIR "/tests/data/" + name);
  EXPECT_TRUE(reader.ok()) << reader.status().message();
  std::vector<std::byte> bytes(reader->tensors()[0].values * 4);
  EXPECT_TRUE(reader->Read(0, 0, bytes).ok());
  return ToPatterns(bytes, Format::kFp32);
}

constexpr std::array kDense = {"gpt2.ln_1.in.npy",   "gpt2.ln_1.npy",     "gpt2.ln_2.in.npy",
                               "gpt2.ln_2.npy",      "gpt2.attn.q.npy",   "gpt2.attn.k.npy",
                               "gpt2.attn.v.npy",    "gpt2.attn.out.npy", "gpt2.mlp.in.npy",
                               "gpt2.mlp.gelu.npy",  "llama.ln_1.in.npy", "llama.ln_1.npy",
                               "llama.ln_2.in.npy",  "llama.ln_2.npy",    "llama.attn.q.npy",
                               "llama.attn.k.npy",   "llama.attn.v.npy",  "llama.attn.out.npy",
                               "llama.mlp.gate.npy", "llama.mlp.up.npy",  "llama.mlp.gated.npy"};

TEST(Fidelity, FieldOrderOnNormalData) {
  const auto data = NormalData();
  EXPECT_GE(SnrDb(data, AtBits(Order::kField, 10, Fill::kZero)), 35);
  EXPECT_GE(SnrDb(data, AtBits(Order::kField, 10)), 41);
}

TEST(Fidelity, SignificanceOrderOnNormalData) {
  const auto data = NormalData();
  EXPECT_GE(SnrDb(data, AtBits(Order::kSignificance, 10)), 54.3);
  EXPECT_GE(SnrDb(data, AtBits(Order::kSignificance, 8)), 42.3);
  EXPECT_GE(SnrDb(data, AtBits(Order::kSignificance, 6)), 30.3);
  EXPECT_GE(SnrDb(data, AtBits(Order::kSignificance, 4)), 18.3);
  EXPECT_GE(SnrDb(data, AtBits(Order::kSignificance, 3)), 12.3);
}

// All but the maps.
TEST(Fidelity, SignificanceOrderOnDenseTensors) {
  size_t tensors = 0;
  for (const char* name : kDense) {
    const auto data = Sample(name);
    ++tensors;
    EXPECT_GE(SnrDb(data, AtBits(Order::kSignificance, 10)), 53.5) << name;
    EXPECT_GE(SnrDb(data, AtBits(Order::kSignificance, 8)), 41.5) << name;
    EXPECT_GE(SnrDb(data, AtBits(Order::kSignificance, 6)), 29.5) << name;
    EXPECT_GE(SnrDb(data, AtBits(Order::kSignificance, 4)), 17.5) << name;
    EXPECT_GE(SnrDb(data, AtBits(Order::kSignificance, 3)), 11.5) << name;
  }
  EXPECT_EQ(tensors, 21U);
}

TEST(Fidelity, SignificanceOrderOnSoftmaxOutputs) {
  for (const char* name :
       {"gpt2.attn.p.npy", "llama.attn.p.npy", "dropout/gpt2.attn.p_dropped.npy"}) {
    EXPECT_GE(SnrDb(Sample(name), AtBits(Order::kSignificance, 10)), 80) << name;
  }
}

// What the fill of order field does to the size of values: <x,y>/<x,x> - 1.
TEST(Fidelity, FillOfOrderFieldIsNotBiased) {
  Rng rng(73);
  const auto data = MakePatterns(Kind::kNormal, Format::kBf16, 128 * 2000, rng);
  const Config config{.format = Format::kBf16, .slot_bytes = 128};
  const auto tensor = Compress(ToBytes(data, Format::kBf16), config);
  const auto back = ToPatterns(Decompress(*tensor)->values, Format::kBf16);
  double xy = 0, xx = 0;
  for (size_t i = 0; i < data.size(); ++i) {
    const double x = std::bit_cast<float>(data[i] << 16), y = std::bit_cast<float>(back[i] << 16);
    xy += x * y;
    xx += x * x;
  }
  EXPECT_LT(std::abs(xy / xx - 1), 0.002);
}

TEST(Fidelity, EverySampleIsLosslessInLosslessMode) {
  size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(ACTP_SOURCE_DIR "/tests/data")) {
    if (entry.path().extension() != ".npy") continue;
    ++files;
    const auto data = Sample(entry.path().filename());
    const auto tensor = Compress(std::as_bytes(std::span(data)), {.lossless = true});
    ASSERT_TRUE(tensor.ok());
    EXPECT_EQ(ToPatterns(Decompress(*tensor)->values, Format::kFp32), data) << entry.path();
  }
  EXPECT_EQ(files, 23U);
}

// Raw and coded exponent bits of order field, metadata (base, w, Z, F) counted.
std::pair<double, double> ExponentBits(const std::vector<uint32_t>& data, uint32_t block_len) {
  double coded = 0;
  for (size_t at = 0; at < data.size(); at += block_len) {
    const Block block = GatherBlock(std::as_bytes(std::span(data).subspan(at, block_len)),
                                    {.block_len = block_len});
    coded += 14 + block_len * FindBase(Classify(block)).needed_width;
  }
  return {8.0 * static_cast<double>(data.size()), coded};
}

TEST(Fidelity, ZeroCodeKeepsTheExponentRatioAboveTwoUnderDropout) {
  double raw = 0, coded = 0;
  for (const char* name :
       {"dropout/gpt2.attn.p_dropped.npy", "gpt2.attn.p.npy", "dropout/mask.npy"}) {
    const auto data = Sample(name);
    const auto [raw_64, coded_64] = ExponentBits(data, 64);
    EXPECT_GT(raw_64 / coded_64, 2.0) << name;
    const auto [raw_128, coded_128] = ExponentBits(data, 128);
    raw += raw_128;
    coded += coded_128;
  }
  EXPECT_GT(raw / coded,
            2.0);  // together, at N = 128; a softmax output alone is below (docs/history)
}

}  // namespace
}  // namespace actplane
