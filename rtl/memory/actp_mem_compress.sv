// SPDX-License-Identifier: Apache-2.0
// actp_mem_compress - the compressor with the configuration of a block's region.
//
// Contract in: words of blocks, last with the last one in the region; the region is read with the
//          first word. out: one packet per block, T bytes.
// Params   as actp_compressor; Regions 1 .. 16
`default_nettype none

module actp_mem_compress #(
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
  parameter int unsigned Regions     = 8,
  localparam int unsigned RegW  = (Regions > 1) ? $clog2(Regions) : 1,
  localparam int unsigned Bytes = StreamWidth / 8
) (
  input  wire logic                                      clk_i,
  input  wire logic                                      rst_ni,
  input  wire logic [Regions*actp_mem_pkg::REGION_W-1:0] regions_i,  // region_t, region 0 lowest
  // blocks
  input  wire logic                   in_valid_i,
  output logic                        in_ready_o,
  input  wire logic [RegW-1:0]        in_region_i,  // read with the first word
  input  wire logic [StreamWidth-1:0] in_data_i,    // values, first lowest
  input  wire logic                   in_last_i,    // its last word in the region
  // slots
  output logic                        out_valid_o,
  input  wire logic                   out_ready_i,
  output logic [StreamWidth-1:0]      out_data_o,
  output logic [Bytes-1:0]            out_keep_o,   // bytes of the slot
  output logic                        out_last_o    // its final beat
);
  actp_mem_pkg::region_t region;
  logic                  user, done, whole, saturated, bad_config, bad_keep, unused;
  logic [31:0]           blocks, bytes_in, bytes_out;
  actp_mem_region #(.Regions(Regions)) u_region (
    .regions_i, .index_i(in_region_i), .region_o(region)
  );
  actp_compressor #(
    .BlockLen(BlockLen), .StreamWidth(StreamWidth), .Formats(Formats), .Orders(Orders),
    .GroupLen(GroupLen), .Depth(Depth), .Fifo(Fifo), .UserWidth(1), .Slack(Slack),
    .Searches(Searches)
  ) u_compressor (
    .clk_i, .rst_ni, .cfg_format_i(region.fmt), .cfg_order_i(region.order),
    .cfg_slot_bytes_i(region.slot_bytes), .cfg_lossless_i(1'b0),
    .cfg_row_limit_i(region.row_limit), .cfg_delta_cap_i(region.delta_cap), .in_valid_i,
    .in_ready_o, .in_data_i, .in_keep_i({Bytes{1'b1}}), .in_last_i, .in_user_i(1'b0),
    .out_valid_o, .out_ready_i, .out_data_o, .out_keep_o, .out_last_o, .out_user_o(user),
    .block_done_o(done), .whole_o(whole), .saturated_o(saturated), .bad_config_o(bad_config),
    .bad_keep_o(bad_keep), .blocks_o(blocks), .bytes_in_o(bytes_in), .bytes_out_o(bytes_out)
  );
  logic unused_region;
  assign unused        = |{user, done, whole, saturated, bad_config, bad_keep, blocks, bytes_in,
                           bytes_out};
  assign unused_region = ^region;
endmodule

`default_nettype wire
