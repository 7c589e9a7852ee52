// SPDX-License-Identifier: Apache-2.0
// actp_mem_check - may this region be enabled?
//
// Format   F-2.4, F-2.6 (in actp_config)
// Contract start_i with a region that is off, until done_o; ok_o with it. Refused: a configuration
//          that the codecs cannot do; no granule; a region or slots beyond the last address; pages,
//          or pages of slots, shared with a region that is on. other_o, index_o: the fields of the
//          region index_i, not of the region in question, are wanted at the inputs in this cycle.
//          size_write_o: the region in question keeps size_o, its last granule, before any other is
//          looked at, and gets its size back when it is refused. While start_i is low size_o is the
//          size of the region at the inputs, less one, whether it is on or off, from the third
//          cycle on in which it is there.
// Method   both ways, of pages and of slot pages: the end of one region against the base of the
//          other; two areas overlap when each begins before the other ends. The end of the slots is
//          the number of the last block times the stride, a bit of the stride a cycle, and the last
//          slot. At most 48 cycles for each region of the device.
// Params   BlockLen, Formats, Orders, GroupLen, Depth as the codecs; StreamWidth 64 .. 512; AddrW
//          32 .. 64; Regions 1 .. 16
// Reset    idle
`include "actp_macros.svh"
`default_nettype none

module actp_mem_check #(
  parameter int unsigned BlockLen    = 128,
  parameter int unsigned StreamWidth = 256,
  parameter int unsigned Formats     = 7,
  parameter int unsigned Orders      = 3,
  parameter int unsigned GroupLen    = 8,
  parameter int unsigned Depth       = 24,
  parameter int unsigned AddrW       = 40,
  parameter int unsigned Regions     = 8,
  localparam int unsigned RegW  = (Regions > 1) ? $clog2(Regions) : 1,
  localparam int unsigned PageW = AddrW - 12,
  localparam int unsigned SizeW = AddrW - actp_mem_pkg::GRANULE_W,
  localparam int unsigned ByteW = $clog2(33 * BlockLen / 8 + 9),
  localparam int unsigned CfgW  = 13 + ByteW
) (
  input  wire logic             clk_i,
  input  wire logic             rst_ni,
  input  wire logic             start_i,       // checks the region at the inputs
  output logic                  other_o,       // wants region index_i at the inputs instead
  output logic [RegW-1:0]       index_o,       // that other one
  input  wire logic             enable_i,      // of the region that is wanted
  input  wire logic [PageW-1:0] base_i,        // its first page
  input  wire logic [SizeW-1:0] size_i,        // its granules; of one that is on the last
  input  wire logic [PageW-1:0] slot_i,        // page where its slot 0 begins
  input  wire logic [CfgW-1:0]  cfg_i,         // as in actp_mem_table
  output logic                  size_write_o,  // size_o is to be kept in the table
  output logic [SizeW-1:0]      size_o,        // of what was at the inputs a cycle before
  output logic                  done_o,        // the check is over
  output logic                  ok_o           // with done_o: it may be enabled
);
  localparam int unsigned GranuleW  = 12 - actp_mem_pkg::GRANULE_W;
  localparam int unsigned BusBits   = $clog2(StreamWidth / 8);
  localparam int unsigned PageWords = 12 - BusBits;                 // bits of a word in its page
  localparam int unsigned WordW     = AddrW - BusBits;
  localparam int unsigned StrideW   = $clog2((33 * BlockLen / 8 + 8) / (StreamWidth / 8) + 2);
  localparam int unsigned WideShift = $clog2(BlockLen / 16);        // granules of a block
  localparam int unsigned SlimShift = $clog2(BlockLen / 32);
  localparam int unsigned StepW     = $clog2(StrideW + 3);
  localparam int unsigned SumW      = WordW / 2;
  localparam int unsigned TopW      = WordW - SumW + 1;             // with the carry
  localparam logic [StepW-1:0] LoadStep    = StepW'(StrideW);

  typedef enum logic [2:0] {
    StIdle,
    StAlone,  // the region alone is judged
    StKeep,   // it keeps its last granule, or is refused
    StRun,    // against the others
    StGood,   // it may be on
    StUndo,   // refused
    StLess,   // its size is the last granule less the base
    StBack    // it gets its size back
  } state_e;
  state_e state_d, state_q;

  // The region in question alone. Its configuration.
  actp_pkg::config_t cfg;
  logic [ByteW-1:0]  bytes;
  assign bytes = cfg_i[13 +: ByteW];
  actp_config #(
    .BlockLen(BlockLen), .Formats(Formats), .Orders(Orders), .GroupLen(GroupLen), .Depth(Depth)
  ) u_config (
    .format_i(cfg_i[1:0]), .order_i(cfg_i[2]), .lossless_i(1'b0),
    .slot_bytes_i(actp_pkg::SLOT_W'(bytes)), .delta_cap_i(cfg_i[7:4]),
    .row_limit_i(cfg_i[12:8]), .fill_zero_i(cfg_i[3]), .cfg_o(cfg)
  );

  // The table has sizes less one: the last granule is the base more, and the other way round.
  // The carry between the halves is that of a cycle ago: the inputs are there for two.
  localparam int unsigned HalfW  = PageW / 2;
  localparam int unsigned LowerW = HalfW + 1;          // with the carry
  localparam int unsigned UpperW = PageW - HalfW + 1;
  logic                 add, subtract, half_q;
  logic [PageW-1:0]     term_a, term_b;
  logic [LowerW-1:0]    low;
  logic [UpperW-1:0]    high;
  logic [PageW:0]       page;
  logic [SizeW-1:0]     size;
  assign add      = ((state_q == StIdle) & start_i) | (state_q == StAlone);
  assign subtract = ~add;
  assign term_a   = size_i[SizeW-1:GranuleW];
  assign term_b   = base_i ^ {PageW{subtract}};
  assign low      = {1'b0, term_a[HalfW-1:0]} + {1'b0, term_b[HalfW-1:0]} + LowerW'(subtract);
  assign high     = {1'b0, term_a[PageW-1:HalfW]} + {1'b0, term_b[PageW-1:HalfW]} +
                    UpperW'(half_q);
  assign page     = {high, low[HalfW-1:0]};
  always_ff @(posedge clk_i) half_q <= low[HalfW];
  assign size     = {page[PageW-1:0], size_i[GranuleW-1:0]};

  // Which regions, and how far.
  logic [RegW-1:0]  other_q;
  logic             slots_q, back_q;  // slots, not pages; the other's end, not that of this one
  logic             other_sel_q, add_q, compare_q;  // what this cycle does, ahead of step_q
  logic [StepW-1:0] step_q;
  logic             to_add, last_pair;
  assign to_add    = step_q == LoadStep;
  assign last_pair = compare_q & slots_q & back_q & (other_q == RegW'(Regions - 1));
  assign other_o   = other_sel_q;
  assign index_o   = other_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      other_q     <= '0;
      other_sel_q <= 1'b0;
      slots_q     <= 1'b0;
      back_q      <= 1'b0;
      step_q      <= '0;
      add_q       <= 1'b0;
      compare_q   <= 1'b0;
    end else if ((state_q != StRun) | (state_d != StRun)) begin
      other_q     <= '0;
      other_sel_q <= 1'b0;
      slots_q     <= 1'b0;
      back_q      <= 1'b0;
      step_q      <= '0;
      add_q       <= 1'b0;
      compare_q   <= 1'b0;
    end else begin
      add_q      <= to_add;
      compare_q  <= add_q;
      step_q     <= compare_q ? '0 : step_q + StepW'(1);
      // The end of one, the base of the other.
      if (add_q) other_sel_q <= ~back_q;
      if (compare_q) begin
        other_sel_q <= ~back_q;
        back_q      <= ~back_q;
        if (back_q) slots_q <= ~slots_q;
        if (back_q & slots_q) other_q <= other_q + RegW'(1);
      end
    end
  end

  // The end: of slots the last bus word.
  logic               as_it_is, narrow, narrow_q, stride_bit, stride_bit_q, beyond_q;
  logic [SizeW-1:0]   block;    // number of the last block
  logic [StrideW-1:0] stride, stride_less, stride_less_q;
  logic [SizeW-1:0]   late_q;
  logic [WordW-1:0]   end_q, end_in, term;
  logic [WordW:0]     sum;
  logic [SumW:0]      sum_low;
  logic [TopW-1:0]    sum_high0, sum_high1;
  // What is added comes from registers: the block number, then the base of slots or the last page.
  assign as_it_is    = to_add | (~start_i & ~enable_i);
  assign narrow      = ((Formats & 1) == 0) | (((Formats & 6) != 0) & (cfg_i[1:0] != 2'd0));
  assign block       = narrow_q ? late_q >> SlimShift : late_q >> WideShift;
  assign stride_less = StrideW'(bytes >> BusBits) - StrideW'(bytes[BusBits-1:0] == '0);
  assign stride      = StrideW'(bytes >> BusBits) + StrideW'(|bytes[BusBits-1:0]);
  always_comb begin
    stride_bit = 1'b0;
    for (int unsigned k = 0; k < StrideW; k++) begin
      stride_bit |= stride[StrideW-1-k] & (step_q == StepW'(k));
    end
  end
  always_ff @(posedge clk_i) begin
    late_q[GranuleW-1:0]     <= size[GranuleW-1:0];
    late_q[SizeW-1:GranuleW] <= ~as_it_is ? size[SizeW-1:GranuleW] :
                                slots_q ? slot_i : size_i[SizeW-1:GranuleW];
    stride_bit_q             <= stride_bit & slots_q;
    stride_less_q            <= stride_less;
    narrow_q                 <= narrow;
  end
  assign end_in = add_q ? end_q : end_q << 1;
  assign term   = add_q ? {late_q[SizeW-1:GranuleW], PageWords'(stride_less_q)} :
                  WordW'(block) & {WordW{stride_bit_q}};
  // The upper halves side by side: the carry selects one.
  assign sum_low   = {1'b0, end_in[SumW-1:0]} + {1'b0, term[SumW-1:0]};
  assign sum_high0 = {1'b0, end_in[WordW-1:SumW]} + {1'b0, term[WordW-1:SumW]};
  assign sum_high1 = {1'b0, end_in[WordW-1:SumW]} + {1'b0, term[WordW-1:SumW]} + TopW'(1);
  assign sum       = {sum_low[SumW] ? sum_high1 : sum_high0, sum_low[SumW-1:0]};
  always_ff @(posedge clk_i) begin
    end_q    <= (compare_q | (state_q != StRun)) ? '0 : sum[WordW-1:0];
    beyond_q <= ~compare_q & (state_q == StRun) &
                (beyond_q | sum[WordW] | (~add_q & end_q[WordW-1]));
  end

  // The verdict.
  logic begins, shared_q, refused, bad_q;  // bad_q: by itself
  assign begins  = (slots_q ? slot_i : base_i) <= end_q[WordW-1:PageWords];
  assign refused = compare_q & (back_q ? begins & shared_q : beyond_q);
  always_ff @(posedge clk_i) begin
    if (compare_q) shared_q <= begins & enable_i;
    bad_q <= cfg.bad | (&size_i) | page[PageW];
  end

  always_comb begin
    state_d      = state_q;
    done_o       = 1'b0;
    ok_o         = 1'b0;
    size_write_o = 1'b0;
    unique case (state_q)
      StIdle:
        if (start_i) state_d = StAlone;
      StAlone: state_d = StKeep;
      StKeep: begin
        size_write_o = ~bad_q;
        done_o       = bad_q;
        state_d      = bad_q ? StIdle : StRun;
      end
      StRun:
        if (refused)        state_d = StUndo;
        else if (last_pair) state_d = StGood;
      StGood: begin
        done_o  = 1'b1;
        ok_o    = 1'b1;
        state_d = StIdle;
      end
      StUndo: state_d = StLess;
      StLess: state_d = StBack;
      StBack: begin
        size_write_o = 1'b1;
        done_o       = 1'b1;
        state_d      = StIdle;
      end
      default: state_d = StIdle;
    endcase
  end
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) state_q <= StIdle;
    else         state_q <= state_d;
  end
  assign size_o = late_q;

  `ACTP_ASSERT(CheckHeld_A, (state_q != StIdle) |-> start_i)
endmodule

`default_nettype wire
