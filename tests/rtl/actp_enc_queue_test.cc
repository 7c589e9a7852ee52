// SPDX-License-Identifier: Apache-2.0
#include <deque>

#include "duts.h"
#include "front_test.h"

namespace actplane::rtl_test {
namespace {

template <class Config>
class EncQueue : public RtlTest<Config> {
 protected:
  static constexpr uint32_t kStored = StoredBits(Config::kDepth);
  static constexpr uint32_t kValues = Config::kCoreWidth / 32;
  static constexpr uint32_t kData = Config::kFormats == 1 ? kValues * kStored : Config::kCoreWidth;

  struct Entry {
    Format format;
    std::vector<uint64_t> data;
  };
  static uint32_t Count(Format format) { return IsNarrow(format) ? 2 * kValues : kValues; }
  static uint32_t Bits(Format format) { return IsNarrow(format) ? 16 : kStored; }

  void Cycle(bool valid, bool ready) {
    auto& dut = this->dut();
    Rng& rng = this->rng();
    if (left_ == 0) {  // the next block: two chunks of FP32, one or more of the others
      const auto formats = FormatsOf<Config>();
      if (rng.OneIn(4) || steady_ == false) format_ = formats[rng.Below(formats.size())];
      left_ = IsNarrow(format_) ? 1 + rng.Below(4) : 2 + 2 * rng.Below(4);
    }
    Entry entry{format_, {}};
    for (uint32_t i = 0; i < Count(format_); ++i) {
      entry.data.push_back(rng.Next() & LowMask(Bits(format_)));
      PutBits(dut.write_data_i, i * Bits(format_), Bits(format_), entry.data.back());
      if (Config::kOrders > 1) {
        entry.data.push_back(rng.Below(2));
        PutBits(dut.write_data_i, kData + i, 1, entry.data.back());
      }
    }
    dut.write_fmt_i = static_cast<uint8_t>(FormatCode(format_, Config::kFormats));
    this->sim().Settle();
    dut.write_valid_i = valid && dut.full_o == 0;
    dut.out_ready_i = ready;
    this->sim().Step([&] {
      if (dut.out_valid_o != 0) {
        ASSERT_FALSE(waiting_.empty());
        const auto& [format, data] = waiting_.front();
        size_t at = 0;
        for (uint32_t i = 0; i < Count(format); ++i) {
          ASSERT_EQ(GetBits(dut.out_data_o, i * Bits(format), Bits(format)), data[at++]) << i;
          if (Config::kOrders > 1) {
            ASSERT_EQ(GetBits(dut.out_data_o, kData + i, 1), data[at++]) << i;
          }
        }
        if (ready) {
          waiting_.pop_front();
          ++moved_;
        }
      }
      if (dut.write_valid_i != 0) {
        waiting_.push_back(entry);
        --left_;
      }
      most_ = std::max(most_, waiting_.size());
    });
  }

  void Reset() {
    this->dut().write_valid_i = 0;
    this->sim().Reset();
    waiting_.clear();
    left_ = 0;
    moved_ = 0;
    most_ = 0;
  }

  Format format_ = FormatsOf<Config>().front();
  bool steady_ = false;
  uint32_t left_ = 0;
  std::deque<Entry> waiting_;
  uint64_t moved_ = 0;
  size_t most_ = 0;
};
TYPED_TEST_SUITE(EncQueue, duts::Configs);

TYPED_TEST(EncQueue, AfterReset) {
  for (int writes = 0; writes < 6; ++writes) {
    this->Reset();
    this->sim().Settle();
    EXPECT_EQ(this->dut().out_valid_o, 0);
    EXPECT_EQ(this->dut().full_o, 0);
    for (int i = 0; i < writes; ++i) this->Cycle(true, i > 1);  // what the next reset finds
  }
}

TYPED_TEST(EncQueue, Throughput) {
  for (const bool steady : {false, true}) {
    this->Reset();
    this->steady_ = steady;
    for (int i = 0; i < 1000; ++i) this->Cycle(true, true);
    EXPECT_GE(this->moved_, 998U);
    EXPECT_LE(this->most_, 2U);
  }
}

// Blocks of one 16-bit chunk wait for their plans in six places, also where two queues share them.
TYPED_TEST(EncQueue, HoldsTheEntries) {
  constexpr bool kTwo =
      (TypeParam::kFormats & 1U) != 0 && TypeParam::kFormats != 1 && TypeParam::kDepth < 22;
  constexpr uint32_t kNarrow =
      kTwo ? std::max<uint32_t>(6, TypeParam::kEntries / 2) : TypeParam::kEntries;
  for (const Format format : FormatsOf<TypeParam>()) {
    this->Reset();
    this->format_ = format;
    this->left_ = 1000;
    for (uint32_t i = 0; i < 12 + 2 * TypeParam::kEntries; ++i) this->Cycle(true, false);
    EXPECT_GE(this->most_, (IsNarrow(format) ? kNarrow : TypeParam::kEntries) + 1);
  }
}

TYPED_TEST(EncQueue, RandomMatchesModel) {
  for (uint64_t i = 0; i < Scaled(200000); ++i) {
    if (i % 1000 == 0) {
      this->Reset();
      this->steady_ = this->rng().OneIn(2);
    }
    const uint32_t mood = static_cast<uint32_t>(i / 64 % 3);
    this->Cycle(this->rng().Below(4) >= mood, this->rng().Below(4) >= 2 - mood);
  }
}

}  // namespace
}  // namespace actplane::rtl_test
