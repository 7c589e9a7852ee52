// SPDX-License-Identifier: Apache-2.0
// actp_packer - emit a slot: header, then the rows that are stored, cut at the end of the slot.
//
// Format   F-2.7, F-2.8, F-3.4, F-3.5   Model   EncodeField, BitWriter (model/src/field_order.cc)
//          The payload is in plane order (docs/rtl.md).
// Contract in:  start_i with the description of a block; the rows and the description hold until done_o.
//          out: the slot as a stream, first beat one cycle after start_i, one beat per cycle; `last` and keep on the
//               final beat. done_o: the final word leaves for the output register in this cycle; start_i may be high again.
//               Rows: sign, code bits 7 .. 0 (bit 8 is nothing but mask), mantissa 22 .. 0. Code bit k comes inverted if
//               inverted_i[k] is set. A code row reads 1 where flushed_i
//               is 1, from code bit 2 up also where reserved_i is; a mantissa row reads 0 where flushed_i is 1.
//               words_done_o: words_i or more words have been formed by the end of this cycle.
// Method   word k holds the next StreamWidth bits of all stored rows in a row: the rows whose rank fits are picked by
//          AND-OR, then masked. Behind the register the header shifts it by one of four distances, 16, 32, 48 or 64 bits.
// Params   BlockLen 32 .. 256, StreamWidth 64 .. 512 (tested all sixteen)
// Reset    idle, no output
`include "actp_macros.svh"
`default_nettype none

module actp_packer #(
  parameter int unsigned BlockLen    = 128,
  parameter int unsigned StreamWidth = 256,
  localparam int unsigned ManW  = actp_pkg::MAN_W,
  localparam int unsigned SlotW = actp_pkg::SLOT_W,
  localparam int unsigned HeadW = actp_pkg::HEAD_W,
  localparam int unsigned WordsW = $clog2(32 * BlockLen / StreamWidth) + 1
) (
  input  wire logic                              clk_i,
  input  wire logic                              rst_ni,
  // a block
  input  wire logic                              start_i,
  output logic                                   done_o,
  output logic                                   busy_o,
  input  wire logic [WordsW-1:0]                 words_i,
  output logic                                   words_done_o,
  input  wire logic [(actp_pkg::ROWS-1)*BlockLen-1:0] rows_i,
  input  wire logic [actp_pkg::EXP_W-1:0]        inverted_i,
  input  wire logic [BlockLen-1:0]               flushed_i,
  input  wire logic [BlockLen-1:0]               reserved_i,
  input  wire logic [HeadW-1:0]                  head_i,
  input  wire logic [3:0]                        head_bytes_i,
  input  wire logic [actp_pkg::WIDTH_W-1:0]      width_i,
  input  wire logic                              sign_stored_i,
  input  wire logic [ManW-1:0]                   stored_i,
  input  wire logic [ManW*5-1:0]                 man_rank_i,
  input  wire logic [SlotW-1:0]                  bytes_i,
  // its slot
  output logic                                   out_valid_o,
  input  wire logic                              out_ready_i,
  output logic [StreamWidth-1:0]                 out_data_o,
  output logic [StreamWidth/8-1:0]               out_keep_o,
  output logic                                   out_last_o
);
  localparam int unsigned N        = BlockLen;
  localparam int unsigned WordRows = (StreamWidth > N) ? StreamWidth / N : 1;  // rows that a word touches
  localparam int unsigned RowWords = (N > StreamWidth) ? N / StreamWidth : 1;  // words that a row takes
  localparam int unsigned LogBeatB = $clog2(StreamWidth / 8);
  localparam int unsigned CountW   = SlotW - LogBeatB + 1;
  localparam int unsigned RankW    = actp_pkg::RANK_W;
  localparam int unsigned CodeRows = actp_pkg::EXP_W;
  localparam int unsigned Rows     = 1 + CodeRows + ManW;

  // ---- which rows the word takes
  logic                          busy_q;
  logic [CountW-1:0]             count_q;
  logic [RankW-1:0]              rank, fixed_rows;
  logic [WordRows*N-1:0]         picked;
  logic [StreamWidth-1:0]        word;

  assign rank       = RankW'((count_q >> $clog2(RowWords)) << $clog2(WordRows));
  assign fixed_rows = RankW'(width_i) + RankW'(sign_stored_i);
  for (genvar r = 0; r < WordRows; r++) begin : gen_pick
    logic [RankW-1:0]          want, want_code, want_man;
    logic [Rows-1:0]           pick;
    logic                      in_code, in_high, in_man;  // what the row is: a code bit, bit 2 or above, of the mantissa
    assign want      = rank + RankW'(r);
    assign want_code = want - RankW'(sign_stored_i);  // code bit w-1 first
    assign want_man  = want - fixed_rows;
    assign in_code   = want_code < RankW'(width_i);
    assign in_high   = in_code & (want_code + RankW'(2) < RankW'(width_i));
    assign in_man    = want >= fixed_rows;
    // A row has at most the rank that it has when all are stored; then it is never r-th of a word for a larger r.
    if (r == 0) begin : gen_sign
      assign pick[0] = sign_stored_i & (want == '0);
    end else begin : gen_no_sign
      assign pick[0] = 1'b0;
    end
    for (genvar k = 0; k < CodeRows; k++) begin : gen_code
      localparam int unsigned Bit = CodeRows - 1 - k;
      if (r <= k + 2) begin : gen_pick
        assign pick[1+k] = in_code & (want_code == RankW'(width_i) - RankW'(Bit + 1));
      end else begin : gen_never
        assign pick[1+k] = 1'b0;
      end
    end
    for (genvar k = 0; k < ManW; k++) begin : gen_man
      if (r <= actp_pkg::ROW_MAN + k) begin : gen_pick
        assign pick[1+CodeRows+k] = stored_i[ManW-1-k] & (want_man == RankW'(man_rank_i[k*5 +: 5]));
      end else begin : gen_never
        assign pick[1+CodeRows+k] = 1'b0;
      end
    end
    logic         invert;
    logic [N-1:0] row;
    always_comb begin
      invert = 1'b0;
      for (int unsigned k = 0; k < CodeRows; k++) invert = invert | (pick[1+k] & inverted_i[CodeRows-1-k]);
      row = '0;
      for (int unsigned p = 0; p < Rows; p++) begin
        row = row | (rows_i[p*N +: N] & {N{pick[p]}});
      end
      row = row ^ {N{invert}};
      row = row | (flushed_i & {N{in_code}}) | (reserved_i & {N{in_high}});
      row = row & ~(flushed_i & {N{in_man}});
    end
    assign picked[r*N +: N] = row;
  end
  if (RowWords == 1) begin : gen_whole_rows
    assign word = picked;
  end else begin : gen_part_rows
    logic [$clog2(RowWords)-1:0] part;
    assign part = count_q[$clog2(RowWords)-1:0];
    assign word = picked[part*StreamWidth +: StreamWidth];
  end

  // ---- the word that leaves, what is left of the one before it or the header, and where it ends
  logic [HeadW-1:0]       head_top, carry_q;
  logic [StreamWidth-1:0] word_q;
  logic [3:0]             head_is_q;    // one-hot: 8, 6, 4 or 2 bytes of header
  logic [SlotW-1:0]       last_byte;
  logic [LogBeatB-1:0]    last_byte_q;  // of the beat
  logic                   last, last_q, move;
  always_comb begin
    unique case (head_bytes_i)
      4'd2:    head_top = {head_i[15:0], 48'd0};
      4'd4:    head_top = {head_i[31:0], 32'd0};
      4'd6:    head_top = {head_i[47:0], 16'd0};
      default: head_top = head_i;
    endcase
  end
  assign last_byte = bytes_i - SlotW'(1);
  assign last = count_q == CountW'(last_byte >> LogBeatB);
  assign move   = busy_q & (~out_valid_o | out_ready_i);
  assign done_o = move & last;
  assign busy_o = busy_q;

  logic ahead, ahead_two;  // words that are not there yet, and not there after this cycle either
  assign ahead        = (CountW+WordsW)'(words_i) > (CountW+WordsW)'(count_q);
  assign ahead_two    = (CountW+WordsW)'(words_i) > (CountW+WordsW)'(count_q) + (CountW+WordsW)'(1);
  assign words_done_o = ~busy_q | (move ? last | ~ahead_two : ~ahead);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      busy_q      <= 1'b0;
      out_valid_o <= 1'b0;
      count_q     <= '0;
    end else begin
      busy_q      <= start_i | (busy_q & ~done_o);
      out_valid_o <= move | (out_valid_o & ~out_ready_i);
      if (move) count_q <= last ? '0 : count_q + CountW'(1);
    end
  end
  always_ff @(posedge clk_i) begin
    if (move) begin
      word_q      <= word;
      carry_q     <= (count_q == '0) ? head_top : word_q[StreamWidth-1 -: HeadW];
      last_q      <= last;
      last_byte_q <= last ? last_byte[LogBeatB-1:0] : '1;
      for (int unsigned k = 0; k < 4; k++) head_is_q[k] <= head_bytes_i == 4'(8 - 2 * k);
    end
  end

  // ---- the beat: H bits from before, and the rest of the word; nothing behind the cut
  logic [HeadW+StreamWidth-17:0] joined;  // the top 16 bits of a word always wait
  logic [StreamWidth-1:0]        beat;
  assign joined = {word_q[StreamWidth-17:0], carry_q};
  always_comb begin
    beat = '0;
    for (int unsigned k = 0; k < 4; k++) begin
      beat = beat | (joined[16*k +: StreamWidth] & {StreamWidth{head_is_q[k]}});
    end
  end
  for (genvar b = 0; b < StreamWidth / 8; b++) begin : gen_keep
    if (b == 0) begin : gen_first
      assign out_keep_o[b] = 1'b1;
    end else begin : gen_other
      assign out_keep_o[b] = last_byte_q >= LogBeatB'(b);
    end
    assign out_data_o[b*8 +: 8] = beat[b*8 +: 8] & {8{out_keep_o[b]}};
  end
  assign out_last_o = last_q;

  `ACTP_STREAM(PackOut, out_valid_o, out_ready_i, {out_data_o, out_keep_o, out_last_o})
  `ACTP_ASSERT(StartWhenFree_A, start_i |-> !busy_q || done_o)
endmodule

`default_nettype wire
