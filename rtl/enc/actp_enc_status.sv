// SPDX-License-Identifier: Apache-2.0
// actp_enc_status - what the compressor tells of the slots that have left.
//
// Format   F-2.5        Model   none: counts
// Contract in:  a beat leaves when beat_i is high, and with it what its slot is.
//          out: block_done_o in the cycle after the last beat of a slot; the flags of that slot
//               until the next one; counters that have it in. bytes_out_o counts beat by beat.
// Params   BlockLen 32 .. 256, StreamWidth 64 .. 512
// Reset    all 0
`default_nettype none

module actp_enc_status #(
  parameter int unsigned BlockLen    = 128,
  parameter int unsigned StreamWidth = 256
) (
  input  wire logic                     clk_i,
  input  wire logic                     rst_ni,
  // a beat of a slot leaves, and what that slot is
  input  wire logic                     beat_i,
  input  wire logic                     last_i,
  input  wire logic [StreamWidth/8-1:0] keep_i,       // a run from bit 0, not empty
  input  wire logic                     narrow_i,     // a 16-bit format
  input  wire logic                     whole_i,
  input  wire logic                     saturated_i,
  input  wire logic                     bad_config_i,
  input  wire logic                     bad_keep_i,
  // status, as in actp_compressor
  output logic                          block_done_o,
  output logic                          whole_o,
  output logic                          saturated_o,
  output logic                          bad_config_o,
  output logic                          bad_keep_o,
  output logic [31:0]                   blocks_o,
  output logic [31:0]                   bytes_in_o,
  output logic [31:0]                   bytes_out_o
);
  localparam int unsigned Bytes = StreamWidth / 8;
  localparam int unsigned ByteW = $clog2(Bytes + 1);

  logic             left;
  logic [Bytes-1:0] final_byte;
  logic [ByteW-1:0] bytes;
  assign left       = beat_i & last_i;
  assign final_byte = keep_i & ~{1'b0, keep_i[Bytes-1:1]};
  always_comb begin
    bytes = '0;
    for (int unsigned i = 0; i < Bytes; i++) begin
      bytes = bytes | (ByteW'(i + 1) & {ByteW{final_byte[i]}});
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      block_done_o <= 1'b0;
      whole_o      <= 1'b0;
      saturated_o  <= 1'b0;
      bad_config_o <= 1'b0;
      bad_keep_o   <= 1'b0;
      blocks_o     <= '0;
      bytes_in_o   <= '0;
      bytes_out_o  <= '0;
    end else begin
      block_done_o <= left;
      if (beat_i) bytes_out_o <= bytes_out_o + 32'(bytes);
      if (left) begin
        whole_o      <= whole_i;
        saturated_o  <= saturated_i;
        bad_config_o <= bad_config_i;
        bad_keep_o   <= bad_keep_i;
        blocks_o     <= blocks_o + 32'd1;
        bytes_in_o   <= bytes_in_o + (narrow_i ? 32'(2 * BlockLen) : 32'(4 * BlockLen));
      end
    end
  end
endmodule

`default_nettype wire
