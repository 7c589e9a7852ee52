// SPDX-License-Identifier: Apache-2.0
// actp_mem_fill - slots from memory through the decompressor into buffers; bypass reads to memory.
//
// Contract in:  fills, each with a buffer of its own, and bypass bursts, behind all fills before
//          them. AR: one register; a slot that crosses 4 KiB is two bursts.
//          R of memory comes in the order of AR; what belongs to slots is always taken.
//          values: word by word from 0 on to write_buffer_o; done_o with the last one, and whether
//          the block is wrong. part_*: of the block that is being written so many words are there,
//          once its slot has come to its end; so what is wrong is known with its first word.
// Params   as actp_mem_read
// Reset    nothing under way. Beats of memory that come later belong to nobody and would be taken
//          for new ones: memory must be reset too, or have answered everything.
`include "actp_macros.svh"
`default_nettype none

module actp_mem_fill #(
  parameter int unsigned BlockLen    = 128,
  parameter int unsigned StreamWidth = 256,
  parameter int unsigned Formats     = 7,
  parameter int unsigned Orders      = 3,
  parameter int unsigned GroupLen    = 8,
  parameter int unsigned Depth       = 24,
  parameter int unsigned AddrW       = 40,
  parameter int unsigned Regions     = 8,
  parameter int unsigned BufferW     = 2,
  parameter int unsigned Fifo        = 0,
  localparam int unsigned TagW    = AddrW - actp_mem_pkg::GRANULE_W,
  localparam int unsigned RegW    = (Regions > 1) ? $clog2(Regions) : 1,
  localparam int unsigned Words   = BlockLen * (((Formats & 1) != 0) ? 32 : 16) / StreamWidth,
  localparam int unsigned WordW   = (Words > 1) ? $clog2(Words) : 1
) (
  input  wire logic                   clk_i,
  input  wire logic                   rst_ni,
  input  wire logic [Regions*actp_mem_pkg::REGION_W-1:0] regions_i,  // region_t, region 0 lowest
  // fills
  input  wire logic                   fill_valid_i,
  output logic                        fill_ready_o,
  input  wire actp_mem_pkg::region_t  fill_region_i,
  input  wire logic [RegW-1:0]        fill_index_i,
  input  wire logic [TagW-1:0]        fill_tag_i,
  input  wire logic [BufferW-1:0]     fill_buffer_i,
  // bypass bursts
  input  wire logic                   pass_valid_i,
  output logic                        pass_ready_o,
  input  wire logic [AddrW-1:0]       pass_addr_i,
  input  wire logic [7:0]             pass_len_i,
  input  wire logic [2:0]             pass_size_i,
  input  wire logic [1:0]             pass_burst_i,
  input  wire logic [10:0]            pass_attr_i,
  // AR of memory
  output logic                        m_ar_valid_o,
  input  wire logic                   m_ar_ready_i,
  output logic [AddrW-1:0]            m_ar_addr_o,
  output logic [7:0]                  m_ar_len_o,
  output logic [2:0]                  m_ar_size_o,
  output logic [1:0]                  m_ar_burst_o,
  output logic [10:0]                 m_ar_attr_o,
  // R of memory
  input  wire logic                   m_r_valid_i,
  output logic                        m_r_ready_o,
  input  wire logic [StreamWidth-1:0] m_r_data_i,
  input  wire logic [1:0]             m_r_resp_i,
  input  wire logic                   m_r_last_i,
  // beats of bypass bursts
  output logic                        back_valid_o,
  input  wire logic                   back_ready_i,
  output logic [StreamWidth-1:0]      back_data_o,
  output logic [1:0]                  back_resp_o,
  output logic                        back_last_o,
  // values
  output logic                        write_o,
  output logic [BufferW-1:0]          write_buffer_o,
  output logic [WordW-1:0]            write_word_o,
  output logic [StreamWidth-1:0]      write_data_o,
  output logic                        done_o,
  output logic                        read_error_o,  // with done_o
  output logic                        malformed_o,   // with done_o; memory has not failed
  output logic                        part_valid_o,
  output logic [BufferW-1:0]          part_buffer_o,
  output logic [WordW-1:0]            part_words_o,
  output logic                        part_error_o,
  // events
  output logic                        slot_o,        // a slot has come
  output logic [actp_pkg::SLOT_W-1:0] slot_bytes_o
);
  localparam int unsigned StrideW   = actp_mem_pkg::STRIDE_W;
  localparam int unsigned BusBytes  = StreamWidth / 8;
  localparam int unsigned BusBits   = $clog2(BusBytes);
  localparam int unsigned SlotAddrW = AddrW - BusBits;
  localparam int unsigned InPage    = 12 - BusBits;                          // words of a page
  localparam int unsigned LenW      = (InPage > StrideW) ? InPage + 1 : StrideW + 1;
  localparam int unsigned RouteW    = 1 + 1 + RegW + BufferW;

  // ---- where slots lie
  logic                 slot_valid, slot_ready, sent_q;
  logic [SlotAddrW-1:0] slot_addr;
  logic [RegW-1:0]      slot_index;
  logic [BufferW-1:0]   slot_buffer;
  actp_mem_slot_addr #(.BlockLen(BlockLen), .StreamWidth(StreamWidth), .Formats(Formats),
      .AddrW(AddrW), .UserW(RegW + BufferW)) u_slot_addr (
    .clk_i, .rst_ni, .in_valid_i(fill_valid_i), .in_ready_o(fill_ready_o),
    .in_region_i(fill_region_i), .in_tag_i(fill_tag_i),
    .in_user_i({fill_index_i, fill_buffer_i}), .out_valid_o(slot_valid),
    .out_ready_i(slot_ready), .out_slot_o(slot_addr), .out_user_o({slot_index, slot_buffer})
  );

  // ---- AR: the part of a slot in its first page, the part in the next one
  logic               ar_room, route_ready, second_q, split, load_slot, load_pass;
  logic [StrideW-1:0] beats;
  logic [LenW-1:0]    to_page, len;
  actp_mem_pkg::region_t region;
  actp_mem_region #(.Regions(Regions)) u_send (
    .regions_i, .index_i(slot_index), .region_o(region)
  );
  assign beats        = region.stride;
  assign ar_room      = (~m_ar_valid_o | m_ar_ready_i) & route_ready;
  assign to_page      = LenW'(1 << InPage) - LenW'(slot_addr[InPage-1:0]);
  assign split        = LenW'(beats) > to_page;
  assign len          = second_q ? LenW'(beats) - to_page : split ? to_page : LenW'(beats);
  assign load_slot    = slot_valid & ar_room;
  assign slot_ready   = ar_room & (second_q | ~split);
  assign pass_ready_o = ar_room & ~slot_valid & ~sent_q;
  assign load_pass    = pass_valid_i & pass_ready_o;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      m_ar_valid_o <= 1'b0;
      second_q     <= 1'b0;
      sent_q       <= 1'b0;
    end else begin
      m_ar_valid_o <= load_slot | load_pass | (m_ar_valid_o & ~m_ar_ready_i);
      sent_q       <= fill_valid_i & fill_ready_o;
      if (load_slot) second_q <= split & ~second_q;
    end
  end
  always_ff @(posedge clk_i) begin
    if (load_slot) begin
      m_ar_addr_o  <= {slot_addr, {BusBits{1'b0}}};
      if (second_q) m_ar_addr_o <= {slot_addr[SlotAddrW-1:InPage] + 1'b1, 12'd0};
      m_ar_len_o  <= 8'(len - LenW'(1));
      m_ar_size_o <= 3'(BusBits);
      {m_ar_burst_o, m_ar_attr_o} <= {actp_mem_pkg::BURST_INCR, actp_mem_pkg::SLOT_ATTR};
    end else if (load_pass) begin
      m_ar_addr_o <= pass_addr_i;
      m_ar_len_o  <= pass_len_i;
      m_ar_size_o <= pass_size_i;
      {m_ar_burst_o, m_ar_attr_o} <= {pass_burst_i, pass_attr_i};
    end
  end

  // ---- R: whose it is
  logic              beat_valid, beat_ready, beat_last, route_valid, is_pass, final_part, slot_last;
  logic [1:0]        beat_resp;
  logic              ends_ready, ends_valid, ends_error, failed_q, failed, moves;
  logic              may_move, told_q, slot_beat, slots_ready;
  logic [RegW-1:0]    index;
  logic [BufferW-1:0] buffer;
  actp_skid #(.Width(StreamWidth + 3)) u_skid (
    .clk_i, .rst_ni, .in_valid_i(m_r_valid_i), .in_ready_o(m_r_ready_o),
    .in_data_i({m_r_data_i, m_r_resp_i, m_r_last_i}), .out_valid_o(beat_valid),
    .out_ready_i(beat_ready), .out_data_o({back_data_o, beat_resp, beat_last})
  );
  actp_queue #(.Width(RouteW), .Entries(8)) u_route (
    .clk_i, .rst_ni, .push_i(load_slot | load_pass), .ready_o(route_ready),
    .data_i({load_pass, second_q | ~split, slot_index, slot_buffer}), .valid_o(route_valid),
    .pop_i(beat_valid & beat_ready & beat_last), .data_o({is_pass, final_part, index, buffer})
  );
  assign slot_beat    = beat_valid & route_valid & ~is_pass;
  assign back_valid_o = beat_valid & route_valid & is_pass;
  assign back_resp_o  = beat_resp;
  assign back_last_o  = beat_last;
  assign beat_ready   = route_valid & (is_pass ? back_ready_i : slots_ready & may_move);
  assign moves        = slot_beat & beat_ready;
  assign slot_last    = beat_last & final_part;
  assign failed       = failed_q | beat_resp[1];
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      failed_q <= 1'b0;
      told_q   <= 1'b0;
    end else begin
      if (moves) failed_q <= failed & ~slot_last;
      told_q <= (slot_o | told_q) & ~moves;
    end
  end
  // Slots that have come, up to their last value: whether memory failed.
  assign slot_o   = slot_beat & slot_last & ends_ready & ~told_q;
  assign may_move = ~slot_last | ends_ready | told_q;
  actp_queue #(.Width(1), .Entries(8)) u_ends (
    .clk_i, .rst_ni, .push_i(slot_o), .ready_o(ends_ready), .data_i(failed),
    .valid_o(ends_valid), .pop_i(done_o), .data_o(ends_error)
  );

  // ---- slots to values
  logic                  value_last, wrong;
  actp_mem_pkg::region_t come;
  actp_mem_region #(.Regions(Regions)) u_come (
    .regions_i, .index_i(index), .region_o(come)
  );
  assign slot_bytes_o = come.slot_bytes;
  actp_mem_decompress #(.BlockLen(BlockLen), .StreamWidth(StreamWidth), .Formats(Formats),
      .Orders(Orders), .GroupLen(GroupLen), .Depth(Depth), .Fifo(Fifo), .Regions(Regions),
      .BufferW(BufferW)) u_decompress (
    .clk_i, .rst_ni, .regions_i, .in_valid_i(slot_beat & may_move), .in_ready_o(slots_ready),
    .in_region_i(index), .in_buffer_i(buffer), .in_data_i(back_data_o), .in_last_i(slot_last),
    .out_valid_o(write_o), .out_buffer_o(write_buffer_o), .out_data_o(write_data_o),
    .out_last_o(value_last), .out_bad_o(wrong)
  );
  logic [WordW-1:0] word_q;
  logic             wrong_q, unused;
  assign unused       = ^{region, come};
  assign write_word_o = word_q;
  assign done_o       = write_o & value_last;
  assign read_error_o = ends_error;
  assign malformed_o  = wrong & ~ends_error;
  assign part_valid_o = ends_valid;
  assign part_words_o = word_q;
  assign part_error_o = ends_error | wrong_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni)      word_q <= '0;
    else if (write_o) word_q <= value_last ? '0 : word_q + WordW'(1);
  end
  always_ff @(posedge clk_i) begin
    if (write_o) begin
      part_buffer_o <= write_buffer_o;
      wrong_q       <= wrong;
    end
  end

  `ACTP_ASSERT(DoneHasEnd_A, done_o |-> ends_valid)
endmodule

`default_nettype wire
