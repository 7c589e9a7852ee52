// SPDX-License-Identifier: Apache-2.0
#include "memory/protocol.h"

#include <fmt/format.h>

#include <algorithm>

namespace actplane::tb::memory {
namespace {

std::vector<std::byte> Save(const std::vector<Pins>& payload) {
  std::vector<std::byte> bytes;
  for (const Pins& p : payload) bytes.insert(bytes.end(), p.raw().begin(), p.raw().end());
  return bytes;
}

}  // namespace

ProtocolChecker::ProtocolChecker(Side side, const AxiPins& pins)
    : side_(side),
      pins_(pins),
      channels_{
          Channel{"AW", pins.aw.valid, pins.aw.ready, pins.aw.Payload(), side == Side::kMemory},
          Channel{"W", pins.w.valid, pins.w.ready, pins.w.Payload(), side == Side::kMemory},
          Channel{"B", pins.b.valid, pins.b.ready, pins.b.Payload(), side == Side::kSlave},
          Channel{"AR", pins.ar.valid, pins.ar.ready, pins.ar.Payload(), side == Side::kMemory},
          Channel{"R", pins.r.valid, pins.r.ready, pins.r.Payload(), side == Side::kSlave}} {}

void ProtocolChecker::Violate(std::string_view rule, const std::string& what) {
  violations_.push_back(
      fmt::format("{} side: rule {}: {}", side_ == Side::kSlave ? "slave" : "memory", rule, what));
}

void ProtocolChecker::Hold(Channel& c) {
  const bool valid = c.valid.Get() != 0;
  if (c.waiting && !valid) Violate("valid", fmt::format("{}VALID fell before ready", c.name));
  std::vector<std::byte> now = valid ? Save(c.payload) : std::vector<std::byte>();
  if (c.waiting && valid && now != c.held) {
    Violate("payload", fmt::format("{} changed before ready", c.name));
  }
  c.waiting = valid && c.ready.Get() == 0;
  if (c.waiting) c.held = std::move(now);
}

// The slave side must take what is illegal, and refuse it.
void ProtocolChecker::Legal(std::string_view channel, const Burst& b) {
  if (side_ == Side::kSlave) return;
  const uint32_t bus = pins_.w.data.bits() / 8;
  const bool type = b.type != kReservedType && (b.type != kWrap || WrapLength(b.beats())) &&
                    (b.type != kFixed || b.beats() <= 16);
  const bool aligned = b.type != kWrap || b.addr % b.beat_bytes() == 0;
  if (!type || !aligned || b.beat_bytes() > bus) {
    Violate("burst", fmt::format("{} {} of {} beats of {} bytes at {:#x}", channel,
                                 TypeName(b.type), b.beats(), b.beat_bytes(), b.addr));
  } else if ((EndOf(b) - 1) / kPageBytes != b.addr / kPageBytes) {
    Violate("page", fmt::format("{} at {:#x} goes to {:#x}", channel, b.addr, EndOf(b)));
  }
  if (b.id != 0) Violate("id", fmt::format("{} has ID {}", channel, b.id));
}

void ProtocolChecker::MatchData() {
  while (!w_beats_.empty() && w_burst_ < aw_.size()) {
    OpenWrite& write = aw_[w_burst_];
    const WriteBeat& beat = w_beats_.front();
    const BeatPlace place = PlaceOf(write.burst, w_beat_, pins_.w.data.bits() / 8);
    if (!IllegalBurst(write.burst, pins_.w.data.bits() / 8) && (beat.strb & ~place.lanes()) != 0) {
      Violate("strobe", fmt::format("{:#x} outside lanes {:#x}", beat.strb, place.lanes()));
    }
    const bool last = w_beat_ == write.burst.len;
    if (beat.last != last) {
      Violate("w-last", fmt::format("beat {} of {}: WLAST is {}", w_beat_ + 1, write.burst.beats(),
                                    beat.last ? 1 : 0));
    }
    ++w_beat_;
    if (last) {
      write.data_done = true;
      ++w_burst_;
      w_beat_ = 0;
    }
    w_beats_.pop_front();
  }
}

void ProtocolChecker::OnB() {
  const WriteResponse b = pins_.b.Sample();
  if (aw_.empty() || !aw_.front().data_done) {
    Violate("b-early", "BVALID without a write whose data have all come");
    return;
  }
  if (b.id != aw_.front().burst.id) {
    Violate("b-id", fmt::format("{}, must be {}", b.id, aw_.front().burst.id));
  }
  if (b.resp == kExOkay) Violate("exokay", "in BRESP");
  if (Moves(pins_.b)) {
    aw_.pop_front();
    --w_burst_;
  }
}

void ProtocolChecker::OnR() {
  const ReadBeat r = pins_.r.Sample();
  if (ar_.empty()) {
    Violate("r-early", "RVALID without a read");
    return;
  }
  OpenRead& read = ar_.front();
  const bool last = read.beats == read.burst.len;
  if (r.id != read.burst.id) Violate("r-id", fmt::format("{}, must be {}", r.id, read.burst.id));
  if (r.last != last) {
    Violate("r-last", fmt::format("beat {} of {}: RLAST is {}", read.beats + 1, read.burst.beats(),
                                  r.last ? 1 : 0));
  }
  if (r.resp == kExOkay) Violate("exokay", "in RRESP");
  if (!Moves(pins_.r)) return;
  ++read.beats;
  if (last) ar_.pop_front();
}

void ProtocolChecker::Observe() {
  for (Channel& c : channels_) Hold(c);
  // Answers before requests: an answer to a request of the same cycle comes too early.
  if (pins_.b.valid.Get() != 0) OnB();
  if (pins_.r.valid.Get() != 0) OnR();
  if (Moves(pins_.aw)) {
    aw_.push_back({pins_.aw.Sample()});
    Legal("AW", aw_.back().burst);
  }
  if (Moves(pins_.w)) w_beats_.push_back(pins_.w.Sample());
  MatchData();
  if (Moves(pins_.ar)) {
    ar_.push_back({pins_.ar.Sample()});
    Legal("AR", ar_.back().burst);
  }
}

void ProtocolChecker::ObserveInReset() {
  for (const Channel& c : channels_) {
    if (c.by_device && c.valid.Get() != 0) {
      Violate("reset", fmt::format("{}VALID is high in reset", c.name));
    }
  }
}

void ProtocolChecker::Reset() {
  aw_.clear();
  w_beats_.clear();
  ar_.clear();
  w_burst_ = 0;
  w_beat_ = 0;
  for (Channel& c : channels_) c.waiting = false;
}

}  // namespace actplane::tb::memory
