// SPDX-License-Identifier: Apache-2.0
// actp_decompressor_probe - actp_decompressor with what the bench asks of its inside as a port.
//
// Contract for the bench only. probe_idle_o: nothing is between input and output.
`default_nettype none

module actp_decompressor_probe #(
  parameter int unsigned BlockLen    = 128,
  parameter int unsigned StreamWidth = 256,
  parameter int unsigned Formats     = 7,
  parameter int unsigned Orders      = 3,
  parameter int unsigned GroupLen    = 8,
  parameter int unsigned Depth       = 24,
  localparam int unsigned UserWidth = 5
) (
  input  wire logic                         clk_i,
  input  wire logic                         rst_ni,
  input  wire logic [1:0]                   cfg_format_i,
  input  wire logic                         cfg_order_i,
  input  wire logic [actp_pkg::SLOT_W-1:0]  cfg_slot_bytes_i,
  input  wire logic                         cfg_lossless_i,
  input  wire logic [actp_pkg::LIMIT_W-1:0] cfg_row_limit_i,
  input  wire logic                         cfg_fill_zero_i,
  input  wire logic                         in_valid_i,
  output logic                              in_ready_o,
  input  wire logic [StreamWidth-1:0]       in_data_i,
  input  wire logic [StreamWidth/8-1:0]     in_keep_i,
  input  wire logic                         in_last_i,
  input  wire logic [UserWidth-1:0]         in_user_i,
  output logic                              out_valid_o,
  input  wire logic                         out_ready_i,
  output logic [StreamWidth-1:0]            out_data_o,
  output logic [StreamWidth/8-1:0]          out_keep_o,
  output logic                              out_last_o,
  output logic [UserWidth-1:0]              out_user_o,
  output logic                              block_done_o,
  output logic                              lossless_o,
  output logic                              malformed_o,
  output logic [31:0]                       blocks_o,
  output logic [31:0]                       malformed_blocks_o,
  output logic [31:0]                       bytes_in_o,
  output logic [31:0]                       bytes_out_o,
  // inside
  output logic                              probe_idle_o
);
  logic bad, unused;
  assign unused = bad;
  actp_decompressor #(
    .BlockLen(BlockLen), .StreamWidth(StreamWidth), .Formats(Formats), .Orders(Orders),
    .GroupLen(GroupLen), .Depth(Depth), .UserWidth(UserWidth)
  ) u_dut (
    .clk_i, .rst_ni,
    .cfg_format_i, .cfg_order_i, .cfg_slot_bytes_i, .cfg_lossless_i, .cfg_row_limit_i,
    .cfg_fill_zero_i,
    .in_valid_i, .in_ready_o, .in_data_i, .in_keep_i, .in_last_i, .in_user_i,
    .out_valid_o, .out_ready_i, .out_data_o, .out_keep_o, .out_last_o, .out_user_o, .out_bad_o(bad),
    .block_done_o, .lossless_o, .malformed_o, .blocks_o, .malformed_blocks_o,
    .bytes_in_o, .bytes_out_o
  );

  assign probe_idle_o = u_dut.idle;
endmodule

`default_nettype wire
