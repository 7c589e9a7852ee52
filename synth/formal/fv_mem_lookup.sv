// SPDX-License-Identifier: Apache-2.0
// fv_mem_lookup - actp_mem_lookup: no fetch overtakes a write, none leaves its region, and bursts
//   keep their order.
//
// Proves   a block is fetched for a reader, or ahead, only while the write path does not have it
//          (check_busy_i), and it lies in a region that is on, which goes along with it; a block
//          that is given to the back and was in no buffer is fetched in the same cycle; a bypass
//          burst has the address it came with, which is in no region; bursts leave in the order of
//          AR, each once, with ID and length; a burst that is refused has no block.
// Method   two regions anywhere, as actp_mem_check lets them be; the answers of buffers and write
//          path are free. Any burst may be marked when it is taken. Addresses of 15 bits.
// Reach    a block is fetched ahead
`include "fv.svh"
`default_nettype none

module fv_mem_lookup #(
  parameter int unsigned BlockLen    = 32,
  parameter int unsigned StreamWidth = 64,
  parameter int unsigned Formats     = 7,
  parameter int unsigned AddrW       = 15,
  parameter bit          Places      = 1'b1,  // that blocks and bypass lie where they may, too
  localparam int unsigned TagW   = AddrW - 6,
  localparam int unsigned PageW  = AddrW - 12,
  localparam int unsigned RegionW = actp_mem_pkg::REGION_W,
  localparam int unsigned BurstW = 2 + 2 + 12 + 8 + 3 + 2 + 1
) (
  input wire logic             clk_i,
  input wire logic             rst_ni,
  input wire logic             mark_i,
  input wire logic             ar_valid_i,
  input wire logic [1:0]       ar_id_i,
  input wire logic [AddrW-1:0] ar_addr_i,
  input wire logic [7:0]       ar_len_i,
  input wire logic [2:0]       ar_size_i,
  input wire logic [1:0]       ar_burst_i,
  input wire logic             hit_i,
  input wire logic             hit_buffer_i,
  input wire logic             free_i,
  input wire logic             free_buffer_i,
  input wire logic             burst_ready_i,
  input wire logic             block_ready_i,
  input wire logic             fill_ready_i,
  input wire logic             pass_ready_i,
  input wire logic             rmw_valid_i,
  input wire logic [TagW-1:0]  rmw_tag_i,
  input wire logic             rmw_region_i,
  input wire logic             check_busy_i,
  input wire logic             hold_i,
  input wire logic             clear_i,
  input wire logic             event_busy_i
);
  `RESET
  (* anyconst *) logic [2*RegionW-1:0] regions;
  logic              ar_ready, alloc, burst_push, block_push, block_buffer, index, pass_valid;
  logic              rmw_ready, narrow, check_valid, check_close, busy, hit, prefetch, refused;
  logic              pass;
  logic [TagW-1:0]   tag, alloc_tag;
  logic [BurstW-1:0] burst;
  logic [AddrW-1:0]  pass_addr;
  logic [10:0]       pass_attr;
  actp_mem_pkg::region_t fill_region, zero, one;
  actp_mem_lookup #(
    .BlockLen(BlockLen), .StreamWidth(StreamWidth), .Formats(Formats), .AddrW(AddrW), .IdW(2),
    .Regions(2), .BufferW(1)
  ) u_dut (
    .clk_i, .rst_ni, .regions_i(regions), .ar_valid_i, .ar_ready_o(ar_ready), .ar_id_i,
    .ar_addr_i, .ar_len_i, .ar_size_i, .ar_burst_i, .ar_attr_i('0), .tag_o(tag), .hit_i,
    .hit_buffer_i, .free_i, .free_buffer_i, .alloc_o(alloc), .alloc_tag_o(alloc_tag),
    .burst_ready_i, .burst_push_o(burst_push), .burst_o(burst), .block_ready_i,
    .block_push_o(block_push), .block_buffer_o(block_buffer), .fill_ready_i,
    .fill_region_o(fill_region), .fill_index_o(index), .pass_valid_o(pass_valid), .pass_ready_i,
    .pass_addr_o(pass_addr), .pass_attr_o(pass_attr), .rmw_valid_i, .rmw_ready_o(rmw_ready),
    .rmw_tag_i, .rmw_region_i, .narrow_o(narrow), .check_valid_o(check_valid),
    .check_close_o(check_close), .check_busy_i, .hold_i, .clear_i, .busy_o(busy), .event_busy_i,
    .hit_o(hit), .prefetch_o(prefetch), .refused_o(refused), .pass_o(pass)
  );
  assign {one, zero} = regions;
  `RESTRICT(~zero.enable | (zero.base_page <= zero.last_page))
  `RESTRICT(~one.enable | (one.base_page <= one.last_page))
  `RESTRICT(~(zero.enable & one.enable) | (zero.last_page < one.base_page) |
      (one.last_page < zero.base_page))
  `RESTRICT((zero.last_page >> PageW) == '0)
  `RESTRICT((one.last_page >> PageW) == '0)
  `RESTRICT(~clear_i | (hold_i & ~busy))

  // Whether a block, and a bypass burst's first byte, lie in a region.
  logic [TagW-1:0] pass_tag, zero_low, zero_high, one_low, one_high;
  logic            alloc_in_zero, alloc_in_one, tag_in, pass_in;
  assign pass_tag  = pass_addr[AddrW-1:6];
  assign zero_low  = {PageW'(zero.base_page), 6'd0};
  assign zero_high = {PageW'(zero.last_page), zero.last_granule};
  assign one_low   = {PageW'(one.base_page), 6'd0};
  assign one_high  = {PageW'(one.last_page), one.last_granule};
  assign alloc_in_zero = zero.enable & (alloc_tag >= zero_low) & (alloc_tag <= zero_high);
  assign alloc_in_one  = one.enable & (alloc_tag >= one_low) & (alloc_tag <= one_high);
  assign tag_in  = (zero.enable & (tag >= zero_low) & (tag <= zero_high)) |
                   (one.enable & (tag >= one_low) & (tag <= one_high));
  assign pass_in = (zero.enable & (pass_tag >= zero_low) & (pass_tag <= zero_high)) |
                   (one.enable & (pass_tag >= one_low) & (pass_tag <= one_high));

  // A burst, and how many are ahead of it.
  logic [1:0]       inside_q, ahead_q;
  logic [24:0]      item_q;
  logic [AddrW-1:0] addr_q;
  logic             take, mark, marked_q, mine;
  assign take = ar_valid_i & ar_ready;
  assign mark = take & mark_i & ~marked_q;
  assign mine = marked_q & (ahead_q == '0);
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) {inside_q, marked_q} <= '0;
    else begin
      inside_q <= inside_q + 2'(take) - 2'(burst_push);
      marked_q <= mark | (marked_q & ~(mine & burst_push));
    end
  end
  always_ff @(posedge clk_i) begin
    if (mark) begin
      item_q  <= {ar_id_i, 10'd0, ar_len_i, ar_size_i, ar_burst_i};
      addr_q  <= ar_addr_i;
      ahead_q <= inside_q - 2'(burst_push);
    end else if (ahead_q != '0) begin
      ahead_q <= ahead_q - 2'(burst_push);
    end
  end
  logic [1:0] kind;
  assign kind = burst[BurstW-1 -: 2];

  `CHECK(~alloc | rmw_valid_i | ~check_busy_i)
  `CHECK(~alloc | rmw_valid_i | (check_valid & (alloc_tag == tag)))
  `CHECK(~alloc | ~rmw_valid_i | ((alloc_tag == rmw_tag_i) & (index == rmw_region_i)))
  `CHECK(fill_region == (index ? one : zero))
  `CHECK(~block_push | hit_i | (alloc & ~rmw_valid_i & (block_buffer == free_buffer_i)))
  `CHECK(~block_push | ~hit_i | (block_buffer == hit_buffer_i))
  if (Places) begin : gen_places
    `CHECK(~alloc | rmw_valid_i | (index ? alloc_in_one : alloc_in_zero))
    `CHECK(~block_push | tag_in)
    `CHECK(~pass_valid | ~pass_in)
  end
  `CHECK(~(burst_push & (kind != actp_mem_pkg::KIND_REGION)) | ~block_push)
  `CHECK(~burst_push | (inside_q != '0))
  `CHECK(~(burst_push & mine) |
      ({burst[BurstW-3 -: 2], 10'd0, burst[13:1]} == item_q))
  `CHECK(~(burst_push & mine) | (burst[25:14] == addr_q[11:0]))
  `CHECK(~(pass & mine) | (pass_addr == addr_q))
  `REACH(prefetch)
endmodule

`default_nettype wire
