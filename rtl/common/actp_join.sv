// SPDX-License-Identifier: Apache-2.0
// actp_join - put two lists of bits one behind the other.
//
// Contract combinational. a_n_i pieces of a_i, then b_i; a_i is 0 behind its last piece, and at
//          most AWidth bits are in it
// Params   AWidth, BWidth, Piece bits of a piece (4, 8, 16), CountW
`default_nettype none

module actp_join #(
  parameter int unsigned AWidth = 120,
  parameter int unsigned BWidth = 120,
  parameter int unsigned Piece  = 8,
  parameter int unsigned CountW = 5
) (
  input  wire logic [AWidth-1:0]         a_i,   // 0 behind its last piece
  input  wire logic [CountW-1:0]         a_n_i, // pieces of a_i
  input  wire logic [BWidth-1:0]         b_i,   // goes behind them
  output logic [AWidth+BWidth-1:0]       both_o // a_i, then b_i
);
  localparam int unsigned Width = AWidth + BWidth;

  localparam int unsigned Levels = (CountW + 1) / 2;

  // Four distances in each level, as in actp_rotate.
  logic [2*Levels-1:0]         count;
  logic [(Levels+1)*Width-1:0] level /*verilator split_var*/;
  assign count = (2*Levels)'(a_n_i);
  assign level[Width-1:0] = Width'(b_i);
  for (genvar k = 0; k < Levels; k++) begin : gen_level
    localparam int unsigned Step = Piece << (2 * k);
    logic [Width-1:0] now;
    logic [1:0]       steps;
    assign now   = level[k*Width +: Width];
    assign steps = count[2*k +: 2];
    assign level[(k+1)*Width +: Width] = (now & {Width{steps == 2'd0}}) |
                                         ((now << Step) & {Width{steps == 2'd1}}) |
                                         ((now << (2 * Step)) & {Width{steps == 2'd2}}) |
                                         ((now << (3 * Step)) & {Width{steps == 2'd3}});
  end
  assign both_o = level[Levels*Width +: Width] | Width'(a_i);
endmodule

`default_nettype wire
