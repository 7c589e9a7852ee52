// SPDX-License-Identifier: Apache-2.0
// Yosys techmap: a register with enable becomes flops behind clock gates, one for every 32 bits; below 8 bits the
// multiplexers stay. Yosys 0.23 has no clock gating of its own. ACTP_CLOCK_GATE is the gate of the library in use.
(* techmap_celltype = "$dffe" *)
module actp_gate_dffe (CLK, EN, D, Q);
  parameter WIDTH = 1;
  parameter CLK_POLARITY = 1;
  parameter EN_POLARITY = 1;
  localparam PART = 32;
  localparam PARTS = (WIDTH + PART - 1) / PART;
  input CLK, EN;
  input [WIDTH-1:0] D;
  output [WIDTH-1:0] Q;
  wire _TECHMAP_FAIL_ = WIDTH < 8 || !CLK_POLARITY;
  genvar i;
  generate for (i = 0; i < PARTS; i = i + 1) begin : gen_part
    localparam W = (i < PARTS - 1) ? PART : WIDTH - PART * i;
    wire gated;
    ACTP_CLOCK_GATE gate (.C(CLK), .E(EN_POLARITY ? EN : ~EN), .GC(gated));
    \$dff #(.WIDTH(W), .CLK_POLARITY(1'b1)) flops (.CLK(gated), .D(D[i*PART +: W]), .Q(Q[i*PART +: W]));
  end endgenerate
endmodule

(* techmap_celltype = "$adffe" *)
module actp_gate_adffe (CLK, ARST, EN, D, Q);
  parameter WIDTH = 1;
  parameter CLK_POLARITY = 1;
  parameter EN_POLARITY = 1;
  parameter ARST_POLARITY = 1;
  parameter ARST_VALUE = 0;
  localparam PART = 32;
  localparam PARTS = (WIDTH + PART - 1) / PART;
  input CLK, ARST, EN;
  input [WIDTH-1:0] D;
  output [WIDTH-1:0] Q;
  wire _TECHMAP_FAIL_ = WIDTH < 8 || !CLK_POLARITY;
  genvar i;
  generate for (i = 0; i < PARTS; i = i + 1) begin : gen_part
    localparam W = (i < PARTS - 1) ? PART : WIDTH - PART * i;
    wire gated;
    ACTP_CLOCK_GATE gate (.C(CLK), .E(EN_POLARITY ? EN : ~EN), .GC(gated));
    \$adff #(.WIDTH(W), .CLK_POLARITY(1'b1), .ARST_POLARITY(ARST_POLARITY), .ARST_VALUE(ARST_VALUE >> (i * PART)))
      flops (.CLK(gated), .ARST(ARST), .D(D[i*PART +: W]), .Q(Q[i*PART +: W]));
  end endgenerate
endmodule
