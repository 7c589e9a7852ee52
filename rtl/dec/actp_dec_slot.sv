// SPDX-License-Identifier: Apache-2.0
// actp_dec_slot - the slot that is decoded, and what says where the groups of its next chunk lie.
//
// Format   F-3.4, F-3.5, F-5.2        Model   none: storage
// Contract next_i: the outputs for actp_dec_places are those of the first chunk of the slot that
//          comes next (actp_dec_next); otherwise those of the chunk that follows the last one that
//          was used. take_i: the next slot becomes this one, its first chunk is used. shift_i: a
//          chunk is used.
// Params   BlockLen 32 .. 256; Width 256 or 512: bits of a chunk; Orders; GroupLen 4 or 8;
//          UserWidth
// Reset    none needed
`default_nettype none

module actp_dec_slot #(
  parameter int unsigned BlockLen  = 128,
  parameter int unsigned Width     = 256,
  parameter int unsigned Orders    = 3,
  parameter int unsigned GroupLen  = 8,
  parameter int unsigned UserWidth = 1,
  parameter int unsigned IndexW    = 4,
  localparam int unsigned Groups   = BlockLen / GroupLen,
  localparam int unsigned Num      = Width / 128 * ((Orders == 1) ? 1 : 8 / GroupLen),
  localparam int unsigned SlotW    = actp_pkg::SLOT_W
) (
  input  wire logic                 clk_i,
  // how the slot changes
  input  wire logic                 next_i,
  input  wire logic                 take_i,
  input  wire logic                 shift_i,
  // the next slot
  input  actp_pkg::config_t         cfg_i,
  input  wire logic [UserWidth-1:0] user_i,
  input  wire logic [71:0]          head_i,
  input  wire logic [4*Groups-1:0]  codes_i,
  input  wire logic [Groups-1:0]    flags_i,
  input  wire logic [5:0]           rows_i,
  input  wire logic [5:0]           per_i,
  input  wire logic [4:0]           more_i,
  input  wire logic                 bad_i,
  // for the places of a chunk
  output actp_pkg::config_t         cfg_o,
  output logic [23:0]               head_o,
  output logic [5:0]                rows_o,
  output logic [5:0]                per_o,
  output logic [4:0]                more_o,
  output logic [4*Num-1:0]          codes_o,
  output logic [Num-1:0]            flags_o,
  output logic [IndexW-1:0]         index_o,       // of the chunk
  output logic                      last_o,        // it is the last one
  // this slot
  output actp_pkg::config_t         slot_cfg_o,
  output logic [71:0]               slot_head_o,
  output logic [UserWidth-1:0]      slot_user_o,
  output logic [SlotW-1:0]          slot_bytes_o,
  output logic                      slot_complete_o,
  output logic                      slot_bad_o
);
  localparam int unsigned Chunks = BlockLen * 32 / Width;   // of FP32
  localparam int unsigned NarrowChunks = (BlockLen * 16 < Width) ? 1 : BlockLen * 16 / Width;
  localparam int unsigned PerChunk = Width / 16 / GroupLen; // groups in a chunk of a 16-bit format
  localparam int unsigned LaneW  = $clog2(BlockLen / 8);

  actp_pkg::config_t cfg_q;
  logic [71:0]       head_q;
  logic [5:0]        rows_q, per_q;
  logic [4:0]        more_q;
  logic [IndexW-1:0] index_q;
  always_ff @(posedge clk_i) begin
    if (take_i) begin
      cfg_q       <= cfg_i;
      head_q      <= head_i;
      rows_q      <= rows_i;
      per_q       <= per_i;
      more_q      <= more_i;
      slot_user_o <= user_i;
      slot_bad_o  <= bad_i;
    end
    if (take_i | shift_i) index_q <= index_o + 1'b1;
  end
  assign cfg_o   = next_i ? cfg_i : cfg_q;
  assign head_o  = next_i ? head_i[23:0] : head_q[23:0];
  assign rows_o  = next_i ? rows_i : rows_q;
  assign per_o   = next_i ? per_i : per_q;
  assign more_o  = next_i ? more_i : more_q;
  assign index_o = next_i ? '0 : index_q;
  assign last_o  = index_o == (actp_pkg::is_narrow(cfg_o.fmt) ? IndexW'(NarrowChunks - 1) :
      IndexW'(Chunks - 1));

  assign slot_cfg_o      = cfg_q;
  assign slot_head_o     = head_q;
  assign slot_complete_o = rows_q <= per_q;
  assign slot_bytes_o    = cfg_q.lossless ? SlotW'(actp_pkg::head_bytes(cfg_q.fmt, head_q[14])) +
      (SlotW'(rows_q) << LaneW) :
                                            cfg_q.slot_bytes;

  if (Orders == 1) begin : gen_field
    assign codes_o = '0;
    assign flags_o = '0;
    logic unused;
    assign unused = ^{codes_i, flags_i};
  end else begin : gen_codes
    // Those of the next chunk lowest.
    logic [4*Groups-1:0] codes, codes_q;
    logic [Groups-1:0]   flags, flags_q;
    logic                narrow;
    assign codes   = next_i ? codes_i : codes_q;
    assign flags   = next_i ? flags_i : flags_q;
    assign narrow  = actp_pkg::is_narrow(cfg_o.fmt);
    assign codes_o = (4*Num)'(codes);
    assign flags_o = Num'(flags);
    always_ff @(posedge clk_i) begin
      if (take_i | shift_i) begin
        codes_q <= narrow ? codes >> (4 * PerChunk) : codes >> (2 * PerChunk);
        flags_q <= narrow ? flags >> PerChunk : flags >> (PerChunk / 2);
      end
    end
  end
endmodule

`default_nettype wire
