// SPDX-License-Identifier: Apache-2.0
// actp_dec_rows - the rows of a chunk out of two words.
//
// Format   F-3.4, F-5.5, F-5.6        Model   BitReader of DecodeField, DecodeSignificance
// Contract combinational. at_i is where magnitude or mantissa of the first group start, from_i
//          where those of each group start behind it, in units of a row of the narrowest group. Row
//          r of lane l is rows_o[8*(l*Rows+r) +: 8]; magnitude or mantissa start at row Heads, what
//          is before them in the slot ends there. What belongs to other groups is noise.
// Params   Width 256 or 512; Formats; Orders; GroupLen; Depth; Rows of a lane; PtrW, EndW bits
`default_nettype none

module actp_dec_rows #(
  parameter int unsigned Width    = 256,
  parameter int unsigned Formats  = 7,
  parameter int unsigned Orders   = 3,
  parameter int unsigned GroupLen = 8,
  parameter int unsigned Depth    = 24,
  parameter int unsigned Heads    = 10,
  parameter int unsigned Rows     = 34,
  parameter int unsigned PtrW     = 6,
  parameter int unsigned EndW     = 9,
  localparam int unsigned Lanes  = Width / 128,
  localparam int unsigned Halves = (Orders == 1) ? 1 : 8 / GroupLen,
  localparam int unsigned Num    = Lanes * Halves
) (
  input  wire logic [2*Width-1:0]      words_i,        // the two in view
  input  wire logic                    significance_i, // the order
  input  wire logic [PtrW-1:0]         at_i,           // where the rows of the first group start
  input  wire logic [EndW*Num-1:0]     from_i,         // where those of each group start, behind it
  output logic [Lanes*8*Rows-1:0]      rows_o          // by lane and row
);
  localparam int unsigned Unit  = 8 / Halves;                              // bits
  localparam int unsigned Word  = Width / Unit;
  localparam int unsigned Pad   = (Orders == 2) ? Heads : Heads * Halves;  // units before the place
  localparam bit          Wide  = Formats[0];
  localparam int unsigned ByWeight = (Orders == 1) ? 0 : Depth;            // rows of the magnitude
  localparam int unsigned Mans     = (Orders == 2) ? 0 : 10;  // of the mantissa, narrow formats
  localparam int unsigned WideMans = (Orders == 2 || !Wide) ? 0 : 23;

  // Units of all lanes behind at_i, at most.
  localparam int unsigned All0 = (Orders == 1) ? 0 : (Num - 1) * (Depth + 3) + Depth;
  localparam int unsigned All1 = (Orders == 2) ? 0 : ((Lanes - 1) * 17 + Mans) * Halves;
  localparam int unsigned All2 = (Orders == 2 || !Wide) ? 0 : ((Lanes / 2 - 1) * 33 +
      WideMans) * Halves;
  localparam int unsigned All  = (All0 > All1 && All0 > All2) ? All0 : (All1 > All2) ? All1 : All2;
  localparam int unsigned Seen = (All < 2 * Word) ? All + Pad : 2 * Word + Pad;
  logic [Seen*Unit-1:0] chunk;
  actp_dec_shift #(.InW(2 * Width + Pad * Unit), .OutW(Seen * Unit), .Piece(Unit),
      .AtW(PtrW)) u_chunk (
    .data_i({words_i, {(Pad*Unit){1'b0}}}), .at_i, .data_o(chunk)
  );

  for (genvar l = 0; l < Lanes; l++) begin : gen_lane
    localparam int unsigned LaneMans = (l < Lanes / 2 && WideMans > Mans) ? WideMans : Mans;
    localparam int unsigned LaneRows = Heads + ((LaneMans > ByWeight) ? LaneMans : ByWeight);
    // units of the first group, or of both
    localparam int unsigned Rows0    = (Halves == 1) ? LaneRows :
        ((Heads + LaneMans) * Halves > Pad + ByWeight && Orders != 2) ? (Heads +
            LaneMans) * Halves : Pad + ByWeight;
    logic [Rows0*Unit-1:0] lane;
    if (l == 0) begin : gen_first
      if (Rows0 > Seen) begin : gen_pad
        assign lane = (Rows0*Unit)'(chunk);
      end else begin : gen_cut
        assign lane = chunk[Rows0*Unit-1:0];
      end
    end else begin : gen_other
      localparam int unsigned Far0 = (Orders == 1) ? 0 : l * Halves * (Depth + 3);
      localparam int unsigned Far1 = (Orders == 2) ? 0 : l * Halves * ((Wide && l < Lanes / 2) ?
          33 : 17);
      localparam int unsigned AtW  = $clog2(((Far0 > Far1) ? Far0 : Far1) + 1);
      actp_dec_shift #(.InW(Seen * Unit), .OutW(Rows0 * Unit), .Piece(Unit), .AtW(AtW)) u_lane (
        .data_i(chunk), .at_i(from_i[EndW*l*Halves +: AtW]), .data_o(lane)
      );
    end
    if (Halves == 1) begin : gen_whole
      assign rows_o[8*Rows*l +: 8*Rows] = (8*Rows)'(lane);
    end else begin : gen_halves  // two groups of 4 side by side
      localparam int unsigned Rows1 = 3 + Depth;
      localparam int unsigned AtW   = $clog2((l * 2 + 1) * (Depth + 3) + 1);
      logic [Rows1*Unit-1:0] upper;
      actp_dec_shift #(.InW((Seen - Pad + 3) * Unit), .OutW(Rows1 * Unit), .Piece(Unit),
          .AtW(AtW)) u_upper (
        .data_i(chunk[Seen*Unit-1:(Pad-3)*Unit]), .at_i(from_i[EndW*(l*2+1) +: AtW]), .data_o(upper)
      );
      for (genvar r = 0; r < Rows; r++) begin : gen_row
        logic [7:0] field, weight;
        if (Orders != 2 && r < Heads + LaneMans) begin : gen_field
          assign field = lane[8*r +: 8];
        end else begin : gen_none
          assign field = '0;
        end
        if (r + 3 >= Heads && r < Heads + Depth) begin : gen_weight
          assign weight = {upper[4*(r+3-Heads) +: 4], lane[4*(Pad+r-Heads) +: 4]};
        end else begin : gen_no_weight
          assign weight = '0;
        end
        assign rows_o[8*(Rows*l+r) +: 8] = (Orders == 2 || significance_i) ? weight : field;
      end
    end
  end

  logic unused;
  assign unused = ^{significance_i, from_i};
endmodule

`default_nettype wire
