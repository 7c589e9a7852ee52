// SPDX-License-Identifier: Apache-2.0
// actp_enc_schedule - decide the header of a block, which planes are stored, and how long the slot is.
//
// Format   F-4.4 .. F-4.9, F-3.1 .. F-3.4        Model   actplane::SchedulePlanes, PackHeader (model/src/field_order.cc)
// Contract combinational, from the facts of actp_enc_base to what the form and pack stages need. A slot size outside
//          the legal range (F-2.6) counts as the nearest legal one and raises bad_config_o; so does a format that is not built in.
// Method   N is a power of two, so that sizes are counted in planes: a slot of T bytes has room for
//          floor((T - header bytes) / (N / 8)) of them.
// Params   BlockLen 32 .. 256 (tested all)
// Not here delta codes (actp_enc_form), the cut (actp_packer)
`default_nettype none

module actp_enc_schedule #(
  parameter int unsigned BlockLen = 128,
  localparam int unsigned ManW  = actp_pkg::MAN_W,
  localparam int unsigned RankW = actp_pkg::RANK_W
) (
  input  wire logic [actp_pkg::FMT_W-1:0]   format_i,
  input  wire logic [actp_pkg::SLOT_W-1:0]  slot_bytes_i,
  input  wire logic                         lossless_i,
  input  wire logic [actp_pkg::WIDTH_W-1:0] delta_cap_i,
  input  wire logic [actp_pkg::EXP_W-1:0]   base_i,
  input  wire logic [actp_pkg::WIDTH_W-1:0] width_i,
  input  wire logic                         has_zero_i,
  input  wire logic                         has_special_i,
  input  wire logic                         any_negative_i,
  input  wire logic                         all_negative_i,
  input  wire logic [ManW-1:0]              uniform_i,
  input  wire logic [ManW-1:0]              uniform_value_i,

  output logic [actp_pkg::HEAD_W-1:0]       head_o,         // header and extension, first bit at the bottom
  output logic [3:0]                        head_bytes_o,   // H / 8
  output logic [actp_pkg::WIDTH_W-1:0]      width_o,        // w
  output logic                              zero_code_o,    // Z
  output logic                              special_o,      // S
  output logic                              sign_stored_o,  // G
  output logic [ManW-1:0]                   stored_o,       // mantissa rows in the slot
  output logic [ManW*5-1:0]                 man_rank_o,     // stored mantissa rows above row k of the top, at [k*5 +: 5]
  output logic [actp_pkg::SLOT_W-1:0]       bytes_o,        // of the slot
  output logic                              saturated_o,    // F
  output logic                              whole_o,        // F-4.5
  output logic                              bad_config_o
);
  localparam int unsigned SlotW   = actp_pkg::SLOT_W;
  localparam int unsigned WidthW  = actp_pkg::WIDTH_W;
  localparam int unsigned LogRowB = $clog2(BlockLen / 8);  // bytes of a plane

  // ---- configuration
  logic [SlotW-1:0] least, most, slot_bytes;
  logic             too_small, too_large;
  logic [ManW-1:0]  rows;
  logic [4:0]       man_bits;
  logic [3:0]       ext_bytes;
  logic [RankW-1:0] room_plain, room_ext;   // planes that fit without and with the extension
  logic [3:0]       ext_planes;             // floor(2W / N)

  assign least      = actp_pkg::min_slot(format_i, BlockLen);
  assign most       = actp_pkg::max_slot(format_i, BlockLen);
  assign too_small  = slot_bytes_i < least;
  assign too_large  = slot_bytes_i > most;
  assign slot_bytes = too_small ? least : too_large ? most : slot_bytes_i;
  assign rows       = actp_pkg::man_rows(format_i);
  assign man_bits   = actp_pkg::man_bits(format_i);
  assign ext_bytes  = {1'b0, actp_pkg::ext_word_bytes(format_i), 1'b0};
  assign room_plain = RankW'((slot_bytes - SlotW'(2)) >> LogRowB);
  assign room_ext   = RankW'((slot_bytes - SlotW'(2) - SlotW'(ext_bytes)) >> LogRowB);
  assign ext_planes = 4'(ext_bytes >> LogRowB);
  assign bad_config_o = (~lossless_i & (too_small | too_large)) |
                        ~actp_pkg::is_format(format_i);

  // ---- uniform planes, from the top: above[k] = uniform ones among the first k rows
  logic [ManW-1:0]       uniform_top_first;
  logic [(ManW+1)*5-1:0] above;
  logic [4:0]            uniform_count;
  for (genvar k = 0; k < ManW; k++) begin : gen_reverse
    assign uniform_top_first[k] = uniform_i[ManW-1-k];
  end
  actp_prefix_count #(.Len(ManW), .CountW(5)) u_before (.bits_i(uniform_top_first), .count_o(above));
  assign uniform_count = above[ManW*5 +: 5];

  // ---- F-4.4, F-4.5: stored whole
  logic [RankW-1:0] whole_plain, whole_ext, saved;
  logic             mixed_signs, ext_whole, fits;
  assign mixed_signs = any_negative_i & ~all_negative_i;
  assign whole_plain = RankW'(any_negative_i) + RankW'(width_i) + RankW'(man_bits);
  assign whole_ext   = RankW'(mixed_signs) + RankW'(width_i) + RankW'(man_bits) - RankW'(uniform_count);
  assign saved       = RankW'(uniform_count) + RankW'(all_negative_i);
  assign ext_whole   = has_special_i | (saved > RankW'(ext_planes));
  assign fits        = ext_whole ? whole_ext <= room_ext : whole_plain <= room_plain;
  assign whole_o     = lossless_i | fits;

  // ---- F-4.6 .. F-4.8: truncated
  logic [RankW-1:0]  fit_width, wide, limited, cut_width;
  logic [RankW-1:0]  reach;
  logic [4:0]        uniform_reached;
  logic              ext_cut;
  assign fit_width = room_ext - RankW'(1);
  assign wide      = (RankW'(width_i) < fit_width) ? RankW'(width_i) : fit_width;
  assign limited   = ((delta_cap_i != '0) & (RankW'(delta_cap_i) < wide)) ? RankW'(delta_cap_i) : wide;
  assign cut_width = (limited < RankW'(2)) ? RankW'(has_special_i ? 2 : 1) : limited;
  assign reach     = room_plain - RankW'(any_negative_i) - cut_width;
  always_comb begin
    uniform_reached = uniform_count;
    for (int unsigned k = 0; k < ManW; k++) begin
      if (reach == RankW'(k)) uniform_reached = above[k*5 +: 5];
    end
  end
  assign ext_cut = has_special_i | (RankW'(uniform_reached) + RankW'(all_negative_i) > RankW'(ext_planes));

  // ---- the header
  logic            extension;
  logic [ManW-1:0] map, value;
  logic [15:0]     fixed;
  logic [47:0]     words;
  assign extension     = whole_o ? ext_whole : ext_cut;
  assign width_o       = whole_o ? width_i : WidthW'(cut_width);
  assign saturated_o   = ~whole_o & (WidthW'(cut_width) < width_i);
  assign zero_code_o   = has_zero_i | saturated_o;
  assign special_o     = has_special_i;  // F-4.4, F-4.8: specials always bring the extension
  assign sign_stored_o = extension ? mixed_signs : any_negative_i;
  assign stored_o      = extension ? rows & ~uniform_i : rows;
  assign map           = stored_o;
  assign value         = uniform_value_i;
  assign head_bytes_o  = actp_pkg::head_bytes(format_i, extension);
  assign fixed = {saturated_o, extension, sign_stored_o, zero_code_o, width_o, base_i};
  always_comb begin  // the extension's words, mantissa bit k at bit k of a word, S and the sign value above
    words = {all_negative_i, value, has_special_i, map};
    if (actp_pkg::is_fp16(format_i)) begin
      words = {16'd0, 5'd0, all_negative_i, value[22:13], 5'd0, has_special_i, map[22:13]};
    end
    if (actp_pkg::is_bf16(format_i)) begin
      words = {32'd0, all_negative_i, value[22:16], has_special_i, map[22:16]};
    end
  end
  assign head_o = {extension ? words : 48'd0, fixed};

  // ---- ranks and length
  for (genvar k = 0; k < ManW; k++) begin : gen_rank
    assign man_rank_o[k*5 +: 5] = extension ? 5'(k) - above[k*5 +: 5] : 5'(k);
  end
  logic [RankW-1:0] whole_planes;
  assign whole_planes = extension ? whole_ext : whole_plain;
  assign bytes_o = lossless_i ? SlotW'(head_bytes_o) + (SlotW'(whole_planes) << LogRowB) : slot_bytes;
endmodule

`default_nettype wire
