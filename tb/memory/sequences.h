// SPDX-License-Identifier: Apache-2.0
// The sequences of the memory path's bench.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "memory/layout.h"
#include "memory/program.h"
#include "memory/registers.h"
#include "memory/traffic.h"

namespace actplane::tb::memory {

struct MemorySequenceInfo {
  std::string_view name, text;
};
const std::vector<MemorySequenceInfo>& MemorySequences();

// Null for a name that there is not. `bursts`: about so many.
std::unique_ptr<MemorySequence> MakeMemorySequence(std::string_view name, const MemoryShape& shape,
                                                   uint64_t seed, uint64_t bursts,
                                                   uint32_t error_rate);

// What they have in common: operations are made a few at a time.
class BufferedSequence : public MemorySequence {
 public:
  BufferedSequence(const MemoryShape& shape, uint64_t seed, uint64_t bursts, uint32_t regions);
  std::unique_ptr<const Op> Next() override;

 protected:
  virtual bool Refill() = 0;  // false: over
  void Add(Op op) { ops_.push_back(std::make_unique<const Op>(std::move(op))); }
  void Fence() { Add(FenceOp{}); }
  void SetRegister(uint32_t addr, uint32_t data, bool wait = true) {
    Add(RegisterOp{.write = true, .wait = wait, .addr = addr, .data = data});
  }
  void Enable(uint32_t k);
  void Disable(uint32_t k, bool wait) { SetRegister(reg::OfRegion(k, reg::kControl), 0, wait); }
  // Writes every block of region k whole, as a tensor is stored; reads all of it.
  void Fill(uint32_t k);
  void ReadAll(uint32_t k);
  void AddWrite(const Burst& b, Format format, bool all_strobes = false) {
    Add(traffic_.Write(b, format, all_strobes));
  }
  // One burst of the mix into region k, out of all regions, or refused.
  void AddRandom(uint32_t k);
  bool Spend(uint64_t n = 1) {
    if (left_ < n) return false;
    left_ -= n;
    return true;
  }
  uint64_t left() const { return left_; }
  bool ToSlots(const Burst& b) const;

  MemoryShape shape_;
  Rng rng_;
  Layout layout_;
  Traffic traffic_;
  bool corrupt_ = false;  // bypass writes may hit slots

 private:
  uint64_t left_;
  std::deque<std::unique_ptr<const Op>> ops_;
};

}  // namespace actplane::tb::memory
