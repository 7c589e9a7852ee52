// SPDX-License-Identifier: Apache-2.0
#include <deque>

#include "duts.h"
#include "ports.h"
#include "rtl_test.h"

namespace actplane::rtl_test {
namespace {

template <class Config>
class Narrow : public RtlTest<Config> {
 protected:
  static constexpr uint32_t kWord = Config::kWidth / 8;
  static constexpr uint32_t kBeat = Config::kBeatW / 8;
  struct Beat {
    std::vector<std::byte> bytes;
    bool last;
    uint32_t tag;
  };

  void Reset() {
    this->dut().in_valid_i = 0;
    this->sim().Reset();
    want_.clear();
    offered_ = false;
    at_ = 0;
    moved_ = words_ = 0;
  }

  void Cycle(bool valid, bool ready) {
    auto& dut = this->dut();
    if (!offered_) {
      PutRandom(dut.in_data_i, Config::kWidth, this->rng());
      dut.in_last_i = this->rng().OneIn(3);
      Set(dut.in_bytes_i, dut.in_last_i != 0 ? this->rng().Below(kWord) : kWord - 1);
      const auto word = GetBytes(dut.in_data_i, kWord);
      if (dut.in_last_i != 0) {  // as the packer gives it: 0 behind the bytes
        auto cut = word;
        std::fill(cut.begin() + dut.in_bytes_i + 1, cut.end(), std::byte{0});
        PutBytes(dut.in_data_i, cut);
      }
      Set(dut.in_tag_i, this->rng().Below(1U << Config::kTagW));
      offered_ = valid;
    }
    dut.in_valid_i = offered_;
    dut.out_ready_i = ready;
    this->sim().Step([&] {
      if (offered_ && dut.in_ready_o != 0) Take();
      if (dut.out_valid_o == 0 || !ready) return;
      if (want_.empty() && offered_) {
        Expect(Peek(), at_);  // beats leave before their word is done
      } else {
        Expect(want_, 0);
      }
    });
  }

  std::deque<Beat> Peek() {
    const auto& dut = this->dut();
    const auto word = GetBytes(dut.in_data_i, kWord);
    std::deque<Beat> beats;
    const uint32_t bytes = dut.in_bytes_i + 1;
    for (uint32_t at = 0; at < bytes; at += kBeat) {
      beats.push_back({{word.begin() + at, word.begin() + std::min(at + kBeat, bytes)},
                       dut.in_last_i != 0 && at + kBeat >= bytes,
                       dut.in_tag_i});
    }
    return beats;
  }

  void Take() {
    ++words_;
    auto beats = Peek();
    beats.erase(beats.begin(), beats.begin() + at_);
    at_ = 0;
    want_.insert(want_.end(), beats.begin(), beats.end());
    offered_ = false;
  }

  void Expect(const std::deque<Beat>& list, uint32_t index) {
    const auto& dut = this->dut();
    ASSERT_LT(index, list.size()) << "a beat of nothing";
    const Beat& beat = list[index];
    ASSERT_EQ(GetBits(dut.out_keep_o, 0, kBeat), LowMask(static_cast<uint32_t>(beat.bytes.size())));
    auto data = GetBytes(dut.out_data_o, kBeat);
    for (size_t i = beat.bytes.size(); i < data.size(); ++i) ASSERT_EQ(data[i], std::byte{0});
    data.resize(beat.bytes.size());
    ASSERT_EQ(data, beat.bytes);
    ASSERT_EQ(dut.out_last_o != 0, beat.last);
    ASSERT_EQ(dut.out_tag_o, beat.tag);
    ++moved_;
    if (&list == &want_) {
      want_.pop_front();
    } else {
      ++at_;
    }
  }

  std::deque<Beat> want_;
  uint32_t at_ = 0;  // beats of the word on offer that have left
  bool offered_ = false;
  uint64_t moved_ = 0, words_ = 0;
};
TYPED_TEST_SUITE(Narrow, duts::Configs);

TYPED_TEST(Narrow, AfterReset) {
  for (int stop = 0; stop < 6; ++stop) {
    this->Reset();
    this->sim().Settle();
    EXPECT_EQ(this->dut().out_valid_o, 0);
    EXPECT_TRUE(TypeParam::kBeatW == TypeParam::kWidth || this->dut().out_tag_o == 0);
    for (int i = 0; i < stop; ++i) this->Cycle(true, i % 2 == 0);
  }
}

TYPED_TEST(Narrow, Throughput) {
  this->Reset();
  for (int i = 0; i < 400; ++i) this->Cycle(true, true);
  EXPECT_GE(this->moved_, 398U);
}

TYPED_TEST(Narrow, RandomMatchesModel) {
  ACTP_CLAUSE("F-2.5");
  this->Reset();
  for (uint64_t i = 0; i < Scaled(200000); ++i) {
    const auto mood = static_cast<uint32_t>(i / 64 % 3);
    this->Cycle(this->rng().Below(4) >= mood, this->rng().Below(4) >= 2 - mood);
  }
  EXPECT_GT(this->moved_, Scaled(200000) / 8);
  EXPECT_GT(this->words_, 0U);
}

}  // namespace
}  // namespace actplane::rtl_test
