// SPDX-License-Identifier: Apache-2.0
// Ends a run in which nothing moves.
#pragma once

#include <cstdint>

namespace actplane::tb {

class Watchdog {
 public:
  explicit Watchdog(uint64_t limit) : limit_(limit) {}
  void Tick(bool progress) { idle_ = progress ? 0 : idle_ + 1; }
  bool expired() const { return idle_ >= limit_; }
  uint64_t idle() const { return idle_; }

 private:
  uint64_t limit_;
  uint64_t idle_ = 0;
};

}  // namespace actplane::tb
