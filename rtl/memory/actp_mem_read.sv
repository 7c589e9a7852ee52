// SPDX-License-Identifier: Apache-2.0
// actp_mem_read - the read path of the memory: AR and R of the master, AR and R of the memory.
//
// Contract docs/memory.md. Bursts are answered in order. A block that is in a buffer: R four cycles
//          after AR at most. Any other is read and stays in a buffer until the write path opens its
//          block, a newer one takes its place, clear_i, or reset. All outputs to the two sides come
//          from registers.
//          check_*, open_*, filling_o, rmw_*: the write path's side of the same blocks.
//          hold_i: no new burst; idle_o: nothing is under way. regions_i changes only then, or from
//          disabled to enabled; clear_i comes with it.
// Method   actp_mem_lookup -> actp_mem_fill -> actp_mem_buffers -> actp_mem_serve
// Params   BlockLen 32 .. 256; StreamWidth 64 .. 512; Formats 1 .. 7; Orders 1 .. 3; GroupLen 4, 8;
//          Depth 8 .. 24; AddrW 32 .. 64; IdW 1 .. 16; Regions 1 .. 16; ReadBuffers 2 .. 8; Fifo 1:
//          latches for blocks
// Reset    nothing under way, no block known. Reads of memory that it interrupts are not
//          waited for: master, memory and this module are reset together.
`include "actp_macros.svh"
`default_nettype none

module actp_mem_read #(
  parameter int unsigned BlockLen    = 128,
  parameter int unsigned StreamWidth = 256,
  parameter int unsigned Formats     = 7,
  parameter int unsigned Orders      = 3,
  parameter int unsigned GroupLen    = 8,
  parameter int unsigned Depth       = 24,
  parameter int unsigned AddrW       = 40,
  parameter int unsigned IdW         = 6,
  parameter int unsigned Regions     = 8,
  parameter int unsigned ReadBuffers = 4,
  parameter int unsigned Fifo        = 0,
  localparam int unsigned TagW = AddrW - actp_mem_pkg::GRANULE_W,
  localparam int unsigned RegW = (Regions > 1) ? $clog2(Regions) : 1
) (
  input  wire logic                   clk_i,
  input  wire logic                   rst_ni,
  input  wire logic [Regions*actp_mem_pkg::REGION_W-1:0] regions_i,  // region_t, region 0 lowest
  // master
  input  wire logic                   ar_valid_i,
  output logic                        ar_ready_o,
  input  wire logic [IdW-1:0]         ar_id_i,
  input  wire logic [AddrW-1:0]       ar_addr_i,
  input  wire logic [7:0]             ar_len_i,
  input  wire logic [2:0]             ar_size_i,
  input  wire logic [1:0]             ar_burst_i,
  input  wire logic [10:0]            ar_attr_i,       // {qos, prot, cache}
  output logic                        r_valid_o,
  input  wire logic                   r_ready_i,
  output logic [IdW-1:0]              r_id_o,
  output logic [StreamWidth-1:0]      r_data_o,
  output logic [1:0]                  r_resp_o,
  output logic                        r_last_o,
  // memory
  output logic                        m_ar_valid_o,
  input  wire logic                   m_ar_ready_i,
  output logic [AddrW-1:0]            m_ar_addr_o,
  output logic [7:0]                  m_ar_len_o,
  output logic [2:0]                  m_ar_size_o,
  output logic [1:0]                  m_ar_burst_o,
  output logic [10:0]                 m_ar_attr_o,
  input  wire logic                   m_r_valid_i,
  output logic                        m_r_ready_o,
  input  wire logic [StreamWidth-1:0] m_r_data_i,
  input  wire logic [1:0]             m_r_resp_i,
  input  wire logic                   m_r_last_i,
  // write path: the old words of a block
  input  wire logic                   rmw_valid_i,
  output logic                        rmw_ready_o,
  input  wire logic [TagW-1:0]        rmw_tag_i,
  input  wire logic [RegW-1:0]        rmw_region_i,
  output logic                        rmw_data_valid_o,
  output logic [StreamWidth-1:0]      rmw_data_o,
  output logic                        rmw_last_o,
  output logic                        rmw_error_o,     // the same on all words
  // write path: hazards
  output logic                        check_valid_o,
  output logic                        check_close_o,
  output logic [TagW-1:0]             check_tag_o,
  input  wire logic                   check_busy_i,
  input  wire logic                   open_valid_i,
  input  wire logic [TagW-1:0]        open_tag_i,
  output logic [ReadBuffers-1:0]      open_reads_o,
  output logic [ReadBuffers-1:0]      filling_o,
  // control
  input  wire logic                   hold_i,
  output logic                        idle_o,
  input  wire logic                   clear_i,
  // events
  output logic                        ev_fill_o,       // a slot has come, for whomever
  output logic [actp_pkg::SLOT_W-1:0] ev_slot_bytes_o,
  output logic                        ev_hit_o,
  output logic                        ev_prefetch_o,
  output logic                        ev_malformed_o,
  output logic                        ev_read_error_o,
  output logic                        ev_refused_o,
  output logic                        ev_bypass_o,
  output logic                        ev_beat_o,
  output logic [AddrW-1:0]            ev_error_addr_o  // with the three errors, one at a time
);
  localparam int unsigned BufferW = $clog2(ReadBuffers);
  localparam int unsigned Words   = BlockLen * (((Formats & 1) != 0) ? 32 : 16) / StreamWidth;
  localparam int unsigned WordW   = (Words > 1) ? $clog2(Words) : 1;
  localparam int unsigned BurstW  = 2 + IdW + 12 + 8 + 3 + 2 + 1;
  // That wait: one more than buffers, so that a buffer is taken again without a pause.
  localparam int unsigned Bursts  = (ReadBuffers < 4) ? 4 : (ReadBuffers < 8) ? ReadBuffers + 1 : 8;
  localparam int unsigned RefW    = $clog2(Bursts + 1);

  // ---- front
  logic                  hit, free, alloc, burst_ready, burst_push, block_ready, block_push;
  logic                  fill_ready, pass_valid, pass_ready, narrow, front_busy, rmw_turn, rmw_room;
  logic                  rmw_active, done, wrong;
  logic [TagW-1:0]       alloc_tag, done_tag;
  logic [BufferW-1:0]    hit_buffer, free_buffer, push_buffer;
  logic [BurstW-1:0]     push_burst;
  logic [RegW-1:0]       fill_index;
  logic [AddrW-1:0]      pass_addr;
  logic [10:0]           pass_attr;
  actp_mem_pkg::region_t fill_region;
  assign rmw_turn    = rmw_valid_i & ~rmw_active;
  assign rmw_ready_o = rmw_room & ~rmw_active;
  actp_mem_lookup #(.BlockLen(BlockLen), .StreamWidth(StreamWidth), .Formats(Formats),
      .AddrW(AddrW), .IdW(IdW), .Regions(Regions), .BufferW(BufferW)) u_lookup (
    .clk_i, .rst_ni, .regions_i, .ar_valid_i, .ar_ready_o, .ar_id_i, .ar_addr_i, .ar_len_i,
    .ar_size_i, .ar_burst_i, .ar_attr_i, .tag_o(check_tag_o), .hit_i(hit),
    .hit_buffer_i(hit_buffer), .free_i(free), .free_buffer_i(free_buffer), .alloc_o(alloc),
    .alloc_tag_o(alloc_tag), .burst_ready_i(burst_ready), .burst_push_o(burst_push),
    .burst_o(push_burst), .block_ready_i(block_ready), .block_push_o(block_push),
    .block_buffer_o(push_buffer), .fill_ready_i(fill_ready), .fill_region_o(fill_region),
    .fill_index_o(fill_index), .pass_valid_o(pass_valid), .pass_ready_i(pass_ready),
    .pass_addr_o(pass_addr), .pass_attr_o(pass_attr), .rmw_valid_i(rmw_turn),
    .rmw_ready_o(rmw_room), .rmw_tag_i, .rmw_region_i, .narrow_o(narrow), .check_valid_o,
    .check_close_o, .check_busy_i, .hold_i, .clear_i, .busy_o(front_busy),
    .event_busy_i(done & wrong), .hit_o(ev_hit_o), .prefetch_o(ev_prefetch_o),
    .refused_o(ev_refused_o), .pass_o(ev_bypass_o)
  );

  // ---- buffers
  logic                   block_valid, block_pop, rmw_valid;
  logic [BufferW-1:0]     block_buffer, rmw_buffer, serve_buffer, write_buffer;
  logic [ReadBuffers-1:0] filling, error;
  logic [WordW-1:0]       rmw_word, serve_word, write_word;
  logic                   write;
  logic [StreamWidth-1:0] write_data, read_data;
  actp_mem_tags #(.TagW(TagW), .Buffers(ReadBuffers), .RefW(RefW)) u_tags (
    .clk_i, .rst_ni, .tag_i(check_tag_o), .hit_o(hit), .hit_buffer_o(hit_buffer), .free_o(free),
    .free_buffer_o(free_buffer), .alloc_i(alloc), .alloc_tag_i(alloc_tag),
    .alloc_keep_i(~rmw_turn), .ref_i(block_push), .ref_buffer_i(push_buffer),
    .unref_i(block_pop), .unref_buffer_i(block_buffer), .keep_i(rmw_active),
    .keep_buffer_i(rmw_buffer), .done_i(done), .done_buffer_i(write_buffer),
    .done_error_i(wrong), .done_tag_o(done_tag), .filling_o(filling), .error_o(error),
    .open_valid_i, .open_tag_i, .open_reads_o, .clear_i
  );
  assign filling_o = filling;
  actp_mem_buffers #(.StreamWidth(StreamWidth), .Buffers(ReadBuffers), .Words(Words),
      .Fifo(Fifo)) u_buffers (
    .clk_i, .write_i(write), .write_buffer_i(write_buffer), .write_word_i(write_word),
    .write_data_i(write_data), .read_buffer_i(rmw_valid ? rmw_buffer : serve_buffer),
    .read_word_i(rmw_valid ? rmw_word : serve_word), .read_data_o(read_data)
  );
  actp_mem_rmw #(.BlockLen(BlockLen), .StreamWidth(StreamWidth), .Formats(Formats),
      .Buffers(ReadBuffers)) u_rmw (
    .clk_i, .rst_ni, .take_i(rmw_valid_i & rmw_ready_o), .buffer_i(free_buffer),
    .narrow_i(narrow), .active_o(rmw_active), .buffer_o(rmw_buffer), .word_o(rmw_word),
    .filling_i(filling), .error_i(error), .valid_o(rmw_valid), .last_o(rmw_last_o),
    .error_o(rmw_error_o)
  );
  assign rmw_data_valid_o = rmw_valid;
  assign rmw_data_o       = read_data;

  // ---- memory
  logic                   back_valid, back_ready, back_last, part_valid, part_error;
  logic                   read_error, malformed;
  logic [1:0]             back_resp;
  logic [BufferW-1:0]     part_buffer;
  logic [WordW-1:0]       part_words;
  logic [StreamWidth-1:0] back_data;
  actp_mem_fill #(.BlockLen(BlockLen), .StreamWidth(StreamWidth), .Formats(Formats),
      .Orders(Orders), .GroupLen(GroupLen), .Depth(Depth), .AddrW(AddrW), .Regions(Regions),
      .BufferW(BufferW), .Fifo(Fifo)) u_fill (
    .clk_i, .rst_ni, .regions_i, .fill_valid_i(alloc), .fill_ready_o(fill_ready),
    .fill_region_i(fill_region), .fill_index_i(fill_index), .fill_tag_i(alloc_tag),
    .fill_buffer_i(free_buffer), .pass_valid_i(pass_valid), .pass_ready_o(pass_ready),
    .pass_addr_i(pass_addr), .pass_len_i(push_burst[13:6]), .pass_size_i(push_burst[5:3]),
    .pass_burst_i(push_burst[2:1]), .pass_attr_i(pass_attr), .m_ar_valid_o, .m_ar_ready_i,
    .m_ar_addr_o, .m_ar_len_o, .m_ar_size_o, .m_ar_burst_o, .m_ar_attr_o, .m_r_valid_i,
    .m_r_ready_o, .m_r_data_i, .m_r_resp_i, .m_r_last_i, .back_valid_o(back_valid),
    .back_ready_i(back_ready), .back_data_o(back_data), .back_resp_o(back_resp),
    .back_last_o(back_last), .write_o(write), .write_buffer_o(write_buffer),
    .write_word_o(write_word), .write_data_o(write_data), .done_o(done),
    .read_error_o(read_error), .malformed_o(malformed), .part_valid_o(part_valid),
    .part_buffer_o(part_buffer), .part_words_o(part_words), .part_error_o(part_error),
    .slot_o(ev_fill_o), .slot_bytes_o(ev_slot_bytes_o)
  );
  assign wrong           = read_error | malformed;
  assign ev_read_error_o = done & read_error;
  assign ev_malformed_o  = done & malformed;
  assign ev_error_addr_o = (done & wrong) ? {done_tag, {actp_mem_pkg::GRANULE_W{1'b0}}} :
                                            pass_addr;

  // ---- back
  logic              burst_valid, burst_pop;
  logic [BurstW-1:0] burst;
  actp_queue #(.Width(BurstW), .Entries(Bursts)) u_bursts (
    .clk_i, .rst_ni, .push_i(burst_push), .ready_o(burst_ready), .data_i(push_burst),
    .valid_o(burst_valid), .pop_i(burst_pop), .data_o(burst)
  );
  actp_queue #(.Width(BufferW), .Entries(Bursts)) u_blocks (
    .clk_i, .rst_ni, .push_i(block_push), .ready_o(block_ready), .data_i(push_buffer),
    .valid_o(block_valid), .pop_i(block_pop), .data_o(block_buffer)
  );
  actp_mem_serve #(.BlockLen(BlockLen), .StreamWidth(StreamWidth), .Formats(Formats), .IdW(IdW),
      .Buffers(ReadBuffers)) u_serve (
    .clk_i, .rst_ni, .burst_valid_i(burst_valid), .burst_pop_o(burst_pop), .burst_i(burst),
    .block_valid_i(block_valid), .block_pop_o(block_pop), .block_buffer_i(block_buffer),
    .filling_i(filling), .error_i(error), .part_valid_i(part_valid),
    .part_buffer_i(part_buffer), .part_words_i(part_words), .part_error_i(part_error),
    .port_busy_i(rmw_valid), .read_buffer_o(serve_buffer), .read_word_o(serve_word),
    .read_data_i(read_data), .pass_valid_i(back_valid), .pass_ready_o(back_ready),
    .pass_data_i(back_data), .pass_resp_i(back_resp), .pass_last_i(back_last), .r_valid_o,
    .r_ready_i, .r_id_o, .r_data_o, .r_resp_o, .r_last_o, .beat_o(ev_beat_o)
  );
  assign idle_o = ~(front_busy | burst_valid | r_valid_o | rmw_active | (filling != '0));

  if (ReadBuffers < 2 || ReadBuffers > 8 || Regions < 1 || Regions > 16) begin : gen_bad
    $fatal(1, "actp_mem_read: ReadBuffers must be 2 to 8, Regions 1 to 16");
  end
endmodule

`default_nettype wire
