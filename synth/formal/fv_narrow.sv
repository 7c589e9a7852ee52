// SPDX-License-Identifier: Apache-2.0
// fv_narrow - actp_narrow: the bytes of every word, in order, and no others; keep, last and tag;
//   S2.
//
// Proves   byte `which` of word `number` comes out in its place, kept if it counts, with the tag of
//          its word; the beats of a word are those with bytes that count, `last` is on the final
//          beat of a last word; S2.
// Method   words are numbered modulo 4, `which` and `number` are any. The input keeps S2.
// Reach    the third beat of the third word waits
`include "fv.svh"
`default_nettype none

module fv_narrow #(
  parameter int unsigned Width = 64,
  parameter int unsigned BeatW = 16
) (
  input wire logic                       clk_i,
  input wire logic                       rst_ni,
  input wire logic                       in_valid_i,
  input wire logic [Width-1:0]           in_data_i,
  input wire logic [$clog2(Width/8)-1:0] in_bytes_i,
  input wire logic                       in_last_i,
  input wire logic                       in_tag_i,
  input wire logic                       out_ready_i
);
  localparam int unsigned ByteW = $clog2(Width / 8);
  localparam int unsigned PartW = $clog2(BeatW / 8);
  `RESET
  logic               in_ready, out_valid, out_last, out_tag;
  logic [BeatW-1:0]   out_data;
  logic [BeatW/8-1:0] out_keep;
  actp_narrow #(.Width(Width), .BeatW(BeatW), .TagW(1)) u_dut (
    .clk_i, .rst_ni, .in_valid_i, .in_ready_o(in_ready), .in_data_i, .in_bytes_i, .in_last_i,
    .in_tag_i, .out_valid_o(out_valid), .out_ready_i, .out_data_o(out_data), .out_keep_o(out_keep),
    .out_last_o(out_last), .out_tag_o(out_tag)
  );
  // The input keeps its word until it is taken; all bytes count but in a last word.
  logic             waits_q, tag_q, last_q;
  logic [Width-1:0] data_q;
  logic [ByteW-1:0] bytes_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) waits_q <= 1'b0;
    else         waits_q <= in_valid_i & ~in_ready;
  end
  always_ff @(posedge clk_i) {tag_q, last_q, data_q, bytes_q} <= {in_tag_i, in_last_i, in_data_i,
      in_bytes_i};
  `RESTRICT(~waits_q | in_valid_i)
  `RESTRICT(~waits_q |
      ({tag_q, last_q, data_q, bytes_q} == {in_tag_i, in_last_i, in_data_i, in_bytes_i}))
  `RESTRICT(in_last_i | (&in_bytes_i))

  (* anyconst *) logic [1:0]       number;
  (* anyconst *) logic [ByteW-1:0] which;
  logic [1:0]             in_q, out_q;
  logic [ByteW-PartW-1:0] beat_q;
  logic [7:0]             item_q;
  logic [ByteW-1:0]       count_q;
  logic                   item_last_q, item_tag_q, mine, ends, give;
  assign give = out_valid & out_ready_i;
  assign mine = out_valid & (out_q == number);
  assign ends = beat_q == count_q[ByteW-1:PartW];
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      in_q   <= '0;
      out_q  <= '0;
      beat_q <= '0;
    end else begin
      in_q <= in_q + 2'(in_valid_i & in_ready);
      if (give) begin
        beat_q <= final_q ? '0 : beat_q + 1'b1;
        out_q  <= out_q + 2'(final_q);
      end
    end
  end
  always_ff @(posedge clk_i) begin
    if (in_valid_i & (in_q == number)) begin
      item_q      <= in_data_i[8*which +: 8];
      count_q     <= in_bytes_i;
      item_last_q <= in_last_i;
      item_tag_q  <= in_tag_i;
    end
  end
  // A word is taken when its final beat goes to the output.
  logic final_q;
  always_ff @(posedge clk_i) if (~out_valid | out_ready_i) final_q <= in_valid_i & in_ready;

  `STREAM(out, out_valid, out_ready_i, {out_data, out_keep, out_last, out_tag}, BeatW +
      BeatW / 8 + 2)
  `CHECK(~mine | (beat_q != which[ByteW-1:PartW]) |
      (out_keep[which[PartW-1:0]] == (which <= count_q)))
  `CHECK(~mine | (beat_q != which[ByteW-1:PartW]) | (which > count_q) |
      (out_data[8*which[PartW-1:0] +: 8] == item_q))
  `CHECK(~mine | (out_last == (item_last_q & ends)))
  `CHECK(~mine | (out_tag == item_tag_q))
  `CHECK(~mine | (final_q == ends))
  `REACH(out_valid & ~out_ready_i & (beat_q == 2'd2) & (out_q == 2'd2))
endmodule

`default_nettype wire
