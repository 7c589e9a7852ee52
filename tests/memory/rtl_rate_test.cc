// SPDX-License-Identifier: Apache-2.0
// How fast the RTL of the memory path is, clock by clock: a hit, a miss, whole blocks both ways.
#include <algorithm>
#include <cstring>
#include <vector>

#include "rtl_fixture.h"
#include "support/values.h"

namespace actplane::tb::memory {
namespace {

class RtlRate : public RtlFixture {
 protected:
  RtlRate() : RtlFixture("default") {}
  void See() override {
    const auto note = [this](bool moves, std::vector<uint64_t>& at) {
      if (moves) at.push_back(now_);
    };
    note(Moves(pins_.s.ar), ar_);
    note(Moves(pins_.s.r), r_);
    note(Moves(pins_.s.w), w_);
    note(Moves(pins_.m.ar), memory_ar_);
  }
  void Forget() {
    for (auto* at : {&ar_, &r_, &w_, &memory_ar_}) at->clear();
  }
  Region RegionAt(uint64_t base, uint64_t slots, Order order, uint32_t slot_bytes) {
    Region r{.base = base, .size = kBytes, .slots = slots, .config = {}};
    r.config.order = order;
    r.config.group_len = 8;
    r.config.row_limit = 16;
    r.config.slot_bytes = slot_bytes;
    r.bus_bytes = dut_->shape().bus_bytes();
    return r;
  }

  static Burst PageOf(uint64_t address) {
    return {.addr = address, .len = 127, .size = 5, .cache = 3};
  }
  WriteOp WriteOf(const Burst& burst) {
    WriteOp op{.burst = burst, .beats = {}};
    for (uint32_t i = 0; i < burst.beats(); ++i) {
      WriteBeat beat;
      for (uint32_t v = 0; v < 8; ++v) {
        const float value = static_cast<float>(values_.Normal());
        std::memcpy(&beat.data.at(4 * v), &value, 4);
      }
      beat.strb = 0xffffffff;
      beat.last = i + 1 == burst.beats();
      op.beats.push_back(beat);
    }
    return op;
  }
  void Fill(const Region& region) {
    for (uint64_t at = 0; at < region.size; at += kPageBytes) {
      while (!master_->Room()) Step();
      master_->Give(WriteOf(PageOf(region.base + at)));
    }
    Drain();
  }

  static constexpr uint64_t kPages = 16, kBytes = kPages * kPageBytes;
  testing_support::Rng values_{1};
  std::vector<uint64_t> ar_, r_, w_, memory_ar_;  // cycles in which a beat moved
};

TEST_F(RtlRate, AHitTakesFourCyclesAMissTheSlotAndTwelve) {
  uint32_t k = 0;
  for (const Order order : {Order::kField, Order::kSignificance}) {
    for (const uint32_t slot_bytes : {64U, 128U, 160U}) {
      const Region region = RegionAt(0x80000000 + k * kBytes, k * kBytes, order, slot_bytes);
      Enable(k++, region);
      Fill(region);
      const uint64_t slot_beats = (slot_bytes + 31) / 32;
      for (const uint32_t beat : {0U, 15U}) {
        for (const bool hit : {false, true}) {
          Forget();
          // Not the block behind the last one, which may be on its way already.
          master_->Give(
              ReadOp{{.addr = region.base + 512 * (3 + 2 * beat) + 32 * beat, .size = 5}});
          Drain();
          ASSERT_EQ(ar_.size(), 1U);
          ASSERT_EQ(r_.size(), 1U);
          const uint64_t cycles = r_[0] - ar_[0];
          EXPECT_EQ(memory_ar_.empty(), hit);
          // A late beat of a miss waits for its place in the block besides.
          const uint64_t most = hit ? 4 : kMemoryLatency + slot_beats + 12 + beat;
          EXPECT_LE(cycles, most) << "T " << slot_bytes << ", beat " << beat << ", hit " << hit;
        }
      }
    }
  }
}

// Two regions, so that nothing waits for the same block.
TEST_F(RtlRate, WholeBlocksBothWaysAtOnceOneBeatACycle) {
  const Region in = RegionAt(0x80000000, 0, Order::kSignificance, 128);
  const Region out = RegionAt(0x90000000, 0x100000, Order::kSignificance, 128);
  Enable(0, in);
  Enable(1, out);
  Fill(out);
  Forget();
  for (uint64_t at = 0; at < kBytes; at += kPageBytes) {
    while (!master_->Room()) Step();
    master_->Give(WriteOf(PageOf(in.base + at)));
    while (!master_->Room()) Step();
    master_->Give(ReadOp{PageOf(out.base + at)});
  }
  Drain();
  const size_t beats = kBytes / 32;
  ASSERT_EQ(r_.size(), beats);
  ASSERT_EQ(w_.size(), beats);
  EXPECT_EQ(r_.back() - r_.front() + 1, beats);
  EXPECT_EQ(w_.back() - w_.front() + 1, beats);
  // At once: they overlap but for their beginnings.
  EXPECT_LT(std::max(r_.front(), w_.front()) - std::min(r_.front(), w_.front()), 200U);
}

}  // namespace
}  // namespace actplane::tb::memory
