// SPDX-License-Identifier: Apache-2.0
// actp_enc_header - the second half of actp_enc_schedule: delta width, extension, header, rows.
//
// Format   F-4.4 .. F-4.9, F-3.1 .. F-3.4        Model   actplane::SchedulePlanes, RowsOfGroup
// Contract combinational; everything in front of it stands in actp_enc_schedule's register.
// Method   comparisons of the two candidates for the delta width do not wait for the choice.
// Params   BlockLen 32 .. 256
`default_nettype none

module actp_enc_header #(
  parameter int unsigned BlockLen = 128,
  localparam int unsigned ManW    = actp_pkg::MAN_W,
  localparam int unsigned RankW   = actp_pkg::RANK_W,
  localparam int unsigned WidthW  = actp_pkg::WIDTH_W,
  localparam int unsigned LogRowB = $clog2(BlockLen / 8)
) (
  input  wire actp_pkg::config_t       cfg_i,          // of the block
  input  wire actp_pkg::field_facts_t  facts_i,        // of the block
  // without the extension (plain) and with it (ext):
  input  wire logic [RankW-1:0]        room_plain_i,   // planes that fit
  input  wire logic [RankW-1:0]        room_ext_i,
  input  wire logic [LogRowB-1:0]      more_plain_i,   // groups with a row more
  input  wire logic [LogRowB-1:0]      more_ext_i,
  input  wire logic [4:0]              other_plain_i,  // planes besides those of the delta
  input  wire logic [4:0]              other_ext_i,
  input  wire logic [WidthW-1:0]       left_plain_i,   // the widest delta with which all fit
  input  wire logic [WidthW-1:0]       left_ext_i,
  input  wire logic                    plain_fits_i,   // there is one
  input  wire logic                    ext_fits_i,
  input  wire logic [WidthW-1:0]       least_width_i,  // of a truncated block
  input  wire logic [WidthW-1:0]       most_width_i,
  input  wire logic                    pays_i,         // the map does, in a whole block
  input  wire logic [WidthW-1:0]       pays_width_i,   // in a truncated one, up to this width
  input  wire logic [ManW*5-1:0]       varied_i,
  output actp_pkg::plan_t              plan_o,
  output logic [actp_pkg::HEAD_W-1:0]  head_o,
  output logic [ManW*5-1:0]            man_rank_o
);
  localparam int unsigned SlotW  = actp_pkg::SLOT_W;
  localparam int unsigned FrontW = actp_pkg::FRONT_W;
  localparam int unsigned ExpW   = actp_pkg::EXP_W;

  // ---- F-4.4, F-4.5: stored whole
  logic             mixed_signs, ext_whole, fits, whole;
  logic [RankW-1:0] whole_plain, whole_ext, whole_rows;
  assign mixed_signs = facts_i.any_negative & ~facts_i.all_negative;
  assign ext_whole   = facts_i.has_special | pays_i;  // F-4.4, F-4.8: specials always bring it
  assign fits        = ext_whole ? ext_fits_i & (facts_i.width <= left_ext_i) :
                                   plain_fits_i & (facts_i.width <= left_plain_i);
  assign whole       = cfg_i.lossless | fits;
  assign whole_plain = RankW'(facts_i.width) + RankW'(other_plain_i);
  assign whole_ext   = RankW'(facts_i.width) + RankW'(other_ext_i);
  assign whole_rows  = ext_whole ? whole_ext : whole_plain;

  // ---- F-4.6 .. F-4.8: truncated
  logic [WidthW-1:0] wide, cut_width;
  logic              capping, ext_cut, ext_cut_most, ext_cut_wide;
  assign wide         = (facts_i.width < least_width_i) ? least_width_i : facts_i.width;
  assign capping      = most_width_i < facts_i.width;
  assign cut_width    = capping ? most_width_i : wide;
  assign ext_cut_most = facts_i.has_special | (most_width_i <= pays_width_i);
  assign ext_cut_wide = facts_i.has_special | (wide <= pays_width_i);
  assign ext_cut      = capping ? ext_cut_most : ext_cut_wide;

  // F-3.4: all planes of a truncated block, if they fit now that the delta is narrower
  logic             all_most, all_wide, all_cut;
  logic [RankW-1:0] room, cut_rows;
  logic [4:0]       other;
  assign all_most = ext_cut_most ? ext_fits_i & (most_width_i <= left_ext_i) :
                                   plain_fits_i & (most_width_i <= left_plain_i);
  assign all_wide = ext_cut_wide ? ext_fits_i & (wide <= left_ext_i) :
                                   plain_fits_i & (wide <= left_plain_i);
  assign all_cut  = capping ? all_most : all_wide;
  assign room     = ext_cut ? room_ext_i : room_plain_i;
  assign other    = ext_cut ? other_ext_i : other_plain_i;
  assign cut_rows = RankW'(cut_width) + RankW'(other);

  // ---- the choice
  logic                 extension, saturated, zero_code, sign_stored;
  logic [WidthW-1:0]    width;
  logic [3:0]           head_bytes;
  logic [LogRowB-1:0]   more;
  assign extension   = whole ? ext_whole : ext_cut;
  assign width       = whole ? facts_i.width : cut_width;
  assign saturated   = ~whole & capping;
  assign zero_code   = facts_i.has_zero | saturated;
  assign sign_stored = extension ? mixed_signs : facts_i.any_negative;
  assign head_bytes  = actp_pkg::head_bytes(cfg_i.fmt, extension);
  assign more        = (whole | all_cut) ? '0 : ext_cut ? more_ext_i : more_plain_i;

  // F-4.7: of 2^w codes zero takes one, Inf and NaN two; what is too far below the base for the
  // others becomes zero.
  logic [ExpW:0] deltas, lowest;
  assign deltas = ((ExpW+1)'(1) << cut_width) -
                  (facts_i.has_special ? (ExpW+1)'(3) : (ExpW+1)'(1));
  assign lowest = {1'b0, facts_i.base} + (ExpW+1)'(1) - deltas;

  // ---- the header
  logic [15:0] fixed;
  logic [47:0] words;
  assign fixed = {saturated, extension, sign_stored, zero_code, width, facts_i.base};
  always_comb begin  // the extension's words, mantissa bit k at bit k, S and the sign value above
    logic [ManW-1:0] map, value;
    logic            special, negative;
    map      = actp_pkg::man_rows(cfg_i.fmt) & ~facts_i.uniform;
    value    = facts_i.uniform_value;
    special  = facts_i.has_special;
    negative = facts_i.all_negative;
    words    = {negative, value, special, map};
    if (actp_pkg::is_fp16(cfg_i.fmt)) begin
      words = {16'd0, 5'd0, negative, value[22:13], 5'd0, special, map[22:13]};
    end
    if (actp_pkg::is_bf16(cfg_i.fmt)) begin
      words = {32'd0, negative, value[22:16], special, map[22:16]};
    end
  end
  assign head_o = {words & {48{extension}}, fixed};
  for (genvar k = 0; k < ManW; k++) begin : gen_rank
    assign man_rank_o[k*5 +: 5] = extension ? varied_i[k*5 +: 5] : 5'(k);
  end

  // ---- the plan
  logic [SlotW-1:0] whole_bytes;
  assign whole_bytes = SlotW'(actp_pkg::head_bytes(cfg_i.fmt, ext_whole)) +
                       (SlotW'(whole_rows) << LogRowB);
  assign plan_o.cfg         = cfg_i;
  assign plan_o.bytes       = cfg_i.lossless ? whole_bytes : cfg_i.slot_bytes;
  assign plan_o.front_bytes = FrontW'(head_bytes);
  assign plan_o.whole       = whole;
  assign plan_o.saturated   = saturated;
  assign plan_o.base        = facts_i.base;
  assign plan_o.width       = width;
  assign plan_o.zero_code   = zero_code;
  assign plan_o.special     = facts_i.has_special;
  assign plan_o.flush_below = (saturated & ~lowest[ExpW]) ? lowest[ExpW-1:0] : '0;
  assign plan_o.sign_stored = sign_stored;
  assign plan_o.stored      = actp_pkg::man_rows(cfg_i.fmt) &
                              ~(facts_i.uniform & {ManW{extension}});
  assign plan_o.rows        = whole ? whole_rows : all_cut ? cut_rows : room;
  assign plan_o.more        = 6'(more);
  assign plan_o.plain       = 1'b0;
  assign plan_o.pair        = 1'b0;
  assign plan_o.form        = '0;
  assign plan_o.q           = '0;
  assign plan_o.j           = '0;
endmodule

`default_nettype wire
