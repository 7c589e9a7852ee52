# SPDX-License-Identifier: Apache-2.0
# From a netlist in Verilog to a module actp_harness around it with four pins, for parts with fewer pins than the
# design has ports: inputs come from a shift register, outputs are registered and folded into one bit. -v top=MODULE -v clock=PORT (empty: it has none).
/^  (input|output) / {
  name = $NF; sub(/;/, "", name)
  width = 1
  if ($2 ~ /^\[/) { width = $2; sub(/^\[/, "", width); sub(/:.*/, "", width); width++ }
  if (name == clock) { ports = ports ", ." name "(clk)"; next }
  if (name ~ /^(rst_ni|aresetn)$/) { ports = ports ", ." name "(reset)"; next }
  if ($1 == "input") { ports = ports sprintf(", .%s(in[%d:%d])", name, ins + width - 1, ins); ins += width }
  else { ports = ports sprintf(", .%s(out[%d:%d])", name, outs + width - 1, outs); outs += width }
}
/^endmodule/ { exit }
END {
  printf "module actp_harness (input clk, input reset, input si, output reg so);\n"
  printf "  reg [%d:0] in;\n  wire [%d:0] out;\n  reg [%d:0] held;\n", ins - 1, outs - 1, outs - 1
  printf "  always @(posedge clk) begin in <= {in, si}; held <= out; so <= ^held; end\n"
  printf "  %s dut (%s);\nendmodule\n", top, substr(ports, 3)
}
