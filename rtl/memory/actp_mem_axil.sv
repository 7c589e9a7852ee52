// SPDX-License-Identifier: Apache-2.0
// actp_mem_axil - AXI4-Lite as two requests, one read and one write.
//
// Contract wr_valid_o, rd_valid_o: a request, that stays with its address and data until done_i,
//          any number of cycles later; done_i may see it in the same cycle. A read does not wait
//          for a write, nor the other way. Outputs to the bus are registers.
// Method   the bus holds address and data until ready, and ready comes when the request is done: so
//          nothing is stored but the answers.
// Params   none
// Reset    nothing in flight
`include "actp_macros.svh"
`default_nettype none

module actp_mem_axil (
  input  wire logic        clk_i,
  input  wire logic        rst_ni,
  input  wire logic        aw_valid_i,  // AXI4-Lite; addresses and data go past this module
  output logic             aw_ready_o,
  input  wire logic        w_valid_i,
  output logic             w_ready_o,
  output logic             b_valid_o,
  input  wire logic        b_ready_i,
  output logic [1:0]       b_resp_o,
  input  wire logic        ar_valid_i,
  output logic             ar_ready_o,
  output logic             r_valid_o,
  input  wire logic        r_ready_i,
  output logic [31:0]      r_data_o,
  output logic [1:0]       r_resp_o,
  output logic             wr_valid_o,
  input  wire logic        wr_done_i,   // with it
  input  wire logic        wr_error_i,
  output logic             rd_valid_o,
  input  wire logic        rd_done_i,
  input  wire logic [31:0] rd_data_i,
  input  wire logic        rd_error_i
);
  logic        wr_ready_q, rd_ready_q, b_valid_q, r_valid_q, b_error_q, r_error_q;
  logic [31:0] r_data_q;

  assign wr_valid_o = aw_valid_i & w_valid_i & ~wr_ready_q & ~b_valid_q;
  assign rd_valid_o = ar_valid_i & ~rd_ready_q & ~r_valid_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      wr_ready_q <= 1'b0;
      rd_ready_q <= 1'b0;
      b_valid_q  <= 1'b0;
      r_valid_q  <= 1'b0;
    end else begin
      wr_ready_q <= wr_done_i;
      rd_ready_q <= rd_done_i;
      b_valid_q  <= wr_ready_q | (b_valid_q & ~b_ready_i);
      r_valid_q  <= rd_ready_q | (r_valid_q & ~r_ready_i);
    end
  end
  always_ff @(posedge clk_i) begin
    if (wr_done_i) b_error_q <= wr_error_i;
    if (rd_done_i) begin
      r_error_q <= rd_error_i;
      r_data_q  <= rd_data_i;
    end
  end

  assign aw_ready_o = wr_ready_q;
  assign w_ready_o  = wr_ready_q;
  assign b_valid_o  = b_valid_q;
  assign b_resp_o   = {b_error_q, 1'b0};  // OKAY or SLVERR
  assign ar_ready_o = rd_ready_q;
  assign r_valid_o  = r_valid_q;
  assign r_data_o   = r_data_q;
  assign r_resp_o   = {r_error_q, 1'b0};

  `ACTP_STREAM(AxilB, b_valid_o, b_ready_i, b_resp_o)
  `ACTP_STREAM(AxilR, r_valid_o, r_ready_i, ({r_data_o, r_resp_o}))
  `ACTP_ASSERT(AxilWriteDone_A, wr_done_i |-> wr_valid_o)
  `ACTP_ASSERT(AxilReadDone_A, rd_done_i |-> rd_valid_o)
endmodule

`default_nettype wire
