// SPDX-License-Identifier: Apache-2.0
// actp_dec_value_field - one value out of its code and its mantissa bits.
//
// Format   F-3.6, F-3.7, F-3.9 .. F-3.12  Model  actplane::RebuildValues (model/src/field_order.cc)
// Contract combinational. Mantissa rows are the top ones of the field: row 0 is the highest bit. Of
//          the stored rows those that are known_i count; lost_i is the highest lost one and below_i
//          the others, both 0 with fill `zero`.
// Params   ManBits 23 or 10: mantissa bits that any of the formats needs
// Not here the sign (F-3.8)
`default_nettype none

module actp_dec_value_field #(
  parameter int unsigned ManBits = 23
) (
  // of the block
  input  wire logic [actp_pkg::EXP_W-1:0]  base_i,
  input  wire logic [actp_pkg::CODE_W-1:0] code_mask_i,   // w ones
  input  wire logic                        zero_code_i,   // Z
  input  wire logic                        special_i,     // S
  input  wire logic                        complete_i,
  input  wire logic [actp_pkg::EXP_W-1:0]  exp_max_i,
  input  wire logic [ManBits-1:0]          value_i,       // what rows read that are not stored
  // of the group
  input  wire logic [ManBits-1:0]          known_i,
  input  wire logic [ManBits-1:0]          lost_i,
  input  wire logic [ManBits-1:0]          below_i,
  // the value
  input  wire logic [actp_pkg::CODE_W-1:0] code_i,        // bits above w read 0
  input  wire logic [ManBits-1:0]          bits_i,
  output logic [actp_pkg::EXP_W-1:0]       exponent_o,
  output logic [ManBits-1:0]               mantissa_o
);
  localparam int unsigned CodeW = actp_pkg::CODE_W;

  logic [CodeW-1:0]   up;  // all ones less the code
  logic               top, is_zero, is_nan, is_inf, finite, odd;
  logic [CodeW:0]     exponent;
  logic [ManBits-1:0] mantissa;
  assign up      = code_mask_i & ~code_i;
  assign top     = up[CodeW-1:2] == '0;
  assign is_zero = zero_code_i & top & (up[1:0] == 2'd0);
  assign is_nan  = special_i & top & (up[1:0] == (zero_code_i ? 2'd1 : 2'd0));
  assign is_inf  = special_i & top & (up[1:0] == (zero_code_i ? 2'd2 : 2'd1));

  assign exponent = {2'b00, base_i} - {1'b0, code_i};
  assign finite   = ~is_zero & ~exponent[CodeW];
  assign mantissa = (bits_i & known_i) | value_i;
  assign odd      = |({exponent[0], mantissa[ManBits-1:1]} & lost_i);

  always_comb begin
    exponent_o = finite ? exponent[actp_pkg::EXP_W-1:0] : '0;
    mantissa_o = finite ? mantissa | (odd ? below_i : lost_i) : '0;
    if (is_nan | is_inf) exponent_o = exp_max_i;
    if (is_inf) mantissa_o = '0;
    if (is_nan) mantissa_o = {mantissa[ManBits-1] | ~complete_i, mantissa[ManBits-2:0]};
  end
endmodule

`default_nettype wire
