// SPDX-License-Identifier: Apache-2.0
// actp_compressor_axis - actp_compressor with AXI4-Stream names.
//
// Contract s_axis: values; tkeep marks bytes, tlast ends a block early. m_axis: one packet per
//          block, its slot. The configuration inputs and s_axis_tuser are sampled with the first
//          beat of a block that is not null. Everything else as in actp_compressor.
// Params   as actp_compressor
`default_nettype none

module actp_compressor_axis #(
  parameter int unsigned BlockLen    = 128, // N, values of a block: 32, 64, 128, 256
  parameter int unsigned StreamWidth = 256, // bits of a beat: 64, 128, 256, 512
  parameter int unsigned Formats     = 7,   // those built in: bit 0 FP32, 1 FP16, 2 BF16
  parameter int unsigned Orders      = 3,   // those built in: bit 0 field, 1 significance
  parameter int unsigned GroupLen    = 8,   // K of order significance: 4, 8
  parameter int unsigned Depth       = 24,  // magnitude rows kept of FP32: 8 .. 24
  parameter int unsigned Fifo        = 0,   // its queue: 0 flops, 1 latches, 2 a macro
  parameter int unsigned UserWidth   = 1,   // bits of user, 1 and more
  // even; chunks of the queue besides a block
  parameter int unsigned Slack       = actp_pkg::default_slack(BlockLen, StreamWidth, Formats,
                                                                 Orders, Depth),
  parameter int unsigned Searches    = 1    // blocks in search at a time: 1 .. 4
) (
  input  wire logic                         aclk,           // rising edge counts
  input  wire logic                         aresetn,        // asynchronous, active low
  input  wire logic [1:0]                   cfg_format,     // 0 FP32, 1 FP16, 2 BF16
  input  wire logic                         cfg_order,      // 0 field, 1 significance
  input  wire logic [actp_pkg::SLOT_W-1:0]  cfg_slot_bytes, // T, fixed mode
  input  wire logic                         cfg_lossless,   // 1: as many bytes as needed
  input  wire logic [actp_pkg::LIMIT_W-1:0] cfg_row_limit,  // R, order significance
  input  wire logic [actp_pkg::WIDTH_W-1:0] cfg_delta_cap,  // order field; 0: none
  input  wire logic                         s_axis_tvalid,  // a beat of values is there
  output logic                              s_axis_tready,  // a register; it may be taken
  input  wire logic [StreamWidth-1:0]       s_axis_tdata,   // values, first lowest
  input  wire logic [StreamWidth/8-1:0]     s_axis_tkeep,   // bytes that count
  input  wire logic                         s_axis_tlast,   // ends a block, also early
  input  wire logic [UserWidth-1:0]         s_axis_tuser,   // sampled at the first beat
  output logic                              m_axis_tvalid,  // a beat of a slot is there
  input  wire logic                         m_axis_tready,  // it is taken
  output logic [StreamWidth-1:0]            m_axis_tdata,   // bytes of the slot, first lowest
  output logic [StreamWidth/8-1:0]          m_axis_tkeep,   // a run; all but on the final beat
  output logic                              m_axis_tlast,   // final beat of the slot
  output logic [UserWidth-1:0]              m_axis_tuser,   // of the block, on every beat
  output logic                              sts_block_done, // pulse: a slot has left
  output logic                              sts_whole,      // nothing was cut from it
  output logic                              sts_saturated,  // F-4.7: a value became zero
  output logic                              sts_bad_config, // the pins said what it cannot do
  output logic                              sts_bad_keep,   // a hole in the kept bytes
  output logic [31:0]                       sts_blocks,     // slots that have left
  output logic [31:0]                       sts_bytes_in,   // of whole blocks, padding included
  output logic [31:0]                       sts_bytes_out   // of slots, beat by beat
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
