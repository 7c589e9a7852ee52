// SPDX-License-Identifier: Apache-2.0
// actp_enc_classify - take the values of one beat apart.
//
// Format   F-2.1, F-2.2        Model   actplane::Classify (model/src/block.cc)
// Contract combinational. Slot s of the beat is its s-th value: StreamWidth/32 values of FP32, twice as many of the
//          16-bit formats. fields_o[s*32 +: 32] = {sign, exponent[7:0], mantissa[22:0]}, mantissa aligned at the top.
//          A slot that FP32 does not have is meaningless.
// Params   StreamWidth 64, 128, 256, 512
// Not here which slots of the beat are used (actp_enc_base), where they are kept (actp_enc_gather)
`default_nettype none

module actp_enc_classify #(
  parameter int unsigned StreamWidth = 256,
  localparam int unsigned Slots = StreamWidth / 16
) (
  input  wire logic [actp_pkg::FMT_W-1:0] fmt_i,
  input  wire logic [StreamWidth-1:0] beat_i,
  output logic [Slots*32-1:0]         fields_o,
  output logic [Slots-1:0]            man_zero_o
);
  logic narrow;
  assign narrow = actp_pkg::is_narrow(fmt_i);

  for (genvar s = 0; s < Slots; s++) begin : gen_slot
    logic [15:0] half;
    logic [31:0] wide;  // the beat's FP32 value, for the slots that have one
    logic [31:0] fields;

    assign half = beat_i[s*16 +: 16];
    if (s < Slots / 2) begin : gen_wide
      assign wide = beat_i[s*32 +: 32];
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
