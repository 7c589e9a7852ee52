// SPDX-License-Identifier: Apache-2.0
// actp_enc_steps - step through the chunks of a slot: what lanes and groups must know, ahead.
//
// Format   F-3.4, F-5.3, F-5.4        Model   actplane::RowsOfGroup, PlaceGroups
// Contract in:  a plan; it stays until the packer has taken it, plan_taken_o says that its first
//               chunk is being prepared.
//          out: registers for the chunk that is to come next, from valid_o on until take_i. A chunk
//               of more than CoreWidth bits is given in two halves: wide_o; the facts are those of
//               both. A cell is a group, or a half of an octet of lanes; order field, a group in
//               both cells of an octet. Octet o has lanes 8o .. 8o+7. FP32 uses the even octets; a
//               group of order field with more than OctetRows rows has the others in the next
//               octet.
// Params   BlockLen 32 .. 256; CoreWidth 256, 512; Formats; Orders 1 field, 2 significance, 3 both;
//          GroupLen 4, 8; Depth 8 .. 24
// Reset    idle
`default_nettype none

module actp_enc_steps #(
  parameter int unsigned BlockLen  = 128,
  parameter int unsigned CoreWidth = 256,
  parameter int unsigned Formats   = 7,
  parameter int unsigned Orders    = 3,
  parameter int unsigned GroupLen  = 8,
  parameter int unsigned Depth     = 24,
  localparam int unsigned Groups    = BlockLen / GroupLen,
  localparam int unsigned Octets    = CoreWidth / 128,
  localparam int unsigned Split     = (Orders != 1) ? 8 / GroupLen : 1,  // cells of an octet
  localparam int unsigned Cells     = Octets * Split,
  localparam int unsigned FieldRows = ((Orders & 1) != 0) ? 17 : 0,
  localparam int unsigned LevelRows = (Orders != 1) ? Depth + 3 : 0,
  localparam int unsigned OctetRows = (LevelRows > FieldRows) ? LevelRows : FieldRows,
  localparam int unsigned CellW     = $clog2(OctetRows + 1),
  localparam int unsigned MaskW     = ((Orders & 1) != 0) ? actp_pkg::ROWS : Depth
) (
  input  wire logic                   clk_i,
  input  wire logic                   rst_ni,
  // a plan
  input  wire logic                   plan_valid_i,   // one that has not been begun
  output logic                        plan_taken_o,
  input  wire actp_pkg::plan_t        plan_i,
  input  wire logic [4*Groups-1:0]    codes_i,
  input  wire logic [Groups-1:0]      lives_i,
  input  wire logic [Groups-1:0]      special_i,
  // the next chunk
  output logic                        valid_o,
  input  wire logic                   take_i,
  output actp_pkg::plan_t             plan_o,         // of the slot it belongs to
  output logic                        first_o,
  output logic                        last_o,
  output logic                        wide_o,
  output logic [Cells*CellW-1:0]      rows_o,         // of each cell
  output logic [Cells*MaskW-1:0]      mask_o,         // rows of magnitudes, or of the column
  output logic [Cells*9-1:0]          top_o,          // order significance: weight of row 0 plus 16
  output logic [Cells-1:0]            specials_o,
  output logic [Cells-1:0]            signs_o,
  output logic [Cells-1:0]            sign_on_o
);
  localparam int unsigned WideChunks   = 32 * BlockLen / CoreWidth;
  localparam int unsigned NarrowChunks = WideChunks / 2;
  localparam int unsigned CountW       = $clog2(WideChunks + 1);
  localparam int unsigned Units        = (Groups > 32) ? 32 : Groups;  // F-5.1: U
  localparam int unsigned RankW        = actp_pkg::RANK_W;
  localparam int unsigned MoreW        = 7;
  localparam int unsigned BitsW        = $clog2(CoreWidth) + 2;
  localparam bit          MayBeWide    = Orders[0] || ((Formats & 6) != 0 && Depth > 13);

  // ---- which chunk comes
  logic              busy_q, load, first, last, narrow, significance, half_q;
  logic [CountW-1:0] left_q, chunks, left;   // chunks behind the one that is prepared
  /* verilator lint_off UNUSEDSIGNAL */  // each order reads its own fields of the plan
  actp_pkg::plan_t   plan_q, plan;
  /* verilator lint_on UNUSEDSIGNAL */
  assign first        = ~busy_q;
  assign load         = (busy_q | plan_valid_i) & (~valid_o | take_i);
  assign plan_taken_o = load & first;
  assign plan         = first ? plan_i : plan_q;
  assign narrow       = (Formats != 1) & actp_pkg::is_narrow(plan.cfg.fmt);
  assign significance = (Orders == 2) | ((Orders == 3) & plan.cfg.significance);
  assign chunks       = narrow ? CountW'(NarrowChunks) : CountW'(WideChunks);
  assign left         = (first ? chunks : left_q) - CountW'(1);
  assign last         = left == '0;

  // ---- groups with one row, or one weight, more: those in front
  logic [MoreW-1:0] more_q, more, groups;
  always_comb begin
    more   = more_q;
    groups = narrow ? MoreW'(Octets) : MoreW'(Octets / 2);
    if (significance) groups = narrow ? MoreW'(Cells) : MoreW'(Cells / 2);
    if (first) more = significance ? MoreW'(plan.j) << $clog2(Groups / Units) : MoreW'(plan.more);
  end

  // ---- codes and flags of the groups; the first ones of what is kept were those of the chunk
  // before, or of two of FP32
  localparam int unsigned Kept = (Groups > 2 * Cells) ? Groups : 2 * Cells;
  logic [6*Kept-1:0]  facts_i, facts_q;
  always_comb begin
    facts_i = '0;
    for (int unsigned g = 0; g < Groups; g++) begin
      facts_i[6*g +: 6] = {special_i[g], lives_i[g], codes_i[4*g +: 4]};
    end
  end

  // ---- cell by cell
  logic [Cells*CellW-1:0] rows;
  logic [Cells*MaskW-1:0] mask;
  logic [Cells*9-1:0]     top;
  logic [Cells-1:0]       specials, signs, sign_on;
  for (genvar c = 0; c < Cells; c++) begin : gen_cell
    localparam int unsigned Octet  = c / Split;
    localparam bit          Even   = (Octet % 2) == 0;
    localparam int unsigned Narrow = c;                                  // group of the chunk
    localparam int unsigned Wide   = (Octet / 2) * Split + c % Split;    // the same of FP32
    logic             here, field_more;
    /* verilator lint_off UNUSEDSIGNAL */  // each order reads its own
    logic [RankW-1:0] field_all, field_rows;
    logic [4:0]       place_rows;
    logic [Depth-1:0] keep;
    /* verilator lint_on UNUSEDSIGNAL */
    assign here = narrow | Even;
    // order field
    assign field_more = (narrow ? MoreW'(Octet) : MoreW'(Octet / 2)) < more;
    assign field_all  = plan.rows + RankW'(field_more);
    if (Even) begin : gen_even
      assign field_rows = (~narrow & (field_all > RankW'(OctetRows))) ? RankW'(OctetRows) :
                          field_all;
    end else begin : gen_odd
      assign field_rows = narrow ? field_all :
                          (field_all > RankW'(OctetRows)) ? field_all - RankW'(OctetRows) : '0;
    end
    if (Orders[1]) begin : gen_significance
      logic [5:0] fact;
      if (Even) begin : gen_fact
        assign fact = first ? (narrow ? facts_i[6*Narrow +: 6] : facts_i[6*Wide +: 6]) :
                      narrow ? facts_q[6*(Cells+Narrow) +: 6] :
                      half_q ? facts_q[6*(Cells/2+Wide) +: 6] : facts_q[6*(Cells+Wide) +: 6];
      end else begin : gen_fact
        assign fact = first ? facts_i[6*Narrow +: 6] : facts_q[6*(Cells+Narrow) +: 6];
      end
      logic place_more;
      assign place_more = (narrow ? MoreW'(Narrow) : MoreW'(Wide)) < more;
      actp_enc_place #(.Depth(Depth)) u_place (
        .base_i(plan.base), .level_i(plan.q), .more_i(place_more), .form_i(plan.form),
        .dead_code_i(plan.zero_code),
        .row_limit_i(plan.cfg.row_limit), .pair_i(plan.pair & here), .plain_i(plan.plain | ~here),
        .code_i(fact[3:0]),
        .lives_i(fact[4]), .special_i(fact[5]), .top_o(top[9*c +: 9]), .keep_o(keep),
        .specials_o(specials[c]),
        .signs_o(signs[c]), .sign_on_o(sign_on[c]), .rows_o(place_rows)
      );
    end else begin : gen_field
      assign keep              = '0;
      assign place_rows        = '0;
      assign top[9*c +: 9]     = '0;
      assign specials[c]       = 1'b0;
      assign signs[c]          = 1'b0;
      assign sign_on[c]        = 1'b0;
    end
    assign rows[c*CellW +: CellW] = significance ? CellW'(place_rows) : CellW'(field_rows);
    for (genvar r = 0; r < MaskW; r++) begin : gen_mask
      logic in_place, in_field;
      if (r < Depth) begin : gen_magnitude
        assign in_place = keep[r];
      end else begin : gen_none
        assign in_place = 1'b0;
      end
      assign in_field = here & (RankW'(r) < field_all);
      assign mask[c*MaskW+r] = significance ? in_place : in_field;
    end
  end

  // ---- whether all of it is more than a word
  logic [BitsW-1:0] bits;
  always_comb begin
    bits = '0;
    for (int unsigned c = 0; c < Cells; c++) begin
      if (significance | (c % Split == 0)) begin
        bits = bits + (BitsW'(rows[c*CellW +: CellW]) << (significance ? $clog2(8 / Split) : 3));
      end
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid_o <= 1'b0;
      left_q  <= '0;
      busy_q  <= 1'b0;
    end else begin
      if (load)        valid_o <= 1'b1;
      else if (take_i) valid_o <= 1'b0;
      if (load) left_q <= left;
      if (load) busy_q <= ~last;
    end
  end
  always_ff @(posedge clk_i) begin
    if (load) begin
      half_q     <= first | ~half_q;
      more_q     <= (more > groups) ? more - groups : '0;
      first_o    <= first;
      last_o     <= last;
      wide_o     <= MayBeWide & (bits > BitsW'(CoreWidth));
      rows_o     <= rows;
      mask_o     <= mask;
      top_o      <= top;
      specials_o <= specials;
      signs_o    <= signs;
      sign_on_o  <= sign_on;
      if (first) plan_q <= plan_i;
      if (first)                 facts_q <= facts_i;
      else if (narrow | ~half_q) facts_q <= facts_q >> (6 * Cells);
    end
  end
  assign plan_o = plan_q;
endmodule

`default_nettype wire
