// SPDX-License-Identifier: Apache-2.0
// actp_dec_end - the end of a slot: words that nobody needs, its length, bytes read.
//
// Format   F-3.15, F-5.14, F-7.4        Model   actplane::DecompressBlock (model/src/codec.cc)
// Contract skip_o: the word at the input is one of the open slot behind its last needed bit, and
//          goes no further; only when a chunk of the slot has left, so that what was read of it
//          does not mix with what the slot before it reports. slot_end_o: with the final chunk or
//          later, the last word of the slot is known.
// Params   Width 256 or 512; CountW: bits of a count of words, which stops near its end; Single:
//          there are slots of one chunk
// Reset    nothing read
`default_nettype none

module actp_dec_end #(
  parameter int unsigned Width  = 256,
  parameter int unsigned CountW = 7,
  parameter bit          Single = 1'b0,
  localparam int unsigned BytesW = $clog2(Width / 8) + 1,
  localparam int unsigned TotalW = CountW + BytesW,
  localparam int unsigned SlotW  = actp_pkg::SLOT_W
) (
  input  wire logic              clk_i,
  input  wire logic              rst_ni,
  // the word at the input
  input  wire logic              in_valid_i,
  input  wire logic              in_ready_i,
  input  wire logic [BytesW-1:0] in_bytes_i,
  input  wire logic              in_first_i,
  input  wire logic              in_last_i,
  input  wire logic              in_hole_i,
  input  wire logic              in_later_i,  // it may be one of a later slot
  output logic                   skip_o,
  // words of the slot that leave
  input  wire logic [BytesW-1:0] bytes0_i,
  input  wire logic [BytesW-1:0] bytes1_i,
  input  wire logic              last0_i,
  input  wire logic              last1_i,
  input  wire logic              hole0_i,
  input  wire logic              hole1_i,
  input  wire logic              drop_i,
  input  wire logic              drop2_i,
  // the slot
  input  wire logic              begin_i,     // another slot from the next cycle on
  input  wire logic [CountW-1:0] need_i,      // words that it needs, with begin_i
  input  wire logic [SlotW-1:0]  bytes_i,
  input  wire logic              zero_i,      // it needs no more
  input  wire logic              step_i,      // some of it leaves
  input  wire logic              done_i,      // the final chunk leaves
  output logic                   tail_o,      // word 0 is its last needed one
  output logic                   flush_o,     // its final chunk has left, its end is not known
  output logic                   wrong_o,     // the one that has ended last had a wrong length
  output logic [31:0]            read_o       // bytes of all that have ended, one cycle later
);
  logic [CountW-1:0] need_q;
  logic [CountW-1:0] count_q;     // words that have left the window
  logic [CountW-1:0] entered_q;   // words of the slot at the input
  logic              begun_q, seen_q, flush_q, skipped, skip_last, slot_end;
  logic [TotalW-1:0] total0, total1, total2;
  logic [31:0]       read_q;
  logic [BytesW+1:0] bytes_q;     // of the cycle before
  assign skip_o    = (begun_q | (Single & step_i)) & ~in_first_i & ~in_later_i & (zero_i | flush_q |
      (entered_q >= need_q));
  assign skipped   = in_valid_i & skip_o;
  assign skip_last = skipped & in_last_i;
  assign tail_o    = last0_i | (count_q + 1'b1 >= need_q);
  assign flush_o   = flush_q;
  assign read_o    = read_q;
  assign slot_end  = last0_i | (drop2_i & last1_i) | seen_q | skip_last;
  assign total0    = {count_q, {(BytesW-1){1'b0}}} + TotalW'(bytes0_i);
  assign total1    = {count_q + 1'b1, {(BytesW-1){1'b0}}} + TotalW'(bytes1_i);
  assign total2    = {entered_q, {(BytesW-1){1'b0}}} + TotalW'(in_bytes_i);
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      begun_q <= 1'b0;
      seen_q  <= 1'b0;
      flush_q <= 1'b0;
      read_q  <= '0;
      bytes_q <= '0;
    end else begin
      begun_q <= ~begin_i & (begun_q | step_i);
      seen_q  <= ~begin_i & (seen_q | skip_last);
      flush_q <= done_i ? ~slot_end : flush_q & ~skip_last;
      read_q  <= read_q + 32'(bytes_q);
      bytes_q <= ((BytesW+2)'(bytes0_i) & {(BytesW+2){drop_i}}) +
          ((BytesW+2)'(bytes1_i) & {(BytesW+2){drop2_i}}) +
          ((BytesW+2)'(in_bytes_i) & {(BytesW+2){skipped}});
    end
  end
  always_ff @(posedge clk_i) begin
    if (begin_i) need_q <= need_i;
    if (begin_i)                                 count_q <= '0;
    else if (drop_i & (count_q[CountW-1:1] != '1)) count_q <= count_q + 1'b1;
    if (in_valid_i & in_ready_i) begin
      if (in_first_i)                          entered_q <= CountW'(1);
      else if (entered_q[CountW-1:1] != '1) entered_q <= entered_q + 1'b1;
    end
    if (skip_last)      wrong_o <= (total2 != TotalW'(bytes_i)) | in_hole_i;
    else if (done_i & ~seen_q) begin
      wrong_o <= last0_i ? (total0 != TotalW'(bytes_i)) | hole0_i :
          (total1 != TotalW'(bytes_i)) | hole1_i;
    end
  end
endmodule

`default_nettype wire
