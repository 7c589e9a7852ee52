// SPDX-License-Identifier: Apache-2.0
// actp_mem_drain - a closed block into the compressor, if need be merged with what it was before.
//
// Contract block_*: the oldest closed block of actp_mem_gather, until done_o. A whole one goes to
//          the compressor in the cycle in which it is there. Of another one the old block is asked
//          for first, but never while a slot of the same block is on its way (block_pending_i); its
//          words are taken whenever they come. A block of which no byte was written, or whose old
//          block could not be read, is dropped.
//          enter_o: the block begins to leave, or is dropped; only while enter_ready_i.
// Params   Words: of the largest block
// Reset    nothing asked for
`include "actp_macros.svh"
`default_nettype none

module actp_mem_drain #(
  parameter int unsigned Words = 16,
  localparam int unsigned WordW = (Words > 1) ? $clog2(Words) : 1
) (
  input  wire logic             clk_i,
  input  wire logic             rst_ni,
  // the block
  input  wire logic             block_valid_i,
  input  wire logic             block_whole_i,
  input  wire logic             block_some_i,
  input  wire logic             block_pending_i,
  input  wire logic [WordW-1:0] block_last_word_i,
  output logic [WordW-1:0]      word_o,          // which one is read, or merged
  output logic                  merge_o,
  output logic                  done_o,
  // its old content
  output logic                  rmw_valid_o,
  input  wire logic             rmw_ready_i,
  input  wire logic             rmw_data_valid_i,
  input  wire logic             rmw_last_i,
  input  wire logic             rmw_error_i,
  // pending list
  input  wire logic             enter_ready_i,
  output logic                  enter_o,
  output logic                  enter_drop_o,
  output logic                  enter_failed_o,
  // compressor
  output logic                  out_valid_o,
  input  wire logic             out_ready_i,
  output logic                  out_last_o
);
  logic             ask_q, asked_q, merged_q, failed_q, fresh, pass, drop, move;
  logic [WordW-1:0] word_q;

  assign fresh = ~asked_q & ~merged_q & ~failed_q & ~(ask_q & rmw_ready_i);
  assign pass  = block_valid_i & (block_whole_i | merged_q);
  assign drop  = block_valid_i & enter_ready_i & (failed_q | (~block_whole_i & ~block_some_i));

  assign rmw_valid_o = ask_q;
  assign merge_o     = asked_q & rmw_data_valid_i;

  assign out_valid_o = pass & ((word_q != '0) | enter_ready_i);
  assign out_last_o  = word_q == block_last_word_i;
  assign move        = out_valid_o & out_ready_i;
  assign word_o      = word_q;
  assign done_o      = (move & out_last_o) | drop;

  assign enter_o        = (move & (word_q == '0)) | drop;
  assign enter_drop_o   = drop;
  assign enter_failed_o = failed_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      ask_q    <= 1'b0;
      asked_q  <= 1'b0;
      merged_q <= 1'b0;
      failed_q <= 1'b0;
      word_q   <= '0;
    end else begin
      ask_q    <= block_valid_i & ~block_whole_i & block_some_i & fresh & ~block_pending_i;
      asked_q  <= (asked_q | (rmw_valid_o & rmw_ready_i)) & ~(merge_o & rmw_last_i);
      merged_q <= (merged_q | (merge_o & rmw_last_i & ~rmw_error_i)) & ~done_o;
      failed_q <= (failed_q | (merge_o & rmw_last_i & rmw_error_i)) & ~done_o;
      if ((move & out_last_o) | (merge_o & rmw_last_i)) word_q <= '0;
      else if (move | merge_o)                          word_q <= word_q + WordW'(1);
    end
  end

  `ACTP_ASSERT(AskedData_A, rmw_data_valid_i |-> asked_q)
  `ACTP_ASSERT(RmwHold_A, (rmw_valid_o && !rmw_ready_i) |=> rmw_valid_o)
  `ACTP_ASSERT(OutHold_A, (out_valid_o && !out_ready_i) |=> out_valid_o)
endmodule

`default_nettype wire
