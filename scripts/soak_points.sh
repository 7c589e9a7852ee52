#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# soak_points.sh [COUNT|all [BLOCKS]]: builds points of the RTL's parameters one after the other (scripts/points.sh --all) and
# runs every sequence and stall profile on each. Goes on where it stopped: build/points/passed-KEY.txt has what has passed with
# these sources and as many blocks.
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

count=${1:-all} blocks=${2:-20000}
work=$PWD/build/points
mkdir -p "$work"
key=$({ say "$blocks" && find rtl tb model cmake -type f -print0 | sort -z | xargs -0 sha256sum; } | sha256sum)
passed=$work/passed-${key:0:16}.txt
scripts/points.sh --all >"$work/all.txt"
touch "$passed"
done_now=0
# A step of 211 through 560 numbers: neighbours have little in common.
for ((i = 0; i < $(wc -l <"$work/all.txt"); i++)); do
  [[ $count == all || $done_now -lt $count ]] || break
  line=$(sed -n "$((i * 211 % $(wc -l <"$work/all.txt") + 1))p" "$work/all.txt")
  ! grep -qxF "$line" "$passed" || continue
  read -r name _ <<<"$line"
  say "$line" >"$work/configs.txt"
  if ! { cmake -S . -B "$work/build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DACTPLANE_BUILD_RTL=ON -DACTPLANE_BUILD_TESTS=OFF \
    -DACTPLANE_MODEL_OPT=-O1 -DACTPLANE_RTL_WAVES=OFF -DACTPLANE_RTL_CONFIGS_FILE="$work/configs.txt" >"$work/log.txt" 2>&1 &&
    cmake --build "$work/build" --parallel "$JOBS" --target actplane_sim >>"$work/log.txt" 2>&1; }; then
    die "$line does not build: $work/log.txt"
  fi
  "$work/build/bin/actplane-sim" --soak "$blocks" --config "$name" | tail -n 1 | sed "s/^/$name  /" || die "$line: above"
  say "$line" >>"$passed"
  rm -rf "$work/build/tb/verilated"
  done_now=$((done_now + 1))
done
say "points   $(wc -l <"$passed") of $(wc -l <"$work/all.txt") passed, $done_now in this run"
