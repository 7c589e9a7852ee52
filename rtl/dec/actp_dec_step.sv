// SPDX-License-Identifier: Apache-2.0
// actp_dec_step - when a chunk leaves the words, and which words go.
//
// Format   F-3.15, F-5.14, F-7.3, F-7.4        Model   none: positions
// Contract places of the chunk that comes next are at the inputs (actp_dec_places), those of the
//          first chunk of the next slot while next_o; they are stored with start_o, then take_o
//          lanes of the chunk leave; start_o with next_o is the first of a slot. Where a chunk
//          needs more than two words, lane by lane. With the last chunk the words of its slot are
//          dropped.
// Params   as actp_dec_core
// Reset    no slot is open
`include "actp_macros.svh"
`default_nettype none

module actp_dec_step #(
  parameter int unsigned Width    = 256,
  parameter int unsigned Formats  = 7,
  parameter int unsigned Orders   = 3,
  parameter int unsigned GroupLen = 8,
  parameter int unsigned Depth    = 24,
  localparam int unsigned Lanes  = Width / 128,
  localparam int unsigned Halves = (Orders == 1) ? 1 : 8 / GroupLen,
  localparam int unsigned Num    = Lanes * Halves,
  localparam int unsigned BytesW = $clog2(Width / 8) + 1,
  localparam int unsigned PtrW   = $clog2(Width * Halves / 8) + 1,
  localparam int unsigned EndW   = PtrW + 3
) (
  input  wire logic                clk_i,
  input  wire logic                rst_ni,
  // places of the chunk that comes next
  input  wire logic                ready_i,     // there is a next slot
  input  wire logic [PtrW-1:0]     len_i,       // its front, in units
  input  wire logic [EndW*Num-1:0] ends_i,
  input  wire logic [EndW*Num-1:0] from_i,
  input  wire logic [4:0]          skip_i,
  input  wire logic                last_i,      // it is the last one of its slot
  output logic                     next_o,
  output logic                     start_o,
  // words
  input  wire logic                have0_i,
  input  wire logic                have1_i,
  input  wire logic                first1_i,    // word 1 starts a slot
  input  wire logic [BytesW-1:0]   bytes0_i,
  input  wire logic [BytesW-1:0]   bytes1_i,
  input  wire logic                last0_i,
  input  wire logic                last1_i,
  input  wire logic                tail_i,      // word 0 is the last one that the slot needs
  output logic                     drop_o,
  output logic                     drop2_o,
  // the chunk
  input  wire logic                zero_i,      // nothing of the slot counts
  input  wire logic                room_i,
  output logic [PtrW-1:0]          at_o,        // for actp_dec_rows
  output logic [EndW*Num-1:0]      from_o,
  output logic [Lanes-1:0]         take_o,
  output logic [Num-1:0]           there_o,     // of the groups
  output logic                     whole_o,     // the last lanes of the chunk
  output logic                     last_o,
  // the slot
  input  wire logic                flush_i,     // its end is not there yet
  output logic                     zero_o,      // nothing more of it counts
  output logic                     step_o,      // some of it leaves
  output logic                     done_o,      // all of it has left
  output logic                     open_o
);
  localparam int unsigned PerByte = Halves;
  localparam int unsigned Word    = Width * Halves / 8;     // units in a word
  localparam int unsigned LaneW   = (Lanes > 1) ? $clog2(Lanes) : 1;
  // Bytes of rows in a chunk, at most: may they need a third word?
  localparam int unsigned All0 = (Orders == 1) ? 0 : Lanes * (Depth + 3);
  localparam int unsigned All1 = (Orders == 2) ? 0 : Lanes * 17;
  localparam int unsigned All2 = (Orders == 2 || !Formats[0]) ? 0 : Lanes / 2 * 33;
  localparam int unsigned All  = (All0 > All1 && All0 > All2) ? All0 : (All1 > All2) ? All1 : All2;
  localparam bit          Long = All * Halves > Word + 1;

  // ---- the chunk: does it fit into what is there
  logic                open_q, cut_q, last_q, zero, slow, pre, fits, ended, can, step,
      done, over, missing, load;
  logic [PtrW-1:0]     ptr_q, ptr, at_q, at;
  logic [EndW*Num-1:0] ends_q, ends;
  logic [EndW*Num-1:0] from_q, from;
  logic [EndW-1:0]     next, avail;
  assign zero  = cut_q | zero_i;
  assign avail = last0_i ? EndW'(bytes0_i) * EndW'(PerByte) :
                           EndW'(Word) + (have1_i ? EndW'(bytes1_i) * EndW'(PerByte) : '0);
  assign ended = last0_i | (have1_i & last1_i);
  assign over  = (|next[EndW-1:PtrW-1]) & ~tail_i;
  assign pre   = open_q & have0_i & ~zero & ~tail_i & (ptr_q >= PtrW'(Word)) & room_i;
  assign can   = open_q & have0_i & (zero | ((fits | ended) & (tail_i |
      (ptr_q < PtrW'(Word)))));
  assign step  = can & room_i;
  assign whole_o = step & ~slow;
  assign done    = whole_o & last_q;
  assign missing = step & ~zero & ~fits;
  for (genvar g = 0; g < Num; g++) begin : gen_there
    assign there_o[g] = ~zero & (EndW'(ptr_q) + ends_q[EndW*g +: EndW] <= avail);
  end

  // ---- lanes
  if (Long) begin : gen_long
    logic [LaneW-1:0] lane_q;    // the first one that is still to come
    logic [Lanes-1:0] gone;
    logic [EndW-1:0]  next_all, next_first, first_end, next_from;
    assign next_all = EndW'(ptr_q) + ends_q[EndW*(Num-1) +: EndW];
    assign slow     = open_q & ~zero & (next_all > EndW'(2 * Word));
    assign next_first = EndW'(ptr_q) + first_end;
    assign next     = slow ? next_first : next_all;
    assign fits     = slow ? next_first <= avail : next_all <= avail;
    always_comb begin
      first_end = '0;
      next_from = '0;
      gone      = '0;
      for (int unsigned l = 0; l < Lanes; l++) begin
        for (int unsigned m = l + 1; m < Lanes; m++) if (LaneW'(m) == lane_q) gone[l] = 1'b1;
        if (LaneW'(l) == lane_q) first_end = ends_q[EndW*(l*Halves+Halves-1) +: EndW];
        if (LaneW'(l) == lane_q && l < Lanes - 1) next_from =
            from_q[EndW*((l+1)%Lanes)*Halves +: EndW];
      end
      ends = ends_i;
      from = from_i;
      if (slow) begin
        for (int unsigned g = 0; g < Num; g++) begin
          ends[EndW*g +: EndW] = ends_q[EndW*g +: EndW] - first_end;
          from[EndW*g +: EndW] = from_q[EndW*g +: EndW] - next_from;
        end
      end
      at = ptr + PtrW'(skip_i);
      if (slow) at = at_q + PtrW'(next_from) - (over ? PtrW'(Word) : '0);
    end
    for (genvar l = 0; l < Lanes; l++) begin : gen_take
      assign take_o[l] = step & ~gone[l] & (~slow | (LaneW'(l) == lane_q));
    end
    always_ff @(posedge clk_i) begin
      if (start_o)   lane_q <= '0;
      else if (step) lane_q <= lane_q + 1'b1;
    end
    assign load = start_o | (step & slow);
  end else begin : gen_short
    assign slow   = 1'b0;
    assign fits   = next <= avail;
    assign next   = EndW'(ptr_q) + ends_q[EndW*(Num-1) +: EndW];
    assign ends   = ends_i;
    assign from   = from_i;
    assign at     = ptr + PtrW'(skip_i);
    assign take_o = {Lanes{step}};
    assign load   = start_o;
  end

  // ---- what comes next
  assign next_o  = ~open_q | last_q;
  assign start_o = next_o ? ready_i & (open_q ? done : ~flush_i) : whole_o;
  assign ptr     = (next_o & ~slow) ? len_i : PtrW'(over ? next - EndW'(Word) : next);
  always_ff @(posedge clk_i) begin
    if (load) begin
      ptr_q  <= ptr;
      at_q   <= at;
      ends_q <= ends;
      from_q <= from;
    end else if (pre) begin
      ptr_q <= ptr_q - PtrW'(Word);
      at_q  <= at_q - PtrW'(Word);
    end
    if (start_o) last_q <= last_i;
    if (start_o & next_o) cut_q <= 1'b0;
    else if (missing)     cut_q <= 1'b1;
  end
  assign at_o    = at_q;
  assign from_o  = from_q;
  assign last_o  = last_q;
  assign open_o  = open_q;
  assign zero_o  = zero;
  assign step_o  = step;
  assign done_o  = done;
  assign drop_o  = pre | done | (step & ~zero & fits & over);
  assign drop2_o = done & have1_i & ~first1_i;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) open_q <= 1'b0;
    else         open_q <= start_o | (open_q & ~done);
  end

  `ACTP_ASSERT(TakeOpen_A, |take_o |-> open_q && have0_i)
endmodule

`default_nettype wire
