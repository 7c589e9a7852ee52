// SPDX-License-Identifier: Apache-2.0
// actp_mem_buffers - the blocks that have been read, by buffer and word.
//
// Contract one write and one read per cycle; the read is combinational. A word that is written is
//          there in the next cycle. Buffers and words beyond those that there are: never asked for.
// Params   StreamWidth 64 .. 512; Buffers 2 .. 8; Words of a buffer, a power of two; Fifo 1:
//          latches, else flops
// Reset    none: what says which word is whose is elsewhere (actp_mem_tags, actp_mem_fill)
`default_nettype none

module actp_mem_buffers #(
  parameter int unsigned StreamWidth = 256,
  parameter int unsigned Buffers     = 4,
  parameter int unsigned Words       = 16,
  parameter int unsigned Fifo        = 0,
  localparam int unsigned BufferW = $clog2(Buffers),
  localparam int unsigned WordW   = (Words > 1) ? $clog2(Words) : 1
) (
  input  wire logic                   clk_i,
  // write
  input  wire logic                   write_i,
  input  wire logic [BufferW-1:0]     write_buffer_i,
  input  wire logic [WordW-1:0]       write_word_i,
  input  wire logic [StreamWidth-1:0] write_data_i,
  // read, in the same cycle
  input  wire logic [BufferW-1:0]     read_buffer_i,
  input  wire logic [WordW-1:0]       read_word_i,
  output logic [StreamWidth-1:0]      read_data_o
);
  localparam int unsigned AddrW = $clog2(Buffers * Words);

  logic [AddrW-1:0] write_addr, read_addr;
  assign write_addr = AddrW'(32'(write_buffer_i) * Words) | AddrW'(write_word_i);
  assign read_addr  = AddrW'(32'(read_buffer_i) * Words) | AddrW'(read_word_i);
  if (Fifo == 1) begin : gen_latches
    logic [Buffers*Words-1:0]             write_at;
    logic [Buffers*Words*StreamWidth-1:0] store;
    for (genvar w = 0; w < Buffers * Words; w++) begin : gen_word
      assign write_at[w] = write_i & (write_addr == AddrW'(w));
    end
    actp_mem_cells #(.Width(StreamWidth), .Entries(Buffers * Words), .Fifo(1)) u_words (
      .clk_i, .write_i(write_at), .data_i(write_data_i), .store_o(store)
    );
    always_comb begin
      read_data_o = '0;
      for (int unsigned w = 0; w < Buffers * Words; w++) begin
        read_data_o = read_data_o |
            (store[w*StreamWidth +: StreamWidth] & {StreamWidth{read_addr == AddrW'(w)}});
      end
    end
  end else begin : gen_flops
    logic [StreamWidth-1:0] store_q [Buffers*Words];
    assign read_data_o = store_q[read_addr];
    always_ff @(posedge clk_i) begin
      if (write_i) store_q[write_addr] <= write_data_i;
    end
  end
endmodule

`default_nettype wire
