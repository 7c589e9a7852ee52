// SPDX-License-Identifier: Apache-2.0
// actp_enc_front - the compressor up to the plan of each block and the queue of its chunks.
//
// Format   sections 2, 4 and 6        Model   actplane::CompressBlock (model/src/codec.cc)
// Contract in:  beats of values behind a skid register, each with its configuration (actp_config)
//               and user bits.
//          out: the chunks of all blocks, as actp_enc_store makes them, and a plan for each block:
//               the user takes the plan, then the chunks of that block, and gives the plan back
//               (plan_ready_i) with the last one.
//          level: the facts of a block go to actp_enc_levels, and its decision comes back
//          in the order of the blocks.
//          A chunk goes on when the queue has room and the facts move. In order field the plan is
//          there 4 cycles after the last chunk was complete, in order significance 3 cycles and
//          those of the search, for a pair 3.
// Params   BlockLen 32 .. 256; StreamWidth 64 .. 512; Formats 1 .. 7; Orders 1 .. 3; GroupLen 4, 8;
//          Depth 8 .. 24; Fifo 0 .. 2 (actp_fifo); Slack: chunks in the queue besides a block, even
//          (of FP32 where that is built in; two count as one of a 16-bit format where the queue is
//          two, actp_enc_queue); UserWidth >= 1; Searches 1 .. 4, of actp_enc_levels
// Reset    empty
// Not here the search (actp_enc_levels)
`include "actp_macros.svh"
`default_nettype none

module actp_enc_front #(
  parameter int unsigned BlockLen    = 128,
  parameter int unsigned StreamWidth = 256,
  parameter int unsigned Formats     = 7,
  parameter int unsigned Orders      = 3,
  parameter int unsigned GroupLen    = 8,
  parameter int unsigned Depth       = 24,
  parameter int unsigned Fifo        = 0,
  parameter int unsigned Slack       = 6,
  parameter int unsigned UserWidth   = 1,
  parameter int unsigned Searches    = 1,
  localparam int unsigned CoreWidth = (StreamWidth > 256) ? StreamWidth : 256,
  localparam int unsigned Groups    = BlockLen / GroupLen,
  localparam int unsigned LevelW    = 8 * ((24 + 5 * Groups + 7) / 8),
  localparam int unsigned FrontW    = (Orders == 1) ? actp_pkg::HEAD_W :
                                      (LevelW > 72) ? LevelW : 72,
  localparam int unsigned RankW     = 5 * actp_pkg::MAN_W,
  localparam int unsigned StoredW   = actp_pkg::stored_bits(Depth),
  localparam int unsigned DataW     = (Formats == 1) ? CoreWidth / 32 * StoredW : CoreWidth,
  localparam int unsigned Lanes     = (Formats == 1) ? CoreWidth / 32 : CoreWidth / 16,
  localparam int unsigned EntryW    = DataW + ((Orders > 1) ? Lanes : 0)
) (
  input  wire logic                         clk_i,
  input  wire logic                         rst_ni,
  // values
  input  wire logic                         in_valid_i,
  output logic                              in_ready_o,
  input  wire logic [StreamWidth-1:0]       in_data_i,
  input  wire logic [StreamWidth/8-1:0]     in_keep_i,
  input  wire logic                         in_last_i,
  input  wire logic [UserWidth-1:0]         in_user_i,
  input  wire actp_pkg::config_t            in_cfg_i,
  // to actp_enc_levels
  output logic                              level_valid_o,
  input  wire logic                         level_ready_i,
  output actp_pkg::config_t                 level_cfg_o,
  output logic [actp_pkg::EXP_W-1:0]        level_base_o,
  output logic [5*Groups-1:0]               level_deltas_o,
  output logic [Groups-1:0]                 level_negative_o,
  output logic [Groups-1:0]                 level_special_o,
  output logic                              level_signs_o,
  output logic                              level_mixed_o,
  output logic                              level_exact_possible_o,
  output logic [9:0]                        level_exact_level_o,
  // and back
  input  wire logic                         decision_valid_i,
  output logic                              decision_ready_o,
  input  wire logic                         decision_poisoned_i,
  input  wire logic                         decision_exact_i,
  input  wire logic [1:0]                   decision_form_i,
  input  wire logic [2:0]                   decision_width_i,
  input  wire logic                         decision_dead_code_i,
  input  wire logic [actp_pkg::DELTA_W-1:0] decision_q_i,
  input  wire logic [4:0]                   decision_j_i,
  input  wire logic [actp_pkg::EXP_W-1:0]   decision_base_i,
  input  wire logic [4*Groups-1:0]          decision_codes_i,
  input  wire logic [Groups-1:0]            decision_lives_i,
  input  wire logic [FrontW-1:0]            decision_front_i,
  input  wire logic [actp_pkg::FRONT_W-1:0] decision_front_bytes_i,
  // chunks
  output logic                              chunk_valid_o,
  input  wire logic                         chunk_ready_i,
  output logic [EntryW-1:0]                 chunk_o,
  // plans
  output logic                              plan_valid_o,
  input  wire logic                         plan_ready_i,
  output actp_pkg::plan_t                   plan_o,
  output logic [UserWidth-1:0]              user_o,
  output logic                              bad_keep_o,
  output logic [FrontW-1:0]                 front_o,
  output logic [RankW-1:0]                  man_rank_o,
  output logic [4*Groups-1:0]               codes_o,
  output logic [Groups-1:0]                 lives_o,
  output logic [Groups-1:0]                 special_o,
  output logic                              idle_o
);
  localparam int unsigned PatternW   = Formats[0] ? 32 : 16;
  localparam int unsigned WideChunks = 32 * BlockLen / CoreWidth;
  localparam int unsigned Chunks     = Formats[0] ? WideChunks : WideChunks / 2;      // at most
  localparam int unsigned MinChunks  = (Formats == 1) ? WideChunks : WideChunks / 2;  // of a block
  localparam int unsigned SideW      = actp_pkg::CONFIG_W + UserWidth + 1;

  // ---- chunks
  logic                 valid, ready, go, first, last, bad_keep, full, adv;
  logic [CoreWidth-1:0] chunk;
  actp_pkg::config_t    cfg;
  logic [UserWidth-1:0] user;
  logic [Lanes-1:0]     is_b;
  logic [EntryW-1:0]    entry;
  actp_enc_gather #(
    .BlockLen(BlockLen), .StreamWidth(StreamWidth), .Formats(Formats), .Depth(Depth),
    .UserWidth(UserWidth)
  ) u_gather (
    .clk_i, .rst_ni, .in_valid_i, .in_ready_o, .in_data_i, .in_keep_i, .in_last_i, .in_user_i,
    .in_cfg_i, .chunk_valid_o(valid), .chunk_ready_i(ready), .chunk_o(chunk),
    .chunk_first_o(first), .chunk_last_o(last), .cfg_o(cfg), .user_o(user), .bad_keep_o(bad_keep)
  );
  assign go    = valid & ~full;
  assign ready = adv & ~full;
  actp_enc_store #(
    .CoreWidth(CoreWidth), .Formats(Formats), .Orders(Orders), .Depth(Depth)
  ) u_store (
    .fmt_i(cfg.fmt), .chunk_i(chunk), .is_b_i(is_b), .entry_o(entry)
  );
  actp_enc_queue #(
    .CoreWidth(CoreWidth), .Formats(Formats), .Orders(Orders), .Depth(Depth),
    .Entries(Chunks + Slack), .Fifo(Fifo)
  ) u_queue (
    .clk_i, .rst_ni, .write_valid_i(go & adv), .write_fmt_i(cfg.fmt), .write_data_i(entry),
    .full_o(full), .out_valid_o(chunk_valid_o), .out_ready_i(chunk_ready_i), .out_data_o(chunk_o)
  );

  assign idle_o = ~valid & ~chunk_valid_o & ~plan_valid_o;

  // ---- what goes with the block. Its last chunk is two cycles ahead of the facts: the next last
  // one comes two cycles later at the earliest, unless it is a whole block.
  logic [SideW-1:0]     side_q, facts_side;
  actp_pkg::config_t    facts_cfg;
  logic [UserWidth-1:0] facts_user;
  logic                 facts_bad_keep;
  always_ff @(posedge clk_i) begin
    if (go & adv & last) side_q <= {cfg, user, bad_keep};
  end
  if (MinChunks == 1) begin : gen_one_chunk
    logic [SideW-1:0] side_q2;
    always_ff @(posedge clk_i) begin
      if (adv) side_q2 <= side_q;
    end
    assign facts_side = side_q2;
  end else begin : gen_chunks
    assign facts_side = side_q;
  end
  assign {facts_cfg, facts_user, facts_bad_keep} = facts_side;

  // ---- order field
  logic                        field_valid, field_load;
  actp_pkg::field_facts_t      field_facts;
  actp_pkg::config_t           held_cfg;
  actp_pkg::plan_t             field_plan;
  logic [actp_pkg::HEAD_W-1:0] field_head;
  logic [RankW-1:0]            field_rank;
  if (Orders[0]) begin : gen_field
    actp_enc_base #(.CoreWidth(CoreWidth)) u_base (
      .clk_i, .rst_ni, .adv_i(adv), .chunk_valid_i(go), .chunk_first_i(first),
      .chunk_last_i(last), .chunk_i(chunk), .chunk_fmt_i(cfg.fmt),
      .valid_o(field_valid), .facts_o(field_facts)
    );
    actp_enc_schedule #(.BlockLen(BlockLen)) u_schedule (
      .clk_i, .load_i(field_load), .cfg_i(facts_cfg), .facts_i(field_facts),
      .held_cfg_i(held_cfg), .plan_o(field_plan), .head_o(field_head), .man_rank_o(field_rank)
    );
  end else begin : gen_no_field
    logic unused_field;
    assign unused_field = |{field_load, field_facts, held_cfg};
    assign {field_valid, field_facts, field_plan, field_head, field_rank} = '0;
  end

  // ---- order significance
  logic                  groups_valid, two;
  logic [2*PatternW-1:0] patterns;
  if (Orders[1]) begin : gen_significance
    actp_enc_groups #(
      .BlockLen(BlockLen), .CoreWidth(CoreWidth), .GroupLen(GroupLen)
    ) u_groups (
      .clk_i, .rst_ni, .adv_i(adv), .chunk_valid_i(go), .chunk_first_i(first),
      .chunk_last_i(last), .chunk_i(chunk), .chunk_fmt_i(cfg.fmt),
      .chunk_row_limit_i(cfg.row_limit), .valid_o(groups_valid),
      .base_o(level_base_o), .deltas_o(level_deltas_o), .negative_o(level_negative_o),
      .special_o(level_special_o), .signs_o(level_signs_o), .mixed_o(level_mixed_o),
      .exact_possible_o(level_exact_possible_o), .exact_level_o(level_exact_level_o)
    );
    actp_enc_pair #(.CoreWidth(CoreWidth), .Formats(Formats)) u_pair (
      .clk_i, .adv_i(adv), .chunk_valid_i(go), .chunk_first_i(first), .chunk_i(chunk),
      .chunk_fmt_i(cfg.fmt), .is_b_o(is_b), .two_o(two), .patterns_o(patterns)
    );
  end else begin : gen_no_significance
    assign {groups_valid, two, patterns, is_b} = '0;
    assign {level_base_o, level_deltas_o, level_negative_o, level_special_o} = '0;
    assign {level_signs_o, level_mixed_o, level_exact_possible_o, level_exact_level_o} = '0;
  end
  assign level_cfg_o = facts_cfg;

  // ---- plans
  actp_enc_plan #(
    .BlockLen(BlockLen), .GroupLen(GroupLen), .Formats(Formats), .Orders(Orders),
    .UserWidth(UserWidth), .Searches(Searches)
  ) u_plan (
    .clk_i, .rst_ni, .facts_valid_i(Orders[0] ? field_valid : groups_valid), .adv_o(adv),
    .facts_cfg_i(facts_cfg), .facts_user_i(facts_user), .facts_bad_keep_i(facts_bad_keep),
    .facts_two_i(two), .facts_patterns_i(patterns), .field_load_o(field_load),
    .held_cfg_o(held_cfg), .field_plan_i(field_plan), .field_head_i(field_head),
    .field_rank_i(field_rank), .level_valid_o, .level_ready_i, .decision_valid_i,
    .decision_ready_o, .decision_poisoned_i, .decision_exact_i, .decision_form_i,
    .decision_width_i, .decision_dead_code_i, .decision_q_i, .decision_j_i, .decision_base_i,
    .decision_codes_i, .decision_lives_i, .decision_front_i, .decision_front_bytes_i,
    .plan_valid_o, .plan_ready_i, .plan_o, .user_o, .bad_keep_o, .front_o, .man_rank_o, .codes_o,
    .lives_o, .special_o
  );

  `ACTP_ASSERT(FactsTogether_A, Orders != 3 || field_valid == groups_valid)
endmodule

`default_nettype wire
