// SPDX-License-Identifier: Apache-2.0
// actp_mem_write_out - the memory side of the write path, from the compressor's door to B.
//
// Contract enter: a block goes into the compressor (or is dropped); slot: what comes out of it;
//          pass and data: bypass bursts; begin and end: bursts of the master (actp_mem_resp).
//          error_tag_o: the block of ev_rmw_failed_o and ev_write_error_o.
// Method   the address of a slot is made while its block is in the compressor; bit by bit, where
//          blocks are long enough.
// Params   as actp_mem_write
// Reset    empty
`default_nettype none

module actp_mem_write_out #(
  parameter int unsigned BlockLen    = 128,
  parameter int unsigned StreamWidth = 256,
  parameter int unsigned Formats     = 7,
  parameter int unsigned Fifo        = 0,
  parameter int unsigned AddrW       = 40,
  parameter int unsigned IdW         = 6,
  parameter int unsigned Regions     = 8,
  parameter int unsigned Pending     = 8,
  parameter bit          BypassSkid  = 1'b1,
  parameter int unsigned EndsW       = 5,
  localparam int unsigned RegW  = (Regions > 1) ? $clog2(Regions) : 1,
  localparam int unsigned TagW  = AddrW - actp_mem_pkg::GRANULE_W,
  localparam int unsigned Bytes = StreamWidth / 8,
  localparam int unsigned SlotW = actp_pkg::SLOT_W
) (
  input  wire logic                                      clk_i,
  input  wire logic                                      rst_ni,
  input  wire logic [Regions*actp_mem_pkg::REGION_W-1:0] regions_i,  // region_t, region 0 lowest
  // blocks
  output logic                   enter_ready_o,
  input  wire logic              enter_i,
  input  wire logic [TagW-1:0]   enter_tag_i,
  input  wire logic [RegW-1:0]   enter_region_i,
  input  wire logic [EndsW-1:0]  enter_ends_i,
  input  wire logic              enter_carry_i,
  input  wire logic              enter_drop_i,
  input  wire logic              enter_failed_i,
  // slots
  input  wire logic                   slot_valid_i,
  output logic                        slot_ready_o,
  input  wire logic [StreamWidth-1:0] slot_data_i,
  input  wire logic [Bytes-1:0]       slot_keep_i,
  input  wire logic                   slot_last_i,
  // bypass
  input  wire logic                   pass_valid_i,
  output logic                        pass_ready_o,
  input  wire logic [AddrW-1:0]       pass_addr_i,
  input  wire logic [7:0]             pass_len_i,
  input  wire logic [2:0]             pass_size_i,
  input  wire logic [1:0]             pass_burst_i,
  input  wire logic [10:0]            pass_attr_i,
  input  wire logic                   data_valid_i,
  output logic                        data_ready_o,  // sees registers alone
  input  wire logic [StreamWidth-1:0] data_i,
  input  wire logic [Bytes-1:0]       data_strb_i,
  input  wire logic                   data_last_i,
  // bursts
  output logic                   room_o,
  input  wire logic              begin_i,
  input  wire logic              end_i,
  input  wire logic [1:0]        end_kind_i,
  input  wire logic [IdW-1:0]    end_id_i,
  output logic                   idle_o,
  // memory
  output logic                   m_aw_valid_o,
  input  wire logic              m_aw_ready_i,
  output logic [AddrW-1:0]       m_aw_addr_o,
  output logic [7:0]             m_aw_len_o,
  output logic [2:0]             m_aw_size_o,
  output logic [1:0]             m_aw_burst_o,
  output logic [10:0]            m_aw_attr_o,
  output logic                   m_w_valid_o,
  input  wire logic              m_w_ready_i,
  output logic [StreamWidth-1:0] m_w_data_o,
  output logic [Bytes-1:0]       m_w_strb_o,
  output logic                   m_w_last_o,
  input  wire logic              m_b_valid_i,
  output logic                   m_b_ready_o,
  input  wire logic [1:0]        m_b_resp_i,
  // master
  output logic                   b_valid_o,
  input  wire logic              b_ready_i,
  output logic [IdW-1:0]         b_id_o,
  output logic [1:0]             b_resp_o,
  // hazards
  input  wire logic [TagW-1:0]   check_tag_i,
  output logic                   check_busy_o,
  output logic                   drain_busy_o,  // of enter_tag_i
  output logic                   some_o,        // a block is in here
  // events
  output logic                   ev_block_o,
  output logic [SlotW-1:0]       ev_slot_bytes_o,
  output logic                   ev_rmw_failed_o,
  output logic                   ev_write_error_o,
  output logic [TagW-1:0]        error_tag_o
);
  localparam int unsigned IndexW = $clog2(Pending);
  localparam int unsigned PlaceW = AddrW - $clog2(Bytes);
  // Where the shortest block has more words than its address takes cycles.
  localparam int unsigned Words   = BlockLen * (((Formats & 6) != 0) ? 16 : 32) / StreamWidth;
  localparam int unsigned StrideW = $clog2((33 * BlockLen / 8 + 8) / Bytes + 2);
  localparam bit          SerialPlace = Words >= StrideW + 3;

  // ---- pending blocks
  logic              next_valid, next_ready, answer_hold, answer, answer_error;
  logic              head_valid, head_carry, head_failed, head_pop;
  logic [TagW-1:0]   next_tag;
  logic [RegW-1:0]   next_region, ask_region;
  logic [IndexW-1:0] next_index, place_index;
  logic [EndsW-1:0]  head_ends;
  actp_mem_pending #(
    .Pending(Pending), .TagW(TagW), .RegW(RegW), .EndsW(EndsW), .Fifo(Fifo)
  ) u_pending (
    .clk_i, .rst_ni, .push_ready_o(enter_ready_o), .push_i(enter_i), .push_tag_i(enter_tag_i),
    .push_region_i(enter_region_i), .push_ends_i(enter_ends_i), .push_carry_i(enter_carry_i),
    .push_drop_i(enter_drop_i), .push_failed_i(enter_failed_i), .slot_valid_o(next_valid),
    .slot_ready_i(next_ready), .slot_tag_o(next_tag), .slot_region_o(next_region),
    .slot_index_o(next_index), .ask_index_i(place_index), .ask_region_o(ask_region),
    .answer_hold_o(answer_hold), .answer_i(answer), .answer_error_i(answer_error),
    .answer_tag_o(error_tag_o), .dropped_failed_o(ev_rmw_failed_o), .head_valid_o(head_valid),
    .head_ends_o(head_ends), .head_carry_o(head_carry), .head_failed_o(head_failed),
    .head_pop_i(head_pop), .check_tag_i, .check_busy_o, .drain_tag_i(enter_tag_i), .drain_busy_o,
    .some_o
  );
  assign ev_write_error_o = answer & answer_error;

  // ---- where slots go
  actp_mem_pkg::region_t region;
  logic                  place_valid, place_ready;
  logic [PlaceW-1:0]     place;
  logic [SlotW-1:0]      place_bytes;
  actp_mem_region #(.Regions(Regions)) u_region (
    .regions_i, .index_i(next_region), .region_o(region)
  );
  actp_mem_slot_addr #(
    .BlockLen(BlockLen), .StreamWidth(StreamWidth), .Formats(Formats), .AddrW(AddrW),
    .UserW(IndexW), .Serial(SerialPlace)
  ) u_place (
    .clk_i, .rst_ni, .in_valid_i(next_valid), .in_ready_o(next_ready), .in_region_i(region),
    .in_tag_i(next_tag), .in_user_i(next_index), .out_valid_o(place_valid),
    .out_ready_i(place_ready), .out_slot_o(place), .out_user_o(place_index)
  );
  actp_mem_pkg::region_t place_region;
  actp_mem_region #(.Regions(Regions)) u_place_region (
    .regions_i, .index_i(ask_region), .region_o(place_region)
  );
  assign place_bytes = place_region.slot_bytes;
  assign ev_slot_bytes_o = place_bytes;

  // ---- bypass beats: what the memory may refuse waits, so that ready needs not see the memory's
  logic                   data_valid, data_ready, data_empty, data_last;
  logic [StreamWidth-1:0] data;
  logic [Bytes-1:0]       data_strb;
  if (BypassSkid) begin : gen_skid
    logic unused_empty;
    assign unused_empty = data_empty;
    actp_skid #(.Width(1 + Bytes + StreamWidth)) u_skid (
      .clk_i, .rst_ni, .in_valid_i(data_valid_i), .in_ready_o(data_ready_o),
      .in_data_i({data_last_i, data_strb_i, data_i}), .out_valid_o(data_valid),
      .out_ready_i(data_ready), .out_data_o({data_last, data_strb, data})
    );
  end else begin : gen_no_skid
    logic unused_ready;
    assign unused_ready = data_ready;
    assign data_ready_o = data_empty;
    assign data_valid   = data_valid_i & data_empty;
    assign {data_last, data_strb, data} = {data_last_i, data_strb_i, data_i};
  end

  logic       note_ready, note_valid, pass_room;
  logic [1:0] note;
  actp_mem_slot_out #(.StreamWidth(StreamWidth), .AddrW(AddrW)) u_slot_out (
    .clk_i, .rst_ni, .slot_valid_i, .slot_ready_o, .slot_data_i, .slot_keep_i, .slot_last_i,
    .place_valid_i(place_valid), .place_ready_o(place_ready), .place_i(place),
    .place_bytes_i(place_bytes), .slot_begin_o(ev_block_o), .pass_valid_i, .pass_ready_o,
    .pass_room_i(pass_room), .pass_addr_i, .pass_len_i, .pass_size_i, .pass_burst_i, .pass_attr_i,
    .data_valid_i(data_valid), .data_ready_o(data_ready), .data_empty_o(data_empty), .data_i(data),
    .data_strb_i(data_strb), .data_last_i(data_last), .note_ready_i(note_ready),
    .note_valid_o(note_valid), .note_o(note), .m_aw_valid_o, .m_aw_ready_i, .m_aw_addr_o,
    .m_aw_len_o, .m_aw_size_o, .m_aw_burst_o, .m_aw_attr_o, .m_w_valid_o, .m_w_ready_i, .m_w_data_o,
    .m_w_strb_o, .m_w_last_o
  );
  actp_mem_resp #(.IdW(IdW), .EndsW(EndsW), .Fifo(Fifo)) u_resp (
    .clk_i, .rst_ni, .room_o, .begin_i, .end_i, .end_kind_i, .end_id_i, .idle_o,
    .note_ready_o(note_ready), .note_valid_i(note_valid), .note_i(note),
    .pass_room_o(pass_room), .pass_move_i(pass_valid_i & pass_ready_o), .m_b_valid_i,
    .m_b_ready_o, .m_b_resp_i, .answer_hold_i(answer_hold), .answer_o(answer),
    .answer_error_o(answer_error), .head_valid_i(head_valid), .head_ends_i(head_ends),
    .head_carry_i(head_carry), .head_failed_i(head_failed), .head_pop_o(head_pop), .b_valid_o,
    .b_ready_i, .b_id_o, .b_resp_o
  );
endmodule

`default_nettype wire
