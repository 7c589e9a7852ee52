// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <utility>

#include "duts.h"
#include "rtl_test.h"

namespace actplane::rtl_test {
namespace {

template <class Config>
class MemCounters : public RtlTest<Config> {
 protected:
  static constexpr uint32_t kAll = Config::kNum + 2;

  // One cycle with random events, at most `most` of each counter; reads the counter `index_`.
  void Cycle(uint32_t most) {
    auto& rng = this->rng();
    auto& dut = this->dut();
    std::array<uint32_t, kAll> add{};
    for (uint32_t c = 0; c < Config::kNum; ++c) {
      add[c] = rng.Below(most + 1);
      if (most == 2 && c == 0) add[c] = 2;  // what runs over most often
      PutBits(dut.count_i, 2 * c, 2, add[c]);
    }
    dut.first_valid_i = most != 0 && rng.OneIn(2);
    dut.second_valid_i = most != 0 && rng.OneIn(2);
    dut.first_bytes_i = static_cast<uint16_t>(rng.Below(2048));
    dut.second_bytes_i = static_cast<uint16_t>(rng.Below(2048));
    if (dut.first_valid_i != 0) add[Config::kNum] = dut.first_bytes_i;
    if (dut.second_valid_i != 0) add[Config::kNum + 1] = dut.second_bytes_i;
    dut.read_index_i = static_cast<uint8_t>(index_);
    this->sim().Step([&] {
      ++waited_;
      if (dut.read_ready_o != 0) {
        ASSERT_EQ(dut.data_o, count_[index_]) << index_;
        ++read_[index_];
        waited_ = 0;
        index_ = rng.Below(kAll);
      }
      ASSERT_LT(waited_, Config::kNum);
      for (uint32_t c = 0; c < kAll; ++c) {  // bytes a cycle later
        count_[c] += c < Config::kNum ? add[c] : std::exchange(late_[c - Config::kNum], add[c]);
      }
    });
  }

  void Reset() {
    count_ = {};
    late_ = {};
    waited_ = 0;
    this->dut().count_i = 0;
    this->dut().first_valid_i = this->dut().second_valid_i = 0;
    this->sim().Reset();
  }

  uint32_t index_ = 0;
  uint32_t waited_ = 0;
  std::array<uint32_t, kAll> count_{};
  std::array<uint32_t, 2> late_{};
  std::array<uint64_t, kAll> read_{};
};
TYPED_TEST_SUITE(MemCounters, duts::Configs);

TYPED_TEST(MemCounters, RandomMatchesModel) {
  for (int round = 0; round < 4; ++round) {
    this->Reset();
    for (uint64_t i = 0; i < Scaled(100000); ++i) this->Cycle(static_cast<uint32_t>(i / 256 % 3));
  }
  for (const uint64_t n : this->read_) EXPECT_GT(n, 20U);
}

TYPED_TEST(MemCounters, ZeroAfterReset) {
  this->Reset();
  for (int i = 0; i < 1000; ++i) this->Cycle(2);
  this->Reset();
  for (int i = 0; i < 400; ++i) this->Cycle(0);
  for (const uint32_t n : this->count_) EXPECT_EQ(n, 0U);
}

}  // namespace
}  // namespace actplane::rtl_test
