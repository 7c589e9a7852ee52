// SPDX-License-Identifier: Apache-2.0
// actp_compressor - values in, slots out; order field.
//
// Format   sections 2 to 4        Model   actplane::CompressBlock (model/src/codec.cc)
// Contract in:  values, little-endian, first value lowest; a beat is StreamWidth/32 values of FP32 or StreamWidth/16 of a
//               16-bit format. A block ends after N values, or at `last`: then what is missing is padded with +0.
//               Bytes whose keep bit is 0 read as 0. The configuration is sampled with the first beat of each block.
//          out: one packet per block: the slot, `last` and keep on its final beat.
//          Latency 6 cycles from the last beat of a block to the first beat of its slot. One beat per cycle, without a
//          gap between blocks, as long as no slot has more beats than its block. Holds two blocks: beat k of
//          a block waits until k beats of the slot before have left for the output.
//          No path from any input to any output (rule S4).
// Method   skid, gather and base (running), schedule, form, pack: docs/architecture.md
// Params   BlockLen 32, 64, 128, 256; StreamWidth 64, 128, 256, 512 (tested all sixteen); Formats, any of the three
// Reset    empty; counters zero
// Status   block_done_o pulses when the final beat of a slot leaves; the flags beside it belong to that slot. A slot size
//          outside F-2.6 counts as the nearest legal one, a format that is not built in as the lowest that is; both raise
//          bad_config_o with the slot.
`include "actp_macros.svh"
`default_nettype none

module actp_compressor #(
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
  input  wire logic [actp_pkg::WIDTH_W-1:0] cfg_delta_cap_i,   // 0: none
  // values
  input  wire logic                         in_valid_i,
  output logic                              in_ready_o,
  input  wire logic [StreamWidth-1:0]       in_data_i,
  input  wire logic [StreamWidth/8-1:0]     in_keep_i,
  input  wire logic                         in_last_i,
  // slots
  output logic                              out_valid_o,
  input  wire logic                         out_ready_i,
  output logic [StreamWidth-1:0]            out_data_o,
  output logic [StreamWidth/8-1:0]          out_keep_o,
  output logic                              out_last_o,
  // status
  output logic                              block_done_o,
  output logic                              whole_o,           // nothing was cut: lossless by construction
  output logic                              saturated_o,       // a value became zero for want of a delta code
  output logic                              bad_config_o,
  output logic [31:0]                       blocks_o,
  output logic [31:0]                       bytes_in_o,        // N values for every block, padding included
  output logic [31:0]                       bytes_out_o
);
  localparam int unsigned SlotW  = actp_pkg::SLOT_W;
  localparam int unsigned WidthW = actp_pkg::WIDTH_W;
  localparam int unsigned ManW   = actp_pkg::MAN_W;
  localparam int unsigned IndexW = $clog2(32 * BlockLen / StreamWidth);
  localparam int unsigned CfgW   = actp_pkg::FMT_W + SlotW + 1 + WidthW;
  localparam int unsigned SkidW  = StreamWidth + StreamWidth / 8 + 1 + CfgW;

  // ---- input
  logic                     beat_valid, beat_ready, skid_last;
  logic [StreamWidth-1:0]   skid_data;
  logic [StreamWidth/8-1:0] skid_keep;
  logic [actp_pkg::FMT_W-1:0] skid_format;
  logic [SlotW-1:0]         skid_slot_bytes;
  logic                     skid_lossless;
  logic [WidthW-1:0]        skid_delta_cap;
  logic [SkidW-1:0]         skid_in, skid_out;
  assign skid_in = {actp_pkg::limit_format(cfg_format_i, 3'(Formats)), cfg_slot_bytes_i, cfg_lossless_i, cfg_delta_cap_i,
                    in_last_i, in_keep_i, in_data_i};
  assign {skid_format, skid_slot_bytes, skid_lossless, skid_delta_cap, skid_last, skid_keep, skid_data} = skid_out;
  actp_skid #(.Width(SkidW)) u_skid (
    .clk_i, .rst_ni, .in_valid_i, .in_ready_o, .in_data_i(skid_in),
    .out_valid_o(beat_valid), .out_ready_i(beat_ready), .out_data_o(skid_out)
  );

  // ---- gather, base and schedule: all stand still while a finished block waits for the pack stage
  logic                   adv, held_valid, held_first, held_last, held_lossless;
  logic [StreamWidth-1:0] held_data;
  logic [actp_pkg::FMT_W-1:0] held_format;
  logic [SlotW-1:0]       held_slot_bytes;
  logic [WidthW-1:0]      held_delta_cap;
  logic [32*BlockLen-1:0] planes;
  logic [BlockLen-1:0]    reserved;
  logic                   write_valid, write_narrow;
  logic [IndexW-1:0]      write_index;
  actp_enc_gather #(.BlockLen(BlockLen), .StreamWidth(StreamWidth)) u_gather (
    .clk_i, .rst_ni, .adv_i(adv),
    .cfg_format_i(skid_format), .cfg_slot_bytes_i(skid_slot_bytes), .cfg_lossless_i(skid_lossless),
    .cfg_delta_cap_i(skid_delta_cap),
    .in_valid_i(beat_valid), .in_ready_o(beat_ready), .in_data_i(skid_data), .in_keep_i(skid_keep),
    .in_last_i(skid_last),
    .beat_valid_o(held_valid), .beat_first_o(held_first), .beat_last_o(held_last), .beat_o(held_data),
    .beat_format_o(held_format), .beat_slot_bytes_o(held_slot_bytes), .beat_lossless_o(held_lossless),
    .beat_delta_cap_o(held_delta_cap),
    .write_valid_o(write_valid), .write_narrow_o(write_narrow), .write_index_o(write_index),
    .planes_o(planes), .reserved_o(reserved)
  );

  logic              facts_valid, facts_lossless, has_zero, has_special, any_negative, all_negative;
  logic [actp_pkg::FMT_W-1:0] facts_format;
  logic [SlotW-1:0]  facts_slot_bytes;
  logic [WidthW-1:0] facts_delta_cap, needed_width;
  logic [actp_pkg::EXP_W-1:0] facts_base;
  logic [ManW-1:0]   uniform_planes, uniform_value;
  actp_enc_base #(.StreamWidth(StreamWidth)) u_base (
    .clk_i, .rst_ni, .adv_i(adv),
    .beat_valid_i(held_valid), .beat_first_i(held_first), .beat_last_i(held_last), .beat_i(held_data),
    .beat_format_i(held_format), .beat_slot_bytes_i(held_slot_bytes), .beat_lossless_i(held_lossless),
    .beat_delta_cap_i(held_delta_cap),
    .valid_o(facts_valid), .format_o(facts_format), .slot_bytes_o(facts_slot_bytes), .lossless_o(facts_lossless),
    .delta_cap_o(facts_delta_cap), .base_o(facts_base), .width_o(needed_width), .has_zero_o(has_zero),
    .has_special_o(has_special), .any_negative_o(any_negative), .all_negative_o(all_negative),
    .uniform_o(uniform_planes), .uniform_value_o(uniform_value)
  );

  // ---- schedule, into the header register
  logic [actp_pkg::HEAD_W-1:0] head_d, head_q;
  logic [3:0]                  head_bytes_d, head_bytes_q;
  logic [WidthW-1:0]           width_d, width_q;
  logic [actp_pkg::EXP_W-1:0]  flush_below_d, flush_below_q;
  logic                        zero_code_d, zero_code_q, sign_stored_d, sign_stored_q;
  logic [ManW-1:0]             stored_d, stored_q;
  logic [ManW*5-1:0]           man_rank_d, man_rank_q;
  logic [SlotW-1:0]            bytes_d, bytes_q;
  logic                        saturated_d, saturated_q, whole_d, whole_q, bad_config_d, bad_config_q;
  logic                        base_valid, narrow_q;
  logic [actp_pkg::FMT_W-1:0]  base_format;
  logic [actp_pkg::EXP_W-1:0]  base;
  actp_enc_schedule #(.BlockLen(BlockLen)) u_schedule (
    .clk_i, .rst_ni, .adv_i(adv), .valid_i(facts_valid),
    .format_i(facts_format), .slot_bytes_i(facts_slot_bytes), .lossless_i(facts_lossless),
    .delta_cap_i(facts_delta_cap), .base_i(facts_base), .width_i(needed_width), .has_zero_i(has_zero), .has_special_i(has_special),
    .any_negative_i(any_negative), .all_negative_i(all_negative),
    .uniform_i(uniform_planes), .uniform_value_i(uniform_value),
    .valid_o(base_valid), .format_o(base_format), .base_o(base),
    .head_o(head_d), .head_bytes_o(head_bytes_d), .width_o(width_d), .zero_code_o(zero_code_d),
    .flush_below_o(flush_below_d), .sign_stored_o(sign_stored_d), .stored_o(stored_d), .man_rank_o(man_rank_d), .bytes_o(bytes_d),
    .saturated_o(saturated_d), .whole_o(whole_d), .bad_config_o(bad_config_d)
  );

  // A beat of the next block goes into the store when the words that need its place are formed: as many as the groups
  // of StreamWidth / 32 values in front of it, or half as many if the block that leaves is of a 16-bit format.
  logic              load, pack_busy, pack_done, words_done;
  logic [IndexW:0]   words;
  assign words = (write_narrow == narrow_q) ? {1'b0, write_index} :
                 write_narrow               ? {write_index, 1'b1} : {1'b0, write_index} >> 1;
  assign load = base_valid & (~pack_busy | pack_done);
  assign adv  = base_valid ? load : words_done | ~write_valid;
  always_ff @(posedge clk_i) begin
    if (load) begin
      head_q        <= head_d;
      head_bytes_q  <= head_bytes_d;
      width_q       <= width_d;
      zero_code_q   <= zero_code_d;
      flush_below_q <= flush_below_d;
      sign_stored_q <= sign_stored_d;
      stored_q      <= stored_d;
      man_rank_q    <= man_rank_d;
      bytes_q       <= bytes_d;
      saturated_q   <= saturated_d;
      whole_q       <= whole_d;
      bad_config_q  <= bad_config_d;
      narrow_q      <= actp_pkg::is_narrow(base_format);
    end
  end

  // ---- form and pack
  logic [(actp_pkg::ROWS-1)*BlockLen-1:0] rows;
  logic [actp_pkg::EXP_W-1:0]             row_inverted;
  logic [BlockLen-1:0]                    row_flushed, row_reserved;
  actp_enc_form #(.BlockLen(BlockLen), .StreamWidth(StreamWidth), .Formats(Formats)) u_form (
    .clk_i, .load_i(load), .base_i(base), .planes_i(planes), .reserved_i(reserved),
    .zero_code_i(zero_code_q), .flush_below_i(flush_below_q),
    .rows_o(rows), .inverted_o(row_inverted), .flushed_o(row_flushed), .reserved_o(row_reserved)
  );
  actp_packer #(.BlockLen(BlockLen), .StreamWidth(StreamWidth)) u_packer (
    .clk_i, .rst_ni, .start_i(load), .done_o(pack_done), .busy_o(pack_busy), .words_i(words), .words_done_o(words_done),
    .rows_i(rows), .inverted_i(row_inverted), .flushed_i(row_flushed), .reserved_i(row_reserved), .head_i(head_q), .head_bytes_i(head_bytes_q),
    .width_i(width_q), .sign_stored_i(sign_stored_q), .stored_i(stored_q), .man_rank_i(man_rank_q), .bytes_i(bytes_q),
    .out_valid_o, .out_ready_i, .out_data_o, .out_keep_o, .out_last_o
  );

  // ---- status: the flags travel with the final beat into the output register
  logic              left;
  logic              narrow_last_q, whole_last_q, saturated_last_q, bad_config_last_q;
  logic [SlotW-1:0]  bytes_last_q;
  assign left = out_valid_o & out_ready_i & out_last_o;
  always_ff @(posedge clk_i) begin
    if (pack_done) begin
      whole_last_q      <= whole_q;
      saturated_last_q  <= saturated_q;
      bad_config_last_q <= bad_config_q;
      narrow_last_q     <= narrow_q;
      bytes_last_q      <= bytes_q;
    end
    if (left) begin  // the next slot may follow at once
      whole_o      <= whole_last_q;
      saturated_o  <= saturated_last_q;
      bad_config_o <= bad_config_last_q;
    end
  end
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      block_done_o <= 1'b0;
      blocks_o     <= '0;
      bytes_in_o   <= '0;
      bytes_out_o  <= '0;
    end else begin
      block_done_o <= left;
      if (left) begin
        blocks_o    <= blocks_o + 32'd1;
        bytes_in_o  <= bytes_in_o + (narrow_last_q ? 32'(2 * BlockLen) : 32'(4 * BlockLen));
        bytes_out_o <= bytes_out_o + 32'(bytes_last_q);
      end
    end
  end

  if (BlockLen != 32 && BlockLen != 64 && BlockLen != 128 && BlockLen != 256) begin : gen_bad_block_len
    $fatal(1, "actp_compressor: BlockLen must be 32, 64, 128 or 256");
  end
  if (StreamWidth != 64 && StreamWidth != 128 && StreamWidth != 256 && StreamWidth != 512) begin : gen_bad_width
    $fatal(1, "actp_compressor: StreamWidth must be 64, 128, 256 or 512");
  end
  if (Formats == 0 || Formats > 7) begin : gen_bad_formats
    $fatal(1, "actp_compressor: Formats must be 1 to 7");
  end

  `ACTP_STREAM(ValuesIn, in_valid_i, in_ready_o, {in_data_i, in_keep_i, in_last_i})
  `ACTP_STREAM(SlotsOut, out_valid_o, out_ready_i, {out_data_o, out_keep_o, out_last_o})
endmodule

`default_nettype wire
