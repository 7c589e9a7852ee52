// SPDX-License-Identifier: Apache-2.0
// fv_max_tree - actp_max_tree gives the largest number.
//
// Proves   no number is above the result and one of them equals it, for every input.
// Method   combinational. All inputs by SAT.
// Reach    the largest stands alone, in the last place
`include "fv.svh"
`default_nettype none

module fv_max_tree #(
  parameter int unsigned Num   = 32,
  parameter int unsigned Width = 8
) (
  input wire logic                 clk_i,
  input wire logic                 rst_ni,
  input wire logic [Num*Width-1:0] data_i
);
  logic [Width-1:0] max;
  actp_max_tree #(.Num(Num), .Width(Width)) u_dut (.data_i, .max_o(max));

  logic [Num-1:0] above, equal;
  for (genvar i = 0; i < Num; i++) begin : gen_number
    assign above[i] = data_i[i*Width +: Width] > max;
    assign equal[i] = data_i[i*Width +: Width] == max;
  end
  `CHECK(above == '0)
  `CHECK(equal != '0)
  `REACH(equal == {1'b1, {(Num-1){1'b0}}})
endmodule

`default_nettype wire
