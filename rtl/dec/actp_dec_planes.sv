// SPDX-License-Identifier: Apache-2.0
// actp_dec_planes - collect the planes of a slot in slot order, and judge its length.
//
// Format   F-3.4 in plane order, F-3.5, F-7.1, F-7.3        Model   actplane::DecodeField, ParseHeader (model/src/field_order.cc)
// Contract in:  rotated beats of actp_unpacker. The header and the length hold from the cycle after the final beat on,
//               until the first beat of the next packet is one cycle old.
//          out: bits_o, the payload in plane order: bit i of the r-th plane at [r*BlockLen+i]; complete in the cycle
//               after the final beat, and kept word by word until the next packet writes there: beat k writes into words
//               k-1 and k. Bits beyond the cut are meaningless. The facts beside it are combinational.
// Method   planes stay where they come; which plane a rank is, actp_dec_rebuild finds out for a few values at a time.
// Params   BlockLen 32 .. 256, StreamWidth 64 .. 512 (tested all sixteen)
// Reset    none: bits are not reset
`default_nettype none

module actp_dec_planes #(
  parameter int unsigned BlockLen    = 128,
  parameter int unsigned StreamWidth = 256,
  parameter int unsigned CountW      = 8,
  localparam int unsigned ManW  = actp_pkg::MAN_W,
  localparam int unsigned RankW = actp_pkg::RANK_W,
  localparam int unsigned SlotW = actp_pkg::SLOT_W,
  localparam int unsigned LogRowB = $clog2(BlockLen / 8)
) (
  input  wire logic                             clk_i,
  // beats
  input  wire logic                             beat_valid_i,
  input  wire logic [CountW-1:0]                beat_index_i,
  input  wire logic [3:0]                       beat_head_bytes_i,  // of the packet of this beat
  input  wire logic [StreamWidth-1:0]           beat_i,
  output logic [actp_pkg::ROWS*BlockLen-1:0]    bits_o,
  // length, header and configuration of the packet
  input  wire logic [SlotW:0]                   bytes_i,
  input  wire logic                             lossless_i,
  input  wire logic [SlotW-1:0]                 slot_bytes_i,
  input  wire logic [3:0]                       head_bytes_i,
  input  wire logic [actp_pkg::WIDTH_W-1:0]     width_i,
  input  wire logic                             sign_stored_i,
  input  wire logic [ManW-1:0]                  stored_i,
  input  wire logic                             malformed_i,
  // facts
  output logic [ManW*5-1:0]                     man_rank_o,   // stored mantissa rows above row k of the top, at [k*5 +: 5]
  output logic [RankW-1:0]                      man_rows_o,   // stored mantissa rows that are there whole
  output logic [LogRowB-1:0]                    man_bytes_o,  // bytes that are there of the next one
  output logic                                  complete_o,
  output logic                                  malformed_o
);
  localparam int unsigned N       = BlockLen;
  localparam int unsigned W       = StreamWidth;
  localparam int unsigned Bits    = actp_pkg::ROWS * N;
  localparam int unsigned Words   = (Bits + W - 1) / W;

  // ---- words, in pieces: the top 16, 32, 48 or 64 bits come with the next beat
  for (genvar j = 0; j < Words; j++) begin : gen_word
    for (genvar s = 0; s < 5; s++) begin : gen_piece
      localparam int unsigned From  = j * W + ((s == 0) ? 0 : W - 80 + 16 * s);
      localparam int unsigned Until = j * W + W - 64 + 16 * s;
      localparam int unsigned To    = (Until < Bits) ? Until : Bits;
      if (To > From) begin : gen_some
        localparam int unsigned PieceW = To - From;
        logic              write;
        logic [PieceW-1:0] piece_q;
        logic [CountW-1:0] index;  // of the beat that brings it: 2 * (5 - s) header bytes or more push it into the next
        if (s == 0) begin : gen_here
          assign index = CountW'(j);
        end else begin : gen_here_or_next
          assign index = (beat_head_bytes_i >= 4'(2 * (5 - s))) ? CountW'(j + 1) : CountW'(j);
        end
        assign write = beat_valid_i & (beat_index_i == index);
        always_ff @(posedge clk_i) begin
          if (write) piece_q <= beat_i[From-j*W +: PieceW];
        end
        assign bits_o[From +: PieceW] = piece_q;
      end
    end
  end

  // ---- ranks of the stored mantissa rows, from the top
  logic [ManW-1:0]       top_first;
  logic [(ManW+1)*5-1:0] above;
  logic [4:0]            man_count;
  for (genvar k = 0; k < ManW; k++) begin : gen_reverse
    assign top_first[k] = stored_i[ManW-1-k];
  end
  actp_prefix_count #(.Len(ManW), .CountW(5)) u_above (.bits_i(top_first), .count_o(above));
  assign man_rank_o = above[ManW*5-1:0];
  assign man_count  = above[ManW*5 +: 5];

  // ---- how far the slot reaches: rows that it holds whole, and values of the next one
  logic [SlotW:0]         payload;       // bytes behind the header
  logic                   headless, short_fixed, wrong_length;
  logic [SlotW-LogRowB:0] whole_rows;
  logic [RankW-1:0]       fixed_rows, all_rows;
  assign fixed_rows   = RankW'(width_i) + RankW'(sign_stored_i);
  assign headless     = bytes_i < (SlotW+1)'(head_bytes_i);
  assign payload      = bytes_i - (SlotW+1)'(head_bytes_i);
  assign whole_rows   = payload[SlotW:LogRowB];
  assign short_fixed  = whole_rows < (SlotW-LogRowB+1)'(fixed_rows);
  assign all_rows     = fixed_rows + RankW'(man_count);
  assign complete_o   = whole_rows >= (SlotW-LogRowB+1)'(all_rows);
  assign wrong_length = lossless_i ? (whole_rows != (SlotW-LogRowB+1)'(all_rows)) | (|payload[LogRowB-1:0])
                                   : bytes_i != (SlotW+1)'(slot_bytes_i);
  assign man_rows_o   = complete_o ? RankW'(man_count) : RankW'(whole_rows) - fixed_rows;
  assign man_bytes_o  = payload[LogRowB-1:0];
  assign malformed_o  = malformed_i | headless | short_fixed | wrong_length;
endmodule

`default_nettype wire
