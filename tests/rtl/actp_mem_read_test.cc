// SPDX-License-Identifier: Apache-2.0
// A master that reads at random, a memory, and a write path that opens blocks, asks for their old
// words and changes their slots. Every beat that comes back is known, or one of a few.
#include <list>
#include <memory>
#include <tuple>

#include "duts.h"
#include "mem_read_model.h"

namespace actplane::rtl_test {
namespace {

// Cycles behind the last beat of a slot in which its fill may still be under way.
constexpr uint64_t kTail = 400;

// One come of a burst to a block: all its beats must be of one version.
struct Visit {
  MemRegion* region;
  uint64_t block, first_version, since;
  std::vector<std::pair<uint32_t, std::vector<std::byte>>> seen;  // word, data
  std::optional<bool> wrong;
};

struct WantBeat {
  uint32_t id;
  Kind kind;
  bool last;
  uint32_t word;
  std::shared_ptr<Visit> visit;
};

struct MemRead {
  Burst burst;
  MemRegion* region = nullptr;  // of a slot
  uint64_t block = 0, due = 0;
  uint32_t beat = 0;
  bool failed = false, ends = true;
};

struct Write {
  enum Stage { kGather, kAsk, kOld, kSlot, kAnswer } stage = kGather;
  MemRegion* region;
  uint64_t block, wait, since = 0;
  bool ask, drop = false;
  uint32_t word = 0, waited = 0;
  uint32_t reads = 0;  // fills that were reading its slot when it was opened, and have not ended
  std::optional<bool> error = {};
};

// Ports are as wide as the configuration needs.
template <class Port>
void Assign(Port& port, uint64_t value) {
  port = static_cast<Port>(value);
}

template <class Config>
class MemRead_ : public RtlTest<Config> {
 public:
  static constexpr uint32_t kBus = Config::kStreamWidth / 8;
  static constexpr uint32_t kBusSize = std::countr_zero(kBus);
  static constexpr uint64_t kTagBits = Config::kAddrW - 6;

  struct Mood {
    uint32_t ar = 2, r = 3, m_ar = 3, m_r = 3;  // stalls one in so many; 0 never
    uint32_t rare = 0;                          // a burst in so many cycles
    uint32_t latency = 20, error = 40, writes = 20, wild = 8;
    bool reads = true;
  };
  Mood mood_;

  bool Stall(uint32_t one_in) { return one_in != 0 && this->rng().OneIn(one_in); }

  void MakeRegion(uint32_t k) {
    Rng& rng = this->rng();
    MemRegion& r = regions_[k];
    r = {};
    r.enable = !rng.OneIn(6);
    r.base = 0x1000000 * (k + 1) + 4096 * rng.Below(4);
    if (Config::kAddrW > 33 && k == 1) r.base += uint64_t{3} << 32;
    r.c = RandomMemConfig<Config>(rng);
    r.size = 64 * (1 + rng.Below((rng.OneIn(4) ? 8 : 2) * 64));
    r.slot_base = 0x40000000 + 0x1000000 * k + 4096 * rng.Below(8);
    FillRegion(r, kBus, false, rng);
    PutRegion(this->dut().regions_i, k, r);
  }

  void Start(bool random_regions = true) {
    auto& dut = this->dut();
    dut.ar_valid_i = dut.r_ready_i = dut.m_ar_ready_i = dut.m_r_valid_i = 0;
    dut.rmw_valid_i = dut.check_busy_i = dut.open_valid_i = 0;
    dut.hold_i = dut.clear_i = 0;
    regions_.resize(Config::kRegions);
    if (random_regions) {
      for (uint32_t k = 0; k < Config::kRegions; ++k) MakeRegion(k);
    }
    this->sim().Reset();
    want_.clear();
    memory_.clear();
    returned_.clear();
    passes_.clear();
    writes_.clear();
    errors_.clear();
    refused_.clear();
    asked_.reset();
    offered_.reset();
    half_.reset();
    hold_ = clear_ = false;
    r_was_.reset();
    ar_was_.reset();
    rmw_ = nullptr;
  }

  // ---- the master's bursts
  MemRegion* PagesOf(uint64_t a) {
    for (MemRegion& r : regions_) {
      if (r.enable && r.InPages(a)) return &r;
    }
    return nullptr;
  }
  Kind KindOf(const Burst& b) {
    const auto beats = BeatsOf(b);
    const uint64_t step = uint64_t{1} << b.size;
    if (b.burst == 3 || b.size > kBusSize) return kRefused;
    if (b.burst == kBurstWrap && b.len != 1 && b.len != 3 && b.len != 7 && b.len != 15)
      return kRefused;
    if (b.burst == kBurstIncr && (beats.back() | (step - 1)) >> 12 != b.addr >> 12) return kRefused;
    MemRegion* r = PagesOf(b.addr);
    if (r == nullptr) return kBypass;
    if (b.burst == kBurstFixed) return kRefused;
    for (const uint64_t a : beats) {
      if ((a | (step - 1)) >= r->base + r->size) return kRefused;
    }
    return kRegion;
  }
  Burst RandomBurst() {
    Rng& rng = this->rng();
    Burst b;
    b.id = rng.Below(1U << Config::kIdW);
    b.attr = rng.Below(2048);
    b.size = rng.OneIn(3) ? rng.Below(kBusSize + 1) : kBusSize;
    const uint32_t most = rng.OneIn(8) ? 256 : rng.OneIn(2) ? 16 : 4;
    b.len = rng.Below(most);
    MemRegion& r = regions_[rng.Below(regions_.size())];
    const uint32_t where = rng.Below(8);
    if (where == 0) {
      b.addr = 0x80000000 + rng.Below(1 << 14);
    } else if (where == 1) {
      b.addr = r.base + rng.Below(4096 * r.pages());
    } else if (where < 4) {
      b.addr = near_;
    } else if (where < 6) {
      b.addr = near_ & ~uint64_t{r.block_bytes() - 1};
      b.len = r.block_bytes() / kBus - 1;
      b.size = kBusSize;
    } else {
      b.addr = r.base + rng.Below(r.size);
    }
    if (rng.OneIn(2)) b.addr &= ~uint64_t{kBus - 1};
    if (rng.OneIn(5)) {
      b.burst = kBurstWrap;
      b.len = (2U << rng.Below(4)) - 1;
      b.addr &= ~((uint64_t{1} << b.size) - 1);
    } else if (rng.OneIn(30)) {
      b.burst = rng.OneIn(2) ? kBurstFixed : 3;
      b.len &= 15;
    } else if (rng.OneIn(60)) {
      b.size = rng.Below(8);
    } else if (!rng.OneIn(16)) {
      // Mostly not across pages.
      while (KindOf(b) == kRefused && b.len > 0) b.len /= 2;
    }
    near_ = b.addr + (uint64_t{b.len + 1} << b.size);
    if (PagesOf(near_) == nullptr || near_ >= PagesOf(near_)->base + PagesOf(near_)->size) {
      near_ = r.base + rng.Below(r.size);
    }
    return b;
  }

  void Accept(const Burst& b) {
    const Kind kind = KindOf(b);
    MemRegion* r = kind == kRegion ? PagesOf(b.addr) : nullptr;
    const auto beats = BeatsOf(b);
    std::shared_ptr<Visit> visit;
    for (size_t i = 0; i < beats.size(); ++i) {
      WantBeat w{.id = b.id, .kind = kind, .last = i + 1 == beats.size(), .word = 0, .visit = {}};
      if (kind == kRegion) {
        const uint64_t at = beats[i] - r->base, block = at / r->block_bytes();
        if (visit == nullptr || visit->block != block) {
          visit = std::make_shared<Visit>(
              Visit{r, block, r->blocks[block].opened, this->sim().cycle(), {}, {}});
        }
        w.visit = visit;
        w.word = static_cast<uint32_t>(at % r->block_bytes() / kBus);
      }
      want_.push_back(w);
    }
    if (kind == kRegion) recent_[bursts_[kRegion] % recent_.size()] = b;
    if (kind == kBypass) passes_.push_back(b);
    if (kind == kRefused) refused_.push_back(b.addr);
    ++bursts_[kind];
  }

  // ---- R
  void CheckBeat() {
    const auto& dut = this->dut();
    ASSERT_FALSE(want_.empty()) << "a beat that nobody asked for";
    const WantBeat w = want_.front();
    want_.pop_front();
    const auto data = GetBytes(dut.r_data_o, kBus);
    const bool zero = std::ranges::all_of(data, [](std::byte b) { return b == std::byte{0}; });
    ASSERT_EQ(dut.r_id_o, w.id);
    ASSERT_EQ(dut.r_last_o, w.last);
    if (w.kind == kRefused) {
      ASSERT_EQ(dut.r_resp_o, 2);
      ASSERT_TRUE(zero);
      return;
    }
    if (w.kind == kBypass) {
      ASSERT_FALSE(returned_.empty());
      ASSERT_EQ(data, returned_.front().first);
      ASSERT_EQ(dut.r_resp_o, returned_.front().second == 1 ? 0 : returned_.front().second);
      returned_.pop_front();
      return;
    }
    ++region_beats_;
    Visit& v = *w.visit;
    const bool wrong = dut.r_resp_o != 0;
    ASSERT_TRUE(dut.r_resp_o == 0 || dut.r_resp_o == 2);
    ASSERT_TRUE(!wrong || zero);
    ASSERT_EQ(v.wrong.value_or(wrong), wrong) << "one block, right and wrong";
    v.wrong = wrong;
    v.seen.emplace_back(w.word, data);
    const MemBlock& b = v.region->blocks[v.block];
    bool known = wrong && b.error_until + kTail > v.since;
    for (uint64_t i = v.first_version; i < b.versions.size() && !known; ++i) {
      known = b.versions[i].wrong == wrong &&
              (wrong || std::ranges::all_of(v.seen, [&](const auto& s) {
                 return std::ranges::equal(
                     s.second, std::span(b.versions[i].values).subspan(s.first * kBus, kBus));
               }));
    }
    ASSERT_TRUE(known) << "block " << v.block << " word " << w.word << " wrong " << wrong
                       << " versions from " << v.first_version << " of " << b.versions.size();
  }

  // ---- memory
  void AcceptMemory() {
    const auto& dut = this->dut();
    MemRead m;
    m.burst = {.id = 0,
               .len = dut.m_ar_len_o,
               .size = dut.m_ar_size_o,
               .burst = dut.m_ar_burst_o,
               .attr = dut.m_ar_attr_o,
               .addr = dut.m_ar_addr_o};
    m.due = this->sim().cycle() + (mood_.latency == 0 ? 0 : Latency());
    const uint64_t bytes = uint64_t{m.burst.len + 1} * kBus;
    for (MemRegion& r : regions_) {
      if (!r.InSlots(m.burst.addr)) continue;
      ASSERT_TRUE(r.enable);
      ASSERT_EQ(m.burst.size, kBusSize);
      ASSERT_EQ(m.burst.burst, kBurstIncr);
      ASSERT_EQ(m.burst.attr, 3U);
      const uint64_t first = m.burst.addr, last = first + bytes - 1;
      ASSERT_EQ(first >> 12, last >> 12) << "a burst across 4 KiB";
      const uint64_t word = (first - r.slot_base) / kBus;
      m.region = &r;
      m.block = word / r.stride;
      const uint64_t end = r.slot_base + (m.block + 1) * r.stride * kBus;
      if (half_) {
        ASSERT_EQ(first, *half_);
        ASSERT_EQ(last + 1, end);
        half_.reset();
      } else {
        ASSERT_EQ(word % r.stride, 0U);
        if (last + 1 != end) {
          ASSERT_EQ((last + 1) % 4096, 0U);
          half_ = last + 1;
          m.ends = false;
          ++halves_;
        }
      }
      memory_.push_back(m);
      return;
    }
    ASSERT_FALSE(half_.has_value());
    ASSERT_FALSE(passes_.empty()) << "a read at " << std::hex << m.burst.addr;
    const Burst want = passes_.front();
    passes_.pop_front();
    ASSERT_EQ(m.burst.addr, want.addr);
    ASSERT_EQ(m.burst.len, want.len);
    ASSERT_EQ(m.burst.size, want.size);
    ASSERT_EQ(m.burst.burst, want.burst);
    ASSERT_EQ(m.burst.attr, want.attr);
    memory_.push_back(m);
  }
  uint64_t Latency() {
    return fixed_latency_ ? mood_.latency : this->rng().Below(mood_.latency + 1);
  }

  // The beat that memory offers; it stays until taken.
  void OfferMemory() {
    auto& dut = this->dut();
    if (offered_ || memory_.empty() || memory_.front().due > this->sim().cycle() ||
        Stall(mood_.m_r)) {
      return;
    }
    const MemRead& m = memory_.front();
    std::vector<std::byte> data(kBus);
    uint32_t resp =
        mood_.error != 0 && this->rng().OneIn(mood_.error) ? 2 + this->rng().Below(2) : 0;
    if (m.region != nullptr) {
      const uint64_t at = m.burst.addr - m.region->slot_base + uint64_t{m.beat} * kBus;
      std::copy_n(m.region->slots.begin() + static_cast<ptrdiff_t>(at), kBus, data.begin());
    } else {
      for (uint32_t b = 0; b < kBus; ++b) data[b] = Elsewhere(m.burst.addr + m.beat * kBus + b);
      if (resp == 0 && this->rng().OneIn(4)) resp = 1;
    }
    if (resp >= 2) {
      for (std::byte& b : data) b = static_cast<std::byte>(this->rng().Next());
    }
    if (resp == 0 && m.region != nullptr && this->rng().OneIn(8)) resp = 1;
    PutBytes(dut.m_r_data_i, data);
    dut.m_r_resp_i = static_cast<uint8_t>(resp);
    dut.m_r_last_i = m.beat == m.burst.len;
    offered_ = {data, resp};
  }

  void TakeMemory() {
    MemRead& m = memory_.front();
    const auto [data, resp] = *offered_;
    offered_.reset();
    const bool last = m.beat++ == m.burst.len;
    if (m.region == nullptr) {
      returned_.emplace_back(data, resp);
    } else {
      slot_failed_ |= resp >= 2;
      if (slot_failed_) m.region->blocks[m.block].error_until = ~uint64_t{0} - kTail;
      if (last && m.ends) {
        MemBlock& b = m.region->blocks[m.block];
        ++fills_;
        fill_bytes_.push_back(m.region->c.slot_bytes);
        const bool wrong = b.versions.back().wrong;
        const uint64_t addr = m.region->base + m.block * m.region->block_bytes();
        if (slot_failed_ || wrong) errors_.emplace_back(addr, slot_failed_);
        if (slot_failed_) b.error_until = this->sim().cycle();
        slot_failed_ = false;
      }
    }
    if (last) memory_.pop_front();
  }

  // ---- the write path
  static uint64_t TagOf(const Write& w) {
    return (w.region->base + w.block * w.region->block_bytes()) >> 6;
  }
  bool InWritePath(uint64_t tag) {
    return std::ranges::any_of(writes_, [&](const Write& w) { return TagOf(w) == tag; });
  }
  // What it drives; a new block may be opened.
  void DriveWrites() {
    auto& dut = this->dut();
    Rng& rng = this->rng();
    dut.open_valid_i = 0;
    dut.open_tag_i = rng.Next() & LowMask(kTagBits);
    opening_.reset();
    if (!hold_ && mood_.writes != 0 && writes_.size() < 3 && rng.OneIn(mood_.writes)) {
      // Often the very block that is looked up in this cycle.
      const bool seen = dut.check_valid_o != 0 && rng.OneIn(2);
      const uint64_t at = seen ? uint64_t{dut.check_tag_o} << 6 : near_;
      MemRegion* r = !seen && rng.OneIn(3) ? &regions_[rng.Below(regions_.size())] : PagesOf(at);
      if (r != nullptr && r->enable) {
        uint64_t block = rng.Below(r->blocks.size());
        if (r->InPages(at) && (seen || !rng.OneIn(3))) {
          block = std::min<uint64_t>((at - r->base) / r->block_bytes() + (seen ? 0 : rng.Below(3)),
                                     r->blocks.size() - 1);
        }
        Write w{.region = r,
                .block = block,  // Some wait for a read that closes them.
                .wait = rng.OneIn(4) ? 1000000 : rng.Below(60),
                .ask = rng.OneIn(2)};
        if (!InWritePath(TagOf(w))) {
          dut.open_valid_i = 1;
          Assign(dut.open_tag_i, TagOf(w));
          opening_ = w;
        }
      }
    }
    dut.rmw_valid_i = 0;
    asking_ = slotting_ = nullptr;
    for (Write& w : writes_) {
      if (w.stage == Write::kAsk && asking_ == nullptr && rmw_ == nullptr) {
        asking_ = &w;
        dut.rmw_valid_i = 1;
        Assign(dut.rmw_tag_i, TagOf(w));
        dut.rmw_region_i = static_cast<uint8_t>(w.region - regions_.data());
      }
      if (w.stage == Write::kSlot && slotting_ == nullptr) slotting_ = &w;
    }
  }
  void SampleWrites() {
    auto& dut = this->dut();
    const uint64_t tag = dut.check_tag_o;
    if (dut.rmw_data_valid_o != 0) OldWord();
    const bool took = asking_ != nullptr && dut.rmw_ready_o != 0;
    for (Write& w : writes_) w.reads &= dut.filling_o;
    const bool slot = slotting_ != nullptr && slotting_->reads == 0;
    for (Write& w : writes_) {
      if (w.wait > 0) --w.wait;
      // A read that waits for it closes it; a prefetch looks for one cycle and goes.
      const bool waited = w.stage == Write::kGather && dut.check_valid_o != 0 && tag == TagOf(w);
      w.waited = waited ? w.waited + 1 : 0;
      ASSERT_LT(w.waited, 4U) << "a read waits and closes nothing";
      if (w.stage == Write::kGather &&
          (w.wait == 0 || hold_ || !mood_.reads ||
           (dut.check_valid_o != 0 && dut.check_close_o != 0 && tag == TagOf(w)))) {
        w.stage = w.ask ? Write::kAsk : Write::kSlot;
      } else if (&w == asking_ && took) {
        w.stage = Write::kOld;
        w.since = this->sim().cycle();
        rmw_ = &w;
        ++asks_;
      } else if (&w == slotting_ && slot) {
        PutSlot(w);
        w.stage = Write::kAnswer;
        w.wait = this->rng().Below(20);
      }
    }
    std::erase_if(writes_, [](const Write& w) { return w.stage == Write::kAnswer && w.wait == 0; });
    if (opening_) {
      opening_->reads = dut.open_reads_o;
      ++opening_->region->blocks[opening_->block].opened;
      writes_.push_back(*opening_);
    }
  }
  void OldWord() {
    const auto& dut = this->dut();
    ASSERT_NE(rmw_, nullptr) << "old words that nobody asked for";
    Write& w = *rmw_;
    const bool error = dut.rmw_error_o != 0;
    ASSERT_EQ(w.error.value_or(error), error);
    w.error = error;
    const MemBlock& b = w.region->blocks[w.block];
    const Version& v = b.versions.back();
    if (error) {
      ASSERT_TRUE(v.wrong || b.error_until + kTail > w.since);
    } else {
      ASSERT_FALSE(v.wrong);
      ASSERT_TRUE(std::ranges::equal(GetBytes(dut.rmw_data_o, kBus),
                                     std::span(v.values).subspan(w.word * kBus, kBus)))
          << "old word " << w.word;
    }
    const bool last = (++w.word) * kBus == w.region->block_bytes();
    ASSERT_EQ(dut.rmw_last_o != 0, last);
    if (!last) return;
    w.drop = error;
    w.stage = Write::kSlot;
    if (error) {  // nothing is written
      w.region->blocks[w.block].versions.push_back(v);
      w.stage = Write::kAnswer;
      w.wait = 1;
    }
    rmw_ = nullptr;
  }
  void PutSlot(Write& w) {
    for (const MemRead& m : memory_) {
      ASSERT_FALSE(m.region == w.region && m.block == w.block) << "a slot changes while it is read";
    }
    const auto slot =
        RandomSlot(w.region->c, Stall(mood_.wild) ? Slots::kWild : Slots::kAny, this->rng());
    std::ranges::copy(
        slot, w.region->slots.begin() + static_cast<ptrdiff_t>(w.block * w.region->stride * kBus));
    MemBlock& b = w.region->blocks[w.block];
    b.versions.push_back(Read(w.region->c, slot));
    ASSERT_EQ(b.versions.size(), b.opened + 1);
    ++changes_;
  }

  // ---- a cycle
  void Cycle() {
    auto& dut = this->dut();
    Rng& rng = this->rng();
    if (!asked_ && mood_.reads && !Stall(mood_.ar) && (mood_.rare == 0 || rng.OneIn(mood_.rare))) {
      asked_ = queued_.empty() ? RandomBurst() : queued_.front();
      if (!queued_.empty()) queued_.pop_front();
    }
    dut.ar_valid_i = asked_.has_value();
    const Burst b =
        asked_.value_or(Burst{.id = 1, .len = 7, .size = 1, .burst = 1, .attr = 5, .addr = 9});
    dut.ar_id_i = static_cast<std::decay_t<decltype(dut.ar_id_i)>>(b.id);
    Assign(dut.ar_addr_i, b.addr);
    dut.ar_len_i = static_cast<uint8_t>(b.len);
    dut.ar_size_i = static_cast<uint8_t>(b.size);
    dut.ar_burst_i = static_cast<uint8_t>(b.burst);
    dut.ar_attr_i = static_cast<uint16_t>(b.attr);
    dut.r_ready_i = !Stall(mood_.r);
    dut.m_ar_ready_i = !Stall(mood_.m_ar);
    OfferMemory();
    dut.m_r_valid_i = offered_.has_value();
    if (!offered_) PutRandom(dut.m_r_data_i, Config::kStreamWidth, rng);
    dut.hold_i = hold_;
    dut.clear_i = clear_;
    DriveWrites();
    this->sim().Settle();
    dut.check_busy_i = InWritePath(dut.check_tag_o);
    this->sim().Step([&] { Sample(b); });
  }
  void Sample(const Burst& b) {
    auto& dut = this->dut();
    // Both sides: what is offered stays.
    const auto r =
        std::tuple(uint32_t{dut.r_id_o}, GetBytes(dut.r_data_o, kBus), dut.r_resp_o, dut.r_last_o);
    ASSERT_TRUE(!r_was_ || (dut.r_valid_o != 0 && r == *r_was_));
    r_was_.reset();
    if (dut.r_valid_o != 0 && dut.r_ready_i == 0) r_was_ = r;
    const auto ar = std::tuple(uint64_t{dut.m_ar_addr_o}, dut.m_ar_len_o, dut.m_ar_size_o,
                               dut.m_ar_burst_o, dut.m_ar_attr_o);
    ASSERT_TRUE(!ar_was_ || (dut.m_ar_valid_o != 0 && ar == *ar_was_));
    ar_was_.reset();
    if (dut.m_ar_valid_o != 0 && dut.m_ar_ready_i == 0) ar_was_ = ar;

    Events();
    const bool beat = dut.r_valid_o != 0 && dut.r_ready_i != 0;
    if (beat) {
      r_cycles_.push_back(this->sim().cycle());
      CheckBeat();
    }
    if (dut.r_valid_o != 0 && r_first_ == 0) r_first_ = this->sim().cycle();
    if (dut.ar_valid_i != 0 && dut.ar_ready_o != 0) {
      if (ar_first_ == 0) ar_first_ = this->sim().cycle();
      Accept(b);
      asked_.reset();
    }
    if (dut.m_r_valid_i != 0 && dut.m_r_ready_o != 0) TakeMemory();
    if (dut.m_ar_valid_o != 0 && dut.m_ar_ready_i != 0) AcceptMemory();
    SampleWrites();
    idle_ = dut.idle_o != 0;
    quiet_ = beat || dut.m_r_valid_i != 0 ? 0 : quiet_ + 1;
    ASSERT_LT(quiet_, 3000 + 2 * mood_.latency) << "nothing moves";
  }
  void Events() {
    const auto& dut = this->dut();
    hits_ += dut.ev_hit_o;
    prefetches_ += dut.ev_prefetch_o;
    bypasses_ += dut.ev_bypass_o;
    beat_events_ += dut.ev_beat_o;
    if (dut.ev_fill_o != 0) {
      ++fill_events_;
      fill_event_bytes_.push_back(dut.ev_slot_bytes_o);
    }
    if (dut.ev_malformed_o != 0 || dut.ev_read_error_o != 0) {
      ASSERT_FALSE(errors_.empty());
      ASSERT_EQ(dut.ev_error_addr_o, errors_.front().first);
      ASSERT_EQ(dut.ev_read_error_o != 0, errors_.front().second);
      ASSERT_NE(dut.ev_read_error_o, dut.ev_malformed_o);
      ASSERT_EQ(dut.ev_refused_o, 0);
      errors_.pop_front();
      ++(dut.ev_read_error_o != 0 ? read_errors_ : malformed_);
    }
    if (dut.ev_refused_o != 0) {
      ASSERT_FALSE(refused_.empty());
      ASSERT_EQ(dut.ev_error_addr_o, refused_.front());
      refused_.pop_front();
    }
  }

  // Everything ends, and nothing is left.
  void Drain() {
    const Mood mood = mood_;
    mood_.reads = false;
    mood_.writes = 0;
    for (uint32_t waited = 0; !want_.empty() || asked_ || !writes_.empty() || !idle_; ++waited) {
      ASSERT_LT(waited, 200000U);
      Cycle();
    }
    for (int i = 0; i < 4; ++i) Cycle();
    ASSERT_TRUE(idle_ && memory_.empty() && passes_.empty() && returned_.empty());
    ASSERT_TRUE(errors_.empty() && refused_.empty());
    ASSERT_EQ(fill_event_bytes_, fill_bytes_);
    ASSERT_EQ(beat_events_, region_beats_);
    ASSERT_EQ(bypasses_, bursts_[kBypass]);
    fill_event_bytes_.clear();
    fill_bytes_.clear();
    mood_ = mood;
  }
  void ResetCounts() {
    fills_ = fill_events_ = beat_events_ = region_beats_ = bypasses_ = 0;
    bursts_ = {};
    fill_bytes_.clear();
    fill_event_bytes_.clear();
    slot_failed_ = false;
    read_errors_ = malformed_ = prefetches_ = hits_ = 0;
    quiet_ = 0;
  }
  void RandomMood() {
    Rng& rng = this->rng();
    const auto some = [&](uint32_t most) { return rng.OneIn(3) ? 0 : 2 + rng.Below(most); };
    mood_ = {.ar = some(6),
             .r = some(6),
             .m_ar = some(6),
             .m_r = some(6),
             .rare = rng.OneIn(3) ? 1 + rng.Below(80) : 0,
             .latency = rng.Below(60),
             .error = rng.OneIn(2) ? 0 : 10 + rng.Below(100),
             .writes = rng.OneIn(4) ? 0 : 3 + rng.Below(60),
             .wild = some(10),
             .reads = true};
  }

  // Without malformed ones.
  actplane::Config SlotsOfHalf() {
    actplane::Config c = RandomMemConfig<Config>(this->rng());
    c.row_limit = Config::kDepth;
    c.slot_bytes = std::clamp(BlockBytes(c) / 2, MinSlotBytes(c), MaxSlotBytes(c));
    return c;
  }
  // One region of so many blocks, of half the bits; nothing stalls.
  void Calm(uint32_t blocks, uint32_t latency) {
    MemRegion& r = regions_[0];
    r = {};
    r.enable = true;
    r.base = 0x1000000;
    r.slot_base = 0x40000000;
    r.c = SlotsOfHalf();
    r.size = uint64_t{blocks} * r.block_bytes();
    FillRegion(r, kBus, true, this->rng());
    for (MemBlock& b : r.blocks) ASSERT_EQ(b.versions.size(), 1U);
    for (uint32_t k = 1; k < regions_.size(); ++k) regions_[k].enable = false;
    for (uint32_t k = 0; k < regions_.size(); ++k) PutRegion(this->dut().regions_i, k, regions_[k]);
    mood_ = {.ar = 0, .r = 0, .m_ar = 0, .m_r = 0, .latency = latency, .error = 0, .writes = 0};
    mood_.reads = false;
    fixed_latency_ = true;
    near_ = r.base;
  }
  // Cycles from AR to the first R of a burst; the device is idle before and after.
  uint64_t Time(const Burst& b) {
    mood_.reads = true;
    queued_ = {b};
    r_first_ = ar_first_ = 0;
    while (ar_first_ == 0) Cycle();
    mood_.reads = false;
    Drain();
    return r_first_ - ar_first_;
  }

  std::vector<MemRegion> regions_;
  uint64_t near_ = 0x1000000;
  std::deque<Burst> queued_;
  std::array<Burst, 4> recent_{};  // what the buffers may hold
  std::optional<Burst> asked_;
  std::deque<WantBeat> want_;
  std::deque<MemRead> memory_;
  std::deque<Burst> passes_;
  std::deque<std::pair<std::vector<std::byte>, uint32_t>> returned_;
  std::optional<std::pair<std::vector<std::byte>, uint32_t>> offered_;
  std::optional<uint64_t> half_;
  std::deque<std::pair<uint64_t, bool>> errors_;
  std::deque<uint64_t> refused_;
  std::list<Write> writes_;
  std::optional<Write> opening_;
  Write *asking_ = nullptr, *slotting_ = nullptr, *rmw_ = nullptr;
  std::optional<std::tuple<uint32_t, std::vector<std::byte>, uint8_t, uint8_t>> r_was_;
  std::optional<std::tuple<uint64_t, uint8_t, uint8_t, uint8_t, uint16_t>> ar_was_;
  std::vector<uint32_t> fill_bytes_, fill_event_bytes_;
  std::array<uint64_t, 3> bursts_{};
  std::vector<uint64_t> r_cycles_;
  uint64_t fills_ = 0, fill_events_ = 0, hits_ = 0, prefetches_ = 0, bypasses_ = 0, halves_ = 0;
  uint64_t beat_events_ = 0, region_beats_ = 0, read_errors_ = 0, malformed_ = 0;
  uint64_t asks_ = 0, changes_ = 0, quiet_ = 0, r_first_ = 0, ar_first_ = 0;
  bool slot_failed_ = false, hold_ = false, clear_ = false, idle_ = false, fixed_latency_ = false;
};
TYPED_TEST_SUITE(MemRead_, duts::Configs);

TYPED_TEST(MemRead_, RandomMatchesModel) {
  std::array<uint64_t, 4> seen{};
  for (uint64_t round = 0; round < Scaled(2000); ++round) {
    this->Start();
    this->ResetCounts();
    for (int part = 0; part < 4; ++part) {
      this->RandomMood();
      for (int i = 0; i < 600; ++i) this->Cycle();
    }
    if (round % 3 != 0) this->Drain();  // else the next reset falls into traffic
    const std::array counts = {this->hits_, this->prefetches_, this->read_errors_,
                               this->malformed_};
    for (size_t k = 0; k < counts.size(); ++k) seen[k] += counts[k];
  }
  for (const uint64_t count : seen) EXPECT_GT(count, Scaled(200));
  EXPECT_GT(this->asks_, Scaled(200));
  EXPECT_GT(this->changes_, Scaled(200));
  if (TypeParam::kStreamWidth < 256) {
    EXPECT_GT(this->halves_, Scaled(20));
  }
}

// A region is drained, changed and used again; no block of before is left.
TYPED_TEST(MemRead_, HoldAndClear) {
  for (uint64_t round = 0; round < Scaled(400); ++round) {
    if (round % 20 == 0) {
      this->Start();
      this->ResetCounts();
    }
    this->RandomMood();
    for (int i = 0; i < 300; ++i) this->Cycle();
    this->hold_ = true;
    for (int waited = 0; !this->idle_ || !this->writes_.empty() || waited < 1; ++waited) {
      ASSERT_LT(waited, 20000);
      this->Cycle();
    }
    ASSERT_TRUE(this->want_.empty() && this->memory_.empty());
    const uint64_t fills = this->fill_events_;
    for (int i = 0; i < 10; ++i) this->Cycle();
    ASSERT_TRUE(this->want_.empty() && this->idle_) << "a burst is taken";
    ASSERT_EQ(this->fill_events_, fills);
    // New regions, or the same with other contents, which are read at once.
    const bool same = this->rng().OneIn(2);
    for (uint32_t k = 0; k < this->regions_.size(); ++k) {
      if (same && this->regions_[k].enable) {
        FillRegion(this->regions_[k], TestFixture::kBus, false, this->rng());
      } else if (!same && !this->rng().OneIn(3)) {
        this->MakeRegion(k);
      }
    }
    if (same) this->queued_.assign(this->recent_.begin(), this->recent_.end());
    this->clear_ = true;
    this->Cycle();
    this->clear_ = this->hold_ = false;
  }
  this->Drain();
}

TYPED_TEST(MemRead_, Latency) {
  for (const uint32_t latency : {1U, 7U, 40U}) {
    this->Start();
    this->ResetCounts();
    this->Calm(16, latency);
    const MemRegion& r = this->regions_[0];
    const uint32_t words = r.block_bytes() / TestFixture::kBus;
    for (uint32_t block = 0; block < 16; block += 3) {
      // The first time from memory, then from the buffer; some word.
      for (int again = 0; again < 3; ++again) {
        Burst b{.id = 1, .len = 0, .size = TestFixture::kBusSize};
        b.addr = r.base + uint64_t{block} * r.block_bytes();
        if (again > 0) b.addr += uint64_t{TestFixture::kBus} * this->rng().Below(words);
        const uint64_t took = this->Time(b);
        if (again == 0) {
          EXPECT_LE(took, r.stride + 12 + latency) << "miss";
        } else {
          EXPECT_LE(took, 4U) << "hit";
        }
      }
    }
  }
}

// A block that memory did not give, or that cannot be, is read again.
TYPED_TEST(MemRead_, ErrorsAreNotKept) {
  for (const bool malformed : {false, true}) {
    this->Start();
    this->ResetCounts();
    this->Calm(8, 3);
    MemRegion& r = this->regions_[0];
    Burst b{.id = 0, .len = 0, .size = TestFixture::kBusSize, .addr = r.base};
    if (malformed) {
      std::fill_n(r.slots.begin(), r.c.slot_bytes, std::byte{0xff});
      r.blocks[0].versions = {Read(r.c, std::span(r.slots).first(r.c.slot_bytes))};
      ASSERT_TRUE(r.blocks[0].versions[0].wrong);
    }
    for (uint64_t again = 1; again <= 4; ++again) {
      this->mood_.error = !malformed && again <= 2 ? 1 : 0;
      this->Time(b);
      r.blocks[0].error_until = 0;  // so that what comes next must be right
      EXPECT_EQ(this->fill_events_, malformed ? again : std::min<uint64_t>(again, 3));
    }
    EXPECT_EQ(malformed ? this->malformed_ : this->read_errors_, malformed ? 4U : 2U);
  }
}

// Blocks that are read one behind the other are there before they are asked for, to the end.
TYPED_TEST(MemRead_, Prefetch) {
  this->Start();
  this->ResetCounts();
  this->Calm(12, 9);
  const MemRegion& r = this->regions_[0];
  for (uint32_t block = 0; block < 12; ++block) {
    const Burst b{.id = 0,
                  .len = 0,
                  .size = TestFixture::kBusSize,
                  .addr = r.base + uint64_t{block} * r.block_bytes()};
    const uint64_t took = this->Time(b);
    EXPECT_EQ(took <= 4, block > 1) << "block " << block;
    for (int i = 0; i < 60; ++i) this->Cycle();
  }
  EXPECT_EQ(this->prefetches_, 10U);
  EXPECT_EQ(this->fill_events_, 12U);
}

// Whole blocks, one behind the other: no bubble behind the first beat.
TYPED_TEST(MemRead_, Throughput) {
  for (int i = 0; i < 12; ++i) {
    const bool single = i % 2 == 1;
    this->Start();
    this->ResetCounts();
    constexpr uint32_t kBlocks = 64;
    this->Calm(kBlocks, 1);
    const MemRegion& r = this->regions_[0];
    const uint32_t words = r.block_bytes() / TestFixture::kBus;
    // A buffer is taken from the allocation to the last beat of its block: 7 cycles, the latency,
    // the slot, the block.
    constexpr uint32_t kMore = TypeParam::kReadBuffers - 1;
    if (kMore * words <= r.stride + 7 || kMore == 1) continue;
    const uint32_t latency = std::min((kMore - 1) * words, kMore * words - r.stride - 7);
    this->mood_.latency = latency;
    const uint32_t most = std::min(256U, 4096U / TestFixture::kBus);
    for (uint64_t at = 0; at < r.size;) {
      const uint32_t beats =
          single
              ? words
              : static_cast<uint32_t>(std::min<uint64_t>(most, (r.size - at) / TestFixture::kBus));
      this->queued_.push_back(
          {.len = beats - 1, .size = TestFixture::kBusSize, .addr = r.base + at});
      at += uint64_t{beats} * TestFixture::kBus;
    }
    this->r_cycles_.clear();
    this->mood_.reads = true;
    const size_t beats = size_t{kBlocks} * words;
    while (this->r_cycles_.size() < beats) {
      if (this->queued_.empty()) this->mood_.reads = false;
      this->Cycle();
    }
    this->Drain();
    const uint64_t took = this->r_cycles_.back() - this->r_cycles_.front() + 1;
    EXPECT_EQ(took, beats) << "bubbles; latency " << latency << " words " << words << " slot "
                           << r.stride;
  }
}

}  // namespace
}  // namespace actplane::rtl_test
