// SPDX-License-Identifier: Apache-2.0
// actp_enc_choice - the best way to write the codes of a set of living groups.
//
// Format   F-5.4, F-6.3 .. F-6.6        Model   actplane::ChooseCoding
// Contract start_i takes a level and the groups that live there; three cycles later the choice is
//          there and stays until the next start or clear_i. hit_o: it is that of the level on the
//          inputs, too, as long as the same groups live and no cost has changed. cost_o: rows of
//          the codes, and those beyond the least (min(d, 15) as code); allowed_o: some choice is.
//          Facts of the block stay as they are from a start to its result.
// Method   b: width of the largest delta. Five choices can be best (F-6.4): A (b-1, 1), B (b-1, 0),
//          C (b, 1), D (b, 0), E (b+1, 1). A and B pay up to as many rows beyond the least as two
//          bits of every code are. B and D with rows of dead groups count where they can be best.
// Params   BlockLen 32 .. 256, GroupLen 4 or 8
// Reset    nothing known
`default_nettype none

module actp_enc_choice #(
  parameter int unsigned BlockLen = 128,
  parameter int unsigned GroupLen = 8,
  localparam int unsigned Groups = BlockLen / GroupLen,
  localparam int unsigned UnitW  = (Groups < 32) ? $clog2(Groups) : 5,
  localparam int unsigned CountW = $clog2(Groups) + 1,   // 0 .. Groups
  localparam int unsigned CostW  = 6 + $clog2(Groups)
) (
  input  wire logic                 clk_i,
  input  wire logic                 rst_ni,
  // facts
  input  wire logic [5*Groups-1:0]  deltas_i,
  input  wire logic [Groups-1:0]    signs_i,      // has a sign row when it has rows
  input  wire logic [1:0]           form_i,
  input  wire logic [4:0]           row_limit_i,  // R
  input  wire logic [4:0]           limit_i,      // R, in form 2 R + 1
  // a level
  input  wire logic                 clear_i,
  input  wire logic                 start_i,
  input  wire logic [Groups-1:0]    lives_i,
  input  wire logic [4:0]           octave_i,     // one bit: b
  input  wire logic [5+UnitW-1:0]   level_i,
  output logic                      idle_o,
  output logic                      hit_o,
  // another level: is the choice that of this one
  input  wire logic [Groups-1:0]    found_lives_i,
  input  wire logic [5+UnitW-1:0]   found_level_i,
  output logic                      found_hit_o,
  output logic                      allowed_o,
  output logic [CostW-1:0]          cost_o,
  output logic [2:0]                width_o,      // w
  output logic                      dead_code_o   // Z
);
  localparam int unsigned Step   = (Groups >= 8) ? Groups / GroupLen : 1;
  localparam int unsigned Most   = 2 * Step;
  localparam int unsigned ExtraW = $clog2(Most + 2);     // Most + 1 stands for more
  localparam int unsigned Share  = (Groups < 32) ? 1 : Groups / 32;
  localparam int unsigned HeightW = (Most >= 16) ? 5 : $clog2(Most + 1);  // of dead groups
  localparam int unsigned ZerosW = CountW + HeightW;
  localparam int unsigned RowsW  = $clog2(3 * Step + 1);

  // ---- cycle 1, that of start_i: what the groups are
  logic [Groups-1:0]        lives_q, below, over_a, over_b, over_c, over_d, dead;
  logic [5+UnitW-1:0]       level_q;
  logic [4:0]               octave_q, q;
  logic                     any_dead_q, mid_rise;
  logic [ExtraW*Groups-1:0] extra_leaf;
  assign q        = level_i[UnitW +: 5];
  assign mid_rise = form_i == actp_pkg::MID_RISE;
  assign dead     = ~lives_i;
  for (genvar g = 0; g < Groups; g++) begin : gen_group
    logic [4:0] d;
    logic [2:0] low;
    logic       high, last;
    logic [3:0] beyond;  // of d and the highest code of B
    assign d        = deltas_i[5*g +: 5];
    assign below[g] = 6'(g / Share) < 6'(level_i[UnitW-1:0]);
    assign high     = (octave_i[1] & d[0]) | (octave_i[2] & d[1]) | (octave_i[3] & d[2]) |
                      (octave_i[4] & (d[3] | d[4]));
    assign low      = {octave_i[4] & d[2], |octave_i[4:3] & d[1], |octave_i[4:2] & d[0]} |
                      {3{octave_i[4] & d[4]}};
    assign last     = octave_i[0] |
                      ((low == {octave_i[4], |octave_i[4:3], |octave_i[4:2]}) & ~octave_i[0]);
    assign beyond   = 4'(low) + 4'd1;
    assign over_b[g] = lives_i[g] & high;                      // 2^(b-1) and above
    assign over_a[g] = lives_i[g] & (high | last) & ~octave_i[0]; // 2^(b-1) - 1 and above
    assign over_c[g] = lives_i[g] & last & (high | octave_i[0]);  // 2^b - 1 and above
    assign over_d[g] = lives_i[g] & d[4];
    assign extra_leaf[ExtraW*g +: ExtraW] = {ExtraW{over_b[g]}} &
        ((Most < 8 && beyond > 4'(Most & 15)) ? ExtraW'(Most + 1) : ExtraW'(beyond));
  end

  // ---- rows beyond rows_i of the choices without rows of dead groups
  logic [ExtraW-1:0] extra_b;
  logic [CountW-1:0] over_a_count, over_c_count;
  actp_sum_few #(.Num(Groups), .Most(Most)) u_extra (.data_i(extra_leaf), .sum_o(extra_b));
  actp_sum_tree #(.Num(Groups), .Width(1)) u_over_a (.data_i(over_a), .sum_o(over_a_count));
  actp_sum_tree #(.Num(Groups), .Width(1)) u_over_c (.data_i(over_c), .sum_o(over_c_count));
  // all, those with t(g) = q + 1, and how many of both have sign rows
  logic [4*CountW-1:0] dead_count;
  actp_sum_tree #(.Num(Groups), .Width(1)) u_dead (.data_i(dead), .sum_o(dead_count[0 +: CountW]));
  actp_sum_tree #(.Num(Groups), .Width(1)) u_below (
    .data_i(dead & below), .sum_o(dead_count[CountW +: CountW])
  );
  actp_sum_tree #(.Num(Groups), .Width(1)) u_signs (
    .data_i(dead & signs_i), .sum_o(dead_count[2*CountW +: CountW])
  );
  actp_sum_tree #(.Num(Groups), .Width(1)) u_both (
    .data_i(dead & below & signs_i), .sum_o(dead_count[3*CountW +: CountW])
  );

  // ---- F-6.5: no row may be lost to a code that is too small
  logic signed [6:0] lost;  // with t(g) = q: where the code is below that
  logic              room_a, room_b, room_c, room_d;
  logic [3:0]        top_b, all_d;
  logic signed [6:0] at_a, at_b, at_c;
  assign lost   = $signed({2'b0, q}) - $signed({2'b0, limit_i});
  assign top_b  = {1'b0, octave_i[4], |octave_i[4:3], |octave_i[4:2]};          // 2^(b-1) - 1
  assign all_d  = {octave_i[4], |octave_i[4:3], |octave_i[4:2], |octave_i[4:1]};  // 2^b - 1
  assign at_b   = $signed({3'b0, top_b});
  assign at_a   = at_b - 7'sd1;
  assign at_c   = $signed({3'b0, all_d}) - 7'sd1;
  assign room_a = (lost < at_a) | ((lost == at_a) & ~|(over_a & below));
  assign room_b = (lost < at_b) | ((lost == at_b) & ~|(over_b & below));
  assign room_c = (lost < at_c) | ((lost == at_c) & ~|(over_c & below)) | ~|over_c;
  assign room_d = (lost < 7'sd15) | ((lost == 7'sd15) & ~|(over_d & below)) | ~|over_d;

  // ---- cycle 2: what the choices cost, but for their codes
  logic [ExtraW-1:0] extra_a, extra_b_q;
  logic [CountW-1:0] over_a_q, over_c_q, dead_all, dead_below, dead_signs, dead_below_signs;
  logic              room_a_q, room_b_q, room_c_q, room_d_q, dead_below_any, exact_c;
  logic [CostW-1:0]  sum_a, zeros_b, zeros_d, cost_b, cost_d;
  logic [5:0]        height_b, height_d;  // of a dead group with t(g) = q
  logic [3:0]        top_b_q, all_d_q;
  logic [4:0]        rows_b, rows_of_d;   // magnitude rows of that
  logic              rows_d, may_b, may_d, ok_a, ok_b, ok_c, ok_d, ok_e;
  logic [RowsW-1:0]  codes, to_b, to_next;
  actp_enc_code_rows #(.BlockLen(BlockLen), .GroupLen(GroupLen)) u_codes (
    .octave_i(octave_q), .flags_i(form_i == actp_pkg::SPECIALS), .codes_o(codes), .to_b_o(to_b),
    .to_next_o(to_next)
  );
  assign sum_a    = CostW'(extra_b_q) + CostW'(over_a_q);
  assign extra_a  = (sum_a > CostW'(Most)) ? ExtraW'(Most + 1) : sum_a[ExtraW-1:0];
  assign height_b = {1'b0, level_q[UnitW +: 5]} - 6'(top_b_q);  // at least 1
  assign height_d = {1'b0, level_q[UnitW +: 5]} - 6'(all_d_q);  // may be negative
  assign rows_b    = (height_b > 6'(row_limit_i)) ? row_limit_i : height_b[4:0];
  assign rows_of_d = (height_d > 6'(row_limit_i)) ? row_limit_i : height_d[4:0];
  assign dead_below_any = dead_below != '0;
  assign rows_d   = any_dead_q & ~height_d[5] & ((height_d != '0) | dead_below_any);
  assign exact_c  = over_c_q == '0;
  // B is not best above E, or C where that is exact; D not above E, nor at C's rows or above.
  assign may_b    = any_dead_q & ~mid_rise & ~octave_q[0] &
                    (7'(rows_b) + 7'(extra_b_q) <= (exact_c ? 7'(Step) : 7'(Most)));
  assign may_d    = rows_d & ~mid_rise & ~exact_c & (octave_q[4] | (6'(rows_of_d) <= 6'(Step))) &
                    ((CostW'(rows_of_d) < CostW'(over_c_q)) | ~room_c_q | octave_q[0]);
  always_comb begin
    zeros_b = CostW'(ZerosW'(dead_all) * ZerosW'(rows_b[HeightW-1:0])) + CostW'(dead_signs);
    zeros_d = CostW'(dead_all) * CostW'(rows_of_d);
    if (height_b < 6'(row_limit_i)) zeros_b = zeros_b + CostW'(dead_below);
    if (height_d < 6'(row_limit_i)) zeros_d = zeros_d + CostW'(dead_below);
    zeros_d = zeros_d + ((height_d == '0) ? CostW'(dead_below_signs) : CostW'(dead_signs));
  end
  assign ok_a   = (|octave_q[4:2]) & room_a_q & (extra_a <= ExtraW'(Most));
  assign ok_b   = ~octave_q[0] & room_b_q & (cost_b <= CostW'(Most)) & (~any_dead_q | may_b);
  assign ok_c   = ~octave_q[0] & room_c_q;
  assign ok_d   = room_d_q & (~rows_d | may_d);
  assign ok_e   = any_dead_q & ~octave_q[4] & ~exact_c;
  assign cost_b = CostW'(extra_b_q) + (any_dead_q ? zeros_b : '0);
  assign cost_d = CostW'(to_b) + (rows_d ? zeros_d : '0);

  // ---- cycle 3: the first of the smallest
  logic [4:0]       ok_q;
  logic [ExtraW-1:0] cost_a_q, cost_b_q, best_ab;
  logic [CountW:0]   cost_c_q;
  logic [RowsW-1:0]  cost_e_q;
  logic [CostW-1:0]  cost_d_q, best_cd, best_abcd, best;
  logic             b_wins, d_wins, cd_wins, e_wins, ok_ab, ok_cd, ok_abcd;
  logic [2:0]       b;
  assign b_wins    = ok_q[1] & (~ok_q[0] | (cost_b_q < cost_a_q));
  assign best_ab   = b_wins ? cost_b_q : cost_a_q;
  assign ok_ab     = ok_q[0] | ok_q[1];
  assign d_wins    = ok_q[3] & (~ok_q[2] | (cost_d_q < CostW'(cost_c_q)));
  assign best_cd   = d_wins ? cost_d_q : CostW'(cost_c_q);
  assign ok_cd     = ok_q[2] | ok_q[3];
  assign cd_wins   = ok_cd & (~ok_ab | (best_cd < CostW'(best_ab)));
  assign best_abcd = cd_wins ? best_cd : CostW'(best_ab);
  assign ok_abcd   = ok_ab | ok_cd;
  assign e_wins    = ok_q[4] & (~ok_abcd | (CostW'(cost_e_q) < best_abcd));
  assign best      = (e_wins ? CostW'(cost_e_q) : best_abcd) + CostW'(codes);
  assign b         = {octave_q[4], |octave_q[3:2], octave_q[1] | octave_q[3]};

  // ---- the result holds at any q where no row is lost and no rows of dead groups could be best
  logic [5:0] least_b, least_d, from_d, from_q, below_q;
  assign least_b = (mid_rise | octave_q[0]) ? 6'd0 : 6'(top_b_q) + 6'(Most + 1);
  assign from_d  = octave_q[0] ? 6'(Step + 1) :
                   (~octave_q[4] & (CostW'(over_c_q) > CostW'(Step))) ? 6'(all_d_q) + 6'(Step + 1) :
                   (CostW'(over_c_q) > CostW'(31)) ? 6'd63 : 6'(all_d_q) + 6'(over_c_q);
  assign least_d = exact_c ? 6'd0 : mid_rise ? 6'(all_d_q) + 6'd1 : from_d;
  logic [1:0] busy_q;  // cycle 2, 3
  logic       valid_q, free, free_q, found_free;
  assign idle_o = busy_q == '0;
  assign free   = ({1'b0, q} < below_q) & ({1'b0, q} >= from_q);
  assign hit_o  = valid_q & (lives_i == lives_q) & ((level_i == level_q) | (free_q & free));
  assign found_free  = ({1'b0, found_level_i[UnitW +: 5]} < below_q) &
                       ({1'b0, found_level_i[UnitW +: 5]} >= from_q);
  assign found_hit_o = valid_q & (found_lives_i == lives_q) &
                       ((found_level_i == level_q) | (free_q & found_free));

  // ---- registers
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      busy_q  <= '0;
      valid_q <= 1'b0;
    end else begin
      busy_q  <= clear_i ? '0 : {busy_q[0], start_i};
      valid_q <= ~clear_i & ~start_i & (valid_q | busy_q[1]);
    end
  end
  always_ff @(posedge clk_i) begin
    if (start_i) begin
      lives_q    <= lives_i;
      level_q    <= level_i;
      octave_q   <= octave_i;
      any_dead_q <= ~&lives_i;
      top_b_q    <= top_b;
      all_d_q    <= all_d;
      extra_b_q  <= extra_b;
      over_a_q   <= over_a_count;
      over_c_q   <= over_c_count;
      {dead_below_signs, dead_signs, dead_below, dead_all} <= dead_count;
      {room_d_q, room_c_q, room_b_q, room_a_q} <= {room_d, room_c, room_b, room_a};
    end
    if (busy_q[0]) begin
      from_q   <= ~any_dead_q ? 6'd0 : (least_b > least_d) ? least_b : least_d;
      below_q  <= octave_q[0] ? 6'd63 : 6'(limit_i) + 6'(top_b_q) - 6'(|octave_q[4:2]);
      ok_q     <= {ok_e, ok_d, ok_c, ok_b, ok_a};
      cost_a_q <= extra_a;
      cost_b_q <= cost_b[ExtraW-1:0];
      cost_c_q <= (CountW+1)'(to_b) + (CountW+1)'(over_c_q);
      cost_d_q <= cost_d;
      cost_e_q <= to_next;
    end
    if (busy_q[1]) begin
      free_q      <= ({1'b0, level_q[UnitW +: 5]} < below_q) &
          ({1'b0, level_q[UnitW +: 5]} >= from_q);
      allowed_o   <= ok_abcd | ok_q[4];
      cost_o      <= best;
      width_o     <= e_wins ? b + 3'd1 : cd_wins ? b : b - 3'd1;
      dead_code_o <= e_wins | (cd_wins ? ~d_wins : ~b_wins);
    end
  end
endmodule

`default_nettype wire
