// SPDX-License-Identifier: Apache-2.0
// actp_dec_shift - pieces of a list from a place on.
//
// Format   F-3.4, F-5.5        Model   none: a shift
// Contract combinational; piece k of data_o is piece at_i + k of data_i, or 0 behind its end
// Method   the largest step first: what is far behind the place is never moved
// Params   InW, OutW bits; Piece bits; AtW
`default_nettype none

module actp_dec_shift #(
  parameter int unsigned InW   = 592,
  parameter int unsigned OutW  = 264,
  parameter int unsigned Piece = 8,
  parameter int unsigned AtW   = 6
) (
  input  wire logic [InW-1:0] data_i, // pieces
  input  wire logic [AtW-1:0] at_i,   // the first that is wanted
  output logic [OutW-1:0]     data_o  // from there on
);
  localparam int unsigned MostW = (InW > OutW) ? InW : OutW;
  logic [MostW-1:0] list;
  always_comb begin
    list = MostW'(data_i);
    for (int unsigned k = 0; k < AtW; k++) begin
      if (at_i[AtW-1-k]) list = list >> (Piece << (AtW - 1 - k));
    end
    data_o = list[OutW-1:0];
  end
endmodule

`default_nettype wire
