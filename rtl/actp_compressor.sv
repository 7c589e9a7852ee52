// SPDX-License-Identifier: Apache-2.0
// actp_compressor - values in, slots out; both orders.
//
// Format   sections 2 to 6        Model   actplane::CompressBlock (model/src/codec.cc)
// Contract in:  values, little-endian, first value lowest; a beat is StreamWidth/32 values of FP32
//          or StreamWidth/16 of a 16-bit format. Which beats and bytes count: actp_enc_gather.
//               Configuration and user bits are sampled with the first beat of a block that is not
//               null; what the pins may say: actp_config.
//          out: one packet per block: the slot, `last` and keep on its final beat, the user bits on
//               every beat.
//          No path from any input to any output (rule S4).
// Method   docs/rtl.md: the chunks of a block wait in a queue until its plan is made.
// Params   BlockLen 32, 64, 128, 256; StreamWidth 64, 128, 256, 512; Formats, any of the three;
//          Orders 1 field, 2 significance, 3 both; GroupLen 4, 8; Depth 8 .. 24; Fifo 0, 1, 2;
//          UserWidth >= 1; Slack, even: chunks that the queue holds beside a block of the widest
//          format (actp_enc_front); Searches 1 .. 4: blocks of order significance in search at a
//          time (actp_enc_levels)
// Reset    empty; status zero
// Status   block_done_o pulses when the final beat of a slot has left; the flags beside it belong
//          to that slot, counters have it in. Counters wrap at 2^32.
`include "actp_macros.svh"
`default_nettype none

module actp_compressor #(
  parameter int unsigned BlockLen    = 128, // N, values of a block: 32, 64, 128, 256
  parameter int unsigned StreamWidth = 256, // bits of a beat: 64, 128, 256, 512
  parameter int unsigned Formats     = 7,   // those built in: bit 0 FP32, 1 FP16, 2 BF16
  parameter int unsigned Orders      = 3,   // those built in: bit 0 field, 1 significance
  parameter int unsigned GroupLen    = 8,   // K of order significance: 4, 8
  parameter int unsigned Depth       = 24,  // magnitude rows kept of FP32: 8 .. 24
  parameter int unsigned Fifo        = 0,   // its queue: 0 flops, 1 latches, 2 a macro
  parameter int unsigned UserWidth   = 1,   // bits of user, 1 and more
  // even; chunks of the queue besides a block
  parameter int unsigned Slack       = actp_pkg::default_slack(BlockLen, StreamWidth, Formats,
                                                                 Orders, Depth),
  parameter int unsigned Searches    = 1    // blocks in search at a time: 1 .. 4
) (
  input  wire logic                         clk_i,            // rising edge counts
  input  wire logic                         rst_ni,           // asynchronous, active low
  // configuration
  input  wire logic [1:0]                   cfg_format_i,     // 0 FP32, 1 FP16, 2 BF16
  input  wire logic                         cfg_order_i,      // 0 field, 1 significance
  input  wire logic [actp_pkg::SLOT_W-1:0]  cfg_slot_bytes_i, // T, fixed mode
  input  wire logic                         cfg_lossless_i,   // 1: as many bytes as needed
  input  wire logic [actp_pkg::LIMIT_W-1:0] cfg_row_limit_i,  // R, order significance
  input  wire logic [actp_pkg::WIDTH_W-1:0] cfg_delta_cap_i,  // order field; 0: none
  // values
  input  wire logic                         in_valid_i,       // a beat of values is there
  output logic                              in_ready_o,       // a register; it may be taken
  input  wire logic [StreamWidth-1:0]       in_data_i,        // values, first lowest
  input  wire logic [StreamWidth/8-1:0]     in_keep_i,        // bytes that count
  input  wire logic                         in_last_i,        // ends a block, also early
  input  wire logic [UserWidth-1:0]         in_user_i,        // sampled at the first beat
  // slots
  output logic                              out_valid_o,      // a beat of a slot is there
  input  wire logic                         out_ready_i,      // it is taken
  output logic [StreamWidth-1:0]            out_data_o,       // bytes of the slot, first lowest
  output logic [StreamWidth/8-1:0]          out_keep_o,       // a run; all but on the final beat
  output logic                              out_last_o,       // final beat of the slot
  output logic [UserWidth-1:0]              out_user_o,       // of the block, on every beat
  // status
  output logic                              block_done_o,     // pulse: a slot has left
  output logic                              whole_o,          // nothing was cut from it
  output logic                              saturated_o,      // F-4.7: a value became zero
  output logic                              bad_config_o,     // the pins said what it cannot do
  output logic                              bad_keep_o,       // a hole in the kept bytes
  output logic [31:0]                       blocks_o,         // slots that have left
  output logic [31:0]                       bytes_in_o,       // of whole blocks, padding included
  output logic [31:0]                       bytes_out_o       // of slots, beat by beat
);
  localparam int unsigned CoreWidth = (StreamWidth > 256) ? StreamWidth : 256;
  localparam int unsigned Groups    = BlockLen / GroupLen;
  localparam int unsigned LevelW    = 8 * ((24 + 5 * Groups + 7) / 8);
  localparam int unsigned FrontW    = (Orders == 1) ? actp_pkg::HEAD_W :
                                      (LevelW > 72) ? LevelW : 72;
  localparam int unsigned StoredW   = actp_pkg::stored_bits(Depth);
  localparam int unsigned DataW     = (Formats == 1) ? CoreWidth / 32 * StoredW : CoreWidth;
  localparam int unsigned Lanes     = (Formats == 1) ? CoreWidth / 32 : CoreWidth / 16;
  localparam int unsigned EntryW    = DataW + ((Orders > 1) ? Lanes : 0);
  localparam int unsigned CfgW      = actp_pkg::CONFIG_W;
  localparam int unsigned SkidW     = CfgW + UserWidth + 1 + StreamWidth / 8 + StreamWidth;

  // ---- input
  actp_pkg::config_t        pins, skid_cfg;
  logic [SkidW-1:0]         skid_in, skid_out;
  logic                     beat_valid, beat_ready, skid_last;
  logic [UserWidth-1:0]     skid_user;
  logic [StreamWidth/8-1:0] skid_keep;
  logic [StreamWidth-1:0]   skid_data;
  actp_config #(
    .BlockLen(BlockLen), .Formats(Formats), .Orders(Orders), .GroupLen(GroupLen), .Depth(Depth)
  ) u_config (
    .format_i(cfg_format_i), .order_i(cfg_order_i), .lossless_i(cfg_lossless_i),
    .slot_bytes_i(cfg_slot_bytes_i), .delta_cap_i(cfg_delta_cap_i), .row_limit_i(cfg_row_limit_i),
    .fill_zero_i(1'b0), .cfg_o(pins)
  );
  assign skid_in = {pins, in_user_i, in_last_i, in_keep_i, in_data_i};
  assign {skid_cfg, skid_user, skid_last, skid_keep, skid_data} = skid_out;
  actp_skid #(.Width(SkidW)) u_skid (
    .clk_i, .rst_ni, .in_valid_i, .in_ready_o, .in_data_i(skid_in),
    .out_valid_o(beat_valid), .out_ready_i(beat_ready), .out_data_o(skid_out)
  );

  // ---- chunks in a queue and their plans
  logic                         front_idle, plan_valid, plan_ready, plan_bad_keep;
  actp_pkg::plan_t              plan;
  logic [UserWidth-1:0]         plan_user;
  logic [FrontW-1:0]            front;
  logic [actp_pkg::MAN_W*5-1:0] man_rank;
  logic [4*Groups-1:0]          codes;
  logic [Groups-1:0]            lives, special;
  logic                         chunk_valid, chunk_ready;
  logic [EntryW-1:0]            chunk;
  // between the front and the search
  logic                         level_valid, level_ready, level_signs, level_mixed;
  logic                         exact_possible, decision_valid, decision_ready;
  actp_pkg::config_t            level_cfg;
  logic [actp_pkg::EXP_W-1:0]   level_base, decision_base;
  logic [5*Groups-1:0]          level_deltas;
  logic [Groups-1:0]            level_negative, level_special, decision_lives;
  logic [9:0]                   exact_level;
  logic                         poisoned, exact, dead_code;
  logic [1:0]                   form;
  logic [2:0]                   width;
  logic [4:0]                   q, j;
  logic [4*Groups-1:0]          decision_codes;
  logic [FrontW-1:0]            decision_front;
  logic [actp_pkg::FRONT_W-1:0] decision_front_bytes;
  actp_enc_front #(
    .BlockLen(BlockLen), .StreamWidth(StreamWidth), .Formats(Formats), .Orders(Orders),
    .GroupLen(GroupLen), .Depth(Depth), .Fifo(Fifo), .Slack(Slack), .UserWidth(UserWidth),
    .Searches(Searches)
  ) u_front (
    .clk_i, .rst_ni, .in_valid_i(beat_valid), .in_ready_o(beat_ready), .in_data_i(skid_data),
    .in_keep_i(skid_keep), .in_last_i(skid_last), .in_user_i(skid_user), .in_cfg_i(skid_cfg),
    .level_valid_o(level_valid), .level_ready_i(level_ready), .level_cfg_o(level_cfg),
    .level_base_o(level_base), .level_deltas_o(level_deltas), .level_negative_o(level_negative),
    .level_special_o(level_special), .level_signs_o(level_signs), .level_mixed_o(level_mixed),
    .level_exact_possible_o(exact_possible), .level_exact_level_o(exact_level),
    .decision_valid_i(decision_valid), .decision_ready_o(decision_ready),
    .decision_poisoned_i(poisoned), .decision_exact_i(exact), .decision_form_i(form),
    .decision_width_i(width), .decision_dead_code_i(dead_code), .decision_q_i(q),
    .decision_j_i(j), .decision_base_i(decision_base), .decision_codes_i(decision_codes),
    .decision_lives_i(decision_lives), .decision_front_i(decision_front),
    .decision_front_bytes_i(decision_front_bytes),
    .chunk_valid_o(chunk_valid), .chunk_ready_i(chunk_ready), .chunk_o(chunk),
    .plan_valid_o(plan_valid), .plan_ready_i(plan_ready), .plan_o(plan), .user_o(plan_user),
    .bad_keep_o(plan_bad_keep), .front_o(front), .man_rank_o(man_rank), .codes_o(codes),
    .lives_o(lives), .special_o(special), .idle_o(front_idle)
  );
  if (Orders != 1) begin : gen_level
    actp_enc_levels #(
      .BlockLen(BlockLen), .GroupLen(GroupLen), .Searches(Searches)
    ) u_levels (
      .clk_i, .rst_ni, .in_valid_i(level_valid), .in_ready_o(level_ready), .in_cfg_i(level_cfg),
      .in_base_i(level_base), .in_deltas_i(level_deltas), .in_negative_i(level_negative),
      .in_special_i(level_special), .in_signs_i(level_signs), .in_mixed_i(level_mixed),
      .in_exact_possible_i(exact_possible), .in_exact_level_i(exact_level),
      .out_valid_o(decision_valid), .out_ready_i(decision_ready), .out_poisoned_o(poisoned),
      .out_exact_o(exact), .out_form_o(form), .out_width_o(width), .out_dead_code_o(dead_code),
      .out_q_o(q), .out_j_o(j), .out_base_o(decision_base), .out_codes_o(decision_codes),
      .out_lives_o(decision_lives), .out_front_o(decision_front),
      .out_front_bytes_o(decision_front_bytes)
    );
  end else begin : gen_no_level
    logic unused_level;
    assign unused_level = |{level_valid, level_cfg, level_base, level_deltas, level_negative,
                            level_special, level_signs, level_mixed, exact_possible, exact_level,
                            decision_ready};
    assign {level_ready, decision_valid, poisoned, exact, form, width, dead_code, q, j} = '0;
    assign {decision_base, decision_codes, decision_lives, decision_front} = '0;
    assign decision_front_bytes = '0;
  end

  // ---- slots
  // Whether the block is of a 16-bit format travels as one more user bit.
  logic whole, saturated, bad_config, bad_keep, narrow;
  actp_enc_back #(
    .BlockLen(BlockLen), .StreamWidth(StreamWidth), .Formats(Formats), .Orders(Orders),
    .GroupLen(GroupLen), .Depth(Depth), .UserWidth(UserWidth + 1)
  ) u_back (
    .clk_i, .rst_ni, .plan_valid_i(plan_valid), .plan_ready_o(plan_ready), .plan_i(plan),
    .user_i({actp_pkg::is_narrow(plan.cfg.fmt), plan_user}), .bad_keep_i(plan_bad_keep),
    .front_i(front), .man_rank_i(man_rank), .codes_i(codes), .lives_i(lives),
    .special_i(special), .chunk_valid_i(chunk_valid), .chunk_ready_o(chunk_ready),
    .chunk_i(chunk), .out_valid_o, .out_ready_i, .out_data_o, .out_keep_o, .out_last_o,
    .out_user_o({narrow, out_user_o}), .whole_o(whole), .saturated_o(saturated),
    .bad_config_o(bad_config), .bad_keep_o(bad_keep)
  );

  // ---- status
  actp_enc_status #(.BlockLen(BlockLen), .StreamWidth(StreamWidth)) u_status (
    .clk_i, .rst_ni, .beat_i(out_valid_o & out_ready_i), .last_i(out_last_o), .keep_i(out_keep_o),
    .narrow_i(narrow), .whole_i(whole), .saturated_i(saturated), .bad_config_i(bad_config),
    .bad_keep_i(bad_keep), .block_done_o, .whole_o, .saturated_o, .bad_config_o, .bad_keep_o,
    .blocks_o, .bytes_in_o, .bytes_out_o
  );

  // For the bench: nothing is between input and output.
  logic       idle, into_back, left;
  logic [3:0] in_back_q;  // blocks
  assign into_back = plan_valid & plan_ready;
  assign left      = out_valid_o & out_ready_i & out_last_o;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) in_back_q <= '0;
    else         in_back_q <= in_back_q + 4'(into_back) - 4'(left);
  end
  assign idle = front_idle & (in_back_q == '0);
  logic unused_idle;
  assign unused_idle = idle;

  if (BlockLen != 32 && BlockLen != 64 && BlockLen != 128 && BlockLen != 256) begin : gen_bad_block
    $fatal(1, "actp_compressor: BlockLen must be 32, 64, 128 or 256");
  end
  if (StreamWidth != 64 && StreamWidth != 128 && StreamWidth != 256 && StreamWidth != 512)
  begin : gen_bad_width
    $fatal(1, "actp_compressor: StreamWidth must be 64, 128, 256 or 512");
  end
  if (Formats == 0 || Formats > 7) begin : gen_bad_formats
    $fatal(1, "actp_compressor: Formats must be 1 to 7");
  end
  if (Orders == 0 || Orders > 3) begin : gen_bad_orders
    $fatal(1, "actp_compressor: Orders must be 1, 2 or 3");
  end
  if (Searches == 0 || Searches > 4) begin : gen_bad_searches
    $fatal(1, "actp_compressor: Searches must be 1 to 4");
  end
  if ((GroupLen != 4 && GroupLen != 8) || Depth < 8 || Depth > 24) begin : gen_bad_group
    $fatal(1, "actp_compressor: GroupLen must be 4 or 8, Depth 8 to 24");
  end
  if (Slack % 2 != 0 || UserWidth == 0) begin : gen_bad_slack
    $fatal(1, "actp_compressor: Slack must be even, UserWidth at least 1");
  end

  `ACTP_STREAM(ValuesIn, in_valid_i, in_ready_o, {in_data_i, in_keep_i, in_last_i, in_user_i})
  `ACTP_STREAM(SlotsOut, out_valid_o, out_ready_i,
               {out_data_o, out_keep_o, out_last_o, out_user_o})
endmodule

`default_nettype wire
