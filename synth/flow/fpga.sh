#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# fpga.sh [OPTION...]: LUTs, registers and block RAM of a design in the FPGA families that Yosys knows: Xilinx 7 series
# (LUT6), Lattice ECP5 (LUT4), Lattice iCE40 (LUT4). Options as of area.sh, and
#   --clock PORT             of another design; clk_i, aclk, clk or clock is found without
#   --update                 write the rows into synth/reports/fpga.csv
# Place and route for iCE40 HX8K only (7680 cells), the one family that Debian packages nextpnr for: inputs from a shift
# register, outputs folded into one bit, because the part has 206 pins. What does not fit gets no clock.
# shellcheck source=synth/flow/flow.sh
source "$(dirname "${BASH_SOURCE[0]}")/flow.sh"

report=synth/reports/fpga.csv
header='config,top,family,luts,registers,block_ram_bits,lut_ram,carry,wide_mux,placed_cells,placed_mhz,yosys'
parse "$@"
update=false clock=''
set -- "${rest[@]}"
while [[ $# -gt 0 ]]; do
  case $1 in
    --clock) clock=${2:?--clock needs a port} && shift ;;
    --update) update=true ;;
    *) die "unknown argument: $1" ;;
  esac
  shift
done

declare -A command=(
  [xc7]='synth_xilinx -flatten -noiopad -noclkbuf' [ecp5]=synth_ecp5 [ice40]=synth_ice40
)
# A placed and routed clock on the largest iCE40; sets lcs and mhz.
place() { # TOP
  local script inputs status=0
  lcs='' mhz=''
  command -v nextpnr-ice40 >/dev/null || { say "nextpnr-ice40 is not installed: no placed clock" && return; }
  awk -v top="$1" -v clock="$port" -f synth/flow/harness.awk "$fpga.v" >"$fpga.harness.v"
  script="read_verilog $fpga.v $fpga.harness.v
synth_ice40 -top actp_harness -json $fpga.json"
  inputs="$(<"$fpga.stat.key") $script $(sha256sum "$fpga.harness.v")"
  if ! fresh "$fpga.pnr" "$inputs"; then
    say "$script" >"$fpga.place.ys"
    yosys_run "$fpga.place.log" "$fpga.place.ys"
    timeout "${PLACE_TIMEOUT:-1200}" nextpnr-ice40 --hx8k --package ct256 --json "$fpga.json" --seed 1 --freq 50 \
      --timing-allow-fail --pcf-allow-unconstrained -q -l "$fpga.pnr" >/dev/null 2>&1 </dev/null || status=$?
    # A design that is too large is a result, and its row says so; anything else is a fault of the run.
    if [[ $status -ne 0 ]] && ! grep -qi 'no bels remaining' "$fpga.pnr"; then die "nextpnr-ice40 failed (status $status); log: $fpga.pnr"; fi
    seal "$fpga.pnr" "$inputs"
  fi
  lcs=$(sed -n 's/.*ICESTORM_LC: *\([0-9]*\)\/.*/\1/p' "$fpga.pnr" | tail -n 1)
  mhz=$(sed -n 's/.*Max frequency for clock.*: \([0-9.]*\) MHz.*/\1/p' "$fpga.pnr" | tail -n 1)
}

rows=$work/$name/fpga.csv.new
mkdir -p "$work/$name"
: >"$rows"
for top in "${tops[@]}"; do
  for family in xc7 ecp5 ice40; do
    fpga=$PWD/$work/$name/$top/fpga-$family
    mkdir -p "${fpga%/*}"
    script="$(read_design "$top")
${command[$family]} -top $top
tee -q -o $fpga.stat stat
write_verilog -noattr -noexpr $fpga.v"
    inputs="$yosys_version $script $(sha256sum "${sources[@]}" "${headers[@]}")"
    if ! fresh "$fpga.stat" "$inputs"; then
      say "$script" >"$fpga.ys"
      yosys_run "$fpga.log" "$fpga.ys"
      seal "$fpga.stat" "$inputs"
    fi
    counts=$(awk '
      /Number of cells:/ { seen = 1 }
      NF != 2 || $2 !~ /^[0-9]+$/ { next }
      $1 ~ /^(LUT[1-6]|LUT4|SB_LUT4|INV)$/ { lut += $2 }
      $1 ~ /^(FD[A-Z]*|TRELLIS_FF|SB_DFF[A-Z]*)$/ { ff += $2 }
      $1 ~ /^RAMB36/ { ram += 36864 * $2 } $1 ~ /^RAMB18/ { ram += 18432 * $2 }
      $1 == "DP16KD" { ram += 18432 * $2 } $1 ~ /^SB_RAM40/ { ram += 4096 * $2 }
      $1 ~ /^(RAM[0-9]+|SRL|TRELLIS_DPR16X4)/ { lutram += $2 }
      $1 ~ /^(CARRY4|CCU2C|SB_CARRY)$/ { carry += $2 }
      $1 ~ /^(MUXF[78]|PFUMX|L6MUX21)$/ { mux += $2 }
      END { if (!seen) exit 1; printf "%d,%d,%d,%d,%d,%d", lut, ff, ram, lutram, carry, mux }' "$fpga.stat") ||
      die "no number of cells in $fpga.stat; this flow reads the statistics of Yosys 0.23"
    IFS=, read -r lut ff ram lutram carry mux <<<"$counts"
    port=$(clock_of "$fpga.v" "$clock")
    if [[ -z $port && $ff -gt 0 ]]; then die "$(which_clock "$top" "$fpga.v")"; fi
    placed=''
    if [[ $family == ice40 ]]; then
      place "$top"
      if [[ -n $mhz ]]; then placed="  placed: $lcs cells, $mhz MHz"; else placed="  not placed: ${lcs:-?} cells, the part has 7680"; fi
    else lcs='' mhz=''; fi
    say "$name,$top,$family,$counts,$lcs,$mhz,$yosys_version" >>"$rows"
    printf '%-10s %-18s %-6s %7d LUT %7d registers %6d bits of block RAM %5d LUT RAM %5d carry %5d wide mux%s\n' \
      "$name" "$top" "$family" "$lut" "$ff" "$ram" "$lutram" "$carry" "$mux" "$placed"
  done
done
if [[ $update == true ]]; then
  merge "$report" "$header" 3 "$rows"
  say "fpga       $(wc -l <"$rows") rows of $name written to $report"
else
  say "fpga       ${#tops[@]} tops, 3 families; rows: $rows"
fi
