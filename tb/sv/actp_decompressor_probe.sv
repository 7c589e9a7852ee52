// SPDX-License-Identifier: Apache-2.0
// actp_decompressor_probe - actp_decompressor behind its AXI4-Stream wrapper, with what happens inside as ports.
//
// Contract for the bench only. probe_load_o: header, payload and the facts of the cut move on to the rebuild stage.
`default_nettype none

module actp_decompressor_probe #(
  parameter int unsigned BlockLen    = 128,
  parameter int unsigned StreamWidth = 256,
  parameter int unsigned Formats     = 7
) (
  input  wire logic                          clk_i,
  input  wire logic                          rst_ni,
  input  wire logic [1:0]                    cfg_format_i,
  input  wire logic [actp_pkg::SLOT_W-1:0]   cfg_slot_bytes_i,
  input  wire logic                          cfg_lossless_i,
  input  wire logic                          cfg_fill_zero_i,
  input  wire logic                          in_valid_i,
  output logic                               in_ready_o,
  input  wire logic [StreamWidth-1:0]        in_data_i,
  input  wire logic [StreamWidth/8-1:0]      in_keep_i,
  input  wire logic                          in_last_i,
  output logic                               out_valid_o,
  input  wire logic                          out_ready_i,
  output logic [StreamWidth-1:0]             out_data_o,
  output logic [StreamWidth/8-1:0]           out_keep_o,
  output logic                               out_last_o,
  output logic                               block_done_o,
  output logic                               lossless_o,
  output logic                               malformed_o,
  output logic [31:0]                        blocks_o,
  output logic [31:0]                        malformed_blocks_o,
  output logic [31:0]                        bytes_in_o,
  output logic [31:0]                        bytes_out_o,
  // inside
  output logic                               probe_idle_o,
  output logic                               probe_load_o,
  output logic [actp_pkg::EXP_W-1:0]         probe_base_o,
  output logic [actp_pkg::WIDTH_W-1:0]       probe_width_o,
  output logic                               probe_zero_code_o,
  output logic                               probe_special_o,
  output logic                               probe_sign_stored_o,
  output logic                               probe_sign_value_o,
  output logic                               probe_saturated_o,
  output logic [actp_pkg::MAN_W-1:0]         probe_stored_o,
  output logic [actp_pkg::MAN_W-1:0]         probe_value_o,
  output logic [actp_pkg::RANK_W-1:0]        probe_man_rows_o,
  output logic [$clog2(BlockLen)-1:0]        probe_man_lanes_o,
  output logic                               probe_complete_o,
  output logic                               probe_malformed_o,
  output logic [actp_pkg::SLOT_W:0]          probe_bytes_o,
  output logic [actp_pkg::ROWS*BlockLen-1:0] probe_bits_o
);
  actp_decompressor_axis #(.BlockLen(BlockLen), .StreamWidth(StreamWidth), .Formats(Formats)) u_axis (
    .aclk(clk_i), .aresetn(rst_ni),
    .cfg_format(cfg_format_i), .cfg_slot_bytes(cfg_slot_bytes_i), .cfg_lossless(cfg_lossless_i),
    .cfg_fill_zero(cfg_fill_zero_i),
    .s_axis_tvalid(in_valid_i), .s_axis_tready(in_ready_o), .s_axis_tdata(in_data_i), .s_axis_tkeep(in_keep_i),
    .s_axis_tlast(in_last_i),
    .m_axis_tvalid(out_valid_o), .m_axis_tready(out_ready_i), .m_axis_tdata(out_data_o), .m_axis_tkeep(out_keep_o),
    .m_axis_tlast(out_last_o),
    .sts_block_done(block_done_o), .sts_lossless(lossless_o), .sts_malformed(malformed_o), .sts_blocks(blocks_o),
    .sts_malformed_blocks(malformed_blocks_o), .sts_bytes_in(bytes_in_o), .sts_bytes_out(bytes_out_o)
  );

  assign probe_idle_o = ~out_valid_o & ~u_axis.u_decompressor.rebuild_busy & ~u_axis.u_decompressor.slot_valid_q;
  assign probe_load_o = u_axis.u_decompressor.load;
  assign probe_base_o = u_axis.u_decompressor.head_q.base;
  assign probe_width_o = u_axis.u_decompressor.head_q.width;
  assign probe_zero_code_o = u_axis.u_decompressor.head_q.zero_code;
  assign probe_special_o = u_axis.u_decompressor.head_q.special;
  assign probe_sign_stored_o = u_axis.u_decompressor.head_q.sign_stored;
  assign probe_sign_value_o = u_axis.u_decompressor.head_q.sign_value;
  assign probe_saturated_o = u_axis.u_decompressor.head_q.saturated;
  assign probe_stored_o = u_axis.u_decompressor.head_q.stored;
  assign probe_value_o = u_axis.u_decompressor.head_q.value;
  assign probe_man_rows_o = u_axis.u_decompressor.man_rows;
  assign probe_man_lanes_o = {u_axis.u_decompressor.man_bytes, 3'b000};
  assign probe_complete_o = u_axis.u_decompressor.complete;
  assign probe_malformed_o = u_axis.u_decompressor.malformed;
  assign probe_bytes_o = u_axis.u_decompressor.bytes;
  assign probe_bits_o = u_axis.u_decompressor.bits;
endmodule

`default_nettype wire
