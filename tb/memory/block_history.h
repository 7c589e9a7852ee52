// SPDX-License-Identifier: Apache-2.0
// BlockHistory: everything that happened to one block of a region, and what may follow from it.
//
// The device may gather any run of writes before it writes a slot, so the slot decides: it must be
// compress(old values, with a run of the writes over them), where the old values are those that the
// device has just read, decompressed. The run begins where the last one ended. Several ends may
// give the same slot; all of them stay possible. Writes that a failed read of the old block took
// with it are left out of every slot and answered with an error.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "memory/region.h"

namespace actplane::tb::memory {

// A beat of a write, as far as it lies in the block.
struct Piece {
  uint32_t offset = 0;
  Bytes data;
  std::vector<bool> mask;
  uint64_t cycle = 0;
  bool empty() const {
    for (const bool b : mask) {
      if (b) return false;
    }
    return true;
  }
};

// Numbers of pieces, [first, end).
struct PieceRange {
  uint64_t first = 0, end = 0;
  void Add(uint64_t piece) {
    if (end == 0) first = piece;
    end = piece + 1;
  }
};

// The device has read the slot of a block.
struct SlotRead {
  RegionRef region;
  uint64_t block = 0;
  Bytes slot;
  bool failed = false;          // the memory said so
  std::optional<Bytes> values;  // nothing: failed or malformed
  uint64_t start = 0, end = 0;  // cycles
  uint64_t known = 0;           // until when the device may not know yet that it failed
  uint64_t commits = 0;  // slot writes of the block that the memory had answered at its start
  uint64_t started = 0;  // slot writes that had begun
  bool done = false;
};
using SlotReadRef = std::shared_ptr<SlotRead>;

class BlockHistory {
 public:
  BlockHistory(RegionRef region, uint64_t block)
      : region_(std::move(region)), block_(block), bytes_(region_->BytesOf(block)) {}

  // A write beat. Returns its number.
  uint64_t Add(Piece piece);
  uint64_t added() const { return first_ + pieces_.size(); }

  struct SlotResult {
    std::string error;     // empty: it is right
    bool whole = false;    // it can be a block that was written whole
    bool partial = false;  // it can be one of which a part was written
  };
  // The first bytes of a slot that the device writes; `complete`: all of it.
  SlotResult OnSlot(std::span<const std::byte> slot, bool complete, uint64_t cycle);
  void OnCommit(bool failed);  // the memory's answer to the oldest slot without one

  SlotReadRef StartRead(uint64_t cycle);
  std::string EndRead(SlotRead& read, uint64_t cycle);  // an error, or nothing

  struct Verdict {
    std::string error;
    bool may_succeed = true, may_fail = false;
  };
  // A write of these pieces is answered; only those with strobes need a slot.
  Verdict OnAnswer(const PieceRange& all, const PieceRange& solid, bool failed, uint64_t cycle);

  // What a read that was taken in cycle `taken` may be given now.
  std::vector<SlotReadRef> Candidates(uint64_t taken) const;
  const RegionRef& region() const { return region_; }
  uint64_t block() const { return block_; }
  uint64_t last_piece_cycle() const { return last_piece_; }
  std::string Describe() const;  // the last runs, for a message
  // Whether pieces wait that are in no slot.
  bool Settled() const { return positions_.back() == added(); }

 private:
  struct Run {  // of pieces that went into a slot, or were lost
    uint64_t start_min = 0, start_max = 0, end_min = 0, end_max = 0;
    uint64_t number = 0;  // slot writes up to and with this
    bool done = false, failed = false;
    bool lossy = false;  // what is in front of start_max may be lost and not in it
    uint64_t cycle = 0;
  };
  const Bytes* Old() const;
  bool FailedSince(uint64_t cycle) const;
  bool MayBeLost(const Run& run, uint64_t first, uint64_t end) const;
  // Ends of runs from piece `start` on that give this slot.
  std::vector<uint64_t> Ends(uint64_t start, std::span<const std::byte> slot,
                             SlotResult* result) const;
  void Lose(uint64_t end);
  void Prune();

  RegionRef region_;
  uint64_t block_;
  uint32_t bytes_;
  std::deque<Piece> pieces_;
  uint64_t first_ = 0;                     // number of pieces_.front()
  std::vector<uint64_t> positions_ = {0};  // where the next run may begin
  std::deque<Run> runs_;
  uint64_t started_ = 0, commits_ = 0;
  uint64_t last_piece_ = 0;
  std::deque<SlotReadRef> reads_;
  std::deque<std::pair<uint64_t, uint64_t>> needed_;  // from which cycle on, so many commits
};

}  // namespace actplane::tb::memory
