// SPDX-License-Identifier: Apache-2.0
// actp_enc_codes_pack - the front of a slot of order significance: header, flags, codes.
//
// Format   F-5.1, F-5.2, F-5.12        Model   actplane::EncodeSignificance
// Contract combinational. front_o: bit 0 first in the slot, zeros behind the last code; codes_i are
//          below 2^w. Poisoned: one byte, whatever the other inputs say.
// Params   Groups 4 .. 64
`default_nettype none

module actp_enc_codes_pack #(
  parameter int unsigned Groups = 16,
  localparam int unsigned FrontW = (8 * ((24 + 5 * Groups + 7) / 8) > 72) ?
                                   8 * ((24 + 5 * Groups + 7) / 8) : 72
) (
  input  wire logic                poisoned_i,   // F-5.12
  input  wire logic [1:0]          form_i,       // of the block
  input  wire logic [2:0]          width_i,      // w
  input  wire logic                dead_code_i,  // Z
  input  wire logic [4:0]          q_i,          // octave of the level
  input  wire logic [4:0]          j_i,          // groups with one row more
  input  wire logic [7:0]          base_i,       // of the block
  input  wire logic [Groups-1:0]   special_i,    // groups with Inf or NaN
  input  wire logic [4*Groups-1:0] codes_i,      // of every group
  output logic [FrontW-1:0]        front_o,      // header, flags, codes
  output logic [actp_pkg::FRONT_W-1:0] bytes_o   // of front_o
);
  localparam int unsigned FrontBytesW = actp_pkg::FRONT_W;
  logic [4*Groups-1:0] packed_codes;
  logic [5*Groups-1:0] rest;
  logic [FrontBytesW-1:0] plain_bytes, flag_bytes;
  logic                flags;
  assign flags = form_i == actp_pkg::SPECIALS;

  // Bit b of the codes as they lie in the slot, for every width.
  for (genvar b = 0; b < 4 * Groups; b++) begin : gen_bit
    logic [4:1] of_width;
    for (genvar w = 1; w <= 4; w++) begin : gen_width
      if (b < w * Groups) begin : gen_in
        assign of_width[w] = codes_i[4*(b/w) + b%w] & (width_i == 3'(w));
      end else begin : gen_out
        assign of_width[w] = 1'b0;
      end
    end
    assign packed_codes[b] = |of_width;
  end
  assign rest = flags ? {packed_codes, special_i} : {{Groups{1'b0}}, packed_codes};

  always_comb begin
    plain_bytes = FrontBytesW'(3);
    flag_bytes  = FrontBytesW'((24 + Groups + 7) / 8);
    for (int unsigned w = 1; w <= 4; w++) begin
      if (width_i == 3'(w)) begin
        plain_bytes = FrontBytesW'((24 + Groups * w + 7) / 8);
        flag_bytes  = FrontBytesW'((24 + Groups * (w + 1) + 7) / 8);
      end
    end
  end
  assign bytes_o = poisoned_i ? FrontBytesW'(1) : flags ? flag_bytes : plain_bytes;
  assign front_o = poisoned_i ? FrontW'(actp_pkg::POISONED) :
                                FrontW'({rest, base_i, j_i, q_i, form_i, dead_code_i, width_i});
endmodule

`default_nettype wire
