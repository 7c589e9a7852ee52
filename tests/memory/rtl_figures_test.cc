// SPDX-License-Identifier: Apache-2.0
// The timing figures of docs/memory.md are what the RTL does: a hit, a miss, a whole block written,
// pin by pin (docs/figures/memory_*.json).
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <vector>

#include "memory/lite_master.h"
#include "memory/master.h"
#include "memory/memory_model.h"
#include "memory/registers.h"
#include "memory/run.h"
#include "support/figure.h"
#include "support/values.h"

namespace actplane::tb::memory {
namespace {

using testing_support::Wave;

constexpr uint64_t kStuck = 10000, kBase = 0x80000000, kBlockBytes = 64, kBeatBytes = 8;
constexpr uint32_t kBeats = kBlockBytes / kBeatBytes, kSlotBytes = 24;

// A channel of one side: its address, or the beats of its packets by number.
template <class ChannelPins>
struct Channel {
  Channel(std::string name, const ChannelPins& from, char letter, char color)
      : pins(from), valid(name + "valid"), ready(name + "ready"), data(name + "data"),
        letter_(letter), color_(color) {}
  void Draw() {
    const bool there = pins.valid.Get() != 0;
    valid.Level(there);
    ready.Level(pins.ready.Get() != 0);
    data.Text(there ? fmt::format("{:c}{}", letter_, beat_) : "", color_, beat_);
    if (Moves(pins)) ++beat_;
  }
  std::string Json() const {
    return fmt::format("{},\n      {},\n      {}", valid.Json(), ready.Json(), data.Json());
  }
  const ChannelPins& pins;
  Wave valid, ready, data;

 private:
  char letter_, color_;
  uint32_t beat_ = 0;
};
struct Address {
  Address(std::string name, const AddressPins& from)
      : pins(from), valid(name + "valid"), ready(name + "ready"), addr(name + "addr") {}
  void Draw() {
    valid.Level(pins.valid.Get() != 0);
    ready.Level(pins.ready.Get() != 0);
    addr.Text(pins.valid.Get() != 0 ? fmt::format("{:x}", pins.addr.Get()) : "", '2', count_);
    if (Moves(pins)) ++count_;
  }
  std::string Json() const {
    return fmt::format("{},\n      {},\n      {}", valid.Json(), ready.Json(), addr.Json());
  }
  const AddressPins& pins;
  Wave valid, ready, addr;

 private:
  uint32_t count_ = 0;
};

class RtlFigures : public ::testing::Test {
 protected:
  void SetUp() override {
    dut_ = MakeMemoryDevice({.device = "rtl", .config = "small"}, "", 0);
    ASSERT_NE(dut_, nullptr);
    pins_ = dut_->pins();
    master_ = std::make_unique<AxiMaster>(pins_.s, StallProfile::kNone, Rng(1, "master"));
    lite_ = std::make_unique<LiteMaster>(pins_.lite, Rng(1, "lite"));
    memory_ = std::make_unique<MemoryModel>(pins_.m, MemoryOptions{}, Rng(1, "memory"));
    master_->DriveInReset();
    lite_->DriveInReset();
    memory_->DriveInReset();
    dut_->Reset(2, [] {});
    Region region{.base = kBase, .size = kPageBytes, .slots = 0x40000000, .config = {}};
    region.config.format = Format::kBf16;
    region.config.order = Order::kField;
    region.config.group_len = 8;
    region.config.row_limit = 16;
    region.config.slot_bytes = kSlotBytes;
    region.bus_bytes = dut_->shape().bus_bytes();
    auto writes = RegionWrites(0, region);
    writes.emplace_back(reg::OfRegion(0, reg::kControl), 1);
    for (const auto& [address, data] : writes) {
      lite_->Give({.write = true, .addr = address, .data = data});
      answer_.reset();
      for (uint64_t i = 0; i < kStuck && !answer_; ++i) Step();
      ASSERT_TRUE(answer_ && !answer_->error);
    }
  }

  void Step() {
    master_->Drive();
    lite_->Drive();
    memory_->Drive();
    dut_->Step([this] {
      if (drawing_) {
        clock_ += clock_.empty() ? 'p' : '.';
        s_aw_.Draw(), s_w_.Draw(), s_b_.Draw(), s_ar_.Draw(), s_r_.Draw();
        m_aw_.Draw(), m_w_.Draw(), m_b_.Draw(), m_ar_.Draw(), m_r_.Draw();
      }
      master_->Observe();
      memory_->Observe();
      if (auto answer = lite_->Observe()) answer_ = answer;
    });
    master_->TakeReadBeats();
  }
  void Drain() {
    for (uint64_t i = 0; i < kStuck && !(master_->idle() && memory_->idle()); ++i) Step();
    ASSERT_TRUE(master_->idle());
  }
  // From the cycle before the burst to the one behind its end.
  void Draw() {
    drawing_ = true;
    Drain();
    Step();
    drawing_ = false;
  }
  static Burst BlockAt(uint64_t number) {
    return {.addr = kBase + number * kBlockBytes, .len = kBeats - 1, .size = 3, .cache = 3};
  }
  void Write(uint64_t number) {
    WriteOp op{.burst = BlockAt(number), .beats = {}};
    for (uint32_t i = 0; i < kBeats; ++i) {
      WriteBeat beat;
      for (uint32_t v = 0; v < 4; ++v) {
        const auto value =
            static_cast<uint16_t>(testing_support::ToPattern(values_.Normal(), Format::kBf16));
        std::memcpy(&beat.data.at(2 * v), &value, 2);
      }
      beat.strb = 0xff;
      beat.last = i + 1 == kBeats;
      op.beats.push_back(beat);
    }
    master_->Give(op);
  }
  void Compare(const std::string& name, const std::string& title, const std::string& master,
               const std::string& memory) {
    testing_support::CompareFigure(
        name, fmt::format("{{\n  \"signal\": [\n    {{\"name\": \"aclk\", \"wave\": \"{}\"}},\n"
                          "    [\"s_axi\",\n      {}]{}\n  ],\n"
                          "  \"head\": {{\"text\": \"{}\", \"tock\": 0}},\n"
                          "  \"foot\": {{\"text\": \"actp_memory, BlockLen 32, StreamWidth 64; "
                          "BF16, order field, T 24; the memory answers after 8 cycles\"}}\n}}\n",
                          clock_, master,
                          memory.empty() ? "" : ",\n    [\"m_axi\",\n      " + memory + "]", title));
  }
  static std::string Join(const std::string& a, const std::string& b) { return a + ",\n      " + b; }

  std::unique_ptr<MemoryDevice> dut_;
  MemoryPins pins_;
  std::unique_ptr<AxiMaster> master_;
  std::unique_ptr<LiteMaster> lite_;
  std::unique_ptr<MemoryModel> memory_;
  testing_support::Rng values_{1};
  std::optional<LiteMaster::Result> answer_;
  bool drawing_ = false;
  std::string clock_;
  Address s_aw_{"aw", pins_.s.aw}, s_ar_{"ar", pins_.s.ar}, m_aw_{"aw", pins_.m.aw},
      m_ar_{"ar", pins_.m.ar};
  Channel<WritePins> s_w_{"w", pins_.s.w, 'A', '3'}, m_w_{"w", pins_.m.w, 'a', '4'};
  Channel<ResponsePins> s_b_{"b", pins_.s.b, 'b', '2'}, m_b_{"b", pins_.m.b, 'b', '2'};
  Channel<ReadPins> s_r_{"r", pins_.s.r, 'A', '3'}, m_r_{"r", pins_.m.r, 'a', '4'};
};

TEST_F(RtlFigures, WholeBlockWritten) {
  Write(0);
  Draw();
  Compare("memory_write", "a whole block of 8 beats in, a slot of 3 beats out, nothing is read",
          Join(s_aw_.Json(), Join(s_w_.Json(), s_b_.Json())),
          Join(m_aw_.Json(), Join(m_w_.Json(), m_b_.Json())));
}

TEST_F(RtlFigures, Miss) {
  Write(0);
  Drain();
  master_->Give(ReadOp{BlockAt(0)});
  Draw();
  Compare("memory_miss", "a block that is in no buffer: its slot is read",
          Join(s_ar_.Json(), s_r_.Json()), Join(m_ar_.Json(), m_r_.Json()));
}

TEST_F(RtlFigures, Hit) {
  Write(0);
  Drain();
  master_->Give(ReadOp{BlockAt(0)});
  Drain();
  master_->Give(ReadOp{BlockAt(0)});
  Draw();
  Compare("memory_hit", "the same block again, from its buffer", Join(s_ar_.Json(), s_r_.Json()),
          "");
}

}  // namespace
}  // namespace actplane::tb::memory
