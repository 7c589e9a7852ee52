// SPDX-License-Identifier: Apache-2.0
// actp_mem_beat - from one beat of an AXI burst to the next.
//
// Contract combinational. addr_i: the byte where this beat begins, in its page; next_o the same of
//          the beat behind it, aligned to the beat's size as AXI has it. This beat's byte lanes are
//          addr_i .. addr_i | (2^size_i - 1). Only bursts that actp_mem_decode does not refuse.
// Params   none
`default_nettype none

module actp_mem_beat (
  input  wire logic [11:0] addr_i,
  input  wire logic [3:0]  len_i,    // low bits of AxLEN, for WRAP; AxSIZE, AxBURST
  input  wire logic [2:0]  size_i,
  input  wire logic [1:0]  burst_i,
  output logic [11:0]      next_o
);
  logic [6:0]  below;   // bits of a byte in its beat
  logic [11:0] moving;  // bits that change within the burst
  assign below = 7'((8'd1 << size_i) - 8'd1);
  always_comb begin
    unique case (burst_i)
      actp_mem_pkg::BURST_FIXED: moving = '0;
      actp_mem_pkg::BURST_WRAP:  moving = (12'(len_i) << size_i) | 12'(below);
      default:                   moving = '1;
    endcase
  end
  assign next_o = (moving & ((addr_i | 12'(below)) + 12'd1)) | (~moving & addr_i);
endmodule

`default_nettype wire
