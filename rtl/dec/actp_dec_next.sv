// SPDX-License-Identifier: Apache-2.0
// actp_dec_next - the front of the slot that comes next, and whether it can be.
//
// Format   F-3.1 .. F-3.5, F-5.1, F-5.2, F-7.1, F-7.2  Model  actplane::ParseHeader
// Contract load_i, only with free_o: a front is taken. ready_o: all outputs are sure; take_i, only
//          with ready_o: they have been used. Ready in the cycle after the load; if there are
//          codes, with more than 8 groups one cycle later.
// Method   what the header says is read before it is stored, codes are spread to four bits each;
//          the rows of more than 8 groups are added by halves and registered
// Params   BlockLen 32 .. 256; Width 256 or 512: bits of a chunk; Orders; GroupLen 4 or 8;
//          UserWidth
// Reset    free
`default_nettype none

module actp_dec_next #(
  parameter int unsigned BlockLen  = 128,
  parameter int unsigned Width     = 256,
  parameter int unsigned Orders    = 3,
  parameter int unsigned GroupLen  = 8,
  parameter int unsigned UserWidth = 1,
  localparam int unsigned Groups   = BlockLen / GroupLen,
  localparam int unsigned FrontW   = (Orders == 1) ? 64 : (24 + 5 * Groups > 72) ? 24 +
      5 * Groups : 72,
  localparam int unsigned PtrW     = $clog2(Width / ((Orders == 1) ? 8 : GroupLen)) + 1
) (
  input  wire logic                 clk_i,
  input  wire logic                 rst_ni,
  // a front goes in
  input  wire logic                 load_i,
  output logic                      free_o,    // load_i may come
  input  actp_pkg::config_t         cfg_i,
  input  wire logic [UserWidth-1:0] user_i,
  input  wire logic [FrontW-1:0]    front_i,
  output logic                      valid_o,   // there is one
  // the front that is read, and what it says
  output logic                      ready_o,
  input  wire logic                 take_i,
  output actp_pkg::config_t         cfg_o,
  output logic [UserWidth-1:0]      user_o,
  output logic [71:0]               head_o,
  output logic [PtrW-1:0]           len_o,     // of the front, in rows
  output logic [4*Groups-1:0]       codes_o,
  output logic [Groups-1:0]         flags_o,
  output logic [5:0]                rows_o,    // as actp_dec_header
  output logic [5:0]                per_o,
  output logic [4:0]                more_o,
  output logic [6:0]                need_o,    // words up to its last needed bit, if it is not bad
  output logic                      bad_o
);
  localparam int unsigned RowBits = (Orders == 1) ? 8 : GroupLen;
  localparam int unsigned Units   = (Groups < 32) ? Groups : 32;
  localparam int unsigned Parts   = (Orders != 1 && Groups > 8) ? 2 : 1;
  localparam int unsigned PartN   = Groups / Parts;
  localparam int unsigned PartW   = 5 + $clog2(PartN);
  localparam int unsigned SumW    = PartW + Parts - 1;
  localparam int unsigned TotalW  = actp_pkg::SLOT_W + 2;
  localparam int unsigned Word    = Width / RowBits;

  // ---- length of the front
  logic [2:0]      w;
  logic            by_weight, specials;
  logic [6:0]      len;
  assign w         = front_i[2:0];
  assign specials  = front_i[5:4] == actp_pkg::SPECIALS;
  assign by_weight = (Orders == 2) | ((Orders == 3) & cfg_i.significance);
  always_comb begin
    len = 7'(actp_pkg::head_bytes(cfg_i.fmt, front_i[14]));
    if (by_weight) begin
      len = 7'd3 + 7'((32'(w) + 32'(specials)) * Groups / 8 + ((Groups < 8 && (w[0] ^ specials)) ?
          1 : 0));
      if (w == actp_pkg::POISONED) len = 7'd1;
      if (w == actp_pkg::PAIR) len = actp_pkg::is_narrow(cfg_i.fmt) ? 7'd5 : 7'd9;
    end
  end

  // ---- the slot
  logic                 valid_q;
  actp_pkg::config_t    cfg_q;
  logic [71:0]          head_q;
  logic [PtrW-1:0]      len_q;
  logic [UserWidth-1:0] user_q;
  assign free_o = ~valid_q | take_i;
  assign valid_o = valid_q;
  assign cfg_o  = cfg_q;
  assign head_o = head_q;
  assign len_o  = len_q;
  assign user_o = user_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) valid_q <= 1'b0;
    else         valid_q <= load_i | (valid_q & ~take_i);
  end
  logic [5:0] rows, per;
  logic [4:0] more;
  logic       malformed, malformed_q;
  actp_dec_header #(.BlockLen(BlockLen), .Orders(Orders), .GroupLen(GroupLen)) u_header (
    .cfg_i, .front_i(front_i[63:0]), .rows_o(rows), .per_o(per), .more_o(more),
    .malformed_o(malformed)
  );
  always_ff @(posedge clk_i) begin
    if (load_i) begin
      cfg_q       <= cfg_i;
      head_q      <= 72'(front_i);
      len_q       <= PtrW'(32'(len) * (8 / RowBits));
      user_q      <= user_i;
      rows_o      <= rows;
      per_o       <= per;
      more_o      <= more;
      malformed_q <= malformed;
    end
  end

  // ---- where its last needed bit is
  logic [TotalW-1:0] field_end, last;
  assign field_end = (rows_o > per_o) ? TotalW'(cfg_q.slot_bytes) * TotalW'(8 / RowBits) :
      TotalW'(len_q) + TotalW'(rows_o) * TotalW'(BlockLen / RowBits);
  assign need_o    = 7'((last + TotalW'(Word - 1)) >> $clog2(Word));

  if (Orders == 1) begin : gen_field
    assign last    = field_end;
    assign codes_o = '0;
    assign flags_o = '0;
    assign ready_o = valid_q;
    assign bad_o   = malformed_q;
  end else begin : gen_codes
    // ---- flags and codes, four bits each
    logic [4*Groups-1:0] raw, spread, codes_q;
    logic [Groups-1:0]   flags_q;
    assign raw = specials ? front_i[24+Groups +: 4*Groups] : front_i[24 +: 4*Groups];
    always_comb begin
      spread = '0;
      for (int unsigned g = 0; g < Groups; g++) begin
        for (int unsigned k = 1; k <= 4; k++) begin
          if (w == 3'(k)) spread[4*g +: 4] = spread[4*g +: 4] | (4'(raw >> (g * k)) &
              4'((1 << k) - 1));
        end
      end
    end
    always_ff @(posedge clk_i) begin
      if (load_i) begin
        codes_q <= spread;
        flags_q <= specials ? front_i[24 +: Groups] : '0;
      end
    end
    assign codes_o = codes_q;
    assign flags_o = flags_q;

    // ---- all their rows
    logic [PartW-1:0]    part;
    logic [SumW-1:0]     sum;
    logic [5*Groups-1:0] rows_of;
    logic [3:0]          ones;
    logic [5:0]          later;
    logic                coded;
    assign coded = ((Orders == 2) | cfg_q.significance) & (head_q[2:1] != 2'b11);
    assign later = 6'(32'(head_q[15:11]) * (Groups / Units));
    assign ones  = actp_pkg::code_ones(head_q[2:0]);
    for (genvar g = 0; g < Groups; g++) begin : gen_group
      logic       unused_lives;
      logic [4:0] depth;
      logic [1:0] skip;
      actp_dec_group u_group (
        .code_i(codes_q[4*g +: 4]), .flag_i(flags_q[g]), .later_i(32'(g) < 32'(later)),
        .ones_i(ones), .dead_code_i(head_q[3]), .q_i(head_q[10:6]), .form_i(head_q[5:4]),
        .row_limit_i(cfg_q.row_limit), .lives_o(unused_lives), .depth_o(depth), .skip_o(skip)
      );
      assign rows_of[5*g +: 5] = depth + {3'd0, skip};
    end
    actp_sum_tree #(.Num(PartN), .Width(5)) u_sum (.data_i(rows_of[5*PartN-1:0]), .sum_o(part));
    if (Parts == 1) begin : gen_one
      assign ready_o = valid_q;
      assign sum     = part;
    end else begin : gen_two
      logic             first_q, done_q;
      logic [PartW-1:0] part_q, other_q, other;
      actp_sum_tree #(.Num(PartN), .Width(5)) u_other (
        .data_i(rows_of[5*PartN +: 5*PartN]), .sum_o(other)
      );
      assign ready_o = done_q | (valid_q & ~coded);
      assign sum     = SumW'(part_q) + SumW'(other_q);
      always_ff @(posedge clk_i or negedge rst_ni) begin
        if (!rst_ni) begin
          first_q <= 1'b0;
          done_q  <= 1'b0;
        end else begin
          first_q <= load_i;
          done_q  <= ~load_i & ~take_i & (done_q | first_q);
        end
      end
      always_ff @(posedge clk_i) begin
        if (first_q) begin
          part_q  <= part;
          other_q <= other;
        end
      end
    end
    logic [TotalW-1:0] total;
    assign total = TotalW'(len_q) + TotalW'(sum);
    assign bad_o = malformed_q | (coded & (total > TotalW'(cfg_q.slot_bytes) *
        TotalW'(8 / RowBits)));
    always_comb begin
      last = total;
      if (head_q[2:0] == actp_pkg::POISONED) last = TotalW'(len_q);
      if (head_q[2:0] == actp_pkg::PAIR) last = TotalW'(len_q) + TotalW'(Groups);
      if (Orders == 3 && !cfg_q.significance) last = field_end;
    end
  end
endmodule

`default_nettype wire
