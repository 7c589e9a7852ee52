// SPDX-License-Identifier: Apache-2.0
// actp_mem_counters - what the memory path has done, in 32-bit counters that wrap.
//
// Contract counter c goes up by count_i[2c +: 2], 0 .. 2, in every cycle; counters Num and Num + 1
//          by the bytes that came with their valid a cycle before. read_ready_o: data_o is counter
//          read_index_i, as it was before this cycle; it comes within Num cycles and is there for
//          one.
// Method   the low five bits of each counter count for themselves. Above them Num words turn in a
//          ring, one place a cycle; the word at the end of it takes the carry that its low bits
//          have left. No low part runs over twice in a turn. The ring starts with a turn of zeros.
// Params   Num 2 .. 16
// Reset    all 0
`include "actp_macros.svh"
`default_nettype none

module actp_mem_counters #(
  parameter int unsigned Num = 12,
  localparam int unsigned IndexW = $clog2(Num + 2),
  localparam int unsigned BytesW = actp_mem_pkg::SLOT_W
) (
  input  wire logic              clk_i,
  input  wire logic              rst_ni,
  input  wire logic [2*Num-1:0]  count_i,         // 2 bits of each counter: what it goes up by
  input  wire logic              first_valid_i,   // first_bytes_i counts
  input  wire logic [BytesW-1:0] first_bytes_i,   // for counter Num
  input  wire logic              second_valid_i,  // second_bytes_i counts
  input  wire logic [BytesW-1:0] second_bytes_i,  // for counter Num + 1
  input  wire logic [IndexW-1:0] read_index_i,    // the counter that is asked for
  output logic                   read_ready_o,    // data_o is that counter, for a cycle
  output logic [31:0]            data_o           // its value
);
  localparam int unsigned LowW   = 5;
  localparam int unsigned HighW  = 32 - LowW;
  localparam int unsigned PlaceW = $clog2(Num);
  localparam logic [PlaceW-1:0] LastPlace = PlaceW'(Num - 1);

  logic [Num*HighW-1:0] ring_q;   // the counter whose turn it is at the top
  logic [PlaceW-1:0]    place_q;  // which one that is
  logic                 first_turn_q;
  logic [Num-1:0]       carry_q;
  logic [Num*LowW-1:0]  low_q;
  logic [HighW-1:0]     high;
  logic [LowW-1:0]      low;
  logic                 carry;
  logic [31:0]          first_q, second_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      place_q      <= '0;
      first_turn_q <= 1'b1;
    end else begin
      place_q <= (place_q == LastPlace) ? '0 : place_q + PlaceW'(1);
      if (place_q == LastPlace) first_turn_q <= 1'b0;
    end
  end
  for (genvar c = 0; c < Num; c++) begin : gen_low
    logic [LowW:0] sum;
    assign sum = {1'b0, low_q[c*LowW +: LowW]} + (LowW+1)'(count_i[2*c +: 2]);
    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) begin
        low_q[c*LowW +: LowW] <= '0;
        carry_q[c]            <= 1'b0;
      end else begin
        low_q[c*LowW +: LowW] <= sum[LowW-1:0];
        carry_q[c]            <= sum[LowW] | (carry_q[c] & (place_q != PlaceW'(c)));
      end
    end
  end

  always_comb begin
    low   = '0;
    carry = 1'b0;
    for (int unsigned c = 0; c < Num; c++) begin
      low   |= low_q[c*LowW +: LowW] & {LowW{place_q == PlaceW'(c)}};
      carry |= carry_q[c] & (place_q == PlaceW'(c));
    end
  end
  assign high = (ring_q[(Num-1)*HighW +: HighW] & {HighW{~first_turn_q}}) + HighW'(carry);
  always_ff @(posedge clk_i) ring_q <= {ring_q[(Num-1)*HighW-1:0], high};

  logic [BytesW-1:0] first_add_q, second_add_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      first_add_q  <= '0;
      second_add_q <= '0;
      first_q      <= '0;
      second_q     <= '0;
    end else begin
      first_add_q  <= first_bytes_i & {BytesW{first_valid_i}};
      second_add_q <= second_bytes_i & {BytesW{second_valid_i}};
      first_q      <= first_q + 32'(first_add_q);
      second_q     <= second_q + 32'(second_add_q);
    end
  end

  logic is_first, is_second;
  assign is_first     = read_index_i == IndexW'(Num);
  assign is_second    = read_index_i == IndexW'(Num + 1);
  assign read_ready_o = is_first | is_second | (read_index_i == IndexW'(place_q));
  assign data_o       = is_first ? first_q : is_second ? second_q : {high, low};
endmodule

`default_nettype wire
