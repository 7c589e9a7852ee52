// SPDX-License-Identifier: Apache-2.0
// actp_mem_slot_out - slots, and between them bypass bursts, to the memory.
//
// Contract slot: the beats of the compressor. place: where that slot goes, taken with its last
//          beat. A slot, or its second part, begins when its beat is there; place_bytes_i is its T
//          then. It is one burst, or two where a 4 KiB boundary is inside.
//          pass: a bypass request, taken into the register of AW; data: the beats of those bursts,
//          which go on with their request or behind it.
//          AW and W leave from registers; the W beats have the order of the requests.
//          note_o: a request was made, {bypass, last one of its slot}, for its answer; only while
//          note_ready_i.
// Method   a slot that is ready goes before a bypass request: while that one waits, no beats come
//          into blocks, so that slots run out.
// Params   StreamWidth 64 .. 512; AddrW 32 .. 64
// Reset    nothing on its way
`include "actp_macros.svh"
`default_nettype none

module actp_mem_slot_out #(
  parameter int unsigned StreamWidth = 256,
  parameter int unsigned AddrW       = 40,
  localparam int unsigned Bytes = StreamWidth / 8,
  localparam int unsigned BusW  = $clog2(Bytes)
) (
  input  wire logic                        clk_i,
  input  wire logic                        rst_ni,
  // slots
  input  wire logic                        slot_valid_i,
  output logic                             slot_ready_o,
  input  wire logic [StreamWidth-1:0]      slot_data_i,
  input  wire logic [Bytes-1:0]            slot_keep_i,
  input  wire logic                        slot_last_i,
  input  wire logic                        place_valid_i,
  output logic                             place_ready_o,
  input  wire logic [AddrW-BusW-1:0]       place_i,         // bus words
  input  wire logic [actp_pkg::SLOT_W-1:0] place_bytes_i,
  output logic                             slot_begin_o,    // its first request is made
  // bypass
  input  wire logic                        pass_valid_i,
  output logic                             pass_ready_o,
  input  wire logic                        pass_room_i,     // its answer will find a place
  input  wire logic [AddrW-1:0]            pass_addr_i,
  input  wire logic [7:0]                  pass_len_i,
  input  wire logic [2:0]                  pass_size_i,
  input  wire logic [1:0]                  pass_burst_i,
  input  wire logic [10:0]                 pass_attr_i,
  input  wire logic                        data_valid_i,
  output logic                             data_ready_o,
  output logic                             data_empty_o,    // ready, whatever the memory does
  input  wire logic [StreamWidth-1:0]      data_i,
  input  wire logic [Bytes-1:0]            data_strb_i,
  input  wire logic                        data_last_i,
  // to the answers
  input  wire logic                        note_ready_i,
  output logic                             note_valid_o,
  output logic [1:0]                       note_o,
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
  output logic [Bytes-1:0]                 m_w_strb_o,
  output logic                             m_w_last_o
);
  localparam int unsigned SlotW  = actp_pkg::SLOT_W;
  localparam int unsigned PageW  = 12 - BusW;  // words in a page: 64 .. 512
  localparam int unsigned CountW = 8;          // beats of a slot, at most 133
  localparam logic [CountW-1:0] PageEnd = CountW'((1 << PageW) - 1);

  logic aw_valid_q, w_valid_q, aw_free, w_free;
  assign aw_free = ~aw_valid_q | m_aw_ready_i;
  assign w_free  = ~w_valid_q | m_w_ready_i;

  // ---- who owns W: a part of a slot, else the bypass bursts whose requests are made
  logic       mid_q, second_q;  // in a part; the next part is a second one
  logic [1:0] pass_q;           // bypass bursts with beats to come
  logic       request, start, fire, part_last, page_end, owned, pass_move, data_move, data_end;
  assign request      = slot_valid_i & place_valid_i & ~mid_q;
  assign start        = request & aw_free & w_free & note_ready_i & (pass_q == '0);
  assign fire         = slot_valid_i & w_free & (mid_q | start);
  assign slot_ready_o = w_free & (mid_q | start);
  assign place_ready_o = fire & slot_last_i;
  assign slot_begin_o = start & ~second_q;
  assign part_last    = slot_last_i | page_end;

  assign pass_ready_o = aw_free & note_ready_i & pass_room_i & ~request & ~pass_q[1];
  assign pass_move    = pass_valid_i & pass_ready_o;
  assign owned        = pass_q != '0;
  assign data_ready_o = w_free & ~mid_q & (owned | pass_move);
  assign data_empty_o = ~w_valid_q & ~mid_q & owned;
  assign data_move    = data_valid_i & data_ready_o;
  assign data_end     = data_move & data_last_i;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      mid_q      <= 1'b0;
      second_q   <= 1'b0;
      pass_q     <= '0;
      aw_valid_q <= 1'b0;
      w_valid_q  <= 1'b0;
    end else begin
      if (fire) begin
        mid_q    <= ~part_last;
        second_q <= ~slot_last_i & (page_end | second_q);
      end
      pass_q     <= pass_q + 2'(pass_move) - 2'(data_end);
      aw_valid_q <= start | pass_move | ~aw_free;
      w_valid_q  <= fire | data_move | ~w_free;
    end
  end

  // ---- a slot's parts
  logic [PageW-1:0]  first, word, word_q;
  logic [PageW:0]    end_sum;
  logic [CountW-1:0] beats, to_end, len;  // less one
  logic              split;
  logic [AddrW-1:12] page;
  assign beats         = CountW'((place_bytes_i - SlotW'(1)) >> BusW);
  assign first         = second_q ? '0 : place_i[PageW-1:0];
  assign end_sum       = {1'b0, place_i[PageW-1:0]} + (PageW+1)'(beats);
  assign split         = end_sum[PageW];
  assign to_end        = PageEnd - CountW'(place_i[PageW-1:0]);
  assign len           = second_q ? CountW'(end_sum[PageW-1:0]) :
                         split ? to_end : beats;
  assign page          = place_i[AddrW-BusW-1:PageW] + (AddrW-12)'(second_q);
  assign word          = mid_q ? word_q : first;
  assign page_end      = &word;
  always_ff @(posedge clk_i) begin
    if (fire) word_q <= word + PageW'(1);
  end
  assign note_valid_o = start | pass_move;
  assign note_o       = {~start, second_q | ~split};

  // ---- registers of the memory side
  always_ff @(posedge clk_i) begin
    if (start | pass_move) begin
      m_aw_addr_o  <= start ? {page, first, {BusW{1'b0}}} : pass_addr_i;
      m_aw_len_o   <= start ? len : pass_len_i;
      m_aw_size_o  <= start ? 3'(BusW) : pass_size_i;
      m_aw_burst_o <= start ? actp_mem_pkg::BURST_INCR : pass_burst_i;
      m_aw_attr_o  <= start ? actp_mem_pkg::SLOT_ATTR : pass_attr_i;
    end
    if (fire | data_move) begin
      m_w_data_o <= fire ? slot_data_i : data_i;
      m_w_strb_o <= fire ? slot_keep_i : data_strb_i;
      m_w_last_o <= fire ? part_last : data_last_i;
    end
  end
  assign m_aw_valid_o = aw_valid_q;
  assign m_w_valid_o  = w_valid_q;

  `ACTP_ASSERT(OneOwner_A, !(fire && data_move) && !(start && pass_move))
  `ACTP_ASSERT(DataOwned_A, data_end |-> owned || pass_move)
  `ACTP_ASSERT(LastOfSlot_A, (fire && (second_q || (start && !split)) && part_last) |-> slot_last_i)
  `ACTP_STREAM(MemoryAw, m_aw_valid_o, m_aw_ready_i, {m_aw_addr_o, m_aw_len_o})
  `ACTP_STREAM(MemoryW, m_w_valid_o, m_w_ready_i, {m_w_data_o, m_w_strb_o, m_w_last_o})
endmodule

`default_nettype wire
