// SPDX-License-Identifier: Apache-2.0
// actp_fifo_macro - what a user's memory must do to take the place of actp_fifo's storage.
//
// Contract one write port and one read port; read_data_o holds until the next read. No read of an
//          entry in the cycle that writes it.
// Params   Width, Entries as in actp_fifo
`default_nettype none

module actp_fifo_macro #(
  parameter int unsigned Width   = 8,
  parameter int unsigned Entries = 8,
  localparam int unsigned AddrW = $clog2(Entries)
) (
  input  wire logic             clk_i,
  input  wire logic             write_i,
  input  wire logic [AddrW-1:0] write_addr_i,
  input  wire logic [Width-1:0] write_data_i,
  input  wire logic             read_i,
  input  wire logic [AddrW-1:0] read_addr_i,
  output logic [Width-1:0]      read_data_o
);
  logic [Width-1:0] memory [Entries];

  always_ff @(posedge clk_i) begin
    if (write_i) memory[write_addr_i] <= write_data_i;
    if (read_i)  read_data_o <= memory[read_addr_i];
  end
endmodule

`default_nettype wire
