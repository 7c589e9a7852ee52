// SPDX-License-Identifier: Apache-2.0
// actp_mem_regs - registers of the memory path: regions, counters, errors, interrupt.
//
// Contract AXI4-Lite; the map is registers.txt. SLVERR, and nothing changes: an address that is no
//          register, a write that is not of four bytes, to what is read only, of 1 to a bit that is
//          not there, to a region that is on (but its CTRL), and of an enable that actp_mem_check
//          refuses. A region that is on is turned off in this order: hold_o; idle_i, which counts
//          from the second cycle of hold_o on; clear_o for one cycle, with hold_o, at whose end the
//          region is off; the answer. Reads are answered meanwhile. Bits of REGION_* that are
//          undefined after reset are 0 before the first access.
// Params   as actp_memory; ReadBuffers is only told; Fifo 1: regions in latches
// Reset    every region off
`include "actp_macros.svh"
`default_nettype none

module actp_mem_regs #(
  parameter int unsigned BlockLen    = 128,
  parameter int unsigned StreamWidth = 256,
  parameter int unsigned Formats     = 7,
  parameter int unsigned Orders      = 3,
  parameter int unsigned GroupLen    = 8,
  parameter int unsigned Depth       = 24,
  parameter int unsigned AddrW       = 40,
  parameter int unsigned Regions     = 8,
  parameter int unsigned ReadBuffers = 4,
  parameter int unsigned Fifo        = 0
) (
  input  wire logic             clk_i,
  input  wire logic             rst_ni,
  // AXI4-Lite
  input  wire logic             aw_valid_i,
  output logic                  aw_ready_o,
  input  wire logic [11:0]      aw_addr_i,
  input  wire logic             w_valid_i,
  output logic                  w_ready_o,
  input  wire logic [31:0]      w_data_i,
  input  wire logic [3:0]       w_strb_i,
  output logic                  b_valid_o,
  input  wire logic             b_ready_i,
  output logic [1:0]            b_resp_o,
  input  wire logic             ar_valid_i,
  output logic                  ar_ready_o,
  input  wire logic [11:0]      ar_addr_i,
  output logic                  r_valid_o,
  input  wire logic             r_ready_i,
  output logic [31:0]           r_data_o,
  output logic [1:0]            r_resp_o,
  // to the paths, and the interrupt
  output logic                  irq_o,            // level
  output logic [Regions*actp_mem_pkg::REGION_W-1:0] regions_o,  // region_t, region 0 lowest
  output logic [7:0]            gather_o,         // cycles without a beat that close a block
  output logic                  hold_o,           // the paths take no new burst
  input  wire logic             idle_i,           // both are empty
  output logic                  clear_o,          // the read path forgets its blocks
  // events of the write path, a cycle each
  input  wire logic             wr_block_i,       // a slot is written
  input  wire logic [10:0]      wr_slot_bytes_i,  // T, with wr_block_i
  input  wire logic             wr_rmw_i,
  input  wire logic             wr_rmw_failed_i,
  input  wire logic             wr_write_error_i,
  input  wire logic             wr_refused_i,
  input  wire logic             wr_bypass_i,
  input  wire logic             wr_beat_i,
  input  wire logic [AddrW-1:0] wr_error_addr_i,  // with the errors above
  // events of the read path, a cycle each
  input  wire logic             rd_fill_i,        // a slot has come
  input  wire logic [10:0]      rd_slot_bytes_i,  // T, with rd_fill_i
  input  wire logic             rd_hit_i,
  input  wire logic             rd_prefetch_i,
  input  wire logic             rd_malformed_i,
  input  wire logic             rd_read_error_i,
  input  wire logic             rd_refused_i,
  input  wire logic             rd_bypass_i,
  input  wire logic             rd_beat_i,
  input  wire logic [AddrW-1:0] rd_error_addr_i   // with the errors above
);
  localparam int unsigned RegW  = (Regions > 1) ? $clog2(Regions) : 1;
  localparam int unsigned PageW = AddrW - 12;
  localparam int unsigned SizeW = AddrW - actp_mem_pkg::GRANULE_W;
  localparam int unsigned LowW  = (SizeW < 32) ? SizeW : 32;  // of a size in its register
  localparam int unsigned ByteW = $clog2(33 * BlockLen / 8 + 9);
  localparam int unsigned CfgW  = 13 + ByteW;
  localparam int unsigned Rings = 12;  // counters besides those of bytes

  typedef enum logic [2:0] {
    StWipe,   // one cycle after reset: the table
    StIdle,   // one access a cycle
    StCheck,  // a region may be enabled
    StStop,   // no new bursts from here on
    StDrain,  // until both paths are empty
    StLeave,  // the region is looked at,
    StLess,   // its size is taken
    StGone    // and goes; the read path forgets its blocks
  } state_e;
  state_e state_d, state_q;

  logic        wr_valid, wr_done, wr_error, rd_valid, rd_done, rd_error;
  logic [31:0] rd_data;
  actp_mem_axil u_axil (
    .clk_i, .rst_ni, .aw_valid_i, .aw_ready_o, .w_valid_i, .w_ready_o, .b_valid_o, .b_ready_i,
    .b_resp_o, .ar_valid_i, .ar_ready_o, .r_valid_o, .r_ready_i, .r_data_o, .r_resp_o,
    .wr_valid_o(wr_valid), .wr_done_i(wr_done), .wr_error_i(wr_error),
    .rd_valid_o(rd_valid), .rd_done_i(rd_done), .rd_data_i(rd_data), .rd_error_i(rd_error)
  );

  // One region at a time is looked at.
  logic [RegW-1:0] wr_number, rd_number;
  logic            rd_go, other;
  logic [RegW-1:0] other_index, index;
  assign rd_go = rd_valid & ((state_q == StIdle) | (state_q == StStop) | (state_q == StDrain));
  assign index = rd_go ? rd_number : other ? other_index : wr_number;

  logic             enable, enable_write, size_write, check_size_write, check_done, check_ok;
  logic [4:0]       table_write;
  logic [PageW-1:0] base, slot;
  logic [SizeW-1:0] size, size_d, check_size;
  logic [CfgW-1:0]  cfg;
  logic [31:0]      data;
  actp_mem_table #(
    .BlockLen(BlockLen), .StreamWidth(StreamWidth), .AddrW(AddrW), .Regions(Regions),
    .Fifo(Fifo)
  ) u_table (
    .clk_i, .rst_ni, .index_i(index), .wipe_i(state_q == StWipe), .write_i(table_write),
    .data_i(data), .size_write_i(size_write), .size_d_i(size_d),
    .enable_write_i(enable_write), .enable_d_i(state_q == StCheck), .enable_o(enable),
    .base_o(base), .size_o(size), .slot_o(slot), .cfg_o(cfg), .regions_o
  );
  actp_mem_check #(
    .BlockLen(BlockLen), .StreamWidth(StreamWidth), .Formats(Formats), .Orders(Orders),
    .GroupLen(GroupLen), .Depth(Depth), .AddrW(AddrW), .Regions(Regions)
  ) u_check (
    .clk_i, .rst_ni, .start_i(state_q == StCheck), .other_o(other), .index_o(other_index),
    .enable_i(enable), .base_i(base), .size_i(size), .slot_i(slot), .cfg_i(cfg),
    .size_write_o(check_size_write), .size_o(check_size),
    .done_o(check_done), .ok_o(check_ok)
  );

  // The table has the size less one.
  assign data   = w_data_i & {32{state_q != StWipe}};
  assign size_d = ((state_q == StIdle) | (state_q == StWipe)) ? SizeW'(data) - SizeW'(1) :
                  check_size;

  // Writes.
  logic [7:0] gather_q;
  logic [4:0] irq_enable_q, errors, table_hit;
  logic       write_gather, write_irq_enable, write_errors, write_size, write_ctrl, bad, write;
  actp_mem_reg_write #(.BlockLen(BlockLen), .AddrW(AddrW), .Regions(Regions)) u_write (
    .addr_i(aw_addr_i), .data_i(w_data_i), .strb_i(w_strb_i), .number_o(wr_number),
    .enable_i(enable), .gather_o(write_gather), .irq_enable_o(write_irq_enable),
    .errors_o(write_errors), .table_o(table_hit), .size_o(write_size), .ctrl_o(write_ctrl),
    .bad_o(bad)
  );
  assign write        = (state_q == StIdle) & wr_valid & ~rd_go & ~bad;
  assign table_write  = table_hit & {5{write}};
  assign size_write   = (write & write_size) | check_size_write | (state_q == StGone);
  assign enable_write = (check_done & check_ok) | (state_q == StGone);
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      gather_q     <= 8'(actp_mem_regs_pkg::GATHER_CYCLES_RESET);
      irq_enable_q <= '0;
    end else begin
      if (write & write_gather)     gather_q     <= w_data_i[7:0];
      if (write & write_irq_enable) irq_enable_q <= w_data_i[4:0];
    end
  end

  always_comb begin
    state_d  = state_q;
    wr_done  = 1'b0;
    wr_error = bad;
    unique case (state_q)
      StWipe: state_d = StIdle;
      StIdle:
        if (wr_valid & ~rd_go) begin
          if (~bad & write_ctrl & (w_data_i[0] != enable)) state_d = enable ? StStop : StCheck;
          else                                       wr_done = 1'b1;
        end
      StCheck: begin
        wr_done  = check_done;
        wr_error = ~check_ok;
        if (check_done) state_d = StIdle;
      end
      StStop:  state_d = StDrain;
      StDrain: if (idle_i) state_d = StLeave;
      StLeave: state_d = StLess;
      StLess:  state_d = StGone;
      StGone: begin
        wr_done = 1'b1;
        state_d = StIdle;
      end
      default: state_d = StIdle;
    endcase
  end
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) state_q <= StWipe;
    else         state_q <= state_d;
  end

  // Reads.
  logic             rd_counter, counter_ready;
  logic [1:0]       rd_late_q;  // the third cycle: what comes late is there
  logic [3:0]       counter;
  logic [31:0]      count;
  logic [AddrW-1:0] error_addr;
  assign rd_done = rd_go & (rd_counter ? counter_ready : rd_late_q[1]);
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) rd_late_q <= '0;
    else         rd_late_q <= {rd_late_q[0], 1'b1} & {2{rd_go & ~rd_done}};
  end
  actp_mem_reg_read #(
    .BlockLen(BlockLen), .StreamWidth(StreamWidth), .Formats(Formats), .Orders(Orders),
    .GroupLen(GroupLen), .Depth(Depth), .AddrW(AddrW), .Regions(Regions),
    .ReadBuffers(ReadBuffers), .Counters(Rings + 2)
  ) u_read (
    .addr_i(ar_addr_i), .number_o(rd_number), .enable_i(enable), .base_i(base),
    .size_i(check_size[LowW-1:0]), .slot_i(slot), .cfg_i(cfg), .gather_i(gather_q),
    .busy_i(~idle_i), .irq_enable_i(irq_enable_q), .errors_i(errors), .error_addr_i(error_addr),
    .is_counter_o(rd_counter), .counter_o(counter), .count_i(count),
    .data_o(rd_data), .error_o(rd_error)
  );

  // What happens.
  actp_mem_errors #(.AddrW(AddrW)) u_errors (
    .clk_i, .rst_ni,
    .clear_i(w_data_i[4:0] & {5{write & write_errors}}),
    .wr_write_error_i, .wr_rmw_failed_i, .wr_refused_i, .wr_addr_i(wr_error_addr_i),
    .rd_malformed_i, .rd_read_error_i, .rd_refused_i, .rd_addr_i(rd_error_addr_i),
    .errors_o(errors), .addr_o(error_addr)
  );
  actp_mem_counters #(.Num(Rings)) u_counters (
    .clk_i, .rst_ni,
    .count_i({1'b0, rd_beat_i, 1'b0, wr_beat_i, 1'b0, wr_bypass_i, 1'b0, rd_bypass_i,
              2'(wr_refused_i) + 2'(rd_refused_i), 2'(wr_write_error_i) + 2'(rd_read_error_i),
              1'b0, rd_malformed_i, 1'b0, rd_prefetch_i, 1'b0, rd_hit_i, 1'b0, rd_fill_i,
              1'b0, wr_rmw_i, 1'b0, wr_block_i}),
    .first_valid_i(wr_block_i), .first_bytes_i(wr_slot_bytes_i),
    .second_valid_i(rd_fill_i), .second_bytes_i(rd_slot_bytes_i),
    .read_index_i(counter), .read_ready_o(counter_ready), .data_o(count)
  );

  assign irq_o    = |(errors & irq_enable_q);
  assign gather_o = gather_q;
  assign hold_o   = (state_q == StStop) | (state_q == StDrain) | (state_q == StLeave) |
                    (state_q == StLess) | (state_q == StGone);
  assign clear_o  = state_q == StGone;
endmodule

`default_nettype wire
