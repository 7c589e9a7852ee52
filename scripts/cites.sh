#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# cites.sh: what comments of rtl/ and the pages about it name exists:
#   actp_NAME, actp_pkg::NAME, ACTP_NAME   a module, package or test; a name of the package; a macro or a variable of CMake
#   actplane::Name                         a function or type of model/
#   F-1.2                                  a clause of docs/format.md
#   folder/file.ext                        a file, where the folder is one of ours
# ACTP_IP_ROOT names another tree to work on (its own test does).
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/lib.sh
source "$here/lib.sh"
cd "${ACTP_IP_ROOT:-.}"

pages=()
for page in README.md CONTRIBUTING.md docs/rtl.md docs/ip.md docs/architecture.md docs/verification.md docs/mutants.md; do
  if [[ -f $page ]]; then pages+=("$page"); fi
done
mapfile -t rtl < <(find rtl \( -name '*.sv' -o -name '*.svh' \) | LC_ALL=C sort)

# Every name that there is, one a line.
known() {
  local folders=()
  for folder in rtl tb tests synth examples model cmake .ci scripts docs python train; do
    if [[ -d $folder ]]; then folders+=("$folder"); fi
  done
  find "${folders[@]}" -type f ! -path '*/__pycache__/*' | sed 'p; s|.*/||; s|\.[a-z]*$||'
  grep -hoE '^`(define|ifndef) +ACTP_[A-Z_]+' rtl/include/*.svh | sed 's/.* //'
  grep -rhoE --include='*.h' --include='*.cc' --include='*.cmake' --include=CMakeLists.txt '\bACTP_[A-Z_]+' cmake tb tests CMakeLists.txt
  grep -hoE '\bACTP_[A-Z_]+' Makefile scripts/*.sh
  sed -nE 's/.*(localparam|function automatic) .*[] ]([A-Za-z_]+[0-9]*) *(=|\(|;).*/actp_pkg::\2/p; s/^  \} ([a-z_]+);/actp_pkg::\1/p' rtl/actp_pkg.sv
  sed -nE 's/^\*\*(F-[0-9]+\.[0-9]+)\*\*.*/\1/p' docs/format.md
  grep -rhoE '\b((class|struct|enum class) )?[A-Z][A-Za-z]+\b[ (]' model/include model/src 2>/dev/null |
    sed -nE 's/^(class|struct|enum class) ([A-Za-z]+) /actplane::\2/p; s/^([A-Z][A-Za-z]+)\($/actplane::\1/p'
}
mkdir -p build/cites
known | LC_ALL=C sort -u >build/cites/known

LC_ALL=C awk '
  function fault(text) { print FILENAME ":" FNR ": " text; faults++ }
  # A word that ends a name: dots and stars of prose are none of it.
  function look(text, pattern, what,   word) {
    while (match(text, pattern)) {
      word = substr(text, RSTART, RLENGTH)
      text = substr(text, RSTART + RLENGTH)
      sub(/^[^A-Za-z.]/, "", word)
      if (substr(text, 1, 1) ~ /[*<{]/ || word ~ /_$/) continue   # a family of names
      cited++
      if (!(word in known)) fault(what " " word " does not exist")
    }
  }
  FILENAME == list { known[$0] = 1; next }
  {
    text = $0
    if (FILENAME ~ /\.svh?$/) text = match($0, /\/\/.*/) ? substr($0, RSTART) : ""
    look(" " text, "[^A-Za-z0-9_/.:]actp_[a-z0-9_]+", "module")
    look(" " text, "[^A-Za-z0-9_]actp_pkg::[A-Za-z_0-9]+", "name of the package")
    look(" " text, "[^A-Za-z0-9_]ACTP_[A-Z_]+", "macro")
    look(" " text, "[^A-Za-z0-9_]actplane::[A-Z][A-Za-z]+", "function of the model")
    look(" " text, "[^A-Za-z0-9_]F-[0-9]+\\.[0-9]+", "clause")
    look(" " text, "[^A-Za-z0-9_/.-](rtl|model|docs|tests|tb|synth|cmake|examples|scripts|\\.ci)/[A-Za-z0-9_./-]*\\.(svg|svh|sv|cc|h|md|txt|f|vlt|sh|awk|csv|cmake)(\\.in)?", "file")
  }
  END { printf "cites      %d names in comments of rtl/ and its pages, %d do not exist\n", cited, faults; exit faults > 0 }
' list=build/cites/known build/cites/known "${rtl[@]}" "${pages[@]}"
