// SPDX-License-Identifier: Apache-2.0
// fv_mem_slot_addr - actp_mem_block and actp_mem_slot_addr: an address of a region reaches the slot
//   of its block, inside the slot area of that region.
//
// Proves   the block of an address in a region begins in the region and holds the address; its slot
//          lies at slot base + number * stride, and it and the slot's last word in the slot area:
//          from the slot base to the end of the last block's slot. S2 at the output; what goes
//          along belongs to its block.
// Method   the address goes in at one time or another and is followed to the output. The area's end
//          is that of the largest block number. Regions of at most 2^SizeBits granules, wherever
//          they and their slots are; strides of any word count up to 15.
// Reach    the last block of a region with a stride of 5 leaves
`include "fv.svh"
`default_nettype none

module fv_mem_slot_addr #(
  parameter int unsigned BlockLen    = 32,
  parameter int unsigned StreamWidth = 64,
  parameter int unsigned Formats     = 7,
  parameter int unsigned AddrW       = 32,
  parameter int unsigned SizeBits    = 6
) (
  input wire logic             clk_i,
  input wire logic             rst_ni,
  input wire logic             in_valid_i,
  input wire logic             mark_i,
  input wire logic             out_ready_i,
  input wire logic [AddrW-1:0] other_i
);
  localparam int unsigned TagW  = AddrW - 6;
  localparam int unsigned BusW  = $clog2(StreamWidth / 8);
  localparam int unsigned SlotW = AddrW - BusW;
  `RESET
  (* anyconst *) logic [actp_mem_pkg::REGION_W-1:0] bits;
  (* anyconst *) logic [AddrW-1:0]                  addr;
  actp_mem_pkg::region_t region;
  assign region = bits;

  logic [AddrW-1:0] base, last, slot_base;
  logic [TagW-1:0]  size;
  assign base      = {(AddrW-12)'(region.base_page), 12'd0};
  assign last      = {(AddrW-12)'(region.last_page), region.last_granule, 6'h3f};
  assign slot_base = {(AddrW-12)'(region.slot_page), 12'd0};
  assign size      = TagW'((last - base) >> 6);
  `RESTRICT((base <= last) & (size < TagW'(1 << SizeBits)))
  `RESTRICT((region.stride < 8'd16) & (region.stride != '0))
  `RESTRICT((addr >= base) & (addr <= last))

  // The block, by a division that is written out.
  logic                narrow;
  logic [AddrW-1:0]    block_bytes, number, last_number, area_end;
  assign narrow      = ((Formats & 1) == 0) | (((Formats & 6) != 0) & (region.fmt != 2'd0));
  assign block_bytes = narrow ? AddrW'(BlockLen * 2) : AddrW'(BlockLen * 4);
  assign number      = narrow ? (addr - base) >> $clog2(BlockLen * 2) :
                                (addr - base) >> $clog2(BlockLen * 4);
  assign last_number = narrow ? (last - base) >> $clog2(BlockLen * 2) :
                                (last - base) >> $clog2(BlockLen * 4);
  function automatic logic [AddrW:0] words(input logic [AddrW-1:0] blocks);
    words = '0;
    for (int unsigned k = 0; k < 4; k++) begin
      words = words + (((AddrW+1)'(blocks) << k) & {(AddrW+1){region.stride[k]}});
    end
  endfunction
  logic [AddrW:0] area_words;
  assign area_words = words(last_number) + (AddrW+1)'(region.stride);
  assign area_end   = (slot_base >> BusW) + area_words[AddrW-1:0];  // first word behind it
  `RESTRICT(((AddrW+1)'(slot_base >> BusW) + area_words) <= ((AddrW+1)'(1) << SlotW))

  logic [TagW-1:0]  tag;
  logic [31:0]      word, last_word;
  logic             last_block;
  localparam int unsigned MaxWords = BlockLen * (((Formats & 1) != 0) ? 32 : 16) / StreamWidth;
  localparam int unsigned WordW    = (MaxWords > 1) ? $clog2(MaxWords) : 1;
  logic [WordW-1:0] block_word, block_last_word;
  actp_mem_block #(
    .BlockLen(BlockLen), .StreamWidth(StreamWidth), .Formats(Formats), .AddrW(AddrW)
  ) u_block (
    .fmt_i(region.fmt), .end_page_i(addr[AddrW-1:12] == last[AddrW-1:12]),
    .granule_i(region.last_granule), .addr_i(addr), .tag_o(tag), .word_o(block_word),
    .last_word_o(block_last_word), .last_o(last_block)
  );
  logic [AddrW-1:0] block_base;
  assign block_base = {tag, 6'd0};
  assign word       = 32'(block_word);
  assign last_word  = 32'(block_last_word);
  `CHECK((block_base >= base) & (block_base <= addr) & (addr - block_base < block_bytes))
  `CHECK(block_base == base + (narrow ? number << $clog2(BlockLen * 2) :
                                        number << $clog2(BlockLen * 4)))
  `CHECK(word == 32'((addr - block_base) >> BusW))
  `CHECK((word <= last_word) & (block_base + (AddrW'(last_word) << BusW) <= last))
  `CHECK(last_block == (number == last_number))

  // In and out: others go beside it.
  logic             ready, valid, user;
  logic [SlotW-1:0] slot;
  actp_mem_slot_addr #(
    .BlockLen(BlockLen), .StreamWidth(StreamWidth), .Formats(Formats), .AddrW(AddrW), .UserW(1)
  ) u_dut (
    .clk_i, .rst_ni, .in_valid_i, .in_ready_o(ready), .in_region_i(region),
    .in_tag_i(mark_i ? tag : other_i[AddrW-1:6]), .in_user_i(mark_i), .out_valid_o(valid),
    .out_ready_i, .out_slot_o(slot), .out_user_o(user)
  );
  logic [AddrW-1:0] first, end_word;
  assign first    = AddrW'(slot);
  assign end_word = first + AddrW'(region.stride);
  `STREAM(out, valid, out_ready_i, {slot, user}, SlotW + 1)
  `CHECK(~(valid & user) | (first >= (slot_base >> BusW)))
  `CHECK(~(valid & user) | (end_word <= area_end))
  logic [AddrW:0] offset;
  assign offset = words(number);
  `CHECK(~(valid & user) | (first == (slot_base >> BusW) + offset[AddrW-1:0]))
  `REACH(valid & user & (number == last_number) & (number > AddrW'(10)) & (region.stride == 8'd5))
endmodule

`default_nettype wire
