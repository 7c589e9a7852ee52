// SPDX-License-Identifier: Apache-2.0
// fv_enc_queue - actp_enc_queue with halves in turn: chunks of both kinds come out as they went in,
//   in order.
//
// Proves   S2 at the output; chunk `which` comes out whole: a bit of each half of its data, and of
//          each half of the pair bits (those that an FP32 chunk has). The queue never holds more
//          than it has places for.
// Method   FP32 and 16-bit chunks in any order as long as FP32 ones come in pairs, as blocks do.
//          All bits of a chunk but those four are 0: they are stored and read alike. Chunks are
//          numbered modulo 8; `which` is any number.
// Reach    a 16-bit chunk waits behind two FP32 ones, and the queue is full
`include "fv.svh"
`default_nettype none

module fv_enc_queue #(
  parameter int unsigned Depth   = 8,
  parameter int unsigned Entries = 4
) (
  input wire logic       clk_i,
  input wire logic       rst_ni,
  input wire logic       write_valid_i,
  input wire logic       narrow_i,
  input wire logic [3:0] write_data_i,
  input wire logic       out_ready_i
);
  localparam int unsigned C = 256;
  `RESET
  logic              full, write, out_valid, give;
  logic [C+C/16-1:0] in_data, out_data;
  always_comb begin
    in_data          = '0;
    in_data[0]       = write_data_i[0];
    in_data[C/2+1]   = write_data_i[1] & narrow_i;
    in_data[C]       = write_data_i[2];
    in_data[C+C/32]  = write_data_i[3] & narrow_i;
  end
  actp_enc_queue #(.CoreWidth(C), .Formats(7), .Orders(3), .Depth(Depth), .Entries(Entries),
      .Fifo(0)) u_dut (
    .clk_i, .rst_ni, .write_valid_i(write), .write_fmt_i({2'b00, narrow_i}), .write_data_i(in_data),
    .full_o(full), .out_valid_o(out_valid), .out_ready_i, .out_data_o(out_data)
  );

  // Blocks are whole.
  logic odd_q;
  assign write = write_valid_i & ~full & ~(odd_q & narrow_i);
  assign give  = out_valid & out_ready_i;

  (* anyconst *) logic [2:0] which;
  logic [2:0] written_q, given_q, inside;
  logic [3:0] item_q, out_bits;
  logic       wide_q, behind_q;
  assign inside   = written_q - given_q;
  assign out_bits = {out_data[C+C/32] & ~wide_q, out_data[C], out_data[C/2+1] &
                    ~wide_q, out_data[0]};
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      written_q <= '0;
      given_q   <= '0;
      odd_q     <= 1'b0;
      behind_q  <= 1'b0;
    end else begin
      written_q <= written_q + 3'(write);
      given_q   <= given_q + 3'(give);
      if (write & ~narrow_i) odd_q <= ~odd_q;
      behind_q  <= behind_q | (write & narrow_i & (inside == 3'd2) & (written_q == 3'd2));
    end
  end
  always_ff @(posedge clk_i) begin
    if (write & (written_q == which)) begin
      item_q <= {write_data_i[3] & narrow_i, write_data_i[2], write_data_i[1] &
          narrow_i, write_data_i[0]};
      wide_q <= ~narrow_i;
    end
  end

  `STREAM(out, out_valid, out_ready_i, {out_data[C], out_data[0]}, 2)
  `CHECK(inside <= 3'(Entries + 2))
  `CHECK(~out_valid | (inside != 3'd0))
  `CHECK(~out_valid | (given_q != which) | (out_bits == item_q))
  `REACH(behind_q & full)
endmodule

`default_nettype wire
