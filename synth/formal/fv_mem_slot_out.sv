// SPDX-License-Identifier: Apache-2.0
// fv_mem_slot_out - actp_mem_slot_out: what is written for a slot lies in that slot, and a bypass
//   burst goes out as it came.
//
// Proves   every request made for a slot begins and ends inside the slot's words and in one page of
//          4 KiB; its parts together are the slot; its last beat, and no other, has WLAST; its
//          beats have the slot's data and strobes, in order. A bypass request has the address,
//          length, size, type and attributes it came with. S2 at AW and W; no beat goes out that
//          has no request before it or with it.
// Method   slots of up to 8 words anywhere below the end of a memory of 32 KiB; places and slots
//          stay until they are taken, the beats come whenever they come, those of bypass bursts
//          also before their request.
// Reach    the second part of a slot behind a bypass burst
`include "fv.svh"
`default_nettype none

module fv_mem_slot_out #(
  parameter int unsigned StreamWidth = 64,
  parameter int unsigned AddrW       = 15,
  localparam int unsigned Bytes = StreamWidth / 8,
  localparam int unsigned BusW  = $clog2(Bytes)
) (
  input wire logic                   clk_i,
  input wire logic                   rst_ni,
  input wire logic                   slot_valid_i,
  input wire logic [StreamWidth-1:0] slot_data_i,
  input wire logic [Bytes-1:0]       slot_keep_i,
  input wire logic                   place_valid_i,
  input wire logic [AddrW-BusW-1:0]  place_i,
  input wire logic [6:0]             bytes_i,
  input wire logic                   pass_valid_i,
  input wire logic                   pass_room_i,
  input wire logic [AddrW-1:0]       pass_addr_i,
  input wire logic [7:0]             pass_len_i,
  input wire logic [2:0]             pass_size_i,
  input wire logic [1:0]             pass_burst_i,
  input wire logic [10:0]            pass_attr_i,
  input wire logic                   data_valid_i,
  input wire logic [StreamWidth-1:0] data_i,
  input wire logic [Bytes-1:0]       data_strb_i,
  input wire logic                   data_last_i,
  input wire logic                   note_ready_i,
  input wire logic                   m_aw_ready_i,
  input wire logic                   m_w_ready_i
);
  `RESET
  logic             slot_ready, place_ready, begins, pass_ready, data_ready, data_empty;
  logic             note_valid;
  logic             aw_valid, w_valid, w_last, slot_last, data_valid;
  logic [1:0]       note, aw_burst;
  logic [2:0]       aw_size, index_q, last_index;
  logic [7:0]       aw_len;
  logic [10:0]      aw_attr;
  logic [AddrW-1:0] aw_addr;
  logic [StreamWidth-1:0] w_data;
  logic [Bytes-1:0]       w_strb;
  actp_mem_slot_out #(.StreamWidth(StreamWidth), .AddrW(AddrW)) u_dut (
    .clk_i, .rst_ni, .slot_valid_i, .slot_ready_o(slot_ready), .slot_data_i, .slot_keep_i,
    .slot_last_i(slot_last), .place_valid_i, .place_ready_o(place_ready), .place_i,
    .place_bytes_i(11'(bytes_i)), .slot_begin_o(begins), .pass_valid_i, .pass_ready_o(pass_ready),
    .pass_room_i, .pass_addr_i, .pass_len_i, .pass_size_i, .pass_burst_i, .pass_attr_i,
    .data_valid_i(data_valid), .data_ready_o(data_ready), .data_empty_o(data_empty), .data_i,
    .data_strb_i, .data_last_i, .note_ready_i, .note_valid_o(note_valid), .note_o(note),
    .m_aw_valid_o(aw_valid), .m_aw_ready_i, .m_aw_addr_o(aw_addr), .m_aw_len_o(aw_len),
    .m_aw_size_o(aw_size), .m_aw_burst_o(aw_burst), .m_aw_attr_o(aw_attr), .m_w_valid_o(w_valid),
    .m_w_ready_i, .m_w_data_o(w_data), .m_w_strb_o(w_strb), .m_w_last_o(w_last)
  );

  // The slot: so many words, from place_i on, which stays until it is taken.
  localparam int unsigned PlaceW = AddrW - BusW;
  logic                place_waits_q, slot_waits_q;
  logic [PlaceW-1:0]   place_q;
  logic [6:0]          bytes_q;
  assign last_index = 3'((bytes_i - 7'd1) >> BusW);
  assign slot_last  = index_q == last_index;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) {place_waits_q, slot_waits_q, index_q} <= '0;
    else begin
      place_waits_q <= place_valid_i & ~place_ready;
      slot_waits_q  <= slot_valid_i & ~slot_ready;
      if (slot_valid_i & slot_ready) index_q <= slot_last ? '0 : index_q + 3'd1;
    end
  end
  always_ff @(posedge clk_i) {place_q, bytes_q} <= {place_i, bytes_i};
  `RESTRICT(~place_waits_q | (place_valid_i & (place_q == place_i) & (bytes_q == bytes_i)))
  `RESTRICT(~slot_waits_q | slot_valid_i)
  `RESTRICT((bytes_i != '0) & (bytes_i <= 7'd64))
  `RESTRICT(((PlaceW+1)'(place_i) + (PlaceW+1)'(last_index)) < ((PlaceW+1)'(1) << PlaceW))

  // Bypass beats: they go on only with their request, or behind it.
  logic [1:0] owed_q;
  logic       pass_move, data_move;
  assign data_valid = data_valid_i;
  assign pass_move  = pass_valid_i & pass_ready;
  assign data_move  = data_valid & data_ready;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) owed_q <= '0;
    else         owed_q <= owed_q + 2'(pass_move) - 2'(data_move & data_last_i);
  end

  // What was asked for in the cycle before.
  logic                   slot_q, pass_q, beat_q, data_q, final_q, mid_q, split_q;
  logic [AddrW:0]         low_q, high_q, at_q;
  logic [StreamWidth-1:0] data_was_q;
  logic [Bytes-1:0]       strb_was_q;
  logic [AddrW+23:0]      request_q;
  logic                   last_was_q;
  logic [7:0]             left_q, left;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) {slot_q, pass_q, beat_q, data_q, mid_q, split_q} <= '0;
    else begin
      slot_q <= note_valid & ~note[1];
      pass_q <= pass_move;
      beat_q <= slot_valid_i & slot_ready;
      data_q <= data_move;
      if (beat_q) mid_q <= left != '0;
      if (slot_q) split_q <= ~final_q;
    end
  end
  always_ff @(posedge clk_i) begin
    low_q      <= {1'b0, place_i, {BusW{1'b0}}};
    high_q     <= {1'b0, place_i, {BusW{1'b0}}} + (((AddrW+1)'(last_index) + 1'b1) << BusW);
    if (slot_q) at_q <= {1'b0, aw_addr} + (((AddrW+1)'(aw_len) + 1'b1) << BusW);
    final_q    <= note[0];
    request_q  <= {pass_addr_i, pass_len_i, pass_size_i, pass_burst_i, pass_attr_i};
    data_was_q <= (slot_valid_i & slot_ready) ? slot_data_i : data_i;
    strb_was_q <= (slot_valid_i & slot_ready) ? slot_keep_i : data_strb_i;
    last_was_q <= data_last_i;
    if (beat_q) left_q <= left - 8'd1;
  end
  assign left = slot_q ? aw_len : left_q;

  logic [AddrW:0] first, behind;
  assign first  = {1'b0, aw_addr};
  assign behind = first + (((AddrW+1)'(aw_len) + 1'b1) << BusW);
  `CHECK(~slot_q | (aw_valid & (first >= low_q) & (behind <= high_q)))
  `CHECK(~slot_q | (first == (split_q ? at_q : low_q)))
  `CHECK(~slot_q | (final_q == (behind == high_q)))
  `CHECK(~slot_q | (first[AddrW:12] == (AddrW-11)'((behind - 1'b1) >> 12)))
  `CHECK(~slot_q | ((aw_size == 3'(BusW)) & (aw_burst == 2'd1) &
      (aw_attr == actp_mem_pkg::SLOT_ATTR)))
  `CHECK(~pass_q | (aw_valid & (request_q == {aw_addr, aw_len, aw_size, aw_burst, aw_attr})))
  `CHECK(~(pass_q & slot_q) & ~(beat_q & data_q))
  `CHECK(~data_move | (owed_q != '0) | pass_move)
  `CHECK(~(beat_q | data_q) | (w_valid & (w_data == data_was_q) & (w_strb == strb_was_q)))
  `CHECK(~beat_q | (w_last == (left == '0)))
  `CHECK(~data_q | (w_last == last_was_q))
  `CHECK(~beat_q | slot_q | mid_q)
  `CHECK(~slot_q | ~mid_q)
  `STREAM(aw, aw_valid, m_aw_ready_i, {aw_addr, aw_len, aw_size, aw_burst, aw_attr}, AddrW + 24)
  `STREAM(w, w_valid, m_w_ready_i, {w_data, w_strb, w_last}, StreamWidth + Bytes + 1)
  logic passed_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) passed_q <= 1'b0;
    else         passed_q <= passed_q | (data_q & w_last);
  end
  `REACH(slot_q & split_q & passed_q & (aw_len == 8'd3))
endmodule

`default_nettype wire
