#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# demo.sh [FILE.npy...]: what the command does to activations, tests/data/*.npy when none are given.
# The files it makes stay in build/demo.
# shellcheck source=.ci/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

[[ $# -gt 0 ]] || set -- tests/data/*.npy
actplane=build/release/bin/actplane
out=build/demo
first=$1
mkdir -p "$out"

show() { # prints a command as a user would type it, then runs it
  local words="$*"
  [[ $words != *' tests/data/'*' tests/data/'* ]] || words=$(sed -E 's|( tests/data/[^ ]+)+| tests/data/*.npy|' <<<"$words")
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
show actplane verify "$@" --ratio 3.2

plain=0 packed=0
for file in "$@"; do
  "$actplane" compress "$file" $out/each.apl --lossless >/dev/null
  "$actplane" decompress $out/each.apl $out/each.npy >/dev/null
  same "$file" $out/each.npy
  plain=$((plain + $(stat -c %s "$file"))) packed=$((packed + $(stat -c %s $out/each.apl)))
done
rm $out/each.*

printf '\nFiles are in %s; your own tensors: make demo TENSOR=your.npy\n' $out
awk -v n=$# -v a=$plain -v b=$packed 'BEGIN { printf "lossless     %d of %d tensors came back bit for bit, ratio %.2f\n", n, n, a / b }'
"$actplane" eval "$@" --ratio 3.2 --csv | awk -F, '
  NR > 1 { last[$2] = sprintf("ratio %.1f    order %-12s  SNR %.1f dB, largest error %.3g", $5, $2, $6, $7) }
  END { print last["field"]; print last["significance"] }'
"$actplane" verify "$@" --ratio 3.2 --json | awk -F'"(blocks|mismatches|ok)": ' '
  NF > 3 { blocks += $2; mismatches += $3; if ($4 ~ /^false/) mismatches++ }
  END { printf "RTL          %d blocks through compressor and decompressor, %d mismatches with the model\n", blocks, mismatches; exit mismatches }'
