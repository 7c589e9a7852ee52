// SPDX-License-Identifier: Apache-2.0
// actp_enc_place - where one group ends and which rows it has, order significance.
//
// Format   F-5.3, F-5.4, F-5.7, F-6.12    Model   PlaceGroups (model/src/significance_order.cc)
// Contract combinational. In a pair (F-6.1) the group has one row, which takes the place of the
//          signs; if plain_i, none. A group that does not live but has rows by F-5.3 has rows of
//          zeros.
// Params   Depth 8 .. 24: the row limit is never above
`default_nettype none

module actp_enc_place #(
  parameter int unsigned Depth = 24
) (
  input  wire logic [actp_pkg::EXP_W-1:0]   base_i,        // of the block
  input  wire logic [actp_pkg::DELTA_W-1:0] level_i,       // q
  input  wire logic                         more_i,        // t(g) is q + 1
  input  wire logic [1:0]                   form_i,        // of the block
  input  wire logic                         dead_code_i,   // Z
  input  wire logic [actp_pkg::LIMIT_W-1:0] row_limit_i,   // R
  input  wire logic                         pair_i,        // F-6.1
  input  wire logic                         plain_i,       // the block has only a front
  input  wire logic [3:0]                   code_i,        // of the group
  input  wire logic                         lives_i,       // F-6.3
  input  wire logic                         special_i,     // y(g)
  output logic [actp_pkg::EXP_W:0]          top_o,         // weight of row 0, plus 16
  output logic [Depth-1:0]                  keep_o,        // magnitude rows that are not 0
  output logic                              specials_o,    // the two rows of specials are there
  output logic                              signs_o,       // the row of signs is there
  output logic                              sign_on_o,     // and holds signs, not zeros
  output logic [4:0]                        rows_o         // n(g)
);
  /* verilator lint_off UNUSEDSIGNAL */  // 6 bits for the sum, limited to 24 at the end
  logic [5:0]       ends, height, least;
  /* verilator lint_on UNUSEDSIGNAL */
  logic             has_rows, mid_rise;
  logic [4:0]       magnitudes;
  logic [Depth-1:0] in_height;

  assign mid_rise   = form_i == actp_pkg::MID_RISE;
  assign ends       = {1'b0, level_i} + 6'(more_i);
  assign has_rows   = ~pair_i & ~plain_i & (lives_i | (~dead_code_i & ({2'b00, code_i} < ends)));
  assign height     = ends - {2'b00, code_i} - 6'(mid_rise);
  assign least      = (height < {1'b0, row_limit_i}) ? height : {1'b0, row_limit_i};
  assign magnitudes = least[4:0] & {5{has_rows}};
  for (genvar r = 0; r < Depth; r++) begin : gen_row
    assign in_height[r] = 5'(r) < magnitudes;
  end

  assign top_o      = {1'b0, base_i} - {5'd0, code_i} + 9'd16;
  assign keep_o     = in_height & {Depth{lives_i}};
  assign specials_o = special_i & ~pair_i & ~plain_i;
  assign signs_o    = pair_i | (~plain_i & (form_i != actp_pkg::UNSIGNED) & (has_rows | special_i));
  assign sign_on_o  = signs_o & (pair_i | lives_i | special_i);
  assign rows_o     = magnitudes + {3'd0, specials_o, 1'b0} + {4'd0, signs_o};
endmodule

`default_nettype wire
