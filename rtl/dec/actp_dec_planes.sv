// SPDX-License-Identifier: Apache-2.0
// actp_dec_planes - collect the rows of a slot, and judge its length.
//
// Format   F-3.4, F-3.5, F-7.1, F-7.4        Model   actplane::DecodeField, ParseHeader (model/src/field_order.cc)
// Contract in:  words of a packet; its header holds from the second cycle of the packet on.
//          out: valid_o one cycle after the word that ends the packet, until taken; rows_o and the facts beside it.
//               Rows that are not stored, and bits beyond the cut, are meaningless.
// Method   each row watches for the word that its rank falls into.
// Params   BlockLen 32 .. 256, StreamWidth 64 .. 512 (tested all sixteen)
// Reset    nothing valid; rows are not reset
`default_nettype none

module actp_dec_planes #(
  parameter int unsigned BlockLen    = 128,
  parameter int unsigned StreamWidth = 256,
  parameter int unsigned CountW      = 8,
  localparam int unsigned ManW  = actp_pkg::MAN_W,
  localparam int unsigned RankW = actp_pkg::RANK_W,
  localparam int unsigned SlotW = actp_pkg::SLOT_W,
  localparam int unsigned LaneW = $clog2(BlockLen)
) (
  input  wire logic                             clk_i,
  // words
  input  wire logic                             word_valid_i,
  input  wire logic                             word_end_i,
  input  wire logic [CountW-1:0]                word_index_i,
  input  wire logic [StreamWidth-1:0]           word_i,
  input  wire logic [SlotW:0]                   bytes_i,
  // header and configuration of the packet
  input  wire logic                             lossless_i,
  input  wire logic [SlotW-1:0]                 slot_bytes_i,
  input  wire logic [3:0]                       head_bytes_i,
  input  wire logic [actp_pkg::WIDTH_W-1:0]     width_i,
  input  wire logic                             sign_stored_i,
  input  wire logic [ManW-1:0]                  stored_i,
  input  wire logic [ManW*5-1:0]                man_rank_i,
  input  wire logic [4:0]                       man_count_i,
  input  wire logic                             malformed_i,
  // rows, from the cycle after word_end_i on; facts registered with them
  output logic [actp_pkg::ROWS*BlockLen-1:0]    rows_o,
  output logic [RankW-1:0]                      man_rows_o,   // stored mantissa rows that are there whole
  output logic [LaneW-1:0]                      man_lanes_o,  // values that have their bit of the next one
  output logic                                  complete_o,
  output logic                                  malformed_o
);
  localparam int unsigned N        = BlockLen;
  localparam int unsigned WordRows = (StreamWidth > N) ? StreamWidth / N : 1;
  localparam int unsigned RowWords = (N > StreamWidth) ? N / StreamWidth : 1;
  localparam int unsigned PieceW   = (N > StreamWidth) ? StreamWidth : N;  // bits of a row in one word
  localparam int unsigned LogRowB  = $clog2(N / 8);

  // ---- rows
  logic [CountW-1:0]  word_row;  // in rows; in groups of WordRows rows where a word holds several
  logic [RankW-1:0]   fixed_rows;
  assign word_row   = word_index_i >> $clog2(RowWords);
  assign fixed_rows = RankW'(width_i) + RankW'(sign_stored_i);

  for (genvar p = 0; p < actp_pkg::ROWS; p++) begin : gen_row
    logic             present;
    logic [RankW-1:0] rank;
    if (p == actp_pkg::ROW_SIGN) begin : gen_sign
      assign present = sign_stored_i;
      assign rank    = '0;
    end else if (p < actp_pkg::ROW_MAN) begin : gen_code
      localparam int unsigned Bit = actp_pkg::CODE_W - 1 - (p - actp_pkg::ROW_CODE);
      assign present = 32'(width_i) > Bit;
      assign rank    = fixed_rows - RankW'(Bit + 1);
    end else begin : gen_man
      assign present = stored_i[ManW-1-(p-actp_pkg::ROW_MAN)];
      assign rank    = fixed_rows + RankW'(man_rank_i[(p-actp_pkg::ROW_MAN)*5 +: 5]);
    end
    for (genvar q = 0; q < RowWords; q++) begin : gen_piece
      logic              write;
      logic [PieceW-1:0] next, piece_q;
      if (RowWords > 1) begin : gen_part
        assign write = word_valid_i & present & (word_row == CountW'(rank)) &
                       (word_index_i[$clog2(RowWords)-1:0] == ($clog2(RowWords))'(q));
        assign next  = word_i;
      end else if (WordRows == 1) begin : gen_one
        assign write = word_valid_i & present & (word_row == CountW'(rank));
        assign next  = word_i;
      end else begin : gen_some
        // The low bits of the rank pick the piece.
        localparam int unsigned PickW = $clog2(WordRows);
        assign write = word_valid_i & present & (word_row == CountW'(rank[RankW-1:PickW]));
        assign next  = word_i[rank[PickW-1:0]*N +: N];
      end
      always_ff @(posedge clk_i) begin
        if (write) piece_q <= next;
      end
      assign rows_o[p*N+q*PieceW +: PieceW] = piece_q;
    end
  end

  // ---- how far the slot reaches: rows that it holds whole, and values of the next one
  logic [SlotW:0]     payload;       // bytes behind the header
  logic               headless, short_fixed, wrong_length, complete;
  logic [SlotW-LogRowB:0] whole_rows;
  logic [RankW-1:0]   all_rows;
  logic [SlotW:0]     whole_bytes;
  assign headless     = bytes_i < (SlotW+1)'(head_bytes_i);
  assign payload      = bytes_i - (SlotW+1)'(head_bytes_i);
  assign whole_rows   = payload[SlotW:LogRowB];
  assign short_fixed  = whole_rows < (SlotW-LogRowB+1)'(fixed_rows);
  assign all_rows     = fixed_rows + RankW'(man_count_i);
  assign complete     = whole_rows >= (SlotW-LogRowB+1)'(all_rows);
  assign whole_bytes  = (SlotW+1)'(head_bytes_i) + ((SlotW+1)'(all_rows) << LogRowB);
  assign wrong_length = bytes_i != (lossless_i ? whole_bytes : (SlotW+1)'(slot_bytes_i));

  always_ff @(posedge clk_i) begin
    if (word_end_i) begin
      man_rows_o  <= complete ? RankW'(man_count_i) : RankW'(whole_rows) - fixed_rows;
      man_lanes_o <= {payload[LogRowB-1:0], 3'b000};
      complete_o  <= complete;
      malformed_o <= malformed_i | headless | short_fixed | wrong_length;
    end
  end
endmodule

`default_nettype wire
