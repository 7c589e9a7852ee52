// SPDX-License-Identifier: Apache-2.0
// actp_enc_codes - the column of one value: its bits of the stored planes, order field.
//
// Format   F-3.4, F-4.7, F-4.10        Model   actplane::FormWords (model/src/field_order.cc)
// Contract combinational. A value of actp_enc_value, without guard and sticky bits, and the plan of
//          its block. lead_i is CodeW + 1 - w - G: rows that are not there in front of the code;
//          pick_i[p*ManW + k] says that row k of the mantissa, from the top, is the p-th that is
//          stored (p <= k). column_o: bit r is the bit of row r of the slot: the sign if it is
//          stored, code bits w-1 .. 0, mantissa.
// Method   the sign stands in front of the code, then the rows that are not there are shifted out.
// Params   ManW 7 .. 23; CodeW 9, 6 for FP16 alone; Rows of the column, at most 1 + CodeW + ManW
`default_nettype none

module actp_enc_codes #(
  parameter int unsigned ManW  = 23,
  parameter int unsigned CodeW = 9,
  parameter int unsigned Rows  = 33,
  localparam int unsigned LeadW = $clog2(CodeW + 2)
) (
  input  wire logic                         sign_i,         // of the value
  input  wire logic [actp_pkg::EXP_W-1:0]   exp_i,          // exponent field
  input  wire logic [ManW-1:0]              man_i,          // aligned at the top
  input  wire logic                         special_i,      // Inf or NaN
  // the plan
  input  wire logic [actp_pkg::EXP_W-1:0]   base_i,
  input  wire logic [actp_pkg::WIDTH_W-1:0] width_i,        // w
  input  wire logic [LeadW-1:0]             lead_i,
  input  wire logic                         sign_stored_i,  // G
  input  wire logic                         zero_code_i,    // Z
  input  wire logic [actp_pkg::EXP_W-1:0]   flush_below_i,  // F-4.7
  input  wire logic [ManW*ManW-1:0]         pick_i,
  output logic [Rows-1:0]                   column_o
);
  localparam int unsigned All = 1 + CodeW + ManW;

  // ---- F-4.10: zero is all ones, NaN one below if there is a zero code, Inf one below NaN.
  logic              any, zero, flushed, reserved;
  /* verilator lint_off UNUSEDSIGNAL */  // FP16 alone: its exponent has 5 bits
  logic [7:0]        delta;
  /* verilator lint_on UNUSEDSIGNAL */
  logic [CodeW:0]    code;  // and the sign
  assign any      = |man_i;
  assign flushed  = exp_i < flush_below_i;  // which is at most the base: never a special
  assign zero     = flushed | ((exp_i == '0) & ~any);
  assign reserved = zero | special_i;
  assign delta    = base_i - exp_i;
  always_comb begin
    code = (CodeW+1)'(delta) | {(CodeW+1){reserved}};
    if (special_i) code[1:0] = any ? {1'b1, ~zero_code_i} : {~zero_code_i, zero_code_i};
    for (int unsigned k = 0; k <= CodeW; k++) begin
      if (sign_stored_i & (width_i == actp_pkg::WIDTH_W'(k))) code[k] = sign_i;
    end
  end

  // ---- mantissa rows that are stored
  logic [ManW-1:0] man;
  always_comb begin
    man = '0;
    for (int unsigned p = 0; p < ManW; p++) begin
      for (int unsigned k = p; k < ManW; k++) begin
        man[p] = man[p] | (man_i[ManW-1-k] & pick_i[p*ManW+k]);
      end
    end
    man = man & {ManW{~flushed}};
  end

  // ---- the column: row r at bit r
  /* verilator lint_off UNUSEDSIGNAL */  // 16-bit formats alone have fewer rows
  logic [All-1:0] rows, by_four, column;
  /* verilator lint_on UNUSEDSIGNAL */
  for (genvar k = 0; k <= CodeW; k++) begin : gen_code
    assign rows[CodeW-k] = code[k];
  end
  assign rows[All-1:CodeW+1] = man;
  // The shift by steps of four and of one, with one-hot counts, which all lanes share.
  logic [3:0] fours, ones;
  for (genvar k = 0; k < 4; k++) begin : gen_count
    assign fours[k] = (lead_i >> 2) == LeadW'(k);
    assign ones[k]  = lead_i[1:0] == 2'(k);
  end
  always_comb begin
    by_four = '0;
    column  = '0;
    for (int unsigned k = 0; k < 4; k++) begin
      if (4 * k <= CodeW + 1) by_four = by_four | ((rows >> (4 * k)) & {All{fours[k]}});
    end
    for (int unsigned k = 0; k < 4; k++) column = column | ((by_four >> k) & {All{ones[k]}});
  end
  assign column_o = column[Rows-1:0];
endmodule

`default_nettype wire
