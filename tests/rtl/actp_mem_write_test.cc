// SPDX-License-Identifier: Apache-2.0
#include "duts.h"
#include "mem_write_test.h"

namespace actplane::rtl_test {
namespace {

template <class Config>
class MemWrite : public MemWriteTest<Config> {};
TYPED_TEST_SUITE(MemWrite, duts::Configs);

TYPED_TEST(MemWrite, RandomMatchesModel) {
  for (uint64_t round = 0; round < 4 + Scaled(160); ++round) {
    this->Reset();
    this->RandomRegions();
    const Mood mood = this->RandomMood();
    this->SetGather(this->rng().OneIn(3) ? 0 : this->rng().Below(40));
    this->Run(this->RandomBursts(200), mood);
  }
  EXPECT_GT(this->slots_, 0U);
  EXPECT_GT(this->rmws_, 0U);
  EXPECT_GT(this->failed_, 0U);
  EXPECT_GT(this->bypasses_, 0U);
  EXPECT_GT(this->refused_, 0U);
  std::cout << fmt::format(
      "{} slots, {} in two parts, {} merged, {} not merged, {} bypass, {} refused, {} B with an "
      "error, {} reads waited\n",
      this->slots_, this->splits_, this->rmws_, this->failed_, this->bypasses_, this->refused_,
      this->errors_, this->busy_);
}

TYPED_TEST(MemWrite, NothingStallsNothingFails) {
  for (uint64_t round = 0; round < Scaled(100); ++round) {
    this->Reset();
    this->RandomRegions();
    this->SetGather(16);
    this->Run(this->RandomBursts(200), {});
  }
}

TYPED_TEST(MemWrite, ResetInTraffic) {
  for (uint64_t round = 0; round < Scaled(400); ++round) {
    this->Reset();
    this->sim().Settle();
    EXPECT_EQ(this->dut().b_valid_o + this->dut().m_aw_valid_o + this->dut().m_w_valid_o, 0);
    EXPECT_EQ(this->dut().rmw_valid_o, 0);
    EXPECT_EQ(this->dut().idle_o, 1);
    this->RandomRegions();
    this->SetGather(this->rng().Below(20));
    this->Run(this->RandomBursts(40), this->RandomMood(), 20 + this->rng().Below(400));
  }
  this->Reset();
  this->RandomRegions();
  this->Run(this->RandomBursts(40), {});
}

// Single beats into one block without end, and somebody who reads it.
TYPED_TEST(MemWrite, ReadsGetTheirTurn) {
  this->Reset();
  this->StreamRegion(FormatsOf<TypeParam>().front(), 2);
  this->SetGather(16);
  this->poll_ = true;
  std::deque<WBurst> bursts;
  const MemRegion& r = this->regions_[0];
  for (uint32_t i = 0; i < 600; ++i) {
    bursts.push_back(this->MakeBurst(r.base + i % 2 * this->kBus % BlockBytes(r.config), 0, 0, 1));
  }
  this->Run(bursts, {.m_latency = 20});
  this->poll_ = false;
}

// Strides that no page is a multiple of. Of slots of one word there are none.
TYPED_TEST(MemWrite, SlotsAcrossPages) {
  for (uint64_t round = 0; round < 2 + Scaled(40); ++round) {
    this->Reset();
    this->StreamRegion(FormatsOf<TypeParam>().front(), 2 + static_cast<uint32_t>(round % 2));
    this->SetGather(16);
    // Of a slot in two parts one may fail.
    const Mood mood = round < 2 ? Mood{} : round < 6 ? Mood{.m_error = 4} : this->RandomMood();
    this->Run(this->StreamBursts(64), mood);
  }
  EXPECT_TRUE(this->splits_ > 0 || TypeParam::kStreamWidth == 512);
}

// hold_i at any time: what has begun ends, then nothing begins; afterwards everything goes on.
TYPED_TEST(MemWrite, HoldDrains) {
  for (uint64_t round = 0; round < Scaled(100); ++round) {
    this->Reset();
    this->RandomRegions();
    this->SetGather(255);
    this->hold_in_ = 100;
    this->Run(this->RandomBursts(100), this->RandomMood());
  }
  this->hold_in_ = 0;
  EXPECT_GT(this->drains_, 0U);
  std::cout << this->drains_ << " drains\n";
}

// One beat alone leaves with hold_i, long before the timer runs out.
TYPED_TEST(MemWrite, HoldFlushes) {
  uint64_t least = UINT64_MAX;
  for (int round = 0; round < 8; ++round) {
    this->Reset();
    this->StreamRegion(FormatsOf<TypeParam>().front(), 2);
    this->SetGather(255);
    this->hold_in_ = 20;
    this->Run({this->MakeBurst(this->regions_[0].base, 0, this->kSize, 1)}, {});
    least = std::min(least, this->now_);
  }
  this->hold_in_ = 0;
  EXPECT_LT(least, 200U);
}

// Whole blocks at one beat a cycle, as far as the compressor takes them: with one search at a time,
// order significance holds short blocks up. 16 bursts without B are what hides its latency.
TYPED_TEST(MemWrite, Throughput) {
  constexpr bool kOneSearch = !requires { TypeParam::kSearches; };
  for (const bool significance : {false, true}) {
    if (BitOf(TypeParam::kOrders, significance ? 1 : 0) == 0) continue;
    for (const Format format : FormatsOf<TypeParam>()) {
      for (const uint32_t beats : {16U, 64U, 256U}) {
        this->Reset();
        this->StreamRegion(format, 2, significance);
        this->SetGather(16);
        this->Run(this->StreamBursts(beats), {.m_latency = 4});
        EXPECT_EQ(this->rmws_, 0U);
        const uint64_t words = BlockBytes(this->regions_[0].config) / this->kBus;
        std::cout << fmt::format(
            "{} {}, {} beats a burst: {:.3f} cycles a beat, first slot {} cycles behind its "
            "block\n",
            ToString(format), ToString(this->regions_[0].config.order), beats,
            static_cast<double>(this->w_cycles_) / static_cast<double>(this->w_beats_),
            this->first_slot_ - (this->first_w_ + words - 1));
        if (significance && kOneSearch) continue;
        EXPECT_LE(this->w_cycles_, this->w_beats_ * 9 / 8 + 12);
      }
    }
  }
}

TYPED_TEST(MemWrite, BypassThroughput) {
  for (const uint32_t beats : {16U, 4U, 1U}) {
    this->Reset();
    this->RandomRegions();
    std::deque<WBurst> bursts;
    for (uint32_t i = 0; i < 64; ++i) {
      const uint64_t addr = 0x40000 + i * beats * this->kBus;
      bursts.push_back(this->MakeBurst(addr, beats - 1, this->kSize, 1));
    }
    this->Run(bursts, {});
    std::cout << fmt::format(
        "bypass, {} beats a burst: {:.3f} cycles a beat\n", beats,
        static_cast<double>(this->w_cycles_) / static_cast<double>(this->w_beats_));
    EXPECT_LE(this->w_cycles_, this->w_beats_ * (TypeParam::kBypassSkid != 0 ? 1 : 2) + 4);
  }
}

}  // namespace
}  // namespace actplane::rtl_test
