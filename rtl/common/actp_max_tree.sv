// SPDX-License-Identifier: Apache-2.0
// actp_max_tree - the largest of Num unsigned numbers, as a tree.
//
// Contract combinational; number i at data_i[i*Width +: Width]
// Params   Num a power of two >= 2, Width >= 1
`default_nettype none

module actp_max_tree #(
  parameter int unsigned Num   = 8,
  parameter int unsigned Width = 8
) (
  input  wire logic [Num*Width-1:0] data_i, // Num numbers
  output logic [Width-1:0]          max_o   // the largest of them
);
  // A heap: node 0 is the root, the inputs are nodes Num-1 and on.
  logic [(2*Num-1)*Width-1:0] node /*verilator split_var*/;

  assign node[(Num-1)*Width +: Num*Width] = data_i;
  for (genvar i = 0; i < Num - 1; i++) begin : gen_node
    logic [Width-1:0] a, b;
    assign a = node[(2*i+1)*Width +: Width];
    assign b = node[(2*i+2)*Width +: Width];
    assign node[i*Width +: Width] = (a > b) ? a : b;
  end
  assign max_o = node[Width-1:0];

  if ((Num & (Num - 1)) != 0 || Num < 2) begin : gen_bad
    $fatal(1, "actp_max_tree: Num must be a power of two and at least 2");
  end
endmodule

`default_nettype wire
