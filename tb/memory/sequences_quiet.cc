// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "memory/sequences_special.h"

namespace actplane::tb::memory {
namespace {

// 100 rounds of read and write back without a change: nothing may change. Blocks of order field are
// those that F-3.14 speaks of, all of order significance do (F-6.13).
class GenerationSeq : public BufferedSequence {
 public:
  GenerationSeq(const MemoryShape& shape, uint64_t seed, uint64_t bursts)
      : BufferedSequence(shape, seed, bursts, 1) {
    while (!MayStay(layout_.at(0).config)) layout_.Change(0, rng_);
    region_ = layout_.at(0);
    Enable(0);
    for (const Burst& b : traffic_.Span(region_, 0, region_.blocks())) Add(FirstWrite(b));
    Fence();
    const uint64_t blocks = std::clamp<uint64_t>(bursts / 200, 1, region_.blocks());
    bursts_ = traffic_.Span(region_, region_.blocks() - blocks, blocks);
  }
  void OnReadBeat(const ReadBeat& r) override { now_.push_back(r); }

 private:
  static constexpr uint32_t kRounds = 100, kTries = 1000;
  // Order field: slots of less than half a block often have F = 1 whatever the values are.
  static bool MayStay(const Config& c) {
    return c.order == Order::kSignificance ||
           (c.fill == Fill::kMidpoint && c.delta_cap == 0 && 2 * c.slot_bytes >= BlockBytes(c));
  }
  // Values whose slots have neither F nor X (F-3.14).
  WriteOp FirstWrite(const Burst& b) {
    for (uint32_t i = 0; i < kTries; ++i) {
      WriteOp op = traffic_.Write(b, region_.config.format, true);
      if (region_.config.order == Order::kSignificance || Promised(op)) return op;
    }
    failure_ = "no values whose slots have neither F nor X";
    return traffic_.Write(b, region_.config.format, true);
  }
  bool Promised(const WriteOp& op) const {
    Bytes values;
    for (const WriteBeat& beat : op.beats) {
      values.insert(values.end(), beat.data.begin(), beat.data.begin() + shape_.bus_bytes());
    }
    for (size_t at = 0; at < values.size(); at += region_.block_bytes()) {
      const size_t n = std::min<size_t>(region_.block_bytes(), values.size() - at);
      const Bytes slot = region_.Compress(std::span(values).subspan(at, n));
      if ((slot[1] & std::byte{0xc0}) != std::byte{0}) return false;  // F-3.1: X, F
    }
    return true;
  }
  bool Refill() override {
    if (!now_.empty()) {
      if (before_.empty()) before_ = now_;
      bool same = before_.size() == now_.size();
      for (size_t i = 0; same && i < now_.size(); ++i) same = now_[i].data == before_[i].data;
      if (!same && failure_.empty()) failure_ = fmt::format("round {} reads other values", round_);
      size_t at = 0;
      for (const Burst& b : bursts_) {
        WriteOp op = traffic_.Write(b, region_.config.format, true);
        for (WriteBeat& beat : op.beats) beat.data = now_.at(at++).data;
        Add(op);
      }
      Fence();
      now_.clear();
    }
    if (round_ == kRounds || !failure_.empty()) return false;
    ++round_;
    for (const Burst& b : bursts_) Add(ReadOp{b});
    Fence();
    return true;
  }
  std::string Failure() const override { return failure_; }

  Region region_;
  std::vector<Burst> bursts_;
  std::vector<ReadBeat> now_, before_;
  uint32_t round_ = 0;
  std::string failure_;
};

// Registers: regions that must be refused, accesses that must be refused, traffic beside them.
class RegisterSeq : public BufferedSequence {
 public:
  RegisterSeq(const MemoryShape& shape, uint64_t seed, uint64_t bursts)
      : BufferedSequence(shape, seed, bursts, 3) {
    for (uint32_t k = 0; k < on(); ++k) Enable(k);
    Fill(0);
  }

 private:
  uint32_t on() const { return std::min(2U, layout_.size()); }
  bool Refill() override {
    if (!Spend()) return false;
    AddRandom(rng_.Below(on()));
    if (rng_.OneIn(3)) AddAccess();
    if (rng_.OneIn(6) && shape_.regions > 2) AddBadRegion();
    return true;
  }
  void AddAccess() {
    RegisterOp op{.write = rng_.OneIn(2), .wait = rng_.OneIn(2)};
    const uint32_t k = rng_.Below(on());  // on: its registers stay as they are
    constexpr std::array kFields = {reg::kBaseLo, reg::kBaseHi,       reg::kSize,   reg::kSlotLo,
                                    reg::kSlotHi, reg::kRegionConfig, reg::kControl};
    switch (rng_.Below(5)) {
      case 0: op.addr = reg::OfRegion(k, kFields[rng_.Below(kFields.size())]); break;
      case 1: op.addr = reg::kGather; break;
      case 2: op.addr = reg::kIrqEnable; break;
      case 3: op.addr = 0xf00 + 4 * rng_.Below(64); break;  // nothing there
      default:
        op.write = false;
        op.addr = std::array{reg::kId, reg::kVersion, reg::kConfig, reg::kConfig2,
                             reg::kErrors}[rng_.Below(5)];
    }
    op.data = op.addr == reg::OfRegion(k, reg::kControl) ? 1
              : rng_.OneIn(8)                            ? rng_.Below(4096)
                                                         : rng_.Below(32);
    if (op.write && rng_.OneIn(6)) op.strb = rng_.Below(15);
    Add(op);
  }
  // Region 2, with one thing wrong.
  void AddBadRegion() {
    Region r = layout_.at(2);
    Disable(2, true);  // it may have come through: what is refused leaves what was there
    const Region& other = layout_.at(rng_.Below(on()));
    Config& c = r.config;
    switch (rng_.Below(10)) {
      case 0: r.base += 64 * rng_.Between(1, 63); break;
      case 1: r.slots += 64 * rng_.Between(1, 63); break;
      case 2: r.size = 0; break;
      case 3: c.slot_bytes = MinSlotBytes(c) - 1; break;
      case 4: c.slot_bytes = MaxSlotBytes(c) + 1; break;
      case 5:
        c.row_limit = rng_.OneIn(2) ? kMinRowLimit - 1 : shape_.depth + 1;
        break;                                                     // significance
      case 6: c.delta_cap = InfoOf(c.format).exp_bits + 2; break;  // field
      case 7: r.base = other.pages_end() - kPageBytes; break;
      case 8: r.slots = (other.slots_end() - 1) / kPageBytes * kPageBytes; break;
      default: r.size += uint64_t{1} << 36; break;  // across whatever lies there, or the end
    }
    for (const auto& [addr, value] : RegionWrites(2, r)) SetRegister(addr, value);
    SetRegister(reg::OfRegion(2, reg::kControl), 1);
    Add(RegisterOp{.addr = reg::OfRegion(2, reg::kControl)});
  }
};

}  // namespace

std::unique_ptr<MemorySequence> MakeQuietSequence(std::string_view name, const MemoryShape& shape,
                                                  uint64_t seed, uint64_t bursts) {
  if (name == "generations") return std::make_unique<GenerationSeq>(shape, seed, bursts);
  if (name == "registers") return std::make_unique<RegisterSeq>(shape, seed, bursts);
  return nullptr;
}

}  // namespace actplane::tb::memory
