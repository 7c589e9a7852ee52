// SPDX-License-Identifier: Apache-2.0
// actp_dec_values - from rows to a chunk of values, and what is reported of the block.
//
// Format   F-7.4        Model   actplane::DecompressBlock (model/src/codec.cc)
// Contract in:  take_i writes lanes, whole_i completes a chunk; only when ready_o.
//          hold_i: the end of the slot is not known, its last chunk waits. wrong_i counts when it
//          leaves the rows, read_i one cycle later.
//          out: chunks, one register. One chunk per cycle, 2 cycles from take_i to the output.
// Params   as actp_dec_core
// Reset    empty
`default_nettype none

module actp_dec_values #(
  parameter int unsigned Width     = 256,
  parameter int unsigned Formats   = 7,
  parameter int unsigned Orders    = 3,
  parameter int unsigned GroupLen  = 8,
  parameter int unsigned Depth     = 24,
  parameter int unsigned Heads     = 10,
  parameter int unsigned Rows      = 34,
  parameter int unsigned UserWidth = 1,
  localparam int unsigned Lanes  = Width / 128,
  localparam int unsigned Halves = 8 / GroupLen,
  localparam int unsigned Num    = Lanes * Halves
) (
  input  wire logic                    clk_i,
  input  wire logic                    rst_ni,
  input  wire logic [Lanes-1:0]        take_i,          // lanes that have their rows
  input  wire logic                    whole_i,         // all lanes at once
  output logic                         ready_o,         // a chunk may come
  // the slot
  input  actp_pkg::config_t            cfg_i,
  input  wire logic [71:0]             head_i,
  input  wire logic [UserWidth-1:0]    user_i,
  input  wire logic                    complete_i,
  input  wire logic                    bad_i,
  // the chunk
  input  wire logic                    last_i,
  input  wire logic [Lanes*8*Rows-1:0] rows_i,
  input  wire logic [5*Lanes-1:0]      mans_i,
  input  wire logic [5*Num-1:0]        depth_i,
  input  wire logic [Num-1:0]          lives_i,
  input  wire logic [Num-1:0]          flags_i,
  input  wire logic [4*Num-1:0]        codes_i,
  input  wire logic [Num-1:0]          there_i,
  // the end of the slot
  input  wire logic                    hold_i,
  input  wire logic                    wrong_i,
  input  wire logic [31:0]             read_i,
  // values
  input  wire logic                    room_i,
  output logic                         out_valid_o,
  output logic [Width-1:0]             out_data_o,
  output logic                         out_last_o,
  output logic                         out_narrow_o,
  output logic [UserWidth-1:0]         out_user_o,
  output logic                         out_lossless_o,
  output logic                         out_malformed_o,
  output logic                         out_bad_o,
  output logic [31:0]                  out_read_o
);
  localparam int unsigned ManW = actp_pkg::MAN_W;

  // ---- rows and facts of a chunk
  actp_pkg::slot_t         now, slot;
  logic                    valid_q, last_q, lossless_q, bad_q, move, moved_q;
  logic                    significance_q, fill_zero_q, complete_q;
  logic [actp_pkg::FMT_W-1:0] fmt_q;
  logic [UserWidth-1:0]    user_q;
  logic [31:0]             read_q;
  logic [71:0]             head_q;
  logic [5*ManW-1:0]       ranks, ranks_q;
  logic [Lanes*8*Rows-1:0] rows_q;
  logic [5*Lanes-1:0]      mans_q;
  logic [5*Num-1:0]        depth_q;
  logic [9*Num-1:0]        top_q;
  logic [Num-1:0]          lives_q, flags_q, there_q;
  assign move    = valid_q & room_i & ~(last_q & hold_i);
  assign ready_o = ~valid_q | move;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid_q     <= 1'b0;
      moved_q     <= 1'b0;
      out_valid_o <= 1'b0;
    end else begin
      valid_q     <= whole_i | (valid_q & ~move);
      moved_q     <= move;
      out_valid_o <= move | (out_valid_o & ~room_i);
    end
  end
  assign out_read_o = moved_q ? read_i : read_q;
  actp_dec_facts u_now (
    .fmt_i(cfg_i.fmt), .significance_i(cfg_i.significance), .fill_zero_i(cfg_i.fill_zero),
    .complete_i,
    .front_i(head_i[63:0]), .slot_o(now)
  );
  // Planes before a plane, the top one first.
  logic [ManW-1:0]   planes;
  logic [5*ManW+4:0] upto;
  for (genvar k = 0; k < ManW; k++) begin : gen_plane
    assign planes[k] = now.stored[ManW-1-k];
  end
  actp_prefix_count #(.Len(ManW), .CountW(5)) u_ranks (.bits_i(planes), .count_o(upto));
  assign ranks = upto[5*ManW-1:0];
  always_ff @(posedge clk_i) begin
    if (|take_i) begin
      fmt_q          <= cfg_i.fmt;
      significance_q <= now.significance;
      fill_zero_q    <= now.fill_zero;
      complete_q     <= now.complete;
      head_q         <= head_i;
      ranks_q        <= ranks;
      last_q         <= last_i;
      user_q         <= user_i;
      lossless_q     <= complete_i & ~cfg_i.significance & ~head_i[15];
      bad_q          <= bad_i;
    end
    for (int unsigned l = 0; l < Lanes; l++) begin
      if (take_i[l]) begin
        rows_q[8*Rows*l +: 8*Rows] <= rows_i[8*Rows*l +: 8*Rows];
        mans_q[5*l +: 5]           <= mans_i[5*l +: 5];
        for (int unsigned g = l * Halves; g < (l + 1) * Halves; g++) begin
          depth_q[5*g +: 5] <= depth_i[5*g +: 5];
          top_q[9*g +: 9]   <= {1'b0, now.base} - {5'd0, codes_i[4*g +: 4]};
          lives_q[g]        <= lives_i[g];
          flags_q[g]        <= flags_i[g];
          there_q[g]        <= there_i[g];
        end
      end
    end
  end
  actp_dec_facts u_facts (
    .fmt_i(fmt_q), .significance_i(significance_q), .fill_zero_i(fill_zero_q),
    .complete_i(complete_q),
    .front_i(head_q[63:0]), .slot_o(slot)
  );

  // ---- values
  logic             fp16;
  logic [Width-1:0] wide, half;
  assign fp16 = actp_pkg::is_fp16(slot.fmt);
  if (!Formats[0]) begin : gen_no_wide
    assign wide = '0;
  end
  for (genvar l = 0; l < Lanes; l++) begin : gen_lane
    localparam bit Wide = l < Lanes / 2 && Formats[0];
    logic [8*32-1:0] values, bits;
    actp_dec_lane #(.Orders(Orders), .GroupLen(GroupLen), .Depth(Depth), .Wide(Wide),
        .Heads(Heads), .Rows(Rows)) u_lane (
      .slot_i(slot), .patterns_i(head_q[71:8]), .ranks_i(ranks_q),
      .rows_i(rows_q[8*Rows*l +: 8*Rows]),
      .mans_i(mans_q[5*l +: 5]), .depth_i(depth_q[5*Halves*l +: 5*Halves]),
      .top_i(top_q[9*Halves*l +: 9*Halves]),
      .lives_i(lives_q[Halves*l +: Halves]), .flag_i(flags_q[Halves*l +: Halves]),
      .there_i(there_q[Halves*l +: Halves]), .values_o(values), .bits_o(bits)
    );
    for (genvar i = 0; i < 8; i++) begin : gen_value
      logic [31:0] v;
      logic        unused_bits;
      assign v           = values[32*i +: 32];
      assign unused_bits = ^{v, bits[32*i +: 32]};
      if (Wide) begin : gen_wide
        assign wide[32*(8*l+i) +: 32] = slot.pair ? bits[32*i +: 32] : v;
      end
      assign half[16*(8*l+i) +: 16] = slot.pair ? bits[32*i +: 16] :
                                      fp16 ? {v[31], v[27:23], v[22 -: 10]} : {v[31:23],
                                          v[22 -: 7]};
    end
  end
  always_ff @(posedge clk_i) begin
    if (move) begin
      out_data_o      <= actp_pkg::is_narrow(slot.fmt) ? half : wide;
      out_last_o      <= last_q;
      out_narrow_o    <= actp_pkg::is_narrow(slot.fmt);
      out_user_o      <= user_q;
      out_lossless_o  <= lossless_q & ~bad_q & ~wrong_i;
      out_malformed_o <= bad_q | wrong_i;
      out_bad_o       <= bad_q;
    end
    if (moved_q) read_q <= read_i;
  end

  logic unused;
  assign unused = ^{cfg_i, now, upto};
endmodule

`default_nettype wire
