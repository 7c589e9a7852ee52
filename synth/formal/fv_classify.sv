// SPDX-License-Identifier: Apache-2.0
// fv_classify - actp_enc_classify takes every value apart as F-2.1 and F-2.2 say, and nothing is
//   lost.
//
// Proves   fields of every slot of a chunk that the format has, for all bit patterns; the value can
//          be put together again.
// Method   combinational; the followed slot is any. All inputs by SAT.
// Reach    an FP16 value in the last slot, mantissa zero and exponent not
`include "fv.svh"
`default_nettype none

module fv_classify #(
  parameter int unsigned CoreWidth = 256
) (
  input wire logic                   clk_i,
  input wire logic                   rst_ni,
  input wire logic [1:0]             format_i,
  input wire logic [CoreWidth-1:0] chunk_i
);
  localparam int unsigned Slots = CoreWidth / 16;
  localparam int unsigned SlotW = $clog2(Slots);
  logic [Slots*32-1:0] fields;
  logic [Slots-1:0]    man_zero;
  actp_enc_classify #(.CoreWidth(CoreWidth)) u_dut (
    .fmt_i({1'b0, format_i}), .chunk_i, .fields_o(fields), .man_zero_o(man_zero)
  );

  (* anyconst *) logic [SlotW-1:0] slot;
  logic [31:0] field, wide, again;
  logic [15:0] half;
  logic        narrow, has;
  assign field  = fields[slot*32 +: 32];
  assign wide   = chunk_i[{slot[SlotW-2:0], 5'd0} +: 32];
  assign half   = chunk_i[{slot, 4'd0} +: 16];
  assign narrow = format_i != 2'd0;  // 3 reads as BF16
  assign has    = narrow | ~slot[SlotW-1];
  always_comb begin  // S, E and M of the format, from the fields
    again = field;
    if (format_i == 2'd1) again = {16'd0, field[31], field[27:23], field[22:13]};
    if (format_i[1]) again = {16'd0, field[31], field[30:23], field[22:16]};
  end
  `CHECK(~has | (again == (narrow ? {16'd0, half} : wide)))
  `CHECK(~has | (format_i != 2'd1) | ({field[30:28], field[12:0]} == 16'd0))
  `CHECK(~has | ~format_i[1] | (field[15:0] == 16'd0))
  `CHECK(~has | (man_zero[slot] == (field[22:0] == 23'd0)))
  `REACH((format_i == 2'd1) & (&slot) & man_zero[slot] & (half[14:10] == 5'd9))
endmodule

`default_nettype wire
