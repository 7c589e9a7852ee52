// SPDX-License-Identifier: Apache-2.0
// The clock gate while no library is chosen yet.
module ACTP_CLOCK_GATE (input C, input E, output GC);
endmodule
