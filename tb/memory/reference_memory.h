// SPDX-License-Identifier: Apache-2.0
// ReferenceMemory: the memory path as a functional model behind the pins of the device. It gathers
// writes, reads and merges old blocks, keeps blocks that were read, drains before a region goes;
// its timing is its own. The bench runs on it as on the RTL, and proves on it that it can fail:
// a Fault makes it wrong in one way.
#pragma once

#include <deque>
#include <list>
#include <memory>
#include <optional>
#include <vector>

#include "core/rng.h"
#include "memory/reference_lite.h"
#include "memory/reference_ports.h"
#include "memory/reference_registers.h"

namespace actplane::tb::memory {

enum class Fault : uint8_t {
  kNone,
  kWrongSlotBit,    // one bit of a slot
  kWrongSlotPlace,  // a slot one stride further
  kLosesMerge,      // what a partial write leaves is +0 and not the old values
  kRecompresses,    // loss twice: old values are not those that the slot gives
  kLosesStrobes,    // writes every lane
  kEarlyB,          // B before the memory has answered
  kHidesErrors,     // OKAY for what failed
  kInventsErrors,   // SLVERR now and then
  kWrongWriteId,
  kWrongReadId,
  kStaleBuffer,  // a write leaves the buffers of readers as they are
  kWrongReadBit,
  kWrongReadBlock,  // gives the block that the buffer held before
  kTakesHoles,      // writes behind the end of a region go to the memory as they are
  kLeaksOnRefuse,   // a refused read gives data
  kBypassByte,      // a byte of a bypass write changes
  kBypassAttr,      // bypass loses its attributes
  kKeepsRegion,     // a disabled region goes on to be one
  kKeepsBuffers,    // buffers outlive their region
  kWritesOutside,   // a write that nobody asked for
  kDropsWrite,      // a block is answered and never written
  kSwapsB,          // B in another order
  kHangs,
  kBadRegion,  // enables what it must refuse
  kCounts,     // a counter runs ahead
  kCountsHits,
  kCountsRmw,
  kCountsReadBlocks,
  kCountsAhead,  // PREFETCHES
  kCountsBytes,  // WRITE_BYTES
  kCountsErrors,
  kLosesErrorBit,
  kWrongErrorAddr,
  kLastErrorAddr,  // not that of the first error
  kKeepsFailure,   // a slot that failed is found again for some time
  kKeepsLock,      // of a bypass burst
  kKeepsId,        // the same
  kStuckIrq,
};
inline constexpr int kFaults = static_cast<int>(Fault::kStuckIrq) + 1;

class ReferenceMemory : public MemoryDevice {
 public:
  ReferenceMemory(const MemoryShape& shape, uint64_t seed, Fault fault = Fault::kNone);

  const MemoryPins& pins() const override { return pins_; }
  const MemoryShape& shape() const override { return shape_; }
  void Step(const Sample& sample) override;
  void Reset(int cycles, const Sample& sample) override;
  void Settle() override {}
  uint64_t cycle() const override { return cycle_; }
  bool GotError() const override { return false; }
  void Finish() override {}

 private:
  // A write burst from its first beat to its B.
  struct Write {
    Burst burst;
    uint32_t beat = 0, open_blocks = 0;
    bool taken = false;
    uint8_t resp = kOkay;
    Decoded target;
  };
  using WriteRef = std::shared_ptr<Write>;
  struct Gather {
    RegionRef region;
    uint64_t block = 0;
    Bytes values;
    std::vector<bool> mask;
    std::vector<WriteRef> writers;
    uint32_t idle = 0;
    bool close = false;
    bool Whole() const;
  };
  using GatherRef = std::shared_ptr<Gather>;
  struct Fill {
    RegionRef region;
    uint64_t block = 0;
    Bytes slot;
    std::optional<Bytes> values;  // nothing: an error
    uint32_t bursts_left = 0;
    bool failed = false, done = false, keep = true;
    uint64_t end = 0;  // cycle
  };
  using FillRef = std::shared_ptr<Fill>;
  struct Issued {  // a burst of the memory side
    FillRef fill;  // or bypass
    Burst burst;
    uint32_t beats = 0;
  };
  struct Sent {
    GatherRef gather;  // or bypass
    WriteRef write;
    bool more = false;  // of the same slot
    bool failed = false;
  };

  void Edge();
  bool Later(uint32_t events);  // whether the fault is due
  void Count(reg::Counter c, Fault ahead);
  void Error(uint32_t bits, uint64_t addr);
  // Write path.
  void TakeWrites();
  void TakeRegionBeat(const WriteBeat& beat);
  void CloseGather();
  void WorkOnClosed();
  void SendSlot(const Gather& gather, Bytes slot);
  void TakeMemoryB();
  void GiveB();
  void Complete(const GatherRef& gather, bool failed);
  bool WritePathHas(const RegionRef& region, uint64_t block) const;
  // Read path.
  FillRef StartFill(const RegionRef& region, uint64_t block);
  void TakeMemoryR();
  void ServeReads();
  void ServeRegion(const Burst& burst, const RegionRef& region);
  void Prefetch();
  FillRef Buffered(const RegionRef& region, uint64_t block) const;
  void GiveR(ReadBeat beat);
  bool Idle() const;
  const RegionTable& Table();

  MemoryShape shape_;
  Fault fault_;
  Rng rng_;
  SideStorage s_, m_;
  LiteStorage lite_;
  uint8_t irq_ = 0;
  MemoryPins pins_;
  ReferenceRegisters registers_;
  ReferenceLite lite_edge_;
  RegionTable kept_;
  uint64_t cycle_ = 0;
  uint32_t fault_events_ = 0;

  std::deque<Burst> aw_, ar_, m_aw_, m_ar_;
  std::deque<WriteBeat> w_, m_w_;
  std::deque<WriteResponse> b_, m_b_;
  std::deque<ReadBeat> r_, m_r_;
  std::deque<WriteRef> writes_;     // until their B
  WriteRef open_write_;             // whose beats come
  GatherRef gather_, closed_;       // open; waits for its old block or for the memory
  FillRef old_;                     // of closed_
  std::deque<Sent> sent_;           // without the memory's B
  bool sent_failed_ = false;        // an earlier burst of the same slot
  std::deque<Issued> issued_;       // without the memory's last R
  std::list<FillRef> buffers_;      // youngest first
  std::optional<Decoded> reading_;  // of ar_.front()
  uint32_t read_beat_ = 0;
  uint64_t read_block_ = UINT64_MAX, last_block_ = UINT64_MAX;
  FillRef current_, previous_;  // whose beats are given
  RegionRef last_region_;
  uint32_t sequential_ = 0;
  FillRef prefetch_;
};

}  // namespace actplane::tb::memory
