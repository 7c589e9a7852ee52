#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# rtl.sh PREFIX CXX: the installed RTL as a core: every file that its packages name is there, Verilator lints the tops with
# the installed waivers, and the example runs. What FuseSoC and Bender do, which
# Debian does not have.
set -euo pipefail
core=$1/share/actplane cxx=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
die() {
  printf 'rtl.sh: %s\n' "$*" >&2
  exit 1
}

count=0
while read -r file; do
  [[ -f $core/$file ]] || die "$file is named by a package and not installed"
  count=$((count + 1))
done < <(sed -nE 's/^ *- ((rtl|tests|examples)\/[^: ]*\.[a-z]+).*/\1/p' "$core/actplane.core" "$core/Bender.yml")
[[ $count -gt 20 ]] || die "the packages name $count files"
for page in ip.md rtl.md format.md figures/stall.svg; do
  [[ -f $1/share/doc/actplane/docs/$page ]] || die "docs/$page is not installed"
done

verilator=(verilator -Wall -I"$core/rtl/include" "$core/tests/lint/waivers.vlt" -F "$core/rtl/files.f")
for top in actp_compressor_axis actp_decompressor_axis; do
  "${verilator[@]}" --lint-only --no-timing -GBlockLen=32 -GStreamWidth=64 --top-module $top || die "$top has warnings"
done
"${verilator[@]}" --lint-only --no-timing "$core/examples/rtl/actp_round_trip.sv" --top-module actp_round_trip ||
  die "the example has warnings"

# As `verilator --binary`, but in one source, which takes a tenth of the time to compile.
"${verilator[@]}" --cc --main --exe --timing --assert -fno-dfg -Wno-style "$core"/examples/rtl/*.sv --top-module actp_round_trip_tb \
  -Mdir "$scratch" >"$scratch/log" || { cat "$scratch/log"; exit 1; }
include=$(verilator --getenv VERILATOR_ROOT)/include
printf '#include "%s"\n' "$scratch"/*.cpp >"$scratch/all.cc"
"$cxx" -std=c++20 -fcoroutines -O0 -w -I"$scratch" -I"$include" -I"$include/vltstd" "$scratch/all.cc" \
  "$include"/verilated{,_timing,_threads}.cpp -o "$scratch/example" -pthread -latomic
"$scratch/example" >"$scratch/log" || { cat "$scratch/log"; exit 1; }
grep -q ', 0 mismatches' "$scratch/log" || { cat "$scratch/log"; exit 1; }
printf 'core: %s files, %s\n' "$count" "$(head -n 1 "$scratch/log")"
