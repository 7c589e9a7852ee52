// SPDX-License-Identifier: Apache-2.0
#include <deque>

#include "back_test.h"
#include "duts.h"
#include "ports.h"

namespace actplane::rtl_test {
namespace {

template <class Config>
class Packer : public RtlTest<Config> {
 protected:
  static constexpr uint32_t kWord = Config::kWidth / 8;
  static constexpr uint32_t kPieces = Config::kWidth / Config::kPiece;
  static constexpr uint32_t kMost =
      std::min(Config::kListW / Config::kPiece, kPieces);  // of a list

  struct Chunk {
    Bits a, b;
    uint32_t a_n, b_n;
    bool first, last;
  };
  struct Slot {
    Bits front;
    uint32_t front_bytes = 0, bytes = 0, tag = 0;
    std::vector<std::byte> want;
  };

  void Reset() {
    auto& dut = this->dut();
    dut.in_valid_i = dut.slot_valid_i = 0;
    this->sim().Reset();
    chunks_.clear();
    heads_.clear();
    slots_.clear();
    offered_ = false;
    at_ = 0;
  }

  Bits RandomBits(uint32_t count) {
    Bits bits;
    for (uint32_t i = 0; i < count; ++i) bits.Put(this->rng().Next(), 1);
    return bits;
  }

  // A slot of `chunks` chunks of up to `most` pieces in each list.
  void Push(uint32_t chunks, uint32_t most, uint32_t spare_bytes) {
    Slot slot;
    const uint32_t front_most = std::min(Config::kFrontW / 8, 43U);
    slot.front_bytes =
        1 + this->rng().Below(this->rng().OneIn(3) ? front_most : std::min(12U, front_most));
    slot.front = RandomBits(8 * slot.front_bytes);
    Bits all = slot.front;
    for (uint32_t k = 0; k < chunks; ++k) {
      Chunk c;
      const uint32_t limit = std::min(most, kMost);
      c.a_n = this->rng().Below(limit + 1);
      c.b_n = this->rng().Below(std::min(limit, kPieces - c.a_n) + 1);
      if (this->rng().OneIn(5)) c.a_n = c.b_n = 0;
      if (this->rng().OneIn(9))
        c.b_n = std::min(kMost, kPieces - c.a_n);  // a whole word, if lists can
      c.a = RandomBits(c.a_n * Config::kPiece);
      c.b = RandomBits(c.b_n * Config::kPiece);
      all.Append(c.a);
      all.Append(c.b);
      c.first = k == 0;
      c.last = k + 1 == chunks;
      c.a.Fill(Config::kListW);
      c.b.Fill(Config::kListW);
      chunks_.push_back(c);
    }
    slot.bytes = std::min(static_cast<uint32_t>(CeilDiv(all.size(), 8)) + spare_bytes, 2047U);
    slot.want.assign(slot.bytes, std::byte{0});
    for (size_t i = 0; i < all.size(); ++i) {
      slot.want[i / 8] |= static_cast<std::byte>((all[i] ? 1 : 0) << (i % 8));
    }
    slot.tag = this->rng().Below(1U << Config::kTagW);
    slot.front.Fill(Config::kFrontW);
    heads_.push_back(slot);
    slots_.push_back(slot);
  }

  void Cycle(bool valid, bool ready) {
    auto& dut = this->dut();
    if (!offered_) {
      offered_ = valid && !chunks_.empty();
      PutRandom(dut.a_i, Config::kListW, this->rng());
      PutRandom(dut.b_i, Config::kListW, this->rng());
      dut.in_first_i = this->rng().OneIn(2);
      dut.in_last_i = this->rng().OneIn(2);
      if (offered_) {
        const Chunk& c = chunks_.front();
        c.a.To(dut.a_i);
        c.b.To(dut.b_i);
        Set(dut.a_n_i, c.a_n);
        Set(dut.b_n_i, c.b_n);
        dut.in_first_i = c.first;
        dut.in_last_i = c.last;
      }
    }
    dut.slot_valid_i = !heads_.empty();
    if (!heads_.empty()) {
      heads_.front().front.To(dut.front_i);
      Set(dut.front_bytes_i, heads_.front().front_bytes);
      Set(dut.bytes_i, heads_.front().bytes);
      Set(dut.tag_i, heads_.front().tag);
    }
    dut.in_valid_i = offered_;
    dut.out_ready_i = ready;
    this->sim().Step([&] {
      taken_ = offered_ && dut.in_ready_o != 0;
      ASSERT_EQ(dut.slot_taken_o != 0, taken_ && dut.in_first_i != 0);
      if (dut.slot_taken_o != 0) heads_.pop_front();
      if (taken_) {
        chunks_.pop_front();
        offered_ = false;
      }
      if (dut.out_valid_o != 0 && ready) TakeWord();
    });
  }

  void TakeWord() {
    const auto& dut = this->dut();
    ASSERT_FALSE(slots_.empty()) << "a word of nothing";
    const Slot& slot = slots_.front();
    const uint32_t bytes = std::min(kWord, slot.bytes - at_);
    ASSERT_EQ(dut.out_bytes_o + 1U, bytes);
    ASSERT_EQ(dut.out_last_o != 0, at_ + bytes == slot.bytes);
    ASSERT_EQ(dut.out_tag_o, slot.tag);
    const auto word = GetBytes(dut.out_data_o, kWord);
    for (uint32_t i = 0; i < kWord; ++i) {
      ASSERT_EQ(word[i], i < bytes ? slot.want[at_ + i] : std::byte{0})
          << "byte " << at_ + i << " of " << slot.bytes;
    }
    at_ += bytes;
    if (at_ < slot.bytes) return;
    at_ = 0;
    slots_.pop_front();
  }

  std::deque<Chunk> chunks_;
  std::deque<Slot> heads_, slots_;
  uint32_t at_ = 0;
  bool offered_ = false, taken_ = false;
};
TYPED_TEST_SUITE(Packer, duts::Configs);

TYPED_TEST(Packer, AfterReset) {
  for (int round = 0; round < 30; ++round) {
    this->Reset();
    this->sim().Settle();
    EXPECT_EQ(this->dut().out_valid_o, 0);
    EXPECT_EQ(this->dut().out_tag_o, 0);
    for (int i = 0; i < 3; ++i) this->Push(1 + this->rng().Below(4), 99, this->rng().Below(99));
    const auto cycles = this->rng().Below(30);
    for (uint32_t i = 0; i < cycles; ++i) this->Cycle(true, this->rng().OneIn(2));
  }
}

TYPED_TEST(Packer, RandomMatchesModel) {
  ACTP_CLAUSE("F-2.5", "F-2.7", "F-2.8");
  this->Reset();
  for (uint64_t i = 0; i < Scaled(40000); ++i) {
    const uint32_t spare = this->rng().OneIn(2) ? 0 : this->rng().Below(3 * this->kWord);
    this->Push(1 + this->rng().Below(8), this->rng().Below(this->kMost + 1), spare);
    if (this->slots_.size() < 5) continue;
    const uint32_t mood = this->rng().Below(3);
    for (int idle = 0; !this->slots_.empty(); ++idle) {
      ASSERT_LT(idle, 2000) << "nothing moves";
      this->Cycle(this->rng().Below(4) >= mood, this->rng().Below(4) >= 2 - mood);
    }
  }
}

// Zeros behind a slot leave while the chunks of the next one are joined, as long as these complete
// no word: slots of 8 chunks and 4 words, of which the second half are zeros.
TYPED_TEST(Packer, ZerosDoNotStopChunks) {
  this->Reset();
  for (int i = 0; i < 50; ++i) {
    this->Push(8, 1, 2 * this->kWord);
    uint32_t front = this->heads_.back().front_bytes;
    ASSERT_LE(front, 43U);
  }
  int stops = 0;
  while (!this->chunks_.empty()) {
    this->Cycle(true, true);
    stops += this->taken_ ? 0 : 1;
  }
  EXPECT_LE(stops, 50);
}

// Nor does what is left of a slot stop a chunk that completes no word, while there is room for a
// word.
TYPED_TEST(Packer, WhatIsLeftDoesNotStopAChunk) {
  this->Reset();
  for (uint64_t round = 0; round < Scaled(4000); ++round) {
    this->Push(1 + this->rng().Below(8), this->kMost, this->rng().Below(3 * this->kWord));
    const size_t before = this->chunks_.size();
    this->Push(2, 1, 0);
    while (this->chunks_.size() > 2) this->Cycle(true, true);
    const auto& chunk = this->chunks_.front();
    const uint32_t pieces =
        this->heads_.front().front_bytes * 8 / TypeParam::kPiece + chunk.a_n + chunk.b_n;
    this->Cycle(true, true);
    if (pieces < this->kPieces) {
      ASSERT_TRUE(this->taken_) << "behind " << before << " chunks";
    }
    while (!this->slots_.empty()) this->Cycle(true, true);
  }
}

// Two lists that fill half a word, in every cycle.
TYPED_TEST(Packer, Throughput) {
  this->Reset();
  for (int i = 0; i < 10; ++i) this->Push(16, this->kPieces / 4, 0);
  int stops = 0;
  while (!this->chunks_.empty()) {
    this->Cycle(true, true);
    stops += this->taken_ ? 0 : 1;
  }
  EXPECT_LE(stops, 20);  // the end of one slot and a word of the next one, and long fronts
}

}  // namespace
}  // namespace actplane::rtl_test
