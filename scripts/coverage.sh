#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# coverage.sh: which lines of model/ the tests reach that `make asan` has run last; fails below COVERAGE_MIN percent.
# The page for people is build/checked/html/index.html.
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

minimum=${COVERAGE_MIN:-98}
build=build/checked
mapfile -t profiles < <(find "$build/profiles" -name '*.profraw' 2>/dev/null)
[[ ${#profiles[@]} -gt 0 ]] || die "no counts in $build/profiles; run: make asan"
llvm-profdata-14 merge --sparse "${profiles[@]}" -o "$build/all.profdata"

# Lines that no test links count too: what is looked at are the objects of model/, not the tests.
mapfile -t objects < <(find "$build/model" -name '*.c*.o' ! -name 'cmake_pch*' ! -path '*/fuzz/*' ! -path '*/bench/*' -printf '-object\n%p\n')
only=(--instr-profile "$build/all.profdata" "${objects[@]}" --ignore-filename-regex '^/usr/|/tests/')
llvm-cov-14 show --format=html --output-dir "$build/html" "${only[@]}" >"$build/html.log" 2>&1 || die "llvm-cov: $build/html.log"

# One line per file, the least covered first, then the verdict.
llvm-cov-14 export --summary-only "${only[@]}" 2>"$build/html.log" |
  jq -r '.data[0].files[] | [.filename, .summary.lines.count, .summary.lines.covered] | @tsv' |
  awk -F'\t' -v minimum="$minimum" -v root="$PWD/" '
    { sub(root, "", $1) }
    $1 ~ /^model\// { found[$1] = $2; hit[$1] = $3; all += $2; reached += $3 }
    END {
      for (f in found) if (found[f] > 0) printf "  %5.1f %%  %4d of %4d  %s\n", 100 * hit[f] / found[f], hit[f], found[f], f | "sort -n"
      close("sort -n")
      if (all == 0) { print "coverage: no line of model/ was seen"; exit 1 }
      printf "coverage %.1f %% of %d lines of model/ (at least %s)\n", 100 * reached / all, all, minimum
      exit 100 * reached < minimum * all
    }'
