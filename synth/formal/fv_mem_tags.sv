// SPDX-License-Identifier: Apache-2.0
// fv_mem_tags - actp_mem_tags: no buffer is found under another block's tag, or when what it holds
//   is old or wrong, and none is taken while somebody needs it.
//
// Proves   buffer `which` is found exactly under the tag that it was taken for, and only if it was
//          taken to be found and since then its block was not opened by the write path, its fill
//          did not end wrong, and nothing was cleared; it is taken only while it is not filling,
//          nobody refers to it and nobody keeps it; the tag of a fill's end, and whether the slot
//          of a block that is opened is being read, are those that it was taken for.
// Method   references, fills and what was allocated are counted here. A block is taken to be found
//          only if it is not found yet, as actp_mem_lookup does.
// Reach    both buffers are found, one with two references
`include "fv.svh"
`default_nettype none

module fv_mem_tags #(
  parameter int unsigned TagW    = 3,
  parameter int unsigned Buffers = 2,
  localparam int unsigned BufferW = $clog2(Buffers)
) (
  input wire logic               clk_i,
  input wire logic               rst_ni,
  input wire logic [TagW-1:0]    tag_i,
  input wire logic               alloc_i,
  input wire logic [TagW-1:0]    alloc_tag_i,
  input wire logic               keep_found_i,
  input wire logic               ref_i,
  input wire logic               unref_i,
  input wire logic [BufferW-1:0] unref_buffer_i,
  input wire logic               keep_i,
  input wire logic [BufferW-1:0] keep_buffer_i,
  input wire logic               done_i,
  input wire logic [BufferW-1:0] done_buffer_i,
  input wire logic               done_error_i,
  input wire logic               open_valid_i,
  input wire logic [TagW-1:0]    open_tag_i,
  input wire logic               clear_i
);
  `RESET
  logic               hit, free, alloc, ref_go, unref, done;
  logic [BufferW-1:0] hit_buffer, free_buffer, ref_buffer;
  logic [TagW-1:0]    done_tag;
  logic [Buffers-1:0] filling, error, open_reads;
  logic [Buffers*2-1:0] refs_q;
  actp_mem_tags #(.TagW(TagW), .Buffers(Buffers), .RefW(2)) u_dut (
    .clk_i, .rst_ni, .tag_i, .hit_o(hit), .hit_buffer_o(hit_buffer), .free_o(free),
    .free_buffer_o(free_buffer), .alloc_i(alloc), .alloc_tag_i, .alloc_keep_i(keep_found_i),
    .ref_i(ref_go), .ref_buffer_i(ref_buffer), .unref_i(unref), .unref_buffer_i, .keep_i,
    .keep_buffer_i, .done_i(done), .done_buffer_i, .done_error_i, .done_tag_o(done_tag),
    .filling_o(filling), .error_o(error), .open_valid_i, .open_tag_i,
    .open_reads_o(open_reads), .clear_i
  );
  assign alloc      = alloc_i & free & (~keep_found_i | ((tag_i == alloc_tag_i) & ~hit));
  assign ref_buffer = hit ? hit_buffer : free_buffer;
  assign ref_go     = ref_i & (hit | alloc) & (refs_q[ref_buffer*2 +: 2] != 2'd3);
  assign unref      = unref_i & (refs_q[unref_buffer_i*2 +: 2] != 2'd0);
  assign done       = done_i & filling[done_buffer_i];
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) refs_q <= '0;
    else begin
      for (int unsigned b = 0; b < Buffers; b++) begin
        refs_q[b*2 +: 2] <= refs_q[b*2 +: 2] + 2'(ref_go & (ref_buffer == BufferW'(b))) -
                            2'(unref & (unref_buffer_i == BufferW'(b)));
      end
    end
  end

  (* anyconst *) logic [BufferW-1:0] which;
  logic            taken, found_q, fills_q, ends;
  logic [TagW-1:0] tag_q, tag;
  logic [1:0]      count;
  assign taken = alloc & (free_buffer == which);
  assign ends  = done & (done_buffer_i == which);
  assign tag   = taken ? alloc_tag_i : tag_q;
  assign count = refs_q[which*2 +: 2];
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      found_q <= 1'b0;
      fills_q <= 1'b0;
    end else begin
      found_q <= (taken ? keep_found_i : found_q & ~(ends & done_error_i)) &
                 ~(open_valid_i & (open_tag_i == tag)) & ~clear_i;
      fills_q <= taken | (fills_q & ~ends);
    end
  end
  always_ff @(posedge clk_i) if (taken) tag_q <= alloc_tag_i;

  `CHECK(~(hit & (hit_buffer == which)) | (found_q & (tag_q == tag_i)))
  `CHECK(~(found_q & (tag_q == tag_i)) | (hit & (hit_buffer == which)))
  `CHECK(filling[which] == fills_q)
  `CHECK(~taken | (~fills_q & ~(keep_i & (keep_buffer_i == which))))
  `CHECK(~taken | (count == '0) | ((count == 2'd1) & unref & (unref_buffer_i == which)))
  `CHECK(~ends | (done_tag == tag_q))
  `CHECK(open_reads[which] == ((taken | fills_q) & (tag == open_tag_i)))
  `REACH(found_q & (count == 2'd2) & hit & (hit_buffer != which) & ~(|filling))
endmodule

`default_nettype wire
