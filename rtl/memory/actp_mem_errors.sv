// SPDX-License-Identifier: Apache-2.0
// actp_mem_errors - what went wrong, where first, and the interrupt.
//
// Contract events of one cycle each, with the address of their path. errors_o: {refused, rmw
//          failed, write, read, malformed}, until clear_i, a bit each; an event in the same cycle
//          stays. addr_o is that of the first event since errors_o was 0; of two at once that of
//          the write.
// Params   AddrW 32 .. 64
// Reset    no error; addr_o undefined
`default_nettype none

module actp_mem_errors #(
  parameter int unsigned AddrW = 40
) (
  input  wire logic             clk_i,
  input  wire logic             rst_ni,
  input  wire logic [4:0]       clear_i,           // of errors_o, a bit each
  // events of the write path
  input  wire logic             wr_write_error_i,  // of the write path
  input  wire logic             wr_rmw_failed_i,
  input  wire logic             wr_refused_i,
  input  wire logic [AddrW-1:0] wr_addr_i,         // of the block or burst
  // events of the read path
  input  wire logic             rd_malformed_i,    // of the read path
  input  wire logic             rd_read_error_i,
  input  wire logic             rd_refused_i,
  input  wire logic [AddrW-1:0] rd_addr_i,         // of the block or burst
  // what the registers show
  output logic [4:0]            errors_o,          // {refused, rmw failed, write, read, malformed}
  output logic [AddrW-1:0]      addr_o             // of the first one
);
  logic [4:0]       errors_q, left, event_bits;
  logic [AddrW-1:0] addr_q;
  logic             of_write;

  assign of_write   = wr_write_error_i | wr_rmw_failed_i | wr_refused_i;
  assign event_bits = {wr_refused_i | rd_refused_i, wr_rmw_failed_i, wr_write_error_i,
                       rd_read_error_i, rd_malformed_i};
  assign left       = errors_q & ~clear_i;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) errors_q <= '0;
    else         errors_q <= left | event_bits;
  end
  always_ff @(posedge clk_i) begin
    if ((left == '0) & (|event_bits)) addr_q <= of_write ? wr_addr_i : rd_addr_i;
  end
  assign errors_o = errors_q;
  assign addr_o   = addr_q;
endmodule

`default_nettype wire
