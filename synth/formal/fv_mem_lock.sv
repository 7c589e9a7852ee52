// SPDX-License-Identifier: Apache-2.0
// fv_mem_lock - actp_mem_reg_write and actp_mem_table: what a register write may change of a
//   region.
//
// Proves   while region `which` is on, every field of it that the paths see stays as it is,
//          whatever is written; a write to one region changes no other one; a write that is refused
//          changes nothing, and one that is taken writes one register. Regions are off after reset.
// Method   both modules as actp_mem_regs connects them while it is idle: the write of an address
//          goes to the table unless it is refused; a region is turned on or off at any time.
// Reach    the region is on, behind a write to its configuration and one to its base
`include "fv.svh"
`default_nettype none

module fv_mem_lock #(
  parameter int unsigned BlockLen = 32,
  parameter int unsigned AddrW    = 32,
  parameter int unsigned Regions  = 3
) (
  input wire logic        clk_i,
  input wire logic        rst_ni,
  input wire logic        go_i,
  input wire logic [11:0] addr_i,
  input wire logic [31:0] data_i,
  input wire logic [3:0]  strb_i,
  input wire logic        enable_write_i,
  input wire logic        enable_d_i
);
  localparam int unsigned RegionW = actp_mem_pkg::REGION_W;
  localparam int unsigned RegW    = $clog2(Regions);
  localparam int unsigned SizeW   = AddrW - actp_mem_pkg::GRANULE_W;
  `RESET
  logic [RegW-1:0] number;
  logic            enable, gather, irq_enable, errors, size, ctrl, bad, write;
  logic [4:0]      hit;
  logic [Regions*RegionW-1:0] regions;
  actp_mem_reg_write #(.BlockLen(BlockLen), .AddrW(AddrW), .Regions(Regions)) u_write (
    .addr_i, .data_i, .strb_i, .number_o(number), .enable_i(enable), .gather_o(gather),
    .irq_enable_o(irq_enable), .errors_o(errors), .table_o(hit), .size_o(size), .ctrl_o(ctrl),
    .bad_o(bad)
  );
  assign write = go_i & ~bad;
  actp_mem_table #(
    .BlockLen(BlockLen), .StreamWidth(64), .AddrW(AddrW), .Regions(Regions)
  ) u_table (
    .clk_i, .rst_ni, .index_i(number), .wipe_i(1'b0), .write_i(hit & {5{write}}), .data_i,
    .size_write_i(size & write), .size_d_i(SizeW'(data_i)),
    .enable_write_i(enable_write_i & (number < RegW'(Regions))), .enable_d_i,
    .enable_o(enable), .base_o(), .size_o(), .slot_o(), .cfg_o(), .regions_o(regions)
  );

  (* anyconst *) logic [RegW-1:0] which;
  `RESTRICT(which < RegW'(Regions))
  actp_mem_pkg::region_t region, region_q;
  logic                  past_q, write_q, other_q, based_q, set_q;
  actp_mem_region #(.Regions(Regions)) u_which (
    .regions_i(regions), .index_i(which), .region_o(region)
  );
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) {past_q, write_q, other_q, based_q, set_q} <= '0;
    else begin
      past_q  <= 1'b1;
      write_q <= write;
      other_q <= (number != which) & ~enable_write_i;
      based_q <= based_q | (write & hit[0] & (number == which));
      set_q   <= set_q | (based_q & write & hit[4] & (number == which));
    end
  end
  always_ff @(posedge clk_i) region_q <= region;

  logic [9:0] one;
  assign one = {ctrl, size, hit, gather, irq_enable, errors};
  `CHECK(~(past_q & region_q.enable & region.enable) | (region == region_q))
  `CHECK(~(past_q & other_q) | (region == region_q))
  `CHECK(~(past_q & ~write_q) | ({region_q.base_page, region_q.last_page, region_q.slot_page} ==
      {region.base_page, region.last_page, region.slot_page}))
  `CHECK(bad | ((one != '0) & ((one & (one - 10'd1)) == '0)))
  `CHECK(bad | (&strb_i))
  `CHECK(past_q | ~region.enable)
  `REACH(region.enable & set_q)
endmodule

`default_nettype wire
