// SPDX-License-Identifier: Apache-2.0
// MemoryScoreboard: knows every byte behind the device, and what each burst may be answered with.
// Sees both sides as beats, in the order of time; knows nothing of the device's inside.
//
//   slots    BlockHistory                      bypass   beat by beat the same on both sides
//   reads    a block as it was read from the memory, with every write that was answered before
//   errors   exactly where the memory failed, a slot is malformed, or a burst is refused
//   memory   its bytes at the end are those that this scoreboard has written itself
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "memory/block_history.h"
#include "memory/byte_store.h"
#include "memory/memory_device.h"

namespace actplane::tb::memory {

using HistoryRef = std::shared_ptr<BlockHistory>;

// A write of the master, until its B.
struct WriteTrack {
  Burst burst;
  Decoded target;
  std::vector<WriteBeat> beats;
  uint64_t cycle = 0;
  struct Part {
    HistoryRef history;
    PieceRange all, solid;  // with strobes
  };
  std::vector<Part> parts;             // of a region
  std::optional<uint8_t> answer = {};  // of the memory, to a bypass
};
using WriteTrackRef = std::shared_ptr<WriteTrack>;

// A read of the master, until its last R.
struct ReadTrack {
  Burst burst;
  Decoded target;
  uint64_t cycle = 0;
  uint32_t beat = 0;
  std::optional<uint64_t> block = {};  // whose beats come now
  std::vector<SlotReadRef> candidates = {};
  std::deque<ReadBeat> bypassed = {};  // what the memory gave
};
using ReadTrackRef = std::shared_ptr<ReadTrack>;

// What happened, for coverage and counters.
struct Events {
  std::function<void(const WriteTrack&, uint8_t resp)> on_write = [](auto&, auto) {};
  // Of a block that is read: nothing was fetched for it since the burst came; it must have been;
  // or its bytes do not tell.
  enum class From : uint8_t { kHit, kMiss, kEither };
  // At the first beat of each block, or of a burst outside regions.
  std::function<void(const ReadTrack&, From, uint8_t resp)> on_read = [](auto&, auto, auto) {};
  enum class Close : uint8_t { kWhole, kAnother, kRead, kTimer };
  std::function<void(Close, const BlockHistory::SlotResult&)> on_slot = [](auto, auto&) {};
  // The memory has answered for a whole slot.
  std::function<void(const BlockHistory&, bool failed)> on_slot_answer = [](auto&, auto) {};
  std::function<void(const SlotRead&)> on_fill = [](auto&) {};
};

class MemoryScoreboard {
 public:
  MemoryScoreboard(const MemoryShape& shape, const MemoryPins& pins);

  void Observe(uint64_t cycle);  // at the sampling point
  // The device has been told, and has agreed.
  void Enable(uint32_t k, const Region& region) { table_.Enable(k, region); }
  void Disable(uint32_t k);
  void Reset();  // what is under way is lost; the memory keeps what it has answered
  // Bytes that somebody else wrote into the memory.
  void Backdoor(uint64_t addr, std::span<const std::byte> bytes) { bytes_.Write(addr, bytes); }
  void Finish(const ByteStore& memory);
  void Fail(std::string what);

  Events events;
  const RegionTable& table() const { return table_; }
  const ByteStore& bytes() const { return bytes_; }
  bool idle() const {
    return writes_.empty() && reads_.empty() && mem_writes_.empty() && mem_reads_.empty();
  }
  size_t writes_open() const { return writes_.size(); }
  size_t reads_open() const { return reads_.size(); }
  uint64_t reads_compared() const { return reads_compared_; }
  uint64_t writes_compared() const { return writes_compared_; }
  uint64_t slots_compared() const { return slots_compared_; }
  uint64_t mismatches() const { return mismatches_; }
  const std::string& first_failure() const { return first_failure_; }

 private:
  struct MemWrite {
    Burst burst;
    WriteTrackRef bypass;  // or a slot:
    HistoryRef history;
    uint32_t at = 0;    // bytes of the slot in front of this burst
    bool final = true;  // the slot ends in it
    std::vector<WriteBeat> beats = {};
    bool complete() const { return beats.size() == burst.beats(); }
  };
  struct MemRead {
    Burst burst;
    ReadTrackRef bypass;
    HistoryRef history;
    SlotReadRef read;
    bool final = true;
    uint32_t beats = 0;
  };
  struct SlotPlace {
    HistoryRef history;
    uint32_t at = 0;
    bool final = true;
  };
  HistoryRef History(const RegionRef& region, uint64_t block);
  // Slave side.
  void OnWriteAddress(const Burst& b);
  void MatchWriteData();
  void OnWriteBeat(WriteTrack& write, const WriteBeat& beat);
  void OnB(const WriteResponse& b);
  void OnReadAddress(const Burst& b);
  void OnR(const ReadBeat& r);
  void CompareRegionBeat(ReadTrack& read, const ReadBeat& r);
  void CompareLanes(const ReadTrack& read, const ReadBeat& got, const ReadBeat& want);
  // Memory side.
  std::optional<SlotPlace> Place(const Burst& b,
                                 std::optional<std::pair<uint64_t, SlotPlace>>& rest);
  bool Plain(const Burst& b);
  void OnMemoryWriteAddress(const Burst& b);
  void MatchMemoryData();
  void OnMemoryWrite(MemWrite& write);
  void OnMemoryBeat(const MemWrite& write, const WriteBeat& beat, uint32_t number);
  void OnMemoryB(const WriteResponse& b);
  void OnMemoryReadAddress(const Burst& b);
  uint64_t ValuesKnown(const Region& region);
  void OnMemoryR(const ReadBeat& r);

  MemoryShape shape_;
  MemoryPins pins_;
  uint32_t bus_;
  uint64_t cycle_ = 0;
  RegionTable table_;
  ByteStore bytes_;
  std::map<std::pair<const Region*, uint64_t>, HistoryRef> histories_;
  std::deque<WriteTrackRef> writes_,
      bypass_writes_;                 // the second: whose AW the memory has not seen
  std::deque<WriteBeat> early_data_;  // whose AW is still to come
  std::deque<WriteTrackRef> data_due_;
  std::deque<ReadTrackRef> reads_, bypass_reads_;
  std::deque<MemWrite> mem_writes_;
  size_t mem_data_ = 0;  // whose data come next
  std::deque<WriteBeat> mem_early_data_;
  std::deque<MemRead> mem_reads_;
  std::optional<std::pair<uint64_t, SlotPlace>> write_rest_, read_rest_;  // of a slot across a page
  SlotReadRef open_read_;
  Bytes slot_front_;            // of a slot across a page
  bool write_failed_ = false;   // the first part of a slot
  uint64_t values_end_ = 0;     // when the last slot that was read is values at the latest
  uint64_t region_writes_ = 0;  // beats into regions
  uint64_t last_block_base_ = 0;
  uint64_t reads_compared_ = 0, writes_compared_ = 0, slots_compared_ = 0, mismatches_ = 0;
  std::string first_failure_;
};

}  // namespace actplane::tb::memory
