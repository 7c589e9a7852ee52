// SPDX-License-Identifier: Apache-2.0
// actp_enc_emit - the bits of every chunk of a block, its groups side by side, and their number.
//
// Format   F-3.4, F-4.10, F-5.4 .. F-5.6, F-6.12    Model   EncodeField, EncodeSignificance
// Contract in:  plans, and the chunks of their blocks. plan_begun_o: the first chunk of the plan is
//               being prepared; the next plan may not be shown before that.
//          out: for every chunk two lists of bits, a_o and b_o, of a_n_o and b_n_o pieces; b
//               follows a. Together they are at most CoreWidth bits: a chunk with more comes in two
//               steps. first_o and last_o: of the block.
// Method   the facts of a chunk are ready before it comes (actp_enc_steps); then its rows are
//          formed and registered, then put side by side. With several groups in a half there is
//          another register behind that.
// Params   BlockLen, CoreWidth, Formats, Orders, GroupLen, Depth as the compressor has them
// Reset    empty
`include "actp_macros.svh"
`default_nettype none

module actp_enc_emit #(
  parameter int unsigned BlockLen  = 128,
  parameter int unsigned CoreWidth = 256,
  parameter int unsigned Formats   = 7,
  parameter int unsigned Orders    = 3,
  parameter int unsigned GroupLen  = 8,
  parameter int unsigned Depth     = 24,
  localparam int unsigned Groups    = BlockLen / GroupLen,
  localparam int unsigned WideW     = actp_pkg::stored_bits(Depth),
  localparam int unsigned WideData  = ((Formats & 1) != 0) ? CoreWidth / 32 * WideW : 0,
  localparam int unsigned DataW     = (Formats != 1 && CoreWidth > WideData) ? CoreWidth : WideData,
  localparam int unsigned Lanes     = (Formats == 1) ? CoreWidth / 32 : CoreWidth / 16,
  localparam int unsigned EntryW    = DataW + (((Orders & 2) != 0) ? Lanes : 0),
  localparam int unsigned Octets    = CoreWidth / 128,
  localparam int unsigned Split     = (Orders != 1) ? 8 / GroupLen : 1,
  localparam int unsigned Cells     = Octets * Split,
  localparam int unsigned FieldRows = ((Orders & 1) != 0) ? 17 : 0,
  localparam int unsigned LevelRows = (Orders != 1) ? Depth + 3 : 0,
  localparam int unsigned OctetRows = (LevelRows > FieldRows) ? LevelRows : FieldRows,
  localparam int unsigned HalfW     = Octets / 2 * OctetRows * 8,
  localparam int unsigned Piece     = 8 / Split,
  localparam int unsigned CountW    = $clog2(CoreWidth / Piece) + 1
) (
  input  wire logic                   clk_i,
  input  wire logic                   rst_ni,
  // plan of the block that leaves
  input  wire logic                   plan_valid_i,
  output logic                        plan_begun_o,   // its first chunk is being prepared
  input  wire actp_pkg::plan_t        plan_i,
  /* verilator lint_off UNUSEDSIGNAL */  // with Orders = 2: order field alone reads it
  input  wire logic [23*5-1:0]        man_rank_i,     // order field: stored rows above each
  /* verilator lint_on UNUSEDSIGNAL */
  input  wire logic [4*Groups-1:0]    codes_i,        // order significance
  input  wire logic [Groups-1:0]      lives_i,        // F-6.3
  input  wire logic [Groups-1:0]      special_i,      // y(g)
  // chunks from the queue
  input  wire logic                   chunk_valid_i,
  output logic                        chunk_ready_o,
  input  wire logic [EntryW-1:0]      chunk_i,
  // two lists of bits for each chunk: a, then b, in pieces
  output logic                        out_valid_o,
  input  wire logic                   out_ready_i,
  output logic                        first_o,
  output logic                        last_o,
  output logic [HalfW-1:0]            a_o,
  output logic [CountW-1:0]           a_n_o,
  output logic [HalfW-1:0]            b_o,
  output logic [CountW-1:0]           b_n_o
);
  localparam int unsigned CellW  = $clog2(OctetRows + 1);
  localparam int unsigned MaskW  = ((Orders & 1) != 0) ? actp_pkg::ROWS : Depth;
  localparam int unsigned HalfC  = Cells / 2;
  localparam int unsigned RowsW  = 2 * HalfW;

  // ---- what the next chunk needs
  logic                   next_valid, next_take, next_first, next_last, next_wide;
  logic                   second_q, in_ready, move;
  actp_pkg::plan_t        plan;
  logic [Cells*CellW-1:0] count;
  logic [Cells*MaskW-1:0] mask;
  logic [Cells*9-1:0]     top;
  logic [Cells-1:0]       specials, signs, sign_on;
  actp_enc_steps #(
    .BlockLen(BlockLen), .CoreWidth(CoreWidth), .Formats(Formats), .Orders(Orders),
    .GroupLen(GroupLen), .Depth(Depth)
  ) u_steps (
    .clk_i, .rst_ni, .plan_valid_i, .plan_taken_o(plan_begun_o), .plan_i, .codes_i, .lives_i,
    .special_i,
    .valid_o(next_valid), .take_i(next_take), .plan_o(plan), .first_o(next_first),
    .last_o(next_last), .wide_o(next_wide),
    .rows_o(count), .mask_o(mask), .top_o(top), .specials_o(specials), .signs_o(signs),
    .sign_on_o(sign_on)
  );
  logic [23*5-1:0] rank_q;
  if (Orders[0]) begin : gen_rank
    always_ff @(posedge clk_i) begin
      if (plan_begun_o) rank_q <= man_rank_i;
    end
  end else begin : gen_no_rank
    assign rank_q = '0;
  end

  // ---- its rows. A chunk of more bits than a word comes twice, one half each.
  logic [1:0]        half;
  logic              significance;
  logic [RowsW-1:0]  rows;
  assign significance  = (Orders == 2) | ((Orders == 3) & plan.cfg.significance);
  assign half          = {~next_wide | second_q, ~next_wide | ~second_q};
  assign move          = next_valid & chunk_valid_i & in_ready;
  assign next_take     = move & half[1];
  assign chunk_ready_o = next_valid & in_ready & half[1];
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni)   second_q <= 1'b0;
    else if (move) second_q <= next_wide & ~second_q;
  end
  actp_enc_lanes #(
    .CoreWidth(CoreWidth), .Formats(Formats), .Orders(Orders), .Depth(Depth), .Split(Split),
    .OctetRows(OctetRows),
    .MaskW(MaskW), .EntryW(EntryW), .DataW(DataW)
  ) u_lanes (
    .chunk_i, .plan_i(plan), .man_rank_i(rank_q), .half_i(half), .mask_i(mask), .top_i(top),
    .specials_i(specials),
    .sign_on_i(sign_on), .rows_o(rows)
  );

  // ---- the pieces of each half
  logic [2*CountW-1:0] pieces;
  for (genvar h = 0; h < 2; h++) begin : gen_pieces
    logic [CountW-1:0] sum;
    always_comb begin
      sum = '0;
      for (int unsigned c = h * HalfC; c < (h + 1) * HalfC; c++) begin
        if (significance)        sum = sum + CountW'(count[c*CellW +: CellW]);
        else if (c % Split == 0) sum = sum + (CountW'(count[c*CellW +: CellW]) << $clog2(Split));
      end
      sum = sum & {CountW{half[h]}};
    end
    assign pieces[h*CountW +: CountW] = sum;
  end

  // ---- the register behind them
  logic                   valid_q, first_q, last_q, significance_q, out_take;
  logic [RowsW-1:0]       rows_q;
  logic [Cells-1:0]       specials_q, signs_q;
  logic [Cells*CellW-1:0] count_q;
  logic [2*CountW-1:0]    pieces_q;
  assign in_ready = ~valid_q | out_take;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni)       valid_q <= 1'b0;
    else if (in_ready) valid_q <= move;
  end
  always_ff @(posedge clk_i) begin
    if (move) begin
      rows_q         <= rows;
      first_q        <= next_first & half[0];
      last_q         <= next_last & half[1];
      significance_q <= significance;
      specials_q     <= specials;
      signs_q        <= signs;
      count_q        <= count;
      pieces_q       <= pieces;
    end
  end

  // ---- the groups side by side
  logic [RowsW-1:0] bits;
  for (genvar h = 0; h < 2; h++) begin : gen_half
    actp_enc_half #(
      .Octets(Octets / 2), .Split(Split), .OctetRows(OctetRows), .Depth(Depth), .Orders(Orders)
    ) u_half (
      .rows_i(rows_q[h*HalfW +: HalfW]), .significance_i(significance_q),
      .specials_i(specials_q[h*HalfC +: HalfC]),
      .signs_i(signs_q[h*HalfC +: HalfC]), .count_i(count_q[h*HalfC*CellW +: HalfC*CellW]),
      .bits_o(bits[h*HalfW +: HalfW])
    );
  end
  if (HalfC == 1) begin : gen_direct
    assign out_take     = out_ready_i;
    assign out_valid_o  = valid_q;
    assign first_o      = first_q;
    assign last_o       = last_q;
    assign {b_o, a_o}   = bits;
    assign {b_n_o, a_n_o} = pieces_q;
  end else begin : gen_register
    logic                valid_q2, first_q2, last_q2;
    logic [RowsW-1:0]    bits_q2;
    logic [2*CountW-1:0] pieces_q2;
    assign out_take = ~valid_q2 | out_ready_i;
    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni)       valid_q2 <= 1'b0;
      else if (out_take) valid_q2 <= valid_q;
    end
    always_ff @(posedge clk_i) begin
      if (out_take & valid_q) begin
        bits_q2   <= bits;
        pieces_q2 <= pieces_q;
        first_q2  <= first_q;
        last_q2   <= last_q;
      end
    end
    assign out_valid_o  = valid_q2;
    assign first_o      = first_q2;
    assign last_o       = last_q2;
    assign {b_o, a_o}   = bits_q2;
    assign {b_n_o, a_n_o} = pieces_q2;
  end

  `ACTP_STREAM(EmitOut, out_valid_o, out_ready_i, {first_o, last_o, a_n_o, b_n_o, a_o, b_o})
  `ACTP_ASSERT(EmitFits_A, out_valid_o |-> CountW'(CoreWidth / Piece) >= a_n_o + b_n_o)
endmodule

`default_nettype wire
