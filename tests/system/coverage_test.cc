// SPDX-License-Identifier: Apache-2.0
// A campaign that reaches every goal of the functional coverage; kept small, with a fixed seed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/campaign.h"
#include "system_test_support.h"

namespace actplane::tb {
namespace {

TEST(FunctionalCoverage, EveryBinReachesItsGoal) {
  Coverage coverage;
  CampaignOptions options;
  options.test = "coverage";
  options.artifacts = testing_support::BuildArtifacts();
  options.seed = 0x5eed;
  options.configs = {"tiny", "burst", "bf16"};
  options.blocks = 0;  // one round
  options.blocks_per_run = 500;
  options.coverage = &coverage;
  const CampaignResult r = RunCampaign(options);
  EXPECT_TRUE(r.ok()) << r.first_failure;
  EXPECT_THAT(coverage.Missing(), ::testing::IsEmpty()) << coverage.Table();
  fmt::print("{}{} blocks, {} stages compared\n", coverage.Table(), r.blocks, r.stages);
}

TEST(FunctionalCoverage, AnEmptyRunReachesNothing) {
  const Coverage coverage;
  EXPECT_EQ(coverage.reached(), 0U);
  EXPECT_EQ(coverage.Missing().size(), coverage.bins());
}

}  // namespace
}  // namespace actplane::tb
