// SPDX-License-Identifier: Apache-2.0
// How fast the RTL of the memory path is, clock by clock: a hit, a miss, whole blocks both ways.
#include <algorithm>
#include <bit>
#include <cstring>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "rtl_fixture.h"
#include "support/values.h"

namespace actplane::tb::memory {
namespace {

class RtlRate : public RtlFixture {
 protected:
  explicit RtlRate(std::string config = "default") : RtlFixture(std::move(config)) {}
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

  uint64_t bus() const { return dut_->shape().bus_bytes(); }
  // A page, or of a narrow bus the longest burst.
  uint64_t burst_bytes() const { return std::min(kPageBytes, 256 * bus()); }
  uint8_t bus_size() const { return static_cast<uint8_t>(std::countr_zero(bus())); }
  Burst BurstAt(uint64_t address) const {
    return {.addr = address,
            .len = static_cast<uint8_t>(burst_bytes() / bus() - 1),
            .size = bus_size(),
            .cache = 3};
  }
  WriteOp WriteOf(const Burst& burst) {
    WriteOp op{.burst = burst, .beats = {}};
    for (uint32_t i = 0; i < burst.beats(); ++i) {
      WriteBeat beat;
      for (uint32_t v = 0; v < bus() / 4; ++v) {
        const float value = static_cast<float>(values_.Normal());
        std::memcpy(&beat.data.at(4 * v), &value, 4);
      }
      beat.strb = ~uint64_t{0} >> (64 - bus());
      beat.last = i + 1 == burst.beats();
      op.beats.push_back(beat);
    }
    return op;
  }
  void Fill(const Region& region, uint64_t bytes) {
    for (uint64_t at = 0; at < bytes; at += burst_bytes()) {
      while (!master_->Room()) Step();
      master_->Give(WriteOf(BurstAt(region.base + at)));
    }
    Drain();
  }
  // One beat of a block, the first or the last, that is read from memory, then from its buffer.
  void HitsAndMisses(std::initializer_list<uint32_t> slot_sizes) {
    const uint32_t block_bytes = 4 * dut_->shape().block_len;
    const auto words = static_cast<uint32_t>(block_bytes / bus());
    uint32_t k = 0;
    for (const Order order : {Order::kField, Order::kSignificance}) {
      for (const uint32_t slot_bytes : slot_sizes) {
        const Region region = RegionAt(0x80000000 + k * kBytes, k * kBytes, order, slot_bytes);
        Enable(k++, region);
        Fill(region, uint64_t{34} * block_bytes);
        const uint64_t slot_beats = (slot_bytes + bus() - 1) / bus();
        for (const uint32_t beat : {0U, words - 1}) {
          // Not the block behind the last one, which may be on its way already.
          const uint64_t block = region.base + uint64_t{block_bytes} * (beat == 0 ? 3 : 33);
          for (const bool hit : {false, true}) {
            Forget();
            master_->Give(ReadOp{{.addr = block + bus() * beat, .size = bus_size()}});
            Drain();
            for (uint32_t i = 0; i < 2 * words; ++i) Step();  // a block that is read ahead
            ASSERT_EQ(ar_.size(), 1U);
            ASSERT_EQ(r_.size(), 1U);
            const uint64_t cycles = r_[0] - ar_[0];
            EXPECT_EQ(memory_ar_.empty(), hit);
            SCOPED_TRACE(fmt::format("T {}, beat {}, hit {}", slot_bytes, beat, hit));
            if (hit) {
              EXPECT_EQ(cycles, 3U);
              continue;
            }
            // A late beat of a miss waits for its place in the block besides.
            const uint64_t slot = kMemoryLatency + slot_beats;
            EXPECT_GE(cycles, slot + (words > 16 ? 5 : 8));
            EXPECT_LE(cycles, slot + (words > 16 ? 12 : 10) + beat);
          }
        }
      }
    }
  }

  static constexpr uint64_t kPages = 16, kBytes = kPages * kPageBytes;
  testing_support::Rng values_{1};
  std::vector<uint64_t> ar_, r_, w_, memory_ar_;  // cycles in which a beat moved
};

TEST_F(RtlRate, AHitTakesThreeCyclesAMissTheSlotAndTen) { HitsAndMisses({64, 128, 160}); }

// Blocks of 32 words: their slots wait in a store.
class RtlRateLong : public RtlRate {
 protected:
  RtlRateLong() : RtlRate("latches") {}
};
TEST_F(RtlRateLong, AHitTakesThreeCyclesAMissTheSlotAndTwelve) {
  HitsAndMisses({40, 96, 128, 152});
}

// Two regions, so that nothing waits for the same block.
TEST_F(RtlRate, WholeBlocksBothWaysAtOnceOneBeatACycle) {
  const Region in = RegionAt(0x80000000, 0, Order::kSignificance, 128);
  const Region out = RegionAt(0x90000000, 0x100000, Order::kSignificance, 128);
  Enable(0, in);
  Enable(1, out);
  Fill(out, kBytes);
  Forget();
  for (uint64_t at = 0; at < kBytes; at += burst_bytes()) {
    while (!master_->Room()) Step();
    master_->Give(WriteOf(BurstAt(in.base + at)));
    while (!master_->Room()) Step();
    master_->Give(ReadOp{BurstAt(out.base + at)});
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
