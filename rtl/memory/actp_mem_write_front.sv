// SPDX-License-Identifier: Apache-2.0
// actp_mem_write_front - which burst's beats come in, what for, and where the next one goes.
//
// Contract aw: as AXI. burst_*: the burst whose beats come, from registers; beat_i: one was taken.
//          The next burst follows at once, behind a bypass burst when its request (pass_*) is taken
//          too: its beats need not wait for that. No burst begins while hold_i or not room_i.
//          refused_o: one begins that gets SLVERR.
// Method   a request waits in a skid register at most; it is decoded on the way into the current
//          one. Beats are counted, so that a wrong WLAST does no harm.
// Params   BlockLen, StreamWidth, Formats, AddrW, IdW, Regions as actp_mem_write
// Reset    no burst
`include "actp_macros.svh"
`default_nettype none

module actp_mem_write_front #(
  parameter int unsigned BlockLen    = 128,
  parameter int unsigned StreamWidth = 256,
  parameter int unsigned Formats     = 7,
  parameter int unsigned AddrW       = 40,
  parameter int unsigned IdW         = 6,
  parameter int unsigned Regions     = 8,
  localparam int unsigned RegW  = (Regions > 1) ? $clog2(Regions) : 1,
  localparam int unsigned TagW  = AddrW - actp_mem_pkg::GRANULE_W,
  localparam int unsigned MaxWords = BlockLen * (((Formats & 1) != 0) ? 32 : 16) / StreamWidth,
  localparam int unsigned WordW = (MaxWords > 1) ? $clog2(MaxWords) : 1
) (
  input  wire logic                                      clk_i,
  input  wire logic                                      rst_ni,
  input  wire logic [Regions*actp_mem_pkg::REGION_W-1:0] regions_i,  // region_t, region 0 lowest
  // requests
  input  wire logic              aw_valid_i,
  output logic                   aw_ready_o,
  input  wire logic [IdW-1:0]    aw_id_i,
  input  wire logic [AddrW-1:0]  aw_addr_i,
  input  wire logic [7:0]        aw_len_i,
  input  wire logic [2:0]        aw_size_i,
  input  wire logic [1:0]        aw_burst_i,
  input  wire logic [10:0]       aw_attr_i,
  input  wire logic              hold_i,            // takes no request
  output logic                   waits_o,           // has one that has not begun
  input  wire logic              room_i,
  output logic                   load_o,            // a burst begins
  output logic                   refused_o,
  // requests that go on to the memory
  output logic                   pass_valid_o,
  input  wire logic              pass_ready_i,
  output logic [AddrW-1:0]       pass_addr_o,       // of refused_o too
  output logic [7:0]             pass_len_o,
  output logic [2:0]             pass_size_o,
  output logic [1:0]             pass_burst_o,
  output logic [10:0]            pass_attr_o,
  // the burst whose beats come
  output logic                   burst_valid_o,
  output logic [1:0]             burst_kind_o,
  output logic [IdW-1:0]         burst_id_o,
  output logic [RegW-1:0]        burst_region_o,
  output logic [TagW-1:0]        burst_tag_o,       // of this beat
  output logic [WordW-1:0]       burst_word_o,
  output logic [WordW-1:0]       burst_last_word_o,
  output logic                   burst_last_o,      // its last beat
  input  wire logic              beat_i
);
  localparam int unsigned GW       = 12 - actp_mem_pkg::GRANULE_W;
  localparam int unsigned RequestW = IdW + AddrW + 8 + 3 + 2 + 11;

  // ---- the next request
  logic                skid_ready, next_valid, free;
  logic [RequestW-1:0] next;
  logic [IdW-1:0]      next_id;
  logic [AddrW-1:0]    next_addr;
  logic [7:0]          next_len;
  logic [2:0]          next_size;
  logic [1:0]          next_burst, next_kind, next_fmt;
  logic [10:0]         next_attr;
  logic [RegW-1:0]     next_region;
  logic                next_end_page;
  logic [GW-1:0]       next_granule;
  actp_skid #(.Width(RequestW)) u_skid (
    .clk_i, .rst_ni, .in_valid_i(aw_valid_i & ~hold_i), .in_ready_o(skid_ready),
    .in_data_i({aw_id_i, aw_addr_i, aw_len_i, aw_size_i, aw_burst_i, aw_attr_i}),
    .out_valid_o(next_valid), .out_ready_i(load_o), .out_data_o(next)
  );
  assign aw_ready_o = skid_ready & ~hold_i;
  assign waits_o    = next_valid;
  assign {next_id, next_addr, next_len, next_size, next_burst, next_attr} = next;
  actp_mem_decode #(.StreamWidth(StreamWidth), .AddrW(AddrW), .Regions(Regions)) u_decode (
    .regions_i, .addr_i(next_addr), .len_i(next_len), .size_i(next_size),
    .burst_i(next_burst), .kind_o(next_kind), .region_o(next_region), .fmt_o(next_fmt),
    .end_page_o(next_end_page), .granule_o(next_granule)
  );
  assign load_o = next_valid & room_i & free;

  // ---- the current one
  logic              valid_q;    // it has beats to come
  logic              ask_q;      // it has a request to make
  logic              fresh_q;    // it has just begun
  logic [AddrW-1:12] page_q;
  logic [11:0]       addr_q, addr_next;
  logic [7:0]        left_q;     // beats behind this one
  logic [7:0]        len_q;
  logic [2:0]        size_q;
  logic [1:0]        kind_q, burst_q, fmt_q;
  logic              end_page_q;
  logic [GW-1:0]     granule_q;
  logic [RegW-1:0]   region_q;
  logic [IdW-1:0]    id_q;
  logic [10:0]       attr_q;
  logic              more;
  actp_mem_beat u_beat (
    .addr_i(addr_q), .len_i(len_q[3:0]), .size_i(size_q), .burst_i(burst_q), .next_o(addr_next)
  );
  assign more = valid_q & ~(beat_i & burst_last_o);
  assign free = ~more & (~ask_q | pass_ready_i);
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid_q <= 1'b0;
      ask_q   <= 1'b0;
      fresh_q <= 1'b0;
    end else begin
      valid_q <= load_o | more;
      ask_q   <= load_o ? next_kind == actp_mem_pkg::KIND_BYPASS : ask_q & ~pass_ready_i;
      fresh_q <= load_o;
    end
  end
  always_ff @(posedge clk_i) begin
    if (load_o) begin
      page_q   <= next_addr[AddrW-1:12];
      addr_q   <= next_addr[11:0];
      left_q   <= next_len;
      len_q    <= next_len;
      size_q   <= next_size;
      burst_q  <= next_burst;
      kind_q   <= next_kind;
      attr_q   <= next_attr;
      region_q <= next_region;
      id_q     <= next_id;
      {fmt_q, end_page_q, granule_q} <= {next_fmt, next_end_page, next_granule};
    end else if (beat_i) begin
      if (~ask_q) addr_q <= addr_next;
      left_q <= left_q - 8'd1;
    end
  end

  // ---- its block
  logic unused_last;
  actp_mem_block #(
    .BlockLen(BlockLen), .StreamWidth(StreamWidth), .Formats(Formats), .AddrW(AddrW)
  ) u_block (
    .fmt_i(fmt_q), .end_page_i(end_page_q), .granule_i(granule_q), .addr_i({page_q, addr_q}),
    .tag_o(burst_tag_o), .word_o(burst_word_o), .last_word_o(burst_last_word_o),
    .last_o(unused_last)
  );
  assign refused_o      = fresh_q & (kind_q == actp_mem_pkg::KIND_REFUSED);
  assign pass_valid_o   = ask_q;
  assign pass_addr_o    = {page_q, addr_q};
  assign pass_len_o     = len_q;
  assign pass_size_o    = size_q;
  assign pass_burst_o   = burst_q;
  assign pass_attr_o    = attr_q;
  assign burst_valid_o  = valid_q;
  assign burst_kind_o   = kind_q;
  assign burst_id_o     = id_q;
  assign burst_region_o = region_q;
  assign burst_last_o   = left_q == '0;

  `ACTP_ASSERT(BeatValid_A, beat_i |-> burst_valid_o)
endmodule

`default_nettype wire
