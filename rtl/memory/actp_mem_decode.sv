// SPDX-License-Identifier: Apache-2.0
// actp_mem_decode - what a burst of the master is for: a region, the memory as it is, or nobody.
//
// Contract combinational. Refused: a burst type that AXI does not have, a WRAP of other than 2, 4,
//          8 or 16 beats, a beat wider than the bus, an INCR burst across 4 KiB; in a page of a
//          region also FIXED, and what touches a byte beyond the region's end. region_o: the region
//          whose page it is, 0 in none.
//          fmt_o, end_page_o, granule_o: of that region; 0 in none.
// Method   a legal burst stays in one page, and a region owns whole pages: one page number is
//          compared with the two ends of each. In a region's last page the granule of the burst's
//          last byte is compared too.
// Params   StreamWidth 64 .. 512; AddrW 32 .. 64; Regions 1 .. 16
`default_nettype none

module actp_mem_decode #(
  parameter int unsigned StreamWidth = 256,
  parameter int unsigned AddrW       = 40,
  parameter int unsigned Regions     = 8,
  localparam int unsigned RegW = (Regions > 1) ? $clog2(Regions) : 1
) (
  input  wire logic [Regions*actp_mem_pkg::REGION_W-1:0] regions_i,  // region_t, region 0 lowest
  input  wire logic [AddrW-1:0]                          addr_i,     // AxADDR of the burst
  input  wire logic [7:0]                                len_i,      // AxLEN: beats less one
  input  wire logic [2:0]                                size_i,     // AxSIZE
  input  wire logic [1:0]                                burst_i,    // AxBURST
  output logic [1:0]                                     kind_o,     // bypass, region or refused
  output logic [RegW-1:0]                                region_o,   // its number, 0 in none
  output logic [1:0]                                     fmt_o,      // of that region: format,
  output logic                                           end_page_o, // its last page is touched,
  output logic [11-actp_mem_pkg::GRANULE_W:0]            granule_o   // the last granule in there
);
  localparam int unsigned PageW    = AddrW - 12;
  localparam int unsigned RegionW  = actp_mem_pkg::REGION_W;
  localparam int unsigned GranuleW = actp_mem_pkg::GRANULE_W;
  localparam int unsigned InPageW  = 12 - GranuleW;  // granules of a page
  localparam logic [2:0]  BusSize  = 3'($clog2(StreamWidth / 8));

  // From the first beat to the last one. The low bits of an unaligned start make no carry.
  logic [14:0]        span;
  logic [InPageW:0]   incr_last;
  logic [InPageW-1:0] last;  // granule of the last byte
  logic               incr, wrap, length_ok, bad;
  logic [PageW-1:0]   page;
  assign span      = 15'(len_i) << size_i;
  assign incr      = burst_i == actp_mem_pkg::BURST_INCR;
  assign wrap      = burst_i == actp_mem_pkg::BURST_WRAP;
  assign incr_last = (InPageW+1)'(({1'b0, addr_i[11:0]} + {1'b0, span[11:0]}) >> GranuleW);
  assign last      = wrap ? addr_i[11:GranuleW] | span[11:GranuleW] : incr_last[InPageW-1:0];
  assign length_ok = (len_i == 8'd1) | (len_i == 8'd3) | (len_i == 8'd7) | (len_i == 8'd15);
  assign bad       = (&burst_i) | (wrap & ~length_ok) | (size_i > BusSize) |
                     (incr & (incr_last[InPageW] | (|span[14:12])));
  assign page      = addr_i[AddrW-1:12];

  // Regions never overlap: one hit at most. Compared bit by bit, from the lowest one up.
  actp_mem_pkg::region_t      region;
  logic [Regions*PageW-1:0]   bases, tops;
  logic [Regions*InPageW-1:0] granules;
  logic [Regions*2-1:0]       fmts;
  logic [Regions-1:0]         hit, enable, ends, beyond;
  always_comb begin
    for (int unsigned r = 0; r < Regions; r++) begin
      region                         = regions_i[r*RegionW +: RegionW];
      enable[r]                      = region.enable;
      bases[r*PageW +: PageW]        = PageW'(region.base_page);
      tops[r*PageW +: PageW]         = PageW'(region.last_page);
      granules[r*InPageW +: InPageW] = region.last_granule;
      fmts[r*2 +: 2]                 = region.fmt;
      beyond[r]                      = last > region.last_granule;
    end
  end
  function automatic logic less(input logic [PageW-1:0] a, input logic [PageW-1:0] b);
    less = 1'b0;
    for (int unsigned i = 0; i < PageW; i++) less = (~a[i] & b[i]) | ((~a[i] | b[i]) & less);
  endfunction
  for (genvar r = 0; r < Regions; r++) begin : gen_region
    assign hit[r]  = enable[r] & ~less(page, bases[r*PageW +: PageW]) &
                     ~less(tops[r*PageW +: PageW], page);
    assign ends[r] = page == tops[r*PageW +: PageW];
  end
  logic hits, hole;
  assign hits       = |hit;
  assign end_page_o = |(hit & ends);
  assign hole       = |(hit & ends & beyond);
  always_comb begin
    {region_o, granule_o, fmt_o} = '0;
    for (int unsigned r = 0; r < Regions; r++) begin
      region_o  |= RegW'(r) & {RegW{hit[r]}};
      granule_o |= granules[r*InPageW +: InPageW] & {InPageW{hit[r]}};
      fmt_o     |= fmts[r*2 +: 2] & {2{hit[r]}};
    end
  end
  assign kind_o = (bad | hole | (hits & ~incr & ~wrap)) ? actp_mem_pkg::KIND_REFUSED :
                  hits ? actp_mem_pkg::KIND_REGION : actp_mem_pkg::KIND_BYPASS;
endmodule

`default_nettype wire
