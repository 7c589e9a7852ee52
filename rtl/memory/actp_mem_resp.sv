// SPDX-License-Identifier: Apache-2.0
// actp_mem_resp - B to the master, in the order of AW, when what the burst wrote has been answered.
//
// Contract begin_i: a burst begins, only while room_o; end_*: its last beat was taken. note: a
//          request was made to the memory, {bypass, last one of its slot}; m_b: its answers, in
//          that order. answer_*: the answer to a slot, both of its parts together. head_*: the
//          oldest answered block: so many bursts end in it, and one more goes on in the next one.
//          Regions: SLVERR if any block that the burst touched failed. Bypass: what the memory
//          said, EXOKAY as OKAY. Refused: SLVERR.
//          B leaves from registers, one a cycle. At most Bursts bursts at a time; idle_o: none.
// Method   blocks are in the order of their bursts, so that counts will do; an error goes along
//          with the burst that goes on. Answers to bypass bursts wait aside, so that a block behind
//          them is never held up.
// Params   IdW; EndsW holds Bursts = 16; Fifo 0 flops, 1 latches
// Reset    no burst
`include "actp_macros.svh"
`default_nettype none

module actp_mem_resp #(
  parameter int unsigned IdW   = 6,
  parameter int unsigned EndsW = 5,
  parameter int unsigned Fifo  = 0
) (
  input  wire logic             clk_i,
  input  wire logic             rst_ni,
  // bursts
  output logic                  room_o,
  input  wire logic             begin_i,
  input  wire logic             end_i,
  input  wire logic [1:0]       end_kind_i,
  input  wire logic [IdW-1:0]   end_id_i,
  output logic                  idle_o,
  // requests to the memory and their answers
  output logic                  note_ready_o,
  input  wire logic             note_valid_i,
  input  wire logic [1:0]       note_i,
  output logic                  pass_room_o,     // one more answer to a bypass burst finds a place
  input  wire logic             pass_move_i,     // a bypass request was made
  input  wire logic             m_b_valid_i,
  output logic                  m_b_ready_o,
  input  wire logic [1:0]       m_b_resp_i,
  // blocks
  input  wire logic             answer_hold_i,
  output logic                  answer_o,
  output logic                  answer_error_o,
  input  wire logic             head_valid_i,
  input  wire logic [EndsW-1:0] head_ends_i,
  input  wire logic             head_carry_i,
  input  wire logic             head_failed_i,
  output logic                  head_pop_o,
  // master
  output logic                  b_valid_o,
  input  wire logic             b_ready_i,
  output logic [IdW-1:0]        b_id_o,
  output logic [1:0]            b_resp_o
);
  localparam int unsigned Answers = 8;  // of bypass bursts that may wait
  localparam logic [1:0] KindBypass  = actp_mem_pkg::KIND_BYPASS;
  localparam logic [1:0] KindRegion  = actp_mem_pkg::KIND_REGION;
  localparam logic [1:0] KindRefused = actp_mem_pkg::KIND_REFUSED;

  // ---- answers of the memory
  logic       note_some, note_pass, note_last, answer, part_error_q;
  logic       kept_some, kept_pop, unused_kept;
  logic [1:0] kept;
  assign m_b_ready_o = note_some & ~answer_hold_i;
  assign answer      = m_b_valid_i & m_b_ready_o;
  actp_queue #(.Width(2), .Entries(8)) u_notes (
    .clk_i, .rst_ni, .push_i(note_valid_i), .ready_o(note_ready_o), .data_i(note_i),
    .valid_o(note_some), .pop_i(answer), .data_o({note_pass, note_last})
  );
  assign answer_o       = answer & ~note_pass & note_last;
  assign answer_error_o = m_b_resp_i[1] | part_error_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni)                  part_error_q <= 1'b0;
    else if (answer & ~note_pass) part_error_q <= ~note_last & m_b_resp_i[1];
  end
  actp_queue #(.Width(2), .Entries(Answers)) u_kept (
    .clk_i, .rst_ni, .push_i(answer & note_pass), .ready_o(unused_kept),
    .data_i({m_b_resp_i[1], m_b_resp_i[1] & m_b_resp_i[0]}),
    .valid_o(kept_some), .pop_i(kept_pop), .data_o(kept)
  );

  // ---- bursts: how many there are, and those that wait for B
  logic [EndsW-1:0] bursts_q;
  logic [3:0]       passes_q;
  logic             end_valid, emit, taken, unused_full;
  logic [1:0]       end_kind;
  logic [IdW-1:0]   end_id;
  assign taken  = b_valid_o & b_ready_i;
  assign room_o = ~bursts_q[4];
  assign idle_o = bursts_q == '0;
  assign pass_room_o = ~passes_q[3];
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      bursts_q <= '0;
      passes_q <= '0;
    end else begin
      bursts_q <= bursts_q + EndsW'(begin_i) - EndsW'(taken);
      passes_q <= passes_q + 4'(pass_move_i) - 4'(kept_pop);
    end
  end
  actp_fifo #(.Width(2 + IdW), .Entries(15), .Fifo((Fifo == 1) ? 1 : 0)) u_ends (
    .clk_i, .rst_ni, .write_valid_i(end_i), .write_data_i({end_kind_i, end_id_i}),
    .full_o(unused_full), .out_valid_o(end_valid), .out_ready_i(emit),
    .out_data_o({end_kind, end_id})
  );

  // ---- blocks
  logic [EndsW-1:0] sent_q;   // bursts of the oldest block that have B
  logic             error_q;  // of the blocks before, for the burst that goes on
  logic             none, empty, final_end, region_ok, emit_region;
  assign none       = head_ends_i == '0;
  assign empty      = head_ends_i == sent_q;
  assign final_end  = head_ends_i == sent_q + EndsW'(1);
  assign region_ok  = head_valid_i & ~empty;
  assign emit_region = emit & (end_kind == KindRegion);
  assign head_pop_o = head_valid_i & (empty | (final_end & emit_region));
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      sent_q  <= '0;
      error_q <= 1'b0;
    end else begin
      if (head_pop_o)       sent_q <= '0;
      else if (emit_region) sent_q <= sent_q + EndsW'(1);
      if (head_pop_o)       error_q <= head_failed_i & head_carry_i | (error_q & none);
      else if (emit_region) error_q <= 1'b0;
    end
  end

  // ---- B
  logic b_valid_q, known;
  assign known = ((end_kind == KindRegion) & region_ok) |
                 ((end_kind == KindBypass) & kept_some) | (end_kind == KindRefused);
  assign emit     = end_valid & known & (~b_valid_q | b_ready_i);
  assign kept_pop = emit & (end_kind == KindBypass);
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) b_valid_q <= 1'b0;
    else         b_valid_q <= emit | (b_valid_q & ~b_ready_i);
  end
  always_ff @(posedge clk_i) begin
    if (emit) begin
      b_id_o   <= end_id;
      b_resp_o <= (end_kind == KindBypass) ? kept :
                  {(end_kind == KindRefused) | head_failed_i | error_q, 1'b0};
    end
  end
  assign b_valid_o = b_valid_q;

  `ACTP_ASSERT(Room_A, begin_i |-> room_o)
  `ACTP_ASSERT(EndsFit_A, end_i |-> !unused_full)
  `ACTP_ASSERT(KeptFit_A, (answer && note_pass) |-> unused_kept)
  `ACTP_STREAM(MasterB, b_valid_o, b_ready_i, {b_id_o, b_resp_o})
endmodule

`default_nettype wire
