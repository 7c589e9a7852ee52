// SPDX-License-Identifier: Apache-2.0
// actp_skid - cut the ready path of a stream.
//
// Contract in, out: any stream. Latency 0, one transfer per cycle, holds 1 when the output stops.
//          in_ready_o is a register; out_valid_o and out_data_o see the input of the same cycle.
// Method   a transfer that the output refuses waits in one register; until then ready is low.
// Params   Width >= 1
// Reset    empty, ready
`include "actp_macros.svh"
`default_nettype none

module actp_skid #(
  parameter int unsigned Width = 8
) (
  input  wire logic             clk_i,
  input  wire logic             rst_ni,
  // any stream
  input  wire logic             in_valid_i,
  output logic                  in_ready_o,
  input  wire logic [Width-1:0] in_data_i,
  // the same one, a cycle later where the output stopped
  output logic                  out_valid_o,
  input  wire logic             out_ready_i,
  output logic [Width-1:0]      out_data_o
);
  logic             full_q;
  logic [Width-1:0] data_q;

  assign in_ready_o  = !full_q;
  assign out_valid_o = full_q | in_valid_i;
  assign out_data_o  = full_q ? data_q : in_data_i;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) full_q <= 1'b0;
    else         full_q <= out_valid_o & ~out_ready_i;
  end

  always_ff @(posedge clk_i) begin
    if (in_valid_i & ~full_q) data_q <= in_data_i;
  end

  `ACTP_STREAM(SkidOut, out_valid_o, out_ready_i, out_data_o)
endmodule

`default_nettype wire
