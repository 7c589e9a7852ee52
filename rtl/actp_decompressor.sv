// SPDX-License-Identifier: Apache-2.0
// actp_decompressor - slots in, values out; order field.
//
// Format   sections 2, 3 and 7        Model   actplane::DecompressBlock (model/src/codec.cc)
// Contract in:  one packet per slot, `last` and keep (a run of ones from bit 0) on its final beat. In fixed mode a packet
//               must be slot_bytes long, in lossless mode as long as its header says; any other is malformed. The
//               configuration is sampled with the first beat of a packet.
//          out: N values per slot as full beats, `last` on the final one; all +0 for a malformed slot.
//          Latency 3 cycles from the last beat of a slot to the first beat of its values. One output beat per cycle,
//          without a gap between blocks, as long as no slot has more beats than its block. Holds two blocks:
//          beat k of a slot waits until k beats of the block before have left for the output.
//          No path from any input to any output (rule S4).
// Method   skid, header, unpack and planes, rebuild: docs/architecture.md
// Params   BlockLen 32, 64, 128, 256; StreamWidth 64, 128, 256, 512 (tested all sixteen); Formats, any of the three
// Reset    empty; counters zero
// Status   block_done_o pulses when the final beat of a block leaves; the flags beside it belong to that block. A format
//          that is not built in is read as the lowest that is, and its slots are malformed.
`include "actp_macros.svh"
`default_nettype none

module actp_decompressor #(
  parameter int unsigned BlockLen    = 128,
  parameter int unsigned StreamWidth = 256,
  parameter int unsigned Formats     = 7    // those built in: bit 0 FP32, 1 FP16, 2 BF16
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
  localparam int unsigned CfgW   = actp_pkg::FMT_W + SlotW + 1 + 1;
  localparam int unsigned SkidW  = StreamWidth + StreamWidth / 8 + 1 + CfgW;
  localparam int unsigned ByteW  = $clog2(BlockLen / 8);
  // Beats of the longest slot are numbered 0 .. words; the counter stops beyond.
  localparam int unsigned Words  = (actp_pkg::ROWS * BlockLen + StreamWidth - 1) / StreamWidth;
  localparam int unsigned CountW = $clog2(Words + 2);

  // ---- input
  logic                     beat_valid, adv, skid_last, skid_lossless, skid_fill_zero;
  logic [StreamWidth-1:0]   skid_data;
  logic [StreamWidth/8-1:0] skid_keep;
  logic [actp_pkg::FMT_W-1:0] skid_format;
  logic [SlotW-1:0]         skid_slot_bytes;
  logic [SkidW-1:0]         skid_in, skid_out;
  assign skid_in = {actp_pkg::limit_format(cfg_format_i, 3'(Formats)), cfg_slot_bytes_i, cfg_lossless_i, cfg_fill_zero_i,
                    in_last_i, in_keep_i, in_data_i};
  assign {skid_format, skid_slot_bytes, skid_lossless, skid_fill_zero, skid_last, skid_keep, skid_data} = skid_out;
  actp_skid #(.Width(SkidW)) u_skid (
    .clk_i, .rst_ni, .in_valid_i, .in_ready_o, .in_data_i(skid_in),
    .out_valid_o(beat_valid), .out_ready_i(adv), .out_data_o(skid_out)
  );

  // ---- header, registered with the first beat
  typedef struct packed {
    logic [actp_pkg::FMT_W-1:0] fmt;
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
  } header_t;
  header_t          head_d, head_q;
  logic             first, header_bad, header_bad_q, lossless_q;
  logic [SlotW-1:0] slot_bytes_q;
  logic [3:0]       head_bytes_d, head_bytes_q;
  actp_dec_header u_header (
    .format_i(skid_format), .head_i(skid_data[HeadW-1:0]),
    .base_o(head_d.base), .width_o(head_d.width), .zero_code_o(head_d.zero_code), .special_o(head_d.special),
    .sign_stored_o(head_d.sign_stored), .sign_value_o(head_d.sign_value), .saturated_o(head_d.saturated),
    .head_bytes_o(head_bytes_d), .stored_o(head_d.stored), .value_o(head_d.value), .malformed_o(header_bad)
  );
  assign head_d.fmt       = skid_format;
  assign head_d.fill_zero = skid_fill_zero;

  // ---- planes, in slot order
  logic                   beat_end, take;
  logic [CountW-1:0]      beat_index;
  logic [StreamWidth-1:0] beat;
  logic [3:0]             beat_head_bytes;
  logic [SlotW:0]         bytes;
  assign beat_head_bytes = first ? head_bytes_d : head_bytes_q;
  actp_unpacker #(.StreamWidth(StreamWidth), .CountW(CountW)) u_unpacker (
    .clk_i, .rst_ni, .adv_i(adv), .in_valid_i(beat_valid), .in_data_i(skid_data), .in_keep_i(skid_keep),
    .in_last_i(skid_last), .head_bytes_i(beat_head_bytes), .first_o(first),
    .beat_valid_o(take), .end_o(beat_end), .beat_index_o(beat_index), .beat_o(beat), .bytes_o(bytes)
  );
  logic [actp_pkg::ROWS*BlockLen-1:0] bits;
  logic [ManW*5-1:0]                  man_rank;
  logic [actp_pkg::RANK_W-1:0]        man_rows;
  logic [ByteW-1:0]                   man_bytes;
  logic                               complete, malformed;
  actp_dec_planes #(.BlockLen(BlockLen), .StreamWidth(StreamWidth), .CountW(CountW)) u_planes (
    .clk_i, .beat_valid_i(take), .beat_index_i(beat_index), .beat_head_bytes_i(beat_head_bytes), .beat_i(beat),
    .bits_o(bits), .bytes_i(bytes),
    .lossless_i(lossless_q), .slot_bytes_i(slot_bytes_q), .head_bytes_i(head_bytes_q),
    .width_i(head_q.width), .sign_stored_i(head_q.sign_stored), .stored_i(head_q.stored), .malformed_i(header_bad_q),
    .man_rank_o(man_rank), .man_rows_o(man_rows), .man_bytes_o(man_bytes), .complete_o(complete), .malformed_o(malformed)
  );

  // The input stands still while a complete slot waits for the rebuild stage, and in front of a word that this still reads.
  logic slot_valid_q, load, rebuild_busy, rebuild_done, word_free;
  assign load = slot_valid_q & (~rebuild_busy | rebuild_done);
  assign adv  = (~slot_valid_q | load) & word_free;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) slot_valid_q <= 1'b0;
    else         slot_valid_q <= beat_end | (slot_valid_q & ~load);
  end
  always_ff @(posedge clk_i) begin
    if (first) begin
      head_q       <= head_d;
      lossless_q   <= skid_lossless;
      slot_bytes_q <= skid_slot_bytes;
      head_bytes_q <= head_bytes_d;
      header_bad_q <= header_bad | ~actp_pkg::is_format(skid_format);
    end
  end

  // ---- rebuild
  actp_dec_rebuild #(.BlockLen(BlockLen), .StreamWidth(StreamWidth), .CountW(CountW), .Formats(Formats)) u_rebuild (
    .clk_i, .rst_ni, .load_i(load), .done_o(rebuild_done), .busy_o(rebuild_busy),
    .word_index_i(beat_index), .word_free_o(word_free), .bits_i(bits),
    .format_i(head_q.fmt), .fill_zero_i(head_q.fill_zero), .base_i(head_q.base),
    .width_i(head_q.width), .zero_code_i(head_q.zero_code), .special_i(head_q.special),
    .sign_stored_i(head_q.sign_stored), .sign_value_i(head_q.sign_value), .stored_i(head_q.stored),
    .value_i(head_q.value), .man_rank_i(man_rank), .man_rows_i(man_rows), .man_bytes_i(man_bytes),
    .complete_i(complete), .malformed_i(malformed),
    .out_valid_o, .out_ready_i, .out_data_o, .out_last_o
  );

  // ---- status
  logic           lossless_load_q, malformed_load_q, narrow_load_q, narrow_last_q, lossless_last_q, malformed_last_q, left;
  logic [SlotW:0] bytes_load_q, bytes_last_q;
  assign left = out_valid_o & out_ready_i & out_last_o;
  always_ff @(posedge clk_i) begin
    if (load) begin
      lossless_load_q  <= complete & ~head_q.saturated & ~malformed;
      malformed_load_q <= malformed;
      narrow_load_q    <= actp_pkg::is_narrow(head_q.fmt);
      bytes_load_q     <= bytes;
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
  if (Formats == 0 || Formats > 7) begin : gen_bad_formats
    $fatal(1, "actp_decompressor: Formats must be 1 to 7");
  end

  `ACTP_STREAM(SlotsIn, in_valid_i, in_ready_o, {in_data_i, in_keep_i, in_last_i})
  `ACTP_STREAM(ValuesOut, out_valid_o, out_ready_i, {out_data_o, out_last_o})
endmodule

`default_nettype wire
