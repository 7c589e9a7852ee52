#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# demo.sh [FILE.npy...]: what the command of build/demo does to activations, tests/data/*.npy when none are given.
# The files it makes stay in build/demo/files, which is emptied first.
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

[[ $# -gt 0 ]] || set -- tests/data/*.npy
actplane=build/demo/bin/actplane
out=build/demo/files
first=$1
for file in "$@"; do [[ -r $file ]] || die "cannot read $file; give TENSOR=your.npy"; done
rm -rf "$out"
mkdir -p "$out"

show() { # prints a command as a user would type it, then runs it
  local words="$*"
  [[ $words != *' tests/data/'*' tests/data/'* ]] || words=$(sed -E 's|( (tests/data/)(bf16/)?[^ ]+)+| \2\3*.npy|' <<<"$words")
  printf '\n$ %s\n' "$words"
  "${@/#actplane/$actplane}"
}
# The same file again, or the same tensor: a .npy header may be laid out in more than one way.
same() { cmp -s "$1" "$2" || "$actplane" compare "$1" "$2" >/dev/null; }

show actplane stats "$@"
show actplane eval "$@" --ratio 3.2 --ratio 5.333 --ratio 8
show actplane compress "$first" $out/fixed.apl --ratio 3.2
show actplane inspect $out/fixed.apl --block-index 0
show actplane decompress $out/fixed.apl $out/fixed.npy
show actplane compress "$first" $out/lossless.apl --lossless
show actplane decompress $out/lossless.apl $out/lossless.npy
show actplane compare "$first" $out/lossless.npy
show actplane verify "$@" --ratio 3.2 | tee $out/verify.txt
show actplane verify "$@" --ratio 3.2 --order significance | tee -a $out/verify.txt
show actplane verify tests/data/bf16/*.npy --format bf16 --ratio 2 --order significance | tee -a $out/verify.txt

plain=0 packed=0
for file in "$@"; do
  "$actplane" compress "$file" $out/each.apl --lossless >/dev/null
  "$actplane" decompress $out/each.apl $out/each.npy >/dev/null
  same "$file" $out/each.npy || die "$file did not come back bit for bit from lossless mode"
  plain=$((plain + $(stat -c %s "$file"))) packed=$((packed + $(stat -c %s $out/each.apl)))
  rm $out/each.*
done

printf '\nFiles are in %s; your own tensors: make demo TENSOR=your.npy\n' $out
awk -v n=$# -v a=$plain -v b=$packed 'BEGIN { printf "lossless     %d of %d tensors came back bit for bit, ratio %.2f\n", n, n, a / b }'
"$actplane" eval "$@" --ratio 3.2 --csv | awk -F, '
  NR > 1 { last[$2] = sprintf("ratio %.1f    order %-12s  SNR %.1f dB, largest error %.3g", $5, $2, $6, $7) }
  END { print last["field"]; print last["significance"]; exit !("field" in last && "significance" in last) }' ||
  die "actplane eval --csv gave no row of each order"
awk '
  match($0, /^[0-9]+ blocks through compressor/) && / mismatches with the golden model$/ {
    order = $0; sub(/.* order /, "", order); sub(/\).*/, "", order)
    mismatches = $0; sub(/ mismatches .*/, "", mismatches); sub(/.* /, "", mismatches)
    printf "%-12s order %-12s  %d blocks through compressor and decompressor, %d mismatches with the model\n",
      rows++ == 2 ? "RTL, BF16" : "RTL", order, $1, mismatches
    good += $1 > 0 && mismatches + 0 == 0
  }
  END { exit rows != 3 || good != 3 }' $out/verify.txt || die "the RTL was not compared, or differs from the model (above)"
