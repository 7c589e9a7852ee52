// SPDX-License-Identifier: Apache-2.0
// fv_round - actp_enc_round: the magnitude of a value in steps of its group (F-6.12), for every
//   value and every group.
//
// Proves   rows_o is |value| / 2^p, rounded to the nearest, ties to even, at most all ones; rounded
//          down in form 2; 0 for specials. p is the weight of the last of the D rows that are kept.
// Method   combinational; by arithmetic: value, step and remainder as integers, compared with half
//          a step. What the contract excludes is assumed not to come: a value above the weight of
//          row 0, rows that are kept behind one that is not, sticky bits without all of the
//          mantissa above them. All inputs by SAT.
// Reach    a subnormal is a tie and stays even
`include "fv.svh"
`default_nettype none

module fv_round #(
  parameter int unsigned Depth = 8,
  parameter int unsigned ManW  = 7
) (
  input wire logic             clk_i,
  input wire logic             rst_ni,
  input wire logic [7:0]       exp_i,
  input wire logic [ManW-1:0]  man_i,
  input wire logic             sticky_i,
  input wire logic             special_i,
  input wire logic [8:0]       top_i,
  input wire logic [4:0]       rows_i,      // D
  input wire logic             mid_rise_i
);
  localparam int unsigned Row0 = ManW + Depth + 2;  // bit of the weight of row 0
  localparam int unsigned Wide = Row0 + ManW + 1;
  localparam logic signed [10:0] Rows = Depth, Man = ManW;
  logic [Depth-1:0] keep, rows;
  for (genvar r = 0; r < Depth; r++) begin : gen_keep
    assign keep[r] = 5'(r) < rows_i;
  end
  actp_enc_round #(.Depth(Depth), .ManW(ManW)) u_dut (
    .exp_i, .man_i, .sticky_i, .special_i, .top_i, .keep_i(keep), .mid_rise_i, .rows_o(rows)
  );

  // The value with row 0 at bit Row0. Its lowest bit stays above bit 0 while it can make a
  // difference.
  logic signed [10:0] weight, below;  // of the leading bit of the significand; how far below row 0
  logic [Wide-1:0]    value, step, rest;
  logic [Depth:0]     quotient, k, all;
  logic               up, none;
  assign weight   = (exp_i == '0) ? 11'sd1 : $signed({3'd0, exp_i});
  assign below    = $signed({2'd0, top_i}) - 11'sd16 - weight;
  assign none     = below > Rows + 11'sd1;
  assign value    = none ? '0 : Wide'({exp_i != '0, man_i}) << 6'(Rows + 11'sd2 - below);
  assign step     = Wide'(1) << (6'(Row0 + 1) - 6'(rows_i));
  assign quotient = (Depth+1)'(value >> (6'(Row0 + 1) - 6'(rows_i)));
  assign rest     = value & (step - Wide'(1));
  assign up       = ~mid_rise_i & ((rest > (step >> 1)) | ((rest == (step >> 1)) &
                    (sticky_i | quotient[0])));
  assign all      = ((Depth+1)'(1) << rows_i) - (Depth+1)'(1);
  assign k        = (quotient + (Depth+1)'(up) > all) ? all : quotient + (Depth+1)'(up);

  `RESTRICT(rows_i <= 5'(Depth))
  `RESTRICT(top_i >= 9'd2 && top_i <= 9'd271)
  `RESTRICT(~sticky_i | (exp_i != '0 && ManW >= Depth))
  `RESTRICT(special_i | (below >= -Man))
  `RESTRICT(special_i | ((value >> (Row0 + 1)) == '0))
  logic [Depth-1:0] wanted;
  for (genvar r = 0; r < Depth; r++) begin : gen_wanted
    assign wanted[r] = (5'(r) < rows_i) & ~special_i & ((k >> (rows_i - 5'd1 - 5'(r))) & 1'b1);
  end
  `CHECK(rows == wanted)
  `REACH((exp_i == '0) & (below < 11'sd0) & (rest == (step >> 1)) & ~quotient[0] &
      (quotient != '0) & ~special_i)
endmodule

`default_nettype wire
