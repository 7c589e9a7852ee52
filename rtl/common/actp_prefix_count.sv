// SPDX-License-Identifier: Apache-2.0
// actp_prefix_count - for every position, how many ones precede it, as a parallel prefix tree.
//
// Contract combinational; count_o[i*CountW +: CountW] = ones in bits_i[i-1:0], i = 0 .. Len
// Params   Len >= 2, CountW wide enough for Len
`default_nettype none

module actp_prefix_count #(
  parameter int unsigned Len    = 23,
  parameter int unsigned CountW = 5
) (
  input  wire logic [Len-1:0]        bits_i, // any
  output logic [(Len+1)*CountW-1:0]  count_o // ones in front of each, and of all
);
  localparam int unsigned Levels = $clog2(Len);

  // level[l] holds at i the ones in the 2^l bits that end at bit i.
  logic [(Levels+1)*Len*CountW-1:0] level /*verilator split_var*/;

  for (genvar i = 0; i < Len; i++) begin : gen_leaf
    assign level[i*CountW +: CountW] = CountW'(bits_i[i]);
  end
  for (genvar l = 0; l < Levels; l++) begin : gen_level
    for (genvar i = 0; i < Len; i++) begin : gen_sum
      if (i >= (1 << l)) begin : gen_add
        assign level[((l+1)*Len+i)*CountW +: CountW] =
            level[(l*Len+i)*CountW +: CountW] + level[(l*Len+i-(1<<l))*CountW +: CountW];
      end else begin : gen_copy
        assign level[((l+1)*Len+i)*CountW +: CountW] = level[(l*Len+i)*CountW +: CountW];
      end
    end
  end

  assign count_o[CountW-1:0] = '0;
  assign count_o[(Len+1)*CountW-1:CountW] = level[Levels*Len*CountW +: Len*CountW];
endmodule

`default_nettype wire
