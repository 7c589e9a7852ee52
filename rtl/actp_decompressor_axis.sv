// SPDX-License-Identifier: Apache-2.0
// actp_decompressor_axis - actp_decompressor with AXI4-Stream names.
//
// Contract s_axis: one packet per slot. m_axis: N values per slot, full beats, tlast on the final
//          one. The configuration inputs are sampled with the first beat of a slot. Everything else
//          as in actp_decompressor.
// Params   as actp_decompressor
`default_nettype none

module actp_decompressor_axis #(
  parameter int unsigned BlockLen    = 128,
  parameter int unsigned StreamWidth = 256,
  parameter int unsigned Formats     = 7,
  parameter int unsigned Orders      = 3,
  parameter int unsigned GroupLen    = 8,
  parameter int unsigned Depth       = 24,
  parameter int unsigned UserWidth   = 1
) (
  input  wire logic                         aclk,
  input  wire logic                         aresetn,
  input  wire logic [1:0]                   cfg_format,
  input  wire logic                         cfg_order,
  input  wire logic [actp_pkg::SLOT_W-1:0]  cfg_slot_bytes,
  input  wire logic                         cfg_lossless,
  input  wire logic                         cfg_fill_zero,
  input  wire logic [actp_pkg::LIMIT_W-1:0] cfg_row_limit,
  input  wire logic                         s_axis_tvalid,
  output logic                              s_axis_tready,
  input  wire logic [StreamWidth-1:0]       s_axis_tdata,
  input  wire logic [StreamWidth/8-1:0]     s_axis_tkeep,
  input  wire logic                         s_axis_tlast,
  input  wire logic [UserWidth-1:0]         s_axis_tuser,
  output logic                              m_axis_tvalid,
  input  wire logic                         m_axis_tready,
  output logic [StreamWidth-1:0]            m_axis_tdata,
  output logic [StreamWidth/8-1:0]          m_axis_tkeep,
  output logic                              m_axis_tlast,
  output logic [UserWidth-1:0]              m_axis_tuser,
  output logic                              sts_block_done,
  output logic                              sts_lossless,
  output logic                              sts_malformed,
  output logic [31:0]                       sts_blocks,
  output logic [31:0]                       sts_malformed_blocks,
  output logic [31:0]                       sts_bytes_in,
  output logic [31:0]                       sts_bytes_out
);
  actp_decompressor #(
    .BlockLen(BlockLen), .StreamWidth(StreamWidth), .Formats(Formats), .Orders(Orders),
        .GroupLen(GroupLen), .Depth(Depth),
    .UserWidth(UserWidth)
  ) u_decompressor (
    .clk_i(aclk), .rst_ni(aresetn), .cfg_format_i(cfg_format), .cfg_order_i(cfg_order),
    .cfg_slot_bytes_i(cfg_slot_bytes), .cfg_lossless_i(cfg_lossless),
    .cfg_fill_zero_i(cfg_fill_zero), .cfg_row_limit_i(cfg_row_limit), .in_valid_i(s_axis_tvalid),
    .in_ready_o(s_axis_tready), .in_data_i(s_axis_tdata), .in_keep_i(s_axis_tkeep),
    .in_last_i(s_axis_tlast), .in_user_i(s_axis_tuser), .out_valid_o(m_axis_tvalid),
    .out_ready_i(m_axis_tready), .out_data_o(m_axis_tdata), .out_keep_o(m_axis_tkeep),
    .out_last_o(m_axis_tlast), .out_user_o(m_axis_tuser), .block_done_o(sts_block_done),
    .lossless_o(sts_lossless), .malformed_o(sts_malformed), .blocks_o(sts_blocks),
    .malformed_blocks_o(sts_malformed_blocks), .bytes_in_o(sts_bytes_in),
    .bytes_out_o(sts_bytes_out)
  );
endmodule

`default_nettype wire
