// SPDX-License-Identifier: Apache-2.0
// actp_compressor_probe - actp_compressor with what happens inside as ports.
//
// Contract for the bench only. probe_plan_o: a plan moves on in this cycle, and the other probes
//          tell of it. probe_idle_o: nothing is between input and output.
`default_nettype none

module actp_compressor_probe #(
  parameter int unsigned BlockLen    = 128,
  parameter int unsigned StreamWidth = 256,
  parameter int unsigned Formats     = 7,
  parameter int unsigned Orders      = 3,
  parameter int unsigned GroupLen    = 8,
  parameter int unsigned Depth       = 24,
  parameter int unsigned Fifo        = 0,
  parameter int unsigned Slack       = actp_pkg::default_slack(BlockLen, StreamWidth, Formats,
                                                                 Orders, Depth),
  parameter int unsigned Searches    = 1,
  localparam int unsigned UserWidth = 5,
  localparam int unsigned Codes     = (24 + 5 * BlockLen / GroupLen + 7) / 8 * 8,
  localparam int unsigned FrontW    = (Orders == 1) ? 64 : (Codes > 72) ? Codes : 72
) (
  input  wire logic                         clk_i,
  input  wire logic                         rst_ni,
  input  wire logic [1:0]                   cfg_format_i,
  input  wire logic                         cfg_order_i,
  input  wire logic [actp_pkg::SLOT_W-1:0]  cfg_slot_bytes_i,
  input  wire logic                         cfg_lossless_i,
  input  wire logic [actp_pkg::LIMIT_W-1:0] cfg_row_limit_i,
  input  wire logic [actp_pkg::WIDTH_W-1:0] cfg_delta_cap_i,
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
  output logic                              whole_o,
  output logic                              saturated_o,
  output logic                              bad_config_o,
  output logic                              bad_keep_o,
  output logic [31:0]                       blocks_o,
  output logic [31:0]                       bytes_in_o,
  output logic [31:0]                       bytes_out_o,
  // inside
  output logic                              probe_idle_o,
  output logic                              probe_plan_o,
  output logic [FrontW-1:0]                 probe_front_o,
  output logic [actp_pkg::FRONT_W-1:0]      probe_front_bytes_o,
  output logic [actp_pkg::SLOT_W-1:0]       probe_slot_bytes_o,
  output logic                              probe_whole_o,
  output logic                              probe_saturated_o,
  output logic [UserWidth-1:0]              probe_user_o
);
  actp_compressor #(
    .BlockLen(BlockLen), .StreamWidth(StreamWidth), .Formats(Formats), .Orders(Orders),
    .GroupLen(GroupLen), .Depth(Depth), .Fifo(Fifo), .UserWidth(UserWidth),
    .Slack(Slack), .Searches(Searches)
  ) u_dut (
    .clk_i, .rst_ni,
    .cfg_format_i, .cfg_order_i, .cfg_slot_bytes_i, .cfg_lossless_i, .cfg_row_limit_i,
    .cfg_delta_cap_i,
    .in_valid_i, .in_ready_o, .in_data_i, .in_keep_i, .in_last_i, .in_user_i,
    .out_valid_o, .out_ready_i, .out_data_o, .out_keep_o, .out_last_o, .out_user_o,
    .block_done_o, .whole_o, .saturated_o, .bad_config_o, .bad_keep_o,
    .blocks_o, .bytes_in_o, .bytes_out_o
  );

  actp_pkg::plan_t plan;
  assign plan                = u_dut.plan;
  assign probe_idle_o        = u_dut.idle;
  assign probe_plan_o        = u_dut.plan_valid & u_dut.plan_ready;
  assign probe_front_o       = u_dut.front;
  assign probe_front_bytes_o = plan.front_bytes;
  assign probe_slot_bytes_o  = plan.bytes;
  assign probe_whole_o       = plan.whole;
  assign probe_saturated_o   = plan.saturated;
  assign probe_user_o        = u_dut.plan_user;
endmodule

`default_nettype wire
