// SPDX-License-Identifier: Apache-2.0
// Also the test of what it is made of: actp_enc_steps, actp_enc_lanes, actp_enc_half.
#include <deque>

#include "back_test.h"
#include "duts.h"

namespace actplane::rtl_test {
namespace {

template <class Config>
class EncEmit : public RtlTest<Config> {
 protected:
  static constexpr BackShape kShape = {.block_len = Config::kBlockLen,
                                       .core_width = Config::kCoreWidth,
                                       .formats = Config::kFormats,
                                       .orders = Config::kOrders,
                                       .group_len = Config::kGroupLen,
                                       .depth = Config::kDepth};
  static constexpr uint32_t kPiece = (Config::kOrders & 2) != 0 ? Config::kGroupLen : 8;

  void Reset() {
    this->dut().plan_valid_i = this->dut().chunk_valid_i = 0;
    this->sim().Reset();
    waiting_.clear();
    plans_.clear();
    chunks_.clear();
    bits_ = {};
    chunk_ = 0;
    shown_ = offered_ = false;
  }

  void Push(BackBlock block) {
    plans_.push_back(block);
    for (const Bits& c : block.chunks) chunks_.push_back(c);
    waiting_.push_back(std::move(block));
  }

  void Cycle(bool plans, bool chunks, bool ready) {
    auto& dut = this->dut();
    if (!shown_ && !plans_.empty() && plans) {
      PutPlan(dut, plans_.front());
      shown_ = true;
    }
    if (!offered_ && !chunks_.empty() && chunks) {
      chunks_.front().To(dut.chunk_i);
      offered_ = true;
    }
    dut.plan_valid_i = shown_;
    dut.chunk_valid_i = offered_;
    dut.out_ready_i = ready;
    this->sim().Step([&] {
      if (dut.plan_begun_o != 0) {
        ASSERT_TRUE(shown_);
        plans_.pop_front();
        shown_ = false;
      }
      if (offered_ && dut.chunk_ready_o != 0) {
        chunks_.pop_front();
        offered_ = false;
      }
      if (dut.out_valid_o != 0 && ready) Take();
    });
  }

  void Take() {
    const auto& dut = this->dut();
    ASSERT_FALSE(waiting_.empty());
    const BackBlock& b = waiting_.front();
    ASSERT_EQ(dut.first_o != 0, chunk_ == 0 && bits_.size() == 0);
    ASSERT_LE((dut.a_n_o + dut.b_n_o) * kPiece, Config::kCoreWidth);
    const auto take = [&](const auto& port, uint32_t pieces) {
      for (uint32_t i = 0; i < sizeof(port) * 8; ++i) {
        const uint64_t bit = GetBits(port, i, 1);
        if (i < pieces * kPiece) {
          bits_.Put(bit, 1);
        } else {
          ASSERT_EQ(bit, 0U) << "bits behind the list";
        }
      }
      for (uint32_t i = sizeof(port) * 8; i < pieces * kPiece; ++i) bits_.Put(0, 1);
    };
    take(dut.a_o, dut.a_n_o);
    take(dut.b_o, dut.b_n_o);
    const Bits& want = b.groups_of_chunk[chunk_];
    ASSERT_LE(bits_.size(), want.size());
    const bool last_step = bits_.size() == want.size();
    const bool last = last_step && chunk_ + 1 == b.groups_of_chunk.size();
    ASSERT_EQ(dut.last_o != 0, last) << "chunk " << chunk_ << " bits " << bits_.size();
    if (!last_step) return;
    ASSERT_TRUE(bits_ == want) << ToString(b.config.format) << " " << ToString(b.config.order)
                               << " chunk " << chunk_;
    bits_ = {};
    if (++chunk_ < b.groups_of_chunk.size()) return;
    chunk_ = 0;
    waiting_.pop_front();
  }

  std::deque<BackBlock> waiting_, plans_;
  std::deque<Bits> chunks_;
  Bits bits_;
  size_t chunk_ = 0;
  bool shown_ = false, offered_ = false;
};
TYPED_TEST_SUITE(EncEmit, duts::Configs);

TYPED_TEST(EncEmit, AfterReset) {
  for (int round = 0; round < 20; ++round) {
    this->Reset();
    this->sim().Settle();
    EXPECT_EQ(this->dut().out_valid_o, 0);
    EXPECT_EQ(this->dut().chunk_ready_o, 0);
    for (int i = 0; i < 3; ++i) this->Push(RandomBackBlock(this->kShape, this->rng()));
    const auto cycles = this->rng().Below(40);
    for (uint32_t i = 0; i < cycles; ++i) this->Cycle(true, true, this->rng().OneIn(2));
  }
}

TYPED_TEST(EncEmit, RandomMatchesModel) {
  ACTP_CLAUSE("F-3.4", "F-4.7", "F-4.10", "F-5.3", "F-5.4", "F-5.6", "F-6.1", "F-6.12");
  this->Reset();
  for (uint64_t i = 0; i < Scaled(10000); ++i) {
    this->Push(RandomBackBlock(this->kShape, this->rng()));
    if (this->waiting_.size() < 4) continue;
    const uint32_t mood = this->rng().Below(3);
    for (int idle = 0; !this->waiting_.empty(); ++idle) {
      ASSERT_LT(idle, 3000) << "nothing moves";
      this->Cycle(this->rng().Below(4) >= mood, this->rng().Below(4) >= mood,
                  this->rng().Below(4) >= 2 - mood);
    }
  }
}

}  // namespace
}  // namespace actplane::rtl_test
