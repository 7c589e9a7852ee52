// SPDX-License-Identifier: Apache-2.0
// actp_decompressor - slots in, values out; both orders.
//
// Format   sections 2, 3, 5 and 7        Model   actplane::DecompressBlock (model/src/codec.cc)
// Contract in:  one packet per slot, null bytes and wrong lengths as docs/rtl.md has them.
//          Configuration and user are sampled with the first beat of a packet that is not null.
//          out: N values per slot as full beats, `last` on the final one, user of the slot on all
//          of them. No block is held: values leave while their slot arrives. The last ones wait for
//          its end. out_bad_o, the same on all beats of a block: its front cannot be (F-7.1,
//          F-7.2), or the pins cannot. It is malformed then, and zeros; a slot of the right length
//          that is not bad is not malformed. No path from any input to any output (rule S4), with
//          InSkid.
// Params   BlockLen 32, 64, 128, 256; StreamWidth 64, 128, 256, 512; Formats 1 .. 7; Orders 1 .. 3;
//          GroupLen 4, 8; Depth 8 .. 24; UserWidth >= 1; InSkid
// Reset    empty; status zero
// Status   block_done_o pulses when the final beat of a block leaves; the flags beside it belong to
//          that block, counters have it in. bytes_in_o counts the bytes of packets, up to a hole.
`include "actp_macros.svh"
`default_nettype none

module actp_decompressor #(
  parameter int unsigned BlockLen    = 128, // N, values of a block: 32, 64, 128, 256
  parameter int unsigned StreamWidth = 256, // bits of a beat: 64, 128, 256, 512
  parameter int unsigned Formats     = 7,   // those built in: bit 0 FP32, 1 FP16, 2 BF16
  parameter int unsigned Orders      = 3,   // those built in: bit 0 field, 1 significance
  parameter int unsigned GroupLen    = 8,   // K of order significance: 4, 8
  parameter int unsigned Depth       = 24,  // magnitude rows kept of FP32: 8 .. 24
  parameter int unsigned UserWidth   = 1,   // bits of user, 1 and more
  parameter bit          InSkid      = 1'b1 // 0: in_ready_o sees out_ready_i; the user cuts it
) (
  input  wire logic                         clk_i,              // rising edge counts
  input  wire logic                         rst_ni,             // asynchronous, active low
  // configuration
  input  wire logic [1:0]                   cfg_format_i,       // 0 FP32, 1 FP16, 2 BF16
  input  wire logic                         cfg_order_i,        // 0 field, 1 significance
  input  wire logic [actp_pkg::SLOT_W-1:0]  cfg_slot_bytes_i,   // T, fixed mode
  input  wire logic                         cfg_lossless_i,     // 1: a slot ends at its last
  input  wire logic                         cfg_fill_zero_i,    // lost bits: 0 midpoint, 1 zero
  input  wire logic [actp_pkg::LIMIT_W-1:0] cfg_row_limit_i,    // R, order significance
  // slots
  input  wire logic                         in_valid_i,         // a beat of a slot is there
  output logic                              in_ready_o,         // a register; it may be taken
  input  wire logic [StreamWidth-1:0]       in_data_i,          // bytes of the slot, first lowest
  input  wire logic [StreamWidth/8-1:0]     in_keep_i,          // bytes that count
  input  wire logic                         in_last_i,          // final beat of the slot
  input  wire logic [UserWidth-1:0]         in_user_i,          // sampled at the first beat
  // values
  output logic                              out_valid_o,        // a beat of values is there
  input  wire logic                         out_ready_i,        // it is taken
  output logic [StreamWidth-1:0]            out_data_o,         // values, first lowest
  output logic [StreamWidth/8-1:0]          out_keep_o,         // always all ones
  output logic                              out_last_o,         // final beat of the block
  output logic [UserWidth-1:0]              out_user_o,         // of the slot, on every beat
  output logic                              out_bad_o,          // the front of the slot cannot be
  // status
  output logic                              block_done_o,       // pulse: a block has left
  output logic                              lossless_o,         // F-3.13; order field only
  output logic                              malformed_o,        // section 7 of the format
  output logic [31:0]                       blocks_o,           // blocks that have left
  output logic [31:0]                       malformed_blocks_o, // those that were malformed
  output logic [31:0]                       bytes_in_o,         // of packets, up to a hole
  output logic [31:0]                       bytes_out_o         // of values
);
  localparam int unsigned Width   = (StreamWidth < 256) ? 256 : StreamWidth;
  localparam int unsigned InBytes = StreamWidth / 8;
  localparam int unsigned InW     = $clog2(InBytes) + 1;
  localparam int unsigned BytesW  = $clog2(Width / 8) + 1;
  localparam int unsigned PinsW   = 2 + 1 + actp_pkg::SLOT_W + 1 + 1 + actp_pkg::LIMIT_W;
  localparam int unsigned TagW    = actp_pkg::CONFIG_W + UserWidth;
  localparam int unsigned SkidW   = StreamWidth + InW + 2 + PinsW + UserWidth;

  // ---- input: the kept bytes are a number, or the beat has a hole
  logic                   run, hole, beat_valid, beat_ready, beat_last, beat_hole;
  logic [InW-1:0]         bytes, beat_bytes;
  logic [StreamWidth-1:0] beat_data;
  logic [PinsW-1:0]       beat_pins;
  logic [UserWidth-1:0]   beat_user;
  logic [SkidW-1:0]       beat;
  assign run  = (in_keep_i[InBytes-1:1] & ~in_keep_i[InBytes-2:0]) == '0;
  assign hole = ~run | (~in_last_i & in_keep_i[0] & ~in_keep_i[InBytes-1]);
  always_comb begin
    bytes = {in_keep_i[InBytes-1], {(InW-1){1'b0}}};
    for (int unsigned b = 0; b < InBytes - 1; b++) bytes = bytes | (InW'(b + 1) &
        {InW{in_keep_i[b] & ~in_keep_i[b+1]}});
  end
  logic [SkidW-1:0]       in_beat;
  assign in_beat = {in_data_i, bytes, in_last_i, hole, in_user_i, cfg_format_i, cfg_order_i,
                    cfg_slot_bytes_i, cfg_lossless_i, cfg_fill_zero_i, cfg_row_limit_i};
  if (InSkid) begin : gen_skid
    actp_skid #(.Width(SkidW)) u_skid (
      .clk_i, .rst_ni, .in_valid_i, .in_ready_o, .in_data_i(in_beat),
      .out_valid_o(beat_valid), .out_ready_i(beat_ready), .out_data_o(beat)
    );
  end else begin : gen_none
    assign beat_valid = in_valid_i;
    assign in_ready_o = beat_ready;
    assign beat       = in_beat;
  end
  assign {beat_data, beat_bytes, beat_last, beat_hole, beat_user, beat_pins} = beat;

  // ---- configuration
  logic [1:0]                   pin_format;
  logic                         pin_order, pin_lossless, pin_fill_zero;
  logic [actp_pkg::SLOT_W-1:0]  pin_slot_bytes;
  logic [actp_pkg::LIMIT_W-1:0] pin_row_limit;
  actp_pkg::config_t            nearest, cfg;
  assign {pin_format, pin_order, pin_slot_bytes, pin_lossless, pin_fill_zero, pin_row_limit} =
      beat_pins;
  actp_config #(.BlockLen(BlockLen), .Formats(Formats), .Orders(Orders), .GroupLen(GroupLen),
      .Depth(Depth)) u_config (
    .format_i(pin_format), .order_i(pin_order), .lossless_i(pin_lossless),
    .slot_bytes_i(pin_slot_bytes), .delta_cap_i(actp_pkg::WIDTH_W'(0)),
    .row_limit_i(pin_row_limit), .fill_zero_i(pin_fill_zero), .cfg_o(nearest)
  );
  // A slot size that cannot be makes the slot malformed, whatever it is read as.
  always_comb begin
    cfg            = nearest;
    cfg.slot_bytes = pin_slot_bytes;
  end

  // ---- words, values
  logic              word_valid, word_ready, word_first, word_last, word_hole;
  logic [Width-1:0]  word;
  logic [BytesW-1:0] word_bytes;
  logic [TagW-1:0]   word_tag;
  actp_dec_widen #(.StreamWidth(StreamWidth), .Width(Width), .TagW(TagW)) u_widen (
    .clk_i, .rst_ni, .in_valid_i(beat_valid), .in_ready_o(beat_ready), .in_data_i(beat_data),
    .in_bytes_i(beat_bytes),
    .in_last_i(beat_last), .in_hole_i(beat_hole), .in_tag_i({beat_user, cfg}),
    .out_valid_o(word_valid), .out_ready_i(word_ready), .out_data_o(word),
    .out_bytes_o(word_bytes), .out_first_o(word_first),
    .out_last_o(word_last), .out_hole_o(word_hole), .out_tag_o(word_tag)
  );
  logic                 chunk_valid, chunk_ready, chunk_last, chunk_narrow, chunk_lossless,
      chunk_malformed, busy;
  logic [Width-1:0]     chunk;
  logic [UserWidth-1:0] chunk_user;
  logic [31:0]          chunk_read;
  actp_dec_core #(.BlockLen(BlockLen), .Width(Width), .Formats(Formats), .Orders(Orders),
      .GroupLen(GroupLen), .Depth(Depth),
                  .UserWidth(UserWidth)) u_core (
    .clk_i, .rst_ni, .in_valid_i(word_valid), .in_ready_o(word_ready), .in_data_i(word),
    .in_bytes_i(word_bytes),
    .in_first_i(word_first), .in_last_i(word_last), .in_hole_i(word_hole), .in_tag_i(word_tag),
    .out_valid_o(chunk_valid), .out_ready_i(chunk_ready), .out_data_o(chunk),
    .out_last_o(chunk_last),
    .out_narrow_o(chunk_narrow), .out_user_o(chunk_user), .out_lossless_o(chunk_lossless),
    .out_malformed_o(chunk_malformed), .out_bad_o,
    .out_read_o(chunk_read), .busy_o(busy)
  );

  // ---- output: the beats of a chunk
  localparam int unsigned Beats = Width / StreamWidth;
  logic last_beat;
  if (Beats == 1) begin : gen_whole
    assign last_beat  = 1'b1;
    assign out_data_o = chunk;
  end else begin : gen_beats
    localparam int unsigned IndexW = $clog2(Beats);
    logic [IndexW-1:0] index_q;
    assign last_beat  = index_q == IndexW'(Beats - 1);
    assign out_data_o = chunk[32'(index_q) * StreamWidth +: StreamWidth];
    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni)                        index_q <= '0;
      else if (out_valid_o & out_ready_i) index_q <= index_q + 1'b1;
    end
  end
  assign out_valid_o = chunk_valid;
  assign out_last_o  = chunk_last & last_beat;
  assign out_keep_o  = '1;
  assign out_user_o  = chunk_user;
  assign chunk_ready = out_ready_i & last_beat;

  // ---- status
  logic left;
  assign left = out_valid_o & out_ready_i & out_last_o;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      block_done_o       <= 1'b0;
      lossless_o         <= 1'b0;
      malformed_o        <= 1'b0;
      blocks_o           <= '0;
      malformed_blocks_o <= '0;
      bytes_in_o         <= '0;
      bytes_out_o        <= '0;
    end else begin
      block_done_o <= left;
      if (left) begin
        lossless_o         <= chunk_lossless;
        malformed_o        <= chunk_malformed;
        blocks_o           <= blocks_o + 32'd1;
        bytes_in_o         <= chunk_read;
        malformed_blocks_o <= malformed_blocks_o + 32'(chunk_malformed);
        bytes_out_o        <= bytes_out_o + (chunk_narrow ? 32'(2 * BlockLen) : 32'(4 * BlockLen));
      end
    end
  end

  // Nothing inside. Whoever stops the clock may look at it.
  logic idle, unused;
  assign idle = ~(beat_valid | busy | chunk_valid);
  assign unused = idle;

  if (BlockLen != 32 && BlockLen != 64 && BlockLen != 128 && BlockLen != 256) begin :
      gen_bad_block_len
    $fatal(1, "actp_decompressor: BlockLen must be 32, 64, 128 or 256");
  end
  if (StreamWidth != 64 && StreamWidth != 128 && StreamWidth != 256 && StreamWidth != 512) begin :
      gen_bad_width
    $fatal(1, "actp_decompressor: StreamWidth must be 64, 128, 256 or 512");
  end
  if (Formats == 0 || Formats > 7) begin : gen_bad_formats
    $fatal(1, "actp_decompressor: Formats must be 1 to 7");
  end
  if (Orders == 0 || Orders > 3 || (GroupLen != 4 && GroupLen != 8) || Depth < 8 ||
      Depth > 24) begin : gen_bad_order
    $fatal(1, "actp_decompressor: Orders 1 to 3, GroupLen 4 or 8, Depth 8 to 24");
  end
  if (UserWidth == 0) begin : gen_bad_user
    $fatal(1, "actp_decompressor: UserWidth must be at least 1");
  end

  `ACTP_STREAM(SlotsIn, in_valid_i, in_ready_o, {in_data_i, in_keep_i, in_last_i})
  `ACTP_STREAM(ValuesOut, out_valid_o, out_ready_i, {out_data_o, out_last_o, out_user_o})
endmodule

`default_nettype wire
