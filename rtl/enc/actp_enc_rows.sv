// SPDX-License-Identifier: Apache-2.0
// actp_enc_rows - one level, first half: the groups that live, and their rows when codes are wide
// enough.
//
// Format   F-5.3, F-5.4, F-6.3        Model   actplane::ChooseCoding
// Contract combinational. Rows are magnitude rows with the code min(d, 15), and a sign row for
//          every group of signs_i that lives: the sum of rows_o, of either half of the groups at
//          t(g) = q, and of more_o.
// Params   Groups 4 .. 64
`default_nettype none

module actp_enc_rows #(
  parameter int unsigned Groups = 16,
  localparam int unsigned UnitW = (Groups < 32) ? $clog2(Groups) : 5,
  localparam int unsigned HalfW = 5 + $clog2(Groups / 2),
  localparam int unsigned MoreW = 1 + $clog2(Groups)
) (
  input  wire logic [5*Groups-1:0] deltas_i,    // d(g), 31: no group
  input  wire logic [Groups-1:0]   can_live_i,  // the delta is finite
  input  wire logic [Groups-1:0]   signs_i,     // has a sign row when it lives
  input  wire logic [4:0]          limit_i,     // rows at most: R, in form 2 R + 1
  input  wire logic [5+UnitW-1:0]  level_i,     // q, j
  output logic [2*HalfW-1:0]       rows_o,      // of both halves of the groups
  output logic [2*MoreW-1:0]       more_o,      // sign rows, and those that t(g) = q + 1 adds
  output logic [Groups-1:0]        lives_o,     // groups with a row
  output logic                     any_lives_o, // one of them
  output logic                     beyond_o,    // a delta of those is above 14
  // one bit: the bits of the largest delta of those, 4 at most
  output logic [4:0]               octave_o
);
  localparam int unsigned Share = (Groups < 32) ? 1 : Groups / 32;  // groups of one unit of j

  logic [4:0]          q;
  logic [5*Groups-1:0] rows;
  logic [Groups-1:0]   gains, sign_rows, beyond;
  assign q = level_i[UnitW +: 5];
  for (genvar g = 0; g < Groups; g++) begin : gen_group
    logic       below, full, lives, fresh;
    logic [4:0] d, height;
    logic [3:0] code;
    assign d      = deltas_i[5*g +: 5];
    assign below  = 6'(g / Share) < 6'(level_i[UnitW-1:0]);
    assign code   = d[3:0] | {4{d[4]}};
    assign lives  = can_live_i[g] & (d < q);
    assign fresh  = can_live_i[g] & (d == q) & below;
    assign height = q - {1'b0, code};
    assign full   = height >= limit_i;
    assign rows[5*g +: 5] = (full ? limit_i : height) & {5{lives | (fresh & d[4])}};
    assign lives_o[g]     = lives | fresh;
    assign gains[g]       = (lives & below & ~full) | (fresh & ~(full & d[4]));
    assign sign_rows[g]   = lives_o[g] & signs_i[g];
    assign beyond[g]      = lives_o[g] & (d[4] | (&d[3:0]));
  end
  for (genvar h = 0; h < 2; h++) begin : gen_half
    actp_sum_tree #(.Num(Groups / 2), .Width(5)) u_rows (
      .data_i(rows[5*(Groups/2)*h +: 5*(Groups/2)]), .sum_o(rows_o[HalfW*h +: HalfW])
    );
  end
  actp_sum_tree #(.Num(Groups), .Width(1)) u_gains (.data_i(gains), .sum_o(more_o[0 +: MoreW]));
  actp_sum_tree #(.Num(Groups), .Width(1)) u_signs (.data_i(sign_rows),
      .sum_o(more_o[MoreW +: MoreW]));

  logic [3:0] reach;  // [k]: a group with d >= 2^k lives
  always_comb begin
    reach = '0;
    for (int unsigned g = 0; g < Groups; g++) begin
      if (lives_o[g]) begin
        reach = reach | {|deltas_i[5*g+3 +: 2], |deltas_i[5*g+2 +: 3], |deltas_i[5*g+1 +: 4],
                |deltas_i[5*g +: 5]};
      end
    end
  end
  assign any_lives_o = |lives_o;
  assign beyond_o    = |beyond;
  assign octave_o    = {reach[3], ~reach[3] & reach[2], ~|reach[3:2] & reach[1], ~|reach[3:1] &
                       reach[0], ~|reach};
endmodule

`default_nettype wire
