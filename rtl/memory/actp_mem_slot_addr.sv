// SPDX-License-Identifier: Apache-2.0
// actp_mem_slot_addr - where the slot of a block lies in memory.
//
// Contract in: a block by its tag, with its region; out: the bus word where its slot begins; UserW
//          bits go along. Latency 2, one block per cycle, holds 2. in_region_i is read with the
//          input alone. Ready sees the output's ready. Serial: the input is there for a cycle
//          before it is taken, and a block takes up to 11 cycles.
// Method   the block's number times the stride, from the slot base on. Serial: one adder, a bit of
//          the stride a cycle, until no bit is left.
// Params   BlockLen 32 .. 256; StreamWidth 64 .. 512; Formats 1 .. 7; AddrW 32 .. 64; UserW >= 1;
//          Serial 0, 1
// Reset    empty
`include "actp_macros.svh"
`default_nettype none

module actp_mem_slot_addr #(
  parameter int unsigned BlockLen    = 128,
  parameter int unsigned StreamWidth = 256,
  parameter int unsigned Formats     = 7,
  parameter int unsigned AddrW       = 40,
  parameter int unsigned UserW       = 1,
  parameter bit          Serial      = 1'b0,
  localparam int unsigned TagW  = AddrW - actp_mem_pkg::GRANULE_W,
  localparam int unsigned SlotW = AddrW - $clog2(StreamWidth / 8)
) (
  input  wire logic                  clk_i,
  input  wire logic                  rst_ni,
  // a block
  input  wire logic                  in_valid_i,
  output logic                       in_ready_o,
  input  wire actp_mem_pkg::region_t in_region_i,  // that of the block
  input  wire logic [TagW-1:0]       in_tag_i,     // its address in granules
  input  wire logic [UserW-1:0]      in_user_i,    // goes along
  // the place of its slot
  output logic                       out_valid_o,
  input  wire logic                  out_ready_i,
  output logic [SlotW-1:0]           out_slot_o,   // bus words
  output logic [UserW-1:0]           out_user_o    // as in_user_i
);
  localparam int unsigned PageBits  = AddrW - 12;                          // of a page number
  localparam int unsigned InPage    = 12 - actp_mem_pkg::GRANULE_W;        // granules of a page
  localparam int unsigned PageWords = 12 - $clog2(StreamWidth / 8);
  localparam int unsigned WideShift = $clog2(BlockLen / 16);               // granules of a block
  localparam int unsigned SlimShift = $clog2(BlockLen / 32);
  // Blocks of a region: its size has 32 bits of granules. Words of a slot that is legal.
  localparam int unsigned OffsetW   = (TagW < 32) ? TagW : 32;
  localparam int unsigned NumberW   = OffsetW - (((Formats & 6) != 0) ? SlimShift : WideShift);
  localparam int unsigned StrideW   = $clog2((33 * BlockLen / 8 + 8) / (StreamWidth / 8) + 2);
  localparam int unsigned HalfW     = PageBits / 2;
  localparam int unsigned LowerW    = HalfW + 1;                           // with the carry
  localparam int unsigned UpperW    = PageBits - HalfW;

  logic                 valid1_q, valid2_q, known, done1, move1, move2, narrow;
  logic [PageBits-1:0]  tag_page, base, not_base;
  logic [LowerW-1:0]    low;
  logic [UpperW-1:0]    high;
  logic [TagW-1:0]      offset;
  logic [NumberW-1:0]   number_d;
  logic [StrideW-1:0]   stride_q;
  logic [SlotW-1:0]     slot_d, slot_q;
  logic [UserW-1:0]     user1_q, user2_q;

  assign narrow   = ((Formats & 1) == 0) |
                    (((Formats & 6) != 0) & (in_region_i.fmt != actp_pkg::FP32));
  assign tag_page = in_tag_i[TagW-1:InPage];
  assign base     = PageBits'(in_region_i.base_page);
  assign not_base = ~base;
  assign low      = {1'b0, tag_page[HalfW-1:0]} + {1'b0, not_base[HalfW-1:0]} + LowerW'(1);
  assign offset   = {high, low[HalfW-1:0], in_tag_i[InPage-1:0]};
  assign number_d = narrow ? NumberW'(offset >> SlimShift) : NumberW'(offset >> WideShift);

  assign move2      = ~valid2_q | out_ready_i;
  assign move1      = known & (~valid1_q | (done1 & move2));
  assign in_ready_o = move1;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid1_q <= 1'b0;
      valid2_q <= 1'b0;
    end else begin
      valid1_q <= (in_valid_i & move1) | (valid1_q & ~(done1 & move2));
      if (move2) valid2_q <= valid1_q & done1;
    end
  end
  if (Serial) begin : gen_serial
    // What the lower halves carry is added to the upper ones a cycle later.
    localparam int unsigned LowW = SlotW / 2;
    localparam int unsigned TopW = SlotW - LowW;
    logic            known_q, half_q, carry_q, late_q;
    logic [SlotW:0]  number_q;  // goes up as the stride goes down
    logic [LowW-1:0] low_q;
    logic [TopW-1:0] top_q;
    assign known  = known_q;
    assign high   = tag_page[PageBits-1:HalfW] + not_base[PageBits-1:HalfW] + UpperW'(half_q);
    assign done1  = (stride_q == '0) & ~late_q;
    assign slot_d = {top_q, low_q};
    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) known_q <= 1'b0;
      else         known_q <= in_valid_i & ~move1;
    end
    always_ff @(posedge clk_i) begin
      half_q <= low[HalfW];
      if (move1) begin
        number_q         <= {1'b0, SlotW'(number_d)};
        stride_q         <= StrideW'(in_region_i.stride);
        {top_q, low_q}   <= {PageBits'(in_region_i.slot_page), {PageWords{1'b0}}};
        {carry_q, late_q} <= '0;
      end else begin
        number_q         <= number_q << 1;
        stride_q         <= stride_q >> 1;
        late_q           <= stride_q[0];
        {carry_q, low_q} <= {1'b0, low_q} + {1'b0, number_q[LowW-1:0] & {LowW{stride_q[0]}}};
        top_q            <= top_q + (number_q[SlotW:LowW+1] & {TopW{late_q}}) + TopW'(carry_q);
      end
    end
  end else begin : gen_whole
    logic [NumberW-1:0]  number_q;
    logic [PageBits-1:0] page_q;
    logic [UpperW-1:0]   high0, high1;
    // Side by side: the carry selects one.
    assign high0  = tag_page[PageBits-1:HalfW] + not_base[PageBits-1:HalfW];
    assign high1  = tag_page[PageBits-1:HalfW] + not_base[PageBits-1:HalfW] + UpperW'(1);
    assign high   = low[HalfW] ? high1 : high0;
    assign known  = 1'b1;
    assign done1  = 1'b1;
    assign slot_d = {page_q, {PageWords{1'b0}}} + SlotW'(number_q) * SlotW'(stride_q);
    always_ff @(posedge clk_i) begin
      if (in_valid_i & move1) begin
        number_q <= number_d;
        page_q   <= PageBits'(in_region_i.slot_page);
        stride_q <= StrideW'(in_region_i.stride);
      end
    end
  end
  always_ff @(posedge clk_i) begin
    if (in_valid_i & move1)       user1_q <= in_user_i;
    if (valid1_q & done1 & move2) begin
      slot_q  <= slot_d;
      user2_q <= user1_q;
    end
  end

  assign out_valid_o = valid2_q;
  assign out_slot_o  = slot_q;
  assign out_user_o  = user2_q;

  `ACTP_STREAM(SlotAddrOut, out_valid_o, out_ready_i, ({out_slot_o, out_user_o}))
endmodule

`default_nettype wire
