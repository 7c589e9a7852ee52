// SPDX-License-Identifier: Apache-2.0
// actp_enc_next_level - which levels a search looks at next, known a cycle ahead.
//
// Format   F-6.7        Model   actplane::SearchLevel (model/src/significance_order.cc)
// Contract The level in hand is level_i without the bits from step_i down, and step_i. If it fits
//          (yes_i with take_i), yes_o is next, with the bit below; if not, no_o, with the next
//          lower bit that is 0 in level_i: in a first search all are, in a second those that the
//          first one left. Behind the last level no_o has the highest bit that is 0. top_i: begin
//          with the highest bit. only_i: no_o becomes only_level_i.
// Params   LevelW 7 .. 10
`default_nettype none

module actp_enc_next_level #(
  parameter int unsigned LevelW = 9
) (
  input  wire logic              clk_i,
  input  wire logic              top_i,        // begin a search
  input  wire logic              only_i,       // no_o becomes only_level_i
  input  wire logic [LevelW-1:0] only_level_i, // of the only level
  input  wire logic              take_i,       // the level in hand is done
  input  wire logic              yes_i,        // it fits
  input  wire logic [LevelW-1:0] trial_i,  // the level in hand
  input  wire logic [LevelW-1:0] step_i,       // bit of the level in hand, one-hot
  input  wire logic [LevelW-1:0] level_i,  // what fits so far
  output logic [LevelW-1:0]      yes_o,        // next level if it fits
  output logic [LevelW-1:0]      no_o,         // next level if it does not
  output logic [LevelW-1:0]      no_step_o // 0: there is none
);
  localparam logic [LevelW-1:0] TopStep = {1'b1, {(LevelW-1){1'b0}}};

  function automatic logic [LevelW-1:0] highest(input logic [LevelW-1:0] bits);
    highest = '0;
    for (int unsigned i = 0; i < LevelW; i++) begin
      if (bits[i]) highest = LevelW'(1) << i;
    end
  endfunction
  // The bits above a step, and it; all of them if there is no step.
  function automatic logic [LevelW-1:0] with_step(input logic [LevelW-1:0] bits,
      input logic [LevelW-1:0] step);
    with_step = (bits & ~((step << 1) - LevelW'(1))) | step;
  endfunction

  logic [LevelW-1:0] after_yes, after_yes_step, after_no_step;
  // of all bits if there is no step
  assign after_no_step  = highest(~level_i & (no_step_o - LevelW'(1)));
  assign after_yes_step = step_i[0] ? highest(~trial_i) : step_i >> 2;
  assign after_yes      = step_i[0] ? with_step(trial_i, after_yes_step) : trial_i | (step_i >> 2);

  always_ff @(posedge clk_i) begin
    if (top_i) begin
      no_step_o <= TopStep;
      no_o      <= TopStep;
    end else if (only_i) begin
      no_o      <= only_level_i;
    end else if (take_i) begin
      no_step_o <= yes_i ? after_yes_step : after_no_step;
      no_o      <= yes_i ? after_yes : with_step(level_i, after_no_step);
      yes_o     <= yes_i ? yes_o | (step_i >> 2) : no_o | (no_step_o >> 1);
    end
  end
endmodule

`default_nettype wire
