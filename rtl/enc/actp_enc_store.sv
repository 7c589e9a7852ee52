// SPDX-License-Identifier: Apache-2.0
// actp_enc_store - a chunk as it is kept until its block has a plan.
//
// Format   F-2.1, F-6.1        Model   actplane::Classify (model/src/block.cc)
// Contract combinational. FP32: value i at [i*SW +: SW], SW = stored_bits(Depth): all of it where
//          that is 32, else {sign, exponent, Depth - 1 mantissa bits, guard, OR of the rest}.
//          16-bit formats: value i at [i*16 +: 16]. With Orders[1], above the DataW bits one bit
//          per lane: the value is the other one of a pair (actp_enc_pair).
// Params   CoreWidth 256, 512; Formats 1 .. 7; Orders 1 .. 3; Depth 8 .. 24
`default_nettype none

module actp_enc_store #(
  parameter int unsigned CoreWidth = 256,
  parameter int unsigned Formats   = 7,
  parameter int unsigned Orders    = 3,
  parameter int unsigned Depth     = 24,
  localparam int unsigned StoredW = actp_pkg::stored_bits(Depth),
  localparam int unsigned DataW   = (Formats == 1) ? CoreWidth / 32 * StoredW : CoreWidth,
  localparam int unsigned Lanes   = (Formats == 1) ? CoreWidth / 32 : CoreWidth / 16,
  localparam int unsigned EntryW  = DataW + ((Orders > 1) ? Lanes : 0)
) (
  input  wire logic [actp_pkg::FMT_W-1:0] fmt_i,   // of the chunk
  input  wire logic [CoreWidth-1:0]       chunk_i, // its values
  input  wire logic [Lanes-1:0]           is_b_i,  // value is the other one of a pair
  output logic [EntryW-1:0]               entry_o  // what the queue keeps
);
  localparam int unsigned Values = CoreWidth / 32;
  localparam int unsigned Rest   = 32 - StoredW + 1;  // bits that the last one stands for

  logic [Values*StoredW-1:0] wide;
  for (genvar v = 0; v < Values; v++) begin : gen_value
    logic [31:0] value;
    assign value = chunk_i[v*32 +: 32];
    assign wide[v*StoredW +: StoredW] = {value[31:Rest], |value[Rest-1:0]};
  end

  logic [DataW-1:0] data;
  logic             narrow;
  assign narrow = actp_pkg::is_narrow(fmt_i);
  if (Formats == 1) begin : gen_wide
    logic unused_narrow;
    assign unused_narrow = narrow;
    assign data = wide;
  end else if (!Formats[0]) begin : gen_narrow
    logic unused_wide;
    assign unused_wide = |{narrow, wide};
    assign data = chunk_i;
  end else begin : gen_both
    assign data = narrow ? chunk_i : CoreWidth'(wide);
  end

  if (Orders > 1) begin : gen_pair
    assign entry_o = {is_b_i, data};
  end else begin : gen_no_pair
    logic unused_is_b;
    assign unused_is_b = |is_b_i;
    assign entry_o = data;
  end
endmodule

`default_nettype wire
