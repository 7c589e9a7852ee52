// SPDX-License-Identifier: Apache-2.0
// actp_round_trip_tb - random FP32 values through actp_round_trip in lossless mode, with stalls.
//
// Contract ends with a line of counts, or with $fatal where a value does not come back. The bench
//          of the project is in tb/, in C++; this one runs in any simulator that reads the RTL.
// Params   as actp_round_trip; Blocks: how many go through
`default_nettype none

module actp_round_trip_tb #(
  parameter int unsigned BlockLen    = 32,
  parameter int unsigned StreamWidth = 64,
  parameter int unsigned Blocks      = 64
);
  localparam int unsigned Lanes = StreamWidth / 32;
  localparam int unsigned Beats = Blocks * BlockLen / Lanes;

  logic                     aclk = 1'b0, aresetn = 1'b0;
  logic                     in_valid = 1'b0, in_ready, out_valid, out_ready = 1'b0, out_last;
  logic [StreamWidth-1:0]   in_data = '0, out_data;
  logic [StreamWidth/8-1:0] out_keep;
  logic [31:0]              slots, slot_bytes, malformed;
  always #5 aclk = ~aclk;

  actp_round_trip #(.BlockLen(BlockLen), .StreamWidth(StreamWidth)) u_dut (
    .aclk, .aresetn, .cfg_lossless(1'b1), .cfg_slot_bytes(11'd0),
    .s_axis_tvalid(in_valid), .s_axis_tready(in_ready), .s_axis_tdata(in_data),
    .s_axis_tkeep('1), .s_axis_tlast(1'b0),
    .m_axis_tvalid(out_valid), .m_axis_tready(out_ready), .m_axis_tdata(out_data),
    .m_axis_tkeep(out_keep), .m_axis_tlast(out_last),
    .sts_slots(slots), .sts_slot_bytes(slot_bytes), .sts_malformed(malformed)
  );

  // Values as activations have them: of both signs, some of them zero, over a few octaves.
  function automatic logic [StreamWidth-1:0] values(input logic [31:0] unused);
    values = '0;
    for (int unsigned i = 0; i < Lanes; i++) begin
      if ($urandom() % 8 != 0) begin
        values[i*32 +: 32] = {1'($urandom()), 8'(120 + $urandom() % 8), 23'($urandom())};
      end
    end
    if (unused[0]) values[0] = ~values[0];
  endfunction

  logic [StreamWidth-1:0] sent[Beats];
  int unsigned            beats_in = 0, beats_out = 0, waited = 0;

  initial begin
    repeat (4) @(negedge aclk);
    aresetn = 1'b1;  // clear of the rising edge
  end
  always @(posedge aclk) begin
    if (aresetn) begin
      // AXI4-Stream: what is offered stays until it is taken.
      if (in_valid & in_ready) begin
        sent[beats_in] <= in_data;
        beats_in       <= beats_in + 1;
      end
      if (~in_valid | in_ready) begin
        in_valid <= (beats_in + int'(in_valid) < Beats) & ($urandom() % 4 != 0);
        in_data  <= values(beats_in);
      end
      out_ready <= $urandom() % 4 != 0;
      waited    <= waited + 1;
      if (out_valid & out_ready) begin
        waited    <= 0;
        beats_out <= beats_out + 1;
        if (out_data !== sent[beats_out] || out_keep !== '1) begin
          $fatal(1, "beat %0d is %h, not %h", beats_out, out_data, sent[beats_out]);
        end
        if (out_last !== ((beats_out + 1) * Lanes % BlockLen == 0)) begin
          $fatal(1, "beat %0d: last is %b", beats_out, out_last);
        end
      end
      if (waited > 10000) $fatal(1, "nothing comes out behind beat %0d", beats_out);
      if (beats_out == Beats) begin
        if (slots != Blocks || malformed != 0) begin
          $fatal(1, "%0d slots, %0d malformed", slots, malformed);
        end
        $display("%0d blocks of %0d bytes in %0d bytes of slots, 0 mismatches", Blocks,
                 4 * BlockLen, slot_bytes);
        $finish;
      end
    end
  end
endmodule

`default_nettype wire
