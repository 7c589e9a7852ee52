// SPDX-License-Identifier: Apache-2.0
#include "memory/sequences_special.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace actplane::tb::memory {
namespace {

// The memory fails now and then; pages of slots break and heal; slots are damaged.
class ErrorSeq : public BufferedSequence {
 public:
  ErrorSeq(const MemoryShape& shape, uint64_t seed, uint64_t bursts, uint32_t rate)
      : BufferedSequence(shape, seed, bursts, 2), rate_(rate == 0 ? 20 : rate) {
    for (uint32_t k = 0; k < layout_.size(); ++k) Enable(k);
    SetRegister(reg::kIrqEnable, 31);
    for (uint32_t k = 0; k < layout_.size(); ++k) Fill(k);
    Fence();
    corrupt_ = true;
  }

 private:
  bool Refill() override {
    if (!Spend(std::min<uint64_t>(100, std::max<uint64_t>(left(), 1)))) {
      if (std::exchange(healed_, true)) return false;
      Fence();  // the next access works
      if (broken_) Add(BreakOp{*broken_, false});
      Add(ErrorRateOp{0});
      for (uint32_t k = 0; k < layout_.size(); ++k) {
        Fill(k);
        Fence();
        ReadAll(k);
      }
      return true;
    }
    Fence();
    if (broken_) Add(BreakOp{*broken_, false});
    broken_.reset();
    const uint32_t k = rng_.Below(layout_.size());
    const Region& r = layout_.at(k);
    Add(ErrorRateOp{0});
    switch (rng_.Below(5)) {
      case 0: Add(ErrorRateOp{rate_}); break;
      case 1: {
        bool slots = false;
        broken_ = layout_.BypassPage(rng_, &slots);
        Add(BreakOp{*broken_, true});
        for (int i = 0; i < 30; ++i) {
          const Burst b = traffic_.Outside(layout_);
          if (rng_.OneIn(2)) {
            Add(ReadOp{b});
          } else {
            AddWrite(b, r.config.format);
          }
        }
        break;
      }
      case 2:
        broken_ = r.SlotOf(rng_.Below(r.blocks()));
        Add(BreakOp{*broken_, true});
        break;
      default: {
        // Slots of nothing but ones, or of random bits; readers of blocks that are kept may still
        // see what was there.
        for (int i = 0; i < 3; ++i) {
          Bytes slot(r.config.slot_bytes, std::byte{0xff});
          if (rng_.OneIn(2)) rng_.Fill(slot);
          Add(BackdoorOp{r.SlotOf(rng_.Below(r.blocks())), slot});
        }
      }
    }
    for (int i = 0; i < 100; ++i) {
      AddRandom(rng_.OneIn(4) ? rng_.Below(layout_.size()) : k);
      if (rng_.OneIn(10)) Fence();
    }
    return true;
  }
  uint32_t rate_;
  std::optional<uint64_t> broken_;
  bool healed_ = false;
};

// Region after region goes off while bursts are under way in it, changes, and comes back; other
// traffic goes on. What it held before must not be seen again.
class RegionSeq : public BufferedSequence {
 public:
  RegionSeq(const MemoryShape& shape, uint64_t seed, uint64_t bursts)
      : BufferedSequence(shape, seed, bursts, 3) {
    for (uint32_t k = 0; k < layout_.size(); ++k) Enable(k);
    for (uint32_t k = 0; k < layout_.size(); ++k) Fill(k);
  }
  void OnRegister(const RegisterOp& op, bool, uint32_t) override {
    if (op.write && op.addr == reg::OfRegion(going_, reg::kControl) && op.data == 0) gone_ = true;
  }

 private:
  bool Refill() override {
    const uint32_t n = layout_.size();
    const Region& r = layout_.at(going_);
    if (waiting_ && !gone_) {
      if (n == 1) {
        Add(ReadOp{traffic_.Outside(layout_)});
      } else {
        AddRandom((going_ + 1 + rng_.Below(n - 1)) % n);
      }
      return true;
    }
    if (waiting_) {  // it is off: its pages are like any others
      waiting_ = false;
      for (int i = 0; i < 6; ++i) {
        Burst b = traffic_.InRegion(r);
        if (rng_.OneIn(2)) {
          Add(ReadOp{b});
        } else {
          AddWrite(b, r.config.format);
        }
      }
      Fence();
      // What was read last lies in buffers; if the region comes back as it was, and its slots have
      // changed meanwhile, nobody may see it.
      const bool same = rng_.OneIn(2);
      for (const uint64_t block : last_) {
        Bytes values(r.block_bytes());
        FillValues(r.config.format, rng_, values);
        if (same) Add(BackdoorOp{r.SlotOf(block), r.Compress(values)});
      }
      if (!same) layout_.Change(going_, rng_);
      Enable(going_);
      if (same) {
        for (const uint64_t block : last_) Add(ReadOp{traffic_.WholeBlock(r, block)});
      }
      if (!rng_.OneIn(3)) Fill(going_);
      return true;
    }
    if (!Spend(std::min<uint64_t>(40, std::max<uint64_t>(left(), 1)))) return false;
    going_ = rng_.Below(n);
    for (int i = 0; i < 40; ++i) AddRandom(rng_.OneIn(3) ? rng_.Below(n) : going_);
    if (rng_.OneIn(4)) Fence();
    last_.clear();
    for (int i = 0; i < 3; ++i) {
      last_.push_back(rng_.Below(layout_.at(going_).blocks()));
      Add(ReadOp{traffic_.WholeBlock(layout_.at(going_), last_.back())});
    }
    gone_ = false;
    waiting_ = true;
    Disable(going_, /*wait=*/false);
    return true;
  }
  uint32_t going_ = 0;
  std::vector<uint64_t> last_;
  bool waiting_ = false, gone_ = false;
};

// Resets in traffic; the memory keeps what it has.
class ResetMemorySeq : public BufferedSequence {
 public:
  ResetMemorySeq(const MemoryShape& shape, uint64_t seed, uint64_t bursts)
      : BufferedSequence(shape, seed, bursts, 3) {
    Start();
    for (uint32_t k = 0; k < layout_.size(); ++k) Fill(k);
  }

 private:
  void Start() {
    for (uint32_t k = 0; k < layout_.size(); ++k) Enable(k);
  }
  bool Refill() override {
    const uint32_t n = rng_.Between(1, 40);
    if (!Spend(std::min<uint64_t>(n, std::max<uint64_t>(left(), 1)))) {
      if (std::exchange(read_, true)) return false;
      for (uint32_t k = 0; k < layout_.size(); ++k) ReadAll(k);
      return true;
    }
    for (uint32_t i = 0; i < n; ++i) AddRandom(rng_.Below(layout_.size()));
    if (rng_.OneIn(5)) Fence();
    Add(ResetOp{rng_.Below(60), rng_.Between(1, 4)});
    Start();
    return true;
  }
  bool read_ = false;
};

}  // namespace

std::unique_ptr<MemorySequence> MakeSpecialSequence(std::string_view name, const MemoryShape& shape,
                                                    uint64_t seed, uint64_t bursts,
                                                    uint32_t error_rate) {
  if (name == "errors") return std::make_unique<ErrorSeq>(shape, seed, bursts, error_rate);
  if (name == "regions") return std::make_unique<RegionSeq>(shape, seed, bursts);
  if (name == "reset") return std::make_unique<ResetMemorySeq>(shape, seed, bursts);
  return MakeQuietSequence(name, shape, seed, bursts);
}

}  // namespace actplane::tb::memory
