// SPDX-License-Identifier: Apache-2.0
// out_bad_o; everything else of the module is tested in actp_decompressor_axis_test.cc.
#include "dec_packets.h"
#include "duts.h"

namespace actplane::rtl_test {
namespace {

template <class Config>
class Decompressor : public RtlTest<Config> {
 protected:
  static constexpr uint32_t kBeatBytes = Config::kStreamWidth / 8;
  static constexpr Device kDevice = {Config::kBlockLen, Config::kFormats, Config::kOrders,
                                     Config::kGroupLen, Config::kDepth};
  PacketMaker make_{kDevice, kBeatBytes, 11};

  // Whether the front of the packet, or its pins, cannot be: nothing if its length is wrong, where
  // bytes of the front may be missing.
  static std::optional<bool> IsBad(const Packet& packet) {
    std::vector<std::byte> slot;
    for (const SlotBeat& beat : packet.beats) {
      const auto kept = static_cast<ptrdiff_t>(std::popcount(beat.keep));
      slot.insert(slot.end(), beat.data.begin(), beat.data.begin() + kept);
    }
    bool bad = false;
    const actplane::Config c = ReadPins(packet.pins, kDevice, bad);
    const size_t want = c.lossless ? LosslessBytes(slot, c) : c.slot_bytes;
    if (bad || want == 0) return true;
    if (slot.size() != want) return std::nullopt;
    std::vector<std::byte> values(BlockBytes(c));
    return DecompressBlock(slot, c, values) != Malformed::kNone;
  }

  // Packets one behind the other; every beat of values says the same of its block.
  void Run(const std::vector<Packet>& packets, bool stalls) {
    auto& dut = this->dut();
    Rng& rng = this->rng();
    std::vector<bool> got;
    bool first = true, now = false;  // of a block
    bool offered = false;
    size_t p = 0, b = 0, malformed = 0, done = 0;
    for (int waited = 0; done < packets.size(); ++waited) {
      ASSERT_LT(waited, 100000);
      const bool offers = !offered && p < packets.size() && !(stalls && rng.OneIn(3));
      offered |= offers;
      dut.in_valid_i = offered;
      if (offers) {
        const Packet& packet = packets[p];
        PutBytes(dut.in_data_i, packet.beats[b].data);
        PutBits(dut.in_keep_i, 0, kBeatBytes, packet.beats[b].keep);
        dut.in_last_i = packet.beats[b].last;
        dut.cfg_format_i = packet.pins.format & 3U;
        dut.cfg_order_i = packet.pins.significance;
        dut.cfg_slot_bytes_i = static_cast<uint16_t>(packet.pins.slot_bytes & 2047U);
        dut.cfg_lossless_i = packet.pins.lossless;
        dut.cfg_fill_zero_i = packet.pins.fill_zero;
        dut.cfg_row_limit_i = packet.pins.row_limit & 31U;
      }
      dut.out_ready_i = !(stalls && rng.OneIn(3));
      this->sim().Step([&] {
        if (dut.block_done_o != 0) {
          ASSERT_LT(done, got.size());
          ASSERT_TRUE(!got[done] || dut.malformed_o != 0) << "bad, and not malformed";
          malformed += dut.malformed_o;
          ++done;
        }
        if (dut.out_valid_o != 0 && dut.out_ready_i != 0) {
          const bool bad = dut.out_bad_o != 0;
          ASSERT_TRUE(first || now == bad) << "beats of one block differ";
          now = bad;
          first = dut.out_last_o != 0;
          if (first) got.push_back(bad);
        }
        if (dut.in_valid_i == 0 || dut.in_ready_o == 0) return;
        offered = false;
        if (++b == packets[p].beats.size()) {
          b = 0;
          ++p;
        }
      });
    }
    for (size_t i = 0; i < packets.size(); ++i) {
      const std::optional<bool> bad = IsBad(packets[i]);
      if (!bad) continue;
      ASSERT_EQ(got[i], *bad) << "packet " << i;
      bad_ += got[i] ? 1U : 0U;
      ++blocks_;
    }
  }
  uint64_t bad_ = 0, blocks_ = 0;
};
TYPED_TEST_SUITE(Decompressor, duts::Configs);

// Of slots of the right length bad is malformed; of others it is so too, if it is known.
TYPED_TEST(Decompressor, BadIsKnownWithEveryBeat) {
  ACTP_CLAUSE("F-7.1", "F-7.2");
  this->sim().Reset();
  for (uint64_t i = 0; i < Scaled(4000); ++i) {
    std::vector<Packet> packets;
    for (int k = 0; k < 16; ++k) packets.push_back(this->make_.Random());
    this->Run(packets, i % 2 == 0);
  }
  EXPECT_GT(this->bad_, this->blocks_ / 20);
  EXPECT_LT(this->bad_, this->blocks_ / 2);
}

}  // namespace
}  // namespace actplane::rtl_test
