// SPDX-License-Identifier: Apache-2.0
// actp_enc_groups - one pass over the values for order significance: base, deltas, exactness.
//
// Format   F-6.2, F-6.9 .. F-6.11        Model   actplane::FindGroups, FindSignificanceBase,
//          FindDeltas (model/src/significance_order.cc)
// Contract in:  the chunks of a block, taken while adv_i is high.
//          out: its facts, valid two cycles after its last chunk until adv_i is high.
//          One chunk per cycle, even where it is a whole block. Stands still while adv_i is low.
// Method   cycle 1: weights of four values each; cycle 2: of groups, into their registers, and of
//          the block so far. A weight is kept plus 32, the lowest set bit as 256 minus its weight,
//          so that 0 is nothing and the tree of either looks for the largest.
// Params   BlockLen 32 .. 256; CoreWidth 256, 512; GroupLen 4, 8
// Reset    valid_o low
// Not here the size at the level of F-6.9 (actp_enc_level)
`default_nettype none

module actp_enc_groups #(
  parameter int unsigned BlockLen  = 128,
  parameter int unsigned CoreWidth = 256,
  parameter int unsigned GroupLen  = 8,
  localparam int unsigned Groups = BlockLen / GroupLen
) (
  input  wire logic                         clk_i,
  input  wire logic                         rst_ni,
  input  wire logic                         adv_i,              // takes a chunk and moves on
  // a chunk
  input  wire logic                         chunk_valid_i,
  input  wire logic                         chunk_first_i,
  input  wire logic                         chunk_last_i,
  input  wire logic [CoreWidth-1:0]         chunk_i,
  input  wire logic [actp_pkg::FMT_W-1:0]   chunk_fmt_i,
  input  wire logic [actp_pkg::LIMIT_W-1:0] chunk_row_limit_i,  // R
  // facts of the block
  output logic                              valid_o,
  output logic [actp_pkg::EXP_W-1:0]        base_o,
  output logic [5*Groups-1:0]               deltas_o,           // 31: infinite
  output logic [Groups-1:0]                 negative_o,         // some sign bit is 1
  output logic [Groups-1:0]                 special_o,
  output logic                              signs_o,            // F-6.11, before any search
  output logic                              mixed_o,            // some group
  output logic                              exact_possible_o,   // F-6.9, but for the size at L'
  output logic [9:0]                        exact_level_o       // L'
);
  localparam int unsigned Slots  = CoreWidth / 16;
  localparam int unsigned Quads  = Slots / 4;
  localparam int unsigned Locals = Slots / GroupLen;          // groups of a chunk, at most: 2 .. 8
  localparam int unsigned LocalW = $clog2(Locals);
  localparam int unsigned GroupQ = GroupLen / 4;              // fours of a group: 1, 2
  localparam int unsigned Lows   = (Slots > 16) ? Slots / 2 : Locals;
  localparam int unsigned Chunks = 32 * BlockLen / CoreWidth;  // 2 .. 32
  localparam int unsigned ChunkW = $clog2(Chunks);
  localparam int unsigned Units  = (Groups < 32) ? Groups : 32;  // U
  localparam int unsigned UnitW  = $clog2(Units);
  localparam int unsigned Shared = Groups / Units;            // groups of a unit: 1, 2
  localparam logic [8:0]  LeastTop = 9'd33;                   // base is at least 1

  // ---- cycle 1: four values each, two for the lowest bit
  logic                  narrow;
  logic [Slots*32-1:0]   fields;
  logic [Quads*9-1:0]    top_d, top_q;
  logic [Quads*18-1:0]   low_d, low_q;
  logic [Quads-1:0]      zero_d, zero_q, special_d, special_q, negative_d, negative_q;
  logic                  valid_q, first_q, last_q, narrow_q;
  logic [ChunkW-1:0]     index_q;       // of the chunk
  logic [4:0]            limit_less_q;  // R - 1

  assign narrow = actp_pkg::is_narrow(chunk_fmt_i);
  /* verilator lint_off PINCONNECTEMPTY */  // order field alone needs that output
  actp_enc_classify #(.CoreWidth(CoreWidth)) u_classify (
    .fmt_i(chunk_fmt_i), .chunk_i, .fields_o(fields), .man_zero_o()
  );
  /* verilator lint_on PINCONNECTEMPTY */
  for (genvar p = 0; p < Quads; p++) begin : gen_quad
    actp_enc_weights u_weights (
      .used_i((p < Quads / 2) ? 1'b1 : narrow), .exp_max_i(actp_pkg::exp_max(chunk_fmt_i)),
      .fields_i(fields[p*128 +: 128]),
      .top_o(top_d[p*9 +: 9]), .low_o(low_d[p*18 +: 18]),
      .any_zero_o(zero_d[p]), .any_special_o(special_d[p]), .any_negative_o(negative_d[p])
    );
  end

  // ---- cycle 2: groups of the chunk
  logic [Locals*9-1:0] top, low;
  logic [Locals-1:0]   any, special, negative, mixed, deep;
  logic [9:0]          limit;
  assign limit = 10'h120 | 10'(limit_less_q);  // 287 + R
  for (genvar l = 0; l < Locals; l++) begin : gen_local
    logic [9:0]          sum;                  // rows needed, plus 287
    logic [2*GroupQ-1:0] unused_low;
    if (GroupQ == 1) begin : gen_four
      assign top[l*9 +: 9] = top_q[l*9 +: 9];
    end else begin : gen_eight
      logic [1:0] unused_top;
      actp_max_few #(.Num(2), .Width(9)) u_top (
        .data_i(top_q[l*18 +: 18]), .max_o(top[l*9 +: 9]), .wins_o(unused_top)
      );
    end
    actp_max_few #(.Num(2 * GroupQ), .Width(9)) u_low (
      .data_i(low_q[l*GroupQ*18 +: GroupQ*18]), .max_o(low[l*9 +: 9]), .wins_o(unused_low)
    );
    assign sum         = 10'(top[l*9 +: 9]) + 10'(low[l*9 +: 9]);
    assign deep[l]     = sum > limit;
    assign any[l]      = |{top_q[l*GroupQ*9 +: GroupQ*9]};
    assign special[l]  = |special_q[l*GroupQ +: GroupQ];
    assign negative[l] = |negative_q[l*GroupQ +: GroupQ];
    assign mixed[l]    = any[l] & (|zero_q[l*GroupQ +: GroupQ]);
  end

  // ---- the block so far
  logic [8:0]               start_top, start_low, block_top_d, block_top_q, block_low_d;
  logic [8:0]               block_low_q;
  logic [Quads:0]           unused_top;
  logic [Lows*9-1:0]        lows;
  logic [Lows:0]            low_wins;              // bit 0: what was there before
  logic [LocalW-1:0]        local_low;
  logic [UnitW-1:0]         unit, unit_q;          // floor(g U / G)
  logic [ChunkW+LocalW-1:0] group_wide, group_narrow, group;
  logic                     signs_q, mixed_q, deep_q, done_q;
  assign start_top = first_q ? LeastTop : block_top_q;
  assign start_low = first_q ? '0 : block_low_q;
  actp_max_run #(.Num(Quads), .Width(9)) u_top (
    .start_i(start_top), .data_i(top_q), .max_o(block_top_d), .wins_o(unused_top)
  );
  // A wide chunk has no time to wait for its groups.
  if (Lows == Locals) begin : gen_groups_low
    assign lows = low;
  end else begin : gen_pairs_low
    assign lows = low_q;
  end
  actp_max_run #(.Num(Lows), .Width(9)) u_low (
    .start_i(start_low), .data_i(lows), .max_o(block_low_d), .wins_o(low_wins)
  );
  always_comb begin
    local_low = '0;
    for (int unsigned l = 0; l < Lows; l++) begin
      if (low_wins[l+1]) local_low = local_low | LocalW'(l / (Lows / Locals));
    end
  end
  assign group_narrow = {index_q, local_low};
  if (LocalW > 1) begin : gen_wide_locals
    assign group_wide = {1'b0, index_q, local_low[LocalW-2:0]};
  end else begin : gen_wide_local
    assign group_wide = {1'b0, index_q};
  end
  assign group = narrow_q ? group_narrow : group_wide;
  assign unit  = UnitW'(group >> (Shared - 1));

  // ---- the groups of the block
  logic [Groups-1:0] infinite;
  for (genvar g = 0; g < Groups; g++) begin : gen_group
    localparam int unsigned Narrow = g % Locals;
    localparam int unsigned Wide   = g % (Locals / 2);
    logic       write, negative_of_q, special_of_q;
    logic [8:0] top_of_q, delta;
    assign write = valid_q & adv_i & (index_q == (narrow_q ? ChunkW'(g / Locals) :
                                                             ChunkW'(g / (Locals / 2))));
    always_ff @(posedge clk_i) begin
      if (write) begin
        top_of_q      <= narrow_q ? top[Narrow*9 +: 9] : top[Wide*9 +: 9];
        negative_of_q <= narrow_q ? negative[Narrow]   : negative[Wide];
        special_of_q  <= narrow_q ? special[Narrow]    : special[Wide];
      end
    end
    assign delta              = block_top_q - top_of_q;
    assign deltas_o[g*5 +: 5] = delta[4:0] | {5{delta[8:5] != '0}};
    assign infinite[g]        = (top_of_q != '0) & (deltas_o[g*5 +: 5] == 5'd31);
    assign negative_o[g]      = negative_of_q;
    assign special_o[g]       = special_of_q;
  end

  // ---- facts of the finished block
  logic [9:0]       span;   // base minus the lowest set bit, plus 256
  logic [UnitW+5:0] level;
  logic             none, near;
  assign none  = block_low_q == '0;
  assign span  = {2'd0, base_o} + 10'(block_low_q);
  assign near  = span[9:5] == 5'b01000;  // at most 31
  assign level = {1'b0, span[4:0], unit_q} + (UnitW+6)'(1);
  assign valid_o          = done_q;
  assign base_o           = 8'(block_top_q - 9'd32);
  assign signs_o          = signs_q;
  assign mixed_o          = mixed_q;
  assign exact_possible_o = none | (near & ~level[UnitW+5] & ~deep_q & ~(|infinite));
  assign exact_level_o    = none ? '0 : 10'(level[UnitW+4:0]);

  // ---- registers
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid_q <= 1'b0;
      done_q  <= 1'b0;
    end else if (adv_i) begin
      valid_q <= chunk_valid_i;
      done_q  <= valid_q & last_q;
    end
  end
  always_ff @(posedge clk_i) begin
    if (adv_i & chunk_valid_i) begin
      top_q        <= top_d;
      low_q        <= low_d;
      zero_q       <= zero_d;
      special_q    <= special_d;
      negative_q   <= negative_d;
      first_q      <= chunk_first_i;
      last_q       <= chunk_last_i;
      narrow_q     <= narrow;
      limit_less_q <= chunk_row_limit_i - 5'd1;
      index_q      <= chunk_first_i ? '0 : index_q + ChunkW'(1);
    end
    if (adv_i & valid_q) begin
      block_top_q <= block_top_d;
      block_low_q <= block_low_d;
      if (~low_wins[0]) unit_q <= unit;
      signs_q <= (|(negative & any)) | (signs_q & ~first_q);
      mixed_q <= (|mixed) | (mixed_q & ~first_q);
      deep_q  <= (|deep) | (deep_q & ~first_q);
    end
  end
endmodule

`default_nettype wire
