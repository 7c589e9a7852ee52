// SPDX-License-Identifier: Apache-2.0
// actp_mem_pkg - what the modules of the memory path have in common.
//
// Terms    docs/memory.md: region, block, slot, stride, tag, granule.
`default_nettype none

package actp_mem_pkg;
  /* verilator lint_off UNUSEDPARAM */  // a module that is linted alone uses some of these
  localparam int unsigned PAGE_W    = 52;  // page numbers of a 64-bit address
  localparam int unsigned STRIDE_W  = 8;   // bus words of a slot, at most 133 (1064 bytes, 64 bits)
  localparam int unsigned GRANULE_W = 6;   // 64 bytes: the unit of sizes and of tags
  localparam int unsigned SLOT_W    = 11;  // as in actp_pkg: Yosys 0.23 reads no package in another
  localparam int unsigned LIMIT_W   = 5;
  localparam int unsigned WIDTH_W   = 4;

  localparam logic [1:0] KIND_BYPASS  = 2'd0;
  localparam logic [1:0] KIND_REGION  = 2'd1;
  localparam logic [1:0] KIND_REFUSED = 2'd2;

  localparam logic [1:0] BURST_FIXED = 2'd0;  // AxBURST
  localparam logic [1:0] BURST_INCR  = 2'd1;
  localparam logic [1:0] BURST_WRAP  = 2'd2;
  localparam logic [1:0] RESP_OKAY   = 2'd0;  // BRESP, RRESP
  localparam logic [1:0] RESP_SLVERR = 2'd2;

  localparam logic [10:0] SLOT_ATTR = 11'b0000_000_0011;  // {AxQOS, AxPROT, AxCACHE} of slots

  // A region as both paths see it. Addresses beyond those of the bus are constant 0.
  typedef struct packed {
    logic                          enable;
    logic [PAGE_W-1:0]             base_page;     // of its first byte
    logic [PAGE_W-1:0]             last_page;     // of its last byte
    logic [11-GRANULE_W:0]         last_granule;  // of its last byte, in that page
    logic [PAGE_W-1:0]             slot_page;     // slot 0 begins there
    logic [STRIDE_W-1:0]           stride;        // bus words from slot to slot
    logic [1:0]                    fmt;           // 0 FP32, 1 FP16, 2 BF16
    logic                          order;         // 0 field, 1 significance
    logic                          fill_zero;
    logic [SLOT_W-1:0]             slot_bytes;    // T
    logic [LIMIT_W-1:0]            row_limit;
    logic [WIDTH_W-1:0]            delta_cap;
  } region_t;
  localparam int unsigned REGION_W = 1 + 3 * PAGE_W + 12 - GRANULE_W + STRIDE_W + 4 +
                                     SLOT_W + LIMIT_W + WIDTH_W;
  /* verilator lint_on UNUSEDPARAM */
endpackage

`default_nettype wire
