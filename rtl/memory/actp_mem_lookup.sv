// SPDX-License-Identifier: Apache-2.0
// actp_mem_lookup - the front of the read path: bursts in, the blocks that they touch out.
//
// Contract bursts are taken in order, a block per cycle: one in a buffer is referred to, any other
//          gets a free buffer and a fill, once it is not in the write path (check_busy_i; its
//          gather buffer is closed). Each burst goes to the back with its first block, or alone.
//          A bypass burst leaves when pass_ready_i.
//          A buffer that the write path asks for (rmw) comes before those.
//          Prefetch: when no burst is here and the block of the last read followed the one before
//          it, the block behind it, if it is in the region, in no buffer and not in the write path.
// Method   page_q, at_q: the burst, from its second block on the block; at rest the last block, or
//          (ahead_q) the one that is prefetched.
// Params   as actp_mem_read
// Reset    no burst, nothing read
`include "actp_macros.svh"
`default_nettype none

module actp_mem_lookup #(
  parameter int unsigned BlockLen    = 128,
  parameter int unsigned StreamWidth = 256,
  parameter int unsigned Formats     = 7,
  parameter int unsigned AddrW       = 40,
  parameter int unsigned IdW         = 6,
  parameter int unsigned Regions     = 8,
  parameter int unsigned BufferW     = 2,
  localparam int unsigned TagW   = AddrW - actp_mem_pkg::GRANULE_W,
  localparam int unsigned RegW   = (Regions > 1) ? $clog2(Regions) : 1,
  localparam int unsigned BurstW = 2 + IdW + 12 + 8 + 3 + 2 + 1
) (
  input  wire logic                 clk_i,
  input  wire logic                 rst_ni,
  input  wire logic [Regions*actp_mem_pkg::REGION_W-1:0] regions_i,  // region_t, region 0 lowest
  // AR
  input  wire logic                 ar_valid_i,
  output logic                      ar_ready_o,
  input  wire logic [IdW-1:0]       ar_id_i,
  input  wire logic [AddrW-1:0]     ar_addr_i,
  input  wire logic [7:0]           ar_len_i,
  input  wire logic [2:0]           ar_size_i,
  input  wire logic [1:0]           ar_burst_i,
  input  wire logic [10:0]          ar_attr_i,
  // buffers
  output logic [TagW-1:0]           tag_o,
  input  wire logic                 hit_i,
  input  wire logic [BufferW-1:0]   hit_buffer_i,
  input  wire logic                 free_i,
  input  wire logic [BufferW-1:0]   free_buffer_i,
  output logic                      alloc_o,
  output logic [TagW-1:0]           alloc_tag_o,
  // to the back: bursts as in actp_mem_serve, blocks
  input  wire logic                 burst_ready_i,
  output logic                      burst_push_o,
  output logic [BurstW-1:0]         burst_o,
  input  wire logic                 block_ready_i,
  output logic                      block_push_o,
  output logic [BufferW-1:0]        block_buffer_o,
  // fills: for alloc_tag_o
  input  wire logic                 fill_ready_i,
  output actp_mem_pkg::region_t     fill_region_o,
  output logic [RegW-1:0]           fill_index_o,
  // bypass
  output logic                      pass_valid_o,
  input  wire logic                 pass_ready_i,
  output logic [AddrW-1:0]          pass_addr_o,
  output logic [10:0]               pass_attr_o,  // length and so on: in burst_o
  // write path
  input  wire logic                 rmw_valid_i,  // only while a buffer may be taken for it
  output logic                      rmw_ready_o,
  input  wire logic [TagW-1:0]      rmw_tag_i,
  input  wire logic [RegW-1:0]      rmw_region_i,
  output logic                      narrow_o,     // of fill_region_o
  output logic                      check_valid_o,
  output logic                      check_close_o,
  input  wire logic                 check_busy_i,
  // control
  input  wire logic                 hold_i,
  input  wire logic                 clear_i,
  output logic                      busy_o,
  // events
  input  wire logic                 event_busy_i, // the address of events is taken
  output logic                      hit_o,
  output logic                      prefetch_o,
  output logic                      refused_o,
  output logic                      pass_o
);
  localparam int unsigned PageW  = AddrW - 12;
  localparam int unsigned InW    = IdW + AddrW + 8 + 3 + 2 + 11;
  localparam int unsigned GW     = 12 - actp_mem_pkg::GRANULE_W;  // granules of a page
  localparam logic [GW-1:0] WideMask = GW'(BlockLen / 16 - 1);
  localparam logic [GW-1:0] SlimMask = GW'(BlockLen / 32 - 1);

  // ---- AR
  logic             in_valid, in_ready, skid_ready, load;
  logic [InW-1:0]   in_data;
  logic [IdW-1:0]   in_id, id_q;
  logic [AddrW-1:0] in_addr;
  logic [7:0]       in_len, len_q;
  logic [2:0]       in_size, size_q;
  logic [1:0]       in_burst, burst_q, in_kind, kind_q;
  logic [10:0]      in_attr, attr_q;
  logic [RegW-1:0]  in_region, region_q;
  logic [1:0]       in_fmt;
  logic             in_end_page, in_narrow, narrow_q, unused_decode;
  logic [GW-1:0]    in_granule;
  assign unused_decode = ^{in_end_page, in_granule};
  assign in_narrow     = ((Formats & 1) == 0) | (((Formats & 6) != 0) & (in_fmt != actp_pkg::FP32));
  actp_skid #(.Width(InW)) u_skid (
    .clk_i, .rst_ni, .in_valid_i(ar_valid_i & ~hold_i), .in_ready_o(skid_ready),
    .in_data_i({ar_id_i, ar_addr_i, ar_len_i, ar_size_i, ar_burst_i, ar_attr_i}),
    .out_valid_o(in_valid), .out_ready_i(in_ready), .out_data_o(in_data)
  );
  assign ar_ready_o = skid_ready & ~hold_i;
  assign {in_id, in_addr, in_len, in_size, in_burst, in_attr} = in_data;
  actp_mem_decode #(.StreamWidth(StreamWidth), .AddrW(AddrW), .Regions(Regions)) u_decode (
    .regions_i, .addr_i(in_addr), .len_i(in_len), .size_i(in_size), .burst_i(in_burst),
    .kind_o(in_kind), .region_o(in_region), .fmt_o(in_fmt), .end_page_o(in_end_page),
    .granule_o(in_granule)
  );

  // Granules: where the burst ends, and what of them changes within it.
  logic [11:0]   span;
  logic [5:0]    below;
  logic          in_wrap, at_start;
  logic [GW-1:0] in_at, in_end, in_moving, end_q, moving_q;
  assign span      = 12'(in_len) << in_size;
  assign below     = 6'((7'd1 << in_size) - 7'd1);
  assign in_wrap   = in_burst == actp_mem_pkg::BURST_WRAP;
  assign at_start  = (in_addr[5:0] & ~below) == '0;
  assign in_at     = in_addr[11:6];
  assign in_moving = in_wrap ? span[11:6] : '1;
  assign in_end    = in_wrap ? (in_at & ~in_moving) | ((in_at - GW'(at_start)) & in_moving) :
                               GW'((in_addr[11:0] + span) >> 6);

  // ---- the block
  actp_mem_pkg::region_t region;
  logic                  valid_q, first_q, ahead_q, follows_q, try_q;
  logic [PageW-1:0]      page_q;
  logic [11:0]           at_q;
  logic                  narrow, rmw, region_end, wraps, at_end;
  logic [GW-1:0]         mask, walk;
  logic [TagW-1:0]       tag, next;
  assign rmw          = rmw_valid_i;
  assign fill_index_o = rmw ? rmw_region_i : region_q;
  actp_mem_region #(.Regions(Regions)) u_region (
    .regions_i, .index_i(fill_index_o), .region_o(region)
  );
  assign fill_region_o = region;
  assign narrow   = ((Formats & 1) == 0) |
                    (((Formats & 6) != 0) & (region.fmt != actp_pkg::FP32));
  assign narrow_o = narrow;
  assign mask     = narrow_q ? SlimMask : WideMask;
  assign tag      = {page_q, at_q[11:6] & ~mask};
  assign next     = tag + TagW'(mask) + TagW'(1);
  assign wraps    = (burst_q == actp_mem_pkg::BURST_WRAP) & ((moving_q & ~mask) != '0);
  assign at_end   = (((at_q[11:6] ^ end_q) & ~mask) == '0) & ~(first_q & wraps);
  assign walk     = (at_q[11:6] & ~moving_q) | (next[GW-1:0] & moving_q);
  assign region_end = (actp_mem_pkg::PAGE_W'(page_q) == region.last_page) &
                      (((at_q[11:6] ^ region.last_granule) & ~mask) == '0);

  // ---- what happens to it; not while the write path has its turn
  logic is_region, is_refused, room, missing, demand, tries, taken, fetch, push, done;
  assign is_region  = valid_q & (kind_q == actp_mem_pkg::KIND_REGION) & ~rmw;
  assign is_refused = valid_q & (kind_q == actp_mem_pkg::KIND_REFUSED) & ~event_busy_i;
  assign room       = block_ready_i & (~first_q | burst_ready_i);
  assign missing    = is_region & room & ~hit_i;
  assign taken      = free_i & fill_ready_i;
  assign demand     = missing & taken & ~check_busy_i;
  assign tries      = try_q & ~valid_q & ~in_valid & ~rmw & ~hold_i;
  assign fetch      = tries & ~hit_i & taken & ~check_busy_i;
  assign push       = (is_region & room & hit_i) | demand;
  assign done       = (push & at_end) | refused_o | pass_o;
  assign in_ready   = ~valid_q | done;
  assign load       = in_valid & in_ready;

  assign tag_o          = tag;
  assign rmw_ready_o    = taken;
  assign alloc_o        = (rmw & taken) | demand | fetch;
  assign alloc_tag_o    = rmw ? rmw_tag_i : tag;
  assign check_valid_o  = missing | (tries & ~hit_i);
  assign check_close_o  = missing;
  assign block_push_o   = push;
  assign block_buffer_o = hit_i ? hit_buffer_i : free_buffer_i;
  assign burst_push_o   = (push & first_q) | refused_o | pass_o;
  assign burst_o        = {kind_q, id_q, at_q, len_q, size_q, burst_q, narrow_q};
  assign pass_valid_o   = valid_q & (kind_q == actp_mem_pkg::KIND_BYPASS) & burst_ready_i;
  assign pass_addr_o    = {page_q, at_q};
  assign pass_attr_o    = attr_q;
  assign busy_o         = in_valid | valid_q;
  assign hit_o          = push & hit_i;
  assign prefetch_o     = fetch;
  assign refused_o      = is_refused & burst_ready_i;
  assign pass_o         = pass_valid_o & pass_ready_i;

  // ---- one block behind the other: what is loaded, against the block here and the one behind it
  logic same, behind, ahead, idle;
  logic [TagW-1:0] in_tag;
  assign in_tag = {in_addr[AddrW-1:12], in_at & ~mask};
  assign same   = in_tag == tag;
  assign behind = in_tag == next;
  assign idle   = ~valid_q & ~in_valid & ~rmw & ~hold_i;
  assign ahead  = idle & follows_q & ~ahead_q & ~region_end;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid_q   <= 1'b0;
      follows_q <= 1'b0;
      ahead_q   <= 1'b0;
      try_q     <= 1'b0;
      kind_q    <= actp_mem_pkg::KIND_BYPASS;
    end else begin
      if (load) kind_q <= in_kind;
      valid_q <= load | (valid_q & ~done);
      if (load)                follows_q <= (in_kind == actp_mem_pkg::KIND_REGION) &
          (kind_q == actp_mem_pkg::KIND_REGION) & ~rmw &
          (ahead_q ? same : behind | (same & follows_q));
      else if (clear_i)        follows_q <= 1'b0;
      else if (push & ~at_end) follows_q <= burst_q == actp_mem_pkg::BURST_INCR;
      if (load | clear_i)      ahead_q <= 1'b0;
      else if (ahead)          ahead_q <= 1'b1;
      try_q <= ~load & ~clear_i & ~hold_i &
               (ahead | (try_q & ~(tries & (hit_i | check_busy_i | fetch))));
    end
  end
  always_ff @(posedge clk_i) begin
    if (load) begin
      page_q   <= in_addr[AddrW-1:12];
      at_q     <= in_addr[11:0];
      first_q  <= 1'b1;
      id_q     <= in_id;
      len_q    <= in_len;
      size_q   <= in_size;
      burst_q  <= in_burst;
      attr_q   <= in_attr;
      region_q <= in_region;
      narrow_q <= in_narrow;
      end_q    <= in_end;
      moving_q <= in_moving;
    end else if (ahead) begin
      {page_q, at_q[11:6]} <= next;
    end else if (push & ~at_end) begin
      at_q[11:6] <= walk;
      first_q    <= 1'b0;
    end
  end

  `ACTP_ASSERT(PassInNoRegion_A, pass_valid_o |-> kind_q == actp_mem_pkg::KIND_BYPASS)
endmodule

`default_nettype wire
