#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# test.sh PRESET [CTEST_ARGUMENT...]: runs the tests of build/PRESET; counts go to build/PRESET/tests.txt.
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

preset=${1:?usage: test.sh PRESET [CTEST_ARGUMENT...]}
shift
build=build/$preset
junit=$PWD/$build/junit.xml
export ACTP_TEST_SCALE=${ACTP_TEST_SCALE:-ci}

rm -rf "$junit" "$build/shards"
start=$SECONDS status=0
ctest=(ctest --preset "$preset" --parallel "$JOBS" --output-junit "$junit" "$@")
if [[ -t 1 ]]; then
  "${ctest[@]}" --progress || status=$?
else
  "${ctest[@]}" | awk '!/^ *Start / && !/ Passed /' || status=$?
fi
[[ -f $junit ]] || die "ctest gave no result (exit status $status)"

count() { awk -v name="$1" -F'"' 'index($0, name "=\"") { split($0, p, name "=\""); split(p[2], q, "\""); print q[1]; exit }' "$junit"; }
tests=$(count tests) failed=$(count failures) skipped=$(($(count skipped) + $(count disabled)))
# A shard is one test for ctest: what is in it comes on top.
for shard in "$build"/shards/*.xml; do
  [[ -f $shard ]] || continue
  read -r of bad idle < <(awk -F'"' '/<testsuite / { for (i = 1; i < NF; i += 2) { name = $i; gsub(/[^a-z]/, "", name); sum[name] += $(i + 1) } }
    END { print sum["tests"] + 0, sum["failures"] + sum["errors"], sum["skipped"] + sum["disabled"] }' "$shard")
  tests=$((tests + of - 1)) skipped=$((skipped + idle)) failed=$((failed + (bad > 0 ? bad - 1 : 0)))
done
passed=$((tests - failed - skipped))
say "$passed passed, $failed failed, $skipped skipped" >"$build/tests.txt"
if [[ -f $build/elaborated.txt ]]; then say "RTL      $(<"$build/elaborated.txt")"; fi
say "tests    $passed passed, $failed failed, $skipped skipped in $((SECONDS - start)) s ($preset, scale $ACTP_TEST_SCALE)"
exit "$status"
