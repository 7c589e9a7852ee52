// SPDX-License-Identifier: Apache-2.0
// actp_enc_fits - does a level fit, a level a cycle as long as its rows alone say so.
//
// Format   F-6.3 .. F-6.6        Model   actplane::ChooseCoding (model/src/significance_order.cc)
// Contract The level in hand is what load_i took: level_yes_i if yes_i is high and the one before
//          fits, else level_no_i. try_i: it is asked for; settled_o says that fits_o is the answer,
//          which takes up to four cycles. load_i is high only where settled_o is, or nothing is
//          asked for. known_o: width_o and dead_code_o are those of the level in hand; exact_i:
//          settle no level without them. clear_i: facts or form change.
// Params   BlockLen 32 .. 256, GroupLen 4 or 8
// Reset    nothing known
`default_nettype none

module actp_enc_fits #(
  parameter int unsigned BlockLen = 128,
  parameter int unsigned GroupLen = 8,
  localparam int unsigned Groups = BlockLen / GroupLen,
  localparam int unsigned LevelW = (Groups < 32) ? 5 + $clog2(Groups) : 10,
  localparam int unsigned RoomW  = 13  // rows of a slot, signed: at most 2 * 2047
) (
  input  wire logic                    clk_i,
  input  wire logic                    rst_ni,
  // facts
  input  wire logic [5*Groups-1:0]     deltas_i,
  input  wire logic [Groups-1:0]       special_i,
  input  wire logic [1:0]              form_i,
  input  wire logic [4:0]              row_limit_i,  // R
  input  wire logic [4:0]              limit_i,      // R, in form 2 R + 1
  // rows that fit behind header and flags, less those of specials
  input  wire logic signed [RoomW-1:0] room_i,
  // levels
  input  wire logic [Groups-1:0]       can_live_i,
  input  wire logic [LevelW-1:0]       level_yes_i,
  input  wire logic [LevelW-1:0]       level_no_i,
  input  wire logic                    load_i,
  input  wire logic                    yes_i,
  input  wire logic                    try_i,
  input  wire logic                    exact_i,
  input  wire logic                    clear_i,
  output logic                         settled_o,
  output logic                         fits_o,
  output logic [LevelW-1:0]            level_o,
  output logic [Groups-1:0]            lives_o,
  output logic                         known_o,
  output logic [2:0]                   width_o,      // w
  output logic                         dead_code_o,  // Z
  // the level that was found, and whether the last choice that was made is that of it
  input  wire logic [Groups-1:0]       found_lives_i,
  input  wire logic [LevelW-1:0]       found_level_i,
  output logic                         found_hit_o,
  output logic [2:0]                   choice_width_o,
  output logic                         choice_dead_code_o
);
  localparam int unsigned HalfW = 5 + $clog2(Groups / 2);
  localparam int unsigned MoreW = 1 + $clog2(Groups);
  localparam int unsigned CostW = 6 + $clog2(Groups);
  localparam int unsigned RowsW = $clog2(3 * ((Groups >= 8) ? Groups / GroupLen : 1) + 1);

  // ---- rows at both levels that may be next
  logic [2*HalfW-1:0] rows_yes, rows_no, rows_q;
  logic [2*MoreW-1:0] more_yes, more_no, more_q;
  logic [Groups-1:0]  signs, lives_yes, lives_no;
  logic [4:0]         octave_yes, octave_no, octave_q;
  logic               any_yes, any_no, any_q, beyond_yes, beyond_no, beyond_q, use_yes;
  assign signs = {Groups{form_i[0]}} & ~(special_i & {Groups{form_i[1]}});
  actp_enc_rows #(.Groups(Groups)) u_yes (
    .deltas_i(deltas_i), .can_live_i(can_live_i), .signs_i(signs), .limit_i(limit_i),
    .level_i(level_yes_i), .rows_o(rows_yes), .more_o(more_yes), .lives_o(lives_yes),
    .any_lives_o(any_yes), .beyond_o(beyond_yes), .octave_o(octave_yes)
  );
  actp_enc_rows #(.Groups(Groups)) u_no (
    .deltas_i(deltas_i), .can_live_i(can_live_i), .signs_i(signs), .limit_i(limit_i),
    .level_i(level_no_i), .rows_o(rows_no), .more_o(more_no), .lives_o(lives_no),
    .any_lives_o(any_no), .beyond_o(beyond_no), .octave_o(octave_no)
  );

  // ---- the level in hand
  logic                    start, idle, hit, allowed, too_many, few;
  logic [CostW-1:0]        cost;
  logic [RowsW-1:0]        codes, to_b, to_next;
  logic signed [RoomW-1:0] left;
  actp_enc_code_rows #(.BlockLen(BlockLen), .GroupLen(GroupLen)) u_code_rows (
    .octave_i(octave_q), .flags_i(form_i == actp_pkg::SPECIALS), .codes_o(codes), .to_b_o(to_b),
    .to_next_o(to_next)
  );
  actp_enc_choice #(.BlockLen(BlockLen), .GroupLen(GroupLen)) u_choice (
    .clk_i, .rst_ni, .deltas_i(deltas_i), .signs_i(signs), .form_i(form_i),
    .row_limit_i(row_limit_i), .limit_i(limit_i), .clear_i(clear_i), .start_i(start),
    .lives_i(lives_o), .octave_i(octave_q), .level_i(level_o), .idle_o(idle), .hit_o(hit),
    .found_lives_i(found_lives_i), .found_level_i(found_level_i), .found_hit_o(found_hit_o),
    .allowed_o(allowed), .cost_o(cost), .width_o(choice_width_o), .dead_code_o(choice_dead_code_o)
  );
  assign left = room_i - RoomW'(rows_q[HalfW-1:0]) - RoomW'(rows_q[HalfW +: HalfW]) -
                RoomW'(more_q[MoreW-1:0]) - RoomW'(more_q[MoreW +: MoreW]);
  // Any choice costs its codes, and a row more if they are too narrow; (b+1, 1) or (b, .) is
  // allowed up to 14.
  assign too_many  = left < $signed(RoomW'(codes) + RoomW'((to_b != '0) ? 1 : 0));
  assign few       = ~beyond_q &
                     (left >= $signed(RoomW'(codes) +
                         ((octave_q[4] | (&lives_o)) ? RoomW'(to_b) : RoomW'(to_next))));
  assign fits_o    = ~any_q | few | (hit & allowed & (left >= $signed(RoomW'(cost))));
  assign settled_o = ~any_q | (~exact_i & (few | too_many)) | hit;
  assign start     = try_i & idle & ~hit & any_q & (~settled_o | (fits_o & ~exact_i));
  assign known_o   = ~any_q | hit;
  assign width_o     = any_q ? choice_width_o : 3'd0;
  assign dead_code_o = ~any_q | choice_dead_code_o;
  assign use_yes     = yes_i & fits_o;

  // ---- registers
  always_ff @(posedge clk_i) begin
    if (load_i) begin
      level_o  <= use_yes ? level_yes_i : level_no_i;
      rows_q   <= use_yes ? rows_yes : rows_no;
      more_q   <= use_yes ? more_yes : more_no;
      lives_o  <= use_yes ? lives_yes : lives_no;
      octave_q <= use_yes ? octave_yes : octave_no;
      any_q    <= use_yes ? any_yes : any_no;
      beyond_q <= use_yes ? beyond_yes : beyond_no;
    end
  end
endmodule

`default_nettype wire
