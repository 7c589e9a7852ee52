// SPDX-License-Identifier: Apache-2.0
// actp_enc_schedule - decide the header of a block of order field, and how long its groups are.
//
// Format   F-4.4 .. F-4.9, F-3.1 .. F-3.4        Model   actplane::SchedulePlanes, RowsOfGroup
// Contract in:  the facts of a block from actp_enc_base and its configuration, when load_i is high.
//          out: plan, header and ranks, from the next cycle on until load_i is high again;
//               held_cfg_i is the same configuration, kept by the user of this module.
// Method   N is a power of two, so that sizes are counted in planes: a slot of T bytes has room for
//          floor((T - header bytes) / (N / 8)) of them, and the remainder is how many groups have a
//          row more. In front of the register everything that the delta width has no part in: the
//          room, the planes besides those of the delta, and after how many the map pays.
// Params   BlockLen 32 .. 256
// Reset    none
// Not here delta codes, the cut
`default_nettype none

module actp_enc_schedule #(
  parameter int unsigned BlockLen = 128,
  localparam int unsigned ManW  = actp_pkg::MAN_W,
  localparam int unsigned RankW = actp_pkg::RANK_W
) (
  input  wire logic                    clk_i,
  input  wire logic                    load_i,     // takes a block
  input  wire actp_pkg::config_t       cfg_i,      // of that block
  input  wire actp_pkg::field_facts_t  facts_i,    // of that block
  input  wire actp_pkg::config_t       held_cfg_i, // of the block in the register
  output actp_pkg::plan_t              plan_o,     // of the block in the register
  output logic [actp_pkg::HEAD_W-1:0]  head_o,     // header and extension, first bit at the bottom
  output logic [ManW*5-1:0]            man_rank_o  // stored rows above mantissa row k of the top
);
  localparam int unsigned SlotW   = actp_pkg::SLOT_W;
  localparam int unsigned WidthW  = actp_pkg::WIDTH_W;
  localparam int unsigned LogRowB = $clog2(BlockLen / 8);  // bytes of a plane; of groups, too
  localparam int unsigned CodeW   = actp_pkg::CODE_W;
  // floor(2W / N): 1 for N = 32, but for BF16; else 0
  localparam bit          MapMayCostARow = (6 >> LogRowB) != 0;

  // At most the highest width: what is above that makes no difference. 0 if negative.
  function automatic logic [WidthW-1:0] limit_width(input logic [RankW:0] difference);
    limit_width = difference[RankW] ? '0 : (difference[RankW-1:WidthW] != '0) ? '1 :
                                           difference[WidthW-1:0];
  endfunction

  logic unused_cfg;
  assign unused_cfg = |cfg_i;  // the rest is read in held_cfg_i

  // ---- the room that the configuration leaves
  logic [SlotW-1:0]   payload_plain, payload_ext;
  logic [RankW-1:0]   room_plain, room_ext, room_plain_q, room_ext_q;  // planes
  logic [LogRowB-1:0] more_plain_q, more_ext_q;
  logic [RankW-1:0]   fit_width;
  logic [WidthW-1:0]  cap, least_width, least_width_q, most_width, most_width_q;
  assign payload_plain = cfg_i.slot_bytes - SlotW'(actp_pkg::head_bytes(cfg_i.fmt, 1'b0));
  assign payload_ext   = cfg_i.slot_bytes - SlotW'(actp_pkg::head_bytes(cfg_i.fmt, 1'b1));
  assign room_plain    = RankW'(payload_plain >> LogRowB);
  assign room_ext      = RankW'(payload_ext >> LogRowB);
  // F-4.6: a truncated block takes from 1 (or 2) up to this many code planes.
  assign fit_width     = room_ext - RankW'(1);
  assign cap           = (cfg_i.delta_cap == '0) ? WidthW'(CodeW) : cfg_i.delta_cap;
  assign least_width   = facts_i.has_special ? WidthW'(2) : WidthW'(1);
  always_comb begin
    most_width = (fit_width < RankW'(cap)) ? WidthW'(fit_width) : cap;
    if (most_width < least_width) most_width = least_width;
  end

  // ---- uniform planes: with the extension the others are stored. Its map pays when it (and the
  // sign) saves more planes than it takes: of the first k mantissa rows the first, or the second,
  // is uniform.
  logic [ManW-1:0]       rows, uniform_top, varied_top;
  logic [(ManW+1)*5-1:0] varied;        // rows stored with the extension among the first k
  logic [ManW:0]         one, pays_by;  // k = 0 .. ManW
  logic [4:0]            pays_at;
  logic [RankW-1:0]      reach;
  logic [RankW:0]        pays_room;
  assign rows = actp_pkg::man_rows(cfg_i.fmt);
  for (genvar k = 0; k < ManW; k++) begin : gen_top
    assign uniform_top[k] = facts_i.uniform[ManW-1-k];
    assign varied_top[k]  = rows[ManW-1-k] & ~facts_i.uniform[ManW-1-k];
  end
  actp_prefix_count #(.Len(ManW), .CountW(5)) u_varied (.bits_i(varied_top), .count_o(varied));
  for (genvar k = 0; k <= ManW; k++) begin : gen_pays
    localparam logic [ManW-1:0] Above = ManW'((1 << k) - 1);
    assign one[k] = |(uniform_top & Above);
    if (MapMayCostARow) begin : gen_second
      logic two;
      assign two = |(uniform_top & one[ManW-1:0] & Above);
      assign pays_by[k] = (actp_pkg::ext_word_bytes(cfg_i.fmt) == 2'd1) ?
                          facts_i.all_negative | one[k] : facts_i.all_negative ? one[k] : two;
    end else begin : gen_first
      assign pays_by[k] = facts_i.all_negative | one[k];
    end
  end
  always_comb begin
    pays_at = '0;
    for (int unsigned k = 0; k < ManW; k++) begin
      if (pays_by[k+1] & ~pays_by[k]) pays_at = pays_at | 5'(k + 1);
    end
  end
  // In a truncated block it pays up to this many code planes.
  assign reach     = room_plain - RankW'(facts_i.any_negative);
  assign pays_room = {1'b0, reach} - (RankW+1)'(pays_at);

  // ---- planes besides those of the delta, and how wide it may be for all of them to fit
  logic [4:0]     other_plain, other_ext, other_plain_q, other_ext_q;  // at most 24
  logic [RankW:0] left_plain, left_ext;
  logic           mixed_signs;
  assign mixed_signs = facts_i.any_negative & ~facts_i.all_negative;
  assign other_plain = actp_pkg::man_bits(cfg_i.fmt) + 5'(facts_i.any_negative);
  assign other_ext   = varied[ManW*5 +: 5] + 5'(mixed_signs);
  assign left_plain  = {1'b0, room_plain} - (RankW+1)'(other_plain);
  assign left_ext    = {1'b0, room_ext} - (RankW+1)'(other_ext);

  // ---- the register
  logic [ManW*5-1:0]      varied_q;
  logic [WidthW-1:0]      left_plain_q, left_ext_q, pays_width_q;
  logic                   plain_fits_q, ext_fits_q, pays_q;  // with width 0 at least
  actp_pkg::field_facts_t facts_q;
  always_ff @(posedge clk_i) begin
    if (load_i) begin
      facts_q       <= facts_i;
      room_plain_q  <= room_plain;
      room_ext_q    <= room_ext;
      more_plain_q  <= payload_plain[LogRowB-1:0];
      more_ext_q    <= payload_ext[LogRowB-1:0];
      least_width_q <= least_width;
      most_width_q  <= most_width;
      other_plain_q <= other_plain;
      other_ext_q   <= other_ext;
      left_plain_q  <= limit_width(left_plain);
      left_ext_q    <= limit_width(left_ext);
      plain_fits_q  <= ~left_plain[RankW];
      ext_fits_q    <= ~left_ext[RankW];
      pays_q        <= pays_by[ManW];
      pays_width_q  <= pays_by[ManW] ? limit_width(pays_room) : '0;
    end
  end
  for (genvar k = 0; k < ManW; k++) begin : gen_varied
    localparam int unsigned W = $clog2(k + 2);  // at most k
    logic [W-1:0] rank_q;
    always_ff @(posedge clk_i) begin
      if (load_i) rank_q <= W'(varied[k*5 +: 5]);
    end
    assign varied_q[k*5 +: 5] = 5'(rank_q);
  end

  actp_enc_header #(.BlockLen(BlockLen)) u_header (
    .cfg_i(held_cfg_i), .facts_i(facts_q), .varied_i(varied_q),
    .room_plain_i(room_plain_q), .room_ext_i(room_ext_q),
    .more_plain_i(more_plain_q), .more_ext_i(more_ext_q),
    .other_plain_i(other_plain_q), .other_ext_i(other_ext_q),
    .left_plain_i(left_plain_q), .left_ext_i(left_ext_q),
    .plain_fits_i(plain_fits_q), .ext_fits_i(ext_fits_q),
    .least_width_i(least_width_q), .most_width_i(most_width_q),
    .pays_i(pays_q), .pays_width_i(pays_width_q),
    .plan_o, .head_o, .man_rank_o
  );
endmodule

`default_nettype wire
