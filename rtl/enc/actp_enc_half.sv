// SPDX-License-Identifier: Apache-2.0
// actp_enc_half - the groups of one half of a chunk, side by side.
//
// Format   F-3.4, F-5.5, F-5.6        Model   actplane::EncodeField, EncodeSignificance
// Contract combinational. The rows of actp_enc_lanes, octet by octet; which of the rows at Depth
//          each cell has; the rows of each cell and of each octet (order significance: of its cells
//          together). bits_o: the rows of cell 0 that are there, then those of cell 1; 0 behind
//          them. Order field: of octets.
// Params   Octets of the half; Split cells of an octet; OctetRows; Depth; Orders
`default_nettype none

module actp_enc_half #(
  parameter int unsigned Octets    = 1,
  parameter int unsigned Split     = 1,
  parameter int unsigned OctetRows = 27,
  parameter int unsigned Depth     = 24,
  parameter int unsigned Orders    = 3,
  localparam int unsigned Cells  = Octets * Split,
  localparam int unsigned CellW  = $clog2(OctetRows + 1),
  localparam int unsigned Octet8 = OctetRows * 8,
  localparam int unsigned CellB  = Octet8 / Split,
  localparam int unsigned Width  = Octets * Octet8
) (
  input  wire logic [Width-1:0]       rows_i,         // of actp_enc_lanes
  /* verilator lint_off UNUSEDSIGNAL */  // with one order or one group in an octet
  input  wire logic                   significance_i, // the order
  input  wire logic [Cells-1:0]       specials_i,     // cell has the row of specials
  input  wire logic [Cells-1:0]       signs_i,        // cell has the row of signs
  input  wire logic [Cells*CellW-1:0] count_i,        // rows of each cell
  /* verilator lint_on UNUSEDSIGNAL */
  output logic [Width-1:0]            bits_o          // rows side by side
);
  localparam int unsigned K = 8 / Split;

  logic [Width-1:0] octets;
  for (genvar o = 0; o < Octets; o++) begin : gen_octet
    logic [Octet8-1:0] cells;  // each cell by itself
    for (genvar c = 0; c < Split; c++) begin : gen_cell
      localparam int unsigned Cell = o * Split + c;
      logic [CellB-1:0] plain, chosen;
      for (genvar r = 0; r < OctetRows; r++) begin : gen_row
        assign plain[K*r +: K] = rows_i[o*Octet8+8*r+K*c +: K];
      end
      // The rows in front of the magnitudes: none, the signs, or all three.
      if (Orders[1]) begin : gen_heads
        logic three, one;
        logic [3*K-1:0] heads;
        assign three = significance_i & specials_i[Cell];
        assign one   = significance_i & signs_i[Cell] & ~specials_i[Cell];
        assign heads = plain[Depth*K +: 3*K];
        assign chosen = (CellB'({plain[0 +: Depth*K], heads}) & {CellB{three}}) |
                        (CellB'({plain[0 +: Depth*K], heads[2*K +: K]}) & {CellB{one}}) |
                        (plain & {CellB{~three & ~one}});
      end else begin : gen_no_heads
        assign chosen = plain;
      end
      assign cells[c*CellB +: CellB] = chosen;
    end
    if (Split == 1) begin : gen_whole
      assign octets[o*Octet8 +: Octet8] = cells;
    end else begin : gen_split
      logic [Octet8-1:0] joined;
      actp_join #(.AWidth(CellB), .BWidth(CellB), .Piece(4), .CountW(CellW)) u_join (
        .a_i(cells[0 +: CellB]), .a_n_i(count_i[o*Split*CellW +: CellW]), .b_i(cells[CellB +:
        CellB]), .both_o(joined)
      );
      assign octets[o*Octet8 +: Octet8] = significance_i ? joined : rows_i[o*Octet8 +: Octet8];
    end
  end

  if (Octets == 1) begin : gen_one
    assign bits_o = octets;
  end else begin : gen_two
    localparam int unsigned CountW = CellW + $clog2(Split);
    logic [CountW-1:0] count;  // of pieces of 8 / Split bits
    if (Split == 1) begin : gen_count
      assign count = count_i[0 +: CellW];
    end else begin : gen_count
      assign count = significance_i ?
                     CountW'(count_i[0 +: CellW]) + CountW'(count_i[CellW +: CellW]) :
                                      CountW'({count_i[0 +: CellW], 1'b0});
    end
    actp_join #(.AWidth(Octet8), .BWidth(Octet8), .Piece(K), .CountW(CountW)) u_join (
      .a_i(octets[0 +: Octet8]), .a_n_i(count), .b_i(octets[Octet8 +: Octet8]), .both_o(bits_o)
    );
  end
endmodule

`default_nettype wire
