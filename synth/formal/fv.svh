// SPDX-License-Identifier: Apache-2.0
// The words of the proofs: for the engines CHECK is an assertion, seen at the clock edge while
// reset is off, and RESTRICT an assumption, seen at every clock edge, in reset too. In a build with
// FV_REACH the checks are absent and REACH asserts the opposite of its situation: the engine must
// then find a trace, or the proof was about nothing.
`ifndef FV_SVH
`define FV_SVH

`ifdef FV_REACH
`define CHECK(COND)
`define REACH(COND) always_ff @(posedge clk_i) if (rst_ni) assert (!(COND));
`else
`define CHECK(COND) always_ff @(posedge clk_i) if (rst_ni) assert (COND);
`define REACH(COND)
`endif
`define RESTRICT(COND) always_ff @(posedge clk_i) assume (COND);

// Reset is on in the first cycle, later free: it may strike at any time.
`define RESET \
  logic begun_q; \
  initial begun_q = 1'b0; \
  always_ff @(posedge clk_i) begun_q <= 1'b1; \
  `RESTRICT(begun_q | ~rst_ni)

// S2: valid stays with a stable payload until the beat moves.
`define STREAM(NAME, VALID, READY, PAYLOAD, WIDTH) \
  logic               NAME``_waits_q; \
  logic [(WIDTH)-1:0] NAME``_payload_q; \
  always_ff @(posedge clk_i or negedge rst_ni) begin \
    if (!rst_ni) NAME``_waits_q <= 1'b0; \
    else         NAME``_waits_q <= (VALID) & ~(READY); \
  end \
  always_ff @(posedge clk_i) NAME``_payload_q <= PAYLOAD; \
  `CHECK(~NAME``_waits_q | (VALID)) \
  `CHECK(~NAME``_waits_q | (NAME``_payload_q == (PAYLOAD)))

`endif
