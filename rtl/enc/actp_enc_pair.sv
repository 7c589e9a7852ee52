// SPDX-License-Identifier: Apache-2.0
// actp_enc_pair - does a block have at most two bit patterns, and which.
//
// Format   F-6.1        Model   actplane::OtherPattern (model/src/significance_order.cc)
// Contract in:  the chunks of a block, taken while adv_i is high.
//          out: is_b_o beside the chunk, in the same cycle: bit i says that value i of it is not
//               value 0 of the block (FP32: bits C/32 and on are meaningless). Two cycles after the
//               last chunk, until adv_i is high: two_o, and a and b in one number, a at the bottom,
//               b behind the bits of the format.
// Method   of the values exclusive-or a, the OR over the values, and which bits are 0 in a value
//          that is not a: b is the only other pattern if no bit is in both.
// Params   CoreWidth 256, 512; Formats 1 .. 7
// Reset    none
// Not here whether there is room for a pair (actp_enc_plan)
`default_nettype none

module actp_enc_pair #(
  parameter int unsigned CoreWidth = 256,
  parameter int unsigned Formats   = 7,
  localparam int unsigned Lanes    = (Formats == 1) ? CoreWidth / 32 : CoreWidth / 16,
  localparam int unsigned PatternW = Formats[0] ? 32 : 16  // of the widest format
) (
  input  wire logic                       clk_i,
  input  wire logic                       adv_i,         // takes a chunk and moves on
  // a chunk
  input  wire logic                       chunk_valid_i,
  input  wire logic                       chunk_first_i,
  input  wire logic [CoreWidth-1:0]       chunk_i,
  input  wire logic [actp_pkg::FMT_W-1:0] chunk_fmt_i,
  output logic [Lanes-1:0]                is_b_o,
  // the block
  output logic                            two_o,
  output logic [2*PatternW-1:0]           patterns_o
);
  localparam int unsigned Halves = CoreWidth / 16;
  localparam int unsigned Parts  = PatternW / 4;

  logic narrow;
  assign narrow = ~Formats[0] | actp_pkg::is_narrow(chunk_fmt_i);

  // ---- the chunk against a; halves of 16 bits, so that both kinds of formats share them
  logic [PatternW-1:0] a, a_q;
  logic [31:0]         a_halves;
  assign a        = chunk_first_i ? chunk_i[PatternW-1:0] : a_q;
  assign a_halves = {narrow ? a[15:0] : a[PatternW-1:PatternW-16], a[15:0]};

  logic [Halves*16-1:0] x;
  logic [Halves-1:0]    half_differs, differs;  // differs: the value that the half is of
  for (genvar h = 0; h < Halves; h++) begin : gen_half
    assign x[h*16 +: 16]   = chunk_i[h*16 +: 16] ^ a_halves[(h%2)*16 +: 16];
    assign half_differs[h] = |x[h*16 +: 16];
    assign differs[h]      = half_differs[h] | (~narrow & half_differs[h^1]);
  end
  for (genvar l = 0; l < Lanes; l++) begin : gen_lane
    if (!Formats[0]) begin : gen_narrow
      assign is_b_o[l] = differs[l];
    end else if (l >= Halves / 2) begin : gen_high
      assign is_b_o[l] = differs[l];
    end else if (Formats == 1) begin : gen_wide
      assign is_b_o[l] = differs[2*l];
    end else begin : gen_both
      assign is_b_o[l] = narrow ? differs[l] : differs[2*l];
    end
  end

  logic [31:0]         ones_of, zeros_of;  // in a value that differs; even halves, odd halves
  logic [PatternW-1:0] ones, zeros;
  always_comb begin
    ones_of  = '0;
    zeros_of = '0;
    for (int unsigned h = 0; h < Halves; h = h + 2) begin
      ones_of  = ones_of | x[h*16 +: 32];
      zeros_of = zeros_of | (~x[h*16 +: 32] & {{16{differs[h+1]}}, {16{differs[h]}}});
    end
  end
  if (Formats[0]) begin : gen_wide_ones
    assign ones  = {ones_of[31:16] & {16{~narrow}},
                    ones_of[15:0] | (ones_of[31:16] & {16{narrow}})};
    assign zeros = {zeros_of[31:16] & {16{~narrow}},
                    zeros_of[15:0] | (zeros_of[31:16] & {16{narrow}})};
  end else begin : gen_narrow_ones
    assign ones  = ones_of[31:16] | ones_of[15:0];
    assign zeros = zeros_of[31:16] | zeros_of[15:0];
  end

  // ---- the block so far
  logic [PatternW-1:0] other_q;  // b ^ a, of the values that have been seen
  logic                seen, seen_q;
  logic [PatternW-1:0] bad;
  logic [Parts-1:0]    bad_q;
  assign seen = seen_q & ~chunk_first_i;
  assign bad  = (ones & zeros) | (((ones & ~other_q) | (zeros & other_q)) & {PatternW{seen}});
  always_ff @(posedge clk_i) begin
    if (adv_i & chunk_valid_i) begin
      a_q     <= a;
      other_q <= ones | (other_q & {PatternW{seen}});
      seen_q  <= (|half_differs) | seen;
    end
  end
  for (genvar p = 0; p < Parts; p++) begin : gen_part
    always_ff @(posedge clk_i) begin
      if (adv_i & chunk_valid_i) bad_q[p] <= |bad[p*4 +: 4];
    end
  end

  // ---- one cycle later: the next block may begin in front
  logic                  valid_q, first_q, narrow_q, many_q;
  logic [2*PatternW-1:0] patterns, patterns_q;
  logic [PatternW-1:0]   b;
  assign b = a_q ^ other_q;
  if (Formats[0]) begin : gen_wide_patterns
    assign patterns = {b[31:16] & {16{~narrow_q}}, narrow_q ? 16'd0 : b[15:0],
                       narrow_q ? b[15:0] : a_q[31:16], a_q[15:0]};
  end else begin : gen_narrow_patterns
    logic unused_narrow;
    assign unused_narrow = narrow_q;
    assign patterns = {b, a_q};
  end
  always_ff @(posedge clk_i) begin
    if (adv_i) begin
      valid_q  <= chunk_valid_i;
      first_q  <= chunk_first_i;
      narrow_q <= narrow;
    end
    if (adv_i & valid_q) begin
      many_q     <= (|bad_q) | (many_q & ~first_q);
      patterns_q <= patterns;
    end
  end
  assign two_o      = ~many_q;
  assign patterns_o = patterns_q;
endmodule

`default_nettype wire
