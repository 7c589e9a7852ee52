// SPDX-License-Identifier: Apache-2.0
// actp_narrow - words to the beats of the output stream.
//
// Contract in:  words of Width bits; in_bytes_i + 1 bytes of them count, all but in a last word;
//               the tag goes along.
//          out: beats of BeatW bits, lowest first, in registers; keep is all ones but on the last
//               beat of a last word, where it is a run of ones from bit 0; beats behind the bytes
//               that count are not made; bytes without keep are 0. If BeatW is Width, the word is
//               the beat: its register is that of whoever gives it.
// Params   Width 256, 512; BeatW 64 .. Width; TagW
// Reset    empty
`include "actp_macros.svh"
`default_nettype none

module actp_narrow #(
  parameter int unsigned Width = 256,
  parameter int unsigned BeatW = 64,
  parameter int unsigned TagW  = 5,
  localparam int unsigned ByteW = $clog2(Width / 8)
) (
  input  wire logic               clk_i,
  input  wire logic               rst_ni,
  // words
  input  wire logic               in_valid_i,
  output logic                    in_ready_o,
  input  wire logic [Width-1:0]   in_data_i,
  input  wire logic [ByteW-1:0]   in_bytes_i,  // less one
  input  wire logic               in_last_i,
  input  wire logic [TagW-1:0]    in_tag_i,
  // their beats, in registers
  output logic                    out_valid_o,
  input  wire logic               out_ready_i,
  output logic [BeatW-1:0]        out_data_o,
  output logic [BeatW/8-1:0]      out_keep_o,
  output logic                    out_last_o,
  output logic [TagW-1:0]         out_tag_o
);
  localparam int unsigned Beats     = Width / BeatW;
  localparam int unsigned BeatByteW = $clog2(BeatW / 8);

  logic [BeatByteW-1:0] bytes;  // of the beat, less one
  assign out_keep_o[0] = 1'b1;
  for (genvar b = 1; b < BeatW / 8; b++) begin : gen_keep
    assign out_keep_o[b] = bytes >= BeatByteW'(b);
  end

  if (Beats == 1) begin : gen_same
    assign in_ready_o  = out_ready_i;
    assign out_valid_o = in_valid_i;
    assign out_data_o  = in_data_i;
    assign bytes       = in_bytes_i;
    assign out_last_o  = in_last_i;
    assign out_tag_o   = in_tag_i;
  end else begin : gen_narrow
    localparam int unsigned IndexW = ByteW - BeatByteW;
    logic [IndexW-1:0]    index_q, final_index;
    logic                 room, final_beat, move;
    logic [BeatByteW-1:0] bytes_q;
    assign {final_index, bytes} = {in_bytes_i[ByteW-1 -: IndexW], bytes_q};
    assign room        = ~out_valid_o | out_ready_i;
    assign final_beat  = index_q == final_index;
    assign in_ready_o  = room & final_beat;
    assign move        = in_valid_i & room;
    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) begin
        out_valid_o <= 1'b0;
        index_q     <= '0;
        out_tag_o   <= '0;
      end else begin
        if (room) out_valid_o <= in_valid_i;
        if (move) out_tag_o <= in_tag_i;
        if (move) index_q <= final_beat ? '0 : index_q + IndexW'(1);
      end
    end
    always_ff @(posedge clk_i) begin
      if (move) begin
        out_data_o <= in_data_i[index_q*BeatW +: BeatW];
        out_last_o <= in_last_i & final_beat;
        bytes_q    <= final_beat ? in_bytes_i[BeatByteW-1:0] : '1;
      end
    end
  end

  `ACTP_STREAM(NarrowOut, out_valid_o, out_ready_i, {out_data_o, out_keep_o, out_last_o, out_tag_o})
endmodule

`default_nettype wire
