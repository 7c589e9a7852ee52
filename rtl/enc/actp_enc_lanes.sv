// SPDX-License-Identifier: Apache-2.0
// actp_enc_lanes - the rows of a chunk: all its values, each in its lane.
//
// Format   F-4.7, F-4.10, F-5.6, F-6.12        Model   actplane::FormWords, RoundToStep
// Contract combinational. rows_o: row r of octet o, lane l at [(o*OctetRows + r)*8 + l]. Order
//          field: the rows of the slot. Order significance: magnitude rows, then at Depth the row
//          of specials, of NaN, of signs (or of the pair); all rows that the group does not have
//          are 0. half_i: which half of the octets is wanted, the others read 0.
// Params   as actp_enc_steps
`default_nettype none

module actp_enc_lanes #(
  parameter int unsigned CoreWidth = 256,
  parameter int unsigned Formats   = 7,
  parameter int unsigned Orders    = 3,
  parameter int unsigned Depth     = 24,
  parameter int unsigned Split     = 1,
  parameter int unsigned OctetRows = 27,
  parameter int unsigned MaskW     = 33,
  parameter int unsigned EntryW    = 272,
  parameter int unsigned DataW     = 256,
  localparam int unsigned Octets = CoreWidth / 128,
  localparam int unsigned Cells  = Octets * Split
) (
  input  wire logic [EntryW-1:0]             chunk_i,    // entry of the queue
  /* verilator lint_off UNUSEDSIGNAL */  // each order reads its own, one order alone not all
  input  wire actp_pkg::plan_t               plan_i,     // of its block
  input  wire logic [23*5-1:0]               man_rank_i, // stored mantissa rows above each
  input  wire logic [1:0]                    half_i,     // of the octets
  input  wire logic [Cells*MaskW-1:0]        mask_i,     // rows that each cell has
  input  wire logic [Cells*9-1:0]            top_i,      // weight of row 0, by cell
  input  wire logic [Cells-1:0]              specials_i, // cell has Inf or NaN
  input  wire logic [Cells-1:0]              sign_on_i,  // cell has a sign row
  /* verilator lint_on UNUSEDSIGNAL */
  output logic [Octets*OctetRows*8-1:0]      rows_o      // by octet, row and lane
);
  localparam int unsigned WideW  = actp_pkg::stored_bits(Depth);
  localparam int unsigned WideMan = (Depth - 1 < 23) ? Depth - 1 : 23;  // mantissa rows of FP32
  localparam int unsigned CodeW  = (Formats == 2) ? 6 : 9;
  localparam int unsigned LeadW  = $clog2(CodeW + 2);
  localparam int unsigned Narrow = Formats & 6;
  localparam int unsigned NarrowMan = Formats[1] ? 10 : 7;
  localparam int unsigned ManW   = (Formats[0] && (Narrow == 0 || WideMan > NarrowMan)) ? WideMan :
                                   NarrowMan;
  localparam int unsigned Octet8 = OctetRows * 8;

  /* verilator lint_off UNUSEDSIGNAL */  // each order reads its own, one order alone not all
  logic is_narrow, significance, mid_rise;
  /* verilator lint_on UNUSEDSIGNAL */
  assign is_narrow    = (Formats != 1) & actp_pkg::is_narrow(plan_i.cfg.fmt);
  assign significance = (Orders == 2) | ((Orders == 3) & plan_i.cfg.significance);
  assign mid_rise     = plan_i.form == actp_pkg::MID_RISE;

  // ---- order field: the same for all lanes
  /* verilator lint_off UNUSEDSIGNAL */  // with Orders = 2: order field alone reads it
  logic [LeadW-1:0]     lead;
  logic [ManW*ManW-1:0] pick;
  /* verilator lint_on UNUSEDSIGNAL */
  assign lead = LeadW'(CodeW + 1) - LeadW'(plan_i.width) - LeadW'(plan_i.sign_stored);
  for (genvar p = 0; p < ManW; p++) begin : gen_rank
    for (genvar k = 0; k < ManW; k++) begin : gen_row
      if (p <= k) begin : gen_pick
        localparam int unsigned RankW = (k == 0) ? 1 : $clog2(k + 1);  // at most k rows are above
        assign pick[p*ManW+k] = plan_i.stored[22-k] & (man_rank_i[5*k +: RankW] == RankW'(p));
      end else begin : gen_never
        assign pick[p*ManW+k] = 1'b0;
      end
    end
  end

  // ---- octet by octet
  /* verilator lint_off UNUSEDSIGNAL */  // the last octet has none after it to give to
  logic [Octets*Octet8-1:0] own, overflow;  // overflow: what an even octet gives to the next one
  /* verilator lint_on UNUSEDSIGNAL */
  for (genvar o = 0; o < Octets; o++) begin : gen_octet
    localparam bit          Even    = (o % 2) == 0;
    localparam int unsigned Built   = (Even ? Formats & 1 : 0) | Narrow;
    localparam int unsigned WideRows = 10 + WideMan;
    localparam int unsigned Rows    = (Built & 1) != 0 && WideRows > 17 ? WideRows : 17;
    localparam int unsigned OctetMan = (Built & 1) != 0 ? ManW : NarrowMan;
    localparam int unsigned WideSig = (WideW < 32) ? Depth : 23;  // with the guard bit
    localparam int unsigned SigMan  = (Built & 1) != 0 && (Narrow == 0 || WideSig > NarrowMan) ?
                                      WideSig : NarrowMan;
    /* verilator lint_off UNUSEDSIGNAL */  // an octet without lanes of FP32
    logic on, next_on;
    /* verilator lint_on UNUSEDSIGNAL */
    assign on      = half_i[(o < Octets / 2) ? 0 : 1];
    assign next_on = half_i[(o + 1 < Octets / 2) ? 0 : 1];
    if (Built != 0) begin : gen_lanes
      for (genvar l = 0; l < 8; l++) begin : gen_lane
        localparam int unsigned Cell = o * Split + l * Split / 8;
        localparam int unsigned WideAt = (o / 2) * 8 + l, NarrowAt = o * 8 + l;
        /* verilator lint_off UNUSEDSIGNAL */  // each order reads its own
        logic [MaskW-1:0]    mask;
        logic                sign, sticky, special;
        logic [7:0]          exponent;
        logic [SigMan-1:0]   man;
        /* verilator lint_on UNUSEDSIGNAL */
        logic [WideW-1:0]    wide;
        logic [15:0]         narrow;
        logic [OctetRows-1:0] magnitude_rows;
        for (genvar r = 0; r < MaskW; r++) begin : gen_mask
          assign mask[r] = mask_i[Cell*MaskW+r] & ((r < OctetRows) ? on : next_on);
        end
        if ((Built & 1) != 0) begin : gen_wide
          assign wide = chunk_i[WideAt*WideW +: WideW];
        end else begin : gen_no_wide
          assign wide = '0;
        end
        if (Narrow != 0) begin : gen_narrow
          assign narrow = chunk_i[NarrowAt*16 +: 16];
        end else begin : gen_no_narrow
          assign narrow = '0;
        end
        actp_enc_value #(.Formats(Built), .Depth(Depth)) u_value (
          .format_i(plan_i.cfg.fmt), .wide_i(wide), .narrow_i(narrow), .sign_o(sign),
          .exp_o(exponent), .man_o(man),
          .sticky_o(sticky), .special_o(special)
        );
        if (Orders[1]) begin : gen_significance
          logic [Depth-1:0] rounded;
          logic             is_b, nan;
          if ((Built & 1) == 0 || WideAt == NarrowAt) begin : gen_pair
            assign is_b = chunk_i[DataW+NarrowAt];
          end else if (Narrow == 0) begin : gen_pair
            assign is_b = chunk_i[DataW+WideAt];
          end else begin : gen_pair
            assign is_b = is_narrow ? chunk_i[DataW+NarrowAt] : chunk_i[DataW+WideAt];
          end
          assign nan = special & ((|man) | sticky);
          actp_enc_round #(.Depth(Depth), .ManW(SigMan)) u_round (
            .exp_i(exponent), .man_i(man), .sticky_i(sticky), .special_i(special),
            .top_i(top_i[9*Cell +: 9]),
            .keep_i(mask[Depth-1:0] & {Depth{significance}}), .mid_rise_i(mid_rise),
            .rows_o(rounded)
          );
          always_comb begin
            magnitude_rows            = '0;
            magnitude_rows[Depth-1:0] = rounded;
            magnitude_rows[Depth]     = special & specials_i[Cell] & on & significance;
            magnitude_rows[Depth+1]   = nan & specials_i[Cell] & on & significance;
            magnitude_rows[Depth+2]   = (plan_i.pair ? is_b : sign) & sign_on_i[Cell] & on &
                                        significance;
          end
        end else begin : gen_no_significance
          assign magnitude_rows = '0;
        end
        if (Orders[0]) begin : gen_field
          localparam int unsigned Use = (OctetMan < SigMan) ? OctetMan : SigMan;
          logic [OctetMan-1:0] field_man;
          logic [Rows-1:0]     column, rows;
          logic [OctetMan*OctetMan-1:0] lane_pick;
          for (genvar p = 0; p < OctetMan; p++) begin : gen_lane_pick
            assign lane_pick[p*OctetMan +: OctetMan] = pick[p*ManW +: OctetMan];
          end
          always_comb begin
            field_man = '0;
            field_man[OctetMan-1 -: Use] = man[SigMan-1 -: Use];
            // not the guard bit of FP32 where 16-bit formats have more rows
            for (int unsigned k = WideMan; k < OctetMan; k++) begin
              field_man[OctetMan-1-k] = field_man[OctetMan-1-k] & is_narrow;
            end
          end
          actp_enc_codes #(.ManW(OctetMan), .CodeW(CodeW), .Rows(Rows)) u_codes (
            .sign_i(sign), .exp_i(exponent), .man_i(field_man), .special_i(special),
            .base_i(plan_i.base),
            .width_i(plan_i.width), .lead_i(lead), .sign_stored_i(plan_i.sign_stored),
            .zero_code_i(plan_i.zero_code), .flush_below_i(plan_i.flush_below), .pick_i(lane_pick),
            .column_o(column)
          );
          assign rows = column & mask[Rows-1:0] & {Rows{~significance}};
          for (genvar r = 0; r < OctetRows; r++) begin : gen_row
            if (r < Rows) begin : gen_both
              assign own[o*Octet8+8*r+l] = rows[r] | magnitude_rows[r];
            end else begin : gen_significance
              assign own[o*Octet8+8*r+l] = magnitude_rows[r];
            end
            if (OctetRows + r < Rows) begin : gen_overflow
              assign overflow[o*Octet8+8*r+l] = rows[OctetRows+r];
            end else begin : gen_no_overflow
              assign overflow[o*Octet8+8*r+l] = 1'b0;
            end
          end
        end else begin : gen_significance_only
          for (genvar r = 0; r < OctetRows; r++) begin : gen_row
            assign own[o*Octet8+8*r+l]      = magnitude_rows[r];
            assign overflow[o*Octet8+8*r+l] = 1'b0;
          end
        end
      end
    end else begin : gen_empty
      assign own[o*Octet8 +: Octet8]      = '0;
      assign overflow[o*Octet8 +: Octet8] = '0;
    end
    if (Even) begin : gen_even
      assign rows_o[o*Octet8 +: Octet8] = own[o*Octet8 +: Octet8];
    end else begin : gen_odd
      assign rows_o[o*Octet8 +: Octet8] = own[o*Octet8 +: Octet8] |
                                          overflow[(o-1)*Octet8 +: Octet8];
    end
  end
endmodule

`default_nettype wire
