// SPDX-License-Identifier: Apache-2.0
// actp_mem_rmw - gives the write path the old words of a block, once its fill has ended.
//
// Contract take_i, only while not active_o: a buffer is filled for the write path. From the end of
//          the fill on one word per cycle, from 0 to the end of the block, without ready; the error
//          is the same on all. The read port of the buffers is taken while valid_o.
// Params   BlockLen 32 .. 256; StreamWidth 64 .. 512; Formats 1 .. 7; Buffers 2 .. 8
// Reset    not active
`default_nettype none

module actp_mem_rmw #(
  parameter int unsigned BlockLen    = 128,
  parameter int unsigned StreamWidth = 256,
  parameter int unsigned Formats     = 7,
  parameter int unsigned Buffers     = 4,
  localparam int unsigned BufferW = $clog2(Buffers),
  localparam int unsigned Words   = BlockLen * (((Formats & 1) != 0) ? 32 : 16) / StreamWidth,
  localparam int unsigned WordW   = (Words > 1) ? $clog2(Words) : 1
) (
  input  wire logic               clk_i,
  input  wire logic               rst_ni,
  input  wire logic               take_i,     // a buffer is filled for the write path
  input  wire logic [BufferW-1:0] buffer_i,   // which one
  input  wire logic               narrow_i,   // 16-bit values
  output logic                    active_o,   // a block is awaited or given
  output logic [BufferW-1:0]      buffer_o,   // read port of the buffers: buffer
  output logic [WordW-1:0]        word_o,     // and word
  input  wire logic [Buffers-1:0] filling_i,  // of each buffer: its fill has not ended
  input  wire logic [Buffers-1:0] error_i,    // of each buffer: its block is wrong
  output logic                    valid_o,    // a word is read, for the write path
  output logic                    last_o,     // the block's last one
  output logic                    error_o     // the block is wrong
);
  localparam int unsigned Slim = BlockLen * 16 / StreamWidth;  // words of 16-bit values

  logic             active_q, narrow_q;
  logic [WordW-1:0] word_q;
  logic [BufferW-1:0] buffer_q;
  assign active_o = active_q;
  assign buffer_o = buffer_q;
  assign word_o   = word_q;
  assign valid_o  = active_q & ~filling_i[buffer_q];
  assign last_o   = word_q == (narrow_q ? WordW'(Slim - 1) : WordW'(Words - 1));
  assign error_o  = error_i[buffer_q];
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      active_q <= 1'b0;
      word_q   <= '0;
    end else begin
      active_q <= take_i | (active_q & ~(valid_o & last_o));
      if (valid_o) word_q <= last_o ? '0 : word_q + WordW'(1);
    end
  end
  always_ff @(posedge clk_i) begin
    if (take_i) begin
      buffer_q <= buffer_i;
      narrow_q <= narrow_i;
    end
  end
endmodule

`default_nettype wire
