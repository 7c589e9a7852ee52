// SPDX-License-Identifier: Apache-2.0
// Real activations through compressor and decompressor, one behind the other.
#include <gtest/gtest.h>

#include "app/files.h"
#include "support/clause.h"
#include "system_test_support.h"

namespace actplane::tb {
namespace {

void RoundTrip(const std::string& file, bool lossless) {
  ACTP_CLAUSE("F-3.13", "F-4.5");
  FileOptions options;
  options.ratio = 3;
  options.lossless = lossless;
  RunConfig run = FixedRun("roundtrip", "default", "file", StallProfile::kSparse, 64);
  const Result<std::vector<FileTensor>> tensors = LoadTensors(
      {std::string(ACTP_SOURCE_DIR) + "/tests/data/" + file}, options, kDefaultBlockLen);
  ASSERT_TRUE(tensors.ok()) << tensors.status().message();
  std::vector<std::byte> back;
  const RoundTripResult r = RunRoundTrip(run, *tensors, [&](const Expected& e) {
    back.insert(back.end(), e.out.begin(), e.out.end());
  });
  EXPECT_TRUE(r.compressor.verdict.ok()) << r.compressor.verdict.first_failure;
  EXPECT_TRUE(r.decompressor.verdict.ok()) << r.decompressor.verdict.first_failure;
  EXPECT_EQ(r.compressor.verdict.blocks, 64U);
  EXPECT_EQ(r.decompressor.verdict.blocks, 64U);
  const auto& values = tensors->front().values;
  ASSERT_LE(back.size(), values.size());
  EXPECT_EQ(std::equal(back.begin(), back.end(), values.begin()), lossless);
}

TEST(Activations, FixedRatio) { RoundTrip("fc_in.npy", false); }
TEST(Activations, LosslessIsExact) { RoundTrip("attn_prob.npy", true); }

}  // namespace
}  // namespace actplane::tb
