// SPDX-License-Identifier: Apache-2.0
// actp_enc_base - one pass over the values: base, delta width, signs, uniform planes.
//
// Format   F-4.1 .. F-4.3        Model   actplane::FindBase (model/src/field_order.cc)
// Contract in:  the beats of a block, from registers.
//          out: the facts of a block, valid two cycles after its last beat for one cycle in which adv_i is high.
//          One block per block time, also when that is a single cycle. Stands still while adv_i is low.
// Method   cycle 1: extrema of four values each; cycle 2: of the beat and of the block so far; then width and masks.
// Params   StreamWidth 64 .. 512 (tested all)
// Reset    valid_o low
// Not here the header (actp_enc_schedule)
`default_nettype none

module actp_enc_base #(
  parameter int unsigned StreamWidth = 256,
  localparam int unsigned Slots = StreamWidth / 16
) (
  input  wire logic                         clk_i,
  input  wire logic                         rst_ni,
  input  wire logic                         adv_i,
  // a beat
  input  wire logic                         beat_valid_i,
  input  wire logic                         beat_first_i,
  input  wire logic                         beat_last_i,
  input  wire logic [StreamWidth-1:0]       beat_i,
  input  wire logic [actp_pkg::FMT_W-1:0]   beat_format_i,
  input  wire logic [actp_pkg::SLOT_W-1:0]  beat_slot_bytes_i,
  input  wire logic                         beat_lossless_i,
  input  wire logic [actp_pkg::WIDTH_W-1:0] beat_delta_cap_i,
  // facts of the block
  output logic                              valid_o,
  output logic [actp_pkg::FMT_W-1:0]        format_o,
  output logic [actp_pkg::SLOT_W-1:0]       slot_bytes_o,
  output logic                              lossless_o,
  output logic [actp_pkg::WIDTH_W-1:0]      delta_cap_o,
  output logic [actp_pkg::EXP_W-1:0]        base_o,
  output logic [actp_pkg::WIDTH_W-1:0]      width_o,         // F-4.2: w*
  output logic                              has_zero_o,
  output logic                              has_special_o,
  output logic                              any_negative_o,
  output logic                              all_negative_o,
  output logic [actp_pkg::MAN_W-1:0]        uniform_o,       // bit MAN_W-1 is the top mantissa plane
  output logic [actp_pkg::MAN_W-1:0]        uniform_value_o
);
  localparam int unsigned ExpW = actp_pkg::EXP_W;
  localparam int unsigned ManW = actp_pkg::MAN_W;

  localparam int unsigned Parts = Slots / 4;
  localparam int unsigned CfgW  = actp_pkg::FMT_W + actp_pkg::SLOT_W + 1 + actp_pkg::WIDTH_W;

  // ---- cycle 1: four values each
  logic [Slots*32-1:0]   fields;
  logic [Slots-1:0]      exp_zero, exp_ones, man_zero;
  logic [Slots-1:0]      used, zero, special, finite, relevant, sign;
  logic [Parts*ExpW-1:0] part_max_d, part_max_q, part_min_n_d, part_min_n_q;  // of ~exponent: the minimum inverted
  logic [ManW-1:0]       beat_ones_d, beat_ones_q, beat_zeros_d, beat_zeros_q;
  logic                  beat_valid_q, beat_first_q, beat_last_q, finite_q, zero_q, special_q, negative_q, positive_q;
  logic [CfgW-1:0]       beat_cfg_q;

  actp_enc_classify #(.StreamWidth(StreamWidth)) u_classify (
    .fmt_i(beat_format_i), .beat_i(beat_i), .fields_o(fields), .man_zero_o(man_zero)
  );
  assign zero     = used & exp_zero & man_zero;
  assign special  = used & exp_ones;
  assign used     = {{(Slots/2){actp_pkg::is_narrow(beat_format_i)}}, {(Slots/2){1'b1}}};
  assign finite   = used & ~zero & ~special;
  assign relevant = finite | (special & ~man_zero);
  for (genvar s = 0; s < Slots; s++) begin : gen_slot
    assign sign[s] = fields[s*32+31];
    assign exp_zero[s] = fields[s*32+23 +: ExpW] == '0;
    assign exp_ones[s] = fields[s*32+23 +: ExpW] == actp_pkg::exp_max(beat_format_i);
  end
  for (genvar p = 0; p < Parts; p++) begin : gen_part
    logic [2*ExpW-1:0] high, low;
    for (genvar h = 0; h < 2; h++) begin : gen_pair
      // The comparison does not wait for the classes.
      localparam int unsigned A = 4 * p + 2 * h;
      localparam int unsigned B = A + 1;
      logic [ExpW-1:0] a, b;
      logic            larger, smaller;
      assign a       = fields[A*32+23 +: ExpW];
      assign b       = fields[B*32+23 +: ExpW];
      assign larger  = a > b;
      assign smaller = a < b;
      assign high[h*ExpW +: ExpW] = (finite[A] & (~finite[B] | larger))  ?  a :  b & {ExpW{finite[B]}};
      assign low[h*ExpW +: ExpW]  = (finite[A] & (~finite[B] | smaller)) ? ~a : ~b & {ExpW{finite[B]}};
    end
    actp_max_tree #(.Num(2), .Width(ExpW)) u_max (.data_i(high), .max_o(part_max_d[p*ExpW +: ExpW]));
    actp_max_tree #(.Num(2), .Width(ExpW)) u_min (.data_i(low), .max_o(part_min_n_d[p*ExpW +: ExpW]));
  end
  always_comb begin
    beat_ones_d  = '1;
    beat_zeros_d = '1;
    for (int unsigned s = 0; s < Slots; s++) begin
      beat_ones_d  = beat_ones_d  & ( fields[s*32 +: ManW] | {ManW{~relevant[s]}});
      beat_zeros_d = beat_zeros_d & (~fields[s*32 +: ManW] | {ManW{~relevant[s]}});
    end
  end

  // ---- cycle 2: the beat, and the block so far; the tree has room for the running value
  logic                   done_q;
  logic [2*Parts*ExpW-1:0] max_of, min_n_of;
  logic [ExpW-1:0]        max_d, max_q, min_n_d, min_n_q;
  logic [ManW-1:0]        ones_q, zeros_q;
  logic                   any_finite_q, any_zero_q, any_special_q, any_negative_q, any_positive_q;
  logic [CfgW-1:0]        cfg_q;

  assign max_of   = (2*Parts*ExpW)'({part_max_q, max_q & {ExpW{~beat_first_q}}});
  assign min_n_of = (2*Parts*ExpW)'({part_min_n_q, min_n_q & {ExpW{~beat_first_q}}});
  actp_max_tree #(.Num(2 * Parts), .Width(ExpW)) u_max (.data_i(max_of), .max_o(max_d));
  actp_max_tree #(.Num(2 * Parts), .Width(ExpW)) u_min (.data_i(min_n_of), .max_o(min_n_d));

  // ---- facts of the finished block
  logic [ExpW:0]   top_code;  // the highest code that is needed: of the finite values, zero and the specials
  logic [1:0]      extra;
  logic [ManW-1:0] rows;

  assign {format_o, slot_bytes_o, lossless_o, delta_cap_o} = cfg_q;
  assign valid_o        = done_q;
  assign base_o         = max_q;
  assign has_zero_o     = any_zero_q;
  assign has_special_o  = any_special_q;
  assign any_negative_o = any_negative_q;
  assign all_negative_o = ~any_positive_q;
  assign rows            = actp_pkg::man_rows(format_o);
  assign uniform_o       = (ones_q | zeros_q) & rows;
  assign uniform_value_o = ones_q & ~zeros_q & rows;

  // max - min + extra, where min = 255 - min_n; without finite values max and min_n are 0 and extra - 1 is left
  assign extra    = {any_special_q, any_zero_q};
  assign top_code = {1'b0, max_q} + {1'b0, min_n_q} + (any_finite_q ? 9'd257 : 9'd511) + {7'd0, extra};
  always_comb begin  // bits of the highest code
    width_o = '0;
    for (int unsigned b = 0; b <= ExpW; b++) begin
      if (top_code[b]) width_o = actp_pkg::WIDTH_W'(b + 1);
    end
  end

  // ---- registers
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      beat_valid_q <= 1'b0;
      done_q       <= 1'b0;
    end else if (adv_i) begin
      beat_valid_q <= beat_valid_i;
      done_q       <= beat_valid_q & beat_last_q;
    end
  end
  always_ff @(posedge clk_i) begin
    if (adv_i & beat_valid_i) begin
      part_max_q   <= part_max_d;
      part_min_n_q <= part_min_n_d;
      beat_ones_q  <= beat_ones_d;
      beat_zeros_q <= beat_zeros_d;
      finite_q     <= |finite;
      zero_q       <= |zero;
      special_q    <= |special;
      negative_q   <= |(sign & used);
      positive_q   <= |(~sign & used);
      beat_first_q <= beat_first_i;
      beat_last_q  <= beat_last_i;
      beat_cfg_q   <= {beat_format_i, beat_slot_bytes_i, beat_lossless_i, beat_delta_cap_i};
    end
    if (adv_i & beat_valid_q) begin
      max_q          <= max_d;
      min_n_q        <= min_n_d;
      ones_q         <= beat_ones_q  & (ones_q  | {ManW{beat_first_q}});
      zeros_q        <= beat_zeros_q & (zeros_q | {ManW{beat_first_q}});
      any_finite_q   <= finite_q   | (any_finite_q   & ~beat_first_q);
      any_zero_q     <= zero_q     | (any_zero_q     & ~beat_first_q);
      any_special_q  <= special_q  | (any_special_q  & ~beat_first_q);
      any_negative_q <= negative_q | (any_negative_q & ~beat_first_q);
      any_positive_q <= positive_q | (any_positive_q & ~beat_first_q);
      cfg_q          <= beat_cfg_q;
    end
  end
endmodule

`default_nettype wire
