#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# explore.sh [OPTION...]: the design space as one table. Every point is a block length, a stream width, a set of formats, an
# order, a group length, a depth, a kind of FIFO, and how many searches.
#   --points FILE    lines of rtl/configs.txt (without it 12 points: both orders, depths and group lengths where they matter)
#   --liberty FILE   for the clock; osu018 without it, which has no latch: only points whose FIFO is of flops
#   --ratio R        of block to slot, for the signal-to-noise ratio (3.2)
#   --slurm          points become a job array of an existing cluster; --sbatch 'OPTION...' goes to sbatch
#   --update         write the table and the picture into synth/reports
# Area, flops and clock come from the flow of this folder, cycles from a simulation of every point, ratio and SNR from
# `actplane` on tests/data, which is FP32: points without it have neither. A point is on the Pareto front of its direction
# when no other one with its formats is at least as good in kGE per GB/s and in SNR, and better in one: throughput itself is
# a matter of how many are put side by side.
#   --point NAME     (inside) measures one point
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib.sh"

out=$PWD/build/explore
self=$PWD/synth/flow/explore.sh
points='' liberty='' ratio=3.2 slurm=false sbatch='' update=false point=''
while [[ $# -gt 0 ]]; do
  case $1 in
    --points) points=${2:?--points needs a file} && shift ;;
    --liberty) liberty=$(realpath "${2:?--liberty needs a file}") && shift ;;
    --ratio) ratio=${2:?--ratio needs a number} && shift ;;
    --slurm) slurm=true ;;
    --sbatch) sbatch=${2:?--sbatch needs options} && shift ;;
    --update) update=true ;;
    --point) point=${2:?--point needs a name} && shift ;;
    *) die "unknown argument: $1" ;;
  esac
  shift
done
[[ -z $liberty || -r $liberty ]] || die "cannot read the liberty file $liberty"

# ---- one point: area.csv and timing.csv of its own
if [[ -n $point ]]; then
  export ACTPLANE_CONFIGS=$out/configs.txt
  mkdir -p "$out/point"
  synth/flow/area.sh --config "$point" --flat --only >"$out/point/$point.log"
  synth/flow/timing.sh --config "$point" --flat ${liberty:+--liberty "$liberty" --only} >>"$out/point/$point.log"
  cp "build/synth/$point/area.csv.new" "$out/point/$point.area"
  cp "build/synth/$point/timing.csv.new" "$out/point/$point.timing"
  exit
fi

# ---- which points
rm -rf "$out/point"
mkdir -p "$out"
if [[ -n $points ]]; then
  [[ -r $points ]] || die "cannot read $points: lines as in rtl/configs.txt"
  sed 's/#.*//; /^ *$/d' "$points" >"$out/configs.txt.new"
else
  {
    for n in 32 64 128; do say "f${n}w256 $n 256 all field 8 24 latches"; done
    say "f128w256d12 128 256 all field 8 12 latches"
    say "f128w512d12 128 512 all field 8 12 latches"
    for k in 4 8; do say "s128w256k$k 128 256 all significance $k 12 latches"; done
    say "s64w256k8 64 256 all significance 8 12 latches"
    say "s128w256k8d16 128 256 all significance 8 16 latches"
    say "s128w512k8 128 512 all significance 8 12 latches"
    # Searches enough for the full rate of activations, or one.
    say "s128w512k8bf16 128 512 bf16 significance 8 8 latches"
    say "s128w512k8bf16r 128 512 bf16 significance 8 8 latches 16 3"
  } >"$out/configs.txt.new"
fi
cmp -s "$out/configs.txt.new" "$out/configs.txt" || cp "$out/configs.txt.new" "$out/configs.txt"
mapfile -t names < <(awk '{ print $1 }' "$out/configs.txt")
[[ ${#names[@]} -gt 0 ]] || die "no point in $points"
if [[ -z $liberty ]] && awk '$8 == "latches" { found = 1 } END { exit !found }' "$out/configs.txt"; then
  die "points with latches need a library that has some, which osu018 does not; give LIBERTY=FILE (make) or --liberty FILE"
fi

# ---- cycles of every point, with the model beside them
say "cycles     simulating ${#names[@]} points"
cmake -G Ninja -S . -B "$out/sim" -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_FLAGS_RELEASE=-O1 -DACTPLANE_MODEL_OPT=-O0 \
  -DACTPLANE_BUILD_RTL=ON -DACTPLANE_BUILD_TESTS=OFF -DACTPLANE_RTL_CONFIGS_FILE="$out/configs.txt" >"$out/cmake.log" ||
  die "cmake failed: build/explore/cmake.log"
cmake --build "$out/sim" --parallel "$JOBS" --target actplane_sim actplane_cli >"$out/build.log" ||
  die "no build: build/explore/build.log"
"$out/sim/bin/actplane-sim" --table --json >"$out/cycles.json" || die "a device differs from the model: build/explore/cycles.json"

# ---- SNR of every point that has FP32, and the lossless ratio of order field
: >"$out/quality"
while read -r name n _ formats orders k depth _; do
  snr='' lossless=''
  if [[ $formats == all || $formats == *fp32* ]]; then
    order=$orders
    if [[ $order == both ]]; then order=significance; fi
    of_order=()
    if [[ $order == significance ]]; then of_order=(--group "$k" --rows "$depth"); fi
    snr=$("$out/sim/bin/actplane" eval tests/data/*.npy --block "$n" --ratio "$ratio" --order "$order" "${of_order[@]}" --csv | tail -n 1 | awk -F, '{ print $6 }')
    if [[ $orders != significance && $depth -ge 24 ]]; then
      lossless=$("$out/sim/bin/actplane" stats tests/data/*.npy --block "$n" --json | jq '[.. | .ratio? | objects | .total] | .[-2]')
    fi
  fi
  say "$name ${snr:--} ${lossless:--}" >>"$out/quality"
done <"$out/configs.txt"

# ---- area and clock
share=(${liberty:+--liberty "$liberty"})
if [[ $slurm == true ]]; then
  command -v sbatch >/dev/null || die "no sbatch here; install a Slurm client (Debian: slurm-client) or leave --slurm out"
  printf '%s\n' "${names[@]}" >"$out/names"
  # shellcheck disable=SC2086  # options of the user, words of their own
  sbatch --wait --job-name=actplane-explore --chdir="$PWD" --array="1-${#names[@]}" --output="$out/slurm-%a.log" $sbatch \
    --wrap "$self --point \"\$(sed -n \${SLURM_ARRAY_TASK_ID}p $out/names)\" ${share[*]}" ||
    die "a job of the array failed: build/explore/slurm-*.log"
else
  # shellcheck disable=SC2016  # for the inner shell
  printf '%s\n' "${names[@]}" | xargs -P "$JOBS" -I{} bash -euo pipefail -c \
    '"$1" --point "$2" "${@:3}"; echo "area       $2, $(find "$0/point" -name "*.timing" | wc -l) done"' "$out" "$self" {} "${share[@]}" ||
    die "a point was not measured (lines above); logs in build/synth/POINT"
fi

# ---- one table
for name in "${names[@]}"; do [[ -s $out/point/$name.timing ]] || die "no result of point $name: build/explore"; done
jq -r '.rows[] | [.config, .device, .bytes_per_cycle, .latency, .cycles_per_block] | @tsv' "$out/cycles.json" >"$out/cycles.tsv"
{
  say "point,block_len,stream_width,formats,orders,group_len,depth,fifo,slack,searches,direction,kge,storage_kge,ff_bits,bytes_per_cycle,kge_per_byte_cycle,period_ns,gb_per_s,kge_per_gb_per_s,library,latency_cycles,snr_db_ratio_$ratio,lossless_ratio,pareto"
  cat "$out"/point/*.area "$out"/point/*.timing | awk -F, -v configs="$out/configs.txt" -v cycles="$out/cycles.tsv" -v quality="$out/quality" '
    BEGIN {
      OFS = ","
      while ((getline text < configs) > 0) { split(text, w, " "); order[++points] = w[1]; formats[w[1]] = w[4]
        rest[w[1]] = w[2] "," w[3] "," w[4] "," w[5] "," w[6] "," w[7] "," w[8] "," w[9] "," w[10] }
      while ((getline text < quality) > 0) { split(text, w, " "); snr[w[1]] = w[2]; lossless[w[1]] = w[3] }
      while ((getline text < cycles) > 0) {
        split(text, w, "\t"); key = w[1] SUBSEP w[2]
        if (!(key in rate) || w[3] < rate[key]) rate[key] = w[3]
        if (w[4] > latency[key]) latency[key] = w[4]
      }
    }
    { side = $2 == "actp_compressor" ? "compressor" : "decompressor"; key = $1 SUBSEP side }
    $3 == "actp_ge" { ge[key] = $7; seq[key] = $8; ff[key] = $9; next }
    NF > 14 { period[key] = $7; library = $3 }
    END {
      for (d = 1; d <= 2; d++) {
        side = d == 1 ? "compressor" : "decompressor"
        for (i = 1; i <= points; i++) {
          key = order[i] SUBSEP side
          front = "yes"
          for (j = 1; j <= points; j++) {
            other = order[j] SUBSEP side
            better = cost(key) - cost(other)
            gain = snr[order[i]] != "-" && snr[order[j]] != "-" ? snr[order[j]] - snr[order[i]] : 0
            if (has(order[j], order[i]) && better >= 0 && gain >= 0 && better + gain > 0) front = "no"
          }
          print order[i], rest[order[i]], side, sprintf("%.2f", ge[key] / 1000), sprintf("%.2f", seq[key] / 1000), ff[key],
            sprintf("%.2f", rate[key]), sprintf("%.3f", ge[key] / 1000 / rate[key]), period[key], sprintf("%.2f", rate[key] / period[key]),
            sprintf("%.2f", cost(key)),
            library, latency[key], snr[order[i]] == "-" ? "" : snr[order[i]], lossless[order[i]] == "-" ? "" : sprintf("%.3f", lossless[order[i]]), front
        }
      }
    }
    function cost(key) { return ge[key] / 1000 / (rate[key] / period[key]) }  # kGE per GB/s
    # Whether a point has all formats of another one, or one by name.
    function has(point, other, name,  i, k, one) {
      if (formats[point] == "all") return 1
      k = split(name == "" ? (formats[other] == "all" ? "fp32+fp16+bf16" : formats[other]) : name, one, "+")
      for (i = 1; i <= k; i++) if (index("+" formats[point] "+", "+" one[i] "+") == 0) return 0
      return 1
    }'
} >"$out/explore.csv.new"
mv "$out/explore.csv.new" "$out/explore.csv"
column -s, -t "$out/explore.csv"

# ---- pictures
for direction in compressor decompressor; do
  gnuplot -e "table='$out/explore.csv'; direction='$direction'; picture='$out/explore_$direction.svg'" synth/flow/explore.gp ||
    die "gnuplot could not draw build/explore/explore_$direction.svg"
done
if [[ $update == true ]]; then
  cp "$out"/explore.csv "$out"/explore_*.svg synth/reports/
fi
say "explore    ${#names[@]} points, $(grep -c ',yes$' "$out/explore.csv") on the Pareto fronts: build/explore/explore.csv, explore_compressor.svg, explore_decompressor.svg"
