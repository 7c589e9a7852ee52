// SPDX-License-Identifier: Apache-2.0
// actp_enc_level - how a block of order significance is written: form, level, codes, front.
//
// Format   F-5.1, F-5.2, F-6.3 .. F-6.11        Model   actplane::ScheduleSignificance
// Contract in:  the facts of a block (F-6.2, F-6.9, F-6.10, F-6.11). out: the decision. One block
//          at a time.
// Method   the search of F-6.7, a level a cycle: actp_enc_rows looks at both levels that may be
//          next, actp_enc_fits at the one in hand. The second search finds again what fitted in the
//          first, so it tries the other bits alone.
// Params   BlockLen 32 .. 256, GroupLen 4 or 8
// Reset    empty
`include "actp_macros.svh"
`default_nettype none

module actp_enc_level #(
  parameter int unsigned BlockLen = 128,
  parameter int unsigned GroupLen = 8,
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
  localparam int unsigned UnitW     = (Groups < 32) ? $clog2(Groups) : 5;  // U = 2^UnitW
  localparam int unsigned LevelW    = 5 + UnitW;
  localparam int unsigned RoomW     = 13;                // rows of a slot, signed: at most 2 * 2047
  localparam int unsigned FlagBytes = (Groups + 7) / 8;

  // ---- facts
  logic [4:0]              row_limit_q;
  logic [7:0]              base_q;
  logic [5*Groups-1:0]     deltas_q;
  logic [Groups-1:0]       negative_q, special_q, in_finite;
  logic signed [RoomW-1:0] room_d, room_q;
  logic                    mixed_q, poisoned_q, load, any_special;
  logic [$clog2(Groups):0] specials;
  assign load        = in_valid_i & in_ready_o;
  assign any_special = |in_special_i;
  actp_sum_tree #(.Num(Groups), .Width(1)) u_specials (.data_i(in_special_i), .sum_o(specials));
  // Rows that the slot has room for behind header and flags, less three for every group with
  // specials: F-6.8 in its sign.
  assign room_d = $signed(((RoomW'(in_cfg_i.slot_bytes) - RoomW'(3) -
                            (any_special ? RoomW'(FlagBytes) : '0)) <<
                           ((GroupLen == 4) ? 1 : 0)) - RoomW'(3) * RoomW'(specials));
  for (genvar g = 0; g < Groups; g++) begin : gen_finite
    assign in_finite[g] = in_deltas_i[5*g +: 5] != 5'd31;
  end

  logic unused_facts;
  assign unused_facts = (|in_cfg_i) | (|in_exact_level_i);  // not all of them

  // ---- the search
  logic [LevelW-1:0] level;
  logic [Groups-1:0] lives;
  logic [1:0]        form;
  logic [2:0]        width;
  logic              dead_code;
  actp_enc_search #(.BlockLen(BlockLen), .GroupLen(GroupLen)) u_search (
    .clk_i, .rst_ni, .ready_o(in_ready_o), .start_i(load),
    .start_poisoned_i(any_special & room_d[RoomW-1]),
    .start_exact_i(in_exact_possible_i & ~any_special),
    .start_level_i(in_exact_level_i[LevelW-1:0]),
    .start_form_i(any_special ? actp_pkg::SPECIALS : {1'b0, in_signs_i}),
    .start_mixed_i(in_mixed_i), .start_finite_i(in_finite), .start_row_limit_i(in_cfg_i.row_limit),
    .deltas_i(deltas_q), .negative_i(negative_q), .special_i(special_q), .mixed_i(mixed_q),
    .row_limit_i(row_limit_q), .room_i(room_q), .out_valid_o, .out_ready_i,
    .exact_o(out_exact_o), .form_o(form), .level_o(level), .lives_o(lives), .width_o(width),
    .dead_code_o(dead_code)
  );

  // ---- what goes out
  logic [4*Groups-1:0] codes;
  logic                nothing;
  assign nothing         = lives == '0;
  assign out_poisoned_o  = poisoned_q;
  assign out_form_o      = form & {2{~poisoned_q}};
  assign out_width_o     = poisoned_q ? actp_pkg::POISONED : width;
  assign out_dead_code_o = dead_code & ~poisoned_q;
  assign out_q_o         = level[LevelW-1 -: 5] & {5{~nothing}};
  assign out_j_o         = 5'(level[UnitW-1:0]) & {5{~nothing}};
  assign out_base_o      = nothing ? 8'd1 : base_q;
  assign out_lives_o     = lives;
  assign out_codes_o     = codes;
  actp_enc_coding #(.Groups(Groups)) u_coding (
    .deltas_i(deltas_q), .lives_i(lives), .width_i(width), .dead_code_i(dead_code), .codes_o(codes)
  );
  actp_enc_codes_pack #(.Groups(Groups)) u_pack (
    .poisoned_i(poisoned_q), .form_i(form), .width_i(width), .dead_code_i(dead_code),
    .q_i(out_q_o), .j_i(out_j_o), .base_i(out_base_o), .special_i(special_q), .codes_i(codes),
    .front_o(out_front_o), .bytes_o(out_front_bytes_o)
  );

  // ---- registers
  always_ff @(posedge clk_i) begin
    if (load) begin
      row_limit_q <= in_cfg_i.row_limit;
      base_q      <= in_base_i;
      deltas_q    <= in_deltas_i;
      negative_q  <= in_negative_i;
      special_q   <= in_special_i;
      room_q      <= room_d;
      mixed_q     <= in_mixed_i;
      poisoned_q  <= any_special & room_d[RoomW-1];
    end
  end

  `ACTP_STREAM(LevelOut, out_valid_o, out_ready_i, out_front_o)
endmodule

`default_nettype wire
