// SPDX-License-Identifier: Apache-2.0
#include <deque>
#include <optional>

#include "duts.h"
#include "ports.h"
#include "rtl_test.h"

namespace actplane::rtl_test {
namespace {

// One beat of a burst into a block.
struct Beat {
  uint64_t tag = 0;
  uint32_t region = 0, word = 0, last_word = 0, strb = 0;
  bool last = true;  // of its burst
  std::vector<std::byte> data;
};

struct Open {
  Beat first;
  std::vector<std::vector<std::byte>> words;
  std::vector<uint32_t> masks;
  uint32_t ends = 0;
  bool carry = false, some = false;
  uint32_t reads = 0;  // fills that were reading its slot when it was opened, and have not ended
  bool Whole(uint32_t all) const {
    for (uint32_t w = 0; w <= first.last_word; ++w) {
      if (masks[w] != all) return false;
    }
    return true;
  }
};

template <class Config>
class Gather : public RtlTest<Config> {
 protected:
  static constexpr uint32_t kBytes = Config::kStreamWidth / 8;
  static constexpr uint32_t kWords = Config::kWords;
  static constexpr uint32_t kAll = (1U << kBytes) - 1;

  void Reset() {
    auto& dut = this->dut();
    dut.burst_i = dut.beat_valid_i = dut.block_done_i = dut.merge_i = 0;
    dut.pause_i = dut.flush_i = dut.check_close_i = dut.check_wait_i = 0;
    dut.filling_i = dut.open_reads_i = 0;
    this->sim().Reset();
    blocks_.clear();
    open_ = false;
    idle_ = word_ = 0;
    guard_ = false;
  }

  // One cycle with this beat on offer, or without; whether it was taken.
  bool Cycle(const Beat* beat, bool valid, bool drain) {
    auto& dut = this->dut();
    dut.burst_i = beat != nullptr;
    PutRandom(dut.beat_data_i, 8 * kBytes, this->rng());
    if (beat != nullptr) {
      Set(dut.burst_tag_i, beat->tag);
      Set(dut.burst_region_i, beat->region);
      Set(dut.burst_word_i, beat->word);
      Set(dut.burst_last_word_i, beat->last_word);
      dut.burst_last_i = beat->last;
      Set(dut.beat_strb_i, beat->strb);
      PutBytes(dut.beat_data_i, beat->data);
    }
    dut.beat_valid_i = beat != nullptr && valid;
    dut.filling_i &= static_cast<CData>(this->rng().Next() | this->rng().Next());
    dut.filling_i |= static_cast<CData>(dut.open_reads_i);
    dut.open_reads_i = static_cast<CData>(this->rng().Below(16) & this->rng().Below(16));
    Set(dut.block_word_i, word_);
    dut.block_done_i = 0;
    this->sim().Settle();
    const bool there = dut.block_valid_o != 0;
    const bool last = there && word_ == dut.block_last_word_o;
    dut.block_done_i = there && drain && last;
    bool moved = false;
    this->sim().Step([&] {
      moved = dut.beat_valid_i != 0 && dut.beat_ready_o != 0;
      ASSERT_FALSE(moved && guard_ && dut.open_o != 0 && beat->tag == guard_tag_);
      guard_ = dut.check_wait_i != 0;
      guard_tag_ = dut.check_tag_i;
      // What must have closed the open block.
      const bool whole = open_ && blocks_.back().Whole(kAll);
      const bool other = open_ && beat != nullptr && beat->tag != blocks_.back().first.tag;
      const bool late = open_ && !moved && dut.pause_i == 0 && idle_ >= dut.gather_i &&
                        !(dut.gather_i == 0 && blocks_.back().carry);
      const bool asked =
          open_ && dut.check_close_i != 0 && dut.check_tag_i == blocks_.back().first.tag;
      bool busy = false;
      for (const Open& b : blocks_) busy |= b.first.tag == dut.check_tag_i;
      EXPECT_EQ(dut.check_busy_o != 0, busy);
      const size_t closed = blocks_.size() - (open_ && !whole ? 1 : 0);
      EXPECT_EQ(there, closed > 0);
      for (Open& b : blocks_) b.reads &= dut.filling_i;
      if (there) CompareBlock();
      if (there && drain) word_ = last ? 0 : word_ + 1;
      const bool flushed = open_ && dut.flush_i != 0;
      if (whole || other || late || asked || flushed) {
        if (moved && !whole && !other) Take(*beat);
        const bool into_next = moved && (whole || other);
        open_ = false;
        if (dut.block_done_i != 0) blocks_.pop_front();
        if (into_next) Take(*beat);
        EXPECT_EQ(dut.open_o != 0, into_next);
      } else {
        if (dut.block_done_i != 0) blocks_.pop_front();
        EXPECT_EQ(dut.open_o != 0, moved && !open_);
        if (moved) Take(*beat);
      }
      if (moved) {
        idle_ = 0;
      } else if (dut.pause_i == 0) {
        ++idle_;
      }
    });
    return moved;
  }

  void Take(const Beat& beat) {
    if (!open_) {
      open_ = true;
      blocks_.push_back({});
      blocks_.back().first = beat;
      blocks_.back().reads = this->dut().open_reads_i;
      blocks_.back().words.assign(kWords, std::vector<std::byte>(kBytes));
      blocks_.back().masks.assign(kWords, 0);
    }
    Open& b = blocks_.back();
    for (uint32_t i = 0; i < kBytes; ++i) {
      if (BitOf(beat.strb, i) != 0) b.words[beat.word][i] = beat.data[i];
    }
    b.masks[beat.word] |= beat.strb;
    b.some |= beat.strb != 0;
    b.ends += beat.last ? 1 : 0;
    b.carry = !beat.last;
  }

  void CompareBlock() {
    auto& dut = this->dut();
    const Open& b = blocks_.front();
    ASSERT_EQ(dut.block_tag_o, b.first.tag);
    ASSERT_EQ(dut.block_region_o, b.first.region);
    ASSERT_EQ(dut.block_last_word_o, b.first.last_word);
    ASSERT_EQ(dut.block_ends_o, b.ends);
    ASSERT_EQ(dut.block_carry_o != 0, b.carry);
    ASSERT_EQ(dut.block_whole_o != 0, b.Whole(kAll));
    ASSERT_EQ(dut.block_some_o != 0, b.some);
    ASSERT_EQ(dut.block_read_o != 0, b.reads != 0);
    const auto data = GetBytes(dut.block_data_o, kBytes);
    for (uint32_t i = 0; i < kBytes; ++i) {
      ASSERT_TRUE(BitOf(b.masks[word_], i) == 0 || data[i] == b.words[word_][i]) << "byte " << i;
    }
  }

  Beat MakeBeat(uint64_t tag, uint32_t word, uint32_t last_word) {
    Beat b;
    b.tag = tag;
    b.region = static_cast<uint32_t>(tag % 2);
    b.word = word;
    b.last_word = last_word;
    b.strb = kAll;
    b.data.resize(kBytes);
    for (auto& byte : b.data) byte = static_cast<std::byte>(this->rng().Next());
    return b;
  }

  std::deque<Open> blocks_;  // the last one is open if open_
  bool open_ = false;
  uint32_t idle_ = 0, word_ = 0;
  bool guard_ = false;
  uint64_t guard_tag_ = 0;
};
TYPED_TEST_SUITE(Gather, duts::Configs);

// Whole blocks, of any number of words: not one cycle is lost.
TYPED_TEST(Gather, OneBeatACycle) {
  for (uint32_t words = 1; words <= TypeParam::kWords; words *= 2) {
    this->Reset();
    this->dut().gather_i = 3;
    for (uint64_t block = 0; block < 40; ++block) {
      for (uint32_t word = 0; word < words; ++word) {
        auto beat = this->MakeBeat(block, word, words - 1);
        ASSERT_TRUE(this->Cycle(&beat, true, true)) << "block " << block << " word " << word;
      }
    }
    for (uint32_t i = 0; i < words; ++i) this->Cycle(nullptr, false, true);
    EXPECT_TRUE(this->blocks_.empty());
  }
}

TYPED_TEST(Gather, RandomMatchesModel) {
  auto& dut = this->dut();
  auto& rng = this->rng();
  uint64_t blocks = 0;
  for (uint64_t round = 0; round < Scaled(400); ++round) {
    this->Reset();
    dut.gather_i = static_cast<CData>(rng.Below(6));
    const uint32_t calm = 1 + rng.Below(8);
    std::optional<Beat> beat;
    uint64_t tag = 0;
    uint32_t word = 0, last_word = 0, ended = 0;
    for (int i = 0; i < 1000; ++i) {
      if (!beat && !rng.OneIn(4)) {
        if (word > last_word || rng.OneIn(12)) {
          tag = rng.Below(4);
          last_word = rng.Below(TypeParam::kWords);
          word = 0;
        }
        // A tag's last word is that of its block.
        beat = this->MakeBeat(tag * 8 + last_word % 8, word++, last_word);
        if (rng.OneIn(4)) beat->strb = static_cast<uint32_t>(rng.Next()) & TestFixture::kAll;
        if (rng.OneIn(16)) beat->strb = 0;
        beat->last = rng.OneIn(3);
      }
      dut.pause_i = rng.OneIn(8);
      dut.flush_i = rng.OneIn(40);
      dut.check_close_i = rng.OneIn(calm * 4);
      dut.check_wait_i = dut.check_close_i != 0 && rng.OneIn(2);
      Set(dut.check_tag_i, rng.Below(4) * 8 + rng.Below(8));
      if (ended > 20) {  // more bursts than may wait would overflow the counts
        for (uint32_t k = 0; k < 40; ++k) this->Cycle(nullptr, false, true);
        ended = 0;
      }
      const bool last = beat && beat->last;
      if (this->Cycle(beat ? &*beat : nullptr, !rng.OneIn(calm), !rng.OneIn(calm))) {
        ended += last ? 1 : 0;
        beat.reset();
      }
      blocks += dut.block_done_i;
      if (this->HasFailure()) return;
    }
  }
  EXPECT_GT(blocks, Scaled(400) * 10);
}

}  // namespace
}  // namespace actplane::rtl_test
