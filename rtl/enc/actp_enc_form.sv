// SPDX-License-Identifier: Apache-2.0
// actp_enc_form - form the rows of a block: sign, delta code, mantissa of every value.
//
// Format   F-4.7, F-4.10, F-3.6        Model   actplane::FormWords, ToPlanes (model/src/field_order.cc)
// Contract in:  a gathered block, complete when load_i is high, and its base. The next block may overwrite beat b of
//               FP32 (16-bit formats: half of it) when b words of StreamWidth bits have been formed.
//          out: its rows from the next cycle on, under the header that is valid then: sign, code bits 7 .. 0, mantissa
//               22 .. 0, row r at [r*BlockLen +: BlockLen]; each as long as the slot may still need it. Code rows at or above
//               the width and mantissa rows that the format lacks are meaningless. Code rows of which inverted_o is set are
//               inverted.
//               Two masks complete them: flushed_o, values with an exponent below flush_below_i, which become zero (code
//               rows read 1, mantissa rows 0), and
//               reserved_o, on top of it for code rows 2 and up (read 1).
// Method   rows leave at the rate at which beats come, so only what is overwritten before its row has left is copied.
//          Delta is a ripple subtraction of planes, for all values at once.
// Params   BlockLen 32 .. 256, StreamWidth 64 .. 512 (tested all sixteen); Formats: bit 0 FP32, 1 FP16, 2 BF16
// Reset    none: rows are undefined until the first load
// Not here the order of the rows in the slot, the masks (actp_packer)
`default_nettype none

module actp_enc_form #(
  parameter int unsigned BlockLen    = 128,
  parameter int unsigned StreamWidth = 256,
  parameter int unsigned Formats     = 7
) (
  input  wire logic                              clk_i,
  input  wire logic                              load_i,
  input  wire logic [actp_pkg::EXP_W-1:0]        base_i,
  input  wire logic [32*BlockLen-1:0]            planes_i,    // 31 sign, 30..23 exponent, 22..0 mantissa
  input  wire logic [BlockLen-1:0]               reserved_i,
  // header, from the cycle after load_i on
  input  wire logic                              zero_code_i,
  input  wire logic [actp_pkg::EXP_W-1:0]        flush_below_i,
  output logic [(actp_pkg::ROWS-1)*BlockLen-1:0] rows_o,
  output logic [actp_pkg::EXP_W-1:0]             inverted_o,  // code bit k at bit k
  output logic [BlockLen-1:0]                    flushed_o,
  output logic [BlockLen-1:0]                    reserved_o
);
  localparam int unsigned N      = BlockLen;
  localparam int unsigned W      = StreamWidth;
  localparam int unsigned Group  = W / 32;
  localparam int unsigned Groups = N / Group;
  localparam int unsigned ExpW   = actp_pkg::EXP_W;
  localparam int unsigned ManW   = actp_pkg::MAN_W;
  localparam int unsigned Wide   = 1 + actp_pkg::CODE_W;  // rows in front of the mantissa, at most, and for FP16
  localparam int unsigned Fp16   = 7;

  // ---- what the next block overwrites too soon. The row at place r of the slot leaves with word (r*N + g*Group) / W, or
  // earlier. FP32 overwrites group g when g words are formed, a 16-bit format when g / 2 are.
  logic [ExpW*N-1:0] exponent;
  logic [ManW*N-1:0] mantissa;
  logic [N-1:0]      sign, reserved;
  for (genvar g = 0; g < Groups; g++) begin : gen_group
    localparam int unsigned At = g * Group;
    localparam int unsigned Until = (Formats[2:1] != 2'b00) ? g / 2 : g;  // words formed by then, at least
    localparam int unsigned Front = (Formats == 2) ? Fp16 : Wide;    // rows in front of the mantissa, at most
    // ---- sign: the first row
    if (At / W < Until) begin : gen_sign
      assign sign[At +: Group] = planes_i[31*N+At +: Group];
    end else begin : gen_sign_copy
      logic [Group-1:0] sign_q;
      always_ff @(posedge clk_i) begin
        if (load_i) sign_q <= planes_i[31*N+At +: Group];
      end
      assign sign[At +: Group] = sign_q;
    end
    // ---- exponents: all of a value until its last code row
    for (genvar k = 0; k < ExpW; k++) begin : gen_exponent
      if (((Front - 1) * N + At) / W < Until) begin : gen_direct
        assign exponent[k*N+At +: Group] = planes_i[(ManW+k)*N+At +: Group];
      end else begin : gen_copy
        logic [Group-1:0] copy_q;
        always_ff @(posedge clk_i) begin
          if (load_i) copy_q <= planes_i[(ManW+k)*N+At +: Group];
        end
        assign exponent[k*N+At +: Group] = copy_q;
      end
    end
    if (((Front - 1) * N + At) / W < Until) begin : gen_reserved
      assign reserved[At +: Group] = reserved_i[At +: Group];
    end else begin : gen_reserved_copy
      logic [Group-1:0] reserved_q;
      always_ff @(posedge clk_i) begin
        if (load_i) reserved_q <= reserved_i[At +: Group];
      end
      assign reserved[At +: Group] = reserved_q;
    end
    // ---- mantissa: row k of the top; BF16 has 7 of them, FP16 10
    for (genvar k = 0; k < ManW; k++) begin : gen_mantissa
      localparam int unsigned From = (ManW - 1 - k) * N + At;
      localparam int unsigned Late = ((Wide + k) * N + At) / W, Soon = ((Fp16 + k) * N + At) / W;
      if ((!Formats[0] || Late < g) && (!Formats[1] || k >= 10 || Soon < g / 2) &&
          (!Formats[2] || k >= 7 || Late < g / 2)) begin : gen_direct
        assign mantissa[From +: Group] = planes_i[From +: Group];
      end else begin : gen_copy
        logic [Group-1:0] copy_q;
        always_ff @(posedge clk_i) begin
          if (load_i) copy_q <= planes_i[From +: Group];
        end
        assign mantissa[From +: Group] = copy_q;
      end
    end
  end
  logic [ExpW-1:0] base_q;
  always_ff @(posedge clk_i) begin
    if (load_i) base_q <= base_i;
  end

  // ---- delta, bit-sliced. What is the same for all values, the base, is left to whoever picks a row.
  logic [ExpW*N-1:0] delta;  // but for the base
  logic [N-1:0]      borrow;
  always_comb begin
    borrow = '0;
    delta  = '0;
    for (int unsigned k = 0; k < ExpW; k++) begin
      delta[k*N +: N] = exponent[k*N +: N] ^ borrow;
      borrow = base_q[k] ? exponent[k*N +: N] & borrow : exponent[k*N +: N] | borrow;
    end
  end
  assign inverted_o = base_q;

  // ---- F-4.7: a delta that has no code. The exponents do not last as long as the mantissa.
  logic [N-1:0] below, flushed_now, flushed_q;
  logic         fresh_q;  // the header is one cycle old
  always_comb begin
    below = '0;
    for (int unsigned k = 0; k < ExpW; k++) begin
      below = flush_below_i[k] ? ~exponent[k*N +: N] | below : ~exponent[k*N +: N] & below;
    end
  end
  assign flushed_now = below & ~reserved;
  assign flushed_o   = fresh_q ? flushed_now : flushed_q;
  assign reserved_o  = reserved;
  always_ff @(posedge clk_i) begin
    fresh_q <= load_i;
    if (fresh_q) flushed_q <= flushed_now;
  end

  // ---- F-4.10: zero is all ones, NaN one below if there is a zero code, Inf one below NaN.
  logic [N-1:0] is_nan, is_inf, code0, code1;
  logic [1:0]   zero_code, nan_code, inf_code;
  assign is_nan    = exponent[0 +: N];
  assign is_inf    = exponent[N +: N];
  assign zero_code = ~base_q[1:0];
  assign nan_code  = {1'b1, ~zero_code_i} ^ base_q[1:0];
  assign inf_code  = {~zero_code_i, zero_code_i} ^ base_q[1:0];
  assign code0 = (~reserved & delta[0 +: N]) | (reserved & ((is_nan & {N{nan_code[0]}}) | (is_inf & {N{inf_code[0]}}) |
                                                            (~is_nan & ~is_inf & {N{zero_code[0]}})));
  assign code1 = (~reserved & delta[N +: N]) | (reserved & ((is_nan & {N{nan_code[1]}}) | (is_inf & {N{inf_code[1]}}) |
                                                            (~is_nan & ~is_inf & {N{zero_code[1]}})));
  // ---- rows in slot order
  assign rows_o[0 +: N] = sign;
  for (genvar k = 2; k < ExpW; k++) begin : gen_code
    assign rows_o[(ExpW-k)*N +: N] = delta[k*N +: N];
  end
  assign rows_o[(ExpW-1)*N +: N] = code1;
  assign rows_o[ExpW*N +: N]     = code0;
  for (genvar k = 0; k < ManW; k++) begin : gen_row
    assign rows_o[(1+ExpW+k)*N +: N] = mantissa[(ManW-1-k)*N +: N];
  end
endmodule

`default_nettype wire
