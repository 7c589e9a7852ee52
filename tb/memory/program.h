// SPDX-License-Identifier: Apache-2.0
// What a master is told to do, one operation after the other. A sequence makes them and sees
// neither pins nor model.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "memory/region.h"

namespace actplane::tb::memory {

struct WriteOp {
  Burst burst;
  std::vector<WriteBeat> beats;
  bool data_first = false;  // W may run ahead of AW
};
struct ReadOp {
  Burst burst;
};
// A register access; the program goes on meanwhile unless `wait`. Begins once the addresses of all
// earlier bursts have been taken.
struct RegisterOp {
  bool write = false, wait = true;
  uint32_t addr = 0, data = 0, strb = 15;
};
// Waits until everything is answered.
struct FenceOp {};
// Waits some cycles.
struct IdleOp {
  uint32_t cycles = 0;
};
// Resets the device in so many cycles, in the middle of what goes on; the program continues then.
struct ResetOp {
  uint32_t after = 0, cycles = 2;
};
// Somebody else writes into the memory, or breaks a page of it. Only behind a fence.
struct BackdoorOp {
  uint64_t addr = 0;
  Bytes bytes;
};
struct BreakOp {
  uint64_t addr = 0;
  bool broken = true;
};
// From now on so many bursts in a thousand fail in the memory.
struct ErrorRateOp {
  uint32_t per_thousand = 0;
};

using Op = std::variant<WriteOp, ReadOp, RegisterOp, FenceOp, IdleOp, ResetOp, BackdoorOp, BreakOp,
                        ErrorRateOp>;

class MemorySequence {
 public:
  virtual ~MemorySequence() = default;
  virtual std::unique_ptr<const Op> Next() = 0;  // null: it is over
  // A register access of it has been answered.
  virtual void OnRegister(const RegisterOp&, bool /*error*/, uint32_t /*data*/) {}
  // What came back for a read of it, in order.
  virtual void OnReadBeat(const ReadBeat&) {}
  // What it found wrong itself.
  virtual std::string Failure() const { return {}; }
};

}  // namespace actplane::tb::memory
