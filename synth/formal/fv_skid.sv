// SPDX-License-Identifier: Apache-2.0
// fv_skid - actp_skid loses, repeats and reorders nothing, and its output keeps rule S2.
//
// Proves   S2 at the output, whatever the input does; what was taken and not given is 0 or 1
//          transfers, and ready is low exactly while it is 1; transfer `which` comes out with the
//          data it went in with.
// Method   transfers are numbered modulo 16 on both sides; `which` is any number, so that any
//          transfer is followed. The module holds one, so that a number names one transfer.
//          Induction of depth 1: the number inside is visible at the ports as ready.
// Reach    a transfer has waited, and three have passed behind it
`include "fv.svh"
`default_nettype none

module fv_skid #(
  parameter int unsigned Width = 8
) (
  input wire logic             clk_i,
  input wire logic             rst_ni,
  input wire logic             in_valid_i,
  input wire logic [Width-1:0] in_data_i,
  input wire logic             out_ready_i
);
  `RESET
  logic             in_ready, out_valid, take, give;
  logic [Width-1:0] out_data;
  actp_skid #(.Width(Width)) u_dut (
    .clk_i, .rst_ni, .in_valid_i, .in_ready_o(in_ready), .in_data_i, .out_valid_o(out_valid),
    .out_ready_i, .out_data_o(out_data)
  );
  assign take = in_valid_i & in_ready;
  assign give = out_valid & out_ready_i;

  (* anyconst *) logic [3:0] which;
  logic [3:0]       taken_q, given_q, inside;
  logic [Width-1:0] item_q;
  logic             waited_q;
  assign inside = taken_q - given_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      taken_q  <= '0;
      given_q  <= '0;
      waited_q <= 1'b0;
    end else begin
      taken_q  <= taken_q + 4'(take);
      given_q  <= given_q + 4'(give);
      waited_q <= waited_q | (out_valid & ~out_ready_i);
    end
  end
  always_ff @(posedge clk_i) begin
    if (take & (taken_q == which)) item_q <= in_data_i;
  end

  `STREAM(out, out_valid, out_ready_i, out_data, Width)
  `CHECK(inside <= 4'd1)
  `CHECK(in_ready == (inside == 4'd0))
  `CHECK(out_valid == (take | (inside != 4'd0)))
  `CHECK(~out_valid | (given_q != which) | (out_data == ((inside == 4'd0) ? in_data_i : item_q)))
  `REACH(waited_q & (given_q == 4'd4))
endmodule

`default_nettype wire
