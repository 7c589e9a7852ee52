// SPDX-License-Identifier: Apache-2.0
// What a failed run leaves behind, without being asked: build/artifacts/<test>-<seed>/ with
// wave.fst, wave.fst.gtkw for GTKWave, items.log and replay.txt, and the line to start it again.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

#include "core/log.h"
#include "core/run_config.h"
#include "core/verdict.h"

namespace actplane::tb {

// How one execution of a run differs from another of the same RunConfig: not in what happens.
struct Execution {
  std::string trace_file;  // FST; empty: none
  uint64_t trace_from_cycle = 0;
  ItemLog* log = nullptr;
};

// Of the artifacts of a run; whoever reads of it need not know where the program was started.
inline std::filesystem::path AbsoluteFolder(const std::string& artifacts, const std::string& run) {
  std::error_code error;
  const std::filesystem::path relative = std::filesystem::path(artifacts) / run;
  const std::filesystem::path folder = std::filesystem::absolute(relative, error);
  return error ? relative : folder.lexically_normal();
}

class Artifacts {
 public:
  explicit Artifacts(const RunConfig& run)
      : folder_(AbsoluteFolder(run.artifacts, fmt::format("{}-{:x}", run.test, run.seed))) {
    std::error_code ignored;
    std::filesystem::create_directories(folder_, ignored);
    Write("replay.txt", run.ReplayLine() + "\n");
  }
  std::string Path(const std::string& name) const { return (folder_ / name).string(); }
  void Write(const std::string& name, const std::string& text) {
    std::ofstream out(folder_ / name);
    out << text;
    out.close();
    writable_ = writable_ && out.good();
  }
  bool writable() const { return writable_; }

 private:
  std::filesystem::path folder_;
  bool writable_ = true;
};

// For a terminal: paths may hold control characters.
inline std::string Visible(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return text;
}

// What to say of a waveform that there should be; empty where it is.
inline std::string NoteOfWave(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::exists(path, ignored)) return "";
  return "  (no waveform: the model is built without; build it without RTL_FIRST=1)";
}

// Runs once; after a failure once more with waveform and log. A rerun that passes is a failure too.
inline Verdict RunWithArtifacts(const RunConfig& run,
                                const std::function<Verdict(const Execution&)>& execute) {
  constexpr uint64_t kCyclesBeforeFailure = 5000;
  const Verdict first = execute({});
  if (first.ok() || first.outcome == Outcome::kUnreadable) return first;

  Artifacts artifacts(run);
  ItemLog log;
  log.Enable();
  Execution again{artifacts.writable() ? artifacts.Path("wave.fst") : "", 0, &log};
  if (first.first_failure_cycle > kCyclesBeforeFailure) {
    again.trace_from_cycle = first.first_failure_cycle - kCyclesBeforeFailure;
  }
  const Verdict second = execute(again);
  Verdict verdict = first;
  if (second.ok() || second.first_failure != first.first_failure) {
    verdict.first_failure += fmt::format("  (NOT REPRODUCED: the rerun says {})",
                                         second.ok() ? "pass" : second.first_failure);
  }
  artifacts.Write("items.log", log.text());
  artifacts.Write("replay.txt", fmt::format("{}\n{}\n", run.ReplayLine(), verdict.first_failure));
  const std::string where =
      artifacts.writable() ? "see " + artifacts.Path("") + NoteOfWave(artifacts.Path("wave.fst"))
                           : fmt::format(
                                 "no waveform and log: cannot write to {}; choose "
                                 "another folder with --artifacts",
                                 artifacts.Path(""));
  std::fputs(fmt::format("FAILED  {}: {}\n        {}\n{}\n", ToString(verdict.outcome),
                         verdict.first_failure, Visible(where), Visible(run.ReplayLine()))
                 .c_str(),
             stderr);
  return verdict;
}

}  // namespace actplane::tb
