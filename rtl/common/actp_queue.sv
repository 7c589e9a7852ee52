// SPDX-License-Identifier: Apache-2.0
// actp_queue - a few words in order, each in registers.
//
// Contract push_i only while ready_o is high; data_o is the oldest word while valid_o is high,
//          pop_i takes it. ready_o and valid_o are registers.
// Params   Width >= 1, Entries 2 .. 8
// Reset    empty
`include "actp_macros.svh"
`default_nettype none

module actp_queue #(
  parameter int unsigned Width   = 8,
  parameter int unsigned Entries = 4
) (
  input  wire logic             clk_i,
  input  wire logic             rst_ni,
  input  wire logic             push_i,  // only with ready_o
  output logic                  ready_o, // a register: there is room
  input  wire logic [Width-1:0] data_i,  // with push_i
  output logic                  valid_o, // a register: there is a word
  input  wire logic             pop_i,   // only with valid_o
  output logic [Width-1:0]      data_o   // the oldest word
);
  logic [Entries:0]         used_q;   // one-hot: words in it
  logic [Entries*Width-1:0] words_q;

  assign ready_o = ~used_q[Entries];
  assign valid_o = ~used_q[0];
  assign data_o  = words_q[Width-1:0];

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni)               used_q <= (Entries+1)'(1);
    else if (push_i & ~pop_i)  used_q <= used_q << 1;
    else if (pop_i & ~push_i)  used_q <= used_q >> 1;
  end
  for (genvar e = 0; e < Entries; e++) begin : gen_word
    logic [Width-1:0] next;
    if (e + 1 < Entries) begin : gen_next
      assign next = words_q[(e+1)*Width +: Width];
    end else begin : gen_last
      assign next = data_i;
    end
    always_ff @(posedge clk_i) begin
      if (push_i & (pop_i ? used_q[e+1] : used_q[e])) words_q[e*Width +: Width] <= data_i;
      else if (pop_i)                                 words_q[e*Width +: Width] <= next;
    end
  end

  `ACTP_ASSERT(QueuePush_A, push_i |-> ready_o)
  `ACTP_ASSERT(QueuePop_A, pop_i |-> valid_o)
endmodule

`default_nettype wire
