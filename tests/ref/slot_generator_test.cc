// SPDX-License-Identifier: Apache-2.0
// The generator keeps its word: legal slots are legal, malformed ones violate the clause they name.
#include "ref/slot_generator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/clause.h"
#include "support/scale.h"

namespace actplane::ref {
namespace {

TEST(SlotGenerator, ASeedGivesOneSlot) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    Random first(seed);
    Random second(seed);
    const RefConfig c = RandomConfig(first);
    EXPECT_EQ(LegalSlot(first, c), LegalSlot(second, RandomConfig(second)));
  }
}

TEST(SlotGenerator, LegalSlotsAreLegalAndWithinTheBoundsOfT) {
  ACTP_CLAUSE("F-2.6", "F-7.5");
  for (uint64_t seed = 0; seed < testing_support::Scaled(200'000); ++seed) {
    Random random(seed);
    const RefConfig c = RandomConfig(random);
    const std::vector<uint8_t> slot = LegalSlot(random, c);
    const RefResult result = DecodeSlot(slot, c);
    ASSERT_FALSE(result.malformed) << "seed " << seed << ": " << result.reason;
    if (c.lossless) continue;
    ASSERT_GE(slot.size(), static_cast<size_t>(SmallestSlotBytes(c)));
    ASSERT_LE(slot.size(), static_cast<size_t>(LargestSlotBytes(c)));
  }
}

TEST(SlotGenerator, MalformedSlotsViolateTheClauseTheyName) {
  ACTP_CLAUSE("F-7.1", "F-7.2", "F-7.3");
  std::vector<int> seen(static_cast<size_t>(Defect::kCount), 0);
  for (uint64_t seed = 0; seed < testing_support::Scaled(400'000); ++seed) {
    Random random(seed);
    const RefConfig c = RandomConfig(random);
    const int number = random.Below(static_cast<int>(Defect::kCount));
    const auto defect = static_cast<Defect>(number);
    if (!Applies(defect, c)) continue;
    ++seen[static_cast<size_t>(number)];
    const MalformedSlot bad = MakeMalformed(random, c, defect);
    const RefResult result = DecodeSlot(bad.slot, c);
    ASSERT_TRUE(result.malformed) << "seed " << seed << " defect " << number;
    ASSERT_THAT(result.reason, ::testing::StartsWith(bad.clause)) << "seed " << seed;
    if (c.lossless) continue;
    ASSERT_GE(bad.slot.size(), static_cast<size_t>(SmallestSlotBytes(c))) << "defect " << number;
    ASSERT_LE(bad.slot.size(), static_cast<size_t>(LargestSlotBytes(c))) << "defect " << number;
  }
  EXPECT_THAT(seen, ::testing::Each(::testing::Gt(0)));
}

}  // namespace
}  // namespace actplane::ref
