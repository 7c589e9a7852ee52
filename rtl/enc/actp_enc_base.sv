// SPDX-License-Identifier: Apache-2.0
// actp_enc_base - one pass over the values for order field: base, delta width, uniform planes.
//
// Format   F-4.1 .. F-4.3        Model   actplane::FindBase (model/src/field_order.cc)
// Contract in:  the chunks of a block, taken while adv_i is high.
//          out: its facts, valid two cycles after its last chunk until adv_i is high.
//          One chunk per cycle, also when it is a whole block. Stands still while adv_i is low.
// Method   cycle 1: extrema of four values each; cycle 2: of the chunk and of the block so far;
//          then width and masks.
// Params   CoreWidth 256, 512
// Reset    valid_o low
// Not here the header (actp_enc_schedule)
`default_nettype none

module actp_enc_base #(
  parameter int unsigned CoreWidth = 256,
  localparam int unsigned Slots = CoreWidth / 16
) (
  input  wire logic                       clk_i,
  input  wire logic                       rst_ni,
  input  wire logic                       adv_i,         // takes a chunk and moves on
  // a chunk
  input  wire logic                       chunk_valid_i,
  input  wire logic                       chunk_first_i,
  input  wire logic                       chunk_last_i,
  input  wire logic [CoreWidth-1:0]       chunk_i,
  input  wire logic [actp_pkg::FMT_W-1:0] chunk_fmt_i,
  // facts of the block
  output logic                            valid_o,
  output actp_pkg::field_facts_t          facts_o
);
  localparam int unsigned ExpW = actp_pkg::EXP_W;
  localparam int unsigned ManW = actp_pkg::MAN_W;

  localparam int unsigned Parts = Slots / 4;

  // ---- cycle 1: four values each
  logic [Slots*32-1:0]   fields;
  logic [Slots-1:0]      exp_zero, exp_ones, man_zero;
  logic [Slots-1:0]      used, zero, special, finite, relevant, sign;
  logic [Parts*ExpW-1:0] part_max_d, part_max_q;
  logic [Parts*ExpW-1:0] part_min_n_d, part_min_n_q;  // of ~exponent: the minimum inverted
  logic [ManW-1:0]       chunk_ones_d, chunk_ones_q, chunk_zeros_d, chunk_zeros_q;
  logic                  chunk_valid_q, chunk_first_q, chunk_last_q;
  logic                  finite_q, zero_q, special_q, negative_q, positive_q;
  logic [actp_pkg::FMT_W-1:0] chunk_fmt_q;

  actp_enc_classify #(.CoreWidth(CoreWidth)) u_classify (
    .fmt_i(chunk_fmt_i), .chunk_i(chunk_i), .fields_o(fields), .man_zero_o(man_zero)
  );
  assign zero     = used & exp_zero & man_zero;
  assign special  = used & exp_ones;
  assign used     = {{(Slots/2){actp_pkg::is_narrow(chunk_fmt_i)}}, {(Slots/2){1'b1}}};
  assign finite   = used & ~zero & ~special;
  assign relevant = finite | (special & ~man_zero);
  for (genvar s = 0; s < Slots; s++) begin : gen_slot
    assign sign[s] = fields[s*32+31];
    assign exp_zero[s] = fields[s*32+23 +: ExpW] == '0;
    assign exp_ones[s] = fields[s*32+23 +: ExpW] == actp_pkg::exp_max(chunk_fmt_i);
  end
  for (genvar p = 0; p < Parts; p++) begin : gen_part
    logic [2*ExpW-1:0] high, low;
    for (genvar h = 0; h < 2; h++) begin : gen_pair
      // The comparison does not wait for the classes.
      localparam int unsigned A = 4 * p + 2 * h;
      localparam int unsigned B = A + 1;
      logic [ExpW-1:0] a, b;
      logic            high_a, low_a;
      assign a      = fields[A*32+23 +: ExpW];
      assign b      = fields[B*32+23 +: ExpW];
      assign high_a = finite[A] & (~finite[B] | (a > b));
      assign low_a  = finite[A] & (~finite[B] | (a < b));
      assign high[h*ExpW +: ExpW] = high_a ?  a :  b & {ExpW{finite[B]}};
      assign low[h*ExpW +: ExpW]  = low_a  ? ~a : ~b & {ExpW{finite[B]}};
    end
    actp_max_tree #(.Num(2), .Width(ExpW)) u_max (
      .data_i(high), .max_o(part_max_d[p*ExpW +: ExpW])
    );
    actp_max_tree #(.Num(2), .Width(ExpW)) u_min (
      .data_i(low), .max_o(part_min_n_d[p*ExpW +: ExpW])
    );
  end
  always_comb begin
    chunk_ones_d  = '1;
    chunk_zeros_d = '1;
    for (int unsigned s = 0; s < Slots; s++) begin
      chunk_ones_d  = chunk_ones_d  & ( fields[s*32 +: ManW] | {ManW{~relevant[s]}});
      chunk_zeros_d = chunk_zeros_d & (~fields[s*32 +: ManW] | {ManW{~relevant[s]}});
    end
  end

  // ---- cycle 2: the chunk, and the block so far
  logic            done_q;
  logic [ExpW-1:0] max_d, max_q, min_n_d, min_n_q;
  logic [ManW-1:0] ones_q, zeros_q;
  logic [Parts:0]  unused_max, unused_min;
  logic            any_finite_q, any_zero_q, any_special_q, any_negative_q, any_positive_q;
  logic [actp_pkg::FMT_W-1:0] fmt_q;
  actp_max_run #(.Num(Parts), .Width(ExpW)) u_max (
    .start_i(max_q & {ExpW{~chunk_first_q}}), .data_i(part_max_q), .max_o(max_d),
    .wins_o(unused_max)
  );
  actp_max_run #(.Num(Parts), .Width(ExpW)) u_min (
    .start_i(min_n_q & {ExpW{~chunk_first_q}}), .data_i(part_min_n_q), .max_o(min_n_d),
    .wins_o(unused_min)
  );

  // ---- facts of the finished block
  logic [ExpW:0]   top_code;  // the highest code that finite values, zero and specials need
  logic [1:0]      extra;
  logic [ManW-1:0] rows;
  logic [actp_pkg::WIDTH_W-1:0] width;

  assign valid_o               = done_q;
  assign facts_o.base          = max_q;
  assign facts_o.has_zero      = any_zero_q;
  assign facts_o.has_special   = any_special_q;
  assign facts_o.any_negative  = any_negative_q;
  assign facts_o.all_negative  = ~any_positive_q;
  assign rows                  = actp_pkg::man_rows(fmt_q);
  assign facts_o.uniform       = (ones_q | zeros_q) & rows;
  assign facts_o.uniform_value = ones_q & ~zeros_q & rows;

  // max - min + extra, where min = 255 - min_n; without finite values max and min_n are 0 and
  // extra - 1 is left
  assign extra    = {any_special_q, any_zero_q};
  assign top_code = {1'b0, max_q} + {1'b0, min_n_q} + (any_finite_q ? 9'd257 : 9'd511) +
                    {7'd0, extra};
  always_comb begin  // bits of the highest code
    width = '0;
    for (int unsigned b = 0; b <= ExpW; b++) begin
      if (top_code[b]) width = actp_pkg::WIDTH_W'(b + 1);
    end
  end
  assign facts_o.width = width;

  // ---- registers
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      chunk_valid_q <= 1'b0;
      done_q        <= 1'b0;
    end else if (adv_i) begin
      chunk_valid_q <= chunk_valid_i;
      done_q        <= chunk_valid_q & chunk_last_q;
    end
  end
  always_ff @(posedge clk_i) begin
    if (adv_i & chunk_valid_i) begin
      part_max_q    <= part_max_d;
      part_min_n_q  <= part_min_n_d;
      chunk_ones_q  <= chunk_ones_d;
      chunk_zeros_q <= chunk_zeros_d;
      finite_q      <= |finite;
      zero_q        <= |zero;
      special_q     <= |special;
      negative_q    <= |(sign & used);
      positive_q    <= |(~sign & used);
      chunk_first_q <= chunk_first_i;
      chunk_last_q  <= chunk_last_i;
      chunk_fmt_q   <= chunk_fmt_i;
    end
    if (adv_i & chunk_valid_q) begin
      max_q          <= max_d;
      min_n_q        <= min_n_d;
      ones_q         <= chunk_ones_q  & (ones_q  | {ManW{chunk_first_q}});
      zeros_q        <= chunk_zeros_q & (zeros_q | {ManW{chunk_first_q}});
      any_finite_q   <= finite_q   | (any_finite_q   & ~chunk_first_q);
      any_zero_q     <= zero_q     | (any_zero_q     & ~chunk_first_q);
      any_special_q  <= special_q  | (any_special_q  & ~chunk_first_q);
      any_negative_q <= negative_q | (any_negative_q & ~chunk_first_q);
      any_positive_q <= positive_q | (any_positive_q & ~chunk_first_q);
      fmt_q          <= chunk_fmt_q;
    end
  end
endmodule

`default_nettype wire
