// SPDX-License-Identifier: Apache-2.0
#include "duts.h"
#include "rtl_test.h"

namespace actplane::rtl_test {
namespace {

template <class Config>
class DecHeader : public RtlTest<Config> {
 protected:
  // The length of the slot is not this module's business: the model gets one that is long enough.
  void Expect(Format format, uint64_t head) {
    const actplane::Config config = {.format = format, .block_len = 32, .slot_bytes = 256};
    std::vector<std::byte> slot(256);
    BitWriter(slot).Put(head, 64);
    BitReader in(slot);
    FieldHeader want;
    const bool bad = ParseHeader(in, config, want) != Malformed::kNone;

    auto& dut = this->dut();
    dut.format_i = static_cast<uint8_t>(format);
    dut.head_i = head;
    this->sim().Settle();
    ASSERT_EQ(dut.malformed_o != 0, bad) << ToString(format) << " header " << std::hex << head;
    ASSERT_EQ(dut.head_bytes_o * 8, HeaderBits(want, format)) << std::hex << head;
    (bad ? malformed_ : legal_)++;
    if (bad) return;
    FieldHeader got = want;
    got.base = dut.base_o;
    got.width = dut.width_o;
    got.zero_code = dut.zero_code_o != 0;
    got.special = dut.special_o != 0;
    got.sign_stored = dut.sign_stored_o != 0;
    got.sign_value = dut.sign_value_o != 0;
    got.saturated = dut.saturated_o != 0;
    ASSERT_EQ(got, want) << ToString(format) << " header " << std::hex << head;
    ASSERT_EQ(dut.stored_o, AlignMan(want.map, format)) << std::hex << head;
    ASSERT_EQ(dut.value_o, AlignMan(want.value, format)) << std::hex << head;
  }

  uint64_t legal_ = 0;
  uint64_t malformed_ = 0;
};
TYPED_TEST_SUITE(DecHeader, duts::Configs);

// All headers; the extension random, and once all zeros.
TYPED_TEST(DecHeader, Exhaustive) {
  ACTP_CLAUSE("F-3.1", "F-3.2", "F-3.3", "F-7.1");
  for (const Format format : kFormats) {
    for (uint64_t fixed = 0; fixed < 0x10000; ++fixed) {
      const uint64_t map = this->rng().Next();
      this->Expect(format, fixed);
      // Value bits only where the map has none, or nearly everything would be malformed.
      const uint32_t word = ExtensionWordBits(format);
      const uint64_t value = this->rng().Next() & ~map & LowMask(InfoOf(format).man_bits);
      this->Expect(format, fixed | (map & LowMask(InfoOf(format).man_bits + 1)) << 16 |
                               value << (16 + word));
    }
  }
  EXPECT_GT(this->legal_, 10000U);
  EXPECT_GT(this->malformed_, 10000U);
}

// Each bit of the extension alone, on top of a map of ones and of zeros.
TYPED_TEST(DecHeader, Corners) {
  ACTP_CLAUSE("F-3.3", "F-7.1");
  for (const Format format : kFormats) {
    const uint64_t all = uint64_t{AllMan(format)} << 16;
    for (const uint64_t fixed : {0x4305U, 0x5305U, 0x6305U, 0x7305U}) {
      for (uint32_t bit = 16; bit < 64; ++bit) {
        this->Expect(format, fixed | uint64_t{1} << bit);
        this->Expect(format, (fixed | all) ^ uint64_t{1} << bit);
      }
    }
  }
}

TYPED_TEST(DecHeader, RandomMatchesModel) {
  ACTP_CLAUSE("F-3.1", "F-3.2", "F-3.3", "F-7.1");
  for (uint64_t i = 0; i < Scaled(1000000); ++i) {
    const Format format = kFormats[i % 3];
    std::vector<std::byte> bytes(8);
    BitWriter out(bytes);
    PackHeader(RandomHeader(format, this->rng()), format, out);
    uint64_t head = BitReader(bytes).Get(64);
    this->Expect(format, head);
    head ^= uint64_t{1} << this->rng().Below(64);
    this->Expect(format, head);
  }
}

}  // namespace
}  // namespace actplane::rtl_test
