// SPDX-License-Identifier: Apache-2.0
// actp_dec_value_significance - one finite value out of its magnitude rows.
//
// Format   F-5.7 .. F-5.9  Model  actplane::RebuildMagnitude (model/src/significance_order.cc)
// Contract combinational. Row 0, the highest, is rows_i[Depth-1] and has the weight top_i (F-5.7).
//          Of the rows those count that known_i says, the first D; a group that is dead has none
//          and mid_i = 0, and its values are zeros.
// Method   form 2 puts behind the rows what lost bits read: 10..0, or 01..1 behind an odd row; so a
//          value without a one in its rows is half a step. Then the leading one goes to the front,
//          but not beyond weight 1: a subnormal stays there. One network shifts up and, behind 16
//          zeros, down.
// Params   Depth 8 .. 24; ManBits 23 or 10: mantissa bits that any of the formats needs
`default_nettype none

module actp_dec_value_significance #(
  parameter int unsigned Depth   = 12,
  parameter int unsigned ManBits = 23
) (
  input  wire logic [Depth-1:0]       rows_i,      // of the value, row 0 the highest
  input  wire logic [Depth-1:0]       known_i,     // the first D ones
  input  wire logic                   mid_i,       // form 2
  input  wire logic [8:0]             top_i,       // signed, -14 .. 254
  output logic [actp_pkg::EXP_W-1:0]  exponent_o,  // of what was rebuilt
  output logic [ManBits-1:0]          mantissa_o   // the top ones of the field
);
  localparam int unsigned MagW   = Depth + 1;           // rows and the first lost bit
  localparam int unsigned OutW   = ManBits + 1;
  localparam int unsigned ZerosW = (MagW > 16) ? 5 : 4;

  // ---- rows and what is behind them
  logic [MagW-1:0] known, magnitude, first_lost, last_known, lead;
  logic            odd;
  assign known      = {known_i, 1'b0};
  assign first_lost = ~known & {1'b1, known[MagW-1:1]};
  assign last_known = known & ~{known[MagW-2:0], 1'b0};
  assign odd        = mid_i & (|({rows_i, 1'b0} & last_known));
  // An odd row is a leading one itself, or has one before it.
  assign lead       = ({rows_i, 1'b0} & known) | (first_lost & {MagW{mid_i}});
  assign magnitude  = ({rows_i, 1'b0} & known) | (first_lost & {MagW{mid_i & ~odd}}) |
                      (~known & ~first_lost & {MagW{odd}});

  // ---- the front ends at weight 1, or is row 0 where that is below
  logic [8:0]        above;   // weights above 1
  logic              low;
  logic [3:0]        down;
  logic [MagW-1:0]   bound;
  assign above = top_i - 9'd1;
  assign low   = above[8];
  assign down  = low ? above[3:0] : 4'd0;   // 16 less the shift
  always_comb begin
    for (int unsigned p = 0; p < MagW; p++) bound[MagW-1-p] = (p == 0) ? low | (above == '0) :
        above == 9'(p);
  end

  // ---- leading zeros: of any 2^k bits, are there ones, and how many zeros are before them
  localparam int unsigned TreeW = 1 << ZerosW;
  logic [2*TreeW-1:2]             any /*verilator split_var*/;
  logic [2*TreeW*ZerosW-1:ZerosW] count /*verilator split_var*/;
  for (genvar i = 0; i < TreeW; i++) begin : gen_leaf
    if (i < MagW) begin : gen_bit
      assign any[TreeW+i] = lead[MagW-1-i] | bound[MagW-1-i];
    end else begin : gen_none
      assign any[TreeW+i] = 1'b0;
    end
    assign count[(TreeW+i)*ZerosW +: ZerosW] = '0;
  end
  for (genvar i = 1; i < TreeW; i++) begin : gen_node
    localparam int unsigned Level = ZerosW - $clog2(i + 1);
    logic [ZerosW-1:0] second;
    assign second = count[(2*i+1)*ZerosW +: ZerosW] | (ZerosW'(1) << Level);
    if (i > 1) begin : gen_any
      assign any[i] = any[2*i] | any[2*i+1];
    end
    assign count[i*ZerosW +: ZerosW] = any[2*i] ? count[2*i*ZerosW +: ZerosW] : second;
  end
  logic [ZerosW-1:0] zeros;   // anything where nothing is a one
  assign zeros = count[ZerosW +: ZerosW];

  // ---- the shift: 16 places and `zeros` up, or 16 less what it is down
  logic [16+MagW+OutW-1:0] list;
  logic [OutW-1:0]            placed;
  logic [3:0]                 up;
  assign up = zeros[3:0] | down;
  always_comb begin
    list = {16'd0, magnitude, {OutW{odd}}};
    if (~low) list = list << 16;
    if (ZerosW > 4 && zeros[ZerosW-1]) list = list << 16;
    for (int unsigned k = 0; k < 4; k++) begin
      if (up[3-k]) list = list << (8 >> k);
    end
    placed = list[16+MagW+OutW-1 -: OutW];
  end
  assign mantissa_o = placed[OutW-2:0];
  assign exponent_o = placed[OutW-1] ? 8'(top_i - 9'(zeros)) : '0;

  logic unused;
  assign unused = ^any;
endmodule

`default_nettype wire
