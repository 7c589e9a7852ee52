// SPDX-License-Identifier: Apache-2.0
// actp_enc_value - take a value of the store apart, whatever its format.
//
// Format   F-2.1, F-2.2        Model   actplane::Classify (model/src/block.cc)
// Contract combinational. wide_i is an FP32 value as the store keeps it: sign, exponent, the top
//          Depth - 1 mantissa bits, a guard bit and the OR of the rest, or all 32 bits
//          (actp_pkg::stored_bits); narrow_i a 16-bit value. man_o is aligned at the top and ends
//          with the guard bit if there is one; what is below the format reads 0. special_o: Inf or
//          NaN. A format that the lane does not have gives something meaningless.
// Params   Formats: those of the lane, bit 0 FP32, 1 FP16, 2 BF16; Depth 8 .. 24
`default_nettype none

module actp_enc_value #(
  parameter int unsigned Formats = 7,
  parameter int unsigned Depth   = 24,
  localparam int unsigned WideW   = actp_pkg::stored_bits(Depth),
  localparam int unsigned WideMan = (WideW < 32) ? Depth : 23,  // with the guard bit
  localparam int unsigned NarrowMan = ((Formats & 2) != 0) ? 10 : 7,
  localparam bit          UseWide = Formats == 1 || (Formats[0] && WideMan > NarrowMan),
  localparam int unsigned ManW    = UseWide ? WideMan : NarrowMan
) (
  input  wire logic [actp_pkg::FMT_W-1:0] format_i, // of the chunk
  input  wire logic [WideW-1:0]           wide_i,   // an FP32 value of the store
  input  wire logic [15:0]                narrow_i, // a 16-bit value of the store
  output logic                            sign_o,   // of the value
  output logic [actp_pkg::EXP_W-1:0]      exp_o,    // exponent field
  output logic [ManW-1:0]                 man_o,    // aligned at the top
  output logic                            sticky_o, // OR of the bits that were cut
  output logic                            special_o // Inf or NaN
);
  localparam int unsigned Spare = ManW + 23;  // room below each mantissa, whatever ManW

  logic fp32, fp16, bf16;
  assign bf16 = ((Formats & 4) != 0) & (actp_pkg::is_bf16(format_i) | ((Formats & 3) == 0));
  assign fp16 = ((Formats & 2) != 0) & ~bf16 & (actp_pkg::is_fp16(format_i) | ((Formats & 1) == 0));
  assign fp32 = ((Formats & 1) != 0) & ~bf16 & ~fp16;

  /* verilator lint_off UNUSEDSIGNAL */  // formats that are not built in, and what lies below is 0
  logic [Spare-1:0] man32, man16, man7;  // the mantissa of each format at the top
  /* verilator lint_on UNUSEDSIGNAL */
  logic             sticky;
  if (WideW < 32) begin : gen_cut
    assign man32  = {wide_i[1 +: WideMan], {(Spare-WideMan){1'b0}}};
    assign sticky = wide_i[0];
  end else begin : gen_whole
    assign man32  = {wide_i[22:0], {(Spare-23){1'b0}}};
    assign sticky = 1'b0;
  end
  assign man16 = {narrow_i[9:0], {(Spare-10){1'b0}}};
  assign man7  = {narrow_i[6:0], {(Spare-7){1'b0}}};

  assign sign_o    = fp32 ? wide_i[WideW-1] : narrow_i[15];
  assign exp_o     = (wide_i[WideW-2 -: 8] & {8{fp32}}) | ({3'd0, narrow_i[14:10]} & {8{fp16}}) |
                     (narrow_i[14:7] & {8{bf16}});
  assign man_o     = (man32[Spare-1 -: ManW] & {ManW{fp32}}) |
                     (man16[Spare-1 -: ManW] & {ManW{fp16}}) |
                     (man7[Spare-1 -: ManW] & {ManW{bf16}});
  assign sticky_o  = sticky & fp32;
  assign special_o = (&exp_o[4:0]) & (fp16 | (&exp_o[7:5]));
endmodule

`default_nettype wire
