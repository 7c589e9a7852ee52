// SPDX-License-Identifier: Apache-2.0
#include "duts.h"
#include "rtl_test.h"

namespace actplane::rtl_test {
namespace {

template <class Config>
class Unpacker : public RtlTest<Config> {
 protected:
  static constexpr uint32_t kBeatBytes = Config::kStreamWidth / 8;
  static constexpr uint32_t kBytesMax = 2048;  // the length sticks no lower than here
  static constexpr size_t kIndexMax = 255;     // and the number of a beat here

  void Reset() {
    this->dut().adv_i = 1;
    this->dut().in_valid_i = 0;
    this->sim().Reset();
    ended_ = nullptr;
  }

  struct Packet {
    std::vector<std::byte> bytes;
    uint32_t head_bytes = 2;
  };
  Packet RandomPacket(uint32_t most) {
    Packet p{std::vector<std::byte>(1 + this->rng().Below(most)), 2 + 2 * this->rng().Below(4)};
    for (auto& b : p.bytes) b = static_cast<std::byte>(this->rng().Next());
    return p;
  }

  // Compares what comes out in this cycle with the beat on offer, and the length with the packet
  // that has ended.
  void Check(const Packet* packet, size_t beat, bool last) {
    const auto& dut = this->dut();
    const bool taken = dut.adv_i != 0 && packet != nullptr;
    ASSERT_EQ(dut.beat_valid_o != 0, taken);
    ASSERT_EQ(dut.first_o != 0, taken && beat == 0);
    ASSERT_EQ(dut.end_o != 0, taken && last);
    if (ended_ != nullptr) {
      const size_t length = ended_->bytes.size();
      if (length < kBytesMax) {
        ASSERT_EQ(dut.bytes_o, length);
      } else {
        ASSERT_GE(dut.bytes_o, kBytesMax);
      }
    }
    if (!taken) return;
    ASSERT_EQ(dut.beat_index_o, std::min<size_t>(beat, kIndexMax));
    // Byte b of the beat, behind the header, is byte b - H of the payload.
    const auto got = GetBytes(dut.beat_o, kBeatBytes);
    for (size_t b = 0; b < kBeatBytes; ++b) {
      const size_t at = beat * kBeatBytes + b;
      if (at >= packet->bytes.size()) break;
      const size_t place = (b + kBeatBytes - packet->head_bytes) % kBeatBytes;
      ASSERT_EQ(got[place], packet->bytes[at]) << "byte " << b << " of beat " << beat;
    }
  }

  // Whether the beat moved.
  bool Cycle(const Packet* packet, size_t beat, bool stalls) {
    auto& dut = this->dut();
    dut.adv_i = !stalls || this->rng().OneIn(2);
    if (stalls && this->rng().OneIn(2)) packet = nullptr;
    dut.in_valid_i = packet != nullptr;
    PutRandom(dut.in_data_i, Config::kStreamWidth, this->rng());
    PutRandom(dut.in_keep_i, kBeatBytes, this->rng());
    dut.in_last_i = this->rng().OneIn(2);
    dut.head_bytes_i = static_cast<uint8_t>(2 + 2 * this->rng().Below(4));
    bool last = false;
    if (packet != nullptr) {
      const size_t at = beat * kBeatBytes;
      const size_t here = std::min<size_t>(kBeatBytes, packet->bytes.size() - at);
      last = at + here == packet->bytes.size();
      PutBytes(dut.in_data_i, std::span(packet->bytes).subspan(at, here));
      // Keep counts on the final beat only.
      if (last) PutBits(dut.in_keep_i, 0, kBeatBytes, LowMask(static_cast<uint32_t>(here)));
      dut.in_last_i = last;
      dut.head_bytes_i = static_cast<uint8_t>(packet->head_bytes);
    }
    this->sim().Step([&] { Check(packet, beat, last); });
    if (packet == nullptr || dut.adv_i == 0) return false;
    ended_ = last ? packet : nullptr;
    return true;
  }

  void Run(const std::vector<Packet>& packets, bool stalls) {
    for (const Packet& p : packets) {
      for (size_t beat = 0; beat * kBeatBytes < p.bytes.size();) {
        if (Cycle(&p, beat, stalls)) ++beat;
      }
    }
    for (int i = 0; i < 3; ++i) Cycle(nullptr, 0, stalls);
    ended_ = nullptr;
  }

  const Packet* ended_ = nullptr;  // whose length is due
};
TYPED_TEST_SUITE(Unpacker, duts::Configs);

TYPED_TEST(Unpacker, AfterReset) {
  for (const bool last : {false, true}) {
    this->Reset();
    this->sim().Settle();
    EXPECT_EQ(this->dut().first_o, 0);
    EXPECT_EQ(this->dut().beat_valid_o, 0);
    EXPECT_EQ(this->dut().end_o, 0);
    EXPECT_EQ(this->dut().beat_index_o, 0);
    this->Run({this->RandomPacket(200), this->RandomPacket(200)}, false);
    this->dut().in_valid_i = 1;
    this->dut().in_last_i = last;
    this->sim().Step();  // the next reset falls into a packet, or upon its end
  }
  this->Reset();
  this->Run({this->RandomPacket(200)}, false);
}

// Every length with every header.
TYPED_TEST(Unpacker, Exhaustive) {
  ACTP_CLAUSE("F-2.5", "F-2.7", "F-3.4");
  this->Reset();
  for (uint32_t head = 2; head <= 8; head += 2) {
    std::vector<typename TestFixture::Packet> packets;
    for (uint32_t length = 1; length <= 3 * TestFixture::kBeatBytes + 1; ++length) {
      packets.push_back(this->RandomPacket(1));
      packets.back().bytes.resize(length, static_cast<std::byte>(length));
      packets.back().head_bytes = head;
    }
    this->Run(packets, false);
  }
}

// Longer than the counters reach: the length sticks.
TYPED_TEST(Unpacker, LongPacket) {
  this->Reset();
  for (const size_t length : {2047U, 2048U, 4095U, 4096U, 4097U, 6000U, 9000U}) {
    auto packet = this->RandomPacket(8);
    packet.bytes.resize(length);
    this->Run({packet, this->RandomPacket(100)}, false);
  }
}

TYPED_TEST(Unpacker, RandomMatchesModel) {
  ACTP_CLAUSE("F-2.5", "F-2.7", "F-3.4");
  this->Reset();
  for (uint64_t i = 0; i < Scaled(4000); ++i) {
    std::vector<typename TestFixture::Packet> packets;
    for (int k = 0; k < 10; ++k) packets.push_back(this->RandomPacket(i % 3 == 0 ? 12 : 300));
    this->Run(packets, i % 2 == 0);
  }
}

}  // namespace
}  // namespace actplane::rtl_test
