// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

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
    if (rng.OneIn(8)) s.bytes = 1 + rng.Below(MaxFieldSlotBytes(s.format, kN) + 20);
    if (rng.OneIn(8)) s.bytes += rng.OneIn(2) ? 1 : -1U;
    return s;
  }

  // The slot as actp_unpacker gives it: beats rotated down by the header, noise behind the end.
  void Feed(const Slot& s) {
    auto& dut = this->dut();
    const uint32_t head = HeadBytes(s);
    std::vector<std::byte> bytes(CeilDiv(s.bytes, kW / 8) * (kW / 8));
    for (auto& b : bytes) b = static_cast<std::byte>(this->rng().Next());
    if (s.bytes > head) {
      std::vector<std::byte> payload(s.bytes - head);
      BitWriter out(payload);
      for (const Plane* p : StoredPlanes(s.planes, s.header, s.format)) out.PutPlane(*p, kN);
      std::ranges::copy(payload, bytes.begin() + head);
    }
    for (size_t beat = 0; beat < bytes.size() / (kW / 8); ++beat) {
      while (this->rng().OneIn(4)) {  // nothing valid: noise
        dut.beat_valid_i = 0;
        dut.beat_index_i = static_cast<uint8_t>(beat);
        PutRandom(dut.beat_i, kW, this->rng());
        this->sim().Step();
      }
      auto here = std::span(bytes).subspan(beat * (kW / 8), kW / 8);
      std::vector<std::byte> rotated(here.begin(), here.end());
      std::ranges::rotate(rotated, rotated.begin() + head % (kW / 8));
      PutBytes(dut.beat_i, rotated);
      dut.beat_valid_i = 1;
      dut.beat_index_i = static_cast<uint8_t>(std::min<size_t>(beat, 255));
      dut.beat_head_bytes_i = static_cast<uint8_t>(head);
      this->sim().Step();
    }
    dut.beat_valid_i = 0;
    dut.beat_head_bytes_i = static_cast<uint8_t>(2 + 2 * this->rng().Below(4));
    PutRandom(dut.beat_i, kW, this->rng());
    dut.bytes_i = static_cast<uint16_t>(s.bytes);
    dut.lossless_i = s.lossless;
    dut.slot_bytes_i = static_cast<uint16_t>(s.slot_bytes);
    dut.head_bytes_i = static_cast<uint8_t>(head);
    dut.width_i = static_cast<uint8_t>(s.header.width);
    dut.sign_stored_i = s.header.sign_stored;
    dut.stored_i = AlignMan(s.header.map, s.format);
    dut.malformed_i = s.header_bad;
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
      ASSERT_EQ(dut.man_bytes_o, available % kN / 8) << what;
      ++cut_;
    }
    uint32_t ranks[4] = {};  // 23 * 5 bits
    PutRanks(ranks, s.header, s.format);
    for (uint32_t k = 0; k < kManW; ++k) {
      ASSERT_EQ(GetBits(dut.man_rank_o, k * 5, 5), GetBits(ranks, k * 5, 5)) << what;
    }
    // Every stored plane, as far as the slot has it.
    uint64_t left = 8 * uint64_t{s.bytes - head};
    uint32_t rank = 0;
    for (const Plane* plane : StoredPlanes(s.planes, s.header, s.format)) {
      for (uint32_t i = 0; i < kN && left > 0; ++i, --left) {
        ASSERT_EQ(GetBits(dut.bits_o, rank * kN + i, 1) != 0, plane->Get(i))
            << what << " rank " << rank;
      }
      ++rank;
    }
  }

  uint64_t legal_ = 0;
  uint64_t malformed_ = 0;
  uint64_t cut_ = 0;
};
TYPED_TEST_SUITE(DecPlanes, duts::Configs);

// Every length of a packet, in fixed mode and in lossless mode.
TYPED_TEST(DecPlanes, Exhaustive) {
  ACTP_CLAUSE("F-3.4", "F-3.5", "F-7.1", "F-7.3");
  for (const Format format : kFormats) {
    typename TestFixture::Slot slot;
    slot.format = format;
    slot.planes = RandomPlanes(TestFixture::kN, this->rng());
    slot.header = {.base = 9, .width = 4, .sign_stored = true, .map = AllMan(format)};
    const uint32_t most = MaxFieldSlotBytes(format, TestFixture::kN);
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
  ACTP_CLAUSE("F-3.4", "F-3.5", "F-7.1", "F-7.3");
  const uint64_t count = Scaled(20000);
  for (uint64_t i = 0; i < count; ++i) this->Expect(this->RandomSlot());
  EXPECT_GT(this->legal_, count / 3);
  EXPECT_GT(this->malformed_, count / 10);
  EXPECT_GT(this->cut_, count / 10);
}

}  // namespace
}  // namespace actplane::rtl_test
