// SPDX-License-Identifier: Apache-2.0
// The reference model: pins, registers, reset; reference_memory_write.cc and
// reference_memory_read.cc have the paths.
#include "memory/reference_memory.h"

#include <algorithm>
#include <bit>

namespace actplane::tb::memory {

ReferenceMemory::ReferenceMemory(const MemoryShape& shape, uint64_t seed, Fault fault)
    : shape_(shape), fault_(fault), rng_(seed, "reference"), registers_(shape), kept_(shape) {
  pins_ = {s_.PinsOf(shape), m_.PinsOf(shape), lite_.AllPins(), Pins(irq_, 1)};
  registers_.accept_all = fault == Fault::kBadRegion;
  registers_.last_addr = fault == Fault::kLastErrorAddr;
}

// Faults come now and then, once there is something to spoil.
bool ReferenceMemory::Later(uint32_t events) { return ++fault_events_ % events == 0; }

void ReferenceMemory::Count(reg::Counter c, Fault ahead) {
  registers_.Count(c, fault_ == ahead && Later(10) ? 2 : 1);
}

void ReferenceMemory::Error(uint32_t bits, uint64_t addr) {
  if (fault_ == Fault::kLosesErrorBit) bits &= ~uint32_t{reg::kErrRead};
  if (fault_ == Fault::kWrongErrorAddr) addr ^= 32;
  if (bits != 0) registers_.Error(bits, addr);
}

void ReferenceMemory::Step(const Sample& sample) {
  sample();
  Edge();
  ++cycle_;
}

void ReferenceMemory::Reset(int cycles, const Sample& sample) {
  for (Pins* p : {&pins_.s.b.valid, &pins_.s.r.valid, &pins_.m.aw.valid, &pins_.m.w.valid,
                  &pins_.m.ar.valid, &pins_.s.aw.ready, &pins_.s.w.ready, &pins_.s.ar.ready,
                  &pins_.m.b.ready, &pins_.m.r.ready, &pins_.lite.b_valid, &pins_.lite.r_valid,
                  &pins_.lite.aw_ready, &pins_.lite.w_ready, &pins_.lite.ar_ready}) {
    p->Set(0);
  }
  irq_ = 0;
  registers_.Reset();
  lite_edge_ = {};
  registers_.accept_all = fault_ == Fault::kBadRegion;
  registers_.last_addr = fault_ == Fault::kLastErrorAddr;
  for (auto* q : {&aw_, &ar_, &m_aw_, &m_ar_}) q->clear();
  w_.clear();
  m_w_.clear();
  b_.clear();
  m_b_.clear();
  r_.clear();
  m_r_.clear();
  writes_.clear();
  open_write_.reset();
  gather_.reset();
  closed_.reset();
  old_.reset();
  sent_.clear();
  sent_failed_ = false;
  issued_.clear();
  buffers_.clear();
  reading_.reset();
  read_beat_ = sequential_ = 0;
  read_block_ = last_block_ = UINT64_MAX;
  current_.reset();
  previous_.reset();
  last_region_.reset();
  prefetch_.reset();
  for (int i = 0; i < cycles; ++i) {
    sample();
    ++cycle_;
  }
}

bool ReferenceMemory::Idle() const {
  return aw_.empty() && ar_.empty() && writes_.empty() && !open_write_ && !gather_ && !closed_ &&
         sent_.empty() && issued_.empty() && !reading_ && !prefetch_ && r_.empty() && b_.empty() &&
         pins_.s.b.valid.Get() == 0 && pins_.s.r.valid.Get() == 0;
}

void ReferenceMemory::Edge() {
  const bool holding = lite_edge_.holding();
  TakeIn(pins_.s.aw, aw_, holding ? 0 : 2);
  TakeIn(pins_.s.w, w_, 2);
  TakeIn(pins_.s.ar, ar_, holding ? 0 : 2);
  TakeIn(pins_.m.b, m_b_, 4);
  TakeIn(pins_.m.r, m_r_, 4);
  if (lite_edge_.Edge(pins_.lite, registers_, Idle())) {
    last_region_.reset();
    if (fault_ != Fault::kKeepsBuffers) buffers_.clear();
  }
  registers_.SetBusy(!Idle());
  if (holding && gather_) gather_->close = true;
  TakeMemoryB();
  TakeMemoryR();
  WorkOnClosed();
  TakeWrites();
  ServeReads();
  if (!holding) Prefetch();
  GiveB();
  ShowOut(pins_.s.b, b_);
  ShowOut(pins_.s.r, r_);
  ShowOut(pins_.m.aw, m_aw_);
  ShowOut(pins_.m.w, m_w_);
  ShowOut(pins_.m.ar, m_ar_);
  irq_ = registers_.irq() && fault_ != Fault::kStuckIrq ? 1 : 0;
}

// A device with the fault goes on to see every region that ever was.
const RegionTable& ReferenceMemory::Table() {
  if (fault_ != Fault::kKeepsRegion) return registers_.table();
  for (uint32_t k = 0; k < shape_.regions; ++k) {
    if (registers_.table().at(k)) kept_.Set(k, registers_.table().at(k));
  }
  return kept_;
}

}  // namespace actplane::tb::memory
