// SPDX-License-Identifier: Apache-2.0
// actp_dec_lane - eight values out of their rows.
//
// Format   F-3.5 .. F-3.12, F-5.6 .. F-5.13  Model  actplane::RebuildValues
// Contract combinational. Row r of the eight values is rows_i[8r +: 8], as actp_dec_rows puts it;
//          with groups of 4 the two groups lie side by side, each with its own facts. What is not
//          there_i reads +0.
// Params   Orders; GroupLen; Depth; Wide: also FP32; Heads; Rows
`default_nettype none

module actp_dec_lane #(
  parameter int unsigned Orders   = 3,
  parameter int unsigned GroupLen = 8,
  parameter int unsigned Depth    = 24,
  parameter bit          Wide     = 1,
  parameter int unsigned Heads    = 10,
  parameter int unsigned Rows     = 34,
  localparam int unsigned Halves  = 8 / GroupLen,
  localparam int unsigned ManBits = Wide ? 23 : 10,
  localparam int unsigned ExpW    = actp_pkg::EXP_W,
  localparam int unsigned CodeW   = actp_pkg::CODE_W,
  localparam int unsigned ManW    = actp_pkg::MAN_W
) (
  input  actp_pkg::slot_t             slot_i,        // what is known of the slot
  input  wire logic [63:0]            patterns_i,    // the two of a pair
  // of mantissa planes among those stored, top one first
  input  wire logic [5*ManW-1:0]      ranks_i,
  input  wire logic [8*Rows-1:0]      rows_i,
  input  wire logic [4:0]             mans_i,        // order field: mantissa rows of the group
  input  wire logic [5*Halves-1:0]    depth_i,       // D(g)
  input  wire logic [9*Halves-1:0]    top_i,         // weight of the first magnitude row
  input  wire logic [Halves-1:0]      lives_i,
  input  wire logic [Halves-1:0]      flag_i,        // y(g)
  input  wire logic [Halves-1:0]      there_i,
  output logic [8*32-1:0]             values_o,      // sign, exponent, mantissa aligned at the top
  output logic [8*32-1:0]             bits_o         // a pattern of a pair, as it is
);
  logic [ExpW-1:0] exp_max;
  assign exp_max = actp_pkg::exp_max(slot_i.fmt);

  // ---- order field: which mantissa rows are known
  logic [ManBits-1:0] known, lost, below, stored;
  logic [CodeW-1:0]   code_mask;
  assign stored = slot_i.stored[ManW-1 -: ManBits];
  always_comb begin
    for (int unsigned k = 0; k < ManBits; k++) begin
      known[ManBits-1-k] = stored[ManBits-1-k] & (ranks_i[5*k +: 5] < mans_i);
      lost[ManBits-1-k]  = stored[ManBits-1-k] & (ranks_i[5*k +: 5] == mans_i);
    end
    for (int unsigned k = 0; k < CodeW; k++) code_mask[k] = 4'(k) < slot_i.width;
  end
  assign below = stored & ~known & ~lost;

  for (genvar i = 0; i < 8; i++) begin : gen_value
    localparam int unsigned H = i / GroupLen;
    logic [Rows-1:0] bits;
    for (genvar r = 0; r < Rows; r++) begin : gen_rank
      assign bits[r] = rows_i[8*r+i];
    end

    // ---- order field
    logic                field_sign;
    logic [ExpW-1:0]     field_exp;
    logic [ManBits-1:0]  field_man;
    if (Orders[0]) begin : gen_field
      logic [CodeW-1:0]   code;
      logic [CodeW:0]     ahead;   // the rows before the mantissa, last one first
      logic [ManBits-1:0] mans;
      for (genvar b = 0; b <= CodeW; b++) begin : gen_code
        assign ahead[b] = bits[Heads-1-b];
      end
      assign code       = ahead[CodeW-1:0] & code_mask;
      assign field_sign = slot_i.sign_stored ? ahead[slot_i.width] : slot_i.sign_value;
      always_comb begin
        for (int unsigned k = 0; k < ManBits; k++) begin
          mans[ManBits-1-k] = 1'b0;
          for (int unsigned m = 0; m <= k; m++) begin
            mans[ManBits-1-k] = mans[ManBits-1-k] | (bits[Heads+m] & (ranks_i[k*5 +: 5] == 5'(m)));
          end
        end
      end
      actp_dec_value_field #(.ManBits(ManBits)) u_value (
        .base_i(slot_i.base), .code_mask_i(code_mask), .zero_code_i(slot_i.zero_code),
        .special_i(slot_i.special),
        .complete_i(slot_i.complete), .exp_max_i(exp_max),
        .value_i(slot_i.value[ManW-1 -: ManBits]),
        .known_i(known), .lost_i(lost & {ManBits{~slot_i.fill_zero}}), .below_i(below &
        {ManBits{~slot_i.fill_zero}}),
        .code_i(code), .bits_i(mans), .exponent_o(field_exp), .mantissa_o(field_man)
      );
    end else begin : gen_no_field
      assign field_sign = 1'b0;
      assign field_exp  = '0;
      assign field_man  = '0;
    end

    // ---- order significance
    logic                weight_sign;
    logic [ExpW-1:0]     weight_exp;
    logic [ManBits-1:0]  weight_man;
    if (Orders[1]) begin : gen_weight
      logic               flag, lives, is_special, is_nan, signs;
      logic [Depth-1:0]   rows, thermo;
      logic [ExpW-1:0]    exponent;
      logic [ManBits-1:0] mantissa;
      assign flag       = flag_i[H];
      assign lives      = lives_i[H];
      assign signs      = (slot_i.form != actp_pkg::UNSIGNED) & (lives | flag);
      assign is_special = slot_i.poisoned | (flag & bits[Heads-3]);
      assign is_nan     = slot_i.poisoned | bits[Heads-2];
      for (genvar r = 0; r < Depth; r++) begin : gen_mag
        assign rows[Depth-1-r]   = bits[Heads+r];
        assign thermo[Depth-1-r] = 5'(r) < depth_i[5*H +: 5];
      end
      actp_dec_value_significance #(.Depth(Depth), .ManBits(ManBits)) u_value (
        .rows_i(rows), .known_i(thermo), .mid_i((slot_i.form == actp_pkg::MID_RISE) & lives),
        .top_i(top_i[9*H +: 9]), .exponent_o(exponent), .mantissa_o(mantissa)
      );
      assign weight_sign = ~slot_i.poisoned & signs & bits[Heads-1];
      assign weight_exp  = is_special ? exp_max : exponent;
      assign weight_man  = is_special ? {is_nan, {(ManBits-1){1'b0}}} : mantissa;
    end else begin : gen_no_weight
      assign weight_sign = 1'b0;
      assign weight_exp  = '0;
      assign weight_man  = '0;
    end

    logic               significance;
    logic [ManBits-1:0] mantissa_out;
    assign significance = (Orders == 2) | ((Orders == 3) & slot_i.significance);
    assign mantissa_out = significance ? weight_man : field_man;
    assign values_o[32*i +: 32] = {32{there_i[H]}} & {significance ? weight_sign : field_sign,
                                                      significance ? weight_exp : field_exp,
                                                      mantissa_out, {(ManW-ManBits){1'b0}}};
    assign bits_o[32*i +: 32] = {32{there_i[H]}} & (~bits[Heads-1] ? patterns_i[31:0] :
                                  actp_pkg::is_narrow(slot_i.fmt) ? {16'd0, patterns_i[31:16]} :
                                      patterns_i[63:32]);
  end

  logic unused;
  assign unused = ^{slot_i, below, code_mask, mans_i, ranks_i, depth_i, top_i, lives_i, flag_i,
      rows_i};
endmodule

`default_nettype wire
