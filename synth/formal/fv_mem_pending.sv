// SPDX-License-Identifier: Apache-2.0
// fv_mem_pending - actp_mem_pending: a block is busy until the memory has answered for it, and
//   blocks, slots, answers and bursts keep their order.
//
// Proves   a block is given out for its slot with its own tag and region, and not at all if it was
//          dropped; its answer has its tag; check_busy and drain_busy are high for its tag from its
//          entry to the answer to its slot; it comes to the head with its own bursts and its own
//          error, only when it is answered or dropped; room and emptiness are told as they are.
// Method   any block may be marked when it enters; what is ahead of it is counted. The memory
//          answers slots that were given out, as actp_mem_resp does.
// Reach    the marked block failed and is at the head, behind it another one
`include "fv.svh"
`default_nettype none

module fv_mem_pending #(
  parameter int unsigned Pending = 2,
  parameter int unsigned TagW    = 2,
  parameter int unsigned EndsW   = 2
) (
  input wire logic             clk_i,
  input wire logic             rst_ni,
  input wire logic             mark_i,
  input wire logic             push_i,
  input wire logic [TagW-1:0]  tag_i,
  input wire logic             region_i,
  input wire logic [EndsW-1:0] ends_i,
  input wire logic             carry_i,
  input wire logic             drop_i,
  input wire logic             failed_i,
  input wire logic             slot_ready_i,
  input wire logic             answer_i,
  input wire logic             answer_error_i,
  input wire logic             pop_i,
  input wire logic [TagW-1:0]  check_tag_i
);
  `RESET
  logic             ready, push, slot_valid, slot, hold, answer, head_valid, head_carry;
  logic             head_failed, pop, busy, drain_busy, some, slot_region;
  logic [TagW-1:0]  slot_tag, answer_tag;
  logic [EndsW-1:0] head_ends;
  logic [2:0]       inside_q, waiting_q, unanswered_q;  // blocks; without slot, without answer
  actp_mem_pending #(.Pending(Pending), .TagW(TagW), .RegW(1), .EndsW(EndsW)) u_dut (
    .clk_i, .rst_ni, .push_ready_o(ready), .push_i(push), .push_tag_i(tag_i),
    .push_region_i(region_i), .push_ends_i(ends_i), .push_carry_i(carry_i), .push_drop_i(drop_i),
    .push_failed_i(failed_i), .slot_valid_o(slot_valid), .slot_ready_i, .slot_tag_o(slot_tag),
    .slot_region_o(slot_region), .slot_index_o(), .ask_index_i('0), .ask_region_o(),
    .answer_hold_o(hold), .answer_i(answer), .answer_error_i, .answer_tag_o(answer_tag),
    .dropped_failed_o(), .head_valid_o(head_valid), .head_ends_o(head_ends),
    .head_carry_o(head_carry), .head_failed_o(head_failed), .head_pop_i(pop), .check_tag_i,
    .check_busy_o(busy), .drain_tag_i(check_tag_i), .drain_busy_o(drain_busy), .some_o(some)
  );
  assign push   = push_i & ready;
  assign slot   = slot_valid & slot_ready_i;
  assign answer = answer_i & ~hold & (unanswered_q != waiting_q);
  assign pop    = pop_i & head_valid;

  logic             in_q, given_q, answered_q, drop_q, carry_q, failed_q, region_q, enters, mine;
  logic [TagW-1:0]  tag_q;
  logic [EndsW-1:0] ends_q;
  logic [2:0]       pops_q, slots_q, answers_q;  // ahead of it
  logic             my_slot, my_answer, my_head;
  assign enters    = push & mark_i & ~in_q;
  assign mine      = in_q & ~drop_q;
  assign my_slot   = mine & ~given_q & (slots_q == '0);
  assign my_answer = mine & given_q & ~answered_q & (answers_q == '0);
  assign my_head   = in_q & (pops_q == '0);
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      inside_q     <= '0;
      waiting_q    <= '0;
      unanswered_q <= '0;
      in_q         <= 1'b0;
    end else begin
      inside_q     <= inside_q + 3'(push) - 3'(pop);
      waiting_q    <= waiting_q + 3'(push & ~drop_i) - 3'(slot);
      unanswered_q <= unanswered_q + 3'(push & ~drop_i) - 3'(answer);
      in_q         <= enters | (in_q & ~(pop & my_head));
    end
  end
  always_ff @(posedge clk_i) begin
    if (enters) begin
      {tag_q, region_q, ends_q, carry_q} <= {tag_i, region_i, ends_i, carry_i};
      {drop_q, failed_q} <= {drop_i, failed_i & drop_i};
      given_q    <= 1'b0;
      answered_q <= 1'b0;
      pops_q     <= inside_q - 3'(pop);
      slots_q    <= waiting_q - 3'(slot);
      answers_q  <= unanswered_q - 3'(answer);
    end else begin
      if (pops_q != '0)    pops_q    <= pops_q - 3'(pop);
      if (slots_q != '0)   slots_q   <= slots_q - 3'(slot);
      if (answers_q != '0) answers_q <= answers_q - 3'(answer);
      if (slot & my_slot)  given_q   <= 1'b1;
      if (answer & my_answer) begin
        answered_q <= 1'b1;
        failed_q   <= answer_error_i;
      end
    end
  end

  `CHECK(ready == (inside_q != 3'(Pending)))
  `CHECK(some == (inside_q != '0))
  `CHECK(~(slot_valid & my_slot) | ((slot_tag == tag_q) & (slot_region == region_q)))
  `CHECK(~slot_valid | (waiting_q != '0))
  `CHECK(~(mine & ~answered_q & (check_tag_i == tag_q)) | (busy & drain_busy))
  `CHECK(~(answer & my_answer) | (answer_tag == tag_q))
  `CHECK(~busy | some)
  `CHECK(~(head_valid & my_head) | drop_q | answered_q)
  `CHECK(~(head_valid & my_head) | ((head_ends == ends_q) & (head_carry == carry_q)))
  `CHECK(~(head_valid & my_head & mine) | (head_failed == failed_q))
  `REACH(head_valid & head_failed & mine & my_head & (inside_q == 3'd2))
endmodule

`default_nettype wire
