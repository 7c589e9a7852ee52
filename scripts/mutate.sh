#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# mutate.sh [MUTANT...]: proves that the tests can fail. Each patch of tests/mutants breaks one line of a copy of rtl/;
# the test it names must turn red. Fails if a mutant survives, does not apply or does not compile.
# Without names: all of them; at SCALE=quick two of each test, but see first that all of them apply.
# For mutate_random.sh: MUTANTS is another folder of patches, MUTATE_WORK another place to build in; with MUTATE_LIST=1
# survivors are listed and do not fail. MUTATE_TIMEOUT: seconds that a test may take (60), or five times as long as it takes
# without a mutant.
#   first line of a patch   what is broken
#   second line             Test: the program of tests/rtl, or memory_rtl_test, that must see it, and in how many of
#                           its configurations, the first ones, if not in the first alone (MUTATE_CONFIGS overrules it)
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

root=${MUTATE_WORK:-$PWD/build/mutate} folder=${MUTANTS:-tests/mutants}
mkdir -p "$root/result"
rm -f "$root/result"/*
export root

quick=
if [[ $# -eq 0 && ${ACTP_TEST_SCALE:-} == quick ]]; then quick=1; fi
export ACTP_TEST_SCALE=ci

test_of() { sed -n 's/^Test: \([a-z0-9_]*\).*/\1/p' "$1"; }
configs_of() { sed -n 's/^Test: [a-z0-9_]* *//p' "$1"; }

mutants=()
if [[ $# -gt 0 ]]; then
  for name in "$@"; do mutants+=("$folder/$(basename "$name" .patch).patch"); done
else
  mapfile -t mutants < <(find "$folder" -name '*.patch' | sort)
fi
[[ ${#mutants[@]} -gt 0 ]] || die "no patch in $folder"
for mutant in "${mutants[@]}"; do
  patch -s --dry-run -p 1 -i "$mutant" >/dev/null || die "$mutant does not apply to rtl/"
done
for mutant in "${mutants[@]}"; do
  [[ -f $mutant ]] || die "no such mutant: $mutant"
  test=$(test_of "$mutant")
  [[ -f tests/rtl/$test.cc || $test == memory_rtl_test ]] || die "$mutant names no test of tests/rtl, nor memory_rtl_test (Test: ...)"
  configs=$(configs_of "$mutant")
  say "$test $mutant ${MUTATE_CONFIGS:-${configs:-1}}"
done | sort | awk -v quick=$quick '!quick || ++seen[$1] <= 2' >"$root/list"

# Runs in the copy of one worker; prints the first test that failed, or nothing.
first_failure() { # BUILD TEST LOG SECONDS
  local status=0
  ACTP_WAVE=none timeout "$4" "$1/bin/$2" --gtest_fail_fast --gtest_brief=1 >"$3" 2>&1 </dev/null || status=$?
  if [[ $status -eq 124 ]]; then
    say "time-out"
  elif [[ $status -ne 0 ]]; then
    awk '/^\[  FAILED  \] / { sub(/,$/, "", $4); print $4; found = 1; exit } END { if (!found) print "crash" }' "$3"
  fi
}

# All mutants of one test, one after the other, in a tree of their own.
mutate_test() { # TEST
  local test=$1 slot tree build mutant name log start killed verdict configs limit=${MUTATE_TIMEOUT:-60}
  for ((slot = 0; ; slot = (slot + 1) % JOBS)); do  # a free tree: they are as many as workers
    exec 9>"$root/lock.$slot"
    if flock -n 9; then break; fi
  done
  tree=$root/tree.$slot build=$root/build.$slot
  mkdir -p "$tree"
  rm -rf "${tree:?}/rtl"
  cp -rpu CMakeLists.txt cmake model tb tests "$tree"
  cp -r rtl "$tree"  # newer than what was built from the last mutant
  log=$root/result/$test.log
  if [[ ! -f $build/build.ninja ]]; then
    cmake -G Ninja -S "$tree" -B "$build" -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_FLAGS_RELEASE='-Og' \
      -DACTPLANE_BUILD_RTL=ON -DACTPLANE_BUILD_CLI=OFF -DACTPLANE_MODEL_OPT=-Og -DACTPLANE_RTL_WAVES=OFF >"$log" 2>&1 ||
      { say "FAULT $test cmake failed: $log" >"$root/result/$test" && return; }
  fi
  configs=$(awk -v test="$test" '$1 == test && $3 > n { n = $3 } END { print n }' "$root/list")
  if ! cmake -DACTPLANE_RTL_COUNT="$configs" "$build" >"$log" 2>&1 ||
    ! cmake --build "$build" --parallel 1 --target "$test" >"$log" 2>&1; then
    say "FAULT $test does not compile without a mutant: $log" >"$root/result/$test"
    return
  fi
  start=$SECONDS
  killed=$(first_failure "$build" "$test" "$log" $((5 * limit)))
  if [[ $((5 * (SECONDS - start))) -gt $limit ]]; then limit=$((5 * (SECONDS - start))); fi
  if [[ -n $killed ]]; then
    say "FAULT $test is red without a mutant: $killed" >"$root/result/$test"
    return
  fi
  while read -r mutant; do
    name=$(basename "$mutant" .patch) start=$EPOCHREALTIME
    log=$root/result/$name.log
    cp -r rtl "$tree"
    if ! patch -s -N --no-backup-if-mismatch -p 1 -d "$tree" <"$mutant" >"$log" 2>&1; then
      verdict='FAULT does not apply'
    elif diff -rq rtl "$tree/rtl" >"$log"; then
      verdict='FAULT changes nothing'
    elif ! cmake --build "$build" --parallel 1 --target "$test" >"$log" 2>&1; then
      verdict='FAULT does not compile'
    else
      killed=$(first_failure "$build" "$test" "$log" "$limit")
      verdict=${killed:-SURVIVED}
    fi
    printf '%-36s %-24s %-46s %5.1f\n' "$name" "$(sed -n 's|^+++ b/rtl/.*/*\(actp_[a-z_]*\)[.]sv.*|\1|p' "$mutant")" \
      "$verdict" "$(awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { print b - a }')" | tee -a "$root/result/table"
  done < <(awk -v test="$test" '$1 == test { print $2 }' "$root/list")
}
export -f mutate_test first_failure say
export JOBS

printf '%-36s %-24s %-46s %5s\n' mutant module 'killed by' s
# shellcheck disable=SC2016  # $1 is for the inner shell
awk '{ print $1 }' "$root/list" | uniq -c | sort -rn | awk '{ print $2 }' |
  xargs -P "$JOBS" -n 1 bash -euo pipefail -c 'mutate_test "$1"' _
cat "$root"/result/*_test 2>/dev/null && die "the tests are not green to begin with (lines above)"
count=$(wc -l <"$root/result/table")
bad=$(awk '/ (SURVIVED|FAULT .*) / { n++ } END { print n + 0 }' "$root/result/table")
wanted=$(wc -l <"$root/list")
[[ $count -eq $wanted ]] || die "$count of $wanted mutants were tried"
[[ $bad -eq 0 || -n ${MUTATE_LIST:-} ]] || die "$bad of $count mutants were not killed"
say "mutate     $count of ${#mutants[@]} mutants, $bad not killed"
