// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "duts.h"
#include "front_test.h"

namespace actplane::rtl_test {
namespace {

template <class Config>
class EncSchedule : public RtlTest<Config> {
 protected:
  static constexpr uint32_t kN = Config::kBlockLen;

  void Drive(const BaseInfo& info, const actplane::Config& config) {
    auto& dut = this->dut();
    dut.cfg_i = PackConfig(config, 7);
    PutBits(dut.facts_i, 0, 23, AlignMan(info.uniform_value, config.format));
    PutBits(dut.facts_i, 23, 23, AlignMan(info.uniform_map, config.format));
    PutBits(dut.facts_i, 46, 1, info.all_negative ? 1 : 0);
    PutBits(dut.facts_i, 47, 1, info.any_negative ? 1 : 0);
    PutBits(dut.facts_i, 48, 1, info.has_special ? 1 : 0);
    PutBits(dut.facts_i, 49, 1, info.has_zero ? 1 : 0);
    PutBits(dut.facts_i, 50, 4, info.needed_width);
    PutBits(dut.facts_i, 54, 8, info.base);
    dut.load_i = 1;
    this->sim().Step();
    dut.load_i = 0;
    dut.held_cfg_i = dut.cfg_i;
    this->sim().Settle();
  }

  void Expect(const BaseInfo& info, const actplane::Config& config) {
    Drive(info, config);
    const actplane::Config& legal = config;
    const FieldHeader want = SchedulePlanes(info, legal);
    const uint64_t whole_bits = WholeSizeBits(info, config.format, kN);
    const bool whole = config.lossless || whole_bits <= 8 * legal.slot_bytes;
    std::vector<std::byte> head(8);
    BitWriter out(head);
    PackHeader(want, config.format, out);

    const auto& dut = this->dut();
    const std::string what = Describe(info, config);
    plan_ = PlanOf(dut.plan_o);
    ASSERT_EQ(plan_.config, PackConfig(config, 7)) << what;
    ASSERT_EQ(plan_.base, info.base) << what;
    ASSERT_EQ(dut.head_o, BitReader(head).Get(64)) << what;
    ASSERT_EQ(plan_.front_bytes * 8, HeaderBits(want, config.format)) << what;
    ASSERT_EQ(plan_.width, want.width) << what;
    ASSERT_EQ(plan_.zero_code != 0, want.zero_code) << what;
    ASSERT_EQ(plan_.special != 0, info.has_special) << what;
    ASSERT_EQ(plan_.flush_below, FlushBelow(want)) << what;
    ASSERT_EQ(plan_.sign_stored != 0, want.sign_stored) << what;
    ASSERT_EQ(plan_.stored, AlignMan(want.map, config.format)) << what;
    ASSERT_EQ(plan_.saturated != 0, want.saturated) << what;
    ASSERT_EQ(plan_.whole != 0, whole) << what;
    ASSERT_EQ(plan_.bytes, config.lossless ? whole_bits / 8 : legal.slot_bytes) << what;
    ASSERT_EQ(plan_.plain + plan_.pair, 0U) << what;
    const uint64_t slot_bits = 8 * uint64_t{plan_.bytes};
    for (uint32_t g = 0; g < kN / 8; ++g) {
      ASSERT_EQ(plan_.rows + (g < plan_.more ? 1 : 0), RowsOfGroup(want, config, slot_bits, g))
          << what << " group " << g;
    }
    uint32_t ranks[4] = {};
    PutRanks(ranks, want, config.format);
    for (uint32_t k = 0; k < InfoOf(config.format).man_bits; ++k) {
      ASSERT_EQ(GetBits(dut.man_rank_o, k * 5, 5), GetBits(ranks, k * 5, 5))
          << what << " row " << k;
    }
  }

  Plan plan_;

  static std::string Describe(const BaseInfo& info, const actplane::Config& config) {
    return fmt::format(
        "{} slot {} lossless {} cap {} width {} zero {} special {} negative {} {} map {:x}",
        ToString(config.format), config.slot_bytes, config.lossless, config.delta_cap,
        info.needed_width, info.has_zero, info.has_special, info.any_negative, info.all_negative,
        info.uniform_map);
  }

  // Calls `check` with every width and every combination of flags that a block can have.
  template <class Check>
  void ForEachInfo(Format format, uint32_t uniform, Check&& check) {
    for (uint32_t flags = 0; flags < 16; ++flags) {
      BaseInfo info;
      info.base = this->rng().Below(InfoOf(format).exp_max);
      info.has_zero = (flags & 1) != 0;
      info.has_special = (flags & 2) != 0;
      info.any_negative = (flags & 4) != 0;
      info.all_negative = (flags & 8) != 0;
      if (info.all_negative && !info.any_negative) continue;
      info.uniform_map = uniform;
      info.uniform_value = uniform & static_cast<uint32_t>(this->rng().Next());
      const uint32_t reserved = (info.has_zero ? 1U : 0U) + (info.has_special ? 2U : 0U);
      for (uint32_t width = 0; width <= InfoOf(format).exp_bits + 1; ++width) {
        if ((1U << width) < reserved) continue;
        info.needed_width = width;
        check(info);
      }
    }
  }
};
TYPED_TEST_SUITE(EncSchedule, duts::Configs);

// Every slot size that a byte more or less of can matter for: all of them for N = 32.
TYPED_TEST(EncSchedule, Exhaustive) {
  ACTP_CLAUSE("F-4.4", "F-4.5", "F-4.6", "F-4.7", "F-4.8", "F-4.9");
  for (const Format format : kFormats) {
    const uint32_t least = MinFieldSlotBytes(format, TestFixture::kN);
    const uint32_t most = MaxFieldSlotBytes(format, TestFixture::kN);
    const uint32_t all = AllMan(format);
    const uint32_t step = TestFixture::kN == 32 ? 1 : 7;
    for (uint32_t bytes = least; bytes <= most; bytes += step) {
      const uint32_t some = static_cast<uint32_t>(this->rng().Next()) & all;
      for (const uint32_t uniform : {0U, all, all & ~LowMask32(3), some}) {
        const uint32_t cap =
            this->rng().OneIn(2) ? 0 : this->rng().Below(InfoOf(format).exp_bits + 2);
        this->ForEachInfo(format, uniform, [&](const BaseInfo& info) {
          this->Expect(info, {.format = format,
                              .block_len = TestFixture::kN,
                              .slot_bytes = bytes,
                              .delta_cap = cap});
        });
      }
    }
  }
}

TYPED_TEST(EncSchedule, LosslessNeedsNoSlotSize) {
  ACTP_CLAUSE("F-2.5", "F-4.4", "F-4.5");
  for (const Format format : kFormats) {
    for (uint32_t k = 0; k <= InfoOf(format).man_bits; ++k) {
      this->ForEachInfo(format, AllMan(format) & ~LowMask32(k), [&](const BaseInfo& info) {
        this->Expect(info, {.format = format,
                            .block_len = TestFixture::kN,
                            .lossless = true,
                            .slot_bytes = RandomSlotBytes(format, TestFixture::kN, this->rng())});
      });
    }
  }
}

// The header stays until the next one is loaded.
TYPED_TEST(EncSchedule, StandsStill) {
  const actplane::Config config = {.block_len = TestFixture::kN, .slot_bytes = 3 * TestFixture::kN};
  this->Drive({.base = 100, .needed_width = 3}, config);
  const uint64_t head = this->dut().head_o;
  PutBits(this->dut().facts_i, 54, 8, 7);
  for (int i = 0; i < 3; ++i) {
    this->sim().Step();
    EXPECT_EQ(this->dut().head_o, head);
  }
}

TYPED_TEST(EncSchedule, RandomMatchesModel) {
  ACTP_CLAUSE("F-4.4", "F-4.5", "F-4.6", "F-4.7", "F-4.8", "F-4.9");
  uint64_t whole = 0, extended = 0, saturated = 0;
  const uint64_t count = Scaled(200000);
  for (uint64_t i = 0; i < count; ++i) {
    const Format format = kFormats[i % 3];
    Rng& rng = this->rng();
    const BaseInfo info = FindBase(Classify(RandomBlock(format, TestFixture::kN, rng)));
    this->Expect(info, {.format = format,
                        .block_len = TestFixture::kN,
                        .lossless = rng.OneIn(8),
                        .slot_bytes = RandomSlotBytes(format, TestFixture::kN, rng),
                        .delta_cap = rng.OneIn(4) ? rng.Below(InfoOf(format).exp_bits + 2) : 0});
    whole += this->plan_.whole;
    extended += this->plan_.front_bytes > 2;
    saturated += this->plan_.saturated;
  }
  EXPECT_GT(whole, count / 20);
  EXPECT_LT(whole, count * 19 / 20);
  EXPECT_GT(extended, count / 20);
  EXPECT_GT(saturated, count / 20);
}

}  // namespace
}  // namespace actplane::rtl_test
