// SPDX-License-Identifier: Apache-2.0
// fv_dec_answer - actp_decompressor answers every packet with one block, whatever is in it, and
//   never stops.
//
// Proves   a packet of any bits, any keep and any length leads to N values of its format, not more,
//          `last` on the final beat and only there; no block comes before its packet has ended.
//          While the consumer is ready the answer is complete at most Bound cycles after the final
//          beat was taken, and the input is ready again at most Bound cycles after it was not
//          (cycles in which the consumer is not ready do not count): no deadlock.
// Method   all inputs free, reset too. Packets that have ended and not been answered are counted,
//          and the format of each is remembered.
// Reach    two packets wait behind a block that is being given, all of different format
`include "fv.svh"
`default_nettype none

module fv_dec_answer #(
  parameter int unsigned BlockLen    = 32,
  parameter int unsigned StreamWidth = 512,
  parameter int unsigned Formats     = 4,
  parameter int unsigned Orders      = 1,
  parameter int unsigned GroupLen    = 8,
  parameter int unsigned Depth       = 8,
  parameter int unsigned Bound       = 8
) (
  input wire logic                        clk_i,
  input wire logic                        rst_ni,
  input wire logic [1:0]                  cfg_format_i,
  input wire logic [actp_pkg::SLOT_W-1:0] cfg_slot_bytes_i,
  input wire logic                        cfg_order_i,
  input wire logic                        cfg_lossless_i,
  input wire logic                        cfg_fill_zero_i,
  input wire logic [actp_pkg::LIMIT_W-1:0] cfg_row_limit_i,
  input wire logic                        in_valid_i,
  input wire logic [StreamWidth-1:0]      in_data_i,
  input wire logic [StreamWidth/8-1:0]    in_keep_i,
  input wire logic                        in_last_i,
  input wire logic                        in_user_i,
  input wire logic                        out_ready_i
);
  localparam int unsigned WideBeats = 32 * BlockLen / StreamWidth;
  localparam int unsigned CountW    = $clog2(Bound + WideBeats + 2);
  `RESET
  logic                   in_ready, out_valid, out_last, out_user;
  logic [StreamWidth-1:0] out_data;
  actp_decompressor #(
    .BlockLen(BlockLen), .StreamWidth(StreamWidth), .Formats(Formats), .Orders(Orders),
        .GroupLen(GroupLen),
    .Depth(Depth)
  ) u_dut (
    .clk_i, .rst_ni, .cfg_format_i, .cfg_order_i, .cfg_slot_bytes_i, .cfg_lossless_i,
    .cfg_fill_zero_i, .cfg_row_limit_i, .in_valid_i, .in_ready_o(in_ready), .in_data_i, .in_keep_i,
    .in_last_i, .in_user_i, .out_valid_o(out_valid), .out_ready_i, .out_data_o(out_data),
    .out_keep_o(), .out_last_o(out_last), .out_user_o(out_user), .out_bad_o(),
    .block_done_o(), .lossless_o(),
    .malformed_o(), .blocks_o(), .malformed_blocks_o(), .bytes_in_o(), .bytes_out_o()
  );

  // ---- ended packets that wait for their answer: a queue of formats, oldest in place 0
  localparam int unsigned Places = 6;
  logic              take, ends, give, answered, narrow_q, narrow, inside_q;
  logic [Places-1:0] queue_q, queue_d;
  logic [2:0]        waiting_q, tail;
  assign take     = in_valid_i & in_ready;
  assign ends     = take & in_last_i;
  assign give     = out_valid & out_ready_i;
  assign answered = give & out_last;
  assign narrow   = inside_q ? narrow_q : (cfg_format_i == 2'd1) | (cfg_format_i == 2'd2);
  assign tail     = waiting_q - 3'(answered);
  always_comb begin
    queue_d = answered ? queue_q >> 1 : queue_q;
    for (int unsigned i = 0; i < Places; i++) begin
      if (ends && tail == 3'(i)) queue_d[i] = narrow;
    end
  end
  logic [CountW-1:0] beats_q, wanted, slow_q, shut_q;
  assign wanted = queue_q[0] ? CountW'(WideBeats / 2 - 1) : CountW'(WideBeats - 1);
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      inside_q  <= 1'b0;
      waiting_q <= '0;
      queue_q   <= '0;
      beats_q   <= '0;
      slow_q    <= '0;
      shut_q    <= '0;
    end else begin
      if (take) inside_q <= ~in_last_i;
      waiting_q <= tail + 3'(ends);
      queue_q   <= queue_d;
      if (give) beats_q <= out_last ? '0 : beats_q + CountW'(1);
      // Cycles since the oldest packet without an answer could be the next one.
      if (answered | (waiting_q == '0)) slow_q <= '0;
      else if (out_ready_i)             slow_q <= slow_q + CountW'(1);
      if (in_ready)         shut_q <= '0;
      else if (out_ready_i) shut_q <= shut_q + CountW'(1);
    end
  end
  always_ff @(posedge clk_i) if (take) narrow_q <= narrow;

  `CHECK(waiting_q <= 3'd5)
  `CHECK(~out_valid | (waiting_q != '0))
  `CHECK(~out_valid | (out_last == (beats_q == wanted)))
  `CHECK(slow_q < CountW'(Bound))
  `CHECK(shut_q < CountW'(Bound))
  `REACH((waiting_q == 3'd3) & (queue_q[2:0] == 3'b101) & out_valid)
endmodule

`default_nettype wire
