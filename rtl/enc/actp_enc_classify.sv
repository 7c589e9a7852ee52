// SPDX-License-Identifier: Apache-2.0
// actp_enc_classify - take the values of one chunk apart.
//
// Format   F-2.1, F-2.2        Model   actplane::Classify (model/src/block.cc)
// Contract combinational. Slot s of the chunk is its s-th value: CoreWidth/32 values of FP32, twice
//          as many of the 16-bit formats. fields_o[s*32 +: 32] = {sign, exponent[7:0],
//          mantissa[22:0]}, mantissa aligned at the top. A slot that FP32 does not have is
//          meaningless.
// Params   CoreWidth 256, 512
// Not here which slots of the chunk are used (actp_enc_base, actp_enc_groups)
`default_nettype none

module actp_enc_classify #(
  parameter int unsigned CoreWidth = 256,
  localparam int unsigned Slots = CoreWidth / 16
) (
  input  wire logic [actp_pkg::FMT_W-1:0] fmt_i,     // of the chunk
  input  wire logic [CoreWidth-1:0]       chunk_i,   // its values
  output logic [Slots*32-1:0]             fields_o,  // sign, exponent, mantissa of each
  output logic [Slots-1:0]                man_zero_o // mantissa is 0
);
  logic narrow;
  assign narrow = actp_pkg::is_narrow(fmt_i);

  for (genvar s = 0; s < Slots; s++) begin : gen_slot
    logic [15:0] half;
    logic [31:0] wide;  // the chunk's FP32 value, for the slots that have one
    logic [31:0] fields;

    assign half = chunk_i[s*16 +: 16];
    if (s < Slots / 2) begin : gen_wide
      assign wide = chunk_i[s*32 +: 32];
    end else begin : gen_no_wide
      assign wide = '0;
    end
    assign fields = !narrow                    ? wide :
                    actp_pkg::is_bf16(fmt_i)   ? {half, 16'd0} :
                                                 {half[15], 3'd0, half[14:10], half[9:0], 13'd0};
    assign fields_o[s*32 +: 32] = fields;
    assign man_zero_o[s] = fields[22:0] == 23'd0;
  end
endmodule

`default_nettype wire
