// SPDX-License-Identifier: Apache-2.0
// fv_queue - actp_queue loses, repeats and reorders nothing.
//
// Proves   valid_o and ready_o say whether there is a word and room for one; word `which` comes out
//          with the data it went in with.
// Method   as fv_fifo
// Reach    full, after eight words
`include "fv.svh"
`default_nettype none

module fv_queue #(
  parameter int unsigned Width   = 4,
  parameter int unsigned Entries = 4
) (
  input wire logic             clk_i,
  input wire logic             rst_ni,
  input wire logic             push_i,
  input wire logic [Width-1:0] data_i,
  input wire logic             pop_i
);
  `RESET
  logic             ready, valid, push, pop;
  logic [Width-1:0] data;
  actp_queue #(.Width(Width), .Entries(Entries)) u_dut (
    .clk_i, .rst_ni, .push_i(push), .ready_o(ready), .data_i, .valid_o(valid), .pop_i(pop),
    .data_o(data)
  );
  assign push = push_i & ready;
  assign pop  = pop_i & valid;

  (* anyconst *) logic [3:0] which;
  logic [3:0]       pushed_q, popped_q, inside;
  logic [Width-1:0] item_q;
  logic             round_q;
  assign inside = pushed_q - popped_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      pushed_q <= '0;
      popped_q <= '0;
      round_q  <= 1'b0;
    end else begin
      pushed_q <= pushed_q + 4'(push);
      popped_q <= popped_q + 4'(pop);
      round_q  <= round_q | (pushed_q == 4'd8);
    end
  end
  always_ff @(posedge clk_i) if (push & (pushed_q == which)) item_q <= data_i;

  `CHECK(valid == (inside != 4'd0))
  `CHECK(ready == (inside != 4'(Entries)))
  `CHECK(inside <= 4'(Entries))
  `CHECK(~valid | (popped_q != which) | (data == item_q))
  `REACH(round_q & ~ready)
endmodule

`default_nettype wire
