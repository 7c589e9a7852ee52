// SPDX-License-Identifier: Apache-2.0
// Real activations through compressor and decompressor, one behind the other, read as needed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/files.h"
#include "support/clause.h"
#include "system_test_support.h"

namespace actplane::tb {
namespace {

using ::testing::HasSubstr;

FileTensor OpenTensor(const std::string& file, const Config& config) {
  Result<io::TensorReader> reader =
      io::TensorReader::Open(std::string(ACTP_SOURCE_DIR) + "/tests/data/" + file);
  EXPECT_TRUE(reader.ok()) << reader.status().message();
  return TensorOf(std::make_shared<const io::TensorReader>(std::move(*reader)), 0, config);
}

void RoundTrip(const std::string& file, Order order, bool lossless) {
  ACTP_CLAUSE("F-3.13", "F-4.5");
  const RunConfig run = FixedRun("roundtrip", "default", "file", StallProfile::kSparse, 64);
  const FileTensor tensor =
      OpenTensor(file, {.lossless = lossless, .slot_bytes = 170, .order = order});
  std::vector<std::byte> back;
  const RoundTripResult r = RunRoundTrip(run, {tensor}, [&](const Expected& e) {
    back.insert(back.end(), e.out.begin(), e.out.end());
  });
  EXPECT_TRUE(r.compressor.verdict.ok()) << r.compressor.verdict.first_failure;
  EXPECT_TRUE(r.decompressor.verdict.ok()) << r.decompressor.verdict.first_failure;
  EXPECT_EQ(r.compressor.verdict.blocks, 64U);
  EXPECT_EQ(r.decompressor.verdict.blocks, 64U);
  ASSERT_LE(back.size(), tensor.bytes);
  std::vector<std::byte> values(back.size());
  ASSERT_TRUE(tensor.read(0, values).ok());
  EXPECT_EQ(back == values, lossless);
}

TEST(Activations, FixedRatio) { RoundTrip("gpt2.ln_2.npy", Order::kField, false); }
TEST(Activations, FixedRatioBySignificance) {
  RoundTrip("gpt2.ln_2.npy", Order::kSignificance, false);
  RoundTrip("dropout/gpt2.attn.p_dropped.npy", Order::kSignificance, false);
}
TEST(Activations, LosslessIsExact) { RoundTrip("gpt2.attn.p.npy", Order::kField, true); }

// Values of a tensor of 2^40 bytes, and how much of it was read.
struct Endless {
  uint64_t read = 0;
  uint64_t fails_at = UINT64_MAX;

  FileTensor Tensor() {
    return {DeviceConfig{.slot_bytes = 160}, uint64_t{1} << 40,
            [this](uint64_t at, std::span<std::byte> out) {
              if (at >= fails_at) return IoError("the disk is gone");
              read += out.size();
              for (size_t i = 0; i < out.size(); ++i)
                out[i] = static_cast<std::byte>((at + i) * 37 >> 3);
              return OkStatus();
            }};
  }
};

RunConfig FileRun(const std::string& device, uint64_t blocks) {
  RunConfig run = FixedRun(device, "default", "file", StallProfile::kNone, blocks);
  // One for each test: they run side by side.
  run.artifacts =
      ArtifactsOf(::testing::UnitTest::GetInstance()->current_test_info()->name() + device);
  std::filesystem::remove_all(run.artifacts);  // of a run that went wrong
  return run;
}

TEST(Activations, OnlyTheBlocksAskedForAreRead) {
  Endless source;
  EXPECT_EQ(RunOnce(FileRun("compressor", 10), nullptr, {source.Tensor()}).verdict.blocks, 10U);
  EXPECT_EQ(source.read, 10 * 512U);
}

TEST(Activations, WhatCannotBeReadIsNoVerdictOnTheDevice) {
  for (const std::string device : {"compressor", "decompressor"}) {
    for (const uint64_t good : {0U, 7U}) {
      Endless source{.fails_at = good * 512};
      const RunConfig run = FileRun(device, 10);
      const Verdict v = RunOnce(run, nullptr, {source.Tensor()}).verdict;
      EXPECT_EQ(v.outcome, Outcome::kUnreadable);
      EXPECT_EQ(v.first_failure, "the disk is gone");
      EXPECT_EQ(v.blocks, good);
      EXPECT_EQ(StatusOf(v).code(), StatusCode::kBadInput);
      EXPECT_FALSE(std::filesystem::exists(run.artifacts)) << "nothing to look at";
    }
  }
  Endless source{.fails_at = 7 * 512};
  const RoundTripResult r = RunRoundTrip(FileRun("roundtrip", 10), {source.Tensor()});
  EXPECT_EQ(r.compressor.verdict.outcome, Outcome::kUnreadable);
}

TEST(Activations, AFailureIsRepeatedFromTheFile) {
  RunConfig run = FileRun("compressor", 40);
  Endless source;
  const Verdict v = RunWithArtifacts(run, [&](const Execution& how) {
    TamperedDevice device(MakeDevice(DeviceKind::kCompressor, run.config,
                                     {run.seed, how.trace_file, how.trace_from_cycle}),
                          {}, [](CodecPins& p) {
                            if (p.blocks.Get() == 30) p.out.data.bytes()[0] ^= std::byte{1};
                          });
    const auto sequence =
        MakeSequence(DeviceKind::kCompressor, run, *FindConfig(run.config), {source.Tensor()});
    CodecEnv env(device, *sequence, run, StallProfile::kNone, how.log, nullptr);
    const Verdict verdict = env.Run();
    device.Finish();
    return verdict;
  });
  EXPECT_EQ(v.outcome, Outcome::kMismatch);
  EXPECT_THAT(v.first_failure, HasSubstr("block 30"));
  EXPECT_THAT(v.first_failure, Not(HasSubstr("NOT REPRODUCED")));
  EXPECT_GT(source.read, 60 * 512U) << "twice";
  std::filesystem::remove_all(run.artifacts);
}

}  // namespace
}  // namespace actplane::tb
