// SPDX-License-Identifier: Apache-2.0
#include "memory/block_history.h"

#include <fmt/format.h>

#include <algorithm>

namespace actplane::tb::memory {
namespace {

constexpr size_t kReadsKept = 64, kRunsKept = 64;

}  // namespace

uint64_t BlockHistory::Add(Piece piece) {
  last_piece_ = piece.cycle;
  pieces_.push_back(std::move(piece));
  return added() - 1;
}

// The old values are those of the last read, if no slot was written since, and none was on its way.
const Bytes* BlockHistory::Old() const {
  for (auto r = reads_.rbegin(); r != reads_.rend(); ++r) {
    const SlotRead& read = **r;
    if (read.done && read.values) {
      return read.commits == started_ ? &*read.values : nullptr;
    }
  }
  return nullptr;
}

bool BlockHistory::FailedSince(uint64_t cycle) const {
  return std::any_of(reads_.begin(), reads_.end(), [&](const SlotReadRef& r) {
    return r->done && !r->values && r->end >= cycle;
  });
}

// Pieces that make no difference to a slot may be in it, or lost in front of it or behind it.
bool BlockHistory::MayBeLost(const Run& run, uint64_t first, uint64_t end) const {
  if (run.lossy && first < run.start_max && end > run.start_min) return true;
  return run.end_min < end && run.end_max > std::max(first, run.end_min) && FailedSince(run.cycle);
}

std::vector<uint64_t> BlockHistory::Ends(uint64_t start, std::span<const std::byte> slot,
                                         SlotResult* result) const {
  std::vector<uint64_t> ends;
  const Bytes* old = Old();
  Bytes values = old != nullptr ? *old : Bytes(bytes_);
  std::vector<bool> covered(bytes_);
  size_t left = bytes_;
  bool matches = false, fresh = false;
  for (uint64_t i = start; i < added(); ++i) {
    const Piece& piece = pieces_[i - first_];
    for (size_t b = 0; b < piece.data.size(); ++b) {
      if (!piece.mask[b]) continue;
      values[piece.offset + b] = piece.data[b];
      if (!covered[piece.offset + b]) --left;
      covered[piece.offset + b] = true;
      fresh = false;
    }
    if (left != 0 && old == nullptr) continue;
    if (!fresh) {
      const Bytes expected = region_->Compress(values);
      matches = std::equal(slot.begin(), slot.end(), expected.begin());
      fresh = true;
    }
    if (matches) {
      ends.push_back(i + 1);
      (left == 0 ? result->whole : result->partial) = true;
    }
    if (left == 0) break;  // a whole block is closed at once
  }
  return ends;
}

BlockHistory::SlotResult BlockHistory::OnSlot(std::span<const std::byte> slot, bool complete,
                                              uint64_t cycle) {
  SlotResult result;
  for (const SlotReadRef& r : reads_) {
    if (!r->done) {
      result.error = fmt::format("block {}: its slot is written while it is read", block_);
      return result;
    }
  }
  std::vector<uint64_t> starts, ends;
  const auto take = [&](uint64_t start) {
    const std::vector<uint64_t> found = Ends(start, slot, &result);
    if (found.empty()) return;
    starts.push_back(start);
    ends.insert(ends.end(), found.begin(), found.end());
  };
  for (const uint64_t start : positions_) take(start);
  const uint64_t next = positions_.back();
  // Beats without a strobe may have been dropped before: they are in no slot.
  for (uint64_t at = next; at + 1 < added() && pieces_[at - first_].empty(); ++at) take(at + 1);
  const bool kept = !ends.empty();
  bool lossy = false;
  if (next < added() && FailedSince(pieces_[next - first_].cycle)) {  // some may be lost
    const size_t before = starts.size();
    for (uint64_t lost = next + 1; lost < added(); ++lost) take(lost);
    lossy = starts.size() > before;
  }
  if (ends.empty()) {
    result.error = fmt::format(
        "block {} at {:#x}: the slot is not what the model gives: {} beats wait, old values {}",
        block_, region_->base + block_ * region_->block_bytes(), added() - positions_.front(),
        Old() != nullptr ? "read" : "not read");
    return result;
  }
  if (!complete) return result;
  std::sort(starts.begin(), starts.end());
  if (!kept) Lose(starts.front());
  std::sort(ends.begin(), ends.end());
  ends.erase(std::unique(ends.begin(), ends.end()), ends.end());
  runs_.push_back({starts.front(), starts.back(), ends.front(), ends.back(), ++started_, false,
                   false, lossy, cycle});
  positions_ = ends;
  Prune();
  return result;
}

void BlockHistory::Lose(uint64_t end) {
  runs_.push_back(
      {positions_.front(), positions_.back(), end, end, started_, true, true, false, 0});
  positions_ = {end};
}

void BlockHistory::OnCommit(bool failed) {
  ++commits_;
  for (Run& run : runs_) {
    if (run.done) continue;
    run.done = true;
    run.failed = failed;
    return;
  }
}

SlotReadRef BlockHistory::StartRead(uint64_t cycle) {
  auto read = std::make_shared<SlotRead>();
  read->region = region_;
  read->block = block_;
  read->start = cycle;
  read->commits = commits_;
  read->started = started_;
  reads_.push_back(read);
  if (reads_.size() > kReadsKept) reads_.pop_front();
  return read;
}

std::string BlockHistory::EndRead(SlotRead& read, uint64_t cycle) {
  read.done = true;
  read.end = cycle;
  read.slot.resize(region_->config.slot_bytes);
  if (!read.failed) read.values = region_->Decompress(read.slot, bytes_);
  if (read.commits != read.started) {
    return fmt::format("block {}: its slot is read while it is written", block_);
  }
  return {};
}

BlockHistory::Verdict BlockHistory::OnAnswer(const PieceRange& all, const PieceRange& solid,
                                             bool failed, uint64_t cycle) {
  const uint64_t first = all.first, end = all.end;
  Verdict verdict;
  const uint64_t next = positions_.back(), front = positions_.front();
  verdict.may_fail = std::any_of(runs_.begin(), runs_.end(), [&](const Run& run) {
    return (run.failed && run.start_min < end && run.end_max > first) || MayBeLost(run, first, end);
  });
  if (failed && !verdict.may_fail && front < end &&
      FailedSince(pieces_[std::max(first, front) - first_].cycle)) {
    Lose(end);
    verdict.may_fail = true;
  } else if (end > next) {
    const auto begin = pieces_.begin() + static_cast<std::ptrdiff_t>(next - first_);
    const auto stop = pieces_.begin() + static_cast<std::ptrdiff_t>(end - first_);
    if (std::all_of(begin, stop, [](const Piece& p) { return p.empty(); })) {
      positions_ = {end};
    } else if (failed && FailedSince(pieces_[std::max(first, next) - first_].cycle)) {
      Lose(end);
      verdict.may_fail = true;
    } else {
      verdict.error = fmt::format("block {}: answered, but no slot has the bytes", block_);
      return verdict;
    }
  } else {
    std::erase_if(positions_, [&](uint64_t p) { return p < end; });
  }
  uint64_t number = 0;
  for (const Run& run : runs_) {
    if (run.start_min >= solid.end || run.end_max <= solid.first) continue;
    number = std::max(number, run.number);
    const bool certain = run.start_max < solid.end && run.end_min > solid.first;
    if (certain && !run.done) {
      verdict.error = fmt::format("block {}: answered before the memory has", block_);
      return verdict;
    }
    if (run.failed && certain) verdict.may_succeed = false;
    if (run.end_max >= solid.end) break;  // the first that can have all of it
  }
  needed_.emplace_back(cycle, number);
  if (needed_.size() > 2 * kRunsKept) needed_.pop_front();
  Prune();
  return verdict;
}

std::vector<SlotReadRef> BlockHistory::Candidates(uint64_t taken) const {
  uint64_t least = 0;
  for (const auto& [cycle, number] : needed_) {
    if (cycle < taken) least = std::max(least, number);
  }
  std::vector<SlotReadRef> all;
  for (const SlotReadRef& r : reads_) {
    if (!r->done || r->commits < least) continue;
    // The access after one that failed works.
    if (r->values || taken <= r->known) all.push_back(r);
  }
  return all;
}

std::string BlockHistory::Describe() const {
  std::string text = fmt::format("block {}: {} beats, in slots up to {}..{};", block_, added(),
                                 positions_.front(), positions_.back());
  for (size_t i = runs_.size() < 12 ? 0 : runs_.size() - 12; i < runs_.size(); ++i) {
    const Run& r = runs_[i];
    text += fmt::format(" [{}..{}, {}..{}){}{}", r.start_min, r.start_max, r.end_min, r.end_max,
                        r.done ? "" : " open", r.failed ? " failed" : "");
  }
  for (size_t i = reads_.size() < 4 ? 0 : reads_.size() - 4; i < reads_.size(); ++i) {
    const SlotRead& r = *reads_[i];
    text += fmt::format(" read {}-{}{}", r.start, r.end,
                        !r.done    ? " open"
                        : r.values ? ""
                        : r.failed ? " failed"
                                   : " malformed");
  }
  return text;
}

void BlockHistory::Prune() {
  while (first_ < positions_.front()) {
    pieces_.pop_front();
    ++first_;
  }
  while (runs_.size() > kRunsKept) runs_.pop_front();
}

}  // namespace actplane::tb::memory
