// SPDX-License-Identifier: Apache-2.0
// actp_dec_rebuild - turn the planes of a slot back into values, one beat per cycle.
//
// Format   F-3.5 .. F-3.12, F-7.4        Model   actplane::RebuildValues (model/src/field_order.cc)
// Contract in:  load_i with the payload and the header of a slot. The header counts in that cycle. Of the payload, words
//               of StreamWidth bits must stay as long as word_free_o is low for their index: word j may be overwritten as
//               soon as j beats have been formed.
//          out: the N values as beats, the first one in the output register two cycles after load_i, `last` on the
//               final one; all +0 if the slot is malformed. done_o: the final beat leaves for the output register; load_i may
//               be high again.
// Method   a beat has its values out of all ranks; which rank is which row is the same for all values.
//          Which bits are lost is one of two patterns, in front of the cut and behind it; the bit above decides the fill.
// Params   BlockLen 32 .. 256, StreamWidth 64 .. 512 (tested all sixteen); Formats, as format_i can be
// Reset    idle, no output
// Not here where the payload is kept (actp_dec_select)
`include "actp_macros.svh"
`default_nettype none

module actp_dec_rebuild #(
  parameter int unsigned BlockLen    = 128,
  parameter int unsigned StreamWidth = 256,
  parameter int unsigned CountW      = 8,
  parameter int unsigned Formats     = 7,
  localparam int unsigned ManW  = actp_pkg::MAN_W,
  localparam int unsigned RankW = actp_pkg::RANK_W,
  localparam int unsigned ByteW = $clog2(BlockLen / 8)
) (
  input  wire logic                             clk_i,
  input  wire logic                             rst_ni,
  // a slot
  input  wire logic                             load_i,
  output logic                                  done_o,
  output logic                                  busy_o,
  input  wire logic [CountW-1:0]                word_index_i,
  output logic                                  word_free_o,  // this word may be overwritten at the end of this cycle
  input  wire logic [actp_pkg::ROWS*BlockLen-1:0] bits_i,
  input  wire logic [actp_pkg::FMT_W-1:0]       format_i,
  input  wire logic                             fill_zero_i,
  input  wire logic [actp_pkg::EXP_W-1:0]       base_i,
  input  wire logic [actp_pkg::WIDTH_W-1:0]     width_i,
  input  wire logic                             zero_code_i,
  input  wire logic                             special_i,
  input  wire logic                             sign_stored_i,
  input  wire logic                             sign_value_i,
  input  wire logic [ManW-1:0]                  stored_i,
  input  wire logic [ManW-1:0]                  value_i,
  input  wire logic [ManW*5-1:0]                man_rank_i,
  input  wire logic [RankW-1:0]                 man_rows_i,
  input  wire logic [ByteW-1:0]                 man_bytes_i,
  input  wire logic                             complete_i,
  input  wire logic                             malformed_i,
  // its values
  output logic                                  out_valid_o,
  input  wire logic                             out_ready_i,
  output logic [StreamWidth-1:0]                out_data_o,
  output logic                                  out_last_o
);
  localparam int unsigned N      = BlockLen;
  localparam int unsigned Slots  = StreamWidth / 16;
  localparam int unsigned Group  = StreamWidth / 32;
  localparam int unsigned Groups = N / Group;
  localparam int unsigned IndexW = $clog2(Groups);
  localparam int unsigned LaneW  = $clog2(N);
  localparam int unsigned ExpW   = actp_pkg::EXP_W;
  localparam int unsigned CodeW  = actp_pkg::CODE_W;
  localparam int unsigned Rows   = actp_pkg::ROWS;
  localparam int unsigned Fixed  = 1 + CodeW;      // rows in front of the mantissa, at most
  localparam int unsigned NarrowRows = 17, NarrowMan = 10;  // 1 + (E + 1) + M, and M, of 16-bit formats at most

  // ---- the slot; a malformed one has neither signs nor specials, and is cleared
  logic                     busy_q, narrow_q, clear_q, complete_q, zero_code_q, special_q, fill_zero_q;
  logic [actp_pkg::FMT_W-1:0] format_q;
  logic [ExpW-1:0]          base_q;
  logic [CodeW-1:0]         code_mask_q;
  logic [Fixed:0]           fixed_is_q;  // one-hot: rows in front of the mantissa
  logic                     sign_stored_q, sign_value_q;
  logic [ManW-1:0]          stored_q, value_q;
  logic [ManW*5-1:0]        man_rank_q;
  logic [RankW-1:0]         man_rows_q;
  logic [ByteW-1:0]         bytes_q;
  always_ff @(posedge clk_i) begin
    if (load_i) begin
      format_q      <= format_i;
      narrow_q      <= actp_pkg::is_narrow(format_i);
      fill_zero_q   <= fill_zero_i;
      clear_q       <= malformed_i;
      complete_q    <= complete_i;
      zero_code_q   <= zero_code_i;
      special_q     <= special_i & ~malformed_i;
      base_q        <= base_i;
      for (int unsigned k = 0; k < CodeW; k++) code_mask_q[k] <= k < 32'(width_i);
      for (int unsigned k = 0; k <= Fixed; k++) fixed_is_q[k] <= k == 32'(width_i) + 32'(sign_stored_i);
      sign_stored_q <= sign_stored_i & ~malformed_i;
      sign_value_q  <= sign_value_i & ~malformed_i;
      stored_q      <= stored_i;
      value_q       <= value_i;
      man_rank_q    <= man_rank_i;
      man_rows_q    <= man_rows_i;
      bytes_q       <= man_bytes_i;
    end
  end

  // ---- F-3.5, F-3.10: bits that are known, and the highest one that is lost, in front of and behind the cut
  logic [ManW-1:0] known_front, known_back, lost_front, lost_back;
  for (genvar k = 0; k < ManW; k++) begin : gen_fill
    localparam int unsigned B = ManW - 1 - k;
    logic [RankW-1:0] rank;
    logic             whole, cut, behind;  // of the stored rows: above the cut, at it, the first one below it
    assign rank   = RankW'(man_rank_q[k*5 +: 5]);
    assign whole  = stored_q[B] & (rank < man_rows_q);
    assign cut    = stored_q[B] & (rank == man_rows_q);
    assign behind = stored_q[B] & (rank == man_rows_q + RankW'(1));
    assign known_front[B] = whole | cut;
    assign known_back[B]  = whole;
    assign lost_front[B]  = behind & ~fill_zero_q;
    assign lost_back[B]   = cut & ~fill_zero_q;
  end

  // ---- one beat: group i for FP32, groups 2i and 2i + 1 for the 16-bit formats
  logic [IndexW-1:0]     index;
  logic                  last, move;
  logic [Rows*Group-1:0]       low;   // rank r of value v at [r*Group+v]
  logic [NarrowRows*Group-1:0] high;
  assign move   = busy_q & (~out_valid_o | out_ready_i);
  assign done_o = move & last;
  assign busy_o = busy_q;
  actp_dec_select #(.BlockLen(BlockLen), .StreamWidth(StreamWidth), .CountW(CountW), .Formats(Formats)) u_select (
    .clk_i, .rst_ni, .load_i, .bits_i, .busy_i(busy_q), .narrow_i(narrow_q), .move_i(move),
    .word_index_i, .word_free_o, .index_o(index), .last_o(last), .low_o(low), .high_o(high)
  );

  // Stored row k of the mantissa has one of the ranks 0 .. k.
  logic [ManW*ManW-1:0] rank_is;
  for (genvar k = 0; k < ManW; k++) begin : gen_rank_is
    for (genvar m = 0; m <= k; m++) begin : gen_one
      assign rank_is[k*ManW+m] = man_rank_q[k*5 +: 5] == 5'(m);
    end
    for (genvar m = k + 1; m < ManW; m++) begin : gen_none
      assign rank_is[k*ManW+m] = 1'b0;
    end
  end

  // Eight values, a byte of a row, are in front of the cut or behind it together.
  localparam int unsigned Bytes = (Group > 8) ? Group / 8 : 1;  // that a group touches
  logic [IndexW:0]           group_low, group_high;
  logic [2*Bytes-1:0]        front;
  logic [2*Bytes*ManW-1:0]   known, lost, below;  // lost: the highest of them; below: the others
  assign group_low  = narrow_q ? {index, 1'b0} : {1'b0, index};
  assign group_high = {index, 1'b1};
  for (genvar b = 0; b < Bytes; b++) begin : gen_front
    assign front[b]       = (LaneW+1)'(32'(group_low) * Group + 8 * b) < {1'b0, bytes_q, 3'd0};
    assign front[Bytes+b] = (LaneW+1)'(32'(group_high) * Group + 8 * b) < {1'b0, bytes_q, 3'd0};
  end
  for (genvar b = 0; b < 2 * Bytes; b++) begin : gen_known
    assign known[b*ManW +: ManW] = front[b] ? known_front : known_back;
    assign lost[b*ManW +: ManW]  = front[b] ? lost_front : lost_back;
    assign below[b*ManW +: ManW] = stored_q & ~known[b*ManW +: ManW] & ~lost[b*ManW +: ManW] & {ManW{~fill_zero_q}};
  end

  logic [StreamWidth-1:0] beat_wide, beat_narrow;
  for (genvar s = 0; s < Slots; s++) begin : gen_slot
    // The upper half of the slots is of 16-bit formats only.
    localparam bit          Wide  = s < Group && Formats[0];
    localparam int unsigned Ranks = Wide ? Rows : NarrowRows;
    localparam int unsigned Mans  = Wide ? ManW : NarrowMan;
    logic [Ranks-1:0] ranks;
    logic [CodeW-1:0] code, code_n;
    logic [ManW-1:0]  bits, mantissa;
    logic [Mans-1:0]  man_ranks;
    logic [Fixed-1:0] upward;
    logic             sign, top, is_zero, is_nan, is_inf, odd;  // odd: the bit above the highest lost one (F-3.10)
    logic [ExpW+1:0]  exponent;  // base - code, negative if the code is too large
    logic [ExpW-1:0]  exp_out;
    logic [ManW-1:0]  man_out;
    for (genvar r = 0; r < Ranks; r++) begin : gen_rank
      if (s < Group) begin : gen_low
        assign ranks[r] = low[r*Group+s];
      end else begin : gen_high
        assign ranks[r] = high[r*Group+s-Group];
      end
    end
    for (genvar r = 0; r < Fixed; r++) begin : gen_upward  // code bits lie from the top down
      assign upward[Fixed-1-r] = ranks[r];
    end
    always_comb begin
      code      = '0;
      man_ranks = '0;
      for (int unsigned f = 0; f <= Fixed; f++) begin
        code      = code | (CodeW'(upward >> (Fixed - f)) & {CodeW{fixed_is_q[f]}});
        man_ranks = man_ranks | (Mans'(ranks >> f) & {Mans{fixed_is_q[f]}});
      end
      bits = '0;
      for (int unsigned k = 0; k < Mans; k++) bits[ManW-1-k] = |(man_ranks & rank_is[k*ManW +: Mans]);
    end
    assign sign = sign_stored_q ? ranks[0] : sign_value_q;

    // F-3.6: zero is all ones; NaN one below if there is a zero code; Inf one below NaN.
    assign code_n  = ~code & code_mask_q;
    assign top     = code_n[CodeW-1:2] == '0;
    assign is_zero = zero_code_q & top & (code_n[1:0] == 2'b00);
    assign is_nan  = special_q & top & (zero_code_q ? code_n[1:0] == 2'b01 : code_n[1:0] == 2'b00);
    assign is_inf  = special_q & top & (zero_code_q ? code_n[1:0] == 2'b10 : code_n[1:0] == 2'b01);

    localparam int unsigned Byte = (s < Group) ? s / 8 : Bytes + (s - Group) / 8;
    assign mantissa = (bits & known[Byte*ManW +: ManW]) | value_q;
    assign exponent = {2'b00, base_q} - {1'b0, code & code_mask_q};
    assign odd      = |({exponent[0], mantissa[ManW-1:1]} & lost[Byte*ManW +: ManW]);

    always_comb begin
      exp_out = exponent[ExpW-1:0];
      man_out = mantissa | (odd ? below[Byte*ManW +: ManW] : lost[Byte*ManW +: ManW]);
      if (clear_q | is_zero | (~is_nan & ~is_inf & exponent[ExpW+1])) begin
        exp_out = '0;
        man_out = '0;
      end
      if (is_nan | is_inf) exp_out = actp_pkg::exp_max(format_q);
      if (is_nan) man_out = {mantissa[ManW-1] | ~complete_q, mantissa[ManW-2:0]};
      if (is_inf) man_out = '0;
    end
    if (s < Group) begin : gen_wide
      assign beat_wide[s*32 +: 32] = {sign, exp_out, man_out};
    end else begin : gen_narrow_only
      logic unused_low;
      assign unused_low = ^man_out[ManW-11:0];
    end
    assign beat_narrow[s*16 +: 16] = actp_pkg::is_fp16(format_q) ? {sign, exp_out[4:0], man_out[ManW-1 -: 10]} :
                                                                    {sign, exp_out, man_out[ManW-1 -: 7]};
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      busy_q      <= 1'b0;
      out_valid_o <= 1'b0;
    end else begin
      busy_q      <= load_i | (busy_q & ~done_o);
      out_valid_o <= move | (out_valid_o & ~out_ready_i);
    end
  end
  always_ff @(posedge clk_i) begin
    if (move) begin
      out_data_o <= narrow_q ? beat_narrow : beat_wide;
      out_last_o <= last;
    end
  end

  `ACTP_STREAM(RebuildOut, out_valid_o, out_ready_i, {out_data_o, out_last_o})
  `ACTP_ASSERT(LoadWhenFree_A, load_i |-> !busy_q || done_o)
endmodule

`default_nettype wire
