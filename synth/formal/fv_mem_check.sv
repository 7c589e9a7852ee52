// SPDX-License-Identifier: Apache-2.0
// fv_mem_check - actp_mem_check: which regions may be on beside each other.
//
// Proves   a region is found good if and only if its configuration can be done, it has a granule,
//          it and its slots end within the addresses, and neither shares a page with another region
//          that is on, nor its slots one with that region's slots. Found good, the table keeps its
//          last granule; refused, its size as it was. Over after 4 * Regions * (StrideW + 3) + 7
//          cycles at most.
// Method   all fields are any constants. A region that is on satisfies what is proven here of one
//          that is turned on: alone it is legal. The bound is proven, so BMC to it is the whole
//          check. What is legal is written out from docs/memory.md.
// Reach    another region is on, and this one is refused for its slots alone
`include "fv.svh"
`default_nettype none

module fv_mem_check #(
  parameter int unsigned BlockLen    = 32,
  parameter int unsigned StreamWidth = 512,
  parameter int unsigned AddrW       = 18,
  parameter int unsigned Regions     = 2
) (
  input wire logic clk_i,
  input wire logic rst_ni
);
  localparam int unsigned RegW    = (Regions > 1) ? $clog2(Regions) : 1;
  localparam int unsigned PageW   = AddrW - 12;
  localparam int unsigned SizeW   = AddrW - actp_mem_pkg::GRANULE_W;
  localparam int unsigned ByteW   = $clog2(33 * BlockLen / 8 + 9);
  localparam int unsigned CfgW    = 13 + ByteW;
  localparam int unsigned Bus     = StreamWidth / 8;
  localparam int unsigned StrideW = $clog2((33 * BlockLen / 8 + 8) / Bus + 2);
  localparam int unsigned Limit   = 4 * Regions * (StrideW + 3) + 7;
  localparam int unsigned WideW   = AddrW + StrideW + 2;  // bytes, whatever the fields
  logic begun_q;
  initial begun_q = 1'b0;
  always_ff @(posedge clk_i) begun_q <= 1'b1;
  `RESTRICT(rst_ni == begun_q)

  (* anyconst *) logic [RegW-1:0]          which;   // the region in question
  (* anyconst *) logic [Regions-1:0]       enables;
  (* anyconst *) logic [Regions*PageW-1:0] bases, slots;
  (* anyconst *) logic [Regions*SizeW-1:0] sizes;   // less one; of regions that are on the last
  (* anyconst *) logic [Regions*CfgW-1:0]  cfgs;
  `RESTRICT(32'(which) < Regions)

  // The table, whose only register that a check writes is one size.
  logic             other, size_write, done, ok;
  logic [RegW-1:0]  other_index, index;
  logic [SizeW-1:0] size_d, size_q;
  logic             enable;
  logic [PageW-1:0] base, slot;
  logic [SizeW-1:0] size, size_0;
  logic [CfgW-1:0]  cfg;
  assign index = other ? other_index : which;
  always_comb begin
    {enable, base, size, slot, cfg, size_0} = '0;
    for (int unsigned r = 0; r < Regions; r++) begin
      if (index == RegW'(r)) begin
        enable = enables[r] & (which != RegW'(r));
        base   = bases[r*PageW +: PageW];
        size   = (which == RegW'(r)) ? size_q : sizes[r*SizeW +: SizeW];
        slot   = slots[r*PageW +: PageW];
        cfg    = cfgs[r*CfgW +: CfgW];
      end
      if (which == RegW'(r)) size_0 = sizes[r*SizeW +: SizeW];
    end
  end
  always_ff @(posedge clk_i) begin
    if (!begun_q)        size_q <= size_0;
    else if (size_write) size_q <= size_d;
  end
  logic       over_q, ok_q;
  logic [7:0] age_q;
  actp_mem_check #(
    .BlockLen(BlockLen), .StreamWidth(StreamWidth), .AddrW(AddrW), .Regions(Regions)
  ) u_dut (
    .clk_i, .rst_ni, .start_i(~over_q), .other_o(other), .index_o(other_index),
    .enable_i(enable), .base_i(base), .size_i(size), .slot_i(slot), .cfg_i(cfg),
    .size_write_o(size_write), .size_o(size_d), .done_o(done), .ok_o(ok)
  );
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      over_q <= 1'b0;
      age_q  <= '0;
    end else begin
      over_q <= over_q | done;
      age_q  <= over_q ? age_q : age_q + 8'd1;
    end
  end
  always_ff @(posedge clk_i) if (done & ~over_q) ok_q <= ok;

  // Each region alone: where it ends, where its slots end, and whether it may be so.
  logic [Regions-1:0] on, mine, bad, alone, apart, apart_slots;
  logic [PageW-1:0]   my_base, my_last, my_slot, my_slot_last;
  logic [Regions*PageW-1:0] lasts, slot_lasts;
  logic [Regions*actp_pkg::CONFIG_W-1:0] reads;
  actp_pkg::config_t        read;
  always_comb begin
    for (int unsigned r = 0; r < Regions; r++) begin
      read   = reads[r*actp_pkg::CONFIG_W +: actp_pkg::CONFIG_W];
      bad[r] = read.bad;
    end
  end
  for (genvar r = 0; r < Regions; r++) begin : gen_region
    logic [CfgW-1:0]    word;
    logic [ByteW-1:0]   bytes;
    logic [WideW-1:0]   first, last, blocks, stride, slot_end;
    assign mine[r] = which == RegW'(r);
    assign on[r]   = enables[r] & ~mine[r];
    assign word    = cfgs[r*CfgW +: CfgW];
    assign bytes   = word[13 +: ByteW];
    actp_config #(.BlockLen(BlockLen)) u_config (
      .format_i(word[1:0]), .order_i(word[2]), .lossless_i(1'b0),
      .slot_bytes_i(actp_pkg::SLOT_W'(bytes)), .delta_cap_i(word[7:4]),
      .row_limit_i(word[12:8]), .fill_zero_i(word[3]),
      .cfg_o(reads[r*actp_pkg::CONFIG_W +: actp_pkg::CONFIG_W])
    );
    // In granules, of 64 bytes; a block has 4 bytes a value in FP32, else 2.
    assign first    = WideW'(bases[r*PageW +: PageW]) << 6;
    assign last     = mine[r] ? first + WideW'(sizes[r*SizeW +: SizeW]) :
                                WideW'(sizes[r*SizeW +: SizeW]);
    assign blocks   = (word[1:0] == 2'd0) ? (last - first) / (BlockLen / 16) + 1 :
                                            (last - first) / (BlockLen / 32) + 1;
    assign stride   = (WideW'(bytes) + WideW'(Bus - 1)) / Bus;
    assign slot_end = (WideW'(slots[r*PageW +: PageW]) << 12) + blocks * stride * Bus;
    assign alone[r] = ~bad[r] & ~(mine[r] & (&sizes[r*SizeW +: SizeW])) & (first <= last) &
                      (last < (WideW'(1) << SizeW)) & (slot_end <= (WideW'(1) << AddrW));
    assign lasts[r*PageW +: PageW]      = PageW'(last >> 6);
    assign slot_lasts[r*PageW +: PageW] = PageW'((slot_end - WideW'(1)) >> 12);
    `RESTRICT(~on[r] | alone[r])
  end
  always_comb begin
    {my_base, my_last, my_slot, my_slot_last} = '0;
    for (int unsigned r = 0; r < Regions; r++) begin
      if (mine[r]) begin
        my_base      = bases[r*PageW +: PageW];
        my_last      = lasts[r*PageW +: PageW];
        my_slot      = slots[r*PageW +: PageW];
        my_slot_last = slot_lasts[r*PageW +: PageW];
      end
    end
    for (int unsigned r = 0; r < Regions; r++) begin
      apart[r]       = ~on[r] | (my_last < bases[r*PageW +: PageW]) |
                       (lasts[r*PageW +: PageW] < my_base);
      apart_slots[r] = ~on[r] | (my_slot_last < slots[r*PageW +: PageW]) |
                       (slot_lasts[r*PageW +: PageW] < my_slot);
    end
  end
  logic legal;
  assign legal = (|(mine & alone)) & (&apart) & (&apart_slots);
  `CHECK(over_q | ~done | (ok == legal))
  `CHECK(over_q | ok == (ok & done))
  `CHECK(~over_q | (size_q == (ok_q ? size_0 + SizeW'({my_base, 6'd0}) : size_0)))
  `CHECK(age_q < 8'(Limit))
  `REACH(over_q & ~ok_q & (|(mine & alone)) & (&apart) & ~(&apart_slots))
endmodule

`default_nettype wire
