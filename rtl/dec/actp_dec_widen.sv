// SPDX-License-Identifier: Apache-2.0
// actp_dec_widen - beats of slots to words of the core's width.
//
// Format   F-2.5, F-7.4        Model   none: what AXI4-Stream asks for (docs/rtl.md)
// Contract in:  beats; in_bytes_i kept bytes from byte 0 on; in_hole_i: null bytes anywhere else.
//          out: words in the same cycle as the beat that completes them; every slot starts a word.
//               Its last word has last_o and may have no byte. At a hole the slot ends with the
//               beats before it, and the rest of its packet is dropped. tag_o counts with the first
//               word: that of the first beat that is not null.
// Params   StreamWidth 64 .. 512, Width >= StreamWidth: bits of a word; TagW >= 1
// Reset    no slot is open
`include "actp_macros.svh"
`default_nettype none

module actp_dec_widen #(
  parameter int unsigned StreamWidth = 256,
  parameter int unsigned Width       = 256,
  parameter int unsigned TagW        = 24,
  localparam int unsigned InW    = $clog2(StreamWidth / 8) + 1,
  localparam int unsigned BytesW = $clog2(Width / 8) + 1
) (
  input  wire logic                   clk_i,
  input  wire logic                   rst_ni,
  // beats of slots
  input  wire logic                   in_valid_i,
  output logic                        in_ready_o,
  input  wire logic [StreamWidth-1:0] in_data_i,
  input  wire logic [InW-1:0]         in_bytes_i,
  input  wire logic                   in_last_i,
  input  wire logic                   in_hole_i,
  input  wire logic [TagW-1:0]        in_tag_i,
  // words of Width bits
  output logic                        out_valid_o,
  input  wire logic                   out_ready_i,
  output logic [Width-1:0]            out_data_o,
  output logic [BytesW-1:0]           out_bytes_o,
  output logic                        out_first_o,
  output logic                        out_last_o,
  output logic                        out_hole_o,
  output logic [TagW-1:0]             out_tag_o
);
  localparam int unsigned Beats = Width / StreamWidth;

  logic open_q, drop_q, first_q;  // first_q: no word of the open slot has left
  logic null_beat, full, ends, emits, move;
  assign null_beat   = ~in_hole_i & (in_bytes_i == '0);
  assign ends        = in_last_i | in_hole_i;
  assign emits       = ~drop_q & (null_beat ? in_last_i & open_q : ends | full);
  assign out_valid_o = in_valid_i & emits;
  assign in_ready_o  = out_ready_i | ~emits;
  assign move        = in_valid_i & in_ready_o;
  assign out_first_o = ~open_q | first_q;
  assign out_last_o  = ends;
  assign out_hole_o  = in_hole_i;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      open_q  <= 1'b0;
      drop_q  <= 1'b0;
      first_q <= 1'b0;
    end else if (move) begin
      if (drop_q) begin
        drop_q <= ~in_last_i;
      end else if (ends) begin
        open_q <= 1'b0;
        drop_q <= in_hole_i & ~in_last_i;
      end else if (~null_beat) begin
        open_q  <= 1'b1;
        first_q <= out_first_o & ~full;
      end
    end
  end

  logic [BytesW-1:0] here;
  assign here = in_hole_i ? '0 : BytesW'(in_bytes_i);
  if (Beats == 1) begin : gen_same
    assign full        = 1'b1;
    assign out_data_o  = in_data_i;
    assign out_bytes_o = here;
    assign out_tag_o   = in_tag_i;
  end else begin : gen_wider
    localparam int unsigned IndexW = $clog2(Beats);
    logic [IndexW-1:0]            index_q;
    logic [Width-StreamWidth-1:0] beats_q;
    logic [TagW-1:0]              tag_q;
    assign full        = index_q == IndexW'(Beats - 1);
    assign out_bytes_o = BytesW'(index_q) * BytesW'(StreamWidth / 8) + here;
    assign out_tag_o   = open_q ? tag_q : in_tag_i;
    always_comb begin
      out_data_o = {in_data_i, beats_q};
      for (int unsigned b = 0; b < Beats - 1; b++) begin
        if (index_q == IndexW'(b)) out_data_o[b*StreamWidth +: StreamWidth] = in_data_i;
      end
    end
    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni)                              index_q <= '0;
      else if (move & emits)                    index_q <= '0;
      else if (move & ~null_beat & ~drop_q)     index_q <= index_q + 1'b1;
    end
    always_ff @(posedge clk_i) begin
      if (move & ~null_beat & ~drop_q) begin
        for (int unsigned b = 0; b < Beats - 1; b++) begin
          if (index_q == IndexW'(b)) beats_q[b*StreamWidth +: StreamWidth] <= in_data_i;
        end
        if (~open_q) tag_q <= in_tag_i;
      end
    end
  end

  `ACTP_STREAM(WidenOut, out_valid_o, out_ready_i, {out_bytes_o, out_first_o, out_last_o,
      out_hole_o})
endmodule

`default_nettype wire
