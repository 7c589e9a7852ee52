// SPDX-License-Identifier: Apache-2.0
// The emulation behind docs/decisions/0005: with the rules that were taken it is the golden model.
#include "groups.h"

#include <gmock/gmock.h>

#include <cstddef>
#include <vector>

#include "actplane/codec.h"
#include "support/scale.h"
#include "support/values.h"

namespace actplane::bench {
namespace {

using testing_support::Rng;
using testing_support::Scaled;

TEST(Groups, TheRulesThatWereTakenAreThoseOfTheFormat) {
  Rng rng(1);
  uint64_t exact = 0, rise = 0, poisoned = 0, pairs = 0, special = 0;
  const uint64_t blocks = Scaled(2'000'000);
  for (uint64_t k = 0; k < blocks; ++k) {
    Config config = testing_support::RandomConfig(rng, Order::kSignificance);
    const auto kind = testing_support::kAllKinds[rng.Below(testing_support::kAllKinds.size())];
    const auto x = testing_support::MakePatterns(kind, config.format, config.block_len, rng);
    std::vector<uint32_t> y(x.size());
    const GroupPlan plan = Emulate({.group = config.group_len, .cap = config.row_limit},
                                   config.format, 8 * config.slot_bytes, x, y);
    const auto bytes = testing_support::ToBytes(x, config.format);
    std::vector<std::byte> slot(config.slot_bytes), back(bytes.size());
    BlockTrace trace;
    CompressBlock(bytes, config, slot, &trace);
    DecompressBlock(slot, config, back);
    ASSERT_EQ(testing_support::ToPatterns(back, config.format), y) << "block " << k;
    const SignificanceTrace& t = trace.significance;
    if (plan.kind == GroupPlan::Kind::kGroups) {
      ASSERT_EQ(plan.bits, t.size_bits);
    }
    exact += y == x ? 1U : 0U;
    rise += plan.rise ? 1U : 0U;
    special += plan.specials ? 1U : 0U;
    poisoned += t.header.width == kPoisonedWidth ? 1U : 0U;
    pairs += t.header.width == kPairWidth ? 1U : 0U;
  }
  for (const uint64_t seen : {exact, rise, special, poisoned, pairs})
    EXPECT_GT(seen, blocks / 1000);
}

}  // namespace
}  // namespace actplane::bench
