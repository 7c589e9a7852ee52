// SPDX-License-Identifier: Apache-2.0
// chain_tb - compressor and decompressor netlists in a row, in a four-state simulator: registers
//   start unknown.
//
// Checks   after reset no output is unknown: valid, ready, last, keep and user as long as it runs,
//          data where it is valid, all status outputs and counters from reset on; and every block
//          comes back with the values that its mode promises: all of them in lossless mode. A reset
//          in the middle leaves nothing unknown either.
// Method   values are random, beats and stalls too; the configuration of a phase holds until
//          everything is out.
`timescale 1ns / 1ps
module chain_tb;
  parameter W = 64, N = 32, BLOCKS = 40;
  parameter FORMATS = 7, ORDERS = 3;
  reg          aclk = 1'bx, aresetn = 1'bx;
  reg  [1:0]   cfg_format = 0;
  reg          cfg_order = 0, cfg_lossless = 0;
  reg  [10:0]  cfg_slot_bytes = 0;
  reg          s_valid = 0, s_last = 0, m_ready = 0, s_user = 0;
  reg  [W-1:0] s_data = 0;
  wire         s_ready, c_valid, c_ready, c_last, c_user, m_valid, m_last, m_user;
  wire [W-1:0] c_data, m_data;
  wire [W/8-1:0] c_keep, m_keep;
  wire         c_done, c_whole, c_saturated, c_bad_config, c_bad_keep;
  wire         d_done, d_lossless, d_malformed;
  wire [31:0]  c_blocks, c_in, c_out, d_blocks, d_bad, d_in, d_out;

  actp_compressor_axis u_compressor (
    .aclk(aclk), .aresetn(aresetn), .cfg_format(cfg_format), .cfg_order(cfg_order),
    .cfg_slot_bytes(cfg_slot_bytes), .cfg_lossless(cfg_lossless), .cfg_delta_cap(4'd0),
    .cfg_row_limit(5'd12), .s_axis_tvalid(s_valid), .s_axis_tready(s_ready), .s_axis_tdata(s_data),
    .s_axis_tkeep({W/8{1'b1}}), .s_axis_tlast(s_last), .s_axis_tuser(s_user),
    .m_axis_tvalid(c_valid), .m_axis_tready(c_ready), .m_axis_tdata(c_data), .m_axis_tkeep(c_keep),
    .m_axis_tlast(c_last), .m_axis_tuser(c_user), .sts_block_done(c_done), .sts_whole(c_whole),
    .sts_saturated(c_saturated), .sts_bad_config(c_bad_config), .sts_bad_keep(c_bad_keep),
    .sts_blocks(c_blocks), .sts_bytes_in(c_in), .sts_bytes_out(c_out)
  );
  actp_decompressor_axis u_decompressor (
    .aclk(aclk), .aresetn(aresetn), .cfg_format(cfg_format), .cfg_order(cfg_order),
    .cfg_slot_bytes(cfg_slot_bytes), .cfg_lossless(cfg_lossless), .cfg_fill_zero(1'b0),
    .cfg_row_limit(5'd12), .s_axis_tvalid(c_valid), .s_axis_tready(c_ready), .s_axis_tdata(c_data),
    .s_axis_tkeep(c_keep), .s_axis_tlast(c_last), .s_axis_tuser(c_user),
    .m_axis_tvalid(m_valid), .m_axis_tready(m_ready), .m_axis_tdata(m_data), .m_axis_tkeep(m_keep),
    .m_axis_tlast(m_last), .m_axis_tuser(m_user),
    .sts_block_done(d_done), .sts_lossless(d_lossless),
    .sts_malformed(d_malformed), .sts_blocks(d_blocks), .sts_malformed_blocks(d_bad),
    .sts_bytes_in(d_in), .sts_bytes_out(d_out)
  );

  `include "watch.vh"

  reg  [W-1:0] sent [0:65535];
  integer head = 0, tail = 0;
  always @(negedge aclk) if (watch) begin
    known({c_valid, m_valid, s_ready, c_ready}, "handshake");
    known({c_done, c_whole, c_saturated, c_bad_config, c_bad_keep}, "c status");
    known({d_done, d_lossless, d_malformed}, "d status");
    known({c_blocks, c_in, c_out}, "c counters");
    known({d_blocks, d_bad, d_in, d_out}, "d counters");
    if (c_valid === 1'b1) known({c_last, c_keep, c_user, c_data}, "slot");
    if (m_valid === 1'b1) known({m_last, m_keep, m_user, m_data}, "values");
  end
  // A beat moves at the rising edge, with what the registers hold before it.
  always @(posedge aclk) if (watch) begin
    if (m_valid === 1'b1 && m_ready === 1'b1) begin
      if (cfg_lossless && m_data !== sent[head]) begin
        faults = faults + 1;
        if (faults < 10) $display("CHANGED %h is not %h at %0t", m_data, sent[head], $time);
      end
      returned = returned + 1;
      head = head + 1;
    end
  end

  task clock;
    begin
      #5 aclk = 1;
      #5 aclk = 0;
    end
  endtask

  // Values with exponents near each other, now and then a zero, an Inf, a small one.
  function [15:0] half(input dummy);
    integer r;
    begin
      r = $random(seed);
      half = r[15:0];
      if (cfg_format == 1) half[14:10] = 5'd12 + r[17:16];
      else half[14:7] = 8'd120 + r[18:16];
      if (r[27:22] == 0) half = 16'd0;
      if (r[27:22] == 1) half = {r[15], 15'h7f80};
      if (r[27:22] == 2) half = {9'd0, r[6:0]};
    end
  endfunction

  integer b, k, i, beats;
  task block;
    begin
      beats = N * (cfg_format == 0 ? 32 : 16) / W;
      for (k = 0; k < beats; k = k + 1) begin
        for (i = 0; i < W / 16; i = i + 1) s_data[16*i +: 16] = half(1'b0);
        s_user = $random(seed);
        s_last = k == beats - 1;
        s_valid = 1;
        sent[tail] = s_data;
        tail = tail + 1;
        #1;
        while (s_ready !== 1'b1) begin
          m_ready = $random(seed);
          #4 aclk = 1;
          #5 aclk = 0;
          #1;
          if ($time > 20000000) begin
            $display("STUCK at %0t", $time);
            $finish;
          end
        end
        m_ready = $random(seed);
        #4 aclk = 1;
        #5 aclk = 0;
        s_valid = 0;
        if (($random(seed) & 7) == 0) clock;
      end
    end
  endtask
  task drain;
    begin
      m_ready = 1;
      for (b = 0; b < 400; b = b + 1) clock;
      if (head != tail) begin
        faults = faults + 1;
        $display("MISSING %0d of %0d beats at %0t", tail - head, tail, $time);
      end
      head = 0;
      tail = 0;
    end
  endtask
  task reset;
    begin
      watch = 0;
      aclk = 0;
      s_valid = 0;
      #3 aresetn = no_reset;
      #10;
      clock;
      clock;
      #3 aresetn = 1;
      #2 watch = 1;
      head = 0;
      tail = 0;
    end
  endtask

  integer phase, n;
  initial begin
    #20 reset;
    for (phase = 0; phase < 9; phase = phase + 1) begin
      cfg_format   = phase % 3;
      cfg_order    = phase / 3 == 2;
      cfg_lossless = phase / 3 == 1;
      if (FORMATS[cfg_format] && (cfg_order ? ORDERS[1] : ORDERS[0])) begin
        cfg_slot_bytes = N * (cfg_format == 0 ? 2 : 1) - (cfg_order ? 7 : 0);
        for (n = 0; n < BLOCKS; n = n + 1) block;
        drain;
        for (n = 0; n < 3; n = n + 1) block;
        reset;  // in traffic
        for (n = 0; n < 3; n = n + 1) block;
        drain;
      end
    end
    $display("four-state %0d checks, %0d beats came back, %0d faults", checked, returned, faults);
    $finish;
  end
endmodule
