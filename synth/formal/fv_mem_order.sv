// SPDX-License-Identifier: Apache-2.0
// fv_mem_order - gather buffer, drain, pending list and read buffers together: what was written
//   reaches the compressor in its place, its block is busy for readers until the memory has
//   answered, and no slot is read while it changes.
//
// Proves   check_busy (of gather buffer or pending list) is high for the tag of a block from the
//          cycle behind its first beat to the answer to its slot, without a gap; each of its words
//          enters the compressor with the byte written last, or, where none was written, with the
//          one that the slot gave; it is dropped only if no byte of it was written or its slot
//          could not be read; tag and region go along; nothing is read for it while an earlier slot
//          of the same block is on its way. From its entry to the answer no fill of its slot is
//          under way, and from its first beat to the answer no buffer is found under its tag.
// Method   the modules as actp_mem_write connects them, with words of one byte and blocks of two.
//          Any block may be marked at its first beat; what is ahead of it is counted. Beats wait
//          with a stable place; the old words and the answers come whenever they come, in order. A
//          reader fetches, as actp_mem_lookup does, what is in no buffer and not busy; fills end
//          whenever they end.
// Reach    a block of which one byte was written and the other one read is answered
`include "fv.svh"
`default_nettype none

module fv_mem_order #(
  parameter int unsigned TagW    = 2,
  parameter int unsigned Pending = 2,
  parameter bit          Data    = 1'b1  // the bytes too
) (
  input wire logic            clk_i,
  input wire logic            rst_ni,
  input wire logic            mark_i,
  input wire logic            burst_i,
  input wire logic [TagW-1:0] tag_i,
  input wire logic            word_i,
  input wire logic            last_i,
  input wire logic            beat_i,
  input wire logic [7:0]      data_i,
  input wire logic            strb_i,
  input wire logic            gather_cycles_i,
  input wire logic            pause_i,
  input wire logic            flush_i,
  input wire logic            check_close_i,
  input wire logic [TagW-1:0] check_tag_i,
  input wire logic            rmw_ready_i,
  input wire logic            rmw_data_valid_i,
  input wire logic [7:0]      rmw_data_i,
  input wire logic            rmw_error_i,
  input wire logic            fetch_i,
  input wire logic            fill_done_i,
  input wire logic            fill_buffer_i,
  input wire logic            fill_error_i,
  input wire logic            out_ready_i,
  input wire logic            slot_ready_i,
  input wire logic            answer_i,
  input wire logic            answer_error_i,
  input wire logic            pop_i
);
  localparam int unsigned Tags = 1 << TagW;
  `RESET
  (* anyconst *) logic [Tags-1:0] regions, last_words;  // of each block
  logic        ready, open, block_valid, whole, some, block_region, block_last, carry, done, merge;
  logic        gather_busy, closed, word, rmw_valid, rmw_go, rmw_data, rmw_last, enter_ready, enter;
  logic        drop, failed, out_valid, out_last, block_busy, pending_busy, busy, take, move;
  logic        block_read, hit, free, free_buffer, fetch, alloc, fill_done, rmw_buffer_q;
  logic [1:0]  open_reads, filling;
  logic [7:0]  block_data;
  logic [1:0]  ends;
  logic [TagW-1:0] block_tag;
  actp_mem_gather #(
    .StreamWidth(8), .Words(2), .TagW(TagW), .RegW(1), .EndsW(2), .GatherW(1), .Buffers(2)
  ) u_gather (
    .clk_i, .rst_ni, .gather_i(gather_cycles_i), .burst_i, .burst_tag_i(tag_i),
    .burst_region_i(regions[tag_i]), .burst_word_i(word_i), .burst_last_word_i(last_words[tag_i]),
    .burst_last_i(last_i), .beat_valid_i(beat_i), .beat_ready_o(ready), .beat_data_i(data_i),
    .beat_strb_i(strb_i), .open_o(open), .open_reads_i(open_reads), .filling_i(filling),
    .block_read_o(block_read), .block_valid_o(block_valid), .block_whole_o(whole),
    .block_some_o(some), .block_tag_o(block_tag), .block_region_o(block_region),
    .block_last_word_o(block_last), .block_ends_o(ends), .block_carry_o(carry), .block_word_i(word),
    .block_data_o(block_data), .block_done_i(done), .merge_i(merge), .merge_data_i(rmw_data_i),
    .pause_i, .flush_i, .check_close_i, .check_tag_i, .check_busy_o(gather_busy),
    .check_wait_i(check_close_i & busy), .closed_o(closed)
  );
  assign busy = gather_busy | pending_busy;
  actp_mem_drain #(.Words(2)) u_drain (
    .clk_i, .rst_ni, .block_valid_i(block_valid), .block_whole_i(whole), .block_some_i(some),
    .block_pending_i(block_busy), .block_last_word_i(block_last), .word_o(word), .merge_o(merge),
    .done_o(done), .rmw_valid_o(rmw_valid), .rmw_ready_i(rmw_ready_i & free),
    .rmw_data_valid_i(rmw_data), .rmw_last_i(rmw_last), .rmw_error_i,
    .enter_ready_i(enter_ready & ~block_read), .enter_o(enter),
    .enter_drop_o(drop), .enter_failed_o(failed), .out_valid_o(out_valid), .out_ready_i,
    .out_last_o(out_last)
  );
  logic            hold, answer, slot_valid, head_valid;
  logic [2:0]      outstanding_q, unanswered_q;  // slots given out; blocks without an answer
  actp_mem_pending #(.Pending(Pending), .TagW(TagW), .RegW(1), .EndsW(2)) u_pending (
    .clk_i, .rst_ni, .push_ready_o(enter_ready), .push_i(enter), .push_tag_i(block_tag),
    .push_region_i(block_region), .push_ends_i(ends), .push_carry_i(carry), .push_drop_i(drop),
    .push_failed_i(failed), .slot_valid_o(slot_valid), .slot_ready_i, .slot_tag_o(),
    .slot_region_o(), .slot_index_o(), .ask_index_i('0), .ask_region_o(), .answer_hold_o(hold),
    .answer_i(answer), .answer_error_i, .answer_tag_o(), .dropped_failed_o(),
    .head_valid_o(head_valid), .head_ends_o(), .head_carry_o(), .head_failed_o(),
    .head_pop_i(pop_i & head_valid), .check_tag_i, .check_busy_o(pending_busy),
    .drain_tag_i(block_tag), .drain_busy_o(block_busy), .some_o()
  );

  // Fills: for the write path, else for the reader of check_tag_i.
  logic            asked_q, index_q;
  logic [TagW-1:0] alloc_tag;
  assign rmw_go    = rmw_valid & rmw_ready_i & free;
  assign fetch     = fetch_i & ~rmw_valid & free & ~hit & ~busy;
  assign alloc     = rmw_go | fetch;
  assign alloc_tag = rmw_go ? block_tag : check_tag_i;
  assign fill_done = fill_done_i & filling[fill_buffer_i];
  actp_mem_tags #(.TagW(TagW), .Buffers(2), .RefW(2)) u_tags (
    .clk_i, .rst_ni, .tag_i(check_tag_i), .hit_o(hit), .hit_buffer_o(), .free_o(free),
    .free_buffer_o(free_buffer), .alloc_i(alloc), .alloc_tag_i(alloc_tag), .alloc_keep_i(~rmw_go),
    .ref_i(1'b0), .ref_buffer_i('0), .unref_i(1'b0), .unref_buffer_i('0), .keep_i(asked_q),
    .keep_buffer_i(rmw_buffer_q), .done_i(fill_done), .done_buffer_i(fill_buffer_i),
    .done_error_i(fill_error_i), .done_tag_o(), .filling_o(filling), .error_o(),
    .open_valid_i(open), .open_tag_i(tag_i), .open_reads_o(open_reads), .clear_i(1'b0)
  );
  (* anyconst *) logic which;  // a buffer
  logic                fills_q;
  logic [TagW-1:0]     fill_tag_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) fills_q <= 1'b0;
    else fills_q <= (alloc & (free_buffer == which)) |
                    (fills_q & ~(fill_done & (fill_buffer_i == which)));
  end
  always_ff @(posedge clk_i) begin
    if (alloc & (free_buffer == which)) fill_tag_q <= alloc_tag;
    if (rmw_go) rmw_buffer_q <= free_buffer;
  end

  // The old words come once their fill has ended.
  assign rmw_data = asked_q & rmw_data_valid_i & ~filling[rmw_buffer_q];
  assign rmw_last = index_q == block_last;
  assign take     = burst_i & beat_i & ready;
  assign move     = out_valid & out_ready_i;
  assign answer   = answer_i & ~hold & (outstanding_q != '0);

  // A beat that waits keeps its place.
  logic            waits_q, word_q, last_q;
  logic [TagW-1:0] place_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) waits_q <= 1'b0;
    else         waits_q <= burst_i & ~take;
  end
  always_ff @(posedge clk_i) {place_q, word_q, last_q} <= {tag_i, word_i, last_i};
  `RESTRICT(~waits_q | (burst_i & (place_q == tag_i) & (word_q == word_i) & (last_q == last_i)))
  `RESTRICT(word_i <= last_words[tag_i])

  (* anyconst *) logic at;  // a word of it
  logic [1:0]      gathered_q, ahead_q;  // blocks in the gather buffers; those ahead of it
  logic [2:0]      answers_q;            // that come before its own
  logic            gather_q, young_q, entered_q, written_q, any_q, mark, mine, leaving, my_answer;
  logic [7:0]      value_q, old_q;
  logic [TagW-1:0] tag_q;
  assign mark      = open & mark_i & ~gather_q & ~entered_q;
  assign mine      = mark | (take & ~open & gather_q & young_q);
  assign leaving   = gather_q & (ahead_q == '0);
  assign my_answer = entered_q & answer & (answers_q == '0);
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      gathered_q    <= '0;
      outstanding_q <= '0;
      unanswered_q  <= '0;
      gather_q      <= 1'b0;
      entered_q     <= 1'b0;
      asked_q       <= 1'b0;
      index_q       <= 1'b0;
    end else begin
      gathered_q    <= gathered_q + 2'(open) - 2'(done);
      outstanding_q <= outstanding_q + 3'(slot_valid & slot_ready_i) - 3'(answer);
      unanswered_q  <= unanswered_q + 3'(enter & ~drop) - 3'(answer);
      asked_q       <= rmw_go | (asked_q & ~(rmw_data & rmw_last));
      index_q       <= (index_q ^ rmw_data) & ~(rmw_data & rmw_last);
      gather_q      <= mark | (gather_q & ~(done & leaving));
      entered_q     <= ((enter & ~drop & leaving) | entered_q) & ~my_answer;
    end
  end
  always_ff @(posedge clk_i) begin
    if (mark) begin
      tag_q   <= tag_i;
      ahead_q <= gathered_q - 2'(done);
    end else if (ahead_q != '0) begin
      ahead_q <= ahead_q - 2'(done);
    end
    if (mark)      young_q <= 1'b1;  // no other block was begun behind it
    else if (open) young_q <= 1'b0;
    if (enter & ~drop & leaving) answers_q <= unanswered_q - 3'(answer);
    else if (answers_q != '0)    answers_q <= answers_q - 3'(answer);
    if (mark)      any_q <= strb_i;
    else if (mine) any_q <= any_q | strb_i;
    if (mine & (word_i == at) & strb_i) value_q <= data_i;
    if (mark)                       written_q <= strb_i & (word_i == at);
    else if (mine & (word_i == at)) written_q <= written_q | strb_i;
    if (rmw_data & leaving & (index_q == at)) old_q <= rmw_data_i;
  end

  `CHECK(~((gather_q | entered_q) & (check_tag_i == tag_q)) | busy)
  `CHECK(~(enter & leaving) | ((block_tag == tag_q) & (block_region == regions[tag_q])))
  if (Data) begin : gen_data
    `CHECK(~(move & leaving & (word == at)) | (block_data == (written_q ? value_q : old_q)))
  end
  `CHECK(~(enter & drop & leaving) | failed | ~any_q)
  `CHECK(~rmw_valid | ~block_busy)
  `CHECK(~(entered_q & fills_q & (fill_tag_q == tag_q)))
  `CHECK(~((gather_q | entered_q) & hit & (check_tag_i == tag_q)))
  `REACH(my_answer & ~written_q & any_q & (at <= last_words[tag_q]))
endmodule

`default_nettype wire
