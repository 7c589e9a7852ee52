// SPDX-License-Identifier: Apache-2.0
// actp_mem_tags - which block is in which read buffer, who needs it, and which buffer comes next.
//
// Contract a buffer is free when no fill is on its way to it and nobody refers to it, already in
//          the cycle in which its last reference ends. alloc_i, only with free_o, takes
//          free_buffer_o for alloc_tag_i; alloc_keep_i: it may be found later.
//          ref_i counts a reference to ref_buffer_i, unref_i takes one back; keep_buffer_i is not
//          free while keep_i. done_i ends a fill: a wrong block is not found any more. A block that
//          the write path opens, even in the cycle of its allocation, is not found from the next
//          cycle on; who refers to it already gets what memory had before. open_reads_o: the
//          buffers whose fills read the slot of open_tag_i, with one that begins in this cycle.
// Method   round robin: the first free buffer behind the one taken last
// Params   TagW; Buffers 2 .. 8; RefW: bits of a count of references
// Reset    nothing found, all free
`include "actp_macros.svh"
`default_nettype none

module actp_mem_tags #(
  parameter int unsigned TagW    = 34,
  parameter int unsigned Buffers = 4,
  parameter int unsigned RefW    = 3,
  localparam int unsigned BufferW = $clog2(Buffers)
) (
  input  wire logic               clk_i,
  input  wire logic               rst_ni,
  // lookup
  input  wire logic [TagW-1:0]    tag_i,
  output logic                    hit_o,
  output logic [BufferW-1:0]      hit_buffer_o,
  // allocation
  output logic                    free_o,
  output logic [BufferW-1:0]      free_buffer_o,
  input  wire logic               alloc_i,
  input  wire logic [TagW-1:0]    alloc_tag_i,
  input  wire logic               alloc_keep_i,
  // references
  input  wire logic               ref_i,
  input  wire logic [BufferW-1:0] ref_buffer_i,
  input  wire logic               unref_i,
  input  wire logic [BufferW-1:0] unref_buffer_i,
  input  wire logic               keep_i,
  input  wire logic [BufferW-1:0] keep_buffer_i,
  // fills
  input  wire logic               done_i,
  input  wire logic [BufferW-1:0] done_buffer_i,
  input  wire logic               done_error_i,
  output logic [TagW-1:0]         done_tag_o,
  output logic [Buffers-1:0]      filling_o,
  output logic [Buffers-1:0]      error_o,       // the block is wrong
  // write path, control
  input  wire logic               open_valid_i,
  input  wire logic [TagW-1:0]    open_tag_i,
  output logic [Buffers-1:0]      open_reads_o,
  input  wire logic               clear_i
);
  logic [Buffers-1:0]      found_q, filling_q, error_q, used, hits, busy, pick, above, first;
  logic [Buffers*TagW-1:0] tags_q;
  logic [Buffers-1:0]      turn_q;  // those behind the one taken last

  // ---- the next buffer
  function automatic logic [Buffers-1:0] lowest(input logic [Buffers-1:0] bits);
    lowest = bits & (~bits + Buffers'(1));
  endfunction
  assign busy   = filling_q | used;
  assign above  = ~busy & turn_q;
  assign first  = (above != '0) ? above : ~busy;
  assign pick   = lowest(first);
  assign free_o = ~(&busy);
  always_comb begin
    hit_buffer_o  = '0;
    free_buffer_o = '0;
    done_tag_o    = '0;
    for (int unsigned b = 0; b < Buffers; b++) begin
      hit_buffer_o  = hit_buffer_o | (BufferW'(b) & {BufferW{hits[b]}});
      free_buffer_o = free_buffer_o | (BufferW'(b) & {BufferW{pick[b]}});
      done_tag_o    = done_tag_o |
                      (tags_q[b*TagW +: TagW] & {TagW{done_buffer_i == BufferW'(b)}});
    end
  end
  assign hit_o     = hits != '0;
  assign filling_o = filling_q;
  assign error_o   = error_q;

  // ---- the buffers
  logic alloc_opens;  // compared aside: which buffer is taken is known late
  assign alloc_opens = alloc_tag_i == open_tag_i;
  for (genvar b = 0; b < Buffers; b++) begin : gen_buffer
    logic [RefW-1:0] count_q;
    logic [TagW-1:0] tag;
    logic            take, up, down, ends, done, same, opens;
    assign tag          = tags_q[b*TagW +: TagW];
    assign hits[b]      = found_q[b] & (tag == tag_i);
    assign take         = alloc_i & pick[b];
    assign up           = ref_i & (ref_buffer_i == BufferW'(b));
    assign down         = unref_i & (unref_buffer_i == BufferW'(b));
    assign done         = done_i & (done_buffer_i == BufferW'(b));
    assign same         = tag == open_tag_i;
    assign opens        = open_valid_i & (take ? alloc_opens : same);
    assign open_reads_o[b] = take ? alloc_opens : filling_q[b] & same;
    assign ends         = down & (count_q == RefW'(1));
    assign used[b]      = ((count_q != '0) & ~ends) | (keep_i & (keep_buffer_i == BufferW'(b)));
    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) begin
        found_q[b]   <= 1'b0;
        filling_q[b] <= 1'b0;
        count_q      <= '0;
      end else begin
        found_q[b]   <= (take ? alloc_keep_i : found_q[b] & ~(done & done_error_i)) & ~opens &
                        ~clear_i;
        filling_q[b] <= take | (filling_q[b] & ~done);
        if (up & ~down)      count_q <= count_q + RefW'(1);
        else if (down & ~up) count_q <= count_q - RefW'(1);
      end
    end
    always_ff @(posedge clk_i) begin
      if (take) tags_q[b*TagW +: TagW] <= alloc_tag_i;
      if (done) error_q[b] <= done_error_i;
    end

    `ACTP_ASSERT(RefsEnd_A, down |-> count_q != '0)
    `ACTP_ASSERT(RefsFit_A, up && !down |-> count_q != '1)
    `ACTP_ASSERT(DoneFilling_A, done |-> filling_q[b])
    `ACTP_ASSERT(TakeFree_A, take |-> !filling_q[b] && (count_q == '0 || ends))
  end
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni)      turn_q <= '0;
    else if (alloc_i) turn_q <= ~(pick | (pick - Buffers'(1)));
  end

  `ACTP_ASSERT(AllocFree_A, alloc_i |-> free_o)
  `ACTP_ASSERT(OneHit_A, (hits & (hits - Buffers'(1))) == '0)
endmodule

`default_nettype wire
