#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# fuzz.sh: runs every target of build/checked/fuzzers for FUZZ_SECONDS, JOBS at a time.
# Seeds come from model/fuzz/seeds/TARGET and tests/data/foreign; what is learned stays in build/fuzz/corpus/TARGET.
# An input that breaks a target is left in build/fuzz/findings, with the command that replays it.
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

export FUZZ_SECONDS=${FUZZ_SECONDS:-30}
export UBSAN_OPTIONS=print_stacktrace=1
mapfile -t targets < <(find build/checked/fuzzers -maxdepth 1 -type f -executable -printf '%f\n' 2>/dev/null | sort)
[[ ${#targets[@]} -gt 0 ]] || die "no fuzz target in build/checked/fuzzers"
mkdir -p build/fuzz/{corpus,findings,log}

fuzz_one() {
  local name=$1 log=build/fuzz/log/$1.txt
  local folders=("build/fuzz/corpus/$name")
  mkdir -p "${folders[0]}"
  if [[ -d model/fuzz/seeds/$name ]]; then folders+=("model/fuzz/seeds/$name"); fi
  folders+=(tests/data/foreign)
  if "build/checked/fuzzers/$name" -max_total_time="$FUZZ_SECONDS" -timeout=10 -rss_limit_mb=2048 \
    -print_final_stats=1 -artifact_prefix="build/fuzz/findings/$name-" "${folders[@]}" >"$log" 2>&1 </dev/null; then
    awk -v name="$name" '/number_of_executed_units/ { n = $2 } / cov: / { c = $0; sub(/.* cov: /, "", c); sub(/ .*/, "", c) }
      END { printf "  %-24s %10d inputs, %5d edges, no finding\n", name, n, c }' "$log"
  else
    tail -n 40 "$log"
    printf '  %-24s FINDING; replay: build/checked/fuzzers/%s %s\n' "$name" "$name" \
      "$(sed -n 's/.*Test unit written to //p' "$log")"
    return 1
  fi
}
export -f fuzz_one

say "${#targets[@]} targets, $FUZZ_SECONDS s each"
# shellcheck disable=SC2016  # $1 is for the inner shell
printf '%s\0' "${targets[@]}" | xargs -0 -n 1 -P "$JOBS" bash -euo pipefail -c 'fuzz_one "$1"' _ || die "a target found something"
say "fuzz     ${#targets[@]} targets, no finding"
