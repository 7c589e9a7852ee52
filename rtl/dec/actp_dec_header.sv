// SPDX-License-Identifier: Apache-2.0
// actp_dec_header - read header and extension of a slot.
//
// Format   F-3.1 .. F-3.4, F-7.1 but for the length        Model   actplane::ParseHeader (model/src/field_order.cc)
// Contract combinational, from the first 64 bits of a slot.
// Params   none
// Not here the length of the slot (actp_dec_planes), values (actp_dec_rebuild)
`default_nettype none

module actp_dec_header #(
  localparam int unsigned ManW = actp_pkg::MAN_W
) (
  input  wire logic [actp_pkg::FMT_W-1:0]  format_i,
  input  wire logic [actp_pkg::HEAD_W-1:0] head_i,
  output logic [actp_pkg::EXP_W-1:0]       base_o,
  output logic [actp_pkg::WIDTH_W-1:0]     width_o,
  output logic                             zero_code_o,
  output logic                             special_o,
  output logic                             sign_stored_o,
  output logic                             sign_value_o,
  output logic                             saturated_o,
  output logic [3:0]                       head_bytes_o,
  output logic [ManW-1:0]                  stored_o,    // mantissa rows in the slot, top row at [ManW-1]
  output logic [ManW-1:0]                  value_o,     // what the other rows read
  output logic                             malformed_o
);
  logic            extension;
  logic [23:0]     map_word, value_word;  // M + 1 bits each, mantissa aligned at the top of [22:0]
  logic            reserved;
  logic [ManW-1:0] rows;
  logic [1:0]      codes;                 // reserved codes

  assign base_o        = head_i[7:0];
  assign width_o       = head_i[11:8];
  assign zero_code_o   = head_i[12];
  assign sign_stored_o = head_i[13];
  assign extension     = head_i[14];
  assign saturated_o   = head_i[15];
  assign rows          = actp_pkg::man_rows(format_i);
  assign head_bytes_o  = actp_pkg::head_bytes(format_i, extension);

  always_comb begin  // [23] is S, or the sign value
    map_word   = head_i[39:16];
    value_word = head_i[63:40];
    reserved   = 1'b0;
    if (actp_pkg::is_fp16(format_i)) begin
      map_word   = {head_i[26], head_i[25:16], 13'd0};
      value_word = {head_i[42], head_i[41:32], 13'd0};
      reserved   = (|head_i[31:27]) | (|head_i[47:43]);
    end
    if (actp_pkg::is_bf16(format_i)) begin
      map_word   = {head_i[23], head_i[22:16], 16'd0};
      value_word = {head_i[31], head_i[30:24], 16'd0};
    end
  end
  assign special_o    = extension & map_word[23];
  assign sign_value_o = extension & value_word[23];
  assign stored_o     = extension ? map_word[22:0] : rows;
  assign value_o      = extension ? value_word[22:0] : '0;

  assign codes = {1'b0, zero_code_o} + {special_o, 1'b0};
  assign malformed_o =
      (base_o >= actp_pkg::exp_max(format_i)) |
      (width_o > actp_pkg::exp_bits(format_i) + 4'd1) |
      ((width_o == 4'd0) & codes[1]) | ((width_o == 4'd1) & (codes == 2'd3)) |
      (extension & reserved) |
      (|(stored_o & value_o)) | (sign_stored_o & sign_value_o);
endmodule

`default_nettype wire
