// SPDX-License-Identifier: Apache-2.0
// fv_roundtrip - what actp_compressor makes of a block in lossless mode, actp_decompressor turns back into the block.
//
// Proves   one block of any bit patterns, sent in one beat after reset, comes back as the same beat, in time, with `last`
//          and the lossless flag, not malformed.
// Method   bounded: the block is taken in cycle 1 and given in cycle Answer at the latest. The lanes of Free are any
//          bits, every other lane repeats lane 0 (Others = 0), or is +0 (1).
// Reach    the block came back and its first two values differ
`include "fv.svh"
`default_nettype none

module fv_roundtrip #(
  parameter int unsigned BlockLen    = 32,
  parameter int unsigned StreamWidth = 512,
  parameter int unsigned Format      = 2,
  parameter int unsigned Free        = 32,
  parameter int unsigned Others      = 0,
  parameter int unsigned Answer      = 13
) (
  input wire logic clk_i,
  input wire logic rst_ni
);
  localparam int unsigned W = StreamWidth;
  `RESET
  `RESTRICT(~begun_q | rst_ni)

  (* anyconst *) logic [Free*16-1:0] values;
  logic [W-1:0] block;
  for (genvar i = 0; i < BlockLen; i++) begin : gen_lane
    if (i < Free) begin : gen_free
      assign block[i*16 +: 16] = values[i*16 +: 16];
    end else begin : gen_other
      assign block[i*16 +: 16] = (Others == 0) ? values[15:0] : 16'd0;
    end
  end

  logic           sent_q, in_ready, slot_valid, slot_ready, slot_last, out_valid, out_last;
  logic           done, lossless, malformed, came_q, flags_q;
  logic [W-1:0]   slot_data, out_data;
  logic [W/8-1:0] slot_keep;
  logic [4:0]     age_q;
  actp_compressor #(.BlockLen(BlockLen), .StreamWidth(W)) u_compressor (
    .clk_i, .rst_ni, .cfg_format_i(2'(Format)), .cfg_slot_bytes_i('0), .cfg_lossless_i(1'b1), .cfg_delta_cap_i('0),
    .in_valid_i(~sent_q), .in_ready_o(in_ready), .in_data_i(block), .in_keep_i('1), .in_last_i(1'b1),
    .out_valid_o(slot_valid), .out_ready_i(slot_ready), .out_data_o(slot_data), .out_keep_o(slot_keep),
    .out_last_o(slot_last),
    .block_done_o(), .whole_o(), .saturated_o(), .bad_config_o(), .blocks_o(), .bytes_in_o(), .bytes_out_o()
  );
  actp_decompressor #(.BlockLen(BlockLen), .StreamWidth(W)) u_decompressor (
    .clk_i, .rst_ni, .cfg_format_i(2'(Format)), .cfg_slot_bytes_i('0), .cfg_lossless_i(1'b1), .cfg_fill_zero_i(1'b0),
    .in_valid_i(slot_valid), .in_ready_o(slot_ready), .in_data_i(slot_data), .in_keep_i(slot_keep),
    .in_last_i(slot_last),
    .out_valid_o(out_valid), .out_ready_i(1'b1), .out_data_o(out_data), .out_last_o(out_last),
    .block_done_o(done), .lossless_o(lossless), .malformed_o(malformed), .blocks_o(), .malformed_blocks_o(),
    .bytes_in_o(), .bytes_out_o()
  );
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      sent_q  <= 1'b0;
      came_q  <= 1'b0;
      flags_q <= 1'b0;
      age_q   <= '0;
    end else begin
      sent_q  <= sent_q | in_ready;
      came_q  <= came_q | out_valid;
      flags_q <= flags_q | done;
      if (age_q != '1) age_q <= age_q + 5'd1;
    end
  end
  `CHECK(~out_valid | ((out_data == block) & out_last & ~came_q))
  `CHECK(~done | (lossless & ~malformed))
  `CHECK((age_q < 5'(Answer)) | flags_q)
  `REACH(out_valid & (out_data[15:0] != out_data[31:16]))
endmodule

`default_nettype wire
