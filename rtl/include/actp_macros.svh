// SPDX-License-Identifier: Apache-2.0
// Assertions: alive in simulation, absent in synthesis. A failure fails the test.
// ACTP_STREAM: rule S2 of docs/rtl.md at a module boundary.
`ifndef ACTP_MACROS_SVH
`define ACTP_MACROS_SVH

`ifdef SYNTHESIS
`define ACTP_ASSERT(NAME, PROPERTY)
`define ACTP_COVER(NAME, PROPERTY)
`define ACTP_STREAM(NAME, VALID, READY, PAYLOAD)
`else
`define ACTP_ASSERT(NAME, PROPERTY) \
  NAME : assert property (@(posedge clk_i) disable iff (!rst_ni) PROPERTY) \
      else $error("assertion failed: %m");
`define ACTP_COVER(NAME, PROPERTY) \
  NAME : cover property (@(posedge clk_i) disable iff (!rst_ni) PROPERTY);
`define ACTP_STREAM(NAME, VALID, READY, PAYLOAD) \
  `ACTP_ASSERT(NAME``Hold_A, ((VALID) && !(READY)) |=> (VALID)) \
  `ACTP_ASSERT(NAME``Stable_A, ((VALID) && !(READY)) |=> $stable(PAYLOAD))
`endif

`endif
