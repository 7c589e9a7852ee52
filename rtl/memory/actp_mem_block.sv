// SPDX-License-Identifier: Apache-2.0
// actp_mem_block - which block of a region an address is in, and how many words the block has.
//
// Contract combinational. tag_o: S-side address bits [AddrW-1:6] of the block's first byte. word_o:
//          the bus word in the block. last_word_o: the block's last word that lies in the region.
//          last_o: no block of the region follows. For addresses inside the region.
// Method   a block never straddles pages. The region's end is a granule, that is whole bus words.
// Params   BlockLen 32 .. 256; StreamWidth 64 .. 512; Formats 1 .. 7; AddrW 32 .. 64
`default_nettype none

module actp_mem_block #(
  parameter int unsigned BlockLen    = 128,
  parameter int unsigned StreamWidth = 256,
  parameter int unsigned Formats     = 7,
  parameter int unsigned AddrW       = 40,
  localparam int unsigned TagW = AddrW - actp_mem_pkg::GRANULE_W,
  localparam int unsigned MaxWords = BlockLen * (((Formats & 1) != 0) ? 32 : 16) / StreamWidth,
  localparam int unsigned WordW = (MaxWords > 1) ? $clog2(MaxWords) : 1
) (
  input  wire logic [1:0]            fmt_i,        // of the region that the address is in
  input  wire logic                  end_page_i,   // the address is in the region's last page
  input  wire logic [11-actp_mem_pkg::GRANULE_W:0] granule_i,  // the region's last one, in there
  input  wire logic [AddrW-1:0]      addr_i,       // any byte of the block
  output logic [TagW-1:0]            tag_o,        // of the block, in granules
  output logic [WordW-1:0]           word_o,       // of the byte, in the block
  output logic [WordW-1:0]           last_word_o,  // the block's last one in the region
  output logic                       last_o        // the region's last block
);
  localparam int unsigned BusBits  = $clog2(StreamWidth / 8);
  localparam logic [11:0] WideMask = 12'(BlockLen * 4 - 1);
  localparam logic [11:0] SlimMask = 12'(BlockLen * 2 - 1);

  // The block's bits of an address in its page.
  logic        narrow;
  logic [11:0] mask, last_byte;
  assign narrow = ((Formats & 1) == 0) | (((Formats & 6) != 0) & (fmt_i != actp_pkg::FP32));
  assign mask   = narrow ? SlimMask : WideMask;

  assign last_byte = {granule_i, {actp_mem_pkg::GRANULE_W{1'b1}}};
  assign last_o    = end_page_i & (((addr_i[11:0] ^ last_byte) & ~mask) == '0);
  assign tag_o     = TagW'({addr_i[AddrW-1:12], addr_i[11:0] & ~mask} >> actp_mem_pkg::GRANULE_W);
  assign word_o    = WordW'((addr_i[11:0] & mask) >> BusBits);
  assign last_word_o = WordW'((last_o ? last_byte & mask : mask) >> BusBits);
endmodule

`default_nettype wire
