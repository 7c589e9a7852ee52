// SPDX-License-Identifier: Apache-2.0
// fv_unpacker - actp_unpacker loses no beat and no byte of one, and knows where a packet ends and how long it is.
//
// Proves   a beat that is taken comes out at once, first_o and end_o with the first and the final one of each packet;
//          beat_index_o counts them and sticks at its largest number; byte b of a beat comes out at place b - H / 8, so
//          none is lost; bytes_o, from the cycle after the final beat until the next packet, is the length of the packet,
//          beyond 2047 only that it is.
// Method   packets of any length and spacing, adv_i and the header length free in every cycle; the byte is any.
// Reach    a packet of three beats, one of a part of a beat right behind it, adv_i low once in the first
`include "fv.svh"
`default_nettype none

module fv_unpacker #(
  parameter int unsigned StreamWidth = 64,
  parameter int unsigned CountW      = 6
) (
  input wire logic                     clk_i,
  input wire logic                     rst_ni,
  input wire logic                     adv_i,
  input wire logic                     in_valid_i,
  input wire logic [StreamWidth-1:0]   in_data_i,
  input wire logic [StreamWidth/8-1:0] in_keep_i,
  input wire logic                     in_last_i,
  input wire logic [1:0]               head_words_i  // 2, 4, 6 or 8 bytes
);
  localparam int unsigned BeatB = StreamWidth / 8;
  localparam int unsigned LogB  = $clog2(BeatB);
  localparam int unsigned SumW  = actp_pkg::SLOT_W + 1;
  `RESET
  `RESTRICT((in_keep_i & (in_keep_i + BeatB'(1))) == '0)

  logic                   beat_valid, first, ends;
  logic [CountW-1:0]      beat_index;
  logic [StreamWidth-1:0] beat;
  logic [SumW-1:0]        bytes;
  logic [3:0]             head_bytes;
  assign head_bytes = {1'b0, head_words_i, 1'b0} + 4'd2;
  actp_unpacker #(.StreamWidth(StreamWidth), .CountW(CountW)) u_dut (
    .clk_i, .rst_ni, .adv_i, .in_valid_i, .in_data_i, .in_keep_i, .in_last_i, .head_bytes_i(head_bytes),
    .beat_valid_o(beat_valid), .first_o(first), .end_o(ends), .beat_index_o(beat_index), .beat_o(beat), .bytes_o(bytes)
  );

  // ---- what a packet should lead to
  logic              take, inside_q, some_q;
  logic [CountW-1:0] index_q;  // of the next beat
  logic [SumW-1:0]   sum_q, kept;
  assign take = adv_i & in_valid_i;
  always_comb begin
    kept = SumW'(BeatB);
    if (in_last_i) begin
      kept = '0;
      for (int unsigned b = 0; b < BeatB; b++) kept = kept + SumW'(in_keep_i[b]);
    end
  end
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      inside_q <= 1'b0;
      some_q   <= 1'b0;
      index_q  <= '0;
      sum_q    <= '0;
    end else if (take) begin
      inside_q <= ~in_last_i;
      some_q   <= 1'b1;
      index_q  <= in_last_i ? '0 : (&index_q) ? index_q : index_q + CountW'(1);
      if (~inside_q)           sum_q <= kept;
      else if (~sum_q[SumW-1]) sum_q <= sum_q + kept;
    end
  end
  `CHECK(beat_valid == take)
  `CHECK(first == (take & ~inside_q))
  `CHECK(ends == (take & in_last_i))
  `CHECK(~take | (beat_index == index_q))
  `CHECK(~some_q | inside_q | (bytes == sum_q))

  (* anyconst *) logic [LogB-1:0] from;
  logic [LogB-1:0] place;
  assign place = from - LogB'(head_bytes);
  `CHECK(~take | (beat[{place, 3'd0} +: 8] == in_data_i[{from, 3'd0} +: 8]))

  logic stopped_q, three_q, both_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      stopped_q <= 1'b0;
      three_q   <= 1'b0;
      both_q    <= 1'b0;
    end else begin
      stopped_q <= stopped_q | (inside_q & ~adv_i);
      three_q   <= ends & (beat_index == CountW'(2)) & stopped_q;
      both_q    <= three_q & first & ends & (kept == SumW'(3));
    end
  end
  `REACH(both_q & (bytes == SumW'(3)))
endmodule

`default_nettype wire
