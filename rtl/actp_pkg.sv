// SPDX-License-Identifier: Apache-2.0
// actp_pkg - the numbers of the block format, once for all modules.
//
// Format   F-2.1, F-2.6, F-3.1 .. F-3.6, F-5.1        Model   model/include/actplane/format.h
// Inside, a value of any format is a sign, an 8-bit exponent field (zero-extended) and a 23-bit
// mantissa field aligned at the top, so that a plane has the same row whatever the format. Rows of
// a block, in slot order: sign, code bit 8 .. 0, mantissa bit 22 .. 0.
`default_nettype none

package actp_pkg;
  /* verilator lint_off UNUSEDPARAM */  // a module that is linted alone uses some of these
  localparam logic [23:0] VERSION = 24'h000200;      // of the package: major, minor, patch
  localparam int unsigned FORMAT_VERSION = 2;        // of the format of slots, docs/format.md

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
  localparam int unsigned LIMIT_W = 5;              // row limit R, 8 .. 24
  localparam int unsigned DELTA_W = 5;              // deltas and levels q; 31: infinite
  localparam int unsigned FRONT_W = 6;              // bytes in front of the rows, at most 43
  localparam int unsigned CONFIG_W = FMT_W + SLOT_W + WIDTH_W + LIMIT_W + 4;  // bits of config_t

  localparam logic [2:0] POISONED = 3'd6;           // F-5.12: w of a poisoned block
  localparam logic [2:0] PAIR     = 3'd7;           // F-5.13: w of a pair
  localparam logic [1:0] UNSIGNED = 2'd0;           // forms (section 5)
  localparam logic [1:0] SIGNED   = 2'd1;
  localparam logic [1:0] MID_RISE = 2'd2;
  localparam logic [1:0] SPECIALS = 2'd3;

  localparam logic [SLOT_W-1:0] MIN_SLOT_SIGNIFICANCE = SLOT_W'(4);  // F-2.6: order significance
  /* verilator lint_on UNUSEDPARAM */

  // The configuration of a block as the device reads it: legal, whatever the pins say
  // (actp_config).
  typedef struct packed {
    logic [FMT_W-1:0]   fmt;
    logic               significance;  // the order
    logic               lossless;      // order field only
    logic [SLOT_W-1:0]  slot_bytes;    // T
    logic [WIDTH_W-1:0] delta_cap;     // order field, 0: none
    logic [LIMIT_W-1:0] row_limit;     // R, order significance
    logic               fill_zero;     // order field, decompressor
    logic               bad;           // the pins said something else
  } config_t;

  // What one pass over the values finds for order field (actp_enc_base).
  typedef struct packed {
    logic [EXP_W-1:0]   base;
    logic [WIDTH_W-1:0] width;         // F-4.2: w*
    logic               has_zero;
    logic               has_special;
    logic               any_negative;
    logic               all_negative;
    logic [MAN_W-1:0]   uniform;       // bit MAN_W-1 is the top mantissa plane
    logic [MAN_W-1:0]   uniform_value;
  } field_facts_t;

  // How a block is written, besides its front (header, extension, flags, codes) and what each group
  // has of its own.
  typedef struct packed {
    config_t            cfg;
    logic [SLOT_W-1:0]  bytes;         // of the slot
    logic [FRONT_W-1:0] front_bytes;
    logic               whole;         // nothing was cut
    logic               saturated;     // F
    // order field
    logic [EXP_W-1:0]   base;          // of both orders
    logic [WIDTH_W-1:0] width;         // w
    logic               zero_code;     // Z
    logic               special;       // S
    logic [EXP_W-1:0]   flush_below;   // F-4.7: the lowest exponent that has a code, 0 unless F
    logic               sign_stored;   // G
    logic [MAN_W-1:0]   stored;        // mantissa planes in the slot, the top one at MAN_W-1
    logic [RANK_W-1:0]  rows;          // F-3.4: n(g) of the last group
    logic [5:0]         more;          // groups, from group 0 on, with one row more
    // order significance
    logic               plain;         // only the front: the block is poisoned
    logic               pair;          // F-6.1
    logic [1:0]         form;
    logic [DELTA_W-1:0] q;
    logic [4:0]         j;
  } plan_t;

  // What a decompressor knows of a slot from its front.
  typedef struct packed {
    logic [FMT_W-1:0]   fmt;
    logic               significance;
    logic               fill_zero;
    logic [EXP_W-1:0]   base;
    logic [WIDTH_W-1:0] width;         // w, order field
    logic               zero_code;     // Z, order field
    logic               special;       // S
    logic               sign_stored;   // G
    logic               sign_value;
    logic               complete;      // no bit is lost
    logic [MAN_W-1:0]   stored;        // mantissa planes in the slot, the top one at MAN_W-1
    logic [MAN_W-1:0]   value;         // what the other ones read
    logic [1:0]         form;
    logic               poisoned;
    logic               pair;
  } slot_t;

  // Reads the format of the pins as one that is built in (`formats`: bit 0 FP32, 1 FP16, 2 BF16).
  // Any other one counts as the lowest of them. The result:
  //   bit 0  FP16; also BF16, in a device with FP16 and without FP32
  //   bit 1  BF16
  //   bit 2  the pins named a format that is not built in
  // Where one format is built in, bits 0 and 1 do not depend on the pins. Where FP32 is not built
  // in, is_narrow is always 1. So synthesis removes what only the other formats need.
  function automatic logic [FMT_W-1:0] limit_format(input logic [1:0] fmt,
                                                    input logic [2:0] formats);
    limit_format[0] = formats[1] & ((fmt == FP16) | ~formats[0]);
    limit_format[1] = formats[2] & ((fmt == BF16) | (formats[1:0] == 2'b00));
    limit_format[2] = ~((formats[0] & (fmt == FP32)) | (formats[1] & (fmt == FP16)) |
                      (formats[2] & (fmt == BF16)));
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

  // F-5.2: 2^w - 1 for codes of w bits, w = 0 .. 4.
  function automatic logic [3:0] code_ones(input logic [2:0] w);
    code_ones = {w[2], w[2] | (w[1] & w[0]), |w[2:1], |w};
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

  // Bits of an FP32 value in the store of a compressor with `depth` magnitude rows: sign, exponent,
  // depth - 1 mantissa bits, a guard bit and the OR of what follows; never more than the value.
  function automatic int unsigned stored_bits(input int unsigned depth);
    stored_bits = (depth + 10 < 32) ? depth + 10 : 32;
  endfunction

  // Chunks that the queue of a compressor holds besides a block, for one search: those that come in
  // during the search of activations, 14 beats; of shorter blocks the next one. Twice as many where
  // a 16-bit chunk takes two places (actp_enc_queue) and its blocks last longer than a search.
  function automatic int unsigned default_slack(input int unsigned block_len,
                                                input int unsigned stream_width,
                                                input int unsigned formats,
                                                input int unsigned orders,
                                                input int unsigned depth);
    int unsigned chunks;
    logic        halves;
    chunks = block_len * (((formats & 1) != 0) ? 32 : 16) / stream_width;
    halves = (formats & 1) != 0 && formats != 1 && stored_bits(depth) < 32;
    if (orders == 1 || stream_width < 128) default_slack = 4;
    else if (stream_width < 256)           default_slack = 8;
    else if (chunks < 12)                  default_slack = ((chunks + 1) & ~1) + 2;
    else                                   default_slack = 14;
    if (orders != 1 && halves && block_len >= stream_width)
      default_slack = 2 * default_slack;
  endfunction

  // F-2.6: slot bounds in bytes for blocks of `block_len` values, order field.
  function automatic logic [SLOT_W-1:0] min_slot(input logic [FMT_W-1:0] fmt,
                                                 input int unsigned block_len);
    min_slot = SLOT_W'(2) + SLOT_W'({ext_word_bytes(fmt), 1'b0}) + SLOT_W'(3 * block_len / 8);
  endfunction
  function automatic logic [SLOT_W-1:0] max_slot(input logic [FMT_W-1:0] fmt,
                                                 input int unsigned block_len);
    max_slot = SLOT_W'(2) + SLOT_W'({ext_word_bytes(fmt), 1'b0}) +
               (is_narrow(fmt) ? SLOT_W'(17 * block_len / 8) : SLOT_W'(33 * block_len / 8));
  endfunction

  // F-2.6: order significance, `groups` groups.
  function automatic logic [SLOT_W-1:0] max_slot_significance(input logic [LIMIT_W-1:0] row_limit,
                                                              input int unsigned block_len,
                                                              input int unsigned groups);
    max_slot_significance = SLOT_W'(3 + (5 * groups + 7) / 8) +
                            (SLOT_W'(row_limit) + SLOT_W'(3)) * SLOT_W'(block_len / 8);
  endfunction
endpackage

`default_nettype wire
