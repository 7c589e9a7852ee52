// SPDX-License-Identifier: Apache-2.0
// actp_compressor_axis - actp_compressor with AXI4-Stream names.
//
// Contract s_axis: values; tkeep marks bytes, tlast ends a block early. m_axis: one packet per
//          block, its slot. The configuration inputs and s_axis_tuser are sampled with the first
//          beat of a block that is not null. Everything else as in actp_compressor.
// Params   as actp_compressor
`default_nettype none

module actp_compressor_axis #(
  parameter int unsigned BlockLen    = 128,
  parameter int unsigned StreamWidth = 256,
  parameter int unsigned Formats     = 7,
  parameter int unsigned Orders      = 3,
  parameter int unsigned GroupLen    = 8,
  parameter int unsigned Depth       = 24,
  parameter int unsigned Fifo        = 0,
  parameter int unsigned UserWidth   = 1,
  parameter int unsigned Slack       = actp_pkg::default_slack(BlockLen, StreamWidth, Formats,
                                                                 Orders),
  parameter int unsigned Searches    = 1
) (
  input  wire logic                         aclk,
  input  wire logic                         aresetn,
  input  wire logic [1:0]                   cfg_format,
  input  wire logic                         cfg_order,
  input  wire logic [actp_pkg::SLOT_W-1:0]  cfg_slot_bytes,
  input  wire logic                         cfg_lossless,
  input  wire logic [actp_pkg::LIMIT_W-1:0] cfg_row_limit,
  input  wire logic [actp_pkg::WIDTH_W-1:0] cfg_delta_cap,
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
  output logic                              sts_whole,
  output logic                              sts_saturated,
  output logic                              sts_bad_config,
  output logic                              sts_bad_keep,
  output logic [31:0]                       sts_blocks,
  output logic [31:0]                       sts_bytes_in,
  output logic [31:0]                       sts_bytes_out
);
  actp_compressor #(
    .BlockLen(BlockLen), .StreamWidth(StreamWidth), .Formats(Formats), .Orders(Orders),
    .GroupLen(GroupLen), .Depth(Depth), .Fifo(Fifo), .UserWidth(UserWidth), .Slack(Slack),
    .Searches(Searches)
  ) u_compressor (
    .clk_i(aclk), .rst_ni(aresetn),
    .cfg_format_i(cfg_format), .cfg_order_i(cfg_order), .cfg_slot_bytes_i(cfg_slot_bytes),
    .cfg_lossless_i(cfg_lossless), .cfg_row_limit_i(cfg_row_limit),
    .cfg_delta_cap_i(cfg_delta_cap),
    .in_valid_i(s_axis_tvalid), .in_ready_o(s_axis_tready), .in_data_i(s_axis_tdata),
    .in_keep_i(s_axis_tkeep), .in_last_i(s_axis_tlast), .in_user_i(s_axis_tuser),
    .out_valid_o(m_axis_tvalid), .out_ready_i(m_axis_tready), .out_data_o(m_axis_tdata),
    .out_keep_o(m_axis_tkeep), .out_last_o(m_axis_tlast), .out_user_o(m_axis_tuser),
    .block_done_o(sts_block_done), .whole_o(sts_whole), .saturated_o(sts_saturated),
    .bad_config_o(sts_bad_config), .bad_keep_o(sts_bad_keep),
    .blocks_o(sts_blocks), .bytes_in_o(sts_bytes_in), .bytes_out_o(sts_bytes_out)
  );
endmodule

`default_nettype wire
