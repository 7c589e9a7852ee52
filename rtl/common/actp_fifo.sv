// SPDX-License-Identifier: Apache-2.0
// actp_fifo - a queue: storage of one's choice and one register behind it.
//
// Contract in:  write_valid_i, never while full_o. out: a stream from the register.
//          Latency 2 cycles; one write and one read per cycle. Holds Entries + 1.
// Method   with the storage in flops or latches, which entry is meant is one-hot, so that a read is
//          an AND and a tree of OR. A macro has a register of its own behind its cells.
// Params   Width >= 1; Entries >= 2; Fifo 0 flops, 1 latches, 2 an instance of actp_fifo_macro,
//          that is not in here: one write and one read port, read_data_o holds between reads
// Reset    empty
`include "actp_macros.svh"
`default_nettype none

module actp_fifo #(
  parameter int unsigned Width   = 8,
  parameter int unsigned Entries = 8,
  parameter int unsigned Fifo    = 0
) (
  input  wire logic             clk_i,
  input  wire logic             rst_ni,
  // what goes in
  input  wire logic             write_valid_i,
  input  wire logic [Width-1:0] write_data_i,
  output logic                  full_o,        // a register: no write now
  // the oldest, in the register
  output logic                  out_valid_o,
  input  wire logic             out_ready_i,
  output logic [Width-1:0]      out_data_o
);
  localparam int unsigned CountW = $clog2(Entries + 1);

  logic [CountW-1:0] count_d, count_q;
  logic              full_q, some_q, valid_q, read;

  assign read    = some_q & (~valid_q | out_ready_i);
  assign count_d = count_q + CountW'(write_valid_i) - CountW'(read);
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      count_q <= '0;
      full_q  <= 1'b0;
      some_q  <= 1'b0;
      valid_q <= 1'b0;
    end else begin
      count_q <= count_d;
      full_q  <= count_d == CountW'(Entries);
      some_q  <= count_d != '0;
      valid_q <= read | (valid_q & ~out_ready_i);
    end
  end
  assign full_o      = full_q;
  assign out_valid_o = valid_q;

  if (Fifo == 2) begin : gen_macro
    localparam int unsigned AddrW = $clog2(Entries);
    localparam logic [AddrW-1:0] Last = AddrW'(Entries - 1);
    logic [AddrW-1:0] write_addr_q, read_addr_q;
    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) begin
        write_addr_q <= '0;
        read_addr_q  <= '0;
      end else begin
        if (write_valid_i) write_addr_q <= (write_addr_q == Last) ? '0 : write_addr_q + AddrW'(1);
        if (read)          read_addr_q  <= (read_addr_q == Last)  ? '0 : read_addr_q + AddrW'(1);
      end
    end
    actp_fifo_macro #(.Width(Width), .Entries(Entries)) u_macro (
      .clk_i, .write_i(write_valid_i), .write_addr_i(write_addr_q), .write_data_i,
      .read_i(read), .read_addr_i(read_addr_q), .read_data_o(out_data_o)
    );
  end else begin : gen_cells
    // One-hot, and at 0 inverted, so that a reset of all flops to 0 will do.
    logic [Entries-1:0]       write_q, read_q, write_at, read_at;
    logic [Entries*Width-1:0] store;
    logic [Width-1:0]         chosen, data_q;
    assign write_at = {write_q[Entries-1:1], ~write_q[0]};
    assign read_at  = {read_q[Entries-1:1], ~read_q[0]};
    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) begin
        write_q <= '0;
        read_q  <= '0;
      end else begin
        if (write_valid_i) write_q <= {write_at[Entries-2:0], ~write_at[Entries-1]};
        if (read)          read_q  <= {read_at[Entries-2:0], ~read_at[Entries-1]};
      end
    end
    if (Fifo == 1) begin : gen_latches
      actp_fifo_latch #(.Width(Width), .Entries(Entries)) u_store (
        .clk_i, .write_i({Entries{write_valid_i}} & write_at), .data_i(write_data_i),
        .store_o(store)
      );
    end else begin : gen_flops
      for (genvar e = 0; e < Entries; e++) begin : gen_entry
        logic [Width-1:0] entry_q;
        always_ff @(posedge clk_i) begin
          if (write_valid_i & write_at[e]) entry_q <= write_data_i;
        end
        assign store[e*Width +: Width] = entry_q;
      end
    end
    always_comb begin
      chosen = '0;
      for (int unsigned e = 0; e < Entries; e++) begin
        chosen = chosen | (store[e*Width +: Width] & {Width{read_at[e]}});
      end
    end
    always_ff @(posedge clk_i) begin
      if (read) data_q <= chosen;
    end
    assign out_data_o = data_q;
  end

  if (Entries < 2 || Fifo > 2) begin : gen_bad
    $fatal(1, "actp_fifo: Entries must be at least 2 and Fifo 0, 1 or 2");
  end

  `ACTP_ASSERT(NoWriteWhenFull_A, !(write_valid_i && full_o))
  `ACTP_STREAM(FifoOut, out_valid_o, out_ready_i, out_data_o)
endmodule

`default_nettype wire
