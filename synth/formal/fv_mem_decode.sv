// SPDX-License-Identifier: Apache-2.0
// fv_mem_decode - actp_mem_decode: a burst reaches one region, or none, or it is refused.
//
// Proves   for any byte of any beat: of a burst for a region it lies in that region, which is on;
//          of a bypass burst in no region that is on. A burst that touches two regions, or a region
//          and what is behind it, is refused. Whoever breaks none of the rules of
//          docs/memory.md#bursts is not refused: a burst that lies in a region whole is for it.
// Method   combinational, every burst; the bytes of beat `beat_i` are written out here from AXI4.
//          Regions are as actp_mem_check lets them be: no page in two of them. Addresses of 16
//          bits.
// Reach    a WRAP burst for the second region whose beat lies below its first one
`include "fv.svh"
`default_nettype none

module fv_mem_decode #(
  parameter int unsigned StreamWidth = 256,
  parameter int unsigned AddrW       = 16,
  parameter int unsigned Regions     = 2
) (
  input wire logic                                      clk_i,
  input wire logic                                      rst_ni,
  input wire logic [Regions*actp_mem_pkg::REGION_W-1:0] regions_i,
  input wire logic [AddrW-1:0]                          addr_i,
  input wire logic [7:0]                                len_i,
  input wire logic [2:0]                                size_i,
  input wire logic [1:0]                                burst_i,
  input wire logic [7:0]                                beat_i,
  input wire logic [6:0]                                byte_i
);
  localparam int unsigned RegionW = actp_mem_pkg::REGION_W;
  localparam int unsigned RegW    = $clog2(Regions);
  localparam int unsigned PageW   = AddrW - 12;
  logic [1:0]      kind;
  logic [RegW-1:0] number;
  actp_mem_decode #(.StreamWidth(StreamWidth), .AddrW(AddrW), .Regions(Regions)) u_dut (
    .regions_i, .addr_i, .len_i, .size_i, .burst_i, .kind_o(kind), .region_o(number)
  );

  // The byte: one of beat beat_i.
  logic [AddrW-1:0] aligned, incr, wrap_mask, at, where;
  logic [AddrW:0]   last;
  logic             touched, wrap_ok, crosses;
  assign aligned   = (addr_i >> size_i) << size_i;
  assign incr      = aligned + (AddrW'(beat_i) << size_i);
  assign wrap_mask = ((AddrW'(len_i) + AddrW'(1)) << size_i) - AddrW'(1);
  assign at        = (burst_i == 2'd0) ? aligned :
                     (burst_i == 2'd2) ? (aligned & ~wrap_mask) | (incr & wrap_mask) : incr;
  assign where     = at + AddrW'(byte_i);
  assign touched   = (beat_i <= len_i) & (8'(byte_i) < (8'd1 << size_i)) &
                     ((beat_i != '0) | (where >= addr_i));
  assign last      = {1'b0, aligned} + (((AddrW+1)'(len_i) + (AddrW+1)'(1)) << size_i) -
                     (AddrW+1)'(1);
  assign crosses   = (burst_i == 2'd1) & (last[AddrW:12] != {1'b0, addr_i[AddrW-1:12]});
  assign wrap_ok   = (len_i == 8'd1) | (len_i == 8'd3) | (len_i == 8'd7) | (len_i == 8'd15);

  // The first byte that the burst can touch, and the last one.
  logic [AddrW-1:0] low, high;
  assign low  = (burst_i == 2'd2) ? aligned & ~wrap_mask : addr_i;
  assign high = (burst_i == 2'd2) ? aligned | wrap_mask : last[AddrW-1:0];

  // Which regions the byte, the burst's page, and the whole burst, are in; FIXED: in none.
  logic [Regions-1:0] on, has, page, whole;
  logic               overlap;
  actp_mem_pkg::region_t one, two;
  always_comb begin
    one     = '0;
    two     = '0;
    on      = '0;
    has     = '0;
    page    = '0;
    whole   = '0;
    overlap = 1'b0;
    for (int unsigned r = 0; r < Regions; r++) begin
      one     = regions_i[r*RegionW +: RegionW];
      on[r]   = one.enable;
      page[r] = one.enable & (addr_i[AddrW-1:12] >= PageW'(one.base_page)) &
                (addr_i[AddrW-1:12] <= PageW'(one.last_page));
      has[r]  = one.enable & (where[AddrW-1:12] >= PageW'(one.base_page)) &
                ({where[AddrW-1:12], where[11:6]} <= {PageW'(one.last_page), one.last_granule});
      whole[r] = one.enable & (burst_i != 2'd0) & (low[AddrW-1:12] >= PageW'(one.base_page)) &
                 ({high[AddrW-1:12], high[11:6]} <= {PageW'(one.last_page), one.last_granule});
      for (int unsigned s = 0; s < r; s++) begin
        two     = regions_i[s*RegionW +: RegionW];
        overlap = overlap | (one.enable & two.enable &
                  (PageW'(one.base_page) <= PageW'(two.last_page)) &
                  (PageW'(two.base_page) <= PageW'(one.last_page)));
      end
    end
  end
  `RESTRICT(~overlap)
  // A WRAP burst is aligned to its beats: docs/memory.md takes legal ones.
  `RESTRICT((burst_i != 2'd2) | (aligned == addr_i))

  logic legal, bad;
  assign bad   = (burst_i == 2'd3) | crosses | ((burst_i == 2'd2) & ~wrap_ok) |
                 ((32'd8 << size_i) > StreamWidth);
  assign legal = ~bad & ~((burst_i == 2'd0) & (page != '0));
  `CHECK(kind != 2'd3)
  `CHECK(~touched | (kind != actp_mem_pkg::KIND_REGION) | (has == (Regions'(1) << number)))
  `CHECK(~touched | (kind != actp_mem_pkg::KIND_BYPASS) | (has == '0))
  `CHECK(legal | (kind == actp_mem_pkg::KIND_REFUSED))
  `CHECK(~legal | (whole == '0) |
      ((kind == actp_mem_pkg::KIND_REGION) & (whole == (Regions'(1) << number))))
  `CHECK(~legal | (page != '0) | (kind == actp_mem_pkg::KIND_BYPASS))
  `CHECK((kind != actp_mem_pkg::KIND_BYPASS) | (page == '0))
  `REACH(touched & (kind == actp_mem_pkg::KIND_REGION) & (number == RegW'(1)) &
      (burst_i == 2'd2) & (where < addr_i) & on[0])
endmodule

`default_nettype wire
