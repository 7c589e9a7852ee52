// SPDX-License-Identifier: Apache-2.0
// actp_enc_gather - cut the stream into blocks, pad the last one, and keep a block until its base is known.
//
// Format   F-2.3, F-2.4        Model   actplane::GatherBlock (model/src/block.cc)
// Contract in:  beats of values; `last` ends a block early, what is missing reads +0; bytes with keep = 0 read 0.
//               The configuration is sampled with the first beat of a block.
//          out: beat_* to the statistics in the cycle in which a beat (or a padding beat) is taken; the gathered block
//               as planes, two cycles later complete, until beats of the next block overwrite it: write_* say which
//               one does at the end of this cycle, if adv_i is high.
//               reserved_o: zero, Inf or NaN; of these the exponent bits 1 and 0 read 00, 10 or 01 instead.
//          One beat per cycle while adv_i is high; everything stands still while it is low.
// Method   a beat is held for one cycle (beat_q), so that statistics run one cycle ahead of the store; the store is
//          written in groups of StreamWidth/32 values, plane by plane: the transposition is wiring.
// Params   BlockLen 32 .. 256, StreamWidth 64 .. 512 (tested all sixteen)
// Reset    no block open; the store is not reset
// Not here fields (actp_enc_classify), statistics (actp_enc_base)
`default_nettype none

module actp_enc_gather #(
  parameter int unsigned BlockLen    = 128,
  parameter int unsigned StreamWidth = 256,
  localparam int unsigned Slots   = StreamWidth / 16,
  localparam int unsigned Group   = StreamWidth / 32,      // values of an FP32 beat
  localparam int unsigned Groups  = BlockLen / Group,      // beats of an FP32 block, at least 2
  localparam int unsigned IndexW  = $clog2(Groups)
) (
  input  wire logic                        clk_i,
  input  wire logic                        rst_ni,
  input  wire logic                        adv_i,
  // configuration
  input  wire logic [actp_pkg::FMT_W-1:0]  cfg_format_i,
  input  wire logic [actp_pkg::SLOT_W-1:0] cfg_slot_bytes_i,
  input  wire logic                        cfg_lossless_i,
  input  wire logic [actp_pkg::WIDTH_W-1:0] cfg_delta_cap_i,
  // values
  input  wire logic                        in_valid_i,
  output logic                             in_ready_o,
  input  wire logic [StreamWidth-1:0]      in_data_i,
  input  wire logic [StreamWidth/8-1:0]    in_keep_i,
  input  wire logic                        in_last_i,
  // the beat that is taken in this cycle
  output logic                             beat_valid_o,
  output logic                             beat_first_o,
  output logic                             beat_last_o,
  output logic [StreamWidth-1:0]           beat_o,
  output logic [actp_pkg::FMT_W-1:0]       beat_format_o,
  output logic [actp_pkg::SLOT_W-1:0]      beat_slot_bytes_o,
  output logic                             beat_lossless_o,
  output logic [actp_pkg::WIDTH_W-1:0]     beat_delta_cap_o,
  // the beat that goes into the store in this cycle
  output logic                             write_valid_o,
  output logic                             write_narrow_o,
  output logic [IndexW-1:0]                write_index_o,
  // the gathered block: plane p (31 sign, 30..23 exponent, 22..0 mantissa) at [p*BlockLen +: BlockLen]
  output logic [32*BlockLen-1:0]           planes_o,
  output logic [BlockLen-1:0]              reserved_o
);
  localparam int unsigned CfgW = actp_pkg::SLOT_W + 1 + actp_pkg::WIDTH_W;

  // ---- input: which beat of which block
  typedef enum logic [0:0] {
    StTake = 1'b0,  // beats come from the stream
    StPad  = 1'b1   // the stream ended early: beats of zeros complete the block
  } state_e;
  state_e              state_d, state_q;
  logic [IndexW-1:0]   index_d, index_q;
  logic [IndexW-1:0]   last_index;
  logic [CfgW-1:0]     cfg_in, cfg_q, cfg;
  logic [actp_pkg::FMT_W-1:0] format_q;  // kept without a loop: a bit that is constant at the input stays so
  logic [StreamWidth-1:0] kept;

  assign cfg_in = {cfg_slot_bytes_i, cfg_lossless_i, cfg_delta_cap_i};
  assign beat_first_o = index_q == '0;
  assign cfg = beat_first_o ? cfg_in : cfg_q;
  assign beat_format_o = beat_first_o ? cfg_format_i : format_q;
  assign {beat_slot_bytes_o, beat_lossless_o, beat_delta_cap_o} = cfg;

  for (genvar i = 0; i < StreamWidth / 8; i++) begin : gen_keep
    assign kept[i*8 +: 8] = in_data_i[i*8 +: 8] & {8{in_keep_i[i] & (state_q == StTake)}};
  end
  assign beat_o = kept;

  // 16-bit formats fill a block in half as many beats.
  assign last_index = actp_pkg::is_narrow(beat_format_o) ? IndexW'(Groups / 2 - 1) : IndexW'(Groups - 1);
  assign beat_valid_o = adv_i & (in_valid_i | (state_q == StPad));
  assign beat_last_o  = index_q == last_index;
  assign in_ready_o   = adv_i & (state_q == StTake);

  always_comb begin
    state_d = state_q;
    index_d = index_q;
    if (beat_valid_o) begin
      index_d = beat_last_o ? '0 : index_q + 1'b1;
      unique case (state_q)
        StTake: if (in_last_i & ~beat_last_o) state_d = StPad;
        StPad:  if (beat_last_o) state_d = StTake;
        default: state_d = StTake;
      endcase
    end
  end

  // ---- the beat one cycle later, into the store
  logic                   hold_valid_q;
  logic [StreamWidth-1:0] hold_q;
  logic [IndexW-1:0]      hold_index_q;
  logic [actp_pkg::FMT_W-1:0] hold_format_q;
  logic [Slots*32-1:0]    fields;
  logic [Slots-1:0]       man_zero;

  actp_enc_classify #(.StreamWidth(StreamWidth)) u_classify (
    .fmt_i(hold_format_q), .beat_i(hold_q), .fields_o(fields), .man_zero_o(man_zero)
  );

  assign write_valid_o  = hold_valid_q;
  assign write_narrow_o = actp_pkg::is_narrow(hold_format_q);
  assign write_index_o  = hold_index_q;

  // The classes that take a reserved code, told once here instead of for all values of a block later.
  localparam int unsigned Rows = 33;
  logic [Slots*Rows-1:0] words;
  for (genvar s = 0; s < Slots; s++) begin : gen_word
    logic [31:0] value;
    logic        zero, special;
    assign value   = fields[s*32 +: 32];
    assign zero    = (value[30:23] == '0) & man_zero[s];
    assign special = value[30:23] == actp_pkg::exp_max(hold_format_q);
    assign words[s*Rows +: Rows] = {zero | special, value[31:25], special ? {man_zero[s], ~man_zero[s]} : value[24:23],
                                    value[22:0]};
  end

  // One group of the store, as planes of Group bits; on top, whether the code is a reserved one.
  logic [Groups*Rows*Group-1:0] store;
  for (genvar g = 0; g < Groups; g++) begin : gen_group
    // FP32 fills group g with beat g; a narrow beat fills groups 2b and 2b + 1.
    localparam int unsigned Upper = (g % 2) * Group;
    logic                  write;
    logic [Rows*Group-1:0] next, group_q;
    assign write = hold_valid_q & adv_i &
                   (actp_pkg::is_narrow(hold_format_q) ? hold_index_q == IndexW'(g / 2) : hold_index_q == IndexW'(g));
    for (genvar v = 0; v < Group; v++) begin : gen_value
      logic [Rows-1:0] low, high;
      assign low  = words[v*Rows +: Rows];
      assign high = words[(Upper+v)*Rows +: Rows];
      for (genvar r = 0; r < Rows; r++) begin : gen_row
        assign next[r*Group+v] = actp_pkg::is_narrow(hold_format_q) ? high[r] : low[r];
      end
    end
    always_ff @(posedge clk_i) begin
      if (write) group_q <= next;
    end
    assign store[g*Rows*Group +: Rows*Group] = group_q;
  end
  for (genvar g = 0; g < Groups; g++) begin : gen_out
    for (genvar r = 0; r < 32; r++) begin : gen_plane
      assign planes_o[r*BlockLen+g*Group +: Group] = store[(g*Rows+r)*Group +: Group];
    end
    assign reserved_o[g*Group +: Group] = store[(g*Rows+32)*Group +: Group];
  end

  // ---- registers
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q      <= StTake;
      index_q      <= '0;
      hold_valid_q <= 1'b0;
    end else if (adv_i) begin
      state_q      <= state_d;
      index_q      <= index_d;
      hold_valid_q <= beat_valid_o;
    end
  end
  always_ff @(posedge clk_i) begin
    if (beat_valid_o) begin
      cfg_q         <= cfg;
      hold_q        <= beat_o;
      hold_index_q  <= index_q;
      hold_format_q <= beat_format_o;
    end
    if (beat_valid_o & beat_first_o) format_q <= cfg_format_i;
  end
endmodule

`default_nettype wire
