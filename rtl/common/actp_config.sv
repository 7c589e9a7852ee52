// SPDX-License-Identifier: Apache-2.0
// actp_config - read the configuration pins as the nearest thing that the device can do.
//
// Format   F-2.4, F-2.6        Model   actplane::ValidateConfig (model/src/format.cc)
// Contract combinational. cfg_o is legal; cfg_o.bad says that the pins are not what cfg_o reads:
//          a format or an order that is not built in counts as the lowest that is; a slot size
//          outside F-2.6 as the nearest inside (not in lossless mode); a delta cap above E + 1 as
//          none; a row limit outside 8 .. Depth as the nearest; lossless mode with order
//          significance, or with FP32 and Depth < 24, as fixed mode. Pins that the order does not
//          read change nothing.
// Params   BlockLen 32 .. 256; Formats 1 .. 7; Orders 1 field, 2 significance, 3 both; GroupLen 4
//          or 8; Depth 8 .. 24
`default_nettype none

module actp_config #(
  parameter int unsigned BlockLen = 128,
  parameter int unsigned Formats  = 7,
  parameter int unsigned Orders   = 3,
  parameter int unsigned GroupLen = 8,
  parameter int unsigned Depth    = 24
) (
  input  wire logic [1:0]                   format_i,      // 0 FP32, 1 FP16, 2 BF16
  input  wire logic                         order_i,       // 0 field, 1 significance
  input  wire logic                         lossless_i,    // order field
  input  wire logic [actp_pkg::SLOT_W-1:0]  slot_bytes_i,  // T
  input  wire logic [actp_pkg::WIDTH_W-1:0] delta_cap_i,   // order field; 0: none
  input  wire logic [actp_pkg::LIMIT_W-1:0] row_limit_i,   // R, order significance
  input  wire logic                         fill_zero_i,   // order field, decompressor
  output actp_pkg::config_t                 cfg_o          // legal; .bad: the pins say another
);
  localparam int unsigned SlotW  = actp_pkg::SLOT_W;
  localparam int unsigned WidthW = actp_pkg::WIDTH_W;
  localparam int unsigned LimitW = actp_pkg::LIMIT_W;

  logic [actp_pkg::FMT_W-1:0] fmt;
  logic                       significance, lossless, whole_rows, limit_low, limit_high;
  logic                       too_small, too_large, cap_high;
  logic [LimitW-1:0]          row_limit;
  logic [SlotW-1:0]           least, most;
  assign fmt          = actp_pkg::limit_format(format_i, 3'(Formats));
  assign significance = (Orders == 2) | ((Orders == 3) & order_i);
  assign whole_rows   = (Depth >= 24) | actp_pkg::is_narrow(fmt);
  assign lossless     = lossless_i & ~significance & whole_rows;
  assign limit_low    = row_limit_i < LimitW'(8);
  assign limit_high   = row_limit_i > LimitW'(Depth);
  assign row_limit    = limit_low ? LimitW'(8) : limit_high ? LimitW'(Depth) : row_limit_i;
  assign cap_high     = delta_cap_i > WidthW'(actp_pkg::exp_bits(fmt)) + WidthW'(1);
  assign least        = significance ? actp_pkg::MIN_SLOT_SIGNIFICANCE :
                        actp_pkg::min_slot(fmt, BlockLen);
  assign most         = significance ?
                        actp_pkg::max_slot_significance(row_limit, BlockLen, BlockLen / GroupLen) :
                                       actp_pkg::max_slot(fmt, BlockLen);
  assign too_small    = slot_bytes_i < least;
  assign too_large    = slot_bytes_i > most;

  assign cfg_o.fmt          = fmt;
  assign cfg_o.significance = significance;
  assign cfg_o.lossless     = lossless;
  assign cfg_o.slot_bytes   = too_small ? least : too_large ? most : slot_bytes_i;
  assign cfg_o.delta_cap    = cap_high ? '0 : delta_cap_i;
  assign cfg_o.row_limit    = row_limit;
  assign cfg_o.fill_zero    = fill_zero_i;
  assign cfg_o.bad          = ~actp_pkg::is_format(fmt) | (significance != order_i) |
                              (lossless != lossless_i) |
                              (~lossless & (too_small | too_large)) |
                              (significance ? limit_low | limit_high : cap_high);
endmodule

`default_nettype wire
