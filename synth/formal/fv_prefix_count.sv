// SPDX-License-Identifier: Apache-2.0
// fv_prefix_count - actp_prefix_count counts as a loop does.
//
// Proves   count i is the number of ones below bit i, for every input.
// Method   combinational; the loop is the statement. All inputs by SAT.
// Reach    all bits set
`include "fv.svh"
`default_nettype none

module fv_prefix_count #(
  parameter int unsigned Len    = 23,
  parameter int unsigned CountW = 5
) (
  input wire logic           clk_i,
  input wire logic           rst_ni,
  input wire logic [Len-1:0] bits_i
);
  logic [(Len+1)*CountW-1:0] count, expected;
  actp_prefix_count #(.Len(Len), .CountW(CountW)) u_dut (.bits_i, .count_o(count));

  logic [CountW-1:0] ones;
  always_comb begin
    ones = '0;
    for (int unsigned i = 0; i <= Len; i++) begin
      expected[i*CountW +: CountW] = ones;
      if (i < Len) ones = ones + CountW'(bits_i[i]);
    end
  end
  `CHECK(count == expected)
  `REACH(count[Len*CountW +: CountW] == CountW'(Len))
endmodule

`default_nettype wire
