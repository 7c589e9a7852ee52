// SPDX-License-Identifier: Apache-2.0
// actp_pkg_probe - constants and functions of actp_pkg and actp_mem_pkg at ports, for
//                  tests/rtl/pkg_parity_test.cc.
//
// Contract combinational
// Params   none
`default_nettype none

module actp_pkg_probe (
  input  wire logic [actp_pkg::FMT_W-1:0]    fmt_i,
  input  wire logic                          extension_i,
  input  wire logic [31:0]                   block_len_i,
  input  wire logic [1:0]                    asked_i,
  input  wire logic [2:0]                    formats_i,
  input  wire logic [actp_pkg::LIMIT_W-1:0]  row_limit_i,
  input  wire logic [31:0]                   groups_i,
  output logic [23:0]                        version_o,
  output logic [31:0]                        format_version_o,
  output logic [1:0]                         fp32_o,
  output logic [1:0]                         fp16_o,
  output logic [1:0]                         bf16_o,
  output logic [31:0]                        exp_w_o,
  output logic [31:0]                        man_w_o,
  output logic [31:0]                        code_w_o,
  output logic [31:0]                        rows_o,
  output logic [31:0]                        row_sign_o,
  output logic [31:0]                        row_code_o,
  output logic [31:0]                        row_man_o,
  output logic [31:0]                        rank_w_o,
  output logic [31:0]                        head_w_o,
  output logic [31:0]                        slot_w_o,
  output logic [31:0]                        width_w_o,
  output logic [31:0]                        limit_w_o,
  output logic [31:0]                        delta_w_o,
  output logic [31:0]                        front_w_o,
  output logic [2:0]                         poisoned_o,
  output logic [2:0]                         pair_o,
  output logic [1:0]                         unsigned_o,
  output logic [1:0]                         signed_o,
  output logic [1:0]                         mid_rise_o,
  output logic [1:0]                         specials_o,
  output logic [3:0]                         exp_bits_o,
  output logic [4:0]                         man_bits_o,
  output logic [actp_pkg::EXP_W-1:0]         exp_max_o,
  output logic [actp_pkg::FMT_W-1:0]         limited_o,
  output logic                               is_narrow_o,
  output logic                               is_format_o,
  output logic [actp_pkg::MAN_W-1:0]         man_rows_o,
  output logic [1:0]                         ext_word_bytes_o,
  output logic [3:0]                         head_bytes_o,
  output logic [actp_pkg::SLOT_W-1:0]        min_slot_o,
  output logic [actp_pkg::SLOT_W-1:0]        max_slot_o,
  output logic [actp_pkg::SLOT_W-1:0]        min_slot_significance_o,
  output logic [actp_pkg::SLOT_W-1:0]        max_slot_significance_o,
  output logic [8*32-1:0]                    stored_bits_o,  // of Depth 8, 11 .. 29
  output logic [31:0]                        region_w_o,
  output logic [5:0]                         kinds_o,        // lowest: bypass; region; refused
  output logic [5:0]                         bursts_o        // lowest: FIXED; INCR; WRAP
);
  assign region_w_o = actp_mem_pkg::REGION_W;
  assign kinds_o    = {actp_mem_pkg::KIND_REFUSED, actp_mem_pkg::KIND_REGION,
                       actp_mem_pkg::KIND_BYPASS};
  assign bursts_o   = {actp_mem_pkg::BURST_WRAP, actp_mem_pkg::BURST_INCR,
                       actp_mem_pkg::BURST_FIXED};
  for (genvar k = 0; k < 8; k++) begin : gen_stored
    assign stored_bits_o[32*k +: 32] = actp_pkg::stored_bits(8 + 3 * k);
  end

  assign version_o        = actp_pkg::VERSION;
  assign format_version_o = actp_pkg::FORMAT_VERSION;

  assign fp32_o     = actp_pkg::FP32;
  assign fp16_o     = actp_pkg::FP16;
  assign bf16_o     = actp_pkg::BF16;
  assign exp_w_o    = actp_pkg::EXP_W;
  assign man_w_o    = actp_pkg::MAN_W;
  assign code_w_o   = actp_pkg::CODE_W;
  assign rows_o     = actp_pkg::ROWS;
  assign row_sign_o = actp_pkg::ROW_SIGN;
  assign row_code_o = actp_pkg::ROW_CODE;
  assign row_man_o  = actp_pkg::ROW_MAN;
  assign rank_w_o   = actp_pkg::RANK_W;
  assign head_w_o   = actp_pkg::HEAD_W;
  assign slot_w_o   = actp_pkg::SLOT_W;
  assign width_w_o  = actp_pkg::WIDTH_W;
  assign limit_w_o  = actp_pkg::LIMIT_W;
  assign delta_w_o  = actp_pkg::DELTA_W;
  assign front_w_o  = actp_pkg::FRONT_W;
  assign poisoned_o = actp_pkg::POISONED;
  assign pair_o     = actp_pkg::PAIR;
  assign unsigned_o = actp_pkg::UNSIGNED;
  assign signed_o   = actp_pkg::SIGNED;
  assign mid_rise_o = actp_pkg::MID_RISE;
  assign specials_o = actp_pkg::SPECIALS;

  assign exp_bits_o       = actp_pkg::exp_bits(fmt_i);
  assign man_bits_o       = actp_pkg::man_bits(fmt_i);
  assign exp_max_o        = actp_pkg::exp_max(fmt_i);
  assign limited_o        = actp_pkg::limit_format(asked_i, formats_i);
  assign is_narrow_o      = actp_pkg::is_narrow(fmt_i);
  assign is_format_o      = actp_pkg::is_format(fmt_i);
  assign man_rows_o       = actp_pkg::man_rows(fmt_i);
  assign ext_word_bytes_o = actp_pkg::ext_word_bytes(fmt_i);
  assign head_bytes_o     = actp_pkg::head_bytes(fmt_i, extension_i);
  assign min_slot_o       = actp_pkg::min_slot(fmt_i, block_len_i);
  assign max_slot_o       = actp_pkg::max_slot(fmt_i, block_len_i);
  assign min_slot_significance_o = actp_pkg::MIN_SLOT_SIGNIFICANCE;
  assign max_slot_significance_o =
      actp_pkg::max_slot_significance(row_limit_i, block_len_i, groups_i);
endmodule

`default_nettype wire
