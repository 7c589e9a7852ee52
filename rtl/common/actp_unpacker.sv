// SPDX-License-Identifier: Apache-2.0
// actp_unpacker - take a slot packet apart: first beat, bytes turned to where their words want them, length.
//
// Format   F-2.5, F-2.7, F-3.4          Model   BitReader, DecodeField (model/src/field_order.cc)
//          The payload is in plane order (docs/rtl.md).
// Contract in:  packets of any length, `last` on the final beat; keep counts the bytes of that beat (a run from bit 0).
//               head_bytes_i: H / 8 of the packet that the beat belongs to, in its first cycle already.
//          out: in the same cycle beat_o, the beat rotated down by H: bits [StreamWidth-H-1:0] are the start of word
//               beat_index_o of the payload, the H bits above them the end of the word before. first_o and end_o with the
//               first and the final beat. bytes_o: the length of the packet (sticks at the largest number) from the
//               cycle after its final beat on, until the next packet begins. beat_index_o sticks at its largest number.
//          One beat per cycle while adv_i is high; everything stands still while it is low.
// Method   no word is put together here: the store behind takes each piece of a beat when it comes.
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
  input  wire logic [3:0]                 head_bytes_i,
  output logic                            first_o,
  output logic                            beat_valid_o,
  output logic                            end_o,
  output logic [CountW-1:0]               beat_index_o,
  output logic [StreamWidth-1:0]          beat_o,
  output logic [actp_pkg::SLOT_W:0]       bytes_o
);
  localparam int unsigned SlotW = actp_pkg::SLOT_W;
  localparam int unsigned BeatB = StreamWidth / 8;

  logic                     open_q;   // inside a packet
  logic [CountW-1:0]        count_q;
  logic [SlotW:0]           bytes_q, beat_bytes, bytes_sum;

  assign beat_valid_o = adv_i & in_valid_i;
  assign first_o      = beat_valid_o & ~open_q;
  assign end_o        = beat_valid_o & in_last_i;
  assign beat_index_o = count_q;
  assign bytes_o      = bytes_q;

  logic [StreamWidth+47:0] twice;  // the first two bytes are never the start of a word
  assign twice = {in_data_i[63:0], in_data_i[StreamWidth-1:16]};
  always_comb begin
    unique case (head_bytes_i)
      4'd2:    beat_o = twice[0 +: StreamWidth];
      4'd4:    beat_o = twice[16 +: StreamWidth];
      4'd6:    beat_o = twice[32 +: StreamWidth];
      default: beat_o = twice[48 +: StreamWidth];
    endcase
  end

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
      count_q <= '0;
    end else if (beat_valid_o) begin
      open_q  <= ~in_last_i;
      count_q <= in_last_i ? '0 : (&count_q) ? count_q : count_q + CountW'(1);
    end
  end
  always_ff @(posedge clk_i) begin
    if (beat_valid_o) bytes_q <= (open_q & bytes_q[SlotW]) ? bytes_q : bytes_sum;
  end
endmodule

`default_nettype wire
