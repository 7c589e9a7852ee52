#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# figures.sh: writes docs/figures/*.json from the RTL and draws each as SVG with WaveDrom, which npm puts into build/.
# The drawings are committed, and tests compare the JSON with the RTL.
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

command -v npm >/dev/null || die "npm is not installed; apt-get install npm"
wavedrom=build/wavedrom
version=3.7.0
if [[ ! -x $wavedrom/node_modules/.bin/wavedrom ]]; then
  mkdir -p $wavedrom
  npm install --silent --prefix $wavedrom wavedrom@$version || die "npm cannot install wavedrom $version"
fi

ACTP_FIGURES=update build/release/bin/figures_test --gtest_brief=1
ACTP_FIGURES=update build/release/bin/memory_rtl_test --gtest_brief=1 --gtest_filter='MemoryFigures.*'
for json in docs/figures/*.json; do
  svg=${json%.json}.svg
  $wavedrom/node_modules/.bin/wavedrom -i "$json" >"$svg.new" || die "WaveDrom cannot draw $json"
  # One element a line, so that a change can be read; without the symbols that it does not use; on white.
  sed 's/></>\n</g' "$svg.new" >"$svg.lines"
  awk '
    NR == FNR { while (match($0, /xlink:href="#[^"]*"/)) { used[substr($0, RSTART + 13, RLENGTH - 14)] = 1; $0 = substr($0, RSTART + RLENGTH) } next }
    /^<defs>/ { defs = 1 }
    /^<\/defs>/ { defs = 0 }
    defs && match($0, /^<g id="[^"]*"/) { skip = !(substr($0, 8, RLENGTH - 8) in used) }
    !skip { print }
    defs && /^<\/g>/ { skip = 0 }
    /^<svg/ { print "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>" }
  ' "$svg.lines" "$svg.lines" >"$svg"
  rm "$svg.lines"
  rm "$svg.new"
  printf '\n<!-- %s -->\n' "$(sha256sum <"$json" | cut -d ' ' -f 1)" >>"$svg"
  say "$svg"
done
