// SPDX-License-Identifier: Apache-2.0
// actp_dec_rebuild - turn rows back into values, one beat per cycle.
//
// Format   F-3.6 .. F-3.12, F-7.5        Model   actplane::RebuildValues (model/src/field_order.cc)
// Contract in:  load_i with the rows and the header of a slot.
//          out: the N values as beats, the first one in the output register one cycle later, `last` on the final one;
//               all +0 if the slot is malformed. done_o: the final beat leaves for the output register; load_i may be high again.
// Method   the fill is the same two patterns for all values of a block: in front of the cut and behind it.
// Params   BlockLen 32 .. 256, StreamWidth 64 .. 512 (tested all sixteen)
// Reset    idle, no output
`include "actp_macros.svh"
`default_nettype none

module actp_dec_rebuild #(
  parameter int unsigned BlockLen    = 128,
  parameter int unsigned StreamWidth = 256,
  localparam int unsigned ManW  = actp_pkg::MAN_W,
  localparam int unsigned RankW = actp_pkg::RANK_W,
  localparam int unsigned LaneW = $clog2(BlockLen)
) (
  input  wire logic                             clk_i,
  input  wire logic                             rst_ni,
  // a slot
  input  wire logic                             load_i,
  output logic                                  done_o,
  output logic                                  busy_o,
  input  wire logic [1:0]                       format_i,
  input  wire logic                             fill_zero_i,
  input  wire logic [actp_pkg::ROWS*BlockLen-1:0] rows_i,
  input  wire logic [actp_pkg::EXP_W-1:0]       base_i,
  input  wire logic [actp_pkg::WIDTH_W-1:0]     width_i,
  input  wire logic                             zero_code_i,
  input  wire logic                             special_i,
  input  wire logic                             sign_stored_i,
  input  wire logic                             sign_value_i,
  input  wire logic [ManW-1:0]                  stored_i,
  input  wire logic [ManW-1:0]                  value_i,
  input  wire logic [ManW*5-1:0]                man_rank_i,
  input  wire logic [RankW-1:0]                 man_rows_i,
  input  wire logic [LaneW-1:0]                 man_lanes_i,
  input  wire logic                             complete_i,
  input  wire logic                             malformed_i,
  // its values
  output logic                                  out_valid_o,
  input  wire logic                             out_ready_i,
  output logic [StreamWidth-1:0]                out_data_o,
  output logic                                  out_last_o
);
  localparam int unsigned N      = BlockLen;
  localparam int unsigned Slots  = StreamWidth / 16;
  localparam int unsigned Group  = StreamWidth / 32;
  localparam int unsigned Groups = N / Group;
  localparam int unsigned IndexW = $clog2(Groups);
  localparam int unsigned ExpW   = actp_pkg::EXP_W;
  localparam int unsigned CodeW  = actp_pkg::CODE_W;
  localparam int unsigned Rows   = actp_pkg::ROWS;

  // ---- F-3.5, F-3.10: bits that are known, and the one that the midpoint sets, in front of and behind the cut
  logic [ManW-1:0] known_front, known_back, middle_front, middle_back;
  for (genvar k = 0; k < ManW; k++) begin : gen_fill
    localparam int unsigned B = ManW - 1 - k;
    logic [RankW-1:0] rank;
    assign rank = RankW'(man_rank_i[k*5 +: 5]);
    assign known_front[B]  = stored_i[B] & (rank <= man_rows_i);
    assign known_back[B]   = stored_i[B] & (rank < man_rows_i);
    assign middle_front[B] = stored_i[B] & (rank == man_rows_i + RankW'(1));
    assign middle_back[B]  = stored_i[B] & (rank == man_rows_i);
  end

  // ---- the slot
  logic                     busy_q, narrow_q, malformed_q, complete_q, zero_code_q, special_q;
  logic [1:0]               format_q;
  logic [ExpW-1:0]          base_q;
  logic [CodeW-1:0]         code_mask_q;
  logic                     sign_stored_q, sign_value_q;
  logic [ManW-1:0]          known_front_q, known_back_q, fill_front_q, fill_back_q, value_q;
  logic [LaneW-1:0]         lanes_q;
  logic [Rows*N-1:0]        rows_q;
  always_ff @(posedge clk_i) begin
    if (load_i) begin
      format_q      <= format_i;
      narrow_q      <= actp_pkg::is_narrow(format_i);
      malformed_q   <= malformed_i;
      complete_q    <= complete_i;
      zero_code_q   <= zero_code_i;
      special_q     <= special_i;
      base_q        <= base_i;
      for (int unsigned k = 0; k < CodeW; k++) code_mask_q[k] <= k < 32'(width_i);
      sign_stored_q <= sign_stored_i;
      sign_value_q  <= sign_value_i;
      known_front_q <= known_front;
      known_back_q  <= known_back;
      fill_front_q  <= fill_zero_i ? '0 : middle_front;
      fill_back_q   <= fill_zero_i ? '0 : middle_back;
      value_q       <= value_i;
      lanes_q       <= man_lanes_i;
      rows_q        <= rows_i;
    end
  end

  // ---- one beat
  logic [IndexW-1:0]      index_q, last_index;
  logic [StreamWidth-1:0] beat_wide, beat_narrow;
  logic                   last, move;
  assign last_index = narrow_q ? IndexW'(Groups / 2 - 1) : IndexW'(Groups - 1);
  assign last   = index_q == last_index;
  assign move   = busy_q & (~out_valid_o | out_ready_i);
  assign done_o = move & last;
  assign busy_o = busy_q;

  // Rows of the groups that the beat takes: group i for FP32, groups 2i and 2i + 1 for the 16-bit formats.
  logic [IndexW-1:0]     group_low, group_high;
  logic [Rows*Slots-1:0] lanes;  // row r of slot s at [r*Slots+s]
  assign group_low  = narrow_q ? IndexW'(index_q << 1) : index_q;
  assign group_high = IndexW'(index_q << 1) | IndexW'(1);
  for (genvar r = 0; r < Rows; r++) begin : gen_lane_row
    assign lanes[r*Slots +: Group]       = rows_q[r*N+32'(group_low)*Group +: Group];
    assign lanes[r*Slots+Group +: Group] = rows_q[r*N+32'(group_high)*Group +: Group];
  end

  for (genvar s = 0; s < Slots; s++) begin : gen_slot
    logic [CodeW-1:0] code, code_n;
    logic [ManW-1:0]  bits, known, fill, mantissa;
    logic             sign, top, is_zero, is_nan, is_inf, front;
    logic [LaneW:0]   lane;
    logic [ExpW+1:0]  exponent;  // base - code, negative if the code is too large
    logic [ExpW-1:0]  exp_out;
    logic [ManW-1:0]  man_out;
    for (genvar k = 0; k < CodeW; k++) begin : gen_code
      assign code[k] = lanes[(actp_pkg::ROW_CODE+CodeW-1-k)*Slots+s];
    end
    for (genvar k = 0; k < ManW; k++) begin : gen_bits
      assign bits[k] = lanes[(actp_pkg::ROW_MAN+ManW-1-k)*Slots+s];
    end
    assign sign = sign_stored_q ? lanes[actp_pkg::ROW_SIGN*Slots+s] : sign_value_q;

    // F-3.6: zero is all ones; NaN one below if there is a zero code; Inf one below NaN.
    assign code_n  = ~code & code_mask_q;
    assign top     = code_n[CodeW-1:2] == '0;
    assign is_zero = zero_code_q & top & (code_n[1:0] == 2'b00);
    assign is_nan  = special_q & top & (zero_code_q ? code_n[1:0] == 2'b01 : code_n[1:0] == 2'b00);
    assign is_inf  = special_q & top & (zero_code_q ? code_n[1:0] == 2'b10 : code_n[1:0] == 2'b01);

    // Value s of the beat is value `lane` of the block.
    if (s < Group) begin : gen_low
      assign lane = {1'b0, LaneW'(32'(group_low) * Group + s)};
    end else begin : gen_high
      assign lane = {1'b0, LaneW'(32'(group_high) * Group + s - Group)};
    end
    assign front    = lane < {1'b0, lanes_q};
    assign known    = front ? known_front_q : known_back_q;
    assign fill     = front ? fill_front_q : fill_back_q;
    assign mantissa = (bits & known) | value_q;
    assign exponent = {2'b00, base_q} - {1'b0, code & code_mask_q};

    always_comb begin
      exp_out = exponent[ExpW-1:0];
      man_out = mantissa | fill;
      if (is_zero | (~is_nan & ~is_inf & exponent[ExpW+1])) begin
        exp_out = '0;
        man_out = '0;
      end
      if (is_nan | is_inf) exp_out = actp_pkg::exp_max(format_q);
      if (is_nan) man_out = {mantissa[ManW-1] | ~complete_q, mantissa[ManW-2:0]};
      if (is_inf) man_out = '0;
    end
    if (s < Group) begin : gen_wide
      assign beat_wide[s*32 +: 32] = {sign, exp_out, man_out};
    end else begin : gen_narrow_only
      logic unused_low;
      assign unused_low = ^man_out[ManW-11:0];
    end
    assign beat_narrow[s*16 +: 16] = (format_q == actp_pkg::FP16) ? {sign, exp_out[4:0], man_out[ManW-1 -: 10]} :
                                                                    {sign, exp_out, man_out[ManW-1 -: 7]};
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      busy_q      <= 1'b0;
      out_valid_o <= 1'b0;
      index_q     <= '0;
    end else begin
      busy_q      <= load_i | (busy_q & ~done_o);
      out_valid_o <= move | (out_valid_o & ~out_ready_i);
      if (move) index_q <= last ? '0 : index_q + IndexW'(1);
    end
  end
  always_ff @(posedge clk_i) begin
    if (move) begin
      out_data_o <= malformed_q ? '0 : narrow_q ? beat_narrow : beat_wide;
      out_last_o <= last;
    end
  end

  `ACTP_STREAM(RebuildOut, out_valid_o, out_ready_i, {out_data_o, out_last_o})
  `ACTP_ASSERT(LoadWhenFree_A, load_i |-> !busy_q || done_o)
endmodule

`default_nettype wire
