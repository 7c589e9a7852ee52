// SPDX-License-Identifier: Apache-2.0
// fv_mem_beat - actp_mem_beat walks through a burst as AXI4 has it.
//
// Proves   the beat behind beat `beat_i` begins where AXI4 says, for bursts that actp_mem_decode
//          does not refuse.
// Method   combinational, every burst and beat; the addresses are written out here from AXI4
// Reach    a WRAP burst comes back to its lower end
`include "fv.svh"
`default_nettype none

module fv_mem_beat (
  input wire logic        clk_i,
  input wire logic        rst_ni,
  input wire logic [11:0] addr_i,
  input wire logic [7:0]  len_i,
  input wire logic [2:0]  size_i,
  input wire logic [1:0]  burst_i,
  input wire logic [7:0]  beat_i
);
  function automatic logic [11:0] place(input logic [8:0] beat);
    logic [11:0] aligned, incr, mask;
    aligned = (addr_i >> size_i) << size_i;
    incr    = aligned + (12'(beat) << size_i);
    mask    = ((12'(len_i) + 12'd1) << size_i) - 12'd1;
    place   = (burst_i == 2'd0) | (beat == '0) ? addr_i :
              (burst_i == 2'd2) ? (aligned & ~mask) | (incr & mask) : incr;
  endfunction
  logic [11:0] next;
  actp_mem_beat u_dut (
    .addr_i(place(9'(beat_i))), .len_i(len_i[3:0]), .size_i, .burst_i, .next_o(next)
  );
  logic wrap_ok;
  assign wrap_ok = ((len_i == 8'd1) | (len_i == 8'd3) | (len_i == 8'd7) | (len_i == 8'd15)) &
                   ((addr_i & ((12'd1 << size_i) - 12'd1)) == '0);
  `RESTRICT((burst_i != 2'd3) & (size_i <= 3'd6) & (beat_i < len_i))
  `RESTRICT((burst_i != 2'd2) | wrap_ok)
  `CHECK(next == place(9'(beat_i) + 9'd1))
  `REACH((burst_i == 2'd2) & (next < place(9'(beat_i))))
endmodule

`default_nettype wire
