#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# coverage.sh: runs the tests of the coverage build; fails below COVERAGE_MIN percent of the lines of model/.
# The page for people is build/coverage/html/index.html.
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

minimum=${COVERAGE_MIN:-98}
build=build/coverage
# Debian's geninfo 1.16 defines some of its functions twice, and perl says so each time.
lcov() { command lcov --quiet "$@" 2> >(grep -v '^Subroutine .* redefined' >&2); }

find "$build" -name '*.gcda' -delete
# Without tests of time and memory, which are long on this build: their lines are reached by others.
scripts/test.sh coverage -E 'MemoryStaysBounded|MemoryIsThat|ProgressIsForTerminalsOnly|ProgressIsOneLine'
lcov --capture --initial -d "$build" -o "$build/all.info"  # lines that no test reaches count too
lcov --capture -d "$build" -o "$build/run.info"
lcov -a "$build/all.info" -a "$build/run.info" -o "$build/sum.info"
lcov --extract "$build/sum.info" "$PWD/model/*" -o "$build/model.info"
lcov --remove "$build/model.info" '*/model/bench/*' '*/model/fuzz/*' -o "$build/model.info"
genhtml --quiet --prefix "$PWD" -o "$build/html" "$build/model.info"

# One line per file, the least covered first, then the verdict.
awk -F: -v minimum="$minimum" -v root="$PWD/" '
  $1 == "SF" { file = substr($0, 4); sub(root, "", file) }
  $1 == "LF" { found[file] = $2; all += $2 }
  $1 == "LH" { hit[file] = $2; reached += $2 }
  END {
    for (f in found) if (found[f] > 0) printf "  %5.1f %%  %4d of %4d  %s\n", 100 * hit[f] / found[f], hit[f], found[f], f | "sort -n"
    close("sort -n")
    if (all == 0) { print "coverage: no line of model/ was seen"; exit 1 }
    printf "coverage %.1f %% of %d lines of model/ (at least %s)\n", 100 * reached / all, all, minimum
    exit 100 * reached < minimum * all
  }' "$build/model.info"
