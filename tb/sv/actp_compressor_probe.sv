// SPDX-License-Identifier: Apache-2.0
// actp_compressor_probe - actp_compressor behind its AXI4-Stream wrapper, with what happens inside as ports.
//
// Contract for the bench only. probe_load_o: the facts and the header of a block move on in this cycle; gathered
//          planes are complete. probe_rows_valid_o: one cycle later, the rows of that block are formed.
`default_nettype none

module actp_compressor_probe #(
  parameter int unsigned BlockLen    = 128,
  parameter int unsigned StreamWidth = 256,
  parameter int unsigned Formats     = 7
) (
  input  wire logic                         clk_i,
  input  wire logic                         rst_ni,
  input  wire logic [1:0]                   cfg_format_i,
  input  wire logic [actp_pkg::SLOT_W-1:0]  cfg_slot_bytes_i,
  input  wire logic                         cfg_lossless_i,
  input  wire logic [actp_pkg::WIDTH_W-1:0] cfg_delta_cap_i,
  input  wire logic                         in_valid_i,
  output logic                              in_ready_o,
  input  wire logic [StreamWidth-1:0]       in_data_i,
  input  wire logic [StreamWidth/8-1:0]     in_keep_i,
  input  wire logic                         in_last_i,
  output logic                              out_valid_o,
  input  wire logic                         out_ready_i,
  output logic [StreamWidth-1:0]            out_data_o,
  output logic [StreamWidth/8-1:0]          out_keep_o,
  output logic                              out_last_o,
  output logic                              block_done_o,
  output logic                              whole_o,
  output logic                              saturated_o,
  output logic                              bad_config_o,
  output logic [31:0]                       blocks_o,
  output logic [31:0]                       bytes_in_o,
  output logic [31:0]                       bytes_out_o,
  // inside
  output logic                              probe_idle_o,
  output logic                              probe_load_o,
  output logic [actp_pkg::EXP_W-1:0]        probe_base_o,
  output logic [actp_pkg::WIDTH_W-1:0]      probe_needed_width_o,
  output logic                              probe_has_zero_o,
  output logic                              probe_has_special_o,
  output logic                              probe_any_negative_o,
  output logic                              probe_all_negative_o,
  output logic [actp_pkg::MAN_W-1:0]        probe_uniform_o,
  output logic [actp_pkg::MAN_W-1:0]        probe_uniform_value_o,
  output logic [32*BlockLen-1:0]            probe_planes_o,
  output logic [BlockLen-1:0]               probe_reserved_o,
  output logic [actp_pkg::HEAD_W-1:0]       probe_head_o,
  output logic [3:0]                        probe_head_bytes_o,
  output logic [actp_pkg::SLOT_W-1:0]       probe_slot_bytes_o,
  output logic                              probe_whole_o,
  output logic                              probe_rows_valid_o,
  output logic [actp_pkg::ROWS*BlockLen-1:0] probe_rows_o
);
  actp_compressor_axis #(.BlockLen(BlockLen), .StreamWidth(StreamWidth), .Formats(Formats)) u_axis (
    .aclk(clk_i), .aresetn(rst_ni),
    .cfg_format(cfg_format_i), .cfg_slot_bytes(cfg_slot_bytes_i), .cfg_lossless(cfg_lossless_i),
    .cfg_delta_cap(cfg_delta_cap_i),
    .s_axis_tvalid(in_valid_i), .s_axis_tready(in_ready_o), .s_axis_tdata(in_data_i), .s_axis_tkeep(in_keep_i),
    .s_axis_tlast(in_last_i),
    .m_axis_tvalid(out_valid_o), .m_axis_tready(out_ready_i), .m_axis_tdata(out_data_o), .m_axis_tkeep(out_keep_o),
    .m_axis_tlast(out_last_o),
    .sts_block_done(block_done_o), .sts_whole(whole_o), .sts_saturated(saturated_o), .sts_bad_config(bad_config_o),
    .sts_blocks(blocks_o), .sts_bytes_in(bytes_in_o), .sts_bytes_out(bytes_out_o)
  );

  assign probe_idle_o = ~out_valid_o & ~u_axis.u_compressor.pack_busy & ~u_axis.u_compressor.base_valid;
  assign probe_load_o = u_axis.u_compressor.load;
  assign probe_base_o = u_axis.u_compressor.base;
  assign probe_needed_width_o = u_axis.u_compressor.u_schedule.width_q;
  assign probe_has_zero_o = u_axis.u_compressor.u_schedule.has_zero_q;
  assign probe_has_special_o = u_axis.u_compressor.u_schedule.special_q;
  assign probe_any_negative_o = u_axis.u_compressor.u_schedule.any_negative_q;
  assign probe_all_negative_o = u_axis.u_compressor.u_schedule.all_negative_q;
  assign probe_uniform_o = u_axis.u_compressor.u_schedule.uniform_q;
  assign probe_uniform_value_o = u_axis.u_compressor.u_schedule.value_q;
  assign probe_planes_o = u_axis.u_compressor.planes;
  assign probe_reserved_o = u_axis.u_compressor.reserved;
  assign probe_head_o = u_axis.u_compressor.head_d;
  assign probe_head_bytes_o = u_axis.u_compressor.head_bytes_d;
  assign probe_slot_bytes_o = u_axis.u_compressor.bytes_d;
  assign probe_whole_o = u_axis.u_compressor.whole_d;
  // Rows under their masks, as actp_packer writes them.
  for (genvar r = 0; r < actp_pkg::ROWS; r++) begin : gen_row
    if (r == actp_pkg::ROW_SIGN) begin : gen_sign
      assign probe_rows_o[r*BlockLen +: BlockLen] = u_axis.u_compressor.rows[0 +: BlockLen];
    end else if (r == actp_pkg::ROW_CODE) begin : gen_code_top
      assign probe_rows_o[r*BlockLen +: BlockLen] = u_axis.u_compressor.row_flushed | u_axis.u_compressor.row_reserved;
    end else if (r < actp_pkg::ROW_MAN - 2) begin : gen_code
      assign probe_rows_o[r*BlockLen +: BlockLen] = (u_axis.u_compressor.rows[(r-1)*BlockLen +: BlockLen] ^
          {BlockLen{u_axis.u_compressor.row_inverted[actp_pkg::ROW_MAN-1-r]}}) |
          u_axis.u_compressor.row_flushed | u_axis.u_compressor.row_reserved;
    end else if (r < actp_pkg::ROW_MAN) begin : gen_code_low
      assign probe_rows_o[r*BlockLen +: BlockLen] = (u_axis.u_compressor.rows[(r-1)*BlockLen +: BlockLen] ^
          {BlockLen{u_axis.u_compressor.row_inverted[actp_pkg::ROW_MAN-1-r]}}) | u_axis.u_compressor.row_flushed;
    end else begin : gen_mantissa
      assign probe_rows_o[r*BlockLen +: BlockLen] =
          u_axis.u_compressor.rows[(r-1)*BlockLen +: BlockLen] & ~u_axis.u_compressor.row_flushed;
    end
  end
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) probe_rows_valid_o <= 1'b0;
    else         probe_rows_valid_o <= probe_load_o;
  end
endmodule

`default_nettype wire
