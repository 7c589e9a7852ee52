// SPDX-License-Identifier: Apache-2.0
#include "duts.h"
#include "memory_test.h"

namespace actplane::rtl_test {
namespace {

template <class Config>
class MemBlock : public RtlTest<Config> {
 protected:
  static constexpr uint32_t kBus = Config::kStreamWidth / 8;
  static constexpr uint64_t kAddrMask =
      Config::kAddrW == 64 ? ~uint64_t{0} : (uint64_t{1} << (Config::kAddrW % 64)) - 1;

  void Check(const Region& r, uint64_t addr) {
    auto& dut = this->dut();
    const uint64_t block = uint64_t{Config::kBlockLen} * (r.format == 0 ? 4 : 2);
    dut.fmt_i = static_cast<uint8_t>(r.format);
    dut.end_page_i = addr >> 12 == r.last() >> 12;
    dut.granule_i = r.last() >> 6 & 63;
    Put(dut.addr_i, addr);
    this->sim().Settle();
    const uint64_t number = (addr - r.base) / block;
    const uint64_t first = r.base + number * block;
    const uint64_t end = std::min(first + block, r.base + r.size);
    const bool last = first + block >= r.base + r.size;
    ASSERT_EQ(dut.tag_o, first >> 6);
    ASSERT_EQ(dut.word_o, (addr - first) / kBus);
    ASSERT_EQ(dut.last_word_o, (end - first) / kBus - 1);
    ASSERT_EQ(dut.last_o != 0, last);
    ++seen_[last ? end - first < block ? 2 : 1 : 0];
  }
  std::array<uint64_t, 3> seen_{};
};
TYPED_TEST_SUITE(MemBlock, duts::Configs);

TYPED_TEST(MemBlock, EveryByteOfSmallRegions) {
  for (const Format format : FormatsOf<TypeParam>()) {
    for (uint64_t granules = 1; granules <= 80; ++granules) {
      Region r{.enable = true,
               .base = 0x5000,
               .size = granules * 64,
               .format = static_cast<uint32_t>(format)};
      for (uint64_t at = 0; at < r.size; at += 5) this->Check(r, r.base + at);
      this->Check(r, r.last());
    }
  }
  const bool always_whole = this->seen_[2] == 0;
  EXPECT_EQ(always_whole, TypeParam::kBlockLen == 32 && TypeParam::kFormats == 6);  // one granule
  EXPECT_GT(this->seen_[0], 0U);
  EXPECT_GT(this->seen_[1], 0U);
}

TYPED_TEST(MemBlock, RandomLargeRegions) {
  auto& rng = this->rng();
  for (uint64_t i = 0; i < Scaled(200000); ++i) {
    const auto formats = FormatsOf<TypeParam>();
    Region r{.enable = true, .format = static_cast<uint32_t>(formats[rng.Below(formats.size())])};
    r.base = rng.Next() & this->kAddrMask & ~uint64_t{4095};
    const uint64_t room = (this->kAddrMask - r.base) / 64 + 1;  // to the last address there is
    r.size = 64 * (rng.OneIn(8) ? std::min(room, uint64_t{0xffffffff})
                                : 1 + rng.Next() % std::min(room, uint64_t{0xffffffff}));
    const uint64_t at = rng.OneIn(2) ? rng.Next() % r.size
                                     : r.size - 1 - rng.Below(std::min<uint64_t>(r.size, 2048));
    this->Check(r, r.base + at);
  }
}

}  // namespace
}  // namespace actplane::rtl_test
