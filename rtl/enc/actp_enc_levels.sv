// SPDX-License-Identifier: Apache-2.0
// actp_enc_levels - several blocks of order significance in search at a time.
//
// Format   F-5.1, F-5.2, F-6.3 .. F-6.11        Model   actplane::ScheduleSignificance
// Contract as actp_enc_level, with `Searches` of them: blocks go to them in turn, and the decisions
//          come in the order of the blocks. A block whose turn it is waits until that one is free.
// Params   BlockLen 32 .. 256, GroupLen 4 or 8, Searches 1 .. 4
// Reset    empty
`include "actp_macros.svh"
`default_nettype none

module actp_enc_levels #(
  parameter int unsigned BlockLen = 128,
  parameter int unsigned GroupLen = 8,
  parameter int unsigned Searches = 2,
  localparam int unsigned Groups = BlockLen / GroupLen,
  localparam int unsigned FrontW = (8 * ((24 + 5 * Groups + 7) / 8) > 72) ?
                                   8 * ((24 + 5 * Groups + 7) / 8) : 72
) (
  input  wire logic                         clk_i,
  input  wire logic                         rst_ni,
  // facts
  input  wire logic                         in_valid_i,
  output logic                              in_ready_o,
  input  wire actp_pkg::config_t            in_cfg_i,
  input  wire logic [actp_pkg::EXP_W-1:0]   in_base_i,
  input  wire logic [5*Groups-1:0]          in_deltas_i,   // 31: infinite
  input  wire logic [Groups-1:0]            in_negative_i, // some sign bit is 1
  input  wire logic [Groups-1:0]            in_special_i,  // y(g)
  input  wire logic                         in_signs_i,    // F-6.11: S before any search
  input  wire logic                         in_mixed_i,    // F-6.10: of some group
  input  wire logic                         in_exact_possible_i, // F-6.9, but for the size at L'
  input  wire logic [9:0]                   in_exact_level_i,    // L'
  // decision
  output logic                              out_valid_o,
  input  wire logic                         out_ready_i,
  output logic                              out_poisoned_o,
  output logic                              out_exact_o,
  output logic [1:0]                        out_form_o,
  output logic [2:0]                        out_width_o,     // w
  output logic                              out_dead_code_o, // Z
  output logic [4:0]                        out_q_o,
  output logic [4:0]                        out_j_o,
  output logic [actp_pkg::EXP_W-1:0]        out_base_o,
  output logic [4*Groups-1:0]               out_codes_o,
  output logic [Groups-1:0]                 out_lives_o,     // F-6.3
  output logic [FrontW-1:0]                 out_front_o,
  output logic [actp_pkg::FRONT_W-1:0]      out_front_bytes_o
);
  localparam int unsigned DecisionW = 2 + 2 + 3 + 1 + 5 + 5 + actp_pkg::EXP_W + 5 * Groups +
                                      FrontW + actp_pkg::FRONT_W;

  logic [Searches-1:0]           in_turn, out_turn, ready, valid;  // the turns are one-hot
  logic [Searches*DecisionW-1:0] decisions;
  logic [DecisionW-1:0]          decision;
  for (genvar s = 0; s < Searches; s++) begin : gen_search
    logic                         poisoned, exact, dead_code;
    logic [1:0]                   form;
    logic [2:0]                   width;
    logic [4:0]                   q, j;
    logic [actp_pkg::EXP_W-1:0]   base;
    logic [4*Groups-1:0]          codes;
    logic [Groups-1:0]            lives;
    logic [FrontW-1:0]            front;
    logic [actp_pkg::FRONT_W-1:0] front_bytes;
    actp_enc_level #(.BlockLen(BlockLen), .GroupLen(GroupLen)) u_level (
      .clk_i, .rst_ni, .in_valid_i(in_valid_i & in_turn[s]), .in_ready_o(ready[s]), .in_cfg_i,
      .in_base_i, .in_deltas_i, .in_negative_i, .in_special_i, .in_signs_i, .in_mixed_i,
      .in_exact_possible_i, .in_exact_level_i, .out_valid_o(valid[s]),
      .out_ready_i(out_ready_i & out_turn[s]), .out_poisoned_o(poisoned), .out_exact_o(exact),
      .out_form_o(form), .out_width_o(width), .out_dead_code_o(dead_code), .out_q_o(q),
      .out_j_o(j), .out_base_o(base), .out_codes_o(codes), .out_lives_o(lives),
      .out_front_o(front), .out_front_bytes_o(front_bytes)
    );
    assign decisions[s*DecisionW +: DecisionW] = {poisoned, exact, form, width, dead_code, q, j,
                                                  base, codes, lives, front, front_bytes};
  end

  // ---- turns
  assign in_ready_o  = |(ready & in_turn);
  assign out_valid_o = |(valid & out_turn);
  if (Searches > 1) begin : gen_turns
    logic [Searches-1:0] in_turn_q, out_turn_q;
    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) begin
        in_turn_q  <= Searches'(1);
        out_turn_q <= Searches'(1);
      end else begin
        if (in_valid_i & in_ready_o) in_turn_q <= {in_turn_q[Searches-2:0], in_turn_q[Searches-1]};
        if (out_valid_o & out_ready_i) begin
          out_turn_q <= {out_turn_q[Searches-2:0], out_turn_q[Searches-1]};
        end
      end
    end
    assign in_turn  = in_turn_q;
    assign out_turn = out_turn_q;
    // The decision whose turn it is.
    for (genvar b = 0; b < DecisionW; b++) begin : gen_bit
      logic [Searches-1:0] of_turn;
      for (genvar s = 0; s < Searches; s++) begin : gen_of
        assign of_turn[s] = decisions[s*DecisionW + b] & out_turn_q[s];
      end
      assign decision[b] = |of_turn;
    end
  end else begin : gen_one
    assign in_turn  = 1'b1;
    assign out_turn = 1'b1;
    assign decision = decisions;
  end
  assign {out_poisoned_o, out_exact_o, out_form_o, out_width_o, out_dead_code_o, out_q_o, out_j_o,
          out_base_o, out_codes_o, out_lives_o, out_front_o, out_front_bytes_o} = decision;

  if (Searches < 1 || Searches > 4) begin : gen_bad_searches
    $fatal(1, "actp_enc_levels: Searches must be 1 to 4");
  end

  `ACTP_STREAM(LevelsOut, out_valid_o, out_ready_i, out_front_o)
endmodule

`default_nettype wire
