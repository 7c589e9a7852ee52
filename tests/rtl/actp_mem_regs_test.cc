// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <map>

#include "duts.h"
#include "mem_regs_fixture.h"

namespace actplane::rtl_test {
namespace {

TYPED_TEST_SUITE(MemRegs, duts::Configs);

constexpr uint32_t kCounters[] = {
    ACTP_MEM_WRITE_BLOCKS, ACTP_MEM_RMW,           ACTP_MEM_READ_BLOCKS, ACTP_MEM_HITS,
    ACTP_MEM_PREFETCHES,   ACTP_MEM_MALFORMED,     ACTP_MEM_MEM_ERRORS,  ACTP_MEM_REFUSED,
    ACTP_MEM_BYPASS_READS, ACTP_MEM_BYPASS_WRITES, ACTP_MEM_WRITE_BEATS, ACTP_MEM_READ_BEATS,
    ACTP_MEM_WRITE_BYTES,  ACTP_MEM_READ_BYTES};

TYPED_TEST(MemRegs, AfterReset) {
  EXPECT_EQ(this->Get(ACTP_MEM_ID), 0x6d746361U);
  EXPECT_EQ(this->Get(ACTP_MEM_VERSION), 0x10000U);
  const uint32_t config = this->Get(ACTP_MEM_CONFIG);
  const auto field = [](uint32_t word, uint32_t mask, uint32_t shift) {
    return (word & mask) >> shift;
  };
#define FIELD(WORD, NAME) field(WORD, ACTP_MEM_##NAME##_MASK, ACTP_MEM_##NAME##_SHIFT)
  EXPECT_EQ(FIELD(config, CONFIG_BLOCK_LEN), TypeParam::kBlockLen);
  EXPECT_EQ(FIELD(config, CONFIG_STREAM_WIDTH), TypeParam::kStreamWidth);
  EXPECT_EQ(FIELD(config, CONFIG_FORMATS), TypeParam::kFormats);
  EXPECT_EQ(FIELD(config, CONFIG_ORDERS), TypeParam::kOrders);
  EXPECT_EQ(FIELD(config, CONFIG_REGIONS), TypeParam::kRegions);
  const uint32_t config2 = this->Get(ACTP_MEM_CONFIG2);
  EXPECT_EQ(FIELD(config2, CONFIG2_ADDR_W), TypeParam::kAddrW);
  EXPECT_EQ(FIELD(config2, CONFIG2_READ_BUFFERS), TypeParam::kReadBuffers);
  EXPECT_EQ(FIELD(config2, CONFIG2_DEPTH), TypeParam::kDepth);
  EXPECT_EQ(FIELD(config2, CONFIG2_GROUP_LEN), TypeParam::kGroupLen);
#undef FIELD
  EXPECT_EQ(this->Get(ACTP_MEM_GATHER), ACTP_MEM_GATHER_CYCLES_RESET);
  EXPECT_EQ(this->Get(ACTP_MEM_IRQ_ENABLE), 0U);
  EXPECT_EQ(this->Get(ACTP_MEM_ERRORS), 0U);
  for (const uint32_t c : kCounters) EXPECT_EQ(this->Get(c), 0U);
  for (uint32_t k = 0; k < this->kRegions; ++k) this->ExpectRegion(k, {});
  EXPECT_EQ(this->dut().irq_o, 0);
  EXPECT_EQ(this->dut().hold_o, 0);
}

// Every address: what is no register is refused, and so is a write to what is read only.
TYPED_TEST(MemRegs, EveryAddress) {
  std::vector<bool> known(4096), writable(4096);
  for (const uint32_t a : {ACTP_MEM_ID, ACTP_MEM_VERSION, ACTP_MEM_CONFIG, ACTP_MEM_CONFIG2,
                           ACTP_MEM_STATUS, ACTP_MEM_ERROR_ADDR_LO, ACTP_MEM_ERROR_ADDR_HI})
    known[a] = true;
  for (const uint32_t a : kCounters) known[a] = true;
  for (const uint32_t a : {ACTP_MEM_GATHER, ACTP_MEM_IRQ_ENABLE, ACTP_MEM_ERRORS})
    known[a] = writable[a] = true;
  for (uint32_t k = 0; k < this->kRegions; ++k) {
    for (uint32_t a = 0x100; a <= 0x118; a += 4)
      known[this->At(a, k)] = writable[this->At(a, k)] = true;
  }
  for (uint32_t a = 0; a < 4096; ++a) {
    const Answer r = this->Read(a);
    ASSERT_EQ(r.error, !known[a]) << a;
    if (r.error) {
      ASSERT_EQ(r.data, 0U) << a;
    }
    ASSERT_EQ(this->Write(a, 0), writable[a]) << a;
  }
}

// A write must be of four bytes, and may set only bits that are there; else nothing changes.
TYPED_TEST(MemRegs, PartsAndBitsThatAreNotThere) {
  const std::pair<uint32_t, uint32_t> registers[] = {
      {ACTP_MEM_GATHER, 0xff},
      {ACTP_MEM_IRQ_ENABLE, 0x1f},
      {this->At(ACTP_MEM_REGION_BASE_LO, this->kRegions - 1), 0xfffff000},
      {this->At(ACTP_MEM_REGION_BASE_HI, this->kRegions - 1), this->HighBits()},
      {this->At(ACTP_MEM_REGION_SIZE, this->kRegions - 1), this->SizeBits()},
      {this->At(ACTP_MEM_REGION_SLOT_LO, this->kRegions - 1), 0xfffff000},
      {this->At(ACTP_MEM_REGION_SLOT_HI, this->kRegions - 1), this->HighBits()},
      {this->At(ACTP_MEM_REGION_CONFIG, this->kRegions - 1), 0x1fff | this->ByteBits() << 16}};
  for (const auto& [addr, bits] : registers) {
    SCOPED_TRACE(addr);
    ASSERT_TRUE(this->Write(addr, bits));
    ASSERT_EQ(this->Get(addr), bits);
    for (uint32_t strb = 0; strb < 15; ++strb) {
      ASSERT_FALSE(this->Write(addr, 0, strb));
      ASSERT_EQ(this->Get(addr), bits);
    }
    for (uint32_t b = 0; b < 32; ++b) {
      const uint32_t data = 1U << b;
      ASSERT_TRUE(this->Write(addr, 0));
      ASSERT_EQ(this->Write(addr, data), (bits & data) != 0) << b;
      ASSERT_EQ(this->Get(addr), bits & data) << b;
    }
  }
  const uint32_t ctrl = this->At(ACTP_MEM_REGION_CTRL, 0);
  ASSERT_TRUE(this->Fill(0, this->Good(0)));
  ASSERT_FALSE(this->Write(ctrl, 3));
  ASSERT_FALSE(this->Write(ctrl, 1, 1));
  ASSERT_EQ(this->Get(ctrl), 0U);
  ASSERT_TRUE(this->Write(ctrl, 1));
  ASSERT_FALSE(this->Write(ctrl, 2));
  ASSERT_FALSE(this->Write(ctrl, 0, 14));
  ASSERT_EQ(this->Get(ctrl), 1U);
}

// What one region alone must be, at its limits and one beyond.
TYPED_TEST(MemRegs, ARegionAloneAtItsLimits) {
  const uint32_t k = this->kRegions - 1;
  const auto expect = [&](Region r, bool legal, const char* rule) {
    SCOPED_TRACE(fmt::format("{}: base {:x} size {:x} slot {:x} config {:x}", rule, r.base, r.size,
                             r.slot, this->CfgWord(r)));
    std::array<Region, TypeParam::kRegions> all;
    all[k] = r;
    ASSERT_EQ(this->Legal(k, all), legal);  // the test's own rules agree
    ASSERT_TRUE(this->Fill(k, r));
    ASSERT_EQ(this->Enable(k), legal);
    r.enable = legal;
    this->ExpectRegion(k, r);
    if (legal) {
      ASSERT_TRUE(this->Disable(k));
    }
    r.enable = false;
    this->ExpectRegion(k, r);
  };
  const Region good = this->Good(k);
  expect(good, true, "good");
  Region r = good;
  r.size = 0;
  expect(r, false, "no granule");
  r.base = 0;
  expect(r, false, "no granule, at 0");
  r.size = 64;
  expect(r, true, "one granule");
  for (uint32_t format = 0; format < 4; ++format) {
    for (uint32_t order = 0; order < 2; ++order) {
      const bool built = format < 3 && BitOf(TypeParam::kFormats, format) != 0 &&
                         BitOf(TypeParam::kOrders, order) != 0;
      r = good;
      r.format = format;
      r.order = order;
      r.row_limit = 8;
      if (!built) {
        for (const uint32_t bytes : {4U, 60U, 100U, 150U, 250U}) {
          r.slot_bytes = bytes;
          expect(r, false, "not built in");
        }
        continue;
      }
      for (uint32_t limit = 0; limit < 32; ++limit) {
        r.row_limit = limit;
        const bool limit_ok = order == 0 || (limit >= 8 && limit <= TypeParam::kDepth);
        auto codec = this->CodecConfig(r);
        if (order == 0) codec.row_limit = 8;
        const uint32_t least = MinSlotBytes(codec);
        const uint32_t most = limit_ok ? MaxSlotBytes(codec) : 100;
        r.slot_bytes = least;
        expect(r, limit_ok, "row limit, least T");
        r.slot_bytes = most;
        expect(r, limit_ok, "row limit, most T");
        r.slot_bytes = least - 1;
        expect(r, false, "T too small");
        r.slot_bytes = most + 1;
        if (limit_ok && r.slot_bytes <= this->ByteBits()) expect(r, false, "T too large");
        if (order == 0 && limit > 8) limit += 7;
      }
      r.row_limit = 8;
      r.slot_bytes = MinSlotBytes(this->CodecConfig(r));
      for (uint32_t cap = 0; cap < 16; ++cap) {
        r.delta_cap = cap;
        expect(r, order == 1 || cap <= InfoOf(static_cast<Format>(format)).exp_bits + 1,
               "delta cap");
      }
    }
  }
  // The last address: of the region, of the slots.
  for (const uint64_t granules : {1U, 63U, 64U, 65U, 1000U}) {
    r = good;
    r.size = 64 * granules;
    r.base = static_cast<uint64_t>(this->kEnd - 4096 * ((r.size + 4095) / 4096));
    expect(r, true, "to the last page");
    r.size = static_cast<uint64_t>(this->kEnd - r.base);
    expect(r, true, "to the last byte");
    r.size += 64;
    expect(r, false, "beyond the last byte");
  }
  for (uint32_t blocks = 1; blocks < 200; blocks += blocks < 20 ? 1 : 17) {
    for (uint32_t more = 0; more < 2; ++more) {
      r = good;
      r.slot_bytes += more * (this->kBus - r.slot_bytes % this->kBus);  // whole words too
      if (r.slot_bytes > MaxSlotBytes(this->CodecConfig(r))) continue;
      r.size = static_cast<uint64_t>(this->BlockSize(r)) * blocks;
      const uint64_t area = uint64_t{blocks} * r.stride(this->kBus) * this->kBus;
      r.slot = static_cast<uint64_t>(this->kEnd - (area + 4095) / 4096 * 4096);
      expect(r, true, "slots to the last page");
      const uint64_t room =
          static_cast<uint64_t>(this->kEnd - r.slot) / (r.stride(this->kBus) * this->kBus);
      r.size = static_cast<uint64_t>(this->BlockSize(r)) * room;
      expect(r, true, "slots to the last word");
      r.size += 64;
      expect(r, false, "slots beyond the last word");
    }
  }
  r = good;
  r.base = 0;
  r.size = 64 * uint64_t{this->SizeBits()};
  r.slot = 0;
  expect(r, this->SlotEnd(r) <= this->kEnd, "as large as can be");
  r.row_limit = TypeParam::kDepth;
  r.slot_bytes = MaxSlotBytes(this->CodecConfig(r));
  expect(r, this->SlotEnd(r) <= this->kEnd, "as large as can be, the largest slots");
}

// Two regions may share no page, and no page of slots, wherever one begins in the other.
TYPED_TEST(MemRegs, TwoRegionsShareNothing) {
  if (this->kRegions == 1) return;
  std::array<Region, TypeParam::kRegions> all;
  const auto pair = [&](Region a, Region b) {
    const uint32_t i = this->rng().Below(this->kRegions);
    const uint32_t j = (i + 1 + this->rng().Below(this->kRegions - 1)) % this->kRegions;
    all[i] = a;
    all[j] = b;
    ASSERT_TRUE(this->Fill(i, a) && this->Fill(j, b));
    ASSERT_TRUE(this->Enable(i));
    all[i].enable = true;
    const bool legal = this->Legal(j, all);
    SCOPED_TRACE(fmt::format("{:x}+{:x} slots {:x}; {:x}+{:x} slots {:x}: {}", a.base, a.size,
                             a.slot, b.base, b.size, b.slot, legal));
    ASSERT_EQ(this->Enable(j), legal);
    all[j].enable = legal;
    this->ExpectRegion(i, all[i]);
    this->ExpectRegion(j, all[j]);
    ASSERT_TRUE(this->Disable(i));
    ASSERT_TRUE(this->Disable(j));
    all[i].enable = all[j].enable = false;
    this->ExpectRegion(j, all[j]);
  };
  const Region a = this->Good(0);
  Region b = this->Good(1);
  const uint64_t pages = (a.size + 4095) / 4096;
  for (const uint64_t size : {uint64_t{64}, uint64_t{4096}, uint64_t{4160}, a.size, 3 * a.size}) {
    b.size = size;
    for (uint64_t page = 0; page <= pages + (size + 4095) / 4096 + 2; ++page) {
      b.base = a.base + 4096 * pages + 4096 - 4096 * page;
      pair(a, b);
      pair(b, a);
    }
  }
  b = this->Good(1);
  const auto slot_pages = static_cast<uint64_t>((this->SlotEnd(a) - a.slot + 4095) / 4096);
  for (const uint64_t size : {uint64_t{64}, a.size, 3 * a.size}) {
    b.size = size;
    const auto more = static_cast<uint64_t>((this->SlotEnd(b) - b.slot + 4095) / 4096);
    for (uint64_t page = 0; page <= slot_pages + more + 2; ++page) {
      b.slot = a.slot + 4096 * slot_pages + 4096 - 4096 * page;
      pair(a, b);
      pair(b, a);
    }
  }
  b = a;
  b.slot = this->Good(1).slot;
  pair(a, b);  // the same pages, other slots
  b = this->Good(1);
  b.slot = a.slot;
  pair(a, b);  // the other way round
  b.slot = a.base;
  pair(a, b);  // slots may lie where the master has a region: those are other addresses
}

// Registers of a region that is on are refused, and stay.
TYPED_TEST(MemRegs, ARegionThatIsOnStays) {
  const uint32_t k = this->kRegions / 2;
  Region r = this->Good(k);
  ASSERT_TRUE(this->Fill(k, r) && this->Enable(k));
  r.enable = true;
  for (uint32_t a = ACTP_MEM_REGION_BASE_LO; a < ACTP_MEM_REGION_CTRL; a += 4) {
    ASSERT_FALSE(this->Write(this->At(a, k), 0)) << a;
    ASSERT_FALSE(this->Write(this->At(a, k), this->Get(this->At(a, k)))) << a;
    this->ExpectRegion(k, r);
  }
  ASSERT_TRUE(this->Enable(k));  // once more: nothing
  this->ExpectRegion(k, r);
  EXPECT_EQ(this->clears_, 0U);
  ASSERT_TRUE(this->Disable(k));
  EXPECT_EQ(this->clears_, 1U);
  ASSERT_TRUE(this->Disable(k));
  EXPECT_EQ(this->clears_, 1U);
  r.enable = false;
  this->ExpectRegion(k, r);
}

// Disabling holds the paths until they are empty; reads are answered meanwhile.
TYPED_TEST(MemRegs, DrainsBeforeTheRegionGoes) {
  this->auto_idle_ = false;
  auto& dut = this->dut();
  Region r = this->Good(0);
  ASSERT_TRUE(this->Fill(0, r) && this->Enable(0));
  r.enable = true;
  for (const bool late : {false, true}) {
    dut.idle_i = late ? 1 : 0;
    this->StartWrite(ACTP_MEM_REGION_CTRL, 0);
    this->Until([&] { return dut.hold_o != 0; });
    dut.idle_i = 0;  // `late`: a burst came in with the first cycle of hold
    for (int i = 0; i < 50; ++i) {
      this->Cycle();
      ASSERT_NE(dut.hold_o, 0);
      ASSERT_EQ(dut.clear_o, 0);
    }
    this->ExpectRegion(0, r);
    EXPECT_EQ(this->Get(ACTP_MEM_STATUS), 1U);
    EXPECT_EQ(this->Get(ACTP_MEM_WRITE_BLOCKS), 0U);
    EXPECT_TRUE(this->Read(0xffc).error);
    ASSERT_NE(dut.hold_o, 0);
    dut.idle_i = 1;
    ASSERT_FALSE(this->FinishWrite().error);
    ASSERT_EQ(dut.hold_o, 0);
    r.enable = false;
    this->ExpectRegion(0, r);
    EXPECT_EQ(this->Get(ACTP_MEM_STATUS), 0U);
    ASSERT_TRUE(this->Enable(0));
    r.enable = true;
  }
  EXPECT_EQ(this->clears_, 2U);
}

// Every event raises its own counters and error bits, and nothing else.
TYPED_TEST(MemRegs, EventsReachTheirCounters) {
  auto& dut = this->dut();
  struct Event {
    uint8_t* port;
    std::vector<uint32_t> counters;
    uint32_t error;
    bool write;
  };
  const Event events[] = {
      {&dut.wr_block_i, {ACTP_MEM_WRITE_BLOCKS, ACTP_MEM_WRITE_BYTES}, 0, true},
      {&dut.wr_rmw_i, {ACTP_MEM_RMW}, 0, true},
      {&dut.wr_rmw_failed_i, {}, ACTP_MEM_ERRORS_RMW_FAILED_MASK, true},
      {&dut.wr_write_error_i, {ACTP_MEM_MEM_ERRORS}, ACTP_MEM_ERRORS_WRITE_ERROR_MASK, true},
      {&dut.wr_refused_i, {ACTP_MEM_REFUSED}, ACTP_MEM_ERRORS_REFUSED_MASK, true},
      {&dut.wr_bypass_i, {ACTP_MEM_BYPASS_WRITES}, 0, true},
      {&dut.wr_beat_i, {ACTP_MEM_WRITE_BEATS}, 0, true},
      {&dut.rd_fill_i, {ACTP_MEM_READ_BLOCKS, ACTP_MEM_READ_BYTES}, 0, false},
      {&dut.rd_hit_i, {ACTP_MEM_HITS}, 0, false},
      {&dut.rd_prefetch_i, {ACTP_MEM_PREFETCHES}, 0, false},
      {&dut.rd_malformed_i, {ACTP_MEM_MALFORMED}, ACTP_MEM_ERRORS_MALFORMED_MASK, false},
      {&dut.rd_read_error_i, {ACTP_MEM_MEM_ERRORS}, ACTP_MEM_ERRORS_READ_ERROR_MASK, false},
      {&dut.rd_refused_i, {ACTP_MEM_REFUSED}, ACTP_MEM_ERRORS_REFUSED_MASK, false},
      {&dut.rd_bypass_i, {ACTP_MEM_BYPASS_READS}, 0, false},
      {&dut.rd_beat_i, {ACTP_MEM_READ_BEATS}, 0, false}};
  std::map<uint32_t, uint32_t> counts;
  dut.wr_slot_bytes_i = 1064;
  dut.rd_slot_bytes_i = 77;
  for (const Event& e : events) {
    const uint64_t addr = this->rng().Next() & this->kAddrMask;
    const uint64_t other = ~addr & this->kAddrMask;
    Put(dut.wr_error_addr_i, e.write ? addr : other);
    Put(dut.rd_error_addr_i, e.write ? other : addr);
    *e.port = 1;
    this->Cycle();
    Put(dut.wr_error_addr_i, other);
    Put(dut.rd_error_addr_i, other);
    for (int i = 0; i < 36; ++i) this->Cycle();
    *e.port = 0;
    for (const uint32_t c : e.counters) {
      counts[c] += 37 * (c == ACTP_MEM_WRITE_BYTES ? 1064 : c == ACTP_MEM_READ_BYTES ? 77 : 1);
    }
    for (const uint32_t c : kCounters) ASSERT_EQ(this->Get(c), counts[c]) << c;
    ASSERT_EQ(this->Get(ACTP_MEM_ERRORS), e.error);
    if (e.error == 0) continue;
    ASSERT_EQ(this->Get(ACTP_MEM_ERROR_ADDR_LO), static_cast<uint32_t>(addr));
    ASSERT_EQ(this->Get(ACTP_MEM_ERROR_ADDR_HI), static_cast<uint32_t>(addr >> 32));
    for (uint32_t b = 0; b < 5; ++b) {
      ASSERT_TRUE(this->Write(ACTP_MEM_IRQ_ENABLE, 1U << b));
      ASSERT_EQ(dut.irq_o != 0, e.error == 1U << b);
    }
    ASSERT_TRUE(this->Write(ACTP_MEM_ERRORS, 0x1f & ~e.error));  // the other bits: it stays
    ASSERT_EQ(this->Get(ACTP_MEM_ERRORS), e.error);
    ASSERT_TRUE(this->Write(ACTP_MEM_ERRORS, e.error));
    ASSERT_EQ(this->Get(ACTP_MEM_ERRORS), 0U);
    ASSERT_EQ(dut.irq_o, 0);
  }
}

// Errors at random: sticky, the address of the first one, the write path's where both have one.
TYPED_TEST(MemRegs, ErrorsMatchModel) {
  auto& dut = this->dut();
  auto& rng = this->rng();
  for (uint64_t round = 0; round < Scaled(2000); ++round) {
    uint32_t errors = 0;
    uint64_t addr = 0;
    const uint32_t count = rng.Below(4);
    for (uint32_t i = 0; i < count; ++i) {
      const uint32_t wr = rng.Below(8);
      const uint32_t rd = rng.Below(8);
      const uint64_t wr_addr = rng.Next() & this->kAddrMask;
      const uint64_t rd_addr = rng.Next() & this->kAddrMask;
      Put(dut.wr_error_addr_i, wr_addr);
      Put(dut.rd_error_addr_i, rd_addr);
      dut.wr_write_error_i = wr & 1;
      dut.wr_rmw_failed_i = wr >> 1 & 1;
      dut.wr_refused_i = wr >> 2 & 1;
      dut.rd_malformed_i = rd & 1;
      dut.rd_read_error_i = rd >> 1 & 1;
      dut.rd_refused_i = rd >> 2 & 1;
      this->Cycle();
      this->Quiet();
      if (errors == 0) addr = wr != 0 ? wr_addr : rd_addr;
      errors |= (rd & 3) | (wr & 3) << 2 | ((wr | rd) >> 2) << 4;
    }
    ASSERT_EQ(this->Get(ACTP_MEM_ERRORS), errors);
    if (errors != 0) {
      ASSERT_EQ(this->Get(ACTP_MEM_ERROR_ADDR_LO), static_cast<uint32_t>(addr));
      ASSERT_EQ(this->Get(ACTP_MEM_ERROR_ADDR_HI), static_cast<uint32_t>(addr >> 32));
    }
    ASSERT_TRUE(this->Write(ACTP_MEM_ERRORS, 0x1f));
  }
}

// actplane/memory.h against the device.
TYPED_TEST(MemRegs, Driver) {
  const actp_mem_device device = this->Device();
  EXPECT_EQ(actp_mem_probe(&device), 0);
  const uint32_t k = this->kRegions - 1;
  Region good = this->Good(k);
  actp_mem_region r = {.base = good.base,
                       .size = good.size,
                       .slots = good.slot,
                       .format = good.format,
                       .significance = good.order,
                       .fill_zero = 1,
                       .delta_cap = 3,
                       .row_limit = 8,
                       .slot_bytes = good.slot_bytes};
  good.fill_zero = 1;
  good.delta_cap = 3;
  uint64_t area = 0;
  EXPECT_EQ(actp_mem_slot_area(&device, &r, &area), 0);
  EXPECT_EQ(area, static_cast<uint64_t>(this->SlotEnd(good) - good.slot));
  uint32_t block = 0;
  EXPECT_EQ(actp_mem_block_bytes(&device, &r, &block), 0);
  EXPECT_EQ(block, static_cast<uint32_t>(this->BlockSize(good)));
  ASSERT_EQ(actp_mem_enable(&device, k, &r), 0);
  good.enable = true;
  this->ExpectRegion(k, good);
  EXPECT_EQ(actp_mem_enable(&device, k, &r), 2);  // it is on
  this->ExpectRegion(k, good);
  ASSERT_EQ(actp_mem_disable(&device, k), 0);
  good.enable = false;
  this->ExpectRegion(k, good);
  r.slot_bytes = 1;
  EXPECT_EQ(actp_mem_enable(&device, k, &r), 2);
  r.size = 65;
  EXPECT_EQ(actp_mem_enable(&device, k, &r), ACTP_MEM_EINVAL);
  EXPECT_EQ(actp_mem_enable(&device, this->kRegions, &r), ACTP_MEM_EINVAL);

  uint32_t errors = 1;
  uint64_t address = 0;
  EXPECT_EQ(actp_mem_take_errors(&device, &errors, &address), 0);
  EXPECT_EQ(errors, 0U);
  Put(this->dut().wr_error_addr_i, 0x12345678);
  this->dut().wr_refused_i = 1;
  this->Cycle();
  this->Quiet();
  EXPECT_EQ(actp_mem_take_errors(&device, &errors, &address), 0);
  EXPECT_EQ(errors, ACTP_MEM_ERRORS_REFUSED_MASK);
  EXPECT_EQ(address, 0x12345678U);
  EXPECT_EQ(this->Get(ACTP_MEM_ERRORS), 0U);
}

// Any access in any order, regions that touch and overlap, resets between.
TYPED_TEST(MemRegs, RandomMatchesModel) {
  auto& rng = this->rng();
  uint64_t accepted = 0;
  uint64_t refused = 0;
  for (uint64_t round = 0; round < Scaled(120); ++round) {
    if (round != 0) {  // in traffic
      this->StartWrite(this->At(ACTP_MEM_REGION_CTRL, rng.Below(this->kRegions)), rng.Below(2));
      this->StartRead(rng.Below(0x400));
      for (uint32_t i = rng.Below(60); i > 0; --i) this->Cycle();
    }
    this->Reset();
    std::array<Region, TypeParam::kRegions> all;
    const uint64_t near = rng.OneIn(2) ? 0 : static_cast<uint64_t>(this->kEnd - (64 << 12));
    for (int i = 0; i < 120; ++i) {
      const uint32_t k = rng.Below(this->kRegions);
      Region& r = all[k];
      if (rng.OneIn(2) && !r.enable) {
        const Region good = this->Good(k);
        r.base = near + (uint64_t{rng.Below(64)} << 12);
        r.size = 64 * uint64_t{rng.Below(rng.OneIn(4) ? 2 : 64 * 8)};
        r.slot = near + (uint64_t{rng.Below(64)} << 12);
        r.format = rng.OneIn(2) ? good.format : rng.Below(4);
        r.order = rng.OneIn(2) ? good.order : rng.Below(2);
        r.fill_zero = rng.Below(2);
        r.delta_cap = rng.Below(12);
        r.row_limit = rng.OneIn(4) ? rng.Below(32) : 8 + rng.Below(TypeParam::kDepth - 7);
        r.slot_bytes = rng.OneIn(2) ? good.slot_bytes : rng.Below(this->ByteBits() + 1);
        ASSERT_TRUE(this->Fill(k, r));
      } else if (rng.OneIn(3)) {
        ASSERT_TRUE(this->Disable(k));
        r.enable = false;
      } else {
        const bool legal = r.enable || this->Legal(k, all);
        ASSERT_EQ(this->Enable(k), legal);
        ++(legal ? accepted : refused);
        r.enable = legal;
      }
      if (rng.OneIn(4)) this->ExpectRegion(k, r);
    }
    for (uint32_t k = 0; k < this->kRegions; ++k) this->ExpectRegion(k, all[k]);
  }
  EXPECT_GT(accepted, 20U);
  EXPECT_GT(refused, 20U);
}

}  // namespace
}  // namespace actplane::rtl_test
