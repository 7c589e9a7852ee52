// SPDX-License-Identifier: Apache-2.0
// actp_mem_write - the write path: bursts of the master in, slots and bypass bursts out.
//
// Contract slave side: AXI4 AW, W, B, in order; B of a burst into a region when the memory has
//          answered the slots of all blocks that it touched. Memory side: AXI4 with one ID.
//          rmw: the old content of a block that was not written whole; rmw_data comes whenever it
//          comes. check: busy while a block with that tag is inside; close: it may not wait for
//          more beats. open: from now on what was read of this block is old; its slot is not
//          written before the fills that read it (open_reads_i) have ended (filling_i).
//          hold_i: no burst begins, and what was gathered leaves; idle_o: no burst without B.
//          Whole blocks pass at one beat a cycle as far as the compressor takes them.
// Method   front (bursts to beats) - gather - drain - compressor - slot_out, beside it pending (the
//          blocks from the compressor on) and resp.
// Params   as actp_compressor; AddrW 32 .. 64; IdW; Regions 1 .. 16; ReadBuffers 2 .. 8; Pending 2,
//          4, 8, 16; BypassSkid: bypass beats at one a cycle (1) or one in two (0)
// Reset    empty
// Not here the read path (actp_mem_read), registers (actp_mem_regs)
`include "actp_macros.svh"
`default_nettype none

module actp_mem_write #(
  parameter int unsigned BlockLen    = 128,
  parameter int unsigned StreamWidth = 256,
  parameter int unsigned Formats     = 7,
  parameter int unsigned Orders      = 3,
  parameter int unsigned GroupLen    = 8,
  parameter int unsigned Depth       = 24,
  parameter int unsigned Fifo        = 0,
  parameter int unsigned Slack       = actp_pkg::default_slack(BlockLen, StreamWidth, Formats,
                                                                 Orders, Depth),
  parameter int unsigned Searches    = 1,
  parameter int unsigned AddrW       = 40,
  parameter int unsigned IdW         = 6,
  parameter int unsigned Regions     = 8,
  parameter int unsigned ReadBuffers = 4,
  parameter int unsigned Pending     = 8,
  parameter bit          BypassSkid  = 1'b1,
  localparam int unsigned RegW = (Regions > 1) ? $clog2(Regions) : 1,
  localparam int unsigned TagW = AddrW - actp_mem_pkg::GRANULE_W
) (
  input  wire logic                                      clk_i,
  input  wire logic                                      rst_ni,
  input  wire logic [Regions*actp_mem_pkg::REGION_W-1:0] regions_i,  // region_t, region 0 lowest
  // master
  input  wire logic                        aw_valid_i,
  output logic                             aw_ready_o,
  input  wire logic [IdW-1:0]              aw_id_i,
  input  wire logic [AddrW-1:0]            aw_addr_i,
  input  wire logic [7:0]                  aw_len_i,
  input  wire logic [2:0]                  aw_size_i,
  input  wire logic [1:0]                  aw_burst_i,
  input  wire logic [10:0]                 aw_attr_i,        // {qos, prot, cache}
  input  wire logic                        w_valid_i,
  output logic                             w_ready_o,
  input  wire logic [StreamWidth-1:0]      w_data_i,
  input  wire logic [StreamWidth/8-1:0]    w_strb_i,
  input  wire logic                        w_last_i,         // known without it
  output logic                             b_valid_o,
  input  wire logic                        b_ready_i,
  output logic [IdW-1:0]                   b_id_o,
  output logic [1:0]                       b_resp_o,
  // memory
  output logic                             m_aw_valid_o,
  input  wire logic                        m_aw_ready_i,
  output logic [AddrW-1:0]                 m_aw_addr_o,
  output logic [7:0]                       m_aw_len_o,
  output logic [2:0]                       m_aw_size_o,
  output logic [1:0]                       m_aw_burst_o,
  output logic [10:0]                      m_aw_attr_o,
  output logic                             m_w_valid_o,
  input  wire logic                        m_w_ready_i,
  output logic [StreamWidth-1:0]           m_w_data_o,
  output logic [StreamWidth/8-1:0]         m_w_strb_o,
  output logic                             m_w_last_o,
  input  wire logic                        m_b_valid_i,
  output logic                             m_b_ready_o,
  input  wire logic [1:0]                  m_b_resp_i,
  // read path
  output logic                             rmw_valid_o,
  input  wire logic                        rmw_ready_i,
  output logic [TagW-1:0]                  rmw_tag_o,
  output logic [RegW-1:0]                  rmw_region_o,
  input  wire logic                        rmw_data_valid_i,
  input  wire logic [StreamWidth-1:0]      rmw_data_i,
  input  wire logic                        rmw_last_i,
  input  wire logic                        rmw_error_i,
  input  wire logic                        check_valid_i,
  input  wire logic                        check_close_i,
  input  wire logic [TagW-1:0]             check_tag_i,
  output logic                             check_busy_o,
  output logic                             open_valid_o,
  output logic [TagW-1:0]                  open_tag_o,
  input  wire logic [ReadBuffers-1:0]      open_reads_i,
  input  wire logic [ReadBuffers-1:0]      filling_i,
  // control
  input  wire logic [7:0]                  gather_i,         // cycles
  input  wire logic                        hold_i,
  output logic                             idle_o,
  // events
  output logic                             ev_block_o,       // a slot is written
  output logic [actp_pkg::SLOT_W-1:0]      ev_slot_bytes_o,  // its T
  output logic                             ev_rmw_o,
  output logic                             ev_rmw_failed_o,
  output logic                             ev_write_error_o,
  output logic                             ev_refused_o,
  output logic                             ev_bypass_o,
  output logic                             ev_beat_o,        // a beat into a region
  output logic [AddrW-1:0]                 ev_error_addr_o   // of a block, or of a refused burst
);
  localparam int unsigned Bytes    = StreamWidth / 8;
  localparam int unsigned MaxWords = BlockLen * (((Formats & 1) != 0) ? 32 : 16) / StreamWidth;
  localparam int unsigned WordW    = (MaxWords > 1) ? $clog2(MaxWords) : 1;
  localparam int unsigned EndsW    = 5;  // of 16 bursts
  localparam int unsigned GranuleW = actp_mem_pkg::GRANULE_W;

  // ---- bursts
  logic               load, pass_valid, pass_ready, burst_valid, burst_last, beat, room;
  logic               waits, answered;
  logic [1:0]         burst_kind;
  logic [AddrW-1:0]   pass_addr;
  logic [7:0]         pass_len;
  logic [2:0]         pass_size;
  logic [1:0]         pass_burst;
  logic [10:0]        pass_attr;
  logic [IdW-1:0]     burst_id;
  logic [RegW-1:0]    burst_region;
  logic [TagW-1:0]    burst_tag;
  logic [WordW-1:0]   burst_word, burst_last_word;
  actp_mem_write_front #(
    .BlockLen(BlockLen), .StreamWidth(StreamWidth), .Formats(Formats), .AddrW(AddrW), .IdW(IdW),
    .Regions(Regions)
  ) u_front (
    .clk_i, .rst_ni, .regions_i, .aw_valid_i, .aw_ready_o, .aw_id_i, .aw_addr_i, .aw_len_i,
    .aw_size_i, .aw_burst_i, .aw_attr_i, .hold_i, .waits_o(waits), .room_i(room), .load_o(load),
    .refused_o(ev_refused_o), .pass_valid_o(pass_valid), .pass_ready_i(pass_ready),
    .pass_addr_o(pass_addr), .pass_len_o(pass_len), .pass_size_o(pass_size),
    .pass_burst_o(pass_burst), .pass_attr_o(pass_attr), .burst_valid_o(burst_valid),
    .burst_kind_o(burst_kind), .burst_id_o(burst_id), .burst_region_o(burst_region),
    .burst_tag_o(burst_tag), .burst_word_o(burst_word), .burst_last_word_o(burst_last_word),
    .burst_last_o(burst_last), .beat_i(beat)
  );

  // ---- where W goes
  logic in_region, in_bypass, in_refused, gather_ready, bypass_ready;
  assign in_region  = burst_valid & (burst_kind == actp_mem_pkg::KIND_REGION);
  assign in_bypass  = burst_valid & (burst_kind == actp_mem_pkg::KIND_BYPASS);
  assign in_refused = burst_valid & (burst_kind == actp_mem_pkg::KIND_REFUSED);
  assign w_ready_o  = (in_region & gather_ready) | (in_bypass & bypass_ready) | in_refused;
  assign beat       = w_valid_i & w_ready_o;
  logic unused_last;
  assign unused_last = w_last_i;

  // ---- blocks
  logic                   block_valid, block_whole, block_some, block_carry, block_done, merge;
  logic                   block_busy, block_read, gather_busy, pending_busy, closed, pending_some;
  logic [TagW-1:0]        block_tag;
  logic [RegW-1:0]        block_region;
  logic [WordW-1:0]       block_last_word, block_word;
  logic [EndsW-1:0]       block_ends;
  logic [StreamWidth-1:0] block_data;
  actp_mem_gather #(
    .StreamWidth(StreamWidth), .Words(MaxWords), .TagW(TagW), .RegW(RegW), .EndsW(EndsW),
    .Buffers(ReadBuffers), .Fifo(Fifo)
  ) u_gather (
    .clk_i, .rst_ni, .gather_i, .burst_i(in_region), .burst_tag_i(burst_tag),
    .burst_region_i(burst_region), .burst_word_i(burst_word), .burst_last_word_i(burst_last_word),
    .burst_last_i(burst_last), .beat_valid_i(w_valid_i), .beat_ready_o(gather_ready),
    .beat_data_i(w_data_i), .beat_strb_i(w_strb_i), .open_o(open_valid_o), .open_reads_i,
    .filling_i, .block_valid_o(block_valid), .block_whole_o(block_whole), .block_some_o(block_some),
    .block_read_o(block_read), .block_tag_o(block_tag), .block_region_o(block_region),
    .block_last_word_o(block_last_word), .block_ends_o(block_ends), .block_carry_o(block_carry),
    .block_word_i(block_word), .block_data_o(block_data), .block_done_i(block_done),
    .merge_i(merge), .merge_data_i(rmw_data_i), .pause_i(~room & (closed | pending_some)),
    .flush_i(hold_i & ~waits & ~burst_valid), .check_close_i(check_valid_i & check_close_i),
    .check_tag_i, .check_busy_o(gather_busy),
    .check_wait_i(check_valid_i & check_close_i & check_busy_o), .closed_o(closed)
  );
  assign open_tag_o   = burst_tag;
  assign check_busy_o = gather_busy | pending_busy;

  logic enter, enter_ready, enter_drop, enter_failed, in_valid, in_ready, in_last;
  actp_mem_drain #(.Words(MaxWords)) u_drain (
    .clk_i, .rst_ni, .block_valid_i(block_valid), .block_whole_i(block_whole),
    .block_some_i(block_some), .block_pending_i(block_busy), .block_last_word_i(block_last_word),
    .word_o(block_word), .merge_o(merge), .done_o(block_done), .rmw_valid_o, .rmw_ready_i,
    .rmw_data_valid_i, .rmw_last_i, .rmw_error_i, .enter_ready_i(enter_ready & ~block_read),
    .enter_o(enter), .enter_drop_o(enter_drop), .enter_failed_o(enter_failed),
    .out_valid_o(in_valid), .out_ready_i(in_ready), .out_last_o(in_last)
  );
  assign rmw_tag_o    = block_tag;
  assign rmw_region_o = block_region;

  // ---- slots
  logic                   slot_valid, slot_ready, slot_last;
  logic [StreamWidth-1:0] slot_data;
  logic [Bytes-1:0]       slot_keep;
  actp_mem_compress #(
    .BlockLen(BlockLen), .StreamWidth(StreamWidth), .Formats(Formats), .Orders(Orders),
    .GroupLen(GroupLen), .Depth(Depth), .Fifo(Fifo), .Slack(Slack), .Searches(Searches),
    .Regions(Regions)
  ) u_compress (
    .clk_i, .rst_ni, .regions_i, .in_valid_i(in_valid), .in_ready_o(in_ready),
    .in_region_i(block_region), .in_data_i(block_data), .in_last_i(in_last),
    .out_valid_o(slot_valid), .out_ready_i(slot_ready), .out_data_o(slot_data),
    .out_keep_o(slot_keep), .out_last_o(slot_last)
  );
  logic [TagW-1:0] error_tag;
  actp_mem_write_out #(
    .BlockLen(BlockLen), .StreamWidth(StreamWidth), .Formats(Formats), .Fifo(Fifo),
    .AddrW(AddrW), .IdW(IdW), .Regions(Regions), .Pending(Pending), .BypassSkid(BypassSkid),
    .EndsW(EndsW)
  ) u_out (
    .clk_i, .rst_ni, .regions_i, .enter_ready_o(enter_ready), .enter_i(enter),
    .enter_tag_i(block_tag), .enter_region_i(block_region), .enter_ends_i(block_ends),
    .enter_carry_i(block_carry), .enter_drop_i(enter_drop), .enter_failed_i(enter_failed),
    .slot_valid_i(slot_valid), .slot_ready_o(slot_ready), .slot_data_i(slot_data),
    .slot_keep_i(slot_keep), .slot_last_i(slot_last), .pass_valid_i(pass_valid),
    .pass_ready_o(pass_ready), .pass_addr_i(pass_addr), .pass_len_i(pass_len),
    .pass_size_i(pass_size), .pass_burst_i(pass_burst), .pass_attr_i(pass_attr),
    .data_valid_i(in_bypass & w_valid_i), .data_ready_o(bypass_ready), .data_i(w_data_i),
    .data_strb_i(w_strb_i), .data_last_i(burst_last), .room_o(room), .begin_i(load),
    .end_i(beat & burst_last), .end_kind_i(burst_kind), .end_id_i(burst_id), .idle_o(answered),
    .m_aw_valid_o, .m_aw_ready_i, .m_aw_addr_o, .m_aw_len_o, .m_aw_size_o, .m_aw_burst_o,
    .m_aw_attr_o, .m_w_valid_o, .m_w_ready_i, .m_w_data_o, .m_w_strb_o, .m_w_last_o, .m_b_valid_i,
    .m_b_ready_o, .m_b_resp_i, .b_valid_o, .b_ready_i, .b_id_o, .b_resp_o, .check_tag_i,
    .check_busy_o(pending_busy), .drain_busy_o(block_busy), .some_o(pending_some), .ev_block_o,
    .ev_slot_bytes_o, .ev_rmw_failed_o, .ev_write_error_o, .error_tag_o(error_tag)
  );

  assign idle_o = answered & ~waits;

  // ---- events
  assign ev_rmw_o        = rmw_valid_o & rmw_ready_i;
  assign ev_bypass_o     = pass_valid & pass_ready;
  assign ev_beat_o       = beat & in_region;
  assign ev_error_addr_o = (ev_rmw_failed_o | ev_write_error_o) ? {error_tag, {GranuleW{1'b0}}} :
                           pass_addr;

  `ACTP_ASSERT(Idle_A, idle_o |-> !(burst_valid || block_valid || closed || pending_some))
  `ACTP_STREAM(MasterAw, aw_valid_i, aw_ready_o, {aw_id_i, aw_addr_i, aw_len_i})
  `ACTP_STREAM(MasterW, w_valid_i, w_ready_o, {w_data_i, w_strb_i})
endmodule

`default_nettype wire
