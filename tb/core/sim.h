// SPDX-License-Identifier: Apache-2.0
// Sim<Dut>: one verilated model, its clock, its waveform. Only Step() and Settle() call eval().
//
// A cycle: the caller sets inputs, Step() evaluates with the clock low, `sample` looks at the pins,
// then the clock rises. There is one sampling point, so there are no races to argue about.
#pragma once

#include <verilated.h>
#include <verilated_fst_c.h>
#if VM_COVERAGE
#include <verilated_cov.h>
#endif

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#if VM_COVERAGE
#include <unistd.h>
#endif

#include "core/gtkw.h"

namespace actplane::tb {

struct SimOptions {
  uint64_t seed = 1;       // of the random initial values of everything that is not reset
  std::string trace_file;  // FST, with a save file for GTKWave beside it; empty: none
  uint64_t trace_from_cycle = 0;
};

template <class Dut>
class Sim {
 public:
  // Whether the model can write waveforms.
  static constexpr bool kTraces = requires(Dut & d, VerilatedFstC* f) { d.trace(f, 0, 0); };

  explicit Sim(const SimOptions& options = {}) : trace_from_cycle_(options.trace_from_cycle) {
    context_->randReset(2);
    // Verilator takes a seed of 31 bits, and 0 for one of its own.
    context_->randSeed(static_cast<int>(options.seed % 0x7fffffff) + 1);
    context_->fatalOnError(false);
    context_->errorLimit(1);
    dut_ = std::make_unique<Dut>(context_.get());
    if constexpr (kTraces) {
      if (!options.trace_file.empty()) {
        trace_file_ = options.trace_file;
        context_->traceEverOn(true);
        trace_ = std::make_unique<VerilatedFstC>();
        dut_->trace(trace_.get(), 99, 0);
        trace_->open(options.trace_file.c_str());
      }
    }
    SetClock(0);
    SetReset(1);
    Eval();  // so that the first reset has an edge
  }
  ~Sim() {
    Finish();
    // Models look their context up by thread, where another Sim may have left its own.
    Verilated::threadContextp(context_.get());
    dut_.reset();
  }
  Sim(const Sim&) = delete;
  Sim& operator=(const Sim&) = delete;

  Dut& dut() { return *dut_; }
  const Dut& dut() const { return *dut_; }
  uint64_t cycle() const { return cycle_; }

  // One clock cycle. `sample()` runs with the clock low and everything settled: it reads pins.
  template <class Sample>
  void Step(Sample&& sample) {
    SetClock(0);
    Eval();
    std::forward<Sample>(sample)();
    SetClock(1);
    Eval();
    ++cycle_;
  }
  void Step() {
    Step([] {});
  }

  // Evaluates without a clock edge: for combinational modules, and to see what follows from inputs
  // at once.
  void Settle() {
    SetClock(0);
    Eval();
  }

  // Holds the reset for some clock edges, at least one. `late` and `long_`: asserted, and released,
  // while the clock is high; otherwise while it is low. `sample` as in Step().
  template <class Sample>
  void Reset(int cycles, Sample&& sample, bool late = false, bool long_ = false) {
    if (!late) Settle();
    SetReset(0);
    Eval();
    for (int i = 0; i < cycles; ++i) Step(sample);
    if (!long_) Settle();
    SetReset(1);
    Eval();
  }
  void Reset(int cycles = 2) {
    Reset(cycles, [] {});
  }

  // An assertion or $error fired.
  bool gotError() const { return context_->gotError(); }  // NOLINT: named as in VerilatedContext
  void ForgetErrors() {
    context_->gotError(false);
    context_->gotFinish(false);
    context_->errorCount(0);
  }

  // Closes waveform and coverage; nothing may follow. Called by the destructor if not before.
  void Finish() {
    if (std::exchange(finished_, true)) return;
    dut_->final();
    if (trace_) {
      trace_->close();
      WriteSaveFile(trace_file_);
    }
#if VM_COVERAGE
    if (const char* folder = std::getenv("ACTP_COVERAGE_DIR")) {
      static int number = 0;
      const std::string name = std::to_string(getpid()) + "-" + std::to_string(number++) + ".dat";
      context_->coveragep()->write((std::string(folder) + "/" + name).c_str());
    }
#endif
  }

 private:
  // Combinational modules have neither clock nor reset.
  void SetClock([[maybe_unused]] uint8_t value) {
    if constexpr (requires { dut_->clk_i; }) dut_->clk_i = value;
  }
  void SetReset([[maybe_unused]] uint8_t value) {
    if constexpr (requires { dut_->rst_ni; }) dut_->rst_ni = value;
  }
  void Eval() {
    dut_->eval();
    if (trace_ && cycle_ >= trace_from_cycle_) trace_->dump(time_);
    time_ += 5;
  }

  std::unique_ptr<VerilatedContext> context_ = std::make_unique<VerilatedContext>();
  std::unique_ptr<Dut> dut_;
  std::unique_ptr<VerilatedFstC> trace_;
  uint64_t cycle_ = 0;
  std::string trace_file_;
  uint64_t trace_from_cycle_ = 0;
  uint64_t time_ = 0;
  bool finished_ = false;
};

}  // namespace actplane::tb
