// SPDX-License-Identifier: Apache-2.0
// actp_dec_header - read the front of a slot but for its flags and codes.
//
// Format   F-3.1 .. F-3.5, F-5.1, F-5.2, F-7.1, F-7.2  Model  actplane::ParseHeader
// Contract combinational, from configuration and the first 64 bits of a slot. malformed_o: the slot
//          cannot be, whatever its groups are.
// Params   BlockLen 32 .. 256; Orders; GroupLen 4 or 8
// Not here what the values need (actp_dec_facts), the groups of order significance
//          (actp_dec_places)
`default_nettype none

module actp_dec_header #(
  parameter int unsigned BlockLen = 128,
  parameter int unsigned Orders   = 3,
  parameter int unsigned GroupLen = 8,
  localparam int unsigned SlotW = actp_pkg::SLOT_W
) (
  input  actp_pkg::config_t        cfg_i,         // of the slot
  input  wire logic [63:0]         front_i,       // its first 64 bits
  output logic [5:0]               rows_o,        // order field: A
  output logic [5:0]               per_o,  // order field: rows of a group that there is room for,
  output logic [4:0]               more_o,        // and groups with one more
  output logic                     malformed_o    // it cannot be
);
  localparam int unsigned LaneW = $clog2(BlockLen / 8);
  localparam int unsigned Groups = BlockLen / GroupLen;
  localparam int unsigned Units  = (Groups < 32) ? Groups : 32;

  logic [actp_pkg::FMT_W-1:0] fmt;
  logic                       fp16;
  assign fmt  = cfg_i.fmt;
  assign fp16 = actp_pkg::is_fp16(fmt);

  // ---- order field
  logic            reserved, field_bad;
  logic [1:0]      codes;                  // that are reserved
  logic [4:0]      front_rows;
  actp_pkg::slot_t slot;
  actp_dec_facts u_facts (
    .fmt_i(fmt), .significance_i(1'b0), .fill_zero_i(1'b0), .complete_i(1'b0), .front_i,
    .slot_o(slot)
  );
  assign reserved   = fp16 & ((|front_i[31:27]) | (|front_i[47:43]));
  assign codes      = {slot.special, 1'b0} + {1'b0, front_i[12]};

  logic [4:0]       mans;
  logic [3:0]       head_bytes;
  logic [SlotW-1:0] room;
  logic [SlotW-1:0] per;
  logic             unused_carry;
  actp_sum_tree #(.Num(32), .Width(1)) u_mans (.data_i(32'(slot.stored)), .sum_o({unused_carry,
      mans}));
  assign front_rows = {1'b0, front_i[11:8]} + {4'd0, front_i[13]};
  assign rows_o     = {1'b0, mans} + {1'b0, front_rows};
  assign head_bytes = actp_pkg::head_bytes(fmt, front_i[14]);
  assign room       = cfg_i.slot_bytes - SlotW'(head_bytes);
  assign per        = room >> LaneW;
  assign per_o      = cfg_i.lossless ? rows_o : (|per[SlotW-1:6]) ? 6'd63 : per[5:0];
  assign more_o     = cfg_i.lossless ? '0 : 5'(room[LaneW-1:0]);
  assign field_bad  = (front_i[7:0] >= actp_pkg::exp_max(fmt)) |
      (front_i[11:8] > actp_pkg::exp_bits(fmt) + 4'd1) |
                      ((front_i[11:8] == 4'd0) & (codes > 2'd1)) | ((front_i[11:8] == 4'd1) &
                          (codes == 2'd3)) |
                      (front_i[14] & (reserved | (|(slot.stored & slot.value)))) | (front_i[13] &
                          slot.sign_value) |
                      ({1'b0, front_rows} > per_o);

  // ---- order significance
  logic [2:0]       w;
  logic             poisoned, pair, coded_bad, significance_bad;
  logic [SlotW-1:0] pair_bytes;
  assign w          = front_i[2:0];
  assign poisoned   = w == actp_pkg::POISONED;
  assign pair       = w == actp_pkg::PAIR;
  assign pair_bytes = (actp_pkg::is_narrow(fmt) ? SlotW'(5) : SlotW'(9)) + SlotW'(BlockLen / 8);
  assign coded_bad  = (w == 3'd5) | (front_i[23:16] == '0) |
      (front_i[23:16] >= actp_pkg::exp_max(fmt)) |
                      ((front_i[15:11] >> $clog2(Units)) != '0);
  assign significance_bad = (poisoned | pair) ? (front_i[7:3] != '0) | (pair &
      (pair_bytes > cfg_i.slot_bytes)) : coded_bad;

  // ---- the one of the two that is asked for
  logic by_weight;
  assign by_weight           = (Orders == 2) | ((Orders == 3) & cfg_i.significance);
  assign malformed_o         = cfg_i.bad | (by_weight ? significance_bad : field_bad);

  logic unused;
  assign unused = ^{cfg_i, slot};
endmodule

`default_nettype wire
