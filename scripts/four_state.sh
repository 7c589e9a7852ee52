#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# four_state.sh [CONFIG[:PARAM=VALUE...]...]: netlists in Icarus Verilog, where a register that nothing has set is unknown.
# After reset nothing that the contract defines may be unknown: both devices in a row (tests/four_state/chain_tb.sv), and
# actp_memory (memory_tb.sv, for memory_field of synth/memories.txt). Before that a run without a reset must find unknown
# outputs: a checker that cannot fail would be a defect. Without CONFIG: the smallest device that has both orders and both
# modes, as Icarus takes minutes for it, and memory_field. BLOCKS: of the devices, in each mode, 8.
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

configs=("$@")
[[ ${#configs[@]} -gt 0 ]] || configs=(tiny:Formats=4:Depth=12 memory_field)
work=$PWD/build/four-state
mkdir -p "$work"

# The netlist of a top with those of `params` that it has; prints its file.
netlist() { # TOP
  local top=$1 settings='' param files file=$work/$config-$1.v
  for param in $params; do
    if grep -q "parameter .*\b${param%=*} " "$(find rtl -name "$top.sv")"; then settings+=" -chparam ${param/=/ }"; fi
  done
  mapfile -t files < <(sed 's/#.*//; s/ *$//; /^$/d' rtl/files.f)
  yosys -q -p "read_verilog -defer -sv -DSYNTHESIS -Irtl/include ${files[*]/#/rtl/}
    hierarchy -check -top $top$settings
    rename -top $top
    synth -flatten -top $top
    write_verilog -noattr $file" >"$work/$config-$top.log" 2>&1 </dev/null || die "no netlist of $top: $work/$config-$top.log"
  say "$file"
}

# The bench around `netlists`, once for both runs: Icarus Verilog takes as long for it as for the simulation.
compile() { # TESTBENCH BENCH-PARAMETERS
  local log=$work/$config.log module parameters=() param
  module=$(sed -n 's/^module \([a-z_]*\).*/\1/p' "$1")
  for param in $2; do parameters+=(-P "$module.$param"); done
  iverilog -g2012 -Itests/four_state -o "$work/$config" "${parameters[@]}" -s "$module" "$1" "${netlists[@]}" >"$log" 2>&1 || die "Icarus Verilog refuses the bench: $log"
}
simulate() { # NAME SECONDS [+no_reset]
  timeout "$2" vvp "$work/$config" "${@:3}" >"$work/$config-$1.log" 2>&1 </dev/null || die "Icarus Verilog stopped: $work/$config-$1.log"
  tail -n 1 "$work/$config-$1.log"
}

for given in "${configs[@]}"; do
  config=${given%%:*}
  if [[ $config == memory_* ]]; then
    params=$(memory_params "$config") tops=(actp_memory) bench=memory
  else
    params=$(config_params "$config") tops=(actp_compressor_axis actp_decompressor_axis) bench=chain
  fi
  [[ -n $params ]] || die "no configuration '$config' in rtl/configs.txt or $MEMORIES"
  for param in $(tr ':' ' ' <<<"${given#"$config"}"); do
    # shellcheck disable=SC2001  # a word boundary
    params=$(sed "s/\b${param%=*}=[0-9]*/$param/" <<<"$params")
  done
  netlists=()
  for top in "${tops[@]}"; do
    file=$(netlist "$top") || exit
    netlists+=("$file")
  done
  settings=''
  if [[ $bench == chain ]]; then
    settings=$(awk -v RS=' ' -F= -v blocks="${BLOCKS:-8}" '{ v[$1] = $2 + 0 }
      END { print "W=" v["StreamWidth"], "N=" v["BlockLen"], "FORMATS=" v["Formats"], "ORDERS=" v["Orders"], "BLOCKS=" blocks }' <<<"$params")
  fi
  compile "tests/four_state/${bench}_tb.sv" "$settings"
  # Without a reset the devices may hang: then their time is over, and what was found so far counts.
  if ! (simulate no-reset 60 +no_reset) >"$work/$config-no-reset.end" 2>&1; then
    grep -q 'Icarus Verilog stopped' "$work/$config-no-reset.end" || die "$(<"$work/$config-no-reset.end")"
  fi
  grep -q UNKNOWN "$work/$config-no-reset.log" ||
    die "without a reset nothing is unknown: the bench sees nothing"
  result=$(simulate "$bench" 1800)
  say "$config     $result"
  [[ $result == 'four-state '*' 0 faults' ]] ||
    die "unknown outputs, or wrong ones: $(grep -m 5 -E '^[A-Z]+ .*at [0-9]' "$work/$config-$bench.log" | tr '\n' ';') log: $work/$config-$bench.log"
done
