#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# gate.sh [--flat] [CONFIG...]: the bench on netlists. Both tops are mapped to a library (the first of LIBERTY, else
# actp_ge), every cell becomes the function that the liberty file gives it, and Verilator simulates the result in
# place of the RTL: tests/system/stall_test.cc and throughput_test.cc, all sequences and stalls, every output bit
# against the golden model. Nothing inside is compared. Modules are kept unless --flat is given.
# CONFIG may be a memory_NAME of synth/memories.txt: actp_memory, in tests/memory/rtl_runs_test.cc, every byte.
# Without CONFIG: GATE_CONFIGS, else three small ones. Random volume as in `make test` (SCALE).
# shellcheck source=synth/flow/flow.sh
source "$(dirname "${BASH_SOURCE[0]}")/flow.sh"

parse --config tiny "$@"
refuse_others --files "$@"
refuse_others --top "$@"
shape=tree configs=()
for word in "${rest[@]}"; do
  case $word in
    --flat) shape=flat ;;
    -*) die "unknown argument: $word" ;;
    *) configs+=("$word") ;;
  esac
done
[[ ${#configs[@]} -gt 0 ]] || read -ra configs <<<"${GATE_CONFIGS:-tiny narrow burst}"
need verilator verilator
use_library "${liberties[0]:-$PWD/$GE}"
build=$PWD/build/gate netlists=$PWD/build/gate/netlist
rm -rf "$netlists"
mkdir -p "$netlists" "$build/log"

# The device behind its probe, with nothing to see: the same ports, but what is inside reads 0, and idle reads 1.
blind() { # PROBE.sv
  sed -Ez "s/(actp_[a-z]*compressor) #\([^;]*\) u_dut/\1 u_dut/; s/(assign probe_idle_o *=)[^;]*;/\1 1'b1;/; s/(assign (probe_[a-z_]+|plan) *=)[^;]*u_dut\.[^;]*;/\1 '0;/g" "$1"
}

start=$SECONDS cells=0 latches=0 tests=()
for config in "${configs[@]}"; do
  list='' top='' params=() with_latches=false
  choose_design
  if [[ ${tops[0]} == actp_memory ]]; then
    tests+=(memory_gate_test)
  else
    tests+=(gate_test)
    params+=(UserWidth=5)  # as the probes have it
  fi
  mkdir -p "$netlists/$name"
  for top in "${tops[@]}"; do
    map_netlist "$top" "$shape"
    cells=$((cells + $(awk '/Number of cells:/ { n = $4 } END { print n }' "$mapped.stat")))
    latches=$((latches + $(awk 'NR == FNR { latch[$2] = $4 == "latch"; next } /Number of cells:/ { n = 0 } latch[$1] { n += $2 } END { print n + 0 }' "$facts" "$mapped.stat")))
    gate_model=''
    if [[ $gating == on ]]; then  # a liberty file gives a clock gate no function
      say "module $icg (input $icg_clock, $icg_enable, output $icg_out); reg q;
always @* if (!$icg_clock) q = $icg_enable;
assign $icg_out = $icg_clock & q; endmodule" >"$mapped.icg.v"
      gate_model="delete $icg; read_verilog $mapped.icg.v"
    fi
    # Split, because Verilator sees loops in vectors whose bits depend on each other.
    say "read_rtlil $mapped.il
setattr -mod -set keep_hierarchy 1 *
read_liberty -overwrite -ignore_miss_func $lib
$gate_model
proc
flatten
hierarchy -top $top -purge_lib
opt_clean -purge
check -assert
splitnets
splitnets -ports * $top %d
opt_clean
write_verilog -noattr $netlists/$name/$top.sv" >"$mapped.gate.ys"
    yosys_run "$mapped.gate.log" "$mapped.gate.ys"
    if [[ $top != actp_memory ]]; then blind "tb/sv/${top}_probe.sv" >"$netlists/$name/${top}_probe.sv"; fi
  done
done
say "netlists   ${#configs[@]} configurations, $cells cells of $lib_name, $latches latches, in $((SECONDS - start)) s"

start=$SECONDS
cmake -G Ninja -S . -B "$build" -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_FLAGS_RELEASE=-O2 -DACTPLANE_BUILD_RTL=ON \
  -DACTPLANE_BUILD_CLI=OFF -DACTPLANE_GATE_NETLIST="$netlists" -DACTPLANE_MODEL_OPT="${GATE_OPT:--O1}" >"$build/log/configure.log" 2>&1 ||
  die "cmake failed: $build/log/configure.log"
cmake --build "$build" --parallel "$JOBS" --target "${tests[@]}" >"$build/log/build.log" 2>&1 ||
  die "the bench does not compile on the netlists: $(grep -m 1 -E ' error: |FAILED' "$build/log/build.log"); log: $build/log/build.log"
say "models     compiled in $((SECONDS - start)) s"

start=$SECONDS log=$build/log/test.log
: >"$log"
for test in $(printf '%s\n' "${tests[@]}" | sort -u); do
  timeout "${GATE_TIMEOUT:-3600}" "$build/bin/$test" >>"$log" 2>&1 </dev/null ||
    die "netlist and model differ: $(grep -m 1 -A 3 -E 'Failure|FAILED' "$log" | tr '\n' ' ' || echo "crash or time-out"); log: $log"
done
say "gate       $(grep -c '^\[       OK \]' "$log") tests passed on ${#configs[@]} configurations (${configs[*]}) in $((SECONDS - start)) s"
