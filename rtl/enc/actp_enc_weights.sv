// SPDX-License-Identifier: Apache-2.0
// actp_enc_weights - highest weight of four values, lowest set bits of two each, what they are.
//
// Format   F-5.7, F-6.9        Model   actplane::WeightOf (model/src/significance_order.cc)
// Contract combinational; values as actp_enc_classify gives them.
//          top_o: the highest weight of the finite ones plus 32; 0: none is finite.
//          low_o: 256 minus the weight of the lowest set bit, of values 0 and 1, 2 and 3; 0: none.
// Method   among values of exponent field 0 the highest bit is that of all of them joined.
// Params   none
`default_nettype none

module actp_enc_weights (
  input  wire logic                       used_i,     // the values are there
  input  wire logic [actp_pkg::EXP_W-1:0] exp_max_i,  // exponent field of Inf and NaN
  input  wire logic [127:0]               fields_i,
  output logic [8:0]                      top_o,
  output logic [17:0]                     low_o,
  output logic                            any_zero_o,
  output logic                            any_special_o,
  output logic                            any_negative_o
);
  localparam int unsigned ManW = actp_pkg::MAN_W;
  logic [3:0]      zero, special, sign;
  logic [31:0]     exponents;
  logic [35:0]     lows;
  logic [4*ManW-1:0] tiny_man;
  for (genvar v = 0; v < 4; v++) begin : gen_value
    logic [7:0]      field;
    logic [ManW-1:0] man;
    logic            tiny, some;  // exponent field 0; mantissa is not
    logic [4:0]      last;   // lowest bit that is set, from the top: 1 .. 23
    logic [8:0]      low;
    assign field      = fields_i[v*32+23 +: 8];
    assign man        = fields_i[v*32 +: ManW];
    assign sign[v]    = fields_i[v*32+31];
    assign tiny       = field == '0;
    assign zero[v]    = tiny & ~some;
    assign special[v] = field == exp_max_i;
    assign exponents[v*8 +: 8]      = field & {8{used_i & ~special[v]}};
    assign tiny_man[v*ManW +: ManW] = man & {ManW{used_i & tiny}};
    // 256 - (max(1, field) - last)
    actp_bit_end #(.Width(ManW), .From(ManW), .Down(1'b1)) u_last (
      .bits_i(man), .number_o(last), .any_o(some)
    );
    assign low = {1'b0, ~field[7:1], ~(field[0] | tiny)} + 9'(last) + 9'd1;
    assign lows[v*9 +: 9] = low & {9{used_i & ~zero[v] & ~special[v]}};
  end
  for (genvar h = 0; h < 2; h++) begin : gen_half
    logic [1:0] unused_wins;
    actp_max_few #(.Num(2), .Width(9)) u_low (
      .data_i(lows[h*18 +: 18]), .max_o(low_o[h*9 +: 9]), .wins_o(unused_wins)
    );
  end

  // ---- the highest: weight 0 and below is that of the mantissa's bits, the top one has weight 0
  logic [7:0]      exponent;
  logic [ManW-1:0] man_or;
  logic [4:0]      below;
  logic [3:0]      unused_wins;
  logic            subnormal, unused_any;
  actp_max_few #(.Num(4), .Width(8)) u_exponent (
    .data_i(exponents), .max_o(exponent), .wins_o(unused_wins)
  );
  assign man_or = tiny_man[0 +: ManW] | tiny_man[ManW +: ManW] | tiny_man[2*ManW +: ManW] |
                  tiny_man[3*ManW +: ManW];
  actp_bit_end #(.Width(ManW - 1), .From(10)) u_below (
    .bits_i(man_or[ManW-2:0]), .number_o(below), .any_o(unused_any)
  );
  assign subnormal = (exponent == '0) & ~man_or[ManW-1];
  assign top_o     = subnormal ? 9'(below) : 9'(exponent) + 9'd32;

  assign any_zero_o     = used_i & (|zero);
  assign any_special_o  = used_i & (|special);
  assign any_negative_o = used_i & (|sign);
endmodule

`default_nettype wire
