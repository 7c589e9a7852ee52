// SPDX-License-Identifier: Apache-2.0
// actp_decompressor_axis - actp_decompressor with AXI4-Stream names.
//
// Contract s_axis: one packet per slot. m_axis: N values per slot, full beats, tlast on the final
//          one. The configuration inputs are sampled with the first beat of a slot. Everything else
//          as in actp_decompressor.
// Params   as actp_decompressor
`default_nettype none

module actp_decompressor_axis #(
  parameter int unsigned BlockLen    = 128, // N, values of a block: 32, 64, 128, 256
  parameter int unsigned StreamWidth = 256, // bits of a beat: 64, 128, 256, 512
  parameter int unsigned Formats     = 7,   // those built in: bit 0 FP32, 1 FP16, 2 BF16
  parameter int unsigned Orders      = 3,   // those built in: bit 0 field, 1 significance
  parameter int unsigned GroupLen    = 8,   // K of order significance: 4, 8
  parameter int unsigned Depth       = 24,  // magnitude rows kept of FP32: 8 .. 24
  parameter int unsigned UserWidth   = 1    // bits of user, 1 and more
) (
  input  wire logic                         aclk,                 // rising edge counts
  input  wire logic                         aresetn,              // asynchronous, active low
  input  wire logic [1:0]                   cfg_format,           // 0 FP32, 1 FP16, 2 BF16
  input  wire logic                         cfg_order,            // 0 field, 1 significance
  input  wire logic [actp_pkg::SLOT_W-1:0]  cfg_slot_bytes,       // T, fixed mode
  input  wire logic                         cfg_lossless,         // 1: a slot ends at its last
  input  wire logic                         cfg_fill_zero,        // lost bits: 0 midpoint, 1 zero
  input  wire logic [actp_pkg::LIMIT_W-1:0] cfg_row_limit,        // R, order significance
  input  wire logic                         s_axis_tvalid,        // a beat of a slot is there
  output logic                              s_axis_tready,        // a register; it may be taken
  input  wire logic [StreamWidth-1:0]       s_axis_tdata,         // bytes of the slot, first lowest
  input  wire logic [StreamWidth/8-1:0]     s_axis_tkeep,         // bytes that count
  input  wire logic                         s_axis_tlast,         // final beat of the slot
  input  wire logic [UserWidth-1:0]         s_axis_tuser,         // sampled at the first beat
  output logic                              m_axis_tvalid,        // a beat of values is there
  input  wire logic                         m_axis_tready,        // it is taken
  output logic [StreamWidth-1:0]            m_axis_tdata,         // values, first lowest
  output logic [StreamWidth/8-1:0]          m_axis_tkeep,         // always all ones
  output logic                              m_axis_tlast,         // final beat of the block
  output logic [UserWidth-1:0]              m_axis_tuser,         // of the slot, on every beat
  output logic                              sts_block_done,       // pulse: a block has left
  output logic                              sts_lossless,         // F-3.13; order field only
  output logic                              sts_malformed,        // section 7 of the format
  output logic [31:0]                       sts_blocks,           // blocks that have left
  output logic [31:0]                       sts_malformed_blocks, // those that were malformed
  output logic [31:0]                       sts_bytes_in,         // of packets, up to a hole
  output logic [31:0]                       sts_bytes_out         // of values
);
  logic bad, unused;  // the status says it with the end of the block
  assign unused = bad;
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
    .out_last_o(m_axis_tlast), .out_user_o(m_axis_tuser), .out_bad_o(bad),
    .block_done_o(sts_block_done),
    .lossless_o(sts_lossless), .malformed_o(sts_malformed), .blocks_o(sts_blocks),
    .malformed_blocks_o(sts_malformed_blocks), .bytes_in_o(sts_bytes_in),
    .bytes_out_o(sts_bytes_out)
  );
endmodule

`default_nettype wire
