// SPDX-License-Identifier: Apache-2.0
// actp_fifo_latch - entries of latches behind one row of master latches: flops that share a master.
//
// Contract write_i, data_i: up to the rising edge of clk_i. The entry holds them from then on.
// Method   the master latches follow the input while the clock is low; the entry that is meant
//          follows them while it is high. Which one that is waits in a latch that is open while the
//          clock is low: a clock gate, as libraries have it.
// Params   Width >= 1; Entries >= 2
// Reset    none
// The only file with latches.
`default_nettype none

module actp_fifo_latch #(
  parameter int unsigned Width   = 8,
  parameter int unsigned Entries = 8
) (
  input  wire logic                clk_i,
  input  wire logic [Entries-1:0]  write_i,  // at most one
  input  wire logic [Width-1:0]    data_i,   // stored where write_i is 1
  output logic [Entries*Width-1:0] store_o   // all entries
);
  logic [Width-1:0]   master;
  logic [Entries-1:0] enable, open;

  always_latch begin
    if (!clk_i) master = data_i;
  end
  always_latch begin
    if (!clk_i) enable = write_i;
  end
  assign open = enable & {Entries{clk_i}};
  for (genvar e = 0; e < Entries; e++) begin : gen_entry
    logic [Width-1:0] entry;
    always_latch begin
      if (open[e]) entry = master;
    end
    assign store_o[e*Width +: Width] = entry;
  end
endmodule

`default_nettype wire
