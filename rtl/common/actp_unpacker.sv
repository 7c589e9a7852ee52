// SPDX-License-Identifier: Apache-2.0
// actp_unpacker - take a slot packet apart: the header bits, then words of planes.
//
// Format   F-2.5, F-2.7, F-3.4        Model   actplane::BitReader, DecodeField (model/src/field_order.cc)
// Contract in:  packets of any length, `last` on the final beat; keep counts the bytes of that beat (a run from bit 0).
//          out: first_o with the first beat of a packet (its header is in that beat); word_valid_o with each word of
//               StreamWidth payload bits, word 0 first, and word_end_o with the last one of a packet, one cycle after its
//               final beat, when bytes_o is the length of the packet (sticks at the largest number).
//               The word of packet i ends in the cycle in which packet i+1 may begin.
//          One beat per cycle while adv_i is high; everything stands still while it is low.
// Method   a word is the rest of a beat after header_bytes_i and the same number of bytes of the next: four distances.
// Params   StreamWidth 64 .. 512 (tested all)
// Reset    between packets
`include "actp_macros.svh"
`default_nettype none

module actp_unpacker #(
  parameter int unsigned StreamWidth = 256,
  parameter int unsigned CountW      = 8
) (
  input  wire logic                       clk_i,
  input  wire logic                       rst_ni,
  input  wire logic                       adv_i,
  input  wire logic                       in_valid_i,
  input  wire logic [StreamWidth-1:0]     in_data_i,
  input  wire logic [StreamWidth/8-1:0]   in_keep_i,
  input  wire logic                       in_last_i,
  input  wire logic [3:0]                 head_bytes_i,  // of the packet whose words come out, from its second cycle on
  output logic                            first_o,
  output logic                            word_valid_o,
  output logic                            word_end_o,
  output logic [CountW-1:0]               word_index_o,
  output logic [StreamWidth-1:0]          word_o,
  output logic [actp_pkg::SLOT_W:0]       bytes_o
);
  localparam int unsigned SlotW = actp_pkg::SLOT_W;
  localparam int unsigned BeatB = StreamWidth / 8;

  logic                     open_q, end_q;   // inside a packet; its last word is due
  logic [CountW-1:0]        count_q;
  logic [StreamWidth-17:0]  rest_q;          // of the beat before, without the two bytes that every header has
  logic [SlotW:0]           bytes_q, beat_bytes, bytes_sum;
  logic                     take;

  assign take    = adv_i & in_valid_i;
  assign first_o = take & ~open_q;

  // The next word: what is left of the beat before, then the start of this one (nothing follows a last beat).
  logic [63:0]                 data;
  logic [StreamWidth+47:0]     joined;
  assign data   = end_q ? '0 : in_data_i[63:0];
  assign joined = {data, rest_q};
  always_comb begin
    unique case (head_bytes_i)
      4'd2:    word_o = joined[0 +: StreamWidth];
      4'd4:    word_o = joined[16 +: StreamWidth];
      4'd6:    word_o = joined[32 +: StreamWidth];
      default: word_o = joined[48 +: StreamWidth];
    endcase
  end
  assign word_valid_o = adv_i & (end_q | (open_q & in_valid_i));
  assign word_end_o   = adv_i & end_q;
  assign word_index_o = count_q;
  assign bytes_o      = bytes_q;

  always_comb begin
    beat_bytes = (SlotW+1)'(BeatB);
    for (int unsigned b = 0; b < BeatB; b++) begin
      if (in_last_i & ~in_keep_i[BeatB-1-b]) beat_bytes = (SlotW+1)'(BeatB - 1 - b);
    end
  end
  assign bytes_sum = (open_q ? bytes_q : '0) + beat_bytes;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      open_q  <= 1'b0;
      end_q   <= 1'b0;
      count_q <= '0;
    end else if (adv_i) begin
      if (in_valid_i) open_q <= ~in_last_i;
      end_q <= in_valid_i & in_last_i;
      if (end_q | first_o)   count_q <= '0;
      else if (word_valid_o) count_q <= (&count_q) ? count_q : count_q + CountW'(1);
    end
  end
  always_ff @(posedge clk_i) begin
    if (take) begin
      rest_q  <= in_data_i[StreamWidth-1:16];
      bytes_q <= (open_q & bytes_q[SlotW]) ? bytes_q : bytes_sum;
    end
  end
endmodule

`default_nettype wire
