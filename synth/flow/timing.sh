#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# timing.sh [OPTION...]: the clock that a mapped netlist allows, by OpenSTA: ideal clock, no wires but the wire load
# model that the library has as its default. Options as of area.sh, and
#   --clock PORT             of another design; clk_i, aclk, clk or clock is found without
#   --only                   the named libraries, not osu018
#   --update                 write the rows into synth/reports/timing.csv
# Two netlists: the flat one gives the period; the one that keeps its modules is a little slower and tells which
# modules the worst path passes, and for how long.
# shellcheck source=synth/flow/flow.sh
source "$(dirname "${BASH_SOURCE[0]}")/flow.sh"

report=synth/reports/timing.csv
header='config,top,library,clock_gating,wire_load,delay_ps,period_ns,mhz,in_to_reg_ns,reg_to_out_ns,in_to_out_ns,from,to,modules_period_ns,modules,opensta'
parse "$@"
update=false only=false clock=''
set -- "${rest[@]}"
while [[ $# -gt 0 ]]; do
  case $1 in
    --clock) clock=${2:?--clock needs a port} && shift ;;
    --update) update=true ;;
    --only) only=true ;;
    *) die "unknown argument: $1" ;;
  esac
  shift
done
if [[ $whole == parts && -z $clock ]]; then clock=aclk; fi  # kept modules have a clk_i
need sta opensta
sta_version=$(sta -version)
if [[ $only == true ]]; then
  [[ ${#liberties[@]} -gt 0 ]] || die "--only needs --liberty FILE"
elif has_osu018; then
  liberties=("$OSU018" "${liberties[@]}")
elif [[ ${#liberties[@]} -eq 0 ]]; then
  die "no library to measure $name with (the line above); give LIBERTY=FILE"
fi
for file in "${liberties[@]}"; do use_library "$file"; done

analyse() { # TOP LOG: runs OpenSTA on the mapped netlist; sets registers and clocked
  local port
  port=$(clock_of "$mapped.v" "$clock")
  wire_load=$(awk '$1 == "wire_load" { print $2 }' "$facts")
  STA_LIB=$lib STA_NETLIST=$mapped.v STA_TOP=$1 STA_CLOCK=$port STA_WIRE_LOAD=$wire_load \
    timeout 1200 sta -no_splash synth/flow/timing.tcl >"$2" 2>&1 </dev/null || die "OpenSTA failed: $(grep -m 1 Error "$2"); log: $2"
  if grep -q '^Error' "$2"; then die "OpenSTA: $(grep -m 1 '^Error' "$2"); log: $2"; fi
  read -r registers clocked < <(awk '$1 == "REGISTERS" { print $2, $3 }' "$2")
  if [[ $registers -gt 0 && -z $port ]]; then die "$(which_clock "$1" "$mapped.v")"; fi
  if [[ $registers -gt 0 && $clocked -eq 0 ]]; then
    die "input $port clocks no register of $1; give --clock PORT; inputs of one bit: $(scalar_inputs "$mapped.v")"
  fi
  grep -q '^FIGURE' "$2" || die "$1 has no path from an input or a register to another or an output: nothing to measure; log: $2"
}
figure() { awk -v kind="$2" '$1 == "FIGURE" && $2 == kind { printf "%.3f", 1000 - $3 }' "$1"; }
# The name of a register in the source is that of the net behind its output.
named() { # CELL
  awk -v cell="$1" '
    index($0, " " cell " (") { inside = 1 }
    inside && match($0, /\.Q[A-Z_0-9]*\(/) { s = substr($0, RSTART + RLENGTH); sub(/\)[^)]*$/, "", s); sub(/^\\/, "", s); gsub(/ /, "", s); print s; exit }
    inside && /;/ { exit }' "$mapped.v"
}
ends() { # LOG KIND: cells at the start and at the end of the path
  awk -v kind="$2" '$1 == "PATH" { on = $2 == kind } on && $1 == "Startpoint:" { from = $2 } on && $1 == "Endpoint:" { print from, $2; exit }' "$1"
}
# What each instance adds to the worst path, in the order in which it passes them.
passed() { # LOG
  awk '$1 == "PATH" { on = $2 == "reg_to_reg" } $1 == "END" { on = 0 } !on { next }
    ($3 == "^" || $3 == "v") && $4 ~ /\// && $NF ~ /\)$/ {
      at = $4; sub(/\/[^\/]*$/, "", at); if (!sub(/\/[^\/]*$/, "", at)) at = "top"
      if (at != last) { name[++n] = at; last = at }
      sum[n] += $1
    }
    END { for (i = 1; i <= n; i++) printf "%s%s %.2f", (i > 1 ? "; " : ""), name[i], sum[i]; print "" }' "$1"
}

rows=$work/$name/timing.csv.new
mkdir -p "$work/$name"
: >"$rows"
for top in "${tops[@]}"; do
  for file in "${liberties[@]}"; do
    use_library "$file"
    tree_period='' modules=''
    if [[ $flat_only == false ]]; then
      map_netlist "$top" tree
      log=$mapped.timing.log
      analyse "$top" "$log"
      tree_period=$(figure "$log" reg_to_reg) modules=$(passed "$log")
    fi
    map_netlist "$top" "$whole"
    log=$mapped.timing.log
    analyse "$top" "$log"
    period=$(figure "$log" reg_to_reg) in_reg=$(figure "$log" in_to_reg) reg_out=$(figure "$log" reg_to_out)
    in_out=$(figure "$log" in_to_out)
    # Without a path between registers the ports set the clock.
    mhz=$(awk -v period="$period" -v ports="$in_reg $reg_out $in_out" 'BEGIN {
      n = split(period == "" ? ports : period, p, " ")
      for (i = 1; i <= n; i++) if (p[i] > slowest) slowest = p[i]
      if (slowest > 0) printf "%.0f", 1000 / slowest; else print "none" }')
    from='' to=''
    if [[ -n $period ]]; then
      read -r from to < <(ends "$log" reg_to_reg)
      # In shape `parts` the registers of the kept modules have names of their instances.
      if [[ $whole == parts ]]; then
        from=${from%/*} to=${to%/*} tree_period=$period modules=$(passed "$log")
      else
        from=$(named "$from") to=$(named "$to")
      fi
    fi
    say "$name,$top,$lib_name,$gating,${wire_load:-none},$delay,$period,$mhz,$in_reg,$reg_out,$in_out,$from,$to,$tree_period,$modules,$sta_version" >>"$rows"
    printf '%-10s %-18s %-30s %7s ns  %4s MHz  in to reg %6s  reg to out %6s  in to out %s\n' \
      "$name" "$top" "$lib_name" "${period:-none}" "$mhz" "${in_reg:-none}" "${reg_out:-none}" "${in_out:-none}"
    if [[ $clocked -lt $registers ]]; then
      say "  $((registers - clocked)) of $registers registers have another clock: their paths are not in the figures"
    fi
    if [[ -z $period ]]; then
      say "  no path from register to register"
    else
      say "  from $from to $to"
      [[ $flat_only == true ]] || say "  with modules kept ${tree_period:-no} ns: $modules"
    fi
  done
done
if [[ $update == true ]]; then
  merge "$report" "$header" 4 "$rows"
  say "timing     $(wc -l <"$rows") rows of $name written to $report"
else
  say "timing     ${#tops[@]} tops, ${#liberties[@]} libraries; rows: $rows"
fi
