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

  void Reset() {
    this->dut().adv_i = 1;
    this->dut().in_valid_i = 0;
    this->sim().Reset();
    pending_ = {};
    words_ = 0;
    open_ = false;
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

  // Compares what comes out in this cycle with the packet whose words are due.
  void CheckWord(bool offered, bool first) {
    const auto& dut = this->dut();
    const bool end_due = ended_;
    const bool word_due = dut.adv_i != 0 && (end_due || (open_ && offered));
    ASSERT_EQ(dut.first_o != 0, dut.adv_i != 0 && offered && first);
    ASSERT_EQ(dut.word_valid_o != 0, word_due);
    ASSERT_EQ(dut.word_end_o != 0, dut.adv_i != 0 && end_due);
    if (!word_due) return;
    ASSERT_EQ(dut.word_index_o, std::min(words_, 255U));
    const size_t from = pending_.head_bytes + size_t{words_} * kBeatBytes;
    const auto word = GetBytes(dut.word_o, kBeatBytes);
    for (size_t b = 0; b < kBeatBytes && from + b < pending_.bytes.size(); ++b) {
      ASSERT_EQ(word[b], pending_.bytes[from + b]) << "byte " << b << " of word " << words_;
    }
    ++words_;
    if (!end_due) return;
    const size_t length = pending_.bytes.size();
    if (length < kBytesMax) {
      ASSERT_EQ(dut.bytes_o, length);
    } else {
      ASSERT_GE(dut.bytes_o, kBytesMax);
    }
    words_ = 0;
    ended_ = false;
    ++done_;
  }

  void Cycle(const Packet* packet, size_t beat, bool stalls, bool& moved) {
    auto& dut = this->dut();
    dut.adv_i = !stalls || this->rng().OneIn(2);
    const bool offered = packet != nullptr && (!stalls || this->rng().OneIn(2));
    dut.in_valid_i = offered;
    PutRandom(dut.in_data_i, Config::kStreamWidth, this->rng());
    PutRandom(dut.in_keep_i, kBeatBytes, this->rng());
    dut.in_last_i = this->rng().OneIn(2);
    bool last = false;
    if (offered) {
      const size_t at = beat * kBeatBytes;
      const size_t here = std::min<size_t>(kBeatBytes, packet->bytes.size() - at);
      last = at + here == packet->bytes.size();
      PutBytes(dut.in_data_i, std::span(packet->bytes).subspan(at, here));
      // Keep counts on the final beat only.
      if (last) PutBits(dut.in_keep_i, 0, kBeatBytes, LowMask(static_cast<uint32_t>(here)));
      dut.in_last_i = last;
    }
    dut.head_bytes_i = static_cast<uint8_t>(pending_.head_bytes);
    this->sim().Step([&] { CheckWord(offered, beat == 0); });
    moved = offered && dut.adv_i != 0;
    if (!moved) return;
    if (beat == 0) pending_ = *packet;
    open_ = !last;
    ended_ = last;
  }

  void Run(const std::vector<Packet>& packets, bool stalls) {
    done_ = 0;
    for (const Packet& p : packets) {
      for (size_t beat = 0; beat * kBeatBytes < p.bytes.size();) {
        bool moved = false;
        Cycle(&p, beat, stalls, moved);
        if (moved) ++beat;
      }
    }
    bool moved = false;
    while (ended_) Cycle(nullptr, 0, stalls, moved);
    EXPECT_EQ(done_, packets.size());
  }

  Packet pending_;      // the packet whose words come out
  uint32_t words_ = 0;  // of it so far
  bool open_ = false;   // between its first and its last beat
  bool ended_ = false;  // its last word is due
  size_t done_ = 0;
};
TYPED_TEST_SUITE(Unpacker, duts::Configs);

TYPED_TEST(Unpacker, AfterReset) {
  for (const bool last : {false, true}) {
    this->Reset();
    this->sim().Settle();
    EXPECT_EQ(this->dut().first_o, 0);
    EXPECT_EQ(this->dut().word_valid_o, 0);
    EXPECT_EQ(this->dut().word_end_o, 0);
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

// Packets back to back: a beat in every cycle.
TYPED_TEST(Unpacker, Throughput) {
  this->Reset();
  std::vector<typename TestFixture::Packet> packets;
  uint64_t beats = 0;
  for (int i = 0; i < 50; ++i) {
    packets.push_back(this->RandomPacket(100));
    beats += CeilDiv(packets.back().bytes.size(), TestFixture::kBeatBytes);
  }
  const uint64_t start = this->sim().cycle();
  this->Run(packets, false);
  EXPECT_EQ(this->sim().cycle() - start, beats + 1);
}

}  // namespace
}  // namespace actplane::rtl_test
