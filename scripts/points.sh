#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# points.sh SEED: one point of the parameters of the RTL, drawn by SEED, as a line of rtl/configs.txt named `point`.
# points.sh --all: every size x formats x orders x K, one line each, p0 and on; depth and fifo are drawn by the number.
set -euo pipefail

formats=(fp32 fp16 bf16 fp32+fp16 fp32+bf16 fp16+bf16 all)
orders=(field significance both)
fifos=(flops latches)

# Number I, below N, of what SEED draws.
draw() { # I N
  printf '%s' $((16#${hash:$(($1 * 6)):6} % $2))
}
take() { hash=$(printf '%s' "$1" | sha256sum); } # SEED

case ${1:?usage: points.sh SEED, points.sh --all} in
  --all)
    number=0
    for block in 32 64 128 256; do
      for width in 64 128 256 512; do
        for format in "${formats[@]}"; do
          for order in field:8 significance:4 significance:8 both:4 both:8; do
            take "$number"
            printf '%-7s %3d %3d %-9s %-12s %s %2d %s\n' p$number $block $width "$format" "${order%:*}" "${order#*:}" \
              $((8 + $(draw 0 17))) "${fifos[$(draw 1 2)]}"
            number=$((number + 1))
          done
        done
      done
    done
    ;;
  *)
    take "$1"
    printf 'point %d %d %s %s %d %d %s\n' $((32 << $(draw 0 4))) $((64 << $(draw 1 4))) "${formats[$(draw 2 7)]}" \
      "${orders[$(draw 3 3)]}" $((4 << $(draw 4 2))) $((8 + $(draw 5 17))) "${fifos[$(draw 6 2)]}"
    ;;
esac
