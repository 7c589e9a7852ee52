// SPDX-License-Identifier: Apache-2.0
// fv_mem_off - actp_mem_regs: how a region goes off, and that it stays as it is until then.
//
// Proves   a region goes off only behind a cycle of clear_o, that only while hold_o, and only when
//          both paths were idle in the second cycle of hold_o or later; hold_o stays from its first
//          cycle to clear_o. A region that is on keeps its fields, whatever is written and read,
//          until it goes off. None goes on while hold_o. After reset all are off.
// Method   every port of AXI4-Lite is free, but for the master's S2. Paths that are idle and take
//          no burst stay idle. Nothing is counted.
// Reach    a region goes off
`include "fv.svh"
`default_nettype none

module fv_mem_off #(
  parameter int unsigned BlockLen = 32,
  parameter int unsigned AddrW    = 32,
  parameter int unsigned Regions  = 2
) (
  input wire logic        clk_i,
  input wire logic        rst_ni,
  input wire logic        aw_valid_i,
  input wire logic [11:0] aw_addr_i,
  input wire logic        w_valid_i,
  input wire logic [31:0] w_data_i,
  input wire logic [3:0]  w_strb_i,
  input wire logic        b_ready_i,
  input wire logic        ar_valid_i,
  input wire logic [11:0] ar_addr_i,
  input wire logic        r_ready_i,
  input wire logic        idle_i
);
  localparam int unsigned RegionW = actp_mem_pkg::REGION_W;
  localparam int unsigned RegW    = $clog2(Regions);
  `RESET
  logic aw_ready, w_ready, b_valid, ar_ready, r_valid, irq, hold, clear;
  logic [1:0]  b_resp, r_resp;
  logic [31:0] r_data;
  logic [7:0]  gather;
  logic [Regions*RegionW-1:0] regions;
  actp_mem_regs #(
    .BlockLen(BlockLen), .StreamWidth(512), .Formats(4), .Orders(1), .Depth(8), .AddrW(AddrW),
    .Regions(Regions)
  ) u_dut (
    .clk_i, .rst_ni, .aw_valid_i, .aw_ready_o(aw_ready), .aw_addr_i, .w_valid_i,
    .w_ready_o(w_ready), .w_data_i, .w_strb_i, .b_valid_o(b_valid), .b_ready_i, .b_resp_o(b_resp),
    .ar_valid_i, .ar_ready_o(ar_ready), .ar_addr_i, .r_valid_o(r_valid), .r_ready_i,
    .r_data_o(r_data), .r_resp_o(r_resp), .irq_o(irq), .regions_o(regions), .gather_o(gather),
    .hold_o(hold), .idle_i, .clear_o(clear), .wr_block_i(1'b0), .wr_slot_bytes_i('0),
    .wr_rmw_i(1'b0), .wr_rmw_failed_i(1'b0), .wr_write_error_i(1'b0), .wr_refused_i(1'b0),
    .wr_bypass_i(1'b0), .wr_beat_i(1'b0), .wr_error_addr_i('0), .rd_fill_i(1'b0),
    .rd_slot_bytes_i('0), .rd_hit_i(1'b0), .rd_prefetch_i(1'b0), .rd_malformed_i(1'b0),
    .rd_read_error_i(1'b0), .rd_refused_i(1'b0), .rd_bypass_i(1'b0), .rd_beat_i(1'b0),
    .rd_error_addr_i('0)
  );

  // The master: what it offers stays until it is taken.
  logic        aw_waits_q, w_waits_q, ar_waits_q;
  logic [11:0] aw_addr_q, ar_addr_q;
  logic [35:0] w_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) {aw_waits_q, w_waits_q, ar_waits_q} <= '0;
    else begin
      aw_waits_q <= aw_valid_i & ~aw_ready;
      w_waits_q  <= w_valid_i & ~w_ready;
      ar_waits_q <= ar_valid_i & ~ar_ready;
    end
  end
  always_ff @(posedge clk_i) begin
    {aw_addr_q, ar_addr_q, w_q} <= {aw_addr_i, ar_addr_i, w_data_i, w_strb_i};
  end
  `RESTRICT(~aw_waits_q | (aw_valid_i & (aw_addr_i == aw_addr_q)))
  `RESTRICT(~w_waits_q | (w_valid_i & ({w_data_i, w_strb_i} == w_q)))
  `RESTRICT(~ar_waits_q | (ar_valid_i & (ar_addr_i == ar_addr_q)))

  // How it went off: whether the paths were idle in a cycle of hold_o that counts.
  (* anyconst *) logic [RegW-1:0] which;
  `RESTRICT(32'(which) < Regions)
  actp_mem_pkg::region_t region, region_q;
  logic                  past_q, hold_q, clear_q, idle_q, drained_q;
  actp_mem_region #(.Regions(Regions)) u_which (
    .regions_i(regions), .index_i(which), .region_o(region)
  );
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) {past_q, hold_q, clear_q, idle_q, drained_q} <= '0;
    else begin
      past_q    <= 1'b1;
      hold_q    <= hold;
      clear_q   <= clear;
      idle_q    <= idle_i & hold;
      drained_q <= hold & (drained_q | (hold_q & idle_i));
    end
  end
  always_ff @(posedge clk_i) region_q <= region;
  `RESTRICT(~(idle_q & hold) | idle_i)

  logic falls, rises;
  assign falls = past_q & region_q.enable & ~region.enable;
  assign rises = past_q & ~region_q.enable & region.enable;
  `CHECK(past_q | ~region.enable)
  `CHECK(~falls | (clear_q & hold_q))
  `CHECK(~clear | (hold & drained_q))
  `CHECK(~(hold_q & ~clear_q) | hold)
  `CHECK(~rises | ~hold_q)
  `CHECK(~(past_q & region_q.enable & region.enable) | (region == region_q))
  `REACH(falls)
endmodule

`default_nettype wire
