// SPDX-License-Identifier: Apache-2.0
// The registers of the memory path: a master of AXI4-Lite, two paths that are busy or not, and what
// must hold in every cycle.
#pragma once

#include <optional>

#include "actplane/memory.h"
#include "memory_test.h"

namespace actplane::rtl_test {

using Wide = unsigned __int128;

struct Answer {
  uint32_t data = 0;
  bool error = false;
  friend bool operator==(const Answer&, const Answer&) = default;
};

template <class Config>
class MemRegs : public RtlTest<Config> {
 protected:
  static constexpr uint32_t kBus = Config::kStreamWidth / 8;
  static constexpr uint32_t kRegions = Config::kRegions;
  static constexpr Wide kEnd = Wide{1} << Config::kAddrW;  // of all addresses
  static constexpr uint64_t kAddrMask = static_cast<uint64_t>(kEnd - 1);

  static uint32_t At(uint32_t reg, uint32_t k) { return reg + ACTP_MEM_REGION_STRIDE * k; }

  void SetUp() override { Reset(); }
  void Reset() {
    auto& dut = this->dut();
    dut.aw_valid_i = dut.w_valid_i = dut.b_ready_i = dut.ar_valid_i = dut.r_ready_i = 0;
    dut.idle_i = 1;
    Quiet();
    writing_ = reading_ = aw_done_ = w_done_ = ar_done_ = false;
    inside_ = held_ = 0;
    before_.fill({});
    cleared_ = false;
    this->sim().Reset();
  }
  void Quiet() {
    auto& dut = this->dut();
    dut.wr_block_i = dut.wr_rmw_i = dut.wr_rmw_failed_i = dut.wr_write_error_i = 0;
    dut.wr_refused_i = dut.wr_bypass_i = dut.wr_beat_i = 0;
    dut.rd_fill_i = dut.rd_hit_i = dut.rd_prefetch_i = dut.rd_malformed_i = dut.rd_read_error_i = 0;
    dut.rd_refused_i = dut.rd_bypass_i = dut.rd_beat_i = 0;
  }

  void StartWrite(uint32_t addr, uint32_t data, uint32_t strb = 15) {
    auto& dut = this->dut();
    dut.aw_addr_i = static_cast<uint16_t>(addr);
    dut.w_data_i = data;
    dut.w_strb_i = static_cast<uint8_t>(strb);
    writing_ = true;
    aw_done_ = w_done_ = false;
    write_answer_.reset();
  }
  void StartRead(uint32_t addr) {
    this->dut().ar_addr_i = static_cast<uint16_t>(addr);
    reading_ = true;
    ar_done_ = false;
    read_answer_.reset();
  }

  // One cycle of the bus, of the paths, and of what is always so.
  void Cycle() {
    auto& dut = this->dut();
    auto& rng = this->rng();
    // Valid, once high, stays; it does not wait for ready.
    dut.aw_valid_i = writing_ && !aw_done_ && (dut.aw_valid_i != 0 || !rng.OneIn(3));
    dut.w_valid_i = writing_ && !w_done_ && (dut.w_valid_i != 0 || !rng.OneIn(3));
    dut.ar_valid_i = reading_ && !ar_done_ && (dut.ar_valid_i != 0 || !rng.OneIn(3));
    dut.b_ready_i = !rng.OneIn(3);
    dut.r_ready_i = !rng.OneIn(3);
    if (auto_idle_) dut.idle_i = inside_ == 0;
    this->sim().Step([&] {
      CheckAlways();
      if (dut.aw_valid_i != 0 && dut.aw_ready_o != 0) aw_done_ = true;
      if (dut.w_valid_i != 0 && dut.w_ready_o != 0) w_done_ = true;
      if (dut.ar_valid_i != 0 && dut.ar_ready_o != 0) ar_done_ = true;
      if (dut.b_valid_o != 0) {
        ASSERT_TRUE(writing_ && aw_done_ && w_done_);
        ASSERT_TRUE(dut.b_resp_o == 0 || dut.b_resp_o == 2);
        if (dut.b_ready_i != 0) write_answer_ = Answer{0, dut.b_resp_o != 0}, writing_ = false;
      }
      if (dut.r_valid_o != 0) {
        ASSERT_TRUE(reading_ && ar_done_);
        ASSERT_TRUE(dut.r_resp_o == 0 || dut.r_resp_o == 2);
        if (dut.r_ready_i != 0)
          read_answer_ = Answer{dut.r_data_o, dut.r_resp_o != 0}, reading_ = false;
      }
    });
  }

  // An enabled region is as it was, until it goes: then hold was there, both paths were empty, and
  // clear with it.
  void CheckAlways() {
    auto& dut = this->dut();
    for (uint32_t k = 0; k < kRegions; ++k) {
      const bool enabled = GetBits(dut.regions_o, (k + 1) * kRegionW - 1, 1) != 0;
      const Region now = enabled ? GetRegion(dut.regions_o, k * kRegionW) : Region{};
      if (before_[k].enable && enabled) {
        ASSERT_EQ(now, before_[k]) << k;
      }
      if (before_[k].enable && !enabled) {
        ASSERT_TRUE(cleared_) << k;
      }
      before_[k] = now;
    }
    cleared_ = dut.clear_o != 0;
    if (cleared_) {
      ASSERT_NE(dut.hold_o, 0);
      ASSERT_TRUE(empty_seen_);
      ++clears_;
    }
    held_ = dut.hold_o != 0 ? held_ + 1 : 0;
    empty_seen_ = held_ >= 2 && dut.idle_i != 0;
    // A path takes bursts until the cycle in which hold comes, that one included: it is seen inside
    // a cycle later.
    if (auto_idle_) {
      if (held_ <= 1 && this->rng().OneIn(4))
        inside_ = 1 + this->rng().Below(20);
      else if (inside_ != 0)
        --inside_;
    }
  }

  template <class Done>
  void Until(Done done) {
    for (uint32_t i = 0; !done(); ++i) {
      ASSERT_LT(i, 4000U) << "no answer";
      Cycle();
    }
  }
  Answer FinishWrite() {
    Until([&] { return write_answer_.has_value(); });
    return write_answer_.value_or(Answer{});
  }
  Answer FinishRead() {
    Until([&] { return read_answer_.has_value(); });
    return read_answer_.value_or(Answer{});
  }
  // Whether it was done.
  bool Write(uint32_t addr, uint32_t data, uint32_t strb = 15) {
    StartWrite(addr, data, strb);
    return !FinishWrite().error;
  }
  Answer Read(uint32_t addr) {
    StartRead(addr);
    return FinishRead();
  }
  uint32_t Get(uint32_t addr) {
    const Answer a = Read(addr);
    EXPECT_FALSE(a.error) << addr;
    return a.data;
  }

  // For actplane/memory.h.
  actp_mem_device Device() {
    return {.read =
                [](void* context, uint32_t offset, uint32_t* value) {
                  const Answer a = static_cast<MemRegs*>(context)->Read(offset);
                  *value = a.data;
                  return a.error ? 2 : 0;
                },
            .write =
                [](void* context, uint32_t offset, uint32_t value) {
                  return static_cast<MemRegs*>(context)->Write(offset, value) ? 0 : 2;
                },
            .context = this};
  }

  // Bits of the registers of a region, as built.
  static uint32_t HighBits() { return static_cast<uint32_t>(LowMask(Config::kAddrW - 32)); }
  static uint32_t SizeBits() { return LowMask32(std::min(Config::kAddrW - 6, 32U)); }
  static uint32_t ByteBits() {
    return LowMask32(static_cast<uint32_t>(std::bit_width(Config::kBlockLen * 33 / 8 + 8)));
  }
  static uint32_t CfgWord(const Region& r) {
    return r.format | r.order << 2 | r.fill_zero << 3 | r.delta_cap << 4 | r.row_limit << 8 |
           r.slot_bytes << 16;
  }

  // All but the enable; whether every write was done.
  bool Fill(uint32_t k, const Region& r) {
    bool ok = Write(At(ACTP_MEM_REGION_BASE_LO, k), static_cast<uint32_t>(r.base));
    ok &= Write(At(ACTP_MEM_REGION_BASE_HI, k), static_cast<uint32_t>(r.base >> 32));
    ok &= Write(At(ACTP_MEM_REGION_SIZE, k), static_cast<uint32_t>(r.size >> 6));
    ok &= Write(At(ACTP_MEM_REGION_SLOT_LO, k), static_cast<uint32_t>(r.slot));
    ok &= Write(At(ACTP_MEM_REGION_SLOT_HI, k), static_cast<uint32_t>(r.slot >> 32));
    ok &= Write(At(ACTP_MEM_REGION_CONFIG, k), CfgWord(r));
    return ok;
  }
  bool Enable(uint32_t k) { return Write(At(ACTP_MEM_REGION_CTRL, k), 1); }
  bool Disable(uint32_t k) { return Write(At(ACTP_MEM_REGION_CTRL, k), 0); }
  // What the registers say must be what was written, on or off.
  void ExpectRegion(uint32_t k, const Region& r) {
    EXPECT_EQ(Get(At(ACTP_MEM_REGION_BASE_LO, k)), static_cast<uint32_t>(r.base));
    EXPECT_EQ(Get(At(ACTP_MEM_REGION_BASE_HI, k)), static_cast<uint32_t>(r.base >> 32));
    EXPECT_EQ(Get(At(ACTP_MEM_REGION_SIZE, k)), static_cast<uint32_t>(r.size >> 6));
    EXPECT_EQ(Get(At(ACTP_MEM_REGION_SLOT_LO, k)), static_cast<uint32_t>(r.slot));
    EXPECT_EQ(Get(At(ACTP_MEM_REGION_SLOT_HI, k)), static_cast<uint32_t>(r.slot >> 32));
    EXPECT_EQ(Get(At(ACTP_MEM_REGION_CONFIG, k)), CfgWord(r));
    EXPECT_EQ(Get(At(ACTP_MEM_REGION_CTRL, k)), r.enable ? 1U : 0U);
    EXPECT_EQ(before_[k].enable, r.enable);
    if (r.enable) {
      EXPECT_EQ(before_[k], r);
    }
  }

  static actplane::Config CodecConfig(const Region& r) {
    return {.format = static_cast<Format>(r.format),
            .block_len = Config::kBlockLen,
            .slot_bytes = r.slot_bytes,
            .order = static_cast<Order>(r.order),
            .fill = Fill::kMidpoint,
            .delta_cap = r.delta_cap,
            .group_len = Config::kGroupLen,
            .row_limit = r.row_limit};
  }
  static Wide BlockSize(const Region& r) {
    return Wide{Config::kBlockLen} * (r.format == 0 ? 4 : 2);
  }
  // Behind its last slot.
  static Wide SlotEnd(const Region& r) {
    return r.slot + (Wide{r.size} + BlockSize(r) - 1) / BlockSize(r) * r.stride(kBus) * kBus;
  }
  static bool Share(Wide a, Wide a_end, Wide b, Wide b_end) {
    return a >> 12 <= (b_end - 1) >> 12 && b >> 12 <= (a_end - 1) >> 12;
  }
  // The rules of docs/memory.md, each by itself.
  static bool Legal(uint32_t k, const std::array<Region, kRegions>& all) {
    const Region& r = all[k];
    if (r.format > 2 || BitOf(Config::kFormats, r.format) == 0) return false;
    if (BitOf(Config::kOrders, r.order) == 0) return false;
    actplane::Config c = CodecConfig(r);
    if (c.order == Order::kSignificance) {
      if (r.row_limit > Config::kDepth) return false;
      c.delta_cap = 0;  // not read
    } else {
      c.row_limit = 8;
    }
    if (!ValidateConfig(c).ok()) return false;
    if (r.size == 0 || Wide{r.base} + r.size > kEnd || SlotEnd(r) > kEnd) return false;
    for (uint32_t j = 0; j < kRegions; ++j) {
      if (j == k || !all[j].enable) continue;
      if (Share(r.base, Wide{r.base} + r.size, all[j].base, Wide{all[j].base} + all[j].size))
        return false;
      if (Share(r.slot, SlotEnd(r), all[j].slot, SlotEnd(all[j]))) return false;
    }
    return true;
  }

  // A legal region far from the others.
  static Region Good(uint32_t k) {
    Region r{.base = 0x100000 * (uint64_t{k} + 1),
             .size = 0x10040,
             .slot = 0x40000000 + 0x100000 * uint64_t{k}};
    r.format = static_cast<uint32_t>(std::countr_zero(Config::kFormats));
    r.order = static_cast<uint32_t>(std::countr_zero(Config::kOrders));
    r.row_limit = 8;
    r.slot_bytes = MinSlotBytes(CodecConfig(r)) + 37;  // slots that do not fill pages
    return r;
  }

  bool auto_idle_ = true;  // idle_i as of two paths with traffic
  uint32_t inside_ = 0;
  uint32_t clears_ = 0;
  std::array<Region, kRegions> before_;  // as the ports say

 private:
  bool writing_ = false, reading_ = false, aw_done_ = false, w_done_ = false, ar_done_ = false;
  bool cleared_ = false, empty_seen_ = false;
  uint32_t held_ = 0;
  std::optional<Answer> write_answer_, read_answer_;
};

}  // namespace actplane::rtl_test
