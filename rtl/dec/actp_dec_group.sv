// SPDX-License-Identifier: Apache-2.0
// actp_dec_group - what one group of order significance has: life, rows, weight.
//
// Format   F-5.3, F-5.4, F-5.7  Model  actplane::PlaceGroups (model/src/significance_order.cc)
// Contract combinational; n(g) is depth_o + skip_o
// Params   none
`default_nettype none

module actp_dec_group (
  input  wire logic [3:0]                   code_i,
  input  wire logic                         flag_i,       // y(g)
  input  wire logic                         later_i,      // t(g) is q + 1
  input  wire logic [3:0]                   ones_i,       // 2^w - 1
  input  wire logic                         dead_code_i,  // Z
  input  wire logic [4:0]                   q_i,
  input  wire logic [1:0]                   form_i,
  input  wire logic [actp_pkg::LIMIT_W-1:0] row_limit_i,
  output logic                              lives_o,
  output logic [4:0]                        depth_o,      // D(g)
  output logic [1:0]                        skip_o        // rows before those of the magnitude
);
  logic signed [6:0] height;   // h(g), 1 .. 32 if it lives
  logic [5:0]        rows;
  assign height  = 7'({1'b0, q_i}) + 7'(later_i) - 7'(code_i);
  assign lives_o = ~height[6] & (height != '0) & ~(dead_code_i & (code_i == ones_i));
  assign rows    = height[5:0] - 6'(form_i == actp_pkg::MID_RISE);
  assign depth_o = ~lives_o ? '0 : (rows > 6'(row_limit_i)) ? row_limit_i : rows[4:0];
  assign skip_o  = {flag_i, (form_i != actp_pkg::UNSIGNED) & (lives_o | flag_i)};
endmodule

`default_nettype wire
