// SPDX-License-Identifier: Apache-2.0
// actp_memory - memory whose regions are compressed: AXI4 in, AXI4 out, AXI4-Lite for registers.
//
// Contract s_axi: the program's addresses. Inside an enabled region values are read and written;
//          everything else goes through unchanged, but for the IDs. R in AR order, B in AW order,
//          whatever the IDs. m_axi: slots and what goes through, ID 0. s_axil: registers of 32
//          bits (actp_mem_regs_pkg). irq: level.
//          No path from any input to any output (rule S4).
//          The master takes R without waiting for a B, and gives the beats of a burst without
//          waiting for the B of an earlier one. Exclusive accesses are not supported: they get
//          OKAY.
// Method   docs/memory.md
// Params   those of actp_compressor, fixed mode; AddrW 32 .. 64; IdW >= 1; Regions 1 .. 16;
//          ReadBuffers 2 .. 8: blocks that are read ahead or kept; Pending 2, 4, 8, 16: blocks
//          between gather buffer and the memory's response. Fifo: of the compressor's queue, of
//          all blocks, of the regions
// Reset    no region, nothing inside; both sides are reset together
`default_nettype none

module actp_memory #(
  parameter int unsigned BlockLen    = 128,  // N, values of a block: 32, 64, 128, 256
  parameter int unsigned StreamWidth = 256,  // bits of both AXI4 buses: 64, 128, 256, 512
  parameter int unsigned Formats     = 7,    // those built in: bit 0 FP32, 1 FP16, 2 BF16
  parameter int unsigned Orders      = 3,    // those built in: bit 0 field, 1 significance
  parameter int unsigned GroupLen    = 8,    // K of order significance: 4, 8
  parameter int unsigned Depth       = 24,   // magnitude rows kept of FP32: 8 .. 24
  parameter int unsigned Fifo        = 0,    // 0 flops, 1 latches; 2: compressor's queue a macro
  // even; chunks of the queue besides a block
  parameter int unsigned Slack       = actp_pkg::default_slack(BlockLen, StreamWidth, Formats,
                                                                 Orders, Depth),
  parameter int unsigned Searches    = 1,    // blocks in search at a time: 1 .. 4
  parameter int unsigned AddrW       = 40,   // bits of an address: 32 .. 64
  parameter int unsigned IdW         = 6,    // bits of an ID, 1 and more
  parameter int unsigned Regions     = 8,    // regions: 1 .. 16
  parameter int unsigned ReadBuffers = 4,    // blocks read ahead or kept: 2 .. 8
  parameter int unsigned Pending     = 8,    // blocks from gather buffer to response: 2, 4, 8, 16
  parameter bit          BypassSkid  = 1'b1  // bypass writes: 1 a beat per cycle, 0 one in two
) (
  input  wire logic                     aclk,            // rising edge counts
  input  wire logic                     aresetn,         // asynchronous, active low
  // program's side
  input  wire logic                     s_axi_awvalid,   // a write burst is asked for
  output logic                          s_axi_awready,   // it is taken
  input  wire logic [IdW-1:0]           s_axi_awid,      // of the burst
  input  wire logic [AddrW-1:0]         s_axi_awaddr,    // its first byte
  input  wire logic [7:0]               s_axi_awlen,     // beats less one
  input  wire logic [2:0]               s_axi_awsize,    // bytes of a beat, log2
  input  wire logic [1:0]               s_axi_awburst,   // 0 FIXED, 1 INCR, 2 WRAP
  input  wire logic                     s_axi_awlock,    // not used
  input  wire logic [3:0]               s_axi_awcache,   // goes on with a bypass burst
  input  wire logic [2:0]               s_axi_awprot,    // goes on with a bypass burst
  input  wire logic [3:0]               s_axi_awqos,     // goes on with a bypass burst
  input  wire logic                     s_axi_wvalid,    // a beat of a write is there
  output logic                          s_axi_wready,    // it is taken
  input  wire logic [StreamWidth-1:0]   s_axi_wdata,     // bytes, first lowest
  input  wire logic [StreamWidth/8-1:0] s_axi_wstrb,     // bytes that are written
  input  wire logic                     s_axi_wlast,     // not used: beats are counted
  output logic                          s_axi_bvalid,    // a write is answered
  input  wire logic                     s_axi_bready,    // the answer is taken
  output logic [IdW-1:0]                s_axi_bid,       // as awid
  output logic [1:0]                    s_axi_bresp,     // 0 OKAY, 2 SLVERR; bypass: 3 DECERR too
  input  wire logic                     s_axi_arvalid,   // a read burst is asked for
  output logic                          s_axi_arready,   // it is taken
  input  wire logic [IdW-1:0]           s_axi_arid,      // of the burst
  input  wire logic [AddrW-1:0]         s_axi_araddr,    // its first byte
  input  wire logic [7:0]               s_axi_arlen,     // beats less one
  input  wire logic [2:0]               s_axi_arsize,    // bytes of a beat, log2
  input  wire logic [1:0]               s_axi_arburst,   // 0 FIXED, 1 INCR, 2 WRAP
  input  wire logic                     s_axi_arlock,    // not used
  input  wire logic [3:0]               s_axi_arcache,   // goes on with a bypass burst
  input  wire logic [2:0]               s_axi_arprot,    // goes on with a bypass burst
  input  wire logic [3:0]               s_axi_arqos,     // goes on with a bypass burst
  output logic                          s_axi_rvalid,    // a beat of a read is there
  input  wire logic                     s_axi_rready,    // it is taken
  output logic [IdW-1:0]                s_axi_rid,       // as arid
  output logic [StreamWidth-1:0]        s_axi_rdata,     // bytes, first lowest
  output logic [1:0]                    s_axi_rresp,     // 0 OKAY, 2 SLVERR; bypass: 3 DECERR too
  output logic                          s_axi_rlast,     // final beat of the burst
  // memory's side
  output logic                          m_axi_awvalid,   // a write burst is asked for
  input  wire logic                     m_axi_awready,   // it is taken
  output logic [IdW-1:0]                m_axi_awid,      // 0
  output logic [AddrW-1:0]              m_axi_awaddr,    // its first byte
  output logic [7:0]                    m_axi_awlen,     // beats less one
  output logic [2:0]                    m_axi_awsize,    // bytes of a beat, log2
  output logic [1:0]                    m_axi_awburst,   // 0 FIXED, 1 INCR, 2 WRAP
  output logic                          m_axi_awlock,    // 0
  output logic [3:0]                    m_axi_awcache,   // of a bypass burst as it came; of slots 3
  output logic [2:0]                    m_axi_awprot,    // of a bypass burst as it came; of slots 0
  output logic [3:0]                    m_axi_awqos,     // of a bypass burst as it came; of slots 0
  output logic                          m_axi_wvalid,    // a beat of a write is there
  input  wire logic                     m_axi_wready,    // it is taken
  output logic [StreamWidth-1:0]        m_axi_wdata,     // bytes, first lowest
  output logic [StreamWidth/8-1:0]      m_axi_wstrb,     // bytes that are written
  output logic                          m_axi_wlast,     // final beat of the burst
  input  wire logic                     m_axi_bvalid,    // a write is answered
  output logic                          m_axi_bready,    // the answer is taken
  input  wire logic [IdW-1:0]           m_axi_bid,       // not used
  input  wire logic [1:0]               m_axi_bresp,     // 2 or 3: an error
  output logic                          m_axi_arvalid,   // a read burst is asked for
  input  wire logic                     m_axi_arready,   // it is taken
  output logic [IdW-1:0]                m_axi_arid,      // 0
  output logic [AddrW-1:0]              m_axi_araddr,    // its first byte
  output logic [7:0]                    m_axi_arlen,     // beats less one
  output logic [2:0]                    m_axi_arsize,    // bytes of a beat, log2
  output logic [1:0]                    m_axi_arburst,   // 0 FIXED, 1 INCR, 2 WRAP
  output logic                          m_axi_arlock,    // 0
  output logic [3:0]                    m_axi_arcache,   // of a bypass burst as it came; of slots 3
  output logic [2:0]                    m_axi_arprot,    // of a bypass burst as it came; of slots 0
  output logic [3:0]                    m_axi_arqos,     // of a bypass burst as it came; of slots 0
  input  wire logic                     m_axi_rvalid,    // a beat of a read is there
  output logic                          m_axi_rready,    // it is taken
  input  wire logic [IdW-1:0]           m_axi_rid,       // not used
  input  wire logic [StreamWidth-1:0]   m_axi_rdata,     // bytes, first lowest
  input  wire logic [1:0]               m_axi_rresp,     // 2 or 3: an error
  input  wire logic                     m_axi_rlast,     // final beat of the burst
  // registers
  input  wire logic                     s_axil_awvalid,  // a register is to be written
  output logic                          s_axil_awready,  // the write is done
  input  wire logic [11:0]              s_axil_awaddr,   // of the register
  input  wire logic [2:0]               s_axil_awprot,   // not used
  input  wire logic                     s_axil_wvalid,   // its value is there
  output logic                          s_axil_wready,   // the write is done
  input  wire logic [31:0]              s_axil_wdata,    // the value
  input  wire logic [3:0]               s_axil_wstrb,    // all ones, or SLVERR
  output logic                          s_axil_bvalid,   // the write is answered
  input  wire logic                     s_axil_bready,   // the answer is taken
  output logic [1:0]                    s_axil_bresp,    // 0 OKAY, 2 SLVERR
  input  wire logic                     s_axil_arvalid,  // a register is to be read
  output logic                          s_axil_arready,  // the read is done
  input  wire logic [11:0]              s_axil_araddr,   // of the register
  input  wire logic [2:0]               s_axil_arprot,   // not used
  output logic                          s_axil_rvalid,   // the value is there
  input  wire logic                     s_axil_rready,   // it is taken
  output logic [31:0]                   s_axil_rdata,    // the value; 0 with SLVERR
  output logic [1:0]                    s_axil_rresp,    // 0 OKAY, 2 SLVERR
  output logic                          irq              // level: a bit of ERRORS that is enabled
);
  localparam int unsigned RegW    = (Regions > 1) ? $clog2(Regions) : 1;
  localparam int unsigned TagW    = AddrW - actp_mem_pkg::GRANULE_W;
  localparam int unsigned SlotW   = actp_pkg::SLOT_W;

  // ---- registers
  logic [Regions*actp_mem_pkg::REGION_W-1:0] regions;
  logic             hold, clear, write_idle, read_idle;
  logic [7:0]       gather;
  logic             w_block, w_rmw, w_rmw_failed, w_error, w_refused, w_bypass, w_beat;
  logic             r_fill, r_hit, r_prefetch, r_malformed, r_error, r_refused, r_bypass, r_beat;
  logic [SlotW-1:0] w_slot_bytes, r_slot_bytes;
  logic [AddrW-1:0] w_error_addr, r_error_addr;

  // ---- between the paths
  logic                   rmw_valid, rmw_ready, rmw_data_valid, rmw_last, rmw_error;
  logic [TagW-1:0]        rmw_tag, check_tag, open_tag;
  logic [RegW-1:0]        rmw_region;
  logic [StreamWidth-1:0] rmw_data;
  logic                   check_valid, check_close, check_busy, open_valid;
  logic [ReadBuffers-1:0] open_reads, filling;
  actp_mem_write #(
    .BlockLen(BlockLen), .StreamWidth(StreamWidth), .Formats(Formats), .Orders(Orders),
    .GroupLen(GroupLen), .Depth(Depth), .Fifo(Fifo), .Slack(Slack), .Searches(Searches),
    .AddrW(AddrW), .IdW(IdW), .Regions(Regions), .ReadBuffers(ReadBuffers), .Pending(Pending),
    .BypassSkid(BypassSkid)
  ) u_write (
    .clk_i(aclk), .rst_ni(aresetn), .regions_i(regions),
    .aw_valid_i(s_axi_awvalid), .aw_ready_o(s_axi_awready), .aw_id_i(s_axi_awid),
    .aw_addr_i(s_axi_awaddr), .aw_len_i(s_axi_awlen), .aw_size_i(s_axi_awsize),
    .aw_burst_i(s_axi_awburst), .aw_attr_i({s_axi_awqos, s_axi_awprot, s_axi_awcache}),
    .w_valid_i(s_axi_wvalid), .w_ready_o(s_axi_wready), .w_data_i(s_axi_wdata),
    .w_strb_i(s_axi_wstrb), .w_last_i(s_axi_wlast),
    .b_valid_o(s_axi_bvalid), .b_ready_i(s_axi_bready), .b_id_o(s_axi_bid),
    .b_resp_o(s_axi_bresp),
    .m_aw_valid_o(m_axi_awvalid), .m_aw_ready_i(m_axi_awready), .m_aw_addr_o(m_axi_awaddr),
    .m_aw_len_o(m_axi_awlen), .m_aw_size_o(m_axi_awsize), .m_aw_burst_o(m_axi_awburst),
    .m_aw_attr_o({m_axi_awqos, m_axi_awprot, m_axi_awcache}),
    .m_w_valid_o(m_axi_wvalid), .m_w_ready_i(m_axi_wready), .m_w_data_o(m_axi_wdata),
    .m_w_strb_o(m_axi_wstrb), .m_w_last_o(m_axi_wlast),
    .m_b_valid_i(m_axi_bvalid), .m_b_ready_o(m_axi_bready), .m_b_resp_i(m_axi_bresp),
    .rmw_valid_o(rmw_valid), .rmw_ready_i(rmw_ready), .rmw_tag_o(rmw_tag),
    .rmw_region_o(rmw_region), .rmw_data_valid_i(rmw_data_valid), .rmw_data_i(rmw_data),
    .rmw_last_i(rmw_last), .rmw_error_i(rmw_error),
    .check_valid_i(check_valid), .check_close_i(check_close), .check_tag_i(check_tag),
    .check_busy_o(check_busy), .open_valid_o(open_valid), .open_tag_o(open_tag),
    .open_reads_i(open_reads), .filling_i(filling),
    .hold_i(hold), .idle_o(write_idle), .gather_i(gather),
    .ev_block_o(w_block), .ev_slot_bytes_o(w_slot_bytes), .ev_rmw_o(w_rmw),
    .ev_rmw_failed_o(w_rmw_failed), .ev_write_error_o(w_error), .ev_refused_o(w_refused),
    .ev_bypass_o(w_bypass), .ev_beat_o(w_beat), .ev_error_addr_o(w_error_addr)
  );
  actp_mem_read #(
    .BlockLen(BlockLen), .StreamWidth(StreamWidth), .Formats(Formats), .Orders(Orders),
    .GroupLen(GroupLen), .Depth(Depth), .AddrW(AddrW), .IdW(IdW), .Regions(Regions),
    .ReadBuffers(ReadBuffers), .Fifo(Fifo)
  ) u_read (
    .clk_i(aclk), .rst_ni(aresetn), .regions_i(regions),
    .ar_valid_i(s_axi_arvalid), .ar_ready_o(s_axi_arready), .ar_id_i(s_axi_arid),
    .ar_addr_i(s_axi_araddr), .ar_len_i(s_axi_arlen), .ar_size_i(s_axi_arsize),
    .ar_burst_i(s_axi_arburst), .ar_attr_i({s_axi_arqos, s_axi_arprot, s_axi_arcache}),
    .r_valid_o(s_axi_rvalid), .r_ready_i(s_axi_rready), .r_id_o(s_axi_rid),
    .r_data_o(s_axi_rdata), .r_resp_o(s_axi_rresp), .r_last_o(s_axi_rlast),
    .m_ar_valid_o(m_axi_arvalid), .m_ar_ready_i(m_axi_arready), .m_ar_addr_o(m_axi_araddr),
    .m_ar_len_o(m_axi_arlen), .m_ar_size_o(m_axi_arsize), .m_ar_burst_o(m_axi_arburst),
    .m_ar_attr_o({m_axi_arqos, m_axi_arprot, m_axi_arcache}),
    .m_r_valid_i(m_axi_rvalid), .m_r_ready_o(m_axi_rready), .m_r_data_i(m_axi_rdata),
    .m_r_resp_i(m_axi_rresp), .m_r_last_i(m_axi_rlast),
    .rmw_valid_i(rmw_valid), .rmw_ready_o(rmw_ready), .rmw_tag_i(rmw_tag),
    .rmw_region_i(rmw_region), .rmw_data_valid_o(rmw_data_valid), .rmw_data_o(rmw_data),
    .rmw_last_o(rmw_last), .rmw_error_o(rmw_error),
    .check_valid_o(check_valid), .check_close_o(check_close), .check_tag_o(check_tag),
    .check_busy_i(check_busy), .open_valid_i(open_valid), .open_tag_i(open_tag),
    .open_reads_o(open_reads), .filling_o(filling),
    .hold_i(hold), .idle_o(read_idle), .clear_i(clear),
    .ev_fill_o(r_fill), .ev_slot_bytes_o(r_slot_bytes), .ev_hit_o(r_hit),
    .ev_prefetch_o(r_prefetch), .ev_malformed_o(r_malformed), .ev_read_error_o(r_error),
    .ev_refused_o(r_refused), .ev_bypass_o(r_bypass), .ev_beat_o(r_beat),
    .ev_error_addr_o(r_error_addr)
  );
  assign {m_axi_awid, m_axi_arid, m_axi_awlock, m_axi_arlock} = '0;
  actp_mem_regs #(
    .BlockLen(BlockLen), .StreamWidth(StreamWidth), .Formats(Formats), .Orders(Orders),
    .GroupLen(GroupLen), .Depth(Depth), .AddrW(AddrW), .Regions(Regions),
    .ReadBuffers(ReadBuffers), .Fifo(Fifo)
  ) u_regs (
    .clk_i(aclk), .rst_ni(aresetn),
    .aw_valid_i(s_axil_awvalid), .aw_ready_o(s_axil_awready), .aw_addr_i(s_axil_awaddr),
    .w_valid_i(s_axil_wvalid), .w_ready_o(s_axil_wready), .w_data_i(s_axil_wdata),
    .w_strb_i(s_axil_wstrb), .b_valid_o(s_axil_bvalid), .b_ready_i(s_axil_bready),
    .b_resp_o(s_axil_bresp), .ar_valid_i(s_axil_arvalid), .ar_ready_o(s_axil_arready),
    .ar_addr_i(s_axil_araddr), .r_valid_o(s_axil_rvalid), .r_ready_i(s_axil_rready),
    .r_data_o(s_axil_rdata), .r_resp_o(s_axil_rresp), .irq_o(irq), .regions_o(regions),
    .gather_o(gather), .hold_o(hold), .idle_i(write_idle & read_idle), .clear_o(clear),
    .wr_block_i(w_block), .wr_slot_bytes_i(w_slot_bytes), .wr_rmw_i(w_rmw),
    .wr_rmw_failed_i(w_rmw_failed), .wr_write_error_i(w_error), .wr_refused_i(w_refused),
    .wr_bypass_i(w_bypass), .wr_beat_i(w_beat), .wr_error_addr_i(w_error_addr),
    .rd_fill_i(r_fill), .rd_slot_bytes_i(r_slot_bytes), .rd_hit_i(r_hit),
    .rd_prefetch_i(r_prefetch), .rd_malformed_i(r_malformed), .rd_read_error_i(r_error),
    .rd_refused_i(r_refused), .rd_bypass_i(r_bypass), .rd_beat_i(r_beat),
    .rd_error_addr_i(r_error_addr)
  );

  logic unused;
  assign unused = |{s_axi_awlock, s_axi_arlock, m_axi_bid, m_axi_rid, s_axil_awprot,
                    s_axil_arprot};
endmodule

`default_nettype wire
