// SPDX-License-Identifier: Apache-2.0
// actp_enc_form - form the plane words of a block: sign, delta code, mantissa of every value.
//
// Format   F-4.7, F-4.10, F-3.6        Model   actplane::FormWords, ToPlanes (model/src/field_order.cc)
// Contract in:  a gathered block and its base, taken when load_i is high.
//          out: its rows from the next cycle on, under the header that is valid then: row r at [r*BlockLen +: BlockLen].
//               Code rows at or above the width and mantissa rows that the format lacks are meaningless.
// Method   all values at once, bit-sliced: delta is a ripple subtraction of planes; a code is a delta, or the
//          reserved code that the class of the value and the header's Z and S give.
// Params   BlockLen 32 .. 256 (tested all)
// Reset    none: rows are undefined until the first load
// Not here the order of the rows in the slot (actp_packer)
`default_nettype none

module actp_enc_form #(
  parameter int unsigned BlockLen = 128
) (
  input  wire logic                             clk_i,
  input  wire logic                             load_i,
  input  wire logic [1:0]                       format_i,
  input  wire logic [actp_pkg::EXP_W-1:0]       base_i,
  input  wire logic [32*BlockLen-1:0]           planes_i,    // 31 sign, 30..23 exponent, 22..0 mantissa
  input  wire logic [BlockLen-1:0]              man_zero_i,
  // header, from the cycle after load_i on
  input  wire logic [actp_pkg::WIDTH_W-1:0]     width_i,
  input  wire logic                             zero_code_i,
  input  wire logic                             special_i,
  output logic [actp_pkg::ROWS*BlockLen-1:0]    rows_o
);
  localparam int unsigned N     = BlockLen;
  localparam int unsigned ExpW  = actp_pkg::EXP_W;
  localparam int unsigned CodeW = actp_pkg::CODE_W;
  localparam int unsigned ManW  = actp_pkg::MAN_W;

  // ---- delta and class, bit-sliced
  logic [ExpW-1:0]   exp_max;
  logic [ExpW*N-1:0] delta;
  logic [N-1:0]      borrow, exp_zero, exp_ones;
  assign exp_max = actp_pkg::exp_max(format_i);
  always_comb begin
    borrow   = '0;
    exp_zero = '1;
    exp_ones = '1;
    delta    = '0;
    for (int unsigned k = 0; k < ExpW; k++) begin
      delta[k*N +: N] = {N{base_i[k]}} ^ planes_i[(ManW+k)*N +: N] ^ borrow;
      borrow = base_i[k] ? planes_i[(ManW+k)*N +: N] & borrow : planes_i[(ManW+k)*N +: N] | borrow;
      exp_zero = exp_zero & ~planes_i[(ManW+k)*N +: N];
      exp_ones = exp_ones & (planes_i[(ManW+k)*N +: N] ^ {N{~exp_max[k]}});
    end
  end

  logic [N-1:0]      sign_q, zero_q, nan_q, inf_q;
  logic [ExpW*N-1:0] delta_q;
  logic [ManW*N-1:0] mantissa_q;
  always_ff @(posedge clk_i) begin
    if (load_i) begin
      sign_q     <= planes_i[31*N +: N];
      zero_q     <= exp_zero & man_zero_i;
      nan_q      <= exp_ones & ~man_zero_i;
      inf_q      <= exp_ones & man_zero_i;
      delta_q    <= delta;
      mantissa_q <= planes_i[0 +: ManW*N];
    end
  end

  // ---- F-4.7: a delta that has no code. above: beyond w bits; ones_high: bits w-1 .. 2 all set.
  logic [N-1:0]       above, ones_high, bit0, bit1, no_code, flushed;
  logic [CodeW*N-1:0] code;
  always_comb begin
    above     = '0;
    ones_high = '1;
    for (int unsigned k = 0; k < ExpW; k++) begin
      if (k >= 32'(width_i)) above = above | delta_q[k*N +: N];
      else if (k >= 2)       ones_high = ones_high & delta_q[k*N +: N];
    end
    if (32'(width_i) > ExpW) ones_high = '0;  // delta has no bit 8
    bit0 = delta_q[0 +: N] | {N{width_i == 4'd0}};
    bit1 = delta_q[N +: N] | {N{width_i <= 4'd1}};
    // Reserved are the highest 1 (Z), 2 (S) or 3 codes (Z and S).
    unique case ({special_i, zero_code_i})
      2'b00:   no_code = above;
      2'b01:   no_code = above | (ones_high & bit1 & bit0);
      2'b10:   no_code = above | (ones_high & bit1);
      default: no_code = above | (ones_high & (bit1 | bit0));
    endcase
    flushed = zero_q | (no_code & ~nan_q & ~inf_q);

    // F-4.10: zero is all ones, NaN one below if there is a zero code, Inf one below NaN.
    for (int unsigned k = 0; k < CodeW; k++) begin
      if (k == 0) begin
        code[0 +: N] = flushed | (nan_q & {N{~zero_code_i}}) | (inf_q & {N{zero_code_i}}) |
                       (delta_q[0 +: N] & ~nan_q & ~inf_q);
      end else if (k == 1) begin
        code[N +: N] = flushed | nan_q | (inf_q & {N{~zero_code_i}}) | (delta_q[N +: N] & ~inf_q);
      end else if (k < ExpW) begin
        code[k*N +: N] = flushed | nan_q | inf_q | delta_q[k*N +: N];
      end else begin
        code[k*N +: N] = flushed | nan_q | inf_q;
      end
    end
  end

  // ---- rows in slot order
  assign rows_o[actp_pkg::ROW_SIGN*N +: N] = sign_q;
  for (genvar k = 0; k < CodeW; k++) begin : gen_code
    assign rows_o[(actp_pkg::ROW_CODE+k)*N +: N] = code[(CodeW-1-k)*N +: N];
  end
  for (genvar k = 0; k < ManW; k++) begin : gen_mantissa
    assign rows_o[(actp_pkg::ROW_MAN+k)*N +: N] = mantissa_q[(ManW-1-k)*N +: N] & ~flushed;
  end
endmodule

`default_nettype wire
