// SPDX-License-Identifier: Apache-2.0
// actp_sum_tree - the sum of Num unsigned numbers, as a tree.
//
// Contract combinational; number i at data_i[i*Width +: Width]
// Params   Num a power of two >= 2, Width >= 1
`default_nettype none

module actp_sum_tree #(
  parameter int unsigned Num   = 16,
  parameter int unsigned Width = 1,
  localparam int unsigned SumW = Width + $clog2(Num)  // Num * (2^Width - 1) < 2^SumW
) (
  input  wire logic [Num*Width-1:0] data_i, // Num numbers
  output logic [SumW-1:0]           sum_o   // of all of them
);
  // A heap: node 0 is the root, the inputs are nodes Num-1 and on.
  logic [(2*Num-1)*SumW-1:0] node /*verilator split_var*/;

  for (genvar i = 0; i < Num; i++) begin : gen_leaf
    assign node[(Num-1+i)*SumW +: SumW] = SumW'(data_i[i*Width +: Width]);
  end
  for (genvar i = 0; i < Num - 1; i++) begin : gen_node
    assign node[i*SumW +: SumW] = node[(2*i+1)*SumW +: SumW] + node[(2*i+2)*SumW +: SumW];
  end
  assign sum_o = node[SumW-1:0];

  if ((Num & (Num - 1)) != 0 || Num < 2) begin : gen_bad
    $fatal(1, "actp_sum_tree: Num must be a power of two and at least 2");
  end
endmodule

`default_nettype wire
