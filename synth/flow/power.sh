#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# power.sh [OPTION...]: power of the mapped netlist from simulated activity. The bench runs activations through the RTL
# and writes a waveform; fst_activity counts how often each register and input changes in a cycle; OpenSTA carries
# that through the logic and adds up. Options as of area.sh, and
#   --period NS              of the clock (2)
#   --ratio R                of the compression (2)
#   --blocks N               to simulate (256)
# TENSOR: the values, one file of tests/data without it. ACTP_SIM: the simulator, build/release/bin/actplane-sim without it.
# shellcheck source=synth/flow/flow.sh
source "$(dirname "${BASH_SOURCE[0]}")/flow.sh"

parse "$@"
refuse_others --files "$@"
period=2 ratio=2 blocks=256
set -- "${rest[@]}"
while [[ $# -gt 0 ]]; do
  case $1 in
    --period) period=${2:?--period needs nanoseconds} && shift ;;
    --ratio) ratio=${2:?--ratio needs a number} && shift ;;
    --blocks) blocks=${2:?--blocks needs a number} && shift ;;
    *) die "unknown argument: $1" ;;
  esac
  shift
done
need sta opensta
need verilator verilator
need g++ g++
need jq jq
sim=${ACTP_SIM:-build/release/bin/actplane-sim}
[[ -x $sim ]] || die "no simulator $sim; run: make sim-build"
tensor=${TENSOR:-tests/data/gpt2.ln_2.npy}
tensor=${tensor%% *}
[[ -r $tensor ]] || die "cannot read the tensor $tensor"
width=$(head -c 256 "$tensor" | tr -d '\0' | sed -n "s/.*'descr': '[<|][a-z]\([24]\)'.*/\1/p")
[[ -n $width ]] || die "$tensor is no .npy of FP32, FP16 or BF16 (<f4, <f2, <u2)"
if has_osu018; then
  liberties=("$OSU018" "${liberties[@]}")
elif [[ ${#liberties[@]} -eq 0 ]]; then
  die "no library to measure $name with (the line above); give LIBERTY=FILE with power tables"
fi
for file in "${liberties[@]}"; do use_library "$file"; done

tool=$work/fst_activity
mkdir -p "$work/$name"
if [[ ! -x $tool || synth/flow/fst_activity.cc -nt $tool ]]; then
  root=$(verilator --getenv VERILATOR_ROOT)
  g++ -O2 -w -std=c++20 -isystem "$root/include" -isystem "$root/include/gtkwave" synth/flow/fst_activity.cc -lz -o "$tool" ||
    die "fst_activity does not compile"
fi
block_len=$(printf '%s\n' "${params[@]}" | sed -n 's/^BlockLen=//p')

for top in "${tops[@]}"; do
  device=${top#actp_}
  at=$work/$name/$top
  mkdir -p "$at"
  "$sim" --json --device "$device" --config "$name" --sequence file --ratio "$ratio" --seed 1 --blocks "$blocks" \
    --trace "$at/activity.fst" -f "$tensor" >"$at/sim.json" || die "the simulation failed: $at/sim.json"
  read -r ran cycles < <(jq -r '"\(.blocks) \(.cycles)"' "$at/sim.json")
  "$tool" "$at/activity.fst" "TOP.${top}_probe.clk_i" 100 |
    sed -n "s/^TOP\.${top}_probe\.u_dut\.//p" >"$at/activity.txt"
  for file in "${liberties[@]}"; do
    use_library "$file"
    map_netlist "$top" flat
    # Registers by the net at their output; what the waveform does not have gets the mean of the others.
    awk '
      FNR == NR { toggles[$1] = $2; duty[$1] = $3; next }
      /^  input / { port = $NF == ";" ? $(NF - 1) : $NF; sub(/;/, "", port); sub(/^\\/, "", port); input[port] = $0; next }
      /^  [A-Za-z0-9_]+ \\?[^ ]+ +\($/ || /^  [A-Za-z0-9_]+ \\?[^ ]+ \($/ { cell = $2 }
      match($0, /\.Q[A-Z_]*\(/) {
        pin = substr($0, RSTART + 1, RLENGTH - 2); net = substr($0, RSTART + RLENGTH); sub(/\),?[ ]*$/, "", net)
        sub(/^\\/, "", net); gsub(/ /, "", net)
        if (pin == "Q") { n++; inst[n] = cell; of[n] = net; if (net in toggles) { hit++; t += toggles[net]; d += duty[net] } }
      }
      END {
        if (!hit) { print "no register of the netlist is in the waveform" > "/dev/stderr"; exit 1 }
        for (i = 1; i <= n; i++) {
          a = (of[i] in toggles) ? toggles[of[i]] : t / hit; h = (of[i] in toggles) ? duty[of[i]] : d / hit
          printf "activity {%s} Q %.6f %.4f\n", inst[i], a, h
        }
        for (name in toggles) if (name !~ /\./ && name ~ /(_i|_ni)(\[[0-9]+\])?$/ && name !~ /^clk/) {
          printf "input {%s} %.6f %.4f\n", name, toggles[name], duty[name]
        }
        printf "# %d of %d registers seen, mean activity %.4f\n", hit, n, t / hit
      }' "$at/activity.txt" "$mapped.v" >"$mapped.activity.tcl" || die "no activity for $mapped.v"
    STA_LIB=$lib STA_NETLIST=$mapped.v STA_TOP=$top STA_PERIOD=$period STA_ACTIVITY=$mapped.activity.tcl \
      timeout 1200 sta -no_splash synth/flow/power.tcl >"$mapped.power.log" 2>&1 </dev/null || die "OpenSTA failed; log: $mapped.power.log"
    awk -v config="$name" -v top="$top" -v lib="$lib_name" -v period="$period" -v bytes=$((ran * block_len * width)) \
      -v cycles="$cycles" -v seen="$(sed -n 's/^# //p' "$mapped.activity.tcl")" '
      $1 == "Sequential" { seq = $5 } $1 == "Combinational" { comb = $5 } $1 == "Total" { total = $5 }
      END {
        if (total == "") exit 1
        printf "%-10s %-18s %-30s %7.1f mW at %g ns (registers %.1f, logic %.1f)  %.1f pJ per byte of values  %s\n", config, top, lib,
          1000 * total, period, 1000 * seq, 1000 * comb, total * period * cycles / bytes * 1000, seen
      }' "$mapped.power.log" || die "OpenSTA gave no power (a library without power tables?); log: $mapped.power.log"
  done
done
say "power      ${#tops[@]} tops, ${#liberties[@]} libraries, $blocks blocks of $(basename "$tensor") at ratio $ratio; no clock tree, no wires"
