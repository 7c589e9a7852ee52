#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# rtl_lint.sh: rtl/ is what both tools read alike, in all sixteen sizes, and a small one with every set of formats, order, group
# length, depth and kind of FIFO.
#   list       rtl/files.f names the files of the folder
#   text       the subset of SystemVerilog, the header comment and the length of every file; every mutant applies;
#              what comments name exists (cites.sh)
#   ip         a comment for every port; docs/ip.md, docs/memory.md, actplane.core and Bender.yml say what rtl/ says (ip.sh)
#   verilator  -Wall of both tops in every configuration, and of every module by itself; a top without any format is refused
#   yosys      both tops in every configuration, and the memory path's, warnings are errors, no latch, no undriven net
#   proofs     every wrapper of synth/formal elaborates
# Waivers are in tests/lint/waivers.vlt. With the argument `text` only what takes no tool: the first three.
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

lengths=(32 64 128 256)
widths=(64 128 256 512)
# Besides the defaults, for N = 32 and 64 bits: everything but these two.
variants=(Formats=1 Formats=2 Formats=3 Formats=4 Formats=5 Formats=6
  Orders=1 Orders=2 GroupLen=4 'Orders=2,GroupLen=4' Depth=8 Depth=12 'Orders=1,Depth=10,Formats=1' 'Orders=2,Depth=16,Formats=4'
  Fifo=1 'Fifo=1,Orders=2,Depth=12' UserWidth=9)
tops=(actp_compressor_axis actp_decompressor_axis)
# Of the memory path, corners and the middle.
memories=('BlockLen=32,StreamWidth=64' 'BlockLen=128,StreamWidth=64,Fifo=1,BypassSkid=0' 'BlockLen=128,StreamWidth=256' 'BlockLen=32,StreamWidth=512,Formats=4,Orders=1,Pending=4'
  'BlockLen=256,StreamWidth=512,AddrW=64,IdW=16,Regions=16,ReadBuffers=8,Pending=16'
  'BlockLen=64,StreamWidth=128,Formats=1,Orders=2,GroupLen=4,Depth=12,AddrW=32,IdW=1,Regions=1,ReadBuffers=2,Pending=2')
work=$PWD/build/rtl-lint
rm -rf "$work"
mkdir -p "$work"
mapfile -t files < <(sed 's/#.*//; /^ *$/d' rtl/files.f)
faults=0

fault() { # FILE[:LINE] TEXT
  say "$1: $2"
  faults=$((faults + 1))
}

# ---- list
diff <(printf '%s\n' "${files[@]}" | sort) <(cd rtl && find . -name '*.sv' -printf '%P\n' | sort) >"$work/list.diff" ||
  { cat "$work/list.diff" && die "rtl/files.f and the folder disagree (< list, > folder)"; }

# ---- text
# Looks for a construct in the code (not in comments) of one file.
forbid() { # FILE REGEX TEXT
  local at code found status=0
  code=$(sed 's|//.*||; s|"[^"]*"||g' "$1")
  found=$(grep -nE "$2" <<<"$code") || status=$?
  [[ $status -le 1 ]] || die "grep cannot search for $2"  # 1: nothing found
  while IFS=: read -r at _; do
    if [[ -n $at ]]; then fault "$1:$at" "$3"; fi
  done <<<"$found"
}
require() { # FILE REGEX TEXT
  grep -qE "$2" "$1" || fault "$1" "$3"
}

for name in "${files[@]}"; do
  file=rtl/$name module=$(basename "$name" .sv)
  forbid "$file" '\bimport\b' 'import: write actp_pkg::name (Yosys 0.23 refuses it)'
  forbid "$file" "'\\{" "assignment pattern '{ }: assign field by field"
  forbid "$file" '\b(return|break|continue)\b' 'return, break or continue: a function assigns its own name'
  forbid "$file" '\b(casex|casez|inside|foreach|interface|modport|initial)\b' 'outside the subset of both tools'
  [[ $module == actp_fifo_latch ]] || forbid "$file" '\balways_latch\b' 'a latch: only actp_fifo_latch has them'
  forbid "$file" '\balways +@|\balways @|\balways\b *\*' 'write always_comb or always_ff'
  forbid "$file" "\\b(parameter|localparam) +type\\b|\\bint'\\(|_e'\\(" 'type parameter or cast that Yosys 0.23 refuses or misreads'
  forbid "$file" "'[xXzZ]\\b|[0-9]'[bhdo][0-9a-fA-F_]*[xXzZ?]" 'X or Z as a value'
  forbid "$file" '\btypedef\b.*\] *\w+_t *;.*\[|\w+_t +\[' 'array of a packed type: Yosys 0.23 builds a wrong netlist without a word'
  forbid "$file" '\bassert +property|\bcover +property|\bassume +property|##[0-9]' 'write ACTP_ASSERT or ACTP_COVER'
  [[ $(head -n 1 "$file") == '// SPDX-License-Identifier: Apache-2.0' ]] || fault "$file:1" 'no SPDX line'
  [[ $(sed -n 2p "$file") == "// $module - "* ]] || fault "$file:2" "no line: // $module - purpose"
  if [[ $module != *_pkg ]]; then
    require "$file" "^module $module( |\$)" "does not hold the module of its name"
    require "$file" '^// Contract ' 'no line: // Contract'
    require "$file" '^// Params ' 'no line: // Params'
  fi
  case $name in enc/* | dec/* | actp_pkg.sv | actp_compressor.sv | actp_decompressor.sv)
    require "$file" '^// Format +[Fs].*Model ' 'no line: // Format CLAUSES        Model FUNCTION' ;;
  esac
  require "$file" '^`default_nettype none$' 'no `default_nettype none'
  [[ $(tail -n 1 "$file") == '`default_nettype wire' ]] || fault "$file" 'does not end with `default_nettype wire'
  [[ $(wc -l <"$file") -le 250 ]] || fault "$file" 'more than 250 lines: split it'
done
while IFS=: read -r file line _; do  # comments too
  fault "$file:$line" 'more than 100 columns'
done < <(grep -nE '^.{101}' rtl/*.sv rtl/*/*.sv rtl/include/* examples/rtl/*.sv synth/formal/*.sv tb/sv/*.sv)
while IFS=: read -r file line text; do
  [[ $text =~ lint_off\ [A-Z]+\ \*/\ +//\ . ]] || fault "$file:$line" 'a check is switched off without a reason behind it'
done < <(grep -n 'lint_off' rtl/*.sv rtl/*/*.sv)
[[ $faults -eq 0 ]] || die "$faults faults in the text of rtl/"
for mutant in tests/mutants/*.patch synth/formal/mutants/*.patch; do
  patch -s --dry-run -p 1 -i "$mutant" >/dev/null || fault "$mutant" 'does not apply to rtl/ any more'
done
[[ $faults -eq 0 ]] || die "$faults mutants do not apply"
if grep -n '(tested' rtl/*/*.sv rtl/*.sv; then fault rtl 'what is tested stands in tests/rtl/modules.txt alone'; fi
[[ $faults -eq 0 ]] || die "$faults faults in the comments of rtl/"
say "text       ${#files[@]} files, $(find tests/mutants synth/formal/mutants -name '*.patch' | wc -l) mutants apply"
scripts/cites.sh
scripts/ip.sh
[[ ${1:-} != text ]] || exit 0

# ---- the jobs of the two tools, one line each: NAME COMMAND
cd rtl
sources=("${files[@]/#/$PWD/}")
read_all="read_verilog -defer -sv -DSYNTHESIS -Iinclude ${files[*]}"
lint() { # NAME ARGUMENT...
  printf '%s verilator --lint-only -Wall --no-timing -Iinclude ../tests/lint/waivers.vlt %s\n' "$1" "${*:2} ${sources[*]}"
}
# A module without ports holds many tops, so that what they share is read once; their pins are open.
holder() { # NAME
  say "module $1;  /* verilator lint_off PINMISSING */ // nothing is connected here: what is inside is looked at"
  cat
  say endmodule
}
instance() { # TOP PARAMETER=VALUE[,...]
  say "  $1 #($(sed 's/\([^,=]*\)=\([0-9]*\)/.\1(\2)/g; s/,/, /g' <<<"$2")) u_$1_${2//[=,]/_} ();"
}
{
  # One run for each length, the large ones first: they take longest. Yosys deletes the holder before its check.
  for n in 256 128 64 32 memory; do
    if [[ $n == memory ]]; then
      for memory in "${memories[@]}"; do instance actp_memory "$memory"; done
    else
      for top in "${tops[@]}"; do
        for w in "${widths[@]}"; do instance "$top" "BlockLen=$n,StreamWidth=$w"; done
        if [[ $n -eq 32 ]]; then
          for variant in "${variants[@]}"; do
            if [[ $variant == Fifo=* && $top == *decompressor* ]]; then continue; fi
            instance "$top" "BlockLen=32,StreamWidth=64,$variant"
          done
        fi
      done
    fi | holder "lint_$n" >"$work/lint_$n.sv"
    # proc_dlatch is an error by itself under -e; the selection is the second lock.
    say "$read_all $work/lint_$n.sv; hierarchy -check -top lint_$n; delete lint_$n; proc; check -assert; \
select -assert-none t:\$dlatch t:\$adlatch t:\$_DLATCH_* %u %u *actp_fifo_latch*/* %d; select -assert-any t:\$dff t:\$adff" >"$work/lint_$n.ys"
    say "yosys-$n yosys -q -e .* -s $work/lint_$n.ys"
    lint "verilator-$n" --top-module "lint_$n" "$work/lint_$n.sv"
  done
  # The wrappers of the proofs, those that CI does not run as well, fit the modules that they speak about.
  {
    say "read_verilog -defer -sv -formal -DSYNTHESIS -Iinclude -I../synth/formal ${files[*]} $(printf '%s ' ../synth/formal/fv_*.sv)"
    say "design -save all"
    for wrapper in ../synth/formal/fv_*.sv; do say "design -load all; hierarchy -check -top $(basename "$wrapper" .sv)"; done
  } >"$work/proofs.ys"
  say "yosys-proofs yosys -qq -s $work/proofs.ys"
  for name in "${files[@]}"; do
    module=$(basename "$name" .sv)
    [[ $module == *_pkg ]] || say "  $module u_$module ();"
  done | holder lint_modules >"$work/lint_modules.sv"
  lint verilator-modules --top-module lint_modules "$work/lint_modules.sv"
} >"$work/jobs"

run_job() { # NAME COMMAND...; silence is success
  local log=$1.log
  if ! "${@:2}" >"$log" 2>&1 </dev/null || [[ -s $log ]]; then
    printf '%s: %s\n' "$(basename "$1")" "$(grep -m 3 -E 'Warning|ERROR|Error' "$log" || head -n 3 "$log")"
    return 1
  fi
}
export -f run_job
export work
# shellcheck disable=SC2016  # $work and $@ are for the inner shell
xargs -P "$JOBS" -L 1 bash -c 'set -f; run_job "$work/$1" "${@:2}"' _ <"$work/jobs" ||
  die "warnings or errors (lines above; logs in build/rtl-lint)"
refused() { # TOP PARAMETER=VALUE TEXT
  local log=$work/$1-none.log
  if verilator --lint-only --no-timing -Iinclude ../tests/lint/waivers.vlt "-G$2" --top-module "$1" "${sources[@]}" >"$log" 2>&1; then
    die "$1 takes $2"
  fi
  grep -q "$3" "$log" || die "$1 refuses $2 for another reason: $log"
}
for top in "${tops[@]}"; do
  refused "$top" Formats=0 'Formats must be'
  refused "$top" UserWidth=0 'UserWidth .*at least 1'
  if [[ $top == *_compressor* ]]; then refused "$top" Slack=5 'Slack must be even'; fi
done
configurations=$(((${#lengths[@]} * ${#widths[@]} + ${#variants[@]}) * ${#tops[@]} + ${#memories[@]}))
say "verilator  $configurations configurations, $(grep -vc '_pkg\.sv$' <(printf '%s\n' "${files[@]}")) modules alone"
say "yosys      $configurations configurations, no latch; $(find ../synth/formal -name 'fv_*.sv' | wc -l) wrappers of proofs"
