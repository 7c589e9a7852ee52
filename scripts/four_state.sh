#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# four_state.sh [CONFIG[:PARAM=VALUE...]...]: both devices as netlists in Icarus Verilog, where a register that nothing
# has set is unknown. After reset nothing that the contract defines may be unknown (tests/four_state/chain_tb.sv). Before that a run without a
# reset must find unknown outputs: a checker that cannot fail would be a defect. Without CONFIG: the smallest device that
# has both orders and both modes, as Icarus takes minutes for it. BLOCKS: in each mode, 8.
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

configs=("$@")
[[ ${#configs[@]} -gt 0 ]] || configs=(tiny:Formats=4:Depth=12)
work=$PWD/build/four-state
mkdir -p "$work"

for given in "${configs[@]}"; do
  config=${given%%:*}
  params=$(config_params "$config")
  [[ -n $params ]] || die "no configuration '$config' in rtl/configs.txt"
  for param in $(tr ':' ' ' <<<"${given#"$config"}"); do
    # shellcheck disable=SC2001  # a word boundary
    params=$(sed "s/\b${param%=*}=[0-9]*/$param/" <<<"$params")
  done
  declare -A of=()
  settings=''
  for param in $params; do
    of[${param%=*}]=${param#*=}
  done
  for top in actp_compressor_axis actp_decompressor_axis; do
    settings=''
    for param in $params; do
      if grep -q "parameter .*\b${param%=*} " "rtl/$top.sv"; then settings+=" -chparam ${param/=/ }"; fi
    done
    (
      cd rtl
      mapfile -t files < <(sed 's/#.*//; /^ *$/d' files.f)
      yosys -q -p "read_verilog -defer -sv -DSYNTHESIS -Iinclude ${files[*]}
        hierarchy -check -top $top$settings
        rename -top $top
        synth -flatten -top $top
        write_verilog -noattr $work/$config-$top.v"
    ) >"$work/$config-$top.log" 2>&1 </dev/null || die "no netlist of $top: $work/$config-$top.log"
  done
  chain() { # NAME TESTBENCH BLOCKS
    iverilog -g2012 -o "$work/$config-$1" -P "chain_tb.W=${of[StreamWidth]}" -P "chain_tb.N=${of[BlockLen]}" \
      -P "chain_tb.FORMATS=${of[Formats]}" -P "chain_tb.ORDERS=${of[Orders]}" -P "chain_tb.BLOCKS=$3" -s chain_tb "$2" \
      "$work/$config-actp_compressor_axis.v" "$work/$config-actp_decompressor_axis.v" >"$work/$config-$1.log" 2>&1 ||
      die "Icarus Verilog refuses the bench: $work/$config-$1.log"
    timeout "${4:-1800}" vvp "$work/$config-$1" >>"$work/$config-$1.log" 2>&1 </dev/null || die "Icarus Verilog stopped: $work/$config-$1.log"
    tail -n 1 "$work/$config-$1.log"
  }
  sed 's/#3 aresetn = 0;/#3 aresetn = 1;/' tests/four_state/chain_tb.sv >"$work/no_reset_tb.sv"
  # Without a reset the chain may hang: then its time is over, and what it has found so far counts.
  if ! (chain no-reset "$work/no_reset_tb.sv" 1 60) >"$work/$config-no-reset.end" 2>&1; then
    grep -q 'Icarus Verilog stopped' "$work/$config-no-reset.end" || die "$(<"$work/$config-no-reset.end")"
  fi
  grep -q UNKNOWN "$work/$config-no-reset.log" ||
    die "without a reset nothing is unknown: the bench sees nothing"
  result=$(chain chain tests/four_state/chain_tb.sv "${BLOCKS:-8}")
  say "$config     $result"
  [[ $result == 'four-state '*' 0 faults' ]] || { grep -m 5 -E 'UNKNOWN|CHANGED|MISSING|STUCK' "$work/$config-chain.log" && die "unknown outputs"; }
done
