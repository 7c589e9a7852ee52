#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# bad_input.sh: what the scripts of synth/flow must refuse, each with one line and exit code 1.
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib.sh"

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=0 count=0

# refuses REGEX SCRIPT ARGUMENT...
refuses() {
  local want=$1 script=$2 text status=0
  count=$((count + 1))
  shift 2
  text=$("synth/flow/$script" "$@" 2>&1 >/dev/null) || status=$?
  if [[ $status -ne 1 || $(wc -l <<<"$text") -ne 1 || ! $text =~ $want ]]; then
    say "$script $*: exit code $status, wanted 1 and one line like '$want':" "$text"
    failed=$((failed + 1))
  fi
}

cat >"$dir/adder.sv" <<'SV'
module adder #(parameter W = 4) (input clk_i, input [W-1:0] a, b, output reg [W-1:0] s);
  always @(posedge clk_i) s <= a + b;
endmodule
SV
cat >"$dir/clocks.sv" <<'SV'
module clocks (input ck, other, input [3:0] a, output reg [3:0] s);
  always @(posedge ck) s <= s + a;
endmodule
SV
cat >"$dir/latch.sv" <<'SV'
module latch (input en, d, output reg q);
  always @* if (en) q = d;
endmodule
SV
say 'module broken (input a' >"$dir/broken.sv"
for name in adder clocks latch broken; do say "$name.sv" >"$dir/$name.f"; done
say 'no_such.sv' >"$dir/missing.f"
: >"$dir/empty.f"
say 'library (none) { cell (X) { area : 1; } }' >"$dir/no_gates.lib"
sed '/timing *(/,/^ *}/d; /cell_rise/d; /cell_fall/d; /_transition/d' synth/lib/actp_ge.lib | sed 's/timing *() *{.*//' >"$dir/no_timing.lib"

refuses 'no configuration .nope.' area.sh --config nope
refuses 'unknown argument: --nope' area.sh --nope
refuses '--files needs --top' area.sh --files "$dir/adder.f"
refuses 'cannot read the file list' area.sh --files "$dir/nope.f" --top adder
refuses 'is empty' area.sh --files "$dir/empty.f" --top adder
refuses 'cannot read .*no_such.sv' area.sh --files "$dir/missing.f" --top adder
refuses '--param goes with --files' area.sh --config tiny --param BlockLen=7
refuses "Module .*nope' not found" area.sh --files "$dir/adder.f" --top nope --flat
refuses 'ERROR' area.sh --files "$dir/broken.f" --top broken --flat
refuses '[Ll]atch' area.sh --files "$dir/latch.f" --top latch --flat
refuses 'cannot read the liberty file' area.sh --files "$dir/adder.f" --top adder --flat --liberty "$dir/nope.lib"
refuses 'is not a liberty file' area.sh --files "$dir/adder.f" --top adder --flat --liberty "$dir/adder.sv"
refuses 'no NAND2' area.sh --files "$dir/adder.f" --top adder --flat --liberty "$dir/no_gates.lib"
refuses 'no timing' area.sh --files "$dir/adder.f" --top adder --flat --liberty "$dir/no_timing.lib"

refuses 'which input of clocks is the clock\? give --clock PORT; inputs of one bit: ck other' timing.sh --files "$dir/clocks.f" --top clocks
refuses '--clock nope: no input of that name; inputs of one bit: ck other' timing.sh --files "$dir/clocks.f" --top clocks --clock nope
refuses 'input other clocks no register of clocks; give --clock' timing.sh --files "$dir/clocks.f" --top clocks --clock other
refuses 'which input of clocks is the clock\? give --clock PORT; inputs of one bit: ck other' fpga.sh --files "$dir/clocks.f" --top clocks
refuses '--clock nope: no input of that name; inputs of one bit: ck other' fpga.sh --files "$dir/clocks.f" --top clocks --clock nope
refuses '--only needs --liberty' timing.sh --files "$dir/adder.f" --top adder --only
refuses '--clock needs a port' timing.sh --files "$dir/adder.f" --top adder --clock
refuses 'unknown argument: --clock' area.sh --files "$dir/adder.f" --top adder --clock clk_i
refuses "--files: only the project's own" power.sh --files "$dir/adder.f" --top adder
refuses "--files: only the project's own" gate.sh --files "$dir/adder.f" --top adder
refuses "--top: only the project's own" gate.sh --top adder
refuses 'unknown argument: --files' explore.sh --files "$dir/adder.f"

[[ $failed -eq 0 ]] || die "$failed cases"
say "bad input  $count refused with one line each"
