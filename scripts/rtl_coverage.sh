#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# rtl_coverage.sh: runs tests/rtl on models that count lines and toggles of rtl/; fails below
# RTL_LINE_MIN and RTL_TOGGLE_MIN percent. With RTL_FIRST=1 each module in its first configuration only, as in CI. A point
# counts once for all instances and configurations of a module. RTL_COVERAGE=1: `make test` has just counted, as in CI.
# Waivers with reasons: tests/lint/coverage_waivers.txt. The page for people is build/cover/html/index.html.
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

line_min=${RTL_LINE_MIN:-98} toggle_min=${RTL_TOGGLE_MIN:-90}
build=$PWD/build/cover
data=$build/data
if [[ -z ${RTL_COVERAGE:-} ]]; then
  rm -rf "$data"
  mkdir -p "$data"

  cmake -G Ninja -S . -B "$build" -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_FLAGS_RELEASE='-O0' \
    -DACTPLANE_BUILD_RTL=ON -DACTPLANE_BUILD_CLI=OFF -DACTPLANE_RTL_COVERAGE=ON -DACTPLANE_RTL_WAVES=OFF -DACTPLANE_MODEL_OPT=-O0 \
    -DACTPLANE_RTL_FIRST="${RTL_FIRST:-OFF}" \
    >"$build/configure.log" || die "cmake failed: build/cover/configure.log"
  cmake --build "$build" --parallel "$JOBS" --target tests/rtl/all >"$build/build.log" 2>&1 ||
    { tail -n 20 "$build/build.log" && die "no build: build/cover/build.log"; }
  ACTP_COVERAGE_DIR=$data ctest --test-dir "$build" --parallel "$JOBS" -L '^rtl$' --output-on-failure >"$build/test.log" ||
    { tail -n 30 "$build/test.log" && die "tests failed: build/cover/test.log"; }
fi

mapfile -t files < <(find "$data" -name '*.dat')
[[ ${#files[@]} -gt 0 ]] || die "the tests left no coverage in $data (ACTP_COVERAGE_DIR)"
verilator_coverage --write "$build/all.dat" "${files[@]}" >"$build/merge.log"

# Points of rtl/ only, one for all instances: file, line, kind, name, count. Fields of a point are \001key\002value.
LC_ALL=C awk -v root="$PWD/" -v waivers=tests/lint/coverage_waivers.txt -v line_min="$line_min" -v toggle_min="$toggle_min" \
  -v points="$build/points.txt" -v info="$build/rtl.info" '
  BEGIN {
    while ((getline text < waivers) > 0) {
      if (text ~ /^#/ || text ~ /^ *$/) continue
      n = split(text, words, /[ \t]+/)
      if (n < 4) { print "coverage_waivers.txt: no reason: " text; bad = 1; continue }
      waived_file[++waiver] = words[1]; waived_kind[waiver] = words[2]; waived_name[waiver] = "^(" words[3] ")$"
    }
  }
  /^C / {
    split($0, whole, "\047")
    fields = split(whole[2], field, "\001")
    split("", at)
    for (i = 1; i <= fields; i++) { split(field[i], pair, "\002"); at[pair[1]] = pair[2] }
    file = at["f"]
    sub(root, "", file)
    if (file !~ /^rtl\//) next
    count = whole[3] + 0
    kind = at["page"] ~ /^v_toggle/ ? "toggle" : "line"
    name = kind == "toggle" ? at["o"] : at["l"]
    key = file SUBSEP kind SUBSEP at["l"] SUBSEP at["n"] SUBSEP at["o"] (kind == "line" ? SUBSEP at["S"] : "")
    if (!(key in best)) { file_of[key] = file; kind_of[key] = kind; name_of[key] = name; line_of[key] = at["l"] }
    if (!(key in best) || count > best[key]) best[key] = count
  }
  END {
    for (key in best) {
      file = file_of[key]; kind = kind_of[key]; hit = best[key] > 0
      skip = 0
      for (w = 1; w <= waiver && !hit; w++) {
        if (waived_file[w] == file && waived_kind[w] == kind && name_of[key] ~ waived_name[w]) { skip = 1; used[w] = 1 }
      }
      if (skip) { skipped[kind]++; continue }
      seen[file] = 1
      total[kind]++; total[file, kind]++
      if (hit) { reached[kind]++; reached[file, kind]++ }
      else print file ":" line_of[key], kind, name_of[key] > points
      if (kind == "line" && (!((file, line_of[key]) in lcov) || best[key] < lcov[file, line_of[key]])) lcov[file, line_of[key]] = best[key]
    }
    for (file in seen) {
      printf "  line %5.1f %% of %3d   toggle %5.1f %% of %5d   %s\n", percent(file SUBSEP "line"), total[file, "line"],
        percent(file SUBSEP "toggle"), total[file, "toggle"], file | "sort -k 11"
    }
    close("sort -k 11")
    for (key in lcov) { split(key, p, SUBSEP); by_file[p[1]] = by_file[p[1]] "DA:" p[2] "," lcov[key] "\n" }
    for (file in by_file) printf "TN:\nSF:%s%s\n%send_of_record\n", root, file, by_file[file] > info
    for (w = 1; w <= waiver; w++) if (!(w in used)) { print "coverage_waivers.txt: not needed: " waived_file[w] " " waived_name[w]; bad = 1 }
    printf "cover      line %.1f %% of %d points (at least %s), toggle %.1f %% of %d bits (at least %s), waived %d and %d\n",
      percent("line"), total["line"], line_min, percent("toggle"), total["toggle"], toggle_min, skipped["line"], skipped["toggle"]
    exit bad || total["line"] == 0 || percent("line") < line_min || percent("toggle") < toggle_min
  }
  function percent(what) { return total[what] > 0 ? 100 * reached[what] / total[what] : 100 }
  ' "$build/all.dat" >"$build/summary.txt" || status=$?
cat "$build/summary.txt"
genhtml --quiet --prefix "$PWD" -o "$build/html" "$build/rtl.info" >"$build/genhtml.log" 2>&1 || die "no page: build/cover/genhtml.log"
[[ ${status:-0} -eq 0 ]] || die "below the goal, or a waiver without use; points that were not reached: build/cover/points.txt"
