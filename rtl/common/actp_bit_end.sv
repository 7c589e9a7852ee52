// SPDX-License-Identifier: Apache-2.0
// actp_bit_end - the number of the highest or the lowest bit that is set, as a tree.
//
// Contract combinational; bit k has the number From + k, or From - k; the highest number of a bit
//          that is set wins. 0 if no bit is set, or only the one of number 0.
// Method   each node knows whether a bit is set below it, and which.
// Params   Width 1 .. 32; From and Down so that all numbers are 0 .. 31
`default_nettype none

module actp_bit_end #(
  parameter int          Width = 23,
  parameter int          From  = 0,
  parameter bit          Down  = 1'b0
) (
  input  wire logic [Width-1:0] bits_i,    // any
  output logic [4:0]            number_o,  // of the highest, or lowest, that is set
  output logic                  any_o      // a bit is set
);
  // A heap: node 0 is the root, the children of node i are 2i + 1 and 2i + 2, leaf 31 + p is the
  // bit of number p. Numbers count within the stretch below the node.
  logic [62:0]     some /*verilator split_var*/;
  logic [63*5-1:0] number /*verilator split_var*/;

  for (genvar p = 0; p < 32; p++) begin : gen_leaf
    localparam int Bit = Down ? From - p : p - From;
    if (Bit >= 0 && Bit < Width) begin : gen_bit
      assign some[31+p] = bits_i[Bit];
    end else begin : gen_none
      assign some[31+p] = 1'b0;
    end
    assign number[(31+p)*5 +: 5] = '0;
  end
  for (genvar i = 0; i < 31; i++) begin : gen_node
    localparam int unsigned Level = 5 - $clog2(i + 2);  // a half is 2^Level bits
    assign number[i*5 +: 5] = some[2*i+2] ? number[(2*i+2)*5 +: 5] | (5'd1 << Level) :
                                            number[(2*i+1)*5 +: 5];
    assign some[i] = some[2*i+1] | some[2*i+2];
  end
  assign number_o = number[4:0];
  assign any_o    = some[0];
endmodule

`default_nettype wire
