// SPDX-License-Identifier: Apache-2.0
// actp_enc_gather - cut the stream into blocks, pad the last one, and keep a block until its base is known.
//
// Format   F-2.3, F-2.4        Model   actplane::GatherBlock (model/src/block.cc)
// Contract in:  beats of values; `last` ends a block early, what is missing reads +0; bytes with keep = 0 read 0.
//               The configuration is sampled with the first beat of a block.
//          out: beat_* to the statistics, one cycle after a beat (or a padding beat) was taken, when adv_i is high; the
//               gathered block as planes, Holds + 1 cycles after its last beat complete, until beats of the next block
//               overwrite it: write_* say which one does at the end of this cycle, if adv_i is high.
//               reserved_o: zero, Inf or NaN; of these the exponent bits 1 and 0 read 00, 10 or 01 instead.
//          One beat per cycle while adv_i is high; everything stands still while it is low.
// Method   a beat is held for Holds cycles, so that the statistics run ahead of the store; the store is
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
  // the beat that was taken last
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
  localparam int unsigned FmtW  = actp_pkg::FMT_W;
  localparam int unsigned CfgW  = actp_pkg::SLOT_W + 1 + actp_pkg::WIDTH_W;
  localparam int unsigned Holds = 3;  // actp_enc_base sees a beat in the first cycle; header decided in the fourth

  // ---- input: which beat of which block
  typedef enum logic [0:0] {
    StTake = 1'b0,  // beats come from the stream
    StPad  = 1'b1   // the stream ended early: beats of zeros complete the block
  } state_e;
  state_e              state_d, state_q;
  logic [IndexW-1:0]   index_d, index_q;
  logic [IndexW-1:0]   last_index;
  logic [CfgW-1:0]     cfg_in, cfg_q, cfg;
  logic [FmtW-1:0]     format, format_q;  // kept without a loop: a bit that is constant at the input stays so
  logic                first, last, take;
  logic [StreamWidth-1:0] kept;

  assign cfg_in = {cfg_slot_bytes_i, cfg_lossless_i, cfg_delta_cap_i};
  assign first  = index_q == '0;
  assign cfg    = first ? cfg_in : cfg_q;
  assign format = first ? cfg_format_i : format_q;

  for (genvar i = 0; i < StreamWidth / 8; i++) begin : gen_keep
    assign kept[i*8 +: 8] = in_data_i[i*8 +: 8] & {8{in_keep_i[i] & (state_q == StTake)}};
  end

  // 16-bit formats fill a block in half as many beats.
  assign last_index = actp_pkg::is_narrow(format) ? IndexW'(Groups / 2 - 1) : IndexW'(Groups - 1);
  assign take       = adv_i & (in_valid_i | (state_q == StPad));
  assign last       = index_q == last_index;
  assign in_ready_o = adv_i & (state_q == StTake);

  always_comb begin
    state_d = state_q;
    index_d = index_q;
    if (take) begin
      index_d = last ? '0 : index_q + 1'b1;
      unique case (state_q)
        StTake: if (in_last_i & ~last) state_d = StPad;
        StPad:  if (last) state_d = StTake;
        default: state_d = StTake;
      endcase
    end
  end

  // ---- beats on their way to the store, the one that was taken last at the bottom
  logic [Holds-1:0]             hold_valid_q;
  logic [Holds*StreamWidth-1:0] hold_q;
  logic [Holds*IndexW-1:0]      hold_index_q;
  logic [Holds*FmtW-1:0]        hold_format_q;
  logic                         last_q;

  assign beat_valid_o = hold_valid_q[0];
  assign beat_o       = hold_q[0 +: StreamWidth];
  assign beat_first_o = hold_index_q[0 +: IndexW] == '0;
  assign beat_last_o  = last_q;
  assign beat_format_o = hold_format_q[0 +: FmtW];
  assign {beat_slot_bytes_o, beat_lossless_o, beat_delta_cap_o} = cfg_q;

  // ---- into the store
  logic [StreamWidth-1:0] store_beat;
  logic [FmtW-1:0]        store_format;
  logic [Slots*32-1:0]    fields;
  logic [Slots-1:0]       man_zero;

  assign store_beat   = hold_q[(Holds-1)*StreamWidth +: StreamWidth];
  assign store_format = hold_format_q[(Holds-1)*FmtW +: FmtW];
  actp_enc_classify #(.StreamWidth(StreamWidth)) u_classify (
    .fmt_i(store_format), .beat_i(store_beat), .fields_o(fields), .man_zero_o(man_zero)
  );

  assign write_valid_o  = hold_valid_q[Holds-1];
  assign write_narrow_o = actp_pkg::is_narrow(store_format);
  assign write_index_o  = hold_index_q[(Holds-1)*IndexW +: IndexW];

  // The classes that take a reserved code, told once here instead of for all values of a block later.
  localparam int unsigned Rows = 33;
  logic [Slots*Rows-1:0] words;
  for (genvar s = 0; s < Slots; s++) begin : gen_word
    logic [31:0] value;
    logic        zero, special;
    assign value   = fields[s*32 +: 32];
    assign zero    = (value[30:23] == '0) & man_zero[s];
    assign special = value[30:23] == actp_pkg::exp_max(store_format);
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
    assign write = write_valid_o & adv_i & (write_index_o == (write_narrow_o ? IndexW'(g / 2) : IndexW'(g)));
    for (genvar v = 0; v < Group; v++) begin : gen_value
      logic [Rows-1:0] low, high;
      assign low  = words[v*Rows +: Rows];
      assign high = words[(Upper+v)*Rows +: Rows];
      for (genvar r = 0; r < Rows; r++) begin : gen_row
        assign next[r*Group+v] = write_narrow_o ? high[r] : low[r];
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
      hold_valid_q <= '0;
    end else if (adv_i) begin
      state_q      <= state_d;
      index_q      <= index_d;
      hold_valid_q <= {hold_valid_q[Holds-2:0], take};
    end
  end
  always_ff @(posedge clk_i) begin
    if (take) begin
      cfg_q                        <= cfg;
      last_q                       <= last;
      hold_q[0 +: StreamWidth]     <= kept;
      hold_index_q[0 +: IndexW]    <= index_q;
      hold_format_q[0 +: FmtW]     <= format;
    end
    for (int unsigned h = 1; h < Holds; h++) begin
      if (adv_i & hold_valid_q[h-1]) begin
        hold_q[h*StreamWidth +: StreamWidth] <= hold_q[(h-1)*StreamWidth +: StreamWidth];
        hold_index_q[h*IndexW +: IndexW]     <= hold_index_q[(h-1)*IndexW +: IndexW];
        hold_format_q[h*FmtW +: FmtW]        <= hold_format_q[(h-1)*FmtW +: FmtW];
      end
    end
    if (take & first) format_q <= cfg_format_i;
  end
endmodule

`default_nettype wire
