// SPDX-License-Identifier: Apache-2.0
// actp_enc_round - the magnitude of one value in steps of its group, order significance.
//
// Format   F-5.7, F-6.12        Model   actplane::RoundToStep (model/src/significance_order.cc)
// Contract combinational. A value of actp_enc_value and its group: top_i is the weight of row 0,
//          base - c(g), plus 16, 2 or more; keep_i has its D(g) lowest bits set, one for each row;
//          mid_rise_i is form 2. rows_o: row r at bit r, row 0 the highest weight, rows from D(g)
//          on 0. Nearest, ties to even, at most all ones; mid-rise: down. A special gives 0. A
//          value above the weight of row 0 does not occur. Exact where man_i and sticky_i say all
//          of the value, and for normal values with a guard bit and a sticky bit.
// Method   one shift by base - c(g) - e + 16: the value starts 16 rows above row 0, so that
//          subnormals can move up. Then the rows below the D(g) read 1 and a one is added at the
//          bottom, which is half a step; a tie clears the last row.
// Params   Depth 8 .. 24 (rows), ManW 7 .. 24
`default_nettype none

module actp_enc_round #(
  parameter int unsigned Depth = 24,
  parameter int unsigned ManW  = 23
) (
  input  wire logic [actp_pkg::EXP_W-1:0] exp_i,      // exponent field
  input  wire logic [ManW-1:0]            man_i,      // aligned at the top
  input  wire logic                       sticky_i,   // OR of the bits below man_i
  input  wire logic                       special_i,  // Inf or NaN: rows read 0
  input  wire logic [actp_pkg::EXP_W:0]   top_i,      // weight of row 0, plus 16
  input  wire logic [Depth-1:0]           keep_i,     // one bit for each row of the group
  input  wire logic                       mid_rise_i, // form 2: rounds down
  output logic [Depth-1:0]                rows_o      // row 0 the highest weight
);
  localparam int unsigned SigW   = ManW + 1;
  localparam bit          Deep   = Depth > 15;               // there are rows 16 below the first
  localparam int unsigned Window = 16 + Depth + 1;           // rows -16 .. Depth
  localparam int unsigned Room   = (Deep ? 32 : 16) + SigW;  // of what is placed at first
  localparam int unsigned Full   = (Room > Window) ? Room : Window;
  localparam int unsigned Levels = $clog2(Depth + 1);

  // ---- the shift
  logic                      normal, out;
  logic [actp_pkg::EXP_W:0]  down;  // row of the leading one, + 16
  logic [SigW-1:0]           significand;
  assign normal = |exp_i;
  assign down   = top_i - {1'b0, exp_i[7:1], exp_i[0] | ~normal};
  assign out    = special_i | (|down[8:6]) | (down[5] & (~Deep | down[4]));
  assign significand[0] = normal;
  for (genvar i = 0; i < ManW; i++) begin : gen_significand
    assign significand[1+i] = man_i[ManW-1-i];
  end

  logic [Full-1:0]   placed;
  /* verilator lint_off UNUSEDSIGNAL */  // what a shift moves above row 0 is dropped
  logic [Window-1:0] by16, by8, by4, by2, by1;
  /* verilator lint_on UNUSEDSIGNAL */
  logic              lost;
  assign placed = Full'((Full'(significand) & {Full{~down[4] & ~(Deep & down[5])}}) |
                        ((Full'(significand) << 16) & {Full{down[4]}}) |
                        ((Full'(significand) << 32) & {Full{~down[4] & Deep & down[5]}}));
  assign by16 = placed[Window-1:0];
  assign by8  = down[3] ? by16 << 8 : by16;
  assign by4  = down[2] ? by8 << 4 : by8;
  assign by2  = down[1] ? by4 << 2 : by4;
  assign by1  = down[0] ? by2 << 1 : by2;
  assign lost = sticky_i | (|(placed >> Window)) | (down[3] & (|by16[Window-1 -: 8])) |
                (down[2] & (|by8[Window-1 -: 4])) | (down[1] & (|by4[Window-1 -: 2])) |
                (down[0] & by2[Window-1]);

  // ---- half a step more
  logic [Depth:0]   value, below, ones;  // by row
  logic [Depth-1:0] last, carry;         // carry: into the row
  logic             tie, over;
  assign value = by1[16 +: Depth+1];
  assign below = {~keep_i, 1'b0};              // rows behind the first one that is cut
  assign last  = keep_i & ~(keep_i >> 1);
  assign tie   = ~(lost | (|(value & below)));
  // All ones from here down, as a tree of ANDs: in front of a block of 2^l rows every row takes
  // what the block's first has.
  always_comb begin
    ones = value | below;
    ones[Depth] = ones[Depth] & ~mid_rise_i;
    for (int unsigned l = 0; l < Levels; l++) begin
      for (int unsigned i = 0; i <= Depth; i++) begin
        if (((i >> l) & 1) != 0) ones[Depth-i] = ones[Depth-i] & ones[Depth-(((i>>l)<<l)-1)];
      end
    end
  end
  assign carry  = ones[Depth:1];
  assign over   = ones[0];
  assign rows_o = keep_i & {Depth{~out}} & ({Depth{over}} | ((value[Depth-1:0] ^ carry) &
                                             ~(last & carry & {Depth{tie}})));
endmodule

`default_nettype wire
