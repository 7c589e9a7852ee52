#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# formal.sh [--quick] [PROOF...]: the proofs of synth/formal/proofs.txt. Three runs each: the proof must hold; the situation
# that it is about (REACH) must have a trace; on a copy of rtl/ with the mutant it must fail with a trace.
# Prints a table and writes build/formal/formal.csv; a proof that fails leaves build/formal/PROOF.vcd.
#   comb     every input, by SAT                       induct   base and step of induction, unbounded
#   pdr      reachable states, unbounded               bmc      the first DEPTH cycles after reset
#   cone     no path without a flop, by structure
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

quick=false
if [[ ${1:-} == --quick ]]; then quick=true && shift; fi
work=$PWD/build/formal
mkdir -p "$work"
mapfile -t sources < <(sed 's/#.*//; /^ *$/d' rtl/files.f)

mutant_of() { # NAME: of this folder, or one of the tests
  find synth/formal/mutants tests/mutants -name "$1.patch" | head -n 1
}

# The part of a script that reads a wrapper with the RTL of a folder. Parameters become the defaults of a copy of the wrapper:
# -chparam of Yosys 0.23 makes some modules twice.
read_design() { # NAME RTL TOP PARAMS DEFINES
  local setting edits=()
  for setting in ${4//,/ }; do
    if [[ $setting != - ]]; then edits+=(-e "s/^\\(  parameter .*\\b${setting%=*} *= \\)[^,]*/\\1${setting#*=}/"); fi
  done
  sed -e '' "${edits[@]}" "synth/formal/$3.sv" >"$work/$1.sv"
  say "read_verilog -defer -sv -formal -DSYNTHESIS $5 -I$2/include -Isynth/formal ${sources[*]/#/$2/} $work/$1.sv"
  say "hierarchy -check -top $3"
  say "rename -top $3"
  say "proc; flatten; opt_clean -purge; opt_expr; opt_clean -purge"
}

# What the engines read. Asynchronous resets become synchronous ones: within a cycle nothing happens.
build() { # NAME RTL TOP PARAMS DEFINES ENGINE
  {
    read_design "${@:1:5}"
    say "check -assert; opt_clean -purge"
    if [[ $6 == abc ]]; then say "opt_expr -mux_undef; opt_merge; opt_clean; wreduce; peepopt; opt_clean -purge"; fi
    say "async2sync; chformal -early; opt_clean -purge; dffunmap; opt_clean"
    say "select -assert-any t:\$assert"
    say "write_smt2 -wires $work/$1.smt2"
    if [[ $6 == abc ]]; then
      say "delete -output; simplemap; opt_expr; techmap; opt_expr; opt_merge; opt_clean; setundef -undriven -anyseq; setundef -anyseq; aigmap; opt_clean"
      say "write_aiger -zinit -map $work/$1.aim $work/$1.aig"
    fi
  } >"$work/$1.ys"
  timeout "${FORMAL_BUILD:-900}" yosys -q -s "$work/$1.ys" >"$work/$1.log" 2>&1 </dev/null
}

# Runs an engine on a model; prints `holds`, `fails` or `open` (gave up, ran out of time, or stopped with an error: an
# answer counts only with the exit status that belongs to it).
solve() { # NAME MODE DEPTH ENGINE LIMIT
  local log=$work/$1.log command base status=0
  case $4 in
    abc)
      base="read_aiger $work/$1.aig; fold; strash"
      case $2 in
        pdr | comb) command="$base; pdr -T $5" ;;
        *) command="read_aiger $work/$1.aig; fold; strash; bmc3 -F $3 -T $5" ;;
      esac
      timeout "$5" berkeley-abc -c "$command; write_cex -a $work/$1.aiw" >>"$log" 2>&1 </dev/null || status=$?
      if [[ $status -ne 0 ]]; then
        say open
      elif grep -q 'asserted in frame' "$log"; then
        say fails
      elif [[ $2 == pdr || $2 == comb ]] && grep -q '^Property proved' "$log"; then
        say holds
      elif [[ $2 == bmc ]] && grep -q "^No output asserted in $3 frames" "$log"; then
        say holds
      else
        say open
      fi
      ;;
    z3 | cvc5)
      timeout "$5" yosys-smtbmc -s "$4" --noprogress --dump-vcd "$work/$1.vcd" -t "$3" "$work/$1.smt2" >>"$log" 2>&1 </dev/null || status=$?
      if [[ $status -eq 0 && $2 == induct ]] && grep -q 'Status: PASSED' "$log"; then
        timeout "$5" yosys-smtbmc -s "$4" --noprogress -i -t "$3" "$work/$1.smt2" >"$log.step" 2>&1 </dev/null || status=$?
        cat "$log.step" >>"$log"
        if [[ $status -ne 0 ]] || ! grep -q 'Status: PASSED' "$log.step"; then say open && return; fi
      fi
      if [[ $status -eq 1 ]] && grep -q 'Status: FAILED' "$log"; then
        say fails
      elif [[ $status -eq 0 ]] && grep -q 'Status: PASSED' "$log"; then
        say holds
      else
        say open
      fi
      ;;
  esac
}

# No path without a flop from the inputs to the outputs: for every configuration the cone of logic in front of the outputs,
# cut at the flops, holds no input. `holds`, `fails` or `open`.
cone() { # NAME RTL TOP OUTPUTS INPUTS CONFIGS
  local log=$work/$1.log config
  : >"$log"
  for config in $6; do
    {
      say "read_verilog -defer -sv -DSYNTHESIS -I$2/include ${sources[*]/#/$2/}"
      say "hierarchy -check -top $3 $([[ $config == - ]] || printf -- '-chparam BlockLen %s -chparam StreamWidth %s' "${config%x*}" "${config#*x}")"
      say "rename -top dut"
      say "proc; flatten; opt_clean; cd dut"
      say "select -set cone $4 %ci*:-\$dff:-\$dffe:-\$adff:-\$adffe:-\$sdff:-\$sdffe:-\$aldff:-\$dffsr"
      say "select -assert-any @cone"
      say "select -assert-none @cone $5 %i"
    } >"$work/$1.ys"
    if ! timeout 120 yosys -q -s "$work/$1.ys" >>"$log" 2>&1 </dev/null; then
      if grep -q 'selection is not empty' "$log"; then say fails; else say open; fi
      return
    fi
  done
  say holds
}

seconds() { awk -v a="$1" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }'; }

# One proof: its line of the table and of the CSV.
prove() { # NAME TOP PARAMS MODE DEPTH ENGINE TRACE LIMIT SET MUTANT TEXT
  local name=$1 top=$2 params=$3 mode=$4 depth=$5 engine=$6 trace=$7 limit=$8 mutant=${10} text=${*:11}
  local start=$EPOCHREALTIME proof reach=- search killed patch took tree=$work/$1.tree configs
  rm -rf "$work/$name."*
  patch=$(mutant_of "$mutant")
  [[ -n $patch ]] || die "$name: no mutant $mutant"
  rm -rf "$tree" && cp -r rtl "$tree"
  sed 's|\([ab]\)/rtl/|\1/|' "$patch" | patch -s -p 1 -d "$tree" >"$work/$name.patch.log" 2>&1 || die "$name: mutant $mutant does not apply"

  if [[ $mode == cone ]]; then
    configs=${params//,/ }
    if [[ $params == all ]]; then
      configs=$(for n in 32 64 128 256; do printf "${n}x%s " 64 128 256 512; done)
    fi
    proof=$(cone "$name" rtl "$top" "${depth//,/ }" "${trace//,/ }" "$configs")
    took=$(seconds "$start") depth=structure
    killed=$(cone "$name.mutant" "$tree" "$top" "$5" "${trace//,/ }" "${configs%% *}")
  else
    build "$name" rtl "$top" "$params" '' "$engine" || die "$name: no model, see build/formal/$name.log"
    proof=$(solve "$name" "$mode" "$depth" "$engine" "$limit")
    took=$(seconds "$start")
    build "$name.reach" rtl "$top" "$params" -DFV_REACH "$engine" || die "$name: no model, see build/formal/$name.reach.log"
    search=bmc
    if [[ $mode == comb ]]; then search=comb; fi
    reach=$(solve "$name.reach" $search "$trace" "$engine" "$limit")
    build "$name.mutant" "$tree" "$top" "$params" '' "$engine" || die "$name: no model, see build/formal/$name.mutant.log"
    killed=$(solve "$name.mutant" $search "$trace" "$engine" "$limit")
    case $mode in
      pdr) depth=unbounded ;;
      induct) depth="unbounded ($depth)" ;;
      comb) depth='all inputs' ;;
      bmc) depth="$depth cycles" ;;
    esac
    if [[ $proof == fails && $engine == abc ]]; then  # the trace of abc, as waveform
      timeout 120 yosys-smtbmc -s z3 --noprogress --dump-vcd "$work/$name.vcd" --aig-noheader --aig "$work/$name.aim:$work/$name.aiw" \
        "$work/$name.smt2" >>"$work/$name.log" 2>&1 </dev/null ||
        say "$name: z3 made no waveform of the trace $work/$name.aiw; log: $work/$name.log" >&2
    fi
  fi
  local verdict=proved
  if [[ $proof == fails ]]; then verdict=FAILED; fi
  if [[ $proof == open ]]; then verdict=OPEN; fi
  if [[ $killed != fails ]]; then verdict+=' MUTANT-SURVIVED'; fi
  if [[ $reach != fails && $reach != - ]]; then verdict+=' VACUOUS'; fi
  printf '%-18s %-14s %-7s %6.1f  %-8s  %-26s %s\n' "$name" "$depth" "$engine" "$took" "$verdict" "$mutant" "$text"
  printf '%s,"%s",%s,%s,%s,%s,%s,"%s"\n' "$name" "$params" "$depth" "$engine" "$took" "$verdict" "$mutant" "$text" >>"$work/formal.csv"
  [[ $verdict == proved ]]
}

say 'proof,parameters,depth,engine,seconds,result,mutant,property' >"$work/formal.csv"
printf '%-18s %-14s %-7s %6s  %-8s  %-26s %s\n' proof depth engine s result 'mutant that breaks it' property
count=0 bad=0 started=$SECONDS
while read -r name top params mode depth engine trace limit set mutant text; do
  if [[ -z $name || $name == '#'* ]]; then continue; fi
  if [[ $# -gt 0 ]]; then
    [[ " $* " == *" $name "* ]] || continue
  elif [[ $set == open || ($quick == true && $set != quick) ]]; then
    continue
  fi
  count=$((count + 1))
  prove "$name" "$top" "$params" "$mode" "$depth" "$engine" "$trace" "$limit" "$set" "$mutant" "$text" || bad=$((bad + 1))
done <synth/formal/proofs.txt
[[ $count -gt 0 ]] || die "no such proof: $*"
[[ $bad -eq 0 ]] || die "$bad of $count proofs are not proved (build/formal)"
say "formal     $count proofs in $((SECONDS - started)) s, $count mutants killed"
