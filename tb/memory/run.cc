// SPDX-License-Identifier: Apache-2.0
#include "memory/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "core/artifacts.h"
#include "core/rng.h"

namespace actplane::tb::memory {

const std::vector<NamedShape>& NamedShapes() {
  static const std::vector<NamedShape> kAll = {
      {"small", "32 values a block, 64 bits, all formats and orders", {}},
      {"latches",
       "64 values, 64 bits; blocks, slots, regions in latches; a bypass write in two cycles",
       {.block_len = 64}},
      {"quick",
       "as small, FP32 and BF16 in order significance: little to compile",
       {.formats = 5, .orders = 2, .depth = 12}},
      {"default",
       "128 values, 256 bits, all formats and orders",
       {.block_len = 128, .stream_width = 256}},
      {"field",
       "32 values, 256 bits, FP32 in order field, 2 regions",
       {.block_len = 32,
        .stream_width = 256,
        .formats = 1,
        .orders = 1,
        .addr_width = 32,
        .id_width = 4,
        .regions = 2,
        .read_buffers = 2}},
      {"wide",
       "256 values, 512 bits, 64-bit addresses, 16 regions",
       {.block_len = 256, .stream_width = 512, .addr_width = 64, .id_width = 16, .regions = 16}},
      {"one",
       "64 values, 128 bits, FP32 in order significance, one region, 1-bit IDs",
       {.block_len = 64,
        .stream_width = 128,
        .formats = 1,
        .orders = 2,
        .group_len = 4,
        .depth = 12,
        .addr_width = 32,
        .id_width = 1,
        .regions = 1,
        .read_buffers = 2}},
  };
  return kAll;
}

const MemoryShape* FindShape(std::string_view name) {
  for (const NamedShape& s : NamedShapes()) {
    if (s.name == name) return &s.shape;
  }
  return nullptr;
}

std::string MemoryRun::ReplayLine() const {
  std::string arguments =
      fmt::format("--device {} --config {} --sequence {} --seed {:#x} --bursts {} --stall {}",
                  device, config, sequence, seed, bursts, stall);
  if (error_rate != 0) arguments += fmt::format(" --error-rate {}", error_rate);
  return "REPLAY  actplane-memory-sim " + arguments;
}

Verdict RunMemory(const MemoryRun& run, MemoryCoverage* coverage, const BurstCallback& on_burst) {
  const auto execute = [&](const std::string& trace, uint64_t from, ItemLog* log, bool first) {
    const std::unique_ptr<MemoryDevice> device = MakeMemoryDevice(run, trace, from);
    const std::unique_ptr<MemorySequence> sequence =
        MakeMemorySequence(run.sequence, device->shape(), run.seed, run.bursts, run.error_rate);
    EnvOptions options;
    options.seed = run.seed;
    options.stall = *ParseStallProfile(run.stall);
    options.delay = static_cast<Delay>(Rng(run.seed, "delay").Below(3));
    options.error_rate = run.error_rate;
    options.watchdog_cycles = run.watchdog_cycles;
    MemoryEnv env(*device, *sequence, options, log, first ? coverage : nullptr,
                  first ? on_burst : BurstCallback());
    const Verdict v = env.Run();
    device->Finish();
    return v;
  };
  Verdict verdict = execute("", 0, nullptr, true);
  if (verdict.ok()) return verdict;

  constexpr uint64_t kCyclesBeforeFailure = 5000;
  const auto folder = AbsoluteFolder(run.artifacts, fmt::format("memory-{:x}", run.seed));
  std::error_code ignored;
  std::filesystem::create_directories(folder, ignored);
  ItemLog log;
  log.Enable();
  const uint64_t at = verdict.first_failure_cycle;
  const Verdict again =
      execute((folder / "wave.fst").string(),
              at > kCyclesBeforeFailure ? at - kCyclesBeforeFailure : 0, &log, false);
  if (again.first_failure != verdict.first_failure) {
    verdict.first_failure += fmt::format("  (NOT REPRODUCED: the rerun says {})",
                                         again.ok() ? "pass" : again.first_failure);
  }
  std::ofstream(folder / "items.log") << log.text();
  std::ofstream(folder / "replay.txt") << run.ReplayLine() << "\n" << verdict.first_failure << "\n";
  std::fputs(fmt::format("FAILED  {}: {}\n        see {}{}\n{}\n", ToString(verdict.outcome),
                         verdict.first_failure, folder.string(),
                         NoteOfWave((folder / "wave.fst").string()), run.ReplayLine())
                 .c_str(),
             stderr);
  return verdict;
}

SoakResult SoakMemory(MemoryRun run, uint64_t accesses, bool all_configs, MemoryCoverage& coverage,
                      const BurstCallback& on_burst) {
  SoakResult result;
  Rng rng(run.seed, "soak");
  run.bursts = std::clamp<uint64_t>(accesses / 1000, 200, 5000);  // a burst has about 20
  while (result.accesses < accesses) {
    for (const MemorySequenceInfo& sequence : MemorySequences()) {
      for (const StallProfile stall : kAllStallProfiles) {
        run.sequence = sequence.name;
        run.stall = ToString(stall);
        run.seed = rng.Next() >> 32;
        if (all_configs) {
          do {
            run.config = NamedShapes()[rng.Below(NamedShapes().size())].name;
          } while (MakeMemoryDevice(run, "", 0) == nullptr);
        }
        const Verdict v = RunMemory(run, &coverage, on_burst);
        ++result.runs;
        result.bursts += v.blocks;
        result.accesses += v.beats;
        result.slots += v.stages;
        result.cycles += v.cycles;
        result.resets += v.resets;
        if (v.ok() || result.failed++ != 0) continue;
        result.first = v;
        result.replay = run.ReplayLine();
      }
    }
  }
  return result;
}

}  // namespace actplane::tb::memory
