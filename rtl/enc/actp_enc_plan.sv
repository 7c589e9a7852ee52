// SPDX-License-Identifier: Apache-2.0
// actp_enc_plan - how every block is written, in the order of the blocks.
//
// Format   F-6.1, F-5.12, F-5.13, sections 4 and 6        Model   actplane::SchedulePlanes,
//          actplane::EncodeSignificance
// Contract in:  a block whose facts are there; adv_o says that it goes on, or that there is none,
//               and everything in front of it moves with that. It goes to the schedule (order
//               field), or to actp_enc_levels (order significance), which gives its decision later,
//               or it is a pair and has its plan at once. Nothing overtakes: up to
//               Searches blocks are in the middle, the oldest first. One of order field goes in
//               where the middle is empty or empties, for the schedule has one register.
//          out: its plan, from a register, until plan_ready_i: at best with the last chunk of the
//               block, for no other register is needed then. codes_o, lives_o and special_o count
//               in order significance, man_rank_o in order field: they share a register.
//          Order field and pairs: a plan in every cycle. Latency 2 cycles, of a pair 1.
// Params   BlockLen 32 .. 256; GroupLen 4, 8; Formats 1 .. 7; Orders 1 .. 3; UserWidth >= 1;
//          Searches 1 .. 4
// Reset    no plan, no block
`include "actp_macros.svh"
`default_nettype none

module actp_enc_plan #(
  parameter int unsigned BlockLen  = 128,
  parameter int unsigned GroupLen  = 8,
  parameter int unsigned Formats   = 7,
  parameter int unsigned Orders    = 3,
  parameter int unsigned UserWidth = 1,
  parameter int unsigned Searches  = 1,  // blocks in actp_enc_levels
  localparam int unsigned Groups   = BlockLen / GroupLen,
  localparam int unsigned PatternW = Formats[0] ? 32 : 16,
  localparam int unsigned LevelW   = 8 * ((24 + 5 * Groups + 7) / 8),
  localparam int unsigned FrontW   = (Orders == 1) ? actp_pkg::HEAD_W : (LevelW > 72) ? LevelW : 72,
  localparam int unsigned RankW    = 5 * actp_pkg::MAN_W
) (
  input  wire logic                          clk_i,
  input  wire logic                          rst_ni,
  // a block whose facts are there
  input  wire logic                          facts_valid_i,
  output logic                               adv_o,
  input  wire actp_pkg::config_t             facts_cfg_i,
  input  wire logic [UserWidth-1:0]          facts_user_i,
  input  wire logic                          facts_bad_keep_i,
  input  wire logic                          facts_two_i,       // actp_enc_pair
  input  wire logic [2*PatternW-1:0]         facts_patterns_i,
  // order field: actp_enc_schedule
  output logic                               field_load_o,
  output actp_pkg::config_t                  held_cfg_o,
  input  wire actp_pkg::plan_t               field_plan_i,
  input  wire logic [actp_pkg::HEAD_W-1:0]   field_head_i,
  input  wire logic [RankW-1:0]              field_rank_i,
  // order significance: actp_enc_levels takes the facts and gives the decision
  output logic                               level_valid_o,
  input  wire logic                          level_ready_i,
  input  wire logic                          decision_valid_i,
  output logic                               decision_ready_o,
  input  wire logic                          decision_poisoned_i,
  input  wire logic                          decision_exact_i,
  input  wire logic [1:0]                    decision_form_i,
  input  wire logic [2:0]                    decision_width_i,
  input  wire logic                          decision_dead_code_i,
  input  wire logic [actp_pkg::DELTA_W-1:0]  decision_q_i,
  input  wire logic [4:0]                    decision_j_i,
  input  wire logic [actp_pkg::EXP_W-1:0]    decision_base_i,
  input  wire logic [4*Groups-1:0]           decision_codes_i,
  input  wire logic [Groups-1:0]             decision_lives_i,
  input  wire logic [FrontW-1:0]             decision_front_i,  // of a poisoned block: anything
  input  wire logic [actp_pkg::FRONT_W-1:0]  decision_front_bytes_i,
  // the plan
  output logic                               plan_valid_o,
  input  wire logic                          plan_ready_i,
  output actp_pkg::plan_t                    plan_o,
  output logic [UserWidth-1:0]               user_o,
  output logic                               bad_keep_o,
  output logic [FrontW-1:0]                  front_o,           // bit 0 is the first of the slot
  output logic [RankW-1:0]                   man_rank_o,
  output logic [4*Groups-1:0]                codes_o,
  output logic [Groups-1:0]                  lives_o,           // F-6.3
  output logic [Groups-1:0]                  special_o          // y(g)
);
  localparam int unsigned SlotW  = actp_pkg::SLOT_W;
  localparam int unsigned BytesW = actp_pkg::FRONT_W;
  localparam bit          Field        = Orders != 2;
  localparam bit          Significance = Orders != 1;
  localparam int unsigned GroupsW = Significance ? 5 * Groups : 1;
  localparam int unsigned SideW   = (Field && RankW > GroupsW) ? RankW : GroupsW;

  // ---- where the block goes
  logic                narrow, is_pair, is_level, leaves, held_level_q, held_free;
  logic                held_done, plan_valid_q, plan_free, pair_done, hold;
  logic [BytesW-1:0]   pair_bytes;
  logic [Searches-1:0] held_valid_q, held_after;  // bit 0: the oldest
  assign narrow     = ~Formats[0] | actp_pkg::is_narrow(facts_cfg_i.fmt);
  assign pair_bytes = narrow ? BytesW'(5) : BytesW'(9);
  assign is_pair    = Significance & facts_cfg_i.significance & facts_two_i &
                      (facts_cfg_i.slot_bytes >= SlotW'(pair_bytes) + SlotW'(BlockLen / 8));
  assign is_level   = Significance & facts_cfg_i.significance & ~is_pair;

  assign plan_free        = ~plan_valid_q | plan_ready_i;
  assign held_done        = held_valid_q[0] & plan_free & (~held_level_q | decision_valid_i);
  assign held_after       = held_done ? held_valid_q >> 1 : held_valid_q;
  assign held_free        = is_level ? ~held_after[Searches-1] : ~held_after[0];
  assign pair_done        = facts_valid_i & is_pair & ~held_valid_q[0] & plan_free;
  assign leaves           = is_pair ? ~held_valid_q[0] & plan_free :
                                      held_free & (~is_level | level_ready_i);
  assign hold             = facts_valid_i & ~is_pair & leaves;
  assign adv_o            = ~facts_valid_i | leaves;
  assign field_load_o     = hold & ~is_level;
  assign level_valid_o    = facts_valid_i & is_level & held_free;
  assign decision_ready_o = held_valid_q[0] & held_level_q & plan_free;

  // ---- the blocks in the middle: schedule and searches have the rest
  localparam int unsigned HeldW = actp_pkg::CONFIG_W + UserWidth + 2;
  actp_pkg::config_t         held_cfg_q;
  logic [UserWidth-1:0]      held_user_q;
  logic                      held_bad_keep_q;
  logic [HeldW-1:0]          facts_held;
  logic [Searches*HeldW-1:0] held_q;
  assign facts_held = {facts_cfg_i, facts_user_i, facts_bad_keep_i, is_level};
  assign {held_cfg_q, held_user_q, held_bad_keep_q, held_level_q} = held_q[HeldW-1:0];
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      held_valid_q <= '0;
      plan_valid_q <= 1'b0;
    end else begin
      held_valid_q <= hold ? held_after << 1 | Searches'(1) : held_after;
      plan_valid_q <= held_done | pair_done | (plan_valid_q & ~plan_ready_i);
    end
  end
  for (genvar h = 0; h < Searches; h++) begin : gen_held
    if (h + 1 < Searches) begin : gen_early
      always_ff @(posedge clk_i) begin
        if (hold & ~held_after[h]) held_q[h*HeldW +: HeldW] <= facts_held;
        else if (held_done)        held_q[h*HeldW +: HeldW] <= held_q[(h+1)*HeldW +: HeldW];
      end
    end else begin : gen_last  // a block that is held goes here too
      always_ff @(posedge clk_i) begin
        if (hold) held_q[h*HeldW +: HeldW] <= facts_held;
      end
    end
  end
  assign held_cfg_o = held_cfg_q;

  // ---- its plan; a pair comes while nothing is in the middle
  logic                 level, pair, poisoned, bad_keep_q;
  actp_pkg::plan_t      plan, plan_q;
  logic [UserWidth-1:0] user_q;
  logic [FrontW-1:0]    pair_front, level_front, front, front_q;
  logic [SideW-1:0]     side, side_q;
  assign pair     = Significance & ~held_valid_q[0];
  assign level    = Significance & (held_level_q | ~Field);
  assign poisoned = decision_poisoned_i;

  always_comb begin
    plan     = field_plan_i;
    plan.cfg = pair ? facts_cfg_i : held_cfg_q;
    if (level) begin
      plan.bytes       = held_cfg_q.slot_bytes;
      plan.front_bytes = poisoned ? BytesW'(1) : decision_front_bytes_i;
      plan.whole       = decision_exact_i & ~poisoned;
      plan.saturated   = 1'b0;
      plan.base        = decision_base_i;
      plan.width       = {1'b0, decision_width_i};
      plan.zero_code   = decision_dead_code_i;
      plan.plain       = poisoned;
      plan.form        = decision_form_i & {2{~poisoned}};
      plan.q           = decision_q_i;
      plan.j           = decision_j_i;
    end
    if (pair) begin
      plan.bytes       = facts_cfg_i.slot_bytes;
      plan.front_bytes = pair_bytes;
      plan.whole       = 1'b1;
      plan.saturated   = 1'b0;
      plan.plain       = 1'b0;
      plan.form        = '0;
    end
    plan.pair = pair;
  end

  assign pair_front  = FrontW'({facts_patterns_i, 5'd0, actp_pkg::PAIR});
  assign level_front = {decision_front_i[FrontW-1:8], poisoned ? {5'd0, actp_pkg::POISONED} :
                                                                 decision_front_i[7:0]};
  assign front       = pair ? pair_front : level ? level_front : FrontW'(field_head_i);
  assign side        = level ? SideW'({decision_lives_i, decision_codes_i}) : SideW'(field_rank_i);
  always_ff @(posedge clk_i) begin
    if (held_done | pair_done) begin
      plan_q     <= plan;
      user_q     <= pair ? facts_user_i : held_user_q;
      bad_keep_q <= pair ? facts_bad_keep_i : held_bad_keep_q;
      front_q    <= front;
      side_q     <= side;
    end
  end

  // ---- out
  assign plan_valid_o = plan_valid_q;
  assign plan_o       = plan_q;
  assign user_o       = user_q;
  assign bad_keep_o   = bad_keep_q;
  assign front_o      = front_q;
  if (Field) begin : gen_rank
    assign man_rank_o = side_q[RankW-1:0];
  end else begin : gen_no_rank
    logic unused_rank;
    assign unused_rank = |field_rank_i;
    assign man_rank_o  = '0;
  end
  if (Significance) begin : gen_groups
    assign {lives_o, codes_o} = side_q[5*Groups-1:0];
    // F-5.2: form 3, and no other, has the flags behind the header.
    assign special_o = front_q[24 +: Groups] & {Groups{plan_q.form == actp_pkg::SPECIALS}};
  end else begin : gen_no_groups
    assign {lives_o, codes_o, special_o} = '0;
  end

  `ACTP_STREAM(PlanOut, plan_valid_o, plan_ready_i, {plan_o, user_o, bad_keep_o, front_o})
  `ACTP_STREAM(LevelIn, level_valid_o, level_ready_i, facts_cfg_i)
endmodule

`default_nettype wire
