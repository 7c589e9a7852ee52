#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# foreign.sh: designs of somebody else through synth/flow, and what they measure: the name of the clock and the way in which
# outputs are wired make no difference to the figures.
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib.sh"

dir=$(mktemp -d)
trap 'rm -rf "$dir" build/synth/foreign_*' EXIT
failed=0

fault() { # TEXT...
  printf '%s\n' "$@"
  failed=$((failed + 1))
}
# design NAME CLOCK OUTPUT CODE: an accumulator of four bits, and something else
design() {
  cat >"$dir/foreign_$1.sv" <<SV
module foreign_$1 (input $2, other, input [3:0] a, input [1:0] b, output reg [3:0] s, $3);
  always @(posedge $2) s <= s + a;
  $4
endmodule
SV
  say "foreign_$1.sv" >"$dir/foreign_$1.f"
}
# run SCRIPT NAME ARGUMENT...: its output lands in `text`
run() {
  text=$("synth/flow/$1" --files "$dir/foreign_$2.f" --top "foreign_$2" "${@:3}" 2>&1) || fault "$1 $2 failed:" "$text"
}
# Of the last timing: period, clock, input to register, register to output, input to output.
row() { cut -d, -f 7-11 "build/synth/foreign_$1/timing.csv.new"; }

design usual clk 'output y' 'assign y = s[0];'
design named ck 'output y' 'assign y = s[0];'
design wired clk 'output reg [7:0] y' 'always @* begin y = s ^ {s[0], s[3:1]}; y[6] = b[1]; y[2] = a[3]; y[0] = b[0]; end'
for name in pipe gates two; do say "foreign_$name.sv" >"$dir/foreign_$name.f"; done
say 'module foreign_pipe (input clk, input [3:0] a, b, output reg [3:0] s); always @(posedge clk) s <= a + b; endmodule' >"$dir/foreign_pipe.sv"
say 'module foreign_gates (input [3:0] a, input b, output [3:0] y); assign y = a & {4{b}}; endmodule' >"$dir/foreign_gates.sv"
cat >"$dir/foreign_two.sv" <<'SV'
module foreign_two (input clk, other, d, output reg [3:0] s, output reg y);
  always @(posedge clk) s <= s + 4'd3;
  always @(posedge other) y <= d;
endmodule
SV

# Area asks for no clock.
for name in named wired; do
  run area.sh $name --flat
  [[ $text == *' 4 flops  0 latches'* ]] || fault "$name: 4 flops wanted:" "$text"
done

# Timing: a figure is a positive number; the same hardware has the same figures.
run timing.sh usual
want=$(row usual)
awk -F, -v row="$want" 'BEGIN { n = split(row, f); exit !(n == 5 && f[1] > 0 && f[2] > 0 && f[3] > 0 && f[4] > 0 && f[5] == "") }' ||
  fault "usual: a period, a clock and two port delays wanted, got $want"
run timing.sh named --clock ck
[[ $(row named) == "$want" ]] || fault "named: $(row named), with the usual name $want"

# Outputs that are inputs and registers at once: the flat netlist would assign them to a concatenation.
run timing.sh wired
IFS=, read -r -a figures <build/synth/foreign_wired/timing.csv.new
[[ ${figures[6]} =~ ^0\.[0-9]+$ && ${figures[6]} == "${figures[13]}" && ${figures[10]} == 0.000 ]] ||
  fault "wired: one period, flat or not, and wires from input to output wanted, got ${figures[*]}"

# No path between registers, none at all, and the only path from an input to another clock.
run timing.sh pipe
[[ $text == *'no path from register to register'* && $(row pipe) =~ ^,[1-9] ]] || fault "pipe: $(row pipe)" "$text"
run timing.sh gates
[[ $(row gates) =~ ^,[1-9][0-9]*,,,0\.[0-9]+$ ]] || fault "gates: $(row gates)" "$text"
run timing.sh two
[[ $text == *'1 of 5 registers have another clock'* && $(row two) =~ ^0\.[0-9]+,[0-9]+,,0\.[0-9]+,$ ]] || fault "two: $(row two)" "$text"

# Place and route drives the clock that is named.
if command -v nextpnr-ice40 >/dev/null; then
  run fpga.sh named --clock ck
  [[ $text =~ ice40.*\ 4\ registers.*placed:\ [0-9]+\ cells,\ [0-9.]+\ MHz ]] || fault 'named: a placed clock wanted:' "$text"
  grep -q '\.ck(clk)' build/synth/foreign_named/foreign_named/fpga-ice40.harness.v || fault 'named: the harness does not drive ck'
fi

[[ $failed -eq 0 ]] || die "$failed faults"
say "foreign    6 designs measured"
