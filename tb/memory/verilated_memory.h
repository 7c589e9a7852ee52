// SPDX-License-Identifier: Apache-2.0
// VerilatedMemory<Dut>: the verilated top actp_memory behind MemoryDevice; pins by name.
#pragma once

#include <verilated.h>
#include <verilated_fst_c.h>

#include <memory>
#include <string>
#include <utility>

#include "memory/memory_device.h"

namespace actplane::tb::memory {

template <class Dut>
class VerilatedMemory : public MemoryDevice {
 public:
  VerilatedMemory(const MemoryShape& shape, uint64_t seed, const std::string& trace_file = {},
                  uint64_t trace_from = 0)
      : shape_(shape), trace_from_(trace_from) {
    context_->randReset(2);
    context_->randSeed(static_cast<int>(seed % 0x7fffffff) + 1);
    context_->fatalOnError(false);
    context_->errorLimit(1);
    dut_ = std::make_unique<Dut>(context_.get());
    if constexpr (requires(Dut & d, VerilatedFstC * f) { d.trace(f, 0, 0); }) {
      if (!trace_file.empty()) {
        context_->traceEverOn(true);
        trace_ = std::make_unique<VerilatedFstC>();
        dut_->trace(trace_.get(), 99, 0);
        trace_->open(trace_file.c_str());
      }
    }
    dut_->aclk = 0;
    dut_->aresetn = 1;
    Connect();
    Eval();  // so that the first reset has an edge
  }
  ~VerilatedMemory() override {
    Finish();
    Verilated::threadContextp(context_.get());
    dut_.reset();
  }

  const MemoryPins& pins() const override { return pins_; }
  const MemoryShape& shape() const override { return shape_; }
  uint64_t cycle() const override { return cycle_; }
  bool GotError() const override { return context_->gotError(); }
  void Settle() override {
    dut_->aclk = 0;
    Eval();
  }
  void Step(const Sample& sample) override {
    Settle();
    sample();
    dut_->aclk = 1;
    Eval();
    ++cycle_;
  }
  void Reset(int cycles, const Sample& sample) override {
    Settle();
    dut_->aresetn = 0;
    Eval();
    for (int i = 0; i < cycles; ++i) Step(sample);
    Settle();
    dut_->aresetn = 1;
    Eval();
  }
  void Finish() override {
    if (std::exchange(finished_, true)) return;
    dut_->final();
    if (trace_) trace_->close();
  }

 private:
  void Eval() {
    dut_->eval();
    if (trace_ && cycle_ >= trace_from_) trace_->dump(time_);
    time_ += 5;
  }
  void Connect() {
    Dut& d = *dut_;
    const uint32_t data = shape_.stream_width, strb = data / 8, id_w = shape_.id_width,
                   addr = shape_.addr_width;
#define ACTP_ADDRESS(side, ch)                                                                     \
  {                                                                                                \
    {d.side##_axi_##ch##valid, 1}, {d.side##_axi_##ch##ready, 1}, {d.side##_axi_##ch##id, id_w},   \
        {d.side##_axi_##ch##addr, addr}, {d.side##_axi_##ch##len, 8},                              \
        {d.side##_axi_##ch##size, 3}, {d.side##_axi_##ch##burst, 2}, {d.side##_axi_##ch##lock, 1}, \
        {d.side##_axi_##ch##cache, 4}, {d.side##_axi_##ch##prot, 3}, {                             \
      d.side##_axi_##ch##qos, 4                                                                    \
    }                                                                                              \
  }
#define ACTP_SIDE(side)                                                             \
  {                                                                                 \
    ACTP_ADDRESS(side, aw), ACTP_ADDRESS(side, ar),                                 \
        {{d.side##_axi_wvalid, 1},                                                  \
         {d.side##_axi_wready, 1},                                                  \
         {d.side##_axi_wdata, data},                                                \
         {d.side##_axi_wstrb, strb},                                                \
         {d.side##_axi_wlast, 1}},                                                  \
        {{d.side##_axi_bvalid, 1},                                                  \
         {d.side##_axi_bready, 1},                                                  \
         {d.side##_axi_bid, id_w},                                                  \
         {d.side##_axi_bresp, 2}},                                                  \
    {                                                                               \
      {d.side##_axi_rvalid, 1}, {d.side##_axi_rready, 1}, {d.side##_axi_rid, id_w}, \
          {d.side##_axi_rdata, data}, {d.side##_axi_rresp, 2}, {                    \
        d.side##_axi_rlast, 1                                                       \
      }                                                                             \
    }                                                                               \
  }
    pins_.s = ACTP_SIDE(s);
    pins_.m = ACTP_SIDE(m);
#undef ACTP_SIDE
#undef ACTP_ADDRESS
    pins_.lite = {
        {d.s_axil_awvalid, 1}, {d.s_axil_awready, 1}, {d.s_axil_awaddr, 12}, {d.s_axil_awprot, 3},
        {d.s_axil_wvalid, 1},  {d.s_axil_wready, 1},  {d.s_axil_wdata, 32},  {d.s_axil_wstrb, 4},
        {d.s_axil_bvalid, 1},  {d.s_axil_bready, 1},  {d.s_axil_bresp, 2},   {d.s_axil_arvalid, 1},
        {d.s_axil_arready, 1}, {d.s_axil_araddr, 12}, {d.s_axil_arprot, 3},  {d.s_axil_rvalid, 1},
        {d.s_axil_rready, 1},  {d.s_axil_rdata, 32},  {d.s_axil_rresp, 2}};
    pins_.irq = {d.irq, 1};
  }

  MemoryShape shape_;
  std::unique_ptr<VerilatedContext> context_ = std::make_unique<VerilatedContext>();
  std::unique_ptr<Dut> dut_;
  std::unique_ptr<VerilatedFstC> trace_;
  MemoryPins pins_;
  uint64_t cycle_ = 0, trace_from_ = 0, time_ = 0;
  bool finished_ = false;
};

}  // namespace actplane::tb::memory
