// SPDX-License-Identifier: Apache-2.0
// actp_enc_code_rows - what codes cost, counted in rows.
//
// Format   F-5.2, F-6.4        Model   actplane::ChooseCoding (model/src/significance_order.cc)
// Contract combinational. octave_i: one bit, b, the width that the largest delta needs.
//          codes_o: codes of b - 1 bits (0 for b = 0); to_b_o, to_next_o: what those of b and of b
//          + 1 bits cost more.
// Params   BlockLen 32 .. 256, GroupLen 4 or 8
`default_nettype none

module actp_enc_code_rows #(
  parameter int unsigned BlockLen = 128,
  parameter int unsigned GroupLen = 8,
  localparam int unsigned Groups = BlockLen / GroupLen,
  // One more bit of every code; of 4 codes half a byte, rounded up every other time.
  localparam int unsigned Step  = (Groups >= 8) ? Groups / GroupLen : 1,
  localparam int unsigned RowsW = $clog2(3 * Step + 1)
) (
  input  wire logic [4:0]   octave_i,  // one bit, b: width of the largest delta
  input  wire logic         flags_i,   // form 3
  output logic [RowsW-1:0]  codes_o,   // of codes of b - 1 bits
  output logic [RowsW-1:0]  to_b_o,    // what those of b bits cost more
  output logic [RowsW-1:0]  to_next_o  // what those of b + 1 bits do
);
  logic first, second;  // the step to b and the one to b + 1 cost something
  if (Groups >= 8) begin : gen_whole
    logic unused;
    assign unused  = flags_i | octave_i[1];
    assign first   = ~octave_i[0];
    assign second  = 1'b1;
    assign codes_o = octave_i[2] ? RowsW'(Step) : octave_i[3] ? RowsW'(2 * Step) :
                     octave_i[4] ? RowsW'(3 * Step) : '0;
  end else begin : gen_half
    // Bytes of codes: 0 1 1 2 2 for w = 0 .. 4; behind half a byte of flags 0 0 1 1 2.
    assign first   = ~octave_i[0] & ((octave_i[2] | octave_i[4]) ? flags_i : ~flags_i);
    assign second  = (octave_i[1] | octave_i[3]) ? flags_i : ~flags_i;
    assign codes_o = (octave_i[2] | octave_i[3]) ? ((octave_i[3] | ~flags_i) ? RowsW'(1) : '0) :
                     octave_i[4] ? (flags_i ? RowsW'(1) : RowsW'(2)) : '0;
  end
  assign to_b_o    = first ? RowsW'(Step) : '0;
  assign to_next_o = (first ? RowsW'(Step) : '0) + (second ? RowsW'(Step) : '0);
endmodule

`default_nettype wire
