// SPDX-License-Identifier: Apache-2.0
#include "chunk_test.h"

namespace actplane::rtl_test {
namespace {

template <class Config>
class EncGroups : public ChunkTest<Config> {
 protected:
  static constexpr uint32_t kGroups = Config::kBlockLen / Config::kGroupLen;

  void Choose(const actplane::Config& config) override {
    this->dut().chunk_row_limit_i = static_cast<uint8_t>(config.row_limit);
  }
  void ExpectValid(bool valid) override { ASSERT_EQ(this->dut().valid_o != 0, valid); }

  void ExpectFacts(const Block& block, const actplane::Config& config) override {
    const auto& dut = this->dut();
    const BlockFields fields = Classify(block);
    const PerGroup<GroupFacts> facts = FindGroups(fields, config);
    const uint32_t base = FindSignificanceBase(facts, config);
    const PerGroup<uint32_t> deltas = FindDeltas(facts, base, config);
    bool signs = false, mixed = false, possible = true;
    uint32_t level = 0;
    const uint32_t units = UnitsOf(config);
    ASSERT_EQ(dut.base_o, base);
    for (uint32_t g = 0; g < kGroups; ++g) {
      const bool infinite = deltas[g] == kInfiniteDelta;
      ASSERT_EQ(GetBits(dut.deltas_o, 5 * g, 5), infinite ? 31 : deltas[g]) << g;
      ASSERT_EQ(GetBits(dut.negative_o, g, 1) != 0, facts[g].negative) << g;
      ASSERT_EQ(GetBits(dut.special_o, g, 1) != 0, facts[g].special) << g;
      if (facts[g].empty) continue;
      signs |= facts[g].negative;
      mixed |= facts[g].mixed;
      if (infinite || facts[g].need > config.row_limit) {  // F-6.9, as IsExact has it
        possible = false;
        continue;
      }
      const uint32_t own = (deltas[g] + facts[g].need - 1) * units + g * units / kGroups + 1;
      level = std::max(level, own);
    }
    if (level >= 32 * units) possible = false;
    ASSERT_EQ(dut.signs_o != 0, signs);
    ASSERT_EQ(dut.mixed_o != 0, mixed);
    ASSERT_EQ(dut.exact_possible_o != 0, possible);
    if (possible) {
      ASSERT_EQ(dut.exact_level_o, level);
    }
    possible_ += possible ? 1 : 0;
    mixed_ += mixed ? 1 : 0;
    ++blocks_;
  }

  uint64_t possible_ = 0, mixed_ = 0, blocks_ = 0;
};
TYPED_TEST_SUITE(EncGroups, duts::Configs);

TYPED_TEST(EncGroups, AfterReset) {
  for (int cycles = 0; cycles < 3; ++cycles) {
    this->Reset();
    this->dut().chunk_valid_i = 1;
    for (int i = 0; i < cycles; ++i) this->sim().Step();  // blocks of one chunk are on their way
    this->Reset();
    this->sim().Settle();
    EXPECT_EQ(this->dut().valid_o, 0);
    this->sim().Step();
    EXPECT_EQ(this->dut().valid_o, 0);
  }
}

TYPED_TEST(EncGroups, Corners) {
  ACTP_CLAUSE("F-6.2", "F-6.9", "F-6.10", "F-6.11");
  this->ExpectCorners();
}

TYPED_TEST(EncGroups, RandomMatchesModel) {
  ACTP_CLAUSE("F-6.2", "F-6.9", "F-6.10", "F-6.11");
  this->ExpectRandom(Scaled(100000));
  EXPECT_GT(this->possible_, this->blocks_ / 20);
  EXPECT_LT(this->possible_, this->blocks_ * 19 / 20);
  EXPECT_GT(this->mixed_, this->blocks_ / 20);
}

}  // namespace
}  // namespace actplane::rtl_test
