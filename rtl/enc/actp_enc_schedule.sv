// SPDX-License-Identifier: Apache-2.0
// actp_enc_schedule - decide the header of a block, which planes are stored, and how long the slot is.
//
// Format   F-4.4 .. F-4.9, F-3.1 .. F-3.4        Model   actplane::SchedulePlanes, PackHeader (model/src/field_order.cc)
// Contract in:  the facts of a block from actp_enc_base, and its configuration, when valid_i and adv_i are high.
//          out: what the form and pack stages need, in the next cycle, until adv_i is high again; valid_o with it. A slot
//          size outside the legal range (F-2.6) counts as the nearest legal one and raises bad_config_o, as does a format that is
//          not built in.
// Method   N is a power of two, so that sizes are counted in planes: a slot of T bytes has room for
//          floor((T - header bytes) / (N / 8)) of them. In front of the register everything that the delta width has no
//          part in: the room, and after how many mantissa planes the map pays.
// Params   BlockLen 32 .. 256 (tested all)
// Reset    valid_o low
// Not here delta codes (actp_enc_form), the cut (actp_packer)
`default_nettype none

module actp_enc_schedule #(
  parameter int unsigned BlockLen = 128,
  localparam int unsigned ManW  = actp_pkg::MAN_W,
  localparam int unsigned RankW = actp_pkg::RANK_W
) (
  input  wire logic                         clk_i,
  input  wire logic                         rst_ni,
  input  wire logic                         adv_i,
  input  wire logic                         valid_i,
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

  output logic                              valid_o,
  output logic [actp_pkg::FMT_W-1:0]        format_o,
  output logic [actp_pkg::EXP_W-1:0]        base_o,
  output logic [actp_pkg::HEAD_W-1:0]       head_o,         // header and extension, first bit at the bottom
  output logic [3:0]                        head_bytes_o,   // H / 8
  output logic [actp_pkg::WIDTH_W-1:0]      width_o,        // w
  output logic                              zero_code_o,    // Z
  output logic [actp_pkg::EXP_W-1:0]        flush_below_o,  // F-4.7: the lowest exponent that has a code, 0 unless F
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

  localparam int unsigned CodeW   = actp_pkg::CODE_W;
  localparam bit          MapMayCostARow = (6 >> LogRowB) != 0;  // floor(2W / N): 1 for N = 32, but for BF16; else 0

  // ---- the room that the configuration leaves
  logic [SlotW-1:0]  least, most, slot_bytes_d, slot_bytes_q;
  logic              too_small, too_large, bad_config_d;
  logic [3:0]        ext_bytes;
  logic [RankW-1:0]  room_plain_d, room_plain_q, room_ext_d, room_ext_q;  // planes that fit without and with the extension
  logic [RankW-1:0]  fit_width;
  logic [WidthW-1:0] capped, least_width_d, least_width_q, most_width_d, most_width_q;

  assign least        = actp_pkg::min_slot(format_i, BlockLen);
  assign most         = actp_pkg::max_slot(format_i, BlockLen);
  assign too_small    = slot_bytes_i < least;
  assign too_large    = slot_bytes_i > most;
  assign slot_bytes_d = too_small ? least : too_large ? most : slot_bytes_i;
  assign ext_bytes    = {1'b0, actp_pkg::ext_word_bytes(format_i), 1'b0};
  assign room_plain_d = RankW'((slot_bytes_d - SlotW'(2)) >> LogRowB);
  assign room_ext_d   = RankW'((slot_bytes_d - SlotW'(2) - SlotW'(ext_bytes)) >> LogRowB);
  assign bad_config_d = (~lossless_i & (too_small | too_large)) | ~actp_pkg::is_format(format_i);
  // F-4.6: a truncated block takes from 1 (or 2) up to this many code planes.
  assign fit_width     = room_ext_d - RankW'(1);
  assign capped        = (delta_cap_i == '0) | (delta_cap_i > WidthW'(CodeW)) ? WidthW'(CodeW) : delta_cap_i;
  assign least_width_d = has_special_i ? WidthW'(2) : WidthW'(1);
  always_comb begin
    most_width_d = (fit_width < RankW'(capped)) ? WidthW'(fit_width) : capped;
    if (most_width_d < least_width_d) most_width_d = least_width_d;
  end

  // ---- uniform planes: with the extension the others are stored. Its map pays when it (and the sign) saves more planes
  // than it takes: of the first k mantissa rows the first, or the second, is uniform.
  logic [ManW-1:0]       rows, uniform_top, varied_top;
  logic [(ManW+1)*5-1:0] varied;       // rows stored with the extension among the first k
  logic [ManW:0]         one, pays_by; // k = 0 .. ManW
  logic [4:0]            pays_at;
  logic [RankW-1:0]      reach, pays_width_d, pays_width_q;
  logic                  pays_q;
  assign rows = actp_pkg::man_rows(format_i);
  for (genvar k = 0; k < ManW; k++) begin : gen_top
    assign uniform_top[k] = uniform_i[ManW-1-k];
    assign varied_top[k]  = rows[ManW-1-k] & ~uniform_i[ManW-1-k];
  end
  actp_prefix_count #(.Len(ManW), .CountW(5)) u_varied (.bits_i(varied_top), .count_o(varied));
  for (genvar k = 0; k <= ManW; k++) begin : gen_pays
    localparam logic [ManW-1:0] Above = ManW'((1 << k) - 1);
    assign one[k] = |(uniform_top & Above);
    if (MapMayCostARow) begin : gen_second
      logic two;
      assign two = |(uniform_top & one[ManW-1:0] & Above);
      assign pays_by[k] = actp_pkg::ext_word_bytes(format_i) == 2'd1 ? all_negative_i | one[k] :
                          all_negative_i                             ? one[k] : two;
    end else begin : gen_first
      assign pays_by[k] = all_negative_i | one[k];
    end
  end
  always_comb begin
    pays_at = '0;
    for (int unsigned k = 0; k < ManW; k++) begin
      if (pays_by[k+1] & ~pays_by[k]) pays_at = pays_at | 5'(k + 1);
    end
  end
  // In a truncated block it pays up to this many code planes.
  assign reach        = room_plain_d - RankW'(any_negative_i);
  assign pays_width_d = (pays_by[ManW] & (reach >= RankW'(pays_at))) ? reach - RankW'(pays_at) : '0;

  // ---- the register
  logic [ManW*5-1:0] varied_q;
  logic [4:0]        varied_rows_q;
  logic              lossless_q, has_zero_q, special_q, any_negative_q, all_negative_q;
  logic [WidthW-1:0] width_q;
  logic [ManW-1:0]   uniform_q, value_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni)    valid_o <= 1'b0;
    else if (adv_i) valid_o <= valid_i;
  end
  always_ff @(posedge clk_i) begin
    if (adv_i & valid_i) begin
      format_o       <= format_i;
      base_o         <= base_i;
      bad_config_o   <= bad_config_d;
      lossless_q     <= lossless_i;
      slot_bytes_q   <= slot_bytes_d;
      room_plain_q   <= room_plain_d;
      room_ext_q     <= room_ext_d;
      least_width_q  <= least_width_d;
      most_width_q   <= most_width_d;
      width_q        <= width_i;
      has_zero_q     <= has_zero_i;
      special_q      <= has_special_i;  // F-4.4, F-4.8: specials always bring the extension
      any_negative_q <= any_negative_i;
      all_negative_q <= all_negative_i;
      uniform_q      <= uniform_i;
      value_q        <= uniform_value_i;
      varied_rows_q  <= varied[ManW*5 +: 5];
      pays_q         <= pays_by[ManW];
      pays_width_q   <= pays_width_d;
    end
  end
  for (genvar k = 0; k < ManW; k++) begin : gen_varied
    localparam int unsigned W = $clog2(k + 2);  // at most k
    logic [W-1:0] rank_q;
    always_ff @(posedge clk_i) begin
      if (adv_i & valid_i) rank_q <= W'(varied[k*5 +: 5]);
    end
    assign varied_q[k*5 +: 5] = 5'(rank_q);
  end

  // ---- F-4.4, F-4.5: stored whole
  logic [RankW-1:0] whole_plain, whole_ext;
  logic             mixed_signs, ext_whole, fits;
  assign mixed_signs = any_negative_q & ~all_negative_q;
  assign whole_plain = RankW'(width_q) + RankW'(actp_pkg::man_bits(format_o)) + RankW'(any_negative_q);
  assign whole_ext   = RankW'(width_q) + RankW'(varied_rows_q) + RankW'(mixed_signs);
  assign ext_whole   = special_q | pays_q;
  assign fits        = ext_whole ? whole_ext <= room_ext_q : whole_plain <= room_plain_q;
  assign whole_o     = lossless_q | fits;

  // ---- F-4.6 .. F-4.8: truncated. The comparisons with pays_width do not wait for each other.
  logic [WidthW-1:0] wide, cut_width;
  logic              capping, ext_cut;
  assign wide      = (width_q < least_width_q) ? least_width_q : width_q;
  assign capping   = most_width_q < width_q;
  assign cut_width = capping ? most_width_q : wide;
  assign ext_cut   = special_q | (capping ? RankW'(most_width_q) <= pays_width_q : RankW'(wide) <= pays_width_q);

  // ---- F-4.7: of 2^w codes zero takes one, Inf and NaN two; what is too far below the base for the others becomes zero.
  localparam int unsigned ExpW = actp_pkg::EXP_W;
  logic [ExpW:0] deltas, lowest;
  assign deltas        = ((ExpW+1)'(1) << cut_width) - (special_q ? (ExpW+1)'(3) : (ExpW+1)'(1));
  assign lowest        = {1'b0, base_o} + (ExpW+1)'(1) - deltas;
  assign flush_below_o = (saturated_o & ~lowest[ExpW]) ? lowest[ExpW-1:0] : '0;

  // ---- the header
  logic        extension;
  logic [15:0] fixed;
  logic [47:0] words;
  assign extension     = whole_o ? ext_whole : ext_cut;
  assign width_o       = whole_o ? width_q : cut_width;
  assign saturated_o   = ~whole_o & capping;
  assign zero_code_o   = has_zero_q | saturated_o;
  assign sign_stored_o = extension ? mixed_signs : any_negative_q;
  assign stored_o      = actp_pkg::man_rows(format_o) & ~(uniform_q & {ManW{extension}});
  assign head_bytes_o  = actp_pkg::head_bytes(format_o, extension);
  assign fixed = {saturated_o, extension, sign_stored_o, zero_code_o, width_o, base_o};
  always_comb begin  // the extension's words, mantissa bit k at bit k of a word, S and the sign value above
    logic [ManW-1:0] map;
    map   = actp_pkg::man_rows(format_o) & ~uniform_q;
    words = {all_negative_q, value_q, special_q, map};
    if (actp_pkg::is_fp16(format_o)) begin
      words = {16'd0, 5'd0, all_negative_q, value_q[22:13], 5'd0, special_q, map[22:13]};
    end
    if (actp_pkg::is_bf16(format_o)) begin
      words = {32'd0, all_negative_q, value_q[22:16], special_q, map[22:16]};
    end
  end
  assign head_o = {words & {48{extension}}, fixed};

  // ---- ranks and length
  for (genvar k = 0; k < ManW; k++) begin : gen_rank
    assign man_rank_o[k*5 +: 5] = extension ? varied_q[k*5 +: 5] : 5'(k);
  end
  logic [SlotW-1:0] plain_bytes, ext_bytes_all;
  assign plain_bytes   = SlotW'(actp_pkg::head_bytes(format_o, 1'b0)) + (SlotW'(whole_plain) << LogRowB);
  assign ext_bytes_all = SlotW'(actp_pkg::head_bytes(format_o, 1'b1)) + (SlotW'(whole_ext) << LogRowB);
  assign bytes_o       = !lossless_q ? slot_bytes_q : ext_whole ? ext_bytes_all : plain_bytes;
endmodule

`default_nettype wire
