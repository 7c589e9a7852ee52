// SPDX-License-Identifier: Apache-2.0
// actp_enc_back - the second half of the compressor: plans and chunks to slots.
//
// Format   F-2.5, F-2.8, F-3.4, F-4.7, F-4.10, F-5.2 .. F-5.6, F-6.12    Model   CompressBlock
// Contract in:  plans (valid/ready) and, in the same order, the chunks of their blocks, as the
//               store holds them. front_i is 0 behind its bytes; flags of specials are 0 outside
//               form 3. Z is plan_i.zero_code in both orders.
//          out: each slot as a packet. User and status go with every beat of it and are registers:
//               0 after reset. Chunks and plans are independent: either may come first. A chunk in
//               every cycle: see actp_packer. out_ready_i reaches plan_ready_o and chunk_ready_o
//               through gates alone.
// Method   actp_enc_emit, actp_packer, actp_narrow. A plan stays at the input until its front has
//          been taken; with blocks of few chunks what the packer needs of it waits in a queue
//          instead.
// Params   BlockLen 32 .. 256, StreamWidth 64 .. 512, Formats, Orders, GroupLen, Depth, UserWidth
// Reset    empty
`include "actp_macros.svh"
`default_nettype none

module actp_enc_back #(
  parameter int unsigned BlockLen    = 128,
  parameter int unsigned StreamWidth = 256,
  parameter int unsigned Formats     = 7,
  parameter int unsigned Orders      = 3,
  parameter int unsigned GroupLen    = 8,
  parameter int unsigned Depth       = 24,
  parameter int unsigned UserWidth   = 1,
  localparam int unsigned CoreWidth = (StreamWidth > 256) ? StreamWidth : 256,
  localparam int unsigned Groups    = BlockLen / GroupLen,
  localparam int unsigned CodesW    = 8 * ((24 + 5 * Groups + 7) / 8),
  localparam int unsigned FrontW    = (Orders == 1) ? 64 : (CodesW > 72) ? CodesW : 72,
  localparam int unsigned WideW     = actp_pkg::stored_bits(Depth),
  localparam int unsigned WideData  = ((Formats & 1) != 0) ? CoreWidth / 32 * WideW : 0,
  localparam int unsigned DataW     = (Formats != 1 && CoreWidth > WideData) ? CoreWidth : WideData,
  localparam int unsigned Lanes     = (Formats == 1) ? CoreWidth / 32 : CoreWidth / 16,
  localparam int unsigned EntryW    = DataW + (((Orders & 2) != 0) ? Lanes : 0)
) (
  input  wire logic                     clk_i,
  input  wire logic                     rst_ni,
  // plans
  input  wire logic                     plan_valid_i,
  output logic                          plan_ready_o,
  input  wire actp_pkg::plan_t          plan_i,
  input  wire logic [UserWidth-1:0]     user_i,
  input  wire logic                     bad_keep_i,
  input  wire logic [FrontW-1:0]        front_i,        // bit 0 first
  input  wire logic [23*5-1:0]          man_rank_i,     // order field: stored rows above each
  input  wire logic [4*Groups-1:0]      codes_i,        // order significance, as the next two
  input  wire logic [Groups-1:0]        lives_i,        // F-6.3
  input  wire logic [Groups-1:0]        special_i,      // y(g)
  // chunks
  input  wire logic                     chunk_valid_i,
  output logic                          chunk_ready_o,
  input  wire logic [EntryW-1:0]        chunk_i,
  // slots
  output logic                          out_valid_o,
  input  wire logic                     out_ready_i,
  output logic [StreamWidth-1:0]        out_data_o,
  output logic [StreamWidth/8-1:0]      out_keep_o,
  output logic                          out_last_o,
  output logic [UserWidth-1:0]          out_user_o,
  output logic                          whole_o,        // with every beat of the slot
  output logic                          saturated_o,
  output logic                          bad_config_o,
  output logic                          bad_keep_o
);
  localparam int unsigned Octets    = CoreWidth / 128;
  localparam int unsigned Split     = (Orders != 1) ? 8 / GroupLen : 1;
  localparam int unsigned FieldRows = ((Orders & 1) != 0) ? 17 : 0;
  localparam int unsigned LevelRows = (Orders != 1) ? Depth + 3 : 0;
  localparam int unsigned OctetRows = (LevelRows > FieldRows) ? LevelRows : FieldRows;
  localparam int unsigned HalfW     = Octets / 2 * OctetRows * 8;
  localparam int unsigned Piece     = 8 / Split;
  localparam int unsigned CountW    = $clog2(CoreWidth / Piece) + 1;
  localparam int unsigned TagW      = UserWidth + 4;
  localparam int unsigned Chunks    = BlockLen * ((Formats == 1) ? 32 : 16) / CoreWidth;  // least
  localparam int unsigned FrontB    = actp_pkg::FRONT_W;
  localparam int unsigned SlotW     = actp_pkg::SLOT_W;
  localparam int unsigned HeadW     = TagW + SlotW + FrontB + FrontW;

  // ---- what the packer needs of a plan
  logic             plan_waits, begun, head_valid, head_taken;
  logic [HeadW-1:0] head_i, head;
  assign head_i = {user_i, bad_keep_i, plan_i.cfg.bad, plan_i.saturated, plan_i.whole, plan_i.bytes,
                   plan_i.front_bytes, front_i};
  if (Chunks >= 4) begin : gen_stays
    // The next plan is not begun before the last chunk of this one is next; then the first is gone.
    assign plan_waits   = plan_valid_i;
    assign plan_ready_o = head_taken;
    assign head_valid   = plan_valid_i;
    assign head         = head_i;
    logic unused_begun;
    assign unused_begun = begun;
  end else begin : gen_queue
    logic room;
    actp_queue #(.Width(HeadW), .Entries(4)) u_heads (
      .clk_i, .rst_ni, .push_i(begun), .ready_o(room), .data_i(head_i), .valid_o(head_valid),
      .pop_i(head_taken),
      .data_o(head)
    );
    assign plan_waits   = plan_valid_i & room;
    assign plan_ready_o = begun;
  end

  // ---- chunks to bits
  logic              bits_valid, bits_ready, bits_first, bits_last;
  logic [HalfW-1:0]  a, b;
  logic [CountW-1:0] a_n, b_n;
  actp_enc_emit #(
    .BlockLen(BlockLen), .CoreWidth(CoreWidth), .Formats(Formats), .Orders(Orders),
    .GroupLen(GroupLen), .Depth(Depth)
  ) u_emit (
    .clk_i, .rst_ni, .plan_valid_i(plan_waits), .plan_begun_o(begun), .plan_i, .man_rank_i,
    .codes_i, .lives_i,
    .special_i, .chunk_valid_i, .chunk_ready_o, .chunk_i, .out_valid_o(bits_valid),
    .out_ready_i(bits_ready),
    .first_o(bits_first), .last_o(bits_last), .a_o(a), .a_n_o(a_n), .b_o(b), .b_n_o(b_n)
  );

  // ---- bits to words, words to beats
  localparam int unsigned ByteW = $clog2(CoreWidth / 8);
  logic                 word_valid, word_ready, word_last;
  logic [CoreWidth-1:0] word;
  logic [ByteW-1:0]     word_bytes;
  logic [TagW-1:0]      word_tag, out_tag;
  actp_packer #(
    .Width(CoreWidth), .ListW(HalfW), .Piece(Piece), .FrontW(FrontW), .TagW(TagW)
  ) u_packer (
    .clk_i, .rst_ni, .slot_valid_i(head_valid), .slot_taken_o(head_taken), .front_i(head[0 +:
    FrontW]),
    .front_bytes_i(head[FrontW +: FrontB]), .bytes_i(head[FrontW+FrontB +: SlotW]),
    .tag_i(head[HeadW-1 -: TagW]),
    .in_valid_i(bits_valid), .in_ready_o(bits_ready), .in_first_i(bits_first),
    .in_last_i(bits_last), .a_i(a),
    .a_n_i(a_n), .b_i(b), .b_n_i(b_n), .out_valid_o(word_valid), .out_ready_i(word_ready),
    .out_data_o(word),
    .out_bytes_o(word_bytes), .out_last_o(word_last), .out_tag_o(word_tag)
  );
  actp_narrow #(.Width(CoreWidth), .BeatW(StreamWidth), .TagW(TagW)) u_narrow (
    .clk_i, .rst_ni, .in_valid_i(word_valid), .in_ready_o(word_ready), .in_data_i(word),
    .in_bytes_i(word_bytes),
    .in_last_i(word_last), .in_tag_i(word_tag), .out_valid_o, .out_ready_i, .out_data_o,
    .out_keep_o, .out_last_o,
    .out_tag_o(out_tag)
  );
  assign {out_user_o, bad_keep_o, bad_config_o, saturated_o, whole_o} = out_tag;

  `ACTP_STREAM(BackPlan, plan_valid_i, plan_ready_o, {plan_i, user_i, front_i, codes_i, lives_i})
  `ACTP_STREAM(BackOut, out_valid_o, out_ready_i, {out_data_o, out_keep_o, out_last_o, out_tag})
endmodule

`default_nettype wire
