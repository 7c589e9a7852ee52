// SPDX-License-Identifier: Apache-2.0
#include "memory/coverage.h"

#include <fmt/format.h>

#include <algorithm>

namespace actplane::tb::memory {
namespace {

constexpr uint64_t kOften = 20, kSeldom = 5, kRare = 3;
using Names = std::vector<std::string>;

Names Cross(const std::vector<Names>& axes) {
  Names all = {""};
  for (const Names& axis : axes) {
    Names next;
    for (const std::string& left : all) {
      for (const std::string& right : axis)
        next.push_back(left.empty() ? right : left + "." + right);
    }
    all = next;
  }
  return all;
}

// Which part of its block a burst, or the beats of it in one block, can touch.
std::string Part(const Region& r, uint64_t low, uint64_t end) {
  const uint64_t block = (low - r.base) / r.block_bytes();
  const uint64_t start = r.base + block * r.block_bytes(), stop = start + r.BytesOf(block);
  if (end - 1 > stop - 1) return "several";
  if (low == start && end == stop) return "whole";
  if (low == start) return "first";
  return end == stop ? "last" : "middle";
}

}  // namespace

MemoryCoverage::MemoryCoverage() {
  Names stalls;
  for (const StallProfile p : kAllStallProfiles) stalls.emplace_back(ToString(p));
  const Names kinds = {"incr.full", "incr.narrow", "wrap.full", "wrap.narrow"};
  const Names parts = {"first", "middle", "last", "whole", "several"};
  Declare("cp_mem_write", Cross({kinds, parts}), kOften);
  Declare("cp_mem_read", Cross({kinds, parts, {"hit", "miss"}}), kSeldom);
  // Only the smallest block on the widest bus that it is tested with is less than sixteen narrow
  // beats.
  for (const char* bin : {"cp_mem_write/wrap.narrow.several", "cp_mem_read/wrap.narrow.several.hit",
                          "cp_mem_read/wrap.narrow.several.miss"}) {
    bins_.at(bin).goal = kRare;
  }
  Declare("cp_mem_stall",
          Cross({stalls, {"write.whole", "write.part", "read.hit", "read.miss", "bypass"}}),
          kSeldom);
  Declare("cp_mem_strobes", {"all", "some", "none"}, kOften);
  Declare("cp_mem_short_block", {"write.whole", "write.part", "read"}, kSeldom);
  Declare("cp_mem_close", {"whole", "another", "read", "timer"}, kOften);
  Declare("cp_mem_refused",
          Cross({{"write", "read"}, {"fixed", "type", "size", "page", "wrap", "hole"}}), kSeldom);
  Declare("cp_mem_error",
          {"slot_read", "malformed", "slot_write", "write.region", "read.region", "write.bypass",
           "read.bypass"},
          kSeldom);
  Declare("cp_mem_bypass",
          Cross({{"write", "read"},
                 {"incr.full", "incr.narrow", "wrap.full", "wrap.narrow", "fixed.full",
                  "fixed.narrow"}}),
          kSeldom);
  Declare("cp_mem_slot", {"one_burst", "across_a_page"}, kSeldom);
  Declare("cp_mem_lock", {"write", "read"}, kSeldom);
  Declare("cp_mem_region", {"on", "off", "off_in_traffic", "changed", "refused"}, kSeldom);
  Declare("cp_mem_reset", {"idle", "writes", "reads", "both"}, kSeldom);
  Declare("cp_mem_config", Cross({{"fp32", "fp16", "bf16"}, {"field", "significance"}}), kSeldom);
}

void MemoryCoverage::Declare(std::string_view group, const Names& bins, uint64_t goal) {
  for (const std::string& bin : bins) bins_[fmt::format("{}/{}", group, bin)] = {0, goal};
}

void MemoryCoverage::Hit(std::string_view group, std::string_view bin) {
  ++bins_.at(fmt::format("{}/{}", group, bin)).hits;
}

void MemoryCoverage::Connect(Events& events, const MemoryShape& shape, StallProfile stall) {
  bus_ = shape.bus_bytes();
  stall_ = ToString(stall);
  events.on_write = [this](const WriteTrack& w, uint8_t resp) { OnWrite(w, resp); };
  events.on_read = [this](const ReadTrack& r, Events::From from, uint8_t resp) {
    OnRead(r, from, resp);
  };
  events.on_slot = [this](Events::Close c, const BlockHistory::SlotResult&) {
    constexpr std::array kNames = {"whole", "another", "read", "timer"};
    Hit("cp_mem_close", kNames[static_cast<size_t>(c)]);
  };
  events.on_fill = [this](const SlotRead& r) {
    const uint64_t slot = r.region->SlotOf(r.block), end = slot + r.region->stride() - 1;
    Hit("cp_mem_slot", slot / kPageBytes == end / kPageBytes ? "one_burst" : "across_a_page");
    if (r.failed) Hit("cp_mem_error", "slot_read");
    if (!r.failed && !r.values) Hit("cp_mem_error", "malformed");
  };
  events.on_slot_answer = [this](const BlockHistory&, bool failed) {
    if (failed) Hit("cp_mem_error", "slot_write");
  };
}

void MemoryCoverage::SampleConfig(const Config& c) {
  Hit("cp_mem_config",
      fmt::format("{}.{}", actplane::ToString(c.format), actplane::ToString(c.order)));
}

std::string MemoryCoverage::Kind(const Burst& b) const {
  return fmt::format("{}.{}", TypeName(b.type), b.beat_bytes() == bus_ ? "full" : "narrow");
}

std::string MemoryCoverage::Refusal(const Burst& b, const char* direction) const {
  const char* why = "hole";
  if (b.type == kReservedType) {
    why = "type";
  } else if (b.beat_bytes() > bus_) {
    why = "size";
  } else if (b.type == kWrap && !WrapLength(b.beats())) {
    why = "wrap";
  } else if (IllegalBurst(b, bus_)) {
    why = "page";
  } else if (b.type == kFixed) {
    why = "fixed";
  }
  return fmt::format("{}.{}", direction, why);
}

void MemoryCoverage::OnWrite(const WriteTrack& write, uint8_t resp) {
  const Burst& b = write.burst;
  if (b.lock != 0) Hit("cp_mem_lock", "write");
  if (write.target.target == Target::kRefused) return Hit("cp_mem_refused", Refusal(b, "write"));
  if (write.target.target == Target::kBypass) {
    Hit("cp_mem_bypass", "write." + Kind(b));
    Hit("cp_mem_stall", stall_ + ".bypass");
    if (resp >= kSlvErr) Hit("cp_mem_error", "write.bypass");
    return;
  }
  const Region& r = *write.target.region;
  const std::string part = Part(r, LowestOf(b), EndOf(b));
  Hit("cp_mem_write", Kind(b) + "." + part);
  Hit("cp_mem_stall", stall_ + (part == "whole" ? ".write.whole" : ".write.part"));
  const uint64_t block = (LowestOf(b) - r.base) / r.block_bytes();
  if (r.BytesOf(block) != r.block_bytes()) {
    Hit("cp_mem_short_block", part == "whole" ? "write.whole" : "write.part");
  }
  if (resp >= kSlvErr) Hit("cp_mem_error", "write.region");
  uint64_t any = 0;
  bool all = true;
  for (uint32_t i = 0; i < write.beats.size(); ++i) {
    any |= write.beats[i].strb;
    all = all && write.beats[i].strb == PlaceOf(b, i, bus_).lanes();
  }
  Hit("cp_mem_strobes", any == 0 ? "none" : all ? "all" : "some");
}

void MemoryCoverage::OnRead(const ReadTrack& read, Events::From where, uint8_t resp) {
  const Burst& b = read.burst;
  if (b.lock != 0) Hit("cp_mem_lock", "read");
  if (read.target.target == Target::kRefused) return Hit("cp_mem_refused", Refusal(b, "read"));
  if (read.target.target == Target::kBypass) {
    Hit("cp_mem_bypass", "read." + Kind(b));
    Hit("cp_mem_stall", stall_ + ".bypass");
    if (resp >= kSlvErr) Hit("cp_mem_error", "read.bypass");
    return;
  }
  const Region& r = *read.target.region;
  if (where != Events::From::kEither) {
    const char* from = where == Events::From::kHit ? "hit" : "miss";
    if (read.beat == 0) {
      Hit("cp_mem_read", fmt::format("{}.{}.{}", Kind(b), Part(r, LowestOf(b), EndOf(b)), from));
    }
    Hit("cp_mem_stall", fmt::format("{}.read.{}", stall_, from));
  }
  if (r.BytesOf(*read.block) != r.block_bytes()) Hit("cp_mem_short_block", "read");
  if (resp >= kSlvErr) Hit("cp_mem_error", "read.region");
}

void MemoryCoverage::Add(const MemoryCoverage& other) {
  for (const auto& [name, bin] : other.bins_) bins_[name].hits += bin.hits;
}

size_t MemoryCoverage::reached() const {
  return static_cast<size_t>(std::count_if(
      bins_.begin(), bins_.end(), [](const auto& b) { return b.second.hits >= b.second.goal; }));
}

std::vector<std::string> MemoryCoverage::Missing() const {
  std::vector<std::string> all;
  for (const auto& [name, bin] : bins_) {
    if (bin.hits < bin.goal) all.push_back(fmt::format("{} ({} of {})", name, bin.hits, bin.goal));
  }
  return all;
}

std::string MemoryCoverage::Table() const {
  struct Row {
    uint64_t bins = 0, reached = 0, hits = 0;
    std::string missing;
  };
  std::map<std::string, Row> rows;
  for (const auto& [name, bin] : bins_) {
    const size_t slash = name.find('/');
    Row& row = rows[name.substr(0, slash)];
    ++row.bins;
    row.hits += bin.hits;
    if (bin.hits >= bin.goal) {
      ++row.reached;
    } else {
      row.missing += (row.missing.empty() ? "" : " ") + name.substr(slash + 1);
    }
  }
  std::string text =
      fmt::format("{:<20} {:>5} {:>8} {:>10}  {}\n", "group", "bins", "reached", "hits", "missing");
  for (const auto& [name, row] : rows) {
    text += fmt::format("{:<20} {:>5} {:>8} {:>10}  {}\n", name, row.bins, row.reached, row.hits,
                        row.missing);
  }
  return text;
}

}  // namespace actplane::tb::memory
