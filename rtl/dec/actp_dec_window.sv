// SPDX-License-Identifier: Apache-2.0
// actp_dec_window - two words of a slot in view, and the front of a slot when its first word
//          arrives.
//
// Format   F-3.4, F-5.5        Model   none: storage
// Contract word 0 stays until drop_i; drop2_i, only with drop_i, takes word 1 with it. A word
//          enters in the cycle in which room is made, the first one of a slot only with
//          next_free_i. skip_i: the word at the input is taken, and does not enter. load_o: front_o
//          and tag_o are those of a slot, whose first word enters or waits to (with Ahead: is word
//          0, and word 1 is there or enters, unless short_i); only with next_free_i.
// Params   Width 256 or 512; FrontW: bits of the longest front; TagW
// Reset    empty
`include "actp_macros.svh"
`default_nettype none

module actp_dec_window #(
  parameter int unsigned Width  = 256,
  parameter int unsigned FrontW = 104,
  parameter int unsigned TagW   = 24,
  localparam int unsigned BytesW = $clog2(Width / 8) + 1,
  localparam bit          Ahead  = FrontW > Width
) (
  input  wire logic              clk_i,
  input  wire logic              rst_ni,
  // words of slots (actp_dec_widen)
  input  wire logic              in_valid_i,
  output logic                   in_ready_o,
  input  wire logic [Width-1:0]  in_data_i,
  input  wire logic [BytesW-1:0] in_bytes_i,
  input  wire logic              in_first_i,
  input  wire logic              in_last_i,
  input  wire logic              in_hole_i,
  input  wire logic [TagW-1:0]   in_tag_i,
  input  wire logic              next_free_i, // a front may be shown
  input  wire logic              short_i,     // front_o ends in the first word
  input  wire logic              skip_i,      // the word at the input is swallowed
  input  wire logic              drop_i,      // word 0 is done
  input  wire logic              drop2_i,     // word 1 is, too
  // the two words in view
  output logic                   have0_o,
  output logic                   have1_o,
  output logic                   first1_o,    // word 1 is there and starts a slot
  output logic                   later_o,     // words of a slot are there, whose front is not read
  output logic [2*Width-1:0]     words_o,
  output logic [BytesW-1:0]      bytes0_o,
  output logic [BytesW-1:0]      bytes1_o,
  output logic                   last0_o,
  output logic                   last1_o,
  output logic                   hole0_o,
  output logic                   hole1_o,
  output logic                   load_o,      // front_o and tag_o are a new slot
  output logic [FrontW-1:0]      front_o,
  output logic [TagW-1:0]        tag_o
);
  logic [Width-1:0] word0_q, word1_q;
  logic             from_1, from_in, write0, write1, enters, room, first1_q;
  assign from_1  = drop_i & ~drop2_i & have1_o;
  assign from_in = drop2_i | ~have0_o | (drop_i & ~have1_o);
  assign enters  = in_valid_i & room;
  assign in_ready_o = room | skip_i;
  assign first1_o   = have1_o & first1_q;
  assign write0  = from_1 | (from_in & enters);
  assign write1  = enters & ~from_in;
  assign words_o = {word1_q, word0_q};

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      have0_o <= 1'b0;
      have1_o <= 1'b0;
    end else begin
      have0_o <= write0 | (have0_o & ~drop_i);
      have1_o <= write1 | (have1_o & ~drop_i);
    end
  end
  always_ff @(posedge clk_i) begin
    if (write0) begin
      word0_q  <= have1_o & ~drop2_i ? word1_q : in_data_i;
      bytes0_o <= have1_o & ~drop2_i ? bytes1_o : in_bytes_i;
      last0_o  <= have1_o & ~drop2_i ? last1_o : in_last_i;
      hole0_o  <= have1_o & ~drop2_i ? hole1_o : in_hole_i;
    end
    if (write1) begin
      word1_q  <= in_data_i;
      bytes1_o <= in_bytes_i;
      last1_o  <= in_last_i;
      hole1_o  <= in_hole_i;
      first1_q <= in_first_i;
    end
  end

  if (Ahead) begin : gen_ahead
    logic            first0_q;
    logic [TagW-1:0] tag0_q, tag1_q;
    assign room       = (~have1_o | drop_i) & ~skip_i;
    assign later_o    = first1_o | (have0_o & first0_q);
    assign load_o     = have0_o & first0_q & (have1_o | last0_o | short_i | in_valid_i) &
        next_free_i;
    assign front_o    = {have1_o ? word1_q[FrontW-Width-1:0] : in_data_i[FrontW-Width-1:0],
        word0_q};
    assign tag_o      = tag0_q;
    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni)     first0_q <= 1'b0;
      else if (write0) first0_q <= from_1 ? first1_q : in_first_i;
      else if (load_o) first0_q <= 1'b0;
    end
    always_ff @(posedge clk_i) begin
      if (write0) tag0_q <= from_1 ? tag1_q : in_tag_i;
      if (write1) tag1_q <= in_tag_i;
    end
  end else begin : gen_here
    logic seen_q;   // the front of the word that waits has been read
    assign room       = (~have1_o | drop_i) & ~skip_i & (~in_first_i | seen_q | next_free_i);
    assign later_o    = 1'b0;
    logic unused;
    assign unused     = short_i;
    assign load_o     = in_valid_i & in_first_i & ~seen_q & next_free_i;
    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) seen_q <= 1'b0;
      else         seen_q <= (seen_q | load_o) & ~enters;
    end
    assign front_o    = in_data_i[FrontW-1:0];
    assign tag_o      = in_tag_i;
  end

  `ACTP_ASSERT(SkipNotFirst_A, skip_i |-> !in_first_i)
  `ACTP_ASSERT(DropHas_A, drop_i |-> have0_o)
  `ACTP_ASSERT(Drop2Has_A, drop2_i |-> drop_i && have1_o)
endmodule

`default_nettype wire
