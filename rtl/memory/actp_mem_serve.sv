// SPDX-License-Identifier: Apache-2.0
// actp_mem_serve - the beats of read bursts, in order, from buffers, from memory, or refused.
//
// Contract in:  bursts, and for those into a region their blocks, each as often as the burst comes
//          to it. A beat leaves when its word is readable. A block that is wrong: SLVERR, data 0.
//          Beats of bypass come from memory with its response, EXOKAY as OKAY.
//          out: R, one register; a beat per cycle.
// Method   the first beat of a burst is read where the burst waits, the others from registers.
// Params   BlockLen 32 .. 256; StreamWidth 64 .. 512; Formats 1 .. 7; IdW 1 .. 16; Buffers 2 .. 8
// Reset    no burst begun, no beat
`include "actp_macros.svh"
`default_nettype none

module actp_mem_serve #(
  parameter int unsigned BlockLen    = 128,
  parameter int unsigned StreamWidth = 256,
  parameter int unsigned Formats     = 7,
  parameter int unsigned IdW         = 6,
  parameter int unsigned Buffers     = 4,
  localparam int unsigned BufferW = $clog2(Buffers),
  localparam int unsigned Words   = BlockLen * (((Formats & 1) != 0) ? 32 : 16) / StreamWidth,
  localparam int unsigned WordW   = (Words > 1) ? $clog2(Words) : 1,
  localparam int unsigned BurstW  = 2 + IdW + 12 + 8 + 3 + 2 + 1
) (
  input  wire logic                   clk_i,
  input  wire logic                   rst_ni,
  // bursts: {kind, id, address in its page, len, size, burst, 16-bit values}
  input  wire logic                   burst_valid_i,
  output logic                        burst_pop_o,
  input  wire logic [BurstW-1:0]      burst_i,
  // their blocks
  input  wire logic                   block_valid_i,
  output logic                        block_pop_o,
  input  wire logic [BufferW-1:0]     block_buffer_i,
  // what is in the buffers
  input  wire logic [Buffers-1:0]     filling_i,
  input  wire logic [Buffers-1:0]     error_i,
  input  wire logic                   part_valid_i,   // the slot of this fill has come
  input  wire logic [BufferW-1:0]     part_buffer_i,
  input  wire logic [WordW-1:0]       part_words_i,   // so many words of it are there
  input  wire logic                   part_error_i,
  // read port of the buffers
  input  wire logic                   port_busy_i,
  output logic [BufferW-1:0]          read_buffer_o,
  output logic [WordW-1:0]            read_word_o,
  input  wire logic [StreamWidth-1:0] read_data_i,
  // beats of memory, bypass
  input  wire logic                   pass_valid_i,
  output logic                        pass_ready_o,
  input  wire logic [StreamWidth-1:0] pass_data_i,
  input  wire logic [1:0]             pass_resp_i,
  input  wire logic                   pass_last_i,
  // R
  output logic                        r_valid_o,
  input  wire logic                   r_ready_i,
  output logic [IdW-1:0]              r_id_o,
  output logic [StreamWidth-1:0]      r_data_o,
  output logic [1:0]                  r_resp_o,
  output logic                        r_last_o,
  // events
  output logic                        beat_o          // of a region
);
  localparam int unsigned BusBits  = $clog2(StreamWidth / 8);
  localparam logic [11:0] WideMask = 12'(BlockLen * 4 - 1);
  localparam logic [11:0] SlimMask = 12'(BlockLen * 2 - 1);

  // ---- the beat
  logic [1:0]     kind, burst;
  logic [IdW-1:0] id;
  logic [11:0]    first_addr, addr, addr_q, next, mask;
  logic [7:0]     len, left, left_q;
  logic [2:0]     size;
  logic           narrow, begun_q, is_region, is_pass, is_refused, same, last, room, go;
  assign {kind, id, first_addr, len, size, burst, narrow} = burst_i;
  assign addr       = begun_q ? addr_q : first_addr;
  assign left       = begun_q ? left_q : len;
  assign is_region  = burst_valid_i & (kind == actp_mem_pkg::KIND_REGION);
  assign is_pass    = burst_valid_i & (kind == actp_mem_pkg::KIND_BYPASS);
  assign is_refused = burst_valid_i & (kind == actp_mem_pkg::KIND_REFUSED);
  actp_mem_beat u_beat (
    .addr_i(addr), .len_i(len[3:0]), .size_i(size), .burst_i(burst), .next_o(next)
  );

  // ---- its word
  logic there, wrong, partly;
  assign mask          = narrow ? SlimMask : WideMask;
  assign same          = ((addr ^ next) & ~mask) == '0;
  assign read_buffer_o = block_buffer_i;
  assign read_word_o   = WordW'((addr & mask) >> BusBits);
  assign partly        = filling_i[block_buffer_i];
  assign there         = ~partly | (part_valid_i & (part_buffer_i == block_buffer_i) &
                                    (read_word_o < part_words_i));
  assign wrong         = partly ? part_error_i : error_i[block_buffer_i];

  // ---- it leaves
  logic go_region, go_pass;
  assign room         = ~r_valid_o | r_ready_i;
  assign go_region    = room & is_region & block_valid_i & there & ~port_busy_i;
  assign go_pass      = room & is_pass & pass_valid_i;
  assign go           = go_region | go_pass | (room & is_refused);
  assign last         = is_pass ? pass_last_i : left == '0;
  assign pass_ready_o = room & is_pass;
  assign burst_pop_o  = go & last;
  assign block_pop_o  = go_region & (last | ~same);
  assign beat_o       = go_region;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      begun_q   <= 1'b0;
      r_valid_o <= 1'b0;
    end else begin
      if (go) begun_q <= ~last;
      r_valid_o <= go | (r_valid_o & ~r_ready_i);
    end
  end
  always_ff @(posedge clk_i) begin
    if (go) begin
      addr_q   <= next;
      left_q   <= left - 8'd1;
      r_id_o   <= id;
      r_last_o <= last;
      r_data_o <= (read_data_i & {StreamWidth{is_region & ~wrong}}) |
                  (pass_data_i & {StreamWidth{is_pass}});
      r_resp_o <= is_pass ? {pass_resp_i[1], pass_resp_i[1] & pass_resp_i[0]} :
                  (is_refused | wrong) ? actp_mem_pkg::RESP_SLVERR : actp_mem_pkg::RESP_OKAY;
    end
  end

  `ACTP_STREAM(ServeOut, r_valid_o, r_ready_i, ({r_id_o, r_data_o, r_resp_o, r_last_o}))
endmodule

`default_nettype wire
