// SPDX-License-Identifier: Apache-2.0
// actp_mem_cells - a few words, in flops or in latches, all of them in view.
//
// Contract write_i, data_i: data_i is stored at the edge in each entry whose bit of write_i is 1.
//          store_o: all entries, entry 0 lowest.
// Params   Width >= 1; Entries >= 1; Fifo 1 latches, else flops
// Reset    none
`default_nettype none

module actp_mem_cells #(
  parameter int unsigned Width   = 8,
  parameter int unsigned Entries = 8,
  parameter int unsigned Fifo    = 0
) (
  input  wire logic                clk_i,
  input  wire logic [Entries-1:0]  write_i,  // a bit for each entry
  input  wire logic [Width-1:0]    data_i,   // stored where write_i is 1
  output logic [Entries*Width-1:0] store_o   // all entries
);
  if (Fifo == 1) begin : gen_latches
    actp_fifo_latch #(.Width(Width), .Entries(Entries)) u_store (
      .clk_i, .write_i, .data_i, .store_o
    );
  end else begin : gen_flops
    for (genvar e = 0; e < Entries; e++) begin : gen_entry
      logic [Width-1:0] entry_q;
      always_ff @(posedge clk_i) begin
        if (write_i[e]) entry_q <= data_i;
      end
      assign store_o[e*Width +: Width] = entry_q;
    end
  end
endmodule

`default_nettype wire
