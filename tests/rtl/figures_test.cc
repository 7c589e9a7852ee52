// SPDX-License-Identifier: Apache-2.0
// The timing figures of docs/ip.md are what the RTL does: docs/figures/<name>.json is written from
// the pins of the two AXI4-Stream tops, cycle by cycle, and compared with the file; what comes out
// is compared with the golden model. ACTP_FIGURES=update writes the files (`make figures`).
#include <fmt/format.h>

#include "Vactp_compressor_axis_figure.h"
#include "Vactp_decompressor_axis_figure.h"
#include "actplane/codec.h"
#include "axis_test.h"
#include "dec_packets.h"
#include "support/wave.h"

namespace actplane::rtl_test {
namespace {

using testing_support::CompareFigure;
using testing_support::Wave;

// As CMakeLists.txt has them.
constexpr uint32_t kN = 32, kBeatBytes = 32, kBlockBytes = 4 * kN, kSlotBytes = 40;
constexpr std::string_view kParams = "BlockLen 32, StreamWidth 256, Formats 1, Orders 1";

// docs/rtl.md: what the decompressor makes of a slot of any length.
std::vector<std::byte> ValuesOfPart(std::span<const std::byte> slot) {
  const Device device = {.n = kN, .formats = 1, .orders = 1, .group_len = 8, .depth = 24};
  Packet packet{.pins = {.slot_bytes = kSlotBytes}, .beats = {}};
  for (size_t at = 0; at < slot.size(); at += kBeatBytes) {
    const size_t here = std::min<size_t>(kBeatBytes, slot.size() - at);
    SlotBeat beat{.data = std::vector<std::byte>(kBeatBytes),
                  .keep = LowMask(static_cast<uint32_t>(here)),
                  .last = at + here == slot.size()};
    std::ranges::copy(slot.subspan(at, here), beat.data.begin());
    packet.beats.push_back(beat);
  }
  return Predict(packet, device, kBeatBytes)->values;
}

actplane::Config SlotsOf(uint32_t slot_bytes) {
  return {.block_len = kN, .slot_bytes = slot_bytes, .order = Order::kField};
}

std::vector<std::byte> Values(char block) {
  Rng rng(static_cast<uint64_t>(block));
  std::vector<std::byte> bytes(kBlockBytes);
  for (size_t i = 0; i < kN; ++i) {
    const uint32_t pattern = testing_support::ToPattern(rng.Normal(), Format::kFp32);
    PutBits(bytes[4 * i], 0, 8, pattern);
    for (size_t b = 0; b < 4; ++b) bytes[4 * i + b] = static_cast<std::byte>(pattern >> (8 * b));
  }
  return bytes;
}

std::vector<std::byte> SlotOf(std::span<const std::byte> values, uint32_t slot_bytes) {
  std::vector<std::byte> slot(slot_bytes);
  CompressBlock(values, SlotsOf(slot_bytes), slot);
  return slot;
}

std::vector<std::byte> ValuesOf(std::span<const std::byte> slot, uint32_t slot_bytes) {
  std::vector<std::byte> values(kBlockBytes);
  DecompressBlock(slot, SlotsOf(slot_bytes), values);
  return values;
}

// A packet in or out, of the block or slot with this letter; `bytes` is what goes in, or must come
// out.
struct Item {
  char letter = 0;
  std::vector<std::byte> bytes;
  uint32_t slot_bytes = kSlotBytes;
  bool last = true;        // on its final beat
  bool null_last = false;  // one more beat behind it, with last and no byte
};

std::string KeepText(uint64_t keep) {
  if (keep == LowMask(kBeatBytes)) return "all";
  return keep == 0 ? "none" : fmt::format("{}:0", std::bit_width(keep) - 1);
}

// Drives one of the tops and draws it.
template <class Model>
class Drawing {
 public:
  static constexpr bool kCompressor = requires(Model & m) { m.cfg_delta_cap; };

  Drawing() {
    auto& dut = sim_.dut();
    dut.s_axis_tvalid = 0;
    dut.m_axis_tready = 1;
    dut.cfg_format = 0;
    dut.cfg_order = 0;
    dut.cfg_slot_bytes = kSlotBytes;
    dut.cfg_lossless = 0;
    dut.cfg_row_limit = 16;
    dut.s_axis_tuser = 0;
    if constexpr (kCompressor) {
      dut.cfg_delta_cap = 0;
    } else {
      dut.cfg_fill_zero = 0;
    }
    sim_.Reset();
  }
  ~Drawing() { EXPECT_FALSE(sim_.gotError()) << "an assertion of the RTL fired"; }

  // What comes out, in this order.
  void Expect(Item packet) { expected_.push_back(std::move(packet)); }

  // Beats of the packet, each offered until it moves.
  void Send(const Item& packet) {
    const size_t beats = packet.bytes.size() / kBeatBytes + (packet.bytes.size() % kBeatBytes != 0);
    for (size_t beat = 0; beat < beats; ++beat) {
      const size_t at = beat * kBeatBytes;
      const size_t here = std::min<size_t>(kBeatBytes, packet.bytes.size() - at);
      const bool final = beat + 1 == beats;
      const bool last = final && packet.last && !packet.null_last;
      Offer(packet, fmt::format("{}{}", packet.letter, beat),
            std::span(packet.bytes).subspan(at, here), last);
    }
    if (packet.null_last) Offer(packet, "null", {}, true);
  }
  void Idle(int cycles) {
    for (int i = 0; i < cycles; ++i) Cycle("", nullptr);
  }
  // Until everything that is expected is out and its status seen.
  void Finish() {
    for (int waited = 0; !expected_.empty(); ++waited) {
      ASSERT_LT(waited, 200);
      Cycle("", nullptr);
    }
    Idle(2);
  }
  // The receiver is not ready in these cycles.
  void Stall(uint64_t from, uint64_t to) {
    stall_from_ = from;
    stall_to_ = to;
  }
  // What is inside is lost, and so is the rest of a packet that is leaving.
  void Reset(bool asserted) {
    sim_.dut().aresetn = !asserted;
    if (asserted && beat_ != 0) {
      expected_.pop_front();
      packet_.clear();
      beat_ = 0;
    }
  }

  std::string Json(std::string_view name, std::string_view text) const {
    std::string out = "{\n  \"signal\": [\n";
    out += fmt::format("    {{\"name\": \"aclk\", \"wave\": \"p{}\"}},\n",
                       std::string(cycles_ - 1, '.'));
    out += fmt::format("    {},\n    {},\n", aresetn_.Json(), cfg_.Json());
    out += "    [\"s_axis\",\n";
    for (const Wave* w : {&s_valid_, &s_ready_, &s_data_, &s_keep_, &s_last_}) {
      out += fmt::format("      {}{}\n", w->Json(), w == &s_last_ ? "]," : ",");
    }
    out += "    [\"m_axis\",\n";
    for (const Wave* w : {&m_valid_, &m_ready_, &m_data_, &m_keep_, &m_last_}) {
      out += fmt::format("      {}{}\n", w->Json(), w == &m_last_ ? "]," : ",");
    }
    out += fmt::format("    [\"sts\",\n      {},\n      {},\n      {}]\n  ],\n", done_.Json(),
                       flag_.Json(), blocks_.Json());
    out += fmt::format("  \"head\": {{\"text\": \"{}: {}\", \"tock\": 0}},\n", name, text);
    out += fmt::format("  \"foot\": {{\"text\": \"{}, {}; FP32, order field\"}}\n}}\n",
                       kCompressor ? "actp_compressor_axis" : "actp_decompressor_axis", kParams);
    return out;
  }

 private:
  void Offer(const Item& packet, const std::string& label, std::span<const std::byte> bytes,
             bool last) {
    auto& dut = sim_.dut();
    PutBytes(dut.s_axis_tdata, bytes);
    PutBits(dut.s_axis_tkeep, 0, kBeatBytes, LowMask(static_cast<uint32_t>(bytes.size())));
    dut.s_axis_tlast = last;
    dut.cfg_slot_bytes = static_cast<uint16_t>(packet.slot_bytes);
    for (int waited = 0; !Cycle(label, &packet); ++waited) ASSERT_LT(waited, 100);
  }

  // One cycle; whether the beat that is offered moved.
  bool Cycle(const std::string& label, const Item* packet) {
    auto& dut = sim_.dut();
    dut.s_axis_tvalid = packet != nullptr;
    dut.m_axis_tready = cycles_ < stall_from_ || cycles_ > stall_to_;
    bool moved = false;
    sim_.Step([&] {
      moved = packet != nullptr && dut.s_axis_tready != 0 && dut.aresetn != 0;
      Draw(label, packet);
      if (dut.m_axis_tvalid != 0 && dut.m_axis_tready != 0) Take();
    });
    beats_in_ += moved ? 1U : 0U;
    ++cycles_;
    return moved;
  }

  static char Color(char letter) { return static_cast<char>('3' + (letter - 'A') % 4); }

  void Draw(const std::string& label, const Item* packet) {
    const auto& dut = sim_.dut();
    const bool in = packet != nullptr;
    const char in_color = in ? Color(packet->letter) : '2';
    aresetn_.Level(dut.aresetn != 0);
    cfg_.Text(in ? fmt::format("{}", dut.cfg_slot_bytes) : "", '2');
    s_valid_.Level(dut.s_axis_tvalid != 0);
    s_ready_.Level(dut.s_axis_tready != 0);
    s_data_.Text(label, in_color, beats_in_);
    s_keep_.Text(in ? KeepText(GetBits(dut.s_axis_tkeep, 0, kBeatBytes)) : "", '2');
    s_last_.Level(in && dut.s_axis_tlast != 0);
    const bool out = dut.m_axis_tvalid != 0;
    ASSERT_TRUE(!out || !expected_.empty()) << "a beat of no packet in cycle " << cycles_;
    m_valid_.Level(out);
    m_ready_.Level(dut.m_axis_tready != 0);
    m_data_.Text(out ? fmt::format("{:c}{}", expected_.front().letter + ('a' - 'A'), beat_) : "",
                 out ? Color(expected_.front().letter) : '2', beats_out_);
    m_keep_.Text(out ? KeepText(GetBits(dut.m_axis_tkeep, 0, kBeatBytes)) : "", '2');
    m_last_.Level(out && dut.m_axis_tlast != 0);
    done_.Level(dut.sts_block_done != 0);
    if constexpr (kCompressor) {
      flag_.Level(dut.sts_whole != 0);
    } else {
      flag_.Level(dut.sts_malformed != 0);
    }
    blocks_.Text(fmt::format("{}", dut.sts_blocks), '2');
  }

  // A beat that leaves.
  void Take() {
    const auto& dut = sim_.dut();
    const Item& want = expected_.front();
    const auto data = GetBytes(dut.m_axis_tdata, kBeatBytes);
    for (uint32_t b = 0; b < kBeatBytes; ++b) {
      if (GetBits(dut.m_axis_tkeep, b, 1) != 0) packet_.push_back(data[b]);
    }
    ++beat_;
    ++beats_out_;
    if (dut.m_axis_tlast == 0) return;
    EXPECT_EQ(packet_, want.bytes) << "packet " << want.letter;
    packet_.clear();
    beat_ = 0;
    expected_.pop_front();
  }

  tb::Sim<AxisDut<Model>> sim_;
  std::deque<Item> expected_;
  std::vector<std::byte> packet_;
  size_t beat_ = 0;
  uint64_t beats_in_ = 0, beats_out_ = 0, cycles_ = 0;
  uint64_t stall_from_ = 1, stall_to_ = 0;
  Wave aresetn_{"aresetn"}, cfg_{"cfg_slot_bytes"};
  Wave s_valid_{"tvalid"}, s_ready_{"tready"}, s_data_{"tdata"}, s_keep_{"tkeep"}, s_last_{"tlast"};
  Wave m_valid_{"tvalid"}, m_ready_{"tready"}, m_data_{"tdata"}, m_keep_{"tkeep"}, m_last_{"tlast"};
  Wave done_{"block_done"}, flag_{kCompressor ? "whole" : "malformed"}, blocks_{"blocks"};
};
using Compressor = Drawing<Vactp_compressor_axis_figure>;
using Decompressor = Drawing<Vactp_decompressor_axis_figure>;

TEST(Figures, Compress) {
  Compressor d;
  const auto a = Values('A'), b = Values('B');
  d.Expect({'A', SlotOf(a, 40)});
  d.Expect({'B', SlotOf(b, 72)});
  d.Idle(1);
  d.Send({.letter = 'A', .bytes = a, .slot_bytes = 40});
  d.Send({.letter = 'B', .bytes = b, .slot_bytes = 72, .last = false});
  d.Finish();
  CompareFigure("compress",
                d.Json("compress", "two blocks in, two slots out; T changes with block B"));
}

TEST(Figures, EarlyLast) {
  Compressor d;
  auto a = Values('A');
  const auto b = Values('B'), c = Values('C');
  a.resize(48);
  d.Expect({'A', SlotOf(a, 40)});
  d.Expect({'B', SlotOf(b, 40)});
  d.Expect({'C', SlotOf(c, 40)});
  d.Idle(1);
  d.Send({.letter = 'A', .bytes = a});
  d.Send({.letter = 'B', .bytes = b, .null_last = true});
  d.Send({.letter = 'C', .bytes = c});
  d.Finish();
  CompareFigure("early_last",
                d.Json("early_last",
                       "block A ends after 48 of 128 bytes; the null beat behind B is "
                       "dropped"));
}

TEST(Figures, Decompress) {
  Decompressor d;
  for (const char letter : {'A', 'B'}) {
    d.Expect({letter, ValuesOf(SlotOf(Values(letter), kSlotBytes), kSlotBytes)});
  }
  d.Idle(1);
  for (const char letter : {'A', 'B'}) {
    d.Send({.letter = letter, .bytes = SlotOf(Values(letter), kSlotBytes)});
  }
  d.Finish();
  CompareFigure("decompress", d.Json("decompress", "two slots in, two blocks out"));
}

TEST(Figures, Stall) {
  Decompressor d;
  d.Stall(7, 12);
  for (const char letter : {'A', 'B', 'C'}) {
    d.Expect({letter, ValuesOf(SlotOf(Values(letter), kSlotBytes), kSlotBytes)});
  }
  d.Idle(1);
  for (const char letter : {'A', 'B', 'C'}) {
    d.Send({.letter = letter, .bytes = SlotOf(Values(letter), kSlotBytes)});
  }
  d.Finish();
  CompareFigure("stall", d.Json("stall", "the receiver takes nothing in cycles 7 to 12"));
}

TEST(Figures, Malformed) {
  Decompressor d;
  auto a = SlotOf(Values('A'), kSlotBytes), b = a;
  const auto c = SlotOf(Values('C'), kSlotBytes);
  a.resize(32);
  std::ranges::fill(b, std::byte{0xff});
  // Groups whose rows are there keep their values; a header that cannot be leaves none.
  const auto part = ValuesOfPart(a), zeros = std::vector<std::byte>(kBlockBytes);
  EXPECT_NE(part, ValuesOf(SlotOf(Values('A'), kSlotBytes), kSlotBytes));
  EXPECT_NE(part, zeros);
  d.Expect({'A', part});
  d.Expect({'B', zeros});
  d.Expect({'C', ValuesOf(c, kSlotBytes)});
  d.Idle(1);
  d.Send({.letter = 'A', .bytes = a});
  d.Send({.letter = 'B', .bytes = b});
  d.Send({.letter = 'C', .bytes = c});
  d.Finish();
  CompareFigure(
      "malformed",
      d.Json("malformed", "slot A is 8 bytes short, the header of B cannot be; C is good"));
}

TEST(Figures, Reset) {
  Compressor d;
  const auto a = Values('A'), b = Values('B'), c = Values('C');
  d.Expect({'A', SlotOf(a, kSlotBytes)});
  d.Expect({'B', SlotOf(b, kSlotBytes)});
  d.Expect({'C', SlotOf(c, kSlotBytes)});
  d.Idle(1);
  d.Send({.letter = 'A', .bytes = a});
  d.Send({.letter = 'B', .bytes = b});
  d.Idle(11);
  d.Reset(true);
  d.Idle(2);
  d.Reset(false);
  d.Send({.letter = 'C', .bytes = c});
  d.Finish();
  CompareFigure(
      "reset",
      d.Json("reset", "slot B is lost with its last beat; the next beat in begins a block"));
}

}  // namespace
}  // namespace actplane::rtl_test
