// SPDX-License-Identifier: Apache-2.0
#include "replay/replay.h"

#include <fmt/format.h>

#include "actplane/fast.h"
#include "replay/bf16.h"

namespace actplane::tb {
namespace {

using Bytes = std::vector<std::byte>;

// What the software stash makes of a tensor.
struct Software {
  Bytes values;         // that come back, whole blocks in regions
  Bytes slots;          // empty where it is kept as it is
  bool looked = false;  // whether its slots in memory were compared
};

class Replayer {
 public:
  Replayer(io::Files& files, const Trace& trace, const ReplaySetting& setting, Plan plan)
      : files_(files),
        trace_(trace),
        setting_(setting),
        plan_(std::move(plan)),
        memory_(setting.dram, plan_.memory_bytes, plan_.slots_from),
        device_(setting.make_device ? setting.make_device(memory_)
                                    : std::make_unique<GoldenDevice>(memory_, setting.path)),
        held_(trace.tensors.size()) {}

  Result<ReplayResult> Run() {
    if (Status s = device_->SetRegions(plan_.regions); !s.ok()) return s;
    std::optional<TraceAccess> last;
    for (const TraceStep& step : trace_.steps) {
      if (step.access == TraceAccess::kRelease) {
        held_[step.tensor] = {};
        continue;
      }
      // A program that changes direction has waited for what it wants back.
      if (last && *last != step.access) {
        if (Status s = device_->Fence(); !s.ok()) return s;
        if (result_.forward_cycles == 0) result_.forward_cycles = device_->cycles();
      }
      last = step.access;
      const Status s = step.access == TraceAccess::kWrite ? Write(step.tensor) : Read(step.tensor);
      if (!s.ok()) return s;
    }
    if (Status s = device_->Fence(); !s.ok()) return s;
    Finish();
    return std::move(result_);
  }

 private:
  Status Write(size_t number) {
    const TraceTensor& t = trace_.tensors[number];
    const PlannedTensor& p = plan_.tensors[number];
    Result<Bytes> content = ReadTraceFile(files_, trace_, t.file, t.raw_bytes);
    if (!content.ok()) return content.status();
    Bytes values =
        t.activation() && p.format == Format::kBf16 ? ToBf16(*content) : std::move(*content);
    Software& s = held_[number];
    if (p.config) {
      if (Status status = Stash(number, values, s); !status.ok()) return status;
      values.resize(p.padded);  // +0 up to whole blocks, as the format has it
      Count(p);
    } else {
      s.values = values;
    }
    return device_->Write(p.address, values);
  }

  Status Read(size_t number) {
    const TraceTensor& t = trace_.tensors[number];
    const PlannedTensor& p = plan_.tensors[number];
    Software& s = held_[number];
    if (p.config) {
      if (!s.looked) LookAtSlots(number, s);
      s.looked = true;
      Count(p);
    }
    Bytes values(p.config ? p.padded : p.bytes);
    if (Status status = device_->Read(p.address, values); !status.ok()) return status;
    values.resize(p.bytes);
    Compare(result_.values, values, s.values, t.name + ", values that came back");
    return OkStatus();
  }

  // The software stash: the fast path, which actplane-train calls. Where the trace was captured
  // with the same configuration it must agree with the files of the trace.
  Status Stash(size_t number, const Bytes& values, Software& s) {
    const TraceTensor& t = trace_.tensors[number];
    const Config& config = *plan_.tensors[number].config;
    s.slots.resize(fast::SlotsBytes(config, values.size()));
    if (Status st = fast::CompressBlocks(values, config, s.slots); !st.ok()) return st;
    s.values.resize(values.size());
    if (Status st = fast::DecompressBlocks(s.slots, config, s.values); !st.ok()) return st;
    if (!setting_.captured || setting_.captured->Of(t.kind) != config) return OkStatus();
    const Result<Bytes> stored = ReadTraceFile(files_, trace_, t.stored, s.slots.size());
    if (!stored.ok()) return stored.status();
    Compare(result_.trace_slots, s.slots, *stored, t.name + ", stored slots of the trace");
    if (t.returned.empty()) return OkStatus();
    const Result<Bytes> returned = ReadTraceFile(files_, trace_, t.returned, t.raw_bytes);
    if (!returned.ok()) return returned.status();
    Compare(result_.trace_returned, config.format == Format::kBf16 ? FromBf16(s.values) : s.values,
            *returned, t.name + ", returned values of the trace");
    return OkStatus();
  }

  void LookAtSlots(size_t number, const Software& s) {
    const PlannedTensor& p = plan_.tensors[number];
    const uint64_t size = p.config->slot_bytes;
    const auto region = std::find_if(plan_.regions.begin(), plan_.regions.end(),
                                     [&](const MemoryRegion& r) { return r.Holds(p.address); });
    Bytes there;
    for (uint64_t at = 0; at < p.padded; at += BlockBytes(*p.config)) {
      const auto slot = memory_.Look(region->SlotAddress(p.address + at), size);
      there.insert(there.end(), slot.begin(), slot.end());
    }
    Compare(result_.slots, there, s.slots, trace_.tensors[number].name + ", slots in memory");
  }

  void Compare(Compared& c, const Bytes& is, const Bytes& should, const std::string& what) {
    ++c.tensors;
    c.bytes += should.size();
    if (is == should) return;
    uint64_t wrong = 0;
    size_t first = 0;
    for (size_t i = 0; i < std::min(is.size(), should.size()); ++i) {
      if (is[i] != should[i] && wrong++ == 0) first = i;
    }
    c.wrong += wrong;
    if (result_.first_wrong.empty()) {
      result_.first_wrong = fmt::format("{}: {} of {} bytes are wrong, the first is byte {}", what,
                                        wrong, should.size(), first);
    }
  }

  // One way of a tensor in a region.
  void Count(const PlannedTensor& p) {
    const uint64_t blocks = p.padded / BlockBytes(*p.config);
    const uint64_t burst = setting_.dram.BurstBytes();
    result_.payload_bytes += p.bytes;
    result_.slot_bytes += blocks * p.config->slot_bytes;
    result_.rounded_bytes += blocks * ((p.config->slot_bytes + burst - 1) / burst) * burst;
  }

  void Finish() {
    ReplayResult& r = result_;
    const DramConfig& dram = setting_.dram;
    r.footprint_bytes = plan_.memory_bytes;
    r.held_bytes = plan_.held_bytes;
    r.dram = memory_.dram().statistics();
    r.device = device_->counters();
    r.dram_bytes = r.dram.bursts * dram.BurstBytes();
    r.slot_dram_bytes = memory_.slot_bursts() * dram.BurstBytes();
    r.cycles = device_->cycles();
    r.seconds = static_cast<double>(r.cycles * setting_.path.clock_ps) * 1e-12;
    const double clocks = r.seconds * 1e12 / static_cast<double>(dram.clock_ps);
    if (clocks > 0) {
      r.busy = static_cast<double>(r.dram.busy) / (clocks * static_cast<double>(dram.channels));
    }
  }

  io::Files& files_;
  const Trace& trace_;
  const ReplaySetting& setting_;
  Plan plan_;
  DramMemory memory_;
  std::unique_ptr<MemoryDevice> device_;
  std::vector<Software> held_;
  ReplayResult result_;
};

}  // namespace

Result<ReplayResult> Replay(io::Files& files, const Trace& trace, const ReplaySetting& setting) {
  Result<Plan> plan =
      MakePlan(trace, setting.plain_format, setting.path.bus_bytes, setting.config_of);
  if (!plan.ok()) return plan.status();
  if (plan->memory_bytes > setting.dram.Bytes()) {
    return ConfigError(fmt::format("the step needs {} bytes, {} has {}; choose a larger memory",
                                   plan->memory_bytes, setting.dram.name, setting.dram.Bytes()));
  }
  return Replayer(files, trace, setting, std::move(*plan)).Run();
}

}  // namespace actplane::tb
