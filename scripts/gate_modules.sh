#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# gate_modules.sh: the tests of tests/rtl on netlists. Yosys synthesises each module in the first configuration of
# tests/rtl/modules.txt to generic cells, Verilator simulates the result in place of the RTL. What Yosys reads
# wrongly without a word turns a test red here.
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

build=$PWD/build/gate-modules
netlists=$build/netlist
rm -rf "$netlists"
mkdir -p "$netlists" build/gate-modules/log

synthesise() { # MODULE CONFIG
  local module=$1 name=${2%%:*} params settings='' param file
  file=$(find rtl -name "$module.sv")
  params=$(config_params "$name")
  if [[ -z $params && $2 == *:* ]]; then params=${2#*:}; fi
  for param in ${params//:/ }; do
    # A named configuration says more than a module may want to know.
    if grep -q "parameter .*\b${param%=*} " "$file"; then settings+=" -chparam ${param/=/ }"; fi
  done
  mkdir -p "$netlists/$name"
  (
    cd rtl
    mapfile -t files < <(sed 's/#.*//; /^ *$/d' files.f)
    yosys -q -e '.*' -p "read_verilog -defer -sv -DSYNTHESIS -Iinclude ${files[*]}
      hierarchy -check -top $module$settings
      rename -top $module
      synth -flatten -top $module
      check -assert
      select -assert-none t:\$_DLATCH_* t:\$_DLATCHSR_*
      tee -q -o $netlists/$name/$module.stat stat
      # Verilator 5.006 settles a vector whose bits depend on other bits of it wrongly: one wire for each bit.
      iopadmap -bits -outpad port_buffer A:Y
      splitnets
      write_verilog -noattr $netlists/$name/$module.sv"
    printf 'module port_buffer(input A, output Y);\n  assign Y = A;\nendmodule\n' >>"$netlists/$name/$module.sv"
  ) >"$build/log/$module.log" 2>&1 </dev/null || {
    printf '%s: %s\n' "$module" "$(tail -n 1 "$build/log/$module.log")"
    return 1
  }
}
export -f synthesise config_params
export netlists build

mapfile -t modules < <(awk '/^[a-z]/ { print $1, $2 }' tests/rtl/modules.txt)
# shellcheck disable=SC2016  # $1 and $2 are for the inner shell
printf '%s\n' "${modules[@]}" | xargs -P "$JOBS" -L 1 bash -euo pipefail -c 'synthesise "$1" "$2"' _ ||
  die "no netlist (lines above; logs in build/gate-modules/log)"
cells=$(cat "$netlists"/*/*.stat | awk '/Number of cells:/ { n += $4 } END { print n }')
say "netlists   ${#modules[@]} modules, $cells cells, no latch"

cmake -G Ninja -S . -B "$build" -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_FLAGS_RELEASE='-O0' \
  -DACTPLANE_BUILD_RTL=ON -DACTPLANE_BUILD_CLI=OFF -DACTPLANE_RTL_NETLIST="$netlists" -DACTPLANE_MODEL_OPT=-O0 \
  >"$build/log/configure.log" || die "cmake failed: build/gate-modules/log/configure.log"
targets=("${modules[@]/% */_test}")
cmake --build "$build" --parallel "$JOBS" --target "${targets[@]}" >"$build/log/build.log" 2>&1 ||
  { tail -n 20 "$build/log/build.log" && die "the tests do not compile: build/gate-modules/log/build.log"; }

passed=0 failed=0
for target in "${targets[@]}"; do
  log=$build/log/$target.txt
  status=0
  timeout 600 "$build/bin/$target" >"$log" 2>&1 || status=$?
  ok=$(awk '/^\[       OK \]/ { n++ } END { print n + 0 }' "$log")
  passed=$((passed + ok))
  if [[ $status -ne 0 || $ok -eq 0 ]] || grep -q '^\[  FAILED  \]' "$log"; then
    failed=$((failed + 1))
    say "$target: $(grep -m 1 -E 'FAILED|Failure' "$log" || echo 'crash, time-out or no test'), see $log"
  fi
done
[[ $failed -eq 0 ]] || die "$failed of ${#targets[@]} modules differ from the model after synthesis"
say "gate       $passed tests passed on ${#targets[@]} netlists"
