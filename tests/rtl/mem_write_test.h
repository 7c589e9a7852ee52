// SPDX-License-Identifier: Apache-2.0
// The fixture of actp_mem_write: drives and checks every port of it, cycle by cycle.
#pragma once

#include "mem_write_traffic.h"
#include "ports.h"

namespace actplane::rtl_test {

template <class Config>
class MemWriteTest : public MemWriteTraffic<Config> {
 protected:
  using Base = MemWriteTraffic<Config>;
  using Base::kBus, Base::regions_, Base::memory_, Base::golden_;

  void Reset() {
    auto& dut = this->dut();
    dut.aw_valid_i = dut.w_valid_i = dut.b_ready_i = dut.m_aw_ready_i = dut.m_w_ready_i = 0;
    dut.m_b_valid_i = dut.rmw_ready_i = dut.rmw_data_valid_i = dut.check_valid_i = 0;
    dut.check_close_i = dut.hold_i = 0;
    this->sim().Reset();
    memory_.clear();
    visits_.clear();
    requests_.clear();
    lasts_.clear();
    beats_.clear();
    answers_.clear();
    filling_ = starting_ = ending_ = 0;
    old_words_.clear();
    aw_taken_ = place_ = aw_sent_ = w_sent_ = b_got_ = pass_next_ = 0;
    w_beat_ = 0;
    aw_offered_ = w_offered_ = answer_offered_ = held_ = second_ = hold_ = false;
  }

  void SetGather(uint32_t cycles) { Set(this->dut().gather_i, cycles); }

  // Sends all bursts, until each has its B; or for `cycles`.
  void Run(std::deque<WBurst> bursts, const Mood& mood, uint64_t cycles = UINT64_MAX) {
    bursts_.assign(bursts.begin(), bursts.end());
    mood_ = mood;
    w_beats_ = w_cycles_ = first_w_ = first_slot_ = quiet_ = 0;
    for (now_ = 0; now_ < cycles && (b_got_ < bursts_.size() || hold_); ++now_) {
      ASSERT_LT(quiet_++, 8000U) << Where("stands still");
      Drive();
      this->sim().Step([&] { Sample(); });
    }
    if (cycles != UINT64_MAX) return;
    for (int i = 0; i < 20; ++i, ++now_) {
      Drive();
      this->sim().Step([&] {
        Sample();
        ASSERT_EQ(this->dut().idle_o, 1) << Where("not idle at the end");
      });
    }
    ASSERT_TRUE(requests_.empty() && answers_.empty() && beats_.empty());
    for (const Visit& v : visits_) ASSERT_TRUE(v.done || v.failed || !v.Some());
    ASSERT_EQ(memory_, golden_);
  }

  uint64_t slots_ = 0, splits_ = 0, rmws_ = 0, failed_ = 0, bypasses_ = 0, refused_ = 0;
  uint64_t errors_ = 0, busy_ = 0, drains_ = 0, w_beats_ = 0, w_cycles_ = 0;
  uint64_t now_ = 0;
  uint64_t first_w_ = 0, first_slot_ = 0;  // cycles of the first beat, the first slot's request
  uint32_t hold_in_ = 0;                   // cycles; 0: never
  bool poll_ = false;  // a read waits for the block written last, again and again
  int polls_ = -1;     // cycles that it has waited; below 0 until the next one

 private:
  struct Request {  // of the memory side
    uint64_t addr = 0;
    uint32_t len = 0;
    bool pass = false, last = false;
    size_t index = 0;    // of the visit, or of the burst
    uint32_t first = 0;  // beat of the slot
  };
  struct Answer {
    uint64_t due = 0;
    uint32_t resp = 0;
    Request request;
  };
  struct OldWord {
    uint64_t due = 0;
    std::vector<std::byte> data;
    bool last = false, error = false;
    size_t visit = 0;
  };

  std::string Where(std::string_view what) const {
    return fmt::format("{}: cycle {} burst {} beat {} B {} of {}", what, now_, w_sent_, w_beat_,
                       b_got_, bursts_.size());
  }
  bool Stall(uint32_t of16) { return this->rng().Below(16) < of16; }
  uint64_t TagOf(const Visit& v) const { return regions_[v.region].BlockAt(v.block) / 64; }

  // ---- inputs
  void Drive() {
    auto& dut = this->dut();
    Rng& rng = this->rng();
    if (!aw_offered_ && aw_sent_ < bursts_.size() && !Stall(mood_.aw)) {
      aw_offered_ = true;
      const WBurst& b = bursts_[aw_sent_];
      Set(dut.aw_id_i, b.id);
      Set(dut.aw_addr_i, b.addr);
      dut.aw_len_i = static_cast<CData>(b.len);
      dut.aw_size_i = static_cast<CData>(b.size);
      dut.aw_burst_i = static_cast<CData>(b.type);
      Set(dut.aw_attr_i, b.attr);
    }
    dut.aw_valid_i = aw_offered_;
    if (!w_offered_ && w_sent_ < bursts_.size() && w_sent_ <= aw_sent_ && !Stall(mood_.w)) {
      w_offered_ = true;
      const WBurst& b = bursts_[w_sent_];
      PutBytes(dut.w_data_i, b.beats[w_beat_].data);
      for (uint32_t i = 0; i < kBus; ++i) {
        PutBits(dut.w_strb_i, i, 1, b.beats[w_beat_].strb[i] ? 1 : 0);
      }
      dut.w_last_i = w_beat_ == b.len;
    }
    dut.w_valid_i = w_offered_;
    dut.b_ready_i = !Stall(mood_.b);
    dut.m_aw_ready_i = !Stall(mood_.m_aw);
    dut.m_w_ready_i = !Stall(mood_.m_w);
    if (!answer_offered_ && !answers_.empty() && answers_.front().due <= now_ && !Stall(mood_.m_b))
      answer_offered_ = true;
    dut.m_b_valid_i = answer_offered_;
    dut.m_b_resp_i = static_cast<CData>(answer_offered_ ? answers_.front().resp : rng.Below(4));
    dut.rmw_ready_i = !Stall(mood_.rmw);
    const bool word = !old_words_.empty() && old_words_.front().due <= now_ && !Stall(mood_.rmw);
    dut.rmw_data_valid_i = word;
    PutRandom(dut.rmw_data_i, 8 * kBus, rng);
    dut.rmw_last_i = rng.OneIn(2);
    dut.rmw_error_i = rng.OneIn(2);
    if (word) {
      PutBytes(dut.rmw_data_i, old_words_.front().data);
      dut.rmw_last_i = old_words_.front().last;
      dut.rmw_error_i = old_words_.front().error;
    }
    DriveFills();
    dut.check_valid_i = Stall(mood_.check);
    dut.check_close_i = Stall(mood_.close);
    const uint32_t k = rng.Below(Config::kRegions);
    uint64_t tag = regions_[k].BlockAt(rng.Below(std::max<uint64_t>(regions_[k].Blocks(), 1))) / 64;
    if (!visits_.empty() && !rng.OneIn(4)) {
      tag = TagOf(visits_[visits_.size() - 1 - rng.Below(std::min<size_t>(visits_.size(), 8))]);
    }
    if (poll_) {
      dut.check_valid_i = dut.check_close_i = polls_ < 0 ? 0 : 1;
      tag = TagOf(visits_.empty() ? Visit{} : visits_.back());
    }
    Set(dut.check_tag_i, tag);
    if (hold_in_ != 0 && !hold_ && b_got_ < bursts_.size() && rng.OneIn(hold_in_)) {
      hold_ = true;
      hold_for_ = rng.Below(20);
    }
    dut.hold_i = hold_;
  }

  // Fills of the read path: each may read whatever block is opened.
  void DriveFills() {
    Rng& rng = this->rng();
    filling_ = (filling_ & ~ending_) | starting_;
    starting_ = ending_ = 0;
    for (uint32_t b = 0; b < Config::kReadBuffers; ++b) {
      const uint32_t bit = 1U << b;
      if ((filling_ & bit) != 0 && rng.OneIn(20)) ending_ |= bit;
      if ((filling_ & bit) == 0 && Stall(mood_.reads)) starting_ |= bit;
    }
    Set(this->dut().filling_i, filling_);
    Set(this->dut().open_reads_i, (filling_ | starting_) & rng.Next());
  }

  // ---- outputs
  void Sample() {
    auto& dut = this->dut();
    SampleMemory();
    SampleHazards();
    if (dut.aw_valid_i != 0 && dut.aw_ready_o != 0) {
      aw_offered_ = false;
      ++aw_sent_;
      quiet_ = 0;
    }
    SampleBeat();
    SampleOld();
    if (answer_offered_ && dut.m_b_ready_o != 0) TakeAnswer();
    if (dut.b_valid_o != 0 && dut.b_ready_i != 0) TakeResponse();
    if (hold_ && dut.idle_o != 0 && hold_for_-- == 0) {
      ++drains_;
      hold_ = false;
      for (const Visit& v : visits_) ASSERT_TRUE(v.done || v.failed || !v.Some());
      ASSERT_EQ(memory_, golden_);
    }
    if (hold_) quiet_ = std::min<uint64_t>(quiet_, 7999);
  }

  void SampleHazards() {
    auto& dut = this->dut();
    const uint64_t tag = dut.check_tag_i;
    bool busy = false, maybe = false;
    for (size_t i = visits_.size() < 48 ? 0 : visits_.size() - 48; i < visits_.size(); ++i) {
      Visit& v = visits_[i];
      v.reads &= filling_;
      if (TagOf(v) != tag || v.done) continue;
      (v.failed || !v.Some() ? maybe : busy) = true;
    }
    ASSERT_TRUE(!busy || dut.check_busy_o != 0) << Where("a read passes a write");
    ASSERT_TRUE(busy || maybe || dut.check_busy_o == 0) << Where("a read waits for nothing");
    if (dut.check_valid_i != 0) busy_ += dut.check_busy_o;
    if (poll_) {
      polls_ = polls_ >= 0 && dut.check_busy_o == 0 ? -static_cast<int>(this->rng().Below(60)) - 1
                                                    : polls_ + 1;
      ASSERT_LT(polls_, 300) << Where("a read does not get its turn");
    }
  }

  void SampleBeat() {
    auto& dut = this->dut();
    const bool moved = dut.w_valid_i != 0 && dut.w_ready_o != 0;
    const size_t visits = visits_.size();
    if (moved) {
      WBurst& b = bursts_[w_sent_];
      ASSERT_LT(w_sent_, aw_sent_) << Where("a beat before its request");
      if (first_w_ == 0) first_w_ = now_ + 1;
      ++w_beats_;
      w_cycles_ = now_ + 2 - first_w_;
      quiet_ = 0;
      if (b.target == Target::kRegion) TakeBeat(b);
      ASSERT_TRUE(b.target == Target::kRegion || dut.open_valid_o == 0);
      ASSERT_EQ(dut.ev_beat_o != 0, b.target == Target::kRegion);
      w_offered_ = false;
      if (w_beat_++ == b.len) {
        b.ended = true;
        w_beat_ = 0;
        ++w_sent_;
      }
    } else {
      ASSERT_EQ(dut.open_valid_o, 0) << Where("a block opens without a beat");
    }
    if (dut.check_valid_i != 0 && dut.check_close_i != 0) {
      for (size_t i = 0; i < visits; ++i) visits_[i].closed |= TagOf(visits_[i]) == dut.check_tag_i;
    }
  }

  void TakeBeat(WBurst& b) {
    auto& dut = this->dut();
    const MemRegion& r = regions_[b.region];
    const uint64_t at = b.BeatAt(w_beat_), block = r.Block(at);
    if (dut.open_valid_o != 0) {
      ASSERT_EQ(dut.open_tag_o, r.BlockAt(block) / 64) << Where("open_tag_o");
      if (!visits_.empty()) visits_.back().closed = true;
      Visit v;
      v.region = b.region;
      v.block = block;
      v.reads = dut.open_reads_i;
      v.bytes.resize(r.BytesOf(block));
      v.written.resize(r.BytesOf(block));
      visits_.push_back(v);
    }
    ASSERT_FALSE(visits_.empty());
    Visit& v = visits_.back();
    ASSERT_TRUE(v.region == b.region && v.block == block) << Where("a beat into another block");
    ASSERT_FALSE(v.closed) << Where("a beat into a closed block");
    ASSERT_FALSE(v.Whole()) << Where("a beat into a whole block");
    const uint64_t word = (at - r.BlockAt(block)) / kBus * kBus;
    for (uint32_t i = 0; i < kBus; ++i) {
      if (!b.beats[w_beat_].strb[i]) continue;
      v.bytes[word + i] = b.beats[w_beat_].data[i];
      v.written[word + i] = true;
    }
    if (b.visits.empty() || b.visits.back() != visits_.size() - 1) {
      b.visits.push_back(visits_.size() - 1);
    }
  }

  // The visit whose slot comes next.
  size_t NextSlot() {
    while (place_ < visits_.size() && (visits_[place_].failed || !visits_[place_].Some())) ++place_;
    return place_;
  }

  void SampleMemory() {
    auto& dut = this->dut();
    const bool slot = dut.m_aw_valid_o != 0 && IsSlot(dut.m_aw_addr_o);
    const bool fresh = dut.m_aw_valid_o != 0 && !held_;
    held_ = dut.m_aw_valid_o != 0 && dut.m_aw_ready_i == 0;
    if (fresh && first_slot_ == 0) first_slot_ = now_ + 1;
    if (fresh) slot ? TakeSlotRequest() : TakePassRequest();
    if (dut.m_aw_valid_o != 0 && dut.m_aw_ready_i != 0) {
      ++aw_taken_;
      quiet_ = 0;
    }
    if (dut.m_w_valid_o != 0 && dut.m_w_ready_i != 0) {
      WBeat beat = {GetBytes(dut.m_w_data_o, kBus), std::vector<bool>(kBus)};
      for (uint32_t i = 0; i < kBus; ++i) beat.strb[i] = GetBits(dut.m_w_strb_o, i, 1) != 0;
      beats_.push_back(beat);
      lasts_.push_back(dut.m_w_last_o != 0);
      quiet_ = 0;
    }
    while (aw_taken_ > 0 && beats_.size() > requests_.front().len) FinishRequest();
  }
  bool IsSlot(uint64_t addr) const {
    return std::ranges::any_of(regions_, [&](const MemRegion& r) {
      return addr >= r.slot_base && addr < r.SlotAt(r.Blocks());
    });
  }
  void TakeSlotRequest() {
    auto& dut = this->dut();
    ASSERT_EQ(dut.m_aw_size_o, Base::kSize);
    ASSERT_EQ(dut.m_aw_burst_o, 1);
    ASSERT_EQ(dut.m_aw_attr_o, 3);
    const size_t i = NextSlot();
    ASSERT_LT(i, visits_.size()) << Where("a slot of no block");
    Visit& v = visits_[i];
    const MemRegion& r = regions_[v.region];
    const auto beats = static_cast<uint32_t>(r.Stride() / kBus);
    const uint64_t from = r.SlotAt(v.block), page = from / 4096 * 4096 + 4096;
    const auto room = static_cast<uint32_t>((page - from) / kBus);
    Request q = {.addr = dut.m_aw_addr_o, .len = dut.m_aw_len_o, .index = i};
    q.first = second_ ? room : 0;
    const uint32_t end = second_ ? beats : std::min(beats, room);
    ASSERT_EQ(q.addr, from + q.first * kBus) << Where("address of a slot");
    ASSERT_EQ(q.len + 1, end - q.first) << Where("beats of a slot");
    q.last = end == beats;
    requests_.push_back(q);
    if (!second_) {
      ASSERT_TRUE(v.Whole() || v.merged) << Where("the slot of a block in pieces");
      ASSERT_EQ(v.reads, 0U) << Where("a slot changes while it is read");
      v.closed = true;
      v.slot = SlotOf(v.bytes, r.config, Config::kDepth);
      for (size_t b = 0; b < v.slot.size(); ++b) golden_[from + b] = v.slot[b];
      ++slots_;
      splits_ += q.last ? 0 : 1;
    }
    second_ = !q.last;
    if (q.last) {
      v.placed = true;
      ++place_;
    }
  }
  void TakePassRequest() {
    auto& dut = this->dut();
    while (pass_next_ < bursts_.size() && bursts_[pass_next_].target != Target::kBypass) {
      ++pass_next_;
    }
    ASSERT_LT(pass_next_, bursts_.size()) << Where("a request of nobody");
    const WBurst& b = bursts_[pass_next_];
    ASSERT_EQ(dut.m_aw_addr_o, b.addr) << Where("bypass");
    ASSERT_EQ(dut.m_aw_len_o, b.len);
    ASSERT_EQ(dut.m_aw_size_o, b.size);
    ASSERT_EQ(dut.m_aw_burst_o, b.type);
    ASSERT_EQ(dut.m_aw_attr_o, b.attr);
    requests_.push_back({.addr = b.addr, .len = b.len, .pass = true, .index = pass_next_++});
    ++bypasses_;
  }
  void FinishRequest() {
    const Request q = requests_.front();
    requests_.pop_front();
    --aw_taken_;
    for (uint32_t i = 0; i <= q.len; ++i) {
      const WBeat beat = beats_.front();
      ASSERT_EQ(lasts_.front(), i == q.len) << Where("WLAST");
      beats_.pop_front();
      lasts_.pop_front();
      if (q.pass) {
        const WBeat& sent = bursts_[q.index].beats[i];
        ASSERT_EQ(beat.data, sent.data) << Where("bypass data");
        ASSERT_EQ(beat.strb, sent.strb) << Where("bypass strobes");
        continue;
      }
      const Visit& v = visits_[q.index];
      for (uint32_t k = 0; k < kBus; ++k) {
        const size_t byte = (q.first + i) * size_t{kBus} + k;
        ASSERT_EQ(beat.strb[k], byte < v.slot.size()) << Where("strobes of a slot");
        if (!beat.strb[k]) continue;
        ASSERT_EQ(beat.data[k], v.slot[byte]) << Where(fmt::format("byte {} of a slot", byte));
        memory_[q.addr + i * kBus + k] = beat.data[k];
      }
    }
    Rng& rng = this->rng();
    uint32_t resp = rng.OneIn(8) ? 1 : 0;
    if (Stall(mood_.m_error)) resp = 2 + rng.Below(2);
    const uint64_t due = now_ + 1 + (mood_.m_latency == 0 ? 0 : rng.Below(mood_.m_latency));
    answers_.push_back({.due = due, .resp = resp, .request = q});
  }

  void TakeAnswer() {
    const Answer a = answers_.front();
    answers_.pop_front();
    answer_offered_ = false;
    quiet_ = 0;
    if (a.request.pass) {
      bursts_[a.request.index].answer = a.resp;
      return;
    }
    Visit& v = visits_[a.request.index];
    v.error |= a.resp >= 2;
    ASSERT_EQ(this->dut().ev_write_error_o != 0, a.request.last && v.error);
    if (a.request.last) {
      ASSERT_TRUE(!v.error || this->dut().ev_error_addr_o == TagOf(v) * 64);
      v.done = true;
    }
  }

  // ---- old blocks
  void SampleOld() {
    auto& dut = this->dut();
    if (dut.rmw_data_valid_i != 0) {
      const OldWord word = old_words_.front();
      old_words_.pop_front();
      quiet_ = 0;
      if (word.last) {
        Visit& v = visits_[word.visit];
        (word.error ? v.failed : v.merged) = true;
        ++(word.error ? failed_ : rmws_);
      }
    }
    if (dut.rmw_valid_o == 0) return;
    size_t i = 0;
    while (i < visits_.size()) {
      const Visit& v = visits_[i];
      if (!v.done && !v.failed && !v.merged && v.Some() && !v.Whole()) break;
      ++i;
    }
    ASSERT_LT(i, visits_.size()) << Where("rmw of no block");
    Visit& v = visits_[i];
    const MemRegion& r = regions_[v.region];
    ASSERT_EQ(dut.rmw_tag_o, TagOf(v)) << Where("rmw_tag_o");
    ASSERT_EQ(dut.rmw_region_o, v.region);
    v.closed = true;
    for (size_t k = 0; k < i; ++k) {
      ASSERT_FALSE(TagOf(visits_[k]) == TagOf(v) && visits_[k].placed && !visits_[k].done)
          << Where("rmw overtakes a slot");
    }
    if (dut.rmw_ready_i == 0) return;
    Rng& rng = this->rng();
    std::vector<std::byte> slot(r.config.slot_bytes), old(BlockBytes(r.config));
    for (size_t b = 0; b < slot.size(); ++b) slot[b] = memory_[r.SlotAt(v.block) + b];
    bool error = DecompressBlock(slot, r.config, old) != Malformed::kNone;
    error |= Stall(mood_.rmw_error);
    uint64_t due = now_ + 1 + (mood_.m_latency == 0 ? 0 : rng.Below(mood_.m_latency));
    for (uint32_t at = 0; at < old.size(); at += kBus, ++due) {
      old_words_.push_back({.due = due,
                            .data = {old.begin() + at, old.begin() + at + kBus},
                            .last = at + kBus == old.size(),
                            .error = error,
                            .visit = i});
    }
    for (size_t b = 0; b < v.bytes.size(); ++b) {
      if (!v.written[b]) v.bytes[b] = old[b];
    }
  }

  void TakeResponse() {
    auto& dut = this->dut();
    quiet_ = 0;
    ASSERT_LT(b_got_, bursts_.size()) << Where("a B too many");
    const WBurst& b = bursts_[b_got_++];
    ASSERT_TRUE(b.ended) << Where("B before the last beat");
    ASSERT_EQ(dut.b_id_o, b.id) << Where("BID");
    uint32_t resp = b.target == Target::kRefused ? 2 : 0;
    if (b.target == Target::kBypass) {
      ASSERT_TRUE(b.answer.has_value()) << Where("B before the answer");
      resp = *b.answer == 1 ? 0 : *b.answer;
    }
    for (const size_t i : b.visits) {
      const Visit& v = visits_[i];
      ASSERT_TRUE(v.done || v.failed || !v.Some()) << Where("B before a slot is answered");
      if (v.failed || v.error) resp = 2;
    }
    refused_ += b.target == Target::kRefused ? 1 : 0;
    errors_ += resp != 0 && b.target != Target::kRefused ? 1 : 0;
    ASSERT_EQ(dut.b_resp_o, resp) << Where("BRESP");
  }

  std::vector<WBurst> bursts_;
  std::vector<Visit> visits_;
  std::deque<Request> requests_;  // without all their beats
  std::deque<WBeat> beats_;       // of requests to come
  std::deque<bool> lasts_;
  std::deque<Answer> answers_;
  std::deque<OldWord> old_words_;
  Mood mood_;
  size_t aw_taken_ = 0;  // of requests_
  size_t place_ = 0, aw_sent_ = 0, w_sent_ = 0, b_got_ = 0, pass_next_ = 0;
  uint32_t w_beat_ = 0, hold_for_ = 0;
  uint64_t quiet_ = 0;
  bool aw_offered_ = false, w_offered_ = false, answer_offered_ = false;
  bool held_ = false, second_ = false, hold_ = false;
  // Buffers: filling in this cycle, from the next one on, up to this one.
  uint32_t filling_ = 0, starting_ = 0, ending_ = 0;
};

}  // namespace actplane::rtl_test
