// SPDX-License-Identifier: Apache-2.0
#include "replay/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace actplane::tb {
namespace {

constexpr uint64_t kAlign = 64;

uint64_t RoundUp(uint64_t value, uint64_t unit) { return (value + unit - 1) / unit * unit; }

// First fit, in units that divide every size.
class Allocator {
 public:
  uint64_t Take(uint64_t size) {
    for (auto it = free_.begin(); it != free_.end(); ++it) {
      const auto [at, room] = *it;
      if (room < size) continue;
      free_.erase(it);
      if (room > size) free_[at + size] = room - size;
      return at;
    }
    // A hole at the end grows.
    uint64_t at = end_;
    if (!free_.empty() && free_.rbegin()->first + free_.rbegin()->second == end_) {
      at = free_.rbegin()->first;
      free_.erase(at);
    }
    end_ = at + size;
    return at;
  }

  void Give(uint64_t at, uint64_t size) {
    auto it = free_.emplace(at, size).first;
    if (const auto next = std::next(it);
        next != free_.end() && it->first + it->second == next->first) {
      it->second += next->second;
      free_.erase(next);
    }
    if (it != free_.begin()) {
      const auto before = std::prev(it);
      if (before->first + before->second == it->first) {
        before->second += it->second;
        free_.erase(it);
      }
    }
  }

  uint64_t end() const { return end_; }  // the most that was in use

 private:
  std::map<uint64_t, uint64_t> free_;  // from, size
  uint64_t end_ = 0;
};

}  // namespace

Result<Plan> MakePlan(const Trace& trace, Format plain_format, uint64_t bus_bytes,
                      const ConfigOfKind& config_of) {
  Plan plan;
  std::vector<size_t> places;  // region of a tensor, or `plain`
  const size_t plain = kMemoryRegions;
  std::vector<Config> configs;
  for (const TraceTensor& t : trace.tensors) {
    PlannedTensor p{.bytes = t.raw_bytes};
    if (t.activation()) {
      if (config_of) p.config = config_of(t.kind);
      p.format = p.config ? p.config->format : plain_format;
      p.bytes = t.raw_bytes / 4 * InfoOf(p.format).value_bytes;
    }
    size_t place = plain;
    if (p.config) {
      const auto it = std::find(configs.begin(), configs.end(), *p.config);
      place = static_cast<size_t>(it - configs.begin());
      if (it == configs.end()) configs.push_back(*p.config);
      if (configs.size() > kMemoryRegions) {
        return ConfigError(fmt::format(
            "the kinds of tensors have more than {} ratios, and the memory path has so many "
            "regions; give some the same ratio",
            kMemoryRegions));
      }
    }
    p.padded = RoundUp(p.bytes, p.config ? BlockBytes(*p.config) : kAlign);
    places.push_back(place);
    plan.tensors.push_back(p);
  }

  std::vector<Allocator> allocators(kMemoryRegions + 1);
  uint64_t held_values = 0, most_held_values = 0;
  for (const TraceStep& step : trace.steps) {
    PlannedTensor& p = plan.tensors[step.tensor];
    Allocator& a = allocators[places[step.tensor]];
    const bool value = trace.tensors[step.tensor].activation() && !p.config;
    if (step.access == TraceAccess::kWrite) {
      p.address = a.Take(p.padded);
      held_values += value ? p.padded : 0;
      most_held_values = std::max(most_held_values, held_values);
    } else if (step.access == TraceAccess::kRelease) {
      a.Give(p.address, p.padded);
      held_values -= value ? p.padded : 0;
    }
  }

  uint64_t memory = RoundUp(allocators[plain].end(), kPageBytes);
  plan.slots_from = memory;
  plan.held_bytes = most_held_values;
  uint64_t base = kRegionsFrom;
  for (size_t i = 0; i < configs.size(); ++i) {
    MemoryRegion r{.base = base,
                   .size = allocators[i].end(),
                   .slot_base = memory,
                   .stride = RoundUp(configs[i].slot_bytes, bus_bytes),
                   .config = configs[i]};
    const uint64_t slots = r.size / BlockBytes(r.config) * r.stride;
    base += RoundUp(r.size, kPageBytes);
    memory += RoundUp(slots, kPageBytes);
    plan.held_bytes += slots;
    plan.regions.push_back(r);
  }
  for (size_t i = 0; i < plan.tensors.size(); ++i) {
    if (places[i] != plain) plan.tensors[i].address += plan.regions[places[i]].base;
  }
  plan.memory_bytes = memory;
  return plan;
}

}  // namespace actplane::tb
