// SPDX-License-Identifier: Apache-2.0
// memory_tb - the netlist of actp_memory (memory_field of synth/memories.txt) in a four-state
//   simulator: registers start unknown.
//
// Checks   after reset no output is unknown: valid, ready and irq always, the rest where it is
//          valid, of W the bytes that are written; what is read is what was written, as T keeps
//          every bit; answers are as docs/memory.md says. A reset in the middle of a burst leaves
//          nothing unknown either.
// Method   whole blocks, a part of one, hits and misses, bypass, a refused burst, a malformed slot,
//          registers. Ready and the memory's valid are random.
`timescale 1ns / 1ps
module memory_tb;
  localparam W = 256, A = 32, I = 4, B = W / 8;
  localparam BLOCKS = 8;
  reg aclk = 0, aresetn = 1'bx;

  reg          s_awvalid = 0, s_wvalid = 0, s_bready = 1, s_arvalid = 0, s_rready = 1;
  reg  [I-1:0] s_id = 0;
  reg  [A-1:0] s_addr = 0;
  reg  [7:0]   s_len = 0;
  reg  [1:0]   s_burst = 1;
  reg  [W-1:0] s_wdata = 0;
  reg  [B-1:0] s_wstrb = 0;
  reg          s_wlast = 0;
  wire         s_awready, s_wready, s_bvalid, s_arready, s_rvalid, s_rlast, irq;
  wire [I-1:0] s_bid, s_rid;
  wire [1:0]   s_bresp, s_rresp;
  wire [W-1:0] s_rdata;

  reg          m_awready = 0, m_wready = 0, m_bvalid = 0, m_arready = 0, m_rvalid = 0, m_rlast = 0;
  reg  [W-1:0] m_rdata = 0;
  wire         m_awvalid, m_wvalid, m_wlast, m_bready, m_arvalid, m_rready, m_awlock, m_arlock;
  wire [I-1:0] m_awid, m_arid;
  wire [A-1:0] m_awaddr, m_araddr;
  wire [7:0]   m_awlen, m_arlen;
  wire [2:0]   m_awsize, m_arsize, m_awprot, m_arprot;
  wire [1:0]   m_awburst, m_arburst;
  wire [3:0]   m_awcache, m_awqos, m_arcache, m_arqos;
  wire [W-1:0] m_wdata;
  wire [B-1:0] m_wstrb;

  reg          l_awvalid = 0, l_wvalid = 0, l_arvalid = 0;
  reg  [11:0]  l_addr = 0;
  reg  [31:0]  l_wdata = 0;
  wire         l_awready, l_wready, l_bvalid, l_arready, l_rvalid;
  wire [1:0]   l_bresp, l_rresp;
  wire [31:0]  l_rdata;

  actp_memory u_memory (
    .aclk(aclk), .aresetn(aresetn),
    .s_axi_awvalid(s_awvalid), .s_axi_awready(s_awready), .s_axi_awid(s_id), .s_axi_awaddr(s_addr),
    .s_axi_awlen(s_len), .s_axi_awsize(3'd5), .s_axi_awburst(s_burst), .s_axi_awlock(1'b0),
    .s_axi_awcache(4'd3), .s_axi_awprot(3'd0), .s_axi_awqos(4'd0),
    .s_axi_wvalid(s_wvalid), .s_axi_wready(s_wready), .s_axi_wdata(s_wdata), .s_axi_wstrb(s_wstrb),
    .s_axi_wlast(s_wlast),
    .s_axi_bvalid(s_bvalid), .s_axi_bready(s_bready), .s_axi_bid(s_bid), .s_axi_bresp(s_bresp),
    .s_axi_arvalid(s_arvalid), .s_axi_arready(s_arready), .s_axi_arid(s_id), .s_axi_araddr(s_addr),
    .s_axi_arlen(s_len), .s_axi_arsize(3'd5), .s_axi_arburst(s_burst), .s_axi_arlock(1'b0),
    .s_axi_arcache(4'd3), .s_axi_arprot(3'd0), .s_axi_arqos(4'd0),
    .s_axi_rvalid(s_rvalid), .s_axi_rready(s_rready), .s_axi_rid(s_rid), .s_axi_rdata(s_rdata),
    .s_axi_rresp(s_rresp), .s_axi_rlast(s_rlast),
    .m_axi_awvalid(m_awvalid), .m_axi_awready(m_awready), .m_axi_awid(m_awid),
    .m_axi_awaddr(m_awaddr), .m_axi_awlen(m_awlen), .m_axi_awsize(m_awsize),
    .m_axi_awburst(m_awburst), .m_axi_awlock(m_awlock), .m_axi_awcache(m_awcache),
    .m_axi_awprot(m_awprot), .m_axi_awqos(m_awqos),
    .m_axi_wvalid(m_wvalid), .m_axi_wready(m_wready), .m_axi_wdata(m_wdata), .m_axi_wstrb(m_wstrb),
    .m_axi_wlast(m_wlast),
    .m_axi_bvalid(m_bvalid), .m_axi_bready(m_bready), .m_axi_bid({I{1'b0}}), .m_axi_bresp(2'd0),
    .m_axi_arvalid(m_arvalid), .m_axi_arready(m_arready), .m_axi_arid(m_arid),
    .m_axi_araddr(m_araddr), .m_axi_arlen(m_arlen), .m_axi_arsize(m_arsize),
    .m_axi_arburst(m_arburst), .m_axi_arlock(m_arlock), .m_axi_arcache(m_arcache),
    .m_axi_arprot(m_arprot), .m_axi_arqos(m_arqos),
    .m_axi_rvalid(m_rvalid), .m_axi_rready(m_rready), .m_axi_rid({I{1'b0}}), .m_axi_rdata(m_rdata),
    .m_axi_rresp(2'd0), .m_axi_rlast(m_rlast),
    .s_axil_awvalid(l_awvalid), .s_axil_awready(l_awready), .s_axil_awaddr(l_addr),
    .s_axil_awprot(3'd0),
    .s_axil_wvalid(l_wvalid), .s_axil_wready(l_wready), .s_axil_wdata(l_wdata),
    .s_axil_wstrb(4'd15),
    .s_axil_bvalid(l_bvalid), .s_axil_bready(1'b1), .s_axil_bresp(l_bresp),
    .s_axil_arvalid(l_arvalid), .s_axil_arready(l_arready), .s_axil_araddr(l_addr),
    .s_axil_arprot(3'd0),
    .s_axil_rvalid(l_rvalid), .s_axil_rready(1'b1), .s_axil_rdata(l_rdata), .s_axil_rresp(l_rresp),
    .irq(irq)
  );
  always #5 aclk = ~aclk;

  `include "watch.vh"
  task fault(input [8*12-1:0] what);
    begin
      faults = faults + 1;
      if (faults < 10) $display("%0s at %0t", what, $time);
    end
  endtask
  function [W-1:0] written(input [W-1:0] data, input [B-1:0] strb);
    integer k;
    for (k = 0; k < B; k = k + 1) written[8*k +: 8] = strb[k] ? data[8*k +: 8] : 8'd0;
  endfunction

  always @(negedge aclk) if (watch) begin
    known({s_awready, s_wready, s_bvalid, s_arready, s_rvalid}, "s handshake");
    known({m_awvalid, m_wvalid, m_bready, m_arvalid, m_rready}, "m handshake");
    known({l_awready, l_wready, l_bvalid, l_arready, l_rvalid, irq}, "l handshake");
    if (s_bvalid === 1'b1) known({s_bid, s_bresp}, "B");
    if (s_rvalid === 1'b1) known({s_rid, s_rresp, s_rlast, s_rdata}, "R");
    if (m_awvalid === 1'b1)
      known({m_awid, m_awaddr, m_awlen, m_awsize, m_awburst, m_awlock, m_awcache, m_awprot,
        m_awqos}, "AW");
    if (m_wvalid === 1'b1) known({m_wstrb, m_wlast, written(m_wdata, m_wstrb)}, "W");
    if (m_arvalid === 1'b1)
      known({m_arid, m_araddr, m_arlen, m_arsize, m_arburst, m_arlock, m_arcache, m_arprot,
        m_arqos}, "AR");
    if (l_bvalid === 1'b1) known(l_bresp, "register B");
    if (l_rvalid === 1'b1) known({l_rresp, l_rdata}, "register R");
  end

  // The memory: slots below 8 KiB, of which every byte makes a malformed slot, bypass above. One
  // burst at a time.
  reg  [W-1:0] store [0:1023];
  reg  [9:0]   w_at, r_at;
  reg  [7:0]   r_left;
  reg          w_busy = 0, r_busy = 0;
  integer      k, b_due = 0;
  initial for (k = 0; k < 1024; k = k + 1) store[k] = {W{1'b1}};
  always @(posedge aclk) begin
    if (aresetn !== 1'b1) begin
      w_busy = 0; r_busy = 0; b_due = 0;
      m_bvalid <= 0; m_rvalid <= 0;
    end else begin
      if (m_wvalid === 1'b1 && m_wready) begin
        for (k = 0; k < B; k = k + 1)
          if (m_wstrb[k] === 1'b1) store[w_at][8*k +: 8] = m_wdata[8*k +: 8];
        w_at = w_at + 1;
        if (m_wlast === 1'b1) begin
          w_busy = 0;
          b_due = b_due + 1;
        end
      end
      if (m_awvalid === 1'b1 && m_awready) begin
        w_busy = 1;
        w_at = m_awaddr[14:5];
      end
      if (m_bvalid && m_bready === 1'b1) begin
        b_due = b_due - 1;
        m_bvalid <= 0;
      end else if (!m_bvalid) m_bvalid <= b_due != 0 && $random(seed) % 2 == 0;
      if (m_rvalid && m_rready === 1'b1) begin
        m_rvalid <= 0;
        r_at = r_at + 1;
        if (r_left == 0) r_busy = 0;
        r_left = r_left - 1;
      end
      if ((!m_rvalid || m_rready === 1'b1) && r_busy) begin
        m_rvalid <= 1;
        m_rdata <= store[r_at];
        m_rlast <= r_left == 0;
      end
      if (m_arvalid === 1'b1 && m_arready) begin
        r_busy = 1;
        r_at = m_araddr[14:5];
        r_left = m_arlen;
      end
    end
    m_awready <= !w_busy && $random(seed) % 2 == 0;
    m_wready  <= w_busy && $random(seed) % 4 != 0;
    m_arready <= !r_busy && $random(seed) % 2 == 0;
    s_rready  <= $random(seed) % 4 != 0;
    s_bready  <= $random(seed) % 4 != 0;
  end
  // A burst that is being taken leaves no room for another one.
  always @(posedge aclk) #1 begin
    if (w_busy) m_awready = 0;
    if (!w_busy) m_wready = 0;
    if (r_busy) m_arready = 0;
  end

  // The master.
  reg  [W-1:0] value [0:1023];  // what each word of the region, then of the bypass, must be
  reg  [1:0]   resp;
  integer      word, beat;
  task lite_write(input [11:0] address, input [31:0] data, input [1:0] expected);
    begin
      l_addr <= address; l_wdata <= data; l_awvalid <= 1; l_wvalid <= 1;
      @(posedge aclk);
      while (l_awready !== 1'b1 || l_wready !== 1'b1) @(posedge aclk);
      l_awvalid <= 0; l_wvalid <= 0;
      while (l_bvalid !== 1'b1) @(posedge aclk);
      if (l_bresp !== expected) fault("REGISTER");
      @(posedge aclk);
    end
  endtask
  task lite_read(input [11:0] address, input [31:0] mask, input [31:0] expected);
    begin
      l_addr <= address; l_arvalid <= 1;
      @(posedge aclk);
      while (l_arready !== 1'b1) @(posedge aclk);
      l_arvalid <= 0;
      while (l_rvalid !== 1'b1) @(posedge aclk);
      if ((l_rdata & mask) !== expected) fault("REGISTER");
      @(posedge aclk);
    end
  endtask
  task address(input [A-1:0] at, input integer beats, input [1:0] burst, input write);
    begin
      s_addr <= at; s_len <= beats - 1; s_burst <= burst; s_id <= $random(seed);
      if (write) s_awvalid <= 1; else s_arvalid <= 1;
      @(posedge aclk);
      while ((write ? s_awready : s_arready) !== 1'b1) @(posedge aclk);
      s_awvalid <= 0; s_arvalid <= 0;
    end
  endtask
  task beats_out(input integer beats, input integer first, input [B-1:0] strb);
    for (beat = 0; beat < beats; beat = beat + 1) begin
      for (k = 0; k < W / 32; k = k + 1) begin
        s_wdata[32*k +: 32] = $random(seed);
        s_wdata[32*k+23 +: 8] = 8'd120 + s_wdata[32*k+23 +: 3];
      end
      for (k = 0; k < B; k = k + 1) if (strb[k]) value[first+beat][8*k +: 8] = s_wdata[8*k +: 8];
      s_wstrb = strb; s_wlast = beat == beats - 1; s_wvalid = 1;
      @(posedge aclk);
      while (s_wready !== 1'b1) @(posedge aclk);
      #1 s_wvalid = 0;
    end
  endtask
  task write(input [A-1:0] at, input integer beats, input integer first, input [B-1:0] strb,
    input [1:0] burst,
             input [1:0] expected);
    begin
      address(at, beats, burst, 1'b1);
      beats_out(beats, first, strb);
      while (!(s_bvalid === 1'b1 && s_bready)) @(posedge aclk);
      if (s_bresp !== expected || s_bid !== s_id) fault("B");
      @(posedge aclk);
    end
  endtask
  task read(input [A-1:0] at, input integer beats, input integer first, input [1:0] burst,
    input [1:0] expected);
    begin
      address(at, beats, burst, 1'b0);
      for (beat = 0; beat < beats; beat = beat + 1) begin
        while (!(s_rvalid === 1'b1 && s_rready)) @(posedge aclk);
        if (s_rresp !== expected || s_rid !== s_id || s_rlast !== (beat == beats - 1)) fault("R");
        if (s_rdata !== (expected == 0 ? value[first+beat] : {W{1'b0}})) fault("CHANGED");
        returned = returned + 1;
        @(posedge aclk);
      end
    end
  endtask

  localparam BASE = 32'h8000_0000, PLAIN = 32'h0000_4000;
  task reset;
    begin
      #3 aresetn = no_reset;
      {s_awvalid, s_wvalid, s_arvalid, l_awvalid, l_wvalid, l_arvalid} = 0;
      repeat (3) @(posedge aclk);
      #1 aresetn = 1;
      watch = 1;
    end
  endtask
  task round;
    begin
      repeat (4) @(posedge aclk);
      lite_read(12'h000, ~32'd0, 32'h6d746361);
      lite_read(12'h01c, ~32'd0, 0);
      lite_write(12'h018, 31, 0);
      lite_write(12'h100, BASE, 0);
      lite_write(12'h108, 64, 0);
      lite_write(12'h10c, 0, 0);
      lite_write(12'h114, 140 << 16, 0);
      lite_write(12'h118, 1, 0);
      lite_read(12'h118, ~32'd0, 1);
      lite_write(12'h100, BASE, 2);  // it is on
      for (word = 0; word < 4 * BLOCKS; word = word + 4)
        write(BASE + B * word, 4, word, {B{1'b1}}, 1, 0);
      for (word = 0; word < 4 * BLOCKS; word = word + 4) read(BASE + B * word, 4, word, 1, 0);
      read(BASE + B * (4 * BLOCKS - 1), 1, 4 * BLOCKS - 1, 1, 0);
      write(BASE + B * 5, 1, 5, {B{1'b1}} >> 7, 1, 0);
      read(BASE + B * 4, 4, 4, 1, 0);
      write(PLAIN, 3, 512, {B{1'b1}}, 1, 0);
      read(PLAIN, 3, 512, 1, 0);
      write(BASE, 1, 1000, {B{1'b1}}, 0, 2);  // FIXED
      read(BASE, 2, 1000, 0, 2);
      read(BASE + B * 120, 2, 1000, 1, 2);  // malformed
      if (irq !== 1'b1) fault("IRQ");
      lite_read(12'h01c, 32'h11, 32'h11);
      for (word = 32; word < 48; word = word + 1) lite_read(4 * word, 0, 0);
      lite_write(12'h118, 0, 0);
      lite_write(12'h01c, 31, 0);
      repeat (2) @(posedge aclk);
      if (irq !== 1'b0) fault("IRQ");
    end
  endtask
  initial begin
    for (k = 0; k < 1024; k = k + 1) value[k] = 0;
    reset;
    round;
    // In the middle of a burst, a slot and a response.
    lite_write(12'h118, 1, 0);
    write(BASE, 4, 0, {B{1'b1}}, 1, 0);
    address(BASE + B * 4, 8, 1, 1'b1);
    beats_out(5, 4, {B{1'b1}});
    reset;
    for (k = 0; k < 160; k = k + 1) store[k] = {W{1'b1}};
    round;
    $display("four-state %0d checks, %0d words came back, %0d faults", checked, returned, faults);
    $finish;
  end
  initial begin
    #3000000 $display("STUCK");
    $finish;
  end
endmodule
