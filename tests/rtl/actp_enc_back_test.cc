// SPDX-License-Identifier: Apache-2.0
#include <deque>

#include "back_test.h"
#include "duts.h"

namespace actplane::rtl_test {
namespace {

template <class Config>
class EncBack : public RtlTest<Config> {
 protected:
  static constexpr BackShape kShape = ShapeOf<Config>();
  static constexpr uint32_t kBeatBytes = Config::kStreamWidth / 8;

  // How often each side waits, of 8 cycles.
  struct Mood {
    uint32_t plans = 0, chunks = 0, output = 0;
  };

  void Reset() {
    auto& dut = this->dut();
    dut.plan_valid_i = dut.chunk_valid_i = 0;
    this->sim().Reset();
    waiting_.clear();
    plans_.clear();
    chunks_.clear();
    packet_.clear();
    offered_plan_ = offered_chunk_ = false;
  }

  void Push(BackBlock block) {
    plans_.push_back(block);
    for (const Bits& c : block.chunks) chunks_.push_back(c);
    waiting_.push_back(std::move(block));
  }

  bool Waits(uint32_t of8) { return this->rng().Below(8) < of8; }

  void Cycle(const Mood& mood) {
    auto& dut = this->dut();
    if (!offered_plan_) {
      offered_plan_ = !plans_.empty() && !Waits(mood.plans);
      if (offered_plan_) {
        const BackBlock& b = plans_.front();
        PutRandom(dut.man_rank_i, 115, this->rng());
        PutPlan(dut, b);
        PutBits(dut.front_i, 0, 32, 0);
        Bits front = b.front;
        front.Fill(sizeof(dut.front_i) * 8);
        front.To(dut.front_i);
        dut.user_i = static_cast<uint8_t>(b.user & 1);
        dut.bad_keep_i = b.bad_keep;
      }
    }
    if (!offered_chunk_) {
      offered_chunk_ = !chunks_.empty() && !Waits(mood.chunks);
      PutRandom(dut.chunk_i, 32, this->rng());
      if (offered_chunk_) chunks_.front().To(dut.chunk_i);
    }
    dut.plan_valid_i = offered_plan_;
    dut.chunk_valid_i = offered_chunk_;
    dut.out_ready_i = !Waits(mood.output);
    this->sim().Step([&] {
      if (offered_plan_ && dut.plan_ready_o != 0) {
        plans_.pop_front();
        offered_plan_ = false;
      }
      took_chunk_ = offered_chunk_ && dut.chunk_ready_o != 0;
      if (took_chunk_) {
        chunks_.pop_front();
        offered_chunk_ = false;
      }
      if (dut.out_valid_o != 0 && dut.out_ready_i != 0) TakeBeat();
    });
  }

  void TakeBeat() {
    const auto& dut = this->dut();
    ASSERT_FALSE(waiting_.empty()) << "a beat of nothing";
    const BackBlock& b = waiting_.front();
    const auto bytes = GetBytes(dut.out_data_o, kBeatBytes);
    const uint64_t keep = GetBits(dut.out_keep_o, 0, kBeatBytes);
    const auto kept = static_cast<uint32_t>(std::popcount(keep));
    ASSERT_EQ(keep, LowMask(kept));
    packet_.insert(packet_.end(), bytes.begin(), bytes.begin() + kept);
    for (uint32_t i = kept; i < kBeatBytes; ++i) ASSERT_EQ(bytes[i], std::byte{0});
    ASSERT_LE(packet_.size(), b.slot.size());
    const bool last = packet_.size() == b.slot.size();
    ASSERT_EQ(dut.out_last_o != 0, last);
    ASSERT_TRUE(last || kept == kBeatBytes);
    ASSERT_EQ(dut.out_user_o, b.user & 1);
    ASSERT_EQ(dut.whole_o != 0, b.whole);
    ASSERT_EQ(dut.saturated_o != 0, b.saturated);
    ASSERT_EQ(dut.bad_config_o != 0, b.bad_config);
    ASSERT_EQ(dut.bad_keep_o != 0, b.bad_keep);
    for (size_t i = 0; i < packet_.size(); ++i) {
      ASSERT_EQ(packet_[i], b.slot[i])
          << "byte " << i << " of " << b.slot.size() << ", front " << b.front_bytes << ", "
          << ToString(b.config.format) << " " << ToString(b.config.order) << " pair " << b.pair
          << " slot " << slots_;
    }
    if (!last) return;
    packet_.clear();
    waiting_.pop_front();
    ++slots_;
  }

  void Drain(const Mood& mood) {
    uint64_t idle = 0;
    while (!waiting_.empty()) {
      const size_t left = waiting_.size() + chunks_.size() + packet_.size();
      Cycle(mood);
      idle = waiting_.size() + chunks_.size() + packet_.size() == left ? idle + 1 : 0;
      ASSERT_LT(idle, 2000U) << "nothing moves";
    }
  }

  std::deque<BackBlock> waiting_, plans_;
  std::deque<Bits> chunks_;
  std::vector<std::byte> packet_;
  bool offered_plan_ = false, offered_chunk_ = false, took_chunk_ = false;
  uint64_t slots_ = 0;
};
TYPED_TEST_SUITE(EncBack, duts::Configs);

TYPED_TEST(EncBack, AfterReset) {
  for (int round = 0; round < 20; ++round) {
    this->Reset();
    this->sim().Settle();
    const auto& dut = this->dut();
    EXPECT_EQ(dut.out_valid_o, 0);
    EXPECT_EQ(dut.out_user_o | dut.whole_o | dut.saturated_o | dut.bad_config_o | dut.bad_keep_o,
              0);
    for (int i = 0; i < 3; ++i) this->Push(RandomBackBlock(this->kShape, this->rng()));
    const auto cycles = this->rng().Below(60);  // the next reset finds something on its way
    for (uint32_t i = 0; i < cycles; ++i) this->Cycle({1, 1, 3});
  }
  this->Reset();
  this->Push(RandomBackBlock(this->kShape, this->rng()));
  this->Drain({});
}

// Every kind of block, every configuration of the device, any stalls.
TYPED_TEST(EncBack, RandomMatchesModel) {
  ACTP_CLAUSE("F-2.5", "F-2.7", "F-2.8", "F-3.4", "F-4.7", "F-4.10", "F-5.2", "F-5.3", "F-5.4",
              "F-5.5", "F-5.6", "F-6.1", "F-6.12");
  this->Reset();
  for (uint64_t i = 0; i < Scaled(20000); ++i) {
    this->Push(RandomBackBlock(this->kShape, this->rng()));
    if (this->waiting_.size() < 6) continue;
    const auto pick = [&] { return this->rng().OneIn(2) ? 0U : this->rng().Below(8); };
    const typename TestFixture::Mood mood{pick(), pick(), pick()};
    if (this->rng().OneIn(30)) {
      for (int k = 0; k < 40; ++k) this->Cycle(mood);
      this->Reset();
      continue;
    }
    this->Drain(mood);
  }
  this->Drain({});
}

// Blocks that fill their slots, of at most half the bytes of a block, one after the other: chunks
// are taken as they come, one in as many cycles as the beats of a chunk; those in the store are
// few.
TYPED_TEST(EncBack, Throughput) {
  constexpr uint32_t kPace = std::max(1U, 256 / TypeParam::kStreamWidth);
  constexpr uint32_t kBlocks = 40;
  for (const Format format : FormatsOf<TypeParam>()) {
    for (const Order order : {Order::kField, Order::kSignificance}) {
      if (BitOf(this->kShape.orders, static_cast<uint32_t>(order)) == 0) continue;
      Config config = RandomBackConfig(this->kShape, this->rng());
      config.format = format;
      config.order = order;
      config.lossless = false;
      config.delta_cap = 0;
      config.row_limit = this->kShape.depth;
      const uint32_t half = BlockBytes(config) / 2;
      if (MinSlotBytes(config) > half) continue;
      for (const uint32_t bytes : {half, half - 3, half * 3 / 4}) {
        config.slot_bytes = std::clamp(bytes, MinSlotBytes(config), MaxSlotBytes(config));
        this->Reset();
        for (uint32_t i = 0; i < kBlocks; ++i) {
          Block block{.format = format, .n = config.block_len};
          const auto patterns = testing_support::MakePatterns(
              testing_support::Kind::kNormal, format, config.block_len, this->rng());
          std::ranges::copy(patterns, block.patterns.begin());
          this->Push(MakeBackBlock(this->kShape, config, block, this->rng()));
        }
        std::deque<Bits> store;
        store.swap(this->chunks_);
        size_t most = 0;
        for (uint64_t cycle = 0; !store.empty(); ++cycle) {
          if (cycle % kPace == 0) {
            this->chunks_.push_back(store.front());
            store.pop_front();
          }
          this->Cycle({});
          most = std::max(most, this->chunks_.size());
        }
        // One waits for the plan to be read. Besides, a slot may cost a cycle: see actp_packer.
        ASSERT_LE(most, 2 + kBlocks / 4)
            << ToString(format) << " " << ToString(order) << " T " << config.slot_bytes;
        this->Drain({});
      }
    }
  }
}

}  // namespace
}  // namespace actplane::rtl_test
