// SPDX-License-Identifier: Apache-2.0
#include "replay/rtl_device.h"

#include <fmt/format.h>

#include <algorithm>

#include "memory/registers.h"

namespace actplane::tb {

namespace {
constexpr uint64_t kStuckCycles = 100000;  // without an answer
constexpr uint64_t kPage = memory::kPageBytes;
}  // namespace

// ---- DRAM

uint64_t DramSlave::InCycles(uint64_t dram_clock) const {
  return (dram_clock * memory_.dram().config().clock_ps + clock_ps_ - 1) / clock_ps_;
}
uint64_t DramSlave::InClocks(uint64_t cycle) const {
  const uint64_t clock = memory_.dram().config().clock_ps;
  return (cycle * clock_ps_ + clock - 1) / clock;
}

void DramSlave::Drive() {
  p_.aw.ready.Set(aw_.size() + b_.size() < kMostOpen ? 1 : 0);
  p_.w.ready.Set(1);
  p_.ar.ready.Set(r_.size() < kMostOpen ? 1 : 0);
  p_.b.valid.Set(!b_.empty() && b_.front() <= now_ ? 1 : 0);
  p_.b.Show({});
  const bool beat = !r_.empty() && r_.front().due <= now_;
  p_.r.valid.Set(beat ? 1 : 0);
  if (!beat) return;
  const Reading& r = r_.front();
  const size_t bus = p_.r.data.bytes().size();
  memory::ReadBeat b;
  std::copy_n(r.data.begin() + static_cast<ptrdiff_t>(r.beat * bus), bus, b.data.begin());
  b.last = (r.beat + 1) * bus == r.data.size();
  p_.r.Show(b);
}

void DramSlave::Observe() {
  const uint64_t bus = p_.r.data.bytes().size();
  if (memory::Moves(p_.b)) b_.pop_front();
  if (memory::Moves(p_.r)) {
    Reading& r = r_.front();
    if (++r.beat * bus == r.data.size()) r_.pop_front();
  }
  if (memory::Moves(p_.ar)) {
    const memory::Burst burst = p_.ar.Sample();
    Reading r{.data = std::vector<std::byte>(burst.beats() * bus)};
    if (memory_.Holds(burst.addr, r.data.size())) {
      r.due = InCycles(memory_.Read(burst.addr, r.data, InClocks(now_)));
    } else {
      wrong_ = true;
    }
    r_.push_back(std::move(r));
  }
  if (memory::Moves(p_.aw)) aw_.push_back(p_.aw.Sample());
  if (memory::Moves(p_.w)) w_.push_back(p_.w.Sample());
  Commit();
  ++now_;
}

// What a burst writes is one run of bytes: whole words, and the last one as far as the slot goes.
void DramSlave::Commit() {
  if (aw_.empty() || w_.size() < aw_.front().beats()) return;
  const memory::Burst burst = aw_.front();
  const uint64_t bus = p_.w.data.bytes().size();
  std::vector<std::byte> data;
  for (uint32_t i = 0; i < burst.beats(); ++i) {
    const memory::WriteBeat& beat = w_.front();
    for (uint64_t lane = 0; lane < bus && (beat.strb >> lane & 1) != 0; ++lane) {
      data.push_back(beat.data.at(lane));
    }
    w_.pop_front();
  }
  aw_.pop_front();
  uint64_t due = now_;
  if (memory_.Holds(burst.addr, data.size())) {
    due = InCycles(memory_.Write(burst.addr, data, InClocks(now_)));
  } else {
    wrong_ = true;
  }
  b_.push_back(due);
}

// ---- the device

RtlDevice::RtlDevice(DramMemory& memory, uint64_t clock_ps,
                     std::unique_ptr<memory::MemoryDevice> dut)
    : memory_(memory),
      dut_(std::move(dut)),
      master_(dut_->pins().s, StallProfile::kNone, Rng(1, "replay")),
      lite_(dut_->pins().lite, Rng(1, "registers")),
      slave_(dut_->pins().m, memory, clock_ps),
      bus_(dut_->shape().bus_bytes()) {
  master_.DriveInReset();
  lite_.DriveInReset();
  slave_.Drive();
  dut_->Reset(2, [] {});
}

void RtlDevice::Step() {
  bool moved = false;
  master_.Drive();
  lite_.Drive();
  slave_.Drive();
  dut_->Step([&] {
    const memory::ResponsePins& b = dut_->pins().s.b;
    if (memory::Moves(b) && b.resp.Get() != memory::kOkay) write_failed_ = true;
    master_.Observe();
    if (auto answer = lite_.Observe()) {
      answer_ = answer;
      moved = true;
    }
    slave_.Observe();
  });
  for (memory::ReadBeat& beat : master_.TakeReadBeats()) beats_.push_back(beat);
  moved = moved || master_.moved() || slave_.works();
  if (!Hangs()) still_ = moved ? 0 : still_ + 1;
}

// For good: a device that once did goes on with nothing.
bool RtlDevice::Hangs() const { return still_ >= kStuckCycles; }

Status RtlDevice::Judge() const {
  if (dut_->GotError()) return MismatchError("an assertion of the RTL fired");
  if (slave_.wrong()) return MismatchError("the device leaves the memory");
  if (write_failed_) return MismatchError("the device answers a write with an error");
  if (!lite_.violations().empty()) return MismatchError(lite_.violations().front());
  if (Hangs()) {
    return MismatchError(fmt::format("the device hangs: nothing for {} cycles", kStuckCycles));
  }
  return OkStatus();
}

// Nothing: the device refuses, or does not answer.
std::optional<uint32_t> RtlDevice::Register(uint32_t address, std::optional<uint32_t> data) {
  lite_.Give({.write = data.has_value(), .addr = address, .data = data.value_or(0)});
  answer_.reset();
  while (!answer_ && !Hangs()) Step();
  if (!answer_ || answer_->error) return std::nullopt;
  return answer_->data;
}

Status RtlDevice::SetRegions(std::span<const MemoryRegion> regions) {
  if (Status s = Fence(); !s.ok()) return s;
  const memory::MemoryShape& shape = dut_->shape();
  if (regions.size() > shape.regions) {
    return ConfigError(
        fmt::format("{} regions, and the device has {}", regions.size(), shape.regions));
  }
  for (uint32_t k = 0; k < shape.regions; ++k) {
    const uint32_t control = memory::reg::OfRegion(k, memory::reg::kControl);
    bool ok = Register(control, 0).has_value();
    if (k < regions.size()) {
      const MemoryRegion& r = regions[k];
      if (r.config.block_len != shape.block_len ||
          (r.config.order == Order::kSignificance && r.config.group_len != shape.group_len)) {
        return ConfigError(
            fmt::format("the RTL is built for blocks of {} and groups of {}; give "
                        "--block {} --group {}",
                        shape.block_len, shape.group_len, shape.block_len, shape.group_len));
      }
      const memory::Region region{.base = r.base,
                                  .size = r.size,
                                  .slots = r.slot_base,
                                  .config = r.config,
                                  .bus_bytes = shape.bus_bytes()};
      for (const auto& [address, data] : memory::RegionWrites(k, region)) {
        ok = Register(address, data).has_value() && ok;
      }
      ok = Register(control, 1).has_value() && ok;
    }
    if (Status s = Judge(); !s.ok()) return s;
    if (!ok) return ConfigError(fmt::format("the device refuses region {}", k));
  }
  regions_.assign(regions.begin(), regions.end());
  origin_ = dut_->cycle();
  return OkStatus();
}

Status RtlDevice::Check(uint64_t address, uint64_t count) const {
  for (const MemoryRegion& r : regions_) {
    if (r.Holds(address) && count <= r.base + r.size - address) return OkStatus();
  }
  if (address % bus_ == 0 && memory_.Holds(address, count)) return OkStatus();
  return ConfigError(fmt::format(
      "{} bytes at {:#x} are in no region and no memory; stay inside one", count, address));
}

// As many whole words as there are before the end of the page.
memory::Burst RtlDevice::BurstOf(uint64_t address, uint64_t count) {
  const uint64_t bytes = std::min(count, kPage - address % kPage);
  const uint64_t beats = (bytes + bus_ - 1) / bus_;
  uint8_t size = 0;
  while ((uint64_t{1} << size) < bus_) ++size;
  return {.addr = address,
          .id = id_++ % 4,
          .len = static_cast<uint8_t>(beats - 1),
          .size = size,
          .cache = 3};
}

Status RtlDevice::Write(uint64_t address, std::span<const std::byte> bytes) {
  if (Status s = Check(address, bytes.size()); !s.ok()) return s;
  while (!bytes.empty()) {
    memory::WriteOp op{.burst = BurstOf(address, bytes.size()), .beats = {}};
    for (uint32_t i = 0; i < op.burst.beats(); ++i) {
      const uint64_t count = std::min<uint64_t>(bus_, bytes.size());
      memory::WriteBeat beat;
      std::copy_n(bytes.begin(), count, beat.data.begin());
      beat.strb = count >= 64 ? ~uint64_t{0} : (uint64_t{1} << count) - 1;
      beat.last = i + 1 == op.burst.beats();
      op.beats.push_back(beat);
      bytes = bytes.subspan(count);
      address += count;
    }
    while (!master_.Room() && !Hangs()) Step();
    if (Status s = Judge(); !s.ok()) return s;
    master_.Give(op);
  }
  return OkStatus();
}

Status RtlDevice::Read(uint64_t address, std::span<std::byte> bytes) {
  if (Status s = Check(address, bytes.size()); !s.ok()) return s;
  uint64_t asked = 0, have = 0;
  while (have < bytes.size()) {
    while (asked < bytes.size() && master_.Room()) {
      const memory::Burst burst = BurstOf(address + asked, bytes.size() - asked);
      asked += std::min<uint64_t>(burst.beats() * bus_, bytes.size() - asked);
      master_.Give(memory::ReadOp{burst});
    }
    Step();
    for (; !beats_.empty() && have < bytes.size(); beats_.pop_front()) {
      const memory::ReadBeat& beat = beats_.front();
      if (beat.resp != memory::kOkay)
        return MismatchError("the device answers a read with an error");
      const uint64_t count = std::min<uint64_t>(bus_, bytes.size() - have);
      std::copy_n(beat.data.begin(), count, bytes.begin() + static_cast<ptrdiff_t>(have));
      have += count;
    }
    if (Status s = Judge(); !s.ok()) return s;
  }
  return OkStatus();
}

Status RtlDevice::Fence() {
  while (!master_.idle() && !Hangs()) Step();
  end_ = dut_->cycle() - origin_;
  bool read = true;
  const auto count = [&](uint32_t counter) {
    const auto value = Register(memory::reg::kCounters + 4 * counter, std::nullopt);
    read = read && value;
    return uint64_t{value.value_or(0)};
  };
  counters_.blocks_written = count(memory::reg::kWriteBlocks);
  counters_.read_modify_writes = count(memory::reg::kRmw);
  counters_.blocks_read = count(memory::reg::kReadBlocks);
  counters_.buffer_hits = count(memory::reg::kHits);
  counters_.malformed = count(memory::reg::kMalformed);
  origin_ += dut_->cycle() - origin_ - end_;  // what the registers took
  if (Status s = Judge(); !s.ok()) return s;
  return read ? OkStatus() : MismatchError("the device refuses to read a counter");
}

}  // namespace actplane::tb
