#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# registers.sh [--update]: what is made of rtl/memory/registers.txt is what it says; --update makes it anew.
# ACTP_REGISTERS_ROOT names another tree to work on (its own test does).
set -euo pipefail
maker=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/registers.awk
cd "${ACTP_REGISTERS_ROOT:-$(dirname "$maker")/..}"
update=${1:-}
source=rtl/memory/registers.txt
page=docs/memory.md
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

die() {
  printf '%s\n' "$*" >&2
  exit 1
}
[[ -z $update || $update == --update ]] || die "usage: registers.sh [--update]"

stale=()
compare() { # MADE FILE
  if [[ $update == --update ]]; then
    cp "$1" "$2"
  elif ! diff -u "$2" "$1"; then
    stale+=("$2")
  fi
}
make() { # FORM FILE
  LC_ALL=C awk -v out="$1" -f "$maker" "$source" >"$2"
}

make sv "$scratch/sv"
make c "$scratch/c"
make md "$scratch/md"
if [[ $(grep -c '^<!-- registers:begin -->$' "$page") != 1 || $(grep -c '^<!-- registers:end -->$' "$page") != 1 ]]; then
  die "$page lacks the marker lines <!-- registers:begin --> and <!-- registers:end -->"
fi
awk -v table="$scratch/md" '
  /^<!-- registers:end -->$/ { inside = 0 }
  !inside { print }
  /^<!-- registers:begin -->$/ { inside = 1; while ((getline line < table) > 0) print line }
' "$page" >"$scratch/page"
compare "$scratch/sv" rtl/memory/actp_mem_regs_pkg.sv
compare "$scratch/c" model/include/actplane/memory_regs.h
compare "$scratch/page" "$page"
[[ ${#stale[@]} -eq 0 ]] || die "not what $source says: ${stale[*]}; run: scripts/registers.sh --update"
