// SPDX-License-Identifier: Apache-2.0
// The AXI4-Lite side of the reference model. A write that turns a region off holds the paths until
// they are idle; reads go on meanwhile.
#pragma once

#include "memory/reference_ports.h"
#include "memory/reference_registers.h"

namespace actplane::tb::memory {

class ReferenceLite {
 public:
  // At a clock edge. `idle`: both paths. True when a region was turned off in this cycle.
  bool Edge(LitePins& p, ReferenceRegisters& registers, bool idle) {
    bool cleared = false;
    if (p.b_valid.Get() != 0 && p.b_ready.Get() != 0) p.b_valid.Set(0);
    if (p.r_valid.Get() != 0 && p.r_ready.Get() != 0) p.r_valid.Set(0);
    if (p.aw_valid.Get() != 0 && p.aw_ready.Get() != 0) {
      addr_ = static_cast<uint32_t>(p.aw_addr.Get());
      has_addr_ = true;
    }
    if (p.w_valid.Get() != 0 && p.w_ready.Get() != 0) {
      data_ = static_cast<uint32_t>(p.w_data.Get());
      strb_ = static_cast<uint32_t>(p.w_strb.Get());
      has_data_ = true;
    }
    hold_ = has_addr_ && has_data_ && registers.Drains(addr_, data_, strb_);
    if (has_addr_ && has_data_ && p.b_valid.Get() == 0 && (!hold_ || idle)) {
      cleared = hold_;
      const auto answer = registers.Write(addr_, data_, strb_);
      p.b_resp.Set(answer.error ? kSlvErr : kOkay);
      p.b_valid.Set(1);
      has_addr_ = has_data_ = hold_ = false;
    }
    if (p.ar_valid.Get() != 0 && p.ar_ready.Get() != 0) {
      const auto answer = registers.Read(static_cast<uint32_t>(p.ar_addr.Get()));
      p.r_data.Set(answer.data);
      p.r_resp.Set(answer.error ? kSlvErr : kOkay);
      p.r_valid.Set(1);
    }
    p.aw_ready.Set(has_addr_ ? 0 : 1);
    p.w_ready.Set(has_data_ ? 0 : 1);
    // One at a time, so that an answer always has its place.
    p.ar_ready.Set(p.r_valid.Get() == 0 && p.ar_ready.Get() == 0 ? 1 : 0);
    return cleared;
  }
  bool holding() const { return hold_; }

 private:
  bool has_addr_ = false, has_data_ = false, hold_ = false;
  uint32_t addr_ = 0, data_ = 0, strb_ = 0;
};

}  // namespace actplane::tb::memory
