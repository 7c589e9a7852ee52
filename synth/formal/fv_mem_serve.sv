// SPDX-License-Identifier: Apache-2.0
// fv_mem_serve - actp_mem_serve: every burst gets its beats, each once, in order, and no byte that
//   is not its own.
//
// Proves   a burst that waits at the input gets len + 1 beats with its ID, the last one with RLAST
//          and no other; a refused one SLVERR and data 0 on all; one of a block that is wrong
//          SLVERR and data 0 on the beats of that block; others of a region the word that was read,
//          OKAY; one of bypass what memory gave, EXOKAY as OKAY. A word is read from the buffer of
//          the burst's block, only when it is there. S2 at R. The bursts before and behind are none
//          of its business: they leave one by one.
// Method   bursts and blocks wait until they are taken; memory gives a bypass burst as many beats
//          as it has (AXI4). Bursts of at most four beats. What the buffers hold is free.
// Reach    the last beat of a burst with 3 beats over a block that is wrong
`include "fv.svh"
`default_nettype none

module fv_mem_serve #(
  parameter int unsigned StreamWidth = 64,
  parameter int unsigned BlockLen    = 32,
  localparam int unsigned BurstW = 2 + 1 + 12 + 8 + 3 + 2 + 1,
  localparam int unsigned WordW  = $clog2(BlockLen * 32 / StreamWidth)
) (
  input wire logic                   clk_i,
  input wire logic                   rst_ni,
  input wire logic                   burst_valid_i,
  input wire logic [BurstW-1:0]      burst_i,
  input wire logic                   block_valid_i,
  input wire logic                   block_buffer_i,
  input wire logic [1:0]             filling_i,
  input wire logic [1:0]             error_i,
  input wire logic                   part_valid_i,
  input wire logic                   part_buffer_i,
  input wire logic [WordW-1:0]       part_words_i,
  input wire logic                   part_error_i,
  input wire logic                   port_busy_i,
  input wire logic [StreamWidth-1:0] read_data_i,
  input wire logic                   pass_valid_i,
  input wire logic [StreamWidth-1:0] pass_data_i,
  input wire logic [1:0]             pass_resp_i,
  input wire logic                   r_ready_i
);
  `RESET
  logic                   burst_pop, block_pop, read_buffer, pass_ready, r_valid, r_id, r_last;
  logic                   beat;
  logic [WordW-1:0]       read_word;
  logic [StreamWidth-1:0] r_data;
  logic [1:0]             r_resp;
  logic [7:0]             at_q, len;
  logic [1:0]             kind;
  logic                   id;
  actp_mem_serve #(
    .BlockLen(BlockLen), .StreamWidth(StreamWidth), .Formats(7), .IdW(1), .Buffers(2)
  ) u_dut (
    .clk_i, .rst_ni, .burst_valid_i, .burst_pop_o(burst_pop), .burst_i, .block_valid_i,
    .block_pop_o(block_pop), .block_buffer_i, .filling_i, .error_i, .part_valid_i, .part_buffer_i,
    .part_words_i, .part_error_i, .port_busy_i, .read_buffer_o(read_buffer),
    .read_word_o(read_word), .read_data_i, .pass_valid_i, .pass_ready_o(pass_ready), .pass_data_i,
    .pass_resp_i, .pass_last_i(at_q == len), .r_valid_o(r_valid), .r_ready_i, .r_id_o(r_id),
    .r_data_o(r_data), .r_resp_o(r_resp), .r_last_o(r_last), .beat_o(beat)
  );
  assign {kind, id} = burst_i[BurstW-1 -: 3];
  assign len        = burst_i[13:6];

  logic              waits_q, block_waits_q, buffer_q;
  logic [BurstW-1:0] burst_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) {waits_q, block_waits_q} <= '0;
    else begin
      waits_q       <= burst_valid_i & ~burst_pop;
      block_waits_q <= block_valid_i & ~block_pop;
    end
  end
  always_ff @(posedge clk_i) {burst_q, buffer_q} <= {burst_i, block_buffer_i};
  `RESTRICT(~waits_q | (burst_valid_i & (burst_q == burst_i)))
  `RESTRICT(~block_waits_q | (block_valid_i & (buffer_q == block_buffer_i)))
  `RESTRICT((kind != 2'd3) & (len <= 8'd3))

  // A beat leaves into the register when R has room and the burst's source gives it: seen from
  // outside by what is popped and by the beat that is there in the next cycle.
  logic                   go, region, bypass, wrong, there, region_q, bypass_q, wrong_q, go_q;
  logic                   id_q, last_q;
  logic [StreamWidth-1:0] data_q;
  logic [1:0]             resp_q;
  assign region = kind == actp_mem_pkg::KIND_REGION;
  assign bypass = kind == actp_mem_pkg::KIND_BYPASS;
  assign go     = beat | (burst_valid_i & bypass & pass_valid_i & pass_ready) |
                  (burst_valid_i & (kind == actp_mem_pkg::KIND_REFUSED) & (~r_valid | r_ready_i));
  assign wrong  = filling_i[block_buffer_i] ? part_error_i : error_i[block_buffer_i];
  assign there  = ~filling_i[block_buffer_i] |
                  (part_valid_i & (part_buffer_i == block_buffer_i) & (read_word < part_words_i));
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) {at_q, go_q} <= '0;
    else begin
      go_q <= go;
      if (go) at_q <= (at_q == len) ? '0 : at_q + 8'd1;
    end
  end
  always_ff @(posedge clk_i) begin
    if (go) begin
      {region_q, bypass_q, wrong_q, id_q, last_q} <= {region, bypass, wrong, id, at_q == len};
      data_q <= bypass ? pass_data_i : read_data_i;
      resp_q <= (pass_resp_i == 2'd1) ? 2'd0 : pass_resp_i;
    end
  end
  `CHECK(~beat | (burst_valid_i & region & block_valid_i & there & ~port_busy_i))
  `CHECK(~beat | (read_buffer == block_buffer_i))
  `CHECK(burst_pop == (go & (at_q == len)))
  `CHECK(~block_pop | beat)
  `CHECK(~(burst_pop & region) | block_pop)
  `CHECK(~go_q | (r_valid & (r_id == id_q) & (r_last == last_q)))
  `CHECK(~go_q | ~bypass_q | ((r_data == data_q) & (r_resp == resp_q)))
  `CHECK(~go_q | ~region_q | wrong_q | ((r_data == data_q) & (r_resp == 2'd0)))
  `CHECK(~go_q | bypass_q | (region_q & ~wrong_q) | ((r_data == '0) & (r_resp == 2'd2)))
  logic new_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) new_q <= 1'b0;
    else         new_q <= r_valid & ~r_ready_i;
  end
  `CHECK(~(go_q & new_q))
  `CHECK(~r_valid | go_q | new_q)
  `STREAM(r, r_valid, r_ready_i, {r_id, r_data, r_resp, r_last}, StreamWidth + 4)
  `REACH(go_q & region_q & wrong_q & last_q & (burst_q[13:6] == 8'd2))
endmodule

`default_nettype wire
