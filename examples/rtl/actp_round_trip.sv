// SPDX-License-Identifier: Apache-2.0
// actp_round_trip - a compressor and a decompressor, one behind the other: a template to copy from.
//
// Contract s_axis: FP32 values. m_axis: the same values, block by block. In lossless mode they come
//          back bit for bit; with fixed slots of cfg_slot_bytes, as far as these hold them.
//          Between the two a slot may wait in a memory for as long as one likes; here it does not.
//          The configuration is the same for both and must not change while a block is inside.
// Params   as actp_compressor
`default_nettype none

module actp_round_trip #(
  parameter int unsigned BlockLen    = 128,  // N, values of a block
  parameter int unsigned StreamWidth = 256   // bits of a beat
) (
  input  wire logic                         aclk,            // rising edge counts
  input  wire logic                         aresetn,         // asynchronous, active low
  // configuration of both, stable while a block is inside
  input  wire logic                         cfg_lossless,    // 1: nothing is cut
  input  wire logic [actp_pkg::SLOT_W-1:0]  cfg_slot_bytes,  // T otherwise
  // values in
  input  wire logic                         s_axis_tvalid,
  output logic                              s_axis_tready,
  input  wire logic [StreamWidth-1:0]       s_axis_tdata,
  input  wire logic [StreamWidth/8-1:0]     s_axis_tkeep,
  input  wire logic                         s_axis_tlast,
  // values out
  output logic                              m_axis_tvalid,
  input  wire logic                         m_axis_tready,
  output logic [StreamWidth-1:0]            m_axis_tdata,
  output logic [StreamWidth/8-1:0]          m_axis_tkeep,
  output logic                              m_axis_tlast,
  // status
  output logic [31:0]                       sts_slots,       // slots between the two
  output logic [31:0]                       sts_slot_bytes,  // their bytes
  output logic [31:0]                       sts_malformed    // of them malformed; stays 0
);
  logic                     slot_tvalid, slot_tready, slot_tlast, slot_tuser;
  logic [StreamWidth-1:0]   slot_tdata;
  logic [StreamWidth/8-1:0] slot_tkeep;

  actp_compressor_axis #(
    .BlockLen   (BlockLen),     // N
    .StreamWidth(StreamWidth),
    .Formats    (1),            // FP32 alone
    .Orders     (1),            // order field alone
    .Depth      (24)            // all bits of FP32: needed for lossless mode
  ) u_compressor (
    .aclk, .aresetn,
    .cfg_format    (2'd0),      // FP32
    .cfg_order     (1'b0),      // field
    .cfg_slot_bytes(cfg_slot_bytes),
    .cfg_lossless  (cfg_lossless),
    .cfg_row_limit (5'd24),     // order significance reads it
    .cfg_delta_cap (4'd0),      // none
    .s_axis_tvalid, .s_axis_tready, .s_axis_tdata, .s_axis_tkeep, .s_axis_tlast,
    .s_axis_tuser  (1'b0),
    .m_axis_tvalid (slot_tvalid), .m_axis_tready(slot_tready), .m_axis_tdata(slot_tdata),
    .m_axis_tkeep  (slot_tkeep),  .m_axis_tlast (slot_tlast),  .m_axis_tuser(slot_tuser),
    .sts_block_done(), .sts_whole(), .sts_saturated(), .sts_bad_config(), .sts_bad_keep(),
    .sts_blocks    (sts_slots), .sts_bytes_in(), .sts_bytes_out(sts_slot_bytes)
  );

  actp_decompressor_axis #(
    .BlockLen(BlockLen), .StreamWidth(StreamWidth), .Formats(1), .Orders(1), .Depth(24)
  ) u_decompressor (
    .aclk, .aresetn,
    .cfg_format     (2'd0),
    .cfg_order      (1'b0),
    .cfg_slot_bytes (cfg_slot_bytes),
    .cfg_lossless   (cfg_lossless),
    .cfg_fill_zero  (1'b0),     // lost bits read as the middle of what they may be
    .cfg_row_limit  (5'd24),
    .s_axis_tvalid  (slot_tvalid), .s_axis_tready(slot_tready), .s_axis_tdata(slot_tdata),
    .s_axis_tkeep   (slot_tkeep),  .s_axis_tlast (slot_tlast),  .s_axis_tuser(slot_tuser),
    .m_axis_tvalid, .m_axis_tready, .m_axis_tdata, .m_axis_tkeep, .m_axis_tlast,
    .m_axis_tuser   (),
    .sts_block_done (), .sts_lossless(), .sts_malformed(), .sts_blocks(),
    .sts_malformed_blocks(sts_malformed), .sts_bytes_in(), .sts_bytes_out()
  );
endmodule

`default_nettype wire
