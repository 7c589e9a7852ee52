// SPDX-License-Identifier: Apache-2.0
// actp_enc_gather - cut the stream of values into blocks, and each block into chunks of one width.
//
// Format   F-2.3, F-2.4        Model   actplane::GatherBlock (model/src/block.cc)
// Contract in:  beats of StreamWidth bits. Null beats (keep all 0) are dropped; `last` ends a block
//               early, also on a null beat where a block is open, and what is missing reads +0.
//               Bytes whose keep bit is 0 read 0; any other hole than bytes behind the end of a
//               packet raises bad_keep_o. Configuration and user bits are those of the first beat
//               of a block that is not null.
//          out: chunks of CoreWidth bits from registers, with the position in the block. cfg_o,
//               user_o and bad_keep_o belong to the block; bad_keep_o counts with its last chunk.
//          One beat per cycle. FP32 keeps Depth - 1 mantissa bits, the others read 0, in order
//          field and of subnormals; a NaN of which no bit would remain gets its top one.
// Params   BlockLen 32 .. 256, StreamWidth 64 .. 512, Formats 1 .. 7, Depth 8 .. 24, UserWidth >= 1
// Reset    no block open, no chunk
`include "actp_macros.svh"
`default_nettype none

module actp_enc_gather #(
  parameter int unsigned BlockLen    = 128,
  parameter int unsigned StreamWidth = 256,
  parameter int unsigned Formats     = 7,
  parameter int unsigned Depth       = 24,
  parameter int unsigned UserWidth   = 1,
  localparam int unsigned CoreWidth = (StreamWidth > 256) ? StreamWidth : 256
) (
  input  wire logic                     clk_i,
  input  wire logic                     rst_ni,
  // values
  input  wire logic                     in_valid_i,
  output logic                          in_ready_o,
  input  wire logic [StreamWidth-1:0]   in_data_i,
  input  wire logic [StreamWidth/8-1:0] in_keep_i,
  input  wire logic                     in_last_i,
  input  wire logic [UserWidth-1:0]     in_user_i,
  input  wire actp_pkg::config_t        in_cfg_i,
  // chunks
  output logic                          chunk_valid_o,
  input  wire logic                     chunk_ready_i,
  output logic [CoreWidth-1:0]          chunk_o,
  output logic                          chunk_first_o,
  output logic                          chunk_last_o,
  output actp_pkg::config_t             cfg_o,
  output logic [UserWidth-1:0]          user_o,
  output logic                          bad_keep_o
);
  localparam int unsigned Bytes  = StreamWidth / 8;
  localparam int unsigned Values = StreamWidth / 32;               // of FP32 in a beat
  localparam int unsigned Pieces = CoreWidth / StreamWidth;        // beats of a chunk: 1, 2, 4
  localparam int unsigned PieceW = (Pieces > 1) ? $clog2(Pieces) : 1;
  localparam int unsigned Chunks = 32 * BlockLen / CoreWidth;      // of an FP32 block: 2 .. 32
  localparam int unsigned IndexW = $clog2(Chunks);
  localparam int unsigned Cut    = (Depth < 24) ? 24 - Depth : 0;  // mantissa bits that are lost
  localparam bit          Cuts   = (Cut > 0) & Formats[0];

  // ---- which beat counts
  typedef enum logic [0:0] {
    StTake = 1'b0,  // beats come from the stream
    StPad  = 1'b1   // the packet ended early: chunks of zeros complete the block
  } state_e;
  state_e                      state_d, state_q;
  logic [IndexW-1:0]           index_d, index_q, last_index;  // chunk
  logic [PieceW-1:0]           piece_d, piece_q;              // beat of it
  logic                        adv, start, null_beat, beat, take, finish, chunk_last;
  logic [actp_pkg::FMT_W-1:0]  format;
  logic                        significance;
  // A register that only loads: where a bit of the input is constant, it is constant here, too.
  actp_pkg::config_t           cfg_q;
  logic                        valid_q, first_q, last_q, bad_keep_q;
  logic [UserWidth-1:0]        user_q;

  assign adv        = ~valid_q | chunk_ready_i;
  assign start      = (index_q == '0) & (piece_q == '0);
  assign null_beat  = in_keep_i == '0;
  assign beat       = in_valid_i & (~null_beat | (in_last_i & ~start));
  assign take       = adv & (beat | (state_q == StPad));
  assign in_ready_o = adv & (state_q == StTake);

  assign format       = start ? in_cfg_i.fmt : cfg_q.fmt;
  assign significance = start ? in_cfg_i.significance : cfg_q.significance;
  // 16-bit formats fill a block in half as many chunks.
  assign last_index = actp_pkg::is_narrow(format) ? IndexW'(Chunks / 2 - 1) : IndexW'(Chunks - 1);
  assign chunk_last = index_q == last_index;
  assign finish     = (state_q == StPad) | in_last_i | (piece_q == PieceW'(Pieces - 1));

  always_comb begin
    state_d = state_q;
    index_d = index_q;
    piece_d = piece_q;
    if (take) begin
      piece_d = finish ? '0 : piece_q + PieceW'(1);
      if (finish) index_d = chunk_last ? '0 : index_q + IndexW'(1);
      unique case (state_q)
        StTake:  if (in_last_i & ~chunk_last) state_d = StPad;
        StPad:   if (chunk_last) state_d = StTake;
        default: state_d = StTake;
      endcase
    end
  end

  // ---- its bytes
  logic [StreamWidth-1:0] kept, cut;
  logic                   hole, gap;
  for (genvar i = 0; i < Bytes; i++) begin : gen_keep
    assign kept[i*8 +: 8] = in_data_i[i*8 +: 8] & {8{in_keep_i[i] & (state_q == StTake)}};
  end
  assign gap  = |(in_keep_i[Bytes-1:1] & ~in_keep_i[Bytes-2:0]);
  assign hole = (state_q == StTake) & (in_last_i ? gap : ~(&in_keep_i));

  if (Cuts) begin : gen_cut
    for (genvar v = 0; v < Values; v++) begin : gen_value
      logic [31:0] value;
      logic        cutting, nan_is_lost;
      assign value       = kept[v*32 +: 32];
      assign cutting     = ~actp_pkg::is_narrow(format) & (~significance | (value[30:23] == '0));
      assign nan_is_lost = (value[30:Cut] == {8'hff, {(23-Cut){1'b0}}}) & (value[Cut-1:0] != '0);
      assign cut[v*32 +: 32] = {value[31:23], value[22] | (cutting & nan_is_lost), value[21:Cut],
                                value[Cut-1:0] & {Cut{~cutting}}};
    end
  end else begin : gen_whole
    logic unused_significance;
    assign unused_significance = significance;
    assign cut = kept;
  end

  // ---- the chunk: its first beat clears the places of the others
  for (genvar p = 0; p < Pieces; p++) begin : gen_piece
    logic                   here;
    logic [StreamWidth-1:0] piece_data_q;
    assign here = piece_q == PieceW'(p);
    always_ff @(posedge clk_i) begin
      if (take & (here | (piece_q == '0))) piece_data_q <= cut & {StreamWidth{here}};
    end
    assign chunk_o[p*StreamWidth +: StreamWidth] = piece_data_q;
  end

  // ---- registers
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q <= StTake;
      index_q <= '0;
      piece_q <= '0;
      valid_q <= 1'b0;
    end else begin
      state_q <= state_d;
      index_q <= index_d;
      piece_q <= piece_d;
      if (adv) valid_q <= take & finish;
    end
  end
  always_ff @(posedge clk_i) begin
    if (take) begin
      first_q    <= index_q == '0;
      last_q     <= chunk_last;
      bad_keep_q <= hole | (bad_keep_q & ~start);
    end
    if (take & start) begin
      cfg_q  <= in_cfg_i;
      user_q <= in_user_i;
    end
  end
  assign chunk_valid_o = valid_q;
  assign chunk_first_o = first_q;
  assign chunk_last_o  = last_q;
  assign cfg_o         = cfg_q;
  assign user_o        = user_q;
  assign bad_keep_o    = bad_keep_q;

  `ACTP_STREAM(GatherOut, chunk_valid_o, chunk_ready_i, {chunk_o, chunk_first_o, chunk_last_o})
endmodule

`default_nettype wire
