// SPDX-License-Identifier: Apache-2.0
// fv_packer - actp_packer gives one packet for each start, as long as it was told.
//
// Proves   S2 at the output; one `last` for each start, in order, nothing without a start, two packets inside at most; keep
//          all ones but on the final beat, there a run from bit 0; the kept bytes of a packet are bytes_i; bytes that are
//          not kept read 0; while the output moves, every beat of a started packet follows in the next cycle.
// Method   bytes_i and head_bytes_i are any that the format allows, taken at start_i and held, as the compressor does it;
//          everything else is free in every cycle. Payload = 1 proves what concerns data: S2 and the bytes not kept.
// Reach    a packet of two whole beats and, right behind it, one that is cut inside its third
// Not here which bit of the slot is what (fv_roundtrip, and the tests of the module)
`include "fv.svh"
`default_nettype none

module fv_packer #(
  parameter int unsigned BlockLen    = 32,
  parameter int unsigned StreamWidth = 64,
  parameter int unsigned Payload     = 0,
  localparam int unsigned N      = BlockLen,
  localparam int unsigned SlotW  = actp_pkg::SLOT_W,
  localparam int unsigned WordsW = $clog2(32 * BlockLen / StreamWidth) + 1
) (
  input wire logic                            clk_i,
  input wire logic                            rst_ni,
  input wire logic                            start_i,
  input wire logic                            out_ready_i,
  input wire logic [SlotW-1:0]                bytes_i,
  input wire logic [1:0]                      head_words_i,  // 2, 4, 6 or 8 bytes
  input wire logic [WordsW-1:0]               words_i,
  input wire logic [(actp_pkg::ROWS-1)*N-1:0] rows_i,
  input wire logic [actp_pkg::EXP_W-1:0]      inverted_i,
  input wire logic [N-1:0]                    flushed_i,
  input wire logic [N-1:0]                    reserved_i,
  input wire logic [63:0]                     head_i,
  input wire logic [3:0]                      width_i,
  input wire logic                            sign_stored_i,
  input wire logic [22:0]                     stored_i,
  input wire logic [114:0]                    man_rank_i
);
  localparam int unsigned BeatB = StreamWidth / 8;
  localparam int unsigned MaxB  = 8 + 33 * N / 8;
  localparam int unsigned CountW = $clog2(MaxB / BeatB + 2);
  logic                   done, busy, out_valid, out_last;
  logic [StreamWidth-1:0] out_data;
  logic [BeatB-1:0]       out_keep;
  `RESET
  `RESTRICT((bytes_i >= SlotW'(1)) & (bytes_i <= SlotW'(MaxB)))
  `RESTRICT(~start_i | ~busy | done)

  logic [1:0]       head_words_q;
  logic [SlotW-1:0] bytes_q, bytes_last_q;
  always_ff @(posedge clk_i) begin
    if (start_i) begin
      head_words_q <= head_words_i;
      bytes_q      <= bytes_i;
    end
    if (done) bytes_last_q <= bytes_q;
  end
  actp_packer #(.BlockLen(BlockLen), .StreamWidth(StreamWidth)) u_dut (
    .clk_i, .rst_ni, .start_i, .done_o(done), .busy_o(busy), .words_i, .words_done_o(), .rows_i, .inverted_i, .flushed_i,
    .reserved_i, .head_i, .head_bytes_i({1'b0, head_words_q, 1'b0} + 4'd2), .width_i, .sign_stored_i, .stored_i,
    .man_rank_i, .bytes_i(bytes_q),
    .out_valid_o(out_valid), .out_ready_i, .out_data_o(out_data), .out_keep_o(out_keep), .out_last_o(out_last)
  );

  // ---- packets
  logic             give, due_q;
  logic [1:0]       open_q;  // started and not gone
  logic [CountW-1:0] sent_q;  // beats of this packet that are gone
  logic [SlotW-1:0]  rest;    // bytes of the packet that is on its last beat, with that beat
  logic [BeatB-1:0]  wanted, dirty;
  assign give = out_valid & out_ready_i;
  always_comb begin
    rest = bytes_last_q - (SlotW'(sent_q) << $clog2(BeatB));
    for (int unsigned b = 0; b < BeatB; b++) begin
      wanted[b] = ~out_last | (rest > SlotW'(b));
      dirty[b] = ~out_keep[b] & (out_data[b*8 +: 8] != 8'd0);
    end
  end
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      open_q <= '0;
      sent_q <= '0;
      due_q  <= 1'b0;
    end else begin
      open_q <= open_q + 2'(start_i) - 2'(give & out_last);
      due_q  <= busy;
      if (give) sent_q <= out_last ? '0 : sent_q + CountW'(1);
    end
  end
  if (Payload != 0) begin : gen_payload
    `STREAM(out, out_valid, out_ready_i, {out_data, out_keep, out_last}, StreamWidth + BeatB + 1)
    `CHECK(~out_valid | (dirty == '0))
  end else begin : gen_packets
    `CHECK(~due_q | out_valid)
    `CHECK(~out_valid | (open_q != 2'd0))
    `CHECK(open_q == 2'(busy) + 2'(out_valid & out_last))
    `CHECK(~out_valid | (out_keep == wanted))
    `CHECK(~out_valid | ~out_last | ((rest != '0) & (rest <= SlotW'(BeatB))))
  end

  logic whole_q, streak_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      whole_q  <= 1'b0;
      streak_q <= 1'b0;
    end else begin
      streak_q <= give & (streak_q | (out_last & (bytes_last_q == SlotW'(2 * BeatB))));
      whole_q  <= streak_q & give & out_last & (bytes_last_q == SlotW'(2 * BeatB + 3));
    end
  end
  `REACH(whole_q)
endmodule

`default_nettype wire
