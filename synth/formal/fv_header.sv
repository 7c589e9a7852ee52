// SPDX-License-Identifier: Apache-2.0
// fv_header - actp_dec_header calls a header malformed exactly when F-7.1 does, and reads it as section 3 says.
//
// Proves   malformed_o, for every format and all 2^64 starts of a slot, against F-7.1 without its length clause (that needs
//          the whole slot: actp_dec_planes); the other outputs against F-3.1 .. F-3.3.
// Method   combinational; the statement is written from the tables of the format, with E, M and W as numbers. Format 3 is
//          read as BF16 (limit_format of actp_pkg). All inputs by SAT.
// Reach    an FP16 header that only a reserved bit makes malformed
`include "fv.svh"
`default_nettype none

module fv_header (
  input wire logic        clk_i,
  input wire logic        rst_ni,
  input wire logic [1:0]  format_i,
  input wire logic [63:0] head_i
);
  logic [7:0]   base;
  logic [3:0]   width, head_bytes;
  logic         zero_code, special, sign_stored, sign_value, saturated, malformed;
  logic [22:0]  stored, value;
  actp_dec_header u_dut (
    .format_i({1'b0, format_i}), .head_i, .base_o(base), .width_o(width), .zero_code_o(zero_code), .special_o(special),
    .sign_stored_o(sign_stored), .sign_value_o(sign_value), .saturated_o(saturated), .head_bytes_o(head_bytes),
    .stored_o(stored), .value_o(value), .malformed_o(malformed)
  );

  // ---- F-2.1, F-3.3
  logic [5:0] e, m, w;
  assign e = (format_i == 2'd1) ? 6'd5 : 6'd8;
  assign m = (format_i == 2'd1) ? 6'd10 : format_i[1] ? 6'd7 : 6'd23;
  assign w = (format_i == 2'd1) ? 6'd16 : format_i[1] ? 6'd8 : 6'd24;

  // ---- the tables of section 3
  logic        z, g, x, s;
  logic [47:0] extension;
  logic [23:0] map_word, value_word;
  assign z          = head_i[12];
  assign g          = head_i[13];
  assign x          = head_i[14];
  assign extension  = x ? head_i[63:16] : 48'd0;
  assign map_word   = 24'(extension & ((48'd1 << w) - 48'd1));
  assign value_word = 24'((extension >> w) & ((48'd1 << w) - 48'd1));
  assign s          = map_word[m[4:0]];

  // ---- F-7.1
  logic        zero_bits, clash, bad;
  logic [31:0] codes;
  always_comb begin
    zero_bits = 1'b0;
    clash     = 1'b0;
    for (int unsigned k = 0; k < 24; k++) begin
      if (k > 32'(m) && k < 32'(w)) zero_bits = zero_bits | map_word[k] | value_word[k];
      if (k < 32'(m)) clash = clash | (map_word[k] & value_word[k]);
    end
  end
  assign codes = 32'(z) + 32'(s) + 32'(s);
  assign bad = (32'(head_i[7:0]) >= (32'd1 << e) - 32'd1) | (32'(head_i[11:8]) > 32'(e) + 32'd1) |
               ((32'd1 << head_i[11:8]) < codes) | zero_bits | clash | (g & value_word[m[4:0]]);

  // ---- F-3.2: mantissa plane M-1 is the top bit inside
  logic [22:0]  is_stored, reads;
  always_comb begin
    is_stored = '0;
    reads     = '0;
    for (int unsigned k = 0; k < 23; k++) begin  // row k of the top
      if (k < 32'(m)) begin
        is_stored[22-k] = ~x | map_word[5'(32'(m) - 1 - k)];
        reads[22-k]     = value_word[5'(32'(m) - 1 - k)];
      end
    end
  end

  `CHECK(malformed == bad)
  `CHECK({saturated, sign_stored, zero_code, width, base} == {head_i[15], head_i[13:0]})
  `CHECK(special == s)
  `CHECK(sign_value == value_word[m[4:0]])
  `CHECK(8'(head_bytes) * 8'd8 == 8'd16 + (x ? {1'b0, w, 1'b0} : 8'd0))
  `CHECK(stored == is_stored)
  `CHECK(value == reads)
  `REACH(malformed & (format_i == 2'd1) & zero_bits & ~clash & (base < 8'd31) & (width == 4'd4) & ~sign_stored)
endmodule

`default_nettype wire
