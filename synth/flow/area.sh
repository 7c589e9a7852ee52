#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# area.sh [OPTION...]: area, flops and logic depth of a design, in gate equivalents and in libraries.
#   --config NAME            a line of rtl/configs.txt (default); both tops
#   --files LIST --top TOP   or any other design: sources one per line, relative to the list; its include folder too
#   --param NAME=VALUE       a parameter of the top
#   --liberty FILE           .lib or .lib.gz, more than once if wanted; osu018 is always measured where it is installed
#   --only                   the project's own library and the named ones, not osu018
#   --delay PS               what abc aims at (1000)
#   --clock-gating           registers of 8 bits and more behind clock gates
#   --flat                   no breakdown by module
#   --lenient                warnings of Yosys do not count as errors, and latches may be (other people's designs)
#   --check                  compare with synth/reports/area.csv: no latch, the same flops, at most 1 % of area
#   --update                 write the rows and the breakdown by module into synth/reports
# A configuration of synth/memories.txt is the memory path without its codecs: block buffers and what is beyond them, module
# by module, with the named libraries alone where there are any; --update writes synth/reports/memory.csv.
# shellcheck source=synth/flow/flow.sh
source "$(dirname "${BASH_SOURCE[0]}")/flow.sh"

report=synth/reports/area.csv
modules=synth/reports/area_modules.csv
header='config,top,library,clock_gating,cells,area,ge_total,ge_seq,ff_bits,clock_gates,latches,depth,yosys'
memory=synth/reports/memory.csv
memory_header='config,library,clock_gating,module,instances,ff_bits,latches,clock_gates,ge_seq,ge_own,ge_all,yosys'
modules_header='config,top,module,instances,ff_bits,ge_seq,ge_own,ge_all'
parse "$@"
mode=show only=false
for word in "${rest[@]}"; do
  case $word in
    --check | --update) mode=${word#--} ;;
    --only) only=true ;;
    *) die "unknown argument: $word" ;;
  esac
done
libraries=("$PWD/$GE")
if [[ $mode != check && $only == false ]] && has_osu018; then libraries+=("$OSU018"); fi
libraries+=("${liberties[@]}")
if [[ $whole == parts ]]; then
  [[ $mode != check ]] || die "--check is for the codecs; the memory path: make area-update CONFIG=$name"
  if [[ ${#liberties[@]} -gt 0 ]]; then libraries=("${liberties[@]}"); else libraries=("$PWD/$GE"); fi
fi
for file in "${libraries[@]}"; do use_library "$file"; done  # what is wrong with a library is said before the long work

mkdir -p "$work/$name"
rows=$work/$name/area.csv.new tree_rows=$work/$name/area_modules.csv.new
: >"$rows"
: >"$tree_rows"

measure() { # TOP: rows for every library
  local top=$1 file counts cells area ge seq flops gates latches depth unit
  for file in "${libraries[@]}"; do
    use_library "$file"
    map_netlist "$top" flat
    counts=$(awk -v top="$top" -v nand2="$nand2" -f synth/flow/stat.awk "$facts" "$mapped.stat") ||
      die "no sum of areas in $lib_name (the line above): $mapped.stat"
    read -r cells area ge seq flops gates latches <<<"$counts"
    depth=$(sed -n 's/.*(length=\([0-9]*\)).*/\1/p' "$mapped.depth")
    unit=""
    if [[ $lib_name != actp_ge ]]; then unit="  area $area"; fi  # in what the library counts, um2 as a rule
    say "$name,$top,$lib_name,$gating,$cells,$area,$ge,$seq,$flops,$gates,$latches,$depth,$yosys_version" >>"$rows"
    printf '%-10s %-18s %-30s %8.2f kGE  storage %7.2f  %6d flops  %d latches  depth %3d%s\n' \
      "$name" "$top" "$lib_name" "$(kilo "$ge")" "$(kilo "$seq")" "$flops" "$latches" "$depth" "$unit"
  done
}
kilo() { awk -v x="$1" 'BEGIN { print x / 1000 }'; }

breakdown() { # TOP: where the area is
  local top=$1
  use_library "$GE"
  map_netlist "$top" tree
  awk -v top="$top" -v nand2="$nand2" -v tree=1 -f synth/flow/stat.awk "$facts" "$mapped.stat" | LC_ALL=C sort -k6,6nr -k1,1 >"$mapped.tree"
  awk -v config="$name" -v top="$top" '{ print config "," top "," $1 "," $2 "," $3 "," $4 "," $5 "," $6 }' "$mapped.tree" >>"$tree_rows"
  awk 'BEGIN { printf "  %-28s %5s %8s %12s %10s %8s\n", "module", "times", "flops", "storage kGE", "own kGE", "all kGE" }
    { printf "  %-28s %5d %8d %12.2f %10.2f %8.2f\n", $1, $2, $3, $4 / 1000, $5 / 1000, $6 / 1000 }' "$mapped.tree"
}

parts() { # the memory path, of which some modules are kept
  local top=actp_memory file
  for file in "${libraries[@]}"; do
    use_library "$file"
    map_netlist "$top" parts
    awk -v top="$top" -v nand2="$nand2" -v tree=1 -f synth/flow/stat.awk "$facts" "$mapped.stat" |
      grep -v 'actp_\(de\)\?compressor ' | LC_ALL=C sort -k6,6nr -k1,1 >"$mapped.tree"
    awk -v row="$name,$lib_name,$gating" -v yosys="$yosys_version" \
      '{ print row "," $1 "," $2 "," $3 "," $7 "," $8 "," $4 "," $5 "," $6 "," yosys }' "$mapped.tree" >>"$rows"
    awk -v name="$name" -v library="$lib_name" 'BEGIN { printf "%s in %s\n  %-28s %5s %8s %8s %12s %10s %8s\n", name, library, "module", "times", "flops", "latches", "storage kGE", "own kGE", "all kGE" }
      { printf "  %-28s %5d %8d %8d %12.2f %10.2f %8.2f\n", $1, $2, $3, $7, $4 / 1000, $5 / 1000, $6 / 1000 }
      $1 ~ /^actp_mem_(buffers|gather_store)/ { buffers += $6 }
      $1 == "actp_memory" { all = $6 }
      END { printf "  block buffers %.1f, beyond codecs and buffers %.1f kGE\n", buffers / 1000, (all - buffers) / 1000 }' "$mapped.tree"
  done
}

for top in "${tops[@]}"; do
  if [[ $whole == parts ]]; then parts && continue; fi
  measure "$top"
  if [[ $mode != check && $gating == off && $flat_only == false ]]; then breakdown "$top"; fi
done

case $mode in
  show)
    say "area       ${#tops[@]} tops, ${#libraries[@]} libraries; rows: $rows, by module: $tree_rows"
    ;;
  update)
    keys=4
    if [[ $whole == parts ]]; then report=$memory header=$memory_header keys=3; fi  # all its modules at once
    merge "$report" "$header" $keys "$rows"
    if [[ -s $tree_rows ]]; then merge "$modules" "$modules_header" 2 "$tree_rows"; fi
    say "area       $(wc -l <"$rows") rows of $name written to $report"
    ;;
  check)
    [[ -r $report ]] || die "no $report; write it with: make area-update"
    awk -F, '
      FNR == NR { if ($3 == "actp_ge") { ge[$1, $2, $4] = $7; ff[$1, $2, $4] = $9 } next }
      {
        if ($11 != 0) bad("has " $11 " latches")
        if (!(($1, $2, $4) in ge)) { bad("has no row in the CSV"); next }
        if ($9 != ff[$1, $2, $4]) bad("has " $9 " flops, the CSV says " ff[$1, $2, $4])
        change = 100 * ($7 / ge[$1, $2, $4] - 1)
        if (change > 1 || change < -1) bad(sprintf("has %.0f GE, %+.1f %% against the CSV", $7, change))
        text = text sprintf(" %s %+.2f %%", $2, change)
      }
      function bad(what) { print "  " $1 " " $2 ": " what; faults++ }
      END { if (!faults) print "area       as in the CSV:" text; exit faults > 0 }' "$report" "$rows" ||
      die "the area is not that of $report; if that is meant to be: make area-update CONFIG=$name"
    ;;
esac
