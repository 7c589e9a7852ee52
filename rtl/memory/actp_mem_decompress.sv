// SPDX-License-Identifier: Apache-2.0
// actp_mem_decompress - the decompressor with the configuration of a slot's region.
//
// Contract in:  words of slots, last with a slot's last one, its region and buffer on all of them.
//          out: all words of its block, never stalled; bad_o as out_bad_o of actp_decompressor.
// Method   the decompressor holds two words of a slot, and these until their values have left: it
//          takes the end of a long one late, and no word is given before that end has come. So
//          slots of blocks of more than 16 words wait in a store, which takes one whole.
// Params   as actp_decompressor; Regions 1 .. 16; BufferW; Fifo 1: latches for the store, else
//          flops
// Reset    no slot
`include "actp_macros.svh"
`default_nettype none

module actp_mem_decompress #(
  parameter int unsigned BlockLen    = 128,
  parameter int unsigned StreamWidth = 256,
  parameter int unsigned Formats     = 7,
  parameter int unsigned Orders      = 3,
  parameter int unsigned GroupLen    = 8,
  parameter int unsigned Depth       = 24,
  parameter int unsigned Fifo        = 0,
  parameter int unsigned Regions     = 8,
  parameter int unsigned BufferW     = 2,
  localparam int unsigned RegW = (Regions > 1) ? $clog2(Regions) : 1
) (
  input  wire logic                                      clk_i,
  input  wire logic                                      rst_ni,
  input  wire logic [Regions*actp_mem_pkg::REGION_W-1:0] regions_i,  // region_t, region 0 lowest
  // slots
  input  wire logic                   in_valid_i,
  output logic                        in_ready_o,   // of short blocks: sees the words inside
  input  wire logic [RegW-1:0]        in_region_i,
  input  wire logic [BufferW-1:0]     in_buffer_i,
  input  wire logic [StreamWidth-1:0] in_data_i,
  input  wire logic                   in_last_i,    // its last word
  // blocks
  output logic                        out_valid_o,
  output logic [BufferW-1:0]          out_buffer_o,
  output logic [StreamWidth-1:0]      out_data_o,   // values, first lowest
  output logic                        out_last_o,
  output logic                        out_bad_o
);
  localparam int unsigned BusBytes = StreamWidth / 8;
  localparam int unsigned BusBits  = $clog2(BusBytes);
  localparam int unsigned Words    = BlockLen * (((Formats & 1) != 0) ? 32 : 16) / StreamWidth;
  localparam int unsigned StoreW   = 1 + RegW + BufferW + StreamWidth;

  // ---- the store
  logic                   valid, ready, last;
  logic [RegW-1:0]        index;
  logic [BufferW-1:0]     buffer;
  logic [StreamWidth-1:0] data;
  logic [StoreW-1:0]      in_word, word;
  assign in_word = {in_last_i, in_region_i, in_buffer_i, in_data_i};
  assign {last, index, buffer, data} = word;
  if (Words > 16) begin : gen_store
    logic full;
    assign in_ready_o = ~full;
    actp_fifo #(.Width(StoreW), .Entries(Words), .Fifo((Fifo == 1) ? 1 : 0)) u_store (
      .clk_i, .rst_ni, .write_valid_i(in_valid_i & ~full), .write_data_i(in_word), .full_o(full),
      .out_valid_o(valid), .out_ready_i(ready), .out_data_o(word)
    );
  end else begin : gen_none
    assign in_ready_o = ready;
    assign valid      = in_valid_i;
    assign word       = in_word;
  end

  // ---- values
  actp_mem_pkg::region_t region;
  logic [BusBytes-1:0]   keep, all;  // values come in full beats
  logic [130:0]          counts;     // status that nobody asks for here
  logic                  unused;
  actp_mem_region #(.Regions(Regions)) u_region (
    .regions_i, .index_i(index), .region_o(region)
  );
  always_comb begin
    for (int unsigned b = 0; b < BusBytes; b++) begin
      keep[b] = ~last | (region.slot_bytes[BusBits-1:0] == '0) |
                (BusBits'(b) < region.slot_bytes[BusBits-1:0]);
    end
  end
  actp_decompressor #(.BlockLen(BlockLen), .StreamWidth(StreamWidth), .Formats(Formats),
      .Orders(Orders), .GroupLen(GroupLen), .Depth(Depth), .UserWidth(BufferW),
      .InSkid(1'b0)) u_decompressor (
    .clk_i, .rst_ni, .cfg_format_i(region.fmt), .cfg_order_i(region.order),
    .cfg_slot_bytes_i(region.slot_bytes), .cfg_lossless_i(1'b0),
    .cfg_fill_zero_i(region.fill_zero), .cfg_row_limit_i(region.row_limit), .in_valid_i(valid),
    .in_ready_o(ready), .in_data_i(data), .in_keep_i(keep), .in_last_i(last),
    .in_user_i(buffer), .out_valid_o, .out_ready_i(1'b1), .out_data_o, .out_keep_o(all),
    .out_last_o, .out_user_o(out_buffer_o), .out_bad_o, .block_done_o(counts[130]),
    .lossless_o(counts[129]), .malformed_o(counts[128]), .blocks_o(counts[127:96]),
    .malformed_blocks_o(counts[95:64]), .bytes_in_o(counts[63:32]), .bytes_out_o(counts[31:0])
  );
  assign unused = ^{all, counts, region};

  `ACTP_ASSERT(LengthIsRight_A, counts[130] |-> counts[128] == $past(out_bad_o))
endmodule

`default_nettype wire
