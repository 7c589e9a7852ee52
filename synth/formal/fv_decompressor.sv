// SPDX-License-Identifier: Apache-2.0
// fv_decompressor - the output stream of actp_decompressor.
//
// Proves   nothing yet: no line of proofs.txt has it (README.md, "What is not, and why"). Meant for
//          S2 at the output, in every state that can be reached from reset.
// Method   pdr, unbounded; all inputs free: input stream, configuration and later resets included.
// Reach    a beat of values waits
`include "fv.svh"
`default_nettype none

module fv_decompressor #(
  parameter int unsigned BlockLen    = 32,
  parameter int unsigned StreamWidth = 512,
  parameter int unsigned Formats     = 4,
  parameter int unsigned Orders      = 1,
  parameter int unsigned GroupLen    = 8,
  parameter int unsigned Depth       = 8
) (
  input wire logic                        clk_i,
  input wire logic                        rst_ni,
  input wire logic [1:0]                  cfg_format_i,
  input wire logic [actp_pkg::SLOT_W-1:0] cfg_slot_bytes_i,
  input wire logic                        cfg_order_i,
  input wire logic                        cfg_lossless_i,
  input wire logic                        cfg_fill_zero_i,
  input wire logic [actp_pkg::LIMIT_W-1:0] cfg_row_limit_i,
  input wire logic                        in_valid_i,
  input wire logic [StreamWidth-1:0]      in_data_i,
  input wire logic [StreamWidth/8-1:0]    in_keep_i,
  input wire logic                        in_last_i,
  input wire logic                        in_user_i,
  input wire logic                        out_ready_i
);
  `RESET
  logic                   in_ready, out_valid, out_last, out_user;
  logic [StreamWidth-1:0] out_data;
  actp_decompressor #(
    .BlockLen(BlockLen), .StreamWidth(StreamWidth), .Formats(Formats), .Orders(Orders),
        .GroupLen(GroupLen),
    .Depth(Depth)
  ) u_dut (
    .clk_i, .rst_ni, .cfg_format_i, .cfg_order_i, .cfg_slot_bytes_i, .cfg_lossless_i,
    .cfg_fill_zero_i, .cfg_row_limit_i, .in_valid_i, .in_ready_o(in_ready), .in_data_i, .in_keep_i,
    .in_last_i, .in_user_i, .out_valid_o(out_valid), .out_ready_i, .out_data_o(out_data),
    .out_keep_o(), .out_last_o(out_last), .out_user_o(out_user), .out_bad_o(),
    .block_done_o(), .lossless_o(),
    .malformed_o(), .blocks_o(), .malformed_blocks_o(), .bytes_in_o(), .bytes_out_o()
  );
  `STREAM(out, out_valid, out_ready_i, {out_data, out_last, out_user}, StreamWidth + 2)

  `REACH(out_valid & ~out_ready_i & (out_data != '0))
endmodule

`default_nettype wire
