// SPDX-License-Identifier: Apache-2.0
// actp_mem_table - the regions: their registers, and what the two paths see of them.
//
// Contract the region index_i is read in the same cycle, and written at the edge: a register of it
//          (one bit of write_i each: base low, base high, slot low, slot high, configuration),
//          size_d_i with size_write_i, the enable with enable_write_i. wipe_i writes data_i,
//          size_d_i to all. size_o of a region that is on is its last granule; of one that is off
//          what it was written.
// Params   BlockLen 32 .. 256; StreamWidth 64 .. 512; AddrW 32 .. 64; Regions 1 .. 16; Fifo 1:
//          fields in latches, else in flops
// Reset    all off; fields undefined until wipe_i
`default_nettype none

module actp_mem_table #(
  parameter int unsigned BlockLen    = 128,
  parameter int unsigned StreamWidth = 256,
  parameter int unsigned AddrW       = 40,
  parameter int unsigned Regions     = 8,
  parameter int unsigned Fifo        = 0,
  localparam int unsigned RegW  = (Regions > 1) ? $clog2(Regions) : 1,
  localparam int unsigned PageW = AddrW - 12,
  localparam int unsigned SizeW = AddrW - actp_mem_pkg::GRANULE_W,
  localparam int unsigned ByteW = $clog2(33 * BlockLen / 8 + 9),  // slot bytes that are legal
  localparam int unsigned CfgW  = 13 + ByteW
) (
  input  wire logic             clk_i,
  input  wire logic             rst_ni,
  input  wire logic [RegW-1:0]  index_i,         // the region that is read and written
  input  wire logic             wipe_i,          // writes data_i and size_d_i to all
  input  wire logic [4:0]       write_i,         // {configuration, slot high, low, base high, low}
  input  wire logic [31:0]      data_i,          // as the registers have it
  input  wire logic             size_write_i,    // writes size_d_i
  input  wire logic [SizeW-1:0] size_d_i,        // granules, or the last one
  input  wire logic             enable_write_i,  // writes enable_d_i
  input  wire logic             enable_d_i,      // 1: the region is on
  output logic                  enable_o,        // it is on
  output logic [PageW-1:0]      base_o,          // its first page
  output logic [SizeW-1:0]      size_o,          // granules, or the last one
  output logic [PageW-1:0]      slot_o,          // page where its slot 0 begins
  output logic [CfgW-1:0]       cfg_o,           // {slot bytes, row limit, cap, fill, order, fmt}
  output logic [Regions*actp_mem_pkg::REGION_W-1:0] regions_o  // all, region_t, region 0 lowest
);
  localparam int unsigned GranuleW = 12 - actp_mem_pkg::GRANULE_W;
  localparam int unsigned BusBits  = $clog2(StreamWidth / 8);
  localparam int unsigned LowW     = 20;             // pages in a low register
  localparam int unsigned HighW    = PageW - LowW;   // and in a high one
  localparam int unsigned StrideW  = actp_mem_pkg::STRIDE_W;

  logic [Regions-1:0]         chosen, enable_q, size_at, cfg_at;
  logic [2*Regions-1:0]       low_at, high_at;  // slots above, bases below
  logic [2*Regions*LowW-1:0]  lows;
  logic [Regions*PageW-1:0]   base_q, slot_q;
  logic [Regions*SizeW-1:0]   size_q;
  logic [Regions*CfgW-1:0]    cfg_q;

  for (genvar r = 0; r < Regions; r++) begin : gen_region
    logic [5:0] write;
    assign chosen[r] = index_i == RegW'(r);
    assign write     = {6{wipe_i}} | ({write_i, size_write_i} & {6{chosen[r]}});
    assign {cfg_at[r], high_at[Regions+r], low_at[Regions+r], high_at[r], low_at[r], size_at[r]} =
        write;
    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni)                         enable_q[r] <= 1'b0;
      else if (enable_write_i & chosen[r]) enable_q[r] <= enable_d_i;
    end
    assign base_q[r*PageW +: LowW] = lows[r*LowW +: LowW];
    assign slot_q[r*PageW +: LowW] = lows[(Regions+r)*LowW +: LowW];
  end
  actp_mem_cells #(.Width(SizeW), .Entries(Regions), .Fifo(Fifo)) u_size (
    .clk_i, .write_i(size_at), .data_i(size_d_i), .store_o(size_q)
  );
  actp_mem_cells #(.Width(LowW), .Entries(2 * Regions), .Fifo(Fifo)) u_low (
    .clk_i, .write_i(low_at), .data_i(data_i[31:12]), .store_o(lows)
  );
  actp_mem_cells #(.Width(CfgW), .Entries(Regions), .Fifo(Fifo)) u_cfg (
    .clk_i, .write_i(cfg_at), .data_i({data_i[16 +: ByteW], data_i[12:0]}), .store_o(cfg_q)
  );
  if (HighW > 0) begin : gen_high
    logic [2*Regions*HighW-1:0] highs;
    actp_mem_cells #(.Width(HighW), .Entries(2 * Regions), .Fifo(Fifo)) u_high (
      .clk_i, .write_i(high_at), .data_i(data_i[HighW-1:0]), .store_o(highs)
    );
    for (genvar r = 0; r < Regions; r++) begin : gen_region
      assign base_q[r*PageW+LowW +: HighW] = highs[r*HighW +: HighW];
      assign slot_q[r*PageW+LowW +: HighW] = highs[(Regions+r)*HighW +: HighW];
    end
  end else begin : gen_no_high
    logic unused_high;
    assign unused_high = ^high_at;
  end

  always_comb begin
    enable_o = 1'b0;
    base_o   = '0;
    size_o   = '0;
    slot_o   = '0;
    cfg_o    = '0;
    for (int unsigned r = 0; r < Regions; r++) begin
      enable_o |= enable_q[r] & chosen[r];
      base_o   |= base_q[r*PageW +: PageW] & {PageW{chosen[r]}};
      size_o   |= size_q[r*SizeW +: SizeW] & {SizeW{chosen[r]}};
      slot_o   |= slot_q[r*PageW +: PageW] & {PageW{chosen[r]}};
      cfg_o    |= cfg_q[r*CfgW +: CfgW] & {CfgW{chosen[r]}};
    end
  end

  actp_mem_pkg::region_t region;
  logic [CfgW-1:0]       cfg;
  logic [ByteW-1:0]      bytes;
  always_comb begin
    for (int unsigned r = 0; r < Regions; r++) begin
      cfg   = cfg_q[r*CfgW +: CfgW];
      bytes = cfg[13 +: ByteW];
      region.enable       = enable_q[r];
      region.base_page    = actp_mem_pkg::PAGE_W'(base_q[r*PageW +: PageW]);
      region.last_page    = actp_mem_pkg::PAGE_W'(size_q[r*SizeW+GranuleW +: PageW]);
      region.last_granule = size_q[r*SizeW +: GranuleW];
      region.slot_page    = actp_mem_pkg::PAGE_W'(slot_q[r*PageW +: PageW]);
      region.stride       = StrideW'(bytes >> BusBits) + StrideW'(|bytes[BusBits-1:0]);
      region.fmt          = cfg[1:0];
      region.order        = cfg[2];
      region.fill_zero    = cfg[3];
      region.delta_cap    = cfg[7:4];
      region.row_limit    = cfg[12:8];
      region.slot_bytes   = actp_mem_pkg::SLOT_W'(bytes);
      regions_o[r*actp_mem_pkg::REGION_W +: actp_mem_pkg::REGION_W] = region;
    end
  end
endmodule

`default_nettype wire
