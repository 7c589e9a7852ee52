// SPDX-License-Identifier: Apache-2.0
#include <bit>

#include "duts.h"
#include "rtl_test.h"

namespace actplane::rtl_test {
namespace {

template <class Config>
class DecPlanes : public RtlTest<Config> {
 protected:
  static constexpr uint32_t kN = Config::kBlockLen;
  static constexpr uint32_t kW = Config::kStreamWidth;

  struct Slot {
    Format format = Format::kFp32;
    FieldHeader header;
    Planes planes;
    uint32_t bytes = 0;       // of the packet
    uint32_t slot_bytes = 0;  // of the configuration
    bool lossless = false;
    bool header_bad = false;
  };

  static uint32_t HeadBytes(const Slot& s) { return HeaderBits(s.header, s.format) / 8; }
  static uint32_t WholeBytes(const Slot& s) {
    return static_cast<uint32_t>(FixedBits(s.header, s.format, kN) + MantissaBits(s.header, kN)) /
           8;
  }

  Slot RandomSlot() {
    Rng& rng = this->rng();
    Slot s;
    s.format = kFormats[rng.Below(3)];
    s.header = RandomHeader(s.format, rng);
    s.planes = RandomPlanes(kN, rng);
    s.lossless = rng.OneIn(3);
    s.header_bad = rng.OneIn(16);
    s.slot_bytes = RandomSlotBytes(s.format, kN, rng);
    s.bytes = s.lossless ? WholeBytes(s) : s.slot_bytes;
    if (rng.OneIn(8)) s.bytes = 1 + rng.Below(MaxSlotBytes(s.format, kN, Order::kField) + 20);
    if (rng.OneIn(8)) s.bytes += rng.OneIn(2) ? 1 : -1U;
    return s;
  }

  // Words of the slot, as actp_unpacker gives them: the payload, noise behind its end.
  void Feed(const Slot& s) {
    auto& dut = this->dut();
    std::vector<std::byte> payload(s.bytes > HeadBytes(s) ? s.bytes - HeadBytes(s) : 0);
    BitWriter out(payload);
    for (const Plane* p : StoredPlanes(s.planes, s.header, s.format)) out.PutPlane(*p, kN);
    dut.lossless_i = s.lossless;
    dut.slot_bytes_i = static_cast<uint16_t>(s.slot_bytes);
    dut.head_bytes_i = static_cast<uint8_t>(HeadBytes(s));
    dut.width_i = static_cast<uint8_t>(s.header.width);
    dut.sign_stored_i = s.header.sign_stored;
    dut.stored_i = AlignMan(s.header.map, s.format);
    PutRanks(dut.man_rank_i, s.header, s.format);
    dut.man_count_i = static_cast<uint8_t>(std::popcount(s.header.map));
    dut.malformed_i = s.header_bad;
    const size_t words = CeilDiv(s.bytes, kW / 8);
    for (size_t w = 0; w < words; ++w) {
      while (this->rng().OneIn(4)) {  // nothing valid: noise
        dut.word_valid_i = 0;
        dut.word_end_i = 0;
        PutRandom(dut.word_i, kW, this->rng());
        this->sim().Step();
      }
      PutRandom(dut.word_i, kW, this->rng());
      const size_t at = w * (kW / 8);
      if (at < payload.size()) {
        PutBytes(dut.word_i,
                 std::span(payload).subspan(at, std::min<size_t>(kW / 8, payload.size() - at)));
      }
      dut.word_valid_i = 1;
      dut.word_end_i = w + 1 == words;
      dut.word_index_i = static_cast<uint8_t>(std::min<size_t>(w, 255));
      dut.bytes_i = static_cast<uint16_t>(w + 1 == words ? s.bytes : this->rng().Next() & 0xfff);
      this->sim().Step();
    }
    dut.word_valid_i = 0;
    dut.word_end_i = 0;
    PutRandom(dut.word_i, kW, this->rng());
    this->sim().Settle();
  }

  void Expect(const Slot& s) {
    Feed(s);
    const auto& dut = this->dut();
    const uint32_t head = HeadBytes(s);
    const uint64_t fixed_bits = FixedBits(s.header, s.format, kN);
    const bool bad = s.header_bad || s.bytes < head || 8 * uint64_t{s.bytes} < fixed_bits ||
                     s.bytes != (s.lossless ? WholeBytes(s) : s.slot_bytes);
    const std::string what = std::string(ToString(s.format)) + " bytes " + std::to_string(s.bytes) +
                             " of " + std::to_string(s.slot_bytes) + " whole " +
                             std::to_string(WholeBytes(s)) + " width " +
                             std::to_string(s.header.width);
    ASSERT_EQ(dut.malformed_o != 0, bad) << what;
    (bad ? malformed_ : legal_)++;
    if (bad) return;
    const uint64_t available = 8 * uint64_t{s.bytes} - fixed_bits;
    const uint64_t mantissa = MantissaBits(s.header, kN);
    ASSERT_EQ(dut.complete_o != 0, available >= mantissa) << what;
    ASSERT_EQ(dut.man_rows_o, std::min(available, mantissa) / kN) << what;
    if (available < mantissa) {
      ASSERT_EQ(dut.man_lanes_o, available % kN) << what;
      ++cut_;
    }
    // Every stored row, as far as the slot has it.
    uint64_t left = 8 * uint64_t{s.bytes - head};
    const auto row_is = [&](uint32_t row, const Plane& plane) {
      for (uint32_t i = 0; i < kN && left > 0; ++i, --left) {
        ASSERT_EQ(GetBits(dut.rows_o, row * kN + i, 1) != 0, plane.Get(i))
            << what << " row " << row;
      }
    };
    if (s.header.sign_stored) row_is(0, s.planes.sign);
    for (uint32_t k = s.header.width; k-- > 0;)
      row_is(kRowCode + kCodeW - 1 - k, s.planes.delta[k]);
    const uint32_t man = InfoOf(s.format).man_bits;
    for (uint32_t k = man; k-- > 0;) {
      if (BitOf(s.header.map, k) != 0) row_is(kRowMan + man - 1 - k, s.planes.mantissa[k]);
    }
  }

  uint64_t legal_ = 0;
  uint64_t malformed_ = 0;
  uint64_t cut_ = 0;
};
TYPED_TEST_SUITE(DecPlanes, duts::Configs);

// Every length of a packet, in fixed mode and in lossless mode.
TYPED_TEST(DecPlanes, Exhaustive) {
  ACTP_CLAUSE("F-3.4", "F-3.5", "F-7.1", "F-7.4");
  for (const Format format : kFormats) {
    typename TestFixture::Slot slot;
    slot.format = format;
    slot.planes = RandomPlanes(TestFixture::kN, this->rng());
    slot.header = {.base = 9, .width = 4, .sign_stored = true, .map = AllMan(format)};
    const uint32_t most = MaxSlotBytes(format, TestFixture::kN, Order::kField);
    for (const bool lossless : {false, true}) {
      slot.lossless = lossless;
      for (uint32_t bytes = 1; bytes <= most; ++bytes) {
        slot.bytes = slot.slot_bytes = bytes;
        this->Expect(slot);
        slot.slot_bytes = bytes - 1;
        this->Expect(slot);
      }
    }
  }
}

TYPED_TEST(DecPlanes, RandomMatchesModel) {
  ACTP_CLAUSE("F-3.4", "F-3.5", "F-7.1", "F-7.4");
  const uint64_t count = Scaled(20000);
  for (uint64_t i = 0; i < count; ++i) this->Expect(this->RandomSlot());
  EXPECT_GT(this->legal_, count / 3);
  EXPECT_GT(this->malformed_, count / 10);
  EXPECT_GT(this->cut_, count / 10);
}

}  // namespace
}  // namespace actplane::rtl_test
