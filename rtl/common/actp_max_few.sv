// SPDX-License-Identifier: Apache-2.0
// actp_max_few - the largest of a few unsigned numbers, each compared with every other at once.
//
// Contract combinational; number i at data_i[i*Width +: Width]. wins_o: which one it is, the last
//          of equals.
// Method   one comparison and one selection deep, where a tree of pairs takes one of both a level.
// Params   Num 2 .. 5, Width >= 1
`default_nettype none

module actp_max_few #(
  parameter int unsigned Num   = 4,
  parameter int unsigned Width = 8
) (
  input  wire logic [Num*Width-1:0] data_i, // Num numbers
  output logic [Width-1:0]          max_o,  // the largest of them
  output logic [Num-1:0]            wins_o  // one bit: which one
);
  logic [Num*Num-1:0] above;  // [i*Num+j], i < j: number i is above number j
  for (genvar i = 0; i < Num; i++) begin : gen_one
    logic [Num-1:0] beats;
    for (genvar j = 0; j < Num; j++) begin : gen_other
      if (i < j) begin : gen_above
        assign above[i*Num+j] = data_i[i*Width +: Width] > data_i[j*Width +: Width];
        assign beats[j] = above[i*Num+j];
      end else begin : gen_not_below
        assign above[i*Num+j] = 1'b0;
        assign beats[j] = (i == j) | ~above[j*Num+i];
      end
    end
    assign wins_o[i] = &beats;
  end
  always_comb begin
    max_o = '0;
    for (int unsigned i = 0; i < Num; i++) begin
      max_o = max_o | (data_i[i*Width +: Width] & {Width{wins_o[i]}});
    end
  end
endmodule

`default_nettype wire
