// SPDX-License-Identifier: Apache-2.0
// fv_config - actp_config: what the pins say if the device can do it, else the nearest thing, and
//   whether it told of that.
//
// Proves   for all pins: the configuration is legal by F-2.4 and F-2.6; pins that are legal are
//          read as they are, without `bad`; each field is as docs/rtl.md says; `bad` is exactly one
//          of its six lines.
// Method   combinational; the bounds of F-2.6 are written out here from the clause. All inputs by
//          SAT.
// Reach    a significance slot above the largest, row limit below 8
`include "fv.svh"
`default_nettype none

module fv_config #(
  parameter int unsigned BlockLen = 128,
  parameter int unsigned Formats  = 7,
  parameter int unsigned Orders   = 3,
  parameter int unsigned GroupLen = 8,
  parameter int unsigned Depth    = 24
) (
  input wire logic        clk_i,
  input wire logic        rst_ni,
  input wire logic [1:0]  format_i,
  input wire logic        order_i,
  input wire logic        lossless_i,
  input wire logic [10:0] slot_bytes_i,
  input wire logic [3:0]  delta_cap_i,
  input wire logic [4:0]  row_limit_i,
  input wire logic        fill_zero_i
);
  localparam int unsigned G = BlockLen / GroupLen;
  actp_pkg::config_t cfg;
  actp_config #(
    .BlockLen(BlockLen), .Formats(Formats), .Orders(Orders), .GroupLen(GroupLen),
    .Depth(Depth)
  ) u_dut (
    .format_i, .order_i, .lossless_i, .slot_bytes_i, .delta_cap_i, .row_limit_i, .fill_zero_i,
    .cfg_o(cfg)
  );

  // The format: 0 FP32, 1 FP16, 2 BF16.
  logic [3:0]  built;
  logic [1:0]  lowest, format, read;
  logic        format_bad;
  assign built      = {1'b0, 3'(Formats)};
  assign lowest     = built[0] ? 2'd0 : built[1] ? 2'd1 : 2'd2;
  assign format_bad = ~built[format_i];
  assign format     = format_bad ? lowest : format_i;
  assign read       = actp_pkg::is_bf16(cfg.fmt) ? 2'd2 : actp_pkg::is_fp16(cfg.fmt) ? 2'd1 : 2'd0;

  logic        significance, order_bad, lossless, lossless_bad, size_bad, cap_bad, limit_bad;
  logic [4:0]  limit;
  logic [11:0] e, m, w, least, most, row_bytes;
  assign significance = (Orders == 3) ? order_i : (Orders == 2);
  assign order_bad    = significance != order_i;
  assign lossless     = lossless_i & ~significance & ((format != 2'd0) | (Depth == 24));
  assign lossless_bad = lossless != lossless_i;
  assign limit_bad    = significance & ((row_limit_i < 5'd8) | (row_limit_i > 5'(Depth)));
  assign limit        = (row_limit_i < 5'd8) ? 5'd8 : (row_limit_i > 5'(Depth)) ?
                        5'(Depth) : row_limit_i;
  assign e            = (format == 2'd1) ? 12'd5 : 12'd8;
  assign m            = (format == 2'd0) ? 12'd23 : (format == 2'd1) ? 12'd10 : 12'd7;
  assign w            = (format == 2'd0) ? 12'd24 : (format == 2'd1) ? 12'd16 : 12'd8;
  assign row_bytes    = 12'(BlockLen / 8);
  assign least        = significance ? 12'd4 : 12'd2 + (w >> 2) + 12'd3 * row_bytes;
  assign most         = significance ?
                        12'd3 + 12'((5 * G + 7) / 8) + (12'd3 + 12'(limit)) * row_bytes :
                                       12'd2 + (w >> 2) + (12'd1 + e + 12'd1 + m) * row_bytes;
  assign size_bad     = ~lossless & ((12'(slot_bytes_i) < least) | (12'(slot_bytes_i) > most));
  assign cap_bad      = ~significance & (12'(delta_cap_i) > e + 12'd1);

  `CHECK(read == format)
  `CHECK(cfg.significance == significance)
  `CHECK(cfg.lossless == lossless)
  `CHECK(cfg.row_limit == limit)
  `CHECK((12'(cfg.slot_bytes) >= least) & (12'(cfg.slot_bytes) <= most))
  `CHECK((12'(slot_bytes_i) < least) | (12'(slot_bytes_i) > most) |
      (cfg.slot_bytes == slot_bytes_i))
  `CHECK((12'(slot_bytes_i) >= least) | (12'(cfg.slot_bytes) == least))
  `CHECK((12'(slot_bytes_i) <= most) | (12'(cfg.slot_bytes) == most))
  `CHECK(cfg.delta_cap == ((12'(delta_cap_i) > e + 12'd1) ? 4'd0 : delta_cap_i))
  `CHECK(cfg.fill_zero == fill_zero_i)
  `CHECK(cfg.bad == (format_bad | order_bad | lossless_bad | size_bad | cap_bad | limit_bad))
  `REACH(cfg.bad & cfg.significance & (12'(slot_bytes_i) > most) & (row_limit_i < 5'd8))
endmodule

`default_nettype wire
