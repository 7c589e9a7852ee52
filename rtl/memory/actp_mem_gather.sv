// SPDX-License-Identifier: Apache-2.0
// actp_mem_gather - beats into blocks: one block is filled while the one before it is drained.
//
// Contract beats: those of region bursts, in order, with where they go; beat_ready_o sees registers
//          and merge_i alone, so that beats pass at one a cycle also when the block changes.
//          blocks: block_valid_o until block_done_i, oldest first, from the cycle on in which a
//          block is whole, or behind the one in which it was closed; all of block_*_o belong to it.
//          ends: bursts that end in it; carry: one more that goes on in the next block.
//          Closed when whole; when the next beat is of another block; when no beat came for
//          gather_i cycles (0: as soon as no burst goes on in it), unless bursts wait for the
//          answers to other blocks (pause_i); by check_close_i; by flush_i.
//          While a read waits for a block, with check_close_i, that one is not opened again: its
//          turn comes however many writes there are.
//          block_read_o: a fill that began before the block was opened has not ended; none begins
//          while check_busy_o.
// Method   two buffers in turn. A closed block is never written by beats; merge_i writes into it.
// Params   StreamWidth 64 .. 512; Words 1 .. 128, TagW, RegW, EndsW, GatherW; Buffers of the read
//          path; Fifo 1: latches
// Reset    both free
`include "actp_macros.svh"
`default_nettype none

module actp_mem_gather #(
  parameter int unsigned StreamWidth = 256,
  parameter int unsigned Words       = 16,  // of the largest block
  parameter int unsigned TagW        = 34,
  parameter int unsigned RegW        = 3,
  parameter int unsigned EndsW       = 5,
  parameter int unsigned GatherW     = 8,
  parameter int unsigned Buffers     = 4,
  parameter int unsigned Fifo        = 0,
  localparam int unsigned Bytes   = StreamWidth / 8,
  localparam int unsigned WordW   = (Words > 1) ? $clog2(Words) : 1
) (
  input  wire logic                   clk_i,
  input  wire logic                   rst_ni,
  input  wire logic [GatherW-1:0]     gather_i,       // cycles without a beat that close a block
  // beats
  input  wire logic                   burst_i,        // a region burst waits for a beat
  input  wire logic [TagW-1:0]        burst_tag_i,    // of that beat: block, region, word
  input  wire logic [RegW-1:0]        burst_region_i,
  input  wire logic [WordW-1:0]       burst_word_i,
  input  wire logic [WordW-1:0]       burst_last_word_i,  // of its block
  input  wire logic                   burst_last_i,   // its last beat
  input  wire logic                   beat_valid_i,
  output logic                        beat_ready_o,
  input  wire logic [StreamWidth-1:0] beat_data_i,
  input  wire logic [Bytes-1:0]       beat_strb_i,
  output logic                        open_o,         // a beat begins the block burst_tag_i
  input  wire logic [Buffers-1:0]     open_reads_i,   // fills that read its slot
  input  wire logic [Buffers-1:0]     filling_i,      // fills that have not ended
  // the oldest closed block
  output logic                        block_valid_o,
  output logic                        block_whole_o,
  output logic                        block_some_o,   // not whole: any byte was written
  output logic                        block_read_o,   // a fill reads its slot
  output logic [TagW-1:0]             block_tag_o,
  output logic [RegW-1:0]             block_region_o,
  output logic [WordW-1:0]            block_last_word_o,
  output logic [EndsW-1:0]            block_ends_o,
  output logic                        block_carry_o,
  input  wire logic [WordW-1:0]       block_word_i,   // which one is read, or merged
  output logic [StreamWidth-1:0]      block_data_o,
  input  wire logic                   block_done_i,
  input  wire logic                   merge_i,        // bytes of the old block, if not written
  input  wire logic [StreamWidth-1:0] merge_data_i,
  // close reasons and hazards
  input  wire logic                   pause_i,
  input  wire logic                   flush_i,
  input  wire logic                   check_close_i,
  input  wire logic [TagW-1:0]        check_tag_i,
  output logic                        check_busy_o,
  input  wire logic                   check_wait_i,   // check_close_i and busy, here or behind
  output logic                        closed_o        // a closed block is in here
);
  localparam int unsigned InfoW = TagW + RegW + WordW;
  localparam int unsigned LowW  = (TagW < 12) ? TagW : 12;

  // The open block is in buffer fill_q; if none is open, the next one will be.
  logic       open_q, open_d, fill_q, fill_d, drain_q;
  logic [1:0] closed_q, closed_d, whole, some, same_tag, used;
  logic       hit, target, take, opening, close, expired, full, guard, guard_q;

  logic [InfoW-1:0]       info0_q, info1_q, drain_info;
  logic [EndsW-1:0]       ends0_q, ends1_q, ends;
  logic [Buffers-1:0]     reads0_q, reads1_q;
  logic                   carry0_q, carry1_q;
  logic [TagW-1:0]        tag0, tag1, fill_tag;
  logic [LowW-1:0]        guard_tag_q;  // low bits will do: others wait a little
  logic [WordW-1:0]       word;
  logic [Bytes-1:0]       strb, mask0, mask1, drain_mask;
  logic [StreamWidth-1:0] data, data0, data1;

  // ---- where the beat goes
  assign tag0     = info0_q[InfoW-1 -: TagW];
  assign tag1     = info1_q[InfoW-1 -: TagW];
  assign fill_tag = fill_q ? tag1 : tag0;
  assign full     = fill_q ? whole[1] : whole[0];
  assign hit      = open_q & ~full & (burst_tag_i == fill_tag);
  assign target   = fill_q ^ (open_q & ~hit);
  assign guard  = guard_q & (burst_tag_i[LowW-1:0] == guard_tag_q);
  assign beat_ready_o = (hit | ~((target ? closed_q[1] : closed_q[0]) | guard)) & ~merge_i;
  assign take     = burst_i & beat_valid_i & beat_ready_o;
  assign opening  = take & ~hit;
  assign open_o   = opening;

  // ---- close
  logic [GatherW-1:0] wait_q;
  logic               fill_carry;
  assign fill_carry = fill_q ? carry1_q : carry0_q;
  assign expired = (wait_q == '0) & ~(fill_carry & (gather_i == '0)) & ~pause_i & ~take;
  assign close   = open_q & (full | (burst_i & ~hit) | expired | flush_i |
                             (check_close_i & (fill_q ? same_tag[1] : same_tag[0])));
  assign open_d  = opening | (open_q & ~close);
  assign fill_d  = fill_q ^ close;
  assign closed_d[0] = (closed_q[0] | (close & ~fill_q)) & ~(block_done_i & ~drain_q);
  assign closed_d[1] = (closed_q[1] | (close & fill_q)) & ~(block_done_i & drain_q);
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      open_q   <= 1'b0;
      fill_q   <= 1'b0;
      drain_q  <= 1'b0;
      closed_q <= '0;
      guard_q  <= 1'b0;
    end else begin
      open_q   <= open_d;
      fill_q   <= fill_d;
      drain_q  <= drain_q ^ block_done_i;
      closed_q <= closed_d;
      guard_q  <= check_wait_i;
    end
  end
  always_ff @(posedge clk_i) begin
    if (check_wait_i) guard_tag_q <= check_tag_i[LowW-1:0];
    if (take)                            wait_q <= gather_i;
    else if ((wait_q != '0) & ~pause_i)  wait_q <= wait_q - GatherW'(1);
  end

  // ---- what is known of a block
  assign ends = (hit ? (fill_q ? ends1_q : ends0_q) : '0) + EndsW'(burst_last_i);
  always_ff @(posedge clk_i) begin
    reads0_q <= (opening & ~target) ? open_reads_i : reads0_q & filling_i;
    reads1_q <= (opening & target) ? open_reads_i : reads1_q & filling_i;
    if (opening & ~target) info0_q <= {burst_tag_i, burst_region_i, burst_last_word_i};
    if (opening & target)  info1_q <= {burst_tag_i, burst_region_i, burst_last_word_i};
    if (take & ~target) begin
      ends0_q  <= ends;
      carry0_q <= ~burst_last_i;
    end
    if (take & target) begin
      ends1_q  <= ends;
      carry1_q <= ~burst_last_i;
    end
  end
  assign drain_info = drain_q ? info1_q : info0_q;
  assign {block_tag_o, block_region_o, block_last_word_o} = drain_info;
  assign block_ends_o  = drain_q ? ends1_q : ends0_q;
  assign block_carry_o = drain_q ? carry1_q : carry0_q;
  assign block_valid_o = (drain_q ? closed_q[1] : closed_q[0]) |
                         (open_q & full & (fill_q == drain_q));
  assign block_whole_o = drain_q ? whole[1] : whole[0];
  assign block_some_o  = drain_q ? some[1] : some[0];
  assign block_read_o  = |((drain_q ? reads1_q : reads0_q) & filling_i);
  assign block_data_o  = data1 | data0;
  assign drain_mask    = mask1 | mask0;

  // ---- hazards
  assign used         = closed_q | {open_q & fill_q, open_q & ~fill_q};
  assign same_tag     = {tag1 == check_tag_i, tag0 == check_tag_i};
  assign check_busy_o = |(used & same_tag);
  assign closed_o     = |closed_q;

  // ---- buffers: one write a cycle for both
  assign word = merge_i ? block_word_i : burst_word_i;
  assign strb = merge_i ? ~drain_mask : beat_strb_i;
  assign data = merge_i ? merge_data_i : beat_data_i;
  actp_mem_gather_store #(.StreamWidth(StreamWidth), .Words(Words), .Fifo(Fifo)) u_store0 (
    .clk_i, .open_i(~hit), .beat_i(take & ~target), .merge_i(merge_i & ~drain_q),
    .word_i(word), .strb_i(strb), .data_i(data), .read_i(~drain_q), .read_word_i(block_word_i),
    .read_data_o(data0), .read_mask_o(mask0), .last_word_i(info0_q[WordW-1:0]),
    .whole_o(whole[0]), .some_o(some[0])
  );
  actp_mem_gather_store #(.StreamWidth(StreamWidth), .Words(Words), .Fifo(Fifo)) u_store1 (
    .clk_i, .open_i(~hit), .beat_i(take & target), .merge_i(merge_i & drain_q),
    .word_i(word), .strb_i(strb), .data_i(data), .read_i(drain_q), .read_word_i(block_word_i),
    .read_data_o(data1), .read_mask_o(mask1), .last_word_i(info1_q[WordW-1:0]),
    .whole_o(whole[1]), .some_o(some[1])
  );

  `ACTP_ASSERT(OpenNotClosed_A, open_q |-> !closed_q[fill_q])
  `ACTP_ASSERT(DrainInTurn_A, (closed_q != '0) |-> closed_q[drain_q])
  `ACTP_ASSERT(NothingLost_A, block_done_i |-> block_valid_o)
  `ACTP_ASSERT(MergeClosed_A, merge_i |-> closed_q[drain_q])
endmodule

`default_nettype wire
