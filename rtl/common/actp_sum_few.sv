// SPDX-License-Identifier: Apache-2.0
// actp_sum_few - sum of Num numbers up to Most, as a tree; Most + 1 stands for more.
//
// Contract combinational. Inputs are at most Most + 1.
// Params   Num, a power of two, >= 2; Most >= 1
`default_nettype none

module actp_sum_few #(
  parameter int unsigned Num  = 16,
  parameter int unsigned Most = 4,
  localparam int unsigned Width = $clog2(Most + 2)
) (
  input  wire logic [Num*Width-1:0] data_i, // Num numbers
  output logic [Width-1:0]          sum_o   // Most + 1: more than Most
);
  logic [(2*Num-1)*Width-1:0] node /*verilator split_var*/;  // a heap
  assign node[(Num-1)*Width +: Num*Width] = data_i;
  for (genvar i = 0; i < Num - 1; i++) begin : gen_node
    logic [Width:0] sum;
    assign sum = {1'b0, node[(2*i+1)*Width +: Width]} + {1'b0, node[(2*i+2)*Width +: Width]};
    assign node[i*Width +: Width] = (sum > (Width+1)'(Most)) ? Width'(Most + 1) : sum[Width-1:0];
  end
  assign sum_o = node[Width-1:0];
endmodule

`default_nettype wire
