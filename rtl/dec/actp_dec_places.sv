// SPDX-License-Identifier: Apache-2.0
// actp_dec_places - where the rows of the groups of one chunk lie.
//
// Format   F-3.4, F-5.3 .. F-5.5, F-5.13  Model  actplane::RowsOfGroup, actplane::PlaceGroups
// Contract combinational. A lane is 8 values: one group, or two of 4. Lanes that the format does
//          not use have nothing. Lengths count rows of the narrowest group, the unit of a slot.
//          Rows are first those of signs, codes and flags, then those of the magnitude or the
//          mantissa.
// Params   Width 256 or 512: bits of a chunk; Orders; GroupLen; IndexW: bits of an index; EndW
`default_nettype none

module actp_dec_places #(
  parameter int unsigned Width    = 256,
  parameter int unsigned Orders   = 3,
  parameter int unsigned GroupLen = 8,
  parameter int unsigned IndexW   = 4,
  parameter int unsigned EndW     = 9,
  localparam int unsigned Lanes   = Width / 128,
  localparam int unsigned Halves  = (Orders == 1) ? 1 : 8 / GroupLen,
  localparam int unsigned Num     = Lanes * Halves,
  localparam int unsigned SkipW   = 5
) (
  input  actp_pkg::config_t         cfg_i,       // of the slot
  input  wire logic [23:0]          head_i,      // its first three bytes
  input  wire logic [5:0]           rows_i,      // order field: as actp_dec_header
  input  wire logic [5:0]           per_i,       // rows of a group, order field
  input  wire logic [4:0]           more_i,      // groups with one more
  input  wire logic [5:0]           later_i,     // order significance: groups with t = q + 1
  input  wire logic [4*Num-1:0]     codes_i,     // of the groups of the chunk
  input  wire logic [Num-1:0]       flags_i,     // groups with Inf or NaN
  input  wire logic [IndexW-1:0]    index_i,     // of the chunk
  output logic [EndW*Num-1:0]       ends_o,      // of groups, from the start of the chunk
  // where magnitude or mantissa start, from those of group 0
  output logic [EndW*Num-1:0]       from_o,
  output logic [SkipW-1:0]          skip_o,      // where those of group 0 start
  output logic [Num-1:0]            lives_o,
  output logic [Num-1:0]            flags_o,
  output logic [5*Num-1:0]          depth_o,     // D(g), order significance
  output logic [5*Lanes-1:0]        mans_o       // rows of the mantissa, order field
);
  logic narrow, by_weight, poisoned, pair;
  assign narrow    = actp_pkg::is_narrow(cfg_i.fmt);
  assign by_weight = (Orders == 2) | ((Orders == 3) & cfg_i.significance);
  assign poisoned  = head_i[2:0] == actp_pkg::POISONED;
  assign pair      = head_i[2:0] == actp_pkg::PAIR;

  logic [4:0] front_rows;
  assign front_rows = {1'b0, head_i[11:8]} + {4'd0, head_i[13]};

  logic [EndW*Num-1:0]  bodies;
  logic [SkipW*Num-1:0] skips;
  for (genvar l = 0; l < Lanes; l++) begin : gen_lane
    logic [31:0] lane;   // of the block
    logic [5:0]  room, rows;
    logic        used;
    assign used = narrow | (l < Lanes / 2);
    assign lane = (narrow ? 32'(index_i) * Lanes : 32'(index_i) * (Lanes / 2)) + l;
    assign room = per_i + 6'(lane < 32'(more_i));
    assign rows = ((per_i == 6'd63) | (room > rows_i)) ? rows_i : room;
    assign mans_o[5*l +: 5] = 5'(rows - 6'(front_rows));
    for (genvar h = 0; h < Halves; h++) begin : gen_half
      localparam int unsigned G = l * Halves + h;
      logic [EndW-1:0]  body;
      logic [SkipW-1:0] skip;
      if (Orders == 1) begin : gen_none
        assign lives_o[G]        = 1'b0;
        assign flags_o[G]        = 1'b0;
        assign depth_o[5*G +: 5] = '0;
        assign body = EndW'(mans_o[5*l +: 5]);
        assign skip = SkipW'(front_rows);
      end else begin : gen_group
        logic       lives;
        logic [1:0] group_skip;
        actp_dec_group u_group (
          .code_i(codes_i[4*G +: 4]), .flag_i(flags_i[G]), .later_i(lane * Halves +
          h < 32'(later_i)),
          .ones_i(actp_pkg::code_ones(head_i[2:0])), .dead_code_i(head_i[3]), .q_i(head_i[10:6]),
          .form_i(head_i[5:4]), .row_limit_i(cfg_i.row_limit), .lives_o(lives),
          .depth_o(depth_o[5*G +: 5]), .skip_o(group_skip)
        );
        assign lives_o[G] = lives & ~poisoned;
        assign flags_o[G] = flags_i[G] & ~poisoned;
        always_comb begin
          body = EndW'(depth_o[5*G +: 5]);
          skip = SkipW'(group_skip);
          if (poisoned | pair) body = '0;
          if (poisoned | pair) skip = SkipW'(pair);
          if (!by_weight) begin
            body = (h == 0) ? EndW'(mans_o[5*l +: 5]) * EndW'(Halves) : '0;
            skip = (h == 0) ? front_rows * 5'(Halves) : '0;
          end
        end
      end
      assign bodies[EndW*G +: EndW]  = used ? body : '0;
      assign skips[SkipW*G +: SkipW] = used ? skip : '0;
    end
  end
  assign skip_o = skips[SkipW-1:0];

  logic [EndW-1:0] start, from;
  always_comb begin
    start = '0;
    from  = '0;
    for (int unsigned g = 0; g < Num; g++) begin
      from_o[EndW*g +: EndW] = (g == 0) ? '0 : from + EndW'(skips[SkipW*g +: SkipW]);
      start = start + bodies[EndW*g +: EndW] + EndW'(skips[SkipW*g +: SkipW]);
      from  = from + bodies[EndW*g +: EndW] + ((g == 0) ? '0 : EndW'(skips[SkipW*g +: SkipW]));
      ends_o[EndW*g +: EndW] = start;
    end
  end

  logic unused;
  assign unused = ^{cfg_i, head_i, later_i, codes_i, flags_i, by_weight, poisoned, pair};
endmodule

`default_nettype wire
