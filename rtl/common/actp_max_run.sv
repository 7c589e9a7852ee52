// SPDX-License-Identifier: Apache-2.0
// actp_max_run - the largest number so far and of a few more.
//
// Contract combinational; number i at data_i[i*Width +: Width]. wins_o: which one it is, the last
//          of equals; bit 0: start_i, bit i + 1: number i.
// Method   fours, then those against each other and what there was before.
// Params   Num 1 .. 4, 8 or 16, Width >= 1
`default_nettype none

module actp_max_run #(
  parameter int unsigned Num   = 4,
  parameter int unsigned Width = 8
) (
  input  wire logic [Width-1:0]     start_i, // the largest so far
  input  wire logic [Num*Width-1:0] data_i,  // Num more
  output logic [Width-1:0]          max_o,   // the largest of all
  output logic [Num:0]              wins_o   // one bit: which one
);
  localparam int unsigned Few   = (Num < 3) ? Num : (Num < 8) ? 2 : 4;  // numbers of a node
  localparam int unsigned Nodes = (Num < 3) ? 1 : Num / Few;

  if (Num < 3) begin : gen_direct
    actp_max_few #(.Num(Num + 1), .Width(Width)) u_all (
      .data_i({data_i, start_i}), .max_o, .wins_o
    );
  end else begin : gen_nodes
    logic [Nodes*Width-1:0] node;
    logic [Num-1:0]         in_node;
    logic [Nodes:0]         node_wins;
    for (genvar n = 0; n < Nodes; n++) begin : gen_node
      actp_max_few #(.Num(Few), .Width(Width)) u_node (
        .data_i(data_i[n*Few*Width +: Few*Width]), .max_o(node[n*Width +: Width]),
        .wins_o(in_node[n*Few +: Few])
      );
      assign wins_o[n*Few+1 +: Few] = in_node[n*Few +: Few] & {Few{node_wins[n+1]}};
    end
    actp_max_few #(.Num(Nodes + 1), .Width(Width)) u_all (
      .data_i({node, start_i}), .max_o, .wins_o(node_wins)
    );
    assign wins_o[0] = node_wins[0];
  end
endmodule

`default_nettype wire
