// SPDX-License-Identifier: Apache-2.0
// actp_dec_facts - what the values of a slot need of its front.
//
// Format   F-3.1 .. F-3.3, F-5.1, F-5.12, F-5.13  Model  actplane::ParseHeader
// Contract combinational; the mantissa planes of every format are aligned at the top
// Params   none
`default_nettype none

module actp_dec_facts (
  input  wire logic [actp_pkg::FMT_W-1:0] fmt_i,
  input  wire logic                       significance_i,
  input  wire logic                       fill_zero_i,
  input  wire logic                       complete_i,
  input  wire logic [63:0]                front_i,
  output actp_pkg::slot_t                 slot_o
);
  logic        extension;
  logic [23:0] map_word, value_word;   // M + 1 bits each, the mantissa at the top of [22:0]
  always_comb begin
    map_word   = front_i[39:16];
    value_word = front_i[63:40];
    if (actp_pkg::is_fp16(fmt_i)) begin
      map_word   = {front_i[26], front_i[25:16], 13'd0};
      value_word = {front_i[42], front_i[41:32], 13'd0};
    end
    if (actp_pkg::is_bf16(fmt_i)) begin
      map_word   = {front_i[23], front_i[22:16], 16'd0};
      value_word = {front_i[31], front_i[30:24], 16'd0};
    end
  end
  assign extension           = front_i[14];
  assign slot_o.fmt          = fmt_i;
  assign slot_o.significance = significance_i;
  assign slot_o.fill_zero    = fill_zero_i;
  assign slot_o.base         = significance_i ? front_i[23:16] : front_i[7:0];
  assign slot_o.width        = front_i[11:8];
  assign slot_o.zero_code    = front_i[12];
  assign slot_o.special      = extension & map_word[23];
  assign slot_o.sign_stored  = front_i[13];
  assign slot_o.sign_value   = extension & value_word[23];
  assign slot_o.complete     = complete_i;
  assign slot_o.stored       = extension ? map_word[22:0] : actp_pkg::man_rows(fmt_i);
  assign slot_o.value        = extension ? value_word[22:0] : '0;
  assign slot_o.form         = front_i[5:4];
  assign slot_o.poisoned     = significance_i & (front_i[2:0] == actp_pkg::POISONED);
  assign slot_o.pair         = significance_i & (front_i[2:0] == actp_pkg::PAIR);

  logic unused;
  assign unused = ^front_i;
endmodule

`default_nettype wire
