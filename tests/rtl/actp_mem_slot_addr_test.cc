// SPDX-License-Identifier: Apache-2.0
#include <bit>
#include <deque>

#include "duts.h"
#include "memory_test.h"

namespace actplane::rtl_test {
namespace {

template <class Config>
class MemSlotAddr : public RtlTest<Config> {
 protected:
  static constexpr uint32_t kBus = Config::kStreamWidth / 8;
  static constexpr uint64_t kAddrMask =
      Config::kAddrW == 64 ? ~uint64_t{0} : (uint64_t{1} << (Config::kAddrW % 64)) - 1;

  struct Slot {
    uint64_t word = 0;
    uint32_t user = 0;
  };

  void Offer() {
    auto& rng = this->rng();
    auto& dut = this->dut();
    const auto formats = FormatsOf<Config>();
    Region r{.enable = true, .format = static_cast<uint32_t>(formats[rng.Below(formats.size())])};
    r.base = rng.Next() & kAddrMask & ~uint64_t{4095};
    r.slot = rng.Next() & kAddrMask & ~uint64_t{4095};
    r.slot_bytes = 1 + rng.Below(std::min(1064U, Config::kBlockLen * 33 / 8 + 8));
    const uint64_t block = uint64_t{Config::kBlockLen} * (r.format == 0 ? 4 : 2);
    // A region has less than 2^32 granules.
    const uint64_t room = std::min((kAddrMask - r.base) / block + 1, (uint64_t{1} << 38) / block);
    const uint64_t number = rng.Next() % (rng.OneIn(2) ? std::min(room, uint64_t{100}) : room);
    r.size = 64;
    PutRegion(dut.in_region_i, 0, r, kBus);
    Put(dut.in_tag_i, (r.base + number * block) >> 6);
    offered_ = {((r.slot + number * r.stride(kBus) * kBus) & kAddrMask) / kBus, rng.Below(256)};
    dut.in_user_i = static_cast<uint8_t>(offered_.user);
  }

  // One cycle; a new block is offered when the last one has gone.
  void Cycle(bool in, bool out) {
    auto& dut = this->dut();
    if (!pending_) {
      Offer();
      pending_ = in;
    }
    dut.in_valid_i = pending_;
    dut.out_ready_i = out;
    this->sim().Step([&] {
      if (dut.out_valid_o != 0) {
        ASSERT_FALSE(expected_.empty());
        ASSERT_EQ(dut.out_slot_o, expected_.front().word);
        ASSERT_EQ(dut.out_user_o, expected_.front().user);
        if (out) expected_.pop_front(), ++seen_;
      }
      if (pending_ && dut.in_ready_o != 0) {
        expected_.push_back(offered_);
        ASSERT_LE(expected_.size(), 2U);
        pending_ = false;
      }
    });
  }

  bool pending_ = false;
  Slot offered_;
  std::deque<Slot> expected_;
  // Serial: two cycles, and one more for each bit that a stride may have.
  static constexpr bool kSerial = requires { requires Config::kSerial == 1; };
  static constexpr uint64_t kLatest =
      2 + std::bit_width((Config::kBlockLen * 33 / 8 + 8) / kBus + 1);

  uint64_t seen_ = 0;
};
TYPED_TEST_SUITE(MemSlotAddr, duts::Configs);

TYPED_TEST(MemSlotAddr, RandomMatchesModel) {
  for (int round = 0; round < 4; ++round) {
    this->dut().in_valid_i = this->dut().out_ready_i = 0;
    this->pending_ = false;
    this->expected_.clear();
    this->sim().Reset();  // in traffic, from the second time on
    this->sim().Settle();
    ASSERT_EQ(this->dut().out_valid_o, 0);
    for (uint64_t i = 0; i < Scaled(30000); ++i) {
      const auto mood = static_cast<uint32_t>(i / 64 % 3);
      this->Cycle(this->rng().Below(4) >= mood, this->rng().Below(4) >= 2 - mood);
    }
  }
}

TYPED_TEST(MemSlotAddr, OneBlockACycleTwoLaterSerialABitOfTheStrideACycle) {
  this->sim().Reset();
  for (int i = 0; i < 1000; ++i) this->Cycle(true, true);
  if (this->kSerial) {
    EXPECT_GE(this->seen_ * this->kLatest, 1000U - this->kLatest);
    EXPECT_LT(this->seen_, 500U);
  } else {
    EXPECT_EQ(this->seen_, 998U);
  }
}

}  // namespace
}  // namespace actplane::rtl_test
