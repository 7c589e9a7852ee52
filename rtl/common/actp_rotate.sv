// SPDX-License-Identifier: Apache-2.0
// actp_rotate - put a list of bits at a place of a word; what does not fit comes round.
//
// Contract combinational; piece k of data_i lies at piece (at_i + k) mod (Width / Piece) of data_o,
//          the others are 0
// Method   four places in each level: AND-OR of four is smaller than three multiplexers.
// Params   Width a power of two times Piece, DataW <= Width, Piece
`default_nettype none

module actp_rotate #(
  parameter int unsigned Width = 256,
  parameter int unsigned DataW = 120,
  parameter int unsigned Piece = 8,
  localparam int unsigned AtW = $clog2(Width / Piece)
) (
  input  wire logic [DataW-1:0] data_i, // pieces
  input  wire logic [AtW-1:0]   at_i,   // place of the first, in pieces
  output logic [Width-1:0]      data_o  // what does not fit comes round
);
  localparam int unsigned Odd    = AtW % 2;
  localparam int unsigned Levels = AtW / 2 + Odd;

  // Small steps while the list is short.
  logic [(Levels+1)*Width-1:0] level /*verilator split_var*/;
  assign level[Width-1:0] = Width'(data_i);
  for (genvar k = 0; k < Levels; k++) begin : gen_level
    localparam int unsigned Low  = (k == 0) ? 0 : 2 * k - Odd;  // lowest bit of the place
    localparam int unsigned Step = Piece << Low;
    logic [Width-1:0] now;
    assign now = level[k*Width +: Width];
    if (k == 0 && Odd == 1) begin : gen_two
      assign level[(k+1)*Width +: Width] = at_i[0] ? {now[Width-Step-1:0], now[Width-1 -: Step]} :
                                           now;
    end else begin : gen_four
      logic [1:0] steps;
      assign steps = at_i[Low +: 2];
      assign level[(k+1)*Width +: Width] =
          (now & {Width{steps == 2'd0}}) |
          ({now[Width-Step-1:0], now[Width-1 -: Step]} & {Width{steps == 2'd1}}) |
          ({now[Width-2*Step-1:0], now[Width-1 -: 2*Step]} & {Width{steps == 2'd2}}) |
          ({now[Width-3*Step-1:0], now[Width-1 -: 3*Step]} & {Width{steps == 2'd3}});
    end
  end
  assign data_o = level[Levels*Width +: Width];
endmodule

`default_nettype wire
