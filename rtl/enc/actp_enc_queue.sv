// SPDX-License-Identifier: Apache-2.0
// actp_enc_queue - the chunks of blocks that wait for their plans.
//
// Format   F-2.3        Model   actplane::GatherBlock (model/src/block.cc)
// Contract as actp_fifo: entries of actp_enc_store in, never while full_o, the same ones out.
//          Blocks are whole: an FP32 block is an even number of chunks.
// Method   where FP32 is kept short and 16-bit formats are built in, too, two queues of half a
//          chunk of these: a 16-bit chunk takes a place in both, an FP32 chunk, of half as many
//          values, one in turn. So no place is as wide as a chunk. Otherwise a single queue.
// Params   CoreWidth 256, 512; Formats 1 .. 7; Orders 1 .. 3; Depth 8 .. 24; Fifo 0 .. 2; Entries:
//          FP32 chunks, or 16-bit ones without FP32, even; two queues hold half as many 16-bit
//          ones, and six at least
// Reset    empty
`include "actp_macros.svh"
`default_nettype none

module actp_enc_queue #(
  parameter int unsigned CoreWidth = 256,
  parameter int unsigned Formats   = 7,
  parameter int unsigned Orders    = 3,
  parameter int unsigned Depth     = 24,
  parameter int unsigned Entries   = 22,
  parameter int unsigned Fifo      = 0,
  localparam int unsigned StoredW = actp_pkg::stored_bits(Depth),
  localparam int unsigned DataW   = (Formats == 1) ? CoreWidth / 32 * StoredW : CoreWidth,
  localparam int unsigned Lanes   = (Formats == 1) ? CoreWidth / 32 : CoreWidth / 16,
  localparam int unsigned EntryW  = DataW + ((Orders > 1) ? Lanes : 0)
) (
  input  wire logic                       clk_i,
  input  wire logic                       rst_ni,
  // entries of actp_enc_store
  input  wire logic                       write_valid_i,
  input  wire logic [actp_pkg::FMT_W-1:0] write_fmt_i,
  input  wire logic [EntryW-1:0]          write_data_i,
  output logic                            full_o,        // a register: no write now
  // the oldest one
  output logic                            out_valid_o,
  input  wire logic                       out_ready_i,
  output logic [EntryW-1:0]               out_data_o
);
  if (Formats[0] && Formats != 1 && StoredW < 32) begin : gen_halves
    localparam int unsigned Values = CoreWidth / 32;    // of half a chunk
    localparam int unsigned WideW  = Values * StoredW;
    // Of 16-bit chunks; with fewer than six, blocks of one or two wait for the plan of the first.
    localparam int unsigned Places = (Entries < 12) ? 6 : Entries / 2;
    localparam int unsigned PairW  = (Orders > 1) ? Values : 0;
    localparam int unsigned HalfW  = WideW + PairW + 1;  // on top: of a 16-bit format

    logic               narrow, write_odd_q, read_odd_q, out_narrow, pop;
    logic [1:0]         write, full, valid, ready;
    logic [2*HalfW-1:0] half_in, half_out;
    logic [HalfW-2:0]   in_turn;

    // ---- in: the upper half of a 16-bit chunk is the second one's
    logic [WideW-1:0] second;
    assign narrow = actp_pkg::is_narrow(write_fmt_i);
    assign second = narrow ? WideW'(write_data_i[CoreWidth/2 +: CoreWidth/2]) :
                             write_data_i[WideW-1:0];
    if (Orders > 1) begin : gen_pair
      logic [Values-1:0] second_b;
      assign second_b = narrow ? write_data_i[DataW+Values +: Values] :
                                 write_data_i[DataW +: Values];
      assign half_in  = {narrow, second_b, second, narrow, write_data_i[DataW +: Values],
                         write_data_i[WideW-1:0]};
    end else begin : gen_no_pair
      assign half_in = {narrow, second, narrow, write_data_i[WideW-1:0]};
    end
    assign write  = {2{write_valid_i}} & {narrow | write_odd_q, narrow | ~write_odd_q};
    assign full_o = |full;

    for (genvar h = 0; h < 2; h++) begin : gen_half
      actp_fifo #(.Width(HalfW), .Entries(Places), .Fifo(Fifo)) u_fifo (
        .clk_i, .rst_ni, .write_valid_i(write[h]), .write_data_i(half_in[h*HalfW +: HalfW]),
        .full_o(full[h]), .out_valid_o(valid[h]), .out_ready_i(ready[h]),
        .out_data_o(half_out[h*HalfW +: HalfW])
      );
    end

    // ---- out: a block begins in the first queue
    assign in_turn     = read_odd_q ? half_out[HalfW +: HalfW-1] : half_out[HalfW-2:0];
    assign out_narrow  = ~read_odd_q & half_out[HalfW-1];
    assign out_valid_o = read_odd_q ? valid[1] : valid[0];
    assign pop         = out_valid_o & out_ready_i;
    assign ready       = {2{pop}} & {out_narrow | read_odd_q, out_narrow | ~read_odd_q};
    assign out_data_o[CoreWidth-1:0] =
        out_narrow ? {half_out[HalfW +: CoreWidth/2], half_out[CoreWidth/2-1:0]} :
                     CoreWidth'(in_turn[WideW-1:0]);
    if (Orders > 1) begin : gen_out_pair
      assign out_data_o[DataW +: Values]        = in_turn[WideW +: Values];
      assign out_data_o[DataW+Values +: Values] = half_out[HalfW+WideW +: Values];
    end

    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) begin
        write_odd_q <= 1'b0;
        read_odd_q  <= 1'b0;
      end else begin
        if (write_valid_i & ~narrow) write_odd_q <= ~write_odd_q;
        if (pop & ~out_narrow)       read_odd_q  <= ~read_odd_q;
      end
    end

    if (Entries % 2 != 0) begin : gen_bad
      $fatal(1, "actp_enc_queue: Entries must be even");
    end
    `ACTP_ASSERT(BothHalves_A, !(valid[0] && out_narrow && !valid[1]))
    `ACTP_ASSERT(WholeBlocks_A, !(write_valid_i && narrow && write_odd_q))
  end else begin : gen_whole
    logic unused_fmt;
    assign unused_fmt = |write_fmt_i;
    actp_fifo #(.Width(EntryW), .Entries(Entries), .Fifo(Fifo)) u_fifo (
      .clk_i, .rst_ni, .write_valid_i, .write_data_i, .full_o, .out_valid_o, .out_ready_i,
      .out_data_o
    );
  end
endmodule

`default_nettype wire
