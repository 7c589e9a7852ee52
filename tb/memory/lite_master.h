// SPDX-License-Identifier: Apache-2.0
// LiteMaster: one register access at a time on the AXI4-Lite side, address and data in any order;
// checks the rules of that side as far as they concern the device.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/rng.h"
#include "memory/memory_device.h"
#include "memory/program.h"

namespace actplane::tb::memory {

class LiteMaster {
 public:
  LiteMaster(const LitePins& pins, Rng rng) : p_(pins), rng_(rng) {}

  struct Result {
    RegisterOp op;
    bool error = false;
    uint32_t data = 0;
  };
  void Give(const RegisterOp& op) {
    op_ = op;
    addr_wait_ = rng_.OneIn(2) ? 0 : rng_.Below(4);
    data_wait_ = rng_.OneIn(2) ? 0 : rng_.Below(4);
    addr_done_ = data_done_ = false;
  }
  bool busy() const { return op_.has_value(); }

  void Drive() {
    const bool write = op_ && op_->write, read = op_ && !op_->write;
    const bool addr = op_ && !addr_done_ && addr_wait_ == 0;
    const bool data = write && !data_done_ && data_wait_ == 0;
    if (addr_wait_ != 0) --addr_wait_;
    if (data_wait_ != 0) --data_wait_;
    p_.aw_valid.Set(write && addr ? 1 : 0);
    p_.ar_valid.Set(read && addr ? 1 : 0);
    p_.w_valid.Set(data ? 1 : 0);
    p_.aw_addr.Set(write && addr ? op_->addr : rng_.Next());
    p_.ar_addr.Set(read && addr ? op_->addr : rng_.Next());
    p_.w_data.Set(data ? op_->data : rng_.Next());
    p_.w_strb.Set(data ? op_->strb : rng_.Next());
    if (!addr) {
      p_.aw_prot.Set(rng_.Next());
      p_.ar_prot.Set(rng_.Next());
    }
    p_.b_ready.Set(rng_.OneIn(3) ? 0 : 1);
    p_.r_ready.Set(rng_.OneIn(3) ? 0 : 1);
  }
  void DriveInReset() {
    for (Pins* p : {&p_.aw_valid, &p_.ar_valid, &p_.w_valid}) p->Set(0);
  }

  // The answer, in the cycle in which it is taken.
  std::optional<Result> Observe() {
    Hold("BVALID", p_.b_valid, p_.b_ready, p_.b_resp.Get(), b_held_);
    Hold("RVALID", p_.r_valid, p_.r_ready, p_.r_resp.Get() << 32 | p_.r_data.Get(), r_held_);
    const bool ready_b = op_ && op_->write && addr_done_ && data_done_;
    const bool ready_r = op_ && !op_->write && addr_done_;
    if (p_.b_valid.Get() != 0 && !ready_b) Violate("BVALID without a write");
    if (p_.r_valid.Get() != 0 && !ready_r) Violate("RVALID without a read");
    std::optional<Result> result;
    if (ready_b && p_.b_valid.Get() != 0 && p_.b_ready.Get() != 0) {
      result = Result{*op_, p_.b_resp.Get() >= kSlvErr, 0};
    }
    if (ready_r && p_.r_valid.Get() != 0 && p_.r_ready.Get() != 0) {
      result = Result{*op_, p_.r_resp.Get() >= kSlvErr, static_cast<uint32_t>(p_.r_data.Get())};
    }
    if (result) op_.reset();
    if (p_.aw_valid.Get() != 0 && p_.aw_ready.Get() != 0) addr_done_ = true;
    if (p_.ar_valid.Get() != 0 && p_.ar_ready.Get() != 0) addr_done_ = true;
    if (p_.w_valid.Get() != 0 && p_.w_ready.Get() != 0) data_done_ = true;
    return result;
  }
  void ObserveInReset() {
    if (p_.b_valid.Get() != 0 || p_.r_valid.Get() != 0) Violate("valid in reset");
  }
  void Reset() {
    op_.reset();
    b_held_.reset();
    r_held_.reset();
  }
  const std::vector<std::string>& violations() const { return violations_; }

 private:
  void Violate(const std::string& what) { violations_.push_back("registers: " + what); }
  void Hold(const char* name, const Pins& valid, const Pins& ready, uint64_t payload,
            std::optional<uint64_t>& held) {
    if (held && valid.Get() == 0) Violate(std::string(name) + " fell before ready");
    if (held && valid.Get() != 0 && *held != payload) {
      Violate(std::string(name) + ": the payload changed before ready");
    }
    held.reset();
    if (valid.Get() != 0 && ready.Get() == 0) held = payload;
  }

  LitePins p_;
  Rng rng_;
  std::optional<RegisterOp> op_;
  uint32_t addr_wait_ = 0, data_wait_ = 0;
  bool addr_done_ = false, data_done_ = false;
  std::optional<uint64_t> b_held_, r_held_;
  std::vector<std::string> violations_;
};

}  // namespace actplane::tb::memory
