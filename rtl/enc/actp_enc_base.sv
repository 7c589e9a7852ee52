// SPDX-License-Identifier: Apache-2.0
// actp_enc_base - one pass over the values: base, delta width, signs, uniform planes.
//
// Format   F-4.1 .. F-4.3        Model   actplane::FindBase (model/src/field_order.cc)
// Contract in:  the beats of a block as they are taken.
//          out: the facts of a block, registered two cycles after its last beat; valid_o until taken_i.
//          One block per block time, also when that is a single cycle. Stands still while adv_i is low.
// Method   extrema as trees over the slots of a beat, then against the running value.
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
  // the beat that is taken in this cycle
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

  // ---- this beat
  logic [Slots*32-1:0]   fields;
  logic [Slots-1:0]      exp_zero, exp_ones, man_zero;
  logic [Slots-1:0]      used, zero, special, finite, relevant, sign;
  logic [Slots*ExpW-1:0] high, low;  // exponents for the maximum, inverted for the minimum
  logic [ExpW-1:0]       beat_max, beat_min_n;
  logic [ManW-1:0]       beat_ones, beat_zeros;

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
    assign high[s*ExpW +: ExpW] = fields[s*32+23 +: ExpW] & {ExpW{finite[s]}};
    assign low[s*ExpW +: ExpW]  = ~fields[s*32+23 +: ExpW] & {ExpW{finite[s]}};
  end
  actp_max_tree #(.Num(Slots), .Width(ExpW)) u_max (.data_i(high), .max_o(beat_max));
  actp_max_tree #(.Num(Slots), .Width(ExpW)) u_min (.data_i(low), .max_o(beat_min_n));
  always_comb begin
    beat_ones  = '1;
    beat_zeros = '1;
    for (int unsigned s = 0; s < Slots; s++) begin
      beat_ones  = beat_ones  & ( fields[s*32 +: ManW] | {ManW{~relevant[s]}});
      beat_zeros = beat_zeros & (~fields[s*32 +: ManW] | {ManW{~relevant[s]}});
    end
  end

  // ---- running over the block
  logic            done_q;
  logic [ExpW-1:0] max_d, max_q, min_n_d, min_n_q;
  logic [ManW-1:0] ones_d, ones_q, zeros_d, zeros_q;
  logic            any_finite_d, any_finite_q, any_zero_d, any_zero_q, any_special_d, any_special_q;
  logic            any_negative_d, any_negative_q, all_negative_d, all_negative_q;
  logic [actp_pkg::FMT_W-1:0]   format_q;
  logic [actp_pkg::SLOT_W-1:0]  slot_bytes_q;
  logic                         lossless_q;
  logic [actp_pkg::WIDTH_W-1:0] delta_cap_q;
  logic [ExpW-1:0] max_before, min_n_before;

  assign max_before     = beat_first_i ? '0 : max_q;
  assign min_n_before   = beat_first_i ? '0 : min_n_q;
  assign max_d          = (beat_max > max_before) ? beat_max : max_before;
  assign min_n_d        = (beat_min_n > min_n_before) ? beat_min_n : min_n_before;
  assign ones_d         = beat_ones  & (ones_q  | {ManW{beat_first_i}});
  assign zeros_d        = beat_zeros & (zeros_q | {ManW{beat_first_i}});
  assign any_finite_d   = (|finite)          | (any_finite_q   & ~beat_first_i);
  assign any_zero_d     = (|zero)            | (any_zero_q     & ~beat_first_i);
  assign any_special_d  = (|special)         | (any_special_q & ~beat_first_i);
  assign any_negative_d = (|(sign & used))   | (any_negative_q & ~beat_first_i);
  assign all_negative_d = (&(sign | ~used))  & (all_negative_q | beat_first_i);

  // ---- facts of the finished block
  logic [ExpW:0] codes, top_code;  // codes needed, at least 1; the highest one
  logic [actp_pkg::WIDTH_W-1:0] width;
  logic [ManW-1:0] rows;

  assign codes = (any_finite_q ? {1'b0, max_q} - {1'b0, ~min_n_q} + 9'd1 : 9'd0) +
                 {8'd0, any_zero_q} + {7'd0, any_special_q, 1'b0};
  assign top_code = codes - 9'd1;
  assign rows = actp_pkg::man_rows(format_q);
  always_comb begin  // bits of the highest code
    width = '0;
    for (int unsigned b = 0; b <= ExpW; b++) begin
      if (top_code[b]) width = actp_pkg::WIDTH_W'(b + 1);
    end
  end

  // ---- registers
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      done_q  <= 1'b0;
      valid_o <= 1'b0;
    end else if (adv_i) begin
      done_q  <= beat_valid_i & beat_last_i;
      valid_o <= done_q;
    end
  end
  always_ff @(posedge clk_i) begin
    if (beat_valid_i) begin
      max_q          <= max_d;
      min_n_q        <= min_n_d;
      ones_q         <= ones_d;
      zeros_q        <= zeros_d;
      any_finite_q   <= any_finite_d;
      any_zero_q     <= any_zero_d;
      any_special_q  <= any_special_d;
      any_negative_q <= any_negative_d;
      all_negative_q <= all_negative_d;
      format_q       <= beat_format_i;
      slot_bytes_q   <= beat_slot_bytes_i;
      lossless_q     <= beat_lossless_i;
      delta_cap_q    <= beat_delta_cap_i;
    end
    if (adv_i & done_q) begin
      format_o        <= format_q;
      slot_bytes_o    <= slot_bytes_q;
      lossless_o      <= lossless_q;
      delta_cap_o     <= delta_cap_q;
      base_o          <= max_q;
      width_o         <= width;
      has_zero_o      <= any_zero_q;
      has_special_o   <= any_special_q;
      any_negative_o  <= any_negative_q;
      all_negative_o  <= all_negative_q;
      uniform_o       <= (ones_q | zeros_q) & rows;
      uniform_value_o <= ones_q & ~zeros_q & rows;
    end
  end
endmodule

`default_nettype wire
