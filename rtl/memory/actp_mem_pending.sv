// SPDX-License-Identifier: Apache-2.0
// actp_mem_pending - the blocks from the compressor's door to their answer, in order.
//
// Contract push: a block enters; dropped ones, with `failed`, come to nothing in memory, but hold
//          their place. slot: those that were not dropped, for the address of the slot, with an
//          index. answer: the memory has taken (or refused) the slot of the oldest block without
//          answer; never while answer_hold_o, when that one was dropped. head: the oldest block,
//          once it is answered or dropped, for the bursts that end in it.
//          answer_tag_o: of the oldest block without answer, while it is answered or dropped.
//          check_busy_o: a block with the low bits of that tag has no answer yet. drain_busy_o:
//          the same of fewer bits. Who asks waits, for another block now and then.
// Params   Pending 2, 4, 8, 16; TagW, RegW, EndsW; Fifo 1: blocks in latches, else in flops
// Reset    empty
`include "actp_macros.svh"
`default_nettype none

module actp_mem_pending #(
  parameter int unsigned Pending = 8,
  parameter int unsigned TagW    = 34,
  parameter int unsigned RegW    = 3,
  parameter int unsigned EndsW   = 5,
  parameter int unsigned Fifo    = 0,
  localparam int unsigned IndexW = $clog2(Pending)
) (
  input  wire logic              clk_i,
  input  wire logic              rst_ni,
  // blocks
  output logic                   push_ready_o,
  input  wire logic              push_i,
  input  wire logic [TagW-1:0]   push_tag_i,
  input  wire logic [RegW-1:0]   push_region_i,
  input  wire logic [EndsW-1:0]  push_ends_i,
  input  wire logic              push_carry_i,
  input  wire logic              push_drop_i,
  input  wire logic              push_failed_i,
  // slots
  output logic                   slot_valid_o,
  input  wire logic              slot_ready_i,
  output logic [TagW-1:0]        slot_tag_o,
  output logic [RegW-1:0]        slot_region_o,
  output logic [IndexW-1:0]      slot_index_o,
  input  wire logic [IndexW-1:0] ask_index_i,
  output logic [RegW-1:0]        ask_region_o,
  // answers
  output logic                   answer_hold_o,
  input  wire logic              answer_i,
  input  wire logic              answer_error_i,
  output logic [TagW-1:0]        answer_tag_o,
  output logic                   dropped_failed_o,  // its old content was not readable
  // bursts
  output logic                   head_valid_o,
  output logic [EndsW-1:0]       head_ends_o,
  output logic                   head_carry_o,
  output logic                   head_failed_o,
  input  wire logic              head_pop_i,
  // hazards
  input  wire logic [TagW-1:0]   check_tag_i,
  output logic                   check_busy_o,
  input  wire logic [TagW-1:0]   drain_tag_i,
  output logic                   drain_busy_o,
  output logic                   some_o            // a block is in here
);
  localparam int unsigned PtrW = IndexW + 1;  // one more, to tell full from empty
  // Low bits of tags that are compared: a check may wait for a block 256 MiB away, a drain for one
  // 256 KiB away.
  localparam int unsigned CheckW = (TagW < 22) ? TagW : 22;
  localparam int unsigned DrainW = (TagW < 12) ? TagW : 12;

  logic [PtrW-1:0]    tail_q, slot_q, answer_q, head_q;  // where each of them is
  logic [Pending-1:0] live_q, drop, failed_q, check_same, drain_same;
  logic [Pending-1:0] at_tail, at_slot, at_answer, at_head, at_ask;
  logic               slot_some, slot_drop, slot_move, answer_drop, answered;

  assign push_ready_o  = (tail_q ^ head_q) != {1'b1, {IndexW{1'b0}}};
  assign slot_some     = slot_q != tail_q;
  assign slot_drop     = |(drop & at_slot);
  assign slot_valid_o  = slot_some & ~slot_drop;
  assign slot_move     = slot_some & (slot_drop | slot_ready_i);
  assign slot_index_o  = slot_q[IndexW-1:0];
  assign answer_drop   = (answer_q != tail_q) & (|(drop & at_answer));
  assign answer_hold_o = answer_drop;
  assign answered      = answer_i | answer_drop;
  assign head_valid_o  = head_q != answer_q;
  assign some_o        = head_q != tail_q;
  assign dropped_failed_o = answer_drop & (|(failed_q & at_answer));

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      tail_q   <= '0;
      slot_q   <= '0;
      answer_q <= '0;
      head_q   <= '0;
      live_q   <= '0;
    end else begin
      tail_q   <= tail_q + PtrW'(push_i);
      slot_q   <= slot_q + PtrW'(slot_move);
      answer_q <= answer_q + PtrW'(answered);
      head_q   <= head_q + PtrW'(head_pop_i);
      live_q   <= (live_q | (at_tail & {Pending{push_i & ~push_drop_i}})) &
                  ~(at_answer & {Pending{answered}});
    end
  end

  // What does not change while a block is here.
  localparam int unsigned WordW = TagW + RegW + EndsW + 2;
  logic [Pending*WordW-1:0] words;
  logic [Pending-1:0]       carry;
  actp_mem_cells #(.Width(WordW), .Entries(Pending), .Fifo(Fifo)) u_words (
    .clk_i, .write_i(at_tail & {Pending{push_i}}),
    .data_i({push_drop_i, push_carry_i, push_ends_i, push_region_i, push_tag_i}), .store_o(words)
  );
  for (genvar e = 0; e < Pending; e++) begin : gen_entry
    logic [WordW-1:0] entry;
    assign at_tail[e]   = tail_q[IndexW-1:0] == IndexW'(e);
    assign at_slot[e]   = slot_q[IndexW-1:0] == IndexW'(e);
    assign at_answer[e] = answer_q[IndexW-1:0] == IndexW'(e);
    assign at_head[e]   = head_q[IndexW-1:0] == IndexW'(e);
    assign at_ask[e]    = ask_index_i == IndexW'(e);
    always_ff @(posedge clk_i) begin
      if (push_i & at_tail[e])          failed_q[e] <= push_failed_i;
      else if (answer_i & at_answer[e]) failed_q[e] <= answer_error_i;
    end
    assign entry         = words[e*WordW +: WordW];
    assign drop[e]       = entry[WordW-1];
    assign carry[e]      = entry[WordW-2];
    assign check_same[e] = entry[CheckW-1:0] == check_tag_i[CheckW-1:0];
    assign drain_same[e] = entry[DrainW-1:0] == drain_tag_i[DrainW-1:0];
  end
  assign check_busy_o = |(live_q & check_same);
  assign drain_busy_o = |(live_q & drain_same);

  always_comb begin
    {slot_region_o, slot_tag_o, ask_region_o, answer_tag_o, head_ends_o} = '0;
    for (int unsigned e = 0; e < Pending; e++) begin
      {slot_region_o, slot_tag_o} = {slot_region_o, slot_tag_o} |
          (words[e*WordW +: RegW+TagW] & {(RegW+TagW){at_slot[e]}});
      answer_tag_o = answer_tag_o | (words[e*WordW +: TagW] & {TagW{at_answer[e]}});
      ask_region_o = ask_region_o | (words[e*WordW+TagW +: RegW] & {RegW{at_ask[e]}});
      head_ends_o = head_ends_o | (words[e*WordW+TagW+RegW +: EndsW] & {EndsW{at_head[e]}});
    end
  end
  assign head_carry_o  = |(carry & at_head);
  assign head_failed_o = |(failed_q & at_head);

  if (Pending != 2 && Pending != 4 && Pending != 8 && Pending != 16) begin : gen_bad
    $fatal(1, "actp_mem_pending: Pending must be 2, 4, 8 or 16");
  end

  logic unused_drain;
  assign unused_drain = ^{drain_tag_i, check_tag_i};

  `ACTP_ASSERT(PushReady_A, push_i |-> push_ready_o)
  `ACTP_ASSERT(PopValid_A, head_pop_i |-> head_valid_o)
  `ACTP_ASSERT(Answer_A, answer_i |-> (answer_q != slot_q && !answer_hold_o))
endmodule

`default_nettype wire
