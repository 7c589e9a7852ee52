// SPDX-License-Identifier: Apache-2.0
#include "axis_test.h"
#include "dec_packets.h"
#include "duts.h"

namespace actplane::rtl_test {
namespace {

template <class Config>
class DecompressorAxis : public RtlTest<AxisConfig<Config>> {
 protected:
  static constexpr uint32_t kN = Config::kBlockLen;
  static constexpr uint32_t kBeatBytes = Config::kStreamWidth / 8;
  static constexpr Device kDevice = {kN, Config::kFormats, Config::kOrders, Config::kGroupLen,
                                     Config::kDepth};
  PacketMaker make_{kDevice, kBeatBytes, 7};

  void SetPins(const Pins& pins, uint64_t user) {
    auto& dut = this->dut();
    dut.cfg_format = pins.format & 3U;
    dut.cfg_order = pins.significance;
    dut.cfg_slot_bytes = static_cast<uint16_t>(pins.slot_bytes & 2047U);
    dut.cfg_lossless = pins.lossless;
    dut.cfg_fill_zero = pins.fill_zero;
    dut.cfg_row_limit = pins.row_limit & 31U;
    dut.s_axis_tuser = static_cast<uint8_t>(user & 1U);
  }
  Pins NoisePins() {
    Rng& rng = this->rng();
    return {.format = static_cast<uint8_t>(rng.Below(4)),
            .significance = rng.OneIn(2),
            .slot_bytes = rng.Below(2048),
            .lossless = rng.OneIn(2),
            .fill_zero = rng.OneIn(2),
            .row_limit = rng.Below(32)};
  }

  void Restart() {
    auto& dut = this->dut();
    dut.s_axis_tvalid = 0;
    dut.m_axis_tready = 0;
    this->sim().Reset();
    blocks_ = malformed_ = bytes_in_ = bytes_out_ = 0;
    packet_.clear();
    outputs_.clear();
    users_.clear();
    statuses_.clear();
    offered_ = false;
  }

  // One cycle; whether the beat that is offered moved.
  bool Cycle(const Packet* packet, size_t index, bool counts, bool stalls) {
    auto& dut = this->dut();
    if (!offered_ && packet != nullptr && (!stalls || !this->rng().OneIn(3))) {
      const SlotBeat& beat = packet->beats[index];
      PutBytes(dut.s_axis_tdata, beat.data);
      PutBits(dut.s_axis_tkeep, 0, kBeatBytes, beat.keep);
      dut.s_axis_tlast = beat.last;
      SetPins(counts ? packet->pins : NoisePins(), counts ? packet->user : this->rng().Next());
      offered_ = true;
    }
    dut.s_axis_tvalid = offered_;
    dut.m_axis_tready = !stalls || !this->rng().OneIn(3);
    bool moved = false;
    this->sim().Step([&] {
      moved = dut.s_axis_tvalid != 0 && dut.s_axis_tready != 0;
      if (dut.sts_block_done != 0) {
        statuses_.push_back((dut.sts_lossless != 0 ? 1U : 0U) | (dut.sts_malformed != 0 ? 2U : 0U));
      }
      if (dut.m_axis_tvalid == 0 || dut.m_axis_tready == 0) return;
      out_cycles_.push_back(this->sim().cycle());
      const auto data = GetBytes(dut.m_axis_tdata, kBeatBytes);
      ASSERT_EQ(GetBits(dut.m_axis_tkeep, 0, kBeatBytes), LowMask(kBeatBytes));
      if (packet_.empty()) user_ = dut.m_axis_tuser;
      EXPECT_EQ(dut.m_axis_tuser, user_);
      packet_.insert(packet_.end(), data.begin(), data.end());
      if (dut.m_axis_tlast != 0) {
        outputs_.push_back(std::exchange(packet_, {}));
        users_.push_back(user_);
      }
    });
    if (moved) offered_ = false;
    return moved;
  }

  void Expect(const std::vector<Packet>& packets, bool stalls) {
    outputs_.clear();
    users_.clear();
    statuses_.clear();
    out_cycles_.clear();
    first_in_ = this->sim().cycle();
    std::vector<Decoded> want;
    std::vector<uint64_t> users;
    for (const Packet& packet : packets) {
      const auto decoded = Predict(packet, kDevice, kBeatBytes);
      if (decoded) {
        want.push_back(*decoded);
        users.push_back(packet.user & 1U);
      }
    }
    for (const Packet& packet : packets) {
      bool begun = false;
      for (size_t b = 0; b < packet.beats.size();) {
        const bool counts = !begun && packet.beats[b].keep != 0;
        if (!Cycle(&packet, b, counts, stalls)) continue;
        begun |= counts;
        ++b;
      }
    }
    for (int waited = 0; statuses_.size() < want.size(); ++waited) {
      ASSERT_LT(waited, 3000) << "no end: " << outputs_.size() << " of " << want.size();
      Cycle(nullptr, 0, false, stalls);
    }
    for (int i = 0; i < 8; ++i) Cycle(nullptr, 0, false, false);
    ASSERT_EQ(outputs_.size(), want.size());
    ASSERT_EQ(statuses_.size(), want.size());
    ASSERT_TRUE(packet_.empty()) << "a beat of no packet";
    for (size_t i = 0; i < want.size(); ++i) {
      ASSERT_EQ(outputs_[i], want[i].values) << "block " << i << " malformed " << want[i].malformed;
      ASSERT_EQ(users_[i], users[i]) << "block " << i;
      ASSERT_EQ(statuses_[i], (want[i].lossless ? 1U : 0U) | (want[i].malformed ? 2U : 0U))
          << "block " << i;
      ++blocks_;
      malformed_ += want[i].malformed ? 1U : 0U;
      bytes_in_ += want[i].bytes;
      bytes_out_ += want[i].values.size();
    }
    const auto& dut = this->dut();
    ASSERT_EQ(dut.sts_blocks, blocks_);
    ASSERT_EQ(dut.sts_malformed_blocks, malformed_);
    ASSERT_EQ(dut.sts_bytes_in, bytes_in_);
    ASSERT_EQ(dut.sts_bytes_out, bytes_out_);
  }

  uint64_t blocks_ = 0, malformed_ = 0, bytes_in_ = 0, bytes_out_ = 0, first_in_ = 0;
  uint64_t user_ = 0;
  bool offered_ = false;
  std::vector<std::byte> packet_;
  std::vector<std::vector<std::byte>> outputs_;
  std::vector<uint64_t> users_, out_cycles_;
  std::vector<uint32_t> statuses_;
};
TYPED_TEST_SUITE(DecompressorAxis, duts::Configs);

TYPED_TEST(DecompressorAxis, AfterReset) {
  for (size_t stop = 0; stop < 24; ++stop) {
    this->Restart();
    this->sim().Settle();
    const auto& dut = this->dut();
    EXPECT_EQ(dut.m_axis_tvalid, 0);
    EXPECT_EQ(dut.s_axis_tready, 1);
    EXPECT_EQ(dut.sts_blocks + dut.sts_malformed_blocks + dut.sts_bytes_in + dut.sts_bytes_out, 0U);
    EXPECT_EQ(dut.sts_lossless | dut.sts_malformed | dut.sts_block_done, 0);
    this->Expect({this->make_.Random(), this->make_.Wild()}, false);
    // The next reset falls into a slot or behind it.
    const Packet packet = this->make_.Random();
    size_t b = 0;
    for (size_t i = 0; i < stop; ++i) {
      if (b < packet.beats.size() && this->Cycle(&packet, b, b == 0, false)) ++b;
      if (b == packet.beats.size()) this->Cycle(nullptr, 0, false, false);
    }
  }
}

TYPED_TEST(DecompressorAxis, RandomMatchesModel) {
  ACTP_CLAUSE("F-2.4", "F-2.5", "F-3.4", "F-3.5", "F-3.13", "F-5.2", "F-5.3", "F-5.4", "F-5.5",
              "F-5.6", "F-5.10", "F-5.11", "F-5.12", "F-5.13", "F-7.1", "F-7.2", "F-7.3", "F-7.5");
  this->Restart();
  for (uint64_t i = 0; i < Scaled(2000); ++i) {
    std::vector<Packet> packets;
    for (int k = 0; k < 16; ++k) packets.push_back(this->make_.Random());
    this->Expect(packets, i % 2 == 0);
  }
  EXPECT_GT(this->malformed_, this->blocks_ / 20);
  EXPECT_LT(this->malformed_, this->blocks_ / 2);
}

// Wrong lengths, holes, null beats, pins that cannot be.
TYPED_TEST(DecompressorAxis, WildPackets) {
  ACTP_CLAUSE("F-3.15", "F-5.14", "F-7.3", "F-7.4");
  this->Restart();
  for (uint64_t i = 0; i < Scaled(2000); ++i) {
    std::vector<Packet> packets;
    for (int k = 0; k < 16; ++k) packets.push_back(this->make_.Wild());
    this->Expect(packets, i % 2 == 0);
  }
  EXPECT_GT(this->malformed_, this->blocks_ / 4);
}

// Of a slot that is too long by a power of two of words: the counts of words stop, they do not
// begin anew.
TYPED_TEST(DecompressorAxis, NoLengthPassesForAnother) {
  this->Restart();
  for (size_t bytes = 32; bytes <= 16384; bytes *= 2) {
    std::vector<Packet> packets;
    for (int k = 0; k < 4; ++k) {
      packets.push_back(this->make_.Encoded(this->make_.RandomConfig()));
      packets.push_back(this->make_.Longer(packets.back(), bytes));
    }
    this->Expect(packets, false);
  }
}

// At half the bits: values before 8 cycles have gone since the last beat of a slot, and then a
// chunk in every cycle, also from one block to the next.
TYPED_TEST(DecompressorAxis, LatencyAndThroughput) {
  for (const Format format : FormatsOf<TypeParam>()) {
    for (const Order order : {Order::kField, Order::kSignificance}) {
      if ((TypeParam::kOrders & (order == Order::kField ? 1U : 2U)) == 0) continue;
      actplane::Config c = {.format = format,
                            .block_len = TestFixture::kN,
                            .order = order,
                            .group_len = TypeParam::kGroupLen,
                            .row_limit = TypeParam::kDepth};
      c.slot_bytes = std::max(MinSlotBytes(c), std::min(MaxSlotBytes(c), BlockBytes(c) / 2));
      std::vector<Packet> packets;
      for (int k = 0; k < 64; ++k) packets.push_back(this->make_.Gaussian(c));
      this->Restart();
      this->Expect({packets[0]}, false);
      const uint64_t slot_beats = CeilDiv(c.slot_bytes, TestFixture::kBeatBytes);
      EXPECT_LE(this->out_cycles_[0] - this->first_in_, slot_beats + 7);
      this->Restart();
      this->Expect(packets, false);
      const uint64_t beats = BlockBytes(c) / TestFixture::kBeatBytes;
      const uint64_t cycles = this->out_cycles_.back() - this->out_cycles_.front() + 1;
      // 64 groups are added in four cycles.
      const bool slow = order == Order::kSignificance && GroupsOf(c) > 32;
      EXPECT_LE(cycles, 64 * (beats + (slow ? 6 : 0)))
          << ToString(format) << " " << ToString(order);
    }
  }
}

}  // namespace
}  // namespace actplane::rtl_test
