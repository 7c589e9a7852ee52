// SPDX-License-Identifier: Apache-2.0
// fv_packer - actp_packer: front and chunks of every slot, in order and without gaps, then zeros,
//   to its length; S2.
//
// Proves   for every piece of slot `number`: it is in its place, of the front, of a list of a
//          chunk, or 0 behind them; no word leaves before all its pieces have come; the words are
//          those of the slot's length, with bytes, last and tag of it; S2; while the consumer is
//          ready a chunk waits less than 8 cycles: no deadlock.
// Method   the contract at the input: S2, lists 0 behind their pieces, front 0 behind its bytes,
//          all of it within the slot. Slots are numbered modulo 4, `number` and `which` (piece) are
//          any. Slots of at most Most bytes.
// Reach    a slot whose last word is zeros, behind another one
`include "fv.svh"
`default_nettype none

module fv_packer #(
  parameter int unsigned Width  = 32,
  parameter int unsigned Piece  = 8,
  parameter int unsigned ListW  = 16,
  parameter int unsigned FrontW = 24,
  parameter int unsigned Most   = 10
) (
  input wire logic                        clk_i,
  input wire logic                        rst_ni,
  input wire logic [FrontW-1:0]           front_i,
  input wire logic [5:0]                  front_bytes_i,
  input wire logic [10:0]                 bytes_i,
  input wire logic                        tag_i,
  input wire logic                        in_valid_i,
  input wire logic                        in_last_i,
  input wire logic [ListW-1:0]            a_i,
  input wire logic [ListW-1:0]            b_i,
  input wire logic [$clog2(Width/Piece):0] a_n_i,
  input wire logic [$clog2(Width/Piece):0] b_n_i,
  input wire logic                        out_ready_i
);
  localparam int unsigned PerByte = 8 / Piece;
  localparam int unsigned Places  = Width / Piece;              // of a word
  localparam int unsigned PlaceW  = $clog2(Places);
  localparam int unsigned Bytes   = Width / 8;
  localparam int unsigned ByteW   = $clog2(Bytes);
  localparam int unsigned SumW    = $clog2(Most * PerByte + 2 * Places) + 1;
  `RESET
  logic             in_ready, out_valid, out_last, out_tag, in_first, taken;
  logic [Width-1:0] out_data;
  logic [ByteW-1:0] out_bytes;
  actp_packer #(.Width(Width), .ListW(ListW), .Piece(Piece), .FrontW(FrontW), .TagW(1)) u_dut (
    .clk_i, .rst_ni, .slot_valid_i(1'b1), .slot_taken_o(taken), .front_i, .front_bytes_i, .bytes_i,
    .tag_i, .in_valid_i, .in_ready_o(in_ready), .in_first_i(in_first), .in_last_i, .a_i, .a_n_i,
    .b_i, .b_n_i, .out_valid_o(out_valid), .out_ready_i, .out_data_o(out_data),
    .out_bytes_o(out_bytes), .out_last_o(out_last), .out_tag_o(out_tag)
  );

  // ---- the contract at the input
  localparam int unsigned InW = 2 * ListW + 2 * PlaceW + 3;
  localparam int unsigned SlotW = FrontW + 18;
  logic [SumW-1:0]  sum_q, sum, front_n, end_n, room;  // pieces of the slot so far
  logic [10:0]      length_q, length;
  logic             waits_q, first_q, move;
  logic [InW-1:0]   in_q;
  logic [SlotW-1:0] slot_q;
  assign in_first = first_q;
  assign move     = in_valid_i & in_ready;
  assign front_n  = SumW'(front_bytes_i) << $clog2(PerByte);
  assign sum      = first_q ? front_n : sum_q;
  assign length   = first_q ? bytes_i : length_q;
  assign end_n    = sum + SumW'(a_n_i) + SumW'(b_n_i);
  assign room     = SumW'(length) << $clog2(PerByte);
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      waits_q <= 1'b0;
      first_q <= 1'b1;
    end else begin
      waits_q <= in_valid_i & ~in_ready;
      if (move) first_q <= in_last_i;
    end
  end
  always_ff @(posedge clk_i) begin
    in_q   <= {in_last_i, a_i, b_i, a_n_i, b_n_i};
    slot_q <= {front_i, front_bytes_i, bytes_i, tag_i};
    if (move) begin
      sum_q    <= end_n;
      length_q <= length;
    end
  end
  `RESTRICT(~waits_q | (in_valid_i & (in_q == {in_last_i, a_i, b_i, a_n_i, b_n_i})))
  `RESTRICT(~waits_q | ~first_q | (slot_q == {front_i, front_bytes_i, bytes_i, tag_i}))
  `RESTRICT((front_bytes_i >= 6'd1) & (front_bytes_i <= 6'(FrontW / 8)))
  `RESTRICT((bytes_i <= 11'(Most)) & (bytes_i >= 11'(front_bytes_i)))
  `RESTRICT((SumW'(a_n_i) <= SumW'(ListW / Piece)) & (SumW'(b_n_i) <= SumW'(ListW / Piece)))
  `RESTRICT(~in_valid_i | (end_n <= room))
  `RESTRICT(((a_i >> (Piece * a_n_i)) == '0) & ((b_i >> (Piece * b_n_i)) == '0))
  `RESTRICT((front_i >> (8 * front_bytes_i)) == '0)

  // ---- one piece of one slot
  (* anyconst *) logic [1:0]      number;
  (* anyconst *) logic [SumW-1:0] which;
  logic [1:0]       in_number_q, out_number_q;
  // word_q: pieces in front of the word at the output
  logic [SumW-1:0]  place_a, place_b, word_q;
  logic [Piece-1:0] item_q;
  logic [10:0]      item_length_q, end_byte;
  logic             item_tag_q, known_q, over_q, here, mine, seen, ends;
  assign here    = in_valid_i & (in_number_q == number);
  assign place_a = which - sum;
  assign place_b = which - sum - SumW'(a_n_i);
  always_ff @(posedge clk_i) begin
    if (here & first_q) begin
      item_q        <= (which < front_n) ? Piece'(front_i >> (Piece * which)) : '0;
      known_q       <= which < front_n;
      over_q        <= 1'b0;
      item_length_q <= bytes_i;
      item_tag_q    <= tag_i;
    end
    if (here & in_ready) begin
      over_q <= in_last_i;
      if (which >= sum && place_a < SumW'(a_n_i)) begin
        item_q  <= Piece'(a_i >> (Piece * place_a));
        known_q <= 1'b1;
      end else if (which >= sum && which < end_n) begin
        item_q  <= Piece'(b_i >> (Piece * place_b));
        known_q <= 1'b1;
      end
    end
  end
  logic [2:0] shut_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      in_number_q  <= '0;
      out_number_q <= '0;
      word_q       <= '0;
      shut_q       <= '0;
    end else begin
      in_number_q <= in_number_q + 2'(move & in_last_i);
      if (out_valid & out_ready_i) begin
        out_number_q <= out_number_q + 2'(out_last);
        word_q       <= out_last ? '0 : word_q + SumW'(Places);
      end
      if (~in_valid_i | in_ready) shut_q <= '0;
      else if (out_ready_i)       shut_q <= shut_q + 3'd1;
    end
  end
  assign mine     = out_valid & (out_number_q == number);
  assign seen     = mine & (which >= word_q) & (which < word_q + SumW'(Places));
  assign ends     = word_q + SumW'(Places) >= (SumW'(item_length_q) << $clog2(PerByte));
  assign end_byte = item_length_q - 11'd1;

  `STREAM(out, out_valid, out_ready_i, {out_data, out_bytes, out_last, out_tag}, Width + ByteW + 2)
  `CHECK(~seen | (out_data[Piece*(PlaceW'(which - word_q)) +: Piece] == item_q))
  `CHECK(~seen | known_q | over_q)
  `CHECK(~mine | (out_last == ends))
  `CHECK(~mine | (out_bytes == (ends ? ByteW'(end_byte) : {ByteW{1'b1}})))
  `CHECK(~mine | (out_tag == item_tag_q))
  `CHECK(taken == (move & first_q))
  `CHECK(shut_q < 3'd7)
  `REACH(mine & (number == 2'd1) & ends & over_q & (out_data == '0) & (word_q >= SumW'(2 * Places)))
endmodule

`default_nettype wire
