// SPDX-License-Identifier: Apache-2.0
// fv_mem_resp - actp_mem_resp: no write burst gets more than one B, in the order of AW, with its
//   ID, and not before its time.
//
// Proves   a burst whose last beat was taken gets at most one B, with its own ID, behind those of
//          all bursts before it and before all others, never before its last beat; a refused one
//          gets its B in the third cycle of its turn at the latest, and SLVERR, one in a region
//          OKAY or SLVERR, a bypass one never EXOKAY. At most 16 bursts; idle says when there is
//          none. S2 at B.
// Method   any burst may be marked when it ends; what is ahead of it is counted. Requests to the
//          memory are noted as actp_mem_slot_out does; blocks at the head are free.
// Reach    a bypass burst with an error behind two others
`include "fv.svh"
`default_nettype none

module fv_mem_resp (
  input wire logic       clk_i,
  input wire logic       rst_ni,
  input wire logic       mark_i,
  input wire logic       begin_i,
  input wire logic       end_i,
  input wire logic [1:0] kind_i,
  input wire logic [1:0] id_i,
  input wire logic       slot_note_i,
  input wire logic       slot_last_i,
  input wire logic       pass_note_i,
  input wire logic       m_b_valid_i,
  input wire logic [1:0] m_b_resp_i,
  input wire logic       hold_i,
  input wire logic       head_valid_i,
  input wire logic [4:0] head_ends_i,
  input wire logic       head_carry_i,
  input wire logic       head_failed_i,
  input wire logic       b_ready_i
);
  `RESET
  logic       room, begins, ends, idle, note_ready, pass_room, pass_note, slot_note, m_b_ready;
  logic       answer, answer_error, head_pop, b_valid, taken, m_b;
  logic [1:0] b_id, b_resp;
  actp_mem_resp #(.IdW(2), .EndsW(5), .Fifo(0)) u_dut (
    .clk_i, .rst_ni, .room_o(room), .begin_i(begins), .end_i(ends), .end_kind_i(kind_i),
    .end_id_i(id_i), .idle_o(idle), .note_ready_o(note_ready),
    .note_valid_i(slot_note | pass_note), .note_i({pass_note, slot_last_i}),
    .pass_room_o(pass_room), .pass_move_i(pass_note), .m_b_valid_i, .m_b_ready_o(m_b_ready),
    .m_b_resp_i, .answer_hold_i(hold_i), .answer_o(answer), .answer_error_o(answer_error),
    .head_valid_i, .head_ends_i, .head_carry_i, .head_failed_i, .head_pop_o(head_pop),
    .b_valid_o(b_valid), .b_ready_i, .b_id_o(b_id), .b_resp_o(b_resp)
  );
  logic [4:0] open_q, unended_q;  // bursts without B; without their last beat
  assign begins    = begin_i & room;
  assign ends      = end_i & (unended_q != '0);
  assign pass_note = pass_note_i & note_ready & pass_room;
  assign slot_note = slot_note_i & note_ready & ~pass_note;
  assign taken     = b_valid & b_ready_i;
  assign m_b       = m_b_valid_i & m_b_ready;
  `RESTRICT(kind_i != 2'd3)

  logic [4:0] ahead_q, waiting_q;  // of the marked burst; without B, their last beat taken
  logic       marked_q, mark, mine;
  logic [1:0] kind_q, id_q;
  assign mark = ends & mark_i & ~marked_q;
  assign mine = marked_q & (ahead_q == '0);
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) {open_q, unended_q, waiting_q, marked_q} <= '0;
    else begin
      open_q    <= open_q + 5'(begins) - 5'(taken);
      unended_q   <= unended_q + 5'(begins) - 5'(ends);
      waiting_q <= waiting_q + 5'(ends) - 5'(taken);
      marked_q  <= mark | (marked_q & ~(mine & taken));
    end
  end
  always_ff @(posedge clk_i) begin
    if (mark) begin
      {kind_q, id_q} <= {kind_i, id_i};
      ahead_q        <= waiting_q - 5'(taken);
    end else if (ahead_q != '0) begin
      ahead_q <= ahead_q - 5'(taken);
    end
  end
  // Its turn: all bursts before it have their B.
  logic [2:0] turn_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni)                      turn_q <= '0;
    else if (~mine | b_valid)         turn_q <= '0;
    else if (turn_q != '1)            turn_q <= turn_q + 3'd1;
  end
  `CHECK(~(mine & (kind_q == actp_mem_pkg::KIND_REFUSED)) | b_valid | (turn_q < 3'd2))
  `CHECK(~b_valid | (waiting_q != '0))
  `CHECK(open_q <= 5'd16)
  `CHECK(idle == (open_q == '0))
  `CHECK(~(b_valid & mine) | (b_id == id_q))
  `CHECK(~(b_valid & mine & (kind_q == actp_mem_pkg::KIND_REFUSED)) | (b_resp == 2'd2))
  `CHECK(~(b_valid & mine & (kind_q == actp_mem_pkg::KIND_REGION)) | ~b_resp[0])
  `CHECK(~(b_valid & mine & (kind_q == actp_mem_pkg::KIND_BYPASS)) | (b_resp != 2'd1))
  `STREAM(b, b_valid, b_ready_i, {b_id, b_resp}, 4)
  `REACH(b_valid & mine & (kind_q == actp_mem_pkg::KIND_BYPASS) & b_resp[1])
endmodule

`default_nettype wire
