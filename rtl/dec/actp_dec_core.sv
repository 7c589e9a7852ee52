// SPDX-License-Identifier: Apache-2.0
// actp_dec_core - words of slots in, chunks of values out.
//
// Format   F-3.15, F-5.14, F-7.3, F-7.4  Model  actplane::DecompressBlock (model/src/codec.cc)
// Contract in:  words of slots (actp_dec_widen)
//          out: N values per slot in chunks of Width bits, `last` on the final one, and with it
//               what is known of the slot then. The final chunk waits for the end of its slot. A
//               chunk in every cycle when its rows are in view.
// Method   the front of a slot is read while the one before it is decoded, the places of a chunk
//          one chunk ahead; rows leave the window with a shift and one more per lane.
// Params   as actp_decompressor; Width 256 or 512
// Reset    empty
`include "actp_macros.svh"
`default_nettype none

module actp_dec_core #(
  parameter int unsigned BlockLen  = 128,
  parameter int unsigned Width     = 256,
  parameter int unsigned Formats   = 7,
  parameter int unsigned Orders    = 3,
  parameter int unsigned GroupLen  = 8,
  parameter int unsigned Depth     = 24,
  parameter int unsigned UserWidth = 1,
  localparam int unsigned BytesW = $clog2(Width / 8) + 1,
  localparam int unsigned TagW   = actp_pkg::CONFIG_W + UserWidth
) (
  input  wire logic                 clk_i,
  input  wire logic                 rst_ni,
  // words of slots (actp_dec_widen)
  input  wire logic                 in_valid_i,
  output logic                      in_ready_o,
  input  wire logic [Width-1:0]     in_data_i,
  input  wire logic [BytesW-1:0]    in_bytes_i,
  input  wire logic                 in_first_i,
  input  wire logic                 in_last_i,
  input  wire logic                 in_hole_i,
  input  wire logic [TagW-1:0]      in_tag_i,
  // chunks of values
  output logic                      out_valid_o,
  input  wire logic                 out_ready_i,
  output logic [Width-1:0]          out_data_o,
  output logic                      out_last_o,
  output logic                      out_narrow_o,     // 16-bit values
  output logic [UserWidth-1:0]      out_user_o,
  output logic                      out_lossless_o,   // with the last chunk
  output logic                      out_malformed_o,
  output logic                      out_bad_o,        // with every chunk: the front cannot be
  output logic [31:0]               out_read_o,       // bytes of this slot and all before it
  output logic                      busy_o
);
  localparam int unsigned Groups = BlockLen / GroupLen;
  localparam int unsigned Units  = (Groups < 32) ? Groups : 32;
  localparam int unsigned FrontW = (Orders == 1) ? 64 : (24 + 5 * Groups > 72) ? 24 + 5 * Groups :
      72;
  localparam int unsigned Lanes  = Width / 128;
  localparam int unsigned Halves = (Orders == 1) ? 1 : 8 / GroupLen;
  localparam int unsigned Num    = Lanes * Halves;
  // in rows of the narrowest group
  localparam int unsigned PtrW   = $clog2(Width * Halves / 8) + 1;
  localparam int unsigned EndW   = PtrW + 3;
  localparam int unsigned Chunks = BlockLen * 32 / Width;            // of FP32
  localparam int unsigned IndexW = (Chunks > 1) ? $clog2(Chunks) : 1;
  // Rows of a lane: up to Heads before magnitude or mantissa.
  localparam int unsigned Heads  = (Orders == 2) ? 3 : 1 + actp_pkg::CODE_W;
  localparam int unsigned Mans   = (Orders == 2) ? 0 : Formats[0] ? actp_pkg::MAN_W : 10;
  localparam int unsigned Rows   = Heads + ((Orders == 1 || Mans > Depth) ? Mans : Depth);

  // ---- words and front
  logic                have0, have1, first1, last0, last1, hole0, hole1, load, drop, drop2;
  logic                next_free, skip_word, later, short_front;
  logic [2*Width-1:0]  words;
  logic [BytesW-1:0]   bytes0, bytes1;
  logic [FrontW-1:0]   front;
  logic [TagW-1:0]     tag;
  actp_dec_window #(.Width(Width), .FrontW(FrontW), .TagW(TagW)) u_window (
    .clk_i, .rst_ni, .in_valid_i, .in_ready_o, .in_data_i, .in_bytes_i, .in_first_i, .in_last_i,
    .in_hole_i, .in_tag_i,
    .next_free_i(next_free), .short_i(short_front), .skip_i(skip_word), .drop_i(drop),
    .drop2_i(drop2),
    .have0_o(have0), .have1_o(have1), .first1_o(first1), .later_o(later), .words_o(words),
    .bytes0_o(bytes0), .bytes1_o(bytes1), .last0_o(last0), .last1_o(last1), .hole0_o(hole0),
    .hole1_o(hole1),
    .load_o(load), .front_o(front), .tag_o(tag)
  );

  // ---- the next slot, this slot
  actp_pkg::config_t    tag_cfg, next_cfg, place_cfg, cfg;
  logic [UserWidth-1:0] tag_user, next_user, user;
  logic [71:0]          next_head, head;
  logic [23:0]          place_head;
  logic [PtrW-1:0]      next_len;
  logic [4*Groups-1:0]  next_codes;
  logic [Groups-1:0]    next_flags;
  logic [5:0]           next_rows, next_per, place_rows, place_per;
  logic [4:0]           next_more, place_more;
  logic [6:0]           next_need;
  logic                 next_ready, next_valid, next_bad, from_next, start, last_place, complete;
  logic                 bad;
  logic [4*Num-1:0]     place_codes;
  logic [Num-1:0]       place_flags;
  logic [IndexW-1:0]    place_index;
  logic [actp_pkg::SLOT_W-1:0] slot_bytes;
  assign {tag_user, tag_cfg} = tag;
  // Flags and codes in the first word: without them, or of few bits.
  assign short_front = ~tag_cfg.significance | (front[2:1] == 2'b11) |
      (32'(front[2:0]) + 32'(front[5:4] == actp_pkg::SPECIALS) <= (Width - 24) / Groups);
  actp_dec_next #(.BlockLen(BlockLen), .Width(Width), .Orders(Orders), .GroupLen(GroupLen),
      .UserWidth(UserWidth)) u_next (
    .clk_i, .rst_ni, .load_i(load), .free_o(next_free), .cfg_i(tag_cfg), .user_i(tag_user),
    .front_i(front),
    .ready_o(next_ready), .take_i(start & from_next), .cfg_o(next_cfg), .user_o(next_user),
    .head_o(next_head),
    .len_o(next_len), .codes_o(next_codes), .flags_o(next_flags), .rows_o(next_rows),
    .per_o(next_per),
    .more_o(next_more), .need_o(next_need), .valid_o(next_valid), .bad_o(next_bad)
  );
  actp_dec_slot #(.BlockLen(BlockLen), .Width(Width), .Orders(Orders), .GroupLen(GroupLen),
      .UserWidth(UserWidth),
                  .IndexW(IndexW)) u_slot (
    .clk_i, .next_i(from_next), .take_i(start & from_next), .shift_i(start & ~from_next),
    .cfg_i(next_cfg),
    .user_i(next_user), .head_i(next_head), .codes_i(next_codes), .flags_i(next_flags),
    .rows_i(next_rows),
    .per_i(next_per), .more_i(next_more), .bad_i(next_bad), .cfg_o(place_cfg),
    .head_o(place_head), .rows_o(place_rows),
    .per_o(place_per), .more_o(place_more), .codes_o(place_codes), .flags_o(place_flags),
    .index_o(place_index),
    .last_o(last_place), .slot_cfg_o(cfg), .slot_head_o(head), .slot_user_o(user),
    .slot_bytes_o(slot_bytes),
    .slot_complete_o(complete), .slot_bad_o(bad)
  );

  // ---- the places of a chunk, one ahead
  logic [EndW*Num-1:0] ends, from, from_q;
  logic [4:0]          skip;
  logic [Num-1:0]      lives, flags, lives_q, flags_q, there;
  logic [5*Num-1:0]    depth, depth_q;
  logic [4*Num-1:0]    codes_q;
  logic [5*Lanes-1:0]  mans, mans_q;
  actp_dec_places #(.Width(Width), .Orders(Orders), .GroupLen(GroupLen), .IndexW(IndexW),
      .EndW(EndW)) u_places (
    .cfg_i(place_cfg), .head_i(place_head), .rows_i(place_rows), .per_i(place_per),
    .more_i(place_more),
    .later_i(6'(32'(place_head[15:11]) * (Groups / Units))), .codes_i(place_codes),
    .flags_i(place_flags),
    .index_i(place_index), .ends_o(ends), .from_o(from), .skip_o(skip), .lives_o(lives),
    .flags_o(flags),
    .depth_o(depth), .mans_o(mans)
  );
  always_ff @(posedge clk_i) begin
    if (start) begin
      lives_q <= lives;
      flags_q <= flags;
      depth_q <= depth;
      codes_q <= place_codes;
      mans_q  <= mans;
    end
  end

  // ---- the chunk leaves
  logic             open, flush, zero, tail, step, done, values_ready, whole, last_chunk, wrong;
  logic [PtrW-1:0]  at;
  logic [Lanes-1:0] take;
  logic [31:0]      read;
  actp_dec_step #(.Width(Width), .Formats(Formats), .Orders(Orders), .GroupLen(GroupLen),
      .Depth(Depth)) u_step (
    .clk_i, .rst_ni, .ready_i(next_ready), .len_i(next_len), .ends_i(ends), .from_i(from),
    .skip_i(skip),
    .last_i(last_place), .next_o(from_next), .start_o(start), .have0_i(have0), .have1_i(have1),
    .first1_i(first1), .bytes0_i(bytes0), .bytes1_i(bytes1), .last0_i(last0), .last1_i(last1),
    .tail_i(tail), .drop_o(drop), .drop2_o(drop2), .zero_i(bad), .room_i(values_ready), .at_o(at),
    .from_o(from_q), .take_o(take), .there_o(there), .whole_o(whole), .last_o(last_chunk),
    .flush_i(flush), .zero_o(zero), .step_o(step), .done_o(done), .open_o(open)
  );
  actp_dec_end #(.Width(Width), .Single(BlockLen * 16 <= Width)) u_end (
    .clk_i, .rst_ni, .in_valid_i, .in_ready_i(in_ready_o), .in_bytes_i, .in_first_i, .in_last_i,
    .in_hole_i, .in_later_i(later | next_valid), .skip_o(skip_word), .bytes0_i(bytes0),
    .bytes1_i(bytes1), .last0_i(last0), .last1_i(last1), .hole0_i(hole0), .hole1_i(hole1),
    .drop_i(drop), .drop2_i(drop2), .begin_i(start & from_next), .need_i(next_need),
    .bytes_i(slot_bytes), .zero_i(zero), .step_i(step), .done_i(done), .tail_o(tail),
    .flush_o(flush), .wrong_o(wrong), .read_o(read)
  );

  // ---- rows, values
  logic [Lanes*8*Rows-1:0] rows;
  actp_dec_rows #(.Width(Width), .Formats(Formats), .Orders(Orders), .GroupLen(GroupLen),
      .Depth(Depth), .Heads(Heads),
                  .Rows(Rows), .PtrW(PtrW), .EndW(EndW)) u_rows (
    .words_i(words), .significance_i(cfg.significance), .at_i(at), .from_i(from_q), .rows_o(rows)
  );
  actp_dec_values #(.Width(Width), .Formats(Formats), .Orders(Orders), .GroupLen((Orders == 1) ?
      8 : GroupLen), .Depth(Depth),
                    .Heads(Heads), .Rows(Rows), .UserWidth(UserWidth)) u_values (
    .clk_i, .rst_ni, .take_i(take), .whole_i(whole), .ready_o(values_ready), .cfg_i(cfg),
    .head_i(head), .user_i(user),
    .complete_i(complete), .bad_i(bad), .last_i(last_chunk), .rows_i(rows), .mans_i(mans_q),
    .depth_i(depth_q),
    .lives_i(lives_q), .flags_i(flags_q), .codes_i(codes_q), .there_i(there), .hold_i(flush),
    .wrong_i(wrong), .read_i(read),
    .room_i(~out_valid_o | out_ready_i), .out_valid_o, .out_data_o, .out_last_o, .out_narrow_o,
    .out_user_o,
    .out_lossless_o, .out_malformed_o, .out_bad_o, .out_read_o
  );
  assign busy_o = have0 | open | flush;

  `ACTP_STREAM(CoreOut, out_valid_o, out_ready_i, {out_data_o, out_last_o})
endmodule

`default_nettype wire
