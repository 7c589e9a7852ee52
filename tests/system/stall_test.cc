// SPDX-License-Identifier: Apache-2.0
// Every configuration, device, sequence and stall profile, with fixed seeds: bits, counters, and
// the plans inside. The seeds of configuration `point`, which is another one in every run, are its
// own.
#include <gtest/gtest.h>

#include "support/clause.h"
#include "support/scale.h"
#include "system_test_support.h"

namespace actplane::tb {
namespace {

class EveryStall : public ::testing::TestWithParam<std::tuple<std::string, std::string>> {};

void RunAll(const std::string& config, const std::string& device) {
  const uint64_t blocks = testing_support::Scaled(1200);  // 60 in CI
  for (const SequenceInfo& sequence : Sequences()) {
    if (sequence.name == "file" ||
        (device == "compressor" ? !sequence.compressor : !sequence.decompressor))
      continue;
    for (const StallProfile stall : kAllStallProfiles) {
      const RunConfig run = FixedRun(device, config, sequence.name, stall, blocks);
      const Verdict v = RunOnce(run).verdict;
      EXPECT_TRUE(v.ok()) << ToString(v.outcome) << ": " << v.first_failure << "\n"
                          << run.ReplayLine();
#ifndef ACTP_NETLIST  // which shows nothing of its inside
      EXPECT_GE(v.stages, device == "compressor" ? v.blocks : 0);
#endif
    }
  }
}

// Of a compressor every bit of its slots is compared, of a decompressor every value and status, in
// the orders that are built in.
void CiteWhatIsCompared(const Shape& shape, bool compressor) {
  ACTP_CLAUSE("F-2.3", "F-2.5", "F-2.7", "F-2.8");
  if (shape.Has(Order::kField)) {
    ACTP_CLAUSE("F-3.1", "F-3.2", "F-3.3", "F-3.4");
    if (compressor) {
      ACTP_CLAUSE("F-4.1", "F-4.2", "F-4.3", "F-4.4", "F-4.5", "F-4.6", "F-4.7", "F-4.8", "F-4.9",
                  "F-4.10");
    } else {
      ACTP_CLAUSE("F-3.5", "F-3.6", "F-3.7", "F-3.8", "F-3.9", "F-3.10", "F-3.11", "F-3.12",
                  "F-3.13", "F-7.1", "F-7.3");
    }
  }
  if (shape.Has(Order::kSignificance)) {
    ACTP_CLAUSE("F-5.1", "F-5.2", "F-5.3", "F-5.4", "F-5.5", "F-5.6", "F-5.7", "F-5.12", "F-5.13");
    if (compressor) {
      ACTP_CLAUSE("F-6.1", "F-6.2", "F-6.3", "F-6.4", "F-6.5", "F-6.6", "F-6.7", "F-6.8", "F-6.9",
                  "F-6.10", "F-6.11", "F-6.12");
    } else {
      ACTP_CLAUSE("F-5.8", "F-5.9", "F-5.10", "F-5.11", "F-7.2");
    }
  }
  if (!compressor) ACTP_CLAUSE("F-7.4", "F-7.5");
}

TEST_P(EveryStall, BitsAndPlansEqualTheModel) {
  const auto& [config, device] = GetParam();
  CiteWhatIsCompared(FindConfig(config)->shape, device == "compressor");
  RunAll(config, device);
}

std::vector<std::string> ConfigNames() {
  std::vector<std::string> names;
  for (const NamedConfig& c : NamedConfigs()) names.push_back(c.name);
  return names;
}

INSTANTIATE_TEST_SUITE_P(System, EveryStall,
                         ::testing::Combine(::testing::ValuesIn(ConfigNames()),
                                            ::testing::Values("compressor", "decompressor")),
                         [](const auto& p) {
                           return std::get<0>(p.param) + "_" + std::get<1>(p.param);
                         });

}  // namespace
}  // namespace actplane::tb
