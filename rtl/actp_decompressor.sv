// SPDX-License-Identifier: Apache-2.0
// actp_decompressor - slots in, values out; order field.
//
// Format   sections 2, 3 and 7        Model   actplane::DecompressBlock (model/src/codec.cc)
// Contract in:  one packet per slot, `last` and keep (a run of ones from bit 0) on its final beat. In fixed mode a packet
//               must be slot_bytes long, in lossless mode as long as its header says; any other is malformed. The
//               configuration is sampled with the first beat of a packet.
//          out: N values per slot as full beats, `last` on the final one; all +0 for a malformed slot.
//          Latency 4 cycles from the last beat of a slot to the first beat of its values. One output beat per cycle,
//          without a gap between blocks, as long as no slot has more beats than its block. Holds two blocks.
//          No path from any input to any output (rule S4).
// Method   skid, header, unpack and planes, rebuild: docs/architecture.md
// Params   BlockLen 32, 64, 128, 256; StreamWidth 64, 128, 256, 512 (tested all sixteen)
// Reset    empty; counters zero
// Status   block_done_o pulses when the final beat of a block leaves; the flags beside it belong to that block.
`include "actp_macros.svh"
`default_nettype none

module actp_decompressor #(
  parameter int unsigned BlockLen    = 128,
  parameter int unsigned StreamWidth = 256
) (
  input  wire logic                         clk_i,
  input  wire logic                         rst_ni,
  // configuration
  input  wire logic [1:0]                   cfg_format_i,      // 0 FP32, 1 FP16, 2 BF16
  input  wire logic [actp_pkg::SLOT_W-1:0]  cfg_slot_bytes_i,
  input  wire logic                         cfg_lossless_i,
  input  wire logic                         cfg_fill_zero_i,   // 0 midpoint, 1 zero
  // slots
  input  wire logic                         in_valid_i,
  output logic                              in_ready_o,
  input  wire logic [StreamWidth-1:0]       in_data_i,
  input  wire logic [StreamWidth/8-1:0]     in_keep_i,
  input  wire logic                         in_last_i,
  // values
  output logic                              out_valid_o,
  input  wire logic                         out_ready_i,
  output logic [StreamWidth-1:0]            out_data_o,
  output logic                              out_last_o,
  // status
  output logic                              block_done_o,
  output logic                              lossless_o,        // F-3.13
  output logic                              malformed_o,       // section 7
  output logic [31:0]                       blocks_o,
  output logic [31:0]                       malformed_blocks_o,
  output logic [31:0]                       bytes_in_o,
  output logic [31:0]                       bytes_out_o
);
  localparam int unsigned SlotW  = actp_pkg::SLOT_W;
  localparam int unsigned WidthW = actp_pkg::WIDTH_W;
  localparam int unsigned ManW   = actp_pkg::MAN_W;
  localparam int unsigned HeadW  = actp_pkg::HEAD_W;
  localparam int unsigned CfgW   = 2 + SlotW + 1 + 1;
  localparam int unsigned SkidW  = StreamWidth + StreamWidth / 8 + 1 + CfgW;
  localparam int unsigned LaneW  = $clog2(BlockLen);
  // Words of the longest slot and one more; the counter stops there.
  localparam int unsigned CountW = $clog2(33 * BlockLen / StreamWidth + 4) + 1;

  // ---- input
  logic                     beat_valid, adv, skid_last, skid_lossless, skid_fill_zero;
  logic [StreamWidth-1:0]   skid_data;
  logic [StreamWidth/8-1:0] skid_keep;
  logic [1:0]               skid_format;
  logic [SlotW-1:0]         skid_slot_bytes;
  logic [SkidW-1:0]         skid_in, skid_out;
  assign skid_in = {cfg_format_i, cfg_slot_bytes_i, cfg_lossless_i, cfg_fill_zero_i, in_last_i, in_keep_i, in_data_i};
  assign {skid_format, skid_slot_bytes, skid_lossless, skid_fill_zero, skid_last, skid_keep, skid_data} = skid_out;
  actp_skid #(.Width(SkidW)) u_skid (
    .clk_i, .rst_ni, .in_valid_i, .in_ready_o, .in_data_i(skid_in),
    .out_valid_o(beat_valid), .out_ready_i(adv), .out_data_o(skid_out)
  );

  // ---- header, registered with the first beat
  typedef struct packed {
    logic [1:0]                 fmt;
    logic                       fill_zero;
    logic [actp_pkg::EXP_W-1:0] base;
    logic [WidthW-1:0]          width;
    logic                       zero_code;
    logic                       special;
    logic                       sign_stored;
    logic                       sign_value;
    logic                       saturated;
    logic [ManW-1:0]            stored;
    logic [ManW-1:0]            value;
    logic [ManW*5-1:0]          man_rank;
  } header_t;
  header_t          head_d, head_q, done_q;  // done_q: of the packet whose rows are complete
  logic             first, header_bad, header_bad_q, lossless_q;
  logic [SlotW-1:0] slot_bytes_q;
  logic [3:0]       head_bytes, head_bytes_q;
  logic [4:0]       man_count, man_count_q;
  actp_dec_header u_header (
    .format_i(skid_format), .head_i(skid_data[HeadW-1:0]),
    .base_o(head_d.base), .width_o(head_d.width), .zero_code_o(head_d.zero_code), .special_o(head_d.special),
    .sign_stored_o(head_d.sign_stored), .sign_value_o(head_d.sign_value), .saturated_o(head_d.saturated),
    .head_bytes_o(head_bytes), .stored_o(head_d.stored), .value_o(head_d.value),
    .man_rank_o(head_d.man_rank), .man_count_o(man_count), .malformed_o(header_bad)
  );
  assign head_d.fmt       = skid_format;
  assign head_d.fill_zero = skid_fill_zero;

  // ---- words and rows; both stand still while complete rows wait for the rebuild stage
  logic                   word_valid, word_end;
  logic [CountW-1:0]      word_index;
  logic [StreamWidth-1:0] word;
  logic [SlotW:0]         bytes, bytes_q;
  actp_unpacker #(.StreamWidth(StreamWidth), .CountW(CountW)) u_unpacker (
    .clk_i, .rst_ni, .adv_i(adv), .in_valid_i(beat_valid), .in_data_i(skid_data), .in_keep_i(skid_keep),
    .in_last_i(skid_last), .head_bytes_i(head_bytes_q), .first_o(first),
    .word_valid_o(word_valid), .word_end_o(word_end), .word_index_o(word_index), .word_o(word), .bytes_o(bytes)
  );
  logic [actp_pkg::ROWS*BlockLen-1:0] rows;
  logic [actp_pkg::RANK_W-1:0]        man_rows;
  logic [LaneW-1:0]                   man_lanes;
  logic                               complete, malformed;
  actp_dec_planes #(.BlockLen(BlockLen), .StreamWidth(StreamWidth), .CountW(CountW)) u_planes (
    .clk_i, .word_valid_i(word_valid), .word_end_i(word_end), .word_index_i(word_index), .word_i(word), .bytes_i(bytes),
    .lossless_i(lossless_q), .slot_bytes_i(slot_bytes_q), .head_bytes_i(head_bytes_q),
    .width_i(head_q.width), .sign_stored_i(head_q.sign_stored), .stored_i(head_q.stored),
    .man_rank_i(head_q.man_rank), .man_count_i(man_count_q), .malformed_i(header_bad_q),
    .rows_o(rows), .man_rows_o(man_rows), .man_lanes_o(man_lanes), .complete_o(complete), .malformed_o(malformed)
  );

  logic rows_valid_q, load, rebuild_busy, rebuild_done;
  assign load = rows_valid_q & (~rebuild_busy | rebuild_done);
  assign adv  = ~rows_valid_q | load;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni)  rows_valid_q <= 1'b0;
    else if (adv) rows_valid_q <= word_end;
  end
  always_ff @(posedge clk_i) begin
    if (first) begin
      head_q       <= head_d;
      lossless_q   <= skid_lossless;
      slot_bytes_q <= skid_slot_bytes;
      head_bytes_q <= head_bytes;
      man_count_q  <= man_count;
      header_bad_q <= header_bad;
    end
    if (word_end) begin
      done_q  <= head_q;
      bytes_q <= bytes;
    end
  end

  // ---- rebuild
  actp_dec_rebuild #(.BlockLen(BlockLen), .StreamWidth(StreamWidth)) u_rebuild (
    .clk_i, .rst_ni, .load_i(load), .done_o(rebuild_done), .busy_o(rebuild_busy),
    .format_i(done_q.fmt), .fill_zero_i(done_q.fill_zero), .rows_i(rows), .base_i(done_q.base),
    .width_i(done_q.width), .zero_code_i(done_q.zero_code), .special_i(done_q.special),
    .sign_stored_i(done_q.sign_stored), .sign_value_i(done_q.sign_value), .stored_i(done_q.stored),
    .value_i(done_q.value), .man_rank_i(done_q.man_rank), .man_rows_i(man_rows), .man_lanes_i(man_lanes),
    .complete_i(complete), .malformed_i(malformed),
    .out_valid_o, .out_ready_i, .out_data_o, .out_last_o
  );

  // ---- status
  logic           lossless_load_q, malformed_load_q, narrow_load_q, narrow_last_q, lossless_last_q, malformed_last_q, left;
  logic [SlotW:0] bytes_load_q, bytes_last_q;
  assign left = out_valid_o & out_ready_i & out_last_o;
  always_ff @(posedge clk_i) begin
    if (load) begin
      lossless_load_q  <= complete & ~done_q.saturated & ~malformed;
      malformed_load_q <= malformed;
      narrow_load_q    <= actp_pkg::is_narrow(done_q.fmt);
      bytes_load_q     <= bytes_q;
    end
    if (rebuild_done) begin
      lossless_last_q  <= lossless_load_q;
      malformed_last_q <= malformed_load_q;
      narrow_last_q    <= narrow_load_q;
      bytes_last_q     <= bytes_load_q;
    end
    if (left) begin  // the next block may follow at once
      lossless_o  <= lossless_last_q;
      malformed_o <= malformed_last_q;
    end
  end
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      block_done_o       <= 1'b0;
      blocks_o           <= '0;
      malformed_blocks_o <= '0;
      bytes_in_o         <= '0;
      bytes_out_o        <= '0;
    end else begin
      block_done_o <= left;
      if (left) begin
        blocks_o           <= blocks_o + 32'd1;
        malformed_blocks_o <= malformed_blocks_o + 32'(malformed_last_q);
        bytes_in_o         <= bytes_in_o + 32'(bytes_last_q);
        bytes_out_o        <= bytes_out_o + (narrow_last_q ? 32'(2 * BlockLen) : 32'(4 * BlockLen));
      end
    end
  end

  if (BlockLen != 32 && BlockLen != 64 && BlockLen != 128 && BlockLen != 256) begin : gen_bad_block_len
    $fatal(1, "actp_decompressor: BlockLen must be 32, 64, 128 or 256");
  end
  if (StreamWidth != 64 && StreamWidth != 128 && StreamWidth != 256 && StreamWidth != 512) begin : gen_bad_width
    $fatal(1, "actp_decompressor: StreamWidth must be 64, 128, 256 or 512");
  end

  `ACTP_STREAM(SlotsIn, in_valid_i, in_ready_o, {in_data_i, in_keep_i, in_last_i})
  `ACTP_STREAM(ValuesOut, out_valid_o, out_ready_i, {out_data_o, out_last_o})
endmodule

`default_nettype wire
