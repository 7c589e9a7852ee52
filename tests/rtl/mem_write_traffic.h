// SPDX-License-Identifier: Apache-2.0
// What is written through actp_mem_write: regions with slots, bursts of every kind.
#pragma once

#include "mem_write_parts.h"

namespace actplane::rtl_test {

template <class Config>
class MemWriteTraffic : public RtlTest<Config> {
 public:
  static constexpr uint32_t kBus = Config::kStreamWidth / 8;
  static constexpr uint32_t kSize = static_cast<uint32_t>(std::countr_zero(kBus));
  static constexpr uint64_t kAddrMask = LowMask(Config::kAddrW);

 protected:
  // ---- what is where
  actplane::Config RandomCodec(Format format) {
    Rng& rng = this->rng();
    actplane::Config c = {
        .format = format, .block_len = Config::kBlockLen, .group_len = Config::kGroupLen};
    const bool significance = Config::kOrders == 2 || (Config::kOrders == 3 && rng.OneIn(2));
    c.order = significance ? Order::kSignificance : Order::kField;
    c.row_limit = 8 + rng.Below(Config::kDepth - 7);
    if (!significance && rng.OneIn(3)) c.delta_cap = rng.Below(InfoOf(format).exp_bits + 2);
    const uint32_t least = MinSlotBytes(c), most = MaxSlotBytes(c);
    c.slot_bytes = least + rng.Below(most - least + 1);
    return c;
  }

  void PlaceRegion(uint32_t k, const actplane::Config& config, uint64_t size) {
    Rng& rng = this->rng();
    MemRegion& r = regions_[k];
    r.enable = true;
    r.bus = kBus;
    r.config = config;
    r.size = size;
    const uint64_t high = rng.Next() & (kAddrMask >> 12) & ~uint64_t{0xfff};
    r.base = (high | (k * 0x100 + 0x80 + rng.Below(16))) << 12;
    r.slot_base = (high | (k * 0x100 + 0x800 + rng.Below(16))) << 12;
    for (uint64_t b = 0; b < r.Blocks(); ++b) {
      std::vector<std::byte> slot(config.slot_bytes);
      const auto kind = testing_support::kAllKinds[rng.Below(testing_support::kAllKinds.size())];
      slot = SlotOf(testing_support::ToBytes(
                        testing_support::MakePatterns(kind, config.format, config.block_len, rng),
                        config.format),
                    config, Config::kDepth);
      if (rng.OneIn(16)) slot.assign(slot.size(), std::byte{0xff});
      for (size_t i = 0; i < slot.size(); ++i) memory_[r.SlotAt(b) + i] = slot[i];
    }
  }
  void PutRegions() {
    for (uint32_t k = 0; k < Config::kRegions; ++k) {
      PutRegion(this->dut().regions_i, k, regions_[k]);
    }
    golden_ = memory_;
  }
  void RandomRegions() {
    Rng& rng = this->rng();
    regions_.assign(Config::kRegions, {});
    for (uint32_t k = 0; k < Config::kRegions; ++k) {
      const auto formats = FormatsOf<Config>();
      const Format format = formats[rng.Below(formats.size())];
      PlaceRegion(k, RandomCodec(format), 64 * (1 + rng.Below(rng.OneIn(2) ? 40 : 400)));
      regions_[k].enable = k == 0 || !rng.OneIn(4);
      cursor_[k] = rng.Below(regions_[k].Blocks());
      for (uint64_t b = 0; b < regions_[k].Blocks(); ++b) {
        const uint64_t at = regions_[k].SlotAt(b);  // a slot across 4 KiB
        if (at / 4096 != (at + regions_[k].config.slot_bytes - 1) / 4096) cursor_[k] = b;
      }
    }
    PutRegions();
  }
  // One region, its slots at this ratio.
  void StreamRegion(Format format, uint32_t ratio, bool significance = Config::kOrders == 2) {
    regions_.assign(Config::kRegions, {});
    actplane::Config c = RandomCodec(format);
    c.order = significance ? Order::kSignificance : Order::kField;
    c.row_limit = std::min(16U, Config::kDepth);
    c.delta_cap = 0;
    c.slot_bytes = std::max(MinSlotBytes(c), BlockBytes(c) / ratio);
    if (ratio == 3) c.slot_bytes = std::min(MaxSlotBytes(c), 5 * kBus + 3);
    PlaceRegion(0, c, 8 * 4096);
    PutRegions();
  }

  Target TargetOf(const WBurst& b, uint32_t* region) const {
    const uint64_t bytes = 1ULL << b.size;
    if (bytes > kBus || b.type == 3) return Target::kRefused;
    uint64_t last = 0;
    for (uint32_t i = 0; i <= b.len; ++i) {
      last = std::max(last, b.BeatAt(i) / bytes * bytes + bytes - 1);
    }
    if (b.type == 2 && b.len != 1 && b.len != 3 && b.len != 7 && b.len != 15)
      return Target::kRefused;
    if (b.type == 1 && last / 4096 != b.addr / 4096) return Target::kRefused;
    for (uint32_t k = 0; k < Config::kRegions; ++k) {
      const MemRegion& r = regions_[k];
      if (!r.OwnsPage(b.addr)) continue;
      if (b.type == 0 || last >= r.base + r.size) return Target::kRefused;
      *region = k;
      return Target::kRegion;
    }
    return Target::kBypass;
  }

  // ---- bursts
  WBurst MakeBurst(uint64_t addr, uint32_t len, uint32_t size, uint32_t type) {
    Rng& rng = this->rng();
    WBurst b;
    b.id = rng.Below(1U << Config::kIdW);
    b.len = len;
    b.size = size;
    b.type = type;
    b.addr = addr & kAddrMask;
    b.attr = rng.Below(2048);
    b.target = TargetOf(b, &b.region);
    for (uint32_t i = 0; i <= len; ++i) {
      WBeat beat;
      const auto kind = testing_support::kAllKinds[rng.Below(testing_support::kAllKinds.size())];
      beat.data = testing_support::ToBytes(
          testing_support::MakePatterns(kind, rng.OneIn(2) ? Format::kFp32 : Format::kBf16, kBus,
                                        rng),
          Format::kFp32);
      beat.data.resize(kBus);
      beat.strb.assign(kBus, false);
      const uint64_t at = b.BeatAt(i), bytes = 1ULL << std::min(size, kSize);
      for (uint64_t lane = at % kBus; lane < at % kBus / bytes * bytes + bytes; ++lane) {
        beat.strb[lane] = true;
      }
      b.beats.push_back(beat);
    }
    return b;
  }
  void DropStrobes(WBurst& b) {
    Rng& rng = this->rng();
    const uint32_t how = rng.Below(10);
    if (how < 7) return;
    for (WBeat& beat : b.beats) {
      for (size_t i = 0; i < kBus; ++i) {
        if (how == 7 ? rng.OneIn(2) : how == 8 ? rng.OneIn(8) : true) beat.strb[i] = false;
      }
    }
  }

  WBurst RandomBurst() {
    Rng& rng = this->rng();
    const uint32_t k = rng.Below(Config::kRegions);
    const MemRegion& r = regions_[k];
    const uint32_t size = rng.OneIn(3) ? rng.Below(kSize + 1) : kSize;
    const uint64_t bytes = 1ULL << size;
    const uint32_t what = rng.Below(16);
    if (what < 5) {  // whole blocks, one after the other
      const uint64_t at = cursor_[k] % r.Blocks();
      cursor_[k] = at + 1;
      const uint32_t words = r.BytesOf(at) / kBus;
      if (words <= 256) return MakeBurst(r.BlockAt(at), words - 1, kSize, 1);
    }
    uint64_t addr = r.base + rng.Below(r.size);
    if (rng.OneIn(2)) addr = r.BlockAt(cursor_[k] % r.Blocks()) + rng.Below(64);
    if (what < 10) {  // inside the page and the region
      const uint64_t end = std::min(addr / 4096 * 4096 + 4096, r.base + r.size);
      const auto most =
          static_cast<uint32_t>(std::min<uint64_t>(256, (end - addr / bytes * bytes) / bytes));
      return MakeBurst(addr, rng.Below(rng.OneIn(2) ? std::min(most, 4U) : most), size, 1);
    }
    if (what < 12) {
      const uint32_t lens[] = {1, 3, 7, 15};
      return MakeBurst(addr / bytes * bytes, lens[rng.Below(4)], size, 2);
    }
    if (what < 13) return MakeBurst(addr, rng.Below(256), rng.Below(8), rng.Below(4));
    const uint64_t other = rng.Next() & kAddrMask & ~uint64_t{0xff};
    if (rng.OneIn(8)) return MakeBurst(other, rng.Below(256), rng.Below(8), rng.Below(4));
    return MakeBurst(other / 4096 * 4096 + rng.Below(1024), rng.Below(rng.OneIn(2) ? 4 : 20), size,
                     rng.OneIn(8) ? 0 : 1);
  }
  std::deque<WBurst> RandomBursts(uint32_t count) {
    std::deque<WBurst> list;
    while (list.size() < count) {
      WBurst b = RandomBurst();
      DropStrobes(b);
      bool slots = false;  // the program that writes into slots is not meant
      for (const MemRegion& r : regions_) {
        const uint64_t end = r.SlotAt(r.Blocks()) + 4096;
        slots |= b.target == Target::kBypass && b.addr + 65536 >= r.slot_base && b.addr < end;
      }
      if (!slots) list.push_back(b);
    }
    return list;
  }
  std::deque<WBurst> StreamBursts(uint32_t beats) {
    std::deque<WBurst> list;
    const MemRegion& r = regions_[0];
    const uint64_t step = std::min<uint64_t>(uint64_t{beats} * kBus, 4096);
    for (uint64_t at = 0; at < r.size; at += step) {
      WBurst b = MakeBurst(r.base + at, static_cast<uint32_t>(step / kBus) - 1, kSize, 1);
      for (WBeat& beat : b.beats) {
        beat.data = testing_support::ToBytes(
            testing_support::MakePatterns(testing_support::Kind::kNormal, r.config.format, kBus,
                                          this->rng()),
            r.config.format);
        beat.data.resize(kBus);
      }
      list.push_back(b);
    }
    return list;
  }

  Mood RandomMood() {
    Rng& rng = this->rng();
    Mood m;
    const auto some = [&](uint32_t most) { return rng.OneIn(2) ? 0 : rng.Below(most + 1); };
    m.aw = some(14), m.w = some(14), m.b = some(14), m.m_aw = some(14), m.m_w = some(14);
    m.m_b = some(14), m.reads = some(12), m.rmw = some(14), m.check = some(16);
    m.close = some(8), m.m_error = some(3), m.rmw_error = some(4);
    m.m_latency = rng.OneIn(2) ? 4 : rng.Below(150);
    return m;
  }

  std::vector<MemRegion> regions_;
  std::map<uint32_t, uint64_t> cursor_;  // the next whole block
  Bytes memory_, golden_;                // slots: as written, as they should be
};

}  // namespace actplane::rtl_test
