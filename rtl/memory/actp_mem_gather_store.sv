// SPDX-License-Identifier: Apache-2.0
// actp_mem_gather_store - one block being gathered: its words, and which bytes were written.
//
// Contract one write a cycle, of a word: with the strobes of the master (beat_i), which mark bytes,
//          or of the old block (merge_i), which mark none. open_i with beat_i: the first beat of a
//          block; whatever was in here is forgotten. read_*_o: with read_i the word
//          read_word_i, in the same cycle, else 0; mask: its bytes that were written.
//          whole_o: every byte up to last_word_i was written; some_o: any byte was.
// Method   data and masks are read and written in whole words, so that memories can take their
//          place; a word that was not touched has a meaningless mask.
// Params   StreamWidth 64 .. 512; Words 1 .. 128; Fifo 1: data in latches, else in flops
// Reset    none: a block begins with open_i
`default_nettype none

module actp_mem_gather_store #(
  parameter int unsigned StreamWidth = 256,
  parameter int unsigned Words       = 16,
  parameter int unsigned Fifo        = 0,
  localparam int unsigned Bytes = StreamWidth / 8,
  localparam int unsigned WordW = (Words > 1) ? $clog2(Words) : 1
) (
  input  wire logic                   clk_i,
  // write
  input  wire logic                   open_i,       // the first beat of a block
  input  wire logic                   beat_i,       // a word of the master
  input  wire logic                   merge_i,      // a word of the old block
  input  wire logic [WordW-1:0]       word_i,       // which one
  input  wire logic [Bytes-1:0]       strb_i,       // its bytes
  input  wire logic [StreamWidth-1:0] data_i,
  // read
  input  wire logic                   read_i,
  input  wire logic [WordW-1:0]       read_word_i,  // which word
  output logic [StreamWidth-1:0]      read_data_o,
  output logic [Bytes-1:0]            read_mask_o,  // its bytes that were written
  // how much of the block there is
  input  wire logic [WordW-1:0]       last_word_i,  // of the block
  output logic                        whole_o,      // all bytes up to it
  output logic                        some_o        // any byte
);
  logic [Words-1:0]             here, touched_q, missing;
  logic [Words*StreamWidth-1:0] data;
  logic [Words*Bytes-1:0]       mask;
  logic [Bytes-1:0]             mask_was;

  for (genvar w = 0; w < Words; w++) begin : gen_word
    logic counts;
    assign here[w] = (word_i == WordW'(w)) | (Words == 1);
    if (w == 0) begin : gen_first
      assign counts = 1'b1;
    end else begin : gen_other
      assign counts = last_word_i >= WordW'(w);
    end
    always_ff @(posedge clk_i) begin
      if (beat_i & here[w])     touched_q[w] <= 1'b1;
      else if (beat_i & open_i) touched_q[w] <= 1'b0;
    end
    assign missing[w] = counts & ~(touched_q[w] & (&mask[w*Bytes +: Bytes]));
  end
  always_comb begin
    mask_was = '0;
    for (int unsigned w = 0; w < Words; w++) begin
      mask_was = mask_was | (mask[w*Bytes +: Bytes] & {Bytes{here[w] & touched_q[w] & ~open_i}});
    end
  end
  actp_mem_cells #(.Width(Bytes), .Entries(Words)) u_masks (
    .clk_i, .write_i(here & {Words{beat_i}}), .data_i(strb_i | mask_was), .store_o(mask)
  );
  for (genvar b = 0; b < Bytes; b++) begin : gen_byte
    logic [Words*8-1:0] column;
    actp_mem_cells #(.Width(8), .Entries(Words), .Fifo(Fifo)) u_column (
      .clk_i, .write_i(here & {Words{(beat_i | merge_i) & strb_i[b]}}),
      .data_i(data_i[b*8 +: 8]), .store_o(column)
    );
    for (genvar w = 0; w < Words; w++) begin : gen_place
      assign data[w*StreamWidth+b*8 +: 8] = column[w*8 +: 8];
    end
  end
  assign whole_o = missing == '0;
  if (Words == 1) begin : gen_one
    logic unused_last;
    assign unused_last = last_word_i;
  end

  logic some_q;
  always_ff @(posedge clk_i) begin
    if (beat_i) some_q <= (|strb_i) | (some_q & ~open_i);
  end
  assign some_o = some_q;

  always_comb begin
    read_data_o = '0;
    read_mask_o = '0;
    for (int unsigned w = 0; w < Words; w++) begin
      if (read_i & ((read_word_i == WordW'(w)) | (Words == 1))) begin
        read_data_o = read_data_o | data[w*StreamWidth +: StreamWidth];
        read_mask_o = read_mask_o | (mask[w*Bytes +: Bytes] & {Bytes{touched_q[w]}});
      end
    end
  end
endmodule

`default_nettype wire
