// SPDX-License-Identifier: Apache-2.0
// actp_packer - join the front of a slot and the bits of its chunks to words, fill up with zeros.
//
// Format   F-2.5, F-2.7, F-2.8        Model   actplane::BitWriter, CompressBlock
// Contract in:  the chunks of a slot, in_first_i .. in_last_i, each two lists of bits, a then b, of
//               whole pieces, together at most Width bits; bits behind a list are 0. slot_*: front
//               (0 behind its bytes), length and tag of the slot that comes next; it must be there
//               with its first chunk; slot_taken_o says that it is not needed any more.
//          out: words of the slot, registered: out_bytes_o + 1 bytes, all of them but in the last
//               one; the tag with each word. A chunk in every cycle as long as the output does not
//               stop, but for two cases: it completes a word while zeros or the last bits of the
//               slot before still leave (one waits for the other), and a front of a word or more.
// Method   a list is rotated to its place; what comes round is the beginning of the next word.
// Params   Width 256, 512; ListW; Piece 4, 8; FrontW; TagW, as actp_enc_back has them
// Reset    empty
`include "actp_macros.svh"
`default_nettype none

module actp_packer #(
  parameter int unsigned Width  = 256,
  parameter int unsigned ListW  = 136,
  parameter int unsigned Piece  = 8,
  parameter int unsigned FrontW = 104,
  parameter int unsigned TagW   = 5,
  localparam int unsigned CountW = $clog2(Width / Piece) + 1,
  localparam int unsigned Bytes  = Width / 8,
  localparam int unsigned ByteW  = $clog2(Bytes)
) (
  input  wire logic                         clk_i,
  input  wire logic                         rst_ni,
  // the slot whose first chunk comes next
  input  wire logic                         slot_valid_i,
  output logic                              slot_taken_o,
  input  wire logic [FrontW-1:0]            front_i,
  /* verilator lint_off UNUSEDSIGNAL */  // its top bits, where no front fills a word
  input  wire logic [actp_pkg::FRONT_W-1:0] front_bytes_i,
  /* verilator lint_on UNUSEDSIGNAL */
  input  wire logic [actp_pkg::SLOT_W-1:0]  bytes_i,
  input  wire logic [TagW-1:0]              tag_i,
  // chunks
  input  wire logic                         in_valid_i,
  output logic                              in_ready_o,
  input  wire logic                         in_first_i,
  input  wire logic                         in_last_i,
  input  wire logic [ListW-1:0]             a_i,
  input  wire logic [CountW-1:0]            a_n_i,
  input  wire logic [ListW-1:0]             b_i,
  input  wire logic [CountW-1:0]            b_n_i,
  // words
  output logic                              out_valid_o,
  input  wire logic                         out_ready_i,
  output logic [Width-1:0]                  out_data_o,
  output logic [ByteW-1:0]                  out_bytes_o,  // less one
  output logic                              out_last_o,
  output logic [TagW-1:0]                   out_tag_o
);
  localparam int unsigned AtW   = CountW - 1;
  localparam int unsigned WordW = actp_pkg::SLOT_W - ByteW + 1;  // words of a slot

  // ---- where the chunk lies: behind the front, or behind what is left of the chunk before
  logic             put_new, put_old, move, need, room, old_q, tail_q, left_some_q;
  logic             last_new, last_old;
  logic             long_front, fronted_q;  // the front fills a word; that word has left
  logic [AtW-1:0]   at_q, at, at_b;
  logic [AtW:0]     next;
  logic             over;
  logic [Width-1:0] front, rest_q;
  if (FrontW >= Width) begin : gen_long_front
    assign long_front = in_first_i & ~fronted_q & (front_bytes_i >= actp_pkg::FRONT_W'(Bytes));
    assign front      = fronted_q ? Width'(front_i >> Width) : front_i[Width-1:0];
    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni)                       fronted_q <= 1'b0;
      else if (in_valid_i & in_ready_o)  fronted_q <= 1'b0;
      else if (put_new)                  fronted_q <= 1'b1;
    end
  end else begin : gen_short_front
    assign long_front = 1'b0;
    assign fronted_q  = 1'b0;
    assign front      = Width'(front_i);
  end
  assign at     = in_first_i ? AtW'(front_bytes_i) << $clog2(8 / Piece) : at_q;
  assign at_b   = at + AtW'(a_n_i);
  assign next   = {1'b0, at} + (AtW+1)'(a_n_i) + (AtW+1)'(b_n_i);
  assign over   = next[AtW];

  // ---- the words of the slot that are still to leave: of the one that is being joined, of the one
  // that is complete
  logic [WordW-1:0]            left_q, left, left_after, old_left_q;
  logic [actp_pkg::SLOT_W-1:0] end_byte;
  logic [ByteW-1:0]            end_q, end_new, old_end_q;
  logic [TagW-1:0]             tag_q, tag, old_tag_q;
  logic                        open;  // the slot has been taken, or a word of its front has left
  assign open       = ~in_first_i | fronted_q;
  assign end_byte   = bytes_i - actp_pkg::SLOT_W'(1);
  assign left       = open ? left_q : WordW'(end_byte >> ByteW) + WordW'(1);
  assign end_new    = open ? end_q : end_byte[ByteW-1:0];
  assign tag        = open ? tag_q : tag_i;
  assign last_new   = left == WordW'(1);
  assign last_old   = old_left_q == WordW'(1);
  assign need       = long_front | over | (in_last_i & (~open | left_some_q));
  assign room       = ~out_valid_o | out_ready_i;
  assign put_new    = in_valid_i & need & room & ~old_q;
  assign put_old    = old_q & room;
  assign in_ready_o = ~long_front & (need ? room & ~old_q : room | ~tail_q);
  assign move       = in_valid_i & in_ready_o;
  assign left_after = left - WordW'(put_new);

  assign slot_taken_o = move & in_first_i;

  // ---- rotated to its place, the beginning of the word and what comes round
  logic [Width-1:0] at_a_bits, at_b_bits, turned, word, rest;
  logic [Width-1:0] to_word, to_rest;  // masks of turned
  actp_rotate #(.Width(Width), .DataW(ListW), .Piece(Piece)) u_a (
    .data_i(a_i), .at_i(at), .data_o(at_a_bits)
  );
  actp_rotate #(.Width(Width), .DataW(ListW), .Piece(Piece)) u_b (
    .data_i(b_i), .at_i(at_b), .data_o(at_b_bits)
  );
  assign turned = at_a_bits | at_b_bits;
  for (genvar p = 0; p < Width / Piece; p++) begin : gen_masks
    logic above;  // from the place of the chunk on
    if (p == Width / Piece - 1) begin : gen_last
      assign above = 1'b1;
    end else begin : gen_other
      assign above = at <= AtW'(p);
    end
    assign to_word[p*Piece +: Piece] = {Piece{above & ~old_q & ~long_front}};
    assign to_rest[p*Piece +: Piece] = {Piece{~above | ~over}};
  end
  assign word = (turned & to_word) | (rest_q & {Width{old_q ? tail_q : ~in_first_i}}) |
                (front & {Width{~old_q & in_first_i}});
  assign rest = (turned & to_rest) | (rest_q & {Width{~over & ~in_first_i}}) |
                (front & {Width{~over & in_first_i}});

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      out_valid_o <= 1'b0;
      old_q       <= 1'b0;
      tail_q      <= 1'b0;
      at_q        <= '0;
      left_q      <= '0;
      left_some_q <= 1'b0;
      out_tag_o   <= '0;
    end else begin
      if (room) out_valid_o <= put_old | put_new;
      if (move & in_last_i) begin
        old_q  <= left_after != '0;
        tail_q <= over & (left_after != '0);
      end else begin
        if (put_old & last_old) old_q <= 1'b0;
        if (put_old)            tail_q <= 1'b0;
      end
      if (put_old | put_new) out_tag_o <= old_q ? old_tag_q : tag;
      if (move) at_q <= next[AtW-1:0];
      if (move | put_new) begin
        left_q      <= left_after;
        left_some_q <= left_after != '0;
      end
    end
  end
  always_ff @(posedge clk_i) begin
    if (move) rest_q <= rest;
    if (move | put_new) begin
      end_q <= end_new;
      tag_q <= tag;
    end
    if (move & in_last_i) begin
      old_left_q <= left_after;
      old_end_q  <= end_new;
      old_tag_q  <= tag;
    end else if (put_old) begin
      old_left_q <= old_left_q - WordW'(1);
    end
    if (put_old | put_new) begin
      out_data_o  <= word;
      out_last_o  <= old_q ? last_old : last_new;
      out_bytes_o <= '1;
      if (old_q & last_old)  out_bytes_o <= old_end_q;
      if (~old_q & last_new) out_bytes_o <= end_new;
    end
  end

  `ACTP_STREAM(PackOut, out_valid_o, out_ready_i, {out_data_o, out_bytes_o, out_last_o, out_tag_o})
  `ACTP_ASSERT(SlotIsThere_A, in_valid_i && in_first_i |-> slot_valid_i)
  `ACTP_ASSERT(NothingBehind_A, in_valid_i && need && !long_front && over |-> left != '0)
  `ACTP_ASSERT(OneOld_A, move && in_last_i |-> !old_q)
endmodule

`default_nettype wire
