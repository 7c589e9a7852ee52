// SPDX-License-Identifier: Apache-2.0
// The timing figures of docs/memory.md are what the RTL does, cycle by cycle; what passes on the
// buses is compared with the golden model.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "rtl_fixture.h"
#include "support/values.h"
#include "support/wave.h"

namespace actplane::tb::memory {
namespace {

using testing_support::CompareFigure;
using testing_support::Wave;

constexpr uint32_t kBus = 32, kSlotBytes = 40, kBeats = 4;  // of a block
constexpr uint64_t kBase = 0x80000000;

Bytes ValuesOf(char block) {
  testing_support::Rng rng(static_cast<uint64_t>(block));
  Bytes bytes(size_t{kBeats} * kBus);
  for (size_t at = 0; at < bytes.size(); at += 4) {
    const auto value = static_cast<float>(rng.Normal());
    std::memcpy(&bytes[at], &value, 4);
  }
  return bytes;
}

char Color(char block) { return static_cast<char>('3' + (block - 'A') % 4); }

// Payload of one channel while it is valid; ready only where something waits.
struct Channel {
  explicit Channel(const std::string& name) : payload(name) {}
  void Draw(bool is_valid, bool is_ready, const std::string& text, char color) {
    ready.Level(is_ready);
    payload.Text(is_valid ? text : "", color, moved);
    moved += is_valid && is_ready ? 1U : 0U;
    waits |= is_valid && !is_ready;
  }
  Wave payload, ready{"ready"};
  uint64_t moved = 0;
  bool waits = false;
};

struct Side {
  Channel aw{"aw"}, w{"w"}, b{"b"}, ar{"ar"}, r{"r"};
};

class MemoryFigures : public RtlFixture {
 protected:
  MemoryFigures() : RtlFixture("field") {
    region_ = {
        .base = kBase, .size = 2 * kBeats * kBus, .slots = 0x1000, .config = {}, .bus_bytes = kBus};
    region_.config.block_len = 32;
    region_.config.order = Order::kField;
    region_.config.slot_bytes = kSlotBytes;
    for (const char block : {'A', 'B'}) {
      values_[Index(block)] = ValuesOf(block);
      slots_[Index(block)] = region_.Compress(values_[Index(block)]);
      returned_[Index(block)] = *region_.Decompress(slots_[Index(block)], kBeats * kBus);
    }
  }

  static size_t Index(char block) { return static_cast<size_t>(block - 'A'); }
  static char BlockOf(uint64_t number) { return static_cast<char>('A' + number); }

  // The slots of A and B are in memory, and in no buffer.
  void Start() {
    Enable(0, region_);
    for (const char block : {'A', 'B'}) {
      memory_->store().Write(region_.SlotOf(Index(block)), slots_[Index(block)]);
    }
    Draw();
  }
  void Draw() { drawing_ = true; }
  void Idle(int cycles) {
    for (int i = 0; i < cycles; ++i) Step();
  }
  WriteOp Write(char block, const Bytes& values, uint32_t beats) {
    WriteOp op{.burst = {.addr = kBase + Index(block) * kBeats * kBus,
                         .len = static_cast<uint8_t>(beats - 1),
                         .size = 5,
                         .cache = 3},
               .beats = {}};
    for (uint32_t i = 0; i < beats; ++i) {
      WriteBeat beat{.strb = 0xffffffff, .last = i + 1 == beats};
      std::memcpy(beat.data.data(), &values[size_t{i} * kBus], kBus);
      op.beats.push_back(beat);
    }
    return op;
  }
  ReadOp Read(char block, uint32_t beats) {
    return {{.addr = kBase + Index(block) * kBeats * kBus,
             .len = static_cast<uint8_t>(beats - 1),
             .size = 5,
             .cache = 3}};
  }

  void See() override {
    if (!drawing_) return;
    ++cycles_;
    See(s_, pins_.s, false);
    See(m_, pins_.m, true);
    irq_.Level(pins_.irq.Get() != 0);
  }

  // What is on the bus, by name: "A0" for a beat of values, "a0" for one of a slot.
  void See(Side& side, const AxiPins& pins, bool memory) {
    const auto address = [&](Channel& c, const AddressPins& p) {
      const bool valid = p.valid.Get() != 0;
      const Burst burst = p.Sample();
      const uint64_t first = memory ? region_.slots : kBase;
      const uint64_t each = memory ? region_.stride() : kBeats * kBus;
      const char block = BlockOf((burst.addr - first) / each);
      EXPECT_TRUE(!valid || (burst.addr - first) % each == 0) << "cycle " << cycles_;
      c.Draw(valid, p.ready.Get() != 0,
             fmt::format("{:c}, {}", memory ? block - 'A' + 'a' : block, burst.beats()),
             valid ? Color(block) : '2');
    };
    address(side.aw, pins.aw);
    address(side.ar, pins.ar);
    const auto data = [&](Channel& c, bool valid, bool ready, const BusData& bytes, uint32_t count,
                          bool written, uint8_t resp) {
      if (!valid) return c.Draw(false, ready, "", '2');
      const auto [text, block] = NameOf({bytes.data(), kBus}, count, memory, written);
      if (resp == kOkay) {
        EXPECT_NE(text, "?") << "cycle " << cycles_;
        return c.Draw(true, ready, text, Color(block));
      }
      EXPECT_TRUE(memory || Bytes(bytes.begin(), bytes.begin() + kBus) == Bytes(kBus));
      c.Draw(true, ready, "ERR", '9');
    };
    const WriteBeat w = pins.w.Sample();
    data(side.w, pins.w.valid.Get() != 0, pins.w.ready.Get() != 0, w.data,
         static_cast<uint32_t>(std::popcount(w.strb)), true, kOkay);
    const ReadBeat r = pins.r.Sample();
    data(side.r, pins.r.valid.Get() != 0, pins.r.ready.Get() != 0, r.data, kBus, false, r.resp);
    const WriteResponse b = pins.b.Sample();
    side.b.Draw(pins.b.valid.Get() != 0, pins.b.ready.Get() != 0, b.resp == kOkay ? "OKAY" : "ERR",
                b.resp == kOkay ? '2' : '9');
  }

  struct Name {
    std::string text;
    char block;
  };
  // The first `count` bytes of a beat, of a block that is known; what is written is rather B's.
  Name NameOf(std::span<const std::byte> beat, uint32_t count, bool memory, bool written) const {
    for (const auto* all : memory ? std::vector{&slots_} : std::vector{&values_, &returned_}) {
      for (size_t i = 0; i < all->size(); ++i) {
        const size_t block = written ? all->size() - 1 - i : i;
        const Bytes& bytes = all->at(block);
        for (size_t at = 0; at < bytes.size(); at += kBus) {
          const size_t here = std::min<size_t>({kBus, bytes.size() - at, count});
          if (std::memcmp(&bytes[at], beat.data(), here) != 0) continue;
          return {fmt::format("{:c}{}", (memory ? 'a' : 'A') + block, at / kBus), BlockOf(block)};
        }
      }
    }
    return {"?", 'A'};
  }

  std::string Json(std::string_view name, std::string_view text, bool writes, bool reads,
                   bool memory_reads, bool irq) const {
    std::string out = "{\n  \"signal\": [\n";
    out +=
        fmt::format("    {{\"name\": \"aclk\", \"wave\": \"p{}\"}}", std::string(cycles_ - 1, '.'));
    const auto side = [&](std::string_view title, const Side& s, bool with_reads) {
      out += fmt::format(",\n    [\"{}\"", title);
      const auto channel = [&](const Channel& c) {
        out += fmt::format(",\n      {}", c.payload.Json());
        if (c.waits) out += fmt::format(",\n      {}", c.ready.Json());
      };
      if (with_reads) channel(s.ar), channel(s.r);
      if (writes) channel(s.aw), channel(s.w), channel(s.b);
      out += "]";
    };
    side("s_axi", s_, reads);
    side("m_axi", m_, memory_reads);
    if (irq) out += fmt::format(",\n    {}", irq_.Json());
    out += fmt::format("\n  ],\n  \"head\": {{\"text\": \"{}: {}\", \"tock\": 0}},\n", name, text);
    out +=
        "  \"foot\": {\"text\": \"actp_memory, BlockLen 32, StreamWidth 256; FP32, order field, T "
        "40; memory answers after 8 cycles\"}\n}\n";
    return out;
  }

  Region region_;
  std::array<Bytes, 2> values_, slots_, returned_;
  bool drawing_ = false;
  uint64_t cycles_ = 0;
  Side s_, m_;
  Wave irq_{"irq"};
};

TEST_F(MemoryFigures, Write) {
  Start();
  Idle(1);
  master_->Give(Write('A', values_[0], kBeats));
  master_->Give(Write('B', values_[1], kBeats));
  Drain();
  Idle(1);
  EXPECT_EQ(memory_->store().Read(region_.SlotOf(1), kSlotBytes), slots_[1]);
  CompareFigure("memory_write",
                Json("memory_write", "two whole blocks in, two slots out; nothing is read", true,
                     false, false, false));
}

TEST_F(MemoryFigures, Read) {
  Start();
  Idle(1);
  master_->Give(Read('A', kBeats));
  Drain();
  master_->Give(Read('A', kBeats));
  Drain();
  Idle(1);
  CompareFigure("memory_read", Json("memory_read", "block A is fetched, then it is in its buffer",
                                    false, true, true, false));
}

TEST_F(MemoryFigures, Part) {
  // What was read goes back with eight other bytes, so that every bus word has a name.
  values_[1] = returned_[0];
  std::memcpy(values_[1].data(), ValuesOf('B').data(), 8);
  slots_[1] = region_.Compress(values_[1]);
  returned_[1] = *region_.Decompress(slots_[1], kBeats * kBus);
  drawing_ = false;
  Enable(0, region_);
  WriteRegister(reg::kGather, 2);
  memory_->store().Write(region_.SlotOf(0), slots_[0]);
  Draw();
  Idle(1);
  WriteOp op = Write('A', values_[1], 1);
  op.beats[0].strb = 0xff;
  master_->Give(op);
  Drain();
  Idle(1);
  EXPECT_EQ(memory_->store().Read(region_.SlotOf(0), kSlotBytes), slots_[1]);
  CompareFigure("memory_part",
                Json("memory_part",
                     "eight bytes of block A are written: its slot a is read and becomes b; "
                     "GATHER is 2",
                     true, false, true, false));
}

TEST_F(MemoryFigures, Malformed) {
  Start();
  drawing_ = false;
  WriteRegister(reg::kIrqEnable, 1);
  memory_->store().Write(region_.SlotOf(1), Bytes(kSlotBytes, std::byte{0xff}));
  slots_[1] = Bytes(kSlotBytes, std::byte{0xff});
  Draw();
  Idle(1);
  master_->Give(Read('A', 2 * kBeats));
  Drain();
  Idle(1);
  CompareFigure(
      "memory_malformed",
      Json("memory_malformed", "two blocks in one burst; slot b is none", false, true, true, true));
}

}  // namespace
}  // namespace actplane::tb::memory
