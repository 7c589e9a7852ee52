// SPDX-License-Identifier: Apache-2.0
// fv_roundtrip - a block through actp_compressor and actp_decompressor, and what comes out once
//   more.
//
// Proves   one block of any bit patterns, sent in one beat after reset, comes back in time as one
//          beat with `last`, not malformed; if the compressor says that nothing was cut (always in
//          lossless mode), as the same block. Sent again, what came out comes out unchanged,
//          whatever the slot size: F-3.14 where the compressor said that nothing was cut, F-6.13.
// Method   bounded: the block is taken in cycle 1 and given in cycle Answer at the latest, the
//          second time Answer cycles later. The lanes of Free are any bits, every other lane
//          repeats lane 0 (Others = 0), or is +0 (1).
// Reach    the block (with Again: both) came back and its first two values differ
`include "fv.svh"
`default_nettype none

module fv_roundtrip #(
  parameter int unsigned StreamWidth = 512,
  parameter int unsigned Format      = 2,
  parameter int unsigned Order       = 0,
  parameter int unsigned Lossless    = 1,
  parameter int unsigned SlotBytes   = 32,
  parameter int unsigned RowLimit    = 8,
  parameter int unsigned Again       = 0,
  parameter int unsigned Free        = 32,
  parameter int unsigned Others      = 0,
  parameter int unsigned Answer      = 20
) (
  input wire logic clk_i,
  input wire logic rst_ni
);
  localparam int unsigned W = StreamWidth;
  localparam int unsigned BlockLen = 32;
  `RESET
  `RESTRICT(~begun_q | rst_ni)

  (* anyconst *) logic [Free*16-1:0] values;
  logic [W-1:0] block, back_q, sent;
  for (genvar i = 0; i < BlockLen; i++) begin : gen_lane
    if (i < Free) begin : gen_free
      assign block[i*16 +: 16] = values[i*16 +: 16];
    end else begin : gen_other
      assign block[i*16 +: 16] = (Others == 0) ? values[15:0] : 16'd0;
    end
  end

  logic           sent_q, in_ready, slot_valid, slot_ready, slot_last, out_valid, out_last;
  logic           done, lossless, malformed, whole, cut_q, sized, again_q;
  logic [1:0]     came_q;
  logic [W-1:0]   slot_data, out_data;
  logic [W/8-1:0] slot_keep;
  logic [6:0]     age_q;
  actp_compressor #(
    .BlockLen(BlockLen), .StreamWidth(W), .Formats(1 << Format), .Orders(1 << Order), .Depth(8),
        .Fifo(0)
  ) u_compressor (
    .clk_i, .rst_ni, .cfg_format_i(2'(Format)), .cfg_order_i(1'(Order)),
    .cfg_slot_bytes_i(11'(SlotBytes)), .cfg_lossless_i(1'(Lossless)), .cfg_delta_cap_i('0),
    .cfg_row_limit_i(5'(RowLimit)), .in_valid_i(~sent_q | again_q), .in_ready_o(in_ready),
    .in_data_i(sent), .in_keep_i('1), .in_last_i(1'b1), .in_user_i(1'b0), .out_valid_o(slot_valid),
    .out_ready_i(slot_ready), .out_data_o(slot_data), .out_keep_o(slot_keep),
    .out_last_o(slot_last), .out_user_o(), .block_done_o(sized), .whole_o(whole), .saturated_o(),
    .bad_config_o(), .bad_keep_o(), .blocks_o(), .bytes_in_o(), .bytes_out_o()
  );
  actp_decompressor #(
    .BlockLen(BlockLen), .StreamWidth(W), .Formats(1 << Format), .Orders(1 << Order), .Depth(8)
  ) u_decompressor (
    .clk_i, .rst_ni, .cfg_format_i(2'(Format)), .cfg_order_i(1'(Order)),
    .cfg_slot_bytes_i(11'(SlotBytes)), .cfg_lossless_i(1'(Lossless)), .cfg_fill_zero_i(1'b0),
    .cfg_row_limit_i(5'(RowLimit)), .in_valid_i(slot_valid), .in_ready_o(slot_ready),
    .in_data_i(slot_data), .in_keep_i(slot_keep), .in_last_i(slot_last), .in_user_i(1'b0),
    .out_valid_o(out_valid), .out_ready_i(1'b1), .out_data_o(out_data), .out_keep_o(),
    .out_last_o(out_last), .out_user_o(), .out_bad_o(), .block_done_o(done), .lossless_o(lossless),
    .malformed_o(malformed), .blocks_o(), .malformed_blocks_o(), .bytes_in_o(), .bytes_out_o()
  );
  assign sent = sent_q ? back_q : block;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      sent_q  <= 1'b0;
      again_q <= 1'b0;
      came_q  <= '0;
      cut_q   <= 1'b0;
      age_q   <= '0;
    end else begin
      sent_q <= sent_q | in_ready;
      if (sized & ~whole & (came_q == 2'd0)) cut_q <= 1'b1;
      if (out_valid & (came_q != 2'd3)) came_q <= came_q + 2'd1;
      if (out_valid & (came_q == 2'd0) & (Again != 0)) again_q <= 1'b1;
      else if (in_ready)                               again_q <= 1'b0;
      if (age_q != '1) age_q <= age_q + 7'd1;
    end
  end
  always_ff @(posedge clk_i) if (out_valid & (came_q == 2'd0)) back_q <= out_data;
  `CHECK(~out_valid | (out_last & (came_q <= 2'(Again))))
  `CHECK(~out_valid | (came_q != 2'd0) | cut_q | (sized & ~whole) | (out_data == block))
  `CHECK(~out_valid | (came_q != 2'd1) | ((Order == 0) & cut_q) | (out_data == back_q))
  `CHECK((Lossless == 0) | ~cut_q)
  `CHECK(~done | ~malformed)
  `CHECK((Lossless == 0) | ~done | lossless)
  `CHECK((age_q < 7'(Answer)) | (came_q != 2'd0))
  `CHECK((Again == 0) | (age_q < 7'(2 * Answer)) | (came_q == 2'd2))
  `REACH(out_valid & (came_q == 2'(Again)) & (out_data[15:0] != out_data[31:16]))
endmodule

`default_nettype wire
