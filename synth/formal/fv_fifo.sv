// SPDX-License-Identifier: Apache-2.0
// fv_fifo - actp_fifo in flops loses, repeats and reorders nothing, is full exactly when it is, and
//   its output keeps S2.
//
// Proves   word `which` comes out with the data it went in with; full_o is high exactly while all
//          entries behind the output register are taken; a word is at the output two cycles after
//          it was written, if none is in front of it.
// Method   words are numbered modulo 8 on both sides; `which` is any number. The queue holds fewer
//          than 8.
// Reach    the entries have been used twice, and it is full
`include "fv.svh"
`default_nettype none

module fv_fifo #(
  parameter int unsigned Width   = 4,
  parameter int unsigned Entries = 3
) (
  input wire logic             clk_i,
  input wire logic             rst_ni,
  input wire logic             write_valid_i,
  input wire logic [Width-1:0] write_data_i,
  input wire logic             out_ready_i
);
  `RESET
  logic             full, write, out_valid, give;
  logic [Width-1:0] out_data;
  actp_fifo #(.Width(Width), .Entries(Entries), .Fifo(0)) u_dut (
    .clk_i, .rst_ni, .write_valid_i(write), .write_data_i, .full_o(full), .out_valid_o(out_valid),
    .out_ready_i, .out_data_o(out_data)
  );
  assign write = write_valid_i & ~full;
  assign give  = out_valid & out_ready_i;

  (* anyconst *) logic [2:0] which;
  logic [2:0]       written_q, given_q, inside;
  logic [Width-1:0] item_q;
  logic             late_q, round_q;
  assign inside = written_q - given_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      written_q <= '0;
      given_q   <= '0;
      late_q    <= 1'b0;
      round_q   <= 1'b0;
    end else begin
      written_q <= written_q + 3'(write);
      given_q   <= given_q + 3'(give);
      late_q    <= (inside != 3'd0) & ~out_valid;
      round_q   <= round_q | (written_q == 3'(2 * Entries));
    end
  end
  always_ff @(posedge clk_i) if (write & (written_q == which)) item_q <= write_data_i;

  `STREAM(out, out_valid, out_ready_i, out_data, Width)
  `CHECK(inside <= 3'(Entries + 1))
  `CHECK(~out_valid | (inside != 3'd0))
  `CHECK(full == (inside - 3'(out_valid) == 3'(Entries)))
  `CHECK(~late_q | out_valid)
  `CHECK(~out_valid | (given_q != which) | (out_data == item_q))
  `REACH(round_q & full)
endmodule

`default_nettype wire
