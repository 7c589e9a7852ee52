#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# map.sh [--update] [BUILD_DIR]: from every clause of the documents to the code and the passed tests that cite it.
# Fails on a clause without code or without a passed test, on a citation of a clause that does not
# exist, and when the table in docs/verification.md is not the one found; --update rewrites that table.
# ACTP_MAP_ROOT names another tree to work on (its own test does).
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/lib.sh
source "$here/lib.sh"
cd "${ACTP_MAP_ROOT:-.}"

update=false
if [[ ${1:-} == --update ]]; then
  update=true
  shift
fi
xml=${1:-build/release}/xml
page=docs/verification.md
table=build/map/verification.md

[[ -d $xml ]] || die "no test results in $xml; run: make test"
mkdir -p build/map
find "$xml" -name '*.xml' -print0 | LC_ALL=C sort -z | xargs -0 -r cat >build/map/results.xml
documents=(docs/format.md)
if [[ -f docs/container.md ]]; then documents+=(docs/container.md); fi
mapfile -t sources < <(find model -name '*.h' -o -name '*.cc' | LC_ALL=C sort)
mapfile -t tests < <(find tests -name '*.h' -o -name '*.cc' | LC_ALL=C sort)

LC_ALL=C awk -v table="$table" -f "$here/map.awk" \
  phase=clause "${documents[@]}" phase=code "${sources[@]}" phase=test "${tests[@]}" phase=result build/map/results.xml

if ! grep -qs '<!-- map:begin -->' "$page" || ! grep -qs '<!-- map:end -->' "$page"; then
  die "$page lacks the marker lines <!-- map:begin --> and <!-- map:end -->"
fi
awk -v table="$table" '
  /<!-- map:end -->/ { inside = 0 }
  !inside { print }
  /<!-- map:begin -->/ { inside = 1; while ((getline line < table) > 0) print line }
' "$page" >build/map/page.md
if [[ $update == true ]]; then
  cp build/map/page.md "$page"
elif ! diff -u "$page" build/map/page.md >build/map/page.diff; then
  head -n 20 build/map/page.diff
  die "the table in $page is out of date; run: make map-update"
fi
