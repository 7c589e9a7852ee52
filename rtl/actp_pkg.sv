// SPDX-License-Identifier: Apache-2.0
// actp_pkg - the numbers of the block format, once for all modules.
//
// Format   F-2.1, F-2.6, F-3.1 .. F-3.6        Model   model/include/actplane/format.h (parity is tested)
// Inside, a value of any format is a sign, an 8-bit exponent field (zero-extended) and a 23-bit mantissa field
// aligned at the top, so that a plane has the same row whatever the format. Rows of a block, in slot order:
// sign, code bit 8 .. 0, mantissa bit 22 .. 0.
`default_nettype none

package actp_pkg;
  localparam logic [1:0] FP32 = 2'd0;
  localparam logic [1:0] FP16 = 2'd1;
  localparam logic [1:0] BF16 = 2'd2;
  localparam int unsigned FMT_W = 3;          // format inside, see limit_format

  localparam int unsigned EXP_W = 8;          // widest exponent field
  localparam int unsigned MAN_W = 23;         // widest mantissa field
  localparam int unsigned CODE_W = EXP_W + 1; // widest delta code: E + 1 (F-4.2)
  localparam int unsigned ROWS = 1 + CODE_W + MAN_W;
  localparam int unsigned ROW_SIGN = 0;
  localparam int unsigned ROW_CODE = 1;             // code bit CODE_W-1, then down
  localparam int unsigned ROW_MAN = 1 + CODE_W;     // mantissa bit MAN_W-1, then down
  localparam int unsigned RANK_W = 6;               // counts of rows, 0 .. ROWS and a little beyond
  localparam int unsigned HEAD_W = 64;              // header and longest extension
  localparam int unsigned SLOT_W = 11;              // slot bytes, at most 1064 (FP32, N = 256)
  localparam int unsigned WIDTH_W = 4;              // delta width and delta cap

  // A format as it is asked for, among those that are built in (bit 0 FP32, 1 FP16, 2 BF16): any other one counts as the
  // lowest of them, and bit 2 of the result says so. Bit 1 is BF16; bit 0 is FP16, and with FP16 and BF16 alone always 1:
  // so every bit that a set of formats does not need is constant, and is_narrow too.
  function automatic logic [FMT_W-1:0] limit_format(input logic [1:0] fmt, input logic [2:0] formats);
    limit_format[0] = formats[1] & ((fmt == FP16) | ~formats[0]);
    limit_format[1] = formats[2] & ((fmt == BF16) | (formats[1:0] == 2'b00));
    limit_format[2] = ~((formats[0] & (fmt == FP32)) | (formats[1] & (fmt == FP16)) | (formats[2] & (fmt == BF16)));
  endfunction
  function automatic logic is_fp16(input logic [FMT_W-1:0] fmt);
    is_fp16 = (fmt & 3'b011) == 3'b001;
  endfunction
  function automatic logic is_bf16(input logic [FMT_W-1:0] fmt);
    is_bf16 = (fmt & 3'b010) != '0;
  endfunction
  function automatic logic is_narrow(input logic [FMT_W-1:0] fmt);
    is_narrow = (fmt & 3'b011) != '0;
  endfunction
  function automatic logic is_format(input logic [FMT_W-1:0] fmt);
    is_format = (fmt & 3'b100) == '0;
  endfunction

  // F-2.1: E, M and the exponent field of Inf and NaN.
  function automatic logic [3:0] exp_bits(input logic [FMT_W-1:0] fmt);
    exp_bits = is_fp16(fmt) ? 4'd5 : 4'd8;
  endfunction
  function automatic logic [4:0] man_bits(input logic [FMT_W-1:0] fmt);
    man_bits = is_fp16(fmt) ? 5'd10 : is_bf16(fmt) ? 5'd7 : 5'd23;
  endfunction
  function automatic logic [EXP_W-1:0] exp_max(input logic [FMT_W-1:0] fmt);
    exp_max = is_fp16(fmt) ? 8'd31 : 8'd255;
  endfunction

  // Mantissa rows that the format has, top row first bit [MAN_W-1].
  function automatic logic [MAN_W-1:0] man_rows(input logic [FMT_W-1:0] fmt);
    man_rows = is_fp16(fmt) ? {10'h3ff, 13'd0} : is_bf16(fmt) ? {7'h7f, 16'd0} : 23'h7fffff;
  endfunction

  // F-3.3: bytes of one word of the extension, W / 8.
  function automatic logic [1:0] ext_word_bytes(input logic [FMT_W-1:0] fmt);
    ext_word_bytes = is_fp16(fmt) ? 2'd2 : is_bf16(fmt) ? 2'd1 : 2'd3;
  endfunction

  // F-3.4: bytes of header and extension, H / 8.
  function automatic logic [3:0] head_bytes(input logic [FMT_W-1:0] fmt, input logic extension);
    head_bytes = extension ? 4'd2 + {1'b0, ext_word_bytes(fmt), 1'b0} : 4'd2;
  endfunction

  // F-2.6: slot bounds in bytes for blocks of `block_len` values.
  function automatic logic [SLOT_W-1:0] min_slot(input logic [FMT_W-1:0] fmt, input int unsigned block_len);
    min_slot = SLOT_W'(2) + SLOT_W'({ext_word_bytes(fmt), 1'b0}) + SLOT_W'(3 * block_len / 8);
  endfunction
  function automatic logic [SLOT_W-1:0] max_slot(input logic [FMT_W-1:0] fmt, input int unsigned block_len);
    max_slot = SLOT_W'(2) + SLOT_W'({ext_word_bytes(fmt), 1'b0}) +
               (is_narrow(fmt) ? SLOT_W'(17 * block_len / 8) : SLOT_W'(33 * block_len / 8));
  endfunction
endpackage

`default_nettype wire
