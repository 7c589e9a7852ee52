#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# equiv.sh [OPTION...]: proves, module by module, that the mapped netlist does what the RTL does. Registers are matched
# by name, the rest is induction by SAT (equiv_make, equiv_induct). Options as of area.sh; tiny without --config.
# A module that is not proven within EQUIV_TIMEOUT seconds (60) is open, not wrong: `make gate` simulates it.
# Fails where the solver ends without a proof.
# shellcheck source=synth/flow/flow.sh
source "$(dirname "${BASH_SOURCE[0]}")/flow.sh"

config=${CONFIG:-tiny}
parse "$@"
[[ ${#rest[@]} -eq 0 ]] || die "unknown argument: ${rest[0]}"
[[ $gating == off ]] || die "registers behind clock gates have no counterpart in the RTL: leave CLOCK_GATING out"
use_library "${liberties[0]:-$PWD/$GE}"

proven=0 open=0 wrong=0
declare -A seen=()
for top in "${tops[@]}"; do
  map_netlist "$top" tree
  # The modules as read, under the same names as in the netlist.
  gold=$PWD/$work/$name/$top/gold.il
  say "$(read_design "$top")
proc
exec -- awk -f $PWD/synth/flow/rename.awk ${generic%.il}.modules > ${generic%.il}.rename
script ${generic%.il}.rename
write_rtlil $gold" >"${gold%.il}.ys"
  yosys_run "${gold%.il}.log" "${gold%.il}.ys"
  while read -r module; do
    if [[ -n ${seen[$module]:-} ]]; then continue; fi
    seen[$module]=1
    proof=$PWD/$work/$name/$top/equiv-$module
    say "read_rtlil $gold
hierarchy -top $module
flatten
opt_clean
rename $module gold
design -stash gold
read_rtlil $mapped.il
read_liberty -overwrite -ignore_miss_func $lib
proc
rename -hide w:IQ w:IQN
hierarchy -top $module
flatten
opt_clean -purge
rename $module gate
design -stash gate
design -copy-from gold -as gold gold
design -copy-from gate -as gate gate
equiv_make gold gate equiv
hierarchy -top equiv
memory_map
async2sync
techmap
dffunmap
opt_clean
equiv_simple -short
equiv_induct -seq 2
equiv_status -assert" >"$proof.ys"
    start=$SECONDS status=0
    timeout "${EQUIV_TIMEOUT:-60}" yosys -q -l "$proof.log" -s "$proof.ys" >/dev/null 2>&1 </dev/null || status=$?
    # shellcheck disable=SC2016  # Yosys calls its cells $equiv
    points=$(sed -n 's/^Found \([0-9]*\) \$equiv cells in equiv:.*/\1/p' "$proof.log")
    case $status in
      0) verdict=proven && proven=$((proven + 1)) ;;
      124) verdict=open && open=$((open + 1)) ;;
      *) verdict="NOT PROVEN, $proof.log" && wrong=$((wrong + 1)) ;;
    esac
    printf '  %-24s %6s points %5d s  %s\n' "$module" "${points:--}" $((SECONDS - start)) "$verdict"
  done < <({ awk '{ print $1 }' <(awk -v top="$top" -v nand2="$nand2" -v tree=1 -f synth/flow/stat.awk "$facts" "$mapped.stat"); } | sort)
done
[[ $wrong -eq 0 ]] || die "$wrong modules of $name could not be proven equal"
say "equiv      $proven modules of $name equal to the RTL in $lib_name, $open open (longer than ${EQUIV_TIMEOUT:-60} s)"
