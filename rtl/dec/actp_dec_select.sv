// SPDX-License-Identifier: Apache-2.0
// actp_dec_select - pick the bits of one beat out of a payload, and keep what the next slot overwrites too soon.
//
// Format   F-3.4 in plane order        Model   actplane::FromPlanes (model/src/field_order.cc)
// Contract in:  load_i with a complete payload; busy_i from the next cycle on until the last move_i, with which load_i may
//               come again. The payload's word j of StreamWidth bits may change as soon as word_free_o is high for it:
//               when j beats have been formed.
//          out: the bits of the next beat by rank: of group `index` for FP32 (low_o), of groups 2 * index and
//               2 * index + 1 for the 16-bit formats (low_o, high_o).
// Method   words come at the rate at which beats leave, so bits of word j need a second place only for the beats
//          from the j-th on; and of these, those of the second half take over the places of the first half.
// Params   BlockLen 32 .. 256, StreamWidth 64 .. 512 (tested all sixteen); Formats: without FP32 (bit 0) it copies less, for
//          narrow_i is high then
// Reset    first beat
`default_nettype none

module actp_dec_select #(
  parameter int unsigned BlockLen    = 128,
  parameter int unsigned StreamWidth = 256,
  parameter int unsigned CountW      = 8,
  parameter int unsigned Formats     = 7,
  localparam int unsigned N      = BlockLen,
  localparam int unsigned Rows   = actp_pkg::ROWS,
  localparam int unsigned Group  = StreamWidth / 32,   // values of an FP32 beat
  localparam int unsigned Groups = BlockLen / Group,   // beats of an FP32 block, at least 2
  localparam int unsigned Pairs  = Groups / 2,
  localparam int unsigned IndexW = $clog2(Groups)
) (
  input  wire logic                  clk_i,
  input  wire logic                  rst_ni,
  input  wire logic                  load_i,
  input  wire logic [Rows*N-1:0]     bits_i,        // rank r of value v at [r*N+v]
  input  wire logic                  busy_i,
  input  wire logic                  narrow_i,
  input  wire logic                  move_i,
  input  wire logic [CountW-1:0]     word_index_i,
  output logic                       word_free_o,   // this word may be overwritten at the end of this cycle
  output logic [IndexW-1:0]          index_o,
  output logic                       last_o,
  output logic [Rows*Group-1:0]      low_o,         // rank r of value v of the group at [r*Group+v]
  output logic [17*Group-1:0]        high_o         // 16-bit formats have 17 ranks
);
  // ---- which beat
  logic [IndexW-1:0] index_q;
  logic [Pairs-1:0]  pair_q;   // one-hot: the pair of groups
  logic              odd_q;    // FP32: its upper group
  logic [Groups-1:0] deep_q;   // one-hot: the group of FP32, for the ranks that 16-bit formats do not have
  assign index_o = index_q;
  assign last_o  = pair_q[Pairs-1] & (narrow_i | odd_q);

  logic ahead, ahead_two;  // the word belongs to a beat behind this one, or behind the next one
  assign ahead       = word_index_i > CountW'(index_q);
  assign ahead_two   = word_index_i > CountW'(index_q) + CountW'(1);
  assign word_free_o = ~busy_i | (move_i ? last_o | ~ahead_two : ~ahead);

  // ---- where the bits are
  // While this block leaves, word j of the next one comes no sooner than beat j, so bits of word
  // j that go into an earlier beat stay where they are; the others are copied. 16-bit formats leave twice as fast: group g
  // with beat g / 2.
  // Copies of the first half of the words for the first half of the groups serve the second half afterwards.
  localparam int unsigned Half     = Groups / 2;
  localparam int unsigned HalfWords = Formats[0] ? Half : Half / 2;  // beats of half the groups, at most
  localparam int unsigned HalfRows = HalfWords * StreamWidth / N;    // ranks of as many words
  localparam bit          Again    = Half > 1 && StreamWidth >= N;
  logic [Half*Rows*Group-1:0]   first_half, second_half;
  logic [Groups*Rows*Group-1:0] cells;  // rank r of value v of group g at [(g*Rows+r)*Group+v]
  for (genvar g = 0; g < Groups; g++) begin : gen_group
    for (genvar r = 0; r < Rows; r++) begin : gen_rank
      localparam int unsigned At    = r * N + g * Group;
      localparam int unsigned Beat  = Formats[0] ? g : g / 2;  // that takes it, at the latest
      localparam int unsigned Later = (r + HalfRows) * N + (g + Half) * Group;
      logic [Group-1:0] cell_bits;
      if (Beat < At / StreamWidth) begin : gen_direct
        assign cell_bits = bits_i[At +: Group];
      end else if (Again && g >= Half && At / StreamWidth >= HalfWords) begin : gen_again
        assign cell_bits = first_half[((g-Half)*Rows+r-HalfRows)*Group +: Group];
      end else begin : gen_copy
        logic [Group-1:0] copy_q;
        if (Again && g < Half && r + HalfRows < Rows) begin : gen_twice
          logic half;  // the beats of the first half of the groups are formed
          assign half = move_i & pair_q[(Pairs-1)/2] & (narrow_i | odd_q);
          always_ff @(posedge clk_i) begin
            if (load_i)    copy_q <= bits_i[At +: Group];
            else if (half) copy_q <= bits_i[Later +: Group];
          end
        end else begin : gen_once
          always_ff @(posedge clk_i) begin
            if (load_i) copy_q <= bits_i[At +: Group];
          end
        end
        assign cell_bits = copy_q;
      end
      if (g < Half) begin : gen_first
        assign first_half[(g*Rows+r)*Group +: Group] = cell_bits;
      end else begin : gen_second
        assign second_half[((g-Half)*Rows+r)*Group +: Group] = cell_bits;
      end
    end
  end
  assign cells = {second_half, first_half};

  // ---- the pick
  localparam int unsigned Narrow = 17 * Group;  // bits of the ranks that 16-bit formats have
  logic [Narrow-1:0]            even, odd;
  logic [Rows*Group-Narrow-1:0] deep;
  always_comb begin
    even = '0;
    odd  = '0;
    deep = '0;
    for (int unsigned h = 0; h < Pairs; h++) begin
      even = even | (cells[2*h*Rows*Group +: Narrow] & {Narrow{pair_q[h]}});
      odd  = odd | (cells[(2*h+1)*Rows*Group +: Narrow] & {Narrow{pair_q[h]}});
    end
    for (int unsigned g = 0; g < Groups; g++) begin
      deep = deep | (cells[g*Rows*Group+Narrow +: Rows*Group-Narrow] & {(Rows*Group-Narrow){deep_q[g]}});
    end
  end
  assign low_o  = {deep, odd_q ? odd : even};
  assign high_o = odd;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      index_q <= '0;
      pair_q  <= Pairs'(1);
      odd_q   <= 1'b0;
      deep_q  <= Groups'(1);
    end else if (move_i) begin
      index_q <= last_o ? '0 : index_q + IndexW'(1);
      odd_q   <= ~odd_q & ~narrow_i;
      deep_q  <= last_o ? Groups'(1) : Groups'({deep_q, deep_q[Groups-1]});
      if (narrow_i | odd_q) pair_q <= Pairs'({pair_q, pair_q[Pairs-1]});
    end
  end
endmodule

`default_nettype wire
