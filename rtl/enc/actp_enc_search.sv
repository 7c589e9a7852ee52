// SPDX-License-Identifier: Apache-2.0
// actp_enc_search - form and level of a block, and the width of its codes.
//
// Format   F-6.3 .. F-6.11        Model   actplane::ScheduleSignificance
// Contract start_i takes a block when ready_o is high; its other facts follow in the next cycle and
//          stay until the decision is taken. No group lives: level, width and form are that of such
//          a block, but level_o is not 0.
// Method   F-6.7. The second search tries only what the first one left: what fitted there fits
//          again. So its level is never lower, and every group that lived still does (F-6.10). It
//          is not made if no group with a finite delta fell out and the form stays.
// Params   BlockLen 32 .. 256, GroupLen 4 or 8
// Reset    nothing to do
`default_nettype none

module actp_enc_search #(
  parameter int unsigned BlockLen = 128,
  parameter int unsigned GroupLen = 8,
  localparam int unsigned Groups = BlockLen / GroupLen,
  localparam int unsigned LevelW = (Groups < 32) ? 5 + $clog2(Groups) : 10,
  localparam int unsigned RoomW  = 13
) (
  input  wire logic                    clk_i,
  input  wire logic                    rst_ni,
  // a block
  output logic                         ready_o,
  input  wire logic                    start_i,
  input  wire logic                    start_poisoned_i,
  input  wire logic                    start_exact_i,    // it may be exact
  input  wire logic [LevelW-1:0]       start_level_i,    // L' of F-6.9
  input  wire logic [1:0]              start_form_i,     // without mid-rise, before any search
  input  wire logic                    start_mixed_i,
  input  wire logic [Groups-1:0]       start_finite_i,
  input  wire logic [4:0]              start_row_limit_i,
  // its facts
  input  wire logic [5*Groups-1:0]     deltas_i,
  input  wire logic [Groups-1:0]       negative_i,
  input  wire logic [Groups-1:0]       special_i,
  input  wire logic                    mixed_i,
  input  wire logic [4:0]              row_limit_i,
  input  wire logic signed [RoomW-1:0] room_i,
  // the decision
  output logic                         out_valid_o,
  input  wire logic                    out_ready_i,
  output logic                         exact_o,
  output logic [1:0]                   form_o,
  output logic [LevelW-1:0]            level_o,
  output logic [Groups-1:0]            lives_o,
  output logic [2:0]                   width_o,
  output logic                         dead_code_o
);
  typedef enum logic [2:0] {
    StIdle,   // nothing here
    StRows,   // rows at level_q: L' of F-6.9, or the level that was found
    StSize,   // size there
    StFirst,  // rows at the first level of a search
    StSearch, // size at a level, rows at both that may be next
    StPrune,  // a search is over
    StOut     // the decision waits
  } state_e;
  state_e state_q, state_d;

  logic [Groups-1:0] can_live_q, can_live_d, lives_q, lives_d, finite;
  logic [LevelW-1:0] level_q, level_d, step_q, step_d, level_yes, level_no, no_step, trial;
  logic [1:0]        form_q, form_d, form_now;
  logic              second_q, second_d, known_q, known_d, exact_q, exact_d, from_top;
  logic              dead_code_q, dead_code_d;
  logic [2:0]        width_q, width_d;
  logic [4:0]        limit_q;           // of rows of a group
  logic              changed_q;         // the form, in the last cycle
  logic              final_q, final_d;  // the level is found, its codes are not

  logic [Groups-1:0] trial_lives;
  logic [2:0]        width, choice_width;
  logic              searching, settled, fits, known, dead_code, found_hit, choice_dead_code;
  logic              found_known;

  actp_enc_next_level #(.LevelW(LevelW)) u_steps (
    .clk_i, .top_i(from_top), .only_i(state_d == StRows), .only_level_i(level_d),
    .take_i((searching & settled) | (state_q == StFirst)), .yes_i(searching & fits),
    .trial_i(trial), .step_i(step_q), .level_i(level_q), .yes_o(level_yes), .no_o(level_no),
    .no_step_o(no_step)
  );
  actp_enc_fits #(.BlockLen(BlockLen), .GroupLen(GroupLen)) u_fits (
    .clk_i, .rst_ni, .deltas_i, .special_i, .form_i(form_q), .row_limit_i, .limit_i(limit_q),
    .room_i, .can_live_i(can_live_q), .level_yes_i(level_yes), .level_no_i(level_no),
    .load_i((state_q != StSize) & (~searching | settled)), .yes_i(searching),
    .try_i(searching | (state_q == StSize)), .exact_i(final_q),
    .clear_i((state_q == StIdle) | ((state_q == StFirst) & changed_q)), .settled_o(settled),
    .fits_o(fits), .level_o(trial), .lives_o(trial_lives), .known_o(known), .width_o(width),
    .dead_code_o(dead_code), .found_lives_i(lives_q), .found_level_i(level_q),
    .found_hit_o(found_hit), .choice_width_o(choice_width), .choice_dead_code_o(choice_dead_code)
  );
  assign found_known = known_q | found_hit | (lives_q == '0);
  assign searching   = state_q == StSearch;

  // ---- control
  logic nothing, signed_now, done;
  assign signed_now = |(lives_q & negative_i);
  assign form_now   = ((state_q == StPrune) & ~form_q[1]) ? {1'b0, signed_now} : form_q;
  assign done       = second_q | ((lives_q == can_live_q) & (form_now == form_q)) | (lives_q == '0);
  for (genvar g = 0; g < Groups; g++) begin : gen_finite
    assign finite[g] = deltas_i[5*g +: 5] != 5'd31;
  end
  always_comb begin
    state_d     = state_q;
    level_d     = level_q;
    step_d      = step_q;
    form_d      = form_now;
    can_live_d  = can_live_q;
    lives_d     = lives_q;
    width_d     = width_q;
    dead_code_d = dead_code_q;
    known_d     = known_q;
    final_d     = final_q;
    second_d    = second_q;
    exact_d     = exact_q;
    from_top    = 1'b0;
    unique case (state_q)
      StIdle: begin
        level_d    = start_level_i;
        step_d     = '0;
        second_d   = 1'b0;
        known_d    = 1'b1;
        final_d    = 1'b0;
        exact_d    = 1'b0;
        form_d     = start_form_i;
        can_live_d = start_finite_i;
        lives_d    = '0;
        if (start_i) begin
          state_d = start_poisoned_i ? StOut : StRows;
          if (~start_poisoned_i & ~start_exact_i) begin
            if ((start_form_i == actp_pkg::SIGNED) & ~start_mixed_i) form_d = actp_pkg::MID_RISE;
            level_d  = '0;
            from_top = 1'b1;
            state_d  = StFirst;
          end
        end
      end
      StRows:  state_d = StSize;
      StSize: begin
        if (settled) begin
          if (final_q) begin
            width_d     = width;
            dead_code_d = dead_code;
            known_d     = 1'b1;
            state_d     = StOut;
          end else begin
            exact_d = fits;
            if (~fits & (form_q == actp_pkg::SIGNED) & ~mixed_i) form_d = actp_pkg::MID_RISE;
            level_d  = '0;
            from_top = 1'b1;
            state_d  = StFirst;
          end
        end
      end
      StFirst: begin
        step_d  = no_step;
        state_d = StSearch;
      end
      StSearch: begin
        if (settled) begin
          if (fits) begin
            level_d     = trial;
            lives_d     = trial_lives;
            width_d     = width;
            dead_code_d = dead_code;
            known_d     = known;
            step_d      = step_q >> 1;
            if (step_q[0]) state_d = StPrune;
          end else begin
            step_d = no_step;
            if (no_step == '0) state_d = StPrune;
          end
        end
      end
      StPrune: begin
        step_d      = no_step;
        width_d     = width_o;
        dead_code_d = dead_code_o;
        known_d     = found_known;
        if ((form_q == actp_pkg::MID_RISE) & ~signed_now) begin
          form_d     = actp_pkg::SIGNED;
          can_live_d = finite;
          known_d    = 1'b1;
          lives_d    = '0;
          level_d    = '0;
          step_d     = '0;
          from_top   = 1'b1;
          state_d    = StFirst;
        end else if (done) begin
          final_d = ~found_known;
          state_d = final_d ? StRows : out_ready_i ? StIdle : StOut;
        end else begin
          can_live_d = lives_q;
          second_d   = 1'b1;
          state_d    = StFirst;
          if (no_step == '0) begin  // at the highest level there is nothing to try
            final_d = ~found_known;
            state_d = final_d ? StRows : StOut;
          end
          if (form_now != form_q) begin
            known_d = 1'b1;
            lives_d = '0;
            level_d = '0;
            step_d  = '0;
            from_top = 1'b1;
            state_d  = StFirst;
          end
        end
      end
      StOut: if (out_ready_i) state_d = StIdle;
      default: state_d = StIdle;
    endcase
  end

  // ---- what goes out
  assign nothing     = lives_q == '0;
  assign ready_o     = state_q == StIdle;
  assign out_valid_o = (state_q == StOut) | ((state_q == StPrune) & done & found_known &
                       ((form_q != actp_pkg::MID_RISE) | signed_now));
  assign exact_o     = exact_q;
  assign form_o      = form_now;
  assign level_o     = level_q;
  assign lives_o     = lives_q;
  assign width_o     = nothing ? 3'd0 : known_q ? width_q : choice_width;
  assign dead_code_o = nothing | (known_q ? dead_code_q : choice_dead_code);

  // ---- registers
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) state_q <= StIdle;
    else         state_q <= state_d;
  end
  always_ff @(posedge clk_i) begin
    level_q     <= level_d;
    step_q      <= step_d;
    form_q      <= form_d;
    changed_q   <= form_d != form_q;
    limit_q     <= (ready_o ? start_row_limit_i : row_limit_i) + 5'(form_d == actp_pkg::MID_RISE);
    can_live_q  <= can_live_d;
    lives_q     <= lives_d;
    width_q     <= width_d;
    dead_code_q <= dead_code_d;
    second_q    <= second_d;
    exact_q     <= exact_d;
    known_q     <= known_d;
    final_q     <= final_d;
  end
endmodule

`default_nettype wire
