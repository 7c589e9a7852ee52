// SPDX-License-Identifier: Apache-2.0
// The memory path of the RTL between a master and DRAM: a tensor goes in as bursts of a page,
// several of them under way; every slot takes the time that the DRAM model gives it.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "memory/lite_master.h"
#include "memory/master.h"
#include "memory/memory_device.h"
#include "replay/device.h"
#include "replay/dram_memory.h"

namespace actplane::tb {

// The memory's side of AXI4: in order, ready for 32 bursts each way.
class DramSlave {
 public:
  DramSlave(const memory::AxiPins& pins, DramMemory& memory, uint64_t clock_ps)
      : p_(pins), memory_(memory), clock_ps_(clock_ps) {}

  void Drive();
  void Observe();
  bool wrong() const { return wrong_; }  // an address that is not in memory
  // Something is on its way from the DRAM: the device waits for that.
  bool works() const {
    return (!b_.empty() && b_.front() > now_) || (!r_.empty() && r_.front().due > now_);
  }

 private:
  static constexpr size_t kMostOpen = 32;
  struct Reading {
    std::vector<std::byte> data;
    uint64_t due = 0, beat = 0;
  };
  uint64_t InCycles(uint64_t dram_clock) const;
  uint64_t InClocks(uint64_t cycle) const;
  void Commit();  // the oldest write, when all of its beats are there

  memory::AxiPins p_;
  DramMemory& memory_;
  uint64_t clock_ps_;
  uint64_t now_ = 0;
  std::deque<memory::Burst> aw_;
  std::deque<memory::WriteBeat> w_;
  std::deque<uint64_t> b_;  // when they are due
  std::deque<Reading> r_;
  bool wrong_ = false;
};

class RtlDevice final : public MemoryDevice {
 public:
  // `memory` must outlive the device. clock_ps: of the device.
  RtlDevice(DramMemory& memory, uint64_t clock_ps, std::unique_ptr<memory::MemoryDevice> dut);

  Status SetRegions(std::span<const MemoryRegion> regions) override;
  Status Write(uint64_t address, std::span<const std::byte> bytes) override;
  Status Read(uint64_t address, std::span<std::byte> bytes) override;
  Status Fence() override;
  uint64_t cycles() const override { return end_; }
  DeviceCounters counters() const override { return counters_; }

 private:
  void Step();
  std::optional<uint32_t> Register(uint32_t address, std::optional<uint32_t> data);
  bool Hangs() const;
  Status Judge() const;  // what it has done so far
  Status Check(uint64_t address, uint64_t count) const;
  memory::Burst BurstOf(uint64_t address, uint64_t count);

  DramMemory& memory_;
  std::unique_ptr<memory::MemoryDevice> dut_;
  memory::AxiMaster master_;
  memory::LiteMaster lite_;
  DramSlave slave_;
  uint64_t bus_;  // bytes
  std::vector<MemoryRegion> regions_;
  std::optional<memory::LiteMaster::Result> answer_;
  std::deque<memory::ReadBeat> beats_;
  DeviceCounters counters_;
  uint64_t origin_ = 0, end_ = 0;
  uint64_t still_ = 0;  // cycles since the device has answered anything
  bool write_failed_ = false;
  uint32_t id_ = 0;
};

}  // namespace actplane::tb
