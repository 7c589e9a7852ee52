// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "duts.h"
#include "memory_test.h"

namespace actplane::rtl_test {
namespace {

struct Burst {
  uint64_t addr = 0;
  uint32_t len = 0;
  uint32_t size = 0;
  uint32_t burst = 0;
};

template <class Config>
class MemDecode : public RtlTest<Config> {
 protected:
  static constexpr uint32_t kBus = Config::kStreamWidth / 8;
  static constexpr uint64_t kAddrMask =
      Config::kAddrW == 64 ? ~uint64_t{0} : (uint64_t{1} << (Config::kAddrW % 64)) - 1;

  // One region in every 16 pages from `origin_` on, some of them to the end, so that they touch.
  void RandomTable() {
    auto& rng = this->rng();
    const uint64_t pages = uint64_t{16} * Config::kRegions;
    origin_ = (rng.OneIn(3)   ? 0
               : rng.OneIn(2) ? (kAddrMask >> 12) + 1 - pages
                              : rng.Next() & (kAddrMask >> 13)) &
              (kAddrMask >> 12);
    if (origin_ + pages > (kAddrMask >> 12)) origin_ = (kAddrMask >> 12) + 1 - pages;
    for (uint32_t k = 0; k < Config::kRegions; ++k) {
      Region& r = regions_[k];
      r = {};
      r.enable = !rng.OneIn(4);
      const uint64_t first = rng.Below(3);
      r.base = (origin_ + 16 * uint64_t{k} + first) << 12;
      r.size = rng.OneIn(3) ? (16 - first) << 12 : 64 * (1 + rng.Below((16 - first) * 64));
      r.slot = rng.Next() & kAddrMask & ~uint64_t{4095};
      r.slot_bytes = rng.Below(1024);
      r.format = rng.Below(3);
    }
    for (uint32_t k = 0; k < Config::kRegions; ++k)
      PutRegion(this->dut().regions_i, k * kRegionW, regions_[k], kBus);
  }

  // From the definition of AXI: every byte of every beat.
  std::pair<uint32_t, uint32_t> Expected(const Burst& b) const {
    const uint64_t bytes = uint64_t{1} << b.size;
    if (b.burst == 3 || bytes > kBus) return {kRefused, 0};
    if (b.burst == kBurstWrap && b.len != 1 && b.len != 3 && b.len != 7 && b.len != 15)
      return {kRefused, 0};
    const uint64_t total = bytes * (b.len + 1);
    const uint64_t lower = b.burst == kBurstWrap ? b.addr / total * total : 0;
    const Region* region = nullptr;
    uint32_t number = 0;
    for (uint32_t k = 0; k < Config::kRegions; ++k) {
      const Region& r = regions_[k];
      if (r.enable && b.addr >= r.base && b.addr <= (r.last() | 4095)) region = &r, number = k;
    }
    if (region != nullptr && b.burst == kBurstFixed) return {kRefused, number};
    uint64_t at = b.addr;
    for (uint32_t beat = 0; beat <= b.len; ++beat) {
      const uint64_t end = at / bytes * bytes + bytes - 1;
      if (at >> 12 != b.addr >> 12 || end >> 12 != b.addr >> 12) return {kRefused, number};
      if (region != nullptr && end > region->last()) return {kRefused, number};
      if (b.burst != kBurstFixed) at = at / bytes * bytes + bytes;
      if (b.burst == kBurstWrap && at == lower + total) at = lower;
    }
    return {region != nullptr ? kRegion : kBypass, number};
  }

  void Check(const Burst& b) {
    auto& dut = this->dut();
    Put(dut.addr_i, b.addr);
    dut.len_i = static_cast<uint8_t>(b.len);
    dut.size_i = static_cast<uint8_t>(b.size);
    dut.burst_i = static_cast<uint8_t>(b.burst);
    this->sim().Settle();
    const auto [kind, number] = Expected(b);
    SCOPED_TRACE(fmt::format("addr {:x} len {} size {} burst {}", b.addr, b.len, b.size, b.burst));
    ASSERT_EQ(dut.kind_o, kind);
    if (kind == kRegion) {
      const Region& r = regions_[number];
      ASSERT_EQ(dut.region_o, number);
      ASSERT_EQ(dut.fmt_o, r.format);
      ASSERT_EQ(dut.end_page_o != 0, b.addr >> 12 == r.last() >> 12);
      ASSERT_EQ(dut.granule_o, r.last() >> 6 & 63);
    }
    ++seen_[kind][b.burst];
  }

  uint64_t origin_ = 0;
  std::array<Region, Config::kRegions> regions_;
  std::array<std::array<uint64_t, 4>, 3> seen_{};
};
TYPED_TEST_SUITE(MemDecode, duts::Configs);

TYPED_TEST(MemDecode, RandomMatchesTheBytesThatAreTouched) {
  auto& rng = this->rng();
  for (uint64_t table = 0; table < Scaled(2000); ++table) {
    this->RandomTable();
    for (int i = 0; i < 100; ++i) {
      Burst b;
      b.size = rng.Below(rng.OneIn(8) ? 8 : 7);
      b.burst = rng.OneIn(6) ? rng.Below(4) : 1 + rng.Below(2);
      b.len = b.burst == kBurstWrap && !rng.OneIn(8) ? (2U << rng.Below(4)) - 1
              : rng.OneIn(2)                         ? rng.Below(16)
                                                     : rng.Below(256);
      const Region& r = this->regions_[rng.Below(TypeParam::kRegions)];
      switch (rng.Below(4)) {
        case 0: b.addr = r.base + rng.Below(4096) - rng.Below(4096); break;
        case 1: b.addr = r.last() + rng.Below(128) - rng.Below(512); break;
        case 2: b.addr = r.base + rng.Below(r.size); break;
        default:
          b.addr = (this->origin_ << 12) + rng.Below((TypeParam::kRegions * 16 + 2) << 12) - 4096;
          break;
      }
      b.addr &= this->kAddrMask;
      if (b.burst == kBurstWrap || rng.OneIn(2)) b.addr &= ~((uint64_t{1} << b.size) - 1);
      this->Check(b);
    }
  }
  // What must have been seen of everything that can be.
  for (const uint32_t burst : {kBurstFixed, kBurstIncr, kBurstWrap}) {
    EXPECT_GT(this->seen_[kBypass][burst], 20U) << burst;
    EXPECT_GT(this->seen_[kRefused][burst], 20U) << burst;
    EXPECT_EQ(this->seen_[kRegion][burst] > 20, burst != kBurstFixed) << burst;
  }
}

TYPED_TEST(MemDecode, TheLastGranuleIsTheLastOne) {
  for (uint64_t granules = 1; granules <= 64; ++granules) {
    Region& r = this->regions_[0] = {};
    r.enable = true;
    r.base = 0x7000;
    r.size = granules * 64;
    for (uint32_t k = 0; k < TypeParam::kRegions; ++k)
      PutRegion(this->dut().regions_i, k * kRegionW, this->regions_[k], this->kBus);
    for (uint64_t at = 0x6fc0; at < 0x8040; ++at) {
      for (uint32_t size = 0; size <= 3; ++size) this->Check({at, 0, size, kBurstIncr});
    }
    for (uint32_t len = 0; len < 256; ++len) this->Check({0x7000, len, 3, kBurstIncr});
    for (uint64_t at = 0x7000; at < 0x8000; at += 8) this->Check({at, 15, 3, kBurstWrap});
  }
}

}  // namespace
}  // namespace actplane::rtl_test
